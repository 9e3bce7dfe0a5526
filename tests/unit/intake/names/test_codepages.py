"""Which code page makes names known ones."""

from __future__ import annotations

import pytest

from tenshots.intake.names.codepages import resolved


def misread(name: str, code_page: str) -> tuple[str, str]:
    return "label", name.encode(code_page).decode("cp437")


KNOWN = {"label": {"książka", "grün", "чашка", "杯子"}, "group": {"zoé"}}


@pytest.mark.parametrize(
    ("name", "code_page"),
    [("książka", "cp852"), ("książka", "cp1250"), ("чашка", "cp866"), ("杯子", "gbk"), ("grün", "cp437")],
)
def test_a_known_name_tells_the_code_page(name: str, code_page: str) -> None:
    pair = misread(name, code_page)
    assert resolved([pair, ("label", "cup")], KNOWN) == {pair: name}


def test_one_known_name_tells_the_others() -> None:
    pairs = [misread(name, "cp852") for name in ("książka", "miś")]
    assert [*resolved(pairs, KNOWN).values()] == ["książka", "miś"]


def test_no_known_name_tells_nothing() -> None:
    assert resolved([misread("miś", "cp852")], KNOWN) == {}
    assert resolved([("group", misread("książka", "cp852")[1])], KNOWN) == {}
    assert resolved([("label", "cup")], {"label": {"cup"}}) == {}


def test_what_several_code_pages_read_in_other_ways_stays_as_it_is() -> None:
    """Code pages 437 and 850 agree on ü, and 863, say, makes other letters of the Danish ø."""
    gruen, smoer = misread("grün", "cp850"), misread("smør", "cp850")
    assert resolved([gruen, smoer], KNOWN) == {gruen: "grün"}
