"""What is left out by rule, by ingest and by DVC alike, and what stands in for a photo that is missing."""

from __future__ import annotations

import errno
import zipfile
from pathlib import Path

import pytest
from dvc.fs import localfs
from dvc.ignore import DvcIgnorePatterns
from dvc.repo import Repo

from tenshots.intake import members
from tenshots.intake.clutter import (
    CLUTTER,
    EMPTY,
    GOOGLE_LINK,
    IN_ICLOUD,
    ONLINE_ONLY,
    UNFINISHED,
    is_clutter,
    stand_in,
)
from tests.drawn.handed_in import draw, ingested

DVCIGNORE = Path(__file__).parents[3] / ".dvcignore"
GUID = "{4c8cc155-6c1e-11d1-8e41-00c04fb9386d}"
LEFT_OUT = [
    *(
        ".DS_Store",
        "._IMG_1.jpg",
        ".git",
        ".nomedia",
        ".picasa.ini",
        ".thumbnails",
        ".gitignore",
        ".IMG_1.jpg",
    ),
    *("Thumbs.db", "THUMBS.DB", "ehthumbs_vista.db", "Desktop.ini", "$RECYCLE.BIN", "FOUND.000", "~$rt.docx"),
    *(
        "__MACOSX",
        "Icon\r",
        "Network Trash Folder",
        "@eaDir",
        "#recycle",
        "@Recycle",
        "lost+found",
        "LOST.DIR",
    ),
    *("Picasa.ini", "ZbThumbnail.info", "pspbrwse.jbf", "__pycache__", "layout.cpython-311.pyc"),
    *("IMG_0000.jpg:Zone.Identifier", "IMG_0000.jpg\uf03aZone.Identifier", "IMG_0000.jpg_Zone.Identifier"),
    *("IMG_0000.jpg:SmartScreen", "IMG_0000.jpg:SmartScreen:$DATA", "Thumbs.db:encryptable", f"1.jpg:{GUID}"),
    *(
        "1.jpg:com.dropbox.attrs",
        "1.jpg\uf03acom.dropbox.attributes",
        "1.jpg:AFP_AfpInfo",
        "1.jpg:ms-properties",
    ),
    *(".trashed-1670000000-IMG_1.jpg", "._IMG_1.jpg.AbC123", ".config.backup"),
    *(
        "...icloud",
        "..part",
        "....icloud",
        "~$1.jpg.part",
        ".pending-1-.",
        ".IMG_1.jpg.part",
        ".syncthing...tmp",
    ),
]
STAND_INS = {
    ".IMG_0001.HEIC.icloud": ("IMG_0001.HEIC", IN_ICLOUD),
    ".cup.icloud": ("cup", IN_ICLOUD),
    "IMG_1.jpg.nextcloud": ("IMG_1.jpg", ONLINE_ONLY),
    "IMG_1.jpg.owncloud": ("IMG_1.jpg", ONLINE_ONLY),
    "IMG_1.jpg.rsls": ("IMG_1.jpg", ONLINE_ONLY),
    "IMG_1.jpg.cloud": ("IMG_1.jpg", ONLINE_ONLY),
    "IMG_1.jpg.part": ("IMG_1.jpg", UNFINISHED),
    "Unconfirmed 12345.crdownload": ("Unconfirmed 12345", UNFINISHED),
    "IMG_1.jpg.download": ("IMG_1.jpg", UNFINISHED),
    "IMG_1.jpg.partial": ("IMG_1.jpg", UNFINISHED),
    "IMG_1.jpg.opdownload": ("IMG_1.jpg", UNFINISHED),
    "ann.zip.!ut": ("ann.zip", UNFINISHED),
    "IMG_1.JPG.filepart": ("IMG_1.JPG", UNFINISHED),
    ".IMG_1.jpg.AbC123": ("IMG_1.jpg", UNFINISHED),
    ".pending-1670000000-IMG_1.jpg": ("IMG_1.jpg", UNFINISHED),
    ".syncthing.IMG_1.jpg.tmp": ("IMG_1.jpg", UNFINISHED),
    "~syncthing~IMG_1.jpg.tmp": ("IMG_1.jpg", UNFINISHED),
    "cups.gdoc": ("cups.gdoc", GOOGLE_LINK),
    "cups.gsheet": ("cups.gsheet", GOOGLE_LINK),
}
FILES = [
    *(
        "IMG_1.jpg",
        "11:2 cup.jpg",
        "Screenshot at 10:00:37.png",
        "icons",
        "Icon1",
        "Iconé",
        "recycled",
        "thumbs",
    ),
    *(
        "zone.jpg",
        "smartscreen",
        "data",
        "ms-properties",
        "part",
        "IMG (conflicted copy).jpg",
        "a~b.jpg",
        "~1.jpg",
    ),
]


