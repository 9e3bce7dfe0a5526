"""The page of optimising has what the code has, and what it tells a reader to write is accepted."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from ruamel.yaml import YAML

from tenshots import params
from tenshots.checks import whole
from tenshots.outlook import quick
from tenshots.training import variants
from tenshots.training.courses import SCHEDULES
from tenshots.training.optimisers import OPTIMISERS
from tenshots.training.settings import ClipSettings, OptimisationSettings, PretrainingSettings

TOP = Path(__file__).parents[3]
PAGE = (TOP / "docs/catalogue/optimising.md").read_text(encoding="utf-8")
SHIPPED = params.read(TOP / "params.yaml")


def rows(heading: str) -> Iterator[tuple[str, str]]:
    """Name and setting of each row of the table below a heading."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    for line in re.findall(r"^\| `(.*) \|$", section, flags=re.MULTILINE):
        cells = f"`{line}".split(" | ")
        yield cells[0].strip("`"), cells[2].strip("`")


SECTIONS = ("Optimisers", "Learning rate over time", "Batches, clipping, averages, stopping")


def test_the_page_names_every_optimiser_and_course_and_no_other() -> None:
    assert [name for name, _ in rows(SECTIONS[0])] == list(OPTIMISERS)
    assert [name for name, _ in rows(SECTIONS[1])] == list(SCHEDULES)


def test_the_page_names_every_further_setting_and_no_other() -> None:
    figures = get_args(get_args(OptimisationSettings.model_fields["stop_on"].annotation)[0])
    expected = {
        "batch_size: all",
        "batch_size: 1",
        "ema",
        *(f"clip.{name}" for name in ClipSettings.model_fields),
    }
    assert {name for name, _ in rows(SECTIONS[2])} == expected | {f"stop_on: {figure}" for figure in figures}


@pytest.mark.parametrize("setting", [setting for section in SECTIONS for _, setting in rows(section)])
def test_what_the_page_tells_one_to_write_is_accepted(setting: str) -> None:
    written = YAML(typ="safe").load(setting)
    values = copy.deepcopy(SHIPPED)
    if "batch_size" in written:
        values |= written
    else:
        values["optimisation"] |= written
    if "stop_on" in written:
        values["optimisation"]["patience"] = 10
    whole.check(values)
    whole.check(quick.settings(values, photos="/tmp/photos"))  # as `make quick` runs it


def test_the_page_of_reuse_has_each_of_its_settings_and_its_examples_are_accepted() -> None:
    page = (TOP / "docs/catalogue/reuse.md").read_text(encoding="utf-8")
    named = re.findall(r"^\| `(.*?)` \|", page, flags=re.MULTILINE)
    own = [f"pretraining.{name}" for name in PretrainingSettings.model_fields]
    assert named == ["unfreeze", "block_lr_factor", "backbone", *own]
    values = copy.deepcopy(SHIPPED)
    plain = {"family": "dense", "input_px": 28, "channels": 1, "units": [8], "dropout": 0}
    values["networks"]["plain"] = plain
    values |= YAML(typ="safe").load(
        page.split("\n\n    variants:")[1].join(["variants:", ""]).split("\n\n")[0]
    )
    values["report"]["pairs"], values["study"]["variants"] = "neighbours", "linear"
    whole.check(values)
    written = re.findall(r"^\|(?: `unfreeze`)? \| `(.*?)` \|", page, flags=re.MULTILINE)
    for unfreeze in [text for text in written if not text.startswith("{weights")]:
        values["networks"]["pretrained"]["unfreeze"] = YAML(typ="safe").load(unfreeze)
        whole.check(values)
    assert len(written) == 3


def test_each_setting_is_told_to_what_is_kept_of_a_variant() -> None:
    """MLflow, and the key of trainings that a kill leaves behind, take a variant's settings from here."""
    changes = {
        "clip": {"norm": 1.0},
        "ema": 0.9,
        "stop_on": "loss",
        "patience": 3,
        "schedule": {"step": {"factor": 0.5}},
    }
    values = {**SHIPPED, "batch_size": "all", "optimisation": {**SHIPPED["optimisation"], **changes}}
    told = variants.resolve(values, "baseline").settings()
    assert told["optimisation"] == values["optimisation"]
    assert told["batch_size"] == "all"
