"""A file in torch's legacy format gives its tensors, or one sentence says why not; nothing in it runs."""

from __future__ import annotations

import pickle
import re
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenshots.errors import DataError
from tenshots.networks import torch_files
from tests.drawn.torch_files import (
    MAGIC,
    ORDERED,
    REBUILD,
    body,
    file,
    named,
    saved,
    storage,
    tensor,
    whole,
)

PATH = Path("drawn.pth")
LINE = np.arange(24, dtype=np.float32)
STORAGES = {"7": LINE}
ARRAYS = {"a.weight": LINE.reshape(2, 3, 4), "a.bias": LINE[:5], "seen": np.int64([9]).reshape(())}
SMALL = saved(ARRAYS)


def read(data: bytes) -> dict[str, np.ndarray]:
    return torch_files.tensors(data, path=PATH, remedy="fetch it again")


def refused(data: bytes) -> str:
    """Why a file is refused; the sentence begins with its name and ends with the remedy."""
    with pytest.raises(DataError) as caught:
        read(data)
    found = re.fullmatch(
        r"drawn\.pth must hold tensors alone, in torch's legacy format: (.+); fetch it again",
        str(caught.value),
    )
    assert found
    return found[1]


def one(description: bytes, storages: dict[str, np.ndarray] | None = None) -> bytes:
    """A file of a single tensor."""
    return file(named({"w": description}), STORAGES if storages is None else storages)


def test_tensors_have_the_shapes_types_and_numbers_that_were_saved() -> None:
    found = read(SMALL)
    assert list(found) == list(ARRAYS)
    for name, values in ARRAYS.items():
        assert found[name].dtype == values.dtype
        assert found[name].shape == values.shape
        assert np.array_equal(found[name], values)


def test_strides_and_offsets_are_followed_and_storages_may_be_shared() -> None:
    lines = {
        "turned": tensor(storage("7", 24), 0, (4, 6), (1, 4)),
        "end": tensor(storage("7", 24), 20, (4,), (1,)),
    }
    found = read(file(named(lines), STORAGES))
    assert np.array_equal(found["turned"], LINE.reshape(6, 4).T)
    assert np.array_equal(found["end"], LINE[20:])


def test_storages_lie_in_the_order_of_the_keys_and_not_of_the_tensors() -> None:
    lines = {"a": tensor(storage("1", 2), 0, (2,), (1,)), "b": tensor(storage("2", 3), 0, (3,), (1,))}
    found = read(file(named(lines), {"2": LINE[:3], "1": LINE[8:10]}))
    assert np.array_equal(found["a"], [8, 9])
    assert np.array_equal(found["b"], [0, 1, 2])


def test_nothing_is_copied_and_nothing_can_be_written() -> None:
    values = read(SMALL)["a.weight"]
    assert np.shares_memory(values, np.frombuffer(SMALL, np.uint8))
    assert not values.flags.writeable


def test_what_a_dictionary_says_beside_its_tensors_is_left_aside() -> None:
    # torch keeps versions of layers in an attribute; here one hides the dictionary's own method.
    state = body({"_metadata": {"version": 2}, "items": 3})
    data = file(named({"w": tensor(storage("7", 24), 0, (24,), (1,))}) + state + b"b", STORAGES)
    assert np.array_equal(read(data)["w"], LINE)


