"""Truths about fine-tuning."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest

from tenshots import runtime
from tenshots.checks import effort
from tenshots.errors import SettingsError
from tenshots.networks import classifiers, forward, parts
from tenshots.networks.classifiers import Linear, Rows
from tenshots.networks.families.pretrained import PretrainedSettings
from tenshots.networks.settings import HEAD
from tenshots.runtime import keras
from tenshots.training import cuts, linear
from tests.drawn.fine_tuning import ARGUMENTS, build, fine_tuned, known, settings
from tests.drawn.trainings import Trained, drawn, job, misled, same, trained

runtime.configure(threads=1)


def changed(given: PretrainedSettings, found: Trained) -> set[str]:
    """The layers whose weights training changed."""
    network = build(given)
    before = {layer.name: layer.get_weights() for layer in network.layers}
    network.set_weights(found.weights)
    return {
        layer.name
        for layer in network.layers
        if layer.weights and not same(before[layer.name], layer.get_weights())
    }


def test_the_head_is_solved_for_then_the_top_of_the_backbone_is_tuned() -> None:
    (found,) = fine_tuned(job())

    assert [row.phase for row in found.history] == ["logistic_regression"] + ["fine_tune"] * 3
    assert [row.epoch for row in found.history] == [0, 1, 2, 3]
    assert [row.num_updates for row in found.history] == [0, 3, 6, 9]


def test_the_head_is_that_of_a_logistic_regression_on_photos_alone() -> None:
    given = settings(unfreeze=0)
    (found,) = fine_tuned(job(copies=True), given=given)
    (again,) = trained(
        linear.trainers(
            partial(build, given), known=known(given), labels=drawn()[1], kind="logistic_regression"
        ),
        job(),
    )
    assert same(found.weights, again.weights)


def test_repeats_share_the_head_of_their_fold(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    solve = classifiers.solve

    def counted(rows: Rows, **named: Any) -> Linear:  # noqa: ANN401 (passed on)
        calls.append(len(rows.labels))
        return solve(rows, **named)

    monkeypatch.setattr(classifiers, "solve", counted)
    fine_tuned(job(0), job(1), job(2, num_originals=20), given=settings(unfreeze=0))
    assert calls == [2 * 21, 2 * 20], "each photo as it is and mirrored"


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
    (found,) = fine_tuned(job(), given=given)

    assert changed(given, found) == {HEAD, *tuned}


def test_without_unfreezing_only_the_head_is_solved_for() -> None:
    (found,) = fine_tuned(job(), given=settings(unfreeze=0))

    assert {row.phase for row in found.history} == {"logistic_regression"}


def test_tuning_that_does_harm_is_undone() -> None:
    (found,) = fine_tuned(job(1), given=settings(fine_tune_lr_factor=100.0), patience=10)

    assert found.outcome.kept_epoch == 0
    assert found.history[-1].phase == "fine_tune"
    assert changed(settings(), found) == {HEAD}
    accuracy = (found.val_logits.argmax(axis=1) == drawn()[1][21:28]).mean()
    assert accuracy == found.history[found.outcome.kept_epoch].val_accuracy


def test_without_patience_tuning_is_kept_even_where_validation_likes_it_less() -> None:
    given = settings(fine_tune_lr_factor=100.0)
    (found,) = fine_tuned(job(), given=given)

    assert found.outcome.kept_epoch == len(found.history) - 1 == 3
    assert changed(given, found) != {HEAD}


def test_patience_ends_the_tuning_and_keeps_the_head_that_validation_likes_best() -> None:
    (found,) = fine_tuned(job(), labels=misled(), epochs=40, patience=2, lr=0.1)

    assert 3 <= len(found.history) < 41


def test_a_job_gives_the_same_weights_whichever_came_before_and_repeats_differ() -> None:
    first, second, again = fine_tuned(job(0), job(1), job(0))
    (alone,) = fine_tuned(job(0))

    assert same(first.weights, again.weights)
    assert same(first.weights, alone.weights)
    assert first.history == alone.history
    assert not same(first.weights[-2:], second.weights[-2:])


def test_frozen_layers_computed_again_give_what_kept_ones_give(monkeypatch: pytest.MonkeyPatch) -> None:
    # Plain gradient descent, since Adam makes a difference in the last bit as large as any other.
    (kept,) = fine_tuned(job(), optimiser="sgd")
    monkeypatch.setattr(cuts, "inputs_of", lambda _, images, **__: images)
    (again,) = fine_tuned(job(), optimiser="sgd")

    for left, right in zip(kept.weights, again.weights, strict=True):
        assert left == pytest.approx(right, abs=1e-5)


def test_what_frozen_layers_put_out_is_kept_only_where_memory_allows() -> None:
    images = drawn()[0][:4]
    found = cuts.below_top(build(settings()), 0.5)

    assert found is not None
    num_bytes = cuts.inputs_of(found, images).nbytes
    assert cuts.inputs_of(found, images, kept_bytes=num_bytes) is not images
    assert cuts.inputs_of(found, images, kept_bytes=num_bytes - 1) is images


def test_frozen_layers_are_computed_without_dropout_while_the_rest_trains() -> None:
    images = drawn()[0][:4]
    arguments = {**ARGUMENTS, "dropout": 0.9}
    backbone = {"architecture": "convolutional", "arguments": arguments, "weights": "none"}
    network = build(settings(dropout=0.0, backbone=backbone))
    network.get_layer("block2_dropout").rate = 0.0
    found = cuts.below_top(network, 0.25)

    assert found is not None
    model = cuts.trained(found, from_photos=True)
    logits = keras.ops.convert_to_numpy(model(images, training=True))
    assert logits == pytest.approx(forward.outputs(network, images, batch_size=4), abs=1e-6)
    assert not [v for v in model.trainable_variables if "block1" in v.path]


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
        if layer.weights and not parts.is_normalisation(layer)
    ]
    # The expansion of block 14, whose input is added to its output.
    share = (len(weighted) - [layer.name for layer in weighted].index("block_14_project")) / len(weighted)
    images = drawn()[0][:4]
    found = cuts.below_top(network, share)

    assert found is not None
    held = {layer.name for layer in found.upper.layers}
    assert {"block_14_expand", "block_14_depthwise", "block_14_project", "block_14_add"} <= held
    assert "block_13_project" not in held
    assert forward.outputs(found.upper, cuts.inputs_of(found, images), batch_size=4) == pytest.approx(
        forward.outputs(network, images, batch_size=4), abs=1e-5
    )


BLOCK_1, BLOCK_2 = ({f"block{block}_{step}_convolution" for step in (1, 2)} for block in (1, 2))


@pytest.mark.parametrize(
    ("unfreeze", "tuned"),
    [
        ({"from": "block1_2_convolution"}, {"block1_2_convolution", *BLOCK_2}),
        (["block2_2_convolution", "block1"], {"block2_2_convolution", *BLOCK_1}),
    ],
)
def test_names_say_what_is_tuned_and_all_else_keeps_its_bytes(unfreeze: Any, tuned: set[str]) -> None:  # noqa: ANN401
    given = settings(unfreeze=unfreeze, block_lr_factor=0.25)
    (found,) = fine_tuned(job(), given=given)

    assert changed(given, found) == {HEAD, *tuned}
    told = found.outcome.told["tuned"]
    assert {name for each in told for name in each["layers"]} == tuned
    assert [(each["block"], each["factor"]) for each in told] == [("block2", 1.0), ("block1", 0.25)]


def test_a_lower_block_moves_by_its_share_of_the_rate() -> None:
    def moved(factor: float) -> dict[str, np.ndarray]:
        given = settings(unfreeze=["block1", "block2"], block_lr_factor=factor)
        once = {"optimiser": "sgd", "schedule": "constant", "warmup": 0, "epochs": 1, "batch_size": 64}
        (found,) = fine_tuned(job(), given=given, **once)
        start = build(given)
        return {
            weight.path: after - weight.numpy()
            for weight, after in zip(start.weights, found.weights, strict=True)
        }

    whole, quarter = moved(1.0), moved(0.25)
    for block, share in [("block1", 0.25), ("block2", 1.0)]:
        kernels = [path for path in whole if block in path and path.endswith("convolution/kernel")]
        assert len(kernels) == 2
        for path in kernels:
            assert np.abs(whole[path]).max() > 1e-4, path
            assert quarter[path] == pytest.approx(share * whole[path], rel=1e-3, abs=1e-7), path


@pytest.mark.parametrize(
    ("unfreeze", "words"),
    [
        ({"from": "blok2"}, r"unfreeze\.from must name a block .* got 'blok2'; did you mean 'block2'"),
        (["block2", "xyz"], r"unfreeze\[1\] must name .* got 'xyz'; its blocks are block1, block2"),
        (["block2_1_normalisation"], "that is no normalisation, got 'block2_1_normalisation'"),
    ],
)
def test_names_that_a_backbone_does_not_have_are_refused_with_those_that_it_has(
    unfreeze: Any,  # noqa: ANN401
    words: str,
) -> None:
    given = settings(unfreeze=unfreeze)
    with pytest.raises(SettingsError, match=words):
        effort.efforts(build(given), given)


@pytest.mark.parametrize(
    ("layer", "block"),
    [
        ("block3b_expand_conv", "block3b"),
        ("group6_2_depthwise_convolution", "group6"),
        ("block1_2_convolution", "block1"),
        ("block_14_project", "block_14"),
        ("expanded_conv_depthwise", "expanded_conv"),
        ("expanded_conv_3_expand", "expanded_conv_3"),
        ("conv4_block6_1_conv", "conv4_block6"),
        ("stage2_1_1_convolution", "stage2"),
        ("convnext_tiny_stage_0_block_2_layer_scale", "stage_0"),
        ("conv_dw_3", "conv_3"),
        ("stem_conv", "stem"),
        ("dense1", "dense1"),
    ],
)
def test_a_layer_tells_its_block_as_its_architecture_names_it(layer: str, block: str) -> None:
    assert parts.block_of(layer) == block
