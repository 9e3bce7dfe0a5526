"""The harness of kills: what is an event, where points fall, and that a kill comes where it should."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.kills import points, projects, trials
from benchmarks.kills.__main__ import row
from benchmarks.kills.hook import sitecustomize as hook
from benchmarks.kills.points import DVC, WHOLE, WHOM, Point
from benchmarks.kills.trials import Trial
from tests.drawn.pipeline import Project

TOP = "/a project"
NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
EVENTS = {"ingest": [f"mkdir {n}" for n in range(300)], "split": ["mkdir 0"] * 9, "check": ["mkdir 0"]}
WHOLE_TRIAL = Trial("rename data/manifest.csv", [], 0, [], 3.4, 2, "")


@pytest.mark.parametrize(
    ("event", "arguments", "expected"),
    [
        ("open", (f"{TOP}/data/a.part", "wb", NEW), ("open", "data/a.part")),
        ("open", (b"/a project/data/a", None, os.O_RDWR), ("open", "data/a")),
        ("open", (f"{TOP}/data/a", "ab", os.O_APPEND | os.O_WRONLY), ("open", "data/a")),
        ("os.rename", (Path(TOP, "a.part"), Path(TOP, "a"), -1, -1), ("rename", "a")),
        ("os.remove", (f"{TOP}/mlruns/x", -1), ("remove", "mlruns/x")),
        ("os.mkdir", (f"{TOP}/data", 0o777, -1), ("mkdir", "data")),
        ("os.symlink", ("/elsewhere", f"{TOP}/data/a", -1), ("link", "data/a")),
        ("shutil.rmtree", (f"{TOP}/data/models", None), ("rmtree", "data/models")),
    ],
)
def test_what_changes_the_project_counts(event: str, arguments: tuple, expected: tuple[str, str]) -> None:
    assert hook.change(event, arguments, TOP) == expected


@pytest.mark.parametrize(
    ("event", "arguments"),
    [
        ("open", (f"{TOP}/data/a", "rb", os.O_RDONLY)),
        ("open", (7, "wb", NEW)),  # what is open already
        ("open", ("/elsewhere/a", "wb", NEW)),
        ("open", (f"{TOP}s/a", "wb", NEW)),
        ("open", (f"{TOP}/tenshots/__pycache__/files.pyc", None, NEW)),
        ("os.mkdir", (f"{TOP}/.venv/x", 0o777, -1)),
        ("os.listdir", (TOP,)),
    ],
)
def test_what_only_reads_or_lies_elsewhere_does_not_count(event: str, arguments: tuple) -> None:
    assert hook.change(event, arguments, TOP) is None


def test_a_name_in_an_opened_folder_is_a_path_in_it(tmp_path: Path) -> None:
    opened = os.open(tmp_path, os.O_RDONLY)
    try:
        assert hook.change("os.remove", ("a", opened), str(tmp_path.parent)) == (
            "remove",
            f"{tmp_path.name}/a",
        )
    finally:
        os.close(opened)


WRITES = """
from pathlib import Path
Path("folder").mkdir()
with open("folder/long.part", "w") as file:
    for number in range(10_000):
        file.write(f"{number}\\n")
Path("folder/long.part").replace("folder/long")
Path("folder/long").unlink()
"""
LINES = ["mkdir folder", *(f"{word} folder/long.part" for word in ("open", "made", "written"))]
LINES += ["rename folder/long", "remove folder/long"]


def python(folder: Path, code: str, **variables: str) -> int:
    """The status of a Python that begins with the hook, as a stage of DVC's would."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(trials.HOOK),
        "DVC_STAGE": "split",
        "KILLS_OF": "split",
        "KILLS_LIST": str(folder.parent / "list"),
    }
    command = [sys.executable, "-c", code]
    return subprocess.run(
        command, cwd=folder, env=environment | variables, check=False, start_new_session=True
    ).returncode


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "project").mkdir()
    return tmp_path / "project"


def listed(folder: Path) -> list[str]:
    return (folder.parent / "list").read_text().splitlines()


def test_each_change_is_an_event_and_a_file_that_is_written_is_three(folder: Path) -> None:
    assert python(folder, WRITES) == 0
    assert listed(folder) == LINES


