"""Truths about the studies: which photos they learn from, what figures say, what the stage leaves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from stages import study
from tenshots import params, runtime
from tenshots.augmentation import copying
from tenshots.augmentation.settings import AugmentSettings
from tenshots.errors import DataError, SettingsError
from tenshots.networks import forward
from tenshots.splitting import at_random, leakage
from tenshots.splitting.division import split
from tenshots.splitting.settings import SplitSettings
from tenshots.statistics import gains
from tenshots.studies import axes, findings, leaking, retraining
from tenshots.studies.axes import PEOPLE, PHOTOS, PHOTOS_EACH
from tenshots.studies.settings import DRAWS, StudySettings, check_names
from tenshots.tables import database, predictions
from tenshots.training import resuming
from tenshots.training.jobs import Outcome
from tests.drawn import tiny_project
from tests.drawn.answers import bounds
from tests.drawn.divided import photos_of
from tests.drawn.studied import along

runtime.configure(threads=1)

project = tiny_project.project  # a fixture

TOP = Path(__file__).parents[3]


def settings(*shares: float, leaking: bool = False) -> StudySettings:
    return StudySettings(shares=shares, leaking=leaking, variants="all")


# Settings


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"shares": [1]}, "study.shares[0] must be below 1, got 1"),
        ({"shares": [0.5, 0.5]}, "study.shares must hold each share once, to 6 digits, got"),
        ({"shares": [0.1, 0.10000004]}, "study.shares must hold each share once, to 6 digits, got"),
        ({"variants": "some"}, "study.variants must be 'all'"),
        ({"variants": []}, "study.variants must be all or linear, or name at least 1 variant"),
        ({"share": [0.5]}, "study.share is not a known setting; did you mean 'shares'?"),
    ],
)
def test_a_broken_rule_names_the_key(given: dict[str, object], words: str) -> None:
    section = {"study": {"shares": [], "leaking": False, "variants": "all", **given}}
    with pytest.raises(SettingsError) as caught:
        params.section(section, "study", StudySettings)
    assert words in str(caught.value)


def test_shares_that_differ_have_names_that_differ() -> None:
    shares = settings(0.104, 0.1, 0.100001, 1 / 3).shares
    assert shares == (0.1, 0.100001, 0.104, 1 / 3)
    assert len({retraining.share_name(axis, share) for share in shares for axis in (PEOPLE, PHOTOS)}) == 8


def test_the_project_studies_what_takes_seconds_and_the_rest_when_asked() -> None:
    given = params.section(params.read(TOP / "params.yaml"), "study", StudySettings)
    assert given.concerns("frozen", is_linear=True)
    assert not given.concerns("baseline", is_linear=False)
    assert settings(0.5).concerns("baseline", is_linear=False)
    assert not settings().concerns("frozen", is_linear=True)
    other = StudySettings(shares=(0.5,), leaking=True, variants=("other",))
    assert not other.concerns("frozen", is_linear=True)


def test_an_unknown_variant_is_an_error_that_names_the_nearest() -> None:
    named = StudySettings(shares=(), leaking=True, variants=("basline",))
    with pytest.raises(SettingsError, match=r"study\.variants .*'basline'; did you mean 'baseline'"):
        check_names(named, ["baseline", "augmented"])


# Which photos a training learns from


def collection(folds: int = 3) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Nine people with three photos of two labels each: the manifest, photos, two copies each, and splits."""
    manifest = photos_of([(label, f"p{person}") for person in range(9) for label in "ab" for _ in range(3)])
    splits = split(manifest, SplitSettings(folds=folds, test=0.3, val=0.3), seed=1)
    photos = manifest[["photo_id", "label"]].sort_values("photo_id", ignore_index=True)
    trained = photos[photos["photo_id"].isin(splits.loc[splits["part"] == "train", "photo_id"])]
    return manifest, photos, pd.concat([trained, trained], ignore_index=True), splits


