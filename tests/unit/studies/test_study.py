"""Truths about the studies: which photos they learn from, what figures say, what the stage leaves."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from benchmarks import extrapolation
from stages import study
from tenshots import params, runtime
from tenshots.augmentation import copying
from tenshots.augmentation.settings import AugmentSettings
from tenshots.errors import DataError, SettingsError
from tenshots.networks import forward
from tenshots.splitting import leakage
from tenshots.splitting.division import split
from tenshots.splitting.settings import SplitSettings
from tenshots.statistics import gains
from tenshots.studies import curve, findings, leaking, retraining
from tenshots.studies.curve import Curve, Extrapolation, Measurements
from tenshots.studies.settings import StudySettings, check_names
from tenshots.tables import database, predictions
from tenshots.training import resuming
from tenshots.training.jobs import Outcome
from tests.drawn import tiny_project
from tests.drawn.answers import bounds, drawn
from tests.drawn.divided import photos_of

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
    assert len({retraining.share_name(share) for share in shares}) == 4


def test_the_project_studies_nothing_until_asked() -> None:
    given = params.section(params.read(TOP / "params.yaml"), "study", StudySettings)
    assert not given.concerns("baseline")
    assert settings(0.5).concerns("baseline")
    assert not StudySettings(shares=(0.5,), leaking=True, variants=("other",)).concerns("baseline")


def test_an_unknown_variant_is_an_error_that_names_the_nearest() -> None:
    named = StudySettings(shares=(), leaking=True, variants=("basline",))
    with pytest.raises(SettingsError, match=r"study\.variants .*'basline'; did you mean 'baseline'"):
        check_names(named, ["baseline", "augmented"])


# Which photos a training learns from


def test_a_share_has_its_part_of_each_label_and_lies_within_a_larger_one() -> None:
    labels = np.array(["a"] * 40 + ["b"] * 10 + ["c"] * 5)
    tenth, half = (retraining.subset(labels, share, seed=3) for share in (0.1, 0.5))
    assert [int(tenth[labels == name].sum()) for name in "abc"] == [4, 1, 1]
    assert [int(half[labels == name].sum()) for name in "abc"] == [20, 5, 3]
    assert not (tenth & ~half).any()
    assert (retraining.subset(labels, 0.5, seed=4) != half).any()


def collection(folds: int = 3) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Nine people with three photos of two labels each: the manifest, photos, two copies each, and splits."""
    manifest = photos_of([(label, f"p{person}") for person in range(9) for label in "ab" for _ in range(3)])
    splits = split(manifest, SplitSettings(folds=folds, test=0.3, val=0.3), seed=1)
    photos = manifest[["photo_id", "label"]].sort_values("photo_id", ignore_index=True)
    trained = photos[photos["photo_id"].isin(splits.loc[splits["part"] == "train", "photo_id"])]
    return manifest, photos, pd.concat([trained, trained], ignore_index=True), splits


def test_a_smaller_training_sees_fewer_photos_their_copies_and_as_many_updates() -> None:
    _, photos, copies, splits = collection()
    ids = np.concatenate([photos["photo_id"], copies["photo_id"]])
    found = retraining.tasks(settings(0.25, 0.5), photos, copies, splits, seed=1, repeats=2)
    assert [task.name for task in found] == ["share-0.25", "share-0.5"]
    for small, large in zip(found[0].jobs, found[1].jobs, strict=True):
        part_of = splits[splits["fold"] == small.fold].set_index("photo_id")["part"]
        assert set(part_of[ids[large.train]]) == {"train"}
        assert set(small.train) < set(large.train)
        originals = ids[small.train[small.train < len(photos)]]
        assert sorted(ids[small.train]) == sorted(np.repeat(originals, 3))
        assert len(originals) == pytest.approx(0.25 * (part_of == "train").sum(), abs=1)
        assert small.num_originals == large.num_originals == (part_of == "train").sum()
        assert set(part_of[ids[small.val]]) == {"val"}
    first, second = (set(job.train) for job in found[0].jobs[:2])
    assert first != second, "repeats leave out other photos"
    assert retraining.num_photos(found, photos, splits)[0.5] == len(found[1].jobs[0].train) / 3


