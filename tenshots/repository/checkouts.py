"""Which checkout a process works in: the project's own, or a copy that DVC makes for an experiment."""

from __future__ import annotations

import os
from pathlib import Path

TEMPORARY = (".dvc", "tmp", "exps")  # below it DVC runs temporary and queued experiments


def main_repository() -> Path:
    """Returns the absolute path of the project's main checkout.

    DVC names it to every stage, including those of temporary and queued experiments, which run in copies that
    DVC deletes. Without DVC it is the current directory, because stages are run from the project's top; in
    such a copy, it is the project that was copied.
    """
    top = Path(os.environ.get("DVC_ROOT") or Path.cwd()).resolve()
    for folder in top.parents:
        if folder.parts[-len(TEMPORARY) :] == TEMPORARY:
            return folder.parents[len(TEMPORARY) - 1]
    return top