@pytest.mark.parametrize("axis", [PEOPLE, PHOTOS_EACH])
def test_a_smaller_training_sees_less_its_copies_and_as_many_updates(axis: axes.Axis) -> None:
    _, photos, copies, splits = collection()
    ids = np.concatenate([photos["photo_id"], copies["photo_id"]])
    component = splits.drop_duplicates("photo_id").set_index("photo_id")["component"]
    (first, second), omitted = retraining.tasks(
        settings(0.5, 0.75), [axis], photos, copies, splits, seed=1, repeats=1, draws=2
    )
    assert [first.name, second.name] == [f"{axis.name}-0.5", f"{axis.name}-0.75"]
    assert omitted == []
    assert first.number < second.number < retraining.numbers([axis], splits)[axis.name]
    for small, large in zip(first.jobs, second.jobs, strict=True):
        part_of = splits[splits["fold"] == small.fold].set_index("photo_id")["part"]
        trained = part_of.index[part_of == "train"]
        assert set(part_of[ids[large.train]]) == {"train"}
        assert set(small.train) < set(large.train)
        originals = ids[small.train[small.train < len(photos)]]
        assert sorted(ids[small.train]) == sorted(np.repeat(originals, 3))
        assert len(originals) == pytest.approx(0.5 * len(trained), abs=3)
        assert small.num_originals == large.num_originals == len(trained)
        assert set(part_of[ids[small.val]]) == {"val"}
        everybody = component[originals].nunique() == component[trained].nunique()
        assert everybody == (axis == PHOTOS_EACH)
    one, other = (set(job.train) for job in first.jobs[:2])
    assert one != other, "draws leave out others"


def test_a_share_that_leaves_too_little_is_left_out_and_named() -> None:
    _, photos, copies, splits = collection()
    found, omitted = retraining.tasks(
        settings(0.1, 0.5, 0.55), [PEOPLE, PHOTOS], photos, copies, splits, seed=1, repeats=1, draws=1
    )
    assert [task.name for task in found] == ["people-0.5", "photos-0.5"]
    assert omitted[:2] == [
        "a share of 0.1 is left out, because it leaves a fold fewer than 2 people, or not every label",
        "a share of 0.55 is left out, because it leaves as many people as a smaller one",
    ]


@pytest.mark.parametrize("folds", [1, 3])
def test_the_random_split_is_the_one_that_leakage_counts(folds: int) -> None:
    manifest, photos, copies, splits = collection(folds)
    counted = leakage.leakage(manifest, splits, seed=1)["random_split"]
    dealt = at_random.random_splits(photos.sample(frac=1, random_state=0), splits.iloc[::-1], seed=1)
    assert at_random.num_with_sibling(dealt) == counted["with_sibling_in_training"]["component"] > 0
    assert at_random.num_with_sibling(splits) == 0
    for fold, rows in splits.groupby("fold"):
        assert dict(dealt.loc[dealt["fold"] == fold, "part"].value_counts()) == dict(
            rows["part"].value_counts()
        )
    (task,), _ = retraining.tasks(
        settings(leaking=True), [], photos, copies, splits, seed=1, repeats=1, draws=1
    )
    ids = np.concatenate([photos["photo_id"], copies["photo_id"]])
    for job in task.jobs:
        part_of = dealt[dealt["fold"] == job.fold].set_index("photo_id")["part"]
        assert set(part_of[ids[job.train]]) == {"train"}


def test_a_random_split_gets_the_copies_that_it_lacks_as_the_stage_would_make_them() -> None:
    _, photos, _, splits = collection(folds=1)
    draw = np.random.default_rng(0)
    photos["image"] = [
        copying.encode(draw.integers(0, 255, (16, 16, 3), dtype=np.uint8), "lossless")
        for _ in range(len(photos))
    ]
    layers = {
        "copies": 2,
        "layers": [{"RandomFlip": {"mode": "horizontal"}}, {"RandomBrightness": {"factor": 0.3}}],
    }
    augment = AugmentSettings.model_validate(layers)
    policy = copying.Policy(augment.layers, size_px=16)

    def made(originals: pd.DataFrame) -> pd.DataFrame:
        batches = copying.changed_copies(originals, policy, num_copies=2, seed=5)
        return pd.concat(batches)[["photo_id", "label", "image"]]

    honest = made(copying.training_photos(photos, splits))
    found = retraining.with_copies(photos, honest, splits, augment, seed=5)
    dealt = at_random.random_splits(photos, splits, seed=5)
    wanted = {*splits.query("part == 'train'")["photo_id"], *dealt.query("part == 'train'")["photo_id"]}
    assert set(found["photo_id"]) == wanted > set(honest["photo_id"])
    expected = made(photos[photos["photo_id"].isin(wanted)])
    pd.testing.assert_frame_equal(
        found.sort_values("photo_id", kind="stable", ignore_index=True),
        expected.sort_values("photo_id", kind="stable", ignore_index=True),
    )


