"""Which code a network is built by, as far as its imports say; `check` writes it down for DVC to compare.

DVC gives every variant of a stage the same dependencies, so dvc.yaml cannot name the file of a variant's
family.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tenshots.files import file_hash

CODE_DIR = Path(__file__).parents[2]
NETWORKS = "tenshots.networks"
BUILDING = f"{NETWORKS}.building"  # what builds the networks of all families


def family_files(family: str, *, code_dir: Path = CODE_DIR) -> list[Path]:
    """Returns the files of `tenshots/networks` that a network of this family is built by, sorted.

    These are the family's own file, `building.py`, and what they import, wherever in them. What they import
    of other packages concerns all families, so the stages depend on it themselves.

    Args:
        family: as in params.yaml.
        code_dir: holds `tenshots`.
    """
    found: set[Path] = set()
    todo = [BUILDING, f"{NETWORKS}.families.{family}"]
    while todo:
        path = code_dir / f"{todo.pop().replace('.', '/')}.py"
        if path not in found and path.is_file():
            found.add(path)
            todo += _imported(path)
    return sorted(found)


def family_text(family: str, *, code_dir: Path = CODE_DIR) -> str:
    """Returns a line per file that a network of this family is built by: its SHA-256 and its path.

    `sha256sum --check` reads it.
    """
    return "".join(
        f"{file_hash(path)}  {path.relative_to(code_dir).as_posix()}\n"
        for path in family_files(family, code_dir=code_dir)
    )


def _imported(path: Path) -> Iterator[str]:
    """Yields the dotted names below NETWORKS that a file imports: of modules, and of what is in them."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        yield from (name for name in names if name.startswith(f"{NETWORKS}."))
