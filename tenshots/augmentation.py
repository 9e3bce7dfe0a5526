"""Changed copies of training photos, by Keras' preprocessing layers, named in params.yaml with arguments.

The randomness of a copy comes from (seed, photo_id, copy) alone: every random generator of every layer,
nested ones included, is set anew for each copy. So neither the order of the photos, nor how many are computed
at once, nor what was computed before changes a pixel. JAX would draw other pixels, hence always TensorFlow.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image, ImageDraw, ImageFont
from pydantic import Field, model_validator

from tenshots import database
from tenshots.encoding import encode
from tenshots.errors import DataError, SettingsError
from tenshots.params import PATH, Settings, nearest
from tenshots.runtime import keras
from tenshots.seeds import derived_seed

# isort: split
import tensorflow as tf  # after Keras, with which runtime imports it without its notices

# Keras has no public name for the common base of its layers for images.
_BASE = keras.layers.RandomFlip.__base__
LAYERS: Mapping[str, Any] = MappingProxyType(
    {
        name: item
        for name, item in vars(keras.layers).items()
        if inspect.isclass(item) and issubclass(item, _BASE)
    }
)
# Not the user's to set: seeds come from photo and copy, and photos have their channels last.
_OWN_ARGUMENTS = ("self", "kwargs", "name", "data_format", "seed")

# Pixels computed at once: enough to hide Python's share of a call, 12 MB of bytes.
_BATCH_PIXELS = 2**22
# A layer that mixes photos may by chance leave their labels alone, but hardly in 4 batches of 4.
_PROBE_SEEDS = range(4)
_PROBE_BATCH = 4

PREVIEW_ROWS = 8
PREVIEW_COPIES = 6
PREVIEW_CELL_PX = 96
PREVIEW_HEADER_PX = 16
PREVIEW_GAP_PX = 4


class LayerSettings(Settings):
    """One layer: `RandomFlip: {mode: horizontal}`, or `RandomGrayscale` where the defaults will do."""

    name: str
    arguments: dict[str, Any]

    @model_validator(mode="before")
    @classmethod
    def _from_entry(cls, entry: Any) -> dict[str, Any]:  # noqa: ANN401 (whatever stands in the file)
        example = "as in `RandomZoom: {height_factor: 0.2}`"
        if isinstance(entry, str):
            entry = {entry: None}
        if not isinstance(entry, Mapping) or len(entry) != 1:
            raise ValueError(f"must be the name of one layer, alone or with its arguments {example}")
        [(name, arguments)] = entry.items()
        if not isinstance(arguments, Mapping | None):
            raise ValueError(f"must give each argument with its name {example}")
        return {"name": name, "arguments": arguments or {}}


class AugmentSettings(Settings):
    """Section `augment` of params.yaml."""

    copies: int = Field(ge=1)
    layers: tuple[LayerSettings, ...] = Field(min_length=1)


class Policy:
    """The layers of params.yaml, tried out and compiled for photos of one size."""

    def __init__(self, layers: Sequence[LayerSettings], *, size_px: int) -> None:
        """Builds each layer and tries it on drawn photos.

        Args:
            layers: applied in this order.
            size_px: side of the square photos, in pixels.

        Raises:
            SettingsError: a layer or argument is unknown, or a value wrong; or a layer cannot be seeded,
                changes shape or type, or mixes photos; or Keras runs on another backend than TensorFlow.
        """
        backend = keras.backend.backend()
        if backend != "tensorflow":
            raise SettingsError(
                f"KERAS_BACKEND must be tensorflow, as another draws other pixels, got {backend!r}; unset it"
            )
        self._layers = []
        for index, settings in enumerate(layers):
            layer = _built(settings, at=f"augment.layers[{index}]")
            _try_out(layer, size_px=size_px, at=f"augment.layers[{index}] ({settings.name})")
            self._layers.append(layer)
        self._generators = _generators(self._layers)
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
        _reset(self._generators, seed)
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
            "missing; run `dvc repro` to make both anew"
        )
    return photos[photos["photo_id"].isin(ids)].sort_values("photo_id", ignore_index=True)


def changed_copies(
    originals: pd.DataFrame, policy: Policy, *, num_copies: int, seed: int
) -> Iterator[pd.DataFrame]:
    """Yields the copies of all photos, a batch at a time, so that one batch's pixels only are in memory.

    Args:
        originals: columns photo_id, label and image (encoded).
        policy: for the size of these photos.
        num_copies: of each photo, from 1.
        seed: the experiment's.

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
        images = policy(np.repeat(database.decode(batch["image"]), num_copies, axis=0), seeds)
        yield rows.assign(seed=seeds, image=[encode(image, "lossless") for image in images])


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


