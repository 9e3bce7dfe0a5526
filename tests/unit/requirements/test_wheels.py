"""A folder of wheels installs without a network; one that is wrong or damaged is refused in one line."""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.drawn.bare_machine import BACKEND, PYTHON, Machine, draw_wheel, refused

pytestmark = pytest.mark.slow

# The discard service's port: nothing listens there.
NO_NETWORK = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_FIND_LINKS": "http://127.0.0.1:9/links"}
HERE = f"Python {sys.version_info.major}.{sys.version_info.minor} on {platform.system()} {platform.machine()}"
CUP = "cup-1.0-py3-none-any.whl"


@pytest.fixture(scope="module")
def class_room(tmp_path_factory: pytest.TempPathFactory) -> tuple[Machine, Path]:
    """A clone, and a folder with two wheels of the index and one that was built."""
    machine = Machine(tmp_path_factory.mktemp("class"))
    setuptools = machine.publish_setuptools("1.0", BACKEND)
    machine.publish_setuptools("2.0", "raise ImportError('too new')")
    cup, tool = machine.publish("cup", "1.0"), machine.publish("tool", "1.0")
    grammar = machine.publish_source("antlr4-python3-runtime", "4.9")
    machine.pin(setuptools, file="requirements/wheels.txt")
    machine.pin(grammar, cup, tool, file="requirements-dev.txt")
    machine.pin(grammar, cup)
    folder = machine.clone.parent / "the first" / "stick"
    answer = fill(machine, folder)
    assert answer.returncode == 0, answer.stderr
    return machine, folder


@pytest.fixture
def machine(class_room: tuple[Machine, Path], environment: Callable[[str], Path], tmp_path: Path) -> Machine:
    """A clone of its own with an empty .venv and the same index."""
    first, _ = class_room
    machine = Machine(tmp_path)
    machine.index = first.index
    shutil.copytree(first.clone, machine.clone, symlinks=True, dirs_exist_ok=True)
    machine.use_environment(environment(""))
    return machine


@pytest.fixture
def stick(class_room: tuple[Machine, Path], machine: Machine) -> Path:
    """A filled folder beside the clone, whose name has what shells and addresses trip over."""
    return shutil.copytree(class_room[1], machine.clone.parent / "a stick #1 50%")


def fill(machine: Machine, folder: Path, **environment: str) -> CompletedProcess[str]:
    return machine.setup("make", "wheels", f"WHEELS={folder}", PYTHON=PYTHON, **environment)


def install(machine: Machine, folder: Path | str, file: str = "requirements.txt") -> CompletedProcess[str]:
    return machine.setup("sh", "setup.sh", file, WHEELS=str(folder), **NO_NETWORK)


def test_a_filled_folder_installs_with_the_index_unreachable(machine: Machine, stick: Path) -> None:
    answer = machine.setup("make", "setup", f"WHEELS=../{stick.name}", **NO_NETWORK)
    assert answer.returncode == 0, answer.stderr
    assert answer.stderr == ""  # pip would complain of an address that it cannot reach
    assert machine.installed() == {"antlr4_python3_runtime": "4.9", "cup": "1.0"}
    answer = machine.setup("make", "setup-dev", f"WHEELS={stick}", **NO_NETWORK)
    assert answer.returncode == 0, answer.stderr
    assert machine.installed() == {"antlr4_python3_runtime": "4.9", "cup": "1.0", "tool": "1.0"}
    # What is installed needs the folder no more.
    shutil.rmtree(stick)
    assert machine.setup("make", "setup", f"WHEELS={stick}", **NO_NETWORK).returncode == 0


def test_a_folder_is_filled_once_with_wheels_alone(machine: Machine, stick: Path) -> None:
    names = {path.name for path in stick.iterdir()}
    assert not (machine.clone / ".wheels").exists()
    assert names == {
        "antlr4_python3_runtime-4.9-py3-none-any.whl",
        CUP,
        "tool-1.0-py3-none-any.whl",
        "wheels.json",
    }
    assert json.loads((stick / "wheels.json").read_text())["machine"] == HERE
    answer = fill(machine, stick, **NO_NETWORK)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout == f"wheels: {stick} has all of requirements-dev.txt for {HERE}\n"


