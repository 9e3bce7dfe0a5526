"""The demo photos: what lies in data/demo is what the recipe says, and what the pipeline makes of it.

Nothing here renders: Blender is not needed to work on the project.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageOps

from demo import cases, render, sheet
from demo.cases import Case
from demo.files import TURNS, file_of, photo_path, tags, taken_at, upright
from demo.phones import develop
from demo.seeds import generator
from demo.shots import Shot, shot, shots, size_px
from demo.students import LABELS, NUM_PHOTOS, STUDENTS
from tenshots import database, ingestion, layout, params
from tenshots.duplicates import NearDuplicateSettings
from tenshots.encoding import StandardiseSettings
from tenshots.photos import AcceptSettings

TOP = Path(__file__).parents[2]
DEMO = TOP / "data" / "demo"
MAX_BYTES = 15_000_000
ORIENTATION, EXIF_IFD, GPS_IFD, MAKE, TAKEN = 0x0112, 0x8769, 0x8825, 0x010F, 0x9003
FORMATS = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP", "heic": "HEIF"}

with cases.TABLE.open(encoding="utf-8") as table:
    CASES = [Case(**row) for row in csv.DictReader(table)]


def some_light(height: int = 48, width: int = 64) -> np.ndarray:
    """A plain gradient: what a lens might let in, float16 (height, width, 3)."""
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    return (np.stack([x, y, 1 - x], axis=-1) * 0.3).astype(np.float16)


def of_case(prefix: str) -> list[Case]:
    found = [case for case in CASES if case.case.startswith(prefix)]
    assert found
    return found


# What lies in data/demo


def test_the_folder_holds_exactly_what_the_recipe_says() -> None:
    good = {photo_path(of.student, of.label, of.number) for of in shots([])}
    odd = {Path(case.path) for case in CASES}
    assert len(good) == len(STUDENTS) * len(LABELS) * NUM_PHOTOS == 252
    assert {path.relative_to(DEMO) for path in DEMO.rglob("*") if path.is_file()} == good | odd
    assert len(odd - good) == 3  # the second copy, the broken file, the text


def test_the_demo_is_small_enough_to_clone() -> None:
    assert sum(path.stat().st_size for path in DEMO.rglob("*") if path.is_file()) <= MAX_BYTES


def test_the_table_of_cases_is_that_of_the_recipe() -> None:
    assert cases.TABLE.read_text(encoding="utf-8") == cases.table()


def test_no_two_files_are_equal_but_the_duplicate() -> None:
    contents = Counter(path.read_bytes() for path in DEMO.rglob("*") if path.is_file())
    assert sorted(contents.values())[-2:] == [1, 2]
    (duplicate,) = of_case("duplicate")
    assert (DEMO / duplicate.path).read_bytes() == (DEMO / duplicate.other).read_bytes()


@pytest.mark.parametrize("name", STUDENTS)
def test_every_good_photo_has_its_phones_format_and_size_and_no_narrow_range(name: str) -> None:
    odd = {case.path for case in CASES if case.case in cases.CHANGES}
    for of in shots([name]):
        path = photo_path(of.student, of.label, of.number)
        with Image.open(DEMO / path) as photo:
            assert ImageOps.exif_transpose(photo).size == size_px(of, 768)
            if path.as_posix() not in odd:
                assert photo.format == FORMATS[STUDENTS[name].phone.suffix]
            values = np.asarray(photo.convert("RGB"))
        assert values.std() > 12, f"{path} shows next to nothing"


# Each case is what its row says


def test_all_eight_orientations_occur_and_are_stored_as_said() -> None:
    rows = of_case("orientation-")
    assert {case.case for case in rows} == {f"orientation-{value}" for value in range(1, 9)}
    for case in rows:
        with Image.open(DEMO / case.path) as photo:
            assert photo.getexif()[ORIENTATION] == int(case.case[-1]), case.path


def test_files_that_say_where_they_were_taken_name_the_middle_of_an_ocean() -> None:
    located = set()
    for path in sorted(DEMO.rglob("*.jpg")):
        try:
            with Image.open(path) as photo:
                gps = photo.getexif().get_ifd(GPS_IFD)
        except OSError:
            continue
        if gps:
            located.add(path.relative_to(DEMO).as_posix())
            assert (gps[1], float(gps[2][0]), gps[3], float(gps[4][0])) == ("S", 48, "W", 123)
    assert located == {case.path for case in of_case("gps")}


def test_photos_with_tags_name_their_camera_and_the_second() -> None:
    for case in of_case("orientation-"):
        with Image.open(DEMO / case.path) as photo:
            exif = photo.getexif()
            assert exif[MAKE] == STUDENTS[case.path.split("/")[0]].phone.make
            assert pd.to_datetime(exif.get_ifd(EXIF_IFD)[TAKEN], format="%Y:%m:%d %H:%M:%S").year == 2025


def test_formats_modes_and_faults_are_as_said() -> None:
    for suffix in ("png", "webp", "heic"):
        for case in of_case(f"format-{suffix}"):
            with Image.open(DEMO / case.path) as photo:
                assert photo.format == FORMATS[suffix]
    modes = {"grey": {"L"}, "cmyk": {"CMYK"}, "transparency": {"RGBA"}, "16-bit": {"I;16", "I;16B"}}
    for kind, expected in modes.items():
        (case,) = of_case(kind)
        with Image.open(DEMO / case.path) as photo:
            assert photo.mode in expected
            if kind == "transparency":
                assert photo.getchannel("A").getextrema() == (0, 255)
            if kind == "16-bit":
                assert np.asarray(photo).max() > 255
    (truncated,) = of_case("truncated")
    with Image.open(DEMO / truncated.path) as photo, pytest.raises(OSError, match="truncated"):
        photo.load()
    (text,) = of_case("no-image")
    with pytest.raises(OSError, match="cannot identify"):
        Image.open(DEMO / text.path)


def test_the_two_wrong_labels_are_one_students_and_swapped() -> None:
    rows = of_case("wrong-label")
    told = {case.path: case.other for case in rows}
    wrong = [of for of in shots([]) if of.shown != of.label]
    assert {photo_path(of.student, of.label, of.number).as_posix(): of.shown for of in wrong} == told
    assert len(wrong) == 2
    assert len({of.student for of in wrong}) == 1


# What the pipeline makes of it


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """With the project's own rules."""
    values = params.read(TOP / "params.yaml")
    rules = ingestion.Rules(
        params.section(values, "accept", AcceptSettings),
        params.section(values, "standardise", StandardiseSettings),
        params.section(values, "near_duplicates", NearDuplicateSettings),
    )
    pattern = layout.Layout(params.top_level(values, layout.PhotosSettings).layout)
    with closing(database.Spool(tmp_path_factory.mktemp("spool"))) as spool:
        result = ingestion.ingest(DEMO, pattern, rules, spool, num_workers=2)
    return result.manifest.set_index("path")


