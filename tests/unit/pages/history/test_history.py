"""Experiments side by side: the report's statistics, paired on the same photos and refused on others."""

from __future__ import annotations

import csv
import dataclasses
import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stages import compare, recording
from stages import history as stage
from tenshots import params
from tenshots.errors import DataError
from tenshots.pages.history import gains, page, sentences, tables
from tenshots.pages.report import comparison
from tenshots.statistics import measure
from tenshots.statistics.evidence import Teachers
from tenshots.statistics.gains import difference
from tenshots.tables import database
from tenshots.tables.paths import EVALUATIONS, SPLITS
from tenshots.tracking import entries, figures, identity
from tenshots.tracking.experiments import Experiment
from tests.drawn import results as drawn_results
from tests.drawn.page import SETTINGS

LABELS = ["book", "cup", "keyboard"]
PHOTOS = drawn_results.photos(LABELS, num_groups=12, num_each=4)
COMPONENTS = pd.Series(PHOTOS["group"].to_numpy(), index=PHOTOS["photo_id"].to_numpy())


def experiment(name: str, *, skill: float, photos: pd.DataFrame = PHOTOS, **settings: str) -> Experiment:
    """An experiment with one variant that is right the more often the higher `skill` is."""
    return Experiment(
        name=name,
        key=name * 64,
        started="2020-01-01 00:00",
        settings={"lr": "0.1", "epochs": "9", **settings},
        figures={"baseline": {"val_accuracy": 0.5}},
        predictions={"baseline": drawn_results.predictions(photos, LABELS, skill=skill)},
        components=COMPONENTS.loc[photos["photo_id"]],
        num_sets=COMPONENTS.nunique(),
        test_set=identity.photos_hash(photos["photo_id"], photos["label"]),
        num_looks=3,
    )


def test_a_gain_is_the_paired_difference_on_the_same_photos() -> None:
    first, second = experiment("a", skill=0.5), experiment("b", skill=2.5, lr="0.2")
    reference, result = gains.compare([first, second], first)
    gain = difference(second.predictions["baseline"], first.predictions["baseline"], COMPONENTS)
    assert result.gain is not None
    assert result.gain[:3] == pytest.approx(gain[:3])
    assert result.accuracy == measure.accuracy(second.predictions["baseline"], COMPONENTS)
    assert result.changes == {"lr": ("0.1", "0.2")}
    text = sentences.sentence(result, "a")
    assert text.startswith("lr 0.1 → 0.2: baseline is better than in a: +")
    assert (reference.gain, reference.reason) == (None, "the reference")
    back = gains.compare([first], second)[0]
    assert sentences.sentence(back, "b").startswith("lr 0.2 → 0.1: baseline is worse than in b: \u2212")


def test_equal_experiments_differ_by_nothing_and_make_no_other_interval_wider() -> None:
    first, second = experiment("a", skill=1), experiment("b", skill=1, lr="0.2", epochs="8")
    other = experiment("c", skill=2.5, lr="0.3")
    result, moved = gains.compare([second, other], first)
    assert result.gain is not None
    assert result.gain.value == 0
    assert sentences.sentence(result, "a") == (
        "epochs 9 → 8, lr 0.1 → 0.2 together: no difference between baseline here and in a can be "
        "claimed: 0.0 points; its "
        "answers are the same"
    )
    assert moved == gains.compare([other], first)[0]


def test_the_intervals_of_several_gains_are_corrected_and_both_ways_to_read_say_so() -> None:
    experiments = [experiment(name, skill=skill) for name, skill in [("a", 0.5), ("b", 0.9), ("c", 1.2)]]
    first, other = (each.predictions["baseline"] for each in experiments[:2])
    alone, _ = gains.compare(experiments[1::-1], experiments[0])
    of_two = gains.compare(experiments, experiments[0])[1]
    corrected = difference(other, first, COMPONENTS, num_comparisons=2)
    assert of_two.gain is not None
    assert of_two.gain[:3] == pytest.approx(corrected[:3])
    assert alone.gain is not None
    assert alone.gain[:3] == pytest.approx(difference(other, first, COMPONENTS)[:3])

    results = gains.compare(experiments, experiments[0])
    (corrects, approximate) = sentences.cautions(experiments, results)
    assert corrects.startswith("The intervals of the 2 differences are widened so that all of them hold")
    assert approximate.startswith("Intervals over several folds are approximate")
    assert corrects in page.render(experiments, results, "a")
    assert not [text for text in sentences.cautions(experiments[:2], results[:2]) if "widened" in text]


