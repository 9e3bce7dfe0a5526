"""Which archives are listed, which of their files are read, and what stops the rest."""

from __future__ import annotations

import os
import stat
import struct
import threading
import tracemalloc
import zipfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path

import pytest

from tenshots.errors import RejectedPhoto
from tenshots.intake import members, zipnames
from tenshots.intake.archives import ArchiveLimits, listing
from tenshots.intake.clutter import EMPTY
from tenshots.intake.members import Member, read_member
from tests.drawn.zips import Entry, write_zip

LIMITS = ArchiveLimits(max_files=100, max_bytes=10**8, max_ratio=100.0)
MAX_PLAIN_BYTES = 2**16


def deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


def is_hidden(name: str) -> bool:
    return name.startswith((".", "__"))


def listed(path: Path, limits: ArchiveLimits = LIMITS) -> list[Member]:
    return listing(path, limits, is_hidden).members


def reasons(path: Path) -> dict[str, str]:
    return {member.name: member.reason for member in listed(path)}


def test_a_usual_archive_is_listed_and_each_of_its_files_read(tmp_path: Path) -> None:
    archive = tmp_path / "ann.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("cup/1.jpg", b"one" * 1000)
        file.writestr("cup/2.jpg", b"")
        file.writestr("cup/3.jpg", b"three", zipfile.ZIP_STORED)
    members = listed(archive)
    assert {member.name: read_member(archive, member) for member in members} == {
        "cup/1.jpg": b"one" * 1000,
        "cup/2.jpg": b"",
        "cup/3.jpg": b"three",
    }
    assert [member.num_bytes for member in members] == [3000, 0, 5]


def test_an_archive_written_to_a_pipe_has_its_sizes_behind_the_bytes_and_is_read(tmp_path: Path) -> None:
    class Pipe:
        def __init__(self) -> None:
            self.data = b""

        def write(self, data: bytes) -> int:
            self.data += data
            return len(data)

        def flush(self) -> None:
            pass

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as file:  # type: ignore[arg-type]
        file.writestr("1.jpg", b"one")
        file.writestr("2.jpg", b"two")
    archive = tmp_path / "ann.zip"
    archive.write_bytes(pipe.data)
    assert [read_member(archive, member) for member in listed(archive)] == [b"one", b"two"]


def test_an_archive_behind_other_bytes_or_with_wide_sizes_is_read(tmp_path: Path) -> None:
    """A self-unpacking archive begins with a program; a zip64 entry keeps its sizes in an extra field."""
    archive = tmp_path / "ann.zip"
    archive.write_bytes(b"program")
    with zipfile.ZipFile(archive, "a") as file, file.open("1.jpg", "w", force_zip64=True) as member:
        member.write(b"one")
    assert [read_member(archive, member) for member in listed(archive)] == [b"one"]


def test_ignored_files_are_left_out_and_folders_without_files_are_named(tmp_path: Path) -> None:
    archive = tmp_path / "ann.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for folder in ("cup/", "book/", "book/old/", "__MACOSX/", "key/"):
            file.mkdir(folder)
        for name in ("cup/1.jpg", "cup/.DS_Store", "__MACOSX/cup/._1.jpg", "pen/.hidden/x.jpg"):
            file.writestr(name, b"x")
    members, empty = listing(archive, LIMITS, is_hidden)
    assert [member.name for member in members] == ["cup/1.jpg"]
    assert empty == ["book", "book/old", "key", "pen"]


@pytest.mark.parametrize(
    ("name", "flags", "read"),
    [
        ("gr\u00fcn/1.jpg".encode(), zipnames.UTF8_NAME, "gr\u00fcn/1.jpg"),
        # Box drawings, whose bytes in code page 437 would be UTF-8 of the name above.
        ("gr\u251c\u255dn/1.jpg".encode(), zipnames.UTF8_NAME, "gr\u251c\u255dn/1.jpg"),
        ("gr\u00fcn/1.jpg".encode(), 0, "gr\u00fcn/1.jpg"),  # macOS
        ("gru\u0308n/1.jpg".encode(), 0, "gru\u0308n/1.jpg"),
        ("gr\u00fcn/1.jpg".encode("cp437"), 0, "gr\u00fcn/1.jpg"),  # Windows
        (b"cup\\1.jpg", 0, "cup/1.jpg"),
        (b"./cup//./1.jpg", 0, "cup/1.jpg"),
        (b"cup/a: b..jpg", 0, "cup/a: b..jpg"),
        (b"cup/two\nlines\0.jpg", 0, "cup/two\nlines\0.jpg"),  # the layout sees to these
    ],
)
def test_names_are_read_as_they_were_meant(tmp_path: Path, name: bytes, flags: int, read: str) -> None:
    archive = write_zip(tmp_path / "ann.zip", Entry(name, flags=flags))
    assert [(member.name, member.reason) for member in listed(archive)] == [(read, "")]


