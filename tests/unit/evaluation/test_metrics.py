"""Figures of merit, on cases small enough to check by hand."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import balanced_accuracy_score, log_loss

from tenshots.evaluation import metrics
from tenshots.tables import predictions

LABELS = ["book", "cup"]


def rows(truth: list[str], book: list[float], *, fold: int = 0, repeat: int = 0) -> pd.DataFrame:
    photos = pd.DataFrame({"photo_id": [f"{fold}{i}" for i in range(len(truth))], "label": truth})
    return predictions.table(
        photos, np.column_stack([book, 1 - np.array(book)]), LABELS, fold=fold, repeat=repeat
    )


def test_folds_are_pooled_so_that_every_photo_weighs_the_same() -> None:
    # 3 of 3 right in one fold, 0 of 1 in the other: pooled 3/4; a mean over folds would be 1/2.
    test = pd.concat([rows(["book"] * 3, [0.9] * 3), rows(["cup"], [0.8], fold=1)])
    assert metrics.over_repeats(test, metrics.accuracy) == 0.75


def test_repeats_are_averaged() -> None:
    test = pd.concat([rows(["book", "cup"], [0.9, 0.1]), rows(["book", "cup"], [0.9, 0.6], repeat=1)])
    assert metrics.summary(test, test, num_updates=9)["test_accuracy"] == 0.75
    assert [item["test_accuracy"] for item in metrics.details(test)["per_repeat"]] == [1.0, 0.5]


def test_figures_of_a_case_worked_by_hand() -> None:
    # book: right, right, wrong; cup: right. Recall 2/3 and 1; precision 1 and 1/2; F1 4/5 and 2/3.
    test = rows(["book", "book", "book", "cup"], [0.9, 0.8, 0.4, 0.2])
    assert metrics.accuracy(test) == 0.75
    assert metrics.balanced_accuracy(test) == pytest.approx(5 / 6)
    assert metrics.balanced_accuracy(test) == pytest.approx(
        balanced_accuracy_score(test["label"], predictions.predicted(test))
    )
    assert metrics.macro_f1(test) == pytest.approx((4 / 5 + 2 / 3) / 2)
    assert metrics.mean_log_loss(test) == pytest.approx(-np.log([0.9, 0.8, 0.4, 0.8]).mean())
    details = metrics.details(test)
    assert details["confusion"] == [[2, 1], [0, 1]]
    assert details["test_roc_auc"] == 1.0  # every book has more of "book" than the cup
    assert details["per_class"][0] == {
        "label": "book",
        "precision": 1.0,
        "recall": 0.666667,
        "f1": 0.8,
        "support": 3,
        "roc_auc": 1.0,
    }


def test_losses_of_a_case_worked_by_hand() -> None:
    test = rows(["book", "cup"], [0.9, 0.8])
    assert metrics.brier_loss(test) == pytest.approx((2 * 0.1**2 + 2 * 0.8**2) / 2)
    assert metrics.details(test)["test_brier_loss"] == pytest.approx(0.65)
    assert metrics.mean_log_loss(test) == pytest.approx(log_loss(["book", "cup"], [[0.9, 0.1], [0.8, 0.2]]))


def test_the_calibration_error_is_the_mean_gap_of_bins() -> None:
    # Ten bins of two predictions: confidences 0.75 that are right once of two, and 0.95 that are always
    # right.
    sure = rows(["book", "cup"] * 5 + ["book"] * 10, [0.75] * 10 + [0.95] * 10)
    found = metrics.calibration(sure)
    assert found["num_bins"] == 10
    assert found["ece"] == pytest.approx((10 * 0.25 + 10 * 0.05) / 20)
    assert [item["num_predictions"] for item in found["curve"]] == [2] * 10
    assert found["curve"][0] == {"num_predictions": 2, "confidence": 0.75, "accuracy": 0.5}
    assert found["curve"][-1] == {"num_predictions": 2, "confidence": 0.95, "accuracy": 1.0}


def test_a_calibrated_network_shows_the_error_that_chance_makes() -> None:
    """Few photos lift the error of even a calibrated network; only what is above that says something."""
    draw = np.random.default_rng(0)
    honest, alike = [], []
    for _ in range(40):
        confidence = draw.uniform(0.5, 1, 60)
        truth = np.where(draw.uniform(size=60) < confidence, "book", "cup").tolist()
        once = rows(truth, confidence.tolist())
        honest.append(metrics.calibration(once))
        # Trainings that answer alike are wrong together, which is no more by chance on average.
        alike.append(metrics.calibration(pd.concat([once, once.assign(repeat=1)])))
    for found in (honest, alike):
        assert np.mean([each["ece"] for each in found]) == pytest.approx(
            np.mean([each["ece_if_calibrated"] for each in found]), rel=0.1
        )
    few, many = (metrics.calibration(rows(["book"] * n, [0.8] * n)) for n in (20, 2_000))
    assert few["ece_if_calibrated"] > 4 * many["ece_if_calibrated"]


def test_fewer_predictions_than_bins_make_fewer_bins() -> None:
    found = metrics.calibration(rows(["book", "cup", "book"], [0.9, 0.2, 0.6]))
    assert found["num_bins"] == len(found["curve"]) == 3
    assert [item["confidence"] for item in found["curve"]] == [0.6, 0.8, 0.9]


def test_a_certain_mistake_costs_a_finite_loss() -> None:
    assert metrics.mean_log_loss(rows(["book"], [0.0])) == pytest.approx(-np.log(1e-7))


@pytest.mark.parametrize(
    ("truth", "reason"),
    [(["book", "book"], "no test photo shows cup"), (["book", "cup"], None)],
)
def test_roc_auc_is_left_out_with_the_reason_where_a_label_is_missing(
    truth: list[str], reason: str | None
) -> None:
    details = metrics.details(rows(truth, [0.6, 0.4]))
    assert details["roc_auc_reason"] == reason
    assert (details["test_roc_auc"] is None) == (reason is not None)
    final = metrics.final({"test_accuracy": 0.5}, details)
    assert ("test_roc_auc" in final) == (reason is None)
    assert final["test_accuracy"] == 0.5
    assert final["test_ece"] == details["calibration"]["ece"]


def test_support_counts_photos_not_predictions() -> None:
    test = pd.concat([rows(["book", "cup"], [0.9, 0.1], repeat=repeat) for repeat in range(3)])
    assert [item["support"] for item in metrics.details(test)["per_class"]] == [1, 1]
    assert metrics.details(test)["num_test_photos"] == 2


def test_a_curve_is_the_mean_over_the_trainings_that_reached_the_epoch() -> None:
    history = pd.DataFrame(
        {
            "fold": [0, 0, 1],
            "epoch": [0, 1, 0],
            "num_updates": [7, 14, 7],
            "loss": [2.0, 1.0, 4.0],
            "accuracy": [0.2, 0.6, 0.4],
            "val_loss": [2.0, 1.5, 3.0],
            "val_accuracy": [0.1, 0.5, 0.3],
        }
    )
    curves = metrics.curves(history)
    assert list(curves.columns) == ["epoch", "accuracy", "val_accuracy", "loss", "val_loss", "num_fits"]
    assert curves["accuracy"].tolist() == pytest.approx([0.3, 0.6])
    assert curves["num_fits"].tolist() == [2, 1]
    assert curves["epoch"].tolist() == [1, 2]
    solved = history.assign(num_updates=[0, 7, 0])
    assert metrics.curves(solved)["epoch"].tolist() == [0, 1], "one epoch has one number in every variant"


def test_labels_are_any_text() -> None:
    labels = sorted(["a,b", "<script>", "p_p_", "1"])
    photos = pd.DataFrame({"photo_id": ["x", "y"], "label": ["a,b", "1"]})
    test = predictions.table(photos, np.eye(4)[[3, 0]], labels, fold=0, repeat=0)
    assert predictions.labels_of(test) == labels
    assert predictions.predicted(test).tolist() == [labels[3], labels[0]]


def test_of_equal_probabilities_the_first_label_is_answered() -> None:
    assert predictions.predicted(rows(["cup"], [0.5])).tolist() == ["book"]