def test_a_share_that_leaves_a_label_out_is_an_error_that_says_how_much_is_needed() -> None:
    _, photos, copies, splits = collection()
    with pytest.raises(SettingsError) as caught:
        retraining.tasks(settings(0.03, 0.5), photos, copies, splits, seed=1, repeats=1)
    needed = float(str(caught.value).rsplit("take at least ", 1)[1])
    assert "params.yaml: study.shares must leave every fold" in str(caught.value)
    assert retraining.tasks(settings(needed), photos, copies, splits, seed=1, repeats=1)


@pytest.mark.parametrize("folds", [1, 3])
def test_the_random_split_is_the_one_that_leakage_counts(folds: int) -> None:
    manifest, photos, copies, splits = collection(folds)
    counted = leakage.leakage(manifest, splits, seed=1)["random_split"]
    dealt = leakage.random_splits(photos.sample(frac=1, random_state=0), splits.iloc[::-1], seed=1)
    assert leakage.num_with_sibling(dealt) == counted["with_sibling_in_training"]["component"] > 0
    assert leakage.num_with_sibling(splits) == 0
    for fold, rows in splits.groupby("fold"):
        assert dict(dealt.loc[dealt["fold"] == fold, "part"].value_counts()) == dict(
            rows["part"].value_counts()
        )
    (task,) = retraining.tasks(settings(leaking=True), photos, copies, splits, seed=1, repeats=1)
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
    dealt = leakage.random_splits(photos, splits, seed=5)
    wanted = {*splits.query("part == 'train'")["photo_id"], *dealt.query("part == 'train'")["photo_id"]}
    assert set(found["photo_id"]) == wanted > set(honest["photo_id"])
    expected = made(photos[photos["photo_id"].isin(wanted)])
    pd.testing.assert_frame_equal(
        found.sort_values("photo_id", kind="stable", ignore_index=True),
        expected.sort_values("photo_id", kind="stable", ignore_index=True),
    )


# The learning curve


def known(
    law: Curve, *, noise: float = 0.01, common: float = 0.05, shares: tuple[float, ...] = (0.1, 0.2, 0.5, 1)
) -> Measurements:
    """Accuracies that lie on the law, with errors of these standard deviations."""
    numbers = 150 * np.array(shares)
    return Measurements(
        num_photos=numbers,
        accuracies=np.array([law.at(number) for number in numbers]),
        covariance=common**2 + noise**2 * np.eye(len(shares)),
        degrees=10.0,
        num_components=12,
        reason=None,
    )


@pytest.mark.parametrize("law", [Curve(0.9, 1.2, 0.5), Curve(1.0, 0.9, 0.25), Curve(0.8, 0.0, 1.0)])
def test_accuracies_on_a_law_give_it_back(law: Curve) -> None:
    measured = known(law)
    found = curve.extrapolate(measured)
    truth = law.at(300) - law.at(150)
    assert found.gain == pytest.approx(truth, abs=0.002)
    assert found.curve.at(300) == pytest.approx(law.at(300), abs=0.003)
    assert found.low is not None
    assert found.high is not None
    assert found.low <= truth <= found.high
    assert found.p_value == pytest.approx(1, abs=0.02)
    for point in curve.band(measured, found.curve):
        assert point.low is not None
        assert point.high is not None
        assert 0 <= point.low <= point.accuracy <= point.high <= 1


def test_what_is_common_to_all_shares_moves_the_band_and_not_the_gain() -> None:
    law = Curve(0.6, 1.0, 0.5)
    firm, loose = known(law, common=0.01), known(law, common=0.06)
    gains = [curve.extrapolate(each) for each in (firm, loose)]
    assert gains[0][1:4] == pytest.approx(gains[1][1:4], abs=0.001)
    widths = [point.high - point.low for point in (curve.band(each, law)[20] for each in (firm, loose))]  # type: ignore[operator]
    assert widths[1] > 2 * widths[0]


