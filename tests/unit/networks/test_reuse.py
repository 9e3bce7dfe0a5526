"""Truths about networks that begin with one that tenshots trained on other labels."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tenshots import runtime
from tenshots.errors import DataError, SettingsError
from tenshots.networks import building, forward, parts
from tenshots.networks.settings import FEATURES, HEAD
from tenshots.runtime import keras

runtime.configure(threads=1)
IMAGES = np.random.default_rng(0).integers(0, 256, (3, 20, 20, 3), dtype=np.uint8)
DENSE = {
    "family": "dense", "input_px": 16, "channels": 3, "units": [6, 4], "dropout": 0.5, "normalisation": "unit"
}  # fmt: skip
LABELS = ["a", "b", "c", "d", "e"]


def left(folder: Path, network: dict[str, Any], **told: Any) -> tuple[Any, dict[str, str]]:  # noqa: ANN401
    """A network as training leaves it in a folder, with model.json, and what names its weights."""
    folder.mkdir(parents=True)
    settings = building.settings_from(network, at="networks.before")
    model = building.build(settings, size_px=20, num_labels=len(LABELS))
    path = folder / "fold-0_repeat-0.weights.h5"
    path.write_bytes(building.weights(model))
    fit = {"fold": 0, "repeat": 0, "weights": path.name, "num_updates": 3}
    described = {
        "variant": "before", "labels": LABELS, "size_px": 20, "standardise": {}, "network_name": "before",
        "network": settings.model_dump(mode="json"), "data": "database", "recipe": "scratch", "fits": [fit],
        "settings": {}, "num_parameters": 1, **told,
    }  # fmt: skip
    (folder / "model.json").write_text(json.dumps(described))
    return model, {"path": str(path), "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def reusing(weights: dict[str, str], **changes: Any) -> Any:  # noqa: ANN401 (whatever stands in the file)
    values = {
        "family": "pretrained", "backbone": {"weights": weights}, "dropout": 0.2,
        "unfreeze": {"from": "dense2"}, "fine_tune_lr_factor": 0.1,
    }  # fmt: skip
    return building.settings_from({**values, **changes}, at="networks.again")


def below(network: Any, name: str) -> Any:  # noqa: ANN401 (keras.Model)
    return keras.Model(network.input, network.get_layer(name).output)


def test_all_but_the_head_is_what_it_was_and_the_labels_are_others(tmp_path: Path) -> None:
    before, weights = left(tmp_path / "before", DENSE)
    settings = reusing(weights)
    network = building.build(settings, size_px=20, num_labels=3, learnt=building.learnt(settings))

    assert settings.input_px == 16
    assert network.output_shape == (None, 3)
    features = forward.outputs(below(network, FEATURES), IMAGES, batch_size=3)
    assert np.array_equal(features, forward.outputs(below(before, "dense2_relu"), IMAGES, batch_size=3))
    assert [layer.name for layer in parts.tuned(network, settings.unfreeze)] == ["dense2"]
    assert "dense2_dropout" not in {layer.name for layer in network.layers}, "the new head has its own"


def test_what_is_written_down_of_it_needs_the_file_no_more_and_can_be_reused_in_turn(tmp_path: Path) -> None:
    before, weights = left(tmp_path / "before", DENSE)
    described = reusing(weights).model_dump(mode="json")
    (tmp_path / "before/model.json").unlink()
    assert building.settings_from(described, at="networks.again").model_dump(mode="json") == described

    second, named = left(tmp_path / "second", described)
    second.get_layer("dense1").set_weights(before.get_layer("dense1").get_weights())
    settings = reusing(named)
    network = building.build(settings, size_px=20, num_labels=2, learnt=building.learnt(settings))
    assert settings.built_by == ("pretrained", "pretrained", "dense")
    assert network.get_layer(HEAD).units == 2


@pytest.mark.parametrize("family", ["resnet", "convolutional"])
def test_families_with_maps_are_reused_too(family: str, tmp_path: Path) -> None:
    network: dict[str, Any] = {"family": family, "input_px": 32}
    network |= (
        {"depth": 20, "width": 0.1} if family == "resnet" else {"filters": [2], "dense": 4, "dropout": 0}
    )
    network |= {"normalisation": "standard"}
    before, weights = left(tmp_path / "before", network)
    settings = reusing(weights, unfreeze={"from": "stage3" if family == "resnet" else "block1"})
    learnt = building.learnt(settings)
    again = building.build(settings, size_px=20, num_labels=2, learnt=learnt)

    assert len(learnt) == len(before.get_weights()) - 2, "all but the head's two"
    assert all(np.array_equal(*pair) for pair in zip(learnt, before.get_weights(), strict=False))
    assert all(layer.name != "scaling" for layer in parts.weighted(again)), "a standardisation is not tuned"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"input_px": 32}, r"again\.input_px must be 16, as .*model\.json has it, .* got 32; remove it"),
        (
            {"normalisation": "standard"},
            r"again\.normalisation must be 'unit', as .* got 'standard'; remove it",
        ),
        ({"colour": "grey"}, r"again\.colour must be left out, as .*model\.json has it"),
        ({"unitss": 1}, r"again\.unitss is not a known setting"),
    ],
)
def test_settings_that_contradict_its_model_json_are_refused(
    changes: dict[str, Any], words: str, tmp_path: Path
) -> None:
    weights = left(tmp_path / "before", DENSE)[1]
    with pytest.raises(SettingsError, match=words):
        reusing(weights, **changes)
    same = reusing(weights, input_px=16, normalisation="unit")
    assert same == reusing(weights), "what is only repeated is left out"


def test_a_missing_or_another_model_json_or_sha256_is_refused(tmp_path: Path) -> None:
    weights = left(tmp_path / "before", DENSE)[1]
    other = {**weights, "sha256": "0" * 64}
    with pytest.raises(DataError, match=r"must have sha256 0{64} \(backbone\.weights\.sha256\), found"):
        building.learnt(reusing(other))

    path = tmp_path / "before/model.json"
    described = json.loads(path.read_text())
    described["network"]["units"] = [6, 5]
    path.write_text(json.dumps(described))
    with pytest.raises(
        DataError, match=r"does not fit the network that .*model\.json describes: .*; put the"
    ):
        building.learnt(reusing(weights))
    path.write_text("{}")
    with pytest.raises(SettingsError, match=r"does not describe a trained variant"):
        reusing(weights)
    path.unlink()
    with pytest.raises(
        SettingsError, match=r"again\.backbone\.weights\.path must be of a file with model\.json"
    ):
        reusing(weights)
    with pytest.raises(
        SettingsError, match=r"again\.backbone\.architecture is missing; it may be left out where"
    ):
        reusing(weights, backbone={"weights": "none"}, input_px=32)


def test_networks_that_reuse_each_other_come_to_an_end(tmp_path: Path) -> None:
    weights = left(tmp_path / "before", DENSE)[1]
    described = reusing(weights).model_dump(mode="json")
    for _ in range(8):
        described = {
            **described,
            "backbone": {"weights": weights, "reused": {"network": described, "num_labels": 2}},
        }
    with pytest.raises(SettingsError, match="must reuse at most 8 networks"):
        building.settings_from(described, at="networks.again")
