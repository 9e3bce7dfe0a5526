"""Whether the code that a stage runs is the code that `check` has listed, to which DVC credits outputs."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tenshots.errors import DataError
from tenshots.files import file_hash
from tenshots.repository.code import CODE_DIR
from tenshots.tables.paths import CODE, NETWORKS


@contextmanager
def watched(addressed: str, values: Mapping[str, Any], *, code_dir: Path = CODE_DIR) -> Iterator[None]:
    """Raises where a listed file was edited since: DVC would take what comes of it for the listed code's.

    An edit of what a process has imported changes nothing that it computes. So files are compared before the
    block, and after it those that the block has imported.

    Args:
        addressed: the stage, as DVC names it: `split`, `train@baseline`; empty if DVC does not run it.
        values: all of params.yaml; empty where nothing is to be compared.
        code_dir: holds `stages` and `tenshots`.

    Raises:
        DataError: a file was edited.
    """
    if not addressed or not values:
        yield
        return
    _compare(addressed, values, (), code_dir=code_dir)
    before = set(sys.modules)
    yield
    _compare(addressed, values, before, code_dir=code_dir)


def _compare(addressed: str, values: Mapping[str, Any], before: Collection[str], *, code_dir: Path) -> None:
    """Compares listed files; those of `before` do not count, nor, if it names any, what is not imported."""
    for path in _lists(addressed.rpartition(":")[2], values):
        for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
            digest, _, name = line.partition("  ")
            module = name.removesuffix(".py").replace("/", ".")
            if before and (module in before or module not in sys.modules):
                continue
            if file_hash(code_dir / name) != digest:
                raise DataError(
                    f"{name} was edited after `dvc repro` began, so DVC would take what comes of it for the "
                    "former code's; run `dvc repro` again"
                )


def _lists(addressed: str, values: Mapping[str, Any]) -> Iterator[Path]:
    """The files that list the code of a stage: its own, and those of the networks that it depends on."""
    stage, _, item = addressed.partition("@")
    yield CODE / f"{stage}.txt"
    if stage in ("rehearse", "visualise"):
        networks = list(values["networks"])
    elif stage == "inspect":
        networks = [values["inspect"]["network"]]
    elif stage in ("features", "features_of_copies"):
        networks = [item]
    else:
        networks = [values["variants"][item]["network"]] if item else []
    yield from (NETWORKS / f"{name}.txt" for name in networks)
