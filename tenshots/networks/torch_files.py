"""Files of weights in torch's legacy format, read without torch: numbers alone, and nothing in them can run.

One after the other such a file holds five pickles: a magic number, the format's version, what machine wrote
it, the named tensors (each says where in which storage its numbers lie), and the keys of all storages. Then
follow, in the order of these keys, the number of values of each storage (8 bytes) and its values.
It is what torch.save wrote before 1.6.
Source: `_legacy_save` in torch/serialization.py, github.com/pytorch/pytorch.
"""

from __future__ import annotations

import io
import math
import pickle
import pickletools
from collections import OrderedDict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tenshots.errors import DataError

_MAGIC = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."  # the pickle of 0x1950A86A20F9469CFC6C
_VERSION = 1001
_MAX_PICKLE_BYTES = 10_000_000  # of each; EfficientNet-Lite0's 296 tensors take 42,000
_MAX_DIMENSIONS = 8
# All that these pickles need. Others build objects of any class, or ask for memory before there are bytes.
_OPCODES = {
    *("PROTO", "STOP", "MARK", "NONE", "NEWTRUE", "NEWFALSE", "BININT", "BININT1", "BININT2", "LONG1"),
    *("BINUNICODE", "EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "EMPTY_LIST", "APPEND", "APPENDS"),
    *("EMPTY_DICT", "SETITEM", "SETITEMS", "BINPUT", "LONG_BINPUT", "BINGET", "LONG_BINGET"),
    *("GLOBAL", "REDUCE", "BUILD", "BINPERSID"),
}


def tensors(data: bytes, *, path: Path, remedy: str) -> dict[str, np.ndarray]:
    """Returns the named tensors of a file.

    Nothing is copied: each tensor is a view of `data`, so no size that the file declares allocates memory.

    Args:
        data: all of the file, whose hash has been compared.
        path: of the file, for messages.
        remedy: what helps where the file is damaged.

    Returns:
        Arrays that cannot be written, float32 or int64, by name, in torch's order of dimensions.

    Raises:
        DataError: it is not such a file, is damaged, or names anything but tensors of these two types.
    """
    try:
        return _tensors(data)
    except MemoryError:
        raise
    except Exception as error:  # an unpickler raises anything where bytes are not as it expects
        # A file may name what a terminal would obey.
        text = " ".join(str(error).split())[:240].encode("unicode_escape").decode()
        raise DataError(
            f"{path} must hold tensors alone, in torch's legacy format: "
            f"{text.rstrip('.') or type(error).__name__}; {remedy}"
        ) from None


class _Storage(NamedTuple):
    """Numbers of one type in a row, of which tensors are made."""

    dtype: str
    key: str
    num_values: int


class _Tensor(NamedTuple):
    """Which numbers of a storage a tensor holds; all counted in values."""

    storage: _Storage
    offset: int
    size: tuple[int, ...]
    stride: tuple[int, ...]


class _Rebuild:
    """Stands for the function by which torch rebuilds a tensor; has no attribute that a file could set."""

    __slots__ = ()

    def __call__(self, storage: object, offset: object, size: object, stride: object, *_: object) -> _Tensor:
        if not (isinstance(storage, _Storage) and _are_numbers((offset,), size, stride)):
            raise ValueError("a tensor must name its storage, offset, size and stride")
        return _Tensor(storage, offset, size, stride)  # type: ignore[arg-type]  # as has just been seen


# All that a file may name. The last two stand for their types of numbers.
_ALLOWED = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _Rebuild(),
    ("torch", "FloatStorage"): "<f4",
    ("torch", "LongStorage"): "<i8",
}