def unicode_path(raw: bytes, name: str, *, version: int = 1) -> bytes:
    """The field of Info-ZIP that holds a name in UTF-8, and the checksum of the one that it belongs to."""
    data = struct.pack("<BI", version, zlib.crc32(raw)) + name.encode()
    return struct.pack("<HH", zipnames.UNICODE_PATH, len(data)) + data


BOOK = "książka/1.jpg"
IN_852 = BOOK.encode("cp852")
TIME = struct.pack("<HHBI", 0x5455, 5, 1, 1_700_000_000)  # another field


@pytest.mark.parametrize(
    ("extra", "read", "is_guess"),
    [
        (unicode_path(IN_852, BOOK), BOOK, False),
        (TIME + unicode_path(IN_852, BOOK), BOOK, False),
        (unicode_path(IN_852, BOOK) + TIME, BOOK, False),
        # Renamed by a program that does not know the field, or of a version to come: as without it
        (unicode_path(b"other.jpg", BOOK), "ksiÑ╛ka/1.jpg", True),
        (unicode_path(IN_852, BOOK, version=2), "ksiÑ╛ka/1.jpg", True),
        (b"", "ksiÑ╛ka/1.jpg", True),
    ],
)
def test_a_name_is_read_in_its_unicode_path_field_where_the_field_fits(
    tmp_path: Path, extra: bytes, read: str, is_guess: bool
) -> None:
    archive = write_zip(tmp_path / "ann.zip", Entry(IN_852, extra=extra))
    assert [(member.name, member.is_guess) for member in listed(archive)] == [(read, is_guess)]
    assert read_member(archive, listed(archive)[0]) == b"photo"


def test_a_name_that_is_utf8_or_says_so_is_no_guess(tmp_path: Path) -> None:
    utf8 = BOOK.encode()
    other = unicode_path(utf8, "other/1.jpg")
    flagged = Entry(b"2" + utf8, flags=zipnames.UTF8_NAME, extra=other)
    archive = write_zip(tmp_path / "ann.zip", Entry(b"1.jpg"), Entry(utf8), flagged)
    assert [(member.name, member.is_guess) for member in listed(archive)] == [
        ("1.jpg", False),
        (BOOK, False),
        (f"2{BOOK}", False),
    ]


