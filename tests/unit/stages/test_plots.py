"""The templates that `dvc plots show` draws with: valid, found by name, about columns that exist."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from dvc_render.vega import VegaRenderer
from ruamel.yaml import YAML

from stages import evaluate
from tests.drawn import model as drawn_model

TOP = Path(__file__).parents[3]
PLOTS: dict[str, dict[str, Any]] = {
    Path(path).name: properties
    for plot in YAML(typ="safe").load(TOP / "dvc.yaml")["stages"]["evaluate"]["do"]["plots"]
    for path, properties in plot.items()
}


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What evaluation leaves of a variant."""
    folder = tmp_path_factory.mktemp("project")
    drawn_model.project(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        evaluate.main(["baseline"])
    return folder / "data/evaluations/baseline"


def fields_of(part: Any) -> set[str]:  # noqa: ANN401 (whatever JSON holds)
    """The fields that a specification draws, at any depth."""
    if isinstance(part, list):
        return set().union(*map(fields_of, part))
    if not isinstance(part, dict):
        return set()
    own = {value for key, value in part.items() if key == "field" and isinstance(value, str)}
    return own.union(*map(fields_of, part.values()))


def made_by(part: Any) -> set[str]:  # noqa: ANN401 (whatever JSON holds)
    """The fields that the transforms of a specification make, at any depth, and inline data."""
    if isinstance(part, list):
        return set().union(*map(made_by, part))
    if not isinstance(part, dict):
        return set()
    names = part.get("as", [])
    own = {names} if isinstance(names, str) else set(names)
    if isinstance(part.get("data"), dict) and isinstance(part["data"].get("values"), list):
        own |= set(part["data"]["values"][0])
    return own.union(*(made_by(value) for key, value in part.items() if key != "values"))


@pytest.mark.parametrize("name", sorted(PLOTS))
def test_a_plot_draws_columns_that_exist(name: str, outputs: Path) -> None:
    rows = [{**row, "rev": "workspace"} for row in csv.DictReader((outputs / name).read_text().splitlines())]
    properties = {**PLOTS[name], "template_dir": str(TOP / ".dvc/plots")}
    filled = VegaRenderer(rows, name, **properties).get_filled_template()
    text = json.dumps(filled)
    assert "<DVC_METRIC" not in text
    assert filled["data"]["values"] == rows
    known = set(rows[0]) | made_by({key: value for key, value in filled.items() if key != "data"})
    assert fields_of({key: value for key, value in filled.items() if key != "data"}) <= known
    assert (TOP / ".dvc/plots" / f"{PLOTS[name]['template']}.json").is_file()