def test_one_training_a_fold_is_a_caution() -> None:
    single = experiment("a", skill=1)
    rows = single.predictions["baseline"]
    single = dataclasses.replace(single, predictions={"baseline": rows[rows["repeat"] == 0].assign(fold=0)})
    (caution,) = sentences.cautions([single], gains.compare([single], single))
    assert "leave out how much another differs" in caution


def test_experiments_dealt_into_other_folds_are_compared_as_if_in_one() -> None:
    """Which folds photos were dealt into is no reason to refuse: the photos and labels are the same."""
    first, second = experiment("a", skill=0.5), experiment("b", skill=2.5)
    rows = second.predictions["baseline"]
    folds = {name: number % 3 for number, name in enumerate(sorted(set(COMPONENTS)))}
    dealt = rows.assign(fold=rows["photo_id"].map(COMPONENTS).map(folds))
    (result,) = gains.compare([dataclasses.replace(second, predictions={"baseline": dealt})], first)
    tables = [each.assign(fold=0) for each in (rows, first.predictions["baseline"])]
    one_fold = difference(*tables, COMPONENTS, teachers=Teachers(COMPONENTS.nunique(), tested=True))
    assert result.gain is not None
    assert result.gain[:3] == pytest.approx(one_fold[:3])
    assert result.gain.value == pytest.approx(gains.compare([second], first)[0].gain.value)


def test_other_photos_or_labels_are_refused_with_the_reason() -> None:
    first = experiment("a", skill=1)
    fewer = experiment("b", skill=1, photos=PHOTOS.iloc[10:])
    relabelled_photos = PHOTOS.assign(label=np.roll(PHOTOS["label"], 1))
    relabelled = experiment("c", skill=1, photos=relabelled_photos)
    results = gains.compare([fewer, relabelled], first)
    assert [each.gain for each in results] == [None, None]
    num_same = int((PHOTOS["label"] == relabelled_photos["label"]).sum())
    assert num_same < 144
    same = "not tested on the same photos and labels as a"
    assert [each.reason for each in results] == [
        f"{same}: 134 photos against 144, 134 of them the same",
        f"{same}: 144 photos against 144, {num_same} of them the same",
    ]
    assert "b is not compared: not tested on the same photos" in tables.aligned_table(results, "a")


def test_a_variant_that_the_reference_lacks_is_refused() -> None:
    first, second = experiment("a", skill=1), experiment("b", skill=1)
    renamed = dataclasses.replace(
        second, predictions={"new": second.predictions["baseline"]}, figures={"new": {}}
    )
    result = gains.compare([renamed], first)[0]
    assert (result.reason, result.val_accuracy) == ("a has no variant new", None)


def test_sets_that_share_a_photo_are_joined() -> None:
    first = pd.Series(["x", "x", "y", "z"], index=["1", "2", "3", "4"])
    second = pd.Series(["q", "p", "p", "q2"], index=["1", "3", "2", "4"])
    joined = gains.joined_components(first, second)
    assert joined["1"] == joined["2"] == joined["3"] != joined["4"]
    assert gains.joined_components(first, first).nunique() == 3