def test_half_of_a_letter_separates_no_folders(tmp_path: Path) -> None:
    """In Shift-JIS the second byte of a letter may be a backslash; tools that write those write no `/`."""
    table = "\u8868".encode("cp932")
    archive = write_zip(tmp_path / "ann.zip", Entry(table + b"/1.jpg"), Entry(table), Entry(b"cup\\2.jpg"))
    assert [member.name for member in listed(archive)] == ["\u00f2\\/1.jpg", "\u00f2\\", "cup/2.jpg"]
    old = write_zip(tmp_path / "old.zip", Entry("caf\u00e9\\1.jpg".encode("cp437")))
    assert [member.name for member in listed(old)] == ["caf\u00e9/1.jpg"]
    utf8 = write_zip(tmp_path / "utf8.zip", Entry("caf\u00e9\\1.jpg".encode()), Entry(b"cup/2.jpg"))
    assert [member.name for member in listed(utf8)] == ["caf\u00e9/1.jpg", "cup/2.jpg"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (b"../1.jpg", "a path with .. in an archive"),
        (b"cup/../../1.jpg", "a path with .. in an archive"),
        (b"cup\\..\\1.jpg", "a path with .. in an archive"),
        (b"/etc/passwd", "an absolute path in an archive"),
        (b"\\\\server\\1.jpg", "an absolute path in an archive"),
        (b"C:\\cup\\1.jpg", "an absolute path in an archive"),
        (b"./c:1.jpg", "an absolute path in an archive"),
        (b"", "a file without a name in an archive"),
        (b"x" * 256, "a path of over 20 folders, or a name of over 255 bytes"),
        (b"x/" * 20 + b"1.jpg", "a path of over 20 folders, or a name of over 255 bytes"),
    ],
)
def test_a_name_that_is_no_clean_path_is_a_reason_and_never_read(
    tmp_path: Path, name: bytes, reason: str
) -> None:
    archive = write_zip(tmp_path / "ann.zip", Entry(name))
    (member,) = listed(archive)
    assert (member.reason, member.has_safe_name) == (reason, False)
    with pytest.raises(RejectedPhoto, match=reason):
        read_member(archive, member)


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (Entry(b"1.jpg", b"/etc/passwd", mode=stat.S_IFLNK | 0o777), "a link in an archive"),
        (Entry(b"1.jpg", b"", mode=stat.S_IFCHR | 0o666), "not a regular file"),
        (Entry(b"1.jpg", flags=0x1), "needs a password"),
        (Entry(b"1.jpg", flags=0x1, method=99), "needs a password"),  # AES
        (Entry(b"1.jpg", flags=0x40), "needs a password"),  # strong encryption
        (Entry(b"1.jpg", flags=0x2000), "needs a password"),  # even the names are masked
        (Entry(b"1.jpg", method=zipfile.ZIP_BZIP2), "compressed with method 12"),
        (Entry(b"1.jpg", method=zipfile.ZIP_LZMA), "compressed with method 14"),
        (Entry(b"More.ZIP"), "not a .zip archive, though its name says so"),
    ],
)
def test_what_cannot_be_read_as_a_file_is_a_reason_and_the_rest_is_read(
    tmp_path: Path, entry: Entry, reason: str
) -> None:
    archive = write_zip(tmp_path / "ann.zip", entry, Entry(b"2.jpg", b"two", mode=stat.S_IFREG | 0o644))
    first, second = listed(archive)
    assert first.reason.startswith(reason)
    assert first.has_safe_name
    with pytest.raises(RejectedPhoto, match=reason):
        read_member(archive, first)
    assert read_member(archive, second) == b"two"


ZEROS = bytes(10**6)


@pytest.mark.parametrize(
    "entry",
    [
        Entry(b"1.jpg", b"one", num_bytes=4),
        Entry(b"1.jpg", b"one", crc=1),
        Entry(b"1.jpg", b"one", offset=7),  # not where a file begins
        Entry(b"1.jpg", b"one", num_packed_bytes=20, num_bytes=20),  # reaches into the list of files
        Entry(b"1.jpg", b"no deflate", method=8),
        Entry(b"1.jpg", deflated(b"one")[:-2], method=8, num_bytes=3, crc=zlib.crc32(b"one")),
        Entry(b"1.jpg", deflated(b"one"), method=8, num_bytes=4, crc=zlib.crc32(b"one")),
        # zipfile would accept this one, as the first ten bytes are those of the checksum.
        Entry(b"1.jpg", deflated(ZEROS), method=8, num_bytes=10, crc=zlib.crc32(bytes(10))),
        Entry(b"1.jpg", deflated(bytes(10**8)), method=8, num_bytes=10, crc=zlib.crc32(bytes(10))),
    ],
)
def test_a_file_unlike_its_description_is_damaged_and_takes_no_memory(tmp_path: Path, entry: Entry) -> None:
    archive = write_zip(tmp_path / "ann.zip", entry)
    (member,) = listed(archive)
    tracemalloc.start()
    try:
        with pytest.raises(RejectedPhoto, match="damaged in the archive"):
            read_member(archive, member)
        assert tracemalloc.get_traced_memory()[1] < MAX_PLAIN_BYTES
    finally:
        tracemalloc.stop()


def test_a_file_whose_header_is_missing_or_cut_off_is_damaged(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "ann.zip", Entry(b"1.jpg"))
    (member,) = listed(archive)
    whole = archive.read_bytes()
    for broken in (whole.replace(b"PK\3\4", b"PK\3\5"), whole[:20]):
        archive.write_bytes(broken)
        with pytest.raises(RejectedPhoto, match="damaged in the archive"):
            read_member(archive, member)