def test_noise_widens_the_interval_up_to_what_such_curves_can_do() -> None:
    law = Curve(0.9, 1.2, 0.5)
    widths = []
    for noise in (0.003, 0.01, 0.03):
        found = curve.extrapolate(known(law, noise=noise))
        widths.append((found.high or 0) - (found.low or 0))
    assert widths == sorted(widths)
    assert widths[-1] > 3 * widths[0]


def test_accuracies_that_rise_ever_faster_are_no_power_law() -> None:
    measured = replace(known(Curve(0.9, 1, 0.5)), accuracies=np.array([0.34, 0.34, 0.4, 0.9]))
    found = curve.extrapolate(measured)
    assert findings.claim(found) == "misfit"


@pytest.mark.slow
def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    """A short version of benchmarks/extrapolation.py, where 12 laws and numbers of groups stand."""
    for name, num_groups in [("slow", 5), ("steep, far from its end", 8), ("up to 0.9", 12)]:
        case = extrapolation.Case(extrapolation.LAWS[name], num_groups)
        found = list(extrapolation.experiments(case, 150))
        assert extrapolation.coverage(found, case.truth) >= 0.9, name


@pytest.mark.parametrize(
    ("low", "high", "p_value", "verdict"),
    [
        (0.01, 0.08, 0.5, "gain"),
        (0.0, 0.08, 0.5, "open"),
        (0.0, 0.009, 0.5, "little"),
        (0.01, 0.08, 0.01, "misfit"),
        (None, None, None, "unknown"),
    ],
)
def test_the_interval_decides_what_is_claimed(
    low: float | None, high: float | None, p_value: float | None, verdict: str
) -> None:
    assert findings.claim(Extrapolation(Curve(0.9, 1, 0.5), 0.04, low, high, None, p_value)) == verdict


def shares_of(
    num_groups: int, *, num_repeats: int = 2
) -> tuple[dict[float, pd.DataFrame], dict[float, float], pd.Series]:
    """Drawn predictions of three shares, the more often right the larger the share."""
    rows, components = drawn(num_groups=num_groups, num_repeats=num_repeats)
    draw = np.random.default_rng(0)
    found = {}
    for share, right in [(0.2, 0.3), (0.5, 0.6), (1.0, 0.8)]:
        told = draw.random(len(rows)) < right
        values = rows[["p_a", "p_b", "p_c"]].to_numpy() * 0.1
        truth = rows["label"].map({"a": 0, "b": 1, "c": 2}).to_numpy()
        values[np.arange(len(rows)), np.where(told, truth, (truth + 1) % 3)] += 0.9
        found[share] = rows.assign(**dict(zip(["p_a", "p_b", "p_c"], values.T, strict=True)))
    return found, {0.2: 10.0, 0.5: 25.0, 1.0: 50.0}, components


def test_the_answer_is_a_sentence_with_the_interval_and_says_what_it_is_about() -> None:
    found = findings.learning_curve("small", *shares_of(9), grouped=True, num_updates=80)
    assert [point["num_photos"] for point in found["points"]] == [10, 25, 50]
    low, high = found["twice"]["interval"]
    assert low <= found["twice"]["gain"] <= high
    assert found["twice"]["num_photos"] == 100
    assert found["answer"].startswith(
        f"Twice as many photos (100 instead of 50 per training) would bring small about "
        f"+{100 * found['twice']['gain']:.1f} points ({100 * low:.1f} to {100 * high:.1f})."
    )
    assert any("more photos from the same groups" in text for text in found["sentences"])
    assert found["band"][-1]["num_photos"] == pytest.approx(100)


def test_of_what_no_seed_moves_nothing_is_said_of_updates_or_repeats() -> None:
    shares, numbers, components = shares_of(9)
    shares = {share: rows[rows["repeat"] == 0] for share, rows in shares.items()}
    said, hiding = (
        " ".join(
            findings.learning_curve("s", shares, numbers, components, grouped=True, num_updates=number)[
                "sentences"
            ]
        )
        for number in (0, 80)
    )
    assert "number of updates" not in said
    assert "set repeats" not in said
    assert "No seed moves its weights" in said
    assert "number of updates" in hiding
    assert "set repeats to 2 or more" in hiding