def _built(settings: LayerSettings, *, at: str) -> Any:  # noqa: ANN401 (Keras ships no types)
    name, arguments = settings.name, settings.arguments
    if name not in LAYERS:
        raise SettingsError(
            f"{PATH}: {at} must name a Keras preprocessing layer for images, "
            f"got {name!r}{_nearest(name, LAYERS)}"
        )
    at = f"{at} ({name})"
    if "seed" in arguments:
        raise SettingsError(
            f"{PATH}: {at} must have no seed, got {arguments['seed']!r}; "
            "remove it, as each copy gets its own from photo and copy"
        )
    known = set(inspect.signature(LAYERS[name].__init__).parameters).difference(_OWN_ARGUMENTS)
    for argument in arguments:
        if argument not in known:
            raise SettingsError(f"{PATH}: {at} has no argument {argument!r}{_nearest(argument, known)}")
    value_range = {"value_range": (0, 255)} if "value_range" in known else {}
    try:
        return LAYERS[name](**value_range | arguments)
    except Exception as error:  # whatever it is (Keras knows no rule), the arguments are its cause
        raise SettingsError(f"{PATH}: {at} is refused by Keras: {_reason(error)}") from None


def _try_out(layer: Any, *, size_px: int, at: str) -> None:  # noqa: ANN401 (Keras ships no types)
    """Judges a layer by what it does, as a list of names would have to follow Keras' versions."""
    photos = np.random.default_rng(0).integers(0, 256, (_PROBE_BATCH, size_px, size_px, 3))
    batch, labels = photos.astype(np.float32), np.eye(_PROBE_BATCH, dtype=np.float32)
    alone = batch[:1]
    try:
        outputs = [_called(layer, alone, seed) for seed in _PROBE_SEEDS]
        # In another order, so that whatever the layer keeps from call to call differs.
        again = [_called(layer, alone, seed) for seed in reversed(_PROBE_SEEDS)][::-1]
    except Exception as error:  # layers fail in many ways, and each of them is the setting's fault
        raise SettingsError(f"{PATH}: {at} fails on photos of {size_px} px: {_reason(error)}") from None
    if any((output.shape, output.dtype) != (alone.shape, alone.dtype) for output in outputs):
        raise SettingsError(
            f"{PATH}: {at} must keep the photos' size of {size_px} px and their type, "
            f"got {outputs[0].shape[1:]} and {outputs[0].dtype}; choose other arguments"
        )
    if not np.isfinite(outputs).all():
        raise SettingsError(f"{PATH}: {at} makes pixels that are no numbers; choose other arguments")
    if not np.array_equal(outputs, again):
        raise SettingsError(
            f"{PATH}: {at} cannot be seeded, as one seed gave two pictures; choose another layer"
        )
    for seed in _PROBE_SEEDS:
        try:
            labelled = _called(layer, {"images": batch, "labels": labels}, seed)
        except Exception:  # the layer takes pictures alone (RandomGrayscale does), so it leaves labels alone
            return
        if not np.array_equal(labelled["labels"], labels):
            raise SettingsError(f"{PATH}: {at} mixes photos and their labels; choose another layer")


def _called(layer: Any, inputs: Any, seed: int) -> Any:  # noqa: ANN401 (Keras ships no types)
    _reset(_generators([layer]), tf.constant(seed, tf.int64))
    outputs = layer(keras.tree.map_structure(tf.constant, inputs), training=True)
    return keras.tree.map_structure(np.asarray, outputs)


def _generators(layers: Iterable[Any]) -> list[Any]:
    """Returns the states of all random generators, nested ones too: the variables that are no weights."""
    return [
        variable
        for layer in layers
        for variable in layer.variables
        if not any(variable is weight for weight in layer.weights)
    ]


def _reset(generators: Sequence[Any], seed: tf.Tensor) -> None:
    # A state is (seed, number of draws). Each generator counts from another start, or all would draw the same
    # numbers, and a copy turned far to the left would always be a dark one.
    for index, generator in enumerate(generators):
        generator.assign(tf.stack([seed, tf.constant(index << 32, tf.int64)]))


def _nearest(name: str, known: Iterable[str]) -> str:
    return nearest(name, known) or f"; there are {', '.join(sorted(known))}"


def _reason(error: Exception) -> str:
    """Returns the error's message as one line; of Keras' frame around it, the part in bold alone."""
    bold = re.search("\x1b\\[1m(.+?)\x1b\\[0m", str(error), re.DOTALL)
    return " ".join((bold[1] if bold else str(error)).split())
