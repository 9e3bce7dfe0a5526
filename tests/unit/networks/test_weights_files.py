"""A file of weights is the one that was meant and holds numbers alone, or one sentence says why not."""

from __future__ import annotations

import hashlib
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenshots.errors import DataError
from tenshots.networks import building, weights_files
from tenshots.runtime import keras

PLACE = "layers/dense/vars"
SECRET = b"root:x:0:0:root:/root:/bin/bash"
NETWORK = {"family": "convolutional", "input_px": 32, "filters": [4], "dense": 8, "dropout": 0.1}


@pytest.fixture(scope="module")
def network() -> Any:  # noqa: ANN401 (keras.Model, untyped)
    keras.utils.set_random_seed(5)
    return building.build(building.settings_from(NETWORK, at=""), size_px=32, num_labels=3)


@pytest.fixture(scope="module")
def saved(network: Any) -> bytes:  # noqa: ANN401
    return building.weights(network)


def load(network: Any, path: Path) -> None:  # noqa: ANN401
    weights_files.load(network, path, of="network", remedy="run `dvc repro`")


def test_what_keras_saved_is_loaded(network: Any, saved: bytes, tmp_path: Path) -> None:  # noqa: ANN401
    path = tmp_path / "a.weights.h5"
    path.write_bytes(saved)
    before = network.get_weights()
    network.set_weights([np.zeros_like(each) for each in before])
    load(network, path)
    assert all(np.array_equal(*pair) for pair in zip(before, network.get_weights(), strict=True))
    assert weights_files.num_labels(path) == 3


def soft_link(file: h5py.File, _: Path) -> None:
    file[f"{PLACE}/0"] = h5py.SoftLink("/layers/dense_1/vars/0")


def link_to_another_file(file: h5py.File, folder: Path) -> None:
    with h5py.File(folder / "other.h5", "w") as other:
        other["data"] = np.zeros((64, 8), np.float32)
    file[f"{PLACE}/0"] = h5py.ExternalLink(str(folder / "other.h5"), "data")


def bytes_of_another_file(file: h5py.File, folder: Path) -> None:
    secret = folder / "secret"
    secret.write_bytes(SECRET)
    file.create_dataset(f"{PLACE}/0", (len(SECRET),), "u1", external=[(str(secret), 0, len(SECRET))])


def pieces_of_another_file(file: h5py.File, folder: Path) -> None:
    with h5py.File(folder / "other.h5", "w") as other:
        other["data"] = np.zeros(8, np.float32)
    layout = h5py.VirtualLayout((8,), np.float32)
    layout[:] = h5py.VirtualSource(folder / "other.h5", "data", (8,))
    file.create_virtual_dataset(f"{PLACE}/0", layout)


def bomb(file: h5py.File, _: Path) -> None:
    file.create_dataset(f"{PLACE}/0", data=np.zeros((1000, 1000), np.float32), compression="gzip")


def empty_giant(file: h5py.File, _: Path) -> None:
    file.create_dataset(f"{PLACE}/0", (10**6, 10**6), np.float32)


def chunked_giant(file: h5py.File, _: Path) -> None:
    file.create_dataset(f"{PLACE}/0", (10**6, 10**6), np.float32, chunks=(10, 10))[0, 0] = 1


def text(file: h5py.File, _: Path) -> None:
    file.create_dataset(f"{PLACE}/0", data=["import os"], dtype=h5py.string_dtype())


def opaque(file: h5py.File, _: Path) -> None:
    file.create_dataset(f"{PLACE}/0", data=np.void(b"\x80\x04cos\nsystem\n."))


def record(file: h5py.File, _: Path) -> None:
    file.create_dataset(f"{PLACE}/0", data=np.zeros(3, [("a", "f4"), ("b", "i4")]))


def no_data_at_all(file: h5py.File, _: Path) -> None:
    file[f"{PLACE}/0"] = h5py.Empty("f4")


def a_type(file: h5py.File, _: Path) -> None:
    file[f"{PLACE}/0"] = np.dtype("f4")


