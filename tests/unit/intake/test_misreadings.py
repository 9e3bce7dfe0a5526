"""Names in paths that are not what the layout says: parts of a split, swapped fields, groups of one photo."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pytest

from stages import ingest
from tenshots.errors import DataError, SettingsError
from tenshots.intake.misreadings import check, doubts, part
from tenshots.splitting.division import SplitSettings, split
from tenshots.tables.manifest import swap_question
from tests.drawn.divided import photos_of
from tests.drawn.handed_in import PARAMS, draw, ingested, write_corrections

DEFAULT = "{group}/{label}/{name}"
THINGS = ["cup", "key", "pen"]
PEOPLE = [f"person {number:02}" for number in range(12)]


def crossed(groups: Sequence[str], labels: Sequence[str], shots: int = 2) -> list[str]:
    """A path for each shot of each label by each group."""
    return [f"{group}/{label}/{shot}.png" for group in groups for label in labels for shot in range(shots)]


def kept(*rows: tuple[str, str, str]) -> pd.DataFrame:
    """A manifest of kept photos: group, label and camera."""
    table = pd.DataFrame(rows, columns=["group", "label", "camera"])
    return table.assign(status="kept", path=[f"{number}.jpg" for number in range(len(rows))])


def warnings(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], layout: str = DEFAULT
) -> list[str]:
    """What the stage warns of, the photos lying in data/raw."""
    (folder / "params.yaml").write_text(PARAMS.replace(DEFAULT, layout))
    write_corrections(folder)
    monkeypatch.chdir(folder)
    ingest.main(["--workers", "2"])
    lines = capsys.readouterr().out.splitlines()
    return [line.removeprefix("ingest: warning: ") for line in lines if line.startswith("ingest: warning: ")]


@pytest.mark.parametrize(
    ("names", "renames"),
    [
        (["test", "train", "val"], ""),
        (["test", "train"], ""),
        (["train", "valid"], "; rename valid to val"),
        (
            ["Test", "Training", "validation"],
            "; rename Test to test; rename Training to train; rename validation to val",
        ),
        *[
            (names, f"; rename {names[0]} to test; rename {names[1]} to train")
            for names in (
                ["test_set", "train_set"],
                ["eval", "training-images"],
                ["holdout", "trainset"],
                ["02_test", "1. train"],
                ["Testdaten", "Trainingsdaten"],
                ["teste", "treino"],
                ["test2017", "train2017"],
                ["Hold Out", "TrainData"],
                ["my_test", "my_train"],
                ["test_v2", "train_v2"],
                ["X_test", "X_train"],
                ["dataset_test", "dataset_train"],
                ["data-test", "data-train"],
                ["test_cups", "train_cups"],
                ["testA", "trainA"],
                ["test split B", "training split B"],
                ["test_données", "train_données"],
                ["Lab 3 (test)", "Lab 3 (train)"],
            )
        ],
        (["test", "train_final"], "; rename train_final to train"),
        (["test", "trainval"], "; rename trainval to train"),
        (
            ["my_test", "my_train", "my_val"],
            "; rename my_test to test; rename my_train to train; rename my_val to val",
        ),
        (["train2017", "val2017"], "; rename train2017 to train; rename val2017 to val"),
        (
            ["test_set", "training_set", "validation_set"],
            "; rename test_set to test; rename training_set to train; rename validation_set to val",
        ),
    ],
)
def test_parts_of_a_split_are_no_people(tmp_path: Path, names: list[str], renames: str) -> None:
    draw(tmp_path, *crossed(names, ["cup", "key"]))
    with pytest.raises(SettingsError) as raised:
        ingested(tmp_path)
    assert str(raised.value) == (
        f"params.yaml: layout '{{group}}/{{label}}/{{name}}' reads {', '.join(names)} as people, whose "
        f"photos would be mixed and divided again; use {{split}} in layout: {{split}}/{{label}}/{{name}}, or "
        f"{{split}}/{{label}}/{{group}}_{{name}} where file names say who took them{renames}"
    )


@pytest.mark.parametrize(
    ("layout", "paths", "remedy"),
    [
        ("{label}/{group}/{name}", crossed(["test", "train"], ["cup", "key"]), "{split}/{label}/{name}"),
        (DEFAULT, crossed(["cup", "key"], ["test", "train"]), "{label}/{split}/{name}"),
        ("{label}/{name}", ["train/cup_1.png", "test/cup_2.png"], "{split}/{label}/{name}"),
        ("{label}/{group}_{name}", ["cup/train_1.png", "key/test_2.png"], "{label}/{split}_{name}"),
    ],
)
def test_parts_of_a_split_are_told_wherever_they_stand_and_the_remedy_reads_them(
    tmp_path: Path, layout: str, paths: list[str], remedy: str
) -> None:
    draw(tmp_path, *paths)
    with pytest.raises(SettingsError, match=r"use {split} in layout") as raised:
        ingested(tmp_path, layout)
    assert f"in layout: {remedy}, or" in str(raised.value)


def test_the_remedy_for_parts_of_a_split_reads_them(tmp_path: Path) -> None:
    draw(tmp_path, *crossed(["test", "train", "val"], ["cup", "key"]))
    assert set(ingested(tmp_path, "{split}/{label}/{name}").photos["split"]) == {"train", "val", "test"}


def test_a_split_is_told_before_copies_in_it_are(tmp_path: Path) -> None:
    """Read as labels, files that lie in train and test alike would be an error that asks to delete one."""
    draw(tmp_path, *crossed(["test", "train"], ["cup", "key"]))
    (tmp_path / "test/cup/9.png").write_bytes((tmp_path / "train/cup/1.png").read_bytes())
    with pytest.raises(SettingsError, match=r"use {split} in layout"):
        ingested(tmp_path, "{label}/{group}/{name}")


@pytest.mark.parametrize(
    "name", ["Testa", "Trainor", "Valerie", "Devi", "attest", "set", "Dev Test", "trainers", "2017", ""]
)
def test_other_names_are_no_parts_of_a_split(name: str) -> None:
    assert part(name) == ""


@pytest.mark.parametrize(
    "names",
    [
        ["Dev Test", "train shed"],
        ["Dev Patel", "Test"],
        ["Dev Lee", "Test Lee", "Val Lee"],
        ["test tube", "training shoes"],
        ["test tube", "training shoes", "dev board"],
        ["tester", "trainer"],
        ["training shoes", "train ticket"],
        ["Dev P", "Test P"],
    ],
)
def test_words_of_other_names_make_no_split(names: list[str]) -> None:
    check(kept(*[(group, label, "") for group in names for label in ("cup", "key")]), DEFAULT)
    check(kept(*[(group, label, "") for group in ("ann", "bob") for label in names]), DEFAULT)


def test_over_half_of_the_photos_must_be_in_the_parts() -> None:
    """Of half of them Test and Val may be two of four students."""
    rows = [(group, label, "") for group in ("ann", "bob", "Test", "Val") for label in ("cup", "key")]
    check(kept(*rows), DEFAULT)
    with pytest.raises(SettingsError, match=r"use {split} in layout"):
        check(kept(*rows, ("Test", "cup", "")), DEFAULT)


def test_a_student_called_test_is_a_student(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    draw(tmp_path / "data" / "raw", *crossed(["ann", "bob", "Test"], ["cup", "key"]))
    assert warnings(tmp_path, monkeypatch, capsys) == []


def test_parts_of_a_split_among_more_people_are_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    draw(tmp_path / "data" / "raw", *crossed(["ann", "bob", "test", "train"], ["cup", "key"]))
    assert warnings(tmp_path, monkeypatch, capsys) == [
        "the groups test, train look like parts of a split; if they are, use {split} in layout"
    ]


def test_a_misnamed_part_of_a_given_split_is_told_its_right_name(tmp_path: Path) -> None:
    draw(tmp_path, *crossed(["train", "validation", "Test"], ["cup", "key"]))
    with pytest.raises(DataError, match="rename Test to test, validation to val"):
        ingested(tmp_path, "{split}/{label}/{name}")


def test_swapped_people_and_labels_are_asked_first_with_both_readings_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    draw(tmp_path / "data" / "raw", *crossed(["cup", "key", "pen"], PEOPLE))
    assert warnings(tmp_path, monkeypatch, capsys)[0] == (
        "are {group} and {label} swapped in params.yaml: layout? As it is: 3 groups (cup, key, pen) and 12 "
        "labels (person 00, person 01, person 02, person 03, person 04, 7 more); swapped: 12 groups and 3 "
        "labels. If they are, the networks learn to tell people apart, and layout must be "
        "{label}/{group}/{name}"
    )


@pytest.mark.parametrize("layout", ["{label}/{group}/{name}", "{label}/{group}_{name}"])
def test_read_the_right_way_nothing_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], layout: str
) -> None:
    paths = crossed(["cup", "key", "pen"], PEOPLE)
    if "_" in layout:
        paths = ["_".join(path.rsplit("/", 1)) for path in paths]
    draw(tmp_path / "data" / "raw", *paths)
    assert warnings(tmp_path, monkeypatch, capsys, layout) == []


def test_where_it_cannot_be_split_the_question_comes_before_any_remedy() -> None:
    manifest = photos_of([(person, thing) for person in PEOPLE for thing in ("cup", "key", "pen")] * 2)
    with pytest.raises(DataError) as raised:
        split(manifest, SplitSettings(folds=4, test=0.2, val=0.2), seed=1)
    message = str(raised.value)
    assert message.startswith(
        "are {group} and {label} swapped in params.yaml: layout? As it is: 3 groups (cup, key, pen) and 12 "
        "labels (person 00, person 01, person 02, person 03, person 04, 7 more); swapped: 12 groups and 3 "
        "labels. If they are, the networks learn to tell people apart; if it is right: label 'person 00' has "
        "3 independent sets "
        "of photos, 'person 01' 3, 'person 02' 3, 'person 03' 3, 'person 04' 3, 7 more (photos of one group"
    )
    assert message.index("swapped") < message.index("split.folds to 3")


@pytest.mark.parametrize("people", [["ann", "ben"], ["ann", "ben", "cem"]])
def test_a_split_that_fails_asks_whether_its_few_groups_are_things(people: list[str]) -> None:
    """Numbers cannot tell three things by two people; the remedy would learn to tell these apart."""
    manifest = photos_of([(person, thing) for thing in ("cup", "key", "pen") for person in people] * 2)
    with pytest.raises(DataError) as raised:
        split(manifest, SplitSettings(folds=4, test=0.2, val=0.2), seed=1)
    message = str(raised.value)
    assert f"As it is: 3 groups (cup, key, pen) and {len(people)} labels ({', '.join(people)});" in message
    assert message.index("swapped") < message.index("split.folds to 3")


def test_too_many_folds_for_the_people_there_are_open_with_that() -> None:
    """Swapped there would be fewer groups still, so the layout cannot be the reason."""
    manifest = photos_of([(thing, person) for thing in ("cup", "key", "pen") for person in PEOPLE] * 2)
    with pytest.raises(DataError, match=r"^label 'cup' has 12 .* or set split\.folds to 12"):
        split(manifest, SplitSettings(folds=13, test=0.2, val=0.2), seed=1)


def test_many_groups_are_not_asked_about_where_one_label_is_rare() -> None:
    rows = [(label, f"person {number}") for label in ("cup", "key") for number in range(9)]
    manifest = photos_of([("pen", "person 0"), *rows])
    with pytest.raises(DataError, match=r"^label 'pen' has 1 independent set"):
        split(manifest, SplitSettings(folds=4, test=0.2, val=0.2), seed=1)


def test_more_folds_than_people_raise_no_question_where_swapping_leaves_fewer_groups_still() -> None:
    manifest = photos_of([(label, person) for person in PEOPLE for label in ("cup", "key", "pen")] * 2)
    with pytest.raises(DataError, match=r"^label 'cup' has 12 independent sets of photos") as raised:
        split(manifest, SplitSettings(folds=13, test=0.2, val=0.2), seed=1)
    assert "swapped" not in str(raised.value)


def test_as_many_labels_as_groups_raise_the_question_more_groups_do_not() -> None:
    people, things = ["ann", "ben", "cem"], ["cup", "key", "pen"]
    rows = [(thing, person, "") for thing in things for person in people]
    assert "swapped" in doubts(kept(*rows), DEFAULT)[0]
    assert doubts(kept(*rows, *[("tin", person, "") for person in people]), DEFAULT) == []
    assert doubts(kept(*[row for row in rows if row[0] != "pen" and row[1] != "cem"]), DEFAULT) == []


def test_one_person_who_put_labels_above_their_own_name_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    draw(tmp_path / "data/raw", *crossed(PEOPLE[:6], THINGS), *crossed(THINGS, ["kim"]))
    said = warnings(tmp_path, monkeypatch, capsys)
    (line,) = (
        line for line in said if line.startswith("these groups are named like labels: cup, key and pen; ")
    )
    assert "as in cup/kim/0.png, swap them" in line


def test_one_of_a_kind_is_counted_in_the_singular() -> None:
    rows = [("ann", label, "") for label in ("cup", "key")]
    assert (
        "As it is: 1 group (ann) and 2 labels (cup, key); swapped: 2 groups and 1 label."
        in doubts(kept(*rows), DEFAULT)[0]
    )


def test_without_groups_nothing_is_swapped() -> None:
    rows = [("", "cup", ""), ("", "key", "")]
    assert swap_question(kept(*rows)) == ""
    assert doubts(kept(*rows), "{label}/{name}") == []


def owned(column: str, groups: Sequence[str], labels: Sequence[str]) -> pd.DataFrame:
    """A manifest in which each name in a column has a camera of its own."""
    rows = [(group, label, group if column == "group" else label) for group in groups for label in labels] * 2
    return kept(*rows)


def test_cameras_that_follow_labels_raise_the_question_whatever_the_numbers() -> None:
    assert "swapped" in doubts(owned("label", PEOPLE, ["cup", "key"]), DEFAULT)[0]


def test_cameras_that_follow_groups_answer_it() -> None:
    assert doubts(owned("group", ["ann", "bob"], ["cup", "key", "pen"]), DEFAULT) == []
    one_camera = owned("group", ["ann", "bob"], ["cup", "key", "pen"]).assign(camera="Tenshots One")
    assert "swapped" in doubts(one_camera, DEFAULT)[0]


def test_groups_of_one_photo_are_told_with_their_number_and_the_layout_for_forms_reads_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A form appends who uploaded a file."""
    people = ["Ann Lee", "Bob", "Cem"]
    labels = {0: "cup", 1: "key"}
    paths = [f"{labels[number % 2]}/IMG_{number} - {people[number % 3]}.png" for number in range(24)]
    draw(tmp_path / "data" / "raw", *paths)
    first = warnings(tmp_path, monkeypatch, capsys, "{label}/{group} - {name}")
    assert first == [
        "24 of 24 groups have one photo, such as 'IMG_0' with cup/IMG_0 - Ann Lee.png; if that is not who "
        "took it, correct {group} in layout, or one person's photos will be in both training and test: "
        "for example {label}/{name} - {group}, where a form appended the name"
    ]
    assert warnings(tmp_path, monkeypatch, capsys, "{label}/{name} - {group}") == []
    assert set(ingested(tmp_path / "data" / "raw", "{label}/{name} - {group}").photos["group"]) == set(people)


