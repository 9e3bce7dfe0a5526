"""EfficientNet-Lite0: each published weight has its place; it is trained, saved and seen into."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tenshots.errors import DataError, SettingsError
from tenshots.interpretation import fields, gradcam
from tenshots.networks import building, efficientnet_lite, features, model_json, stored, torch_files
from tenshots.networks.families.pretrained import PretrainedSettings
from tenshots.networks.settings import settings_from
from tenshots.training import transfer
from tenshots.training.linear import Known
from tests.drawn import lite
from tests.drawn.torch_files import file as torch_file
from tests.drawn.torch_files import named, saved, storage, tensor
from tests.drawn.trainings import drawn, job, loop, trained

PATH = Path("drawn.pth")
Tensors = dict[str, np.ndarray]


def from_file(path: Path, **changes: Any) -> PretrainedSettings:  # noqa: ANN401 (whatever stands in the file)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    weights = {"path": str(path), "sha256": sha256, **changes}
    return lite.settings(backbone={"architecture": "EfficientNetLite0", "weights": weights})


@pytest.fixture(scope="module")
def backbone() -> Any:  # noqa: ANN401 (keras.Model)
    return building.backbone_of(building.build(lite.settings(), size_px=32, num_labels=2))


@pytest.fixture(scope="module")
def learnt() -> list[np.ndarray]:
    """The weights of the package."""
    return building.learnt(lite.settings())


@pytest.fixture(scope="module")
def published() -> Tensors:
    """Tensors of the published names and shapes; each weight has numbers of its own."""
    numbers = np.random.default_rng(0)
    found: Tensors = {}

    def add(convolution: str, normalisation: str, *shape: int) -> None:
        found[f"{convolution}.weight"] = numbers.random(shape, dtype=np.float32)
        for name in ("weight", "bias", "running_mean", "running_var"):
            found[f"{normalisation}.{name}"] = numbers.random(shape[0], dtype=np.float32)
        found[f"{normalisation}.num_batches_tracked"] = np.int64([7]).reshape(())

    add("_conv_stem", "_bn0", 32, 3, 3, 3)
    given = 32
    # Kernel, widening and maps of the 16 blocks, written out.
    blocks = [(3, 1, 16), (3, 6, 24), (3, 6, 24), (5, 6, 40), (5, 6, 40), *[(3, 6, 80)] * 3]
    blocks += [*[(5, 6, 112)] * 3, *[(5, 6, 192)] * 4, (3, 6, 320)]
    for number, (kernel, factor, maps) in enumerate(blocks):
        inner, begin = factor * given, f"_blocks.{number}."
        if factor > 1:
            add(f"{begin}_expand_conv", f"{begin}_bn0", inner, given, 1, 1)
        add(f"{begin}_depthwise_conv", f"{begin}_bn1", inner, 1, kernel, kernel)
        add(f"{begin}_project_conv", f"{begin}_bn2", maps, inner, 1, 1)
        given = maps
    add("_conv_head", "_bn1", 1280, 320, 1, 1)
    return {**found, "_fc.weight": np.zeros((1000, 1280), np.float32), "_fc.bias": np.zeros(1000, np.float32)}


def fill(backbone: Any, tensors: Tensors) -> None:  # noqa: ANN401 (keras.Model)
    efficientnet_lite.fill(backbone, tensors, path=PATH, remedy="fetch it again")


def test_each_weight_of_the_network_is_filled_by_a_tensor_of_its_own(
    backbone: Any,  # noqa: ANN401
    published: Tensors,
) -> None:
    backbone.set_weights([np.full_like(each, np.nan) for each in backbone.get_weights()])
    fill(backbone, published)
    found = [weights.sum() for weights in backbone.get_weights()]
    used = [
        values.sum()
        for name, values in published.items()
        if not name.endswith("tracked") and not name.startswith("_fc")
    ]
    assert sorted(found) == pytest.approx(sorted(used), rel=1e-5)
    assert sum(weights.size for weights in backbone.get_weights()) == 3_413_024


def test_rows_and_columns_are_not_exchanged(backbone: Any, published: Tensors) -> None:  # noqa: ANN401
    fill(backbone, published)
    depthwise = backbone.get_layer("group3_1_depthwise_convolution").get_weights()[0]
    assert depthwise[1, 4, 100, 0] == published["_blocks.3._depthwise_conv.weight"][100, 0, 1, 4]
    stem = backbone.get_layer("stem_convolution").get_weights()[0]
    assert stem[0, 2, 1, 30] == published["_conv_stem.weight"][30, 1, 0, 2]


def without(name: str) -> Callable[[Tensors], Tensors]:
    return lambda tensors: {each: values for each, values in tensors.items() if each != name}


def with_(name: str, change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Tensors], Tensors]:
    return lambda tensors: {**tensors, name: change(tensors.get(name, np.zeros(3, np.float32)))}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (without("_blocks.4._bn1.running_var"), "it has no tensor _blocks.4._bn1.running_var"),
        (without("_conv_head.weight"), "it has no tensor _conv_head.weight"),
        (with_("_blocks.16._bn0.bias", lambda zeros: zeros), "its tensor '_blocks.16._bn0.bias' belongs"),
        (with_("extra", lambda zeros: zeros), "its tensor 'extra' belongs to no layer"),
        (
            with_("_bn1.bias", lambda values: values[1:]),
            "_bn1.bias must be float32 of shape (1280,) (in Keras' order), got float32 of (1279,)",
        ),
        (
            with_("_blocks.3._depthwise_conv.weight", lambda values: values[:, :, 1:]),
            "_blocks.3._depthwise_conv.weight must be float32 of shape (5, 5, 144, 1) (in Keras' order), "
            "got float32 of (4, 5, 144, 1)",
        ),
        (with_("_bn0.weight", lambda values: values.astype(np.int64)), "_bn0.weight must be float32"),
        (with_("_bn0.weight", lambda values: values / 0), "_bn0.weight must hold finite numbers"),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_a_tensor_that_is_missing_left_over_or_does_not_fit_is_named(
    change: Callable[[Tensors], Tensors],
    why: str,
    backbone: Any,  # noqa: ANN401
    published: Tensors,
) -> None:
    with pytest.raises(DataError) as caught:
        fill(backbone, change(published))
    said = str(caught.value)
    assert said.startswith("drawn.pth does not fit the backbone: ")
    assert said.endswith("; fetch it again")
    assert why in said


def test_a_file_of_its_own_gives_the_same_weights(published: Tensors, tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    path.write_bytes(saved(published))
    settings = from_file(path)
    network = building.build(settings, size_px=32, num_labels=2, learnt=building.learnt(settings))
    assert np.array_equal(
        network.get_layer("top_normalisation").get_weights()[1], published["_bn1.bias"].astype(np.float32)
    )


def test_a_hostile_file_whose_hash_is_named_runs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    good = tensor(storage("0", 3), 0, (3,), (1,))
    for hostile in (
        b"cposix\nsystem\n(X\x07\x00\x00\x00touch XtR",
        b"cbuiltins\nexec\n(X\x01\x00\x00\x001tR",
    ):
        path = tmp_path / "hostile.pth"
        path.write_bytes(torch_file(named({"a": good, "b": hostile}), {"0": np.zeros(3, np.float32)}))
        with pytest.raises(
            DataError, match=r"hostile\.pth must hold tensors alone.*it names \w+\.\w+, which"
        ):
            building.learnt(from_file(path))
    assert [each.name for each in tmp_path.iterdir()] == ["hostile.pth"]


def test_a_file_of_another_hash_is_not_unpickled(
    published: Tensors, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.pth"
    path.write_bytes(saved(published))
    monkeypatch.setattr(torch_files, "tensors", lambda *_, **__: pytest.fail("it was read"))
    with pytest.raises(DataError, match=rf"a\.pth must have sha256 {'0' * 64}.*; restore the file"):
        building.learnt(from_file(path, sha256="0" * 64))


def test_the_package_is_read_once_in_the_thread_that_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    whole = Path.open

    def recorded(path: Path, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401 (of pathlib)
        if path.suffix == ".pth":
            read.append(threading.current_thread().name)
        return whole(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", recorded)
    learnt = building.learnt(lite.settings())
    assert read == [threading.main_thread().name]
    for _ in range(2):
        building.build(lite.settings(), size_px=32, num_labels=2, learnt=learnt)
    assert len(read) == 1


@pytest.mark.parametrize(
    ("backbone", "words"),
    [
        (
            {"weights": "imagenet"},
            r"weights of architecture EfficientNetLite0 must be none, \{path, sha256\} or",
        ),
        ({"weights": "none", "arguments": {"alpha": 1}}, r"arguments .* must be empty, got \{'alpha': 1\}"),
    ],
)
def test_settings_that_do_not_fit_together_are_named(backbone: dict[str, Any], words: str) -> None:
    values = lite.values(backbone={"architecture": "EfficientNetLite0", **backbone})
    with pytest.raises(SettingsError, match=rf"^params\.yaml: networks\.a\.backbone\.{words}"):
        settings_from(values, at="networks.a")


def test_it_is_trained_saved_and_loaded_again(learnt: list[np.ndarray], tmp_path: Path) -> None:
    settings = lite.settings(fine_tune_lr_factor=0.01)
    build = partial(building.build, settings, size_px=32, num_labels=2)
    images, labels = drawn()
    below = features.below_head(build(learnt=learnt))
    rows = (features.outputs(below, turned) for turned in (images, images[:, :, ::-1]))
    begin = transfer.trainers(
        partial(build, learnt=learnt),
        images=images,
        labels=labels,
        settings=loop(epochs=1, patience="none"),  # the last epoch is kept
        phases=settings,
        known=Known(*rows, np.arange(len(images))),
    )
    (found,) = trained(begin, job())
    assert [row.phase for row in found.history] == ["logistic_regression", "fine_tune"]
    assert (found.probabilities.argmax(axis=1) == labels).mean() > 0.9, "dark and bright"

    network, before = build(), build(learnt=learnt)
    network.set_weights(found.weights)
    changed = {
        layer.name
        for layer, former in zip(network.layers, before.layers, strict=True)
        for pair in zip(layer.get_weights(), former.get_weights(), strict=True)
        if not np.array_equal(*pair)
    }
    # A tenth of 49 convolutions is 5, and the fifth lies in a block whose input is added to its output.
    units = [
        f"{group}_{unit}" for group in ("group6_4", "group7_1") for unit in ("expand", "depthwise", "project")
    ]
    assert changed == {"head", *(f"{unit}_convolution" for unit in ["top", *units])}

    path = tmp_path / "fold-0_repeat-0.weights.h5"
    path.write_bytes(building.weights(network))
    fit = {"fold": 0, "repeat": 0, "weights": path.name, "num_updates": 6}
    described = {"variant": "a", "labels": ["bright", "dark"], "size_px": 32, "network_name": "lite"}
    described |= {"standardise": {}, "network": settings.model_dump(mode="json"), "data": "database"}
    described |= {"fits": [fit], "settings": {}, "num_parameters": network.count_params()}
    (tmp_path / "model.json").write_text(json.dumps(described))
    again = stored.mean_probabilities(model_json.read_variant(tmp_path), tmp_path, images)
    assert np.array_equal(again, found.probabilities)


def test_heat_maps_and_receptive_fields_are_had(learnt: list[np.ndarray]) -> None:
    settings = lite.settings(input_px=64)
    network = building.build(settings, size_px=48, num_labels=2, learnt=learnt)
    assert not any(layer.layers for layer in network.layers if hasattr(layer, "layers")), "it is flat"
    images = np.random.default_rng(0).integers(0, 256, (3, 48, 48, 3), dtype=np.uint8)
    layer = gradcam.default_layer(network)
    assert layer is not None
    heat = gradcam.heat_maps(network, images, np.array([0, 1, 0]), layer=layer)
    side = network.get_layer(layer).output.shape[1]
    assert heat.shape == (3, side, side)
    assert side >= 3
    assert heat.any()
    assert fields.receptive_field(network, network.get_layer("top_relu").output).rows.step == 24  # of 48 px


def test_frozen_features_do_not_hang_on_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    images = drawn()[0][:9]
    backbone = features.backbone(lite.settings(), size_px=images.shape[1])
    found = features.outputs(backbone, images)
    monkeypatch.setattr(features, "BATCH_SIZE", 2)
    assert found.shape == (9, 1280)
    assert found.std(axis=0).max() > 0.1
    assert features.outputs(backbone, images) == pytest.approx(found, abs=1e-5)
