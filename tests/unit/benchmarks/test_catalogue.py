"""What the catalogue's pages say of the demo is what was measured, of each value of a group."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks import activations, catalogue
from tenshots import params
from tenshots.training import variants

TOP = Path(__file__).parents[3]
DOCS = TOP / "docs/catalogue"
USUAL, TRIED = catalogue.read_tried()
# The table of each group: page, and what stands before it.
TABLES = {
    "families": ("networks.md", "# Networks"),
    "settings": ("networks.md", "## Settings of the families"),
    "activations": ("networks.md", "### Activations"),
    "initialisers": ("networks.md", "| activation | starts by |"),
    "optimisers": ("optimising.md", "## Optimisers"),
    "schedules": ("optimising.md", "## Learning rate over time"),
    "batches": ("optimising.md", "## Batches, clipping"),
    "losses": ("losses.md", "# What is minimised"),
}


def said(group: str) -> dict[str, str]:
    """Of each row of a group's table the figure on the demo."""
    page, before = TABLES[group]
    text = (DOCS / page).read_text(encoding="utf-8").partition(before)[2]
    table = text.partition("| on the demo |\n")[2].partition("\n\n")[0]
    rows = [line.strip("| ").split(" | ") for line in table.splitlines()[1:]]
    return {row[0].strip("`"): row[-1] for row in rows}


@pytest.mark.parametrize("group", TRIED)
def test_each_value_of_a_group_was_tried_and_has_its_figure_and_its_picture(group: str) -> None:
    assert TRIED[group].keys() == catalogue.GROUPS[group].keys()
    page, _ = TABLES[group]
    assert f"](tried_{group}.png)" in (DOCS / page).read_text(encoding="utf-8")
    assert (DOCS / f"tried_{group}.png").is_file()
    expected = {name: catalogue.percent(each.test_accuracy) for name, each in TRIED[group].items()}
    found = said(group)
    assert {name: found[name].split(",")[0] for name in expected} == expected
    others = {name: figure for name, figure in found.items() if name not in expected}
    assert set(others.values()) <= {catalogue.percent(USUAL.test_accuracy), "below"}  # what is as shipped


def test_the_pages_say_what_the_settings_as_shipped_come_to() -> None:
    shipped = f"as shipped it is {catalogue.percent(USUAL.test_accuracy)}."
    for page in {TABLES[group][0] for group in TRIED}:
        text = (DOCS / page).read_text(encoding="utf-8")
        assert shipped in text
        assert not [each for each in re.findall(r"as shipped it is [^.]*\.", text) if each != shipped]


def test_each_value_that_is_tried_is_one_that_the_settings_take() -> None:
    values = params.read(TOP / "params.yaml")
    for group in catalogue.GROUPS.values():
        for changes in group.values():
            variants.resolve(catalogue.changed(values, changes), catalogue.VARIANT)


@pytest.mark.parametrize("name", catalogue.FAMILIES)
def test_a_family_is_tried_with_the_entry_that_its_page_gives(name: str) -> None:
    page = (DOCS / "networks.md").read_text(encoding="utf-8")
    entry = re.search(rf"^\| {name} \|.* \| `(\{{.*?\}})` \|", page, re.MULTILINE)
    assert entry
    assert params.loaded(entry[1]) == {"family": name, **catalogue.FAMILIES[name]}


def test_the_picture_of_the_activations_is_drawn_by_their_layers() -> None:
    line = activations.LINE
    assert activations.applied("relu") == pytest.approx(line.clip(0))
    assert activations.applied("maxout") == pytest.approx(activations.sums().max(axis=1), abs=1e-6)
    shown, drawn = (
        np.asarray(Image.open(stream).convert("RGB"), dtype=float)
        for stream in (DOCS / "activations.png", io.BytesIO(activations.activations_png()))
    )
    assert np.abs(shown - drawn).mean() < 1  # another version of the library sets letters elsewhere
