"""What lies in the photos' folder that DVC cannot or must not read: it comes first, and hangs or says little.

Only names and kinds are looked at, nothing is read: about 100,000 files per second.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from tenshots.errors import DataError
from tenshots.intake import layout

MAX_LOOKED_AT = 200_000  # files and folders; a class has some thousands
NUM_SHOWN = 5
# How a link fails that leads to nothing, or in a circle.
_ASTRAY = {
    errno.ENOENT: "leads nowhere",
    errno.ENOTDIR: "leads nowhere",
    errno.ELOOP: "leads back to itself",
}

# What may lie in a folder and is not a file; opening a pipe waits for a writer, for ever.
_KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def check(photos: str, project_dir: Path, *, may_be_absent: bool) -> None:
    """Looks through the photos' folder as DVC will: links to folders are not followed.

    In place of a link to a file `dvc add` puts a copy, which a push then sends. A link that leaves the
    folder, as an archive of somebody else's may hold it, could name any file of this machine. A link to a
    folder it leaves out, so that another clone would read other photos.

    Args:
        photos: the setting.
        project_dir: what a relative path starts from.
        may_be_absent: True where DVC will fetch the folder, or say that it cannot.

    Raises:
        SettingsError: a relative path leaves the project.
        DataError: there is no such folder, or it holds what DVC cannot or must not read; names the first few.
    """
    if not layout.exists(photos, project_dir) and (may_be_absent or _is_tracked(project_dir / photos)):
        return
    top = layout.photos_dir(photos, project_dir)
    found = list(_problems(top))
    if found:
        shown = "\n".join(found[:NUM_SHOWN])
        more = f"\nand {len(found) - NUM_SHOWN} more" if len(found) > NUM_SHOWN else ""
        raise DataError(f"the photos folder {photos} holds what cannot or must not be read:\n{shown}{more}")


def _is_tracked(folder: Path) -> bool:
    # Path.is_file raises where the name has become too long.
    return any(os.path.isfile(f"{path}.dvc") for path in (folder, *folder.parents))  # noqa: PTH113


def _problems(top: Path) -> Iterator[str]:
    for path, wrong in islice(_walk(top), MAX_LOOKED_AT):
        if wrong:
            yield f"{os.path.relpath(path, top)!r} {wrong}"


def _walk(top: Path) -> Iterator[tuple[str, str]]:
    """Yields each path, sorted within its folder, with what is wrong with it, or an empty text."""
    todo, real_top = [os.fspath(top)], top.resolve()
    while todo:
        folder = todo.pop()
        try:
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            yield folder, f"is a folder that cannot be opened ({error.strerror}); allow it with chmod u+rx"
            continue
        for entry in entries:
            yield entry.path, _wrong(entry, real_top)
            if entry.is_dir(follow_symlinks=False):
                todo.append(entry.path)


def _wrong(entry: os.DirEntry[str], real_top: Path) -> str:
    try:
        entry.name.encode()
    except UnicodeEncodeError:
        return "has a name that is not UTF-8 text; rename it"
    try:
        mode = entry.stat().st_mode
    except OSError as error:
        if entry.is_symlink():
            target = layout.link_text(Path(entry.path))
            wrong = _ASTRAY.get(error.errno or 0, f"cannot be followed ({error.strerror})")
            return f"is a link{f' to {target!r}' * bool(target)}, which {wrong}; remove it"
        return f"cannot be looked at ({error.strerror}); remove it, or allow its folder with chmod u+rx"
    if stat.S_ISDIR(mode):
        if entry.is_symlink():
            return "is a link to a folder, which DVC leaves out; put the folder there, or remove the link"
        return ""
    if not stat.S_ISREG(mode):
        return f"is {_KINDS.get(stat.S_IFMT(mode), 'not a regular file')} and not a file; remove it"
    if entry.is_symlink() and not Path(entry.path).resolve().is_relative_to(real_top):
        target = layout.link_text(Path(entry.path))
        return (
            f"is a link{f' to {target!r}' * bool(target)}, which leaves the folder: `dvc add` would put the "
            "file itself there, and a push would send it; remove the link"
        )
    return (
        ""
        if os.access(entry.path, os.R_OK)
        else "cannot be read (Permission denied); allow it with chmod u+r"
    )
