"""No archive, however its files are named, leads out of itself or writes anything."""

from __future__ import annotations

import re
import tempfile
import unicodedata
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tenshots.errors import RejectedPhoto
from tenshots.intake import zipnames
from tenshots.intake.archives import ArchiveLimits
from tenshots.intake.finding import find
from tenshots.intake.names.pattern import Layout
from tests.drawn.zips import Entry, write_zip

LIMITS = ArchiveLimits(max_files=100, max_bytes=10**6, max_ratio=100.0)
pieces = st.sampled_from(
    ["..", ".", "/", "\\", "\0", "\n", "C:", "~", "cup", "1.jpg", " ", "\u202e", ".zip", ".DS_Store"]
)
texts = st.lists(pieces | st.text(st.characters(exclude_categories=["Cs"]), max_size=3), max_size=6).map(
    "".join
)
names = texts.map(str.encode) | st.binary(max_size=8)


def is_clean(path: str) -> bool:
    return (
        not {"", ".", ".."} & set(path.split("/"))
        and not re.search(zipnames.LONE_BACKSLASH, path)
        and not any(unicodedata.category(character) == "Cc" for character in path)
        and not PurePosixPath(path).is_absolute()
        and not PureWindowsPath(path).drive
    )


@settings(deadline=None, max_examples=300)
@given(st.lists(st.tuples(names, st.sampled_from([0, zipnames.UTF8_NAME])), min_size=1, max_size=4))
@example([(b"../1.jpg", 0), (b"cup/1.jpg", 0)])
@example([(b"..", 0), (b"cup\\..\\..\\1.jpg", 0)])
def test_any_file_found_has_a_clean_path_or_a_reason_and_nothing_is_written(
    entries: list[tuple[bytes, int]],
) -> None:
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        photos = Path(name) / "photos"
        photos.mkdir()
        patch.chdir(photos)
        write_zip(photos / "ann.zip", *(Entry(raw, raw, flags=flags) for raw, flags in entries))
        before = {path: path.stat().st_mtime_ns for path in Path(name).rglob("*")}
        found, empty = find(photos, Layout("{group}/{label}/{name}"), LIMITS)
        assert found
        for file in found:
            assert file.path == "ann.zip" or file.path.startswith("ann.zip/")
            assert not any(unicodedata.category(character) == "Cc" for character in file.path)
            assert not {".", ".."} & set(file.read_as.split("/"))
            if file.reason:
                with pytest.raises(RejectedPhoto):
                    file.read(10**6)
            else:
                assert is_clean(file.path.removeprefix("ann.zip/"))
                assert file.read(10**6) in {raw for raw, _ in entries}
        assert not any({".", "..", ""} & set(folder.split("/")) for folder in empty)
        assert {path: path.stat().st_mtime_ns for path in Path(name).rglob("*")} == before
