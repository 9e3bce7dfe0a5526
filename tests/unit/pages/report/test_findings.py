"""What the page says of photos and mistakes, with odd photos and with very many."""

import io
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tenshots.errors import DataError
from tenshots.pages.report import charts, page, pictures, sections, seen, sentences, views
from tenshots.pages.report.pictures import Album
from tenshots.tables.predictions import labels_of
from tests.drawn import results as drawn_results
from tests.drawn.page import LABELS, SETTINGS, Elements, inputs, made
from tests.drawn.studied import STUDY


def picture_numbers(text: str) -> tuple[list[str], list[str]]:
    """Returns which pictures a page holds, and which its photos refer to."""
    return re.findall(r'<symbol id="(p\d+)"', text), re.findall(r'<use href="#(p\d+)"', text)


def noise(seed: int, side: int = 144) -> bytes:
    """Returns a picture that no encoder makes small."""
    file = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(file, format="PNG")
    return file.getvalue()


def test_each_photo_is_held_once_and_every_reference_leads_to_one() -> None:
    held, used = picture_numbers(page.render(inputs(), SETTINGS))
    assert len(held) == len(set(held)) <= len(inputs().photos)
    assert set(used) == set(held)
    assert len(used) > len(held)


def test_the_cells_of_a_confusion_matrix_open_the_photos_that_they_count() -> None:
    text = page.render(inputs(), SETTINGS)
    tags = Elements(text).tags
    opened = {attributes["id"] for tag, attributes in tags if "popover" in attributes}
    buttons = [attributes for tag, attributes in tags if tag == "button" and "aria-label" in attributes]
    assert {button["popovertarget"] for button in buttons} == opened
    counted = {button["popovertarget"]: int((button["aria-label"] or "").split(":")[0]) for button in buttons}
    for target, number in counted.items():
        inside = text.split(f'id="{target}"', 1)[1].split("</ul>", 1)[0]
        assert inside.count("<use ") == number
    for name, matrix in inputs().compared["confusion"].items():
        predictions = inputs().results[name].predictions
        assert sum(map(sum, matrix)) == predictions["photo_id"].nunique()
        truth = predictions.drop_duplicates("photo_id")["label"].value_counts()
        assert [sum(row) for row in matrix] == [truth[label] for label in labels_of(predictions)]


def test_what_is_written_for_git_names_no_file_and_no_person() -> None:
    text = json.dumps(inputs().compared, allow_nan=False)  # NaN would be no JSON
    assert not [path for path in inputs().photos["path"] if json.dumps(path)[1:-1] in text]
    assert "student" not in text
    photo_ids = set(inputs().photos["photo_id"])
    listed = [row["photo_id"] for rows in inputs().compared["mistakes"].values() for row in rows]
    assert listed
    assert set(listed) <= photo_ids


def test_the_data_is_counted() -> None:
    found = inputs().compared["data"]
    assert (found["num_photos"], found["num_groups"], found["num_labels"]) == (36, 6, 3)
    assert found["photos_per_group"] == [6] * 6
    assert found["rejected"] == {"an empty file": 1}
    assert found["clusters"] == []
    assert [each["measure"] for each in found["distributions"]] == ["brightness", "sharpness", "size"]
    assert found["leak"]["num_now"] == 0
    assert 0 < found["leak"]["num_with_sibling"] <= 36


def test_one_file_is_not_called_files() -> None:
    text = page.render(inputs(), SETTINGS)
    assert "<dt>file not used</dt><dd>1</dd>" in text
    assert "<dt>near-duplicate scenes</dt><dd>0</dd>" in text


def test_near_duplicates_stand_side_by_side_and_outliers_are_shown() -> None:
    photos = drawn_results.photos(LABELS, num_groups=6, num_each=2)
    manifest = drawn_results.manifest(photos)
    manifest.loc[0:1, "cluster"] = photos["photo_id"][0]
    manifest.loc[5, "brightness"] = 0.001
    drawn = made(photos, LABELS, drawn_results.SKILLS, manifest=manifest)
    assert [each["photo_ids"] for each in drawn.compared["data"]["clusters"]] == [
        sorted(photos["photo_id"][:2], key=dict(zip(photos["photo_id"], photos["path"], strict=True)).get)
    ]
    assert "student" not in json.dumps(drawn.compared)  # clusters and outliers name no file either
    text = page.render(drawn, SETTINGS)
    assert text.split('<ul class="groups">')[1].split("</ul>")[0].count("<use ") == 2
    assert "darker than the others" in text
    assert '<ul class="groups">' not in page.render(inputs(), SETTINGS)


