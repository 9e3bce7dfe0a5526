"""Files of weights (HDF5): the one that was meant, numbers alone, of the network's shapes."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import h5py  # type: ignore[import-untyped]
import numpy as np

from tenshots.errors import DataError
from tenshots.runtime import keras

# Keras decides by a name's end how to read: it would unpack .keras, and .weights.json leads to other files.
ENDINGS = (".h5", ".hdf5")
MAX_BYTES = 1_000_000_000  # of a file that is read at once
_CHUNK_BYTES = 1 << 20
# Of layers that a file lacks Keras sometimes only warns, in lines of its own; `load` finds them and says it.
warnings.filterwarnings("ignore", message="Skipping nested container")


def verified(name: str | Path, *, sha256: str) -> Path:
    """Returns the path of a file after comparing its hash.

    Args:
        name: of the file, relative to the project or absolute.
        sha256: that it must have, 64 hexadecimal digits.

    Raises:
        DataError: the file is missing, or its sha256 is another one.
    """
    path = Path(name)
    digest = hashlib.sha256()
    with _readable(path) as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    _compare(path, digest.hexdigest(), sha256)
    return path


def verified_bytes(path: Path, *, sha256: str) -> bytes:
    """Returns what a file holds after comparing its hash: what was compared is what is used.

    Args:
        path: of the file.
        sha256: that it must have, 64 hexadecimal digits.

    Raises:
        DataError: the file is missing, larger than MAX_BYTES, or its sha256 is another one.
    """
    with _readable(path) as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise DataError(f"{path} must be at most {MAX_BYTES:,} bytes long; name another file")
    _compare(path, hashlib.sha256(data).hexdigest(), sha256)
    return data


@contextmanager
def _readable(path: Path) -> Iterator[BinaryIO]:
    try:
        with path.open("rb") as file:
            yield file
    except OSError as error:
        raise DataError(
            f"{path} (backbone.weights) cannot be read: {error.strerror}; "
            "put the file there or correct the path"
        ) from None


def _compare(path: Path, found: str, sha256: str) -> None:
    if found != sha256:
        raise DataError(
            f"{path} must have sha256 {sha256} (backbone.weights.sha256), "
            f"found {found}; restore the file, or enter its hash if you trust it"
        )


def num_labels(path: Path) -> int:
    """Returns how many labels a network of family `convolutional` tells apart: the length of its last bias.

    Raises:
        DataError: the file is not of such a network, or holds more than numbers.
    """
    _check(path, "fetch the file again")
    try:
        with h5py.File(path) as file:
            return int(file["layers/dense_1/vars/1"].shape[0])
    except (KeyError, OSError, AttributeError, IndexError) as error:
        raise DataError(
            f"{path} holds no weights of a convolutional network that tenshots wrote: {_line(error)}"
        ) from None


def load(model: keras.Model, path: Path, *, of: str, remedy: str) -> None:
    """Loads weights into a network, and raises unless the file has all of them.

    Args:
        model: its weights are replaced.
        path: of the file.
        of: what the network is, for messages, such as "backbone".
        remedy: what helps where the file is damaged or of another network.

    Raises:
        FileNotFoundError: there is none.
        DataError: it holds more than numbers, a number that is not finite, is damaged, or is of another
            network.
    """
    _check(path, remedy)
    try:
        # What the file lacks is still NaN afterwards, whatever Keras says about it.
        model.set_weights([_unset(values) for values in model.get_weights()])
        model.load_weights(path)
        for variable, values in zip(model.weights, model.get_weights(), strict=True):
            if values.dtype.kind == "f" and np.isnan(values).all():
                raise ValueError(f"it has no numbers for {variable.path}")
    except MemoryError:
        raise
    except Exception as error:  # HDF5 and Keras raise anything where a file is not as they expect
        raise DataError(f"{path} does not fit the {of}: {_line(error)}; {remedy}") from None
    for variable, values in zip(model.weights, model.get_weights(), strict=True):
        if not np.isfinite(values).all():  # else answers, and the loss of a training, would be NaN
            raise DataError(
                f"{path} must hold finite numbers, but {variable.path} of the {of} gets NaN or infinity "
                f"from it; {remedy}"
            )


def _check(path: Path, remedy: str) -> None:
    """Raises where a file holds anything but arrays of numbers, in the file itself, before Keras reads one.

    Keras follows links in some kinds of files, and allocates whatever a shape declares.
    """
    try:
        if not path.name.endswith(ENDINGS):
            raise ValueError(f"its name must end in {' or '.join(ENDINGS)}")
        with h5py.File(path) as file:
            _walk(file)
    except (FileNotFoundError, MemoryError):
        raise
    except Exception as error:  # as above
        raise DataError(
            f"{path} must hold weights alone, as Keras' save_weights leaves them: {_line(error)}; {remedy}"
        ) from None


def _walk(file: h5py.File) -> None:
    seen: set[int] = set()  # a group may hold itself
    todo = [file]
    while todo:
        group = todo.pop()
        for name in group:
            place = f"{group.name}/{name}".replace("//", "/")
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise ValueError(f"{place} is a link")
            item = group[name]
            if isinstance(item, h5py.Group):
                address = h5py.h5o.get_info(item.id).addr
                if address not in seen:
                    seen.add(address)
                    todo.append(item)
            else:
                _check_numbers(item, place)


def _check_numbers(item: h5py.Dataset | h5py.Datatype, place: str) -> None:
    if not isinstance(item, h5py.Dataset) or item.shape is None or item.dtype.kind not in "biuf":
        raise ValueError(f"{place} holds no numbers")
    if item.external or item.is_virtual:
        raise ValueError(f"{place} lies in another file")
    if item.id.get_create_plist().get_nfilters():
        raise ValueError(f"{place} is compressed")
    stored = item.id.get_storage_size()
    if item.nbytes > stored:
        raise ValueError(f"{place} declares {item.nbytes:,} bytes and has {stored:,}")


def _unset(values: np.ndarray) -> np.ndarray:
    return np.full_like(values, np.nan) if values.dtype.kind == "f" else values


def _line(error: Exception) -> str:
    text = " ".join(str(error).split())
    # Keras begins with how many objects there are, and shows all numbers of one at the end.
    text = text.partition("Example error message for object ")[2] or text
    return text.partition(" Target variable: ")[0][:240].rstrip(".") or type(error).__name__
