"""Truths about networks with a pretrained backbone."""

from __future__ import annotations

import ast
import hashlib
import inspect
import re
import threading
import urllib.error
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import keras.src.utils.file_utils
import numpy as np
import pytest

from tenshots import params
from tenshots.errors import DataError, SettingsError
from tenshots.networks import building, forward, weights_files
from tenshots.networks.settings import FEATURES
from tenshots.networks.sources import WeightsFile
from tenshots.runtime import keras
from tenshots.training import transfer, variants
from tenshots.training.linear import Known

TOP = Path(__file__).parents[3]
SHARED = TOP.parent / "shared/weights/mobilenet_v2_0.35_224_no_top.weights.h5"
BLOCKS = {"filters": [4, 8], "dense": 8, "dropout": 0.25}
OURS = {"architecture": "convolutional", "arguments": BLOCKS, "weights": "none"}
SMALL = {"architecture": "MobileNet", "arguments": {"alpha": 0.25}, "weights": "none"}
IMAGES = np.random.default_rng(0).integers(0, 256, (3, 40, 40, 3), dtype=np.uint8)


def _settings(backbone: dict[str, Any], **changes: Any) -> Any:  # noqa: ANN401 (whatever stands in the file)
    values = {
        "family": "pretrained",
        "input_px": 32,
        "backbone": backbone,
        "dropout": 0.2,
        "unfreeze": 0.5,
        "fine_tune_lr_factor": 0.1,
    }
    return building.settings_from({**values, **changes}, at="networks.pretrained")


def _build(backbone: dict[str, Any], *, load: bool = True, **changes: Any) -> Any:  # noqa: ANN401
    settings = _settings(backbone, **changes)
    learnt = building.learnt(settings) if load else []
    return building.build(settings, size_px=40, num_labels=2, learnt=learnt)


def _file(path: Path) -> dict[str, str]:
    return {"path": str(path), "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


@pytest.fixture
def whole(tmp_path: Path) -> tuple[Any, dict[str, Any]]:
    """A network of ours that tells 5 labels apart, and the backbone's settings that name its file."""
    keras.utils.set_random_seed(3)
    settings = building.settings_from({"family": "convolutional", "input_px": 32, **BLOCKS}, at="")
    network = building.build(settings, size_px=40, num_labels=5)
    path = tmp_path / "whole.weights.h5"
    network.save_weights(path)
    return network, {**OURS, "weights": _file(path)}


def test_a_backbone_of_ours_sees_what_the_whole_network_saw(whole: tuple[Any, dict[str, Any]]) -> None:
    network, backbone = whole
    model = _build(backbone)

    last = "block2_dropout"
    expected = forward.outputs(
        keras.Model(network.input, network.get_layer(last).output), IMAGES, batch_size=3
    )
    found = forward.outputs(keras.Model(model.input, model.get_layer(last).output), IMAGES, batch_size=3)
    assert np.array_equal(found, expected)
    assert model.output_shape == (None, 2)


def test_a_network_to_be_loaded_as_a_whole_needs_no_backbone_file() -> None:
    backbone = {**OURS, "weights": {"path": "nowhere.weights.h5", "sha256": "0" * 64}}

    assert _build(backbone, load=False).output_shape == (None, 2)


@pytest.mark.parametrize("backbone", [OURS, SMALL])
def test_saved_weights_fit_a_network_rebuilt_from_code(backbone: dict[str, Any], tmp_path: Path) -> None:
    model, again = _build(backbone), _build(backbone, load=False)
    model.save_weights(tmp_path / "a.weights.h5")
    again.load_weights(tmp_path / "a.weights.h5")
    again.save_weights(tmp_path / "b.weights.h5")

    assert np.array_equal(forward.predict(model, IMAGES), forward.predict(again, IMAGES))
    assert (tmp_path / "a.weights.h5").read_bytes() == (tmp_path / "b.weights.h5").read_bytes()


def test_it_is_flat_so_each_layer_can_be_reached() -> None:
    model = _build(SMALL)

    assert not any(isinstance(layer, keras.Model) for layer in model.layers)
    assert model.get_layer("conv_pw_13_relu").output is not None


def test_a_missing_file_is_named_with_the_remedy() -> None:
    backbone = {**OURS, "weights": {"path": "backbones/none.weights.h5", "sha256": "0" * 64}}

    with pytest.raises(DataError, match=r"backbones/none\.weights\.h5 .*cannot be read.*put the file there"):
        _build(backbone)


def test_another_file_of_that_name_is_refused(whole: tuple[Any, dict[str, Any]]) -> None:
    path, sha256 = whole[1]["weights"].values()

    with pytest.raises(DataError) as caught:
        _build({**OURS, "weights": {"path": path, "sha256": "1" * 64}})

    for word in (path, "1" * 64, sha256, "restore the file"):
        assert word in str(caught.value)


def test_weights_of_another_shape_are_refused(whole: tuple[Any, dict[str, Any]]) -> None:
    with pytest.raises(DataError, match="does not fit the backbone"):
        _build({**whole[1], "arguments": {**BLOCKS, "filters": [4, 16]}})


def test_a_file_of_no_network_of_ours_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "text.weights.h5"
    path.write_text("no weights")
    with pytest.raises(DataError, match="must hold weights alone"):
        _build({**OURS, "weights": _file(path)})

    keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]).save_weights(path)
    with pytest.raises(DataError, match="holds no weights of a convolutional network"):
        _build({**OURS, "weights": _file(path)})


