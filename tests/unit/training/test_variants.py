"""Truths about variants: what they resolve to, and which images each of their trainings sees."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from tenshots import params
from tenshots.errors import DataError, SettingsError
from tenshots.networks.families.pretrained import PretrainedSettings
from tenshots.seeds import derived_seed
from tenshots.training import limits, variants
from tenshots.training.jobs import Job
from tests.drawn.settings import OPTIMISATION, PRETRAINED, values


def test_a_variant_has_the_settings_of_the_top_level_but_for_its_own() -> None:
    given = values(other={"data": "augmented", "network": "pretrained", "lr": 0.5, "epochs": 7})
    other = variants.resolve(given, "other")

    assert (other.data, other.network_name) == ("augmented", "pretrained")
    assert isinstance(other.network, PretrainedSettings)
    assert other.train[:3] == (0.5, 32, 7)
    assert variants.resolve(given, "baseline").train[:3] == (0.002, 32, 3)
    assert other.settings()["lr"] == 0.5
    assert other.settings()["optimisation"] == OPTIMISATION


def test_the_variants_of_the_project_resolve() -> None:
    given = params.read()

    for name in given["variants"]:
        given["networks"]["pretrained"]["backbone"]["weights"] = "none"
        assert variants.resolve(given, name).name == name


def test_what_the_shipped_variants_were_told_is_what_params_yaml_says_and_nothing_else() -> None:
    """So settings that are absent make no other experiment, and train nothing again."""
    given = params.read()
    keys = ("seed", "lr", "batch_size", "epochs", "threads", "repeats", "optimisation")
    for name, entry in given["variants"].items():
        variant = variants.resolve(given, name)
        overridden = {key: entry[key] for key in ("lr", "batch_size", "epochs") if key in entry}
        told = {"threads": given["threads"]}
        if not variant.is_linear:
            told = {**{key: given[key] for key in keys}, **overridden}
        assert list(variant.settings().items()) == list(told.items())
        assert list(variant.settings().get("optimisation", {})) == list(told.get("optimisation", {}))


@pytest.mark.parametrize(
    ("name", "entry", "words"),
    [
        ("basline", None, ["variants has no 'basline'", "did you mean 'baseline'?"]),
        ("zzz", None, ["variants has no 'zzz'", "there is baseline"]),
        ("Upper", {"data": "database", "network": "lecture"}, ["a-z, 0-9, _ and -", "'Upper'"]),
        ("a", {"data": "raw", "network": "lecture"}, ["variants.a.data", "'database'", "'raw'"]),
        ("a", {"data": "database", "network": "lectre"}, ["variants.a.network", "did you mean 'lecture'?"]),
        ("a", {"data": "database", "network": "lecture", "lr": 0}, ["variants.a.lr", "above 0", "0"]),
        ("a", {"data": "database", "network": "lecture", "epoch": 1}, ["variants.a.epoch", "'epochs'"]),
    ],
)
def test_a_broken_rule_names_the_key_and_what_is_near(
    name: str, entry: dict[str, Any] | None, words: list[str]
) -> None:
    with pytest.raises(SettingsError) as caught:
        variants.resolve(values(**({name: entry} if entry else {})), name)

    for word in ["params.yaml", *words]:
        assert word in str(caught.value)


def tables() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """8 photos with two copies each, and two folds in which each photo's part differs."""
    ids = [f"{number:064x}" for number in range(8)]
    photos = pd.DataFrame({"photo_id": ids, "label": ["book", "cup"] * 4})
    copies = photos.loc[photos.index.repeat(2)].reset_index(drop=True)
    orders = [["train"] * 4 + ["val"] * 2 + ["test"] * 2, ["test"] * 2 + ["val"] * 2 + ["train"] * 4]
    rows = [
        {"photo_id": photo_id, "fold": fold, "part": part}
        for fold, order in enumerate(orders)
        for photo_id, part in zip(ids, order, strict=True)
    ]
    return photos, copies, pd.DataFrame(rows)


def test_no_fold_trains_on_a_val_or_test_photo_or_on_a_copy_of_one() -> None:
    photos, copies, splits = tables()
    image_ids = [*photos["photo_id"], *copies["photo_id"]]

    for job in variants.jobs_of(photos, copies, splits, seed=1, repeats=1):
        parts_of = splits[splits["fold"] == job.fold].set_index("photo_id")["part"]
        assert {parts_of[image_ids[row]] for row in job.train} == {"train"}
        assert {parts_of[image_ids[row]] for row in job.val} == {"val"}
        assert {parts_of[image_ids[row]] for row in job.test} == {"test"}
        assert job.held_out.tolist() == sorted([*job.val, *job.test])
        assert len(job.train) == 12
        assert job.num_originals == 4
        assert (job.val < len(photos)).all()


def test_every_fold_and_repeat_has_a_seed_of_its_own() -> None:
    jobs = variants.jobs_of(*tables(), seed=1, repeats=2)

    assert [(job.fold, job.repeat) for job in jobs] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert [job.seed for job in jobs] == [derived_seed(1, job.fold, job.repeat) for job in jobs]
    assert len({job.seed for job in jobs}) == 4


def test_the_order_of_rows_in_a_table_changes_nothing() -> None:
    photos, copies, splits = tables()

    for left, right in zip(
        variants.jobs_of(photos, copies, splits, seed=1, repeats=1),
        variants.jobs_of(photos, copies, splits[::-1], seed=1, repeats=1),
        strict=True,
    ):
        assert np.array_equal(left.train, right.train)
        assert np.array_equal(left.val, right.val)
        assert np.array_equal(left.test, right.test)


def test_a_fold_that_lacks_a_label_to_learn_from_is_an_error() -> None:
    photos, copies, splits = tables()
    splits.loc[(splits["fold"] == 1) & splits["photo_id"].isin(photos["photo_id"][4::2]), "part"] = "test"

    with pytest.raises(DataError, match=r"splits\.csv .*fold 1 has no training photos of book; add photos"):
        variants.jobs_of(photos, copies, splits, seed=1, repeats=1)


def test_a_fold_without_validation_photos_is_an_error() -> None:
    photos, copies, splits = tables()

    with pytest.raises(DataError, match="fold 0 has no validation photos"):
        variants.jobs_of(photos, copies, splits[splits["part"] != "val"], seed=1, repeats=1)


def test_a_split_of_other_photos_is_an_error() -> None:
    photos, copies, splits = tables()

    with pytest.raises(DataError, match=f"got {photos['photo_id'].iloc[-1]} in fold 0"):
        variants.jobs_of(photos[:-1], copies, splits, seed=1, repeats=1)


def test_the_longest_training_counts_the_head_as_an_epoch() -> None:
    def most(**changes: object) -> int:
        given = values(a={"data": "database", "network": "pretrained"})
        given["networks"]["pretrained"] = {**PRETRAINED, **changes}
        return variants.max_epochs(variants.resolve(given, "a"))

    assert variants.max_epochs(variants.resolve(values(), "baseline")) == 3
    assert most() == 4
    assert most(unfreeze=0) == 1


def test_short_trainings_are_not_worth_several_workers_and_long_ones_are() -> None:
    variant = variants.resolve({**values(), "epochs": 5}, "baseline")  # 32 images per update
    job = Job(0, 0, 7, np.arange(400), np.arange(400, 410), num_originals=40)  # 2 updates per epoch

    assert [limits.num_worth(variant.train, [job] * number) for number in (1, 9, 10, 14, 15, 60)] == [
        1, 1, 2, 2, 3, 12,
    ]  # fmt: skip
