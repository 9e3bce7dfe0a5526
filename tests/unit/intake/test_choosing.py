"""Only the first photos of each group and label are read, where the settings say so."""

from __future__ import annotations

from pathlib import Path

import pytest

from tenshots.intake import collection, layout
from tenshots.intake.choosing import Choice
from tenshots.intake.ingestion import Ingested
from tenshots.intake.layout import FoundFile
from tenshots.intake.names.pattern import PathFields
from tests.drawn.handed_in import RULES, draw, drawn, ingested

SHOTS = [f"{who}/{label}/{shot}.png" for who in ("ann", "bob") for label in ("cup", "key") for shot in "1234"]
LEFT_OUT = "left out: beyond the first 2 photos of its group and label (see accept.max_photos in params.yaml)"


def first(folder: Path, most: int = 2, pattern: str = "{group}/{label}/{name}") -> Ingested:
    accept = RULES.accept.model_copy(update={"max_photos": most})
    return ingested(folder, pattern, rules=RULES._replace(accept=accept))


def kept(result: Ingested) -> list[str]:
    return result.photos["path"].tolist()


def test_the_first_by_path_stay_and_each_other_file_has_a_row_that_says_why(tmp_path: Path) -> None:
    draw(tmp_path, *SHOTS)
    result = first(tmp_path)
    assert kept(result) == [path for path in SHOTS if path[-5] in "12"]
    assert result.manifest["path"].tolist() == SHOTS
    others = result.manifest[~result.manifest["path"].isin(kept(result))]
    assert set(others["status"]) == {"rejected"}
    assert set(others["reason"]) == {LEFT_OUT}
    assert set(others["photo_id"]) == {""}
    assert others[["group", "label"]].drop_duplicates().to_numpy().tolist() == [
        ["ann", "cup"], ["ann", "key"], ["bob", "cup"], ["bob", "key"],
    ]  # fmt: skip
    summary = collection.summary(result.manifest)
    assert summary == f"8 photos kept; 8 files {LEFT_OUT}; 0 files rejected"


def test_what_stays_is_as_if_the_others_were_not_there(tmp_path: Path) -> None:
    draw(tmp_path / "all", *SHOTS)
    draw(tmp_path / "few", *[path for path in SHOTS if path[-5] in "12"])
    one, other = first(tmp_path / "all").photos, ingested(tmp_path / "few").photos
    assert one.equals(other)


def test_files_that_are_left_out_are_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draw(tmp_path, *SHOTS)
    opened = []
    read = layout.FoundFile.read
    monkeypatch.setattr(
        layout.FoundFile, "read", lambda self, most: opened.append(self.path) or read(self, most)
    )
    result = first(tmp_path)
    assert sorted(opened) == kept(result) == [path for path in SHOTS if path[-5] in "12"]


def test_where_a_file_is_no_photo_or_a_copy_the_next_takes_its_place(tmp_path: Path) -> None:
    draw(tmp_path, *SHOTS)
    (tmp_path / "ann/cup/1.png").write_text("damaged")
    (tmp_path / "ann/cup/2.png").write_text("damaged, too")
    (tmp_path / "bob/key/2.png").write_bytes(drawn("bob/key/1.png"))
    result = first(tmp_path)
    assert kept(result) == [
        *("ann/cup/3.png", "ann/cup/4.png", "ann/key/1.png", "ann/key/2.png"),
        *("bob/cup/1.png", "bob/cup/2.png", "bob/key/1.png", "bob/key/3.png"),
    ]
    reasons = result.manifest.set_index("path")["reason"]
    assert reasons["ann/cup/1.png"].startswith("not an image")
    assert reasons["bob/key/2.png"] == "same bytes as bob/key/1.png"
    assert reasons["bob/key/4.png"] == LEFT_OUT


def test_a_file_with_a_reason_of_its_own_keeps_it(tmp_path: Path) -> None:
    draw(tmp_path, *SHOTS)
    (tmp_path / "ann/cup/9.png").symlink_to("nowhere.png")
    (tmp_path / "readme.txt").write_text("hello")
    reasons = first(tmp_path).manifest.set_index("path")["reason"]
    assert reasons["ann/cup/9.png"] == "a link that leads nowhere"
    assert reasons["readme.txt"].startswith("path does not fit the layout")


def test_each_part_of_a_given_split_has_its_own_first_photos(tmp_path: Path) -> None:
    paths = [
        f"{part}/{label}/{n}.png" for part in ("test", "train") for label in ("cup", "key") for n in "123"
    ]
    draw(tmp_path, *paths)
    assert kept(first(tmp_path, 1, "{split}/{label}/{name}")) == [path for path in paths if path[-5] == "1"]


def test_none_reads_all_files_at_once() -> None:
    found = [FoundFile(f"{number}.png", Path(), "", "") for number in range(9)]
    choice = Choice(found, [PathFields("a", "b", "", "c")] * 9, most=None)
    assert choice.round() == list(range(9))
    assert choice.round() == []
    assert choice.left_out() == []
