"""Which process works on a run, and whether that process is gone.

A process id alone says little. Ids are used again, so the start time belongs to it; a container counts its
own, so its namespace does; and after a restart of the machine all are new, so the boot does. Two machines may
share one store and bear the same name, so a machine is its name and its id. What cannot be judged from here,
as a process in another container or on another machine, is never taken for gone.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import platform
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeAlias

import psutil

TAG = "tenshots.processes"  # of a run: JSON, the processes that work on it
HOST_NAMESPACE = "pid:[4026531836]"  # outside any container. Source: PROC_PID_INIT_INO, linux/proc_ns.h

Process: TypeAlias = Mapping[str, str | int | float]


def me() -> Process:
    """Returns what tells this process from all others: host, machine, boot, namespace, pid and started."""
    return {
        "host": platform.node(),
        "machine": _machine(),
        "boot": _text("/proc/sys/kernel/random/boot_id"),
        "namespace": _link("/proc/self/ns/pid"),
        "pid": os.getpid(),
        "started": _started(os.getpid()) or 0.0,
    }


def is_gone(process: Process) -> bool:
    """Returns whether a process (as `me` describes it) has surely ended."""
    here = me()
    if any(process.get(key) != here[key] for key in ("host", "machine", "namespace")):
        return False
    if process.get("boot") != here["boot"]:
        # A container's namespace has its number from its kernel alone: another kernel may be another machine.
        return here["namespace"] == HOST_NAMESPACE
    pid = int(process["pid"])
    try:
        os.kill(pid, 0)  # asks whether it is there
    except ProcessLookupError:
        return True
    except PermissionError:
        pass  # another user's, which the system may hide from here (hidepid of proc(5))
    started = _started(pid)
    return started is not None and started != process["started"]


def is_abandoned(tags: Mapping[str, str]) -> bool:
    """Returns whether a run with these tags was left by all of the processes that worked on it."""
    processes = of(tags)
    return bool(processes) and all(map(is_gone, processes))


def of(tags: Mapping[str, str]) -> list[Process]:
    """Returns the processes that a run's tags name; none where they name none, as in older stores."""
    try:
        named = json.loads(tags.get(TAG, "[]"))
    except ValueError:
        return []
    return [each for each in named if isinstance(each, dict) and {"pid", "started"} <= each.keys()]


def is_mine_alone(tags: Mapping[str, str]) -> bool:
    """Returns whether this process works on a run with these tags, and no other that may be alive."""
    return me() in of(tags) and not others(tags)


def others(tags: Mapping[str, str]) -> list[Process]:
    """Returns the processes that a run's tags name, without this one and those that are gone."""
    return _others(of(tags))


def joined(processes: Iterable[Process]) -> str:
    """Returns the tag's value once this process works beside those `processes` that are not gone."""
    return json.dumps([*_others(processes), me()])


def _others(processes: Iterable[Process]) -> list[Process]:
    return [process for process in processes if process != me() and not is_gone(process)]


def _machine() -> str:
    """Tells machines of one name apart: a hash, because the id must stay on the machine: machine-id(5)."""
    identity = _text("/etc/machine-id") or f"{uuid.getnode():x}"
    return hashlib.sha256(f"tenshots {identity}".encode()).hexdigest()[:12]


def _started(pid: int) -> float | None:
    """Since boot where the system tells it, because a clock may be set while a process runs; else since 1970.

    None where it cannot be seen; infinity where nothing is left but what its parent has not asked for.
    """
    stat = _text(f"/proc/{pid}/stat")
    if stat:
        # The name, in brackets, may hold anything; after it come the state and, 20th, clock ticks: proc(5).
        fields = stat.rpartition(")")[2].split()
        return math.inf if fields[0] in "ZX" else float(fields[19])
    try:
        return float(psutil.Process(pid).create_time())
    except psutil.Error:
        return None


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _link(path: str) -> str:
    try:
        return str(Path(path).readlink())
    except OSError:
        return ""
