"""Frozen features on disk: what was written is read again, and refused where it is of something else."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tenshots.errors import DataError
from tenshots.tables import features
from tenshots.tables.features import Features, Wanted

IDS, COPIES = ["a", "b"], ["b"]
BACKBONE = {"input_px": 32, "backbone": {"weights": "none"}}
ROWS = np.arange(12, dtype=np.float32).reshape(3, 4)
FOUND = Features(ROWS, mirrored=-ROWS[:2])  # two photos, and a copy of the second


def read(
    folder: Path,
    *,
    photo_ids: list[str] = IDS,
    copy_ids: list[str] = COPIES,
    backbone: dict[str, Any] = BACKBONE,
) -> Features:
    return features.read(folder, photo_ids=photo_ids, copy_ids=copy_ids, backbone=backbone)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    features.write(tmp_path / "features", FOUND, photo_ids=IDS, copy_ids=COPIES, backbone=BACKBONE)
    return tmp_path / "features"


def test_features_are_read_as_they_were_written(folder: Path) -> None:
    for found, written in zip(read(folder), FOUND, strict=True):
        assert found.dtype == np.float32
        assert np.array_equal(found, written)


def test_of_photos_and_copies_those_of_photos_can_be_read_alone(folder: Path) -> None:
    found = read(folder, copy_ids=[])
    assert np.array_equal(found.rows, ROWS[:2])
    assert np.array_equal(found.mirrored, FOUND.mirrored)


def test_the_order_of_settings_moves_no_byte(folder: Path, tmp_path: Path) -> None:
    turned = dict(reversed(BACKBONE.items()))
    features.write(tmp_path / "other", FOUND, photo_ids=IDS, copy_ids=COPIES, backbone=turned)
    for name in ("features.json", "features.npy", "mirrored.npy"):
        assert (folder / name).read_bytes() == (tmp_path / "other" / name).read_bytes()


def test_features_of_other_photos_or_of_another_backbone_are_refused(folder: Path) -> None:
    for ids in (["a"], ["b", "a"], ["a", "b", "c"]):
        with pytest.raises(DataError, match=r"is of other photos; run `dvc repro`"):
            read(folder, photo_ids=ids)
    for ids in (["a"], ["b", "b"]):
        with pytest.raises(DataError, match=r"is of other photos; run `dvc repro`"):
            read(folder, copy_ids=ids)
    with pytest.raises(DataError, match=r"is of another backbone .*; run `dvc repro`"):
        read(folder, backbone={**BACKBONE, "input_px": 48})


def test_where_nobody_wanted_them_none_are_read_and_none_are_left(folder: Path) -> None:
    features.write_none(folder)
    assert [path.name for path in folder.iterdir()] == ["features.json"]
    with pytest.raises(DataError, match=r"nobody wants features, but they are; run `dvc repro`"):
        read(folder)


class Hostile:
    """An object that runs code where a pickle of it is loaded."""

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
        """What would be called."""
        return (print, ("run",))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda path: path.unlink(), "is missing"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "holds no array"),
        (lambda path: path.write_bytes(b""), "holds no array"),
        (lambda path: np.save(path, np.array([Hostile()]), allow_pickle=True), "holds no array"),
        (lambda path: np.save(path, ROWS.astype(np.float64)), "must hold float32 of shape"),
        (lambda path: np.save(path, ROWS[:, :3]), "must hold float32 of shape"),
        (lambda path: np.save(path, ROWS[:1]), "must hold float32 of shape"),
    ],
)
@pytest.mark.parametrize("name", ["features.npy", "mirrored.npy"])
def test_a_damaged_file_is_an_error_with_the_remedy(
    folder: Path, name: str, spoil: Callable[[Path], object], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil(folder / name)
    with pytest.raises(DataError, match=rf"{name} {words}") as caught:
        read(folder)
    assert "run `dvc repro`" in str(caught.value)
    assert not capsys.readouterr().out


def test_an_archive_of_arrays_is_none(folder: Path) -> None:
    with (folder / "features.npy").open("wb") as file:
        np.savez(file, ROWS)
    with pytest.raises(DataError, match="holds no array"):
        read(folder)


@pytest.mark.parametrize("text", ["", "[]", "{"])
def test_a_description_that_is_none_is_an_error(folder: Path, text: str) -> None:
    (folder / "features.json").write_text(text)
    with pytest.raises(DataError, match=r"features\.json"):
        read(folder)


def test_who_wants_features_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    for wanted in (None, Wanted(BACKBONE, copies=False), Wanted(BACKBONE, copies=True)):
        features.write_wanted(wanted, path)
        assert features.read_wanted(path) == wanted
    for text in (json.dumps({"wanted": {}}), "3", "{"):
        path.write_text(text)
        with pytest.raises(DataError, match="run `dvc repro`"):
            features.read_wanted(path)
    path.unlink()
    with pytest.raises(DataError, match="is missing"):
        features.read_wanted(path)
