"""The comparison in numbers and the page."""

import base64
import dataclasses
import io
import re
from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tenshots import params
from tenshots.errors import DataError, SettingsError
from tenshots.evaluation import metrics
from tenshots.pages.report import charts, comparison, how_taught, made_from, page, pictures, sentences, views
from tenshots.pages.settings import ReportSettings
from tenshots.statistics import phrases
from tests.drawn import results as drawn_results
from tests.drawn.page import LABELS, SETTINGS, Elements, changed, inputs, made


def test_labels_paths_reasons_and_settings_are_text_whatever_they_hold() -> None:
    elements = Elements(page.render(inputs(), SETTINGS))
    assert {"script", "b", "i", "this"} & {tag for tag, _ in elements.tags} == {"b"}  # our own <b>
    for text in ["<script>alert(1)</script>", "<b>notes.txt", "How to read <this>", "<i>", '"><script>IMG']:
        assert text in elements.text


def test_the_page_is_complete_in_itself() -> None:
    text = page.render(inputs(), SETTINGS)
    elements = Elements(text)
    addresses = [
        v for _, a in elements.tags for k, v in a.items() if k in ("src", "href", "srcset", "action")
    ]
    assert all(address is not None and address.startswith(("data:", "#")) for address in addresses)
    assert "url(" not in text
    assert "@import" not in text
    ids = {attributes["id"] for _, attributes in elements.tags if "id" in attributes}
    assert {address[1:] for address in addresses if address and address.startswith("#")} <= ids


def test_every_picture_says_in_words_what_it_shows() -> None:
    tags = Elements(page.render(inputs(), SETTINGS)).tags
    shown = [attributes for tag, attributes in tags if tag == "img"]
    assert all(attributes.get("alt") for attributes in shown)
    assert len(shown) == 1 + 3 * 2  # the preview; what the networks see
    drawn = [attributes for tag, attributes in tags if tag == "svg" and attributes.get("role") == "img"]
    photos = [attributes for attributes in drawn if attributes["class"] == "photo"]
    assert sum(tag == "title" for tag, _ in tags) >= 1 + len(photos)  # that of the page, and one per photo
    assert all(attributes.get("aria-label") for attributes in drawn if attributes["class"] != "photo")


def test_the_same_inputs_give_the_same_page_and_nothing_of_this_machine() -> None:
    text = page.render(inputs(), SETTINGS)
    assert text == page.render(inputs(), SETTINGS)
    assert str(page.FOLDER) not in text
    assert not re.search(r"20[2-9]\d-\d\d-\d\d", text)


def test_without_groups_or_rejected_files_the_page_says_so() -> None:
    drawn = inputs(grouped=False)
    assert not drawn.compared["grouped"]
    assert drawn.compared["num_test_components"] == drawn.compared["num_test_photos"]
    assert drawn.compared["unit"] == "photo"
    text = Elements(page.render(drawn, SETTINGS)).text
    assert "groups" not in text.split("The photos", 1)[1].split(";", 1)[0]


def test_no_mistakes_are_shown_where_none_are_wanted() -> None:
    settings = SETTINGS.model_copy(update={"num_mistakes": 0, "num_samples": 1})
    without = made(inputs().photos, LABELS, drawn_results.SKILLS, settings=settings)
    tags = Elements(page.render(without, settings)).tags
    assert not [attributes for tag, attributes in tags if tag == "ol"]


def test_each_variant_is_compared_with_all_before_it() -> None:
    compared = inputs().compared
    pairs = [(item["variant"], item["reference"]) for item in compared["differences"]]
    assert pairs == [("augmented", "baseline"), ("fine_tuned", "baseline"), ("fine_tuned", "augmented")]
    assert compared["variants"]["baseline"]["test_accuracy"] == pytest.approx(
        np.mean([item["test_accuracy"] for item in inputs().results["baseline"].details["per_repeat"]])
    )