@pytest.mark.parametrize(
    ("plant", "why"),
    [
        (soft_link, f"/{PLACE}/0 is a link"),
        (link_to_another_file, f"/{PLACE}/0 is a link"),
        (bytes_of_another_file, f"/{PLACE}/0 lies in another file"),
        (pieces_of_another_file, f"/{PLACE}/0 lies in another file"),
        (bomb, f"/{PLACE}/0 is compressed"),
        (empty_giant, f"/{PLACE}/0 declares 4,000,000,000,000 bytes and has 0"),
        (chunked_giant, f"/{PLACE}/0 declares 4,000,000,000,000 bytes and has 400"),
        (text, f"/{PLACE}/0 holds no numbers"),
        (opaque, f"/{PLACE}/0 holds no numbers"),
        (record, f"/{PLACE}/0 holds no numbers"),
        (no_data_at_all, f"/{PLACE}/0 holds no numbers"),
        (a_type, f"/{PLACE}/0 holds no numbers"),
    ],
)
def test_anything_but_numbers_in_the_file_itself_is_refused_before_keras_reads_it(
    plant: Callable[[h5py.File, Path], None],
    why: str,
    network: Any,  # noqa: ANN401
    saved: bytes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "planted.weights.h5"
    path.write_bytes(saved)
    with h5py.File(path, "a") as file:
        del file[f"{PLACE}/0"]
        plant(file, tmp_path)
    monkeypatch.setattr(keras.Model, "load_weights", lambda *_: pytest.fail("Keras has read it"))
    for use in (lambda: load(network, path), lambda: weights_files.num_labels(path)):
        with pytest.raises(DataError) as caught:
            use()
        said = str(caught.value)
        assert said.startswith(f"{path} must hold weights alone, as Keras' save_weights leaves them: {why}; ")
        assert "\n" not in said


def test_what_is_planted_beside_the_weights_is_refused_too(
    network: Any,  # noqa: ANN401
    saved: bytes,
    tmp_path: Path,
) -> None:
    path = tmp_path / "planted.weights.h5"
    path.write_bytes(saved)
    with h5py.File(path, "a") as file:
        deep = file["layers"].create_group("/".join("abcdefgh"))
        deep["up"] = file["layers"]  # a group that holds itself ends no walk
        deep["out"] = h5py.ExternalLink("/etc/passwd", "/")
    with pytest.raises(DataError, match=r"/layers/.*/h/out is a link"):
        load(network, path)


@pytest.mark.parametrize("name", ["a.keras", "a.weights.json", "a.zip", "a.npz", "a.pkl", "h5"])
def test_a_file_that_keras_would_read_as_something_else_is_refused(
    name: str,
    network: Any,  # noqa: ANN401
    saved: bytes,
    tmp_path: Path,
) -> None:
    path = tmp_path / name
    path.write_bytes(saved)
    with pytest.raises(DataError, match=rf"{name} must hold weights alone.*its name must end in \.h5"):
        load(network, path)


def test_another_network_is_refused_with_the_remedy(saved: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.weights.h5"
    path.write_bytes(saved)
    for change in ({"filters": [4, 8]}, {"dense": 9}, {"filters": [5]}):
        other = building.build(building.settings_from({**NETWORK, **change}, at=""), size_px=32, num_labels=3)
        with pytest.raises(DataError, match=r"does not fit the network: .*; run `dvc repro`$"):
            load(other, path)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300])  # the last is none in float32