def test_another_stage_has_none(folder: Path) -> None:
    assert python(folder, WRITES, DVC_STAGE="ingest") == 0
    assert not (folder.parent / "list").exists()


def test_what_a_stage_starts_does_not_count_and_itself_started_again_does(folder: Path) -> None:
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {WRITES!r}], check=True)"
    again = f"import os, sys; os.execv(sys.executable, [sys.executable, '-c', {WRITES!r}])"
    assert python(folder, child) == 0
    assert listed(folder) == []
    (folder / "folder").rmdir()
    assert python(folder, again) == 0
    assert listed(folder) == LINES


@pytest.mark.parametrize(
    ("at", "left"),
    [
        ("1", {}),
        ("2", {}),
        ("3", {"long.part": 0}),
        ("written folder/long.part", {"long.part": 8190}),  # cut in a line
        ("5", {"long.part": 48890}),
        ("6", {"long": 48890}),
    ],
)
def test_the_kill_comes_at_the_event_in_the_midst_of_a_write_too(
    at: str, left: dict[str, int], folder: Path
) -> None:
    assert python(folder, WRITES, KILLS_AT=at, KILLS_WHOM="group") == -9
    found = {path.name: path.stat().st_size for path in folder.glob("folder/*")}
    assert found.keys() == left.keys()
    assert all(abs(size - left[name]) < 8 for name, size in found.items())
    assert listed(folder) == [LINES[int(at) - 1] if at.isdecimal() else at]


def test_points_are_drawn_in_proportion_with_some_of_each_stage_and_none_twice() -> None:
    drawn = points.of_stages(EVENTS, 30, np.random.default_rng(1))
    assert Counter(point.stage for point in drawn) == {"ingest": 27, "split": 2, "check": 1}
    assert len({(point.stage, point.at) for point in drawn}) == len(drawn)
    assert all(1 <= int(point.at) <= len(EVENTS[point.stage]) for point in drawn)
    assert set(Counter(point.whom for point in drawn).values()) == {10}
    assert drawn == points.of_stages(EVENTS, 30, np.random.default_rng(1))
    assert drawn != points.of_stages(EVENTS, 30, np.random.default_rng(2))


@pytest.mark.parametrize("total", [0, 1, 4, 310, 999])
def test_no_more_points_than_asked_for_or_than_there_are_events(total: int) -> None:
    assert len(points.of_stages(EVENTS, total, np.random.default_rng(0))) == min(total, 310)


def test_points_of_dvc_come_from_each_place_where_it_writes() -> None:
    lines = [
        *["open .dvc/tmp/rwlock"] * 500,
        *["mkdir .dvc/cache/files/md5/ab"] * 50,
        *["mkdir .dvc/cache/runs/ab"] * 5,
        *["open dvc.lock", "remove data/manifest.csv"],
    ]
    drawn = points.of_dvc(lines, 10, np.random.default_rng(0))
    assert len(set(drawn)) == 10
    assert {(point.stage, point.of, point.whom) for point in drawn} == {(WHOLE, DVC, DVC)}
    found = Counter(points.place_of(lines[int(point.at) - 1]) for point in drawn)
    assert found == {".dvc/tmp": 2, ".dvc/cache": 3, ".dvc/cache/runs": 3, "dvc.lock": 1, "": 1}
    assert len(points.of_dvc(lines[:3], 10, np.random.default_rng(0))) == 3


def test_an_output_that_was_never_renamed_was_written_in_place() -> None:
    lines = ["open data/a.part", "rename data/a", "open data/b", "rename data/folder", "rename data/other/c"]
    assert projects.in_place(lines, ["data/a", "data/b", "data/folder"]) == ["data/b"]
    assert projects.in_place(lines, ["data/other"]) == ["data/other"]  # a kill may leave some of its files


def test_half_written_is_what_has_an_outputs_name_and_other_bytes() -> None:
    assert projects.half_written({"a": "1", "b": "2", "c.part": "3"}, {"a": "1", "b": "0"}, []) == ["b"]
    whole = {"f/a": "1", "f/b": "2", "fb": "3"}
    assert projects.half_written({"f/b": "2"}, whole, ["f"]) == ["f lacks f/a"]
    assert (
        projects.half_written({"fb": "3"}, whole, ["f"]) == projects.half_written(whole, whole, ["f"]) == []
    )


