"""Keras' preprocessing layers for images: which there are, built from arguments, tried on drawn photos."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from tenshots import entries
from tenshots.augmentation.settings import LayerSettings
from tenshots.errors import SettingsError
from tenshots.params import PATH, nearest_or_all, shown
from tenshots.runtime import keras

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
OWN_ARGUMENTS = ("self", "kwargs", "name", "data_format", "seed")
# What an argument that is text may say, as Keras documents it: of some layers it takes any text, and does
# nothing. Where a layer takes fewer of them, Keras says so.
TEXTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "mode": ("horizontal", "vertical", "horizontal_and_vertical"),
        "fill_mode": ("constant", "nearest", "reflect", "wrap"),
        "interpolation": ("nearest", "bilinear", "bicubic", "area", "lanczos3", "lanczos5"),
    }
)
# How many layers a layer is made of: each is built and traced.
COUNTS = ("num_ops", "num_chains", "chain_depth")
MAX_COUNT = 16

# A layer that mixes photos may by chance leave their labels alone, but hardly in 4 batches of 4.
_PROBE_SEEDS = range(4)
_PROBE_BATCH = 4
MIN_CONTRAST = 0.1  # of what the drawn photos have; what is left of a photo below it is one colour
MAX_OUTSIDE = 0.5  # share of a photo's pixels that may lie outside of 0 to 255: they are cut off
MIN_LEFT = 0.1  # share of a photo's pixels that reach its copy, and of the copy's that depend on the photo
MAX_LOST = 1 / 3  # share of the copies of which less may be left
# Pixels of a photo that are changed, to try whether its copy changes: 1 - 0.9 ** 10 = 0.65 of the tries do so
# where a tenth of the pixels reach each copy, as where all reach two of three copies and none the third.
NUM_TOUCHED = 10
NUM_TRIES = 2  # per copy


def built(settings: LayerSettings, *, at: str) -> Any:  # noqa: ANN401 (Keras ships no types)
    """Returns the Keras layer that `settings` describe.

    Raises:
        SettingsError: the layer or an argument is unknown, or a value wrong; names `at`, its key.
    """
    name, arguments = settings.name, settings.arguments
    if name not in LAYERS:
        raise SettingsError(
            f"{PATH}: {at} must name a Keras preprocessing layer for images, "
            f"got {name!r}{nearest_or_all(name, sorted(LAYERS))}"
        )
    at = f"{at} ({name})"
    if "seed" in arguments:
        raise SettingsError(
            f"{PATH}: {at} must have no seed, got {arguments['seed']!r}; "
            "remove it, since each copy gets its own from photo and copy"
        )
    parameters = inspect.signature(LAYERS[name].__init__).parameters
    known = set(parameters).difference(OWN_ARGUMENTS)
    for argument, value in arguments.items():
        if argument not in known:
            raise SettingsError(
                f"{PATH}: {at} has no argument {argument!r}{nearest_or_all(argument, sorted(known))}"
            )
        rule = _broken_rule(argument, value, parameters[argument].default)
        if rule:
            raise SettingsError(f"{PATH}: {at} {argument} must be {rule}, got {shown(value)}")
    value_range = {"value_range": (0, 255)} if "value_range" in known else {}
    try:
        return LAYERS[name](**value_range | arguments)
    except Exception as error:  # whatever it is (Keras knows no rule), the arguments are its cause
        raise SettingsError(f"{PATH}: {at} is refused by Keras: {entries.reason(error)}") from None


def _broken_rule(argument: str, value: object, default: object) -> str:
    """Returns which rule a value breaks that Keras would swallow, or an empty text."""
    if isinstance(default, str):
        return "" if value in TEXTS[argument] else f"one of {', '.join(TEXTS[argument])}"
    if isinstance(default, bool):
        return "" if isinstance(value, bool) else "true or false"
    if argument == "value_range":
        return "" if value in ([0, 255], (0, 255)) else "[0, 255], as the photos' pixels are"
    if argument in COUNTS:
        fits = isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MAX_COUNT
        return "" if fits else f"an integer from 1 to {MAX_COUNT}"
    numbers = value if isinstance(value, list) else [value]
    if any(isinstance(each, bool | str) for each in numbers):
        return "a number or a list of numbers, without quotes"
    return ""


def try_out(layer: Any, *, size_px: int, at: str) -> None:  # noqa: ANN401 (Keras ships no types)
    """Judges a layer by what it does, as a list of names would have to follow Keras' versions.

    Raises:
        SettingsError: it fails, cannot be seeded, changes shape or type, mixes photos, or leaves nothing of
            them; names `at`, its key.
    """
    photos = np.random.default_rng(0).integers(0, 256, (_PROBE_BATCH, size_px, size_px, 3))
    batch, labels = photos.astype(np.float32), np.eye(_PROBE_BATCH, dtype=np.float32)
    alone = batch[:1]
    try:
        outputs = [_called(layer, alone, seed) for seed in _PROBE_SEEDS]
        # In another order, so that whatever the layer keeps from call to call differs.
        again = [_called(layer, alone, seed) for seed in reversed(_PROBE_SEEDS)][::-1]
    except Exception as error:  # layers fail in many ways, and each of them is the setting's fault
        raise SettingsError(
            f"{PATH}: {at} fails on photos of {size_px} px: {entries.reason(error)}"
        ) from None
    if any((output.shape, output.dtype) != (alone.shape, alone.dtype) for output in outputs):
        raise SettingsError(
            f"{PATH}: {at} must keep the photos' size of {size_px} px and their type, "
            f"got {outputs[0].shape[1:]} and {outputs[0].dtype}; choose other arguments"
        )
    if not np.isfinite(outputs).all():
        raise SettingsError(f"{PATH}: {at} makes pixels that are not numbers; choose other arguments")
    if not np.array_equal(outputs, again):
        raise SettingsError(
            f"{PATH}: {at} cannot be seeded, since one seed gave two pictures; choose another layer"
        )
    for seed in _PROBE_SEEDS:
        try:
            labelled = _called(layer, {"images": batch, "labels": labels}, seed)
        except Exception:  # the layer takes pictures alone (RandomGrayscale does), so it leaves labels alone
            break
        if not np.array_equal(labelled["labels"], labels):
            raise SettingsError(f"{PATH}: {at} mixes photos and their labels; choose another layer")
    check_pictures([layer], size_px=size_px, at=at)


def check_pictures(layers: Sequence[Any], *, size_px: int, at: str) -> None:
    """Judges what layers leave of drawn photos over many copies: single ones may be lost.

    A photo's pixel counts as left, wherever it went and in whatever colour, if the copy changes with it while
    all random numbers stay the same.

    Raises:
        SettingsError: many copies have nearly one colour, hold next to nothing of their photo, or have most
            pixels cut off.
    """
    photos = drawn_photos(size_px)
    copy = _compiled(layers)
    contrasts, outside, shares, tries = [], [], [], []
    for seed, photo in enumerate(photos):
        changed = copy(photo, seed)
        outside.append(((changed < -0.5) | (changed > 255.5)).mean())
        contrasts.append(contrast(np.clip(changed, 0, 255)) / contrast(photo))
        shares.append(_differ(changed, copy(photos[seed - 1], seed)).mean())
        random = np.random.default_rng(seed)
        tries += [_differ(changed, copy(_touched(photo, random), seed)).any() for _ in range(NUM_TRIES)]
    hint = "; choose weaker arguments"
    if np.median(outside) > MAX_OUTSIDE:
        raise SettingsError(
            f"{PATH}: {at} must keep pixels from 0 to 255, but in most copies puts "
            f"{np.median(outside):.0%} outside{hint}"
        )
    if np.median(contrasts) < MIN_CONTRAST:
        raise SettingsError(
            f"{PATH}: {at} must leave at least {MIN_CONTRAST:.0%} of a photo's contrast, but in most copies "
            f"leaves {np.median(contrasts):.0%}, nearly one colour{hint}"
        )
    left = min(np.quantile(shares, MAX_LOST), 1 - (1 - np.mean(tries)) ** (1 / NUM_TOUCHED))
    if left < MIN_LEFT:
        raise SettingsError(
            f"{PATH}: {at} must leave at least {MIN_LEFT:.0%} of a photo's pixels, but in many copies leaves "
            f"about {left:.1%}{hint}"
        )


def _compiled(layers: Sequence[Any]) -> Callable[[np.ndarray, int], np.ndarray]:
    """Returns what makes the copy of a photo with a seed, before pixels are cut off at 0 and 255."""
    states = generators(layers)

    def call(photo: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        reset(states, seed)
        changed = photo[tf.newaxis]
        for layer in layers:
            changed = layer(changed, training=True)
        return changed[0]

    graph = tf.function(call, autograph=False)  # an eighth of the time of eager calls
    return lambda photo, seed: np.asarray(graph(tf.constant(photo), tf.constant(seed, tf.int64)))


def _touched(photo: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Returns a photo some of whose pixels are as dark or as bright as any, whichever they were not."""
    height_px, width_px, _ = photo.shape
    places = np.divmod(random.choice(height_px * width_px, NUM_TOUCHED, replace=False), width_px)
    changed = photo.copy()
    darkest, brightest = photo.min(axis=(0, 1)), photo.max(axis=(0, 1))
    changed[places] = np.where(photo[places] < 128, brightest, darkest)
    return changed


