"""How right a variant is: totals are pooled over the folds of one repeat, then averaged over repeats.

Pooling before dividing weighs every photo equally; a mean over folds would weigh the photos of a small fold
more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support, roc_auc_score

from tenshots.evaluation import averaging
from tenshots.tables.predictions import labels_of, predicted, probabilities_of

# A probability of 0 for the truth would make the mean loss infinite, whatever all the others are.
SMALLEST_PROBABILITY = 1e-7
NUM_DIGITS = 6  # beyond what any number of photos here resolves, and short in a diff
NUM_BINS = (
    10  # of calibration, with as many predictions each (or one more); fewer where there are fewer predictions
)
NUM_CALIBRATED = 200  # drawn sets of answers of a calibrated network, for what ECE it would show
SEED = 20  # of these
SINGLE = ("test_log_loss", "test_roc_auc", "test_brier_loss", "test_accuracy_of_mean")  # numbers of `details`


def summary(test: pd.DataFrame, val: pd.DataFrame, *, num_updates: float) -> dict[str, float]:
    """Returns the six figures of metrics.json.

    In [0, 1] but for the loss (nats, 0 or more; less is better) and the number of updates.

    Args:
        test: predictions of test photos (see tenshots.tables.predictions), all folds and repeats.
        val: predictions of validation photos.
        num_updates: of a training, the mean.
    """
    return {
        "val_accuracy": over_repeats(val, accuracy),
        "val_log_loss": over_repeats(val, mean_log_loss),
        "test_accuracy": over_repeats(test, accuracy),
        "test_balanced_accuracy": over_repeats(test, balanced_accuracy),
        "test_macro_f1": over_repeats(test, macro_f1),
        "num_updates": num_updates,
    }


def details(test: pd.DataFrame) -> dict[str, Any]:
    """Returns everything else about the predictions of test photos.

    Keys: labels; num_test_photos; num_folds; num_repeats; test_log_loss; test_roc_auc (one against the rest,
    the mean over labels; null where roc_auc_reason says why); per_class (label, precision, recall, f1,
    support in photos, roc_auc); confusion (predictions of all repeats: a row per true label, a column per
    predicted one, both in the order of labels); test_brier_loss; calibration (see `calibration`);
    test_accuracy_of_mean (of the mean of each fold's repeats, see `averaging`; null where there is one
    repeat); per_repeat.
    """
    labels = labels_of(test)
    reason = roc_auc_reason(test)
    mean = averaging.mean_of_repeats(test)
    return {
        "labels": labels,
        "num_test_photos": int(test["photo_id"].nunique()),
        "num_folds": int(test["fold"].nunique()),
        "num_repeats": int(test["repeat"].nunique()),
        "test_log_loss": over_repeats(test, mean_log_loss),
        "test_roc_auc": None if reason else over_repeats(test, lambda rows: float(np.mean(roc_auc(rows)))),
        "roc_auc_reason": reason,
        "test_brier_loss": over_repeats(test, brier_loss),
        "calibration": calibration(test),
        "test_accuracy_of_mean": None if mean is None else round(accuracy(mean), NUM_DIGITS),
        "per_class": per_class(test),
        "confusion": confusion(test).tolist(),
        "per_repeat": [
            {
                "repeat": int(repeat),
                "test_accuracy": round(accuracy(rows), NUM_DIGITS),
                "test_balanced_accuracy": round(balanced_accuracy(rows), NUM_DIGITS),
                "test_macro_f1": round(macro_f1(rows), NUM_DIGITS),
                "test_log_loss": round(mean_log_loss(rows), NUM_DIGITS),
            }
            for repeat, rows in test.groupby("repeat", sort=True)
        ],
    }


def final(summary: Mapping[str, float], details: Mapping[str, Any]) -> dict[str, float]:
    """Returns the final figures of a run in MLflow: `summary`, and the single numbers of `details`."""
    others = {name: details.get(name) for name in SINGLE}  # not all in files of a former version
    others["test_ece"] = details["calibration"]["ece"]
    return {**summary, **{name: value for name, value in others.items() if value is not None}}


def over_repeats(predictions: pd.DataFrame, metric: Callable[[pd.DataFrame], float]) -> float:
    """Returns the mean of `metric` over repeats, rounded; each repeat's folds are pooled."""
    values = [metric(rows) for _, rows in predictions.groupby("repeat", sort=True)]
    return round(float(np.mean(values)), NUM_DIGITS)


