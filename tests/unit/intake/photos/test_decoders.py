"""Whatever a decoder does, it costs the row of its file: here it crashes, hangs, hoards and lies for real."""

from __future__ import annotations

import io
import json
import os
import signal
import struct
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from stages import ingest, predict, style
from tenshots.errors import DataError, RejectedPhoto
from tenshots.intake.photos import decoders, decoding, standardising
from tenshots.intake.photos.decoders import Decoders
from tenshots.tables import database
from tests.drawn.handed_in import PARAMS, RULES, drawn, make_project
from tests.drawn.photos import draw_photos
from tests.drawn.traps import Trap

CRASHES = {
    "reads address 0": "ctypes.string_at(0)",
    "aborts": "os.abort()",
    "ends the process": "os._exit(0)",
    "is killed": "os.kill(os.getpid(), signal.SIGKILL)",
    "writes nonsense": 'for fd in 3, 4, 5, 6:\n with contextlib.suppress(OSError): os.write(fd, b"?" * 4000)',
    "closes all": "os.closerange(3, 9); time.sleep(30)",
}
# Not for ever, so that a test fails where nobody stops them.
ENDLESS = "end = time.monotonic() + 20\nwhile time.monotonic() < end: pass"
ASLEEP = "open(os.environ['ASLEEP'], 'a').close(); time.sleep(30)"
HOARDING = "hoard = []\nwhile True: hoard.append(bytes(10**8))"  # asked for and not filled, so it is quick
ONCE = "if not os.path.exists(MARK): open(MARK, 'x').close(); os.kill(os.getpid(), signal.SIGKILL)"
MISTAKE = "raise LookupError('of ours')"


def opened() -> Decoders:
    return Decoders(RULES.standardise, RULES.accept)


def expected(path: str) -> np.ndarray:
    return standardising.standardise(drawn(path), RULES.standardise, RULES.accept).image


def check_all_but(answers: list[decoders.Answer], files: list[str], bad: str, reason: str) -> None:
    for answer, file in zip(answers, files, strict=True):
        if file == bad:
            assert isinstance(answer, RejectedPhoto)
            assert str(answer) == reason
        else:
            assert isinstance(answer, standardising.StandardPhoto), answer
            assert (answer.image == expected(file)).all()


FILES = ["a", "b", "c", "d"]


def test_an_answer_is_what_the_same_process_would_have_made() -> None:
    text = b"no photo"
    with opened() as processes:
        photo, rejection, other = processes.standardise([drawn("a"), text, drawn("b")])
        assert processes.standardise([]) == []
    known = standardising.standardise(drawn("a"), RULES.standardise, RULES.accept)
    assert photo._replace(image=0, thumbnail=0) == known._replace(image=0, thumbnail=0)
    assert (photo.image == known.image).all()
    assert (photo.thumbnail == known.thumbnail).all()
    assert (other.image == expected("b")).all()
    with pytest.raises(RejectedPhoto) as refused:
        standardising.standardise(text, RULES.standardise, RULES.accept)
    assert str(rejection) == str(refused.value)


@pytest.mark.parametrize("bad", FILES)
def test_a_crash_costs_its_own_file_wherever_it_stands_in_the_batch(trap: Trap, bad: str) -> None:
    trap({drawn(bad): CRASHES["reads address 0"]})
    with opened() as processes:
        for _ in range(2):
            check_all_but(processes.standardise([*map(drawn, FILES)]), FILES, bad, decoders.CRASHED)


@pytest.mark.parametrize("how", CRASHES)
def test_every_kind_of_end_is_a_crash(trap: Trap, how: str) -> None:
    trap({drawn("b"): CRASHES[how]})
    with opened() as processes:
        check_all_but(processes.standardise([*map(drawn, FILES)]), FILES, "b", decoders.CRASHED)


