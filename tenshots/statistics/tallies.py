"""Figures of merit as functions of sums over predictions, and how fast they rise with each sum.

The sums, 3 · L + 3 of them for L labels, in this order: photos of each label; right answers of each label;
answers of each label, right or wrong; log losses; Brier losses; confidences. Since sums add up over
components, a resample of components is a matrix product, and the contribution of a component is its sums
times the slopes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tenshots.statistics.evidence import Basis, Scale, num_rarer

OF_ALL = {
    "accuracy": Scale.SHARE,
    "balanced_accuracy": Scale.SHARE,
    "macro_f1": Scale.SHARE,
    "log_loss": Scale.LOSS,
    "brier_loss": Scale.LOSS,
    "overconfidence": Scale.DIFFERENCE,
    "over_guess": Scale.DIFFERENCE,
    "commonest": Scale.SHARE,
}
OF_LABEL = ("recall", "precision", "f1")


class Key(NamedTuple):
    """Names a figure; those of all labels together have the label ""."""

    figure: str
    label: str = ""


class Foundation(NamedTuple):
    """What a figure rests on.

    Attributes:
        bases: whose sizes decide how far its interval reaches; the weakest counts.
        sizes: float, shape (num_cells,): what lays a repeat's own deviation on the cells, in proportion.
        num_rarer: components that show the rarer of two outcomes, right or wrong.
    """

    bases: tuple[Basis, ...]
    sizes: np.ndarray
    num_rarer: int


def keys(labels: Sequence[str]) -> list[Key]:
    """Returns the figures in the order of `values`."""
    return [Key(name) for name in OF_ALL] + [Key(name, label) for name in OF_LABEL for label in labels]


def scale(key: Key) -> Scale:
    """Returns what a figure is."""
    return OF_ALL.get(key.figure, Scale.SHARE)


def values(sums: np.ndarray, *, commonest: int) -> np.ndarray:
    """Returns the figures.

    Args:
        sums: float, shape (..., num_sums), of at least one photo.
        commonest: the label that a guess without looking would always answer, as an index.

    Returns:
        float64, shape (..., num_figures). A division by 0 counts 0, except in balanced accuracy, which is the
        mean over the labels that are shown.
    """
    true, hits, named, log_loss, brier_loss, confidence = _parted(sums)
    number = np.maximum(true.sum(axis=-1), 1e-9)
    accuracy, guessed = hits.sum(axis=-1) / number, true[..., commonest] / number
    recall, precision, f1 = _over(hits, true), _over(hits, named), _over(2 * hits, true + named)
    of_all = [
        accuracy,
        recall.sum(axis=-1) / np.maximum((true > 0).sum(axis=-1), 1),
        f1.mean(axis=-1),
        log_loss / number,
        brier_loss / number,
        confidence / number - accuracy,
        accuracy - guessed,
        guessed,
    ]
    found: np.ndarray = np.concatenate([np.stack(of_all, axis=-1), recall, precision, f1], axis=-1)
    return found


def slopes(sums: np.ndarray, *, commonest: int) -> np.ndarray:
    """Returns the derivatives of `values` by each sum.

    Args:
        sums: float, shape (num_sums,), of at least one photo.
        commonest: as in `values`.

    Returns:
        float64, shape (num_figures, num_sums). Times the sums they give 0: every figure is a mean.
    """
    num_labels = _num_labels(sums)
    true, _, named, *_ = _parted(sums)
    number, at = float(true.sum()), values(sums, commonest=commonest)
    eye, rest, still = np.eye(num_labels), np.zeros((num_labels, 3)), np.zeros(num_labels)
    rates = at[len(OF_ALL) :].reshape(len(OF_LABEL), num_labels)
    recall, precision, f1 = (
        np.concatenate([eye * by_true, eye * by_hits, eye * by_named, rest], axis=1)
        for by_true, by_hits, by_named in [
            (-_over(rates[0], true), _over(1.0, true), still),
            (still, _over(1.0, named), -_over(rates[1], named)),
            (-_over(rates[2], true + named), _over(2.0, true + named), -_over(rates[2], true + named)),
        ]
    )
    return np.concatenate(
        [
            _of_all(at, number, num_labels, commonest, recall[true > 0].mean(axis=0), f1.mean(axis=0)),
            recall,
            precision,
            f1,
        ]
    )


def foundations(
    by_cell: np.ndarray, by_component: np.ndarray, labels: Sequence[str]
) -> dict[Key, Foundation]:
    """Returns what each figure rests on.

    Args:
        by_cell: sums, shape (num_cells, num_sums), the means over repeats.
        by_component: likewise, shape (num_components, num_sums).
        labels: in the order of the sums.
    """
    true, hits, named, *_ = _parted(by_component)
    cell_true, _, cell_named, *_ = _parted(by_cell)
    everything = Basis(true.sum(axis=1))
    shown = [Basis(true[:, i], f" that show {label}") for i, label in enumerate(labels)]
    rarer = num_rarer(hits.sum(axis=1), true.sum(axis=1))
    found = {
        Key(name): Foundation(
            tuple(shown) if name in ("balanced_accuracy", "macro_f1") else (everything,),
            cell_true.sum(axis=1),
            rarer,
        )
        for name in OF_ALL
    }
    for i, label in enumerate(labels):
        taken = f" that are taken for {label}"
        either = f" that show or are taken for {label}"
        for name, sizes, cell_sizes, which in [
            ("recall", true[:, i], cell_true[:, i], shown[i].which),
            ("precision", named[:, i], cell_named[:, i], taken),
            ("f1", (true + named)[:, i] / 2, (cell_true + cell_named)[:, i] / 2, either),
        ]:
            rarer = num_rarer(hits[:, i], sizes)
            found[Key(name, label)] = Foundation((Basis(sizes, which),), cell_sizes, rarer)
    return found


def _of_all(
    at: np.ndarray, number: float, num_labels: int, commonest: int, balanced: np.ndarray, macro: np.ndarray
) -> np.ndarray:
    """Returns the rows of `slopes` for the figures of all labels together."""
    true = np.zeros(3 * num_labels + 3)
    hits, guess = true.copy(), true.copy()
    true[:num_labels], hits[num_labels : 2 * num_labels], guess[commonest] = 1, 1, 1
    log_loss, brier_loss, confidence = np.eye(len(true))[-3:]
    mean = {
        "accuracy": hits,
        "log_loss": log_loss,
        "brier_loss": brier_loss,
        "overconfidence": confidence - hits,
        "over_guess": hits - guess,
        "commonest": guess,
    }
    rows = {"balanced_accuracy": balanced, "macro_f1": macro}
    for i, name in enumerate(OF_ALL):
        if name in mean:
            rows[name] = (mean[name] - at[i] * true) / number
    return np.stack([rows[name] for name in OF_ALL])


def _num_labels(sums: np.ndarray) -> int:
    number: int = (sums.shape[-1] - 3) // 3
    return number


def _parted(sums: np.ndarray) -> tuple[np.ndarray, ...]:
    """Returns views: photos, right answers and answers, shape (..., num_labels); three sums, shape (...)."""
    counts = [sums[..., part * _num_labels(sums) : (part + 1) * _num_labels(sums)] for part in range(3)]
    return *counts, sums[..., -3], sums[..., -2], sums[..., -1]


def _over(top: np.ndarray | float, bottom: np.ndarray) -> np.ndarray:
    """Divides, and gives 0 where the divisor is 0."""
    there = bottom > 0
    shares: np.ndarray = np.where(there, top / np.where(there, bottom, 1.0), 0.0)
    return shares
