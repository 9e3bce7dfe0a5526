"""Makes the numeric libraries choose the same code, so the same bytes, on every x86-64 processor with AVX2.

Each of them picks its fastest code by the processor, and different code rounds sums differently: NumPy by
its own dispatch, OpenBLAS by the kind of core, oneDNN by instruction set. By default TensorFlow uses oneDNN
only on processors with AVX-512; without it, Eigen splits its sums by the sizes of the caches. All of them
read environment variables when they are loaded. So `pin` must be called before the first import of any of
them, and this module imports none. The C library's mathematical functions are the same on all these
processors, unless GLIBC_TUNABLES hides some features; it is read before Python starts, so a stage starts
itself again without it.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tenshots import params
from tenshots.errors import SettingsError

ENVIRONMENT = {
    "TF_ENABLE_ONEDNN_OPTS": "1",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "ONEDNN_DEFAULT_FPMATH_MODE": "STRICT",
    "OPENBLAS_CORETYPE": "Haswell",
    # Says what is allowed, not what is forbidden: a later NumPy may name further features.
    "NPY_ENABLE_CPU_FEATURES": "X86_V3",
    # Sums are split by the number of threads, which is the number of cores unless set here.
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
}
# Other names of the same switches, which would override or contradict ours; and those of XLA, which compiles
# for the processor that it finds.
REMOVED = ("NPY_DISABLE_CPU_FEATURES", "TF_XLA_FLAGS", "XLA_FLAGS")
NUMPY_FEATURES = {"X86_V3"}
TUNABLES = "GLIBC_TUNABLES"
HIDING = "glibc.cpu."  # how its entries begin that change which functions are chosen
BLAS_CORE = "Haswell"
ONEDNN_ISA = "Intel AVX2"
CPUINFO = Path("/proc/cpuinfo")
REMEDY = f"set portable: false in {params.PATH} to let each library choose its own code"

pinned = False  # whether `pin` set the environment of this process


class PortableSettings(params.Settings):
    """Whether outputs have the same bytes on every processor."""

    portable: bool


def pin(*, wanted: bool | None = None, restart: bool = False) -> None:
    """Sets this process's environment; call it before the first import of a numeric package.

    Variables of these names that the user had set to other values are replaced, and a line on standard error
    says which. On a processor without AVX2 and FMA nothing is set, and a line says what follows.

    Args:
        wanted: None: params.yaml decides; if it cannot be read, that counts as wanted, and is refused later.
        restart: whether this process may be replaced by the same command started again, if need be.
    """
    global pinned
    if not (_setting() if wanted is None else wanted):
        return
    if not has_avx2():
        _say(
            "portable: true has no effect here, because this is not Linux on an x86-64 processor with AVX2 "
            "and FMA: expect different bytes"
        )
        return
    replaced = [
        f"{name}={value}" for name, value in os.environ.items() if value != ENVIRONMENT.get(name, value)
    ]
    replaced += [f"{name}={os.environ.pop(name)}" for name in REMOVED if name in os.environ]
    hidden = os.environ.get(TUNABLES, "")
    again = restart and _hides(hidden)
    if again:
        replaced.append(f"{TUNABLES}={hidden}")
    if replaced:
        _say(f"portable: true replaces {', '.join(sorted(replaced))}; {REMEDY}")
    os.environ.update(ENVIRONMENT)
    for name in REMOVED:
        os.environ.pop(name, None)
    if again:
        left = [entry for entry in hidden.split(":") if not entry.startswith(HIDING)]
        os.environ[TUNABLES] = ":".join(left)  # so that it happens once
        sys.stderr.flush()
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
    pinned = True


def verify(*, onednn: str | None = None) -> None:
    """Asks the libraries that are loaded what they compute with; does nothing if `pin` set nothing.

    Args:
        onednn: what oneDNN says of its instruction set, if it was asked.

    Raises:
        SettingsError: one computes with other code than was asked for; names it.
    """
    if pinned:
        tunables = os.environ.get(TUNABLES, "")
        wrong = mismatches(numpy=numpy_features(), pools=pools(), onednn=onednn, tunables=tunables)
        if wrong:
            raise SettingsError(f"portable: true is not met, because {'; '.join(wrong)}; {REMEDY}")


def mismatches(
    *,
    numpy: Iterable[str] | None,
    pools: Iterable[Mapping[str, Any]],
    onednn: str | None,
    tunables: str = "",
) -> list[str]:
    """Returns a sentence for each library that computes with code other than was asked for.

    Args:
        numpy: see `numpy_features`.
        pools: see `pools`.
        onednn: what oneDNN says is its instruction set; empty: it is not used; None: it was not asked.
        tunables: GLIBC_TUNABLES as they were when this process started.
    """
    wrong = []
    if _hides(tunables):
        wrong.append(f"the C library chose its functions by {TUNABLES}={tunables} (unset it)")
    if numpy is not None and set(numpy) != NUMPY_FEATURES:
        wrong.append(f"NumPy computes with {_listed(numpy)}, not with {_listed(NUMPY_FEATURES)} alone")
    for pool in pools:
        name = f"{pool['internal_api']} ({Path(pool['filepath']).name})"
        core = pool.get("architecture", "an unknown core")
        if pool["user_api"] == "blas" and core != BLAS_CORE:
            wrong.append(f"{name} computes for {core}, not for {BLAS_CORE}")
        if pool["num_threads"] != 1:
            wrong.append(f"{name} computes with {pool['num_threads']} threads, not with 1")
    if onednn is not None and onednn != ONEDNN_ISA:
        how = f"with oneDNN for {onednn}, not for {ONEDNN_ISA}" if onednn else "without oneDNN"
        wrong.append(f"TensorFlow computes {how}")
    return wrong


def numpy_features() -> list[str] | None:
    """Returns the dispatched features that NumPy uses; None if it is not loaded."""
    if "numpy" not in sys.modules:
        return None
    import numpy as np

    found: list[str] = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
    return found


def pools() -> Sequence[Mapping[str, Any]]:
    """Returns what threadpoolctl says of each linear algebra library and each OpenMP that is loaded."""
    if "numpy" not in sys.modules:
        return []
    import threadpoolctl

    found: Sequence[Mapping[str, Any]] = threadpoolctl.threadpool_info()
    return found


def has_avx2() -> bool:
    """Whether this is an x86-64 processor with AVX2 and FMA under Linux."""
    if sys.platform != "linux" or platform.machine() != "x86_64" or not CPUINFO.is_file():
        return False
    for line in CPUINFO.read_text(encoding="utf-8", errors="replace").splitlines():
        if line.startswith("flags"):
            return {"avx2", "fma"} <= set(line.split())
    return False


def _hides(tunables: str) -> bool:
    return any(entry.startswith(HIDING) for entry in tunables.split(":"))


def _setting() -> bool:
    try:
        return params.read().get("portable") is not False
    except (SettingsError, OSError):
        return True


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "its baseline"


def _say(sentence: str) -> None:
    print(f"note: {sentence}", file=sys.stderr)