def test_an_archive_whose_files_lie_elsewhere_is_rejected(tmp_path: Path) -> None:
    """The last part of a split archive lists files of all parts; bytes cut from the front shift places."""
    whole = write_zip(tmp_path / "ann.zip", Entry(b"1.jpg", bytes(1000)), Entry(b"2.jpg")).read_bytes()
    (tmp_path / "cut.zip").write_bytes(whole[1:])
    for archive in (
        tmp_path / "cut.zip",
        write_zip(tmp_path / "far.zip", Entry(b"1.jpg", offset=2**31)),
        write_zip(tmp_path / "long.zip", Entry(b"1.jpg", num_bytes=10**7, num_packed_bytes=10**7)),
    ):
        with pytest.raises(RejectedPhoto, match=r"lie beyond its end|damaged or incomplete"):
            listed(archive)


def test_a_file_that_zipfile_shortens_is_what_the_description_above_says(tmp_path: Path) -> None:
    """Why the bytes are not inflated by zipfile: it hands out ten of a million, and takes them for whole."""
    entry = Entry(b"1.jpg", deflated(ZEROS), method=8, num_bytes=10, crc=zlib.crc32(bytes(10)))
    with zipfile.ZipFile(write_zip(tmp_path / "ann.zip", entry)) as file:
        tracemalloc.start()
        try:
            assert file.read("1.jpg") == bytes(10)
            assert tracemalloc.get_traced_memory()[1] > len(ZEROS)
        finally:
            tracemalloc.stop()


def test_an_archive_at_its_limits_is_listed_and_above_one_it_is_rejected_with_its_key(tmp_path: Path) -> None:
    entries = [
        Entry(b"%d.jpg" % number, deflated(bytes(100)), method=8, num_bytes=100) for number in range(3)
    ]
    archive = write_zip(tmp_path / "ann.zip", *entries, Entry(b".hidden", bytes(999)))
    ratio = 300 / archive.stat().st_size
    assert len(listed(archive, ArchiveLimits(3, 300, ratio))) == 3
    for limits, message in (
        (ArchiveLimits(2, 300, ratio), "it holds 3 files, more than 2 .*accept.max_zip_files"),
        (
            ArchiveLimits(3, 299, ratio),
            "it unpacks to 0.0003 MB, more than 0.000299 MB .*accept.max_zip_megabytes",
        ),
        (ArchiveLimits(3, 300, ratio * 0.99), "unpacks to 1 times its size.*accept.max_zip_ratio"),
    ):
        with pytest.raises(RejectedPhoto, match=message):
            listed(archive, limits)


def test_a_list_of_files_far_beyond_their_number_is_not_even_read(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "ann.zip", *[Entry(b"", b"")] * 20_000)
    tracemalloc.start()
    try:
        with pytest.raises(RejectedPhoto, match=r"list of files takes \d+ bytes.*accept.max_zip_files"):
            listed(archive)
        # zipfile looks for the list in the last 64 kB; 20,000 entries would take megabytes.
        assert tracemalloc.get_traced_memory()[1] < 4 * MAX_PLAIN_BYTES
    finally:
        tracemalloc.stop()


def test_files_that_share_bytes_are_a_bomb(tmp_path: Path) -> None:
    same = Entry(b"1.jpg", b"photo")
    archive = write_zip(tmp_path / "ann.zip", same, Entry(b"2.jpg", b"photo", offset=0))
    with pytest.raises(RejectedPhoto, match=r"'1.jpg' and '2.jpg' share bytes"):
        listed(archive)
    kernel = Entry(b"0", deflated(bytes(10**6)), method=8, num_bytes=10**6)
    bomb = write_zip(tmp_path / "bomb.zip", *(kernel._replace(name=b"%d" % i, offset=0) for i in range(90)))
    with pytest.raises(RejectedPhoto, match=r"accept.max_zip_ratio"):
        listed(bomb)