# The leaking split


def shares_of(num_groups: int, *, num_repeats: int = 2) -> tuple[dict[float, pd.DataFrame], pd.Series]:
    """Drawn predictions of three shares, the more often right the larger the share."""
    measured, components = along(PEOPLE, num_groups=num_groups, num_repeats=num_repeats)
    return dict(measured.predictions), components


@pytest.mark.parametrize("num_groups", [9, 24])
def test_in_the_same_folds_the_difference_is_that_of_two_variants(num_groups: int) -> None:
    """Only that its trainings have no seed in common: their noise adds up, as it does in different folds."""
    shares, components = shares_of(num_groups, num_repeats=1)
    found = leaking.difference(shares[1.0], shares[0.5], components)
    expected = gains.difference(shares[1.0], shares[0.5], components)
    assert found.value == expected.value
    assert bounds(found) == pytest.approx(bounds(expected), abs=1e-9)


def test_answers_that_agree_photo_by_photo_leave_less_noise() -> None:
    shares, components = shares_of(12, num_repeats=1)
    worse = shares[1.0].copy()
    rows = worse.index[worse.index % 11 == 0]
    worse.loc[rows, ["p_a", "p_b", "p_c"]] = np.roll(worse.loc[rows, ["p_a", "p_b", "p_c"]], 1, axis=1)
    paired = leaking.difference(shares[1.0], worse, components)
    strangers = leaking.difference(shares[1.0], shares[0.5], components)
    assert bounds(paired)[1] - bounds(paired)[0] < 0.7 * (bounds(strangers)[1] - bounds(strangers)[0])


def test_splits_that_test_other_photos_are_compared_too() -> None:
    shares, components = shares_of(12)
    half = set(components.index[48:])  # six of the groups
    honest = shares[0.5][shares[0.5]["photo_id"].isin(half)]
    found = leaking.difference(shares[1.0], honest, components)
    assert not leaking.is_paired(shares[1.0], honest)
    assert found.num_components == 6
    low, high = bounds(found)
    assert low < found.value < high
    few = shares[0.5][shares[0.5]["photo_id"].isin(components.index[:24])]
    reason = leaking.difference(shares[1.0], few, components).reason
    assert reason == "3 independent sets of photos in test are too few; at least 5 are needed"


def test_the_sentence_says_how_much_a_random_split_flatters() -> None:
    shares, components = shares_of(9)
    _, _, _, splits = collection()
    found = findings.leaking_split("small", shares[1.0], shares[0.2], splits, components)
    low, high = found["difference"]["interval"]
    assert found["claim"] == "flatters"
    assert found["paired"]
    assert f"flatters small by {100 * found['difference']['difference']:.1f} points" in found["answer"]
    assert f"({100 * low:.1f} to {100 * high:.1f})" in found["answer"]
    other = findings.leaking_split("small", shares[0.2], shares[1.0], splits, components)
    assert other["claim"] == "lowers"
    assert "makes small look" in other["answer"]
    alike = findings.leaking_split("small", shares[1.0], shares[1.0], splits, components)
    assert (alike["claim"], alike["difference"]["difference"]) == ("open", 0)