class _Unpickler(pickle.Unpickler):
    """Makes ordered dictionaries, tensors and storages, as descriptions without numbers, and nothing else."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)
        self.storages: dict[str, _Storage] = {}

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401 (one of the above)
        if (module, name) not in _ALLOWED:
            raise ValueError(f"it names {module}.{name}, which no file of weights needs")
        return _ALLOWED[module, name]

    def persistent_load(self, pid: Any) -> _Storage:  # noqa: ANN401 (whatever the file holds)
        kind, dtype, key, _, num_values, view = pid
        if kind != "storage" or dtype not in ("<f4", "<i8") or view is not None or not isinstance(key, str):
            raise ValueError("a storage must have a type, a key and a number of values")
        if not _are_numbers((num_values,)) or not num_values:
            raise ValueError(f"storage {key} must hold values")
        storage = _Storage(dtype, key, num_values)
        if self.storages.setdefault(key, storage) != storage:
            raise ValueError(f"storage {key} is described in two ways")
        return storage


def _tensors(data: bytes) -> dict[str, np.ndarray]:
    if not data.startswith(_MAGIC):
        raise ValueError("it begins otherwise")
    version, _, place = _unpickled(data, len(_MAGIC))
    machine, _, place = _unpickled(data, place)
    if version != _VERSION or machine["little_endian"] is not True:
        raise ValueError("it is of another version, or of a machine with another order of bytes")
    named, declared, place = _unpickled(data, place)
    keys, _, place = _unpickled(data, place)
    if type(named) is not OrderedDict or type(keys) is not list or sorted(keys) != sorted(declared):
        raise ValueError("its tensors and its storages do not belong together")
    storages = {}
    for key in keys:
        _, _, num_values = storage = declared[key]
        begin, size = place + 8, num_values * np.dtype(storage.dtype).itemsize
        if begin + size > len(data):
            raise ValueError(f"it ends before storage {key} does")
        if int.from_bytes(data[place:begin], "little") != num_values:
            raise ValueError(f"storage {key} has another number of values than is said of it")
        storages[key] = np.frombuffer(data, storage.dtype, num_values, begin)
        place = begin + size
    if place != len(data):
        raise ValueError(f"{len(data) - place:,} bytes follow its last storage")
    # Not the dictionary's own methods: a file can set its attributes.
    return {_name(name): _view(name, tensor, storages) for name, tensor in dict.items(named)}


def _unpickled(data: bytes, start: int) -> tuple[Any, dict[str, _Storage], int]:
    """Returns the object that is pickled at `start`, the storages that it describes, and where it ends."""
    file = io.BytesIO(data[start : start + _MAX_PICKLE_BYTES])
    for number, (opcode, argument, _) in enumerate(pickletools.genops(file)):
        if opcode.name not in _OPCODES:
            raise ValueError(f"a pickle in it has {opcode.name}, which no file of weights needs")
        # The unpickler's list of what it has seen grows to the largest number at once.
        if opcode.name in ("BINPUT", "LONG_BINPUT") and not 0 <= int(argument or 0) <= number:
            raise ValueError("a pickle in it counts what it has seen wrongly")
    end = file.tell()
    file.seek(0)
    unpickler = _Unpickler(file)
    return unpickler.load(), unpickler.storages, start + end


def _are_numbers(*values: object) -> bool:
    """Whether each value is a tuple of integers that are at least 0."""
    return all(
        type(value) is tuple and all(type(each) is int and each >= 0 for each in value) for value in values
    )


def _name(name: object) -> str:
    if not isinstance(name, str):
        raise ValueError("a tensor's name must be text")
    return name


def _view(name: str, tensor: object, storages: dict[str, np.ndarray]) -> np.ndarray:
    if not isinstance(tensor, _Tensor):
        raise ValueError(f"{name} is no tensor")
    values = storages[tensor.storage.key]
    num_dimensions = len(tensor.size)
    # A tensor has as many numbers as its storage, at most: none of them may count a million times.
    fits = num_dimensions == len(tensor.stride) <= _MAX_DIMENSIONS and (
        0 < math.prod(tensor.size) <= len(values)
    )
    if fits:
        last = sum((size - 1) * step for size, step in zip(tensor.size, tensor.stride, strict=True))
        fits = tensor.offset + last < len(values)
    if not fits:
        raise ValueError(
            f"{name} of size {tensor.size} does not lie in its storage of {len(values):,} values"
        )
    return np.lib.stride_tricks.as_strided(
        values[tensor.offset :],
        shape=tensor.size,
        strides=[step * values.itemsize for step in tensor.stride],
        writeable=False,
    )
