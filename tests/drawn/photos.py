"""Drawn photos, to be learnt."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

LABELS = ("book", "cup", "keyboard")


def draw_photos(
    folder: Path, *, num_groups: int = 4, num_photos: int = 4, labels: tuple[str, ...] = LABELS
) -> None:
    """Draws PNG photos as GROUP/LABEL/NAME below `folder`: one shape per label on noise, to be learnt."""
    random = np.random.default_rng(20)
    for group in range(num_groups):
        for number, label in enumerate(labels):
            (folder / f"person{group}" / label).mkdir(parents=True, exist_ok=True)
            for photo in range(num_photos):
                image = Image.fromarray(random.integers(0, 90, (48, 64, 3), dtype=np.uint8))
                left, top = (int(place) for place in random.integers(2, 20, 2))
                box, colour = (
                    [left, top, left + 26, top + 22],
                    tuple(int(v) for v in random.integers(150, 256, 3)),
                )
                pen = ImageDraw.Draw(image)
                [pen.rectangle, pen.ellipse, pen.line][number % 3](box, fill=colour)
                image.save(folder / f"person{group}" / label / f"{photo}.png")
