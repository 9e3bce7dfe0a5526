"""What inspection.json says, of separable features and of collections that can hardly be judged."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from tenshots.labels.judging import judge
from tenshots.statistics import gains, measure
from tests.drawn import results as drawn_results

LABELS = ["book", "cup", "keyboard"]


def collection(num_groups: int = 8, num_each: int = 5) -> tuple[pd.DataFrame, pd.DataFrame, np.ndarray]:
    """Photos sorted by id, their split into four folds, and features that tell their labels apart."""
    photos = drawn_results.photos(LABELS, num_groups=num_groups, num_each=num_each)
    photos = photos.drop(columns="image").sort_values("photo_id", ignore_index=True)
    truth = photos["label"].map({name: i for i, name in enumerate(LABELS)}).to_numpy()
    features = np.random.default_rng(2).normal(0, 1, (len(photos), 16))
    features[np.arange(len(photos)), truth] += 9
    return photos, drawn_results.splits(photos), features


def changed(photos: pd.DataFrame, rows: list[int]) -> pd.DataFrame:
    """The photos, some of them with the label that follows theirs in the alphabet."""
    following = dict(zip(LABELS, LABELS[1:] + LABELS[:1], strict=True))
    labels = photos["label"].copy()
    labels.iloc[rows] = labels.iloc[rows].map(following)
    return photos.assign(label=labels)


def test_clean_and_separable_photos_give_no_suspects() -> None:
    found = judge(*collection()).description
    assert found["num_suspects"] == 0
    assert found["suspects"] == []
    assert found["accuracy"] == 1
    assert found["sentence"].endswith("none of 120 photos looks wrongly labelled.")
    assert (found["folds"], found["num_folds"]) == ("split", 4)
    assert (found["num_photos"], found["num_judged"], found["not_judged"]) == (120, 120, [])
    assert np.trace(found["confident_joint"]["counts"]) == np.sum(found["confident_joint"]["counts"])


@pytest.mark.parametrize("seed", range(4))
def test_labels_changed_on_purpose_are_the_suspects(seed: int) -> None:
    photos, splits, features = collection(num_groups=20)
    rows = sorted(np.random.default_rng(seed).choice(len(photos), 15, replace=False).tolist())
    found = judge(changed(photos, rows), splits, features).description
    suspected = [item["photo_id"] for item in found["suspects"]]
    assert len(suspected) == found["num_suspects"]
    assert len(suspected) in range(10, 19), "an estimate of 15"
    assert set(suspected[:10]) <= set(photos["photo_id"].iloc[rows])
    assert [item["rank"] for item in found["suspects"]] == list(range(1, len(suspected) + 1))
    truth = photos.set_index("photo_id")
    for item in found["suspects"][:10]:
        assert item["suggested"] == truth.loc[item["photo_id"], "label"]
        assert item["path"] == truth.loc[item["photo_id"], "path"]
        assert item["p_suggested"] > item["p_label"]


def test_the_predictions_are_compared_with_a_variants_as_another_variant() -> None:
    photos, splits, features = collection()
    predictions = judge(changed(photos, [0, 1, 2]), splits, features).predictions
    variant = drawn_results.predictions(photos, LABELS, skill=0.6, num_repeats=1)
    assert list(predictions.columns) == list(variant.columns)
    gain = gains.difference(predictions, variant, measure.components_of(splits))
    assert gain.value > 0.1
    assert gain.low is not None


def test_a_split_that_does_not_test_every_photo_leaves_folds_of_their_own() -> None:
    photos, splits, features = collection(num_groups=20)
    predictions, found = judge(photos, splits[splits["fold"] == 0], features)
    assert (found["folds"], found["num_folds"]) == ("own", 10)
    assert "dealt to 10 folds of their own" in found["folds_note"]
    assert found["num_judged"] == len(photos) == len(predictions)
    component = measure.components_of(splits).loc[predictions["photo_id"]].to_numpy()
    assert predictions["fold"].groupby(component).nunique().max() == 1


def test_a_label_of_one_independent_set_is_not_judged_and_the_reason_is_given() -> None:
    photos, splits, features = collection(num_groups=4)
    here = ((photos["label"] != "cup") | (photos["group"] == "student01")).to_numpy()
    photos, features = photos[here].reset_index(drop=True), features[here]
    splits = splits[(splits["fold"] == 0) & splits["photo_id"].isin(photos["photo_id"])]
    predictions, found = judge(photos, splits, features)
    (item,) = found["not_judged"]
    assert (item["label"], item["num_photos"]) == ("cup", 5)
    assert "belong to one independent set" in item["reason"]
    assert found["num_judged"] == len(photos) - 5 == len(predictions)
    assert found["thresholds"]["cup"] is None
    assert set(predictions["label"]) == {"book", "keyboard"}
    assert found["suspects"] == []


def test_photos_that_all_belong_together_are_not_judged() -> None:
    photos, splits, features = collection(num_groups=1)
    predictions, found = judge(photos, splits[splits["fold"] == 0], features)
    assert predictions.empty
    assert list(predictions.columns) == ["photo_id", "label", "fold", "repeat", *(f"p_{x}" for x in LABELS)]
    assert found["num_judged"] == found["num_suspects"] == found["num_folds"] == 0
    assert found["accuracy"] is None
    assert found["sentence"] == "No label could be judged."
    assert [item["num_photos"] for item in found["not_judged"]] == [5, 5, 5]
    assert "No photo was judged: all photos belong to one independent set" in found["folds_note"]


def test_two_people_who_took_one_label_each_are_not_judged() -> None:
    photos, splits, features = collection(num_groups=2)
    taken = (photos["label"] == photos["group"].map({"student00": "book", "student01": "cup"})).to_numpy()
    photos = photos[taken].reset_index(drop=True)
    splits = splits[splits["photo_id"].isin(photos["photo_id"])]
    found = judge(photos, splits[splits["fold"] == 0], features[taken]).description
    assert found["num_judged"] == 0
    assert [item["label"] for item in found["not_judged"]] == ["book", "cup"]


def test_everything_in_it_is_plain_json() -> None:
    photos, splits, features = collection(num_groups=4)
    found = judge(changed(photos, [3]), splits, features).description
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_where_nobody_asks_no_photo_is_judged_and_the_description_says_so() -> None:
    found = judge(*collection(), wanted=False)
    assert len(found.predictions) == 0
    description = found.description
    assert (description["num_photos"], description["num_judged"], description["suspects"]) == (120, 0, [])
    assert description["folds_note"] == "No photo was judged: inspect.judge in params.yaml is false."
    assert [each["label"] for each in description["not_judged"]] == LABELS
    assert {each["reason"] for each in description["not_judged"]} == {"inspect.judge in params.yaml is false"}
    json.dumps(description, allow_nan=False)
