"""A bare machine for the tests of set-up, with environments of this Python's pip and of older ones; traps."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tenshots.repository import code
from tests.drawn.bare_machine import OLD_PIPS, PYTHON, Machine
from tests.drawn.traps import Trap

# As sitecustomize.py Python runs it before any program. In what decodes, and there alone, it sets traps for
# some files, and takes a second of the processor's time for the 20 that are allowed.
PLUGIN = """
import sys
if "tenshots.intake.photos.decoding" in sys.orig_argv:
    import contextlib, ctypes, hashlib, os, signal, time
    from tenshots.intake.photos import formats
    MARK = {mark!r}
    opened, setitimer = formats.opened, signal.setitimer
    signal.setitimer = lambda which, seconds: setitimer(which, seconds / 20)

    def trapped(data, name):
        exec({traps!r}.get(hashlib.sha256(data).hexdigest(), ""), globals())
        return opened(data, name)

    formats.opened = trapped
"""


@pytest.fixture(scope="session", autouse=True)
def _own_code_is_read_once() -> Iterator[None]:
    """What our files import does not change while tests run; each run in MLflow asks for it seven times."""
    stamp, ours = code._stamp, code.CODE_DIR
    of_ours = stamp(ours)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(code, "_stamp", lambda code_dir: of_ours if code_dir == ours else stamp(code_dir))
        yield


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Makes an environment with the pip that comes with this Python (""), or with an older one."""
    folder = tmp_path_factory.mktemp("environments")

    def make(pip: str) -> Path:
        made = folder / (pip or "own")
        if not made.exists():
            if pip:
                wheel = fetch(pip, folder)
                shutil.copytree(make(""), made, symlinks=True)
                command = [made / "bin" / "python", "-m", "pip", "install", "--quiet", "--no-index", wheel]
            else:
                command = [PYTHON, "-m", "venv", made]
            subprocess.run(command, check=True)
        return made

    return make


def fetch(pip: str, folder: Path) -> Path:
    """Fetches a pip from the index; the test skips where there is none, or this Python cannot run it."""
    newest = {"22": (3, 11), "23": (3, 12)}[pip[:2]]
    if sys.version_info[:2] > newest:
        pytest.skip(f"pip {pip} does not run on this Python")
    (folder / "pip.txt").write_text(f"pip=={pip} --hash=sha256:{OLD_PIPS[pip]}\n")
    command = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "-r", "pip.txt")
    answer = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if answer.returncode:
        assert not os.environ.get("CI"), f"CI proves the way with old pips, and got none: {answer.stderr}"
        pytest.skip(f"pip {pip} cannot be fetched: {answer.stderr.splitlines()[-1]}")
    return folder / f"pip-{pip}-py3-none-any.whl"


@pytest.fixture
def equipped(request: pytest.FixtureRequest, machine: Machine, environment: Callable[[str], Path]) -> Machine:
    """A machine with an empty .venv, of this Python's pip or of the one that a test asks for."""
    machine.use_environment(environment(getattr(request, "param", "")))
    return machine


@pytest.fixture
def trap(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Trap:
    """Gives a function that sets traps: what a decoder does when it meets a file."""
    folder = tmp_path_factory.mktemp("plugin")

    def set_traps(actions: dict[bytes, str]) -> None:
        traps = {hashlib.sha256(data).hexdigest(): action for data, action in actions.items()}
        text = PLUGIN.format(mark=str(folder / "mark"), traps=traps)
        (folder / "sitecustomize.py").write_text(text)
        monkeypatch.setenv("PYTHONPATH", str(folder))
        monkeypatch.setenv("ASLEEP", str(folder / "asleep"))

    return set_traps
