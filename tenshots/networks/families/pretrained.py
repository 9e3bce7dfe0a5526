"""A network that has seen other photos (the backbone), with a new head for ours."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tenshots import params
from tenshots.errors import DataError, SettingsError
from tenshots.networks import weights_files
from tenshots.networks.families import convolutional
from tenshots.networks.settings import OUR_FAMILY, BackboneSettings, PretrainedSettings, WeightsFile, whole_of
from tenshots.runtime import keras

FEATURES = "features"  # the layer between backbone and head
HEAD = "head"
# Ours to set: they say what is built and what is loaded, which other settings decide.
_OURS = {"name", "include_top", "weights", "input_tensor", "input_shape", "pooling", "classes"}
_OURS |= {"classifier_activation"}
OTHER_SETTINGS = "correct backbone.architecture or its arguments, or fetch the file again"
_FETCHING = threading.Lock()


def build(
    settings: PretrainedSettings,
    *,
    size_px: int,
    num_labels: int,
    load_backbone: bool = True,
    at: str = "",
) -> keras.Model:
    """Builds the network: see `tenshots.networks.building.build`.

    It is flat: the backbone's layers are its own layers, so each can be reached by name, frozen or cut at.
    """
    photos = keras.Input((size_px, size_px, 3), name="photos")
    pixels = convolutional.resized(photos, settings.input_px)
    if settings.backbone.architecture == OUR_FAMILY:
        backbone = _our_backbone(photos, pixels, settings, load=load_backbone, at=at)
    else:
        backbone = _keras_backbone(
            pixels, settings, load=load_backbone, at=".".join([at] * bool(at) + ["backbone"])
        )
    features = keras.layers.GlobalAveragePooling2D(name=FEATURES)(backbone.output)
    features = keras.layers.Dropout(settings.dropout, name="head_dropout")(features)
    return keras.Model(photos, keras.layers.Dense(num_labels, name=HEAD)(features), name="pretrained")


def _our_backbone(
    photos: Any,  # noqa: ANN401 (keras.KerasTensor, untyped)
    pixels: Any,  # noqa: ANN401
    settings: PretrainedSettings,
    *,
    load: bool,
    at: str,
) -> keras.Model:
    """Returns the blocks of a network of our family; the file holds a whole network, as `train` wrote it."""
    backbone = settings.backbone
    whole = whole_of(settings, at=at)
    model = keras.Model(photos, convolutional.blocks(pixels, whole))
    if load and isinstance(backbone.weights, WeightsFile):
        path = weights_files.verified(backbone.weights)
        num_labels = weights_files.num_labels(path)
        trained = convolutional.build(whole, size_px=settings.input_px, num_labels=num_labels)
        weights_files.load(trained, path, of="backbone", remedy=OTHER_SETTINGS)
        for layer in model.layers:
            if layer.weights:
                layer.set_weights(trained.get_layer(layer.name).get_weights())
    return model


def _keras_backbone(
    pixels: Any,  # noqa: ANN401 (keras.KerasTensor, untyped)
    settings: PretrainedSettings,
    *,
    load: bool,
    at: str,
) -> keras.Model:
    backbone = settings.backbone
    function = _architecture(backbone, at=at)
    # The input scaling that this family was trained with, as plain operations; some have it inside.
    scaled = inspect.getmodule(function).preprocess_input(pixels)  # type: ignore[union-attr]
    if backbone.weights == "imagenet" and backbone.architecture.startswith("EfficientNetB"):
        scaled = _efficientnet_correction(scaled)
    try:
        model = function(include_top=False, weights=None, input_tensor=scaled, **backbone.arguments)
    except Exception as error:  # whatever it is (Keras knows no rule), the settings are its cause
        raise SettingsError(
            f"{params.PATH}: {at} cannot be built: {backbone.architecture} with input_px {settings.input_px} "
            f"and arguments {params.shown(backbone.arguments)}: {' '.join(str(error).split())}"
        ) from None
    if load and backbone.weights == "imagenet":
        shape = (settings.input_px, settings.input_px, 3)
        model.set_weights(_imagenet(function, shape, backbone.arguments, at=at).get_weights())
    elif load and isinstance(backbone.weights, WeightsFile):
        path = weights_files.verified(backbone.weights)
        weights_files.load(model, path, of="backbone", remedy=OTHER_SETTINGS)
    return model


def _architecture(backbone: BackboneSettings, *, at: str) -> Callable[..., keras.Model]:
    known = sorted(
        name
        for name, function in inspect.getmembers(keras.applications, inspect.isfunction)
        if {"include_top", "weights", "input_tensor"} <= set(inspect.signature(function).parameters)
    )
    if backbone.architecture not in known:
        hint = params.nearest(backbone.architecture, [*known, OUR_FAMILY])
        raise SettingsError(
            f"{params.PATH}: {at}.architecture must be {OUR_FAMILY} or a network of keras.applications, "
            f"got {backbone.architecture!r}{hint}"
        )
    function: Callable[..., keras.Model] = getattr(keras.applications, backbone.architecture)
    accepted = sorted(set(inspect.signature(function).parameters) - _OURS)
    for name in backbone.arguments:
        if name not in accepted:
            raise SettingsError(
                f"{params.PATH}: {at}.arguments.{name} is not an argument of {backbone.architecture}, "
                f"which takes {', '.join(accepted) or 'none'}"
            )
    return function


def _efficientnet_correction(pixels: Any) -> Any:  # noqa: ANN401 (keras.KerasTensor, untyped)
    """Scales pixels so that EfficientNet's own normalisation gives what its ImageNet weights were trained on.

    Keras adds a division by sqrt(deviation) after the normalisation (x / 255 - mean) / deviation, but only
    where it loads these weights itself; a network rebuilt without them would lack it. Applied before the
    normalisation it is this affine map.
    Source: keras/src/applications/efficientnet.py, github.com/tensorflow/tensorflow/issues/49930.
    """
    mean, deviation = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    scale = [value**-0.5 for value in deviation]
    offset = [255 * middle * (1 - factor) for middle, factor in zip(mean, scale, strict=True)]
    return keras.layers.Rescaling(scale, offset=offset, name="imagenet_correction")(pixels)


def _imagenet(
    function: Callable[..., keras.Model],
    shape: tuple[int, int, int],
    arguments: Mapping[str, Any],
    *,
    at: str,
) -> keras.Model:
    """Lets Keras fetch (or find) its ImageNet weights, which must have the hash that Keras publishes.

    Raises:
        DataError: neither in Keras' cache nor to be had; says where to put the file.
        SettingsError: there are none for these arguments, or Keras publishes no hash of them.
    """
    try:
        with _hashes_demanded(function.__name__, at=at):
            return function(include_top=False, weights="imagenet", input_shape=shape, **arguments)
    except ValueError as error:
        raise SettingsError(
            f"{params.PATH}: {at}.weights: {function.__name__} has no ImageNet weights for "
            f"arguments {dict(arguments)}: "
            f"{' '.join(str(error).split())}"
        ) from None


@contextmanager
def _hashes_demanded(architecture: str, *, at: str) -> Iterator[None]:
    """Lets Keras use no file without a hash while the block lasts.

    Keras compares the hash of a file that it fetches or finds, but gives none for MobileNet and MobileNetV2.
    """
    files = keras.src.utils.file_utils
    theirs = files.get_file

    def get_file(fname: str, origin: str, **options: Any) -> str:  # noqa: ANN401 (of Keras)
        if options.get("file_hash") is None:
            raise SettingsError(
                f"{params.PATH}: {at}.weights must be {{path, sha256}} for {architecture}, as Keras "
                f"publishes no hash of its ImageNet weights and would not notice another file; fetch {origin}"
            )
        try:
            return str(theirs(fname, origin, **options))
        except Exception as error:
            place = _target(error)
            if place is None:
                raise
            # Keras raises a ValueError where what it fetched has another hash, too.
            wrong = isinstance(error, ValueError)
            reason = "what was fetched has another" if wrong else "it cannot be fetched"
            raise DataError(
                f"{place} is missing, or has not the hash {options['file_hash']} that Keras publishes, and "
                f"{reason}; fetch {origin} on a machine with a network and put it there"
            ) from None

    with _FETCHING:
        files.get_file = get_file
        try:
            yield
        finally:
            files.get_file = theirs


def _target(error: BaseException) -> Path | None:
    """Returns the place of the file that Keras failed to fetch; its own variables alone know it."""
    trace = error.__traceback__
    while trace is not None:
        names = trace.tb_frame.f_locals
        if trace.tb_frame.f_code.co_name == "get_file" and "download_target" in names:
            return Path(names["download_target"])
        trace = trace.tb_next
    return None
