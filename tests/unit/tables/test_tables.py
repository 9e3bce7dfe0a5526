"""A spreadsheet runs nothing that a user wrote, and what was written is read to the character."""

from __future__ import annotations

import ast
import csv
import io
from pathlib import Path

import pandas as pd
import pytest

from tenshots.tables import csv_files, database
from tests.drawn import results as drawn_results

TOP = Path(csv_files.__file__).parents[2]
FORMULAS = [
    "=HYPERLINK(A1)",
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1)",
    "\t=1+1",
    "\r=1+1",
    "'=1",
    "''@a",
    "＝1+1",  # noqa: RUF001 (full-width, as Japanese input writes it)
    "a;=1+1",  # a semicolon divides cells where a comma is the decimal point
]
PLAIN = ["cup", "'s Gravenhage", "it's", "-5", "+0.25", "-1e-05", "a=b", "a-b", "NA", "007", "", " =1"]


def opened(text: str, delimiter: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_no_cell_begins_a_formula_wherever_a_spreadsheet_divides_them(delimiter: str) -> None:
    text = csv_files.text(pd.DataFrame({name: [name, "x"] for name in FORMULAS}))
    cells = [cell for row in opened(text, delimiter) for cell in row]
    assert len(cells) > len(FORMULAS) or delimiter != ","
    assert not [cell for cell in cells if cell[:1] in set("=+-@\t\r＝")]  # noqa: RUF001 (as above)


def test_texts_names_of_columns_and_numbers_are_read_as_they_were() -> None:
    values = [*FORMULAS, *PLAIN]
    table = pd.DataFrame({"text": values, "number": [-0.5 * i for i in range(len(values))], "=name": "=1"})
    columns = {"text": str, "=name": str}
    pd.testing.assert_frame_equal(csv_files.read(io.BytesIO(csv_files.text(table).encode()), columns), table)
    assert "-0.5" in csv_files.text(table)  # a number stays one
    assert [cell for cell in PLAIN if csv_files.ESCAPE.sub("'", cell) != cell] == []


def test_what_a_file_is_called_comes_back_from_the_manifest_and_from_predictions(tmp_path: Path) -> None:
    labels = ["=cup", "@book", "-mug;=x"]
    photos = drawn_results.photos(labels, num_groups=4, num_each=1)
    manifest = drawn_results.manifest(photos)
    manifest["camera"], manifest["group"] = "+cmd", "@ann"
    database.write_manifest(manifest, tmp_path / "manifest.csv")
    predictions = drawn_results.predictions(photos, labels, skill=1)
    database.write_predictions(predictions, tmp_path / "predictions.csv")
    splits = drawn_results.splits(photos).assign(component="=ann")
    database.write_splits(splits, tmp_path / "splits.csv")

    read = database.read_manifest(tmp_path / "manifest.csv")
    assert read["path"].tolist() == sorted(manifest["path"])
    for column, values in (("camera", {"+cmd"}), ("group", {"@ann"}), ("label", set(labels))):
        assert set(read[column]) == values
    read = database.read_predictions(tmp_path / "predictions.csv")
    assert set(read.columns) == set(predictions.columns)
    assert set(read["label"]) == set(labels)
    assert set(database.read_splits(tmp_path / "splits.csv")["component"]) == {"=ann"}
    for path in tmp_path.iterdir():
        cells = [cell for row in opened(path.read_text(), ",") for cell in row]
        assert not [cell for cell in cells if cell[:1] in set("=@+-")]


def test_rows_of_texts_are_written_likewise() -> None:
    rows = [["experiment", "lr"], ["=a", "-0.5"]]
    assert csv_files.of_rows(rows) == "experiment,lr\n'=a,-0.5\n"
    assert csv_files.read(io.BytesIO(csv_files.of_rows(rows).encode()))["experiment"].tolist() == ["=a"]


def test_no_other_module_reads_or_writes_csv() -> None:
    others = {"to_csv", "read_csv", "DictReader", "DictWriter"}
    found = {
        path.name
        for folder in ("stages", "tenshots")
        for path in (TOP / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.Attribute) and node.attr in others)
        or (isinstance(node, ast.Import) and any(alias.name == "csv" for alias in node.names))
    }
    # What people write by hand is read row by row, so that an error can name the line.
    assert found == {"csv_files.py", "corrections.py"}
