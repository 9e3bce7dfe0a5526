"""How often the next person's accuracy lies in its prediction interval, over drawn experiments.

python -m benchmarks.people_spread [--experiments 2000]

Run from the project's top folder; a minute on one core. Each row draws experiments whose truth is known:
the share that a person would reach with endless photos is drawn from a beta distribution, such that two of a
person's answers correlate as given; people have uneven numbers of photos (log-normal). All trainings answer
half of the photos alike and the others by themselves, and each has an effect of its own, a point of accuracy.
One more person is drawn, with as many photos as the median, and tested by a training of another fold. In the
last table classifiers are really trained. The figures are those of tenshots.statistics.people, unaltered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit, logit, stdtrit

from benchmarks import arguments
from tenshots.statistics.people import LEVEL, People, people

SPREAD = 0.6  # of the logarithm of a person's number of photos
ALIKE = 0.5  # of the photos are answered alike by all trainings
ROUNDING = 1e-9
NUM_LABELS, NUM_FEATURES, TRAINED_PHOTOS = 3, 16, 21
MOVED = 0.5  # standard deviation of what a person's photos of a label have in common, per feature


@dataclass(frozen=True)
class Case:
    """One kind of experiment.

    Attributes:
        num_people: who are tested.
        accuracy: of the next person, on average.
        correlation: of two of a person's answers, in [0, 1).
        photos: per person, on average.
        num_folds: people are dealt to as many.
        num_repeats: trainings per fold.
        training: standard deviation of a training's own effect, in shares of 1.
    """

    num_people: int
    accuracy: float
    correlation: float
    photos: int = 20
    num_folds: int = 4
    num_repeats: int = 2
    training: float = 0.01


@dataclass(frozen=True)
class Counted:
    """Shares of the experiments of one case.

    Attributes:
        held: the next person's share of right answers lies in the interval.
        below: it lies below.
        width: of the interval, the mean, in shares of 1.
        on_logit: `held`, for the same variance on the logit scale, ends moved outwards to a possible share.
        different: people were called different.
    """

    held: float
    below: float
    width: float
    on_logit: float
    different: float


def main(argv: Sequence[str] | None = None) -> None:
    """Prints the table of benchmarks/README.md."""
    number = arguments.parser("people_spread", __doc__, experiments=2000).parse_args(argv).experiments
    heads = "held, % | below, % | width, points | on logits, % | different, % |"
    print(f"| people | accuracy | correlation | {heads}")
    print("|---|---|---|---|---|---|---|---|")
    for num_people in (5, 8, 12, 30):
        for accuracy in (0.7, 0.9, 0.97):
            for correlation in (0.0, 0.05, 0.2):
                found = counted(experiments(Case(num_people, accuracy, correlation), number))
                print(f"| {num_people} | {accuracy:g} | {correlation:g} | {cells(found)} |", flush=True)
    print(f"\n| special case | {heads}")
    print("|---|---|---|---|---|---|")
    usual = Case(12, 0.9, 0.05)
    for name, case in {
        "12 people, 0.9, correlation 0.05": usual,
        "10 photos per person": replace(usual, photos=10),
        "60 photos per person": replace(usual, photos=60),
        "1 repeat": replace(usual, num_repeats=1),
        "1 fold": replace(usual, num_folds=1),
        "1 fold, trainings differ by 3 points": replace(usual, num_folds=1, training=0.03),
        "4 folds, trainings differ by 3 points": replace(usual, training=0.03),
        "accuracy 0.995": replace(usual, accuracy=0.995),
        "correlation 0.5": replace(usual, correlation=0.5),
    }.items():
        print(f"| {name} | {cells(counted(experiments(case, number)))} |", flush=True)
    print(f"\n| people, really trained | accuracy | {heads}")
    print("|---|---|---|---|---|---|---|")
    for num_people in (5, 8, 12, 30):
        for distance in (0.8, 1.2):
            drawn = list(trained(num_people, distance, number))
            shares = [coming for _, coming in drawn]
            print(f"| {num_people} | {np.mean(shares):.2f} | {cells(counted(drawn))} |", flush=True)


def cells(found: Counted) -> str:
    """Returns the cells of a row of the table."""
    shares = (found.held, found.below, found.width, found.on_logit, found.different)
    return " | ".join(f"{100 * share:.1f}" for share in shares)


def counted(drawn: Iterable[tuple[People, float]]) -> Counted:
    """Counts over experiments."""
    rows = []
    for found, coming in drawn:
        assert found.next is not None
        low, high = found.next.low, found.next.high
        held = low - ROUNDING <= coming <= high + ROUNDING
        ends = on_logits(found)
        rows.append((held, coming < low - ROUNDING, high - low, ends[0] <= coming <= ends[1], found.differ))
    return Counted(*(float(mean) for mean in np.mean(np.asarray(rows, dtype=np.float64), axis=0)))


def experiments(case: Case, number: int, *, seed: int = 20) -> Iterator[tuple[People, float]]:
    """Draws experiments; yields what is estimated, and the next person's share of right answers."""
    draw = np.random.default_rng(seed)
    for _ in range(number):
        logs = draw.normal(-(SPREAD**2) / 2, SPREAD, case.num_people)
        sizes = np.maximum(np.round(np.exp(logs) * case.photos), 1).astype(int)
        sizes = np.append(sizes, max(int(np.median(sizes)), 1))
        right = _right(case, sizes, draw)
        tested = np.repeat(np.arange(case.num_people + 1), sizes)
        old = tested < case.num_people
        yield people(right[old], tested[old]), float(right[~old, 0].mean())


