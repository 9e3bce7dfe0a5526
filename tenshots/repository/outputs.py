"""The stages' outputs as DVC knows them: which are out of date, not in its cache, or changed since."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

from tenshots import params
from tenshots.errors import DataError

LOCK = Path("dvc.lock")


def stale_stages() -> set[str]:
    """Returns the stages whose outputs are missing or do not belong to the current files and settings.

    Raises:
        DataError: DVC cannot tell, as outside a repository or with a broken dvc.yaml.
    """
    command = [sys.executable, "-m", "dvc", "status", "--json"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode:
        problem = " ".join(answer.stderr.split()) or "no message"
        raise DataError(f"`dvc status` must tell which outputs are up to date, but failed: {problem}")
    return set(json.loads(answer.stdout))


def uncached_outputs() -> list[str]:
    """Returns the outputs that dvc.lock names and DVC's cache lacks, wholly or in part, as paths in order.

    Raises:
        DataError: DVC cannot tell, as outside a repository or with a broken dvc.yaml.
    """
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    try:
        with Repo() as repo:
            outs = [
                out for stage in repo.index.stages if stage.path_in_repo == "dvc.yaml" for out in stage.outs
            ]
            # Without a hash it is of a stage that has not run.
            return sorted(str(out) for out in outs if out.use_cache and out.hash_info and out.changed_cache())
    except DvcException as error:
        raise DataError(f"DVC cannot tell which outputs its cache has: {error}") from None


def cache_dir(top: Path) -> Path:
    """Returns where DVC keeps the outputs of the project `top`, by its settings.

    Raises:
        DataError: DVC cannot read its settings.
    """
    from dvc.config import Config, ConfigError  # half a second

    try:
        configured = Config(str(top / ".dvc")).get("cache", {}).get("dir")
    except ConfigError as error:
        raise DataError(f"DVC cannot read its settings: {error}; mend `.dvc/config` by hand") from None
    return Path(configured) if configured else top / ".dvc" / "cache"


def check_unchanged(folder: Path) -> None:
    """Compares a folder, byte for byte, with the output of that name in dvc.lock.

    Raises:
        DataError: dvc.lock names none, or another.
    """
    known = recorded(LOCK).get(folder.as_posix())
    if known is None:
        raise DataError(
            f"{folder} is not in {LOCK}, so nothing tells whether it is what training left; run `dvc repro`"
        )
    found = folder_hash(folder)
    if found != known:
        raise DataError(
            f"{folder} must have the hash {known} of {LOCK}, found {found}; run `dvc checkout {folder}`, "
            "or `dvc repro`"
        )


def recorded(lock: Path) -> dict[str, str]:
    """Returns the hash of each output that a dvc.lock names, by its path; none if it cannot be read."""
    from ruamel.yaml.error import YAMLError

    try:
        stages = params.loaded(lock.read_text(encoding="utf-8"))["stages"].values()
        return {out["path"]: out["md5"] for stage in stages for out in stage.get("outs", ())}
    except (OSError, ValueError, YAMLError, DataError, KeyError, TypeError, AttributeError):
        return {}


def recorded_settings(lock: Path, stage: str) -> dict[str, Any] | None:
    """Returns what a dvc.lock says that params.yaml held when a stage last ran; None if it does not say.

    Args:
        lock: its path.
        stage: one that depends on all of params.yaml, as `check`.
    """
    found = of_stage(lock.read_text(encoding="utf-8"), stage) if lock.is_file() else {}
    settings: dict[str, Any] | None = found.get("params", {}).get(params.PATH.name)
    return settings


def of_stage(lock: str, stage: str) -> dict[str, Any]:
    """Returns what the text of a dvc.lock, as DVC writes it, says of a stage; nothing where it has none."""
    # Its lines alone: to parse the whole text takes seconds.
    entry = re.search(rf"^  {re.escape(stage)}:\n(?:   .*(?:\n|\Z))+", lock, re.MULTILINE)
    found: dict[str, Any] = params.loaded(entry[0])[stage] if entry else {}
    return found


def folder_hash(folder: Path, *, without: Collection[str] = ()) -> str:
    """Returns the hash that DVC gives to a folder as an output: of the names and the MD5 of all its files.

    Args:
        folder: with the files.
        without: names of files that do not count, relative to the folder.
    """
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    names = sorted(found.difference(without))
    rows = [{"md5": hashlib.md5((folder / name).read_bytes()).hexdigest(), "relpath": name} for name in names]
    return f"{hashlib.md5(json.dumps(rows, sort_keys=True).encode()).hexdigest()}.dir"
