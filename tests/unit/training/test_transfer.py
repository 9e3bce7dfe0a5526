"""Truths about fine-tuning."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from tenshots import runtime
from tenshots.networks import forward
from tenshots.networks.families.pretrained import HEAD
from tenshots.runtime import keras
from tenshots.training import transfer
from tests.drawn.fine_tuning import ARGUMENTS, build, fits, settings
from tests.drawn.trainings import drawn, loop, part, same

runtime.configure(threads=1)


def changed(before: Any, after: Any) -> set[str]:  # noqa: ANN401 (keras.Model)
    """The layers with weights that differ between two networks."""
    pairs = zip(before.layers, after.layers, strict=True)
    return {b.name for b, a in pairs if b.weights and not same(b.get_weights(), a.get_weights())}


def test_the_head_comes_first_then_the_top_of_the_backbone() -> None:
    ((fit, _),) = fits(part())

    assert [row.phase for row in fit.history] == ["head"] * 2 + ["fine_tune"] * 3
    assert [row.epoch for row in fit.history] == [0, 1, 2, 3, 4]
    assert [row.num_updates for row in fit.history] == [3, 6, 9, 12, 15]
    assert max(row.lr for row in fit.history[2:]) < max(row.lr for row in fit.history[:2])


@pytest.mark.parametrize(
    ("unfreeze", "tuned"),
    [
        (0, set()),
        (0.25, {"block2_2_convolution"}),
        (0.5, {"block2_1_convolution", "block2_2_convolution"}),
        (1, {f"block{block}_{step}_convolution" for block in (1, 2) for step in (1, 2)}),
    ],
)
def test_only_the_top_is_tuned_and_normalisations_stay(unfreeze: float, tuned: set[str]) -> None:
    given = settings(unfreeze=unfreeze)
    ((fit, _),) = fits(part(), given=given)

    if (
        fit.kept_epoch < given.head_epochs
    ):  # then the head's weights were better, and the backbone is untouched
        assert unfreeze == 0
    assert changed(build(given), fit.network) == {HEAD, *tuned}


def test_without_unfreezing_only_the_head_is_trained() -> None:
    ((fit, _),) = fits(part(), given=settings(unfreeze=0))

    assert {row.phase for row in fit.history} == {"head"}


def test_tuning_that_does_harm_is_undone() -> None:
    ((fit, _),) = fits(part(), given=settings(fine_tune_lr_factor=100.0, head_epochs=40))
    images, labels = drawn()

    assert fit.kept_epoch < 40
    assert changed(build(settings()), fit.network) == {HEAD}
    accuracy = (forward.predict(fit.network, images[21:28]).argmax(axis=1) == labels[21:28]).mean()
    assert accuracy == fit.history[fit.kept_epoch].val_accuracy


def test_without_patience_tuning_is_kept_even_where_validation_likes_it_less() -> None:
    given = settings(fine_tune_lr_factor=100.0, head_epochs=40)
    ((fit, _),) = fits(part(), given=given, patience="none")

    assert fit.kept_epoch == len(fit.history) - 1 == 42
    assert changed(build(given), fit.network) != {HEAD}


def test_each_phase_has_its_own_patience() -> None:
    images, labels = drawn()
    labels[21:28] = 1 - labels[21:28]
    given = settings(head_epochs=40)
    (fit,) = transfer.fits(
        partial(build, given),
        [part()],
        images=images,
        labels=labels,
        settings=loop(epochs=40, patience=2, lr=0.1),
        stages=given,
    )

    phases = [row.phase for row in fit.history]
    assert phases.count("head") < 40
    assert 2 <= phases.count("fine_tune") < 40


def test_a_part_gives_the_same_weights_whichever_came_before_and_repeats_differ() -> None:
    first, second, again = fits(part(0), part(1), part(0))
    ((alone, weights),) = fits(part(0))

    assert same(first[1], again[1])
    assert same(first[1], weights)
    assert first[0].history == alone.history
    assert not same(first[0].network.get_layer(HEAD).get_weights(), second[1][-2:])


def test_frozen_layers_computed_anew_give_what_kept_ones_give(monkeypatch: pytest.MonkeyPatch) -> None:
    # Plain gradient descent, since Adam makes a difference in the last bit as large as any other.
    kept = fits(part(), optimiser="sgd")
    tuned_part = transfer.tuned_part
    monkeypatch.setattr(
        transfer, "tuned_part", lambda *given, **named: tuned_part(*given, **named, kept_bytes=0)
    )
    anew = fits(part(), optimiser="sgd")

    for left, right in zip(kept[0][1], anew[0][1], strict=True):
        assert left == pytest.approx(right, abs=1e-5)


def test_frozen_layers_are_computed_without_dropout_while_the_rest_trains() -> None:
    images = drawn()[0][:4]
    arguments = {**ARGUMENTS, "dropout": 0.9}
    backbone = {"architecture": "convolutional", "arguments": arguments, "weights": "none"}
    network = build(settings(dropout=0.0, backbone=backbone))
    network.get_layer("block2_dropout").rate = 0.0
    tuned = transfer.tuned_part(network, images, share=0.25, kept_bytes=0)

    assert tuned is not None
    logits = keras.ops.convert_to_numpy(tuned.model(tuned.inputs, training=True))
    assert logits == pytest.approx(forward.outputs(network, images, batch_size=4), abs=1e-6)
    assert not [v for v in tuned.model.trainable_variables if "block1" in v.path]


def test_the_cut_moves_below_branches_that_join() -> None:
    # MobileNetV2 adds a block's input to its output: nothing between the two holds all that is known.
    given = settings(
        backbone={"architecture": "MobileNetV2", "arguments": {"alpha": 0.35}, "weights": "none"}
    )
    network = build(given)
    names = [layer.name for layer in network.layers]
    weighted = [
        layer
        for layer in network.layers[: names.index("features")]
        if layer.weights and not transfer._is_normalisation(layer)
    ]
    # The expansion of block 14, whose input is added to its output.
    share = (len(weighted) - [layer.name for layer in weighted].index("block_14_project")) / len(weighted)
    tuned = transfer.tuned_part(network, drawn()[0][:4], share=share)

    assert tuned is not None
    held = {layer.name for layer in tuned.model.layers}
    assert {"block_14_expand", "block_14_depthwise", "block_14_project", "block_14_add"} <= held
    assert "block_13_project" not in held
    assert forward.outputs(tuned.model, tuned.inputs, batch_size=4) == pytest.approx(
        forward.outputs(network, drawn()[0][:4], batch_size=4), abs=1e-5
    )
