"""Does any damaged image crash, hang or fill the processes that decode, or give a row without a known reason?

python -m benchmarks.fuzz [NUMBER] [--seed 0] [--folder FOLDER]

Draws sound images in all formats, damages as many copies as asked (20,000), and reads each twice, as
`ingest` does: in processes that were started apart and see the files in other orders. Each must end as a
photo with sound pixels or as a rejection that is known, the same both times, within 20 s and 1 GB. Prints
totals; where one does not, says so, saves the file, and ends with status 1. With a folder, the files in it
are read as they are.
"""

from __future__ import annotations

import argparse
import math
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from random import Random
from typing import TypeVar

import numpy as np
import psutil

from benchmarks.fuzz import Original
from benchmarks.fuzz.mutations import mutated
from benchmarks.fuzz.originals import originals
from benchmarks.ingestion import PROJECT_DIR
from tenshots import params
from tenshots.errors import RejectedPhoto
from tenshots.intake import clutter
from tenshots.intake.photos import formats
from tenshots.intake.photos.decoders import Answer, Decoders
from tenshots.intake.photos.metadata import MAX_CAMERA_CHARACTERS
from tenshots.intake.photos.standardising import THUMBNAIL_PX, StandardPhoto
from tenshots.intake.settings import AcceptSettings
from tenshots.tables import encoding
from tenshots.tables.encoding import StandardiseSettings

BATCH_FILES = 16
NUM_THREADS = 2
SETTINGS = StandardiseSettings(size_px=32, fit="pad", encoding="lossless")
FORMATS = ("JPEG", "PNG", "WEBP", "HEIF", "AVIF", "TIFF", "BMP", "GIF")
OTHER = (*formats.OTHER_STARTS.values(), formats.RAW, formats.VIDEO, clutter.EMPTY)
# What a rejection may say, by a short name.
KNOWN = {
    "damaged": r"damaged, incomplete or unusual (JPEG|PNG|WebP|HEIC|AVIF|TIFF|BMP|GIF) image( \(.+\))?",
    "too many pixels": r"too large: .* are more than \d+ million pixels .*",
    "too much to decode": r"too large: .* GB to decode, more than .*",
    "too small": r"too small: .*",
    "empty canvas": r"its first frame fills .*",
    "no known white": r".* pixels have no known white level; .*",
    "no photo": r"(not an image of a known|nothing but zeros|an SVG|a web page).*|"
    + "|".join(map(re.escape, OTHER)),
}
UNKNOWN = "broken promise"
TAKEN = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)?")


def main(argv: Sequence[str] | None = None) -> None:
    """Prints a Markdown table of formats and outcomes; ends with status 1 where a promise is broken."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.fuzz", description="Damages images, reads them."
    )
    parser.add_argument("number", nargs="?", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, help="read the files in it, as they are")
    arguments = parser.parse_args(argv)
    values = params.read(PROJECT_DIR / params.PATH)
    accept = params.section(values, "accept", AcceptSettings).model_copy(update={"min_px": 1})
    files = lying(arguments.folder) if arguments.folder else drawn(arguments.number, arguments.seed)
    totals: Counter[tuple[str, str]] = Counter()
    broken: list[tuple[Original, str]] = []
    with Decoders(SETTINGS, accept) as one, Decoders(SETTINGS, accept) as other:
        with ThreadPoolExecutor(NUM_THREADS) as threads:
            # A round of batches at a time, for so many lie in memory.
            for batches in _grouped(_grouped(files, BATCH_FILES), 8 * NUM_THREADS):
                for outcomes in threads.map(lambda batch: seen(batch, one, other), batches):
                    for file, outcome, offence in outcomes:
                        totals[file.format, outcome] += 1
                        broken += [(file, offence)] * bool(offence)
        peak = _peak_bytes()
    print(table(totals))
    number = sum(totals.values())
    print(f"\n{number} files; {len(broken)} broken promises; peak of a process {peak / 1e6:.0f} MB")
    if broken:
        sys.exit(saved(broken))


def drawn(number: int, seed: int) -> Iterator[Original]:
    """Yields damaged images: the same for the same seed and versions of the encoders."""
    sound = originals()
    for each in range(number):
        yield mutated(Random(f"{seed}/{each}"), sound)


def lying(folder: Path) -> Iterator[Original]:
    """Yields the files below a folder; those of no known format count as such."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        data = path.read_bytes()
        try:
            name = formats.kind(data)
        except RejectedPhoto:
            name = "none"
        yield Original(name, path.name, data)


