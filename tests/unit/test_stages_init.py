"""An error that the user can mend is one line; the wrong Python is named before anything else fails."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import stages
from tenshots.errors import DataError, SettingsError

TOP = Path(stages.__file__).parents[1]


@pytest.mark.parametrize("kind", [DataError, SettingsError])
def test_an_error_of_ours_is_one_line_and_status_1(kind: type[Exception]) -> None:
    def fail() -> None:
        raise kind("photos/a.jpg must be a photo, got text")

    with pytest.raises(SystemExit) as caught:
        stages.run(fail)
    assert caught.value.code == "error: photos/a.jpg must be a photo, got text"


def test_any_other_error_shows_where_it_happened() -> None:
    with pytest.raises(ZeroDivisionError):
        stages.run(lambda: print(1 / 0))


def test_ctrl_c_is_one_word_and_the_status_of_shells(capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(SystemExit) as caught:
        stages.run(interrupted)
    assert caught.value.code == 130
    assert capsys.readouterr() == ("", "stopped\n")


def test_a_python_without_the_packages_is_told_what_to_do() -> None:
    # -S hides the installed packages, as the system's Python would.
    command = [sys.executable, "-S", "-m", "stages.compare"]
    answer = subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=False)
    assert answer.returncode == 1
    assert answer.stderr.startswith("error: ")
    assert len(answer.stderr.splitlines()) == 1
    assert "is not the project's. Run `make setup`" in answer.stderr


def test_a_misspelt_setting_at_the_top_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shipped = (TOP / "params.yaml").read_text(encoding="utf-8")
    Path("params.yaml").write_text(f"{shipped}\nepoch: 3\n", encoding="utf-8")
    with pytest.raises(SystemExit) as caught:
        stages.run(lambda: None)
    message = "error: params.yaml: epoch is not a known setting; did you mean 'epochs'?"
    assert caught.value.code == message


def test_a_request_to_end_unwinds_so_that_open_runs_are_closed() -> None:
    code = (
        "import os, signal, stages\n"
        "def main():\n"
        "    try:\n"
        "        os.kill(os.getpid(), signal.SIGTERM)\n"
        "        signal.pause()\n"
        "    finally:\n"
        "        print('closed')\n"
        "stages.run(main)\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=TOP, capture_output=True, text=True, check=False
    )
    assert answer.stdout == "closed\n"
    assert answer.returncode == 143
