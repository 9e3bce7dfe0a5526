"""Queued experiments, several at once: each stage is told how many share the machine."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stages import queue
from tenshots.errors import SettingsError
from tests.drawn.pipeline import TOP

TOLD = (
    "import os; open('told.txt', 'w').write(os.environ['TENSHOTS_EXPERIMENTS'] + open('params.yaml').read())"
)


def _run(*command: str, folder: Path) -> str:
    environment = {**os.environ, "PYTHONPATH": str(TOP), "DVC_NO_ANALYTICS": "1"}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_queued_experiments_run_and_are_told_how_many_share_the_machine(tmp_path: Path) -> None:
    """DVC hands the environment down from worker to stage: a real queue, as its documents do not say so."""
    (tmp_path / "told.py").write_text(TOLD)
    (tmp_path / "params.yaml").write_text("lr: 1\n")
    (tmp_path / "dvc.yaml").write_text(
        f"stages:\n  tell:\n    cmd: {sys.executable} told.py\n    params: [lr]\n"
        "    outs:\n      - told.txt:\n          cache: false\n"
    )
    dvc = [sys.executable, "-m", "dvc"]
    _run("git", "init", "--quiet", folder=tmp_path)
    _run(*dvc, "init", "--quiet", folder=tmp_path)
    _run("git", "add", ".", folder=tmp_path)
    author = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    _run("git", *author, "commit", "--quiet", "-m", "start", folder=tmp_path)
    _run(*dvc, "exp", "run", "--queue", "-S", "lr=2,3", folder=tmp_path)
    _run(sys.executable, "-m", "stages.queue", "--jobs", "2", folder=tmp_path)

    end = time.monotonic() + 100
    while time.monotonic() < end and "Success" not in (
        said := _run(*dvc, "queue", "status", folder=tmp_path)
    ):
        time.sleep(1)
    while time.monotonic() < end and said.count("Success") < 2:
        said = _run(*dvc, "queue", "status", folder=tmp_path)
        time.sleep(1)
    assert said.count("Success") == 2, said
    refs = _run("git", "for-each-ref", "--format=%(refname)", "refs/exps", folder=tmp_path).split()
    experiments = [ref for ref in refs if len(ref.split("/")) == 5]
    told = {_run("git", "show", f"{ref}:told.txt", folder=tmp_path) for ref in experiments}
    assert told == {"2lr: 2\n", "2lr: 3\n"}


@pytest.mark.parametrize("given", ["0", "-1", "65"])
def test_a_number_of_experiments_that_cannot_be_is_an_error(given: str) -> None:
    with pytest.raises(SettingsError, match=f"--jobs must be from 1 to 64, got {given}"):
        queue.main([f"--jobs={given}"])