def test_the_csv_has_a_row_a_variant_and_a_column_a_setting_that_differs() -> None:
    experiments = [experiment("a", skill=0.5), experiment("b", skill=2.5, lr="0.2")]
    results = gains.compare(experiments, experiments[0])
    rows = list(csv.DictReader(tables.csv_table(experiments, results, "a").splitlines()))
    assert [row["experiment"] for row in rows] == ["a", "b"]
    assert [row["lr"] for row in rows] == ["0.1", "0.2"]
    assert "epochs" not in rows[0]
    assert rows[0]["difference"] == ""
    assert float(rows[1]["difference"]) == pytest.approx(results[1].gain.value, abs=1e-6)


class Elements(HTMLParser):
    """The tags of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keeps it."""
        self.tags.append((tag, dict(attrs)))


def test_the_page_stands_alone_escapes_names_and_says_how_often_photos_were_seen() -> None:
    experiments = [experiment("<script>", skill=0.5), experiment("b", skill=2.5, lr="<b>")]
    text = page.render(experiments, gains.compare(experiments, experiments[0]), "<script>")
    tags = Elements(text).tags
    assert not {"script", "b>"} & {tag for tag, _ in tags}
    assert not [attrs for _, attrs in tags if {"src"} & set(attrs)]
    assert "3 experiments have been evaluated on these 144 test photos" in text
    assert "Choose settings by the validation accuracy" in text
    points = [attrs["style"] for _, attrs in tags if attrs.get("class") == "point"]
    assert len(points) == 1
    assert 50 < float(points[0].removeprefix("left:").rstrip("%")) <= 100


def test_the_heading_does_not_count_the_reference_among_those_compared_with_it() -> None:
    experiments = [experiment(name, skill=1) for name in "abc"]
    for number, words in ((1, "<b>a</b> alone"), (2, "1 experiment compared"), (3, "2 experiments compared")):
        some = experiments[:number]
        assert f'<h1 id="moved">{words}' in page.render(some, gains.compare(some, some[0]), "a")


@pytest.mark.parametrize(("value", "expected"), [(0.0, 10), (0.04, 10), (-0.101, 20), (1.0, 100)])
def test_the_axis_of_gains_ends_at_a_round_number(value: float, expected: int) -> None:
    result = gains.compare([experiment("a", skill=1)], experiment("b", skill=1))[0]
    estimate = measure.Estimate(value, None, None, "")
    assert page.widest([dataclasses.replace(result, gain=estimate)]) == expected


@pytest.fixture
def two_experiments(store: Callable[..., list]) -> Callable[..., list]:
    """A store with two compared experiments: rates 0.001 (the first) and 0.002."""
    drawn_results.project(Path(), num_groups=6, num_each=2)
    for lr in ("1e-3", "2e-3"):
        path = Path("params.yaml")
        path.write_text(path.read_text().replace("lr: 1e-3", f"lr: {lr}"))
        compare.main([])
        recording.record(params.read(), variants=drawn_results.SKILLS)
    return store


