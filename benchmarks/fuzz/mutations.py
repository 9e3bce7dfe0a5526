"""Damage: what transfers, cards and attackers do to a file, each drawn from a generator that is given."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Literal

from benchmarks.fuzz import Original
from tenshots.intake.photos import containers

NUM_STACKED = (1, 1, 2, 4)
HEAD_BYTES = 256
ODD_NUMBERS: tuple[int, ...] = (
    *(0, 1, 2, 3, 7, 0x7F, 0x80, 0xFF, 0x100, 0x1000, 0x2000, 0x7FFF, 0x8000, 0xFFFF, 0x10000),
    *(0xFFFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF),
)
BMP_FIELDS = (2, 10, 14, 18, 22, 30, 34, 46)  # Source: Pillow's BmpImagePlugin

Span = tuple[int, int]  # from, to
Field = tuple[int, str]  # where a number stands, and how `struct` writes it
Mutation = Callable[[Random, bytes, Original, Sequence[Original]], bytes]


def mutated(random: Random, all_originals: Sequence[Original]) -> Original:
    """Returns a damaged copy of one of them; its kind says of what and how."""
    name = random.choice(sorted({each.format for each in all_originals}))  # as many of each format
    original = random.choice([each for each in all_originals if each.format == name])
    data, done = original.data, []
    for _ in range(random.choice(NUM_STACKED)):
        mutation = random.choice(MUTATIONS)
        data = mutation(random, data, original, all_originals)
        done.append(mutation.__name__.strip("_"))
    if original.format == "PNG" and random.random() < 0.8:  # else most would end at a checksum
        data = _with_sums(data)
    if data == original.data:  # not every format has what every mutation changes
        data = _bits(random, data)
    return Original(original.format, f"{original.kind}: {', '.join(done)}", data)


def spans(data: bytes, name: str) -> list[Span]:
    """Returns where the chunks, segments, boxes or entries of a file begin and end, while they make sense."""
    if name == "PNG":
        return _placed(data, [bytes(piece.whole) for piece in containers.png_pieces(data)], 8)
    if name == "WEBP":
        return _placed(data, [bytes(piece.whole) for piece in containers.webp_pieces(data)], 12)
    if name == "JPEG":
        return list(_segments(data))
    if name in ("HEIF", "AVIF"):
        return list(_boxes(data, 0, len(data)))
    if name == "TIFF":
        return [(at, at + 12) for at in _entries(data)]
    return []


def fields(data: bytes, name: str) -> list[Field]:
    """Returns numbers that say how long, how large or where something is."""
    end = ">" if name != "TIFF" or data[:1] == b"M" else "<"
    begins = [at for at, _ in spans(data, name)]
    if name == "PNG":
        found = [(at, ">I") for at in begins] + [(16, ">I"), (20, ">I"), (24, ">B"), (25, ">B"), (28, ">B")]
    elif name == "WEBP":
        found = [(at + 4, "<I") for at in begins] + [(4, "<I"), (26, "<H"), (28, "<H"), (24, "<I")]
    elif name == "JPEG":
        found = [(at + shift, ">H") for at in begins for shift in (2, 5, 7)]
    elif name in ("HEIF", "AVIF"):
        found = [(at + shift, ">I") for at in begins for shift in (0, 8, 12, 16)]
    elif name == "TIFF":
        found = [
            (at + shift, end + code)
            for at in begins
            for shift, code in ((0, "H"), (2, "H"), (4, "I"), (8, "I"))
        ]
    elif name == "BMP":
        found = [(at, "<I") for at in BMP_FIELDS] + [(28, "<H")]
    else:
        found = [(6, "<H"), (8, "<H"), (10, "<B")]
    return [(at, code) for at, code in found if at + struct.calcsize(code) <= len(data)]


def _bits(random: Random, data: bytes, *_: object) -> bytes:
    changed = bytearray(data)
    for _number in range(random.choice((1, 2, 8, 64)) if data else 0):
        changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def _head(random: Random, data: bytes, *_: object) -> bytes:
    """Bytes of the header, where formats say most."""
    changed = bytearray(data)
    for _number in range(random.randint(1, 4) if data else 0):
        changed[random.randrange(min(len(changed), HEAD_BYTES))] = random.choice((0, 1, 0x7F, 0x80, 0xFF))
    return bytes(changed)


def _number(random: Random, data: bytes, original: Original, *_: object) -> bytes:
    """A length, a size or a place that is another."""
    known = fields(data, original.format)
    if not known:
        return data
    at, code = random.choice(known)
    (old,) = struct.unpack_from(code, data, at)
    odd = (*ODD_NUMBERS, len(data), len(data) - 1, old - 1, old + 1, 2 * old, old ^ 1 << random.randrange(16))
    changed = bytearray(data)
    struct.pack_into(code, changed, at, random.choice(odd) % (1 << 8 * struct.calcsize(code)))
    return bytes(changed)


def _cut(random: Random, data: bytes, *_: object) -> bytes:
    """The end, missing or filled with zeros, as broken transfers leave it."""
    at = random.randrange(len(data) + 1)
    return data[:at] + (b"" if random.random() < 0.5 else bytes(len(data) - at))


def _hole(random: Random, data: bytes, *_: object) -> bytes:
    start, end = _some(random, data)
    return data[:start] + data[end:]


def _doubled(random: Random, data: bytes, *_: object) -> bytes:
    start, end = _some(random, data)
    return data[:end] + data[start:end] * random.choice((1, 1, 30)) + data[end:]


def _overwritten(random: Random, data: bytes, *_: object) -> bytes:
    start, end = _some(random, data)
    filling = random.choice((bytes, lambda number: b"\xff" * number, random.randbytes))
    return data[:start] + filling(end - start) + data[end:]


def _part(random: Random, data: bytes, original: Original, *_: object) -> bytes:
    """A chunk that is dropped, doubled, or stands elsewhere."""
    known = spans(data, original.format)
    if not known:
        return data
    start, end = random.choice(known)
    part, rest = data[start:end], data[:start] + data[end:]
    to = random.choice(known)[0]
    where = {"dropped": rest, "doubled": data[:to] + part + data[to:], "moved": rest[:to] + part + rest[to:]}
    return where[random.choice([*where])]


def _spliced(random: Random, data: bytes, original: Original, others: Sequence[Original]) -> bytes:
    """A chunk of another file in place of one of this one, or before it."""
    alike = [each for each in others if each.format == original.format]
    other = random.choice(alike if random.random() < 0.8 else others)
    here, there = spans(data, original.format), spans(other.data, other.format)
    start, end = random.choice(here) if here else _some(random, data)
    first, last = random.choice(there) if there else _some(random, other.data)
    return data[:start] + other.data[first:last] + data[random.choice((start, end)) :]


MUTATIONS: tuple[Mutation, ...] = (
    *(_bits, _head, _number, _number, _cut, _hole, _doubled, _overwritten, _part, _spliced),
)


def _some(random: Random, data: bytes) -> Span:
    start = random.randrange(len(data) + 1)
    return start, min(len(data), start + random.choice((1, 4, 16, 64, 512)))


def _with_sums(data: bytes) -> bytes:
    """Returns a PNG whose chunks have the checksums of what they hold now."""
    changed = bytearray(data)
    for start, end in spans(data, "PNG"):
        if end - start >= 12 and end <= len(data):
            struct.pack_into(">I", changed, end - 4, zlib.crc32(data[start + 4 : end - 4]))
    return bytes(changed)


def _placed(data: bytes, wholes: Sequence[bytes], at: int) -> list[Span]:
    found = []
    for whole in wholes:
        found.append((at, min(len(data), at + len(whole))))
        at += len(whole)
    return found


def _segments(data: bytes) -> Iterator[Span]:
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        yield at, min(end, len(data))
        if data[at + 1] == 0xDA:
            return
        at = end


def _boxes(data: bytes, at: int, end: int) -> Iterator[Span]:
    while at + 8 <= end:
        size, name = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        if size < 8:
            return
        yield at, min(at + size, end)
        inside = {b"meta": 12, b"iprp": 8, b"ipco": 8, b"iinf": 14, b"iref": 12}.get(name)
        if inside:
            yield from _boxes(data, at + inside, min(at + size, end))
        at += size


def _entries(data: bytes) -> Iterator[int]:
    """Yields where the entries of a TIFF's first directory begin. Source: TIFF 6.0, 2."""
    order: Literal["big", "little"] = "big" if data[:1] == b"M" else "little"
    at = int.from_bytes(data[4:8], order)
    number = int.from_bytes(data[at : at + 2], order)
    yield from range(at + 2, min(at + 2 + 12 * min(number, 100), len(data) - 11), 12)
