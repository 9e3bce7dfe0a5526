"""The mistakes that cost most, and which training photos are nearest to them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tenshots.labels.costly import NUM_NEAREST, costly, space, with_nearest

WHO = {"a1": "ann", "a2": "ann", "a3": "ann", "b1": "bob", "b2": "bob", "c1": "cem"}
ANSWERS = pd.DataFrame(
    [  # photo, label, fold, repeat, probability of cup
        ("a1", "cup", 0, 0, 0.1),
        ("a1", "cup", 0, 1, 0.3),
        ("a2", "cup", 0, 0, 0.4),
        ("a2", "cup", 0, 1, 0.4),
        ("a3", "book", 0, 0, 0.2),
        ("a3", "book", 0, 1, 0.2),
        ("b1", "book", 1, 0, 0.99),
        ("b1", "book", 1, 1, 0.99),
        ("b2", "cup", 1, 0, 0.9),
        ("b2", "cup", 1, 1, 0.9),
        ("c1", "cup", 1, 0, 0.45),
        ("c1", "cup", 1, 1, 0.45),
    ],
    columns=["photo_id", "label", "fold", "repeat", "p_cup"],
)
ANSWERS.insert(4, "p_book", 1 - ANSWERS["p_cup"])


def test_each_kind_of_a_persons_mistakes_is_one_row_and_the_costliest_comes_first() -> None:
    rows = costly(ANSWERS, WHO)
    assert [(row.photo_id, row.predicted, row.num_photos) for row in rows] == [
        ("b1", "cup", 1),
        ("a1", "book", 2),  # and a2, which was nearer to the truth
        ("c1", "book", 1),
    ]
    losses = {
        "a1": -(np.log(0.1) + np.log(0.3)) / 2,
        "a2": -np.log(0.4),
        "a3": -np.log(0.8),
        "b1": -np.log(0.01),
        "b2": -np.log(0.9),
        "c1": -np.log(0.45),
    }
    of_ann = (losses["a1"] + losses["a2"]) / sum(losses.values())
    assert rows[1].share_of_loss == pytest.approx(of_ann, rel=1e-6)
    assert rows[1].probability == pytest.approx(0.8)


def test_no_mistakes_are_no_rows() -> None:
    assert costly(ANSWERS[ANSWERS["photo_id"].isin(["a3", "b2"])], WHO) == []


PHOTOS = pd.DataFrame({"photo_id": list("abcdefgh"), "label": list("xxxxxyyy")})
# By their angles in degrees; lengths must not count.
ANGLES = np.radians([0, 80, 20, 10, 30, 5, 40, 85])
FEATURES = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1) * np.arange(1, 9)[:, np.newaxis]


# In fold 0 photo a is tested, c validates, and the others train; fold 1 does otherwise.
def splits() -> pd.DataFrame:
    first = pd.DataFrame({"photo_id": list("abcdefgh"), "fold": 0, "part": "train"})
    first.loc[[0, 2], "part"] = ["test", "val"]
    return pd.concat([first, first.assign(fold=1, part=["train", *["test"] * 5, "train", "train"])])


def mistake(photo_id: str, label: str, predicted: str) -> pd.DataFrame:
    return pd.DataFrame(
        {"photo_id": [photo_id], "label": [label], "fold": [0], "repeat": [0]}
        | {f"p_{label}": [0.1], f"p_{predicted}": [0.9]}
    )


def test_the_nearest_are_training_photos_of_the_fold_that_tests_the_photo() -> None:
    rows = costly(mistake("a", "x", "y"), {"a": "ann"})
    found = with_nearest(rows, space(PHOTOS, FEATURES), splits())[0]
    # c is nearer than e and b, but validates.
    assert [near.photo_id for near in found.own] == ["d", "e", "b"]
    assert [near.photo_id for near in found.answered] == ["f", "g", "h"]
    assert found.own[0].similarity == pytest.approx(np.cos(np.radians(10)), abs=1e-4)
    assert found.stranger is None, "four test photos of x do not show what is usual"


def test_without_a_training_photo_of_its_label_there_is_none() -> None:
    dealt = splits()
    dealt = dealt[~(dealt["fold"].eq(0) & dealt["part"].eq("train") & dealt["photo_id"].isin(list("bde")))]
    rows = costly(mistake("a", "x", "y"), {"a": "ann"})
    found = with_nearest(rows, space(PHOTOS, FEATURES), dealt)[0]
    assert found.own == ()
    assert len(found.answered) == NUM_NEAREST


def test_what_is_unlike_its_label_is_stranger_than_what_is_like_it() -> None:
    """Twenty photos of x around one direction, twenty of y around another, and one odd photo called x."""
    draw = np.random.default_rng(1)
    ids = [f"{number:02d}" for number in range(41)]
    rows = np.zeros((41, 6))
    rows[:20, 0], rows[20:40, 1], rows[40, 1] = 1, 1, 1  # the odd photo is a y
    rows += draw.normal(0, 0.1, rows.shape)
    photos = pd.DataFrame({"photo_id": ids, "label": ["x"] * 20 + ["y"] * 20 + ["x"]})
    folds = np.arange(41) % 2
    dealt = pd.concat(
        photos[["photo_id"]].assign(fold=fold, part=np.where(folds == fold, "test", "train"))
        for fold in (0, 1)
    )
    where = space(photos, rows)
    odd = with_nearest(costly(mistake("40", "x", "y"), {"40": "ann"}), where, dealt)[0]
    usual = [
        with_nearest(costly(mistake(each, "x", "y"), {each: "ann"}), where, dealt)[0] for each in ids[:20]
    ]
    assert odd.stranger is not None
    assert odd.stranger > 0.9
    assert odd.stranger_to_answered is not None
    assert odd.stranger_to_answered < 0.9
    strangers = [each.stranger or 0.0 for each in usual]
    assert max(strangers) < odd.stranger
    assert np.mean(strangers) == pytest.approx(0.5, abs=0.1), "a share of the label's own photos"
    assert {each.stranger_to_answered for each in usual} == {1}
