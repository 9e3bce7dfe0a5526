"""The stage `ingest`, run as DVC runs it, in a folder with its own params.yaml."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from stages import ingest
from tenshots.errors import DataError, SettingsError
from tenshots.intake import layout
from tenshots.tables import database
from tests.drawn.handed_in import PARAMS, draw, make_project, write_corrections


def test_ingest_writes_the_database_and_the_manifest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_project(tmp_path)
    monkeypatch.chdir(tmp_path)
    ingest.main([])
    assert capsys.readouterr().out.splitlines() == [
        "group  cup  key  (not used)",
        *[f"p{person}       1    1           0" for person in range(6)],
        "ingest: 12 photos kept; 0 files rejected; data/manifest.csv has a row for each file",
    ]
    photos = database.read_photos(Path("data/database"))
    assert database.decode(photos["image"]).shape == (12, 24, 24, 3)
    assert len(database.read_manifest(Path("data/manifest.csv"))) == 12
    before = {path: path.read_bytes() for path in Path("data/database").iterdir()}
    ingest.main(["--workers", "3"])
    assert {path: path.read_bytes() for path in Path("data/database").iterdir()} == before


def test_a_corrected_photo_changes_its_label_and_nothing_else_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_project(tmp_path)
    monkeypatch.chdir(tmp_path)
    ingest.main([])
    before = database.read_photos(Path("data/database"))
    files = {path: path.read_bytes() for path in Path("data/database").iterdir()}
    photo = before.iloc[0]
    other = "key" if photo["label"] == "cup" else "cup"
    write_corrections(tmp_path, f"{photo['photo_id']},{other},looks like it,ann")
    ingest.main([])
    after = database.read_photos(Path("data/database"))
    assert after.loc[0, "label"] == other
    assert before.assign(label=after["label"]).equals(after)
    assert before["label"][1:].equals(after["label"][1:])
    assert "1 correction in data/corrections.csv: 1 photo given another label" in capsys.readouterr().out
    write_corrections(tmp_path)
    ingest.main([])
    assert {path: path.read_bytes() for path in Path("data/database").iterdir()} == files


def test_corrections_that_change_while_ingest_runs_leave_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_project(tmp_path)
    monkeypatch.chdir(tmp_path)
    read = layout.FoundFile.read

    def read_and_edited(found: layout.FoundFile, max_bytes: int) -> bytes:
        write_corrections(tmp_path, f"{'a' * 64},cup,it is one,ann")
        return read(found, max_bytes)

    monkeypatch.setattr(layout.FoundFile, "read", read_and_edited)
    with pytest.raises(DataError, match=r"data/corrections\.csv changed while .*; run again"):
        ingest.main([])
    assert not Path("data/database").exists()


def test_a_photos_folder_outside_the_repository_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_project(tmp_path)
    (tmp_path / "params.yaml").write_text(PARAMS.replace("data/raw", "../raw"))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingsError, match="the path `photos` must not leave the repository"):
        ingest.main([])


def test_a_photo_replaced_while_ingest_runs_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DVC would take the manifest for one of the new photo, and call it up to date."""
    make_project(tmp_path)
    monkeypatch.chdir(tmp_path)
    read = layout.FoundFile.read

    def read_and_replaced(found: layout.FoundFile, max_bytes: int) -> bytes:
        data = read(found, max_bytes)
        if found.path == "p3/cup/1.png":
            draw(tmp_path, "other.png")
            (tmp_path / "other.png").replace(found.file)
        return data

    with monkeypatch.context() as patch:
        patch.setattr(layout.FoundFile, "read", read_and_replaced)
        with pytest.raises(DataError, match=r"^1 file changed .*data/raw.* p3/cup/1\.png; run again"):
            ingest.main([])
    assert {path.name for path in Path("data").iterdir()} == {"raw", "corrections.csv"}
    ingest.main([])
    manifest = database.read_manifest(Path("data/manifest.csv")).set_index("path")
    data = Path("data/raw/p3/cup/1.png").read_bytes()
    assert manifest["photo_id"]["p3/cup/1.png"] == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("size_px: 24", "size_px: 8", "standardise.size_px must be at least 16, got 8"),
        ("fit: crop", "fit: zoom", "standardise.fit must be 'pad', 'crop' or 'stretch', got 'zoom'"),
        ("encoding: 90", "encoding: 101", "standardise.encoding"),
        ("background: white", "background: wite", "accept.background must be a colour name .* got 'wite'"),
        (
            "max_distance: 40",
            "max_distance: 65",
            "near_duplicates.max_distance must be at most",
        ),
        ("layout:", "layuot:", "layout is missing"),
    ],
)
def test_a_wrong_setting_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, message: str
) -> None:
    (tmp_path / "params.yaml").write_text(PARAMS.replace(old, new))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingsError, match=message):
        ingest.main([])
