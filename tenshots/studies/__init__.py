"""Two questions about a variant that cost further trainings, and so are off until asked for.

learning curve   What would more photos bring? Every training is done again on shares of its photos.
leaking split    What would a random split have shown, which puts photos of one person on both sides?

Keys of data/study/VARIANT/study.json (shares lie in [0, 1], differences and gains in [-1, 1]; an interval is
[low, high] at 95 %, or null where its no_interval says why; sentences are plain text):

    variant
    settings         the section `study` of params.yaml
    learning_curve   null where it is off, or
        points           a list by rising share, the last being 1: {share, num_photos (that a training learns
                         from, without copies, the mean over folds), accuracy, interval, no_interval, fitted
                         (of the curve, or null)}
        num_updates      of a training that no patience ends, the same at every share
        curve            {asymptote, amplitude, exponent}: accuracy = asymptote - amplitude * n ** -exponent
                         at n training photos; null without an extrapolation
        fit_p_value      how often accuracies that do follow such a law lie as far from one as these; or null
        band             a list of {num_photos, accuracy, low, high} of the curve, from the smallest number of
                         photos to twice the largest; low and high are null without intervals
        twice            null, or {num_photos, accuracy, gain (over the curve at share 1), interval,
                         no_interval, claim: "gain", "little", "open", "misfit" or "unknown"}; see
                         findings.claim
        no_twice         why there is no extrapolation, or null
        answer           the answer in a sentence
        sentences        what it can say and what it cannot, and what was held fixed
    leaking_split    null where it is off, or
        random           {accuracy, interval, no_interval} that a random split of single photos shows
        honest           the same of the split that divides nobody, as in reports/comparison.json
        difference       {difference: random less honest, interval, no_interval}
        paired           whether both tested the same photos: with several folds they do
        num_test_photos  of the random split
        num_with_sibling   of them, those that have a photo of their component in training
        claim            "flatters", "lowers" or "open"
        answer           the answer in a sentence
        sentences        what was done, and what the interval leaves out

Beside it, of what is on: learning_curve.csv (share, num_photos, accuracy, low, high), the predictions of each
share below 1, share-0.1.csv, and those of the random split, leaking.csv (see tenshots.tables.predictions).
"""