def _differ(copy: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Returns which pixels of two copies differ by more than a level of 255, shape (height_px, width_px)."""
    differ: np.ndarray = (np.abs(np.clip(copy, 0, 255) - np.clip(other, 0, 255)) > 1).any(axis=-1)
    return differ


def contrast(photo: np.ndarray) -> float:
    """Returns the standard deviation of the pixels within each channel, the mean over channels."""
    return float(photo.reshape(-1, photo.shape[-1]).std(axis=0).mean())


def drawn_photos(size_px: int, *, num: int = 15) -> np.ndarray:
    """Returns float32 (num, size_px, size_px, 3), 0 to 255: coarse and fine patches, as in real photos."""
    random = np.random.default_rng(0)
    photos = np.zeros((num, size_px, size_px, 3), dtype=np.float32)
    for cells, most in ((4, 160), (16, 72), (size_px, 24)):
        side = -(-size_px // cells)
        patches = random.uniform(0, most, (num, cells, cells, 3)).astype(np.float32)
        photos += patches.repeat(side, axis=1).repeat(side, axis=2)[:, :size_px, :size_px]
    return photos


def _called(layer: Any, inputs: Any, seed: int) -> Any:  # noqa: ANN401 (Keras ships no types)
    reset(generators([layer]), tf.constant(seed, tf.int64))
    outputs = layer(keras.tree.map_structure(tf.constant, inputs), training=True)
    return keras.tree.map_structure(np.asarray, outputs)


def generators(layers: Iterable[Any]) -> list[Any]:
    """Returns the states of all random generators, nested ones too: the variables that are no weights."""
    return [
        variable
        for layer in layers
        for variable in layer.variables
        if not any(variable is weight for weight in layer.weights)
    ]


def reset(states: Sequence[Any], seed: tf.Tensor) -> None:
    """Sets random generators anew, each from `seed` and its place."""
    # A state is (seed, number of draws). Each generator counts from another start, or all would draw the same
    # numbers, and a copy turned far to the left would always be a dark one.
    for index, state in enumerate(states):
        state.assign(tf.stack([seed, tf.constant(index << 32, tf.int64)]))
