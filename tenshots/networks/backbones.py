"""Backbones of keras.applications, and the ImageNet weights that Keras fetches for them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from tenshots import params
from tenshots.errors import DataError, SettingsError
from tenshots.runtime import keras

# Ours to set: they say what is built and what is loaded, which other settings decide.
_OURS = {"name", "include_top", "weights", "input_tensor", "input_shape", "pooling", "classes"}
_OURS |= {"classifier_activation"}


def maps_of(
    pixels: Any,  # noqa: ANN401 (keras.KerasTensor, untyped)
    architecture: str,
    arguments: Mapping[str, Any],
    *,
    known: Sequence[str],
    for_imagenet: bool,
) -> Any:  # noqa: ANN401
    """Returns what a backbone makes of pixels, with the scaling of its input that it was trained with.

    Args:
        pixels: (num_photos, input_px, input_px, 3), 0 to 255.
        architecture: its name in keras.applications.
        arguments: of the function of that name.
        known: further architectures, for the message about an unknown one.
        for_imagenet: whether it will be given the ImageNet weights of Keras.

    Raises:
        SettingsError: there is no such architecture, or it does not take the arguments or the pixels.
    """
    function = _function(architecture, arguments, known=known)
    # The input scaling that this family was trained with, as plain operations; some have it inside.
    scaled = inspect.getmodule(function).preprocess_input(pixels)  # type: ignore[union-attr]
    if for_imagenet and architecture.startswith("EfficientNetB"):
        scaled = _efficientnet_correction(scaled)
    try:
        return function(include_top=False, weights=None, input_tensor=scaled, **arguments).output
    except Exception as error:  # whatever it is (Keras knows no rule), the settings are its cause
        raise SettingsError(
            f"backbone cannot be built: {architecture} with input_px {pixels.shape[1]} and arguments "
            f"{params.shown(arguments)}: {' '.join(str(error).split())}"
        ) from None


def _function(
    architecture: str, arguments: Mapping[str, Any], *, known: Sequence[str] = ()
) -> Callable[..., keras.Model]:
    theirs = sorted(
        name
        for name, function in inspect.getmembers(keras.applications, inspect.isfunction)
        if {"include_top", "weights", "input_tensor"} <= set(inspect.signature(function).parameters)
    )
    if architecture not in theirs:
        raise SettingsError(
            f"backbone.architecture must be {', '.join(known)} or a network of keras.applications, "
            f"got {architecture!r}{params.nearest(architecture, [*theirs, *known])}"
        )
    function: Callable[..., keras.Model] = getattr(keras.applications, architecture)
    accepted = sorted(set(inspect.signature(function).parameters) - _OURS)
    for name in arguments:
        if name not in accepted:
            raise SettingsError(
                f"backbone.arguments.{name} is not an argument of {architecture}, "
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


def imagenet(architecture: str, arguments: Mapping[str, Any], *, input_px: int) -> list[np.ndarray]:
    """Returns Keras' ImageNet weights of a backbone, which have the hash that Keras publishes.

    Args:
        architecture: its name in keras.applications.
        arguments: of the function of that name.
        input_px: side of what it is given.

    Raises:
        DataError: neither in Keras' cache nor to be had; says where to put the file.
        SettingsError: there are none for these arguments, or Keras publishes no hash of them.
    """
    function = _function(architecture, arguments)
    try:
        with _hashes_demanded(architecture):
            model = function(
                include_top=False, weights="imagenet", input_shape=(input_px, input_px, 3), **arguments
            )
    except ValueError as error:
        raise SettingsError(
            f"backbone.weights: {architecture} has no ImageNet weights for arguments {dict(arguments)}: "
            f"{' '.join(str(error).split())}"
        ) from None
    weights: list[np.ndarray] = model.get_weights()
    return weights


@contextmanager
def _hashes_demanded(architecture: str) -> Iterator[None]:
    """Lets Keras use no file without a hash while the block lasts.

    Keras compares the hash of a file that it fetches or finds, but gives none for MobileNet and MobileNetV2.
    One thread at a time: weights are read in the main thread (see `learnt`).
    """
    files = keras.src.utils.file_utils
    theirs = files.get_file

    def get_file(fname: str, origin: str, **options: Any) -> str:  # noqa: ANN401 (of Keras)
        if options.get("file_hash") is None:
            raise SettingsError(
                f"backbone.weights must be {{path, sha256}} for {architecture}, as Keras "
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
            reason = "the downloaded file has a different one" if wrong else "it cannot be downloaded"
            raise DataError(
                f"{place} is missing or does not have the hash {options['file_hash']} that Keras publishes, "
                f"and {reason}; fetch {origin} on a machine with a network and put it there"
            ) from None

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