def test_two_files_of_one_name_are_named(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "ann.zip", Entry(b"cup/1.jpg"), Entry(b"cup\\1.jpg"), Entry(b"2.jpg"))
    with pytest.raises(RejectedPhoto, match=r"2 files named 'cup/1.jpg'"):
        listed(archive)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "an empty file"),
        (b"Rar!\x1a\x07", "not a .zip archive, though its name says so"),
        (b"PK\3\4 and no more", "damaged or incomplete .zip archive"),
        (b"PK\5\6" + bytes(18), "an archive without files"),
    ],
)
def test_what_is_no_whole_archive_is_rejected(tmp_path: Path, data: bytes, reason: str) -> None:
    (tmp_path / "ann.zip").write_bytes(data)
    with pytest.raises(RejectedPhoto, match=reason):
        listed(tmp_path / "ann.zip")


def test_an_archive_cut_anywhere_or_with_a_name_that_is_no_text_is_rejected(tmp_path: Path) -> None:
    whole = write_zip(tmp_path / "ann.zip", Entry(b"1.jpg"), Entry(b"2.jpg")).read_bytes()
    for length in range(2, len(whole)):
        (tmp_path / "cut.zip").write_bytes(whole[:length])
        with pytest.raises(RejectedPhoto, match="damaged or incomplete"):
            listed(tmp_path / "cut.zip")
    for archive in (
        write_zip(tmp_path / "bad.zip", Entry(b"\xff.jpg", flags=zipnames.UTF8_NAME)),
        write_zip(tmp_path / "short.zip", Entry(b"1.jpg"), list_bytes=40),
        write_zip(tmp_path / "long.zip", Entry(b"1.jpg"), list_bytes=90),
        write_zip(tmp_path / "huge.zip", Entry(b"1.jpg"), list_bytes=2**31),
    ):
        with pytest.raises(RejectedPhoto, match="damaged or incomplete"):
            listed(archive)


def test_an_archive_of_hidden_files_is_empty(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "ann.zip", Entry(b"cup/", b""), Entry(b"cup/.DS_Store"))
    with pytest.raises(RejectedPhoto, match="an archive without files"):
        listed(archive)


def inner_zip(folder: Path, *entries: Entry) -> bytes:
    return write_zip(folder / "inner", *entries).read_bytes()


def test_an_archive_in_an_archive_is_listed_and_read_whether_it_is_packed_or_not(tmp_path: Path) -> None:
    inner = inner_zip(
        tmp_path, Entry(b"cup/", b""), Entry(b"key/1.jpg", b"one"), Entry(b".hidden"), Entry(b"a.zip")
    )
    archive = write_zip(
        tmp_path / "class.zip",
        Entry(b"ann/Photos.ZIP", inner),
        Entry(b"bob.zip", deflated(inner), method=8, num_bytes=len(inner), crc=zlib.crc32(inner)),
        Entry(b"note.txt", b"two"),
    )
    members, empty = listing(archive, LIMITS, is_hidden)
    deep = "an archive in an archive in an archive; unpack the outer one"
    assert [(member.name, member.reason) for member in members] == [
        ("ann/Photos.ZIP//key/1.jpg", ""),
        ("ann/Photos.ZIP//a.zip", deep),
        ("bob.zip//key/1.jpg", ""),
        ("bob.zip//a.zip", deep),
        ("note.txt", ""),
    ]
    assert empty == ["ann/Photos.ZIP//cup", "bob.zip//cup"]
    assert [read_member(archive, members[number]) for number in (0, 2, 4, 0)] == [
        b"one",
        b"one",
        b"two",
        b"one",
    ]


def test_an_archive_in_an_archive_that_cannot_be_used_is_a_file_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(members, "MAX_HELD_BYTES", 10**6)
    inner = inner_zip(tmp_path, Entry(b"1.jpg", b"one"))
    archive = write_zip(
        tmp_path / "class.zip",
        Entry(b"cut.zip", inner[:-5]),
        Entry(b"torn.zip", inner, crc=1),
        Entry(b"locked.zip", inner, flags=1),
        Entry(b"empty.zip", b""),
        Entry(b"many.zip", inner_zip(tmp_path, *(Entry(b"%d" % number) for number in range(101)))),
        Entry(b"large.zip", bytes(10**6 + 1)),
        Entry(b"whole.zip", inner),
    )
    found = reasons(archive)
    assert found.pop("whole.zip//1.jpg") == ""
    assert {name: reason.partition(" (")[0] for name, reason in found.items()} == {
        "cut.zip": "damaged or incomplete .zip archive",
        "torn.zip": "damaged in the archive; zip it again",
        "locked.zip": "needs a password; zip it without one",
        "empty.zip": EMPTY,
        "many.zip": "it holds 101 files, more than 100",
        "large.zip": "an archive of over 1 MB in an archive; unpack the outer one",
    }