def test_a_decoder_writes_nothing_for_others_to_read(trap: Trap, capfd: pytest.CaptureFixture[str]) -> None:
    core = "import resource\nif resource.getrlimit(resource.RLIMIT_CORE) != (0, 0): os.abort()"
    trap({drawn("b"): f"os.write(1, b'out'); os.write(2, b'err')\n{core}"})
    with opened() as processes:
        answers = processes.standardise([*map(drawn, FILES)])
    assert all(isinstance(answer, standardising.StandardPhoto) for answer in answers)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("bad", FILES)
def test_a_decoder_that_computes_without_end_is_stopped_and_not_tried_again(
    tmp_path: Path, trap: Trap, bad: str
) -> None:
    """The time is the file's own, so there is nobody else to blame, and a second try would cost it again."""
    log = tmp_path / "log"
    trap({drawn(bad): f"open({str(log)!r}, 'a').write('tried ')\n{ENDLESS}"})
    with opened() as processes:
        check_all_but(processes.standardise([*map(drawn, FILES)]), FILES, bad, decoders.TOO_LONG)
    assert log.read_text() == "tried "
    assert decoders.TOO_LONG.startswith(f"took longer than {decoding.MAX_CPU_S} s")


def test_a_decoder_that_sleeps_without_end_is_stopped(trap: Trap, monkeypatch: pytest.MonkeyPatch) -> None:
    trap({drawn("b"): ASLEEP})
    monkeypatch.setattr(decoders, "MAX_WALL_S", 2)
    with opened() as processes:
        check_all_but(processes.standardise([*map(drawn, FILES)]), FILES, "b", decoders.TOO_LONG)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems set no limit to a process' memory")
def test_a_decoder_that_allocates_without_end_is_stopped(trap: Trap) -> None:
    trap({drawn("b"): HOARDING})
    with opened() as processes:
        check_all_but(processes.standardise([*map(drawn, FILES)]), FILES, "b", decoders.TOO_MUCH)


def test_a_busy_machine_refuses_no_photo(trap: Trap) -> None:
    """A file that waits for the processor, or for its turn, longer than it may compute."""
    trap({drawn("b"): "time.sleep(1.5)"})  # where a second of the processor's time is allowed
    with opened() as processes:
        answers = processes.standardise([*map(drawn, FILES)])
    assert all(isinstance(answer, standardising.StandardPhoto) for answer in answers)
    assert decoders.MAX_WALL_S >= 20 * decoding.MAX_CPU_S


def test_a_file_is_not_blamed_for_a_worker_that_was_killed(trap: Trap) -> None:
    trap({drawn("b"): ONCE})
    with opened() as processes:
        check_all_but(processes.standardise([*map(drawn, FILES)]), FILES, "", "")
        idle = processes._idle.get()
        processes._idle.put(idle)
        os.kill(idle.pid, signal.SIGKILL)
        check_all_but(processes.standardise([*map(drawn, FILES)]), FILES, "", "")


def test_a_mistake_of_ours_is_no_verdict_over_a_photo(trap: Trap) -> None:
    trap({drawn("b"): MISTAKE})
    with opened() as processes, pytest.raises(RuntimeError, match=r"(?s)Traceback.*LookupError: of ours"):
        processes.standardise([*map(drawn, FILES)])


def test_threads_share_the_workers_and_a_host_without_threads_forks_them(trap: Trap) -> None:
    trap({drawn("b"): CRASHES["aborts"]})
    with opened() as processes, ThreadPoolExecutor(3) as threads:
        batches = list(threads.map(processes.standardise, [[*map(drawn, FILES)]] * 9))
        host = psutil.Process(processes._host.pid)
        assert host.num_threads() == 1
        assert 1 <= len(host.children()) <= 3
    for answers in batches:
        check_all_but(answers, FILES, "b", decoders.CRASHED)
    assert not host.is_running()