def test_the_pipeline_keeps_and_rejects_what_the_table_expects(manifest: pd.DataFrame) -> None:
    for case in CASES:
        assert manifest.loc[case.path, "status"] == case.expected, case
    assert (manifest["status"] == "kept").sum() == 252
    assert manifest.groupby(["group", "label"])["status"].agg(lambda s: (s == "kept").sum()).eq(7).all()


def test_the_pipeline_says_why_it_rejects(manifest: pd.DataFrame) -> None:
    reasons = {case.case: manifest.loc[case.path, "reason"] for case in CASES if case.expected == "rejected"}
    (duplicate,) = of_case("duplicate")
    assert duplicate.other in reasons["duplicate"]
    assert "truncated" in reasons["truncated"] or "broken" in reasons["truncated"]
    assert reasons["no-image"]


def test_bursts_are_found_and_people_are_not_joined(manifest: pd.DataFrame) -> None:
    bursts = of_case("burst")
    linked = [
        manifest.loc[case.path, "cluster"] == manifest.loc[case.other, "cluster"] != "" for case in bursts
    ]
    assert np.mean(linked) >= 0.5, "most bursts are small moves of the hand"
    clusters = manifest[manifest["cluster"] != ""].groupby("cluster")["group"]
    assert (clusters.nunique() == 1).all()


# The recipe, as far as it needs no Blender


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_gives_the_upright_photo_back(orientation: int) -> None:
    photo = Image.new("RGB", (64, 48), "black")
    photo.paste("white", (0, 0, 64, 12))
    photo.paste("red", (0, 0, 16, 12))
    phone = STUDENTS["ada"].phone._replace(orientation=orientation)
    exif = tags(phone, taken_at("ada", "cup", 0, 0), generator("tags"), with_gps=True)
    data = file_of(photo, phone, exif)
    seen = np.asarray(upright(data)).astype(int)
    assert seen.shape == (48, 64, 3)
    assert np.abs(seen[2:10, 20:60] - 255).mean() < 8
    assert np.abs(seen[2:10, 2:12] - [255, 0, 0]).mean() < 16
    assert seen[16:].mean() < 8
    assert (orientation in TURNS) == (orientation != 1)


def test_a_burst_shares_the_scene_of_its_first_photo_and_follows_within_seconds() -> None:
    for case in of_case("burst"):
        name, label, _ = case.path.split("/")
        (of,) = [of for of in shots([f"{name}/{label}"]) if photo_path(*of[:3]).as_posix() == case.path]
        before = shot(name, label, of.number - 1)
        assert of.scene == before.scene < of.number
        times = [pd.to_datetime(taken_at(*each[:4]), format="%Y:%m:%d %H:%M:%S") for each in (before, of)]
        assert 0 < (times[1] - times[0]).total_seconds() < 10


def test_a_photo_depends_on_its_own_light_and_number_alone() -> None:
    light = some_light()
    alone = render.photo(shot("hana", "cup", 2), light)
    assert render.photo(shot("hana", "cup", 1), light) != alone
    assert render.photo(shot("hana", "cup", 2), light) == alone