def test_a_group_that_is_hard_for_both_splits_is_less_noise_than_two_groups() -> None:
    shares, components = shares_of(12)
    honest = shares[1.0][shares[1.0]["photo_id"].isin(components.index[48:])]
    same = leaking.difference(shares[1.0], honest, components)
    others = honest.assign(photo_id=honest["photo_id"] + "x")
    strangers = components.map(lambda group: f"{group} again").rename(lambda photo: f"{photo}x")
    apart = leaking.difference(shares[1.0], others, pd.concat([components, strangers]))
    assert same.value == apart.value
    assert same.between < 0.6 * apart.between


# The stage


def write_settings(folder: Path, **study: object) -> None:
    values = YAML(typ="safe").load(folder / "params.yaml")
    values["study"] = {"shares": [], "leaking": False, "variants": "all", **study}
    values["augment"] = {"copies": 1, "layers": [{"RandomFlip": {"mode": "horizontal"}}]}
    YAML().dump(values, folder / "params.yaml")


def evaluated(folder: Path, name: str = "baseline", *, num_repeats: int = 1) -> None:
    """Writes predictions as evaluation would, all of them for the first label."""
    photos = database.read_photos(folder / "data/database", ["photo_id", "label"])
    splits = database.read_splits(folder / "data/splits/splits.csv")
    tables = []
    for fold in (0, 1):
        tested = splits.query("part == 'test' and fold == @fold")["photo_id"]
        rows = photos[photos["photo_id"].isin(tested)]
        for repeat in range(num_repeats):
            shares = np.tile([0.7, 0.3], (len(rows), 1))
            tables.append(
                predictions.table(rows, shares, sorted(set(photos["label"])), fold=fold, repeat=repeat)
            )
    database.write_predictions(pd.concat(tables), folder / f"data/evaluations/{name}/predictions.csv")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_off_it_leaves_a_file_that_says_so(project: Path) -> None:
    write_settings(project)
    (project / "data/study/baseline").mkdir(parents=True)
    (project / "data/study/baseline/leaking.csv").write_text("of another time")
    study.main(["baseline"])
    found = json.loads((project / "data/study/baseline/study.json").read_text())
    assert (found["variant"], found["learning_curve"], found["leaking_split"]) == ("baseline", None, None)
    assert list(contents(project / "data/study/baseline")) == ["study.json"]


