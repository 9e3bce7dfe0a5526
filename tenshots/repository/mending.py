"""What a kill in the middle of DVC's writing leaves: half a dvc.lock, list of locks, run or pushed file.

DVC writes the first two in place, so that a kill leaves the beginning of the file, or nothing of it. DVC then
stops with an error, or without a word runs again what the lost lines said. In a remote it compares names
alone, so that a file which was begun counts as pushed for ever.
"""

# Longer than 300 lines: what a kill leaves in the project and in a remote share what tells whole from cut.

from __future__ import annotations

import errno
import hashlib
import json
import re
import shutil
import subprocess
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
from ruamel.yaml.error import YAMLError

from tenshots import params
from tenshots.errors import DataError
from tenshots.repository import listings, outputs, running
from tenshots.wording import counted

LOCK = Path("dvc.lock")
DVC_TMP = Path(".dvc/tmp")  # git ignores it
ASIDE = DVC_TMP / "dvc.lock.cut"
READERS_AND_WRITERS = DVC_TMP / "rwlock"
DVCS = re.compile(r"\.[\w-]{22}\.tmp")  # what DVC is writing. Source: tmp_fname of dvc_objects
SHARED_AGE_S = 600  # of what is surely not being written any more, in a cache that several projects share
NOT_WHOLE = "it is not whole"
RUN_OUT = {"path", "hash", "md5", "size", "nfiles", "isexec"}  # what DVC says of an output in its cache


def mend(top: Path) -> list[str]:
    """Mends what a kill left, unless a DVC works in the project; returns what was done, a sentence each.

    Args:
        top: of the project.

    Raises:
        DataError: as `restore_lock`, or DVC's own settings cannot be read.
    """
    if _dvc_runs(top):  # asked before anything is read: what is half-written may be whole in a moment
        return []
    mends = (restore_lock, remove_broken_rwlock, remove_unfinished_runs, remove_strays)
    return [done for done in (each(top) for each in mends) if done]


def restore_lock(top: Path) -> str:
    """Puts the last commit's dvc.lock in the place of one that was cut short; returns what was done, if so.

    The cut file is kept. Where no commit has one, DVC rebuilds it. That the commit does not have what ran
    since costs no training: DVC remembers each run besides, and takes its outputs from there.

    Args:
        top: of the project.

    Raises:
        DataError: it holds a merge that was not finished, which only a person can.
    """
    path = top / LOCK
    if not path.is_file():
        return ""
    content, committed = path.read_bytes(), _committed(top)
    if content == committed:
        return ""
    text = content.decode("utf-8", errors="replace")
    if "\n<<<<<<<" in f"\n{text}":
        raise DataError(
            f"{LOCK} holds two versions, as a merge left it; take one by `git checkout --ours {LOCK}` "
            "(or --theirs), then run this again"
        )
    before = _stages((committed or b"").decode()) or {}
    cause = cut(text, expected=before.keys() & _defined(top))
    if not cause:
        return ""
    (top / DVC_TMP).mkdir(parents=True, exist_ok=True)
    shutil.move(path, top / ASIDE)
    if committed is None:
        return f"{LOCK} was cut short ({cause}), and no commit has it: removed (it is now {ASIDE})"
    fresh = top / DVC_TMP / "dvc.lock.new"
    fresh.write_bytes(committed)
    fresh.replace(path)
    return f"{LOCK} was cut short ({cause}): restored from the last commit (the cut one is now {ASIDE})"


def cut(text: str, *, expected: Collection[str] = ()) -> str:
    """Returns why the text of a dvc.lock cannot be whole; empty where it can be.

    DVC ends the file with a new line, each of our stages has outputs, which stand last, and DVC never drops a
    stage. A file that was cut just after an output, in a stage that no commit has or in the last one, cannot
    be told from an honest one: DVC runs again what is missing there, and nothing is wrong.

    Args:
        text: of the file.
        expected: stages that the last commit has and dvc.yaml still names.
    """
    if not text.endswith("\n"):
        return "it ends in the middle of a line" if text else "it is empty"
    stages = _stages(text)
    if stages is None:
        return "DVC cannot read it"
    whole = {name for name, stage in stages.items() if _is_whole(stage)}
    lost = sorted({*stages, *expected} - whole)
    if not stages or lost:
        return f"it has lost {lost[0] if lost else 'all stages'}"
    return ""


