"""How the project's own database keeps what is being written: ahead, in a file beside it, where that is safe.

In write-ahead mode (WAL) a reader, such as MLflow's pages, neither waits for a writer nor holds one up. All
processes share memory for it, so they must be on one machine: SQLite forbids it on network file systems
(sqlite.org/wal.html). The mode stands in the file, so every program that opens it keeps to it.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import psutil

# Of which it is known that all who open a file on them are on this machine. A container's own is an overlay.
LOCAL = {"ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "tmpfs", "overlay", "apfs", "hfs"}
# Another process may use the database in the old mode: then the next one that opens it tries again.
WAIT_S = 1


def keep_in_mode(path: Path) -> None:
    """Puts the database `path` into write-ahead mode on a local disk, and out of it elsewhere.

    Where that is impossible, as while another process holds the file, nothing changes: the mode moves no
    content.
    """
    wanted = "wal" if file_system(path) in LOCAL else "delete"
    with suppress(sqlite3.Error), closing(sqlite3.connect(path, timeout=WAIT_S)) as connection:
        (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
        if (mode == "wal") != (wanted == "wal"):
            connection.execute(f"PRAGMA journal_mode={wanted}")


def settle(path: Path) -> None:
    """Brings into the database `path` what stands beside it, so that a copy of this file alone is complete.

    As far as no one else is at work there: what is left then stays where it is, and is as safe.
    """
    with suppress(sqlite3.Error), closing(sqlite3.connect(path, timeout=WAIT_S)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def file_system(path: Path) -> str:
    """Returns the kind of file system that `path` lies on, as the system calls it; empty where unknown."""
    place = path.resolve()
    try:
        mounted = psutil.disk_partitions(all=True)
    except OSError:  # as where a container hides what is mounted
        return ""
    # Of several the innermost, and of two on one folder the later, which hides the former.
    found = [
        (len(each.mountpoint), number, each.fstype)
        for number, each in enumerate(mounted)
        if place.is_relative_to(each.mountpoint)
    ]
    return str(max(found)[2]) if found else ""