def test_accuracy_and_interval_are_about_the_same_figure() -> None:
    for figures in inputs().compared["variants"].values():
        low, high = figures["interval"]
        assert low <= figures["test_accuracy"] <= high
        accuracy = figures["estimates"]["accuracy"]
        assert accuracy["interval"] == figures["interval"]
        assert accuracy["value"] == pytest.approx(figures["test_accuracy"], abs=1e-6)


def test_every_figure_has_an_interval_or_the_reason_for_none() -> None:
    compared = inputs().compared
    shown = [compared["commonest_label"]]
    for figures in compared["variants"].values():
        assert list(figures["estimates"]) == list(comparison.ESTIMATED)
        shown += [figures, figures["over_guess"], *figures["estimates"].values()]
        shown += [
            item[name] for item in figures["per_class"] for name in ("recall", "precision", "f1", "roc_auc")
        ]
        shown += figures["calibration"]["curve"]
        for name in ("balanced_accuracy", "macro_f1", "log_loss", "roc_auc", "brier_loss"):
            assert figures["estimates"][name]["value"] == pytest.approx(figures[f"test_{name}"], abs=2e-6)
    shown += compared["differences"]
    for item in shown:
        assert (item["interval"] is None) == (item["no_interval"] is not None)
        assert item["interval"] is None or item["interval"][0] <= item["interval"][1]
    assert sum(item["interval"] is not None for item in shown) > len(shown) / 2


def compare(results: Mapping, photos: pd.DataFrame, splits: pd.DataFrame, **settings: object) -> dict:
    return comparison.compare(results, photos, splits, SETTINGS.model_copy(update=settings))


def test_a_claim_and_its_interval_agree() -> None:
    for item in inputs().compared["differences"]:
        low, high = item["interval"]
        assert item["claim"] in (["better"] if low > 0 else ["worse"] if high < 0 else ["open", "equal"])
        assert ("neither a difference nor equality" in item["sentence"]) == (item["claim"] == "open")


def test_all_pairs_are_compared_and_corrected_for_being_several() -> None:
    drawn = inputs()
    splits = drawn_results.splits(drawn.photos)
    three = drawn.compared
    assert three["num_comparisons"] == 3
    assert "The intervals of the 3 differences asked about are widened" in phrases.basis(three)
    names = ["baseline", "augmented"]
    two = compare({name: drawn.results[name] for name in names}, drawn.photos, splits)
    assert two["num_comparisons"] == 1
    assert "are widened" not in phrases.basis(two)
    (alone,), together = two["differences"], three["differences"][0]
    assert alone["difference"] == together["difference"]
    assert together["interval"][0] < alone["interval"][0] < alone["interval"][1] < together["interval"][1]
    more = {**drawn.results, "again": drawn.results["augmented"]}
    four = compare(more, drawn.photos, splits)
    assert len(four["differences"]) == four["num_comparisons"] == 6
    same = next(
        item
        for item in four["differences"]
        if item["variant"] == "again" and item["reference"] == "augmented"
    )
    assert same["interval"] is None
    assert same["mcnemar"] == {"num_better": 0, "num_worse": 0, "p_value": 1.0}


def test_mcnemars_test_is_a_note_that_says_what_it_ignores() -> None:
    compared = inputs().compared
    note = sentences.mcnemar_note(compared)
    assert "ignores groups" in note
    assert note.count(" p ") == 3
    assert note in sentences.markdown(compared)
    assert note in Elements(page.render(inputs(), SETTINGS)).text


def guessing() -> views.Inputs:
    """A variant that is no better than always answering the commonest label, and looks like 40 %."""
    drawn = inputs()
    results = {
        name: drawn_results.results(drawn.photos, LABELS, skill=skill)
        for name, skill in {"baseline": -0.2, "augmented": -0.4}.items()
    }
    compared = compare(results, drawn.photos, drawn_results.splits(drawn.photos))
    return dataclasses.replace(changed(drawn, **compared), results=results)


