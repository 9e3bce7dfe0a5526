"""From files to a manifest and photos: what is kept, what is rejected, and what is no data set."""

from __future__ import annotations

import hashlib
import os
import re
import sys
import unicodedata
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tenshots import database, ingestion, photos
from tenshots.errors import DataError
from tenshots.ingestion import Ingested, ingest, summary
from tenshots.layout import Layout
from tenshots.photos import StandardiseSettings

SETTINGS = StandardiseSettings(size_px=16, fit="pad", encoding="lossless")


def draw(folder: Path, *paths: str) -> None:
    """Writes a photo of its own at each path; the path decides the pixels."""
    for path in paths:
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(list(path.encode())).integers(0, 256, (6, 8, 3), dtype=np.uint8)
        file.write_bytes(photos.encode(pixels, "lossless"))


def ingested(folder: Path, layout: str = "{group}/{label}/{name}", num_workers: int = 2) -> Ingested:
    return ingest(folder, Layout(layout), SETTINGS, num_workers=num_workers)


def test_each_file_has_one_row_and_each_kept_photo_an_image(tmp_path: Path) -> None:
    draw(tmp_path, "ann/cup/1.png", "ann/key/1.png", "bob/cup/1.png")
    (tmp_path / "readme.txt").write_text("hello")
    (tmp_path / "ann" / "cup" / "film.jpg").write_text("no film")
    manifest, kept = ingested(tmp_path)
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
        "not a JPEG, PNG or WebP image",
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
            manifest, kept = ingested(tmp_path / "in", num_workers=num_workers)
        database.write_photos(kept, tmp_path / f"{number}", num_shards=2)
        database.write_manifest(manifest, tmp_path / f"{number}" / "manifest.csv")
        outputs.append({path.name: path.read_bytes() for path in (tmp_path / f"{number}").iterdir()})
    assert outputs[0] == outputs[1]


def test_the_same_bytes_are_kept_once_under_the_smallest_path(tmp_path: Path) -> None:
    draw(tmp_path, "b/cup/1.png", "b/key/1.png")
    for copy in ("c/cup/1.png", "a/cup/2.png"):
        (tmp_path / copy).parent.mkdir(parents=True)
        (tmp_path / copy).write_bytes((tmp_path / "b/cup/1.png").read_bytes())
    manifest, kept = ingested(tmp_path)
    assert kept["path"].tolist() == ["a/cup/2.png", "b/key/1.png"]
    reasons = manifest.set_index("path")["reason"]
    assert reasons["b/cup/1.png"] == reasons["c/cup/1.png"] == "same bytes as a/cup/2.png"
    assert summary(manifest) == "2 photos kept, 2 files rejected: 2 same bytes as another file"


def test_the_same_bytes_under_two_labels_are_an_error_that_lists_all_pairs(tmp_path: Path) -> None:
    draw(tmp_path, "a/cup/1.png", "a/cup/2.png", "a/cup/3.png", "a/key/9.png")
    for number in (1, 2):
        (tmp_path / f"a/key/{number}.png").write_bytes((tmp_path / f"a/cup/{number}.png").read_bytes())
    with pytest.raises(
        DataError, match=r"2 pairs .*a/cup/1.png and a/key/1.png; a/cup/2.png and a/key/2.png"
    ):
        ingested(tmp_path)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("cup", "Cup"),
        ("cup", "cup "),
        ("straße", "STRASSE"),
        (unicodedata.normalize("NFC", "café"), unicodedata.normalize("NFD", "café")),
    ],
)
@pytest.mark.parametrize("layout", ["{group}/{label}/{name}", "{label}/{group}/{name}"])
def test_spellings_of_one_name_are_an_error_that_lists_the_folders(
    tmp_path: Path, one: str, other: str, layout: str
) -> None:
    draw(tmp_path, f"x/{one}/1.png", f"y/{other}/1.png")
    with pytest.raises(DataError, match="differ only in case, Unicode form or blanks") as caught:
        ingested(tmp_path, layout)
    message = str(caught.value)
    assert message.startswith("labels" if layout.startswith("{group}") else "groups")
    assert f"{one!a} (in x/{one})" in message
    assert f"{other!a} (in y/{other})" in message


def test_many_folders_of_one_spelling_are_counted_not_listed(tmp_path: Path) -> None:
    draw(tmp_path, *[f"{person}/cup/1.png" for person in range(8)], "0/Cup/1.png")
    with pytest.raises(DataError, match=re.escape("(in 0/cup, 1/cup, 2/cup, 3/cup, 4/cup and 3 more)")):
        ingested(tmp_path)


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / ".hidden").write_bytes(b"x")
    with pytest.raises(DataError, match="is empty; copy photos into it"):
        ingested(tmp_path)


def test_a_folder_without_a_usable_photo_says_why(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    for name in ("1.txt", "2.txt", "a/3.txt"):
        (tmp_path / name).write_text(name)
    message = r"2 path does not fit the layout \{label\}/\{name\}, 1 not a JPEG"
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
    with pytest.raises(DataError, match=r"'book': a label without a usable photo .1 not a JPEG"):
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
    (tmp_path / "key" / "film.png").write_bytes(b"x" * 2**20)
    (tmp_path / "key" / "gone.png").symlink_to(tmp_path / "nothing")
    monkeypatch.setattr(ingestion, "MAX_FILE_BYTES", 2**20 - 1)
    read_bytes = Path.read_bytes

    def denied(path: Path) -> bytes:
        if path.name == "denied.png":
            raise PermissionError(13, "Permission denied")
        return read_bytes(path)

    monkeypatch.setattr(Path, "read_bytes", denied)  # root, who runs CI, may read everything
    rejected = ingested(tmp_path, "{label}/{name}").manifest.query("status == 'rejected'")
    assert dict(zip(rejected["path"], rejected["reason"], strict=True)) == {
        "cup/denied.png": "cannot be read (Permission denied)",
        "key/film.png": "larger than 0 MB",
        "key/gone.png": "a link that leads nowhere",
    }
    assert set(rejected["photo_id"]) == {""}


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


def test_the_summary_counts_reasons_from_the_most_frequent() -> None:
    rows = [("kept", ""), ("rejected", "small"), ("rejected", "large"), ("rejected", "small")]
    manifest = pd.DataFrame(rows, columns=["status", "reason"])
    assert summary(manifest) == "1 photos kept, 3 files rejected: 2 small, 1 large"
    assert summary(manifest[:1]) == "1 photos kept, 0 files rejected"
