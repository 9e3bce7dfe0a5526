"""Prints what the libraries see of the processor, and a hash of what they compute, as one line of JSON."""

from __future__ import annotations

import json

from benchmarks.blocks import arrays, digest, networks
from tenshots import portable, runtime

BLOCKS = {**arrays.BLOCKS, **networks.BLOCKS}
NAMES = ("numpy matrix product float32", "tf matrix product float32", "convolution", "dense")


def main() -> None:
    """Asks each library."""
    runtime.configure(threads=1)
    pools = [pool for pool in portable.pools() if pool["user_api"] == "blas"]
    seen = {
        "NumPy": portable.numpy_features() or [],
        "OpenBLAS": sorted({pool["architecture"] for pool in pools}),
        "oneDNN": runtime._onednn_isa(),
        "bytes": digest([BLOCKS[name]() for name in NAMES]),
    }
    print(json.dumps(seen))


if __name__ == "__main__":
    main()