def test_what_is_no_better_than_always_answering_one_label_is_said_to_be_so() -> None:
    drawn = guessing()
    figures = drawn.compared["variants"][drawn.compared["chosen"]]
    assert figures["better_than_guess"] is False
    words = "not shown to be better than always answering"
    assert words in sentences.markdown(drawn.compared)
    headline = page.render(drawn, SETTINGS).split("</h1>")[0].rsplit("<h1", 1)[1]
    assert words in headline
    good = inputs().compared
    assert good["variants"][good["chosen"]]["better_than_guess"] is True
    assert sentences.doubt(good) == ""
    assert words not in page.render(inputs(), SETTINGS)


def test_one_training_a_fold_is_said_to_hide_how_much_another_would_differ() -> None:
    drawn = inputs()
    once = {
        name: dataclasses.replace(result, predictions=result.predictions[result.predictions["repeat"] == 0])
        for name, result in drawn.results.items()
    }
    once = {
        name: dataclasses.replace(
            result, details={**result.details, "calibration": metrics.calibration(result.predictions)}
        )
        for name, result in once.items()
    }
    compared = compare(once, drawn.photos, drawn_results.splits(drawn.photos))
    assert "nothing shows how much another would differ" in phrases.basis(compared)
    assert "nothing shows how much another would differ" not in phrases.basis(drawn.compared)


@pytest.mark.parametrize("names", [("baseline", "frozen"), ("frozen", "baseline")])
def test_what_no_seed_moves_is_taught_once_and_nothing_is_said_to_be_hidden(names: tuple[str, ...]) -> None:
    photos = drawn_results.photos(LABELS, num_groups=6, num_each=2)
    drawn = made(photos, LABELS, dict.fromkeys(names, 1.0), solved="frozen")
    compared = drawn.compared
    assert compared["num_repeats"] == 2
    assert {name: each["num_repeats"] for name, each in compared["variants"].items()} == {
        "baseline": 2,
        "frozen": 1,
    }
    assert not [note for note in compared["notes"] if "With one training per fold" in note]
    assert "2 trainings per fold (one for frozen, which no seed changes)." in phrases.basis(compared)
    assert compared["differences"][0]["interval"]

    text = page.render(drawn, SETTINGS)
    assert "frozen has no curve: its weights are computed in one step." in text
    curves = text.split('id="curves"')[1].split("</section>")[0]
    assert curves.count("<article") == 1


def test_one_training_of_each_hides_something_unless_no_seed_moves_any() -> None:
    photos = drawn_results.photos(LABELS, num_groups=6, num_each=2)
    frozen = drawn_results.results(photos, LABELS, skill=1.0, solved=True)
    once = drawn_results.results(photos, LABELS, skill=1.0, num_repeats=1)

    def hides(**results: comparison.Results) -> bool:
        found = compare(results, photos, drawn_results.splits(photos))
        assert "there is one" not in phrases.basis(found)
        return any("With one training per fold" in note for note in found["notes"])

    assert not hides(frozen=frozen)
    assert not hides(frozen=frozen, other=frozen)
    assert hides(frozen=frozen, baseline=once)


def test_the_estimand_is_said() -> None:
    words = "The figures estimate the accuracy on photos from new groups, for this way of training."
    assert inputs().compared["estimand"] == words
    assert words in Elements(page.render(inputs(), SETTINGS)).text
    assert "new photos like these" in inputs(grouped=False).compared["estimand"]


def test_where_nobody_knows_who_took_the_photos_the_first_screen_says_so() -> None:
    for grouped in (True, False):
        made = inputs(grouped=grouped)
        answer = Elements(page.render(made, SETTINGS)).text.split("The photos", 1)[0]
        assert (sentences.UNGROUPED in answer) is not grouped
        assert (sentences.UNGROUPED in phrases.basis(made.compared)) is not grouped


