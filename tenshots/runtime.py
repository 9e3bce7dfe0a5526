"""Prepares the numeric backend of a process: silent, with a set number of threads, deterministic.

The numeric modules take keras from here (`from tenshots.runtime import keras`), because importing it
imports the backend, and TensorFlow prints lines that do not concern the user while it is imported, whatever
its log level is.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import gc
import os
import re
import sys
import tempfile
import warnings
from collections.abc import Iterator

from pydantic import Field

from tenshots import cores, portable
from tenshots.params import Settings

__all__ = ["configure", "keras", "num_workers"]


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Hides what the block writes to standard error; shows it after all if an error ends the block."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # afterwards, too, TensorFlow's own log stays silent
    sys.stderr.flush()
    shown = os.dup(2)
    with tempfile.TemporaryFile() as hidden:
        os.dup2(hidden.fileno(), 2)  # the lines come from C++, which knows no sys.stderr
        try:
            yield
        except BaseException:
            sys.stderr.flush()
            hidden.seek(0)
            os.write(shown, hidden.read())
            raise
        finally:
            os.dup2(shown, 2)
            os.close(shown)


@contextlib.contextmanager
def _sparing(*optional: str) -> Iterator[None]:
    """Lets the block import less, and without pauses, which halves the CPU time of importing Keras.

    Args:
        optional: packages that Keras imports where they are installed, for parts of it that nothing here
            uses. To the block they seem not to be installed.
    """
    hidden = [name for name in optional if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None is Python's sign for "no such module"
    collected = gc.isenabled()
    gc.disable()  # else each of the millions of new objects is looked at several times
    try:
        yield
    finally:
        if collected:
            gc.enable()
        for name in hidden:
            del sys.modules[name]


with _silence(), _sparing("matplotlib", "sklearn"):
    try:
        import keras
    except (ImportError, ValueError) as error:  # before any stage could catch an error of ours
        raise SystemExit(
            f"error: Keras cannot be imported: {' '.join(str(error).split())}. It obeys KERAS_BACKEND and "
            "keras.json (in ~/.keras, or where KERAS_HOME says): unset the one, remove the other; if that "
            "does not help, run `make setup`"
        ) from error

# A person's keras.json and KERAS_ variables would change results silently; params.yaml has every setting.
keras.config.set_floatx("float32")
keras.config.set_epsilon(1e-7)
keras.config.set_image_data_format("channels_last")
keras.config.set_max_epochs(None)
keras.config.set_max_steps_per_epoch(None)


class ComputeSettings(Settings):
    """The top-level setting of params.yaml that changes a prediction."""

    threads: int = Field(ge=1, le=256)


def configure(*, threads: int) -> None:
    """Makes every later computation of this process reproducible to the bit; call it before the first one.

    On TensorFlow, operations become deterministic, each with a fixed number of threads. That number decides
    in which order sums are rounded, so it is a setting and not the machine's number of cores. How many
    operations run at a time changes no bit; it is one per core. A second call with the same number does
    nothing. JAX is deterministic on a CPU and takes its number of threads from the machine, so there
    `threads` has no effect.

    Args:
        threads: CPU threads of one operation, at least 1.

    Raises:
        SettingsError: a library computes with code other than `portable: true` asks for.
    """
    if keras.backend.backend() != "tensorflow":
        return
    import joblib  # neither at the top: a machine that computes with JAX may have none
    import tensorflow as tf

    tf.get_logger().setLevel("ERROR")  # else it complains that each network is compiled
    tf.config.experimental.enable_op_determinism()
    try:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(joblib.cpu_count())
    except RuntimeError:  # something has been computed, so the threads exist
        found = tf.config.threading.get_intra_op_parallelism_threads()
        if found != threads:
            warnings.warn(
                f"TensorFlow already uses threads: {found}, not {threads}; call configure first",
                stacklevel=2,
            )
        portable.verify()
    else:
        portable.verify(onednn=_onednn_isa() if portable.pinned else None)
    if portable.pinned:
        _round_rsqrt()


@functools.cache
def _round_rsqrt() -> None:
    """Lets TensorFlow compute 1 / sqrt(x) of float32 in float64, as normalisation needs it.

    In float32 Eigen starts from the processor's own approximation (RSQRTPS), which differs between makers,
    and the step that follows keeps some of that in the last bit. In float64 it takes a root and divides,
    which every processor rounds alike. It costs little: there is one such number per channel.
    """
    import tensorflow as tf

    approximate = tf.math.rsqrt

    def rsqrt(x: tf.Tensor, name: str | None = None) -> tf.Tensor:
        x = tf.convert_to_tensor(x)
        if x.dtype != tf.float32:
            return approximate(x, name=name)
        return tf.cast(approximate(tf.cast(x, tf.float64)), tf.float32, name=name)

    def batch_normalization(  # the formula of tf.nn.batch_normalization
        x: tf.Tensor,
        mean: tf.Tensor,
        variance: tf.Tensor,
        offset: tf.Tensor | None,
        scale: tf.Tensor | None,
        variance_epsilon: float,
        name: str | None = None,
    ) -> tf.Tensor:
        with tf.name_scope(name or "batchnorm"):
            factor = rsqrt(variance + variance_epsilon)
            factor = factor if scale is None else factor * scale
            moved = -mean * factor if offset is None else offset - mean * factor
            return x * tf.cast(factor, x.dtype) + tf.cast(moved, x.dtype)

    # Keras looks them up by these names at each call.
    tf.math.rsqrt = rsqrt
    tf.nn.batch_normalization = batch_normalization


@functools.cache
def _onednn_isa() -> str:
    """The instruction set that oneDNN names when it is first used; empty if TensorFlow does not use it."""
    import tensorflow as tf

    os.environ["ONEDNN_VERBOSE"] = "profile_create,filter=graph"  # only its first lines, and none afterwards
    try:
        with tf.device("CPU"), _captured(1) as said:
            tf.nn.conv2d(tf.ones((1, 8, 8, 3)), tf.ones((3, 3, 3, 4)), 1, "SAME")
    finally:
        del os.environ["ONEDNN_VERBOSE"]
    found = re.search(r"^onednn_verbose.*,cpu,isa:(.*)$", said[0], re.MULTILINE)
    return found[1] if found else ""


@contextlib.contextmanager
def _captured(descriptor: int) -> Iterator[list[str]]:
    """Captures what C and C++ write to a descriptor in the block; the list holds it afterwards."""
    said: list[str] = []
    libc = ctypes.CDLL(None)
    libc.fflush(None)
    shown = os.dup(descriptor)
    with tempfile.TemporaryFile() as hidden:
        os.dup2(hidden.fileno(), descriptor)
        try:
            yield said
        finally:
            libc.fflush(None)
            os.dup2(shown, descriptor)
            os.close(shown)
            hidden.seek(0)
            said.append(hidden.read().decode(errors="replace"))


def num_workers(*, threads: int, num_worth: int | None = None) -> int:
    """Returns how many trainings side by side keep this process' share of the machine busy, at least 1.

    As `cores.num_workers` says; but, unless it is set by hand, one where a GPU computes, which a single
    training fills, and on JAX, which takes all cores by itself.

    Args:
        threads: of one operation.
        num_worth: see `cores.num_workers`.

    Raises:
        SettingsError: the environment holds something other than a number there.
    """
    return cores.num_workers(threads=threads, num_worth=1 if _takes_all() else num_worth)


def _takes_all() -> bool:
    """Whether one training has all that computes to itself."""
    if keras.backend.backend() != "tensorflow":
        return True
    import tensorflow as tf

    return bool(tf.config.list_physical_devices("GPU"))