def trained(
    num_people: int, distance: float, number: int, *, seed: int = 20
) -> Iterator[tuple[People, float]]:
    """Draws people and photos, and trains on them: the trainings of different folds share people.

    A photo's 16 features are its label's, moved by what this person's photos of this label have in common,
    and noise. Ridge regression on three labels learns from the other three folds; the next person is tested
    by the training of the first fold.

    Args:
        num_people: who are tested.
        distance: between two labels per feature, in standard deviations of the noise.
        number: of experiments.
        seed: of all that is drawn.
    """
    draw = np.random.default_rng(seed)
    for _ in range(number):
        tested = np.arange(num_people + 1).repeat(TRAINED_PHOTOS)
        labels = np.tile(np.arange(NUM_LABELS), len(tested) // NUM_LABELS)
        middles = draw.normal(0, distance / np.sqrt(2), (NUM_LABELS, NUM_FEATURES))
        moved = draw.normal(0, MOVED, (num_people + 1, NUM_LABELS, NUM_FEATURES))
        noise = draw.normal(0, 1, (len(tested), NUM_FEATURES))
        rows = middles[labels] + moved[tested, labels] + noise
        rows = np.column_stack([rows, np.ones(len(rows))])
        folds = np.append(draw.permutation(num_people) % 4, 0)[tested]
        old = tested < num_people
        right = np.zeros(len(rows))
        for fold in range(4):
            learnt, asked = old & (folds != fold), folds == fold
            gram = rows[learnt].T @ rows[learnt] + np.eye(rows.shape[1])
            weights = np.linalg.solve(gram, rows[learnt].T @ np.eye(NUM_LABELS)[labels[learnt]])
            right[asked] = (rows[asked] @ weights).argmax(axis=1) == labels[asked]
        yield people(right[old, np.newaxis], tested[old]), float(right[~old].mean())


def on_logits(found: People) -> tuple[float, float]:
    """Returns the interval that the same variance gives on the logit scale."""
    assert found.next is not None
    quantile = stdtrit(len(found.shares) - 1, (1 + LEVEL) / 2)
    total = found.num_photos.sum()
    middle = float(np.clip(found.mean, 0.5 / total, 1 - 0.5 / total))
    # Both ends may be cut, so the farther one tells the reach.
    reach = max(found.mean - found.next.low, found.next.high - found.mean) / quantile
    far = quantile * reach / (middle * (1 - middle))
    low, high = expit(logit(middle) - far), expit(logit(middle) + far)
    num = found.next.num_photos
    return float(np.floor(low * num) / num) - ROUNDING, float(np.ceil(high * num) / num) + ROUNDING


def _right(case: Case, sizes: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """Draws right answers: float, shape (num_photos, num_repeats); a new fold tests the last person."""
    shares = np.full(len(sizes), case.accuracy)
    if case.correlation:
        both = (1 - case.correlation) / case.correlation
        shares = draw.beta(case.accuracy * both, (1 - case.accuracy) * both, len(sizes))
    folds = np.append(np.arange(len(sizes) - 1) % case.num_folds, case.num_folds)
    effects = draw.normal(0, case.training, (case.num_folds + 1, case.num_repeats))[folds]
    bounds = np.clip(shares[:, np.newaxis] + effects, 0, 1).repeat(sizes, axis=0)
    luck = draw.random(bounds.shape)
    alike = draw.random(len(bounds)) < ALIKE
    luck[alike] = luck[alike, :1]
    right: np.ndarray = (luck < bounds).astype(np.float64)
    return right


if __name__ == "__main__":
    main()