def confident(value: float, interval: list[float] | None) -> str:
    """What is said of a variant whose confidence exceeds its accuracy by `value`."""
    return sentences.calibrated(
        {
            "estimates": {"overconfidence": {"value": value, "interval": interval}},
            "calibration": {"ece": 0.06, "ece_if_calibrated": 0.03},
        }
    )


def test_caution_is_said_without_a_minus_sign() -> None:
    assert (
        "It is not sure enough: its confidence is 5.0 points below its accuracy on average (+2.0 to +8.0)."
    ) in confident(-0.05, [-0.08, -0.02])
    assert (
        "It is too sure: its confidence is 5.0 points above its accuracy on average (+2.0 to +8.0)."
    ) in confident(0.05, [0.02, 0.08])
    assert confident(0.05, None).startswith("Its confidence is 5.0 points above its accuracy on average. ")


@pytest.mark.parametrize("end", [0.0, 0.0003, 0.0004999])
def test_nobody_is_called_too_sure_beside_an_interval_that_starts_at_zero(end: float) -> None:
    for found in (confident(0.04, [end, 0.08]), confident(-0.04, [-0.08, -end])):
        assert found.startswith("It cannot be shown to be too sure or not sure enough:")
        assert "(0.0 to +8.0)" in found


def test_an_absolute_path_among_the_settings_is_shown_by_its_name_alone() -> None:
    values = {"photos": "/home/ada/pictures", "layout": "{label}/{name}"}
    text = Elements(page.render(dataclasses.replace(inputs(), values=values), SETTINGS)).text
    assert "/home/ada" not in text
    assert "pictures" in text
    assert "{label}/{name}" in text


@pytest.mark.parametrize(
    ("taught", "data", "words"),
    [
        ("from scratch", "database", "from scratch"),
        ("from scratch", "augmented", "from scratch, with changed copies"),
        ("pretrained", "database", "pretrained"),
    ],
)
def test_how_a_variant_was_taught_is_said_in_the_words_of_its_family(
    taught: str, data: str, words: str
) -> None:
    assert how_taught.taught({"taught": taught, "data": data}) == words


def test_one_variant_has_nothing_to_be_compared_with() -> None:
    drawn = inputs()
    splits = drawn_results.splits(drawn.photos)
    alone = compare({"baseline": drawn.results["baseline"]}, drawn.photos, splits)
    assert alone["differences"] == []
    assert "| baseline |" in sentences.markdown(alone)


def test_variants_tested_on_other_photos_are_an_error() -> None:
    drawn = inputs()
    first = drawn.results["baseline"]
    splits = drawn_results.splits(drawn.photos)
    rest = first.predictions[first.predictions["photo_id"] != first.predictions["photo_id"][0]]
    fewer = comparison.Results(rest, first.curves, first.details, first.metrics)
    with pytest.raises(DataError, match=r"other/predictions.csv .* run `dvc repro`"):
        compare({"baseline": first, "other": fewer}, drawn.photos, splits)
    with pytest.raises(DataError, match="run `dvc repro`"):
        compare({"baseline": first}, drawn.photos.iloc[5:], splits)
    with pytest.raises(DataError, match=r"data/database and data/splits/splits.csv; run `dvc repro`"):
        compare({"baseline": first}, drawn.photos, splits[splits["photo_id"] != splits["photo_id"][0]])


def test_two_groups_with_a_photo_in_common_count_once() -> None:
    drawn = inputs()
    splits = drawn_results.splits(drawn.photos)
    joined = splits.replace({"component": {"student01": "student00"}})
    compared = compare(drawn.results, drawn.photos, joined)
    assert (compared["num_test_components"], compared["unit"]) == (5, "independent set")
    assert "36 test photos from 5 independent sets, in 4 folds" in phrases.basis(compared)
    assert "36 test photos from 6 groups, in 4 folds" in phrases.basis(drawn.compared)
    few = joined.assign(component=joined["component"].replace({"student02": "student00"}))
    alone = compare(drawn.results, drawn.photos, few)["variants"]["baseline"]
    assert alone["no_interval"] == "4 independent sets of photos are too few; at least 5 are needed"