def test_a_variant_that_is_not_studied_waits_for_no_large_package(project: Path) -> None:
    write_settings(project, shares=[0.5, 0.25], variants="linear")
    large = {"keras", "tensorflow", "pandas", "sklearn", "scipy"}
    code = f"import sys, stages.study as s; s.main(['baseline']); print({large} & set(sys.modules))"
    answer = subprocess.run(
        [sys.executable, "-c", code],
        cwd=project, env={**os.environ, "PYTHONPATH": str(TOP)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert answer.stdout == "set()\n"


def test_on_it_leaves_figures_and_predictions_and_the_same_bytes_again(
    project: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write_settings(project, shares=[0.5, 0.25], leaking=True, variants=["fine_tuned"])
    evaluated(project, "fine_tuned")
    study.main(["fine_tuned"])
    folder = project / "data/study/fine_tuned"
    first = contents(folder)
    assert list(first) == [
        "leaking.csv",
        "learning_curve.csv",
        "photos-0.25.csv",
        "photos-0.5.csv",
        "study.json",
    ]
    found = json.loads(first["study.json"])
    (axis,) = found["learning_curve"]["axes"]
    assert [point["number"] for point in axis["points"]] == [2, 4, 8]
    assert axis["points"][-1]["accuracy"] == 0.5
    assert found["leaking_split"]["num_test_photos"] == 12
    told = capsys.readouterr()
    assert "study fine_tuned: leaking, fold 1, repeat 0 (" in told.err  # trainings end in any order
    assert "(6 of 6)" in told.err
    assert found["learning_curve"]["answer"] in told.out
    tested = database.read_predictions(folder / "photos-0.5.csv")
    honest = database.read_predictions(project / "data/evaluations/fine_tuned/predictions.csv")
    pd.testing.assert_frame_equal(tested[predictions.KEYS], honest[predictions.KEYS])

    # Once more, stopped in the fourth training, and resumed.
    (project / ".dvc").mkdir()
    monkeypatch.delenv("DVC_ROOT", raising=False)
    monkeypatch.setenv("DVC_STAGE", "study@fine_tuned")
    monkeypatch.setenv("TENSHOTS_WORKERS", "1")
    packed, num_packed = resuming.packed, [0]

    def until_the_fourth(outcome: Outcome) -> bytes:
        num_packed[0] += 1
        if num_packed[0] == 4:
            raise KeyboardInterrupt
        return packed(outcome)

    monkeypatch.setattr(resuming, "packed", until_the_fourth)
    with pytest.raises(KeyboardInterrupt):
        study.main(["fine_tuned"])
    assert contents(folder) == first
    capsys.readouterr()
    (folder.parent / ".fine_tuned.part").mkdir()  # as a kill leaves it
    (folder.parent / ".fine_tuned.part/leaking.csv").write_text("half")
    study.main(["fine_tuned"])
    assert contents(folder) == first
    assert "3 of 6 trainings were done before it was stopped; 3 left" in capsys.readouterr().err


def test_a_linear_variant_is_studied_without_a_seed(project: Path) -> None:
    values = YAML(typ="safe").load(project / "params.yaml")
    values["repeats"] = 3
    values["variants"]["frozen"] = {"data": "augmented", "network": "pretrained", "recipe": "linear_svm"}
    YAML().dump(values, project / "params.yaml")
    write_settings(project, shares=[0.5, 0.25], leaking=True)
    evaluated(project, "frozen")
    study.main(["frozen"])
    found = json.loads((project / "data/study/frozen/study.json").read_text())
    assert found["learning_curve"]["num_updates"] == 0
    assert set(database.read_predictions(project / "data/study/frozen/leaking.csv")["repeat"]) == {0}
    shares = database.read_predictions(project / "data/study/frozen/photos-0.5.csv")
    assert set(shares["repeat"]) == set(range(DRAWS)), "each draw leaves out others"
    assert found["learning_curve"]["axes"][0]["points"][-1]["accuracy"] == 0.5


def test_too_few_to_leave_any_out_is_said_without_training(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(axes, "MIN_TRAINING", 9)
    monkeypatch.setattr(retraining, "run", None)
    write_settings(project, shares=[0.5, 0.25])
    study.main(["baseline"])
    found = json.loads((project / "data/study/baseline/study.json").read_text())
    assert found["learning_curve"]["answer"].startswith(
        "Not measured: each fold learns from only 8 independent sets"
    )
    assert list(contents(project / "data/study/baseline")) == ["study.json"]


def test_features_of_copies_that_a_random_split_lacks_are_computed(project: Path) -> None:
    values = YAML(typ="safe").load(project / "params.yaml")
    values["variants"]["frozen"] = {"data": "augmented", "network": "pretrained", "recipe": "linear_svm"}
    YAML().dump(values, project / "params.yaml")
    write_settings(project, leaking=True)
    evaluated(project, "frozen")
    copies = database.read_copies(project / "data/augmented")
    database.write_copies(copies[3:], project / "data/augmented", num_shards=1)
    tiny_project.leave_features(values, num_copied=9)
    study.main(["frozen"])
    assert len(database.read_predictions(project / "data/study/frozen/leaking.csv")) == 12


def test_any_error_while_answers_are_read_ends_the_trainings_beside_it(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise MemoryError

    write_settings(project, shares=[0.5], variants=["baseline"])
    evaluated(project)
    monkeypatch.setattr(runtime, "num_workers", lambda *, threads: 2 * threads)
    monkeypatch.setattr(forward, "predict_rows", fail)
    before = threading.enumerate()
    with pytest.raises(MemoryError) as caught:
        study.main(["baseline"])
    assert caught.traceback  # holds the frames, and with them the trainings
    assert set(threading.enumerate()) <= set(before)  # earlier ones may end meanwhile


def test_predictions_of_another_split_are_an_error(project: Path) -> None:
    write_settings(project, shares=[0.5])
    evaluated(project, num_repeats=2)
    with pytest.raises(
        DataError, match=r"predictions\.csv does not fit .* run `dvc repro evaluate@baseline`"
    ):
        study.main(["baseline"])
