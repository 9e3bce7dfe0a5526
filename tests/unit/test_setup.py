"""Set-up makes a bare clone fit for DVC, says what it did, and says in one line what a machine lacks."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
TOOLS = ("sh", "cat", "cmp", "cp", "git", "make", "dirname", "awk")


class Machine:
    """A clone on a machine that has only what a test gives it; its folder's name has a blank."""

    def __init__(self, folder: Path) -> None:
        self.clone = folder / "a clone"
        self.bin_dir = folder / "bin"
        self.clone.mkdir()
        self.bin_dir.mkdir()
        for name in ("setup.sh", "Makefile"):
            shutil.copy(TOP / name, self.clone)
        (self.clone / "requirements.txt").write_text("# nothing\n")
        for tool in TOOLS:
            self.lend(tool)
        subprocess.run(["git", "init", "--quiet"], cwd=self.clone, check=True)

    def lend(self, tool: str) -> None:
        """Puts one of this machine's tools there."""
        path = shutil.which(tool)
        assert path, f"this test needs {tool}"
        (self.bin_dir / tool).symlink_to(path)

    def write_python(self, script: str) -> None:
        """Puts a stand-in in the place of the system's Python."""
        (self.bin_dir / "python3").write_text(f"#!/bin/sh\n{script}\n")
        (self.bin_dir / "python3").chmod(0o755)

    def setup(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Runs set-up, or another command, with nothing but what was lent."""
        return subprocess.run(
            command or ("sh", "setup.sh", "requirements.txt"),
            cwd=self.clone,
            env={
                "PATH": str(self.bin_dir),
                "HOME": "/nonexistent",
                "GIT_CONFIG_GLOBAL": os.devnull,
                "GIT_CONFIG_NOSYSTEM": "1",
                "GIT_CEILING_DIRECTORIES": str(self.clone.parent),
                **environment,
            },
            capture_output=True,
            text=True,
            check=False,
        )

    def git(self, *arguments: str) -> str:
        """Returns what git answers in the clone."""
        return self.setup("git", *arguments).stdout.strip()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def refused(answer: subprocess.CompletedProcess[str]) -> str:
    """The one line of an error."""
    assert answer.returncode != 0
    [line] = answer.stderr.splitlines()
    assert line.startswith("error: ")
    return line


@pytest.mark.slow
def test_a_bare_clone_is_set_up_once(machine: Machine) -> None:
    python = str(Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}")
    first = machine.setup("make", "setup", PYTHON=python)
    assert first.returncode == 0, first.stderr
    assert "this clone's own configuration now says tenshots" in first.stdout
    assert machine.git("config", "--local", "user.email") == "tenshots@localhost"
    assert machine.git("config", "--local", "user.name") == "tenshots"

    second = machine.setup("make", "setup", PYTHON="/does/not/matter/now")
    assert second.returncode == 0, second.stderr
    assert second.stdout == ""

    # What DVC does: a shell that looks for `python`, below the environment's interpreter.
    code = "import subprocess; subprocess.run('python -c \"import sys; print(sys.prefix)\"', shell=True)"
    answer = machine.setup(".venv/bin/python", "-c", code)
    assert answer.stdout.strip() == str(machine.clone / ".venv")
    code = "import os, sys; print(os.environ['PATH'].count(os.path.join(sys.prefix, 'bin')))"
    nested = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {code!r}])"
    assert machine.setup(".venv/bin/python", "-c", nested).stdout.strip() == "1"

    (machine.clone / "requirements.txt").write_text("# changed\n")
    assert "installing requirements.txt" in machine.setup().stdout


@pytest.mark.slow
def test_an_identity_that_git_has_stays(machine: Machine) -> None:
    machine.git("config", "user.name", "Ada")
    machine.git("config", "user.email", "ada@example.org")
    answer = machine.setup(PYTHON=str(Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"))
    assert answer.returncode == 0, answer.stderr
    assert "configuration" not in answer.stdout
    assert machine.git("config", "user.name") == "Ada"


def test_without_git_one_line_says_so(machine: Machine) -> None:
    (machine.bin_dir / "git").unlink()
    assert "git is missing" in refused(machine.setup())


def test_outside_a_checkout_one_line_says_so(machine: Machine) -> None:
    shutil.rmtree(machine.clone / ".git")
    assert "no git checkout" in refused(machine.setup())


def test_without_python_one_line_says_so(machine: Machine) -> None:
    assert "there is no python3" in refused(machine.setup())


@pytest.mark.parametrize("version", ["2.7", "3.9", "3.10", "3.14"])
def test_another_python_is_refused_with_the_remedy(version: str, machine: Machine) -> None:
    machine.write_python(f"echo {version}")
    line = refused(machine.setup())
    assert f"python3 is Python {version}" in line
    assert "PYTHON=python3.12 make setup" in line


def test_a_python_that_does_not_run_is_refused(machine: Machine) -> None:
    machine.write_python("exit 3")
    assert "python3 does not run" in refused(machine.setup())


def test_without_the_venv_module_one_line_names_the_package(machine: Machine) -> None:
    machine.write_python('case "$2" in *ensurepip*) exit 1 ;; *) echo 3.12 ;; esac')
    line = refused(machine.setup())
    assert "sudo apt install python3-venv" in line
    assert "python3.12-venv" in line


def test_make_lists_its_targets(machine: Machine) -> None:
    answer = machine.setup("make")
    for target in ("setup", "repro", "test", "ui", "requirements", "lint", "help"):
        assert f"make {target} " in answer.stdout
    assert not (machine.clone / ".venv").exists()
