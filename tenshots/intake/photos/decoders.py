"""Photos are decoded in processes that may die: a file that crashes, hangs or fills one costs its own row.

A host, `python -m intake.photos.decoding`, imports what decodes once and forks a worker for each thread that
asks. It computes nothing and has one thread, so nothing is locked when it forks; the process that asks may
have TensorFlow's threads. None outlives the one that asked: its end closes their sockets.

Between the processes go numbers, JSON and raw bytes alone, of lengths that the receiver bounds. Nothing is
unpickled, and what a worker hands over of a photo are its pixels: the file that is kept is written by us.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, NamedTuple, Self, get_type_hints

import numpy as np

from tenshots.errors import DataError, RejectedPhoto
from tenshots.intake.photos import decoding
from tenshots.intake.photos.standardising import THUMBNAIL_PX, StandardPhoto
from tenshots.intake.settings import AcceptSettings
from tenshots.tables.encoding import StandardiseSettings

# For decoders that sleep for ever. Far above, as a large photo waits for others, and a machine may be busy.
MAX_WALL_S = 600
CRASHED = "decoder crashed; save the photo again, as JPEG"
TOO_LONG = f"took longer than {decoding.MAX_CPU_S} s to decode; save the photo again, as JPEG"
TOO_MUCH = "took more memory to decode than its header says; save the photo again, as JPEG"
FOR_LACK = {CRASHED, TOO_LONG, TOO_MUCH}  # of time or memory, maybe: another time there may be enough
MAX_TOLD_BYTES = 1_000_000  # of JSON; names, numbers and notes take some hundred
# The host, which has no use for threads, must have none of NumPy's.
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
TOP = Path(__file__).resolve().parents[3]

# What reading an answer raises where the worker has ended, or is no longer ours and answers nonsense.
LOST = (OSError, EOFError, ValueError, TypeError, KeyError, RecursionError)
Answer = StandardPhoto | RejectedPhoto
# What is told of a photo, but for its pixels.
_KINDS = {name: kind for name, kind in get_type_hints(StandardPhoto).items() if kind in (str, int, float)}


class _Worker(NamedTuple):
    pid: int
    connection: socket.socket
    stream: BinaryIO  # what comes from it

    def close(self) -> None:
        self.stream.close()
        self.connection.close()


class Decoders:
    """Worker processes, one for each thread that asks at a time; to be closed, as by `with`."""

    def __init__(self, settings: StandardiseSettings, accept: AcceptSettings) -> None:
        """Starts the host; it is ready some tenths of a second later.

        Args:
            settings: see `photos.standardise`.
            accept: likewise.
        """
        self._size_px = settings.size_px
        self._lock = threading.Lock()  # one thread at a time asks the host
        self._idle: queue.SimpleQueue[_Worker] = queue.SimpleQueue()
        self._control, theirs = socket.socketpair()
        with theirs, tempfile.TemporaryFile() as turn:
            given = (settings.model_dump_json(), accept.model_dump_json())
            inherited = (theirs.fileno(), turn.fileno())
            self._host = subprocess.Popen(
                [sys.executable, "-P", "-m", decoding.__name__, *map(str, inherited), *given],
                stdin=subprocess.DEVNULL,
                pass_fds=inherited,
                env={**os.environ, **ONE_THREAD, "PYTHONPATH": _search_path()},
            )

    def __enter__(self) -> Self:
        """Returns itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends all processes, whatever they do; a thread that waits for one gets an error."""
        with contextlib.suppress(OSError):  # where the host was ended
            self._control.shutdown(socket.SHUT_RDWR)
        self._host.wait()
        self._control.close()
        while not self._idle.empty():
            self._idle.get().close()

    def standardise(self, files: Sequence[bytes]) -> list[Answer]:
        """Returns for each file the standard photo, or why there is none; see `photos.standardise`.

        A file at which a worker ends is tried once more, alone, in a new one: the fault may lie with a file
        before it, or with who ended the worker. Not so where it has used up its own time, which is long and
        begins with it. Many threads may ask at once.

        Raises:
            DataError: the host was ended.
            RuntimeError: a mistake in our code, with the worker's traceback.
        """
        answers, why, is_sure = self._ask(files)
        while why:
            alone: list[Answer] = []
            if not is_sure:
                alone, why, _ = self._ask([files[len(answers)]], fresh=True)
            answers += alone or [RejectedPhoto(why)]
            others, why, is_sure = self._ask(files[len(answers) :])
            answers += others
        return answers

    def photo(self, data: bytes) -> StandardPhoto:
        """Returns the standard photo of one file.

        Raises:
            RejectedPhoto: there is none; and what `standardise` raises.
        """
        (answer,) = self.standardise([data])
        if isinstance(answer, RejectedPhoto):
            raise answer
        return answer

    def _ask(self, files: Sequence[bytes], *, fresh: bool = False) -> tuple[list[Answer], str, bool]:
        """Returns the answers; why there are fewer than files, if so; whether the next is surely to blame."""
        answers: list[Answer] = []
        if not files:
            return answers, "", False
        worker = self._new() if fresh else self._waiting()
        why = CRASHED
        try:
            _send(worker.connection, files)
            for _ in files:
                answers.append(_received(worker.stream, self._size_px))
        except TimeoutError:
            why = TOO_LONG
        except LOST:
            pass
        else:
            self._idle.put(worker)
            return answers, "", False
        status = self._told(struct.pack("!i", worker.pid))
        worker.close()
        why = {-signal.SIGPROF: TOO_LONG, decoding.OUT_OF_MEMORY: TOO_MUCH}.get(status, why)
        return answers, why, status == -signal.SIGPROF

    def _waiting(self) -> _Worker:
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            return self._new()

    def _new(self) -> _Worker:
        ours, theirs = socket.socketpair()
        ours.settimeout(MAX_WALL_S)
        with theirs:
            return _Worker(self._told(b"fork", theirs.fileno()), ours, ours.makefile("rb"))

    def _told(self, request: bytes, *descriptors: int) -> int:
        """Returns the number with which the host answers: a new worker's, or with which status one ended."""
        with self._lock:
            try:
                socket.send_fds(self._control, [request], descriptors)
                return int(struct.unpack("!i", self._control.recv(4, socket.MSG_WAITALL))[0])
            except (OSError, struct.error):
                raise DataError(
                    "the process that decodes photos ended unexpectedly; run the same command again"
                ) from None


