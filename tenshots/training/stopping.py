"""How good an epoch was on validation photos: what patience waits for, and which epoch it keeps.

The setting is `optimisation.stop_on`; without it accuracy decides. Of equals the lower loss does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Protocol

import numpy as np

from tenshots.networks import forward


class Validated(Protocol):
    """An epoch, or what was kept of one."""

    @property
    def val_accuracy(self) -> float:
        """Share of right answers."""

    @property
    def val_loss(self) -> float:
        """Mean loss."""

    @property
    def val_score(self) -> float | None:
        """Of `score`; None where there is none."""


def rank(epoch: Validated, stop_on: str | None) -> tuple[float, float]:
    """Returns how good an epoch was: two numbers of which the first that differs decides; higher is better.

    By default not the loss alone: with few photos it is lowest where the network still answers everything
    with caution, long before it tells the labels apart.
    """
    if stop_on == "loss":
        return -epoch.val_loss, 0.0
    first = epoch.val_accuracy if stop_on in (None, "accuracy") else epoch.val_score
    return -1.0 if first is None else first, -epoch.val_loss


def score(stop_on: str | None, logits: np.ndarray, targets: np.ndarray) -> float | None:
    """Returns the figure that `stop_on` names, in [0, 1]; None where the history has it anyway.

    Args:
        stop_on: the setting.
        logits: (num_photos, num_labels).
        targets: (num_photos, num_labels), one-hot.
    """
    return _SCORES[stop_on](logits, targets) if stop_on in _SCORES else None


def macro_f1(logits: np.ndarray, targets: np.ndarray) -> float:
    """Returns the mean F1 over all labels; a label never named and never true counts 0."""
    named = np.eye(targets.shape[1])[logits.argmax(axis=1)]
    both, either = (named * targets).sum(axis=0), named.sum(axis=0) + targets.sum(axis=0)
    return float((2 * both / np.maximum(either, 1)).mean())


def roc_auc(logits: np.ndarray, targets: np.ndarray) -> float:
    """Returns the mean over labels of the area under the curve of each against the rest.

    That is the share of pairs, a photo of the label and one of another, in which the first has the higher
    probability of the label; equal ones count half. A label that no photo has, or all have, is left out:
    training refuses it (`variants.jobs_of`), so it comes from a study alone.
    Source: Hanley and McNeil 1982, doi:10.1148/radiology.143.1.7063747.
    """
    probabilities = forward.softmax(logits)
    areas = []
    for label in np.flatnonzero(targets.any(axis=0) & ~targets.all(axis=0)):
        own, others = (probabilities[targets[:, label] == truth, label] for truth in (1, 0))
        differences = own[:, None] - others[None, :]
        areas.append(((differences > 0) + 0.5 * (differences == 0)).mean())
    return float(np.mean(areas)) if areas else 0.5


_SCORES: Mapping[str | None, Callable[[np.ndarray, np.ndarray], float]] = MappingProxyType(
    {"macro_f1": macro_f1, "roc_auc": roc_auc}
)