# Operations that would run or reach something; what runs leaves a file.
CALL = body("touch X") + b"\x85R"
HOSTILE = {
    "a shell": (b"cposix\nsystem\n" + CALL, "posix.system"),
    "a shell, of os": (b"cos\nsystem\n" + CALL, "os.system"),
    "an expression": (b"cbuiltins\neval\n" + body("open('X', 'w')") + b"\x85R", "builtins.eval"),
    "a name of Python 2": (b"c__builtin__\neval\n" + CALL, "eval"),
    "a module": (b"cimportlib\nimport_module\n" + body("antigravity") + b"\x85R", "importlib.import_module"),
    "a pickle in it": (b"ctorch._utils\n_load\n" + CALL, "torch._utils._load"),
    "another name of the same module": (b"ccollections\nabc\n", "collections.abc"),
    "a way through a name": (b"ccollections\nOrderedDict.__init__\n", "collections.OrderedDict.__init__"),
    "another storage": (b"ctorch\nDoubleStorage\n", "torch.DoubleStorage"),
    "a function of torch": (b"ctorch\nload\n" + CALL, "torch.load"),
    "names from the stack": (body("os") + body("system") + b"\x93" + CALL, "STACK_GLOBAL"),
    "an old instance": (b"(" + body("touch X") + b"ios\nsystem\n", "INST"),
    "an object": (b"(cos\nsystem\n" + body("touch X") + b"o", "OBJ"),
    "a new object": (ORDERED + b")\x81", "NEWOBJ"),
    "a registered name": (b"\x82\x01", "EXT1"),
    "attributes of the dictionary's class": (ORDERED + body({"items": 1}) + b"b", "item assignment"),
    "more of them": (ORDERED + b"N" + body({"items": 1}) + b"\x86b", "immutable type"),
    "attributes of what rebuilds": (REBUILD + body({"x": 1}) + b"b", "no attribute '__dict__'"),
    "more of these": (REBUILD + b"N" + body({"x": 1}) + b"\x86b", "no attribute 'x'"),
    "a list that does not end": (b"]q\x00h\x00a", "do not belong together"),
    "room for what it has seen": (body(1) + b"r\xf0\xff\xff\x0f", "counts what it has seen wrongly"),
    "a text of 4 GB": (b"X\xff\xff\xff\xff" + b"a" * 9, "only"),
    "a text of 8 EB": (b"\x8d" + b"\xff" * 7 + b"\x7f" + b"a" * 9, "only"),
    "bytes to be filled": (b"\x96" + b"\xff" * 7 + b"\x00", "only"),
    "a long text": (b"\x8d\x01" + bytes(7) + b"a", "BINUNICODE8"),
    "a list of bytes": (b"\x96\x01" + bytes(7) + b"a", "BYTEARRAY8"),
    "a frame": (b"\x95" + b"\xff" * 7 + b"\x00", "FRAME"),
}


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("place", ["alone", "among the tensors"])
def test_nothing_but_tensors_is_made(
    kind: str, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    operations, why = HOSTILE[kind]
    described = operations if place == "alone" else named({"w": operations})
    assert why in refused(file(described, STORAGES))
    assert list(tmp_path.iterdir()) == [], "something ran"
    assert OrderedDict(a=1).items() == {"a": 1}.items()
    assert read(SMALL)  # nothing that a file did remains


@pytest.mark.parametrize("number", [1, 2, 4])
def test_no_other_pickle_of_a_file_may_name_anything_else(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    hostile = whole(b"cposix\nsystem\n" + CALL)
    parts = [pickle.dumps(each, 2) for each in (MAGIC, 1001, {"little_endian": True}, {}, [])]
    parts[number] = hostile
    assert "posix.system" in refused(b"".join(parts))
    assert list(tmp_path.iterdir()) == []


FITS = tensor(storage("7", 24), 0, (24,), (1,))
WRONG: dict[str, tuple[bytes, str]] = {
    "another beginning": (pickle.dumps({"w": 1}, 2) * 5, "it begins otherwise"),
    "no pickle": (b"PK\x03\x04" + bytes(60), "it begins otherwise"),
    "nothing": (b"", "it begins otherwise"),
    "another version": (file(named({"w": FITS}), STORAGES, version=1002), "another version"),
    "another order of bytes": (file(named({"w": FITS}), STORAGES, little=False), "another version"),
    "more bytes": (SMALL + b"more", "4 bytes follow its last storage"),
    "no dictionary": (file(FITS, STORAGES), "do not belong together"),
    "a storage more": (file(named({"w": FITS}), {**STORAGES, "8": LINE}), "do not belong together"),
    "a storage fewer": (file(named({"w": FITS}), {}), "do not belong together"),
    "a storage in two ways": (
        file(named({"w": FITS, "v": tensor(storage("7", 23), 0, (1,), (1,))}), STORAGES),
        "storage 7 is described in two ways",
    ),
    "another length": (
        one(tensor(storage("7", 23), 0, (1,), (1,))),
        "storage 7 has another number of values than is said of it",
    ),
    "a giant": (one(tensor(storage("7", 10**15), 0, (1,), (1,))), "it ends before storage 7 does"),
    "no values": (one(tensor(storage("7", 0), 0, (1,), (1,)), {"7": LINE[:0]}), "must hold values"),
    "fewer than none": (one(tensor(storage("7", -1), 0, (1,), (1,))), "must hold values"),
    "a shape beyond it": (one(tensor(storage("7", 24), 0, (5, 5), (5, 1))), "w of size (5, 5) does not lie"),
    "a stride beyond it": (one(tensor(storage("7", 24), 0, (2, 2), (23, 1))), "does not lie in its storage"),
    "an offset beyond it": (one(tensor(storage("7", 24), 1, (24,), (1,))), "does not lie in its storage"),
    "one value a million times": (one(tensor(storage("7", 24), 0, (10**6,), (0,))), "does not lie"),
    "a size of none": (one(tensor(storage("7", 24), 0, (0, 5), (5, 1))), "does not lie in its storage"),
    "a number before it": (one(tensor(storage("7", 24), -4, (4,), (1,))), "offset, size and stride"),
    "backwards": (one(tensor(storage("7", 24), 23, (24,), (-1,))), "offset, size and stride"),
    "no whole number": (one(tensor(storage("7", 24), 0, (2.5,), (1,))), "BINFLOAT"),
    "a truth as a number": (one(tensor(storage("7", 24), 0, (True,), (1,))), "offset, size and stride"),
    "too many dimensions": (one(tensor(storage("7", 24), 0, (1,) * 33, (1,) * 33)), "does not lie"),
    "a stride too few": (one(tensor(storage("7", 24), 0, (2, 2), (1,))), "does not lie in its storage"),
    "of no storage": (one(tensor(body("7"), 0, (1,), (1,))), "must name its storage"),
    "not a tensor": (file(named({"v": FITS, "w": body(3)}), STORAGES), "w is no tensor"),
    "a dictionary in it": (file(named({"v": FITS, "w": named({})}), STORAGES), "w is no tensor"),
    "an unseen name": (one(b"ca\x1b[2Jb\nsystem\n"), r"it names a\x1b[2Jb.system"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_what_does_not_fit_together_is_told_in_one_sentence(kind: str) -> None:
    data, why = WRONG[kind]
    assert why in refused(data)


def test_a_file_cut_anywhere_is_refused() -> None:
    assert len(SMALL) > 500
    for length in range(len(SMALL)):
        refused(SMALL[:length])


@settings(max_examples=300, deadline=None, derandomize=True)
@given(data=st.data())
def test_a_damaged_file_is_read_or_is_one_sentence(data: st.DataObject) -> None:
    damaged = bytearray(SMALL)
    for _ in range(data.draw(st.integers(1, 5))):
        damaged[data.draw(st.integers(0, len(SMALL) - 1))] = data.draw(st.integers(0, 255))
    said = ""
    try:
        found = read(bytes(damaged))
        assert all(values.size <= len(SMALL) for values in found.values())
    except DataError as error:
        said = str(error)
    assert "\n" not in said