def remove_broken_rwlock(top: Path) -> str:
    """Removes DVC's list of who reads and writes what if it is not JSON; says so, if so."""
    path = top / READERS_AND_WRITERS
    try:
        json.loads(path.read_bytes())
    except FileNotFoundError:
        return ""
    except ValueError:
        path.unlink(missing_ok=True)
        return f"{READERS_AND_WRITERS} was cut short: removed, because no DVC is running here"
    return ""


def remove_unfinished_runs(top: Path) -> str:
    """Removes what was begun and not finished in DVC's memory of runs; says so, if so.

    DVC 3.67 takes the newest file in a run's folder, also one that was only begun, and stops where there is
    none ("join() argument must be str, bytes, or os.PathLike object, not 'NoneType'").
    """
    runs = (outputs.cache_dir(top) / "runs").resolve()
    is_own = runs.is_relative_to(top.resolve())
    latest = time.time() - (0 if is_own else SHARED_AGE_S)  # others may be writing there
    num = 0
    for folder in runs.glob("*/*"):
        with suppress(OSError):  # another project shares the cache
            begun = list(folder.glob("*.tmp"))
            if (begun or not any(folder.iterdir())) and folder.stat().st_mtime <= latest:
                for path in begun:
                    path.unlink()
                if not any(folder.iterdir()):
                    folder.rmdir()
                num += 1
    return f"{counted(num, 'unfinished note')} of runs removed from DVC's cache" if num else ""


def remove_strays(top: Path) -> str:
    """Removes what was being written beside outputs and in them, and nowhere else; says so, if so."""
    path = top / LOCK
    texts = [(_committed(top) or b"").decode(), path.read_text(encoding="utf-8") if path.is_file() else ""]
    found: set[Path] = set()
    for stage in (stage for text in texts for stage in (_stages(text) or {}).values()):
        for out in (top / each["path"] for each in stage.get("outs", ())):
            ours = {f".{out.name}.part", f".{out.name}.former.part"}
            beside = out.parent.glob(".*")
            found |= {each for each in beside if each.name in ours or DVCS.fullmatch(each.name)}
            found |= {each for each in out.rglob(".*") if DVCS.fullmatch(each.name) or each.suffix == ".part"}
    for each in found:
        shutil.rmtree(each, ignore_errors=True) if each.is_dir() else each.unlink(missing_ok=True)
    return f"{counted(len(found), 'half-written file')} of a killed run removed" if found else ""


def _is_whole(stage: Mapping[str, Any]) -> bool:
    outs = stage.get("outs", [])
    return bool(outs) and all(
        {"md5", "size"} <= out.keys() and (not str(out["md5"]).endswith(".dir") or "nfiles" in out)
        for out in outs
    )


def _stages(text: str) -> dict[str, Any] | None:
    """The stages of a dvc.lock; None where DVC would refuse it."""
    from dvc.schema import COMPILED_LOCKFILE_SCHEMA
    from voluptuous import Invalid

    try:
        lock = COMPILED_LOCKFILE_SCHEMA(params.loaded(text))
    except DataError as error:
        raise DataError(f"{LOCK}: {error}; take the last commit's by `git checkout {LOCK}`") from None
    except (YAMLError, Invalid):
        return None
    stages: dict[str, Any] = lock.get("stages", {})
    return stages


def _defined(top: Path) -> set[str]:
    """The stages of dvc.yaml, as DVC names them."""
    variants = params.read(top / params.PATH).get("variants") or ()
    return {
        name
        for stage, body in params.read(top / "dvc.yaml")["stages"].items()
        for name in ([f"{stage}@{variant}" for variant in variants] if "foreach" in body else [stage])
    }


