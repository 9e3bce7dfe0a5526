"""Which photos the page shows, and how they get into it: as small WebP pictures inside the file itself."""

from __future__ import annotations

import base64
import io
from itertools import chain, zip_longest

import pandas as pd
from PIL import Image

from tenshots.predictions import mean_over_repeats, predicted, probabilities_of

THUMBNAIL_PX = 144  # 96 px photos stay as they are; larger ones shrink, so that the page stays below 15 MB
PREVIEW_PX = 1600  # wide enough for a preview on a large screen
QUALITY = 84


def data_uri(image: bytes, *, max_px: int) -> str:
    """Returns an encoded image as a `data:` address, scaled down where a side is longer than `max_px`."""
    with Image.open(io.BytesIO(image), formats=("PNG", "JPEG")) as opened:
        picture = opened.convert("RGB")
    picture.thumbnail((max_px, max_px), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    picture.save(file, format="WEBP", quality=QUALITY, method=4)
    return "data:image/webp;base64," + base64.b64encode(file.getvalue()).decode("ascii")


def samples(photos: pd.DataFrame, *, num_samples: int) -> pd.DataFrame:
    """Chooses photos for a contact sheet: equally many a label, and in turn from each of its groups.

    Args:
        photos: columns photo_id, label and group.
        num_samples: of all labels together, from 1; a label may have fewer photos than its share.

    Returns:
        Rows of `photos`, by label. Which of a group's photos comes first is decided by the photo_id, a hash:
        as good as a draw, and the same for everyone.
    """
    labels = [rows for _, rows in photos.sort_values("photo_id").groupby("label", sort=True)]
    queues = [
        [row for row in chain.from_iterable(zip_longest(*members)) if row is not None]
        for members in ([list(part.index) for _, part in rows.groupby("group", sort=True)] for rows in labels)
    ]
    # In turn over labels as well: the first num_samples of this order are shared out as equally as can be.
    order = [row for row in chain.from_iterable(zip_longest(*queues)) if row is not None]
    taken = set(order[:num_samples])
    return photos.loc[[row for queue in queues for row in queue if row in taken]]


def mistakes(predictions: pd.DataFrame, *, num_mistakes: int) -> pd.DataFrame:
    """Returns the photos named wrongly with the highest probability (mean over repeats), the worst first.

    Returns:
        Columns photo_id, label, predicted and probability (of the predicted label, in [0, 1]); a row a photo.
    """
    means = mean_over_repeats(predictions)
    answers = means[["photo_id", "label"]].assign(
        predicted=predicted(means), probability=probabilities_of(means).max(axis=1)
    )
    wrong = answers[answers["predicted"] != answers["label"]]
    worst = wrong.sort_values(["probability", "photo_id"], ascending=[False, True], ignore_index=True)
    return worst.head(num_mistakes)
