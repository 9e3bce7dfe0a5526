"""Truths about networks that begin with one that tenshots trained on other labels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tenshots import runtime
from tenshots.errors import DataError, SettingsError
from tenshots.networks import building, forward, parts, reuse
from tenshots.networks.settings import FEATURES, HEAD
from tenshots.runtime import keras
from tests.drawn.reused import DENSE, again, described, left

runtime.configure(threads=1)
IMAGES = np.random.default_rng(0).integers(0, 256, (3, 20, 20, 3), dtype=np.uint8)


def reusing(weights: dict[str, str], **changes: Any) -> Any:  # noqa: ANN401 (whatever stands in the file)
    return building.settings_from(again(weights, **changes), at="networks.again")


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
    written = reusing(weights).model_dump(mode="json")
    (tmp_path / "before/model.json").unlink()
    assert building.settings_from(written, at="networks.again").model_dump(mode="json") == written

    second, named = left(tmp_path / "second", written)
    second.get_layer("dense1").set_weights(before.get_layer("dense1").get_weights())
    settings = reusing(named)
    network = building.build(settings, size_px=20, num_labels=2, learnt=building.learnt(settings))
    assert settings.built_by == ("pretrained", "pretrained", "dense")
    assert network.get_layer(HEAD).units == 2


@pytest.mark.parametrize("family", ["resnet", "convolutional"])
def test_families_with_maps_are_reused_too(family: str, tmp_path: Path) -> None:
    first: dict[str, Any] = {"family": family, "input_px": 32}
    first |= {"depth": 20, "width": 0.1} if family == "resnet" else {"filters": [2], "dense": 4, "dropout": 0}
    first |= {"normalisation": "standard"}
    before, weights = left(tmp_path / "before", first)
    settings = reusing(weights, unfreeze={"from": "stage3" if family == "resnet" else "block1"})
    learnt = building.learnt(settings)
    network = building.build(settings, size_px=20, num_labels=2, learnt=learnt)

    assert len(learnt) == len(before.get_weights()) - 2, "all but the head's two"
    assert all(np.array_equal(*pair) for pair in zip(learnt, before.get_weights(), strict=False))
    assert all(layer.name != "scaling" for layer in parts.weighted(network)), "a standardisation is not tuned"


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
    written = json.loads(path.read_text())
    written["network"]["units"] = [6, 5]
    path.write_text(json.dumps(written))
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
    written = reusing(weights).model_dump(mode="json")
    for _ in range(8):
        reused = {"network": written, "labels": ["a", "b"]}
        written = {**written, "backbone": {"weights": weights, "reused": reused}}
    with pytest.raises(SettingsError, match="must reuse at most 8 networks"):
        building.settings_from(written, at="networks.again")


def weights_of(path: Path) -> dict[str, str]:
    return {"path": str(path), "sha256": "0" * 64}


def test_it_is_doubted_where_it_or_what_it_began_with_had_learnt_a_label_of_the_photos(
    tmp_path: Path,
) -> None:
    first = weights_of(described(tmp_path / "first", labels=["cup", "Book", "mug"]))
    written = reusing(first).model_dump(mode="json")
    for weights in (first, weights_of(described(tmp_path / "second", written, labels=["cat", "dog"]))):
        settings = reusing(weights)
        assert reuse.known(settings, ["keyboard", "cup", "book", "cup"]) == ["book", "cup"]
        (doubt,) = reuse.doubts(settings, ["keyboard", "cup", "book"], at="networks.again")
        assert doubt.startswith(
            "networks.again begins with a network that had learnt the labels book and cup before, and its "
            "files do not say from which photos: if these photos were among them, it has learnt from photos "
        )
        assert reuse.doubts(settings, ["keyboard", "cups"], at="networks.again") == []
        assert "other labels" not in settings.title, "they may be the same"
        assert settings.title.startswith("a network of dense layers")
    assert reuse.known(reusing(weights), ["dog", "mug"]) == ["dog", "mug"]
    plain = building.settings_from(DENSE, at="networks.plain")
    assert reuse.doubts(plain, ["cup"], at="networks.plain") == []
