"""How much choosing a variant on validation photos flatters its test accuracy, over drawn experiments.

python -m benchmarks.choice [--experiments 4000]

Run from the project's top folder; about two minutes on one core. Each experiment draws people with 10 photos
of 3 labels each, whose features are shifted by person, and by person and label. A variant is a set of random
features of its own (rectified random projections, which stay as they are, like a frozen backbone); in each
fold ridge regression learns from the training people, and the variant that is best on validation people is
chosen by tenshots.statistics.choice, unaltered. The truth is the accuracy of the same trainings on 150 new
people.

Every bias is the estimate less that truth, less the same of the mean of all variants, which nobody chose and
which is right on average: both share most of their chance, so their difference needs few experiments.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tenshots.statistics.choice import best_by_fold, best_on_validation

NUM_LABELS = 3
PHOTOS_A_PERSON = 10
NUM_NEW = 150  # people who tell the truth
NUM_FOLDS = 4
VALIDATION = 0.2  # of the training people
DIMENSIONS = 12
LABELS_APART, PERSON, PERSON_AND_LABEL, PHOTO = 1.2, 1.0, 1.0, 1.0  # standard deviations
STRENGTH = 3.0  # of the penalty
GROUPS = (8, 12, 30)
KINDS = {"three equal variants": (24, 24, 24), "12, 24 and 48 features": (12, 24, 48)}


class Trained(NamedTuple):
    """What the trainings of an experiment answer.

    Attributes:
        right: share of each person's photos that are right, shape (num_variants, num_folds, num_people).
        truth: the same on new people, shape (num_variants, num_folds).
        loss: mean squared error of each person's photos, as `right`.
    """

    right: np.ndarray
    truth: np.ndarray
    loss: np.ndarray


@dataclass(frozen=True)
class Parts:
    """Who tests and who validates: bool, both of shape (num_folds, num_people)."""

    test: np.ndarray
    val: np.ndarray


class Found(NamedTuple):
    """What came of an experiment, in shares of 1.

    Attributes:
        own: bias of the test accuracy of the variant that is best on all validation people.
        by_fold: bias of the accuracy of choosing fold by fold, against that of the trainings so chosen.
        as_registered: bias of the same against the trainings of the variant of `own`, which is registered.
        left_out: bias of choosing in each fold on all validation people but those whom it tests.
        agreed: whether all folds choose that variant.
        truth: accuracy of that variant's trainings.
    """

    own: float
    by_fold: float
    as_registered: float
    left_out: float
    agreed: bool
    truth: float


def main(argv: Sequence[str] | None = None) -> None:
    """Prints the table of benchmarks/README.md."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.choice", description=__doc__)
    parser.add_argument("--experiments", type=int, default=4000)
    number = parser.parse_args(argv).experiments
    print(
        "| variants | groups | true accuracy of the chosen, % | its test accuracy | where all folds agree "
        "| *all but the fold's test people* | fold by fold | the same, as to the registered variant |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for kind, sizes in KINDS.items():
        for num_groups in GROUPS:
            found = [experiment(num_groups, sizes, seed=seed) for seed in range(number)]
            agreed = [each.own for each in found if each.agreed]
            cells = [
                f"{100 * np.mean([each.truth for each in found]):.1f}",
                bias([each.own for each in found]),
                f"{bias(agreed)} ({100 * len(agreed) / number:.0f} %)",
                bias([each.left_out for each in found]),
                bias([each.by_fold for each in found]),
                bias([each.as_registered for each in found]),
            ]
            print(f"| {kind} | {num_groups} | {' | '.join(cells)} |", flush=True)


def bias(values: Sequence[float]) -> str:
    """Writes a mean in points, with its standard error."""
    points = 100 * np.array(values)
    return f"{points.mean():+.2f} ± {points.std(ddof=1) / len(points) ** 0.5:.2f}"


def experiment(num_people: int, sizes: Sequence[int], *, seed: int) -> Found:
    """Draws an experiment, trains each variant in each fold, chooses and measures.

    Args:
        num_people: with photos; each is a group.
        sizes: random features of each variant.
        seed: of everything drawn.
    """
    draw = np.random.default_rng(seed)
    parts = divided(num_people, draw)
    return _found(trained(parts, sizes, draw), parts)


def divided(num_people: int, draw: np.random.Generator) -> Parts:
    """Deals people to the test of one fold each, and draws validation people from the others of each fold."""
    folds = draw.permutation(num_people) % NUM_FOLDS
    test = folds == np.arange(NUM_FOLDS)[:, np.newaxis]
    val = np.zeros_like(test)
    for fold, tested in enumerate(test):
        others = np.flatnonzero(~tested)
        val[fold, draw.choice(others, max(round(VALIDATION * len(others)), 1), replace=False)] = True
    return Parts(test, val)


def trained(parts: Parts, sizes: Sequence[int], draw: np.random.Generator) -> Trained:
    """Draws photos of the people and of new ones, and trains each variant in each fold."""
    num_people = parts.test.shape[1]
    photos, labels = _photos(num_people + NUM_NEW, draw)
    truths = np.eye(NUM_LABELS)[labels]
    folds = (~parts.test & ~parts.val).astype(np.float64)
    right, truth, loss = [], [], []
    for size in sizes:
        directions = draw.normal(size=(DIMENSIONS, size)) / DIMENSIONS**0.5
        features = np.maximum(photos @ directions + 0.5 * draw.normal(size=size), 0)
        features = np.concatenate([features, np.ones((*labels.shape, 1))], axis=-1)
        taught, targets = features[:num_people], truths[:num_people] - 1 / NUM_LABELS
        across = taught.swapaxes(1, 2)
        gram = np.tensordot(folds, across @ taught, axes=1) + STRENGTH * np.eye(size + 1)
        weights = np.linalg.solve(gram, np.tensordot(folds, across @ targets, axes=1))
        answers = features.reshape(-1, size + 1) @ weights
        answers = answers.reshape(len(folds), *labels.shape, NUM_LABELS)
        hits = (answers.argmax(axis=-1) == labels).mean(axis=-1)
        right.append(hits[:, :num_people])
        truth.append(hits[:, num_people:].mean(axis=-1))
        errors = (answers[:, :num_people] - targets) ** 2
        loss.append(errors.sum(axis=-1).mean(axis=-1))
    return Trained(np.array(right), np.array(truth), np.array(loss))


def _photos(num_people: int, draw: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Returns features, shape (num_people, photos, DIMENSIONS), and labels, int (num_people, photos)."""
    labels = draw.integers(NUM_LABELS, size=(num_people, PHOTOS_A_PERSON))
    means = LABELS_APART * draw.normal(size=(NUM_LABELS, DIMENSIONS))
    of_label = PERSON_AND_LABEL * draw.normal(size=(num_people, NUM_LABELS, DIMENSIONS))
    features = (
        means[labels]
        + PERSON * draw.normal(size=(num_people, 1, DIMENSIONS))
        + of_label[np.arange(num_people)[:, np.newaxis], labels]
        + PHOTO * draw.normal(size=(*labels.shape, DIMENSIONS))
    )
    return features, labels


def _found(trained: Trained, parts: Parts) -> Found:
    num_variants, num_folds, num_people = trained.right.shape
    share = parts.test.sum(axis=1) / num_people  # of the photos, in each fold
    tested = (trained.right * parts.test).sum(axis=-1) / num_people  # adds up to the accuracy over folds
    truth = trained.truth * share
    surprise = tested - truth  # (num_variants, num_folds)
    by_chance = surprise.sum() / num_variants
    whole = int(best_on_validation(_on(trained, parts.val)))
    own = {
        str(name): [
            {"fold": fold, **_on(trained, _alone(parts.val, fold))[str(name)]} for fold in range(num_folds)
        ]
        for name in range(num_variants)
    }
    alone = np.array([int(name) for name in best_by_fold(own).values()])
    without = np.array(
        [
            int(best_on_validation(_on(trained, parts.val & ~(tested & ~_alone(parts.val, fold)))))
            for fold, tested in enumerate(parts.test)
        ]
    )
    folds = np.arange(num_folds)
    return Found(
        own=surprise[whole].sum() - by_chance,
        by_fold=surprise[alone, folds].sum() - by_chance,
        as_registered=tested[alone, folds].sum() - truth[whole].sum() - by_chance,
        left_out=surprise[without, folds].sum() - by_chance,
        agreed=bool((alone == whole).all()),
        truth=truth[whole].sum(),
    )


def _alone(val: np.ndarray, fold: int) -> np.ndarray:
    """Returns who validates in `fold`, shape (num_folds, num_people), and nobody in the others."""
    of_fold: np.ndarray = val & (np.arange(len(val)) == fold)[:, np.newaxis]
    return of_fold


def _on(trained: Trained, val: np.ndarray) -> dict[str, dict[str, float]]:
    """Returns the figures of each variant on validation people, as tenshots.statistics.choice reads them."""
    return {
        str(name): {"val_accuracy": float(right[val].mean()), "val_log_loss": float(loss[val].mean())}
        for name, (right, loss) in enumerate(zip(trained.right, trained.loss, strict=True))
    }


if __name__ == "__main__":
    main()
