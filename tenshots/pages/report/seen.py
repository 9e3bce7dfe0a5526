"""What the networks see: the pictures of data/visualisations, small enough for the page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tenshots.errors import DataError, missing
from tenshots.pages.report import pictures

# Widths in px and qualities, the best first: the first at which all pictures of a variant fit its share.
SIZES = ((780, 82), (640, 76), (480, 70))
MAX_HEIGHT_PX = 4000


@dataclass(frozen=True)
class Drawn:
    """The pictures of one variant as `visualise` left them.

    Attributes:
        index: index.json.
        files: the PNG of each of its pictures, by name.
    """

    index: Mapping[str, Any]
    files: Mapping[str, bytes]


def read(folder: Path) -> Drawn:
    """Reads the pictures of one variant.

    Raises:
        DataError: one is missing, or the index is damaged.
    """
    path = folder / "index.json"
    try:
        index = json.loads(path.read_text(encoding="utf-8"))
        names = [picture["file"] for picture in index["pictures"]]
        files = {}
        for name in names:
            path = folder / Path(name).name
            files[name] = path.read_bytes()
    except FileNotFoundError:
        raise missing(path, "visualise") from None
    except (ValueError, KeyError, TypeError) as error:
        problem = f"{type(error).__name__}: {error}"
        raise DataError(
            f"{path} does not describe pictures ({problem}); run `dvc repro visualise` to rebuild it"
        ) from None
    return Drawn(index, files)


def view(drawn: Drawn, *, num_variants: int) -> dict[str, Any]:
    """Returns the pictures for the page: they share its budget for them with those of the other variants.

    Too many are drawn smaller; what does not fit even then is left out from the last, and counted.
    """
    budget = pictures.BUDGETS["seen"] // num_variants
    shown: list[dict[str, Any]] = []
    for width_px, quality in SIZES:
        shown, left = [], budget
        for picture in drawn.index["pictures"]:
            image = drawn.files[picture["file"]]
            uri = pictures.data_uri(image, max_px=width_px, max_height_px=MAX_HEIGHT_PX, quality=quality)
            left -= len(uri)
            if left < 0:
                break
            shown.append({**picture, "uri": uri})
        if left >= 0:
            break
    return {
        "fold": drawn.index["fold"],
        "repeat": drawn.index["repeat"],
        "pictures": shown,
        "left_out": drawn.index["left_out"],
        "num_left_out": len(drawn.index["pictures"]) - len(shown),
    }
