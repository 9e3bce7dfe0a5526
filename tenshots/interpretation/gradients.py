"""Gradients with respect to what goes into a network: the one place here that knows the backend."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tenshots.errors import SettingsError
from tenshots.runtime import keras

Gradient = Callable[[np.ndarray], tuple[float, np.ndarray]]

FEW = 8  # this many calls of a deep network take less time than compiling it does


def gradient_of(objective: Callable[[Any], Any], *, num_calls: int) -> Gradient:
    """Returns a function that computes the objective of an array and its gradient there.

    Args:
        objective: from a float32 tensor to one number, built of `keras.ops` and of models that are called
            with `training=False`.
        num_calls: how often it will be called, roughly. For more than FEW calls it is compiled, once for each
            shape.

    Returns:
        A function from an array of any numeric dtype to the number and the gradient: float32, of the array's
        shape.

    Raises:
        SettingsError: Keras computes with neither TensorFlow nor JAX.
    """
    backend = keras.backend.backend()
    compiles = num_calls > FEW
    if backend == "tensorflow":
        computed = _on_tensorflow(objective, compiles=compiles)
    elif backend == "jax":
        import jax  # not at the top: a machine that computes with TensorFlow has none

        computed = jax.value_and_grad(objective)
        computed = jax.jit(computed) if compiles else computed
    else:
        raise SettingsError(
            f"KERAS_BACKEND must be tensorflow or jax for gradients of pictures, got {backend!r}"
        )

    def compute(inputs: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = computed(keras.ops.convert_to_tensor(inputs, dtype="float32"))
        return float(value), np.array(gradient, dtype=np.float32)

    return compute


def _on_tensorflow(objective: Callable[[Any], Any], *, compiles: bool) -> Callable[[Any], tuple[Any, Any]]:
    import tensorflow as tf  # not at the top: a machine that computes with JAX has none

    def compute(inputs: Any) -> tuple[Any, Any]:  # noqa: ANN401 (tf.Tensor, untyped)
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            value = objective(inputs)
        return value, tape.gradient(value, inputs)

    computed: Callable[[Any], tuple[Any, Any]] = tf.function(compute) if compiles else compute
    return computed
