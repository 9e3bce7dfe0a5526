"""Small photos from a folder or a .tar.gz, train/LABEL/NAME and test/LABEL/NAME, as arrays."""

from __future__ import annotations

import tarfile
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np
from PIL import Image


class Photos(NamedTuple):
    """All photos, those for training first.

    Attributes:
        images: uint8 (num_photos, size_px, size_px, 3).
        labels: int64 (num_photos,), from 0.
        num_train: how many of them are for training.
    """

    images: np.ndarray
    labels: np.ndarray
    num_train: int


def read(source: Path, *, share: float) -> Photos:
    """Returns the photos, or of each part and label the first ones by name.

    Args:
        source: a folder, or an archive of one, as packed by tar and gzip.
        share: of the photos, in (0, 1].

    Raises:
        SystemExit: it has no photos under train and test.
    """
    found = {path: data for path, data in _files(source) if path.parts[-3] in ("train", "test")}
    paths = sorted(found, key=lambda path: (path.parts[-3] == "test", path.parts[-2], path.name))
    sizes = Counter(path.parts[-3:-1] for path in paths)
    seen = Counter[tuple[str, ...]]()
    chosen = []
    for path in paths:
        place = path.parts[-3:-1]
        if seen[place] < max(2, round(share * sizes[place])):
            chosen.append(path)
        seen[place] += 1
    num_train = sum(path.parts[-3] == "train" for path in chosen)
    if not 0 < num_train < len(chosen):
        raise SystemExit(f"error: {source} must hold train/LABEL/NAME and test/LABEL/NAME")
    images = np.stack([np.asarray(Image.open(BytesIO(found[path])).convert("RGB")) for path in chosen])
    labels = np.unique([path.parts[-2] for path in chosen], return_inverse=True)[1]
    return Photos(images, labels, num_train)


def _files(source: Path) -> Iterator[tuple[PurePosixPath, bytes]]:
    if source.is_dir():
        for file_path in source.rglob("*.*"):
            if file_path.is_file() and len(file_path.parts) > 2 and not file_path.name.startswith("."):
                yield PurePosixPath(file_path.as_posix()), file_path.read_bytes()
        return
    with tarfile.open(source) as archive:
        for member in archive:
            path = PurePosixPath(member.name)
            file = archive.extractfile(member) if member.isfile() else None
            if file is not None and len(path.parts) > 2 and not path.name.startswith("."):
                yield path, file.read()
