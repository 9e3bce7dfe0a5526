"""What tells one experiment from another, and where it comes from."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tenshots.files import file_hash
from tenshots.tables.paths import MANIFEST

CODE_DIR = Path(__file__).parents[2]
# Sections of the settings that no variant's answers depend on.
UNCOUNTED_SETTINGS = ("inspect", "report", "study", "visualise")
# Code that answers depend on (tests/pipeline/test_deps.py compares it with what these stages import).
COUNTED_CODE = (
    *(f"stages/{stage}.py" for stage in ("ingest", "split", "augment", "train", "evaluate")),
    *(
        f"tenshots/{each}.py"
        for each in ("files", "lettering", "params", "portable", "runtime", "seeds", "wording")
    ),
    *(
        f"tenshots/{each}"
        for each in ("augmentation", "evaluation", "intake", "networks", "splitting", "tables", "training")
    ),
)


def main_repository() -> Path:
    """Returns the absolute path of the project's main checkout.

    DVC names it to every stage, also in the copies below .dvc/tmp that `--temp` and queued experiments run in
    and delete; without DVC it is the current directory, as stages are run from the project's top.
    """
    return Path(os.environ.get("DVC_ROOT") or Path.cwd()).resolve()


def experiment_key(settings: Mapping[str, Any], *, splits_path: Path, code_dir: Path) -> str:
    """Returns what tells one experiment from another: 64 hexadecimal digits.

    What cannot move a variant's answers does not count (UNCOUNTED_SETTINGS; all code but COUNTED_CODE):
    another page is no other experiment, and no other look at the test photos.

    Args:
        settings: all of params.yaml, as resolved for this run; the order of keys does not count.
        splits_path: its bytes count; a file that is absent counts as empty.
        code_dir: holds `stages` and `tenshots`, whose Python files count by path and bytes.
    """
    counted = {key: value for key, value in settings.items() if key not in UNCOUNTED_SETTINGS}
    digest = hashlib.sha256(json.dumps(counted, sort_keys=True, default=str).encode())
    digest.update(file_hash(splits_path).encode())
    for top in COUNTED_CODE:
        for path in sorted((code_dir / top).rglob("*.py")) or [code_dir / top]:
            digest.update(path.relative_to(code_dir).as_posix().encode())
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
        "tenshots.data": file_hash(MANIFEST),
        "tenshots.dvc_experiment": os.environ.get("DVC_EXP_NAME"),
    }
    return {tag: value for tag, value in known.items() if value}


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
