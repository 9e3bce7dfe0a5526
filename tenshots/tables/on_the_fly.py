"""What a variant with `data: on_the_fly` learns from, in a small file that DVC compares for it alone.

data/on_the_fly/source.json holds

    photos     hash of data/database, of which fresh copies are drawn
    layers     of section `augment`, by which they are
    code       a line per file of ours that draws them, with its hash

and data/features/on_the_fly/NETWORK/source.json the hashes of the photos' frozen features, {features: …}:
these are not copied.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tenshots import files
from tenshots.errors import DataError, missing
from tenshots.files import file_hash
from tenshots.tables.paths import DATABASE, FEATURES, ON_THE_FLY

SOURCE = "source.json"


def folder_digest(folder: Path) -> dict[str, str]:
    """Returns the hash of each file in a folder, also of photos without a label below it, by path."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): file_hash(path) for path in found}


def write(*, layers: list[Any], code: list[str]) -> None:
    """Writes what fresh copies are drawn from, as the database and the features are now.

    Args:
        layers: of section `augment`, as plain values.
        code: lines with the hashes of the files that draw them.
    """
    with files.whole_folder(ON_THE_FLY) as part:
        said = {"photos": folder_digest(DATABASE), "layers": layers, "code": code}
        files.write(part / SOURCE, json.dumps(said, indent=2, ensure_ascii=False) + "\n")
    with files.whole_folder(FEATURES / "on_the_fly") as part:
        for network in sorted(path for path in (FEATURES / "database").iterdir() if path.is_dir()):
            (part / network.name).mkdir()
            text = json.dumps({"features": folder_digest(network)}, indent=2)
            files.write(part / network.name / SOURCE, text + "\n")


def read() -> list[Any]:
    """Returns the layers that draw fresh copies, as plain values.

    Raises:
        DataError: the file is missing, is no such file, or is of other photos than those of the database.
    """
    path = ON_THE_FLY / SOURCE
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        photos, layers = said["photos"], said["layers"]
    except FileNotFoundError:
        raise missing(path, "on_the_fly") from None
    except (ValueError, KeyError, TypeError):
        raise DataError(f"{path} does not say what fresh copies are drawn from; run `dvc repro`") from None
    if photos != folder_digest(DATABASE):
        raise DataError(f"{path} is of other photos than {DATABASE}; run `dvc repro`")
    return list(layers)