def accuracy(predictions: pd.DataFrame) -> float:
    """Returns the share of rows whose most probable label is the true one, in [0, 1]."""
    return float(np.mean(predicted(predictions) == predictions["label"].to_numpy()))


def balanced_accuracy(predictions: pd.DataFrame) -> float:
    """Returns the mean over the labels that occur of the share of their rows named correctly, in [0, 1]."""
    right = predicted(predictions) == predictions["label"].to_numpy()
    return float(pd.Series(right).groupby(predictions["label"].to_numpy()).mean().mean())


def macro_f1(predictions: pd.DataFrame) -> float:
    """Returns the mean F1 over all labels, in [0, 1]; a label never named and never true counts 0."""
    return float(np.mean(_scores(predictions)[2]))


def mean_log_loss(predictions: pd.DataFrame) -> float:
    """Returns the mean of -ln(probability of the truth), in nats, at least 0; probabilities from 1e-7."""
    return float(log_losses(predictions).mean())


def brier_loss(predictions: pd.DataFrame) -> float:
    """Returns the mean squared distance of the probabilities from the truth, in [0, 2]; 0 is best.

    Source: Brier 1950, Monthly Weather Review 78 (the original sum over all labels).
    """
    return float(brier_losses(predictions).mean())


def log_losses(predictions: pd.DataFrame) -> np.ndarray:
    """Returns -ln(probability of the truth) of each row: float64, shape (num_rows,), in nats, at least 0."""
    clipped = np.clip(probabilities_of(predictions), SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
    truth = truths(predictions)
    losses: np.ndarray = -np.log(clipped[np.arange(len(truth)), truth] / clipped.sum(axis=1))
    return losses


def brier_losses(predictions: pd.DataFrame) -> np.ndarray:
    """Returns the squared distance from the truth of each row: float64, shape (num_rows,), in [0, 2]."""
    distances = probabilities_of(predictions).copy()
    truth = truths(predictions)
    distances[np.arange(len(truth)), truth] -= 1
    losses: np.ndarray = (distances**2).sum(axis=1)
    return losses


def truths(predictions: pd.DataFrame) -> np.ndarray:
    """Returns the true label of each row as an index into the labels: int, shape (num_rows,)."""
    return np.asarray(pd.Index(labels_of(predictions)).get_indexer(predictions["label"]))


def calibration(predictions: pd.DataFrame) -> dict[str, Any]:
    """Returns whether answers are right as often as their probabilities say.

    Confidence is the probability of the answer given. Rows are sorted by it and cut into 10 bins of equally
    many; the expected calibration error (ECE) is the mean over rows of their bin's |share right - mean
    confidence|. It is a sum of absolute values, so chance alone lifts it above 0, the more the fewer
    photos there are: beside it stands what a calibrated network with the same confidences would show.
    Sources: Naeini, Cooper and Hauskrecht 2015, AAAI (ECE); Nguyen and O'Connor 2015, EMNLP (bins of equal
    mass); Bröcker and Smith 2007, Weather and Forecasting 22 (answers drawn from the probabilities).

    Returns:
        num_bins; ece (mean over repeats, in [0, 1], 0 is best); ece_if_calibrated (the mean of drawn answers;
        photos count as independent here, so it is more where a person's photos are right or wrong together);
        curve: a list of the bins over all repeats, by confidence: num_predictions, confidence (mean),
        accuracy (share right), both in [0, 1].
    """
    draw = np.random.default_rng(SEED)
    found, drawn = [], []
    for _, rows in predictions.groupby("repeat", sort=True):
        confidence, right = confidences(rows)
        order = np.argsort(confidence, kind="stable")
        lucky = draw.uniform(size=(NUM_CALIBRATED, len(rows))) < confidence
        found.append(_ece(confidence[order], right[np.newaxis, order])[0])
        drawn.append(_ece(confidence[order], lucky[:, order]))
    confidence, right = confidences(predictions)
    bins = confidence_bins(confidence)
    return {
        "num_bins": len(bins),
        "ece": round(float(np.mean(found)), NUM_DIGITS),
        "ece_if_calibrated": round(float(np.mean(drawn)), NUM_DIGITS),
        "curve": [
            {
                "num_predictions": len(rows),
                "confidence": round(float(confidence[rows].mean()), NUM_DIGITS),
                "accuracy": round(float(right[rows].mean()), NUM_DIGITS),
            }
            for rows in bins
        ],
    }


def confidences(predictions: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Returns of each row the probability of its answer, in [0, 1], and whether that is right (bool)."""
    probabilities = probabilities_of(predictions)
    return probabilities.max(axis=1), probabilities.argmax(axis=1) == truths(predictions)


def confidence_bins(confidence: np.ndarray) -> list[np.ndarray]:
    """Returns the rows of each bin of equal mass, by rising confidence; ties go to the first row."""
    return np.array_split(np.argsort(confidence, kind="stable"), min(NUM_BINS, len(confidence)))


def confusion(predictions: pd.DataFrame) -> np.ndarray:
    """Returns counts of shape (num_labels, num_labels): a row per true label, a column per predicted one."""
    matrix: np.ndarray = confusion_matrix(
        predictions["label"], predicted(predictions), labels=labels_of(predictions)
    )
    return matrix


def roc_auc_reason(predictions: pd.DataFrame) -> str | None:
    """Says why the area under the ROC curve cannot be given, or None where it can."""
    missing = [name for name in labels_of(predictions) if name not in set(predictions["label"])]
    return f"no test photo shows {', '.join(missing)}" if missing else None


def roc_auc(predictions: pd.DataFrame) -> np.ndarray:
    """Returns the area under the ROC curve of each label against the rest, shape (num_labels,), in [0, 1].

    The rows of several folds come from several trainings, whose probabilities need not be equally scaled;
    their pooled ranking is a little harsher than the ranking within a fold.
    """
    truth, probabilities = predictions["label"].to_numpy(), probabilities_of(predictions)
    areas = [
        roc_auc_score(truth == name, probabilities[:, i]) for i, name in enumerate(labels_of(predictions))
    ]
    return np.array(areas, dtype=np.float64)


def per_class(predictions: pd.DataFrame) -> list[dict[str, Any]]:
    """Returns precision, recall, F1 and ROC-AUC (means over repeats, in [0, 1]) and photos of each label."""
    repeats = [rows for _, rows in predictions.groupby("repeat", sort=True)]
    precision, recall, f1 = np.mean([_scores(rows) for rows in repeats], axis=0)
    areas = None if roc_auc_reason(predictions) else np.mean([roc_auc(rows) for rows in repeats], axis=0)
    photos = predictions.drop_duplicates("photo_id")["label"].value_counts()
    return [
        {
            "label": name,
            "precision": round(float(precision[i]), NUM_DIGITS),
            "recall": round(float(recall[i]), NUM_DIGITS),
            "f1": round(float(f1[i]), NUM_DIGITS),
            "support": int(photos.get(name, 0)),
            "roc_auc": None if areas is None else round(float(areas[i]), NUM_DIGITS),
        }
        for i, name in enumerate(labels_of(predictions))
    ]


def curves(history: pd.DataFrame) -> pd.DataFrame:
    """Returns the mean learning curve: a row per epoch, over the trainings that reached it.

    Args:
        history: a row per fold, repeat and epoch (from 0), with num_updates (since the start), loss,
            accuracy, val_loss and val_accuracy.

    Returns:
        Columns epoch, accuracy, val_accuracy, loss, val_loss and num_fits: since trainings stop early, the
        last rows are means over few of them. Epochs count from 1, as people count: after epoch 3, three were
        trained. Epoch 0 is a head that was solved for before any update.
    """
    solved = history["num_updates"] == 0
    first = 0 if solved.any() else 1
    epochs = history.assign(epoch=history["epoch"] + first).groupby("epoch", sort=True)
    means = epochs[["accuracy", "val_accuracy", "loss", "val_loss"]].mean()
    return means.assign(num_fits=epochs.size()).reset_index()


def _scores(predictions: pd.DataFrame) -> np.ndarray:
    """Returns precision, recall and F1, shape (3, num_labels); a division by 0 counts as 0."""
    scores = precision_recall_fscore_support(
        predictions["label"], predicted(predictions), labels=labels_of(predictions), zero_division=0
    )
    return np.stack(scores[:3])


def _ece(confidence: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Returns the ECE of each row of `right`, shape (n, num_rows), whose columns rise in `confidence`."""
    edges = np.array([len(rows) for rows in confidence_bins(confidence)]).cumsum()[:-1]
    gaps = np.add.reduceat(right - confidence, [0, *edges], axis=1)
    errors: np.ndarray = np.abs(gaps).sum(axis=1) / len(confidence)
    return errors
