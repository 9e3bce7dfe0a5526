"""What runs short is one sentence with the remedy, whichever library says it."""

from __future__ import annotations

import errno
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import stages
from tenshots import shortages
from tenshots.networks import building, drawing
from tests.drawn.trainings import build

TOP = Path(stages.__file__).parents[1]
ResourceExhaustedError = type("ResourceExhaustedError", (Exception,), {})  # as TensorFlow calls it


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "a.csv"), "the disk is full, at a.csv: free some"),
        (OSError(errno.ENOSPC, "No space", "from", None, "to"), "the disk is full, at to: free"),
        (OSError("Error writing. Detail: [errno 28] No space left on device"), "the disk is full: "),
        (RuntimeError("Can't decrement id ref count (errno = 28, error message = 'No space left on device')"),
         "the disk is full: "),
        (sqlite3.OperationalError("database or disk is full"), "the disk is full: "),
        (sqlite3.OperationalError("disk I/O error"), "the disk could not be read or written: "),
        (FileNotFoundError(2, "No usable temporary directory found in ['/tmp']"), "the disk is full: "),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "your share of the disk is used up: "),
        (OSError(errno.EROFS, "Read-only file system", "a"), "the disk is read-only, at a: mount it"),
        (PermissionError(errno.EACCES, "Permission denied", "data/checked"),
         "you may not read or write a file or its folder, at data/checked: give yourself the right (`chmod"),
        (OSError(errno.EFBIG, "File too large"), "the disk, or this shell's limit, does not allow a"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "there is not enough memory: close"),
        (MemoryError(), "there is not enough memory: close"),
        (ResourceExhaustedError("OOM when allocating tensor with shape[9] and type float"),
         "there is not enough memory: close"),
    ],
)  # fmt: skip
def test_each_shortage_is_said_with_its_remedy_and_the_file_where_it_is_known(
    error: Exception, said: str
) -> None:
    told = shortages.sentence(error)
    assert told is not None
    assert told.startswith(said)
    assert told.endswith(", then run the same command again; finished stages are kept")
    assert "\n" not in told


def test_the_error_below_another_counts_and_other_errors_do_not() -> None:
    def wrapped() -> None:
        try:
            raise sqlite3.OperationalError("database or disk is full")
        except sqlite3.Error:
            raise RuntimeError("a library's own words") from None

    with pytest.raises(RuntimeError) as caught:
        wrapped()
    assert (shortages.sentence(caught.value) or "").startswith("the disk is full")
    assert shortages.sentence(ValueError("no space, but another matter")) is None
    assert shortages.sentence(FileNotFoundError(errno.ENOENT, "No such file or directory", "a")) is None


def test_numpy_without_memory_is_said() -> None:
    with pytest.raises(MemoryError) as caught:
        np.empty((10**9, 10**9))
    assert shortages.sentence(caught.value)


WRITERS = {
    "HDF5": "files.write(path, weights())",
    "Parquet": "database.write_photos(photos, path.parent, num_shards=1)",
    "CSV": "csv_files.write(photos.drop(columns='image').assign(label='x' * 1000_000), path)",
    "spool": "[spool.append(bytes(10**5)) for _ in range(9)]",
}
SCRIPT = """
import sys
from pathlib import Path
import pandas as pd
from stages import run
from tenshots import files
from tenshots.tables import csv_files, database
def weights():
    from tenshots.networks import building
    from tenshots.runtime import keras
    return building.weights(keras.Sequential([keras.Input((100,)), keras.layers.Dense(2000)]))
path = Path(sys.argv[1]) / "output"
spool = database.Spool(path.parent)
columns = {name: "" for name in database.PHOTO_SCHEMA.names}
photos = pd.DataFrame([{**columns, "photo_id": "0" * 64, "width": 1, "height": 1, "image": bytes(10**6)}])
run(lambda: WRITER)
"""


@pytest.mark.parametrize("kind", WRITERS)
def test_a_disk_that_is_really_full_is_one_line_whatever_writes(
    kind: str, tmp_path: Path, small_disk: Callable[[Path, str], None]
) -> None:
    small_disk(tmp_path, "200k")
    # The HDF5 library ends a process with a fault where a file cannot be written; hence a process of its own.
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.replace("WRITER", WRITERS[kind]), str(tmp_path)],
        cwd=TOP,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 1, done.stderr
    assert done.stderr.splitlines()[-1].startswith(f"error: the disk is full, at {tmp_path}")
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    assert not list(tmp_path.rglob("*.part"))
    assert not (tmp_path / "output").exists()


def test_weights_made_in_memory_are_loaded_from_a_file_and_are_the_same_bytes_twice(tmp_path: Path) -> None:
    network, other = build(), build()
    drawing.draw(other, 2)
    path = tmp_path / "a.weights.h5"
    path.write_bytes(building.weights(network))
    assert building.weights(network) == path.read_bytes()
    other.load_weights(path)
    for one, two in zip(network.get_weights(), other.get_weights(), strict=True):
        assert np.array_equal(one, two)
