"""How much choosing a variant on validation photos flatters its test accuracy, over drawn experiments.

python -m benchmarks.choice [--experiments 4000]

Run from the project's top folder; some minutes on one core. Experiments are those of benchmarks/people.py:
classifiers really trained, in 4 folds, on people whose features are shifted. A variant is a set of random
features of its own, the same in all folds, as a pretrained backbone is. The variant that is best on
validation people is chosen by tenshots.statistics.choice, unaltered. The truth is the accuracy of the same
trainings on new people.

Every bias is the estimate less that truth, less the same of the mean of all variants, which nobody chose and
which is right on average: both share most of their chance, so their difference needs few experiments.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from benchmarks import arguments, people
from benchmarks.people import Block, Variant
from tenshots.statistics.choice import best_by_fold, best_on_validation

NUM_FOLDS = 4
GROUPS = (8, 12, 30)
KINDS = {
    "three equal variants": tuple(Variant(24, frozen=True) for _ in range(3)),
    "12, 24 and 48 features": tuple(Variant(size, frozen=True) for size in (12, 24, 48)),
}


class Trained(NamedTuple):
    """What the trainings of one experiment answer; V variants, F folds, G people.

    Attributes:
        folds: int, (G,): in which each person is tested.
        right: share of right answers of each person who is tested, (V, G).
        truth: share of right answers on new people, (V, F).
        val_right: share of right answers of each person, (V, F, G); nan who does not validate in the fold.
        val_loss: log loss of these, the same.
    """

    folds: np.ndarray
    right: np.ndarray
    truth: np.ndarray
    val_right: np.ndarray
    val_loss: np.ndarray


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
    number = arguments.parser("choice", __doc__, experiments=4000).parse_args(argv).experiments
    print(
        "| variants | groups | true accuracy of the chosen, % | its own test accuracy "
        "| where all folds choose it | *all but the fold's test people* | **fold by fold** "
        "| the same, as a figure of the chosen |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for kind, variants in KINDS.items():
        for num_people in GROUPS:
            found = [chosen(each) for each in trained(number, num_people=num_people, variants=variants)]
            agreed = [each.own for each in found if each.agreed]
            cells = [
                f"{100 * np.mean([each.truth for each in found]):.1f}",
                bias([each.own for each in found]),
                f"{bias(agreed)} ({100 * len(agreed) / number:.0f} %)",
                bias([each.left_out for each in found]),
                f"**{bias([each.by_fold for each in found])}**",
                bias([each.as_registered for each in found]),
            ]
            print(f"| {kind} | {num_people} | {' | '.join(cells)} |", flush=True)


def bias(values: Sequence[float]) -> str:
    """Writes a mean in points, with its standard error; of fewer than two values there is none."""
    if len(values) < 2:
        return "too few"
    points = 100 * np.array(values)
    mean, error = points.mean(), points.std(ddof=1) / len(points) ** 0.5
    return f"{mean:+.2f} \N{PLUS-MINUS SIGN} {error:.2f}".replace("-", "\N{MINUS SIGN}")


def trained(
    number: int, *, num_people: int, variants: tuple[Variant, ...], seed: int = 20
) -> Iterator[Trained]:
    """Draws experiments and trains each variant once in each fold."""
    for block in people.blocks(
        number, num_people=num_people, variants=variants, num_folds=NUM_FOLDS, num_repeats=1, seed=seed
    ):
        yield from _of_block(block)


def chosen(trained: Trained) -> Found:
    """Chooses, and compares what that promises with what is true."""
    num_variants, num_folds = trained.truth.shape
    folds = np.arange(num_folds)
    test = trained.folds == folds[:, np.newaxis]  # (F, G), as `val`
    val = ~np.isnan(trained.val_right[0])
    tested = trained.right @ test.T / test.sum()  # (V, F); adds up to the accuracy over folds
    truth = trained.truth * test.sum(axis=1) / test.sum()
    surprise = tested - truth
    by_chance = surprise.sum() / num_variants
    whole = int(best_on_validation(_on(trained, val)))
    own = {
        str(name): [{"fold": fold, **_on(trained, _alone(val, fold))[str(name)]} for fold in range(num_folds)]
        for name in range(num_variants)
    }
    alone = np.array([int(name) for name in best_by_fold(own).values()])
    without = np.array(
        [
            int(best_on_validation(_on(trained, val & ~(tested & ~_alone(val, fold)))))
            for fold, tested in enumerate(test)
        ]
    )
    return Found(
        own=surprise[whole].sum() - by_chance,
        by_fold=surprise[alone, folds].sum() - by_chance,
        as_registered=tested[alone, folds].sum() - truth[whole].sum() - by_chance,
        left_out=surprise[without, folds].sum() - by_chance,
        agreed=bool((alone == whole).all()),
        truth=truth[whole].sum(),
    )


def _of_block(block: Block) -> Iterator[Trained]:
    of_one = (
        block.right[:, :, 0].mean(-1),
        block.new_right[:, :, 0],
        block.val_right[:, :, 0],
        block.val_loss[:, :, 0],
    )
    for each in zip(*of_one, strict=True):
        yield Trained(block.folds, *each)


def _alone(val: np.ndarray, fold: int) -> np.ndarray:
    """Returns who validates in `fold`, shape (num_folds, num_people), and nobody in the others."""
    of_fold: np.ndarray = val & (np.arange(len(val)) == fold)[:, np.newaxis]
    return of_fold


def _on(trained: Trained, val: np.ndarray) -> dict[str, dict[str, float]]:
    """Returns the figures of each variant on validation people, as tenshots.statistics.choice reads them."""
    return {
        str(name): {"val_accuracy": float(right[val].mean()), "val_log_loss": float(loss[val].mean())}
        for name, (right, loss) in enumerate(zip(trained.val_right, trained.val_loss, strict=True))
    }


if __name__ == "__main__":
    main()
