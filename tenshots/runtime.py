"""Prepares the numeric backend of a process: its silence, its threads, its determinism.

The numeric modules take keras from here (`from tenshots.runtime import keras`), since importing it imports
the backend, and TensorFlow prints what does not concern the user while it is imported, whatever it was
told.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator

__all__ = ["configure", "keras", "num_workers"]


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Hides what is written to standard error meanwhile; shows it after all where an error ends the block."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # and nothing of TensorFlow's own log afterwards
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


with _silence():
    import keras


def configure(*, threads: int) -> None:
    """Makes every later computation of this process reproducible to the bit; call it before the first one.

    On TensorFlow: deterministic operations, each with a fixed number of threads: it decides in which order
    sums are rounded, so it is a setting and not the machine's number of cores. How many operations run at a
    time moves no bit; it is one a core. A second call with the same number does nothing. JAX is deterministic
    on a CPU and takes its number of threads from the machine, so there `threads` has no effect.

    Args:
        threads: CPU threads of one operation, from 1.
    """
    if keras.backend.backend() != "tensorflow":
        return
    import joblib  # not at the top, either of the two: a machine that computes with JAX may have none
    import tensorflow as tf

    tf.get_logger().setLevel("ERROR")  # it would complain that each network is compiled once
    tf.config.experimental.enable_op_determinism()
    try:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(joblib.cpu_count())
    except RuntimeError:  # something was computed already, so the threads are there
        found = tf.config.threading.get_intra_op_parallelism_threads()
        if found != threads:
            warnings.warn(
                f"TensorFlow computes with threads {found} already, not with {threads}: call configure first",
                stacklevel=2,
            )


def num_workers(*, threads: int) -> int:
    """Returns how many computations side by side keep this process' cores busy, from 1.

    One where a GPU computes, which a single training fills, and on JAX, which takes all cores by itself.
    Cores are those that the process may use: its affinity and a container's limit count.

    Args:
        threads: of one operation.
    """
    if keras.backend.backend() != "tensorflow":
        return 1
    import joblib
    import tensorflow as tf

    if tf.config.list_physical_devices("GPU"):
        return 1
    return max(int(joblib.cpu_count()) // threads, 1)
