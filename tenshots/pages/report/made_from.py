"""What the page was made from: hashes of the photos, the settings and the code, and versions of packages.

All of it is the same whenever one commit is rebuilt; times, machines and runs are in MLflow.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tenshots.tables.paths import MANIFEST

CODE_DIR = Path(__file__).parents[3]
# What moves a result or a pixel of the page; the complete list is requirements.txt.
PACKAGES = ["dvc", "keras", "numpy", "pandas", "pillow", "pyarrow", "scikit-learn", "scipy", "tensorflow"]
LAST = "compare"  # the stage that makes the page: what comes after it cannot move it
OURS = ("stages/", "tenshots/")


def hashes(manifest: bytes, values: Mapping[str, Any], *, code_dir: Path = CODE_DIR) -> dict[str, str]:
    """Returns what the page was made from: what was hashed, and its hash.

    Args:
        manifest: the manifest's file, which lists every photo by its content.
        values: all settings; the order of keys does not count.
        code_dir: holds dvc.yaml and the code.
    """
    canonical = json.dumps(values, sort_keys=True, ensure_ascii=False).encode()
    return {
        f"photos: {MANIFEST} (SHA-256)": hashlib.sha256(manifest).hexdigest(),
        "settings: params.yaml (SHA-256)": hashlib.sha256(canonical).hexdigest(),
        "code of the stages (SHA-256)": code_hash(code_dir),
    }


def packages() -> dict[str, str]:
    """Returns the versions of the packages that move a result or a pixel."""
    return {name: _version(name) for name in PACKAGES}


def code_hash(code_dir: Path) -> str:
    """Returns a hash of the code that dvc.yaml lists, up to the page: 64 hexadecimal digits.

    These are the files that DVC watches, by their paths and bytes. `compare` lists all of them too, so it
    runs again when this hash changes.
    """
    digest = hashlib.sha256()
    for path in code_files(code_dir):
        digest.update(path.relative_to(code_dir).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def code_files(code_dir: Path) -> list[Path]:
    """Returns the files of ours on which the stages of dvc.yaml depend, up to the page, sorted."""
    stages: dict[str, Any] = YAML(typ="safe").load(code_dir / "dvc.yaml")["stages"]
    names = list(stages)
    bodies = [stages[name].get("do", stages[name]) for name in names[: names.index(LAST) + 1]]
    listed = {dep for body in bodies for dep in body["deps"] if dep.startswith(OURS)}
    found: set[Path] = set()
    for dep in listed:
        path = code_dir / dep
        found |= {path} if path.is_file() else {each for each in path.rglob("*") if _counts(each)}
    return sorted(found)


def _counts(path: Path) -> bool:
    """Says whether a file in a folder is ours: neither bytecode nor hidden, as in .dvcignore."""
    is_hidden = path.name.startswith(".") or "__pycache__" in path.parts
    return path.is_file() and path.suffix != ".pyc" and not is_hidden


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:  # such as TensorFlow where Keras computes with JAX
        return "not installed"