@pytest.mark.parametrize("name", LEFT_OUT)
def test_clutter_is_left_out(name: str) -> None:
    assert is_clutter(name)


@pytest.mark.parametrize("name", STAND_INS)
def test_what_stands_in_for_a_file_is_told_with_its_name(name: str) -> None:
    assert stand_in(name) == STAND_INS[name]
    assert not is_clutter(name)


@pytest.mark.parametrize("name", FILES)
def test_other_files_are_files(name: str) -> None:
    assert stand_in(name) is None
    assert not is_clutter(name)


def in_both_cases(pattern: str) -> str:
    """A pattern of ours as .dvcignore has it, where letters are of one case."""
    result, in_set = "", False
    for character in pattern:
        in_set = character == "[" or (in_set and character != "]")
        is_letter = character.isascii() and character.isalpha() and not in_set
        result += f"[{character.upper()}{character}]" if is_letter else character
    return result


def test_dvc_leaves_out_by_the_same_rules() -> None:
    lines = [line for line in DVCIGNORE.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert [line for line in lines if not line.startswith("!")] == [*map(in_both_cases, CLUTTER)]
    ignored = DvcIgnorePatterns.from_file(str(DVCIGNORE), localfs, ".dvcignore")
    folder = str(DVCIGNORE.parent / "data" / "raw" / "ann")
    for name in (*LEFT_OUT, *STAND_INS, *FILES):
        for is_dir in (False, True):
            assert ignored.matches(folder, name, is_dir) == is_clutter(name), name


def test_clutter_beside_a_photo_is_no_change_for_dvc_and_a_stand_in_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    draw(tmp_path / "raw", "ann/cup/1.png", "ann/cup/.IMG_2.HEIC.icloud")
    (tmp_path / ".dvcignore").write_bytes(DVCIGNORE.read_bytes())
    with Repo.init(no_scm=True) as repo:
        repo.add("raw")
    recorded = (tmp_path / "raw.dvc").read_bytes()
    for name in LEFT_OUT:
        (tmp_path / "raw" / "ann" / "cup" / name).write_text("clutter")
    with Repo() as repo:
        assert repo.status() == {}
        repo.add("raw")
        assert (tmp_path / "raw.dvc").read_bytes() == recorded
    (tmp_path / "raw" / "ann" / "cup" / ".IMG_2.HEIC.icloud").unlink()
    with Repo() as repo:
        assert repo.status() != {}


def test_streams_beside_each_photo_and_other_clutter_get_no_row(tmp_path: Path) -> None:
    photos = [f"{person}/{label}/1.png" for person in ("ann", "bob") for label in ("cup", "key")]
    draw(
        tmp_path,
        *photos,
        *[f"{photo}{colon}Zone.Identifier" for photo in photos for colon in (":", "\uf03a")],
    )
    with zipfile.ZipFile(tmp_path / "cem.zip", "w") as archive:
        archive.write(tmp_path / "ann/cup/1.png", "cup/1.png")
        archive.writestr("cup/1.png:Zone.Identifier", "[ZoneTransfer]")
    assert ingested(tmp_path).manifest["path"].tolist() == [*photos[:2], *photos[2:], "cem.zip/cup/1.png"]


def test_each_photo_that_is_missing_gets_a_row_in_its_group_with_what_to_do(tmp_path: Path) -> None:
    draw(tmp_path / "in", "ann/cup/1.png", "ann/key/1.png", "bob/cup/1.png", "bob/key/1.png")
    missing = {
        **{f"bob/cup/.IMG_000{number}.HEIC.icloud": IN_ICLOUD for number in range(5)},
        "bob/cup/2.jpg.crdownload": UNFINISHED,
        "bob/cup/.3.jpg.AbC123": UNFINISHED,
        "bob/cup/5.jpg.download/5.jpg": UNFINISHED,  # Safari makes a folder
        "bob/cup/5.jpg.download/Info.plist": UNFINISHED,
        "bob/cup/list.gsheet": GOOGLE_LINK,
        "bob/cup/4.jpg": EMPTY,
        "cem.zip": EMPTY,
    }
    (tmp_path / "in/bob/cup/5.jpg.download").mkdir()
    for path in missing:
        (tmp_path / "in" / path).write_bytes(b"" if missing[path] == EMPTY else b"bplist00")
    manifest = ingested(tmp_path / "in").manifest
    rejected = manifest[manifest["status"] == "rejected"]
    assert dict(zip(rejected["path"], rejected["reason"], strict=True)) == missing
    beside_photos = rejected[rejected["path"] != "cem.zip"]
    assert set(beside_photos["group"]) == {"bob"}
    assert set(beside_photos["label"]) == {"cup"}


def test_a_stand_in_is_read_by_the_name_of_the_photo(tmp_path: Path) -> None:
    draw(tmp_path, "cup/ann_1.png", "key/ann_1.png", "cup/.bob_1.HEIC.icloud")
    rows = ingested(tmp_path, "{label}/{group}_{name}").manifest.set_index("path")
    assert rows["group"]["cup/.bob_1.HEIC.icloud"] == "bob"


def test_a_folder_that_is_called_download_is_like_others(tmp_path: Path) -> None:
    draw(tmp_path, "ann/cup.download/1.png", "ann/key/1.png")
    assert set(ingested(tmp_path).photos["label"]) == {"cup.download", "key"}


def test_a_whole_person_in_the_cloud_is_named(tmp_path: Path) -> None:
    draw(tmp_path / "in", "ann/cup/1.png", "ann/key/1.png")
    for name in (".bob.zip.icloud", "cem.zip.part", ".dan.icloud"):
        (tmp_path / "in" / name).write_bytes(b"x")
    with zipfile.ZipFile(tmp_path / "in" / "eve.zip", "w") as archive:
        archive.writestr("cup/.IMG_1.HEIC.icloud", b"x")
        archive.writestr("key/IMG_1.jpg.part", b"x")
    manifest, _, bare_groups, *_ = ingested(tmp_path / "in")
    assert bare_groups == ["bob", "cem", "dan", "eve"]
    assert manifest.set_index("path").loc["eve.zip/cup/.IMG_1.HEIC.icloud", ["label", "reason"]].tolist() == [
        "cup",
        IN_ICLOUD,
    ]


def test_files_of_onedrive_on_a_disk_of_windows_are_links_to_nothing(tmp_path: Path) -> None:
    """Linux' ntfs3 and ntfs-3g show them so."""
    draw(tmp_path, "ann/cup/1.png", "ann/key/1.png")
    (tmp_path / "ann/cup/2.jpg").symlink_to("OneDrive")
    (tmp_path / "ann/cup/3.jpg").symlink_to("unsupported reparse tag 0x9000601a")
    (tmp_path / "ann/cup/4.jpg").symlink_to("5.jpg")
    rejected = ingested(tmp_path).manifest.query("status == 'rejected'")
    assert rejected["reason"].tolist() == [ONLINE_ONLY, ONLINE_ONLY, "a link that leads nowhere"]


@pytest.mark.parametrize(
    ("code", "is_online"), [(errno.EIO, True), (errno.EINVAL, True), (errno.EACCES, False)]
)
def test_a_file_that_cannot_be_read_may_be_online_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, is_online: bool
) -> None:
    draw(tmp_path, "ann/cup/1.png", "ann/key/1.png", "ann/cup/2.png")
    opened = members.open_regular

    def failing(path: Path) -> int:
        if path.name == "2.png":
            raise OSError(code, "cannot")
        return opened(path)

    monkeypatch.setattr(members, "open_regular", failing)
    (reason,) = ingested(tmp_path).manifest.query("status == 'rejected'")["reason"]
    assert reason == "cannot be read (cannot)" + f"; perhaps {ONLINE_ONLY}" * is_online
