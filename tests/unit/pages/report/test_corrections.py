"""The page tells corrections that are in force, what they change, and how to write further ones."""

from __future__ import annotations

import functools
import re
from pathlib import Path

import pytest

from tenshots.pages.report import corrections, page
from tenshots.pages.report.pictures import Album
from tenshots.pages.report.views import Inputs
from tenshots.tables import corrections as written
from tests.drawn import page as drawn_page
from tests.drawn import results as drawn_results
from tests.drawn.page import LABELS, SETTINGS, Elements


@functools.cache
def corrected() -> Inputs:
    photos = drawn_results.photos(LABELS, num_groups=6, num_each=2)
    table = drawn_results.manifest(photos)
    table.loc[0, ["label_found", "correction", "corrected_by"]] = ["cup", "=1 <i>thick</i>", "<b>ann</b>"]
    out = table.loc[1].to_dict() | {
        "photo_id": "f" * 64,
        "path": "student01/cup/gone.jpg",
        "status": "rejected",
    }
    out |= {"reason": "left out by bob: dark", "correction": "dark", "corrected_by": "bob"}
    table.loc[len(table)] = out
    return drawn_page.made(photos, LABELS, drawn_results.SKILLS, manifest=table)


def test_without_corrections_nothing_is_said_of_them() -> None:
    inputs = drawn_page.inputs()
    assert inputs.compared["corrections"]["as_found"] is None
    text = Elements(page.render(inputs, SETTINGS)).text
    assert "as they were found" not in text
    assert "Corrected labels" not in text
    assert corrections.markdown(inputs.compared) == ""


def test_what_is_in_force_is_shown_as_text_with_reason_and_who() -> None:
    html = page.render(corrected(), SETTINGS)
    text = Elements(html).text
    assert "Corrected labels: 2 photos" in text
    for words in ("=1 <i>thick</i>", "<b>ann</b>", "left out", "dark", "bob", "gone.jpg"):
        assert words in text
    assert "<b>ann</b>" not in html


def test_the_labels_as_found_stand_beside_the_corrected_ones() -> None:
    compared = corrected().compared
    found = compared["corrections"]
    assert (found["num_relabelled"], found["num_left_out"]) == (1, 1)
    assert (
        "1 test photo has another label since; 1 test photo was left out, and here it counts as wrong"
        in (found["as_found"]["sentence"])
    )
    for name, figures in compared["variants"].items():
        assert found["as_found"]["variants"][name]["value"] < figures["test_accuracy"]
        assert found["as_found"]["variants"][name]["interval"]
    told = corrections.markdown(compared)
    assert told.count("| ") > 2
    assert all(name in told for name in ("baseline", "augmented"))
    assert "ann" not in str(found), "comparison.json names no people"


def test_a_suspects_line_can_be_pasted_once_somebody_signs_it(tmp_path: Path) -> None:
    inputs = drawn_page.inputs()
    html = page.render(inputs, SETTINGS)
    lines = [Elements(each).text for each in re.findall(r"<pre>(.*?)</pre>", html)]
    suspects = inputs.compared["suspects"]["photos"]
    assert lines
    path = tmp_path / "corrections.csv"
    path.write_text("\n".join([written.HEADER, *(f"{line}ann" for line in lines)]), encoding="utf-8")
    found = {each.photo_id: each.label for each in written.read(path)}
    assert found == {each["photo_id"]: each["suggested"] for each in suspects if each["photo_id"] in found}
    path.write_text("\n".join([written.HEADER, lines[0]]), encoding="utf-8")
    with pytest.raises(written.DataError, match="who must not be empty"):
        written.read(path)


def test_a_photo_that_somebody_has_looked_at_is_proposed_no_more() -> None:
    inputs = drawn_page.inputs()
    suspects = inputs.compared["suspects"]["photos"]
    first = suspects[0]["photo_id"]
    table = inputs.manifest.assign(
        correction=inputs.manifest["photo_id"].map(lambda photo: "it is one" if photo == first else "")
    )
    view = corrections.view(inputs.compared, table, Album({}))
    assert first not in view.lines
    assert len(view.lines) == len(suspects) - 1
