"""Whatever stands in a table is read as it was written, and no cell begins a formula."""

from __future__ import annotations

import io
import re

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from tenshots.tables import csv_files

TEXTS = st.text(
    st.sampled_from("=+-@'\t\r\n;\",0159.eE a") | st.characters(exclude_categories=["Cs"]), min_size=1
)


@given(st.lists(TEXTS, min_size=1))
def test_texts_come_back(texts: list[str]) -> None:
    text = csv_files.text(pd.DataFrame({"text": texts, "number": range(len(texts))}))
    assert csv_files.read(io.BytesIO(text.encode()), {"text": str})["text"].tolist() == texts


@given(TEXTS)
def test_a_cell_that_begins_like_a_formula_is_a_number(text: str) -> None:
    cell = csv_files.ESCAPE.sub("'", text)
    assert csv_files.UNESCAPE.sub("", cell) == text
    for part in re.split("[;\t\r\n]", cell):  # as another spreadsheet would divide it
        if part[:1] in {"=", "+", "-", "@"}:
            assert part == cell
            float(part)
