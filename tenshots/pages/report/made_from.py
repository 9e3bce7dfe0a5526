"""What the page was made from: hashes of the photos, the settings and the code, and versions of packages.

All of it is the same whenever one commit is rebuilt; times, machines and runs are in MLflow.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from collections.abc import Mapping
from typing import Any

from tenshots.tables.paths import CODE, MANIFEST

# What moves a result or a pixel of the page; the complete list is requirements.txt.
PACKAGES = ["dvc", "keras", "numpy", "pandas", "pillow", "pyarrow", "scikit-learn", "scipy", "tensorflow"]


def hashes(manifest: bytes, values: Mapping[str, Any], code: bytes) -> dict[str, str]:
    """Returns what the page was made from: what was hashed, and its hash.

    Args:
        manifest: the manifest's file, which lists every photo by its content.
        values: all settings; the order of keys does not count.
        code: the file that lists the code that the page depends on, each file by its content.
    """
    canonical = json.dumps(values, sort_keys=True, ensure_ascii=False).encode()
    return {
        f"photos: {MANIFEST} (SHA-256)": hashlib.sha256(manifest).hexdigest(),
        "settings: params.yaml (SHA-256)": hashlib.sha256(canonical).hexdigest(),
        f"code: {CODE / 'compare.txt'} (SHA-256)": hashlib.sha256(code).hexdigest(),
    }


def packages() -> dict[str, str]:
    """Returns the versions of the packages that move a result or a pixel."""
    return {name: _version(name) for name in PACKAGES}


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:  # such as TensorFlow where Keras computes with JAX
        return "not installed"