def test_a_number_that_is_not_finite_is_refused_with_the_remedy(
    value: float,
    network: Any,  # noqa: ANN401
    saved: bytes,
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.weights.h5"
    path.write_bytes(saved)
    with h5py.File(path, "a") as file:
        values = np.asarray(file[f"{PLACE}/0"], np.float64)
        values[-1, -1] = value
        del file[f"{PLACE}/0"]
        file[f"{PLACE}/0"] = values
    with pytest.raises(DataError) as caught:
        load(network, path)
    assert re.fullmatch(
        rf"{path} must hold finite numbers, but \w+/kernel of the network gets NaN or infinity from it; "
        "run `dvc repro`",
        str(caught.value),
    )


def test_the_layer_and_both_shapes_are_named(network: Any, saved: bytes, tmp_path: Path) -> None:  # noqa: ANN401
    path = tmp_path / "a.weights.h5"
    path.write_bytes(saved)
    with h5py.File(path, "a") as file:
        del file["layers/conv2d/vars/0"]
        file["layers/conv2d/vars/0"] = np.zeros((5, 5, 3, 4), np.float32)
    with pytest.raises(DataError) as caught:
        load(network, path)
    said = str(caught.value)
    assert "does not fit the network: <Conv2D name=block1_1_convolution, built=True>: " in said
    assert said.endswith("variable.shape=(3, 3, 3, 4), Received: value.shape=(5, 5, 3, 4); run `dvc repro`")


def test_layers_that_the_file_lacks_are_no_warning_but_an_error(
    network: Any,  # noqa: ANN401
    saved: bytes,
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.weights.h5"
    path.write_bytes(saved)
    with h5py.File(path, "a") as file:
        del file["layers/dense"]
    with pytest.raises(DataError, match="does not fit the network"):
        load(network, path)


def test_what_keras_leaves_out_without_an_error_is_noticed(
    network: Any,  # noqa: ANN401
    saved: bytes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "a.weights.h5"
    path.write_bytes(saved)
    load_weights, before = keras.Model.load_weights, list(warnings.filters)

    def all_but_one(model: Any, path: Path) -> None:  # noqa: ANN401
        kept = model.get_layer("dense").get_weights()
        load_weights(model, path)
        model.get_layer("dense").set_weights(kept)
        assert list(warnings.filters) == before, (
            "a filter of the process was changed, which other threads would meet"
        )

    monkeypatch.setattr(keras.Model, "load_weights", all_but_one)
    with pytest.raises(DataError, match=r"does not fit the network: it has no numbers for dense/kernel; run"):
        load(network, path)


def test_a_missing_file_is_left_to_the_caller(network: Any, tmp_path: Path) -> None:  # noqa: ANN401
    with pytest.raises(FileNotFoundError):
        load(network, tmp_path / "absent.weights.h5")


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(data=st.data())
def test_a_damaged_file_is_loaded_or_is_one_sentence(
    data: st.DataObject,
    network: Any,  # noqa: ANN401
    saved: bytes,
    tmp_path: Path,
) -> None:
    damaged = bytearray(saved[: data.draw(st.integers(0, len(saved)))] if data.draw(st.booleans()) else saved)
    for _ in range(data.draw(st.integers(1, 6)) if damaged else 0):
        # Most bytes are numbers, where any value is one: the structure lies at the start and between arrays
        place = data.draw(st.integers(0, len(damaged) - 1) | st.integers(0, min(4000, len(damaged) - 1)))
        damaged[place] = data.draw(st.integers(0, 255))
    path = tmp_path / "damaged.weights.h5"
    path.write_bytes(damaged)
    said = str(path)
    try:
        load(network, path)
    except DataError as error:
        said = str(error)
    assert str(path) in said
    assert "\n" not in said


def test_what_is_read_at_once_is_what_was_compared_and_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.pth"
    path.write_bytes(b"1234")
    sha256 = hashlib.sha256(b"1234").hexdigest()
    monkeypatch.setattr(weights_files, "MAX_BYTES", 4)
    assert weights_files.verified_bytes(path, sha256=sha256) == b"1234"
    with pytest.raises(DataError, match=rf"must have sha256 {'0' * 64}"):
        weights_files.verified_bytes(path, sha256="0" * 64)
    monkeypatch.setattr(weights_files, "MAX_BYTES", 3)
    with pytest.raises(DataError, match=r"a\.pth must be at most 3 bytes long; name another file"):
        weights_files.verified_bytes(path, sha256=sha256)


def test_a_hash_is_compared_before_anything_is_read(saved: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.weights.h5"
    path.write_bytes(saved)
    assert weights_files.verified(str(path), sha256=hashlib.sha256(saved).hexdigest()) == path
    with pytest.raises(DataError, match="must have sha256"):
        weights_files.verified(str(path), sha256="0" * 64)
    with pytest.raises(DataError, match="cannot be read: Is a directory"):
        weights_files.verified(str(tmp_path), sha256="0" * 64)
