"""The fuzzer finds what breaks a promise, and nothing of ours does."""

from __future__ import annotations

import re
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from benchmarks.fuzz import Original, mutations
from benchmarks.fuzz import __main__ as fuzz
from benchmarks.fuzz.originals import originals
from tenshots.errors import RejectedPhoto
from tenshots.intake.photos import decoders, standardising
from tests.drawn.handed_in import RULES
from tests.drawn.traps import Trap

SOUND = originals()
ACCEPT = RULES.accept


def test_sound_images_of_every_format_are_kept_or_have_pixels_without_a_known_white() -> None:
    assert {each.format for each in SOUND} == set(fuzz.FORMATS)
    assert len({(each.format, each.kind) for each in SOUND}) == len(SOUND) > 100
    outcomes: dict[str, list[str]] = {}
    for each in SOUND:
        try:
            answer: decoders.Answer = standardising.standardise(each.data, fuzz.SETTINGS, ACCEPT)
        except RejectedPhoto as rejection:
            answer = rejection
        assert fuzz.offence(answer, answer) == ""
        outcomes.setdefault(fuzz.outcome(answer), []).append(each.kind)
    assert set(outcomes) == {"kept", "kept, noted", "no known white"}
    assert outcomes["no known white"] == ["floating point", "32 bits"]


def test_the_same_seed_damages_the_same_images_in_the_same_way() -> None:
    first, second, other = (list(islice(fuzz.drawn(60, seed), 60)) for seed in (1, 1, 2))
    assert first == second != other
    assert list(fuzz.drawn(30, 1)) == first[:30]
    sound = {each.data for each in SOUND}
    assert not any(each.data in sound for each in first)


@pytest.mark.parametrize("name", [name for name in fuzz.FORMATS if name not in ("BMP", "GIF")])
def test_parts_and_numbers_of_each_format_are_found(name: str) -> None:
    for each in SOUND:
        if each.format == name:
            spans = mutations.spans(each.data, name)
            assert spans, each.kind
            assert all(0 <= start < end <= len(each.data) for start, end in spans)
            assert mutations.fields(each.data, name)
            assert mutations.spans(each.data[:40], name) is not None


def kept() -> standardising.StandardPhoto:
    return standardising.standardise(SOUND[0].data, fuzz.SETTINGS, ACCEPT)


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"image": np.zeros((31, 32, 3), np.uint8)}, "pixels"),
        ({"thumbnail": np.zeros((1, 1, 3), np.uint8)}, "thumbnail"),
        ({"format": "PDF"}, "format"),
        ({"width": 0}, "size"),
        ({"orientation": 9}, "orientation"),
        ({"camera": "x" * 81}, "camera"),
        ({"taken": "yesterday"}, "time"),
        ({"sharpness": float("nan")}, "sharpness"),
        ({"brightness": 1.5}, "brightness"),
    ],
)
def test_an_unsound_photo_breaks_a_promise(changes: dict[str, object], what: str) -> None:
    photo = kept()._replace(**changes)
    assert what in fuzz.offence(photo, photo)


def test_a_crash_an_unknown_reason_and_another_answer_break_promises() -> None:
    damaged = RejectedPhoto("damaged, incomplete or unusual PNG image (cut)")
    assert fuzz.offence(damaged, damaged) == ""
    for reason in (decoders.CRASHED, decoders.TOO_LONG, decoders.TOO_MUCH, "odd", "damaged"):
        assert fuzz.offence(RejectedPhoto(reason), RejectedPhoto(reason)) == f"unknown reason: {reason}"
    assert fuzz.offence(kept(), damaged).startswith("read twice")
    assert fuzz.offence(damaged, kept()).startswith("read twice")
    assert fuzz.offence(kept(), kept()._replace(image=kept().image ^ 1)).startswith("read twice")


@pytest.mark.parametrize(
    ("action", "said"),
    [("os.abort()", "decoder crashed"), ("raise LookupError", "a bug in the code")],
)
def test_an_image_that_breaks_a_promise_is_saved_and_the_status_is_1(
    action: str, said: str, trap: Trap, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = next(each for each in fuzz.drawn(40, 0) if each.format == "PNG" and each.data[1:4] == b"PNG")
    trap({wanted.data: action})
    with pytest.raises(SystemExit) as stopped:
        fuzz.main(["40"])
    message = str(stopped.value.code)  # a text, with which Python ends with status 1
    assert said in message
    path = Path(re.match(r"(\S+): ", message)[1])
    assert path.read_bytes() == wanted.data
    path.unlink()
    path.parent.rmdir()
    assert "40 files; 1 broken promises" in capsys.readouterr().out


def test_the_files_of_a_folder_are_read_as_they_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.png").write_bytes(SOUND[-1].data)
    (tmp_path / "b.txt").write_text("no photo")
    assert [*fuzz.lying(tmp_path)] == [
        Original("none", "b.txt", b"no photo"),
        Original(SOUND[-1].format, "a.png", SOUND[-1].data),
    ]
    fuzz.main(["--folder", str(tmp_path)])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "| format | kept, noted | no photo |"
    assert "| none | 0 | 1 |" in lines


@pytest.mark.slow
def test_two_thousand_damaged_images_break_no_promise(capsys: pytest.CaptureFixture[str]) -> None:
    fuzz.main(["2000", "--seed", "1"])
    assert "2000 files; 0 broken promises" in capsys.readouterr().out
