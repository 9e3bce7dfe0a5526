"""What patience waits for: figures on validation photos, as scikit-learn computes them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score, roc_auc_score

from tenshots.errors import SettingsError
from tenshots.networks import forward
from tenshots.training import limits, stopping, storing, variants
from tenshots.training.jobs import Epoch, Job, Outcome
from tenshots.training.loop import KeepRule, Kept
from tenshots.training.storing import Saved
from tests.drawn.fine_tuning import fine_tuned
from tests.drawn.trainings import from_scratch, job, loop

LOGITS = np.round(np.random.default_rng(0).normal(size=(40, 3)), 1)  # with ties
LABELS = np.random.default_rng(1).integers(0, 3, 40)
TARGETS = np.eye(3)[LABELS]


def test_macro_f1_is_scikit_learns() -> None:
    expected = f1_score(LABELS, LOGITS.argmax(axis=1), average="macro", zero_division=0)
    assert stopping.macro_f1(LOGITS, TARGETS) == pytest.approx(expected)
    # A label that is never named and never true counts 0.
    none = np.array([[1.0, 0.0, -9.0], [0.0, 1.0, -9.0]])
    assert stopping.macro_f1(none, np.eye(3)[[0, 1]]) == pytest.approx(2 / 3)


def test_roc_auc_is_scikit_learns() -> None:
    expected = roc_auc_score(LABELS, forward.softmax(LOGITS), multi_class="ovr", average="macro")
    assert stopping.roc_auc(LOGITS, TARGETS) == pytest.approx(expected)


def test_roc_auc_leaves_out_a_label_that_no_photo_has() -> None:
    logits = np.array([[2.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 3.0, 0.0]])
    assert stopping.roc_auc(logits, np.eye(3)[[0, 0, 1]]) == 1
    assert stopping.roc_auc(logits, np.eye(3)[[0, 0, 0]]) == 0.5


def row(accuracy: float, loss: float, score: float | None = None, *, number: int = 0) -> Epoch:
    return Epoch(0, 0, "scratch", number, 1, 0.1, 0.0, 0.0, loss, accuracy, score)


@pytest.mark.parametrize(
    ("stop_on", "kept"), [(None, 1), ("accuracy", 1), ("loss", 2), ("macro_f1", 3), ("roc_auc", 3)]
)
def test_the_rule_keeps_the_epoch_that_is_best_by_the_figure_named(stop_on: str | None, kept: int) -> None:
    class Network:
        """Has no weights."""

        def get_weights(self) -> list[np.ndarray]:
            """None."""
            return []

    rows = [(0.6, 0.9, 0.5), (0.8, 0.8, 0.6), (0.7, 0.5, 0.6), (0.7, 0.7, 0.9), (0.7, 0.6, 0.4)]
    rule = KeepRule(loop(epochs=5, patience=4, warmup=0.0, stop_on=stop_on), kept=Kept())
    for index, each in enumerate(rows):
        rule.weigh(index, row(*each, number=index), Network())
    assert rule.kept.epoch == kept


def test_of_equal_figures_the_lower_loss_decides() -> None:
    best = Kept(0, 0.5, 1.0, (), 0.7)
    assert best.is_beaten_by(row(0.1, 0.9, 0.7), "macro_f1")
    assert not best.is_beaten_by(row(0.9, 1.0, 0.7), "macro_f1")
    assert best.is_beaten_by(row(0.0, 0.9, 0.0), "loss")


def test_a_training_keeps_the_epoch_of_the_lowest_loss() -> None:
    (found,) = from_scratch(job(), epochs=4, lr=0.05, stop_on="loss", warmup=0.0)
    losses = [epoch.val_loss for epoch in found.history]
    assert found.outcome.kept_epoch == int(np.argmin(losses))


def test_tuning_is_judged_from_its_head_on() -> None:
    (found,) = fine_tuned(job(), patience=3, epochs=2, stop_on="macro_f1")
    assert all(epoch.val_score is not None for epoch in found.history)
    assert found.history[0].phase == "logistic_regression"


def test_the_history_has_the_figure_only_where_it_was_asked_for() -> None:
    def saved(*rows: Epoch) -> list[Saved]:
        empty = np.empty((0, 2))
        return [Saved(Outcome(Job(0, 0, 0, empty, empty, 1), list(rows), 0, 1, empty), "a.h5", 1)]

    assert "val_score" not in storing.history(saved(row(0.5, 1.0)))
    assert storing.history(saved(row(0.5, 1.0, 0.25)))["val_score"].tolist() == [0.25]


def test_roc_auc_without_validation_photos_of_a_label_is_refused_by_fold_and_label() -> None:
    photos = pd.DataFrame({"photo_id": list("abcde"), "label": ["cup", "key", "pen", "cup", "key"]})
    splits = pd.DataFrame(
        {"photo_id": list("abcde"), "fold": 3, "part": ["train", "train", "train", "val", "val"]}
    )
    given = {"photos": photos, "copies": photos.iloc[:0], "splits": splits, "seed": 1, "repeats": 1}
    assert len(variants.jobs_of(**given, stop_on="macro_f1")) == 1
    with pytest.raises(
        SettingsError, match="roc_auc here, because fold 3 has no validation photos of pen, and"
    ):
        variants.jobs_of(**given, stop_on="roc_auc")


def test_averages_over_more_updates_than_there_are_are_refused() -> None:
    settings = loop(epochs=3, batch_size=8, ema=0.9)  # 9 updates of 21 photos
    with pytest.raises(
        SettingsError, match=r"ema must .*0\.9 averages over about 10, and one of variants\.x has 9"
    ):
        limits.check_ema(settings, [job()], variant="x")
    limits.check_ema(settings._replace(epochs=4), [job()], variant="x")
