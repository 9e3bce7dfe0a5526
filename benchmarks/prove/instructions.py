"""Where a library asks the processor what it can: the exact places of its CPUID instructions.

CPUID is the two bytes 0F A2, which occur within other instructions, too. So each function that holds them is
disassembled from its start, which the library's own table for unwinding (.eh_frame_hdr) tells even where
names were stripped. That takes ten seconds for all libraries of an environment; disassembling TensorFlow as
a whole takes minutes.
"""

from __future__ import annotations

import mmap
import re
import struct
import subprocess
import tempfile
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

CPUID = b"\x0f\xa2"
NOPS = b"\x90" * 16  # more than the longest instruction: after them, decoding is in step again
X86_64 = 62
LOAD, UNWINDING = 1, 0x6474E550  # kinds of segments
EXECUTABLE = 1
RELATIVE_TABLE = 0x3B  # its entries are pairs of 32-bit distances from its own start
LINE = re.compile(rb"^\s*([0-9a-f]+):\s+cpuid\b", re.MULTILINE)


class _Segment(NamedTuple):
    kind: int
    flags: int
    offset: int
    address: int
    num_bytes: int


def of_folder(folder: Path) -> dict[Path, list[int]]:
    """Returns the addresses of the CPUIDs of each library below `folder` that has some."""
    found = {}
    for path in sorted(folder.rglob("*.so*")):
        if not path.is_symlink() and (addresses := of_library(path)):
            found[path] = addresses
    return found


def of_library(path: Path) -> list[int]:
    """Returns the addresses of a library's CPUIDs, from its start; none for what is no library for x86-64."""
    with path.open("rb") as file:
        if len(head := file.read(64)) < 64 or head[:6] != b"\x7fELF\x02\x01" or head[18] != X86_64:
            return []
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            segments = _segments(data)
            candidates = [at for each in segments for at in _occurrences(data, each)]
            return _confirmed(data, segments, candidates) if candidates else []


def _segments(data: mmap.mmap) -> list[_Segment]:
    (first,) = struct.unpack_from("<Q", data, 32)
    size, number = struct.unpack_from("<HH", data, 54)
    rows = (struct.unpack_from("<IIQQQQ", data, first + size * row) for row in range(number))
    return [_Segment(kind, flags, offset, start, length) for kind, flags, offset, start, _, length in rows]


def _occurrences(data: mmap.mmap, segment: _Segment) -> Iterator[int]:
    if segment.kind == LOAD and segment.flags & EXECUTABLE:
        at = data.find(CPUID, segment.offset, segment.offset + segment.num_bytes)
        while at >= 0:
            yield at - segment.offset + segment.address
            at = data.find(CPUID, at + 1, segment.offset + segment.num_bytes)


def _functions(data: mmap.mmap, segments: Sequence[_Segment]) -> list[int]:
    """The addresses where functions start, in order; empty where the library has no table of them."""
    for each in segments:
        if each.kind == UNWINDING and data[each.offset + 3] == RELATIVE_TABLE:
            (number,) = struct.unpack_from("<I", data, each.offset + 8)
            starts = struct.unpack_from("<" + "i4x" * number, data, each.offset + 12)
            return [each.address + start for start in starts]
    return []


def _confirmed(data: mmap.mmap, segments: Sequence[_Segment], candidates: Sequence[int]) -> list[int]:
    """Those that a disassembler reads as CPUID when it comes from the start of the function."""
    functions = _functions(data, segments)
    last: dict[tuple[_Segment, int], int] = {}  # of each function that holds some
    for at in candidates:
        segment = next(s for s in segments if s.kind == LOAD and s.address <= at < s.address + s.num_bytes)
        place = bisect_right(functions, at)
        start = max(functions[place - 1] if place else 0, segment.address)
        last[segment, start] = max(at, last.get((segment, start), 0))
    pieces: list[tuple[int, int]] = []  # where each begins in the file below, and at which address
    with tempfile.NamedTemporaryFile() as file:
        for (segment, start), at in last.items():
            pieces.append((file.tell(), start))
            offset = start - segment.address + segment.offset
            file.write(data[offset : offset + at - start + len(CPUID)] + NOPS)
        file.flush()
        command = ["objdump", "-D", "-b", "binary", "-m", "i386:x86-64", "--no-show-raw-insn", file.name]
        said = subprocess.run(command, capture_output=True, check=True, env={"LC_ALL": "C"}).stdout
    return [_address(int(found, 16), pieces) for found in LINE.findall(said)]


def _address(place: int, pieces: Sequence[tuple[int, int]]) -> int:
    begin, start = pieces[bisect_right(pieces, (place, 2**63)) - 1]
    return place - begin + start