@pytest.mark.parametrize("end", ["", "os._exit(1)"])
def test_large_photos_take_turns_and_a_worker_that_dies_lets_go_of_its_own(
    tmp_path: Path, trap: Trap, end: str
) -> None:
    log = tmp_path / "log"
    watched = f"""
from tenshots.intake.photos import integrity, standardising
standardising.LARGE_BYTES = 0
load = integrity.load

def slow(*arguments):
    for word in ("in", "out"):
        with open({str(log)!r}, "a") as file: file.write(word + " ")
        time.sleep(0.4)
    {end}
    return load(*arguments)

integrity.load = slow
"""
    trap({drawn("a"): watched, drawn("b"): watched})
    with opened() as processes, ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(processes.standardise, [[drawn("a")], [drawn("b")]]))
    assert log.read_text() == "in out " * (4 if end else 2)  # each is tried twice where it dies
    assert {type(answer) for (answer,) in answers} == {RejectedPhoto if end else standardising.StandardPhoto}


def test_a_host_that_is_ended_is_one_line() -> None:
    with opened() as processes:
        processes.standardise([drawn("a")])
        processes._host.kill()
        processes._host.wait()
        os.kill(processes._idle.get().pid, signal.SIGKILL)
        with pytest.raises(
            DataError, match="the process that decodes photos ended unexpectedly; run the same"
        ):
            processes.standardise([drawn("a")])


# What a worker may send that is no longer ours: nothing of it is executed, and it is lost or an answer.


def told(text: bytes) -> bytes:
    return struct.pack("!I", len(text)) + text


SOUND = {"format": "PNG", "width": 8, "height": 6, "orientation": 1, "camera": "", "taken": ""} | {
    "sharpness": 0.5,
    "brightness": 0.5,
    "note": "",
}
PIXELS = bytes(16 * 16 * 3 + 32 * 32 * 3)


def test_a_sound_answer_is_read() -> None:
    photo = decoders._received(io.BytesIO(told(json.dumps(SOUND).encode()) + PIXELS), 16)
    assert isinstance(photo, standardising.StandardPhoto)
    assert (photo.image.shape, photo.thumbnail.shape) == ((16, 16, 3), (32, 32, 3))


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\xff\xff\xff\xff",
        told(b"{}") + PIXELS,
        told(b"[1]"),
        told(b"[" * 100_000),
        told(b"\x80\x04."),
        told(json.dumps(SOUND).encode()) + PIXELS[:-1],
        told(json.dumps(SOUND | {"width": "8"}).encode()) + PIXELS,
        told(json.dumps(SOUND | {"note": [1]}).encode()) + PIXELS,
        told(json.dumps(SOUND | {"note": "\ud800"}).encode()) + PIXELS,
        told(json.dumps({"rejected": "\ud800"}).encode()),
        told(b'{"width": 1' + b"0" * 5000 + b"}"),
    ],
)
def test_nonsense_for_an_answer_is_an_end(answer: bytes) -> None:
    with pytest.raises(decoders.LOST):
        decoders._received(io.BytesIO(answer), 16)


@given(st.binary() | st.binary().map(told) | st.text().map(str.encode).map(told))
def test_no_bytes_do_more_than_end_a_worker(answer: bytes) -> None:
    try:
        read = decoders._received(io.BytesIO(answer), 16)
    except (*decoders.LOST, RuntimeError):
        return
    assert isinstance(read, RejectedPhoto | standardising.StandardPhoto)


