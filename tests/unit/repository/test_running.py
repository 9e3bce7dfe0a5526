"""DVC is waited for, whatever ends the wait, and its exit status is passed on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

TOP = Path(__file__).parents[3]
# Stands for DVC: says that it has begun, and how it ended, which takes it a while.
STAND_IN = """#!/bin/sh
trap 'sleep 0.5; echo ended in order > ended; exit 7' INT
echo begun
case "$3" in
fail) exit 9;;
crash) kill -9 $$;;
idle) exec sleep 300;;
stage)
    sh -c 'trap "echo asked > ended; exit 3" TERM; touch listens; while true; do sleep 0.1; done'
    echo "then DVC" >> ended
    exit 1;;
esac
while true; do sleep 0.1; done
"""
CALLER = """
import sys
import stages
from tenshots.repository import running
sys.executable = './stand-in'
stages.run(lambda: sys.exit(running.dvc(*sys.argv[1:])), judge=False)
"""


def begin(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    (folder / "stand-in").write_text(STAND_IN)
    (folder / "stand-in").chmod(0o755)
    command = [sys.executable, "-c", CALLER, *arguments]
    environment = {**os.environ, "PYTHONPATH": str(TOP)}
    process = subprocess.Popen(
        command, cwd=folder, env=environment, text=True, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    return process


def test_ctrl_c_ends_both_and_waits_for_dvc(tmp_path: Path) -> None:
    process = begin(tmp_path, "repro")
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    said = process.communicate(timeout=30)
    assert (tmp_path / "ended").read_text() == "ended in order\n"
    assert process.returncode == 130
    assert said[1] == "stopped\n"


def test_a_request_to_end_is_handed_on_to_the_stage_and_dvc_is_waited_for(tmp_path: Path) -> None:
    process = begin(tmp_path, "stage")
    while not (tmp_path / "listens").exists():  # before, it would end without a word
        time.sleep(0.05)
    process.terminate()
    process.communicate(timeout=30)
    assert (tmp_path / "ended").read_text() == "asked\nthen DVC\n"
    assert process.returncode == 143


def test_dvc_without_a_stage_is_ended_itself(tmp_path: Path) -> None:
    process = begin(tmp_path, "idle")
    process.terminate()
    process.communicate(timeout=30)
    assert process.returncode == 143


@pytest.mark.parametrize(("how", "status"), [("fail", 9), ("crash", 137)])
def test_the_exit_status_is_that_of_dvc(how: str, status: int, tmp_path: Path) -> None:
    process = begin(tmp_path, how)
    process.communicate(timeout=30)
    assert process.returncode == status