def test_no_mistakes_are_no_error() -> None:
    photos = drawn_results.photos(LABELS, num_groups=6, num_each=2)
    drawn = made(photos, LABELS, {"baseline": 60.0, "augmented": 60.0})
    assert drawn.compared["mistakes"] == {"baseline": [], "augmented": []}
    text = Elements(page.render(drawn, SETTINGS)).text
    assert "None to show." in text
    assert "Where the variants disagree: 0 photos" in text


def test_one_variant_is_compared_with_nothing() -> None:
    photos = drawn_results.photos(LABELS, num_groups=6, num_each=2)
    drawn = made(photos, LABELS, {"baseline": 0.9})
    text = Elements(page.render(drawn, SETTINGS)).text
    assert "Did it help?" not in text
    assert "Where the variants disagree" not in text
    assert "Differences in test accuracy" not in text


def test_a_label_without_a_test_photo_has_a_row_of_nothing() -> None:
    photos = drawn_results.photos([*LABELS, "zebra"], num_groups=6, num_each=2)
    tested = photos[photos["label"] != "zebra"].reset_index(drop=True)
    labels = [*LABELS, "zebra"]
    drawn = made(tested, labels, drawn_results.SKILLS)
    assert drawn.compared["labels"] == labels
    assert drawn.compared["confusion"]["baseline"][3] == [0, 0, 0, 0]
    text = page.render(drawn, SETTINGS)
    assert "zebra" in Elements(text).text


def test_photos_without_groups_are_shown_without_groups() -> None:
    elements = Elements(page.render(inputs(grouped=False), SETTINGS))
    assert inputs(grouped=False).compared["data"]["num_groups"] == 0
    assert "Photos from one group" not in elements.text


def test_what_is_less_suspected_is_folded() -> None:
    photos = drawn_results.photos(LABELS, num_groups=6, num_each=2)
    settings = SETTINGS.model_copy(update={"num_mistakes": 1, "num_samples": 1})
    drawn = made(photos, LABELS, {"baseline": 0.3}, settings=settings)
    suspects = drawn.compared["suspects"]
    number = len(suspects["photos"])
    assert 1 < number <= 5
    # The variant is far behind the regression, so it is no judge of labels.
    assert "pretrained network's features, which was not trained on them. Look" in suspects["sentence"]
    assert not any(each["by_chosen"] for each in suspects["photos"])
    text = page.render(drawn, settings).split("Labels that may be wrong")[1].split("</section>")[0]
    first, folded = text.split("Correct them")[0].split("Less suspicious")
    assert first.count("<use ") == 1
    assert folded.count("<use ") == number - 1


@pytest.mark.parametrize(
    ("skill", "said"),
    [
        (0.3, "No label was judged: not by a logistic regression on a pretrained network's features, and the "
              "variant baseline is right on too few photos (on less than 90 %) to judge alone."),
        (60.0, "No photo looks wrongly labelled to the variant baseline. Not judged by a logistic"),
    ],
)  # fmt: skip
def test_where_the_regression_judged_nothing_the_page_says_who_judged(skill: float, said: str) -> None:
    photos = drawn_results.photos(LABELS, num_groups=6, num_each=2)
    drawn = made(photos, LABELS, {"baseline": skill}, judge=False)
    text = Elements(page.render(drawn, SETTINGS)).text.split("Labels that may be wrong")[1]
    assert said in " ".join(text.split())
    once = f"{', '.join(LABELS)}, {len(photos)} photos: inspect.judge in params.yaml is false"
    assert " ".join(text.split()).count(once) == 1


def test_studies_are_shown_where_they_were_made() -> None:
    photos = drawn_results.photos(LABELS, num_groups=6, num_each=2)
    studies = {"baseline": STUDY, "augmented": drawn_results.NO_STUDY}
    drawn = made(photos, LABELS, {"baseline": 0.5, "augmented": 0.9}, studies=studies)
    assert list(drawn.compared["studies"]) == ["baseline"]
    elements = Elements(page.render(drawn, SETTINGS))
    assert "Twice the <people> would help." in elements.text
    assert "A random split flatters." in elements.text
    assert "Have I enough?" in elements.text
    assert "Have I enough?" not in Elements(page.render(inputs(), SETTINGS)).text
    assert inputs().compared["studies"] == {}


