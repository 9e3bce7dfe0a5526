"""Corrections move what they name, all copies of it, and nothing else."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pandas as pd
import pytest

from tenshots.errors import DataError
from tenshots.intake import correcting
from tenshots.intake.settings import AcceptSettings
from tenshots.tables import manifest
from tenshots.tables.corrections import LEAVE_OUT, Correction
from tests.drawn.handed_in import RULES, draw, drawn, ingested

LABELS = ("book", "cup")
PATHS = [
    f"{person}/{label}/{number}.png" for person in ("ann", "bob") for label in LABELS for number in (1, 2)
]


def photo_id(path: str) -> str:
    return hashlib.sha256(drawn(path)).hexdigest()


def correction(path: str, label: str, line: int = 2) -> Correction:
    return Correction(photo_id(path), label, "=handle hidden", "ann", (line,))


def rows(folder: Path, *corrected: Correction) -> pd.DataFrame:
    return ingested(folder, corrected=corrected).manifest.set_index("path")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    draw(tmp_path / "raw", *PATHS)
    return tmp_path / "raw"


def test_a_photo_gets_the_label_and_the_others_stay(folder: Path) -> None:
    before = ingested(folder)
    path = "bob/cup/1.png"
    after = ingested(folder, corrected=[correction(path, "book")])
    row = after.manifest.set_index("path").loc[path]
    told = row[["label", "label_found", "correction", "corrected_by", "status"]].tolist()
    assert told == ["book", "cup", "=handle hidden", "ann", "kept"]
    assert after.photos.set_index("path")["label"].to_dict() == {
        **before.photos.set_index("path")["label"].to_dict(), path: "book"
    }  # fmt: skip
    others = after.manifest["path"] != path
    pd.testing.assert_frame_equal(after.manifest[others], before.manifest[others])
    assert (before.manifest["label_found"] == before.manifest["label"]).all()


def test_a_photo_that_is_left_out_keeps_its_row_with_reason_and_who(folder: Path) -> None:
    result = ingested(folder, corrected=[correction("bob/cup/1.png", LEAVE_OUT)])
    row = result.manifest.set_index("path").loc["bob/cup/1.png"]
    assert row[["status", "reason", "label"]].tolist() == [
        "rejected", "left out by ann: =handle hidden", "cup",
    ]  # fmt: skip
    assert "bob/cup/1.png" not in set(result.photos["path"])
    assert len(result.photos) == len(PATHS) - 1
    assert manifest.counted_reasons(result.manifest) == "left out by a correction (1)"


def test_no_other_photo_takes_the_place_of_one_that_is_left_out(folder: Path) -> None:
    """Or leaving out hard photos would bring in easier ones."""
    first = RULES._replace(accept=AcceptSettings(**{**RULES.accept.model_dump(), "max_photos": 1}))
    left_out = correction("bob/cup/1.png", LEAVE_OUT)
    result = ingested(folder, rules=first, corrected=[left_out])
    assert sorted(result.photos["path"]) == ["ann/book/1.png", "ann/cup/1.png", "bob/book/1.png"]


def test_copies_share_a_correction_which_also_settles_under_which_label_they_are(folder: Path) -> None:
    path = "bob/cup/1.png"
    copies = [folder / "ann/book/copy.png", folder / "bob/cup/copy.png"]
    for copy in copies:
        copy.write_bytes(drawn(path))
    with pytest.raises(DataError, match=f"different labels.* data/corrections.csv: {photo_id(path)}"):
        rows(folder)
    found = rows(folder, correction(path, "book"))
    of_photo = found[found["photo_id"] == photo_id(path)]
    assert of_photo["label"].tolist() == ["book"] * 3
    assert of_photo["status"].tolist() == ["kept", "rejected", "rejected"]
    assert of_photo["corrected_by"].tolist() == ["ann"] * 3
    out = rows(folder, correction(path, LEAVE_OUT))
    assert (out.loc[out["photo_id"] == photo_id(path), "status"] == "rejected").all()
    assert len(manifest.corrected(out.reset_index())) == 1


@pytest.mark.parametrize("label", ["cup", "book"])
def test_a_correction_that_settles_which_copy_is_right_gives_no_other_label(folder: Path, label: str) -> None:
    """Whichever of the copies is kept: that one may have had the label, or not."""
    path, other = "bob/cup/1.png", "bob/cup/2.png"
    (folder / "ann/book/copy.png").write_bytes(drawn(path))
    wanted = [correction(path, label), correction(other, "book")]
    table = ingested(folder, corrected=wanted).manifest
    assert correcting.told(table, wanted) == [
        "2 corrections in data/corrections.csv: 1 photo given another label, 0 left out, 1 given one of the "
        "labels that its copies had"
    ]
    found = manifest.corrected(table)
    assert found.loc[~found["is_settled"], "photo_id"].tolist() == [photo_id(other)]


def test_unknown_photos_and_labels_are_named_with_their_lines(folder: Path) -> None:
    unknown = correction("nobody/cup/1.png", "book", line=2)
    misspelt = correction("bob/cup/1.png", "bok", line=3)
    with pytest.raises(DataError) as caught:
        rows(folder, unknown, misspelt)
    first, second = str(caught.value).splitlines()
    assert first.startswith(
        f"data/corrections.csv, line 2: no file has the photo_id {unknown.photo_id}; copy it from"
    )
    assert second == "data/corrections.csv, line 3: no photo has the label 'bok'; did you mean 'book'?"


def test_a_label_like_no_other_is_answered_with_all_that_may_stand_there(folder: Path) -> None:
    with pytest.raises(
        DataError, match=r"no photo has the label 'xyz'; there are book, cup; 'leave out' leaves a photo out$"
    ):
        rows(folder, correction("bob/cup/1.png", "xyz"))


def test_a_photo_that_was_not_read_may_be_corrected(folder: Path) -> None:
    """A try on the first photos alone must not refuse the corrections of the others."""
    first = RULES._replace(accept=AcceptSettings(**{**RULES.accept.model_dump(), "max_photos": 1}))
    wanted = [correction("bob/cup/2.png", "book"), correction("bob/cup/1.png", "book")]
    result = ingested(folder, rules=first, corrected=wanted)
    assert correcting.told(result.manifest, wanted) == [
        "2 corrections in data/corrections.csv: 1 photo given another label, 0 left out; 1 of photos that "
        "were not read (see accept.max_photos in params.yaml)"
    ]


@pytest.mark.parametrize(
    ("label", "like"),
    [
        ("leaveout", "did you mean 'leave out'?"),
        ("none", "there are book, cup; 'leave out' leaves a photo out"),
    ],
)
def test_who_wants_no_label_for_a_photo_is_told_how_to_leave_it_out(
    label: str, like: str, folder: Path
) -> None:
    with pytest.raises(DataError) as raised:
        rows(folder, correction("bob/cup/1.png", label))
    assert str(raised.value).endswith(f"no photo has the label {label!r}; {like}")


@pytest.mark.parametrize("name", ["Leave out", "leave_out"])
def test_a_label_that_would_leave_photos_out_is_an_error(name: str, tmp_path: Path) -> None:
    draw(tmp_path / "raw", "ann/cup/1.png", f"ann/{name}/1.png")
    with pytest.raises(DataError, match=f"'{name}' is also a label; rename its folder"):
        rows(tmp_path / "raw", correction("ann/cup/1.png", LEAVE_OUT))


def test_a_label_of_which_all_photos_are_corrected_is_gone(folder: Path) -> None:
    draw(folder, "ann/mug/1.png")
    found = rows(folder, correction("ann/mug/1.png", "cup"))
    assert set(found["label"]) == {"book", "cup"}