def test_filling_again_mends_a_folder_and_follows_the_pins(machine: Machine, stick: Path) -> None:
    (stick / CUP).write_bytes(b"cut")
    (stick / "mine.whl").write_bytes(b"a person's")
    assert fill(machine, stick).returncode == 0
    assert install(machine, stick).returncode == 0

    machine.pin(machine.publish("cup", "1.1"))
    machine.pin((machine.clone / "requirements.txt").read_text(), file="requirements-dev.txt")
    assert fill(machine, stick).returncode == 0
    assert {path.name for path in stick.iterdir()} == {"cup-1.1-py3-none-any.whl", "mine.whl", "wheels.json"}
    assert install(machine, stick).returncode == 0
    assert machine.installed()["cup"] == "1.1"


def noted(folder: Path, **changes: object) -> None:
    note = json.loads((folder / "wheels.json").read_text())
    (folder / "wheels.json").write_text(json.dumps({**note, **changes}))


WRONG: dict[str, tuple[Callable[[Path], object], str]] = {
    "another Python": (
        lambda folder: noted(folder, machine="Python 3.9 on Linux x86_64"),
        f"is for Python 3.9 on Linux x86_64, and this is {HERE}",
    ),
    "another processor": (
        lambda folder: noted(folder, machine=HERE.replace(platform.machine(), "mips")),
        f"{platform.system()} mips, and this is {HERE}",
    ),
    "a file missing": (lambda folder: (folder / CUP).unlink(), f"{CUP} is missing; copy the folder again"),
    "a file cut": (
        lambda folder: (folder / CUP).write_bytes(b"PK"),
        f"{CUP} is damaged; copy the folder again",
    ),
    "no note": (lambda folder: (folder / "wheels.json").unlink(), "has no wheels.json"),
    "a note of another kind": (lambda folder: (folder / "wheels.json").write_text("{}"), "is damaged"),
    "a note cut": (lambda folder: (folder / "wheels.json").write_text('{"ma'), "wheels.json is damaged"),
    "no folder": (shutil.rmtree, "there is no folder"),
    "other pins": (
        lambda folder: noted(folder, pins=["cup==0.9"]),
        "lacks antlr4-python3-runtime==4.9, which",
    ),
}


@pytest.mark.parametrize("fault", WRONG)
def test_a_wrong_folder_is_refused_in_one_line(fault: str, machine: Machine, stick: Path) -> None:
    damage, said = WRONG[fault]
    damage(stick)
    line = refused(install(machine, stick))
    assert str(stick) in line
    assert said in line
    assert not machine.installed()


def test_a_wrong_folder_leaves_no_environment_of_the_wrong_python(machine: Machine, stick: Path) -> None:
    shutil.rmtree(machine.clone / ".venv")
    noted(stick, machine="Python 3.9 on Linux x86_64")
    (machine.bin_dir / "python3").symlink_to(PYTHON)
    assert "is for Python 3.9" in refused(install(machine, stick))
    assert not (machine.clone / ".venv").exists()


def test_a_folder_of_another_machine_is_not_filled_over(machine: Machine, stick: Path) -> None:
    noted(stick, machine="Python 3.9 on Linux x86_64")
    answer = fill(machine, stick)
    assert answer.returncode != 0
    assert answer.stderr.startswith(f"error: {stick} is for Python 3.9 on Linux x86_64, and this is {HERE}; ")


def test_a_wheel_of_the_index_must_have_the_projects_hash_whatever_the_folder_says(
    machine: Machine, stick: Path
) -> None:
    draw_wheel(stick / CUP, {"cup.py": "import os"})
    digest = hashlib.sha256((stick / CUP).read_bytes()).hexdigest()
    noted(stick, files={CUP: digest})
    answer = install(machine, stick)
    assert answer.returncode != 0
    assert "do not match the hashes" in answer.stderr.lower()
    assert "cup" not in machine.installed()


def test_without_a_network_filling_says_what_to_do_and_marks_nothing(
    machine: Machine, tmp_path: Path
) -> None:
    answer = fill(machine, tmp_path / "new", PIP_RETRIES="0", **NO_NETWORK)
    assert answer.returncode != 0
    [line] = [line for line in answer.stderr.splitlines() if line.startswith("error: ")]
    assert "run `make wheels` again" in line
    assert list((tmp_path / "new").iterdir()) == []
