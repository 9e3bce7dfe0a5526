"""The real `dvc repro` with settings and folders that are wrong: it stops before anything computes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pipeline.conftest import Project

pytestmark = pytest.mark.slow

LIMIT_S = 300


@pytest.fixture(scope="module")
def project(fresh_project: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    folder = tmp_path_factory.mktemp("check") / "a project"
    shutil.copytree(fresh_project.folder, folder, symlinks=True)
    return Project(folder)


def refused(project: Project, *command: str) -> tuple[set[str], str]:
    """Which stages a command ran that must fail, and what it said."""
    answer = subprocess.run(
        command or (".venv/bin/dvc", "repro"),
        cwd=project.folder,
        env=project.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_S,
    )
    said = answer.stdout + answer.stderr
    assert answer.returncode != 0, said
    return set(re.findall(r"Running stage '([^']+)'", said)), said


def test_a_variants_name_never_reaches_the_shell(project: Project) -> None:
    before = set(project.folder.iterdir())
    with project.edited("params.yaml") as values:
        for name in ("a b;touch x", "a';touch y;'", "$(touch z)"):
            variants = {name: values["variants"]["baseline"], **values["variants"]}
            project.write_params({**values, "variants": variants})
            ran, said = refused(project)
            assert ran <= {"check"}, said
            assert "variants must name its entries in a-z, 0-9, _ and -" in said
    assert not {"x", "y", "z"} & {path.name for path in project.folder.iterdir()}
    assert {path.name for path in set(project.folder.iterdir()) - before} <= {"dvc.lock"}


@pytest.mark.parametrize(
    ("section", "changes", "words"),
    [
        ("visualise", {"fold": 9}, "params.yaml: visualise.fold must be the number of one of 2 folds"),
        ("study", {"leaking": "yes"}, "params.yaml: study.leaking must be true or false, got 'yes'"),
        (
            "report",
            {"num_samples": 10**9},
            "params.yaml: report.num_samples must be less than or equal to 1000",
        ),
    ],
)
def test_a_setting_of_the_last_stages_is_refused_first(
    section: str, changes: dict[str, object], words: str, project: Project
) -> None:
    with project.edited("params.yaml") as values:
        project.write_params({**values, section: {**values[section], **changes}})
        ran, said = refused(project)
    assert ran == {"check"}
    assert words in said


def test_a_named_pipe_among_the_photos_does_not_hang(project: Project) -> None:
    pipe = project.folder / "data" / "drawn" / "pipe.jpg"
    os.mkfifo(pipe)
    try:
        for command in (("make", "-o", "setup", "repro"), (".venv/bin/python", "-m", "stages.check")):
            ran, said = refused(project, *command)
            assert ran <= {"check"}
            assert "'pipe.jpg' is a named pipe and not a file; remove it" in said
    finally:
        pipe.unlink()


def test_what_keras_refuses_is_refused_before_any_training(project: Project) -> None:
    with project.edited("params.yaml") as values:
        layers = [{"RandomFlip": {"mode": "sideways"}}]
        project.write_params({**values, "augment": {**values["augment"], "layers": layers}})
        ran, said = refused(project)
    assert ran <= {"check", "ingest", "split", "rehearse"}
    assert "augment.layers[0] (RandomFlip) mode must be one of horizontal, vertical" in said


def test_a_corrected_setting_lets_the_run_go_on(project: Project) -> None:
    project.dvc("repro", "split")
    assert (project.folder / "data" / "checked" / "settings.txt").is_file()
    assert not Path(project.folder, "x").exists()
