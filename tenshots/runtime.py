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

__all__ = ["configure", "keras"]


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

    On TensorFlow: deterministic operations, one at a time, with a fixed number of threads: it decides in
    which order sums are rounded, so it is a setting and not the machine's number of cores. A second call
    with the same number does nothing. JAX is deterministic on a CPU and takes its number of threads from
    the machine, so there `threads` has no effect.

    Args:
        threads: CPU threads of one operation, from 1.
    """
    if keras.backend.backend() != "tensorflow":
        return
    import tensorflow as tf  # not at the top: a machine that computes with JAX has none

    tf.get_logger().setLevel("ERROR")  # it would complain that each network is compiled once
    tf.config.experimental.enable_op_determinism()
    try:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    except RuntimeError:  # something was computed already, so the threads are there
        found = tf.config.threading.get_intra_op_parallelism_threads()
        if found != threads:
            warnings.warn(
                f"TensorFlow computes with threads {found} already, not with {threads}: call configure first",
                stacklevel=2,
            )
