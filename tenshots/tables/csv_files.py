"""The only reader and writer of CSV, which a spreadsheet may open without running what stands in it.

A spreadsheet takes a cell for a formula that begins with =, +, -, @ or a character that it skips; people name
folders and files, and cameras write into photos. An apostrophe before such a cell makes it text there, and
`read` takes it away again: what was written is read, to the character. A number stays as it is. Where commas
are decimal points, a semicolon or a tab divides cells, so that one may begin within ours.
Source: OWASP, CSV Injection (owasp.org/www-community/attacks/CSV_Injection).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from tenshots import files

# Where a cell begins, before any apostrophes of its own and what makes it a formula (in Japanese input, too).
_BEGIN = r"(?:\A|(?<=[;\t\r\n]))"
_FORMULA = r"(?='*(?!'|[+-]?\d+\.?\d*(?:[eE][+-]?\d+)?\Z)[=+\-@\t\r\n＝＋－＠])"  # noqa: RUF001 (full-width on purpose)
ESCAPE = re.compile(_BEGIN + _FORMULA)
UNESCAPE = re.compile(f"{_BEGIN}'{_FORMULA}")


def write(table: pd.DataFrame, path: Path, *, float_format: str | None = None) -> None:
    """Writes a table as CSV in UTF-8; where that fails, `path` stays as it was.

    Args:
        table: whose texts `read` gives back, names of columns included; its index is left out.
        path: the file; its folder is made where it is missing.
        float_format: of numbers, such as "%.6g"; None for all digits.

    Raises:
        OSError: it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    files.write(path, text(table, float_format=float_format))


def text(table: pd.DataFrame, *, float_format: str | None = None) -> str:
    """Returns what `write` writes."""
    return str(_each(table, ESCAPE, "'").to_csv(index=False, lineterminator="\n", float_format=float_format))


def read(source: Path | io.BytesIO, columns: Mapping[str, type] | None = None) -> pd.DataFrame:
    """Returns a table of `write`.

    Args:
        source: the file, or its bytes.
        columns: what the columns hold (those that are not named are guessed); text stays text with them, also
            where it is "NA" or "007", and nothing is missing. Without them an empty cell is no number.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no CSV in UTF-8, or a column holds something else.
    """
    table = pd.read_csv(
        source,
        dtype=columns and dict(columns),
        keep_default_na=not columns,
        lineterminator="\n",  # or a carriage return within a text would end a row
        encoding="utf-8",
    )
    return _each(table, UNESCAPE, "")


def of_rows(rows: Sequence[Sequence[str]]) -> str:
    """Returns rows of texts, the header first, as `write` would write them."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerows([[ESCAPE.sub("'", cell) for cell in row] for row in rows])
    return file.getvalue()


def _each(table: pd.DataFrame, pattern: re.Pattern[str], by: str) -> pd.DataFrame:
    """Returns the table with all its texts, those above the columns included, rewritten."""

    def rewritten(value: object) -> object:
        return pattern.sub(by, value) if isinstance(value, str) else value

    changed = {
        name: column if pd.api.types.is_numeric_dtype(column) else column.map(rewritten)
        for name, column in table.items()
    }
    return pd.DataFrame(changed, index=table.index).rename(columns=rewritten)
