"""Queued experiments, several at once: each stage is told how many share the machine."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from stages import queue
from tenshots.errors import SettingsError
from tests.drawn.pipeline import TOP

TOLD = """
import os, yaml
settings = open("params.yaml").read()
1 / yaml.safe_load(settings)["lr"]
open("told.txt", "w").write(os.environ["TENSHOTS_EXPERIMENTS"] + settings)
"""


def _run(*command: str, folder: Path, status: int = 0) -> str:
    environment = {**os.environ, "PYTHONPATH": str(TOP), "DVC_NO_ANALYTICS": "1"}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def _told(folder: Path) -> set[str]:
    """What the experiments that git has were told."""
    refs = _run("git", "for-each-ref", "--format=%(refname)", "refs/exps", folder=folder).split()
    experiments = [ref for ref in refs if re.fullmatch(r"refs/exps/[0-9a-f]{2}/[0-9a-f]{38}/.*", ref)]
    return {_run("git", "show", f"{ref}:told.txt", folder=folder) for ref in experiments}


@pytest.mark.slow
def test_queued_experiments_run_each_once_whatever_dvc_has_lost_of_them(tmp_path: Path) -> None:
    """A worker that is gone had taken one, the message of one is gone, one waits, and one fails."""
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

    broker = tmp_path / ".dvc" / "tmp" / "exps" / "celery" / "broker"
    _run(*dvc, "exp", "run", "--queue", "-S", "lr=2", folder=tmp_path)
    (taken,) = (broker / "in").iterdir()
    taken.rename(broker / "processed" / taken.name)
    _run(*dvc, "exp", "run", "--queue", "-S", "lr=3", folder=tmp_path)
    for gone in (broker / "in").iterdir():
        gone.unlink()
    _run(*dvc, "exp", "run", "--queue", "-S", "lr=4", folder=tmp_path)
    _run(*dvc, "exp", "run", "--queue", "--name", "ill", "-S", "lr=0", folder=tmp_path)

    said = _run(sys.executable, "-m", "stages.queue", "--jobs", "2", folder=tmp_path, status=1)
    assert said.count(": done (") == 3, said
    assert "error: 1 experiment failed and stay queued: ill" in said
    log = re.search(r"ill: failed; (\S+) says why", said)
    assert log
    assert "ZeroDivisionError" in (tmp_path / log[1]).read_text()
    assert _told(tmp_path) == {"2lr: 2\n", "2lr: 3\n", "2lr: 4\n"}
    assert _run(*dvc, "queue", "status", folder=tmp_path).count("Queued") == 1
    _run(*dvc, "queue", "remove", "ill", folder=tmp_path)

    # Another of a name that is there: it is not taken for done.
    for number in (5, 6):
        queued = ["exp", "run", "--queue", "--force", "--name", "twice", "-S", f"lr={number}"]
        _run(*dvc, *queued, folder=tmp_path)
        said = _run(sys.executable, "-m", "stages.queue", folder=tmp_path)
        assert "twice: done (1 of 1)" in said
        assert f"1lr: {number}\n" in _told(tmp_path)
    assert _run(sys.executable, "-m", "stages.queue", folder=tmp_path) == "nothing is queued\n"
    status = _run(*dvc, "queue", "status", folder=tmp_path)
    assert not any(word in status for word in ("Queued", "Running", "Failed"))


@pytest.mark.parametrize("given", ["0", "-1", "65"])
def test_a_number_of_experiments_that_cannot_be_is_an_error(given: str) -> None:
    with pytest.raises(SettingsError, match=f"--jobs must be from 1 to 64, got {given}"):
        queue.main([f"--jobs={given}"])
