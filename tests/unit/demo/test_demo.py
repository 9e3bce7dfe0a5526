"""The demo photos: what lies in data/demo is what the recipe says, and what the pipeline makes of it.

Nothing here renders: Blender is not needed to work on the project.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageOps

from demo import cases, render, sheet
from demo.cases import Case
from demo.files import file_of, photo_path, save, tags, taken_at, upright
from demo.phones import develop
from demo.seeds import generator
from demo.shots import Shot, shot, shots, size_px
from demo.students import LABELS, NUM_PHOTOS, STUDENTS
from tenshots import params
from tenshots.intake import ingestion, layout
from tenshots.intake.names.pattern import Layout
from tenshots.intake.settings import AcceptSettings, NearDuplicateSettings
from tenshots.tables import database
from tenshots.tables.encoding import StandardiseSettings

pytestmark = pytest.mark.slow  # about data that change with the recipe alone

TOP = Path(__file__).parents[3]
DEMO = TOP / "data" / "demo"
MAX_BYTES = 15_000_000
ORIENTATION, EXIF_IFD, GPS_IFD, MAKE, SOFTWARE, TAKEN = 0x0112, 0x8769, 0x8825, 0x010F, 0x0131, 0x9003
EXPOSURE, ISO = 0x829A, 0x8827
FORMATS = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP", "heic": "HEIF"}

with cases.TABLE.open(encoding="utf-8") as table:
    CASES = [Case(**row) for row in csv.DictReader(table)]


def test_the_report_suspects_both_wrong_labels() -> None:
    if params.read()["photos"] != "data/demo":
        pytest.skip("the report is on other photos")
    suspects = json.loads((TOP / "reports" / "comparison.json").read_text())["suspects"]["photos"]
    suspected = {photo["photo_id"] for photo in suspects}
    wrong = [case.path for case in CASES if case.case == "wrong-label"]
    assert len(wrong) == 2
    for path in wrong:
        assert hashlib.sha256((TOP / "data" / "demo" / path).read_bytes()).hexdigest() in suspected, path


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
        assert np.asarray(upright((DEMO / path).read_bytes())).std() > 12, f"{path} shows next to nothing"


# Each case is what its row says


def test_all_eight_orientations_occur_and_are_stored_as_said() -> None:
    rows = of_case("orientation-")
    assert {case.case for case in rows} == {f"orientation-{value}" for value in range(1, 9)}
    for case in rows:
        with Image.open(DEMO / case.path) as photo:
            assert photo.getexif()[ORIENTATION] == int(case.case[-1]), case.path


def test_files_that_say_where_they_were_taken_name_the_middle_of_an_ocean() -> None:
    located = set()
    for path in sorted(path for path in DEMO.rglob("*") if path.is_file()):
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
    rows = of_case("camera")
    assert {Path(case.path).suffix for case in rows} == {".jpg", ".heic"}
    for case in rows:
        with Image.open(DEMO / case.path) as photo:
            exif = photo.getexif()
        assert exif[MAKE] == STUDENTS[case.path.split("/")[0]].phone.make
        assert pd.to_datetime(exif.get_ifd(EXIF_IFD)[TAKEN], format="%Y:%m:%d %H:%M:%S").year == 2025


def test_photos_without_tags_have_none_and_every_photo_is_one_or_the_other() -> None:
    plain, tagged = ({case.path for case in of_case(kind)} for kind in ("no-tags", "camera"))
    for path in plain:
        with Image.open(DEMO / path) as photo:
            assert not photo.getexif(), path
    assert not plain & tagged
    assert plain | tagged == {photo_path(*of[:3]).as_posix() for of in shots([])}
    assert {Path(path).suffix for path in plain} == {".jpg", ".png", ".webp"}


def test_formats_modes_and_faults_are_as_said() -> None:
    for suffix in FORMATS:
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
    pattern = Layout(params.top_level(values, layout.PhotosSettings).layout)
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
    assert reasons["no-image"].startswith("not an image of a known format")


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
def test_every_orientation_is_stored_turned_and_gives_the_upright_photo_back(orientation: int) -> None:
    photo = Image.new("RGB", (64, 48), "black")
    photo.paste("white", (0, 0, 64, 12))
    photo.paste("red", (0, 0, 16, 12))
    phone = STUDENTS["ada"].phone._replace(orientation=orientation)
    data = file_of(photo, phone, tags(phone, "ada", "cup", 0, 0, with_gps=True))
    with Image.open(io.BytesIO(data)) as stored:
        assert stored.getexif()[ORIENTATION] == orientation
        assert stored.size == ((48, 64) if orientation >= 5 else (64, 48))
        values = np.asarray(stored).astype(int)
    # Where the first row and the first column of the upright photo lie in the stored one: EXIF 2.32, 4.6.4
    corner = {1: (0, 0), 2: (0, -1), 3: (-1, -1), 4: (-1, 0), 5: (0, 0), 6: (-1, 0), 7: (-1, -1), 8: (0, -1)}
    row, column = (4 if end == 0 else -5 for end in corner[orientation])
    assert np.abs(values[row, column] - [255, 0, 0]).mean() < 16
    seen = np.asarray(upright(data)).astype(int)
    assert seen.shape == (48, 64, 3)
    assert np.abs(seen[2:10, 20:60] - 255).mean() < 8
    assert np.abs(seen[2:10, 2:12] - [255, 0, 0]).mean() < 16
    assert seen[16:].mean() < 8


def test_a_photo_without_tags_is_stored_upright_whatever_the_phone() -> None:
    photo = Image.new("RGB", (64, 48), "white")
    phone = STUDENTS["ada"].phone._replace(orientation=6)
    with Image.open(io.BytesIO(file_of(photo, phone, None))) as stored:
        assert (stored.size, dict(stored.getexif())) == ((64, 48), {})


def test_a_phone_keeps_its_software_and_a_burst_its_exposure() -> None:
    for name, student in STUDENTS.items():
        written = {of: tags(student.phone, *of[:4], with_gps=False) for of in shots([name])}
        assert len({exif[SOFTWARE] for exif in written.values()}) == 1
        exposures: dict[tuple[str, int], set[tuple[int, float]]] = {}
        for of, exif in written.items():
            inner = exif.get_ifd(EXIF_IFD)
            exposures.setdefault((of.label, of.scene), set()).add((inner[ISO], float(inner[EXPOSURE])))
        assert all(len(found) == 1 for found in exposures.values())
        assert len(set.union(*exposures.values())) > 3


def test_a_cutout_is_see_through_at_its_rounded_corners_alone() -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (60, 40), "red").save(buffer, "PNG")
    with Image.open(io.BytesIO(cases.CHANGES["transparency"](buffer.getvalue()))) as photo:
        opaque = np.asarray(photo.getchannel("A")) == 255
    assert not opaque[[0, 0, -1, -1], [0, -1, 0, -1]].any()
    assert opaque[[0, -1], 30].all()
    assert opaque[20, [0, -1]].all()
    assert 0.95 < opaque.mean() < 1


def test_a_png_keeps_256_colours() -> None:
    photo = upright(render.photo(shot("bela", "cup", 0), some_light(96, 128)))
    with Image.open(io.BytesIO(file_of(photo, STUDENTS["hana"].phone, None))) as stored:
        assert stored.mode == "P"
        assert len(stored.getcolors()) > 200
        error = np.asarray(stored.convert("RGB")).astype(int) - np.asarray(photo)
    assert np.abs(error).mean() < 3.5, "more than the best 256"


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
        still = {"shake": 0.0, "finger": 0.0, "exposure_stops": 0.0}
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


@pytest.mark.parametrize("entry", ["nobody/cup/0", "ada/cup/9", "ada/cups", "ada/cup/0/0", ""])
def test_photos_that_do_not_exist_are_refused_by_name(entry: str) -> None:
    with pytest.raises(ValueError, match=f"no such photo: '{entry}'; there are .*kira, luz / cup.* / 0 to 6"):
        shots(["ada/cup/0", entry])


# The command


LIGHT = f"photos-light-768-{render.SAMPLES}"


@pytest.fixture
def lit(tmp_path: Path) -> Callable[[Shot], Path]:
    """Puts a photo's light where the command keeps it, so that nothing needs to be rendered."""

    def put(of: Shot) -> Path:
        path = tmp_path / LIGHT / f"{of.student}-{of.label}-{of.number}.npz"
        path.parent.mkdir(exist_ok=True)
        np.savez_compressed(path, light=some_light())
        return path

    return put


