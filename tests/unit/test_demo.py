"""The demo photos: what lies in data/demo is what demo.draw draws."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from demo import draw
from demo.meshes import plain, quad
from demo.phones import ORIENTATION, file_of
from demo.renderer import Lamp, camera_at, rasterise, render
from demo.students import LABELS, NUM_PHOTOS, STUDENTS

DEMO = Path(__file__).parents[2] / "data" / "demo"
GPS = 0x8825  # the EXIF tag
MAX_BYTES = 3_500_000


def good_files() -> list[tuple[str, str, int]]:
    return [file for file in draw.files() if file != draw.TRUNCATED]


def test_the_folder_holds_exactly_what_the_program_writes() -> None:
    expected = {draw.photo_path(*file) for file in draw.files()} | {Path(draw.NOTES[0], "notes.txt")}
    assert {path.relative_to(DEMO) for path in DEMO.rglob("*") if path.is_file()} == expected
    assert len(good_files()) == len(STUDENTS) * len(LABELS) * NUM_PHOTOS == 252


def test_the_demo_stays_small() -> None:
    assert sum(path.stat().st_size for path in DEMO.rglob("*") if path.is_file()) <= MAX_BYTES


@pytest.mark.slow
@pytest.mark.parametrize("file", [("jun", "cup", 1), ("bela", "book", 3), ("ada", "keyboard", 6)])
def test_a_photo_drawn_again_has_the_same_bytes(file: tuple[str, str, int]) -> None:
    assert draw.photo(*file) == (DEMO / draw.photo_path(*file)).read_bytes()


def test_no_photo_depends_on_what_was_drawn_before() -> None:
    alone = draw.photo("hana", "cup", 2, supersampling=1)
    assert draw.photo("hana", "cup", 1, supersampling=1) != alone
    assert draw.photo("hana", "cup", 2, supersampling=1) == alone


def test_no_two_photos_are_equal() -> None:
    contents = {(DEMO / draw.photo_path(*file)).read_bytes() for file in draw.files()}
    assert len(contents) == len(draw.files())


@pytest.mark.parametrize("name", STUDENTS)
def test_every_good_photo_opens_in_its_students_way(name: str) -> None:
    student = STUDENTS[name]
    stored = student.size_px if student.turn == 1 else student.size_px[::-1]
    for file in good_files():
        if file[0] != name:
            continue
        with Image.open(DEMO / draw.photo_path(*file)) as photo:
            photo.load()
            exif = photo.getexif()
            assert photo.size == stored
            assert photo.format == {"jpg": "JPEG", "png": "PNG", "webp": "WEBP"}[student.suffix]
            assert exif.get(ORIENTATION, 1) == student.turn
            assert GPS not in exif


def test_both_ways_of_lying_on_the_side_occur() -> None:
    assert {student.turn for student in STUDENTS.values()} == {1, 6, 8}


def test_a_turned_photo_is_upright_for_a_viewer_who_heeds_the_orientation() -> None:
    upright = Image.new("RGB", (40, 60), "black")
    upright.paste("white", (0, 0, 40, 12))
    for name in ("bela", "kira"):
        stored = Image.open(io.BytesIO(file_of(upright, STUDENTS[name])))
        seen = np.asarray(ImageOps.exif_transpose(stored).convert("L"))
        assert seen.shape == (60, 40)
        assert seen[:8].mean() > 240
        assert seen[16:].mean() < 15


def test_the_truncated_photo_cannot_be_decoded() -> None:
    with (
        Image.open(DEMO / draw.photo_path(*draw.TRUNCATED)) as photo,
        pytest.raises(OSError, match="truncated"),
    ):
        photo.load()


def test_where_triangles_overlap_the_larger_key_shows() -> None:
    square = np.array([[[0, 0], [8, 0], [0, 8]], [[0, 0], [8, 0], [0, 8]]], dtype=float)
    where, triangle, shares, key = rasterise(square, np.array([[1.0] * 3, [2.0] * 3]), width=4, height=4)
    assert where.tolist() == list(range(16))
    assert set(triangle.tolist()) == {1}
    assert np.allclose(shares.sum(axis=1), 1)
    assert np.allclose(key, 2)


def test_a_thing_above_the_desk_casts_its_shadow_away_from_the_lamp() -> None:
    roof = quad([[-3, 3, 6], [3, 3, 6], [3, -3, 6], [-3, -3, 6]], plain("black"))
    lamp = Lamp(np.array([0.6, 0.0, 0.8]), np.ones(3), np.zeros(3), softness_cm=0.2)
    camera = camera_at(
        np.zeros(3),
        azimuth_deg=0,
        elevation_deg=89.9,
        tilt_deg=0,
        distance_cm=60,
        focal=1.0,
        width=60,
        height=60,
    )
    light = render([roof], camera, lamp, lambda places: np.full((len(places), 3), 0.5), np.zeros(3))[..., 0]
    x = 30 + round((-4.5 - 1.5) / 60 * 60)  # the roof's shadow reaches from x = -7.5 to -1.5 cm
    assert light[30, x] == 0
    assert light[30, 60 - x] > 0.2


def test_the_truncated_file_is_the_first_half_of_a_photo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(draw, "photo", lambda *_: b"abcdef")
    draw.write(*draw.TRUNCATED, tmp_path)
    draw.write("ada", "cup", 0, tmp_path)
    assert (tmp_path / draw.photo_path(*draw.TRUNCATED)).read_bytes() == b"abc"
    assert (tmp_path / draw.photo_path("ada", "cup", 0)).read_bytes() == b"abcdef"


@pytest.mark.slow
def test_the_command_writes_photos_and_notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draw, "files", lambda: [("emil", "cup", 0)])
    draw.main(["--folder", str(tmp_path), "--workers", "1"])
    path = draw.photo_path("emil", "cup", 0)
    assert (tmp_path / path).read_bytes() == (DEMO / path).read_bytes()
    assert (tmp_path / draw.NOTES[0] / "notes.txt").read_bytes() == (
        DEMO / draw.NOTES[0] / "notes.txt"
    ).read_bytes()