def test_a_few_groups_of_one_photo_among_others_are_no_doubt() -> None:
    rows = [(f"p{number}", "cup", "") for number in range(6)] + [("ann", "cup", ""), ("bob", "key", "")] * 2
    assert doubts(kept(*rows), DEFAULT) == []
    assert doubts(kept(*rows[:4]), DEFAULT) == []


@pytest.mark.parametrize(
    "name",
    [
        *("IMG", "img_20241102", "DSC", "PXL_20241102", "20241102", "IMG-20241102-WA0003", "Screenshot 2024"),
        *("P1000001", "P1020345", "PA020001", "_DSC1234", "_MG_1234", "IMG_E1234", "CAM00012", "100_0042"),
        *("image - Ann", "IMG_1000 - Ann Lee", "image0 - Bob"),
    ],
)
def test_a_group_that_a_camera_named_is_told_and_nothing_is_asked_of_swapping(name: str) -> None:
    """{label}/{group}_{name} where a form appended who: IMG_1000 - Ann Lee.jpg."""
    (sentence,) = doubts(kept(*[(name, label, "") for label in ("cup", "key")] * 3), "{label}/{group}_{name}")
    assert sentence == (
        f"1 of 1 groups are named the way cameras name files, such as {name!r} with 0.jpg; if "
        f"that is not who took "
        "it, correct {group} in layout: for example {label}/{name} - {group}, where a form appended the name"
    )


@pytest.mark.parametrize(
    "name",
    [
        *("p1", "12345", "Imogen", "Sam Lee", "DSCHINGIS", "student 7", "Winnie", "Sam - cups", "Cam", "100"),
        *("P12345", "P2512345", "Imke - image"),
    ],
)
def test_people_are_not_named_by_cameras(name: str) -> None:
    assert (
        doubts(kept(*[(group, label, "") for group in (name, "a", "b") for label in ("cup", "key")]), "")
        == []
    )
