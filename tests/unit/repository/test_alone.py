"""A stage that a killed DVC left behind ends, and never works beside the next one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tenshots.errors import DataError
from tenshots.repository import alone

TOP = Path(alone.__file__).parents[2]
# Says when it has begun, and goes on for a minute; asked to end, it does so or not.
WORK = """
import signal, sys, time
from pathlib import Path
from tenshots.repository import alone
if {stubborn}:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
else:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
alone.PATIENCE_S = {patience}
dvc = alone.above()
if {meanwhile!r}:
    dvc.kill()
    dvc.wait()
with alone.only("split", dvc={by}):
    Path({begun!r}).touch()
    for _ in range(600):
        time.sleep(0.1)
"""


class Stages:
    """Starts processes that work as the stage `split` of this folder, below a DVC or alone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.started: list[subprocess.Popen[bytes]] = []

    def start(
        self, *, name: str, stubborn: bool = False, patience: float = 60, dvc: bool = False,
        by_hand: bool = False, meanwhile: bool = False,
    ) -> int:  # fmt: skip
        """Returns the id of the process that works, once it has begun; `meanwhile` its DVC is killed."""
        begun = self.folder / name
        module = self.folder / "stages" / f"{name}.py"
        module.parent.mkdir(exist_ok=True)
        (module.parent / "__init__.py").touch()
        module.write_text(
            WORK.format(
                stubborn=stubborn,
                patience=patience,
                begun=str(begun),
                meanwhile=meanwhile,
                by=None if by_hand else "dvc",
            )
        )
        command = [sys.executable, "-m", f"stages.{name}"]
        if dvc:  # a shell, as DVC has one between, which a second command keeps from stepping aside
            (self.folder / "dvc").write_text(
                "import subprocess, sys; subprocess.run(sys.argv[1], shell=True)"
            )
            command = [sys.executable, "dvc", f"{sys.executable} -m stages.{name}; true"]
        environment = {**os.environ, "PYTHONPATH": f"{self.folder}:{TOP}"}
        process = subprocess.Popen(command, cwd=self.folder, env=environment)
        self.started.append(process)
        if meanwhile:
            process.wait(30)
            return process.pid
        wait_for(begun.exists)
        below = psutil.Process(process.pid).children(recursive=True)
        return below[-1].pid if dvc else process.pid

    def end(self) -> None:
        """Ends all."""
        for process in self.started:
            with suppress(psutil.Error):
                for each in psutil.Process(process.pid).children(recursive=True):
                    each.kill()
            process.kill()
            process.wait()


@pytest.fixture
def stages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stages]:
    monkeypatch.chdir(tmp_path)
    Path(".dvc").mkdir()
    found = Stages(tmp_path)
    yield found
    found.end()


def wait_for(condition: object, seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.05)


def is_over(pid: int) -> bool:
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    return True


@pytest.mark.parametrize("stubborn", [False, True])
def test_who_begins_ends_who_was_left_behind(
    stubborn: bool, stages: Stages, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(alone, "PATIENCE_S", 1)
    left = stages.start(name="left", stubborn=stubborn)
    with alone.only("split", dvc=alone.above()):
        wait_for(lambda: is_over(left), 5)  # it has left its own block, and Python ends
    assert f"note: process {left}, which a killed DVC had left at the stage split, is ended" in (
        capfd.readouterr().err
    )


def test_other_stages_work_side_by_side(stages: Stages) -> None:
    other = stages.start(name="other")
    with alone.only("train@baseline", dvc=alone.above()):
        assert not is_over(other)


@pytest.mark.parametrize("stubborn", [False, True])
def test_a_stage_ends_with_its_dvc_though_a_shell_is_between(stubborn: bool, stages: Stages) -> None:
    pid = stages.start(name="below", stubborn=stubborn, patience=1, dvc=True)
    dvc = stages.started[-1]
    time.sleep(3 * alone.LOOK_S)
    assert not is_over(pid)
    dvc.send_signal(signal.SIGKILL)
    wait_for(lambda: is_over(pid), 10)


def test_a_number_that_another_program_has_is_left_alone(
    stages: Stages, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lock is held, but by whom cannot be seen, as from another machine: nothing is ended."""
    monkeypatch.setattr(alone, "PATIENCE_S", 0.2)
    left = stages.start(name="left")
    sleeper = subprocess.Popen(["sleep", "60"])
    next(alone.FOLDER.glob("*.pid")).write_text(f"{sleeper.pid} {alone.BY_DVC}")
    try:
        with (
            pytest.raises(DataError, match="another process is at the stage split"),
            alone.only("split", dvc=alone.above()),
        ):
            pass
        assert sleeper.poll() is None
        assert not is_over(left)
    finally:
        sleeper.kill()
        sleeper.wait()


@pytest.mark.parametrize("other_by_hand", [False, True])
def test_a_stage_that_a_person_runs_is_left_alone_and_refuses_to_begin_beside_another(
    other_by_hand: bool, stages: Stages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alone, "PATIENCE_S", 0.2)
    other = stages.start(name="other", by_hand=other_by_hand)
    with (
        pytest.raises(DataError, match="another process is at the stage split in this folder; wait"),
        alone.only("split", dvc=None),
    ):
        pass
    if other_by_hand:
        with (
            pytest.raises(DataError, match="could not be ended"),
            alone.only("split", dvc=alone.above()),
        ):
            pass
    assert not is_over(other)


def test_a_stage_whose_dvc_is_killed_while_it_imports_ends_with_it(stages: Stages) -> None:
    """The shell between is still there."""
    stages.start(name="orphan", patience=1, dvc=True, meanwhile=True)
    words = [sys.executable, "-m", "stages.orphan"]
    wait_for(lambda: not [each for each in psutil.process_iter(["cmdline"]) if each.info["cmdline"] == words])


def test_whose_dvc_has_gone_before_it_begins_ends_no_successor(stages: Stages) -> None:
    successor = stages.start(name="successor")
    gone = subprocess.Popen([sys.executable, "-c", ""])
    dvc = psutil.Process(gone.pid)
    gone.wait()
    with pytest.raises(SystemExit) as caught, alone.only("split", dvc=dvc):
        pass
    assert caught.value.code == 128 + signal.SIGTERM
    assert not is_over(successor)


@pytest.mark.parametrize("stage", ["", "split"])
def test_without_a_stage_or_outside_of_dvc_nothing_is_made(stage: str, stages: Stages) -> None:
    Path(".dvc").rmdir()
    with alone.only(stage, dvc=alone.above()):
        assert list(stages.folder.iterdir()) == []
