"""An error that the user can mend is one line; the wrong Python is named before anything else fails."""

from __future__ import annotations

import errno
import importlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from ruamel.yaml import YAML

import stages
from tenshots import params
from tenshots.errors import DataError, SettingsError
from tenshots.repository import alone
from tests.drawn.photos import draw_photos

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


def test_a_full_disk_is_one_line_and_status_1() -> None:
    def fail() -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "data/a.csv")

    with pytest.raises(SystemExit) as caught:
        stages.run(fail)
    assert str(caught.value.code).startswith("error: the disk is full, at data/a.csv: free some space")


def test_ctrl_c_is_one_word_and_the_status_of_shells(capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(SystemExit) as caught:
        stages.run(interrupted)
    assert caught.value.code == 130
    assert capsys.readouterr() == ("", "stopped\n")


@pytest.mark.parametrize("by_dvc", [True, False])
@pytest.mark.parametrize("is_late", [True, False])
def test_ctrl_c_ends_a_stage_that_does_not_notice_it_or_ends_slowly(
    by_dvc: bool, is_late: bool, tmp_path: Path
) -> None:
    """As one whose exception was lost, or that waits for a server within C; and that tidies up for long."""
    assert stages.UNWIND_S < 2  # with what Python needs to begin that
    code = f"""
import atexit, signal, sys, time, stages
signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background it is ignored
sys.argv[0], stages.IS_PROGRAM = "stages/split.py", True
stages.UNWIND_S = 0.1
atexit.register(time.sleep, 600)
def main():
    print("begun", flush=True)
    while True:
        try:
            time.sleep(600)
        except KeyboardInterrupt:
            if {is_late}:
                raise
stages.run(main)
"""
    environment = {**os.environ, "PYTHONPATH": str(TOP), **({"DVC_STAGE": "split"} if by_dvc else {})}
    stage = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert stage.stdout
    assert stage.stdout.readline() == "begun\n"
    stage.send_signal(signal.SIGINT)
    assert stage.communicate(timeout=10)[1] == "stopped\n"
    assert stage.returncode == 130


def test_a_stage_whose_dvc_is_killed_while_packages_are_imported_does_nothing(tmp_path: Path) -> None:
    (tmp_path / ".dvc").mkdir()
    (tmp_path / "dvc").write_text("import subprocess, sys\nsubprocess.run([sys.executable, 'stage.py'])\n")
    (tmp_path / "stage.py").write_text(
        "import os, psutil, stages\n"
        "psutil.Process(os.getppid()).kill()\n"
        "psutil.Process(os.getppid())\n"
        "while os.getppid() == stages.STARTED_BY.pid:\n    pass\n"
        "stages.run(lambda: open('ran', 'w').close())\n"
        "open('went on', 'w').close()\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(TOP), "DVC_STAGE": "split"}
    with subprocess.Popen([sys.executable, "dvc"], cwd=tmp_path, env=environment) as dvc:
        assert dvc.wait(60) == -signal.SIGKILL
    until = time.monotonic() + 60
    while [
        each for each in psutil.process_iter(["cmdline"]) if (each.info["cmdline"] or [])[1:] == ["stage.py"]
    ]:
        assert time.monotonic() < until
        time.sleep(0.05)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".dvc", "dvc", "stage.py"]


@pytest.mark.parametrize(
    ("command", "stage"),
    [
        ("stages/split.py", "split"),
        ("stages/check.py", "check"),
        ("stages/train.py --workers 2 baseline", "train@baseline"),
        ("stages/train.py nobody", "train"),
        ("stages/features.py lecture", "features@lecture"),
        ("stages/record.py", ""),
        ("pytest baseline", ""),
    ],
)
def test_a_stage_that_a_person_runs_is_called_as_dvc_calls_it(
    command: str, stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", command.split())
    monkeypatch.setattr(stages, "IS_PROGRAM", True)
    assert stages._by_hand({"variants": {"baseline": {}}, "networks": {"lecture": {}}}) == stage


@pytest.mark.parametrize("addressed", ["split", "../dvc.yaml:split", ""])
def test_a_stage_is_the_only_one_however_it_is_addressed(
    addressed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(".dvc").mkdir()
    monkeypatch.setenv("DVC_STAGE", addressed)
    monkeypatch.setattr(sys, "argv", ["stages/split.py"])
    monkeypatch.setattr(stages, "IS_PROGRAM", True)

    def second() -> None:
        with alone.only("split", dvc=None):
            pass

    with pytest.raises(SystemExit, match="another process is at the stage split in this folder"):
        stages.run(second)


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="what a process has loaded stands in /proc")
def test_ctrl_c_while_packages_are_imported_is_one_word_too() -> None:
    heeded = signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background it is ignored
    try:
        command = [sys.executable, "-m", "stages.train", "baseline"]
        stage = subprocess.Popen(command, cwd=TOP, stderr=subprocess.PIPE, text=True)
    finally:
        signal.signal(signal.SIGINT, heeded)
    until = time.monotonic() + 60
    while "libtensorflow" not in Path(f"/proc/{stage.pid}/maps").read_text():
        assert stage.poll() is None
        assert time.monotonic() < until
        time.sleep(0.01)
    stage.send_signal(signal.SIGINT)
    assert stage.communicate(timeout=60)[1] == "stopped\n"
    assert stage.returncode == -signal.SIGINT  # 130 in a shell


@pytest.mark.parametrize("arguments", [["train", "baseline"], ["ingest"]])
@pytest.mark.parametrize("given", ["-5", "0", "two", "1.5"])
def test_a_number_of_workers_is_at_least_1(
    arguments: list[str], given: str, capsys: pytest.CaptureFixture[str]
) -> None:
    stage, *others = arguments
    with pytest.raises(SystemExit) as caught:
        importlib.import_module(f"stages.{stage}").main([*others, f"--workers={given}"])
    assert caught.value.code == 2
    said = f"argument --workers: must be a whole number, at least 1, got '{given}'\n"
    assert capsys.readouterr().err.endswith(said)


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


def test_the_collector_begins_with_what_comes_after_the_imports_of_a_stage(tmp_path: Path) -> None:
    """A program's imports are frozen; a process that imports `stages` keeps its collector as it was.

    `check`, which is over in a second, has none.
    """
    (tmp_path / "sitecustomize.py").write_text(
        "import atexit, gc\n"
        "gc.callbacks.append(lambda phase, _: collections.append(phase))\n"
        "collections = []\n"
        "atexit.register(lambda: print(gc.isenabled(), gc.get_freeze_count() > 10_000, len(collections)))\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    for arguments, last in (
        (["-m", "stages.split", "--help"], r"True True \d\d?"),
        (["-m", "stages.check", "--help"], r"False False \d\d?"),
        (["-c", "import stages.check"], r"True False \d\d\d"),
    ):
        answer = subprocess.run(
            [sys.executable, *arguments],
            cwd=TOP,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert answer.returncode == 0, answer.stderr
        assert re.fullmatch(last, answer.stdout.splitlines()[-1])


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


@pytest.mark.parametrize("num_lines", [1, 100_000])
def test_who_reads_may_stop_early(num_lines: int) -> None:
    """Such as `head`; of little text Python learns only when it ends."""
    code = f"import stages\nstages.run(lambda: print('words\\n' * {num_lines}))\n"
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=TOP, stdout=writing, stderr=subprocess.PIPE, check=False
        )
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")


ENCODINGS = {
    "PYTHONIOENCODING=ascii": {"PYTHONIOENCODING": "ascii"},
    "PYTHONIOENCODING=cp1252": {"PYTHONIOENCODING": "cp1252"},
    "a plain C locale": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
}


@pytest.mark.parametrize("name", ENCODINGS)
def test_a_terminal_that_lacks_a_character_is_shown_its_number(name: str) -> None:
    code = (
        "import sys, stages\nfrom tenshots.errors import SettingsError\n"
        "def main():\n"
        "    print('\\u676f\\u5b50 \\N{NO-BREAK SPACE}\\udcff')\n"
        "    print('\\u676f', file=sys.stderr)\n"
        "    raise SettingsError('no such label: \\u676f')\n"
        "stages.run(main)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=TOP, env={**os.environ, **ENCODINGS[name]}, capture_output=True
    )
    assert done.stdout.startswith(b"\\u676f\\u5b50 ")
    assert done.stderr.splitlines() == [b"\\u676f", b"error: no such label: \\u676f"]
    assert done.returncode == 1


def test_every_stage_and_command_is_started_by_run() -> None:
    shared = {TOP / "stages" / name for name in ("__init__.py", "fresh.py", "progress.py", "recording.py")}
    paths = sorted(set((TOP / "stages").glob("*.py")) - shared)
    assert len(paths) > 10
    for path in paths:
        end = path.read_text(encoding="utf-8").rpartition('\n\nif __name__ == "__main__":\n')[2]
        is_judged = path.stem not in ("check", "preset", "queue")
        assert end == "    run(main)\n" if is_judged else end.startswith("    run(main, judge=False)  # "), (
            path
        )


def test_only_what_computes_with_keras_waits_for_it() -> None:
    """It brings TensorFlow along, which takes two seconds of a processor in each process."""
    computing = {
        *("augment", "find_rate", "fresh", "inspect", "predict", "rehearse", "style", "train", "visualise"),
    }
    others = sorted({path.stem for path in (TOP / "stages").glob("[!_]*.py")} - computing)
    assert {"check", "compare", "evaluate", "record", "study"} <= set(others)
    code = f"import sys; from stages import {', '.join(others)}; "
    code += "print({'keras', 'tensorflow'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=TOP, capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("set()\n", 0), done.stderr


def test_stages_print_any_name_where_only_ascii_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    draw_photos(tmp_path / "data/drawn", labels=("杯子", "größe"))
    (tmp_path / "data/drawn/person0/杯子/ungültig.jpg").write_text("no photo")
    shutil.copy(TOP / "data/corrections.csv", tmp_path / "data")
    values = params.read(TOP / "params.yaml")
    values |= {"photos": "data/drawn", "split": {"folds": 2, "test": 0.2, "val": 0.5}}
    YAML().dump(values, tmp_path / "params.yaml")
    environment = {**os.environ, "PYTHONPATH": str(TOP), "PYTHONIOENCODING": "ascii"}
    said = ""
    for stage in ("ingest", "split"):
        command = [sys.executable, "-m", f"stages.{stage}"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        said += done.stdout
    assert r"\u676f\u5b50" in said
    assert r"gr\xf6\xdfe" in said
