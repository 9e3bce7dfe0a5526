"""How many trainings memory has room for: what one takes, and what is free."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

from tenshots import cores
from tenshots.errors import SettingsError
from tenshots.params import PATH
from tenshots.runtime import keras

MEMORY_SHARE = 0.5  # of what is free: as much as workers may fill
FLOAT_BYTES = 4
GRAPH_BYTES = 100_000_000
CGROUPS = Path("/sys/fs/cgroup")
OURS = Path("/proc/self/cgroup")
# Where a control group says its limit, what it uses, and how much of that is cache that it would drop.
V2 = ("memory.max", "memory.current", "inactive_file")
V1 = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")


def num_fitting(num_bytes: int) -> int:
    """Returns how many trainings of so many bytes this process's share of free memory holds; at least 1.

    Experiments that run at once (`cores.num_experiments`) share what is free.
    """
    room = MEMORY_SHARE * free_bytes() / cores.num_experiments()
    return max(int(room // max(num_bytes, 1)), 1)


def free_bytes() -> int:
    """Returns how many bytes this process could still fill: of the machine, and of its container's limit."""
    import psutil  # not at the top: one training at a time, as on JAX, needs no such package

    return min([int(psutil.virtual_memory().available), *_free_in_groups()])


def _free_in_groups() -> Iterator[int]:
    """Yields what is free in each control group around this process that limits its memory (Linux).

    A container sees its own group as the topmost, whatever path the machine knows it by.
    """
    try:
        lines = OURS.read_text().splitlines()
    except OSError:  # not Linux
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers not in ("", "memory"):
            continue
        top, names = (CGROUPS, V2) if controllers == "" else (CGROUPS / "memory", V1)
        parts = [part for part in path.split("/") if part not in ("", "..")]
        for depth in range(len(parts) + 1):
            free = _free_in_group(top.joinpath(*parts[:depth]), names)
            if free is not None:
                yield free


def _free_in_group(folder: Path, names: tuple[str, str, str]) -> int | None:
    limit_name, used_name, cache_name = names
    try:
        limit = (folder / limit_name).read_text().strip()
        if limit == "max":
            return None
        used = int((folder / used_name).read_text())
        rows = dict(line.split(maxsplit=1) for line in (folder / "memory.stat").read_text().splitlines())
        return max(int(limit) - (used - int(rows.get(cache_name, 0))), 0)
    except (OSError, ValueError):  # no such group, or files of a kind that is not known here
        return None


def training_bytes(model: keras.Model, *, batch_size: int) -> int:
    """Returns about how many bytes a training fills: what the layers put out, the weights, and the graph.

    Measured peaks of the lecture's network and MobileNetV2, EfficientNetB0 and ResNet50 at 96 to 160 px are
    0.6 to 1.0 times as high.

    Args:
        model: that is trained.
        batch_size: images at once.
    """
    activations = sum(
        num_values(tensor) for layer in layers_of(model) for tensor in keras.tree.flatten(layer.output)
    )
    weights = sum(num_values(weight) for weight in model.weights)
    # An activation is kept for its gradient; each weight comes with its gradient and two moments.
    return FLOAT_BYTES * (2 * batch_size * activations + 4 * weights) + GRAPH_BYTES


def of_updates(model: keras.Model, batch_size: int | str, num_at_once: int) -> int:
    """Returns about how many bytes a training fills, as `training_bytes` does, and judges a full batch.

    Args:
        model: that is trained.
        batch_size: the setting: a number, or all.
        num_at_once: images of the largest update, where that is all.

    Raises:
        SettingsError: all photos at once fill more memory than is free.
    """
    if isinstance(batch_size, int):
        return training_bytes(model, batch_size=batch_size)
    num_bytes, free = training_bytes(model, batch_size=num_at_once), free_bytes()
    if num_bytes > free:
        raise SettingsError(
            f"{PATH}: batch_size must be a number here, since with all a single update takes "
            f"{num_at_once:,} photos, which would fill about {num_bytes / 1e9:,.1f} GB, and "
            f"{free / 1e9:,.1f} GB are free; choose a number, such as 16, or a smaller input_px or network"
        )
    return num_bytes


def layers_of(model: keras.Model) -> Iterator[keras.Layer]:
    """Yields the layers of a model, and of the models that are layers of it."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from layers_of(layer)
        else:
            yield layer


def num_values(tensor: keras.KerasTensor | keras.Variable) -> int:
    """Returns how many numbers a weight has, or of a layer's output, those of one image."""
    return math.prod(side for side in tensor.shape if side is not None)