def test_few_groups_give_a_curve_without_an_interval_and_the_reason() -> None:
    found = findings.learning_curve("small", *shares_of(4), grouped=False, num_updates=80)
    assert found["twice"]["interval"] is None
    assert found["twice"]["claim"] == "unknown"
    assert "It cannot be said what twice as many photos" in found["answer"]
    assert "4 independent sets of photos are too few; at least 5 are needed" in found["answer"]
    assert found["band"][0]["low"] is None
    assert not any("same groups" in text for text in found["sentences"])


def test_two_shares_are_no_curve() -> None:
    shares, numbers, components = shares_of(9)
    del shares[0.2], numbers[0.2]
    found = findings.learning_curve("small", shares, numbers, components, grouped=True, num_updates=80)
    assert (found["twice"], found["curve"], found["band"]) == (None, None, [])
    assert "at least 3 are needed" in found["no_twice"]
    assert found["points"][0]["interval"]


def test_shares_of_other_photos_cannot_be_joined() -> None:
    shares, numbers, components = shares_of(9)
    shares[0.5] = shares[0.5][shares[0.5]["photo_id"] != "000"]
    with pytest.raises(DataError, match="same photos"):
        findings.learning_curve("small", shares, numbers, components, grouped=True, num_updates=80)


# The leaking split


@pytest.mark.parametrize("num_groups", [9, 24])
def test_in_the_same_folds_the_difference_is_that_of_two_variants(num_groups: int) -> None:
    """Only that its trainings have no seed in common: their noise adds up, as it does in different folds."""
    shares, _, components = shares_of(num_groups, num_repeats=1)
    found = leaking.difference(shares[1.0], shares[0.5], components)
    expected = gains.difference(shares[1.0], shares[0.5], components)
    assert found.value == expected.value
    assert bounds(found) == pytest.approx(bounds(expected), abs=1e-9)


def test_answers_that_agree_photo_by_photo_leave_less_noise() -> None:
    shares, _, components = shares_of(12, num_repeats=1)
    worse = shares[1.0].copy()
    rows = worse.index[worse.index % 11 == 0]
    worse.loc[rows, ["p_a", "p_b", "p_c"]] = np.roll(worse.loc[rows, ["p_a", "p_b", "p_c"]], 1, axis=1)
    paired = leaking.difference(shares[1.0], worse, components)
    strangers = leaking.difference(shares[1.0], shares[0.5], components)
    assert bounds(paired)[1] - bounds(paired)[0] < 0.7 * (bounds(strangers)[1] - bounds(strangers)[0])


def test_splits_that_test_other_photos_are_compared_too() -> None:
    shares, _, components = shares_of(12)
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
    shares, _, components = shares_of(9)
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
    shares, _, components = shares_of(12)
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


def test_off_it_waits_for_no_large_package() -> None:
    large = {"keras", "tensorflow", "pandas", "sklearn", "scipy"}
    code = f"import sys, stages.study; print({large} & set(sys.modules))"
    answer = subprocess.run([sys.executable, "-c", code], cwd=TOP, capture_output=True, text=True, check=True)
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
        "share-0.25.csv",
        "share-0.5.csv",
        "study.json",
    ]
    found = json.loads(first["study.json"])
    assert [point["num_photos"] for point in found["learning_curve"]["points"]] == [2, 4, 8]
    assert found["learning_curve"]["points"][-1]["accuracy"] == 0.5
    assert found["leaking_split"]["num_test_photos"] == 12
    told = capsys.readouterr()
    assert "study fine_tuned: leaking, fold 1, repeat 0 (" in told.err  # trainings end in any order
    assert "(6 of 6)" in told.err
    assert found["learning_curve"]["answer"] in told.out
    tested = database.read_predictions(folder / "share-0.5.csv")
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
    monkeypatch.setattr(forward, "predict", fail)
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