def _search_path() -> str:
    return os.pathsep.join(filter(None, (str(TOP), os.environ.get("PYTHONPATH"))))


def _send(connection: socket.socket, files: Sequence[bytes]) -> None:
    connection.sendall(struct.pack(f"!I{len(files)}Q", len(files), *map(len, files)))
    for data in files:
        connection.sendall(data)


def _received(stream: BinaryIO, size_px: int) -> Answer:
    """Returns a worker's answer; raises where it is none, whatever comes."""
    (length,) = struct.unpack("!I", _exactly(stream, 4))
    if length > MAX_TOLD_BYTES:
        raise ValueError("an answer too long")
    told = json.loads(_exactly(stream, length))
    if not isinstance(told, dict):
        raise TypeError("an answer of another kind")
    for value in told.values():
        str(value).encode()  # which half a character fails
    if "error" in told:
        raise RuntimeError(f"a bug in the code that decodes photos:\n{told['error']}")
    if "rejected" in told:
        return RejectedPhoto(str(told["rejected"]))
    known: dict[str, Any] = {name: told[name] for name, kind in _KINDS.items() if type(told[name]) is kind}
    image, thumbnail = (_pixels(stream, side) for side in (size_px, THUMBNAIL_PX))
    return StandardPhoto(image, thumbnail, **known)  # what is of another kind is missing here


def _pixels(stream: BinaryIO, side: int) -> np.ndarray:
    return np.frombuffer(_exactly(stream, side * side * 3), dtype=np.uint8).reshape(side, side, 3)


def _exactly(stream: BinaryIO, num_bytes: int) -> bytes:
    data = stream.read(num_bytes)
    if len(data) < num_bytes:
        raise EOFError
    return data
