"""From files to a manifest and photos: what is kept, what is rejected, and what is no data set."""

from __future__ import annotations

import hashlib
import os
import re
import sys
import threading
import zipfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import ExifTags, Image

from tenshots.errors import DataError, RejectedPhoto
from tenshots.intake import ingestion, members
from tenshots.intake.layout import FoundFile
from tenshots.intake.photos import decoders
from tenshots.intake.photos.decoders import Answer, Decoders
from tenshots.intake.settings import NearDuplicateSettings
from tenshots.tables import database, encoding
from tests.drawn.handed_in import RULES, draw, drawn, ingested
from tests.drawn.pieces import Kept


def test_each_file_has_one_row_and_each_kept_photo_an_image(tmp_path: Path) -> None:
    draw(tmp_path, "ann/cup/1.png", "ann/key/1.png", "bob/cup/1.png")
    (tmp_path / "readme.txt").write_text("hello")
    (tmp_path / "ann" / "cup" / "film.jpg").write_text("no film")
    manifest, kept, *_ = ingested(tmp_path)
    assert manifest["path"].tolist() == [
        "ann/cup/1.png",
        "ann/cup/film.jpg",
        "ann/key/1.png",
        "bob/cup/1.png",
        "readme.txt",
    ]
    assert manifest["status"].tolist() == ["kept", "rejected", "kept", "kept", "rejected"]
    assert manifest["reason"].tolist() == [
        "",
        "not an image of a known format (JPEG, PNG, WebP, HEIC, AVIF, TIFF, BMP, GIF)",
        "",
        "",
        "path does not fit the layout {group}/{label}/{name}",
    ]
    first = manifest.iloc[0]
    data = (tmp_path / "ann/cup/1.png").read_bytes()
    assert first["photo_id"] == hashlib.sha256(data).hexdigest()
    assert first[["label", "group", "split", "format"]].tolist() == ["cup", "ann", "", "PNG"]
    assert first[["width", "height", "orientation", "num_bytes"]].tolist() == [8, 6, 1, len(data)]
    assert kept["path"].tolist() == ["ann/cup/1.png", "ann/key/1.png", "bob/cup/1.png"]
    assert database.decode(kept["image"]).shape == (3, 16, 16, 3)
    assert list(kept.columns) == database.PHOTO_SCHEMA.names