def test_phones_and_habits_change_the_picture() -> None:
    y, x = np.mgrid[0:72, 0:96]
    light = (np.where((x // 12 + y // 12) % 2 == 0, 0.05, 0.4) + 0.0002 * (x + y))[..., None] * np.ones(3)
    ada = STUDENTS["ada"]

    def taken(noise: float = 0.0, **habits: float) -> np.ndarray:
        still = {"shake": 0.0, "finger": 0.0, "exposure": 0.0}
        phone = ada.phone._replace(noise=noise)
        return np.asarray(
            develop(light, phone, ada.habits._replace(**still | habits), generator("x"))
        ).astype(int)

    plain = taken()
    inside = np.s_[28:32, 28:32]  # of one square
    assert plain[inside].std(axis=(0, 1)).mean() < 0.8
    assert taken(noise=40.0)[inside].std(axis=(0, 1)).mean() > 1.6
    edges = np.abs(np.diff(plain, axis=1)).max(axis=1).mean()
    assert np.abs(np.diff(taken(shake=1.0), axis=1)).max(axis=1).mean() < 0.95 * edges
    finger = np.abs(taken(finger=1.0) - plain).max(axis=-1) > 20
    corners = [finger[rows, columns] for rows in (0, -1) for columns in (0, -1)]
    assert any(corners)
    assert finger.mean() < 0.4


def test_scenes_come_in_an_order_that_makes_every_part_a_fair_sample() -> None:
    order = shots([])
    assert len({(of.student, of.label) for of in order[: len(STUDENTS) * len(LABELS)]}) == 36
    assert [of.number for of in order] == sorted(of.number for of in order)
    assert shots(["ada/cup", "luz"]) == [
        of for of in order if of.student == "luz" or (of.student, of.label) == ("ada", "cup")
    ]


@pytest.fixture
def lit(tmp_path: Path) -> Callable[[Shot], Path]:
    """Puts a photo's light where the command keeps it, so that nothing needs to be rendered."""

    def put(of: Shot) -> Path:
        path = tmp_path / "light" / f"{of.student}-{of.label}-{of.number}.npz"
        path.parent.mkdir(exist_ok=True)
        np.savez_compressed(path, light=some_light())
        return path

    return put


def test_the_command_goes_on_where_it_was_stopped(tmp_path: Path, lit: Callable[[Shot], Path]) -> None:
    out = tmp_path / "photos"
    first, second = shot("emil", "cup", 0), shot("emil", "cup", 1)
    lit(first), lit(second)
    command = ["--out", str(out), "--work", str(tmp_path / "light"), "--only"]
    render.main([*command, "emil/cup/0"])
    path = out / photo_path(*first[:3])
    assert path.read_bytes() == render.photo(first, some_light())
    path.write_bytes(b"left alone")
    render.main([*command, "emil/cup/0", "emil/cup/1"])
    assert path.read_bytes() == b"left alone"
    assert (out / photo_path(*second[:3])).read_bytes() == render.photo(second, some_light())
    render.main([*command, "emil/cup/0", "--develop"])
    assert path.read_bytes() == render.photo(first, some_light())
    assert not [path for path in out.rglob("*") if "part" in path.name]


def test_the_odd_files_stand_beside_the_good_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cases, "TABLE", tmp_path / "CASES.csv")
    for case in cases.single():
        if case.case in {"duplicate", "truncated"}:
            path = tmp_path / case.other
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(case.case.encode())
    cases.write(tmp_path)
    contents = {case.case: (tmp_path / case.path) for case in cases.single()}
    assert contents["duplicate"].read_bytes() == b"duplicate"
    assert contents["truncated"].read_bytes() == b"trun"
    assert b"kitchen" in contents["no-image"].read_bytes()
    assert (tmp_path / "CASES.csv").read_text(encoding="utf-8") == cases.table()


def test_the_sheet_has_a_column_a_student_and_a_row_a_photo(tmp_path: Path) -> None:
    of = shot("bela", "keyboard", 1)
    path = tmp_path / photo_path(*of[:3])
    path.parent.mkdir(parents=True)
    red = Image.new("RGB", (64, 48), "red")
    path.write_bytes(file_of(red, STUDENTS["bela"].phone, None))
    sheet.main([str(tmp_path), str(tmp_path / "sheet.png"), "--numbers", "0", "1", "--cell", "20"])
    with Image.open(tmp_path / "sheet.png") as picture:
        pixels = np.asarray(picture).astype(int)
    step = 20 + sheet.GAP_PX
    assert pixels.shape == (6 * step - sheet.GAP_PX, 12 * step - sheet.GAP_PX, 3)
    column, row = list(STUDENTS).index("bela"), LABELS.index("keyboard") * 2 + 1
    cell = pixels[row * step : row * step + 20, column * step : column * step + 20]
    assert np.abs(cell - [255, 0, 0]).max() < 12
    pixels[row * step : row * step + 20, column * step : column * step + 20] = 255
    assert (pixels == 255).all()
