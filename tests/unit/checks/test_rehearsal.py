"""What only Keras can judge is judged before any training, without memory for a network too large."""

from __future__ import annotations

import copy
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from stages import rehearse
from tenshots import params
from tenshots.checks import rehearsal
from tenshots.errors import SettingsError
from tenshots.runtime import keras
from tenshots.tables.paths import EFFORTS, REHEARSED

TOP = Path(__file__).parents[3]
SHIPPED = params.read(TOP / "params.yaml")
QUICK = {
    "architecture": "convolutional",
    "arguments": {"filters": [4], "dense": 8, "dropout": 0.1},
    "weights": "none",
}
BACKBONE = {"architecture": "MobileNetV2", "arguments": {"alpha": 0.35}, "weights": "none"}


@pytest.fixture
def values(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The shipped settings with one quick layer, and a backbone that is built at once."""
    monkeypatch.chdir(TOP)
    values = copy.deepcopy(SHIPPED)
    values["augment"]["layers"] = ["RandomFlip"]
    values["networks"]["pretrained"] |= {"input_px": 32, "backbone": QUICK}
    return values


def with_backbone(values: dict[str, Any], **changes: object) -> dict[str, Any]:
    other = {**values["networks"]["pretrained"], "input_px": 32, "backbone": {**BACKBONE, **changes}}
    return {**values, "networks": {**values["networks"], "other": other}}


@pytest.mark.slow
def test_the_shipped_settings_have_no_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(TOP)
    assert rehearsal.rehearse(SHIPPED).problems == []


def test_weights_of_a_network_that_is_judged_are_drawn_at_no_later_time(values: dict[str, Any]) -> None:
    assert rehearsal.rehearse(values).problems == []
    assert not keras.src.backend.common.global_state.get_global_attribute("uninitialized_variables")


def test_a_network_of_keras_that_no_variant_uses_is_built_and_not_loaded(values: dict[str, Any]) -> None:
    missing = {"path": "nowhere.h5", "sha256": "0" * 64}
    assert rehearsal.rehearse(with_backbone(values, weights=missing)).problems == []


def test_the_weights_of_a_network_in_use_must_be_there_and_fit(values: dict[str, Any]) -> None:
    used = with_backbone(values, weights={"path": "nowhere.h5", "sha256": "0" * 64})
    used["inspect"] = {"network": "other"}
    (problem,) = rehearsal.rehearse(used).problems
    assert problem.startswith("params.yaml: networks.other: nowhere.h5 (backbone.weights) cannot be read")
    sha256 = hashlib.sha256((TOP / "backbones/cifar10.weights.h5").read_bytes()).hexdigest()
    values["networks"]["pretrained"]["backbone"] = {
        "architecture": "convolutional",
        "arguments": {"filters": [32, 64, 100], "dense": 512, "dropout": 0.25},
        "weights": {"path": "backbones/cifar10.weights.h5", "sha256": sha256},
    }
    (problem,) = rehearsal.rehearse(values).problems
    assert "does not fit the backbone" in problem


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"architecture": "MobilNetV2"},
            ".architecture must be convolutional, EfficientNetLite0 or a network of keras",
        ),
        ({"arguments": {"alfa": 1}}, ".arguments.alfa is not an argument of MobileNetV2"),
        ({"arguments": {"alpha": "wide"}}, " cannot be built: MobileNetV2 with input_px 32"),
        ({"arguments": {"alpha": [1]}}, " cannot be built: MobileNetV2 with input_px 32"),
        ({"architecture": "InceptionV3", "arguments": {}}, " cannot be built: InceptionV3 with input_px 32"),
    ],
)
def test_an_argument_that_keras_does_not_take_is_named(
    changes: dict[str, Any], words: str, values: dict[str, Any]
) -> None:
    (problem,) = rehearsal.rehearse(with_backbone(values, **changes)).problems
    assert problem.startswith(f"params.yaml: networks.other.backbone{words}")


@pytest.mark.parametrize(
    "network",
    [
        {"filters": [4096, 4096], "dense": 65536},
        {"filters": [4096] * 8, "dense": 1, "input_px": 1024},
    ],
)
def test_a_network_too_large_is_refused_without_memory_for_it(
    network: dict[str, Any], values: dict[str, Any]
) -> None:
    values["networks"]["lecture"].update(network)
    (problem,) = rehearsal.rehearse(values).problems
    assert problem.startswith("params.yaml: networks.lecture must have at most 500,000,000 parameters, got ")


def test_networks_of_ones_own_are_counted_and_judged_without_memory_for_them(values: dict[str, Any]) -> None:
    enlarged = [{"UpSampling2D": {"size": 20}}, {"Conv2D": {"filters": 256, "kernel_size": 1}}]
    lists = {
        "wide": ["Flatten", {"Dense": {"units": 65536}}],
        "large": [*enlarged, "ReLU", "GlobalMaxPooling2D"],
        "flat": [{"Dense": {"units": 3}}],
    }
    sizes = {"wide": 160, "large": 64, "flat": 8}
    values["networks"] = {
        name: {"family": "layers", "input_px": sizes[name], "layers": each} for name, each in lists.items()
    }
    values["variants"] = {"a": {"data": "database", "network": "wide"}}
    found = rehearsal.rehearse(values)
    for problem, words in zip(
        found.problems,
        [
            "wide must have at most 500,000,000 parameters, got 5,033,361,410; choose fewer filters",
            "large must be trained in at most 64 GB, but with batch_size 16 it would fill about 108 GB",
            "flat.layers[0] (Dense) takes a row of numbers, but what arrives there is (8, 8, 3)",
        ],
        strict=True,
    ):
        assert problem.startswith(f"params.yaml: networks.{words}")
    first = "networks.wide.layers[1] (Dense) and the layer of the answer have no activation between them, and"
    assert found.doubts[0].startswith(first)


def test_a_backbone_too_large_is_refused_without_memory_for_it(values: dict[str, Any]) -> None:
    (problem,) = rehearsal.rehearse(with_backbone(values, arguments={"alpha": 1e6})).problems
    assert "networks.other must have at most 500,000,000 parameters" in problem


def test_a_training_too_large_is_refused_with_the_batch_size_of_its_variant(values: dict[str, Any]) -> None:
    values["networks"]["lecture"].update(input_px=1024)
    assert rehearsal.rehearse({**values, "batch_size": 2}).problems == []
    values["variants"]["augmented"]["batch_size"] = 1024
    (problem,) = rehearsal.rehearse({**values, "batch_size": 2}).problems
    assert problem.startswith("params.yaml: networks.lecture must be trained in at most 64 GB, but with")
    assert "batch_size 1024" in problem


def test_every_problem_is_named_at_once(
    values: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = with_backbone(values, architecture="MobilNetV2")
    wrong["augment"]["layers"] = [{"RandomFlip": {"mode": "sideways"}}, "RandomFlap"]
    monkeypatch.chdir(tmp_path)
    with params.PATH.open("w", encoding="utf-8") as file:
        YAML().dump(
            {**wrong, "networks": {**wrong["networks"], "pretrained": wrong["networks"]["other"]}}, file
        )
    with pytest.raises(SettingsError) as caught:
        rehearse.main([])
    found = [line.split()[1] for line in str(caught.value).splitlines()]
    assert found == [
        *("augment.layers[0]", "augment.layers[1]"),
        *("networks.pretrained.backbone.architecture", "networks.other.backbone.architecture"),
    ]
    assert not REHEARSED.exists()


def test_the_stage_leaves_the_same_file_whatever_the_settings_are(
    values: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    del values["networks"]["pretrained"]["backbone"]["weights"]
    values["networks"]["pretrained"]["backbone"]["weights"] = "none"
    with params.PATH.open("w", encoding="utf-8") as file:
        YAML().dump(values, file)
    rehearse.main([])
    assert REHEARSED.read_text(encoding="utf-8").startswith("Keras takes")
    efforts = json.loads(EFFORTS.read_text(encoding="utf-8"))
    assert efforts.keys() == values["networks"].keys()
    assert all(0 <= each["tuned"] <= each["whole"] for each in efforts.values())


def test_batch_normalisation_is_refused_where_photos_are_learnt_one_by_one(values: dict[str, Any]) -> None:
    values["variants"]["augmented"]["batch_size"] = 1
    (problem,) = rehearsal.rehearse(values).problems
    assert problem.startswith(
        "params.yaml: variants.augmented.batch_size must be at least 2 for networks.lecture"
    )
    values["variants"]["augmented"]["batch_size"] = 8
    begun = with_backbone(values, weights="none")
    for recipe, number in [("scratch", 1), ("fine_tune", 0)]:  # tuning leaves a backbone's as they are
        other = {"data": "database", "network": "other", "recipe": recipe, "batch_size": 1}
        alone = {"networks": {"other": begun["networks"]["other"]}, "variants": {"other": other}}
        found = rehearsal.rehearse({**begun, **alone, "inspect": {"network": "other"}})
        assert len(found.problems) == number
    # All at once is more than one, and a network without it may learn from each photo alone.
    values["variants"]["augmented"]["batch_size"] = "all"
    assert rehearsal.rehearse(values).problems == []
    values["networks"]["lecture"] = {
        "family": "dense", "input_px": 8, "channels": 1, "units": [4], "dropout": 0.2,
    }  # fmt: skip
    assert rehearsal.rehearse({**values, "batch_size": 1}).problems == []
