"""Figures of merit as functions of sums over predictions, and how fast they rise with each sum.

The sums are 3 · L + 3 columns for L labels, in the order of `Sums`. Since sums add up over components, a
resample of components is a matrix product, and the contribution of a component is its sums times the slopes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from tenshots.statistics.evidence import OF_FIGURE, OF_LOSS, OF_NOTHING, Basis, Scale, Teaching, num_rarer

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


class Sums(NamedTuple):
    """The columns by name: float, the first three of shape (..., num_labels), the others of shape (...).

    Attributes:
        true: photos of each label.
        hits: right answers of each label.
        named: answers of each label, right or wrong.
        log_loss: sum of log losses (nats).
        brier_loss: sum of Brier losses.
        confidence: sum of the probabilities of the answers.
    """

    true: np.ndarray
    hits: np.ndarray
    named: np.ndarray
    log_loss: np.ndarray
    brier_loss: np.ndarray
    confidence: np.ndarray


class Foundation(NamedTuple):
    """What a figure rests on.

    Attributes:
        bases: as in `Evidence`.
        whole: as in `Evidence`.
        sizes: float, shape (num_cells,): what lays a repeat's own deviation on the cells, in proportion.
        num_rarer: components that show the rarer of two outcomes, right or wrong.
    """

    bases: tuple[Basis, ...]
    whole: Basis | None
    sizes: np.ndarray
    num_rarer: int


def keys(labels: Sequence[str]) -> list[Key]:
    """Returns the figures in the order of `values`."""
    return [Key(name) for name in OF_ALL] + [Key(name, label) for name in OF_LABEL for label in labels]


def scale(key: Key) -> Scale:
    """Returns what a figure is."""
    return OF_ALL.get(key.figure, Scale.SHARE)


def teaching(key: Key) -> Teaching:
    """Returns what other components would have taught; of how common a label is, nothing."""
    if key.figure == "commonest":
        return OF_NOTHING
    return OF_LOSS if scale(key) is Scale.LOSS else OF_FIGURE


def values(sums: np.ndarray, *, commonest: int) -> np.ndarray:
    """Returns the figures.

    Args:
        sums: float, shape (..., num_sums), of at least one photo.
        commonest: the label that a guess without looking would always answer, as an index.

    Returns:
        float64, shape (..., num_figures). A division by 0 counts 0, except in balanced accuracy, which is the
        mean over the labels that are shown.
    """
    true, hits, named, log_loss, brier_loss, confidence = _by_name(sums)
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
    found, at = _by_name(sums), values(sums, commonest=commonest)
    recall, precision, f1 = at[len(OF_ALL) :].reshape(len(OF_LABEL), num_labels)
    true, named, both = found.true, found.named, found.true + found.named
    of_recall = _of_labels(num_labels, true=-_over(recall, true), hits=_over(1.0, true))
    of_precision = _of_labels(num_labels, hits=_over(1.0, named), named=-_over(precision, named))
    of_f1 = _of_labels(num_labels, true=-_over(f1, both), hits=_over(2.0, both), named=-_over(f1, both))
    means = {
        "balanced_accuracy": of_recall[true > 0].mean(axis=0),
        "macro_f1": of_f1.mean(axis=0),
        **_of_shares(
            dict(zip(OF_ALL, at[: len(OF_ALL)], strict=True)), float(true.sum()), num_labels, commonest
        ),
    }
    of_all = np.stack([means[name] for name in OF_ALL])
    return np.concatenate([of_all, of_recall, of_precision, of_f1])


def foundations(
    by_cell: np.ndarray, by_component: np.ndarray, labels: Sequence[str]
) -> dict[Key, Foundation]:
    """Returns what each figure rests on.

    Args:
        by_cell: sums, shape (num_cells, num_sums), the means over repeats.
        by_component: the same by component, shape (num_components, num_sums).
        labels: in the order of the sums.
    """
    true, hits, named, *_ = _by_name(by_component)
    cell_true, _, cell_named, *_ = _by_name(by_cell)
    everything = Basis(true.sum(axis=1))
    shown = [Basis(true[:, i], f" that show {label}") for i, label in enumerate(labels)]
    rarer = num_rarer(hits.sum(axis=1), true.sum(axis=1))
    found = {
        Key(name): Foundation(
            tuple(shown) if name in ("balanced_accuracy", "macro_f1") else (everything,),
            everything,
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
            found[Key(name, label)] = Foundation((Basis(sizes, which),), None, cell_sizes, rarer)
    return found


def _of_labels(num_labels: int, **columns: np.ndarray) -> np.ndarray:
    """Returns slopes of a figure of each label, which its own columns alone move: (num_labels, num_sums)."""
    rows = np.zeros((num_labels, 3 * num_labels + 3))
    for name, slope in columns.items():
        np.fill_diagonal(getattr(_by_name(rows), name), slope)
    return rows


def _of_shares(
    at: Mapping[str, float], number: float, num_labels: int, commonest: int
) -> dict[str, np.ndarray]:
    """Returns the slopes of the figures that are a sum of columns over the number of photos.

    Args:
        at: the figures.
        number: photos.
        num_labels: in the sums.
        commonest: as in `values`.
    """
    columns = _by_name(np.arange(3 * num_labels + 3))

    def sum_of(chosen: np.ndarray) -> np.ndarray:
        row = np.zeros(3 * num_labels + 3)
        row[chosen] = 1
        return row

    photos, hits, guess = sum_of(columns.true), sum_of(columns.hits), sum_of(columns.true[commonest])
    sums = {
        "accuracy": hits,
        "log_loss": sum_of(columns.log_loss),
        "brier_loss": sum_of(columns.brier_loss),
        "overconfidence": sum_of(columns.confidence) - hits,
        "over_guess": hits - guess,
        "commonest": guess,
    }
    return {name: (row - at[name] * photos) / number for name, row in sums.items()}


def _num_labels(sums: np.ndarray) -> int:
    number: int = (sums.shape[-1] - 3) // 3
    return number


def _by_name(sums: np.ndarray) -> Sums:
    """Returns views of the columns; of shape (..., num_sums) before."""
    number = _num_labels(sums)
    true, hits, named = (sums[..., part * number : (part + 1) * number] for part in range(3))
    return Sums(true, hits, named, sums[..., -3], sums[..., -2], sums[..., -1])


def _over(top: np.ndarray | float, bottom: np.ndarray) -> np.ndarray:
    """Divides, and gives 0 where the divisor is 0."""
    there = bottom > 0
    shares: np.ndarray = np.where(there, top / np.where(there, bottom, 1.0), 0.0)
    return shares