def test_a_given_split_that_divides_sets_is_said_on_the_page() -> None:
    drawn = inputs()
    splits = drawn_results.splits(drawn.photos)
    splits.loc[0, "part"] = "train" if splits.loc[0, "part"] == "test" else "test"
    compared = compare(drawn.results, drawn.photos, splits)
    assert compared["num_divided"] == 1
    assert "has 1 group in both training and test, which flatters the figures" in phrases.basis(compared)
    assert all(
        "the given split has 1 of the 6 groups" in item["sentence"] for item in compared["differences"]
    )
    page_text = Elements(page.render(changed(drawn, **compared), SETTINGS)).text
    assert "are never divided" not in page_text
    assert "expect less on photos from new groups" in page_text
    assert "On photos from other groups, expect" not in page_text
    assert "are never divided" in Elements(page.render(drawn, SETTINGS)).text


def test_a_given_split_that_divides_training_and_validation_alone_flatters_no_test() -> None:
    drawn = inputs()
    splits = drawn_results.splits(drawn.photos)
    row = splits.index[splits["part"] == "train"][0]
    splits.loc[row, "part"] = "val"
    assert compare(drawn.results, drawn.photos, splits)["num_divided"] == 0


def test_markdown_is_short_and_says_what_may_be_claimed() -> None:
    text = sentences.markdown(inputs().compared)
    assert len(text.splitlines()) < 20
    assert text.count("\n- ") == 3
    assert "3 folds" not in text
    assert "in 4 folds; each figure is a mean over 2 trainings per fold" in text
    assert "approximate" in text


def test_figures_without_an_interval_are_written_without_one() -> None:
    assert phrases.interval_text(None) == "(no interval)"
    assert phrases.difference_text({"difference": 0.05, "interval": None}) == "+5.0"
    assert phrases.difference_text(None) == "\N{EN DASH}"


def test_a_contact_sheet_takes_labels_and_groups_in_turn() -> None:
    photos = drawn_results.photos(["a", "b"], num_groups=3, num_each=4)
    chosen = pictures.samples(photos, num_samples=6)
    assert chosen.groupby(["label", "group"]).size().tolist() == [1] * 6
    assert pictures.samples(photos.sample(frac=1, random_state=1), num_samples=6).equals(chosen)
    assert len(pictures.samples(photos, num_samples=1000)) == 24


def test_mistakes_are_photos_once_each_the_most_confident_first() -> None:
    photos = drawn_results.photos(LABELS, num_groups=4, num_each=3)
    predictions = drawn_results.predictions(photos, LABELS, skill=0.0)
    worst = pictures.mistakes(predictions, num_mistakes=5)
    assert worst["photo_id"].is_unique
    assert worst["probability"].is_monotonic_decreasing
    assert (worst["label"] != worst["predicted"]).all()
    every = pictures.mistakes(predictions, num_mistakes=1000)
    assert worst["probability"].max() == every["probability"].max()


@pytest.mark.parametrize(("side", "expected"), [(32, 32), (1024, 144)])
def test_pictures_shrink_to_their_place_and_never_grow(side: int, expected: int) -> None:
    image = drawn_results.picture(np.random.default_rng(0), 1, side)
    encoded = pictures.data_uri(image, max_px=144).removeprefix("data:image/webp;base64,")
    assert Image.open(io.BytesIO(base64.b64decode(encoded))).size == (expected, expected)


def test_settings_are_flattened_in_their_order() -> None:
    flat = params.flattened({"b": {"y": 1e-3, "x": "pad"}, "a": [1, 2], "none": None, "empty": {}})
    assert list(flat.items()) == [
        ("b.y", "0.001"),
        ("b.x", "pad"),
        ("a", "[1, 2]"),
        ("none", "null"),
        ("empty", "{}"),
    ]


