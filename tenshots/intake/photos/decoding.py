"""The processes that decode photos, of `intake.photos.decoders`: a host, and the workers that it forks.

python -m tenshots.intake.photos.decoding CONTROL TURN STANDARDISE ACCEPT

The first two are descriptors: a socket on which the host is asked for workers, and a file that they lock;
then come two sections of params.yaml, as JSON and judged already. Nobody calls it but `Decoders`.
"""

from __future__ import annotations

import fcntl
import json
import os
import resource
import signal
import socket
import struct
import sys
import traceback
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NoReturn, cast

from PIL import Image

from tenshots.errors import RejectedPhoto
from tenshots.intake.photos import standardising

if TYPE_CHECKING:
    from tenshots.intake.settings import AcceptSettings
    from tenshots.tables.encoding import StandardiseSettings

# Of one file, and of the processor's time, so that a busy machine refuses no sound photo: few take 1 s.
MAX_CPU_S = 20
OUT_OF_MEMORY = 12  # exit status of a worker


class _Turn:
    """A lock among the workers, held while a large photo is decoded; a worker that dies lets go of it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def __enter__(self) -> None:
        fcntl.lockf(self._descriptor, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        fcntl.lockf(self._descriptor, fcntl.LOCK_UN)


def _host(control: socket.socket, turn: _Turn, settings: StandardiseSettings, accept: AcceptSettings) -> None:
    """Forks workers and says how they ended, until nobody is there to ask."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; who asked decides
    Image.preinit()
    workers: set[int] = set()
    while True:
        request, descriptors, *_ = socket.recv_fds(control, 4, 1)
        if not request:
            break
        if descriptors:
            pid = os.fork()
            if not pid:
                control.close()
                _work(socket.socket(fileno=descriptors[0]), turn, settings, accept)
            os.close(descriptors[0])
            workers.add(pid)
            answer = pid
        else:
            (pid,) = struct.unpack("!i", request)
            workers.remove(pid)
            answer = _ended(pid)
        control.sendall(struct.pack("!i", answer))
    for pid in workers:
        _ended(pid)


def _ended(pid: int) -> int:
    """Ends a worker where it has not; returns the signal that it ended by, negative, or its exit status."""
    os.kill(pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _work(
    connection: socket.socket, turn: _Turn, settings: StandardiseSettings, accept: AcceptSettings
) -> NoReturn:
    """Answers until the connection ends."""
    status = 1
    try:
        # C libraries write of damage, and of their own end, without the file's name; the row has it. Standard
        # output is the stage's, and what `predict --json` prints is read by programs.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for descriptor in (1, 2):
            os.dup2(nowhere, descriptor)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # no photo's pixels in a file that nobody looks for
        _limit_memory(standardising.most_bytes(accept))
        stream = connection.makefile("rb")
        while head := stream.read(4):
            (num_files,) = struct.unpack("!I", head)
            sizes = struct.unpack(f"!{num_files}Q", stream.read(8 * num_files))
            for data in [stream.read(size) for size in sizes]:
                signal.setitimer(signal.ITIMER_PROF, MAX_CPU_S)  # at its end SIGPROF, which ends the worker
                connection.sendall(_answer(data, turn, settings, accept))
        status = 0
    except MemoryError:
        status = OUT_OF_MEMORY
    finally:
        os._exit(status)


def _limit_memory(num_bytes: int) -> None:
    """Lets this process fill so much more memory than it does now; where the system can say and do it."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[5])
    except OSError:
        return  # macOS
    limit = pages * os.sysconf("SC_PAGE_SIZE") + num_bytes
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def _answer(data: bytes, turn: _Turn, settings: StandardiseSettings, accept: AcceptSettings) -> bytes:
    try:
        photo = standardising.standardise(data, settings, accept, turn=turn)
    except RejectedPhoto as rejection:
        return _packed({"rejected": str(rejection)})
    except MemoryError:
        raise
    except Exception:
        return _packed({"error": traceback.format_exc()})
    told = photo._asdict()
    pixels = [told.pop(name).tobytes() for name in ("image", "thumbnail")]
    return b"".join([_packed(told), *pixels])


def _packed(told: dict[str, Any]) -> bytes:
    text = json.dumps(told).encode()
    return struct.pack("!I", len(text)) + text


if __name__ == "__main__":
    _control, _turn = map(int, sys.argv[1:3])
    # Their models, which would judge them again, take longer to import than all else here.
    _settings, _accept = (SimpleNamespace(**json.loads(section)) for section in sys.argv[3:])
    _host(
        socket.socket(fileno=_control),
        _Turn(_turn),
        cast("StandardiseSettings", _settings),
        cast("AcceptSettings", _accept),
    )