def test_photos_that_were_decoded_before_are_not_decoded_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped and resumed, it leaves the same; what cannot be read is rejected in the same words."""
    photos = tmp_path / "photos"
    draw(
        photos, *[f"p{person}/{label}/{number}.png" for person in "ab" for label in "xy" for number in "123"]
    )
    for name, content in {
        "none": b"",
        "text": b"no photo",
        "cut": drawn("a")[:40],
        "set.rar": b"Rar!",
    }.items():
        (photos / "pa/x" / f"{name}.jpg".replace(".rar.jpg", ".rar")).write_bytes(content)
    monkeypatch.setattr(ingestion, "BATCH_FILES", 3)
    whole = ingested(photos)
    assert {"kept", "rejected"} == set(whole.manifest["status"])

    kept, standardise, num_decoded = Kept(), Decoders.standardise, [0]

    def until_the_third(decoders: Decoders, files: Sequence[bytes]) -> list[Answer]:
        if num_decoded[0] == 2:
            raise KeyboardInterrupt
        num_decoded[0] += 1
        return standardise(decoders, files)

    with monkeypatch.context() as patch:
        patch.setattr(Decoders, "standardise", until_the_third)
        with pytest.raises(KeyboardInterrupt):
            ingested(photos, num_workers=1, pieces=kept)
    assert len(kept.pieces) == 2

    for expected in (2, 6):  # and once more after the last batch
        kept.found.clear()
        resumed = ingested(photos, pieces=kept)
        pd.testing.assert_frame_equal(resumed.manifest, whole.manifest)
        pd.testing.assert_frame_equal(resumed.photos, whole.photos)
        assert len(kept.found) == expected


@pytest.mark.parametrize("reason", [decoders.CRASHED, decoders.TOO_LONG, decoders.TOO_MUCH])
def test_what_another_time_may_succeed_is_tried_again(
    reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos, kept = tmp_path / "photos", Kept()
    draw(photos, "a/x/1.png", "a/y/1.png", "b/x/1.png")
    monkeypatch.setattr(ingestion, "BATCH_FILES", 2)
    standardise = Decoders.standardise

    def lacking(self: Decoders, files: Sequence[bytes]) -> list[Answer]:
        answers = standardise(self, files)
        return [RejectedPhoto(reason), *answers[1:]] if len(files) == 2 else answers

    with monkeypatch.context() as patch:
        patch.setattr(Decoders, "standardise", lacking)
        assert list(ingested(photos, pieces=kept).manifest["reason"]) == [reason, "", ""]
    assert len(kept.pieces) == 1
    assert list(ingested(photos, pieces=kept).manifest["reason"]) == ["", "", ""]


def test_the_number_of_workers_and_the_order_of_files_move_no_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw(
        tmp_path / "in",
        *[f"p{person}/{label}/{shot}.png" for person in range(3) for label in "ab" for shot in range(9)],
    )
    outputs = []
    scandir = os.scandir
    for number, num_workers in enumerate((1, 7)):
        with monkeypatch.context() as patch:
            if number:
                patch.setattr(os, "scandir", lambda folder: reversed(list(scandir(folder))))
            manifest, kept, *_ = ingested(tmp_path / "in", num_workers=num_workers)
        database.write_photos(kept, tmp_path / f"{number}", num_shards=2)
        database.write_manifest(manifest, tmp_path / f"{number}" / "manifest.csv")
        outputs.append({path.name: path.read_bytes() for path in (tmp_path / f"{number}").iterdir()})
    assert outputs[0] == outputs[1]


def test_the_same_bytes_are_kept_once_under_the_smallest_path(tmp_path: Path) -> None:
    draw(tmp_path, "b/cup/1.png", "b/key/1.png")
    for copy in ("c/cup/1.png", "a/cup/2.png"):
        (tmp_path / copy).parent.mkdir(parents=True)
        (tmp_path / copy).write_bytes((tmp_path / "b/cup/1.png").read_bytes())
    manifest, kept, *_ = ingested(tmp_path)
    assert kept["path"].tolist() == ["a/cup/2.png", "b/key/1.png"]
    reasons = manifest.set_index("path")["reason"]
    assert reasons["b/cup/1.png"] == reasons["c/cup/1.png"] == "same bytes as a/cup/2.png"


def test_the_same_bytes_under_two_labels_are_an_error_that_lists_all_pairs(tmp_path: Path) -> None:
    draw(tmp_path, "a/cup/1.png", "a/cup/2.png", "a/cup/3.png", "a/key/9.png")
    for number in (1, 2):
        (tmp_path / f"a/key/{number}.png").write_bytes((tmp_path / f"a/cup/{number}.png").read_bytes())
    with pytest.raises(
        DataError, match=r"different labels: a/cup/1.png and a/key/1.png; a/cup/2.png and a/key/2.png; delete"
    ):
        ingested(tmp_path)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("cup", "Cup"),
        ("cup", "cup "),
        ("straße", "STRASSE"),
    ],
)
@pytest.mark.parametrize("layout", ["{group}/{label}/{name}", "{label}/{group}/{name}"])
def test_spellings_of_one_name_are_an_error_that_lists_the_folders(
    tmp_path: Path, one: str, other: str, layout: str
) -> None:
    draw(tmp_path, f"x/{one}/1.png", f"y/{other}/1.png")
    with pytest.raises(DataError, match="differ only in case, blanks or characters that cannot") as caught:
        ingested(tmp_path, layout)
    message = str(caught.value)
    assert f": the {'labels' if layout.startswith('{group}') else 'groups'} " in message
    assert f"{one!r} (in x/{one})" in message
    assert f"{other!r} (in y/{other})" in message


def test_all_names_that_clash_are_told_at_once_and_before_any_photo_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw(tmp_path, "ann/KEY/1.png", "ann/cup/1.png", "bob/key/1.png", "Bob/cup\N{ZERO WIDTH SPACE}/1.png")

    def read(found: FoundFile, _: int) -> bytes:
        raise AssertionError(f"{found.path} was read")

    monkeypatch.setattr(FoundFile, "read", read)
    with pytest.raises(DataError) as caught:
        ingested(tmp_path)
    assert str(caught.value) == (
        "names differ only in case, blanks or characters that cannot be seen or mean the same: the labels "
        "'KEY' (in ann/KEY) and 'key' (in bob/key); the labels 'cup' (in ann/cup) and 'cup\\u200b' (in "
        "Bob/cup\\u200b); the groups 'Bob' (in Bob/cup\\u200b) and 'bob' (in bob/key); rename them to one "
        "spelling"
    )


def test_many_folders_of_one_spelling_are_counted_not_listed(tmp_path: Path) -> None:
    draw(tmp_path, *[f"{person}/cup/1.png" for person in range(8)], "0/Cup/1.png")
    with pytest.raises(DataError, match=re.escape("(in 0/cup, 1/cup, 2/cup, 3/cup, 4/cup, 3 more)")):
        ingested(tmp_path)


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / ".hidden").write_bytes(b"x")
    with pytest.raises(DataError, match="is empty; copy photos into it"):
        ingested(tmp_path)


def test_a_folder_without_a_usable_photo_says_why(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    for name in ("1.txt", "2.txt", "a/3.txt"):
        (tmp_path / name).write_text(name)
    message = r"path does not fit the layout \{label\}/\{name\} \(2\), not an image .*; the first is 1\.txt"
    with pytest.raises(DataError, match=message):
        ingested(tmp_path, "{label}/{name}")


def test_a_single_label_is_an_error(tmp_path: Path) -> None:
    draw(tmp_path, "cup/1.png", "cup/2.png")
    with pytest.raises(DataError, match="all 2 photos have the label 'cup'"):
        ingested(tmp_path, "{label}/{name}")


def test_a_label_whose_files_are_all_rejected_is_an_error(tmp_path: Path) -> None:
    draw(tmp_path, "cup/1.png", "key/1.png")
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "1.jpg").write_bytes(b"x")
    with pytest.raises(DataError, match=r"'book': a label without a usable photo .not an image"):
        ingested(tmp_path, "{label}/{name}")


def test_a_label_whose_folder_is_empty_is_an_error(tmp_path: Path) -> None:
    draw(tmp_path, "cup/1.png", "key/1.png")
    (tmp_path / "book").mkdir()
    with pytest.raises(DataError, match=r"'book': a label without a usable photo .no files"):
        ingested(tmp_path, "{label}/{name}")


def test_an_empty_folder_of_a_label_that_has_photos_elsewhere_is_fine(tmp_path: Path) -> None:
    draw(tmp_path, "a/cup/1.png", "a/key/1.png")
    (tmp_path / "b" / "cup").mkdir(parents=True)
    assert len(ingested(tmp_path).photos) == 2


def test_a_split_of_another_name_is_an_error_that_names_the_folder(tmp_path: Path) -> None:
    draw(tmp_path, "train/cup/1.png", "train/key/1.png", "valid/cup/2.png")
    with pytest.raises(DataError, match=r"train, val or test, got 'valid' \(in valid/cup\); rename"):
        ingested(tmp_path, "{split}/{label}/{name}")


def test_a_given_split_is_written_down(tmp_path: Path) -> None:
    draw(tmp_path, "train/cup/1.png", "test/key/1.png")
    assert ingested(tmp_path, "{split}/{label}/{name}").photos["split"].tolist() == ["test", "train"]


def test_a_file_that_must_not_or_cannot_be_read_is_rejected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw(tmp_path, "cup/1.png", "key/1.png", "cup/denied.png")
    (tmp_path / "key" / "film.png").write_bytes(b"x" * (10**6 + 1))
    (tmp_path / "key" / "gone.png").symlink_to(tmp_path / "nothing")
    opened = members.open_regular

    def denied(path: Path) -> int:
        if path.name == "denied.png":
            raise PermissionError(13, "Permission denied")
        return opened(path)

    monkeypatch.setattr(members, "open_regular", denied)  # root, who runs CI, may read everything
    rejected = ingested(tmp_path, "{label}/{name}").manifest.query("status == 'rejected'")
    assert dict(zip(rejected["path"], rejected["reason"], strict=True)) == {
        "cup/denied.png": "cannot be read (Permission denied)",
        "key/film.png": "its size is 1.000001 MB, more than 1 MB (see accept.max_megabytes in params.yaml)",
        "key/gone.png": "a link that leads nowhere",
    }
    assert set(rejected["photo_id"]) == {""}


def test_an_archive_of_another_kind_is_told_from_a_wrong_path(tmp_path: Path) -> None:
    draw(tmp_path, "ann/cup/1.png", "ann/key/1.png")
    for name in ("ann/cup/more.7z", "bob.rar", "notes.txt"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "cem.tar.gz").write_bytes(b"x" * (10**6 + 1))
    rejected = ingested(tmp_path).manifest.query("status == 'rejected'")
    assert rejected["path"].tolist() == ["ann/cup/more.7z", "bob.rar", "cem.tar.gz", "notes.txt"]
    wrong_path = "path does not fit the layout {group}/{label}/{name}"
    assert rejected["reason"].tolist() == [*[ingestion.OTHER_ARCHIVE] * 3, wrong_path]


def test_a_zip_is_a_folder_of_its_name(tmp_path: Path) -> None:
    draw(tmp_path / "in", "ann/cup/1.png", "ann/key/1.png")
    draw(tmp_path / "bob", "cup/1.png", "key/2.png")
    with zipfile.ZipFile(tmp_path / "in" / "bob.zip", "w") as archive:
        for path in ("cup/1.png", "key/2.png"):
            archive.write(tmp_path / "bob" / path, f"photos/{path}")
        archive.writestr("photos/cup/notes.txt", "hello")
    manifest, kept, *_ = ingested(tmp_path / "in")
    assert kept[["path", "group", "label"]].to_numpy().tolist() == [
        ["ann/cup/1.png", "ann", "cup"],
        ["ann/key/1.png", "ann", "key"],
        ["bob.zip/photos/cup/1.png", "bob", "cup"],
        ["bob.zip/photos/key/2.png", "bob", "key"],
    ]
    assert manifest["path"].tolist()[2] == "bob.zip/photos/cup/1.png"
    assert manifest.set_index("path")["status"]["bob.zip/photos/cup/notes.txt"] == "rejected"


def test_a_photo_saved_again_shares_its_cluster_and_one_alone_has_its_own(tmp_path: Path) -> None:
    coarse = np.random.default_rng(1).integers(0, 256, (12, 12, 3), dtype=np.uint8)
    picture = np.asarray(Image.fromarray(coarse).resize((64, 64), Image.Resampling.BICUBIC))
    draw(tmp_path, "ann/key/1.png", "bob/key/1.png", "cem/cup/3.png")
    for path, kind in (("ann/cup/1.png", "lossless"), ("bob/cup/2.jpg", 60)):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_bytes(encoding.encode(picture, kind))
    manifest, *_ = ingested(tmp_path)
    rows = manifest.set_index("path")
    alike = rows.loc[["ann/cup/1.png", "bob/cup/2.jpg"]]
    assert set(alike["cluster"]) == {min(alike["photo_id"])}
    alone = rows.drop(alike.index)
    assert (alone["cluster"] == alone["photo_id"]).all()
    assert (rows["perceptual_hash"].str.len() > 0).all()


STRICT = RULES._replace(
    near_duplicates=NearDuplicateSettings(max_distance=56, min_similarity=0.5, max_share=0.2)
)


def burst(folder: Path, seed: int, *people: str) -> None:
    """Ten shots of one cup, dealt to the people in turn."""
    coarse = np.random.default_rng(seed).integers(0, 256, (12, 12, 3), dtype=np.uint8)
    picture = Image.fromarray(coarse).resize((80, 80), Image.Resampling.BICUBIC)
    for number in range(10):
        file = folder / people[number % len(people)] / "cup" / f"{seed}_{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        picture.crop((number, 0, number + 64, 64)).save(file)


def test_ten_shots_of_one_cup_by_each_of_four_students_are_no_error(tmp_path: Path) -> None:
    for seed, person in enumerate(("ann", "bob", "cem", "dan")):
        burst(tmp_path, seed, person)
        draw(tmp_path, f"{person}/key/1.png")
    manifest = ingested(tmp_path, rules=STRICT).manifest
    clusters = manifest[manifest["label"] == "cup"].groupby("cluster")["group"].agg(["size", "nunique"])
    assert clusters["size"].tolist() == [10] * 4
    assert (clusters["nunique"] == 1).all()


def test_ten_shots_of_one_cup_by_several_students_are_a_short_error(tmp_path: Path) -> None:
    burst(tmp_path, 1, "ann", "bob")
    draw(tmp_path, *[f"{person}/key/{shot}.png" for person in ("ann", "bob") for shot in range(5)])
    with pytest.raises(
        DataError, match=r"max_share is 0.2, but one cluster holds 10 of 10 photos of 'cup'"
    ) as caught:
        ingested(tmp_path, rules=STRICT)
    assert len(str(caught.value)) < 300
    assert re.search(r"(ann\S+ and bob\S+|bob\S+ and ann\S+) \(similarity", str(caught.value))


def test_a_group_without_a_photo_is_named(tmp_path: Path) -> None:
    draw(tmp_path, "ann/cup/1.png", "ann/key/1.png")
    for folder in ("bob/cup", "cem", "ann/cup/deeper", "dan/key"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "dan/key/1.png").write_text("no photo")
    assert ingested(tmp_path).bare_groups == ["bob", "cem", "dan"]


def test_what_the_photo_says_of_itself_stands_in_the_manifest(tmp_path: Path) -> None:
    draw(tmp_path, "ann/cup/1.png", "ann/key/1.png")
    exif = Image.Exif()
    exif[ExifTags.Base.Make], exif[ExifTags.Base.Model] = "Tenshots", "One"
    exif[ExifTags.Base.DateTime] = "2026:11:23 10:20:30"
    Image.new("RGB", (40, 30), (200, 10, 10)).save(tmp_path / "ann/cup/2.jpg", exif=exif)
    row = ingested(tmp_path).manifest.set_index("path").loc["ann/cup/2.jpg"]
    assert row[["format", "camera", "taken", "note"]].tolist() == [
        "JPEG",
        "Tenshots One",
        "2026-11-23T10:20:30",
        "",
    ]
    assert row["sharpness"] == 0
    assert row["brightness"] == pytest.approx(0.27, abs=0.02)
    assert row["brightness"] == round(row["brightness"], 6)


def test_a_slow_file_does_not_let_results_pile_up() -> None:
    """All others wait until the first is done, but only as many as may run ahead have begun."""
    begun: list[int] = []
    release = threading.Event()

    def work(number: int) -> int:
        begun.append(number)
        if number == 0:
            release.wait(10)
        return number

    with ThreadPoolExecutor(2) as workers:
        results = ingestion._in_order(workers, work, range(100), 2)
        threading.Timer(0.2, release.set).start()
        first = next(results)
        assert len(begun) <= ingestion.NUM_AHEAD * 2 + 2
        assert [first, *results] == list(range(100))


def test_a_log_gets_a_line_now_and_then_and_a_terminal_a_bar(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    draw(tmp_path, "cup/1.png", "key/1.png")
    monkeypatch.setattr(ingestion, "SECONDS_BETWEEN_LINES", -1)
    in_log = ingested(tmp_path, "{label}/{name}")
    assert capsys.readouterr().err.splitlines()[-1] == "ingest: 2 of 2 files"
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    on_terminal = ingested(tmp_path, "{label}/{name}")
    assert "2 of 2 files" not in capsys.readouterr().err
    pd.testing.assert_frame_equal(in_log.manifest, on_terminal.manifest)
