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
FOLDER = NETWORKS.replace(".", "/")
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
            todo += _imported(path, code_dir=code_dir)
    return sorted(found)


def family_text(family: str, *, code_dir: Path = CODE_DIR) -> str:
    """Returns a line per file that a network of this family is built by: its SHA-256 and its path.

    `sha256sum --check` reads it.
    """
    return "".join(
        f"{file_hash(path)}  {path.relative_to(code_dir).as_posix()}\n"
        for path in family_files(family, code_dir=code_dir)
    )


def _imported(path: Path, *, code_dir: Path) -> Iterator[str]:
    """Yields the dotted names below NETWORKS that a file imports: of modules, and of what is in them.

    Who imports the package itself may use any of its modules, so these are all.
    """
    package = path.relative_to(code_dir).parent.parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            # One dot is the file's own package, each further one the package around that.
            around = package[: len(package) + 1 - node.level] if node.level else ()
            module = ".".join([*around, *([node.module] if node.module else [])])
            names = [f"{module}.{alias.name}" for alias in node.names]
            if module != NETWORKS:  # from there single modules are imported, not the package
                names.append(module)
        else:
            continue
        for name in names:
            if name in (NETWORKS, f"{NETWORKS}.*"):
                yield from (f"{NETWORKS}.{each.stem}" for each in (code_dir / FOLDER).glob("*.py"))
            elif name.startswith(f"{NETWORKS}."):
                yield name
