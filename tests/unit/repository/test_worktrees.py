"""A second working folder: made once, kept, brought to the last commit, and never two calls in it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tenshots.errors import DataError
from tenshots.repository import worktrees


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
    answer = subprocess.run(
        ["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return answer.stdout.strip()


@pytest.fixture
def top(tmp_path: Path) -> Path:
    """A checkout with one commit and an environment."""
    folder = tmp_path / "a project"
    folder.mkdir()
    git(folder, "init", "--quiet")
    (folder / ".gitignore").write_text("/.presets/\n/.venv\n")
    (folder / "code.py").write_text("1\n")
    (folder / "dvc.lock").write_text("of the demo\n")
    (folder / ".venv").mkdir()
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message=first")
    return folder


def test_it_is_made_of_the_last_commit_and_leaves_no_trace_in_the_first(top: Path) -> None:
    folder = top / ".presets" / "one"
    (top / "code.py").write_text("2, not committed\n")
    with worktrees.alone(folder):
        assert not worktrees.make(folder, top)
    assert (folder / "code.py").read_text() == "1\n"
    assert (folder / ".venv").resolve() == (top / ".venv").resolve()
    assert worktrees.changes(top) == ["code.py"]
    assert git(top, "branch", "--list").count("\n") == 0
    assert worktrees.changes(folder) == []


def test_a_later_call_brings_the_commit_and_keeps_what_the_former_has_written(top: Path) -> None:
    folder = top / ".presets" / "one"
    folder.parent.mkdir()
    worktrees.make(folder, top)
    (folder / "dvc.lock").write_text("of the preset\n")
    (top / "code.py").write_text("3\n")
    git(top, "commit", "--quiet", "--all", "--message=second")
    assert worktrees.make(folder, top)
    assert (folder / "code.py").read_text() == "3\n"
    assert (folder / "dvc.lock").read_text() == "of the preset\n"


def test_code_that_was_edited_there_is_refused(top: Path) -> None:
    folder = top / ".presets" / "one"
    folder.parent.mkdir()
    worktrees.make(folder, top)
    (folder / "code.py").write_text("mine\n")
    with pytest.raises(DataError, match=r"changes of its own \(code.py\).*git worktree remove --force"):
        worktrees.make(folder, top)


@pytest.mark.parametrize("left", ["half", "nothing", "moved"])
def test_what_a_kill_a_deletion_or_a_move_left_is_no_hindrance(top: Path, left: str) -> None:
    folder = top / ".presets" / "one"
    folder.parent.mkdir()
    worktrees.make(folder, top)
    if left == "half":  # killed before the last file was there
        worktrees.state(folder).unlink()
        (folder / "code.py").unlink()
    elif left == "nothing":
        shutil.rmtree(folder)
    else:
        top = top.rename(top.with_name("another name"))
        folder = top / ".presets" / "one"
    assert worktrees.make(folder, top) is (left == "moved")
    assert (folder / "code.py").read_text() == "1\n"
    assert git(folder, "rev-parse", "HEAD") == git(top, "rev-parse", "HEAD")


def test_one_call_at_a_time(top: Path) -> None:
    folder = top / ".presets" / "one"
    with (
        worktrees.alone(folder),
        pytest.raises(DataError, match="another call works in"),
        worktrees.alone(folder),
    ):
        pass
    with worktrees.alone(folder):  # and afterwards again
        pass


def test_a_dvc_that_a_killed_call_has_left_is_named(top: Path) -> None:
    folder = top / ".presets" / "one"
    folder.mkdir(parents=True)
    script = top / "dvc"
    script.write_text("print(flush=True); input()")  # known by its name, as running.is_dvc says
    with subprocess.Popen([sys.executable, str(script)], cwd=folder, stdin=-1, stdout=-1) as left:
        assert left.stdout is not None
        left.stdout.readline()
        with pytest.raises(DataError, match=f"kill {left.pid}"), worktrees.alone(folder):
            pass
        left.communicate(b"\n")
    with worktrees.alone(folder):
        pass