def test_the_command_agrees_with_the_comparison_and_chooses_experiments(
    two_experiments: Callable[..., list], capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    stage.main(["--csv", "history.csv"])
    output = capsys.readouterr().out
    assert (
        "2 experiments have been evaluated on these 36 test photos: choose by validation accuracy." in output
    )
    assert Path("reports/history.html").read_text().startswith("<!doctype html>")
    compared = json.loads(Path("reports/comparison.json").read_text())["variants"]
    table = pd.read_csv("history.csv")
    assert table["variant"].tolist() == [*drawn_results.SKILLS] * 2
    assert table["lr"].tolist() == [0.001] * 3 + [0.002] * 3
    for row in table.itertuples():
        assert row.test_accuracy == pytest.approx(compared[row.variant]["test_accuracy"], abs=2e-6)
        assert [row.test_low, row.test_high] == pytest.approx(compared[row.variant]["interval"], abs=2e-6)
        assert row.val_accuracy == compared[row.variant]["val_accuracy"]
    assert table["difference"].tolist()[3:] == [0, 0, 0]

    first, second = table["experiment"].unique()
    stage.main([second, "--csv", "history.csv"])
    assert pd.read_csv("history.csv")["experiment"].unique().tolist() == [second]
    stage.main(["--last", "1", "--csv", "history.csv"])
    assert pd.read_csv("history.csv")["experiment"].unique().tolist() == [second]
    stage.main(["--filter", "params.lr = '0.001'", "--csv", "history.csv"])
    assert pd.read_csv("history.csv")["experiment"].unique().tolist() == [first]
    stage.main(["--reference", second, "--csv", "history.csv"])
    assert pd.read_csv("history.csv")["experiment"].unique().tolist() == [second, first]
    with pytest.raises(SystemExit):
        stage.main(["--last", "0"])
    assert "argument --last: must be a whole number, at least 1, got '0'" in capsys.readouterr().err
    with pytest.raises(DataError, match="no compared experiment is called 'absent'; there are: "):
        stage.main(["absent"])
    for wrong, hint in {
        "settings.lr": "did you mean 'lr'",
        "`variants.baseline.dat`": "did you mean 'variants.baseline.data'",
        "qqq": "named as in params.yaml",
    }.items():
        with pytest.raises(DataError, match=rf"no experiment has the setting .*; .*{hint}"):
            stage.main(["--filter", f"params.{wrong} = '1'"])
    with pytest.raises(DataError, match="no finished comparison that matches"):
        stage.main(["--filter", "params.lr = '1'"])
    with pytest.raises(DataError, match="cannot be used: "):
        stage.main(["--filter", "nonsense"])
    assert len(two_experiments()) == 2 * (1 + len(drawn_results.SKILLS))


def test_of_a_single_split_the_intervals_are_the_reports_once_it_is_recorded_who_taught(
    store: Callable[..., list], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Runs that are older than the record are read, with wider intervals and a word; `record` mends them."""
    for drawing in ("confusion_png", "curves_png"):  # half of the time, and no matter here
        monkeypatch.setattr(figures, drawing, lambda *_, **__: b"picture")
    photos = drawn_results.project(Path(), num_groups=20, num_each=1)
    tested = photos[photos["group"] < "student06"]
    rows = photos[["photo_id"]].assign(component=photos["group"], fold=0, part="train")
    rows.loc[tested.index, "part"] = "test"
    database.write_splits(rows, SPLITS)
    evaluated = {
        name: drawn_results.results(tested, LABELS, skill=skill, num_folds=1)
        for name, skill in drawn_results.SKILLS.items()
    }
    for name, each in evaluated.items():
        drawn_results.write_evaluation(EVALUATIONS / name, each)

    def record() -> None:
        recording.record(params.read(), variants=drawn_results.SKILLS, with_report=False)

    def intervals() -> list[list[float]]:
        capsys.readouterr()
        stage.main(["--csv", "history.csv"])
        return pd.read_csv("history.csv")[["test_low", "test_high"]].to_numpy().tolist()

    compared = comparison.compare(evaluated, photos, rows, SETTINGS)["variants"]
    of_report = [pytest.approx(each["interval"], abs=2e-6) for each in compared.values()]
    record()
    assert intervals() == of_report
    assert "older than the record" not in capsys.readouterr().out

    with closing(sqlite3.connect("mlruns/mlflow.db")) as database_of_store, database_of_store:
        for table in ("metrics", "latest_metrics"):
            database_of_store.execute(f"delete from {table} where key = ?", [entries.NUM_SETS])
    older = intervals()
    assert "older than the record of how many independent sets" in capsys.readouterr().out
    for (low, high), found in zip(older, compared.values(), strict=True):
        assert low < found["interval"][0] < found["interval"][1] < high
    record()
    assert intervals() == of_report
    del store


@pytest.mark.usefixtures("store")
def test_an_empty_store_is_an_error_with_the_remedy() -> None:
    with pytest.raises(DataError, match=r"run `dvc repro`, or `python -m stages\.record`"):
        stage.main([])


def test_history_imports_no_backend() -> None:
    code = "import sys, stages.history; print({'keras', 'tensorflow', 'jax', 'mlflow'} & set(sys.modules))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout == "set()\n"
