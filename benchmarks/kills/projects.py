"""The small project: copied, made to forget a stage, and compared with what an undisturbed run has left."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from benchmarks.prove import runs
from tenshots.repository import unfinished
from tests.drawn.pipeline import Project

LOCK = "dvc.lock"
LEFT = ("data", "reports")  # where outputs lie
ASIDE = ".part"  # how a name ends under which a file is written before it is renamed
Files = dict[str, str]  # path and hash


def copy(project: Project, folder: Path) -> Project:
    """Copies a project to a new folder, without MLflow's store, which knows its own place."""
    ignore = shutil.ignore_patterns("mlruns")
    shutil.copytree(project.folder, folder, symlinks=True, ignore=ignore)
    return Project(folder)


def stages(project: Project) -> list[str]:
    """The stages that have run, as DVC names them."""
    return sorted(_lock(project))


def outputs(project: Project, stage: str) -> list[str]:
    """The paths of a stage's outputs."""
    return [out["path"] for out in _lock(project)[stage]["outs"]]


def forget(project: Project, stage: str) -> None:
    """Makes DVC run a stage again: removes its outputs, its entry in dvc.lock, and what was kept of runs."""
    for name in outputs(project, stage):
        path = project.folder / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    lock = YAML(typ="safe").load(project.folder / LOCK)
    del lock["stages"][stage]
    with (project.folder / LOCK).open("w", encoding="utf-8") as file:
        YAML().dump(lock, file)
    for kept in (Path("cache", "runs"), unfinished.FOLDER.relative_to(".dvc")):
        shutil.rmtree(project.folder / ".dvc" / kept, ignore_errors=True)


def files(project: Project) -> Files:
    """All files of `data` and `reports`, those that DVC and git do not know as well."""
    found = {}
    for path in sorted(path for name in LEFT for path in (project.folder / name).rglob("*")):
        if path.is_file():
            name = path.relative_to(project.folder).as_posix()
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def half_written(
    found: Mapping[str, str], expected: Mapping[str, str], folders: Collection[str]
) -> list[str]:
    """What lies under the name of an output, and is not that output, in the moment after a kill.

    Args:
        found: files of the project.
        expected: files as an undisturbed run leaves them.
        folders: outputs that are folders: all of their files are there, or none.
    """
    half = [name for name, digest in found.items() if digest != expected.get(name, digest)]
    for folder in folders:
        names = {name for name in expected if name.startswith(f"{folder}/")}
        if names & found.keys() and names - found.keys():
            half.append(f"{folder} lacks {min(names - found.keys())}")
    return half


def differences(project: Project, reference: Project, expected: Files) -> list[str]:
    """What is not as in the reference, a line each: an output, dvc.lock, or another file that git sees."""
    found = files(project)
    said = {
        name: "is missing" if name not in found else "is left over" if name not in expected else "differs"
        for name in sorted(found.keys() | expected.keys())
        if found.get(name) != expected.get(name)
    }
    if not (project.folder / LOCK).is_file():
        said[LOCK] = "is missing"
    elif runs.content(project.folder / LOCK) != runs.content(reference.folder / LOCK):
        said[LOCK] = "differs"
    changed = project.run("git", "status", "--porcelain", "--untracked-files=all").splitlines()
    # What was compared is known; and in dvc.lock the stages may have another order than in the commit.
    if others := [line for line in changed if line[3:] not in {LOCK, *expected}]:
        said["git status"] = f"names {others[0]}"
    return [f"{name} {what}" for name, what in said.items()]


def in_place(lines: Sequence[str], names: Collection[str]) -> list[str]:
    """Which outputs a stage has not renamed to their names, so that a kill may leave a part of one there.

    Args:
        lines: its events.
        names: of its outputs, files and folders.
    """
    renamed = {line.partition(" ")[2] for line in lines if line.startswith("rename ")}
    return [name for name in names if name not in renamed]


def _lock(project: Project) -> dict[str, Any]:
    found: dict[str, Any] = YAML(typ="safe").load(project.folder / LOCK)["stages"]
    return found
