"""What tells one experiment from another, and where it comes from."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tenshots.errors import DataError

LOCK = Path("dvc.lock")
SPLITS_PATH = Path("data/splits/splits.csv")
MANIFEST_PATH = Path("data/manifest.csv")
CODE_DIR = Path(__file__).parents[1]
# What tells no two experiments apart, since no variant's answers depend on it: sections of the settings, and
# code (tests/pipeline/test_deps.py compares it with what the stages up to `evaluate` import).
UNCOUNTED_SETTINGS = ("inspect", "report", "study", "visualise")
UNCOUNTED_CODE = (
    "stages/__init__.py",
    "stages/back.py",
    "stages/check.py",
    "stages/compare.py",
    "stages/describe.py",
    "stages/history.py",
    "stages/inspect.py",
    "stages/mend.py",
    "stages/predict.py",
    "stages/record.py",
    "stages/rehearse.py",
    "stages/style.py",
    "stages/study.py",
    "stages/ui.py",
    "stages/visualise.py",
    "tenshots/__init__.py",
    "tenshots/cards/",
    "tenshots/choice.py",
    "tenshots/claims.py",
    "tenshots/errors.py",
    "tenshots/experiments.py",
    "tenshots/features.py",
    "tenshots/figures.py",
    "tenshots/folder.py",
    "tenshots/history/",
    "tenshots/inspection.py",
    "tenshots/interpretation/",
    "tenshots/intervals.py",
    "tenshots/judging.py",
    "tenshots/liveness.py",
    "tenshots/mending.py",
    "tenshots/outliers.py",
    "tenshots/places.py",
    "tenshots/provenance.py",
    "tenshots/records.py",
    "tenshots/reference.py",
    "tenshots/registry.py",
    "tenshots/rehearsal.py",
    "tenshots/report/",
    "tenshots/runs.py",
    "tenshots/settings/__init__.py",
    "tenshots/settings/inspection.py",
    "tenshots/settings/whole.py",
    "tenshots/shortages.py",
    "tenshots/statistics.py",
    "tenshots/store.py",
    "tenshots/studies/",
    "tenshots/suspicion.py",
    "tenshots/tallies.py",
    "tenshots/tracking.py",
)


def main_repository() -> Path:
    """Returns the absolute path of the project's main checkout.

    DVC names it to every stage, also in the copies below .dvc/tmp that `--temp` and queued experiments run in
    and delete; without DVC it is the current directory, as stages are run from the project's top.
    """
    return Path(os.environ.get("DVC_ROOT") or Path.cwd()).resolve()


def experiment_key(settings: Mapping[str, Any], *, splits_path: Path, code_dir: Path) -> str:
    """Returns what tells one experiment from another: 64 hexadecimal digits.

    What cannot move a variant's answers does not count (UNCOUNTED_SETTINGS; the code of the page, of the
    pictures, of the studies, of MLflow and of the commands beside the stages): another page is no other
    experiment, and no other look at the test photos.

    Args:
        settings: all of params.yaml, as resolved for this run; the order of keys does not count.
        splits_path: its bytes count; a file that is absent counts as empty.
        code_dir: holds `stages` and `tenshots`, whose Python files count by path and bytes.
    """
    counted = {key: value for key, value in settings.items() if key not in UNCOUNTED_SETTINGS}
    digest = hashlib.sha256(json.dumps(counted, sort_keys=True, default=str).encode())
    digest.update(file_hash(splits_path).encode())
    for path in sorted([*code_dir.glob("stages/**/*.py"), *code_dir.glob("tenshots/**/*.py")]):
        name = path.relative_to(code_dir).as_posix()
        if not name.startswith(UNCOUNTED_CODE):
            digest.update(name.encode())
            digest.update(file_hash(path).encode())
    return digest.hexdigest()


def tags() -> dict[str, str]:
    """Returns where the current experiment comes from, as tags of a run; the unknown is left out.

    The revision, and whether code or settings differ from it; the hash of the manifest, which lists every
    photo by content; the name that DVC gave to the experiment, if it runs as one.
    """
    ours = ("stages", "tenshots", "params.yaml", "dvc.yaml")
    dirty = _git("status", "--porcelain", "--untracked-files=no", "--", *ours)
    known = {
        "mlflow.source.git.commit": os.environ.get("DVC_EXP_BASELINE_REV") or _git("rev-parse", "HEAD"),
        "tenshots.git_dirty": "" if dirty is None else str(bool(dirty)).lower(),
        "tenshots.data": file_hash(MANIFEST_PATH),
        "tenshots.dvc_experiment": os.environ.get("DVC_EXP_NAME"),
    }
    return {tag: value for tag, value in known.items() if value}


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


def check_unchanged(folder: Path) -> None:
    """Compares a folder, byte for byte, with the output of that name in dvc.lock.

    Raises:
        DataError: dvc.lock names none, or another.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        stages = YAML(typ="safe").load(LOCK)["stages"].values()
        named = {out["path"]: out["md5"] for stage in stages for out in stage.get("outs", ())}
    except (OSError, YAMLError, KeyError, TypeError, AttributeError):
        named = {}  # as for a folder that no stage has made
    known = named.get(folder.as_posix())
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


def folder_hash(folder: Path) -> str:
    """Returns the hash that DVC gives to a folder as an output: of the names and the MD5 of all its files."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    rows = [{"md5": hashlib.md5((folder / name).read_bytes()).hexdigest(), "relpath": name} for name in names]
    return f"{hashlib.md5(json.dumps(rows, sort_keys=True).encode()).hexdigest()}.dir"


def file_hash(path: Path) -> str:
    """Returns the sha256 of a file's bytes, 64 hexadecimal digits; empty where there is no such file."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def photos_hash(photo_ids: Iterable[str], labels: Iterable[str]) -> str:
    """Returns what tells one set of labelled photos from another: 64 hexadecimal digits.

    Photos count by content (a photo_id is a hash of the file) and by label; neither order nor repetition
    does, nor the fold in which a photo is tested: who chooses by the results has looked at the same photos.
    """
    rows = sorted(set(zip(photo_ids, labels, strict=True)))
    return hashlib.sha256(json.dumps(rows, ensure_ascii=False).encode()).hexdigest()


def _git(*arguments: str) -> str | None:
    """What git answers; None outside a checkout, without a commit or without git."""
    try:
        answer = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None