def test_what_archives_in_an_archive_hold_counts_towards_the_limits_of_the_outer_one(tmp_path: Path) -> None:
    zeros = Entry(b"1.jpg", deflated(bytes(10**5)), method=8, num_bytes=10**5)
    inner = inner_zip(tmp_path, zeros, zeros._replace(name=b"2.jpg"), zeros._replace(name=b"3.jpg"))
    packed = Entry(b"ann.zip", deflated(inner), method=8, num_bytes=len(inner), crc=zlib.crc32(inner))
    archive = write_zip(tmp_path / "class.zip", packed, packed._replace(name=b"bob.zip"))
    size = archive.stat().st_size
    loose = ArchiveLimits(6, 6 * 10**5, 10**9)
    assert len(listed(archive, loose)) == 6
    for limits, message in (
        (loose._replace(max_files=5), "it holds 6 files, more than 5"),
        (loose._replace(max_bytes=6 * 10**5 - 1), "it unpacks to 0.6 MB, more than 0.599999 MB"),
        # Of the inner ones alone it is less, as they were packed again.
        (loose._replace(max_ratio=6 * 10**5 / size - 1), "unpacks to .* times its size"),
    ):
        assert limits.max_ratio * len(inner) > 3 * 10**5
        with pytest.raises(RejectedPhoto, match=message):
            listed(archive, limits)


def test_many_threads_hold_one_archive_in_an_archive_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = [
        inner_zip(tmp_path, *(Entry(b"%d" % shot, bytes([who, shot])) for shot in range(9)))
        for who in range(4)
    ]
    archive = write_zip(tmp_path / "class.zip", *(Entry(b"%d.zip" % who, inner[who]) for who in range(4)))
    members = listed(archive)
    inflated: list[str] = []
    lock = threading.Lock()

    def counting(path: Path, member: Member) -> bytes:
        assert lock.acquire(blocking=False)
        inflated.append(member.name)
        data = read_member(path, member)
        lock.release()
        return data

    monkeypatch.setattr("tenshots.intake.members._held", lru_cache(maxsize=1)(counting))
    with ThreadPoolExecutor(8) as workers:
        data = [*workers.map(lambda member: read_member(archive, member), members)]
    assert data == [bytes([who, shot]) for who in range(4) for shot in range(9)]
    assert set(inflated) == {f"{who}.zip" for who in range(4)}


def num_open() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs /proc to count open files")
def test_many_threads_read_many_archives_and_leave_none_open(tmp_path: Path) -> None:
    paths = []
    for number in range(30):
        data = {f"{photo}.jpg": bytes([number, photo]) * 5000 for photo in range(20)}
        paths.append(tmp_path / f"{number}.zip")
        with zipfile.ZipFile(paths[-1], "w", zipfile.ZIP_DEFLATED) as file:
            for name, content in data.items():
                file.writestr(name, content)
    before = num_open()
    pairs = [(path, member) for path in paths for member in listed(path)]
    assert num_open() == before
    most = before
    lock = threading.Lock()

    def read(pair: tuple[Path, Member]) -> bool:
        nonlocal most
        data = read_member(*pair)
        with lock:
            most = max(most, num_open())
        return data == bytes([int(pair[0].stem), int(pair[1].name[:-4])]) * 5000

    with ThreadPoolExecutor(16) as workers:
        assert all(workers.map(read, pairs))
    assert most <= before + 17  # one per thread, and the folder that is counted
    assert num_open() == before


def test_a_link_or_a_pipe_in_place_of_a_file_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"x")
    (tmp_path / "link.zip").symlink_to(tmp_path / "secret")
    os.mkfifo(tmp_path / "pipe.zip")  # reading it would wait for ever
    with pytest.raises(RejectedPhoto, match="cannot be read"):
        listed(tmp_path / "link.zip")
    with pytest.raises(RejectedPhoto, match="not a regular file"):
        listed(tmp_path / "pipe.zip")