@pytest.mark.parametrize(
    ("backbone", "words"),
    [
        ({**SMALL, "architecture": "MobilNetV2"}, ["backbone.architecture", "'MobilNetV2'", "MobileNetV2"]),
        ({**SMALL, "arguments": {"alfa": 1}}, ["backbone.arguments.alfa", "MobileNet", "alpha"]),
        ({**SMALL, "arguments": {"include_top": True}}, ["backbone.arguments.include_top"]),
        ({**OURS, "arguments": {"filters": [4]}}, ["backbone.arguments.dense", "missing"]),
        (
            {**OURS, "weights": "imagenet"},
            ["none, {path, sha256} or {package, version, file, sha256}", "imagenet"],
        ),
        ({**OURS, "weights": "imagnet"}, ["networks.pretrained.backbone.weights", "imagnet"]),
        ({**OURS, "weights": {"path": "a", "sha256": "0"}}, ["backbone.weights.sha256", "'0'"]),
        ({**SMALL, "architecture": "InceptionV3", "arguments": {}}, ["InceptionV3", "input_px 32"]),
    ],
)
def test_a_broken_rule_names_the_key_and_the_value(backbone: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(SettingsError) as caught:
        _build(backbone)

    for word in words:
        assert word in str(caught.value)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keras' folder for weights, empty, on a machine without a network."""

    def offline(*_: object) -> None:
        raise urllib.error.URLError("no network")

    monkeypatch.setattr(keras.src.utils.file_utils, "urlretrieve", offline)
    monkeypatch.setattr(keras.src.backend.config, "keras_home", lambda: str(tmp_path))
    (tmp_path / "models").mkdir()
    return tmp_path / "models"


V3 = {"architecture": "MobileNetV3Small", "arguments": {"minimalistic": True}, "weights": "imagenet"}
V3_NAME = "weights_mobilenet_v3_small_minimalistic_224_1.0_float_no_top_v2.h5"
V3_MD5 = "cde8136e733e811080d9fcd8a252f7e4"


def test_imagenet_without_a_network_says_which_file_to_put_where(home: Path) -> None:
    with pytest.raises(DataError) as caught:
        _build(V3)

    for word in (f"{home / V3_NAME} is missing", V3_MD5, "cannot be downloaded", f"https://.*/{V3_NAME}"):
        assert re.search(word, str(caught.value))


def test_another_file_in_keras_folder_is_not_loaded(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keras.Model, "load_weights", lambda *_: pytest.fail("it was loaded"))
    (home / V3_NAME).write_bytes(b"another file")
    with pytest.raises(DataError, match=f"does not have the hash {V3_MD5} that Keras publishes"):
        _build(V3)


def test_another_file_at_the_address_is_not_loaded(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch(_: str, place: str, *__: object) -> None:
        Path(place).write_bytes(b"another file")

    monkeypatch.setattr(keras.src.utils.file_utils, "urlretrieve", fetch)
    monkeypatch.setattr(keras.Model, "load_weights", lambda *_: pytest.fail("it was loaded"))
    with pytest.raises(DataError, match=f"the hash {V3_MD5} .* the downloaded file has a different one"):
        _build(V3)
    assert [path.name for path in home.iterdir()] == [V3_NAME]


def test_the_file_of_that_hash_is_loaded(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = keras.applications.MobileNetV3Small(
        minimalistic=True, include_top=False, weights=None, input_shape=(32, 32, 3)
    )
    theirs.save(home / V3_NAME)
    md5 = hashlib.md5((home / V3_NAME).read_bytes()).hexdigest()
    known = inspect.getmodule(keras.applications.MobileNetV3Small).WEIGHTS_HASHES  # type: ignore[union-attr]
    monkeypatch.setitem(known, "small_minimalistic_224_1.0_float", ("", md5))
    ours = _build(V3)
    assert np.array_equal(ours.get_layer("conv").get_weights()[0], theirs.get_layer("conv").get_weights()[0])


@pytest.mark.parametrize("architecture", ["MobileNet", "MobileNetV2"])
def test_imagenet_weights_that_keras_publishes_no_hash_of_are_refused(
    architecture: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keras.Model, "load_weights", lambda *_: pytest.fail("they were loaded"))
    for name in ("mobilenet_2_5_224_tf", "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_224"):
        (home / f"{name}_no_top.h5").write_bytes(b"whatever")
    alpha = {"MobileNet": 0.25, "MobileNetV2": 0.35}[architecture]
    with pytest.raises(SettingsError) as caught:
        _build({"architecture": architecture, "arguments": {"alpha": alpha}, "weights": "imagenet"})
    for word in ("backbone.weights must be {path, sha256}", architecture, "https://", "_no_top.h5"):
        assert word in str(caught.value)


def test_keras_gives_a_hash_for_all_other_networks() -> None:
    """Those that it gives none for are refused, so README names them; an update may change which they are."""
    without = set()
    for path in Path(inspect.getfile(keras.applications.MobileNet)).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = node.func if isinstance(node, ast.Call) else None
            if isinstance(called, ast.Attribute) and called.attr == "get_file":
                given = {keyword.arg for keyword in node.keywords}
                without |= {path.stem} - ({path.stem} if "file_hash" in given else set())
    assert without - {"applications_test"} == {"mobilenet", "mobilenet_v2"}


def test_a_relative_path_may_be_a_link_as_dvc_makes_but_must_not_leave_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cache").write_bytes(b"weights")
    project = tmp_path / "project"
    project.mkdir()
    (project / "linked.h5").symlink_to(tmp_path / "cache")
    monkeypatch.chdir(project)
    sha256 = hashlib.sha256(b"weights").hexdigest()
    linked = WeightsFile(path="linked.h5", sha256=sha256)
    assert weights_files.verified(linked.path, sha256=sha256) == Path("linked.h5")
    with pytest.raises(SettingsError, match="must not leave the repository"):
        _settings({**OURS, "weights": {"path": "sub/../../cache", "sha256": sha256}})


def test_imagenet_weights_that_do_not_exist_are_a_wrong_setting() -> None:
    with pytest.raises(SettingsError, match="MobileNet has no ImageNet weights for arguments"):
        _build({**SMALL, "arguments": {"alpha": 0.3}, "weights": "imagenet"})


def _first_seen(model: Any, images: np.ndarray) -> np.ndarray:  # noqa: ANN401 (keras.Model)
    first = next(layer for layer in model.layers if "Conv" in type(layer).__name__)
    source = first.input
    if "Padding" in type(source._keras_history.operation).__name__:
        source = source._keras_history.operation.input
    return forward.outputs(keras.Model(model.input, source), images, batch_size=3)


@pytest.mark.slow
@pytest.mark.parametrize("architecture", ["MobileNetV2", "ResNet50", "DenseNet121"])
def test_pixels_are_scaled_as_the_architecture_was_trained(architecture: str) -> None:
    images = IMAGES[:, :32, :32]
    settings = _settings({"architecture": architecture, "weights": "none"})
    model = building.build(settings, size_px=32, num_labels=2)

    function = getattr(keras.applications, architecture)
    expected = inspect.getmodule(function).preprocess_input(images.astype(np.float32))  # type: ignore[union-attr]

    assert _first_seen(model, images) == pytest.approx(np.asarray(expected), abs=1e-4)


@pytest.mark.slow
def test_efficientnet_scales_pixels_as_where_keras_loads_imagenet(monkeypatch: pytest.MonkeyPatch) -> None:
    def build_only(*_: object, **__: object) -> None:
        """Stands for fetching or loading weights."""

    monkeypatch.setattr(keras.src.utils.file_utils, "get_file", build_only)
    monkeypatch.setattr(keras.Model, "load_weights", build_only)
    theirs = keras.applications.EfficientNetB0(include_top=False, weights="imagenet", input_shape=(32, 32, 3))
    settings = _settings({"architecture": "EfficientNetB0", "weights": "imagenet"})
    ours = building.build(settings, size_px=32, num_labels=2)
    for model in (theirs, ours):
        layer = next(layer for layer in model.layers if type(layer).__name__ == "Normalization")
        layer.mean = keras.ops.reshape(keras.ops.array([0.485, 0.456, 0.406]), (1, 1, 1, 3))
        layer.variance = keras.ops.reshape(keras.ops.array([0.229, 0.224, 0.225]) ** 2, (1, 1, 1, 3))

    images = IMAGES[:, :32, :32]
    assert _first_seen(ours, images) == pytest.approx(_first_seen(theirs, images), abs=1e-4)


@pytest.mark.slow
@pytest.mark.skipif(not SHARED.exists(), reason="../shared/weights is not beside the project")
def test_a_file_of_mobilenet_gives_its_features_at_any_size() -> None:
    backbone = {"architecture": "MobileNetV2", "arguments": {"alpha": 0.35}, "weights": _file(SHARED)}
    images = np.random.default_rng(0).integers(0, 256, (2, 96, 96, 3), dtype=np.uint8)
    settings = _settings(backbone, input_px=96)
    learnt = building.learnt(settings)
    network = building.build(settings, size_px=96, num_labels=3, learnt=learnt)
    theirs = keras.applications.MobileNetV2(
        alpha=0.35, include_top=False, weights=str(SHARED), input_shape=(96, 96, 3), pooling="avg"
    )

    features = keras.Model(network.input, network.get_layer(FEATURES).output)

    assert forward.outputs(features, images, batch_size=2) == pytest.approx(
        theirs.predict_on_batch(images / 127.5 - 1), abs=1e-4
    )


def test_building_reads_no_file(whole: tuple[Any, dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    settings = _settings(whole[1])
    learnt = building.learnt(settings)
    Path(whole[1]["weights"]["path"]).unlink()
    monkeypatch.setattr(weights_files, "load", lambda *_, **__: pytest.fail("it was read again"))

    one, other = (building.build(settings, size_px=40, num_labels=2, learnt=learnt) for _ in range(2))

    pairs = zip(building.backbone_of(one).get_weights(), learnt, strict=True)
    assert all(np.array_equal(*pair) for pair in pairs)
    assert all(
        np.array_equal(*pair) for pair in zip(building.backbone_of(other).get_weights(), learnt, strict=True)
    )


def test_the_backbone_is_read_once_before_workers_start(
    whole: tuple[Any, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    builds: list[Callable[[], Any]] = []
    verified = weights_files.verified

    def recorded(name: str, *, sha256: str) -> Path:
        read.append(threading.current_thread().name)
        return verified(name, sha256=sha256)

    def trainers(build: Callable[[], Any], **_: object) -> None:
        builds.append(build)

    monkeypatch.setattr(weights_files, "verified", recorded)
    monkeypatch.setattr(transfer, "trainers", trainers)
    monkeypatch.chdir(TOP)
    values = params.read()
    values["networks"]["tuned"] = _settings(whole[1]).model_dump(mode="json")
    values["variants"]["tuned"] = {"data": "database", "network": "tuned"}
    labels = np.array([0, 1, 1])
    known = Known(np.zeros((3, 8)), np.zeros((3, 8)), np.arange(3))
    variants.trainers(variants.resolve(values, "tuned"), images=IMAGES, labels=labels, known=known)
    with ThreadPoolExecutor(2) as workers:
        built = [each.result() for each in [workers.submit(builds[0]) for _ in range(4)]]
    assert read == [threading.main_thread().name]
    kernels = [network.get_layer("block1_1_convolution").get_weights()[0] for network in built]
    expected = whole[0].get_layer("block1_1_convolution").get_weights()[0]
    assert len(kernels) == 4
    assert all(np.array_equal(each, expected) for each in kernels)


@pytest.mark.parametrize(
    ("changes", "taught"),
    [
        ({}, "from scratch"),
        ({"unfreeze": {"from": "block2"}}, "from scratch; tuned from block2 up"),
        (
            {"unfreeze": ["block1", "block2"], "block_lr_factor": 0.5},
            "from scratch; tuned: block1, block2; each block at 0.5 times the rate of the one above",
        ),
    ],
)
def test_how_it_is_taught_names_what_is_tuned(changes: dict[str, Any], taught: str) -> None:
    assert _settings(OURS, **changes).taught_by("fine_tune") == taught
    assert _settings(OURS, **changes).taught_by("scratch") == "from scratch"


@pytest.mark.parametrize(
    ("weights", "title", "taught"),
    [
        ("none", "a convolutional network with a backbone of random weights", "from scratch"),
        ("imagenet", "a convolutional network with a pretrained backbone", "pretrained"),
    ],
)
def test_what_a_network_is_called_follows_the_weights_of_its_backbone(
    weights: str, title: str, taught: str
) -> None:
    settings = _settings({**SMALL, "weights": weights})
    assert (settings.title, settings.taught) == (title, taught)
