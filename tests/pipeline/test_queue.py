"""Queued experiments, several at once: each stage is told how many share the machine."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from functools import cache
from pathlib import Path

import psutil
import pytest

from stages import queue
from tenshots.errors import SettingsError
from tests.drawn.pipeline import TOP
from tests.drawn.waiting_dvc import WaitingDVC

TOLD = """
import os, yaml
settings = open("params.yaml").read()
1 / yaml.safe_load(settings)["lr"]
open("told.txt", "w").write(os.environ["TENSHOTS_EXPERIMENTS"] + settings)
"""


def _environment() -> dict[str, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PYTHONPATH": str(TOP), "DVC_NO_ANALYTICS": "1", "PATH": path}


@cache
def _waiting() -> WaitingDVC:
    return WaitingDVC(Path(sys.executable), _environment())


def _dvc(*arguments: str, folder: Path) -> str:
    status, out, error = _waiting().run(arguments, folder, _environment())
    assert status == 0, out + error
    return out + error


def _run(*command: str, folder: Path, status: int = 0) -> str:
    done = subprocess.run(
        command, cwd=folder, env=_environment(), capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def _told(folder: Path) -> list[str]:
    """What the experiments that git has were told."""
    refs = _run("git", "for-each-ref", "--format=%(refname)", "refs/exps", folder=folder).split()
    experiments = [ref for ref in refs if re.fullmatch(r"refs/exps/[0-9a-f]{2}/[0-9a-f]{38}/.*", ref)]
    return [_run("git", "show", f"{ref}:told.txt", folder=folder) for ref in experiments]


@pytest.fixture
def told(tmp_path: Path) -> Path:
    """A repository of one stage, which tells what it was told."""
    (tmp_path / "told.py").write_text(TOLD)
    (tmp_path / "params.yaml").write_text("lr: 1\n")
    (tmp_path / "dvc.yaml").write_text(
        f"stages:\n  tell:\n    cmd: {sys.executable} told.py\n    params: [lr]\n"
        "    outs:\n      - told.txt:\n          cache: false\n"
    )
    _run("git", "init", "--quiet", folder=tmp_path)
    _dvc("init", "--quiet", folder=tmp_path)
    _run("git", "add", ".", folder=tmp_path)
    author = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    _run("git", *author, "commit", "--quiet", "-m", "start", folder=tmp_path)
    return tmp_path


@pytest.mark.slow
def test_queued_experiments_run_each_once_whatever_dvc_has_lost_of_them(told: Path) -> None:
    """A worker that is gone had taken one, the message of one is gone, one waits, and one fails."""
    broker = told / ".dvc" / "tmp" / "exps" / "celery" / "broker"
    _dvc("exp", "run", "--queue", "-S", "lr=2", folder=told)
    (taken,) = (broker / "in").iterdir()
    taken.rename(broker / "processed" / taken.name)
    _dvc("exp", "run", "--queue", "-S", "lr=3", folder=told)
    for gone in (broker / "in").iterdir():
        gone.unlink()
    _dvc("exp", "run", "--queue", "--name", "twice", "-S", "lr=4", folder=told)
    _dvc("exp", "run", "--queue", "--name", "ill", "-S", "lr=0", folder=told)

    said = _run(sys.executable, "-m", "stages.queue", "--jobs", "2", folder=told, status=1)
    assert said.count(": done (") == 3, said
    assert "error: 1 experiment failed and stay queued: ill" in said
    log = re.search(r"ill: failed; (\S+) says why", said)
    assert log
    assert "ZeroDivisionError" in (told / log[1]).read_text()
    assert sorted(_told(told)) == ["2lr: 2\n", "2lr: 3\n", "2lr: 4\n"]
    assert _dvc("queue", "status", folder=told).count("Queued") == 1
    _dvc("queue", "remove", "ill", folder=told)

    # Another of a name that is there: it is not taken for done.
    _dvc("exp", "run", "--queue", "--force", "--name", "twice", "-S", "lr=5", folder=told)
    said = _run(sys.executable, "-m", "stages.queue", folder=told)
    assert "twice: done (1 of 1)" in said
    assert "1lr: 5\n" in _told(told)
    assert _run(sys.executable, "-m", "stages.queue", folder=told) == "nothing is queued\n"
    status = _dvc("queue", "status", folder=told)
    assert not any(word in status for word in ("Queued", "Running", "Failed"))


@pytest.mark.slow
def test_an_experiment_is_run_with_what_it_was_queued_with(told: Path) -> None:
    """A file that git does not have, and the message of its commit."""
    (told / ".git/info/exclude").write_text("extra.txt\n")
    (told / "extra.txt").write_text("1")
    with (told / "told.py").open("a") as code:
        code.write("open('extra.txt').read()\n")
    _run("git", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qam", "needs more", folder=told)
    queued = ["--queue", "--copy-paths", "extra.txt", "--message", "with more", "-S", "lr=2"]
    _dvc("exp", "run", *queued, folder=told)
    assert ": done (1 of 1)" in _run(sys.executable, "-m", "stages.queue", folder=told)
    messages = _run("git", "for-each-ref", "--format=%(subject)", "refs/exps", folder=told)
    assert "with more" in messages.splitlines()


@pytest.mark.slow
def test_after_a_kill_the_queue_goes_on_and_knows_what_was_done(told: Path) -> None:
    """Two were running, and one had ended just before: it was done, and had not left the queue."""
    with (told / "told.py").open("a") as code:
        code.write(f"import time\nwhile os.path.exists({str(told / 'wait')!r}):\n    time.sleep(0.1)\n")
        code.write(f"open({str(told / 'ended')!r}, 'a').write(settings)\n")
    (told / ".git/info/exclude").write_text("wait\nended\n")
    _run("git", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qam", "waits", folder=told)
    for number in (2, 3):
        _dvc("exp", "run", "--queue", "-S", f"lr={number}", folder=told)
    (told / "wait").touch()
    command = [sys.executable, "-m", "stages.queue", "--jobs", "2"]
    environment = {**os.environ, "PYTHONPATH": str(TOP), "DVC_NO_ANALYTICS": "1"}
    with subprocess.Popen(command, cwd=told, env=environment) as process:
        until = time.monotonic() + 120
        while len(at_work(told)) < 2:
            assert time.monotonic() < until
            time.sleep(0.1)
        process.kill()
    (told / "wait").unlink()  # what the kill has left behind may end by itself, or is ended by the next
    _run(*command, folder=told)
    assert sorted(_told(told)) == ["2lr: 2\n", "2lr: 3\n"]
    assert "Queued" not in _dvc("queue", "status", folder=told)

    _dvc("exp", "run", "--queue", "--name", "done", "-S", "lr=4", folder=told)
    ended = (told / "ended").read_text()
    queued = _run("git", "rev-parse", "refs/exps/celery/stash", folder=told).strip()
    (told / ".dvc/tmp/exps/logs" / f"{queued}.done").touch()
    assert _run(*command, folder=told) == "nothing is queued\n"
    assert (told / "ended").read_text() == ended
    assert "done" not in _dvc("queue", "status", folder=told)


def at_work(folder: Path) -> list[psutil.Process]:
    """The stages that run below a folder."""
    found = []
    for each in psutil.process_iter(["cmdline", "cwd"]):
        is_ours = (each.info["cmdline"] or [])[-1:] == ["told.py"] and each.info["cwd"]
        if is_ours and Path(each.info["cwd"]).is_relative_to(folder):
            found.append(each)
    return found


def test_an_experiment_that_ends_before_it_is_told_what_to_run_stops_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "true")
    entry = {"name": "a", "stash_rev": "0", "long": "x" * 1_000_000}  # more than a pipe takes
    assert queue._start(queue.Waiting(entry, {}), 1, tmp_path).wait(60) == 0


@pytest.mark.parametrize("given", ["0", "-1", "65"])
def test_a_number_of_experiments_that_cannot_be_is_an_error(given: str) -> None:
    with pytest.raises(SettingsError, match=f"--jobs must be from 1 to 64, got {given}"):
        queue.main([f"--jobs={given}"])
