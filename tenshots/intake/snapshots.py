"""Whether the photos folder stayed as it was while it was read, as DVC hashes it before and afterwards."""

from __future__ import annotations

from pathlib import Path

from tenshots.errors import DataError
from tenshots.intake import layout
from tenshots.wording import counted, some

# What tells whether a file was replaced: inode, bytes, and time in ns; None where nothing is there.
State = tuple[int, int, int] | None


def snapshot(folder: Path) -> dict[str, State]:
    """Returns the state of each file below a folder, by path; of a link that of what it leads to."""
    return {file.path: _state(file.file) for file in layout.scan(folder)[0]}


def check_unchanged(folder: Path, before: dict[str, State]) -> None:
    """Raises a DataError that names the files which are not as `snapshot` saw them, new ones included."""
    after = snapshot(folder)
    changed = [path for path in sorted({*before, *after}) if before.get(path, ()) != after.get(path, ())]
    if changed:
        raise DataError(
            f"{counted(len(changed), 'file')} changed in the photos folder {folder} while it was read: "
            f"{', '.join(some(changed))}; run again when nothing writes there"
        )


def _state(file: Path) -> State:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