def seen(batch: Sequence[Original], one: Decoders, other: Decoders) -> list[tuple[Original, str, str]]:
    """Returns each file with its outcome and the promise that it breaks, if any."""
    files = [file.data for file in batch]
    try:
        answers = one.standardise(files)
        again = other.standardise(files[::-1])[::-1]
    except RuntimeError as error:
        if len(batch) == 1:
            return [(batch[0], UNKNOWN, str(error))]
        return [outcome for file in batch for outcome in seen([file], one, other)]
    return [
        (file, outcome(first), offence(first, second))
        for file, first, second in zip(batch, answers, again, strict=True)
    ]


def outcome(answer: Answer) -> str:
    """Returns a short name of what became of a file."""
    if isinstance(answer, StandardPhoto):
        return "kept, noted" if answer.note else "kept"
    return next((name for name, known in KNOWN.items() if re.fullmatch(known, str(answer))), UNKNOWN)


def offence(answer: Answer, again: Answer) -> str:
    """Returns the promise that is broken, or nothing."""
    if isinstance(answer, StandardPhoto):
        wrong = _unsound(answer)
        if wrong:
            return f"unsound: {', '.join(wrong)}"
    elif outcome(answer) == UNKNOWN:
        return f"unknown reason: {answer}"
    if not _same(answer, again):
        return f"read twice: {_text(answer)} and {_text(again)}"
    return ""


def _unsound(photo: StandardPhoto) -> list[str]:
    side = SETTINGS.size_px
    right = {
        "pixels": photo.image.shape == (side, side, 3) and photo.image.dtype == np.uint8,
        "thumbnail": photo.thumbnail.shape == (THUMBNAIL_PX, THUMBNAIL_PX, 3),
        "file": np.array_equal(encoding.decode(encoding.encode(photo.image, "lossless")), photo.image),
        "format": photo.format in FORMATS,
        "size": photo.width >= 1 and photo.height >= 1,
        "orientation": photo.orientation in range(1, 9),
        "camera": len(photo.camera) <= MAX_CAMERA_CHARACTERS
        and (not photo.camera or photo.camera.isprintable()),
        "time": TAKEN.fullmatch(photo.taken) is not None,
        "sharpness": math.isfinite(photo.sharpness) and photo.sharpness >= 0,
        "brightness": 0 <= photo.brightness <= 1,
    }
    return [name for name, holds in right.items() if not holds]


def _same(answer: Answer, again: Answer) -> bool:
    if isinstance(answer, StandardPhoto) and isinstance(again, StandardPhoto):
        pairs = zip(answer, again, strict=True)
        return all(bool(np.all(first == second)) for first, second in pairs)
    return str(answer) == str(again) and type(answer) is type(again)


def _text(answer: Answer) -> str:
    return f"kept ({answer.note})" if isinstance(answer, StandardPhoto) else str(answer)


def table(totals: Counter[tuple[str, str]]) -> str:
    """Returns outcomes by format, as Markdown."""
    names = [name for name in (*FORMATS, "none") if any(key[0] == name for key in totals)]
    outcomes = sorted({key[1] for key in totals}, key=lambda each: (not each.startswith("kept"), each))
    lines = [["format", *outcomes], ["---"] * (len(outcomes) + 1)]
    lines += [
        [formats.NAMES.get(name, name), *(str(totals[name, each]) for each in outcomes)] for name in names
    ]
    lines.append(["all", *(str(sum(totals[name, each] for name in names)) for each in outcomes)])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def saved(broken: Iterable[tuple[Original, str]]) -> str:
    """Saves the files that broke a promise; returns a line for each."""
    folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
    lines = []
    for number, (file, offence) in enumerate(broken):
        path = folder / f"{number}.{file.format.lower()}"
        path.write_bytes(file.data)
        lines.append(f"{path}: {file.kind}: {offence}")
    return "\n".join(lines)


Item = TypeVar("Item")


def _grouped(items: Iterable[Item], number: int) -> Iterator[list[Item]]:
    rest = iter(items)
    while group := list(islice(rest, number)):
        yield group


def _peak_bytes() -> int:
    """Returns the largest memory that a process of ours that still runs ever filled; 0 where none says so."""
    peaks = [0]
    for process in psutil.Process().children(recursive=True):
        status = Path(f"/proc/{process.pid}/status")
        found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text()) if status.exists() else None
        peaks += [int(found[1]) * 1024] if found else []
    return max(peaks)


if __name__ == "__main__":
    main()
