"""Which photos the page shows, and how they get into it: as small WebP pictures, each held once.

The page must stay below 15 MB, whatever it is made of, so every section has a budget of bytes. A section's
pictures are taken in the order of their worth until its budget is spent; the template says how many more
there are. A photo that an earlier section holds costs a later one nothing.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, zip_longest

import pandas as pd
from PIL import Image

from tenshots.tables.predictions import mean_over_repeats, predicted, probabilities_of

THUMBNAIL_PX = 144  # 96 px photos stay as they are; larger ones shrink
PREVIEW_PX = 1600  # wide enough for a preview on a large screen
QUALITY = 84
# Bytes of a section's pictures as they stand in the page (base64). Together 11.5 MB: the rest is text.
BUDGETS = {
    "sheet": 1_000_000,
    "data": 1_500_000,
    "mistakes": 2_000_000,
    "nearest": 1_000_000,
    "confusion": 2_000_000,
    "seen": 4_000_000,
}


class Album:
    """The photos of the page: each encoded when it is first wanted, and held once."""

    def __init__(self, images: Mapping[str, bytes]) -> None:
        """Takes the encoded standard photos, by photo_id."""
        self._images = images
        self._held: dict[str, str] = {}
        self._left = dict(BUDGETS)

    def take(self, photo_ids: Iterable[str], section: str) -> list[str]:
        """Adds photos until the section's budget is spent; returns those that the page holds, in order."""
        return [photo_id for photo_id in photo_ids if self._hold(photo_id, section)]

    def pictures(self) -> Iterator[str]:
        """Yields the `data:` addresses, in the order of `numbers`."""
        yield from self._held.values()

    def numbers(self) -> dict[str, int]:
        """Returns the places of all photos that the page holds."""
        return {photo_id: number for number, photo_id in enumerate(self._held)}

    def _hold(self, photo_id: str, section: str) -> bool:
        if photo_id in self._held:
            return True
        if photo_id not in self._images or self._left[section] <= 0:
            return False
        uri = data_uri(self._images[photo_id], max_px=THUMBNAIL_PX)
        self._left[section] -= len(uri)
        if self._left[section] < 0:
            self._left[section] = 0  # what comes next is worth less: it is left out, small or not
            return False
        self._held[photo_id] = uri
        return True


def data_uri(image: bytes, *, max_px: int, max_height_px: int | None = None, quality: int = QUALITY) -> str:
    """Returns an encoded image as a `data:` address, scaled down where it is wider or higher than `max_px`.

    Args:
        image: a PNG or JPEG file.
        max_px: of its width, and of its height unless that has a limit of its own.
        max_height_px: that limit.
        quality: of the WebP file, from 0 to 100.
    """
    with Image.open(io.BytesIO(image), formats=("PNG", "JPEG")) as opened:
        picture = opened.convert("RGB")
    picture.thumbnail((max_px, max_height_px or max_px), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    picture.save(file, format="WEBP", quality=quality, method=4)
    return "data:image/webp;base64," + base64.b64encode(file.getvalue()).decode("ascii")


def samples(photos: pd.DataFrame, *, num_samples: int) -> pd.DataFrame:
    """Chooses photos for a contact sheet: as many of each label, and in turn from each of its groups.

    Args:
        photos: columns photo_id, label and group.
        num_samples: of all labels together, at least 1; a label may have fewer photos than its share.

    Returns:
        Rows of `photos`, by label. Which of a group's photos comes first is decided by the photo_id, a hash:
        as good as a draw, and the same for everyone.
    """
    labels = [rows for _, rows in photos.sort_values("photo_id").groupby("label", sort=True)]
    queues = [
        [row for row in chain.from_iterable(zip_longest(*members)) if row is not None]
        for members in ([list(part.index) for _, part in rows.groupby("group", sort=True)] for rows in labels)
    ]
    # In turn over labels as well: the first num_samples of this order are shared out as equally as possible.
    order = [row for row in chain.from_iterable(zip_longest(*queues)) if row is not None]
    taken = set(order[:num_samples])
    return photos.loc[[row for queue in queues for row in queue if row in taken]]


def mistakes(predictions: pd.DataFrame, *, num_mistakes: int) -> pd.DataFrame:
    """Returns the photos named wrongly with the highest probability (mean over repeats), the worst first.

    Returns:
        Columns photo_id, label, predicted and probability (of the predicted label); one row per photo.
    """
    means = mean_over_repeats(predictions)
    answers = means[["photo_id", "label"]].assign(
        predicted=predicted(means), probability=probabilities_of(means).max(axis=1)
    )
    wrong = answers[answers["predicted"] != answers["label"]]
    worst = wrong.sort_values(["probability", "photo_id"], ascending=[False, True], ignore_index=True)
    return worst.head(num_mistakes)