def test_the_command_goes_on_where_it_was_stopped(tmp_path: Path, lit: Callable[[Shot], Path]) -> None:
    out = tmp_path / "photos"
    first, second = shot("emil", "cup", 0), shot("emil", "cup", 1)
    lit(first), lit(second)
    command = ["--out", str(out), "--only"]
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


def refused(capsys: pytest.CaptureFixture[str], main: Callable[[list[str]], None], *arguments: str) -> str:
    """What a command says that refuses its arguments."""
    with pytest.raises(SystemExit, match="2"):
        main(list(arguments))
    return capsys.readouterr().err.rsplit("error: ", 1)[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--only", "nobody/cup/0"], "--only: no such photo: 'nobody/cup/0'"),
        (["--only"], "--only: expected at least one argument"),
        (["--workers", "0"], "--workers: must be a whole number of at least 1, got '0'"),
        (["--long-side", "-5"], "--long-side"),
        (["--samples", "many"], "--samples: must be a whole number of at least 1, got 'many'"),
        (["--out", "."], "--out: must be a folder with a name of its own, got '.'"),
        (["--out", __file__], "--out: must be a folder"),
    ],
)
def test_the_command_refuses_what_makes_no_sense(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert message in refused(capsys, render.main, *arguments)


def test_without_blender_the_command_names_the_remedy_only_if_light_is_missing(
    tmp_path: Path,
    lit: Callable[[Shot], Path],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(render, "find_spec", lambda _: None)
    lit(shot("emil", "cup", 0))
    command = ["--out", str(tmp_path / "photos"), "--only", "emil/cup/0"]
    said = refused(capsys, render.main, *command, "emil/cup/1")
    assert "to render emil/cup/1: with Python 3.11, pip install -r demo/requirements.txt" in said
    assert not (tmp_path / "photos").exists()
    render.main(command)
    (tmp_path / LIGHT / "emil-cup-0.npz").unlink()
    render.main(command)  # the photo is there


@pytest.mark.parametrize("setting", [["--long-side", "256"], ["--samples", "48"]])
def test_light_of_another_size_or_quality_is_never_taken(
    setting: list[str], tmp_path: Path, lit: Callable[[Shot], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    lit(shot("emil", "cup", 0))
    command = ["--out", str(tmp_path / "photos"), "--only", "emil/cup/0", "--develop"]
    for work in ([], ["--work", str(tmp_path)]):
        render.main([*command, *work])
        said = refused(capsys, render.main, *command, *work, *setting)
        assert "lacks the light of 1 photos, the first is emil/cup/0" in said


def test_developing_without_light_leaves_the_photos_as_they_are(
    tmp_path: Path, lit: Callable[[Shot], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "photos"
    lit(shot("emil", "cup", 0))
    path = out / photo_path("emil", "cup", 0)
    save(path, b"left alone")
    said = refused(capsys, render.main, "--out", str(out), "--develop")
    assert f"{LIGHT} lacks the light of 251 photos" in said
    assert path.read_bytes() == b"left alone"


on_linux = pytest.mark.skipif(sys.platform != "linux", reason="asks /proc which processes are left")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts the command in a process group of its own, as a shell does."""
    runs: list[subprocess.Popen[str]] = []
    # Where the tests run in a shell's background, Ctrl-C is ignored, and what they start inherits that
    heeded = signal.signal(signal.SIGINT, signal.default_int_handler)

    def begin(*arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "demo.render", "--out", str(tmp_path / "photos"), *arguments]
        runs.append(
            subprocess.Popen(command, cwd=TOP, stderr=subprocess.PIPE, text=True, start_new_session=True)
        )
        return runs[-1]

    yield begin
    signal.signal(signal.SIGINT, heeded)
    for run in runs:
        with suppress(ProcessLookupError):  # as it should be: none is left
            os.killpg(run.pid, signal.SIGKILL)
        run.communicate()


def stuck(path: Path) -> None:
    """Puts a pipe where light should be: whoever reads it waits."""
    path.unlink()
    os.mkfifo(path)


def wait_for(happened: Callable[[], bool], limit_s: float = 60.0) -> None:
    end = time.monotonic() + limit_s
    while not happened():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.05)


def reader_of(path: Path) -> int | None:
    """Opens the other end of a pipe if someone reads it, who waits until it is closed."""
    try:
        return os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return None


def running(group: int) -> list[int]:
    """The processes of a group; one that has ended but is not yet waited for does not run."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, its_group = status.read_text(errors="replace").rsplit(")", 1)[1].split()[:3]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(its_group) == group and state != "Z":
            found.append(int(status.parent.name))
    return found


@on_linux
def test_a_photo_that_fails_stops_the_run_at_once_and_is_named(
    lit: Callable[[Shot], Path], start: Callable[..., subprocess.Popen[str]]
) -> None:
    stuck(lit(shot("emil", "cup", 0)))
    lit(shot("emil", "cup", 1)).write_bytes(b"no light")
    run = start("--workers", "2", "--only", "emil/cup/0", "emil/cup/1")
    _, said = run.communicate(timeout=60)
    assert run.returncode == 1
    assert "RuntimeError: emil/cup/1: " in said.splitlines()[-1]
    wait_for(lambda: not running(run.pid), 60)


@on_linux
@pytest.mark.parametrize("how", ["Ctrl-C", "kill", "kill -9"])
def test_a_stopped_run_leaves_no_half_file_and_no_worker_behind(
    how: str, tmp_path: Path, lit: Callable[[Shot], Path], start: Callable[..., subprocess.Popen[str]]
) -> None:
    waits = lit(shot("emil", "cup", 0))
    stuck(waits)
    lit(shot("emil", "cup", 1))
    run = start("--workers", "2", "--only", "emil/cup/0", "emil/cup/1")
    made = tmp_path / "photos" / photo_path("emil", "cup", 1)
    wait_for(made.exists)
    ends: list[int | None] = []
    wait_for(lambda: ends.append(reader_of(waits)) or ends[-1] is not None)
    if how == "Ctrl-C":  # a terminal tells the whole group; the command alone heeds it
        for worker in set(running(run.pid)) - {run.pid}:
            os.kill(worker, signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            run.wait(0.5)
        run.send_signal(signal.SIGINT)
    else:
        run.send_signal(signal.SIGTERM if how == "kill" else signal.SIGKILL)
    _, said = run.communicate(timeout=60)
    assert run.returncode != 0
    wait_for(lambda: not running(run.pid), 60)
    os.close(ends[-1])
    assert said.count("Traceback") == said.count("\nKeyboardInterrupt") == (how == "Ctrl-C"), (
        "by the command alone"
    )
    assert [path for path in (tmp_path / "photos").rglob("*") if path.is_file()] == [made]
    assert made.read_bytes() == render.photo(shot("emil", "cup", 1), some_light())


def test_a_file_that_cannot_be_finished_leaves_no_half_of_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", stop)
    with pytest.raises(KeyboardInterrupt):
        save(tmp_path / "photo.jpg", b"bytes")
    assert not list(tmp_path.iterdir())


@pytest.fixture
def originals(tmp_path: Path) -> list[Path]:
    """What the odd files are made of."""
    paths = [tmp_path / case.other for case in cases.single() if case.case in {"duplicate", "truncated"}]
    for path in paths:
        save(path, b"original")
    return paths


@pytest.mark.usefixtures("originals")
def test_the_odd_files_stand_beside_the_good_ones(tmp_path: Path) -> None:
    cases.write(tmp_path)
    contents = {case.case: (tmp_path / case.path) for case in cases.single()}
    assert contents["duplicate"].read_bytes() == b"original"
    assert contents["truncated"].read_bytes() == b"orig"
    assert b"kitchen" in contents["no-image"].read_bytes()


def test_an_odd_file_is_not_left_out_in_silence(tmp_path: Path, originals: list[Path]) -> None:
    originals[0].unlink()
    with pytest.raises(FileNotFoundError, match=f"{originals[0].name} is missing"):
        cases.write(tmp_path)


@pytest.mark.parametrize("as_committed", [False, True])
def test_only_a_run_on_the_committed_photos_writes_the_table(
    as_committed: bool, tmp_path: Path, originals: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert all(path.exists() for path in originals)
    for of in shots([]):
        save(tmp_path / photo_path(*of[:3]), b"made before")
    monkeypatch.setattr(cases, "TABLE", tmp_path / "CASES.csv")
    if as_committed:
        monkeypatch.setattr(render, "PHOTOS", tmp_path)
    render.main(["--out", str(tmp_path)])
    assert (tmp_path / "CASES.csv").exists() == as_committed
    if as_committed:
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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "nowhere holds none of the demo photos"),
        (["--numbers", "9"], "--numbers: invalid choice: 9"),
        (["--cell", "0"], "--cell must be at least 1, got 0"),
    ],
)
def test_the_sheet_refuses_what_it_cannot_show(
    arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [str(tmp_path / "nowhere"), str(tmp_path / "sheet.png"), *arguments]
    assert message in refused(capsys, sheet.main, *command)
    assert not (tmp_path / "sheet.png").exists()
