"""Changed copies of photos, drawn on the card: flips, rotations, shifts and zooms, in one interpolation.

The pipeline's own copies are drawn by Keras' layers on TensorFlow, one after the other. These have the same
ranges and other random numbers, and are interpolated once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.ndimage import map_coordinates

KNOWN = ("RandomFlip", "RandomRotation", "RandomTranslation", "RandomZoom")
# Of a fill mode of Keras, what SciPy calls it.
FILLS = {"constant": "constant", "nearest": "nearest", "reflect": "reflect", "wrap": "wrap"}


def begin(
    layers: Sequence[Mapping[str, Mapping[str, Any]]],
) -> Callable[[np.ndarray, Sequence[int]], np.ndarray]:
    """Returns what makes a changed copy of each photo, uint8 as they are, from a seed for each.

    Args:
        layers: as under `augment.layers` of params.yaml.

    Raises:
        ValueError: a layer is none of `KNOWN`.
    """
    arguments: dict[str, Mapping[str, Any]] = {}
    for layer in layers:
        [(name, given)] = layer.items()
        if name not in KNOWN:
            raise ValueError(f"a layer must be one of {', '.join(KNOWN)}, got {name}")
        arguments[name] = given
    fill = FILLS[next((each["fill_mode"] for each in arguments.values() if "fill_mode" in each), "reflect")]
    turn = 2 * np.pi * arguments.get("RandomRotation", {}).get("factor", 0)
    moved = arguments.get("RandomTranslation", {})
    shift = jnp.array([moved.get("height_factor", 0), moved.get("width_factor", 0)])
    zoomed = arguments.get("RandomZoom", {})
    height = zoomed.get("height_factor", 0)
    zoom = jnp.array([height, zoomed.get("width_factor", height)])
    flips = "RandomFlip" in arguments

    def change(photo: jax.Array, seed: jax.Array) -> jax.Array:
        keys = jax.random.split(jax.random.key(seed), 4)
        size = photo.shape[0]
        angle = jax.random.uniform(keys[0], (), minval=-turn, maxval=turn)
        turned = jnp.array([[jnp.cos(angle), -jnp.sin(angle)], [jnp.sin(angle), jnp.cos(angle)]])
        scale = 1 + jax.random.uniform(keys[1], (2,), minval=-1, maxval=1) * zoom
        move = jax.random.uniform(keys[2], (2,), minval=-1, maxval=1) * shift * size
        mirror = jnp.where(flips & jax.random.bernoulli(keys[3]), -1, 1)
        places = jnp.stack(jnp.meshgrid(jnp.arange(size), jnp.arange(size), indexing="ij")) - (size - 1) / 2
        places = places * jnp.array([1, mirror])[:, None, None]
        places = jnp.einsum("ij,jhw->ihw", turned, places) * scale[:, None, None] + move[:, None, None]
        places = places + (size - 1) / 2
        channels = [
            map_coordinates(photo[..., channel], list(places), order=1, mode=fill) for channel in range(3)
        ]
        return jnp.round(jnp.clip(jnp.stack(channels, axis=-1), 0, 255)).astype(jnp.uint8)

    changed = jax.jit(jax.vmap(lambda photo, seed: change(photo.astype(jnp.float32), seed)))

    def copies(images: np.ndarray, seeds: Sequence[int]) -> np.ndarray:
        return np.asarray(changed(images, np.asarray(seeds, dtype=np.uint32)))

    return copies