def test_provenance_moves_with_the_photos_the_settings_and_the_code() -> None:
    def found(manifest: bytes = b"a", code: bytes = b"a", **values: int) -> dict[str, str]:
        return made_from.hashes(manifest, {"seed": 2, "lr": 1, **values}, code)

    first = found()
    assert first == made_from.hashes(b"a", {"lr": 1, "seed": 2}, b"a")
    others = [found(b"b"), found(lr=2), found(code=b"b")]
    assert [sum(first[key] != other[key] for key in first) for other in others] == [1, 1, 1]


def test_a_package_that_is_absent_is_named_so(monkeypatch: pytest.MonkeyPatch) -> None:
    assert re.fullmatch(r"\d+\.\d+.*", made_from.packages()["numpy"])
    monkeypatch.setattr(made_from, "PACKAGES", ["no-such-package"])
    assert made_from.packages() == {"no-such-package": "not installed"}


@pytest.mark.parametrize(
    ("end", "expected"),
    [(1.0, [0, 0.2, 0.4, 0.6, 0.8, 1.0]), (29, [0, 5, 10, 15, 20, 25]), (1.2, [0, 0.25, 0.5, 0.75, 1.0])],
)
def test_ticks_are_round(end: float, expected: list[float]) -> None:
    assert charts.ticks(end) == pytest.approx(expected)


@pytest.mark.parametrize("end", [0.003, 0.7, 1, 5, 6, 7, 13, 99, 100, 101, 12345])
def test_there_are_some_ticks_but_never_many(end: float) -> None:
    places = charts.ticks(end)
    assert 3 <= len(places) <= charts.MAX_TICKS
    assert places[0] == 0
    assert places[-1] <= end


def test_a_line_stays_in_its_frame_and_breaks_where_there_is_no_number() -> None:
    drawn = charts.path([0, 1, 2, 3], [0.0, float("nan"), 2.0, 9.0], x_end=3, y_end=2)
    left, right, top, bottom = (
        charts.LEFT,
        charts.WIDTH - charts.RIGHT,
        charts.TOP,
        charts.HEIGHT - charts.BOTTOM,
    )
    assert drawn.count("M") == 2
    places = np.array(re.findall(r"[-\d.]+", drawn), dtype=float).reshape(-1, 2)
    assert ((places[:, 0] >= left) & (places[:, 0] <= right)).all()
    assert ((places[:, 1] >= top) & (places[:, 1] <= bottom)).all()
    assert places[-1].tolist() == [right, top]


def test_a_chart_of_nothing_but_zeros_can_be_drawn() -> None:
    drawn = charts.line_chart("Loss", [0], {"training": [0.0]}, x_end=0, y_end=0, y_as_percent=False)
    assert drawn.lines["training"]


@pytest.mark.parametrize(
    "values", [{"num_mistakes": -1, "num_samples": 1}, {"num_mistakes": 0, "num_samples": 0}]
)
def test_settings_have_their_ranges(values: dict[str, int]) -> None:
    with pytest.raises(SettingsError, match=r"report\.num_"):
        params.check(values, ReportSettings, at="report")


def test_what_is_unusual_about_a_variant_is_said_below_its_figures() -> None:
    before = inputs()
    name = next(iter(before.compared["variants"]))
    usual = page.render(before, SETTINGS)
    figures = {**before.compared["variants"][name], "remarks": ["Its probabilities are margins."]}
    after = changed(before, variants={**before.compared["variants"], name: figures})
    line = f"{name}: Its probabilities are margins."
    assert line not in usual
    assert line in page.render(after, SETTINGS)


def test_worse_has_no_tick() -> None:
    photos = drawn_results.photos(LABELS, num_groups=20, num_each=2)
    drawn = made(photos, LABELS, {"first": 1.0, "second": 0.0, "third": 1.0})
    text = page.render(drawn, SETTINGS)
    marks = dict(re.findall(r'<li class="(sure|worse|open)"><b>(second is \w+|third is \w+)', text))
    assert marks == {"worse": "second is worse", "sure": "third is better"}
