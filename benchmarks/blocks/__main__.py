"""Which building block differs between two processors: `python -m benchmarks.blocks`.

Computes each block once, prints which are equal to the committed runs in runs.jsonl and which are not, and
ends with status 1 where one differs from a run with the same versions and with `portable: true`. With --add
the run is appended: do so on each machine that you meet.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.blocks import arrays, digest, images, networks
from benchmarks.prove import processors
from tenshots import portable, runtime
from tenshots.errors import TenshotsError

RUNS = Path(__file__).parent / "runs.jsonl"
IMITATED = {processor.name: processor for processor in processors.PROCESSORS}
BLOCKS = {**arrays.BLOCKS, **images.BLOCKS, **networks.BLOCKS}
PACKAGES = (
    "numpy",
    "scipy",
    "scikit-learn",
    "tensorflow",
    "keras",
    "pillow",
    "pillow-heif",
    "pyarrow",
    "h5py",
)


def main(argv: Sequence[str] | None = None) -> None:
    """Computes, compares, and appends where asked to."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.blocks", description=__doc__)
    parser.add_argument("--add", action="store_true", help="append this run to runs.jsonl")
    parser.add_argument("--only", default="", help="blocks whose name fits this regular expression")
    parser.add_argument("--name", default="", help="what was imitated or changed, such as 'qemu Haswell'")
    parser.add_argument("--threads", type=int, default=1, help="of an operation (default: %(default)s)")
    parser.add_argument("--imitate", choices=sorted(IMITATED), help="a processor (takes gcc and binutils)")
    given = parser.parse_args(argv)
    if given.imitate:
        sys.exit(imitated(given))
    try:
        runtime.configure(threads=given.threads)
    except TenshotsError as error:
        sys.exit(f"error: {error}")
    chosen = {name: block for name, block in BLOCKS.items() if re.search(given.only, name)}
    if not chosen:
        parser.error(f"--only must fit a block's name, got {given.only!r}; names: {', '.join(BLOCKS)}")
    console = Console(stderr=True)
    run = {
        "machine": {"name": given.name, **machine()},
        "portable": portable.pinned,
        "versions": versions(),
        "blocks": {
            name: _hash(block)
            for name, block in track(chosen.items(), "blocks", console=console, transient=True)
        },
    }
    known = list(committed())
    if given.add:
        with RUNS.open("a", encoding="utf-8") as file:
            file.write(json.dumps(run, ensure_ascii=False) + "\n")
    print(f"{_title(run)}: {len(chosen)} blocks")
    sys.exit(1 if show(run, known) else 0)


def imitated(given: argparse.Namespace) -> int:
    """Computes the blocks in a process that sees another processor; returns that process' status."""
    if obstacle := processors.obstacle():
        sys.exit(f"error: no processor can be imitated: {obstacle}")
    name = given.name or f"imitated: {given.imitate}"
    command = ["--only", given.only, "--name", name, "--threads", str(given.threads)]
    command += ["--add"] if given.add else []
    with tempfile.TemporaryDirectory() as folder:
        variables = processors.Imitations(Path(folder)).variables(IMITATED[given.imitate])
        child = [sys.executable, "-m", "benchmarks.blocks", *command]
        return subprocess.run(child, env={**os.environ, **variables}, check=False).returncode


def _hash(block: Any) -> str:  # noqa: ANN401 (a function)
    try:
        return digest(block())
    except Exception as error:
        return f"{type(error).__name__}: {' '.join(str(error).split())[:100]}"


def committed() -> Iterator[dict[str, Any]]:
    """Yields the runs that are known, the oldest first."""
    if RUNS.is_file():
        for line in RUNS.read_text(encoding="utf-8").splitlines():
            yield json.loads(line)


def show(run: Mapping[str, Any], known: Sequence[Mapping[str, Any]]) -> int:
    """Prints how many blocks each known run has equal, and names the others.

    Returns:
        How many runs promise the same bytes (same versions, portable both) and do not have them.
    """
    table = Table("known run", "portable", "versions", "equal", "different")
    num_broken = 0
    for other in known:
        both = [name for name in run["blocks"] if name in other["blocks"]]
        unequal = [name for name in both if run["blocks"][name] != other["blocks"][name]]
        changed = [name for name, found in run["versions"].items() if other["versions"].get(name) != found]
        table.add_row(
            _title(other),
            "yes" if other["portable"] else "no",
            ", ".join(changed) or "the same",
            f"{len(both) - len(unequal)} of {len(both)}",
            ", ".join(unequal) or "none",
        )
        broken = [name for name in unequal if not name.startswith("unused: ")]
        num_broken += bool(broken) and not changed and run["portable"] and other["portable"]
    Console(width=None if sys.stdout.isatty() else 200).print(table)
    return num_broken


def _title(run: Mapping[str, Any]) -> str:
    facts = run["machine"]
    return facts["name"] or f"{facts['processor']}, {facts['cores']} cores"


def machine() -> dict[str, Any]:
    """Returns what the blocks are computed on: processor, caches in KiB, cores that may be used."""
    first = portable.CPUINFO.read_text(encoding="utf-8").split("\n\n")[0]
    pairs = [line.partition(":") for line in first.splitlines()]
    fields = {name.strip(): value.strip() for name, _, value in pairs}
    flags = fields.get("flags", "").split()
    caches = {
        f"L{(folder / 'level').read_text().strip()} {(folder / 'type').read_text().strip()}": (
            (folder / "size").read_text().strip()
        )
        for folder in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*"))
    }
    return {
        "processor": fields.get("model name", platform.machine()),
        "vendor": fields.get("vendor_id", ""),
        "family, model, stepping": [fields.get(name, "") for name in ("cpu family", "model", "stepping")],
        "AVX2": "avx2" in flags,
        "AVX-512": sorted(flag for flag in flags if flag.startswith("avx512")),
        "AMX": any(flag.startswith("amx") for flag in flags),
        "caches": caches,
        "cores": len(os.sched_getaffinity(0)),
        "kernel": platform.release(),
    }


def versions() -> dict[str, str]:
    """Returns the versions on which bytes may depend."""
    libc = "-".join(platform.libc_ver())
    return {"python": platform.python_version(), "libc": libc, **{name: version(name) for name in PACKAGES}}


if __name__ == "__main__":
    main()
