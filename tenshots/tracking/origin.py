"""Where the current experiment comes from, as git and DVC know it."""

from __future__ import annotations

import os
import subprocess

from tenshots.files import file_hash
from tenshots.tables.corrections import CORRECTIONS
from tenshots.tables.paths import MANIFEST

DVC_NAME_VARIABLE = "DVC_EXP_NAME"  # DVC names its experiment to every stage
NAME_TAG = "tenshots.dvc_experiment"


def tags() -> dict[str, str]:
    """Returns where the current experiment comes from, as tags of a run; what is unknown is left out.

    The revision, and whether code or settings differ from it; the hash of the manifest, which lists every
    photo by content; the name that DVC gave to the experiment, if it runs as one.
    """
    ours = ("stages", "tenshots", "params.yaml", "dvc.yaml", str(CORRECTIONS))
    dirty = git("status", "--porcelain", "--untracked-files=no", "--", *ours)
    known = {
        "mlflow.source.git.commit": revision(),
        "tenshots.git_dirty": "" if dirty is None else str(bool(dirty)).lower(),
        "tenshots.data": file_hash(MANIFEST),
        NAME_TAG: os.environ.get(DVC_NAME_VARIABLE),
    }
    return {tag: value for tag, value in known.items() if value}


def revision() -> str | None:
    """Returns the commit that the folder's files come from; of DVC's experiments, what they began with."""
    return os.environ.get("DVC_EXP_BASELINE_REV") or git("rev-parse", "HEAD")


def git(*arguments: str) -> str | None:
    """Returns what git answers; None outside a checkout, without a commit or without git."""
    try:
        answer = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None