def mend_remote(folder: Path) -> tuple[int, dict[Path, str]]:
    """Removes from a folder that DVC pushes to what is not whole, so that a push brings it again.

    That is what has other bytes than its name, a hash, says: empty after a kill, cut or altered by a bad
    disk; lists of folders whose files are not all there; and what DVC calls .tmp while it writes. Also what
    nobody's DVC has made: DVC writes wherever a list says, `../../stages/check.py` too, and does not compare
    a list or a run with its name even with `verify: true`. Nobody may push meanwhile. Links, which DVC never
    makes there, are removed and not followed: what they lead to may be anybody's.

    Args:
        folder: of a remote.

    Returns:
        The number of whole files, and those that were removed, in order, each with the reason.

    Raises:
        DataError: it is no such folder, or one that DVC always makes in it is a link.
    """
    objects, runs = folder / "files" / "md5", folder / "runs"
    for path in (objects.parent, objects, runs):
        if path.is_symlink():
            raise DataError(
                f"{path} is a link, which DVC makes nowhere: nothing was removed, as it may lead to files of "
                "yours; ask who has put it there, remove it, and push again"
            )
    if not objects.is_dir():
        raise DataError(
            f"{folder} holds nothing that DVC has pushed, as there is no {objects}; give the folder of "
            "`dvc remote add`, as `dvc remote list` tells it, or push again if a push was cut off early"
        )
    removed = {
        path: reason
        for path in _files(runs)
        if (reason := _wrong_run(path) if _is_finished(path) and _md5(path) else NOT_WHOLE)
    }
    removed |= {
        path: NOT_WHOLE
        for path in _files(objects)
        if not (_is_finished(path) and _md5(path) == _promised(path))
    }
    # DVC asks about a folder as a whole: where its list is there, it takes the files in it for pushed.
    whole = [path for path in _files(objects) if path not in removed]
    there = {_promised(path) for path in whole}
    for path in whole:
        if path.suffix == ".dir" and (reason := _wrong_list(path.read_bytes(), there)):
            removed[path] = reason
    for path in removed:
        path.unlink()
    return len([*_files(objects), *_files(runs)]), dict(sorted(removed.items()))


def _wrong_list(content: bytes, there: set[str]) -> str:
    """Why a list of a folder's files cannot be used, where `there` are the hashes that exist; or empty."""
    try:
        listed = listings.parsed(content)
    except DataError as error:
        return str(error)
    for name in sorted(listed):
        if listings.leads_outside(name):
            return f"it would write outside its folder, at {name!r}: ask who has pushed it"
    return "" if set(listed.values()) <= there else NOT_WHOLE


def _wrong_run(path: Path) -> str:
    """Why a run cannot be used, or empty: its name and its folder's name are hashes of it.

    The folder's name covers the paths of the outputs, which must be named by MD5: DVC reads other kinds of
    hashes from other places, and a list of files from the entry itself.
    """
    from dvc.schema import COMPILED_LOCK_FILE_STAGE_SCHEMA
    from dvc.utils import dict_sha256
    from voluptuous import Invalid

    if path.stat().st_size > params.MAX_BYTES:
        return "it is larger than a run that DVC writes"
    try:
        run = COMPILED_LOCK_FILE_STAGE_SCHEMA(params.loaded(path.read_text(encoding="utf-8")))
        outs = run["outs"]
        asked = {**run, "outs": [out["path"] for out in outs]}
        hashes = [dict_sha256(each, exclude=["size", "nfiles"]) for each in (asked, run)]
    except DataError as error:
        return f"{error}: ask who has pushed it"
    except (YAMLError, Invalid, ValueError, TypeError, KeyError, RecursionError):
        return NOT_WHOLE
    plain = all(out.get("hash") == "md5" and out.keys() <= RUN_OUT for out in outs)
    return "" if plain and hashes == [path.parent.name, path.name] else NOT_WHOLE


def _files(folder: Path) -> list[Path]:
    """All files below a folder, and links, which DVC would follow to folders that are not looked at here."""
    return sorted(path for path in folder.rglob("*") if path.is_file() or path.is_symlink())


def _is_finished(path: Path) -> bool:
    return path.suffix != ".tmp" and not path.is_symlink()  # DVC makes no link in a remote


def _md5(path: Path) -> str:
    """The MD5 of a file; empty where the stick is broken there."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "md5").hexdigest()
    except OSError as error:
        if error.errno != errno.EIO:
            raise
        return ""


def _promised(path: Path) -> str:
    """The MD5 that an object's place says that it has."""
    return path.parent.name + path.name.removesuffix(".dir")


def _committed(top: Path) -> bytes | None:
    command = ["git", "show", f"HEAD:./{LOCK}"]
    answer = subprocess.run(command, cwd=top, capture_output=True, check=False)
    return None if answer.returncode else answer.stdout


def _dvc_runs(top: Path) -> bool:
    """Whether a DVC works in the project, there or below."""
    for process in psutil.process_iter(["cmdline", "cwd"]):
        works_here = Path(process.info["cwd"] or "/").is_relative_to(top.resolve())
        if works_here and running.is_dvc(process.info["cmdline"] or []):
            return True
    return False
