"""A variant whose networks were never taught: saved as training saves one, in a second."""

from __future__ import annotations

import functools
import io
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
from PIL import Image

from tenshots.networks import building, model_json, stored
from tenshots.repository import outputs
from tenshots.runtime import keras
from tenshots.tables import database, predictions
from tests.drawn import results as drawn_results

LABELS = ["book", "cup"]
SIZE_PX = 32
NETWORK = {"family": "convolutional", "input_px": 32, "filters": [4], "dense": 8, "dropout": 0.25}
FITS = [(0, 0), (0, 1), (1, 0), (1, 1)]
PARAMS = """\
threads: 2
accept: {min_px: 8, max_megapixels: 1, max_megabytes: 1, background: white,
  max_zip_files: 9, max_zip_megabytes: 9, max_zip_ratio: 9}
variants:
  baseline: {data: database, network: lecture}
  other: {data: database, network: lecture}
"""


def description(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 (whatever JSON holds)
    """Returns what model.json tells, with `changes`."""
    fits = [
        {"fold": fold, "repeat": repeat, "seed": 7, "weights": f"fold-{fold}_repeat-{repeat}.weights.h5"}
        | {"num_updates": 10 + fold, "num_images": 320, "kept_epoch": 1}
        for fold, repeat in FITS
    ]
    return {
        "variant": "baseline",
        "labels": LABELS,
        "size_px": SIZE_PX,
        "standardise": {"size_px": SIZE_PX, "fit": "pad", "encoding": "lossless"},
        "network": NETWORK,
        "network_name": "lecture",
        "data": "database",
        "fits": fits,
        "settings": {"lr": 0.002},
        "num_parameters": 1234,
        **changes,
    }


def save(folder: Path) -> None:
    """Writes model.json, history.csv and differing random weights into `folder`."""
    folder.mkdir(parents=True)
    (folder / "model.json").write_text(json.dumps(description()), encoding="utf-8")
    settings = building.settings_from(NETWORK, at="networks.lecture")
    for number, (fold, repeat) in enumerate(FITS):
        keras.utils.set_random_seed(number)
        model = building.build(settings, size_px=SIZE_PX, num_labels=len(LABELS))
        model.save_weights(folder / f"fold-{fold}_repeat-{repeat}.weights.h5")
    rows = [
        {
            "fold": fold,
            "repeat": repeat,
            "phase": "scratch",
            "epoch": epoch,
            "num_updates": epoch + 1,
            "lr": 0.1,
        }
        | {"loss": 1.0, "accuracy": 0.5, "val_loss": 1.0, "val_accuracy": 0.25 + 0.25 * repeat}
        for fold, repeat in FITS
        for epoch in range(2)
    ]
    pd.DataFrame(rows).to_csv(folder / "history.csv", index=False)


def answer(folder: Path, drawn: pd.DataFrame, dealt: pd.DataFrame) -> None:
    """Writes predictions.csv into `folder`: what the networks there say of test and validation photos."""
    saved = model_json.read_variant(folder)
    model = stored.rebuild(saved)
    tables = []
    for fit in saved.fits:
        held_out = dealt[(dealt["fold"] == fit.fold) & (dealt["part"] != "train")]
        rows = held_out[["photo_id", "part"]].merge(drawn, on="photo_id")
        shares = stored.probabilities(model, folder / fit.weights, database.decode(rows["image"]))
        table = predictions.table(rows, shares, saved.labels, fold=fit.fold, repeat=fit.repeat)
        tables.append(table.assign(part=rows["part"]))
    database.write_predictions(pd.concat(tables), folder / "predictions.csv")


def photos() -> pd.DataFrame:
    """Draws 24 standard photos of two labels by four groups."""
    drawn = drawn_results.photos(LABELS, num_groups=4, num_each=3)
    return drawn.assign(image=[_shrunk(image) for image in drawn["image"]])


def splits(drawn: pd.DataFrame) -> pd.DataFrame:
    """Returns two folds: groups 0 and 1 test in fold 0, the others in fold 1; one of the rest validates."""
    number = drawn["group"].str.removeprefix("student").astype(int)
    parts = {0: {0: "test", 1: "test", 2: "val", 3: "train"}, 1: {0: "val", 1: "train", 2: "test", 3: "test"}}
    tables = [
        drawn[["photo_id"]].assign(component=drawn["group"], fold=fold, part=number.map(names).to_numpy())
        for fold, names in parts.items()
    ]
    return pd.concat(tables, ignore_index=True)


def project(folder: Path) -> pd.DataFrame:
    """Writes the project that `stages.evaluate` reads; returns its photos.

    It is made once in a process, which takes a second, and copied.
    """
    made, drawn = _made()
    shutil.copytree(made.name, folder, dirs_exist_ok=True)
    return drawn.copy()


@functools.cache
def _made() -> tuple[tempfile.TemporaryDirectory[str], pd.DataFrame]:
    made = tempfile.TemporaryDirectory()
    return made, _make(Path(made.name))


def _make(folder: Path) -> pd.DataFrame:
    drawn = photos()
    (folder / "params.yaml").write_text(PARAMS, encoding="utf-8")
    database.write_photos(drawn, folder / "data/database", num_shards=1)
    dealt = splits(drawn)
    database.write_splits(dealt, folder / "data/splits/splits.csv")
    save(folder / "data/models/baseline")
    answer(folder / "data/models/baseline", drawn, dealt)
    lock(folder)
    return drawn


def lock(folder: Path) -> None:
    """Writes the dvc.lock of a project whose variant has been trained."""
    out = {"path": "data/models/baseline", "md5": outputs.folder_hash(folder / "data/models/baseline")}
    (folder / "dvc.lock").write_text(json.dumps({"stages": {"train@baseline": {"outs": [out]}}}))


def _shrunk(image: bytes) -> bytes:
    file = io.BytesIO()
    Image.open(io.BytesIO(image)).resize((SIZE_PX, SIZE_PX)).save(file, format="PNG")
    return file.getvalue()
