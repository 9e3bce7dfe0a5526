"""What training answered: divided by part, and refused where it is not of the present photos and split."""

from __future__ import annotations

import pandas as pd
import pytest

from tenshots.errors import DataError
from tenshots.evaluation import held_out
from tenshots.networks.model_json import SavedVariant, read_variant
from tenshots.tables import database
from tenshots.tables.predictions import labels_of, probabilities_of
from tests.drawn import model as drawn_model

SAVED = SavedVariant.model_validate(drawn_model.description())


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    folder = tmp_path_factory.mktemp("project")
    drawn_model.project(folder)
    assert read_variant(folder / "data/models/baseline") == SAVED
    return database.read_predictions(folder / "data/models/baseline/predictions.csv")


def test_each_training_answers_the_photos_of_its_own_fold_alone(answers: pd.DataFrame) -> None:
    photos = drawn_model.photos()
    splits = drawn_model.splits(photos)
    test, val = held_out.parts(SAVED, answers[::-1], photos, splits)
    assert labels_of(test) == drawn_model.LABELS
    for part, rows in [("test", test), ("val", val)]:
        for (fold, _), found in rows.groupby(["fold", "repeat"]):
            wanted = splits[(splits["fold"] == fold) & (splits["part"] == part)]
            assert set(found["photo_id"]) == set(wanted["photo_id"])
    assert len(test) == 24 * 2  # every photo once per repeat
    assert len(test) + len(val) == len(answers)
    assert test.equals(test.sort_values(["fold", "repeat", "photo_id"], ignore_index=True))
    assert list(test) == list(val) == ["photo_id", "label", "fold", "repeat", "p_book", "p_cup"]
    assert probabilities_of(test).sum(axis=1) == pytest.approx(1.0)
    truth = photos.set_index("photo_id")["label"]
    assert (test["label"].to_numpy() == truth.loc[test["photo_id"]].to_numpy()).all()


def test_answers_that_are_no_probabilities_are_an_error(answers: pd.DataFrame) -> None:
    photos = drawn_model.photos()
    odd = answers.assign(p_cup=answers["p_cup"].where(answers.index != 3))
    with pytest.raises(
        DataError, match=r"the predictions of baseline: .* must be numbers.*; run `dvc repro`"
    ):
        held_out.parts(SAVED, odd, photos, drawn_model.splits(photos))


def _moved(splits: pd.DataFrame, number: int, part: str) -> pd.DataFrame:
    changed = splits.copy()
    changed.loc[changed.index[number], "part"] = part
    return changed


def test_tables_of_another_experiment_are_an_error(answers: pd.DataFrame) -> None:
    photos = drawn_model.photos()
    splits = drawn_model.splits(photos)

    def check(
        answers: pd.DataFrame = answers, photos: pd.DataFrame = photos, splits: pd.DataFrame = splits
    ) -> None:
        held_out.parts(SAVED, answers, photos, splits)

    check()
    with pytest.raises(DataError, match="baseline was never taught spoon"):
        check(photos=photos.assign(label="spoon"))
    swapped = {"book": "cup", "cup": "book"}
    disagree = "data/splits/splits.csv, data/database and the predictions of baseline do not agree on fold"
    trained = splits.index[splits["part"] == "train"][0]
    tested = splits.index[splits["part"] == "test"][-1]
    for changes, fold in (
        ({"photos": photos.iloc[1:]}, 0),
        ({"photos": photos.assign(label=photos["label"].map(swapped))}, 0),
        ({"splits": splits[splits["fold"] == 0]}, 1),
        ({"splits": splits[(splits["fold"] == 0) | (splits["part"] != "test")]}, 1),
        ({"splits": _moved(splits, trained, "test")}, 0),
        ({"splits": _moved(splits, tested, "val")}, 1),
        ({"splits": pd.concat([splits, splits[splits["fold"] == 0].assign(fold=2)])}, 2),
        ({"answers": answers.iloc[:-1]}, 1),
        ({"answers": pd.concat([answers, answers.head(1)])}, 0),
        ({"answers": answers[answers["repeat"] == 0]}, 0),
    ):
        with pytest.raises(DataError, match=f"{disagree} {fold}; run `dvc repro`"):
            check(**changes)


def test_a_fold_whose_test_photos_nobody_knows_is_an_error(answers: pd.DataFrame) -> None:
    photos = drawn_model.photos()
    splits = drawn_model.splits(photos)
    with pytest.raises(DataError, match="do not agree on fold 0"):
        held_out.parts(SAVED, answers[answers["part"] == "val"], photos, splits[splits["part"] != "test"])


@pytest.mark.parametrize(
    "changes", [{"part": None}, {"p_cup": None}, {"p_spoon": 0.5}], ids=["no part", "a label less", "more"]
)
def test_predictions_of_other_columns_are_an_error(
    answers: pd.DataFrame, changes: dict[str, float | None]
) -> None:
    photos = drawn_model.photos()
    (name, value), *_ = changes.items()
    other = answers.drop(columns=name) if value is None else answers.assign(**{name: value})
    with pytest.raises(DataError, match="must have the columns part and p_LABEL of book, cup, got photo_id"):
        held_out.parts(SAVED, other, photos, drawn_model.splits(photos))
