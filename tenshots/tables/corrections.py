"""What people found wrong with photos: data/corrections.csv, written by hand and kept in git.

A row names a photo by the hash of its bytes (`photo_id` of data/manifest.csv, so that all its copies are
meant), the label that it should have, or `leave out`, the reason, and who has looked at it. Spreadsheets save
such a file with a mark in front, with semicolons or with other line ends, all of which are read.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from tenshots.errors import DataError
from tenshots.params import shown
from tenshots.tables.paths import DATA, MANIFEST
from tenshots.wording import joined

CORRECTIONS = DATA / "corrections.csv"  # an input, so none of tables.paths
COLUMNS = ("photo_id", "label", "reason", "who")
HEADER = ",".join(COLUMNS)
LEAVE_OUT = "leave out"  # in place of a label
DELIMITERS = ",;\t"  # of spreadsheets; the header says which
MAX_PROBLEMS = 10  # in a message
HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)
# Would break a line of a table or of a terminal, or turn the text around it. Format characters may be part
# of a name, as joiners in Persian and in emoji are; marks of direction are not.
UNPRINTABLE = ("Cc", "Cs", "Co", "Cn", "Zl", "Zp")
TURNING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")

REMEDIES = {
    "photo_id": f"copy it from {MANIFEST} or from the page",
    "label": f"write the label that the photo should have, or {LEAVE_OUT}",
    "reason": "say what is wrong",
    "who": "write who has looked at the photo",
}


class Correction(NamedTuple):
    """What is to be done with a photo.

    Attributes:
        photo_id: SHA-256 of its file, 64 hexadecimal digits.
        label: that it should have, or LEAVE_OUT.
        reason: in the words of who wrote it; of several who agree, all of them.
        who: likewise.
        lines: of the file, from 1.
    """

    photo_id: str
    label: str
    reason: str
    who: str
    lines: tuple[int, ...]

    @property
    def leaves_out(self) -> bool:
        """Whether the photo is to be left out."""
        return self.label == LEAVE_OUT


def read(path: Path = CORRECTIONS) -> list[Correction]:
    """Returns the corrections, one per photo, in the order of the file; rows that agree are one.

    Raises:
        DataError: no such file, or rows that break a rule, of which it names the first ten by their lines.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise DataError(
            f"{path} is missing; write it with the line {HEADER} alone, or `git checkout -- {path}`"
        ) from None
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}); it must be a text file") from None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise DataError(f"{path}, line {line}: is not UTF-8; save it as CSV in UTF-8") from None
    rows, problems = [], []
    for line, cells in _rows(text, path):
        row = _correction(line, cells)
        if isinstance(row, str):
            problems.append(f"{path}, line {line}: {row}")
        else:
            rows.append(row)
    found, contradictions = _agreed(rows)
    problems += [f"{path}, {each}" for each in contradictions]
    raise_all(problems)
    return found


def raise_all(problems: Sequence[str]) -> None:
    """Raises a DataError with a line for each problem, of many the first ten; nothing without any."""
    if problems:
        more = [f"and {len(problems) - MAX_PROBLEMS} more"] if len(problems) > MAX_PROBLEMS else []
        raise DataError("\n".join([*problems[:MAX_PROBLEMS], *more]))


def effects(path: Path) -> list[tuple[str, str]]:
    """Returns the photo and the label of each correction, sorted; none without a file.

    Raises:
        DataError: as `read`.
    """
    return sorted((each.photo_id, each.label) for each in read(path)) if path.exists() else []


def rows(proposed: Iterable[Correction]) -> str:
    """Returns corrections as lines for the file."""
    from tenshots.tables import csv_files

    return csv_files.of_rows([[each.photo_id, each.label, each.reason, each.who] for each in proposed])


def _rows(text: str, path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yields the line on which each row ends, and its cells; rows without any text are left out."""
    first = text.partition("\n")[0]
    delimiter = next((each for each in DELIMITERS if _cells(first.split(each)) == list(COLUMNS)), "")
    if not delimiter:
        raise DataError(f"{path}, line 1: must be {HEADER}, got {shown(first.strip())}")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    next(reader)
    try:
        for cells in reader:
            if any(each.strip() for each in cells):
                yield reader.line_num, _as_written(cells)
    except csv.Error as error:
        raise DataError(
            f"{path}, line {reader.line_num}: is no row of a CSV file ({error}); a cell with a quote in it "
            'is written "between quotes, the inner ones ""doubled"""'
        ) from None


def _as_written(cells: Iterable[str]) -> list[str]:
    # Not at the top: `check`, with which all begins, would import pandas for a file without rows.
    from tenshots.tables import csv_files

    return [csv_files.UNESCAPE.sub("", each) for each in cells]


def _cells(cells: Iterable[str]) -> list[str]:
    return [each.strip().removeprefix('"').removesuffix('"') for each in cells]


def _correction(line: int, cells: Sequence[str]) -> Correction | str:
    """Returns a row as a correction, or what is wrong with it."""
    if cells[0].startswith(("<<<<<<<", "=======", ">>>>>>>")):
        return "git has left two versions here; keep the rows that are right, and remove its marks"
    if len(cells) != len(COLUMNS):
        return (
            f"must have {len(COLUMNS)} cells ({', '.join(COLUMNS)}), divided as in the first line, got "
            f"{len(cells)}; put quotes around a cell with a comma"
        )
    photo_id, label, reason, who = (each.strip() for each in cells)
    for name, value in zip(COLUMNS, (photo_id, label, reason, who), strict=True):
        if not value:
            return f"{name} must not be empty; {REMEDIES[name]}"
        if TURNING.search(value) or any(unicodedata.category(each) in UNPRINTABLE for each in value):
            return f"{name} must be one line of text without control characters, got {value!a}"
    if not HASH.fullmatch(photo_id):
        return f"photo_id must be 64 hexadecimal digits, as in {MANIFEST}, got {shown(photo_id)}"
    is_out = means_leave_out(label)
    return Correction(photo_id, LEAVE_OUT if is_out else label, reason, who, (line,))


def means_leave_out(label: str) -> bool:
    """Whether a label is `leave out`, as people and spreadsheets write it: `Leave out`, `leave_out`."""
    return " ".join(re.split(r"[\s_-]+", label.casefold().strip())) == LEAVE_OUT


def _agreed(given: Iterable[Correction]) -> tuple[list[Correction], list[str]]:
    """Returns one correction per photo, and a sentence for each photo of which rows say different things."""
    of_photo: dict[str, list[Correction]] = {}
    for each in given:
        of_photo.setdefault(each.photo_id, []).append(each)
    found, contradictions = [], []
    for photo_id, same in of_photo.items():
        lines = tuple(line for each in same for line in each.lines)
        labels = list(dict.fromkeys(each.label for each in same))
        if len(labels) > 1:
            contradictions.append(
                f"lines {joined(map(str, lines))}: say {joined(map(repr, labels))} of one photo, "
                f"{photo_id}; agree, and keep one"
            )
        reasons = dict.fromkeys(each.reason for each in same)
        people = dict.fromkeys(each.who for each in same)
        found.append(Correction(photo_id, labels[0], "; ".join(reasons), ", ".join(people), lines))
    return found, contradictions
