"""The command that looks for a learning rate: what it refuses, and what it tells one to do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ruamel.yaml import YAML

from stages import find_rate, on_the_fly
from tenshots import params
from tenshots.errors import SettingsError
from tenshots.training import variants
from tenshots.training.rate_test import Found
from tests.drawn import tiny_project

project = tiny_project.project  # a fixture

TOP = Path(__file__).parents[3]
SHIPPED = params.read(TOP / "params.yaml")


@pytest.mark.parametrize(
    ("name", "lr", "expected"),
    [
        ("baseline", None, "lr"),
        ("baseline", 0.01, "variants.baseline.lr"),
        ("fine_tuned", None, "+variants.fine_tuned.lr"),
        ("fine_tuned", 0.01, "variants.fine_tuned.lr"),
    ],
)
def test_the_rate_is_set_where_it_concerns_no_variant_of_another_scale(
    name: str, lr: float | None, expected: str
) -> None:
    own = {} if lr is None else {"lr": lr}
    values = {**SHIPPED, "variants": {**SHIPPED["variants"], name: {**SHIPPED["variants"][name], **own}}}
    assert find_rate.override(values, variants.resolve(values, name)) == expected


def test_it_says_a_rate_to_try_or_that_there_is_none() -> None:
    rates = np.geomspace(1e-6, 10, 141)
    level = np.where(rates < 1e-3, 2.0, np.where(rates < 0.1, 1.0, 50.0))
    found = find_rate.said(Found(rates, level, diverged=True), key="lr", out=Path("a.png"))
    assert "dvc exp run -S lr=0.0089\n" in found
    none = find_rate.said(Found(rates, np.ones(141), diverged=False), key="lr", out=Path("a.png"))
    assert "no rate from 1e-06 to 1.0e+01 brought the loss down in 141 updates; try more" in none


def test_a_variant_without_a_rate_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(TOP)
    with pytest.raises(
        SettingsError, match="frozen has no learning rate to find: its recipe, logistic_regression, solves"
    ):
        find_rate.main(["frozen"])


def test_tuning_nothing_has_no_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    networks = {**SHIPPED["networks"], "pretrained": {**SHIPPED["networks"]["pretrained"], "unfreeze": 0}}
    monkeypatch.setattr(params, "read", lambda: {**SHIPPED, "networks": networks})
    with pytest.raises(SettingsError, match=r"networks\.pretrained\.unfreeze leaves nothing to tune"):
        find_rate.main(["fine_tuned"])


@pytest.mark.parametrize(
    "variant",
    [
        {"data": "on_the_fly", "network": "lecture"},
        {"data": "augmented", "network": "pretrained", "recipe": "fine_tune"},
        {"data": "database", "network": "begun", "recipe": "scratch"},
    ],
)
@pytest.mark.usefixtures("project")
def test_it_tries_rates_for_data_and_recipes_of_every_kind(
    variant: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    values = params.read()
    begun = values["networks"]["pretrained"]
    values["networks"]["begun"] = {**begun, "backbone": {**begun["backbone"], "weights": "none"}}
    layers = [{"RandomFlip": {"mode": "horizontal"}}]
    values |= {"variants": {"tried": variant}, "augment": {"copies": 1, "layers": layers}}
    YAML().dump(values, params.PATH)
    on_the_fly.main([])
    find_rate.main(["tried", "--updates", "6"])
    assert Path("reports/find_rate_tried.png").read_bytes().startswith(b"\x89PNG")
    assert "reports/find_rate_tried.png: " in capsys.readouterr().out
