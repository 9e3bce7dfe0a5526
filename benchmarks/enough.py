"""How often the interval of what twice the people, or twice the photos each, would bring holds the truth.

python -m benchmarks.enough [--experiments 400]

Run from the project's top folder; three minutes on one core. Classifiers are really trained on the drawn
people of benchmarks/people.py: one training per fold, in four folds, whose random layer is the same
everywhere, as a pretrained backbone is. People and photos are left out by tenshots.studies.axes, and the
curves and intervals are those of tenshots.studies.curve, unaltered. The truth is what trainings on twice the
people, or on twenty photos of each, get right of new people, less what those of as many as now do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from benchmarks import arguments, people
from benchmarks.people import A_BLOCK, DIMENSIONS, NUM_PHOTOS
from tenshots.statistics.evidence import Design, Scale, ratio
from tenshots.statistics.measure import Measured
from tenshots.statistics.tallies import Key
from tenshots.studies import curve
from tenshots.studies.axes import PEOPLE, PHOTOS_EACH, Axis
from tenshots.studies.curve import FACTOR, STEP, Extrapolation
from tenshots.studies.settings import DRAWS

GROUPS = (12, 30, 54)
DISTANCES = (1.0, 2.0)  # of the labels: hard, and easy
AXES = (PEOPLE, PHOTOS_EACH)
SHARES = (0.25, 0.5)  # those of params.yaml
NUM_FOLDS = 4
NUM_TRUTH = 600  # experiments from which the truth comes
NUM_NEW = 60  # people of each of them
LAYER = np.random.default_rng(5).normal(size=(1, DIMENSIONS + 1, 60))


class Truth(NamedTuple):
    """What is true of all experiments of a row.

    Attributes:
        accuracy: as many people and photos as now.
        gains: of each axis.
        errors: standard errors of these.
    """

    accuracy: float
    gains: tuple[float, ...]
    errors: tuple[float, ...]


def main(argv: Sequence[str] | None = None) -> None:
    """Prints the table of benchmarks/README.md."""
    number = arguments.parser("enough", __doc__, experiments=400).parse_args(argv).experiments
    print("| right now | people | twice | true gain | predicted | mean ends | coverage, % | misfits, % |")
    print("|---|---|---|---|---|---|---|---|")
    for distance in DISTANCES:
        for num_people in GROUPS:
            found = list(experiments(number, num_people, distance=distance))
            known = truth(num_people, distance=distance)
            for i, axis in enumerate(AXES):
                cells = _cells([each[i] for each in found], known.gains[i], known.errors[i])
                print(f"| {100 * known.accuracy:.1f} % | {num_people} | {axis.unit} | {cells} |", flush=True)


def coverage(found: Sequence[Extrapolation], gain: float) -> float:
    """Returns the share of intervals that hold the gain, to the resolution that is printed."""
    return float(np.mean([low - STEP <= gain <= high + STEP for low, high in map(_ends, found)]))


def truth(num_people: int, *, distance: float, number: int = NUM_TRUTH) -> Truth:
    """Returns what twice the people, and twice the photos each, bring on new people."""
    draw = np.random.default_rng([20, num_people, number])
    num_train = len(people.parts(people.dealt(num_people, NUM_FOLDS), 0)[2])
    found = []
    for _ in range(0, number, A_BLOCK):
        # One draw for all three, so that their differences err less.
        photos, labels = people.drawn(
            A_BLOCK, FACTOR * num_train, draw, num_photos=FACTOR * NUM_PHOTOS, distance=distance
        )
        new, new_labels = people.drawn(A_BLOCK, NUM_NEW, draw, distance=distance)
        inside, outside = people.features(photos, LAYER), people.features(new, LAYER)
        of_all = slice(None), slice(num_train), slice(NUM_PHOTOS)
        of_people = slice(None), slice(None), slice(NUM_PHOTOS)
        of_photos = slice(None), slice(num_train), slice(None)
        heads = [people.solved(inside[each], labels[each]) for each in (of_all, of_people, of_photos)]
        found.append([people.answered(outside, new_labels, head).mean((1, 2)) for head in heads])
    now, *more = np.concatenate(found, axis=1)
    gains = [each - now for each in more]
    return Truth(
        float(now.mean()),
        tuple(float(gain.mean()) for gain in gains),
        tuple(float(gain.std() / len(gain) ** 0.5) for gain in gains),
    )


def experiments(
    number: int, num_people: int, *, distance: float, seed: int = 20
) -> Iterator[list[Extrapolation]]:
    """Draws experiments, and says of each what twice as much of each axis would bring."""
    for start in range(0, number, A_BLOCK):
        draw = np.random.default_rng([seed, num_people, start])
        photos, labels = people.drawn(min(A_BLOCK, number - start), num_people, draw, distance=distance)
        studied = [_studied(axis, photos, labels, first=start) for axis in AXES]
        for i in range(len(photos)):
            yield [
                curve.extrapolate(curve.measurements(measured(right[i]), numbers))
                for right, numbers in studied
            ]


def _studied(
    axis: Axis, photos: np.ndarray, labels: np.ndarray, *, first: int
) -> tuple[np.ndarray, list[float]]:
    """Trains on shares, and on all.

    Args:
        axis: what there is less of.
        photos: (B, G, NUM_PHOTOS, DIMENSIONS).
        labels: int, (B, G, NUM_PHOTOS).
        first: number of the first experiment, for seeds.

    Returns:
        How many of each person's answers are right, (B, G, shares, DRAWS), and how many people, or photos of
        each, a training learns from at each share, the mean.
    """
    right = np.empty((*labels.shape[:2], len(SHARES) + 1, DRAWS))
    numbers = np.zeros((len(SHARES) + 1, NUM_FOLDS))
    folds, inside = people.dealt(labels.shape[1], NUM_FOLDS), people.features(photos, LAYER)
    for fold in range(NUM_FOLDS):
        tested, _, train = people.parts(folds, fold)
        persons = np.repeat(np.arange(len(train)), NUM_PHOTOS)
        for s, share in enumerate((*SHARES, 1.0)):
            for d in range(DRAWS if share < 1 else 1):
                learnt = np.ones((len(photos), len(train), NUM_PHOTOS), dtype=bool)
                for i in range(len(photos)) if share < 1 else ():
                    seed = ((first + i) * NUM_FOLDS + fold) * DRAWS + d
                    chosen = axis.chosen(labels[i, train].ravel(), persons, share, seed=seed)
                    if chosen is None:
                        raise ValueError(f"a share of {share} shows no photo of some label")
                    learnt[i] = chosen.reshape(learnt[i].shape)
                numbers[s, fold] += np.mean([axis.number(persons[each.ravel()]) for each in learnt])
                head = people.solved(inside[:, train], labels[:, train], learnt)
                answers = people.answered(inside[:, tested], labels[:, tested], head).sum(-1)
                right[:, tested, s, d if share < 1 else slice(None)] = (
                    answers if share < 1 else answers[..., np.newaxis]
                )
        numbers[:-1, fold] /= DRAWS
    return right, numbers.mean(axis=1).tolist()


def measured(right: np.ndarray) -> list[Measured]:
    """Returns what was measured at each share.

    Args:
        right: (G, shares, DRAWS): how many answers on each person's photos are right.
    """
    number, num_shares, num_draws = right.shape
    design = Design(
        components=np.arange(number),
        folds=people.dealt(number, NUM_FOLDS),
        num_photos=np.full(number, float(NUM_PHOTOS)),
        num_teaching=number,
    )
    sizes = np.full((number, num_draws), float(NUM_PHOTOS))
    return [
        Measured(
            photo_ids=np.arange(number * NUM_PHOTOS),
            right=np.empty(0),
            repeats=list(range(num_draws)),
            design=design,
            commonest="",
            evidence={Key("accuracy"): ratio(right[:, s], sizes, design, Scale.SHARE, resampled=False)},
            bins=(),
        )
        for s in range(num_shares)
    ]


def _cells(found: Sequence[Extrapolation], gain: float, error: float) -> str:
    held = coverage(found, gain)
    low, high = (100 * np.mean(ends) for ends in zip(*map(_ends, found), strict=True))
    deviation = 100 * (held * (1 - held) / len(found)) ** 0.5
    misfits = 100 * np.mean([(each.p_value or 0.0) < curve.MISFIT for each in found])
    return (
        f"{100 * gain:.1f} (± {100 * error:.2f}) | {100 * np.mean([each.gain for each in found]):.1f} "
        f"| {low:.1f} to {high:.1f} | {100 * held:.1f} (± {deviation:.1f}) | {misfits:.1f}"
    )


def _ends(found: Extrapolation) -> tuple[float, float]:
    if found.low is None or found.high is None:
        raise ValueError(f"every experiment has enough people for an interval, but {found.reason}")
    return found.low, found.high


if __name__ == "__main__":
    main()
