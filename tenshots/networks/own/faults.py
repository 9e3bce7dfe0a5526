"""Why a layer cannot take what arrives at it, in a sentence; judged by shapes alone, without Keras."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from tenshots.networks.own import allowed
from tenshots.wording import counted

Shape = tuple[int, ...]
# Of what a layer puts out for one photo: some 4 GB.
MAX_VALUES = 2**30
_TIMES = " \N{MULTIPLICATION SIGN} "
_FLATTER = "Flatten or GlobalAveragePooling2D"


def times(*sides: int) -> str:
    """Returns sides as one writes them, with a sign of multiplication in between."""
    return _TIMES.join(map(str, sides))


def described(shape: Shape) -> str:
    """Returns a shape in words: "(15, 15, 32)", places and channels."""
    if len(shape) == 3:
        height, width, channels = shape
        return f"{shape}: {times(height, width)} places of {counted(channels, 'channel')}"
    return f"({', '.join(map(str, shape))}): {counted(math.prod(shape), 'number')}"


def fault(kind: str, arguments: Mapping[str, Any], shape: Shape) -> str:
    """Returns why a layer cannot take a shape, and what helps; nothing where no reason is known.

    Args:
        kind: a layer's name in Keras.
        arguments: of the layer.
        shape: of what arrives, for one photo: (numbers,) or (height, width, channels).
    """
    arrives = f"what arrives there is {described(shape)}"
    takes = allowed.LAYERS[kind].takes
    if takes == "maps" and len(shape) != 3:
        return f"takes maps, but {arrives}; put it before Flatten and global pooling"
    if takes == "numbers" and len(shape) != 1:
        return (
            f"takes a row of numbers, but {arrives}; put {_FLATTER} before it (or take Conv2D with "
            "kernel_size 1 for the same weights at each place)"
        )
    if kind == "Reshape":
        return _reshaping(arguments["target_shape"], shape)
    if kind == "GroupNormalization":
        groups = arguments.get("groups", 32)
        return "" if shape[-1] % groups == 0 else (
            f"divides the channels into {groups} groups, but {arrives}; choose groups that divide "
            f"{shape[-1]}"
        )  # fmt: skip
    if "kernel_size" in arguments or "Pooling2D" in kind:
        return _window(kind, arguments, shape)
    if kind == "Cropping2D":
        cut = _borders(arguments.get("cropping", 0))
        if any(sum(pair) >= side for pair, side in zip(cut, shape, strict=False)):
            return f"cuts off all there is, since {arrives}; cut off less"
    return ""


def _window(kind: str, arguments: Mapping[str, Any], shape: Shape) -> str:
    """Returns what is wrong with a window that slides over maps."""
    arrives = f"what arrives there is {described(shape)}"
    if kind.startswith("Adaptive"):
        wanted = _both(arguments["output_size"])
        if any(most > side for most, side in zip(wanted, shape, strict=False)):
            return f"must put out at most what arrives, but {arrives}; choose a smaller output_size"
        return ""
    if kind.startswith("Global"):
        return ""
    window = _both(arguments.get("kernel_size") or arguments.get("pool_size") or 2)
    dilation = _both(arguments.get("dilation_rate") or 1)
    pooling = "pool_size" in allowed.LAYERS[kind].arguments
    strides = _both(arguments.get("strides") or (list(window) if pooling else 1))
    if max(strides) > 1 and max(dilation) > 1:
        return "must not have both strides and dilation_rate above 1; choose one"
    if kind in ("DepthwiseConv2D", "SeparableConv2D") and strides[0] != strides[1]:
        return f"must have equal strides for height and width, got {list(strides)}"
    if not pooling and max(strides) > 1 and max(window) == 1:  # see `blocks.every`
        return (
            f"must not have strides of {times(*strides)} with a kernel_size of 1, whose gradient is faulty "
            "on a CPU; choose a larger kernel_size, or take every second place before it: "
            "AveragePooling2D: {pool_size: 1, strides: 2}"
        )
    if kind == "Conv2DTranspose":
        return ""
    name = "pool_size" if pooling else "kernel_size"
    spans = [gap * (length - 1) + 1 for gap, length in zip(dilation, window, strict=True)]
    if arguments.get("padding", "valid") == "valid" and any(
        span > side for span, side in zip(spans, shape, strict=False)
    ):
        return (
            f"leaves nothing of the picture, since its window of {times(*spans)} is larger than "
            f"{described(shape)}; choose a smaller {name}, padding: same, fewer poolings or "
            "strides before it, or a larger input_px"
        )
    if any(1 < step > side for step, side in zip(strides, shape, strict=False)):
        return (
            f"leaves nothing but one place, since its strides of {times(*strides)} step over "
            f"{described(shape)}; choose smaller strides, or fewer poolings before it"
        )
    return ""


def _reshaping(target: Sequence[int], shape: Shape) -> str:
    known = math.prod(side for side in target if side != -1)
    number = math.prod(shape)
    if (number % known if -1 in target else number - known) == 0:
        return ""
    return f"cannot arrange {described(shape)} as {list(target)}; " + (
        f"their product must divide {number:,}" if -1 in target else f"their product must be {number:,}"
    )


def too_large(shape: Shape) -> str:
    """Returns what to say of a layer that puts out more than any machine holds; nothing else."""
    if math.prod(shape) <= MAX_VALUES:
        return ""
    return (
        f"must put out at most {MAX_VALUES:,} numbers for a photo, got {math.prod(shape):,}, "
        f"{described(shape)}; choose fewer filters, or enlarge the picture less"
    )


def projection(before: Shape, after: Shape) -> tuple[int, int] | str:
    """Returns the strides of the 1x1 convolution by which what comes in can be added to what comes out.

    Or why there is none. Of numbers in a row, which have no places, they are (1, 1).
    """
    if len(before) != len(after):
        return (
            f"cannot add what comes in, {described(before)}, to what its layers make of it, "
            f"{described(after)}; leave Flatten and global pooling out of it"
        )
    if len(before) == 1:
        return 1, 1
    strides = tuple(_stride(side, wanted) for side, wanted in zip(before[:2], after[:2], strict=True))
    if 0 in strides:
        return (
            f"cannot add what comes in, {described(before)}, to what its layers make of it, "
            f"{described(after)}, since no strides lead from one to the other; give its layers padding: same"
        )
    return strides[0], strides[1]


def _stride(side: int, wanted: int) -> int:
    """Returns the step by which `wanted` places are left of `side`; 0 where there is none."""
    step = -(-side // wanted)
    return step if -(-side // step) == wanted else 0


def unlike(shapes: Sequence[Shape]) -> str:
    """Returns why branches cannot be put side by side; nothing where they can."""
    if len({shape[:-1] for shape in shapes}) == 1:
        return ""
    each = " and ".join(dict.fromkeys(map(described, shapes)))
    return (
        f"cannot put its branches side by side, which end in {each}; let all end in as many places, with "
        "equal strides and padding: same"
    )


def _both(value: Any) -> tuple[int, int]:  # noqa: ANN401 (an integer or a list of two)
    return (value, value) if isinstance(value, int) else (value[0], value[1])


def _borders(value: Any) -> list[tuple[int, int]]:  # noqa: ANN401 (see `rules.borders`)
    pairs = (value, value) if isinstance(value, int) else value
    return [(pair, pair) if isinstance(pair, int) else (pair[0], pair[1]) for pair in pairs]
