"""Changed copies of training photos, by Keras' preprocessing layers, named in params.yaml with arguments.

The randomness of a copy comes from (seed, photo_id, copy) alone: every random generator of every layer,
nested ones included, is set anew for each copy. So neither the order of the photos, nor how many are computed
at once, nor what was computed before changes a pixel. JAX would draw other pixels, hence always TensorFlow.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from PIL import Image, ImageDraw, ImageFont

from tenshots import files
from tenshots.augmentation import preprocessing
from tenshots.augmentation.settings import LayerSettings
from tenshots.errors import DataError, SettingsError
from tenshots.files import NOWHERE, Pieces
from tenshots.runtime import keras
from tenshots.seeds import derived_seed
from tenshots.tables import database
from tenshots.tables.encoding import encode

# isort: split
import tensorflow as tf  # after Keras, with which runtime imports it without its notices

# Pixels computed at once: enough to hide Python's share of a call, 12 MB of bytes.
_BATCH_PIXELS = 2**22
PREVIEW_ROWS = 8
PREVIEW_COPIES = 6
PREVIEW_CELL_PX = 96
PREVIEW_HEADER_PX = 16
PREVIEW_GAP_PX = 4


class Policy:
    """The layers of params.yaml, compiled for photos of one size."""

    def __init__(self, layers: Sequence[LayerSettings], *, size_px: int, tried: bool = False) -> None:
        """Builds each layer and tries it on drawn photos.

        Args:
            layers: applied in this order.
            size_px: side of the square photos, in pixels.
            tried: whether these layers have been tried out before, as `rehearse` does, which takes seconds;
                then all that is checked is that each can be built.

        Raises:
            SettingsError: a layer or argument is unknown, or a value wrong; or a layer cannot be seeded,
                changes shape or type, mixes photos, or leaves nothing of them; or Keras runs on a
                backend other than TensorFlow.
        """
        backend = keras.backend.backend()
        if backend != "tensorflow":
            raise SettingsError(
                f"KERAS_BACKEND must be tensorflow, since others draw other pixels, got {backend!r}; unset it"
            )
        self._layers, problems = [], []
        for index, settings in enumerate(layers):
            at = f"augment.layers[{index}]"
            try:
                layer = preprocessing.built(settings, at=at)
                if not tried:
                    preprocessing.try_out(layer, size_px=size_px, at=f"{at} ({settings.name})")
                self._layers.append(layer)
            except SettingsError as error:
                problems.append(str(error))
        if problems:
            raise SettingsError("\n".join(problems))
        if not tried:
            together = "augment.layers, one after the other,"
            preprocessing.check_pictures(self._layers, size_px=size_px, at=together)
        self._generators = preprocessing.generators(self._layers)
        # One graph for a whole batch takes a tenth (96 px) to a hundredth (32 px) of the time of eager calls.
        # The photos still pass one by one: Keras draws the numbers of a batch together, so that a copy would
        # depend on its neighbours.
        self._batch = tf.function(
            lambda images, seeds: tf.map_fn(
                lambda pair: self._copy(*pair),
                (images, seeds),
                fn_output_signature=tf.uint8,
                parallel_iterations=1,
            ),
            input_signature=[
                tf.TensorSpec((None, size_px, size_px, 3), tf.uint8),
                tf.TensorSpec((None,), tf.int64),
            ],
            autograph=False,
        )

    def __call__(self, images: np.ndarray, seeds: Sequence[int]) -> np.ndarray:
        """Returns one changed copy of each photo.

        Args:
            images: uint8, shape (n, size_px, size_px, 3), RGB, 0 to 255.
            seeds: one for each photo, in [0, 2^32); the only source of its copy's randomness.

        Returns:
            uint8, the shape of `images`, 0 to 255, rounded.
        """
        changed: np.ndarray = self._batch(images, np.asarray(seeds, dtype=np.int64)).numpy()
        return changed

    def _copy(self, image: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        preprocessing.reset(self._generators, seed)
        batch = tf.cast(image, tf.float32)[tf.newaxis]
        for layer in self._layers:
            batch = layer(batch, training=True)
        return tf.cast(tf.round(tf.clip_by_value(batch[0], 0.0, 255.0)), tf.uint8)


def training_photos(photos: pd.DataFrame, splits: pd.DataFrame) -> pd.DataFrame:
    """Returns the rows of `photos` that train in some fold, sorted by photo_id.

    Raises:
        DataError: none does, or `photos` lacks one that does.
    """
    ids = set(splits.loc[splits["part"] == "train", "photo_id"])
    num_missing = len(ids.difference(photos["photo_id"]))
    if num_missing or not ids:
        raise DataError(
            f"the splits must name training photos of the database, got {len(ids)}, {num_missing} of them "
            "missing; run `dvc repro` to rebuild both"
        )
    return photos[photos["photo_id"].isin(ids)].sort_values("photo_id", ignore_index=True)


def changed_copies(
    originals: pd.DataFrame, policy: Policy, *, num_copies: int, seed: int, pieces: Pieces = NOWHERE
) -> Iterator[pd.DataFrame]:
    """Yields the copies of all photos, a batch at a time, so that only one batch's pixels are in memory.

    Args:
        originals: columns photo_id, label and image (encoded).
        policy: for the size of these photos.
        num_copies: of each photo, at least 1.
        seed: the experiment's.
        pieces: keep each batch, and have those that were made before from the same photos and settings.

    Yields:
        Columns photo_id, label, copy (from 1), seed (of the copy, in [0, 2^32)) and image (PNG); in the order
        of `originals`, then of copy.
    """
    size_px = database.decode(originals["image"].iloc[:1]).shape[1]
    batch_size = max(1, _BATCH_PIXELS // max(1, size_px**2 * num_copies))
    for start in range(0, len(originals), batch_size):
        batch = originals.iloc[start : start + batch_size]
        rows = batch[["photo_id", "label"]].iloc[np.repeat(np.arange(len(batch)), num_copies)]
        rows = rows.assign(copy=np.tile(np.arange(1, num_copies + 1), len(batch)))
        seeds = [derived_seed(seed, *key) for key in zip(rows["photo_id"], rows["copy"], strict=True)]
        piece = pieces.get(f"from-{start}")
        if piece is None:
            images = policy(np.repeat(database.decode(batch["image"]), num_copies, axis=0), seeds)
            piece = files.joined(encode(image, "lossless") for image in images)
            pieces.put(f"from-{start}", piece)
        yield rows.assign(seed=seeds, image=files.parted(piece))


def preview(originals: pd.DataFrame, copies: pd.DataFrame) -> np.ndarray:
    """Draws photos of every label in turn, a row each: at the left the original, then its copies.

    Args:
        originals: columns photo_id, label and image (encoded); at least one row.
        copies: columns photo_id, copy and image (encoded).

    Returns:
        uint8, shape (height_px, width_px, 3), RGB: a header, then at most `PREVIEW_ROWS` photos with at most
        `PREVIEW_COPIES` copies. Photos above `PREVIEW_CELL_PX` are shrunk to it, small ones enlarged by a
        whole number.
    """
    ordered = originals.sort_values(["label", "photo_id"])
    turns = ordered.assign(turn=ordered.groupby("label").cumcount())
    shown = turns.sort_values(["turn", "label"]).head(PREVIEW_ROWS)
    near = copies[copies["photo_id"].isin(shown["photo_id"]) & (copies["copy"] <= PREVIEW_COPIES)]
    rows = []
    for photo_id, image in zip(shown["photo_id"], shown["image"], strict=True):
        own = near.loc[near["photo_id"] == photo_id].sort_values("copy")
        rows.append([_cell(image) for image in database.decode([image, *own["image"]])])
    cell_px, num_columns = len(rows[0][0]), max(map(len, rows))
    step_px = cell_px + PREVIEW_GAP_PX
    height_px, width_px = PREVIEW_HEADER_PX + len(rows) * step_px, num_columns * step_px
    canvas = np.full((height_px, width_px, 3), 255, dtype=np.uint8)
    canvas[:PREVIEW_HEADER_PX] = _header(num_columns, step_px=step_px)
    for row, cells in enumerate(rows):
        top_px = PREVIEW_HEADER_PX + row * step_px
        for column, cell in enumerate(cells):
            canvas[top_px : top_px + cell_px, column * step_px : column * step_px + cell_px] = cell
    return canvas


def _cell(image: np.ndarray) -> np.ndarray:
    size_px = len(image)
    if size_px > PREVIEW_CELL_PX:
        cell = Image.fromarray(image).resize((PREVIEW_CELL_PX, PREVIEW_CELL_PX), Image.Resampling.LANCZOS)
        return np.asarray(cell)
    factor = PREVIEW_CELL_PX // size_px
    return image.repeat(factor, axis=0).repeat(factor, axis=1)


def _header(num_columns: int, *, step_px: int) -> np.ndarray:
    header = Image.new("RGB", (num_columns * step_px, PREVIEW_HEADER_PX), "white")
    draw = ImageDraw.Draw(header)
    # Pillow's own bitmap font, as an outline font has other pixels with another FreeType.
    font = ImageFont.load_default_imagefont()
    for column in range(num_columns):
        text = f"copy {column}" if column else "original"
        draw.text((column * step_px, 2), text, fill="black", font=font)
    return np.asarray(header)
