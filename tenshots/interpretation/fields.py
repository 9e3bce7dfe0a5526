"""Receptive fields: which pixels a value of a layer can see."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import Any, NamedTuple

from tenshots.errors import DataError
from tenshots.interpretation import layers
from tenshots.runtime import keras


class Axis(NamedTuple):
    """Along one side of a picture: a layer's value i sees [start + i * step, start + i * step + length).

    Attributes:
        start: left or upper edge of what value 0 sees, in px of the input; below 0 it lies in the padding.
        length: px.
        step: px from one value to the next.
    """

    start: Fraction
    length: Fraction
    step: Fraction


class Field(NamedTuple):
    """What the values of a layer see of the input, along both sides."""

    rows: Axis
    columns: Axis

    def box(self, row: int, column: int) -> tuple[float, float, float, float]:
        """Returns top, left, bottom and right edge, in px, of what the value in `row` and `column` sees."""
        top = self.rows.start + row * self.rows.step
        left = self.columns.start + column * self.columns.step
        return float(top), float(left), float(top + self.rows.length), float(left + self.columns.length)


def receptive_field(model: keras.Model, tensor: Any) -> Field:  # noqa: ANN401 (keras.KerasTensor, untyped)
    """Computes from kernels, strides and padding which pixels each value of `tensor` can see.

    Of two 3x3 convolutions the second sees 5 px, since each of its nine values sees 3. Where paths meet, the
    field holds those of all. Resizing scales what follows. What averages over the whole picture and then
    weighs maps (squeeze and excitation) tells nothing of places and is left aside.
    Source: Araujo et al. 2019, doi:10.23915/distill.00021.

    Args:
        model: a functional model; its input is (num_photos, height, width, channels).
        tensor: of the model, with four dimensions.

    Raises:
        DataError: a layer on the way is of a kind that this function does not know.
    """
    own = Axis(Fraction(0), Fraction(1), Fraction(1))
    part = keras.Model(model.input, tensor)
    known: dict[int, Field | None] = {id(part.input): Field(own, own)}  # None: of no place
    for operation in part.operations:  # in the order in which they are computed
        for node in operation._inbound_nodes:  # a layer that other models share has theirs, too
            if node.input_tensors and all(id(given) in known for given in node.input_tensors):
                below = [known[id(given)] for given in node.input_tensors]
                fields = [field for field in below if field is not None]
                after = _after(operation, node, _union(fields)) if fields else None
                known.update((id(made), after) for made in node.outputs)
    found = known[id(part.output)]
    if found is None:
        raise DataError(f"the maps of {tensor.name} have no places in the photo")
    return found


def _union(fields: list[Field]) -> Field:
    if len(fields) == 1:
        return fields[0]
    return Field(
        _union_axis([field.rows for field in fields]), _union_axis([field.columns for field in fields])
    )


def _union_axis(axes: list[Axis]) -> Axis:
    start = min(axis.start for axis in axes)
    end = max(axis.start + axis.length for axis in axes)
    return Axis(start, end - start, max(axis.step for axis in axes))


_WINDOWS = {
    *("Conv2D", "DepthwiseConv2D", "SeparableConv2D", "MaxPooling2D", "AveragePooling2D"),
}


def _after(operation: Any, node: Any, field: Field) -> Field | None:  # noqa: ANN401
    name = layers.kind(operation)
    given, made = node.input_tensors[0].shape, node.outputs[0].shape
    if len(made) != 4:  # such as an average over all places
        return None
    if name in _AXES:
        sides = (field.rows, given[1], made[1]), (field.columns, given[2], made[2])
        return Field(*(_AXES[name](operation, side, *each) for side, each in enumerate(sides)))
    if name not in _WINDOWS:
        if any(below.shape[1:3] == made[1:3] for below in node.input_tensors):
            return field  # activations, sums, normalisation: a value from the one in its place
        if made[1:3] == (1, 1):
            return None
        raise DataError(
            f"the receptive field of {operation.name} is not known, since {name} is a layer of another kind"
        )
    window = getattr(operation, "kernel_size", None) or operation.pool_size
    dilation = getattr(operation, "dilation_rate", (1, 1))
    dilation = (dilation, dilation) if isinstance(dilation, int) else dilation
    return Field(
        *(
            _slid(
                axis,
                window=dilation[i] * (window[i] - 1) + 1,
                step=operation.strides[i],
                padded=operation.padding == "same",
                size=given[i + 1],
            )
            for i, axis in enumerate(field)
        )
    )


def _slid(axis: Axis, *, window: int, step: int, padded: bool, size: int) -> Axis:
    """Returns what a window of values sees that slides over them by `step`."""
    # "same" pads so much that size / step values come out, the odd one on the far side.
    missing = max((-(-size // step) - 1) * step + window - size, 0) if padded else 0
    return Axis(
        axis.start - (missing // 2) * axis.step,
        axis.length + (window - 1) * axis.step,
        axis.step * step,
    )


def _spread(operation: Any, side: int, axis: Axis, _before: int, _after: int) -> Axis:  # noqa: ANN401
    """Returns the most that values see of which several stand for each of those before."""
    times = operation.size[side]
    step = axis.step / times
    start, length = axis.start - (times - 1) * step, axis.length + (times - 1) * step
    if operation.interpolation == "nearest":
        return Axis(start, length, step)
    return Axis(start - axis.step, length + 2 * axis.step, step)  # a mean with the neighbours


def _spread_by(operation: Any, side: int, axis: Axis, _before: int, _after: int) -> Axis:  # noqa: ANN401
    """Returns the most that values see to which a window of weights spreads each value, every `step` values.

    Value o is a sum over those values i for which o + cut - i * step lies in the window.
    """
    window = operation.dilation_rate[side] * (operation.kernel_size[side] - 1) + 1
    step = operation.strides[side]
    cut = max(window - step, 0) // 2 if operation.padding == "same" else 0
    apart = axis.step / step
    return Axis(axis.start + (cut - window + 1) * apart, axis.length + (window - 1) * apart, apart)


def _divided(_operation: Any, _side: int, axis: Axis, before: int, after: int) -> Axis:  # noqa: ANN401
    """Returns the most that values see which share values before them as evenly as whole numbers allow."""
    step = Fraction(before, after)
    odd = 1 if before % after else 0
    return Axis(
        axis.start - odd * axis.step, axis.length + (step - 1 + 2 * odd) * axis.step, step * axis.step
    )


def _shifted(axis: Axis, by: int) -> Axis:
    return Axis(axis.start + by * axis.step, axis.length, axis.step)


def _scaled(_operation: Any, _side: int, axis: Axis, before: int, after: int) -> Axis:  # noqa: ANN401
    """Returns the place of pixels after resizing: each stands for before / after of those before it."""
    factor = Fraction(before, after)
    return Axis(axis.start, axis.length * factor, axis.step * factor)


def _padded(operation: Any, side: int, axis: Axis, _before: int, _after: int) -> Axis:  # noqa: ANN401
    return _shifted(axis, -operation.padding[side][0])


def _cropped(operation: Any, side: int, axis: Axis, _before: int, _after: int) -> Axis:  # noqa: ANN401
    return _shifted(axis, operation.cropping[side][0])


# Layers that change places side by side, each with what becomes of a side.
_AXES: Mapping[str, Callable[[Any, int, Axis, int, int], Axis]] = MappingProxyType(
    {
        "AdaptiveAveragePooling2D": _divided,
        "AdaptiveMaxPooling2D": _divided,
        "Conv2DTranspose": _spread_by,
        "Cropping2D": _cropped,
        "Resize": _scaled,
        "Resizing": _scaled,
        "UpSampling2D": _spread,
        "ZeroPadding2D": _padded,
    }
)