@pytest.mark.slow
def test_a_page_of_very_many_photos_labels_and_variants_stays_below_15_mb() -> None:
    labels = [f"label {number:02d}" for number in range(30)]
    photos = drawn_results.photos(labels, num_groups=20, num_each=2)  # 1,200
    noisy = [noise(seed) for seed in range(8)]
    photos["image"] = [noisy[number % 8] for number in range(len(photos))]
    manifest = drawn_results.manifest(photos)
    kept = manifest["status"] == "kept"
    manifest.loc[kept, "cluster"] = np.repeat(photos["photo_id"].to_numpy()[::2], 2)
    lost = pd.concat([manifest[~kept]] * 5000, ignore_index=True)
    lost["path"] = [f"student/{number}.txt" for number in range(len(lost))]
    skills = {f"variant_{number}": 0.2 * number for number in range(10)}
    settings = SETTINGS.model_copy(update={"num_mistakes": 100, "num_samples": 1000})
    manifest = pd.concat([manifest[kept], lost], ignore_index=True)
    drawn = made(photos, labels, skills, settings=settings, manifest=manifest)
    text = page.render(drawn, settings)
    assert 5e6 < len(text.encode()) < 15e6
    assert "more, in data/manifest.csv" in text


def test_an_album_stops_where_the_budget_of_a_section_ends_and_holds_what_others_brought() -> None:
    images = {str(number): noise(number) for number in range(200)}
    album = Album(images)
    first = album.take(["0", "1"], "sheet")
    many = album.take(images, "data")
    assert first == ["0", "1"]
    assert many[:2] == ["0", "1"]
    assert 10 < len(many) < 200
    assert many == list(images)[: len(many)]
    assert sum(map(len, album.pictures())) < pictures.BUDGETS["sheet"] + pictures.BUDGETS["data"]
    assert album.take(["0", "199"], "data") == ["0"]
    assert album.take(["unknown"], "confusion") == []


def test_all_budgets_together_leave_room_for_text() -> None:
    assert sum(pictures.BUDGETS.values()) < 12e6


def test_pictures_of_networks_shrink_to_their_share_and_the_last_are_left_out() -> None:
    files = {f"{number}.png": noise(number, 700) for number in range(8)}
    pictures_of = [{"file": name, "kind": "x"} for name in files]
    index = {"fold": 0, "repeat": 0, "pictures": pictures_of, "left_out": ""}
    drawn = seen.Drawn(index, files)
    alone, among_many = seen.view(drawn, num_variants=1), seen.view(drawn, num_variants=10)
    assert alone["num_left_out"] < among_many["num_left_out"] < 8
    for found, share in ((alone, 1), (among_many, 10)):
        assert sum(len(picture["uri"]) for picture in found["pictures"]) <= pictures.BUDGETS["seen"] // share
    assert [picture["file"] for picture in among_many["pictures"]] == list(files)[
        : len(among_many["pictures"])
    ]


def test_missing_and_damaged_pictures_of_networks_are_errors_with_the_remedy(tmp_path: Path) -> None:
    folder = tmp_path / "baseline"
    folder.mkdir()
    with pytest.raises(DataError, match=r"index.json is missing; run `dvc repro visualise`"):
        seen.read(folder)
    (folder / "index.json").write_text('{"pictures": [{"file": "a.png"}]}')
    with pytest.raises(DataError, match=r"a.png is missing; run `dvc repro visualise`"):
        seen.read(folder)
    (folder / "index.json").write_text('{"pictures": [1]}')
    with pytest.raises(DataError, match="does not describe pictures"):
        seen.read(folder)


def test_a_claim_is_parted_for_the_eye_and_stays_the_same() -> None:
    for item in inputs().compared["differences"]:
        head, rest = sentences.claim_parts(item)
        assert head + rest == item["sentence"]
        assert head
    item = {
        "variant": "b",
        "reference": "a",
        "sentence": "neither a difference nor equality can be claimed of b and a: with 31 test photos",
    }
    assert sentences.claim_parts(item)[1] == ": with 31 test photos"
    alike = {**item, "sentence": "b and a answered all 31 photos alike: each photo is right twice"}
    assert sentences.claim_parts(alike)[0] == "b and a answered all 31 photos alike"
    assert sentences.claim_parts({**item, "sentence": "something else"}) == ("something else", "")


def test_many_pairs_are_all_in_the_forest_and_few_on_the_first_screen() -> None:
    photos = drawn_results.photos(LABELS, num_groups=6, num_each=2)
    drawn = made(photos, LABELS, {f"v{number}": 0.5 * number for number in range(5)})
    text = page.render(drawn, SETTINGS)
    claims = text.split('<ul class="claims">')[1].split("</ul>")[0]
    assert claims.count("<li") == views.MAX_TOLD
    forest = text.split('<ul class="rows forest">')[1].split("</ul>")[0]
    assert forest.count('class="name"') == 10
    assert forest.count('class="words"') == 10 - views.MAX_TOLD


