"""Settings are read as DVC reads them; a message names file, key, rule and value."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from tenshots import params
from tenshots.errors import SettingsError
from tenshots.params import Settings


class Split(Settings):
    """A section."""

    test: Annotated[float, Field(gt=0, lt=1)]
    fit: Literal["pad", "crop"] = "pad"


class Inner(Settings):
    """A section in a section."""

    dropout: float


class Network(Settings):
    """A section with another inside."""

    backbone: Inner


def read(text: str, tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "params.yaml").write_text(text, encoding="utf-8")
    return params.read(tmp_path / "params.yaml")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("1e3", 1000.0),
        ("0.5", 0.5),
        ("7", 7),
        ("on", "on"),
        ("'1'", "1"),
        ("[1, 2]", [1, 2]),
    ],
)
def test_values_are_read_as_yaml_1_2(text: str, value: object, tmp_path: Path) -> None:
    got = read(f"lr: {text}\n", tmp_path)["lr"]
    assert got == value
    assert type(got) is type(value)


def test_a_missing_file_says_where_to_run(tmp_path: Path) -> None:
    with pytest.raises(
        SettingsError, match=r"params\.yaml is missing; run this from the project's top folder"
    ):
        params.read(tmp_path / "params.yaml")


@pytest.mark.parametrize("text", ["a: [1", "\t- x", f"a: 1{'0' * 5000}", "a: 2026-99-99"])
def test_broken_yaml_is_one_line(text: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"params\.yaml is not valid YAML") as caught:
        read(text, tmp_path)
    assert "\n" not in str(caught.value)


def test_a_key_that_is_there_twice_is_named_with_its_line(tmp_path: Path) -> None:
    message = r"params\.yaml: line 3 sets lr a second time; remove one of the two$"
    with pytest.raises(SettingsError, match=message):
        read("lr: 1\nsplit: {}\nlr: 2\n", tmp_path)


def test_a_file_as_large_as_no_settings_are_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="must be at most 1000000 bytes long, got 1000006"):
        read("a: " + "b" * 1_000_003, tmp_path)


def doubling(item: str, times: int) -> str:
    """Lines that each hold the one before twice: so many times."""
    lines = [f"a0: &a0 {{k: {item}}}"]
    lines += [f"a{each + 1}: &a{each + 1} {{l: *a{each}, r: *a{each}}}" for each in range(times)]
    return "\n".join(lines) + "\n"


def merging(times: int) -> str:
    """The same by merges, which a reader follows before anyone looks at a value."""
    lines = [f"a{each + 1}: &a{each + 1} {{<<: [*a{each}, *a{each}]}}" for each in range(times)]
    return "\n".join(["a0: &a0 {k: 1}", *lines]) + "\n"


@pytest.mark.parametrize("text", [doubling("1", 16), merging(16)])
def test_aliases_that_make_a_file_endless_are_an_error(text: str, tmp_path: Path) -> None:
    message = r"params\.yaml: its aliases, such as \*name, make over 100,000 values of it; write them out"
    with pytest.raises(SettingsError, match=message):
        read(text, tmp_path)


def test_aliases_may_stand_for_what_is_written_once(tmp_path: Path) -> None:
    values = read("a: &a {lr: 1}\nb: {<<: *a, size: 2}\nc: [*a, *a]\nd: &d 3\ne: *d\n", tmp_path)
    assert values["b"] == {"lr": 1, "size": 2}
    assert values["c"] == [{"lr": 1}] * 2
    assert values["e"] == 3
    assert len(read(doubling("1", 10), tmp_path)) == 11


def test_other_bytes_than_utf_8_are_named(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_bytes(b"lr: \xff\n")
    with pytest.raises(SettingsError, match="is not valid YAML"):
        params.read(tmp_path / "params.yaml")


@pytest.mark.parametrize(("text", "kind"), [("", "NoneType"), ("- 1\n", "list"), ("text\n", "str")])
def test_settings_are_a_mapping(text: str, kind: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=f"must be a mapping of settings, got {kind}"):
        read(text, tmp_path)


def test_a_section_becomes_its_model() -> None:
    assert params.section({"split": {"test": 0.25}}, "split", Split) == Split(test=0.25)


def test_dots_lead_deeper() -> None:
    values = {"networks": {"lecture": {"dropout": 0.5}}}
    assert params.section(values, "networks.lecture", Inner) == Inner(dropout=0.5)


def test_settings_never_change_after_reading() -> None:
    split = params.section({"split": {"test": 0.25}}, "split", Split)
    with pytest.raises(ValueError, match="frozen"):
        split.test = 0.5


@pytest.mark.parametrize(
    ("values", "key", "model", "message"),
    [
        (
            {"split": {"test": 1.5}},
            "split",
            Split,
            "params.yaml: split.test must be below 1, got 1.5",
        ),
        (
            {"split": {"test": "many"}},
            "split",
            Split,
            "params.yaml: split.test must be a number, got 'many'",
        ),
        (
            {"split": {"test": 0.5, "fit": "strech"}},
            "split",
            Split,
            "params.yaml: split.fit must be 'pad' or 'crop', got 'strech'",
        ),
        ({"split": {}}, "split", Split, "params.yaml: split.test is missing"),
        (
            {"split": {"test": 0.5, "fitt": 1}},
            "split",
            Split,
            "params.yaml: split.fitt is not a known setting; did you mean 'fit'?",
        ),
        (
            {"split": {"test": 0.5, "zzz": 1}},
            "split",
            Split,
            "params.yaml: split.zzz is not a known setting; remove it",
        ),
        (
            {"network": {"backbone": {"dropout": 0, "drop": 1}}},
            "network",
            Network,
            "params.yaml: network.backbone.drop is not a known setting; remove it",
        ),
        (
            {"splits": {}},
            "split",
            Split,
            "params.yaml: the top level has no key 'split'; did you mean 'splits'?",
        ),
        (
            {"networks": {"lectures": {}}},
            "networks.lecture",
            Inner,
            "params.yaml: networks has no key 'lecture'; did you mean 'lectures'?",
        ),
        ({"networks": 3}, "networks.lecture", Inner, "params.yaml: networks has no key 'lecture'"),
    ],
)
def test_a_message_names_file_key_rule_and_value(
    values: dict[str, Any], key: str, model: type[BaseModel], message: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        params.section(values, key, model)
    assert str(caught.value) == message


@pytest.mark.parametrize("value", [True, "0.5", math.nan, math.inf, None])
def test_a_number_is_never_guessed_at(value: object) -> None:
    with pytest.raises(SettingsError, match=r"split\.test must be a (finite )?number, got "):
        params.section({"split": {"test": value}}, "split", Split)


def test_a_long_value_is_shown_in_part() -> None:
    with pytest.raises(SettingsError) as caught:
        params.section({"split": {"test": "x" * 10_000}}, "split", Split)
    assert len(str(caught.value)) < 200


def test_every_broken_rule_is_named() -> None:
    with pytest.raises(SettingsError) as caught:
        params.section({"split": {"test": 2, "fit": "x"}}, "split", Split)
    assert str(caught.value).count("params.yaml: split.") == 2


def test_the_top_level_leaves_other_concerns_alone() -> None:
    assert params.top_level({"dropout": 0.5, "report": {}}, Inner) == Inner(dropout=0.5)


def test_a_missing_top_level_key_is_named() -> None:
    with pytest.raises(SettingsError, match=r"^params\.yaml: dropout is missing$"):
        params.top_level({"report": {}}, Inner)
