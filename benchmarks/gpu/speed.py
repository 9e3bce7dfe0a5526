"""How many images per second networks learn from: as the pipeline trains, and with all of it on the card."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from tenshots.runtime import keras


def of_pipeline(
    model: keras.Model, images: np.ndarray, targets: np.ndarray, rows: np.ndarray, *, num_rounds: int
) -> float:
    """Returns images per second where each batch is handed over from the computer's memory.

    Args:
        model: uncompiled.
        images: uint8 (num_images, size_px, size_px, 3).
        targets: float32 (num_images, num_labels), one-hot.
        rows: int (num_updates, batch_size), of the images.
        num_rounds: of which the fastest counts; one before them compiles.
    """
    model.compile(_optimiser(), keras.losses.CategoricalCrossentropy(from_logits=True), metrics=["accuracy"])

    def go() -> None:
        for batch in rows:
            model.train_on_batch(images[batch], targets[batch])

    return _rate(go, rows.size, num_rounds)


def of_card(
    model: keras.Model, images: np.ndarray, targets: np.ndarray, rows: np.ndarray, *, num_rounds: int
) -> float:
    """Returns images per second where images and updates never leave the card; arguments as above."""
    optimiser = _optimiser()
    optimiser.build(model.trainable_variables)
    loss_of = keras.losses.CategoricalCrossentropy(from_logits=True)
    on_card = [jax.device_put(each) for each in (images, targets, rows)]

    def loss(trained: Any, others: Any, batch: Any, wanted: Any) -> tuple[Any, Any]:  # noqa: ANN401 (JAX's trees)
        logits, others = model.stateless_call(trained, others, batch, training=True)
        return loss_of(wanted, logits), others

    # The photos are an argument, not a constant, which JAX would put into the program that it compiles. No
    # loop of JAX's own, in which a CPU convolved over 30 times as slowly; updates are queued, not waited for.
    def update(state: Any, photos: Any, wanted: Any, batch: Any) -> Any:  # noqa: ANN401
        trained, others, memory = state
        given = photos[batch].astype("float32"), wanted[batch]
        (_, others), slopes = jax.value_and_grad(loss, has_aux=True)(trained, others, *given)
        return (*optimiser.stateless_apply(memory, slopes, trained), others)

    compiled = jax.jit(update)
    start = tuple(
        [each.value for each in variables]
        for variables in (model.trainable_variables, model.non_trainable_variables, optimiser.variables)
    )

    def go() -> None:
        state = start
        for batch in on_card[2]:
            trained, memory, others = compiled(state, *on_card[:2], batch)
            state = (trained, others, memory)
        jax.block_until_ready(state)

    return _rate(go, rows.size, num_rounds)


def _optimiser() -> keras.optimizers.Optimizer:
    return keras.optimizers.AdamW(0.001, weight_decay=0.0005)


def _rate(go: Callable[[], None], num_images: int, num_rounds: int) -> float:
    seconds = []
    for _ in range(num_rounds + 1):
        start = time.perf_counter()
        go()
        seconds.append(time.perf_counter() - start)
    return num_images / min(seconds[1:])
