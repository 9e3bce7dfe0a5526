"""What variants with `data: on_the_fly` depend on: photos, features, layers and what applies them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tenshots.errors import DataError
from tenshots.tables import on_the_fly, paths


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for folder in (paths.DATABASE, paths.FEATURES / "database/lecture", paths.FEATURES / "database/small"):
        folder.mkdir(parents=True)
        (folder / "file").write_text(folder.name)
    on_the_fly.write(layers=["RandomFlip"], code=["0123  copying.py"])
    return tmp_path


def texts() -> dict[str, str]:
    folders = (paths.ON_THE_FLY, paths.FEATURES / "on_the_fly")
    found = [path for folder in folders for path in folder.rglob("*.json")]
    return {str(path.parent.name): path.read_text(encoding="utf-8") for path in found}


def test_the_layers_are_read_back(project: Path) -> None:
    del project
    assert on_the_fly.read() == ["RandomFlip"]
    assert json.loads(texts()["on_the_fly"])["code"] == ["0123  copying.py"]


def test_each_file_changes_with_what_it_is_of_and_with_nothing_else(project: Path) -> None:
    before = texts()
    assert before.keys() == {"on_the_fly", "lecture", "small"}
    edits = {
        "on_the_fly": paths.DATABASE / "file",
        "small": paths.FEATURES / "database/small/file",
    }
    for name, path in edits.items():
        path.write_text("other")
        on_the_fly.write(layers=["RandomFlip"], code=["0123  copying.py"])
        after = texts()
        assert {each for each in after if after[each] != before[each]} == {name}
        before = after
    for layers, code in ((["RandomZoom"], ["0123  copying.py"]), (["RandomZoom"], ["4567  copying.py"])):
        on_the_fly.write(layers=layers, code=code)
        assert {each for each in texts() if texts()[each] != before[each]} == {"on_the_fly"}
        before = texts()
    del project


def test_photos_without_a_label_are_part_of_the_photos(project: Path) -> None:
    del project
    (paths.DATABASE / "unlabelled").mkdir()
    (paths.DATABASE / "unlabelled/file").write_text("more")
    with pytest.raises(DataError, match="is of other photos"):
        on_the_fly.read()


def test_what_is_of_other_photos_or_no_such_file_is_refused(project: Path) -> None:
    del project
    (paths.DATABASE / "file").write_text("other")
    with pytest.raises(
        DataError, match=r"source\.json is of other photos than data/database; run `dvc repro`"
    ):
        on_the_fly.read()
    (paths.ON_THE_FLY / on_the_fly.SOURCE).write_text("[]")
    with pytest.raises(DataError, match="does not say what fresh copies are drawn from"):
        on_the_fly.read()
    (paths.ON_THE_FLY / on_the_fly.SOURCE).unlink()
    with pytest.raises(DataError, match="on_the_fly"):
        on_the_fly.read()


def test_a_variant_reads_the_photos_of_the_database() -> None:
    assert [paths.source(data) for data in ("database", "augmented", "on_the_fly")] == [
        "database",
        "augmented",
        "database",
    ]
