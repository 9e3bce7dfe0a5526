"""What the store holds is counted: what is missing, there twice, or of no experiment that was run."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from benchmarks.once import counting
from benchmarks.once.counting import Count, Trained
from benchmarks.once.rooms import Used
from tenshots.tracking import sessions

RUNS = {  # status, key and variant
    "0": ("FINISHED", "lr 1", "*"),
    "1": ("FINISHED", "lr 1", "a"),
    "2": ("FINISHED", "lr 1", "a"),
    "3": ("FINISHED", "lr 9", "a"),
    "4": ("RUNNING", "lr 2", "*"),
    "5": ("KILLED", "lr 2", "a"),
}


def test_runs_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "_key", lambda _, __, settings: f"lr {settings['lr']}")
    with closing(sqlite3.connect(tmp_path / "store.db")) as store, store:
        store.execute("CREATE TABLE runs (run_uuid, status, lifecycle_stage)")
        store.execute("CREATE TABLE tags (run_uuid, key, value)")
        for run, (status, key, variant) in RUNS.items():
            store.execute("INSERT INTO runs VALUES (?, ?, 'active')", [run, status])
            for tag, value in ((sessions.KEY_TAG, key), (sessions.VARIANT_TAG, variant)):
                store.execute("INSERT INTO tags VALUES (?, ?, ?)", [run, tag, value])
        store.execute("INSERT INTO runs VALUES ('6', 'FINISHED', 'deleted')")
    project = cast("Used", SimpleNamespace(committed=dict))
    trained = [Trained({"lr": 1}, ("*", "a", "b")), Trained({"lr": 2}, ("*",))]
    found = counting.count(project, trained, tmp_path / "store.db")
    assert found == Count(running=1, finished=4, ended=1, missing=2, twice=1, strange=1)
    empty = counting.count(project, trained, tmp_path / "absent.db")
    assert empty == Count(running=0, finished=0, ended=0, missing=4, twice=0, strange=0)