# The stage and the commands.


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="other systems set no limit to a process' memory")
def test_ingest_keeps_the_other_photos_and_writes_a_row_for_each_trap(
    tmp_path: Path, trap: Trap, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    make_project(tmp_path)
    bad = {
        "p0/cup/1.png": (CRASHES["reads address 0"], decoders.CRASHED),
        "p1/key/1.png": (ENDLESS, decoders.TOO_LONG),
        "p2/cup/1.png": (HOARDING, decoders.TOO_MUCH),
        "p4/key/1.png": (CRASHES["aborts"], decoders.CRASHED),
    }
    trap({(tmp_path / "data/raw" / path).read_bytes(): action for path, (action, _) in bad.items()})
    monkeypatch.chdir(tmp_path)
    outputs = []
    for workers in ("1", "3"):
        ingest.main(["--workers", workers])
        rows = database.read_manifest(Path("data/manifest.csv")).set_index("path")
        rejected = rows[rows["status"] == "rejected"]
        assert dict(rejected["reason"]) == {path: reason for path, (_, reason) in bad.items()}
        assert all(len(photo_id) == 64 for photo_id in rejected["photo_id"])
        assert len(rows) == 12
        assert len(database.read_photos(Path("data/database"))) == 8
        outputs.append([path.read_bytes() for path in sorted(Path("data/database").iterdir())])
        outputs[-1].append(Path("data/manifest.csv").read_bytes())
    assert outputs[0] == outputs[1]
    said = capfd.readouterr().err.splitlines()
    assert not [
        line for line in said if not line.startswith("ingest: ")
    ]  # on a busy machine it tells how far


def test_predict_and_style_name_the_photo_that_crashes_a_decoder(
    tmp_path: Path, trap: Trap, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw_photos(tmp_path, num_groups=1, num_photos=2)
    monkeypatch.chdir(tmp_path)
    bad, good = Path("person0/cup/0.png"), Path("person0/cup/1.png")
    trap({bad.read_bytes(): CRASHES["aborts"]})
    accept = RULES.accept
    images, reasons = predict.read(predict.found([bad, good], accept), RULES.standardise, accept)
    assert reasons == {str(bad): decoders.CRASHED}
    assert [*images] == [str(good)]
    with pytest.raises(DataError, match=r"person0/cup/0\.png cannot be used: decoder crashed"):
        style._read(bad, 64, accept)
    assert style._read(good, 64, accept).shape == (48, 64, 3)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("end", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)]
)
def test_no_process_outlives_an_ingest_that_is_ended(
    tmp_path: Path, trap: Trap, end: signal.Signals, status: int
) -> None:
    make_project(tmp_path)
    settings = YAML(typ="safe").load(decoders.TOP / "params.yaml")  # a stage judges all of them
    settings |= YAML(typ="safe").load(PARAMS)
    YAML().dump(settings, tmp_path / "params.yaml")
    trap({(tmp_path / "data/raw/p0/cup/1.png").read_bytes(): ASLEEP})
    asleep = Path(os.environ["ASLEEP"])
    search_path = os.pathsep.join((str(decoders.TOP), os.environ["PYTHONPATH"]))
    stage = subprocess.Popen(
        [sys.executable, "-m", "stages.ingest"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": search_path},
        start_new_session=True,
        stderr=subprocess.PIPE,
    )
    deadline = time.monotonic() + 60
    while not asleep.exists() and stage.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert asleep.exists(), stage.communicate()[1]
    children = psutil.Process(stage.pid).children(recursive=True)
    assert len(children) >= 2
    # Ctrl-C reaches all processes of a terminal, the others that one.
    os.killpg(stage.pid, end) if end == signal.SIGINT else stage.send_signal(end)
    said = stage.communicate(timeout=20)[1].decode()
    assert stage.returncode == status
    lines = [line for line in said.splitlines() if not line.startswith("ingest: ")]  # it tells how far
    assert lines == (["stopped"] if end == signal.SIGINT else [])
    assert not psutil.wait_procs(children, timeout=10)[1]


def test_what_decodes_starts_fast_and_nobody_else_decodes_a_users_file() -> None:
    program = (
        "import sys, tenshots.intake.photos.decoding; "
        "print({'pydantic', 'ruamel', 'pandas', 'scipy'} & {*sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=decoders.TOP, capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"
    for file in (each for top in ("stages", "tenshots") for each in (decoders.TOP / top).rglob("*.py")):
        if file.name != "decoding.py":
            assert "photos.standardise(" not in file.read_text(), file
            assert "import standardise" not in file.read_text(), file
