"""What README and catalogue say of networks of one's own is what there is."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tenshots import params
from tenshots.checks import whole
from tenshots.errors import SettingsError
from tenshots.networks import building
from tenshots.networks.own import allowed, tree

TOP = Path(__file__).parents[4]
CATALOGUE = (TOP / "docs/catalogue/layers.md").read_text(encoding="utf-8")
README = (TOP / "README.md").read_text(encoding="utf-8")


def section(name: str) -> str:
    return CATALOGUE.split(f"\n## {name}\n")[1].split("\n## ")[0]


def named(name: str) -> list[str]:
    """The names in the first column of a section's table."""
    cells = re.findall(r"^\| (`[^|]*) \|", section(name), flags=re.MULTILINE)
    return [each for cell in cells for each in re.findall(r"`(\w+)`", cell)]


def blocks(text: str) -> list[Any]:
    return [YAML(typ="safe").load(each) for each in re.findall(r"```yaml\n(.*?)```", text, flags=re.DOTALL)]


def test_the_catalogue_names_what_there_is_and_nothing_else() -> None:
    assert sorted(named("Layers")) == sorted(allowed.LAYERS)
    assert sorted(named("Composites")) == sorted([*tree.COMPOSITES, tree.MAXOUT])
    assert sorted(named("Activations")) == sorted(allowed.ACTIVATIONS)
    assert sorted(named("Initialisers")) == sorted(allowed.INITIALISERS)
    assert sorted(
        re.findall(r"`(\w+2D\w*)`", CATALOGUE.split("other names")[1].split("refused")[0])
    ) == sorted(allowed.ALIASES)


def test_each_setting_in_the_catalogue_is_accepted() -> None:
    cells = re.findall(r"^\| `\w+` \| [^|]+ \| `([^|]+)` \|", section("Layers"), flags=re.MULTILINE)
    assert len(cells) == len(allowed.LAYERS)
    tree.parsed({}, [YAML(typ="safe").load(cell) for cell in cells], at="")
    for block in blocks(CATALOGUE):
        values = {"family": "layers", "input_px": 8, "layers": [block, "Flatten"]}
        settings = building.settings_from(values, at="networks.mine")
        assert building.build(settings, size_px=8, num_labels=2).output_shape == (None, 2)


@pytest.fixture
def proposed() -> dict[str, Any]:
    """The shipped settings with what README's section adds to them."""
    (block,) = blocks(README.split("\n## Your own network\n")[1].split("\n## ")[0])
    values = copy.deepcopy(params.read(TOP / "params.yaml"))
    for key, part in block.items():
        values[key] |= part
    return values


def test_the_readmes_network_is_right_and_its_layers_are_named_as_it_says(proposed: dict[str, Any]) -> None:
    whole.check(proposed)
    settings = building.settings_from(proposed["networks"]["mine"], at="networks.mine")
    assert settings.doubts(at="networks.mine") == []
    model = building.build(settings, size_px=160, num_labels=3)
    names = {layer.name for layer in model.layers}
    assert set(re.findall(r"`(layer\d_\w+)`", README)) <= names


def test_the_message_in_the_readme_is_the_one_that_comes(proposed: dict[str, Any]) -> None:
    proposed["networks"]["mine"]["layers"].remove("Flatten")
    settings = building.settings_from(proposed["networks"]["mine"], at="networks.mine")
    with pytest.raises(SettingsError, match="takes a row of numbers") as caught:
        building.build(settings, size_px=32, num_labels=3, at="networks.mine")
    said = re.search(r"```\nerror: (params\.yaml: networks\.mine.*?)```", README, flags=re.DOTALL)
    assert said is not None
    assert " ".join(said[1].split()) == str(caught.value)
