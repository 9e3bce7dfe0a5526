"""A folder with photos, copies, a split and settings for tiny networks."""

from __future__ import annotations

import contextlib
import functools
import io
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from ruamel.yaml import YAML

from tenshots.networks import features as frozen
from tenshots.networks.settings import with_backbone
from tenshots.tables import database, features
from tenshots.tables.features import Features
from tests.drawn.settings import values

LABELS = ["<b>cup</b>", "book, thick"]


def png(seed: int, *, bright: bool, size_px: int = 32) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 100, (size_px, size_px, 3)) + 100 * bright
    stream = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(stream, "PNG")
    return stream.getvalue()


def photo_table() -> pd.DataFrame:
    rows = [
        {
            "photo_id": f"{number:064x}",
            "label": LABELS[number % 2],
            "group": "",
            "split": "",
            "path": f"{number}.png",
            "width": 32,
            "height": 32,
            "image": png(number, bright=bool(number % 2)),
        }
        for number in range(12)
    ]
    return pd.DataFrame(rows)


def copy_table(photos: pd.DataFrame) -> pd.DataFrame:
    return photos[["photo_id", "label", "image"]].assign(copy=1, seed=3)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with photos, copies, one split in two folds, and settings for tiny networks.

    It is made once in a process, which takes a second, and copied.
    """
    monkeypatch.chdir(tmp_path)
    shutil.copytree(_made().name, tmp_path, dirs_exist_ok=True)
    return tmp_path


@functools.cache
def _made() -> tempfile.TemporaryDirectory[str]:
    made = tempfile.TemporaryDirectory()
    with contextlib.chdir(made.name):
        _make()
    return made


def _make() -> None:
    """Makes the project in the current folder."""
    photos = photo_table()
    for folder in ("database", "augmented"):
        database.write_photos(photos, Path("data") / folder, num_shards=1)
    database.write_copies(copy_table(photos), Path("data/augmented"), num_shards=1)
    parts = [("train",) * 8 + ("val",) * 2 + ("test",) * 2, ("test",) * 2 + ("val",) * 2 + ("train",) * 8]
    splits = [
        {"photo_id": photo_id, "component": photo_id, "fold": fold, "part": part}
        for fold, order in enumerate(parts)
        for photo_id, part in zip(photos["photo_id"], order, strict=True)
    ]
    Path("data/splits").mkdir(parents=True)
    database.write_splits(pd.DataFrame(splits), Path("data/splits/splits.csv"))
    given = values(fine_tuned={"data": "augmented", "network": "pretrained", "epochs": 1})
    given |= {"epochs": 2, "repeats": 1, "batch_size": 4}
    given |= {"standardise": {"size_px": 32, "fit": "pad", "encoding": "lossless"}}
    YAML().dump(given, Path("params.yaml"))
    leave_features(given)


def leave_features(given: dict[str, Any], *, num_copied: int = 12) -> None:
    """Leaves the frozen features of network `pretrained` as the stages do; a copy equals its photo.

    The last `num_copied` photos have one.
    """
    settings = with_backbone(given, "pretrained", asked="this test")
    photos = photo_table()
    backbone, images = frozen.backbone(settings, size_px=32), database.decode(photos["image"])
    rows, mirrored = (frozen.outputs(backbone, each) for each in (images, images[:, :, ::-1]))
    ids = photos["photo_id"].tolist()
    for data, num in (("database", 0), ("augmented", num_copied)):
        features.write(
            Path("data/features") / data / "pretrained",
            Features(np.concatenate([rows, rows[len(rows) - num :]]), mirrored),
            photo_ids=ids,
            copy_ids=ids[len(rows) - num :],
            backbone=settings.frozen(),
        )
