"""What no output holds: metadata of the photos, what could run when it is read, this machine's names."""

from __future__ import annotations

import io
import pickletools
import re
import socket
from pathlib import Path

import h5py
import numpy as np
import pytest

from tests.drawn import planted, unpacking
from tests.drawn.pipeline import Project

pytestmark = pytest.mark.slow

COMMITTED = ("dvc.lock", "data/croissant.json", "reports")  # of what the pipeline writes
RUNS_CODE = {"GLOBAL", "STACK_GLOBAL", "INST", "REDUCE", "NEWOBJ", "BUILD"}


@pytest.fixture(scope="module")
def everything(reproduced: Project) -> list[tuple[str, bytes]]:
    """All files that the pipeline and the commands beside it leave, with all that is packed in them."""
    reproduced.python("-m", "stages.record")
    reproduced.python("-m", "stages.history")
    photo = next(path for path in (reproduced.folder / "data/raw").rglob("*.jpg"))
    told = reproduced.python("-m", "stages.predict", str(photo), "--json")
    (reproduced.home / "told.json").write_text(told)
    top = reproduced.folder
    outputs = [path for path in sorted((top / "data").iterdir()) if path.name != "raw"]
    return list(
        unpacking.files(
            *outputs, *(top / each for each in ("reports", "mlruns", "dvc.lock")), reproduced.home
        )
    )


def test_the_search_reaches_what_is_packed(everything: list[tuple[str, bytes]], reproduced: Project) -> None:
    kinds = {
        r"data/manifest\.csv$",
        r"data/database/.*\.parquet > image \d+$",  # a standard photo
        r"data/models/.*\.weights\.h5$",
        r"data/croissant\.json$",
        r"reports/index\.html > base64 \d+$",
        r"reports/history\.html$",
        r"reports/model_card\.md$",
        r"mlruns/mlflow\.db > rows$",
        r"mlruns/artifacts/.*\.png$",
        r"mlruns/artifacts/.*index\.html > base64 \d+$",
        r"told\.json$",
    }
    assert not {kind for kind in kinds if not any(re.search(kind, where) for where, _ in everything)}
    raw = list(unpacking.files(reproduced.folder / "data" / "raw"))
    there = {name for name, wanted in planted.forbidden().items() if any(wanted in data for _, data in raw)}
    assert {name.split(" (")[0] for name in there} >= {*planted.WORDS, "the thumbnail's bytes"}
    assert {path.suffix for path in (reproduced.folder / "data" / "raw").rglob("*.*")} == planted.ENDINGS


def test_planted_places_serial_numbers_and_names_reach_no_output(everything: list[tuple[str, bytes]]) -> None:
    leaks = [
        (what, where)
        for what, wanted in planted.forbidden().items()
        for where, data in everything
        if wanted in data
    ]
    assert leaks == []


def test_a_planted_thumbnail_is_seen_nowhere(everything: list[tuple[str, bytes]]) -> None:
    num_images = 0
    for where, data in everything:
        for _, image in unpacking.images(where, data):
            num_images += 1
            near = np.abs(np.asarray(image, np.int16) - planted.THUMBNAIL_COLOUR).max(axis=-1) < 12
            assert near.mean() < 0.2, where
    assert num_images > 100


def test_a_photos_camera_is_told_by_the_manifest_alone(everything: list[tuple[str, bytes]]) -> None:
    told = {
        re.sub(r".*/(data|reports|mlruns|home)/", r"\1/", where)
        for where, data in everything
        if b"A maker" in data
    }
    assert told == {"data/manifest.csv"}


def test_no_output_can_run(everything: list[tuple[str, bytes]]) -> None:
    assert [where for where, data in everything if is_pickle(data)] == []
    for where, data in everything:
        if data.startswith(b"\x93NUMPY"):
            np.load(io.BytesIO(data), allow_pickle=False)  # raises where an object is in it
        elif where.endswith(".h5"):
            arrays: list[h5py.Dataset] = []
            with h5py.File(io.BytesIO(data)) as file:
                file.visititems(lambda _, item, arrays=arrays: arrays.append(item))
                kinds = {item.dtype.kind for item in arrays if isinstance(item, h5py.Dataset)}
            assert kinds <= set("biuf"), where


def is_pickle(data: bytes) -> bool:
    """Whether these bytes are a pickle, whole or with something behind it."""
    if not data or (data[:1] != b"\x80" and b"\n" not in data[:300]):
        return False
    used = set()
    try:
        for operation, _, _ in pickletools.genops(data):
            used.add(operation.name)
            if operation.name == "STOP":
                return data[:1] == b"\x80" or bool(used & RUNS_CODE)
    except (ValueError, IndexError, UnicodeDecodeError):
        pass
    return False


def test_a_pickle_is_recognised(tmp_path: Path) -> None:
    import pickle

    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        data = pickle.dumps(Path("a"), protocol)
        assert is_pickle(data)
        assert is_pickle(data + b"more")
    np.savez_compressed(tmp_path / "a.npz", a=np.array([Path("a")], dtype=object))
    packed = dict(unpacking.files(tmp_path))
    with pytest.raises(ValueError, match="allow_pickle=False"):
        np.load(io.BytesIO(packed[f"{tmp_path}/a.npz > a.npy"]), allow_pickle=False)
    assert not is_pickle(b"label,group\ncup,ada\n")
    assert not is_pickle(b'{"a": 1}\n')


def test_nothing_committed_names_the_user_the_home_or_the_machine(reproduced: Project) -> None:
    names = [
        str(reproduced.home),
        str(reproduced.folder),
        str(reproduced.folder.parent),
        socket.gethostname(),
    ]
    names += [reproduced.environment["USER"], str(Path.home())]
    committed = list(unpacking.files(*(reproduced.folder / each for each in COMMITTED)))
    assert len(committed) > 5
    found = [
        (name, where)
        for name in names
        for where, data in committed
        if len(name) > 5 and name.encode() in data
    ]
    assert found == []
