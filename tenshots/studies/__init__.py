"""Two questions about a variant that take further trainings: seconds on frozen features, else as long again.

learning curve   Have I enough? Trainings are done again on shares of the people, and of the photos of each.
leaking split    What would a random split have shown, which puts photos of one person on both sides?

Keys of data/study/VARIANT/study.json (shares lie in [0, 1], differences and gains in [-1, 1]; an interval is
[low, high] at 95 %, or null where its no_interval says why; sentences are plain text):

    variant
    settings         the section `study` of params.yaml
    learning_curve   null where it is off, or
        axes             a list, of those that can be measured (see tenshots.studies.axes):
            axis             people or photos
            unit             what its numbers count: people, photos each, or photos where nobody has a name
            points           a list by rising share, the last being 1: {share, number (of people or photos
                             that a training learns from, without copies, the mean over folds), accuracy,
                             interval, no_interval, fitted (of the curve, or null)}
            curve            {asymptote, amplitude, exponent}: accuracy = asymptote - amplitude * n **
                             -exponent at n people or photos; null without an extrapolation
            fit_p_value      how often accuracies that do follow such a law lie as far from one as these, or
                             null
            band             a list of {number, accuracy, low, high} of the curve, from the smallest number to
                             twice the largest; low and high are null without intervals
            twice            null, or {number, accuracy, gain (over the curve at share 1), interval,
                             no_interval, claim: "gain", "little", "open", "misfit" or "unknown"}; see
                             growth.claim
            no_twice         why there is no extrapolation, or null
        num_updates      of a training that no patience ends, the same at every share; or null
        num_draws        trainings per fold and share, each with others left out
        answer           the answer in a sentence
        enough           the same as a line that stands alone: "Have I enough? ..."
        sentences        what it can say and what it cannot, what was held fixed, and what is missing and why
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

Beside it, of what is on: learning_curve.csv (axis, share, number, accuracy, low, high), the predictions of
each share below 1, people-0.5.csv and photos-0.5.csv, and those of the random split, leaking.csv (see
tenshots.tables.predictions).
"""
