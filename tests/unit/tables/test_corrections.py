"""data/corrections.csv: what people write by hand, paste from the page, or save from a spreadsheet."""

from __future__ import annotations

from pathlib import Path

import pytest

from tenshots.errors import DataError
from tenshots.tables import corrections
from tenshots.tables.corrections import HEADER, LEAVE_OUT, Correction

A, B = "a" * 64, "b" * 64


def read(tmp_path: Path, text: str | bytes) -> list[Correction]:
    path = tmp_path / "corrections.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return corrections.read(path)


def test_the_shipped_file_has_its_header_alone() -> None:
    path = Path(__file__).parents[3] / corrections.CORRECTIONS
    assert path.read_text(encoding="utf-8") == f"{HEADER}\n"


@pytest.mark.parametrize(
    "text",
    [
        f'{HEADER}\n{A},book,is a book,ann\n{B},leave out,"dark, far",bob\n',
        f'﻿{HEADER}\r\n{A},book,is a book,ann\r\n{B},Leave  Out,"dark, far",bob\r\n',
        f"photo_id;label;reason;who\n{A}; book ;is a book;ann\n;;;\n{B};leave out;dark, far;bob",
        f'"photo_id"\t"label"\t"reason"\t"who"\n\n{A}\tbook\tis a book\tann\n{B}\tleave-out\tdark, far\tbob',
    ],
    ids=["by hand", "Windows", "semicolons and no last line end", "tabs"],
)
def test_what_spreadsheets_save_is_read_alike(text: str, tmp_path: Path) -> None:
    found = [each._replace(lines=()) for each in read(tmp_path, text)]
    assert found == [
        Correction(A, "book", "is a book", "ann", ()),
        Correction(B, LEAVE_OUT, "dark, far", "bob", ()),
    ]


def test_rows_that_agree_are_one_correction(tmp_path: Path) -> None:
    rows = f"{A},book,is a book,ann\n{B},cup,mug,ann\n{A},book,red cover,bob\n{A},book,is a book,ann\n"
    assert read(tmp_path, f"{HEADER}\n{rows}") == [
        Correction(A, "book", "is a book; red cover", "ann, bob", (2, 4, 5)),
        Correction(B, "cup", "mug", "ann", (3,)),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", f"line 1: must be {HEADER}, got ''"),
        (f"{A},book,is a book,ann\n", f"line 1: must be {HEADER}"),
        (f"{HEADER}\n{A},book,is a book\n", r"line 2: must have 4 cells .* got 3"),
        (
            f"photo_id;label;reason;who\n{A},book,is,ann\n",
            r"line 2: must have 4 cells .* as in the first line",
        ),
        (f"{HEADER}\n{A},book,is a book,\n", "line 2: who must not be empty; write who has looked"),
        (
            f"{HEADER}\n{A},,is a book,ann\n",
            "line 2: label must not be empty; write the label .* or leave out",
        ),
        (f"{HEADER}\n{A[:63]},book,is,ann\n", "line 2: photo_id must be 64 hexadecimal digits"),
        (f"{HEADER}\n{A},bo\x1bok,is,ann\n", r"line 2: label must be one line .* got 'bo\\x1bok'"),
        (f'{HEADER}\n{A},book,"two\nlines",ann\n', "line 3: reason must be one line of text"),
        (f"{HEADER}\n{A},book,is \u202etxt,ann\n", r"line 2: reason must be one line .* got 'is \\u202etxt'"),
        (f'{HEADER}\n{A},"bo"ok,is,ann\n', "line 2: is no row of a CSV file"),
        (f"{HEADER}\n<<<<<<< HEAD\n{A},book,is,ann\n", "line 2: git has left two versions"),
        (f"{HEADER}\n{A},book,is,ann\n{A},cup,mug,bob\n", "lines 2 and 3: say 'book' and 'cup' of one photo"),
        (f"{HEADER}\n{A},book,is,ann\n{A},leave out,dark,bob\n", "lines 2 and 3: say 'book' and 'leave out'"),
        (f"{HEADER}\n{A},b\xfccher,is,ann\n".encode("latin-1"), "line 2: is not UTF-8"),
    ],
)
def test_what_breaks_a_rule_is_named_with_its_line(text: str | bytes, words: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=words):
        read(tmp_path, text)


def test_all_wrong_lines_are_named_at_once_and_of_many_the_first_ten(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        read(tmp_path, f"{HEADER}\n" + f"{A},book,is a book,\n" * 12)
    said = str(caught.value).splitlines()
    assert said[-1] == "and 2 more"
    assert len(said) == 11


def test_a_file_that_is_missing_is_an_error_with_what_to_write(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=f"is missing; write it with the line {HEADER} alone"):
        corrections.read(tmp_path / "none.csv")
    assert corrections.effects(tmp_path / "none.csv") == []


@pytest.mark.parametrize("label", ["cup", "=cup", "'=cup", "a,b", 'say "cup"', "0", "кружка", "@cup;=1"])
def test_a_line_for_the_file_is_read_as_it_was_meant_and_is_no_formula(label: str, tmp_path: Path) -> None:
    meant = Correction(A, label, "-1 of 2", "ann", (2,))
    line = corrections.rows([meant])
    assert read(tmp_path, f"{HEADER}\n{line}") == [meant]
    assert not [cell for cell in line.split(",") if cell.lstrip('"')[:1] in ("=", "-", "@", "+")]


def test_what_moves_an_answer_is_photo_and_label_alone(tmp_path: Path) -> None:
    path = tmp_path / "corrections.csv"
    path.write_text(f"{HEADER}\n{B},cup,mug,ann\n{A},book,is a book,ann\n")
    assert corrections.effects(path) == [(A, "book"), (B, "cup")]
