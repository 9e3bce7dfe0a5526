"""Other processors, imitated on this one: what the libraries of a process see of it (imitate.c).

A processor is its maker, its features and its caches, which is what numeric libraries choose their code by.
It has no more features than this machine's: those can be hidden, not added.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sysconfig
from pathlib import Path
from typing import NamedTuple

from benchmarks.prove import instructions
from tenshots import portable

PACKAGES = Path(sysconfig.get_path("platlib"))
SOURCE = Path(__file__).with_name("imitate.c")
HIDDEN = {  # what /proc/cpuinfo calls the features that imitate.c hides
    "avx512": ("amx", "avx512_fp16", "avx512_bf16", "avx_vnni"),
    "avx2": ("amx", "avx512", "avx_vnni", "gfni", "vaes", "vpclmulqdq"),
    "avx": (
        *("amx", "avx512", "avx_vnni", "gfni", "vaes", "vpclmulqdq"),
        *("avx2", "fma", "f16c", "bmi1", "bmi2", "movbe", "abm"),
    ),
}
VENDORS = {"intel": "GenuineIntel", "amd": "AuthenticAMD"}


class Processor(NamedTuple):
    """What a process is shown.

    Attributes:
        name: as tables have it.
        vendor: intel or amd.
        family: with `model`, what OpenBLAS tells kinds of core by.
        model: see `family`.
        features: the highest that are left: avx, avx2 or avx512 (without BF16, FP16 and AMX).
        caches: L1 for data, L2 and L3, in KiB.
    """

    name: str
    vendor: str
    family: int
    model: int
    features: str
    caches: tuple[int, int, int]


ICE_LAKE = Processor("Intel Ice Lake", "intel", 6, 106, "avx512", (48, 1280, 36864))
HASWELL = Processor("Intel Haswell", "intel", 6, 60, "avx2", (32, 256, 8192))
ALDER_LAKE = Processor("Intel Alder Lake", "intel", 6, 151, "avx2", (48, 1280, 18432))
GRACEMONT = Processor("Intel N100", "intel", 6, 190, "avx2", (32, 2048, 6144))
ROME = Processor("AMD Rome", "amd", 23, 49, "avx2", (32, 512, 16384))
STRIX_POINT = Processor("AMD Strix Point", "amd", 26, 36, "avx512", (48, 1024, 16384))
PROCESSORS = (ICE_LAKE, HASWELL, ALDER_LAKE, GRACEMONT, ROME, STRIX_POINT)
IVY_BRIDGE = Processor("Intel Ivy Bridge", "intel", 6, 58, "avx", (32, 256, 8192))  # has no AVX2


class Imitations:
    """Gives the variables under which a process sees another processor; keeps files in a folder."""

    def __init__(self, folder: Path, packages: Path = PACKAGES) -> None:
        """Compiles imitate.c, and looks for CPUID in all libraries below `packages`: some ten seconds."""
        self.folder = folder.resolve()
        self.auditor = self.folder / "imitate.so"
        command = [_compiler() or "cc", "-O2", "-shared", "-fPIC", "-o", str(self.auditor), str(SOURCE)]
        subprocess.run(command, check=True)
        self.libraries = [
            f"library {path.stat().st_dev} {path.stat().st_ino} {' '.join(f'{at:x}' for at in addresses)}"
            for path, addresses in instructions.of_folder(packages).items()
        ]

    def variables(self, processor: Processor | None) -> dict[str, str]:
        """Returns what a process' environment needs; nothing for None, which is this machine as it is."""
        if processor is None:
            return {}
        table, cpuinfo = (self.folder / f"{processor.name}.{ending}" for ending in ("txt", "cpuinfo"))
        cpuinfo.write_text(as_cpuinfo(processor, portable.CPUINFO.read_text(encoding="utf-8")))
        lines = [
            f"cpu {' '.join(map(str, (*processor[1:-1], *processor.caches)))}",
            f"name {processor.name}",
            f"cpuinfo {cpuinfo}",
            *self.libraries,
        ]
        table.write_text("".join(f"{line}\n" for line in lines))
        return {"LD_AUDIT": str(self.auditor), "IMITATE": str(table)}


def obstacle() -> str:
    """Why no processor can be imitated here; empty where it can."""
    if platform.system() != "Linux" or platform.machine() != "x86_64" or platform.libc_ver()[0] != "glibc":
        return "this is no Linux with glibc on an x86-64 processor"
    if not (compiler := _compiler()):
        return "there is no C compiler (Debian, Ubuntu: gcc libc6-dev)"
    if not shutil.which("objdump"):
        return "there is no objdump (Debian, Ubuntu: binutils)"
    command = [compiler, "-fsyntax-only", str(SOURCE)]
    tried = subprocess.run(command, capture_output=True, text=True, check=False)
    if tried.returncode:
        return (
            f"{compiler} cannot compile {SOURCE.name} (Debian, Ubuntu: gcc libc6-dev): {tried.stderr.strip()}"
        )
    return ""


def as_cpuinfo(processor: Processor, real: str) -> str:
    """Returns /proc/cpuinfo as the processor's would be: its maker, its name, and fewer flags."""
    values = {
        "vendor_id": VENDORS[processor.vendor],
        "model name": processor.name,
        "cpu family": str(processor.family),
        "model": str(processor.model),
        "cache size": f"{processor.caches[1]} KB",
    }
    lines = []
    for line in real.splitlines():
        field, colon, value = line.partition(":")
        value = values.get(field.strip(), value.strip())
        if field.strip() == "flags":
            hidden = HIDDEN[processor.features]
            value = " ".join(flag for flag in value.split() if not flag.startswith(hidden))
        lines.append(f"{field}: {value}" if colon else line)
    return "\n".join(lines) + "\n"


def _compiler() -> str | None:
    return next(filter(None, map(shutil.which, (os.environ.get("CC", ""), "cc", "gcc", "clang"))), None)
