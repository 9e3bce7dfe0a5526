"""A process is gone only where that is sure: other machines, containers and live processes are left alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tenshots.tracking import liveness

SAYS_WHO = """
import json; from tenshots.tracking import liveness
print(json.dumps(liveness.me()), flush=True)
input()
"""


@pytest.fixture
def other() -> Iterator[subprocess.Popen[str]]:
    """Another process, which says on its first line who it is and waits."""
    command = [sys.executable, "-c", SAYS_WHO]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def who(process: subprocess.Popen[str]) -> liveness.Process:
    assert process.stdout is not None
    said: dict[str, str | int | float] = json.loads(process.stdout.readline())
    assert said["pid"] == process.pid
    return said


def test_a_process_is_gone_once_it_was_killed_even_before_its_parent_asks(
    other: subprocess.Popen[str],
) -> None:
    process = who(other)
    assert not liveness.is_gone(process)
    other.kill()
    os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)  # ended, and left as a zombie
    assert liveness.is_gone(process)
    other.wait()
    assert liveness.is_gone(process)


def test_another_process_of_the_same_id_is_another_process() -> None:
    assert not liveness.is_gone(liveness.me())
    assert liveness.is_gone({**liveness.me(), "started": 1.0})


@pytest.mark.parametrize("key", ["host", "machine", "namespace"])
def test_what_cannot_be_judged_from_here_is_not_gone(key: str) -> None:
    """Another machine, one of the same name, and another container on this one."""
    assert liveness.is_gone({**liveness.me(), "started": 1.0})
    assert not liveness.is_gone({**liveness.me(), "started": 1.0, key: "other"})


@pytest.mark.parametrize(
    ("namespace", "gone"), [(liveness.HOST_NAMESPACE, True), ("pid:[4026532450]", False)]
)
def test_a_restart_ends_all_processes_but_containers_may_share_a_name(
    namespace: str, gone: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = {**liveness.me(), "namespace": namespace}
    monkeypatch.setattr(liveness, "me", lambda: here)
    assert liveness.is_gone({**here, "boot": "the one before"}) == gone


def test_a_run_is_abandoned_once_all_of_its_processes_are_gone() -> None:
    gone = {**liveness.me(), "started": 1.0}

    def tags(*processes: liveness.Process) -> dict[str, str]:
        return {liveness.TAG: json.dumps(processes)}

    assert liveness.is_abandoned(tags(gone))
    assert not liveness.is_abandoned(tags(gone, liveness.me()))
    assert not liveness.is_abandoned(tags(gone, {**gone, "host": "other"}))
    assert not liveness.is_abandoned({}), "a run of old names no process"
    assert not liveness.is_abandoned({liveness.TAG: "{"})
    assert not liveness.is_abandoned({liveness.TAG: '["?"]'})


def test_who_joins_stands_beside_those_that_may_be_alive() -> None:
    gone, elsewhere = {**liveness.me(), "started": 1.0}, {**liveness.me(), "host": "other"}
    once = liveness.joined([gone, elsewhere])
    assert json.loads(once) == [elsewhere, liveness.me()]
    assert liveness.joined(json.loads(once)) == once


def test_the_id_of_a_machine_stays_on_it() -> None:
    identity = liveness._text("/etc/machine-id")
    assert not identity or identity not in json.dumps(liveness.me())
