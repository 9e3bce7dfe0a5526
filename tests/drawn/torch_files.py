"""Files of weights in torch's legacy format, put together from the operations of a pickle, without torch."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Mapping

import numpy as np

ORDERED = b"ccollections\nOrderedDict\n"
REBUILD = b"ctorch._utils\n_rebuild_tensor_v2\n"
MAGIC = 0x1950A86A20F9469CFC6C
TYPES = {"<f4": "FloatStorage", "<i8": "LongStorage"}


def body(value: object) -> bytes:
    """The operations that put a plain value on the stack."""
    return pickle.dumps(value, 2)[2:-1]


def whole(operations: bytes) -> bytes:
    """A pickle of these operations."""
    return b"\x80\x02" + operations + b"."


def storage(key: str, num_values: int, kind: str = "FloatStorage") -> bytes:
    """A description of a storage."""
    words = [body("storage"), f"ctorch\n{kind}\n".encode(), body(key), body("cpu"), body(num_values)]
    return b"(" + b"".join(words) + b"NtQ"


def tensor(of: bytes, offset: object, size: object, stride: object) -> bytes:
    """A description of a tensor, of the storage that `of` describes."""
    return REBUILD + b"(" + of + body(offset) + body(size) + body(stride) + b"\x89" + ORDERED + b")RtR"


def named(tensors: Mapping[str, bytes]) -> bytes:
    """A dictionary of described tensors."""
    return ORDERED + b")R(" + b"".join(body(name) + one for name, one in tensors.items()) + b"u"


def file(
    tensors: bytes, storages: Mapping[str, np.ndarray], *, version: object = 1001, little: object = True
) -> bytes:
    """A file: `tensors` are the operations that describe them."""
    heads = [pickle.dumps(each, 2) for each in (MAGIC, version, {"little_endian": little})]
    heads += [whole(tensors), pickle.dumps(list(storages), 2)]
    rows = [len(values).to_bytes(8, "little") + values.tobytes() for values in storages.values()]
    return b"".join(heads + rows)


def saved(arrays: Mapping[str, np.ndarray]) -> bytes:
    """A file of these arrays, each in a storage of its own, as a network is saved."""
    assert sys.byteorder == "little"
    descriptions, storages = {}, {}
    for number, (name, values) in enumerate(arrays.items()):
        key, flat = str(number), np.ascontiguousarray(values).ravel()
        strides = tuple(step // values.itemsize for step in np.ascontiguousarray(values).strides)
        kind = TYPES[values.dtype.str]
        size = values.shape  # of a single number, none
        descriptions[name] = tensor(storage(key, flat.size, kind), 0, size, strides if size else ())
        storages[key] = flat
    return file(named(descriptions), storages)
