"""What is added to the run of a variant, and to that of an experiment: settings, curves, figures, files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenshots.tracking.runs import Run

if TYPE_CHECKING:
    import pandas as pd

NUM_SETS = "num_independent_sets"  # of photos, tested or not: what one tested and another taught
FIGURES = "variants"  # before an experiment's figures, so that the UI draws them below those of its variants
MODEL = "model"  # the folder of a run's files that holds what training left
ANSWERS = "predictions.csv"  # a file that training leaves, of which the model has no need
CURVES = ("loss", "accuracy", "val_loss", "val_accuracy")
SCORE = "val_score"  # a curve of trainings that stop on another figure
REPORT = ("index.html", "comparison.json", "comparison.md", "augmentation.png")  # files of the parent's run


def log_settings(run: Run, model: Mapping[str, Any]) -> int:
    """Adds the settings of a variant, named as in params.yaml; returns how many were missing.

    Args:
        run: of the variant.
        model: what model.json holds.
    """
    wanted = ("variant", "data", "network_name", "network", "recipe", "standardise")
    described = {key: model[key] for key in wanted if key in model}
    return run.params({**described, **model.get("settings", {})})


def log_epoch(run: Run, row: Mapping[str, Any]) -> None:
    """Adds one row of a variant's history (one epoch of one fit), as it happens."""
    found = {f"{_fit(row)}/{name}": row[name] for name in (*CURVES, SCORE) if row.get(name) is not None}
    run.metrics(found, step=int(row["epoch"]))


def log_history(run: Run, history: pd.DataFrame) -> int:
    """Adds what the run lacks of a variant's history: each fit's curves, and their means as `mean/val_loss`.

    The mean of an epoch is taken over the fits that reached it. Returns the number of points added.
    """
    series: dict[str, dict[int, float | None]] = {}
    curves = [*CURVES, *({SCORE} & set(history))]
    for row in history.to_dict("records"):
        for name in curves:
            series.setdefault(f"{_fit(row)}/{name}", {})[int(row["epoch"])] = row[name]
    for name in curves:
        series[f"mean/{name}"] = {
            int(step): mean for step, mean in history.groupby("epoch")[name].mean().items()
        }
    return run.add_metrics(series)


def log_final(run: Run, metrics: Mapping[str, float | None]) -> int:
    """Adds those of a variant's final metrics that the run lacks; returns how many."""
    return run.add_metrics({name: {0: value} for name, value in metrics.items()})


def log_model(run: Run, model_dir: Path) -> int:
    """Adds the files of a variant's model folder that the run lacks or has otherwise; returns how many.

    The answers stay out: whoever fetches the model asks it about other photos.
    """
    return run.replace_folder(model_dir, MODEL, without={ANSWERS})


def log_report(run: Run, reports_dir: Path) -> int:
    """Adds those files of the report, as `report`, that the run lacks or has otherwise; returns how many.

    A page of other settings belongs to the same experiment and takes the place of the former.
    """
    return run.replace_files({name: (reports_dir / name).read_bytes() for name in REPORT}, "report")


def _fit(row: Mapping[str, Any]) -> str:
    return f"fold_{int(row['fold'])}_repeat_{int(row['repeat'])}"
