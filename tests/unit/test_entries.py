"""An entry of a list of layers is a name, alone or with arguments; else it is said what it must be."""

from __future__ import annotations

import pytest

from tenshots import entries


def test_a_name_alone_and_one_with_arguments_are_read_alike() -> None:
    assert entries.split("ReLU", example="") == ("ReLU", {}) == entries.split({"ReLU": None}, example="")
    given = {"rate": 0.5}
    name, arguments = entries.split({"Dropout": given}, example="")
    assert (name, arguments) == ("Dropout", given)
    assert arguments is not given  # whoever changes it changes no settings


@pytest.mark.parametrize("entry", [3, None, [], {}, {"a": {}, "b": {}}, {1: {}}, {"Dropout": 0.5}])
def test_anything_else_is_refused_with_an_example(entry: object) -> None:
    with pytest.raises(ValueError, match=r"must (be the name of one|give each).*, as in `X: \{y: 1\}`"):
        entries.split(entry, example="as in `X: {y: 1}`")


def test_of_keras_message_the_part_in_bold_is_the_reason() -> None:
    framed = ValueError("Exception encountered\n\x1b[1mkernel too\n large\x1b[0m\nArguments received")
    assert entries.reason(framed) == "kernel too large"
    assert entries.reason(ValueError("two\n  lines")) == "two lines"