@pytest.mark.parametrize("values", [[0.01], [-0.3, 0.4], [-1.0, 1.0], [], [0.5, 0.6], [-0.001]])
def test_a_scale_holds_its_values_and_zero_between_round_marks(values: list[float]) -> None:
    axis = charts.scale(values)
    assert all(axis.low <= value <= axis.high for value in [0.0, *values])
    assert 2 <= len(axis.ticks) <= charts.MAX_TICKS + 2
    assert "0" in [tick.text for tick in axis.ticks]
    assert axis.place(axis.low) == 0
    assert axis.place(axis.high) == 100
    assert axis.place(axis.high + 1) == 100


def test_a_histogram_marks_what_lies_beyond_the_limits() -> None:
    drawn = charts.histogram([0, 1, 2, 3], [4, 0, 2], limits=(1.0, None), logarithmic=False)
    assert [(bar.left, bar.height, bar.outside) for bar in drawn.bars] == [
        (0.0, 100.0, True),
        (66.67, 50.0, False),
    ]
    widths = [
        bar.width
        for bar in charts.histogram([1, 10, 100], [1, 1], limits=(None, None), logarithmic=True).bars
    ]
    assert widths == [50.0, 50.0]


def curve(*bins: tuple[float, float, int]) -> list[dict[str, object]]:
    """Bins of a reliability curve: confidence, share right and number of answers."""
    names = ("confidence", "accuracy", "num_predictions")
    return [{**dict(zip(names, each, strict=True)), "interval": [0.0, 1.0]} for each in bins]


def test_in_a_reliability_curve_answers_have_equal_room_however_sure_they_are() -> None:
    """A network that is nearly always nearly sure would pile them up at the end of an axis of it."""
    drawn = charts.reliability(curve((0.7, 1.0, 20), (0.999, 0.9, 10), (0.9995, 0.0, 10)))
    left, right, top, bottom = drawn.frame
    width = right - left
    places = [left + share * width for share in (0.25, 0.625, 0.875)]
    assert [dot.x for dot in drawn.dots] == pytest.approx(places, abs=0.1)
    assert (drawn.dots[0].y, drawn.dots[2].y) == (top, bottom)
    assert (drawn.dots[0].low, drawn.dots[0].high) == (bottom, top)
    ideal = [tuple(map(float, place)) for place in re.findall(r"([\d.]+) ([\d.]+)", drawn.ideal)]
    assert [x for x, _ in ideal] == [dot.x for dot in drawn.dots]
    assert ideal[0][1] == pytest.approx(bottom - 0.7 * (bottom - top), abs=0.1)
    assert drawn.dots[1].words == "10 answers with >99 % confidence: 90 % right"


def test_of_bins_of_one_confidence_the_first_and_the_last_are_marked() -> None:
    ticks = charts.reliability(
        curve(*[(share, 1.0, 5) for share in (0.7, 0.998, 0.999, 0.9999, 1.0)])
    ).x_ticks
    assert [tick.text for tick in ticks] == ["70", ">99", ">99", "100"]


def test_no_variants_panel_stands_alone_in_a_row_of_three() -> None:
    panels = page._environment().get_template("_macros.html.j2").module.panels  # type: ignore[attr-defined]
    assert [panels(number) for number in (1, 2, 3, 4, 5, 7)] == [
        *["columns"] * 3,
        "columns four",
        "columns",
        "columns four",
    ]
    assert panels(4, wide=True) == "columns two"
    skills = {**drawn_results.SKILLS, "another": 1.5}
    text = page.render(made(inputs().photos, LABELS, skills), SETTINGS)
    assert text.count('class="columns four"') == 2  # calibration and confusion


def test_words_that_a_student_may_not_know_are_explained_in_few_words_and_folded() -> None:
    text = page.render(inputs(), SETTINGS)
    words = text.split('<details id="words">', 1)[1].split("</details>", 1)[0]
    explained = dict(re.findall("<dt>(.*?)</dt><dd>(.*?)</dd>", words))
    assert list(explained) == sorted(explained, key=str.lower)
    wanted = "interval, fold, repeat, log loss, balanced accuracy, macro F1, ROC-AUC, calibration error, copy"
    wanted += ", near-duplicate, independent set, group, frozen, fine-tuned"
    assert set(wanted.split(", ")) <= set(explained)
    assert max(map(len, explained.values())) < 180  # two lines


def test_counts_have_a_row_a_group() -> None:
    table = sections.counts(drawn_results.photos(["a", "b"], num_groups=3, num_each=4))
    assert table.to_numpy().tolist() == [[4, 4]] * 3
