"""Rows of predictions that hold no probabilities are refused, with the first of them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tenshots.errors import DataError
from tenshots.tables import database, probabilities

ROWS = pd.DataFrame(
    {
        "photo_id": ["a", "b", "c"],
        "label": ["cup", "book", "cup"],
        "fold": [0, 0, 1],
        "repeat": [0, 1, 0],
        "p_book": [0.25, 1.0, 0.333],
        "p_cup": [0.75, 0.0, 0.667],
    }
)


def test_probabilities_may_be_rounded() -> None:
    probabilities.check(ROWS, "here")
    probabilities.check(ROWS.assign(p_cup=[0.7504, 0.0, 0.667]), "here")


@pytest.mark.parametrize(
    "cup", [float("nan"), float("inf"), float("-inf"), -0.25, 0.1, 0.002, "", "many"], ids=str
)
def test_a_row_that_is_none_is_named_with_rule_value_and_remedy(cup: object) -> None:
    odd = ROWS.assign(p_cup=pd.Series([0.75, cup, 0.667], dtype=object))
    with pytest.raises(DataError) as error:
        probabilities.check(odd, Path("data/x.csv"))
    assert str(error.value) == (
        "data/x.csv: the probabilities of photo b in fold 0, repeat 1 must be numbers, none below 0, that "
        f"add up to 1, got p_book = 1.0, p_cup = {cup}; run `dvc repro`"
    )


def test_values_that_add_up_to_one_may_still_be_none() -> None:
    odd = ROWS.assign(p_book=[1.25, 1.5, 0.333], p_cup=[-0.25, -0.5, 0.667])
    with pytest.raises(DataError, match=r"photo a .*p_cup = -0.25 \(and of 1 more row\); take others"):
        probabilities.check(odd, "here", remedy="take others")


def test_what_is_no_number_survives_the_file_and_is_refused_there(tmp_path: Path) -> None:
    database.write_predictions(ROWS.assign(p_cup=[0.75, None, 0.667]), tmp_path / "predictions.csv")
    with pytest.raises(DataError, match="photo b"):
        probabilities.check(database.read_predictions(tmp_path / "predictions.csv"), "here")