@pytest.fixture
def reference(tmp_path: Path) -> Project:
    """A project with nothing but outputs, committed."""
    folder = tmp_path / "reference" / "a project"
    (folder / "data" / "models").mkdir(parents=True)
    (folder / "data" / "models" / "a").write_text("weights")
    (folder / "data" / "b.csv").write_text("b")
    outs = "outs: [{path: data/models}, {path: data/b.csv}]"
    (folder / "dvc.lock").write_text(f"stages:\n  split: {{cmd: a}}\n  train: {{{outs}}}\n")
    project = Project(folder)
    project.run("git", "init", "--quiet")
    project.run("git", "add", ".")
    who = ("-c", "user.name=a", "-c", "user.email=a@localhost")
    project.run("git", *who, "commit", "--quiet", "--message=reproduced")
    return project


def test_a_copy_is_equal_whatever_the_order_in_dvc_lock(reference: Project, tmp_path: Path) -> None:
    project = projects.copy(reference, tmp_path / "copy" / "a project")
    (*_, first, last) = (lock := project.folder / "dvc.lock").read_text().splitlines(keepends=True)
    lock.write_text(f"stages:\n{last}{first}")
    assert projects.differences(project, reference, projects.files(reference)) == []


def test_whatever_is_not_as_in_the_reference_is_named(reference: Project, tmp_path: Path) -> None:
    project = projects.copy(reference, tmp_path / "copy" / "a project")
    (project.folder / "data" / "models" / "a").write_text("other weights")
    (project.folder / "data" / "b.csv").unlink()
    (project.folder / "data" / "b.csv.part").touch()
    (project.folder / "core").touch()
    (project.folder / "dvc.lock").write_text("stages: {}\n")
    assert projects.differences(project, reference, projects.files(reference)) == [
        "data/b.csv is missing",
        "data/b.csv.part is left over",
        "data/models/a differs",
        "dvc.lock differs",
        "git status names ?? core",
    ]


def test_a_forgotten_stage_has_no_outputs_and_no_entry(reference: Project, tmp_path: Path) -> None:
    project = projects.copy(reference, tmp_path / "copy" / "a project")
    (project.folder / ".dvc" / "cache" / "runs").mkdir(parents=True)
    projects.forget(project, "train")
    assert projects.files(project) == {}
    assert projects.stages(project) == ["split"]
    assert not (project.folder / ".dvc" / "cache" / "runs").exists()


def test_trainings_are_counted_by_what_a_run_says() -> None:
    said = (
        "train baseline: fold 0, repeat 0 (1 of 2), 2 epochs, 4 updates, val_accuracy 0.250 in epoch 2\n"
        "train baseline: fold 1, repeat 0, scratch epoch 1, val_accuracy 0.333\n"
        "train frozen: fold 1, repeat 0 (2 of 2), val_accuracy 0.417\n"
        "study frozen: 10 %, fold 1, repeat 0 (2 of 2), val_accuracy 0.417\n"
        "split: fold 0: 12 train, 12 val, 24 test\n"
    )
    assert trials.num_trainings(said) == 3


@pytest.mark.parametrize(
    ("change", "end"),
    [
        ({}, "killed group at rename data/manifest.csv: equal; again 3 s, 2 trainings"),
        ({"event": ""}, "undisturbed: equal; again 3 s, 2 trainings"),
        ({"status": 1}, "status 1; again 3 s, 2 trainings"),
        ({"half": ["a"], "wrong": ["b differs"], "trainings": 0}, "the kill: a; b differs; again 3 s"),
    ],
)
def test_a_row_says_what_is_wrong_and_that_counts(change: dict[str, Any], end: str) -> None:
    trial = WHOLE_TRIAL._replace(**change)
    assert row(7, Point("ingest", "ingest", "4", WHOM[2]), trial).endswith(end)
    assert trial.recovered is not bool(change)
