"""What a stage lacks while it works: disk, memory or rights, in one sentence with the remedy."""

from __future__ import annotations

import errno
import re

AGAIN = "then run the same command again; finished stages are kept"
DISK = "free some space (`dvc gc --workspace` removes what DVC keeps of past experiments)"
SENTENCES = {
    errno.ENOSPC: ("the disk is full", DISK),
    errno.EDQUOT: ("your share of the disk is used up", DISK),
    errno.EFBIG: (
        "the disk, or this shell's limit, does not allow a file this large",
        "copy the project to another disk or raise the limit (`ulimit -f`)",
    ),
    errno.EACCES: (
        "you may not read or write a file or its folder",
        "give yourself the right (`chmod u+rwX` on both)",
    ),
    errno.EROFS: ("the disk is read-only", "mount it for writing, or copy the project to another one"),
    errno.ENOMEM: (
        "there is not enough memory",
        "close other programs, lower batch_size or standardise.size_px in params.yaml, or train one at a "
        "time (`TENSHOTS_WORKERS=1 dvc repro`)",
    ),
    errno.EIO: ("the disk could not be read or written", "check that it works and is not full"),
}
# What SQLite, HDF5, TensorFlow, JAX and Python's tempfile say, because their errors have no number.
MESSAGES = (
    (re.compile(r"database or disk is full"), errno.ENOSPC),
    (re.compile(r"No space left on device"), errno.ENOSPC),
    (re.compile(r"No usable temporary directory"), errno.ENOSPC),
    (re.compile(r"OOM when allocating|RESOURCE_EXHAUSTED|failed to allocate memory"), errno.ENOMEM),
    (re.compile(r"disk I/O error"), errno.EIO),
)


def sentence(error: BaseException) -> str | None:
    """Returns what `reason` says, and that the command can be run again; None for any other error."""
    said = reason(error)
    return said and f"{said}, {AGAIN}"


def reason(error: BaseException) -> str | None:
    """Returns what ran short, the file if it is known, and what to do; None for any other error.

    A library's own error counts if it was raised from an error of this kind, or while handling one.
    """
    seen: BaseException | None = error
    while seen is not None:
        number = _number(seen)
        if number is not None:
            what, remedy = SENTENCES[number]
            name = _file(seen)
            return f"{what}{f', at {name}' if name else ''}: {remedy}"
        seen = seen.__cause__ or seen.__context__
    return None


def _number(error: BaseException) -> int | None:
    if isinstance(error, MemoryError):
        return errno.ENOMEM
    if isinstance(error, OSError) and error.errno in SENTENCES:
        return error.errno
    return next((number for pattern, number in MESSAGES if pattern.search(str(error))), None)


def _file(error: BaseException) -> str:
    if not isinstance(error, OSError):
        return ""
    return str(error.filename2 or error.filename or "")
