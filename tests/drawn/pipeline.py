"""The whole project in a temporary repository, on drawn photos and a thimble of settings."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import pytest
from ruamel.yaml import YAML

from tenshots.tables.corrections import CORRECTIONS
from tests.drawn import planted
from tests.drawn.photos import draw_photos
from tests.drawn.waiting_dvc import WaitingDVC

TOP = Path(__file__).parents[2]
NOT_IMITATED = "no other processor could be imitated"  # a skip's reason, which no run of the tests hides
IMPORTED = "imported.txt"  # of the first run: a line per process, its command and the modules of ours in it
SMALL = {"filters": [4], "dense": 8, "dropout": 0.1}


class Project:
    """A checkout with its own `.venv`, used as from a bare shell: no activation, no identity, no home.

    Args:
        folder: where it lies.
        beside: a project whose waiting DVC is asked here, too; None: this one has its own.
    """

    def __init__(self, folder: Path, *, beside: Project | None = None) -> None:
        self.folder = folder
        self._beside = beside
        self.home = folder.parent / "home"
        self.home.mkdir(exist_ok=True)
        self._waiting: WaitingDVC | None = None
        self.experiment = ""  # the tag of the first run's experiment in MLflow
        self.environment = {
            "PATH": os.defpath,
            "HOME": str(self.home),
            "USER": "a-user-of-this-machine",
            "LOGNAME": "a-user-of-this-machine",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "DVC_NO_ANALYTICS": "true",
            # Where DVC keeps locks for the machine: another DVC's must not matter.
            "DVC_SITE_CACHE_DIR": str(self.home / "dvc"),
            "TF_CPP_MIN_LOG_LEVEL": "3",
        }

    def run(self, *command: str, **environment: str) -> str:
        """Returns what a command said; a failure shows all of it."""
        # Not a pipe: a worker that `dvc queue start` leaves behind holds it open, and may take long to end
        with TemporaryFile() as output:
            answer = subprocess.run(
                command,
                cwd=self.folder,
                env={**self.environment, **environment},
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                check=False,
            )
            output.seek(0)
            said = output.read().decode()
        assert answer.returncode == 0, f"{' '.join(command)}\n{said}"
        return said

    def dvc(self, *arguments: str, **environment: str) -> str:
        """Returns what `.venv/bin/dvc` said."""
        return self.run(".venv/bin/dvc", *arguments, **environment)

    def ask(self, *arguments: str, **environment: str) -> str:
        """Returns what DVC said, its errors last, of a DVC that waits for commands; a failure shows it.

        For commands that are a means of a test, and not what it is about: they start at once.
        """
        status, out, error = self.dvc_at_once(*arguments, **environment)
        assert status == 0, f"dvc {' '.join(arguments)}\n{out}{error}"
        return out + error

    def dvc_at_once(self, *arguments: str, **environment: str) -> tuple[int, str, str]:
        """Returns DVC's exit status, standard output and standard error; see `ask`."""
        return self._dvc_that_waits().run(arguments, self.folder, {**self.environment, **environment})

    def _dvc_that_waits(self) -> WaitingDVC:
        if self._beside:
            return self._beside._dvc_that_waits()
        if self._waiting is None:
            self._waiting = WaitingDVC(self.folder / ".venv" / "bin" / "python", self.environment)
        return self._waiting

    def python(self, *arguments: str, **environment: str) -> str:
        """Returns what the environment's Python said."""
        return self.run(".venv/bin/python", *arguments, **environment)

    def changed(self) -> set[str]:
        """The stages that `dvc repro` would run first, for their own sake."""
        status, out, error = self.dvc_at_once("status", "--json")
        assert status == 0, error
        return set(json.loads(out))

    def params(self) -> dict[str, Any]:
        """The settings as they stand."""
        values: dict[str, Any] = YAML(typ="safe").load(self.folder / "params.yaml")
        return values

    def write_params(self, values: dict[str, Any]) -> None:
        """Replaces the settings."""
        YAML().dump(values, self.folder / "params.yaml")

    @contextmanager
    def edited(self, name: str, text: str | None = None) -> Iterator[dict[str, Any]]:
        """Lets a file differ for a while: from the settings that the block changes, or as `text`."""
        path = self.folder / name
        before = path.read_bytes()
        values = self.params()
        try:
            if text is not None:
                path.write_text(text)
            yield values
        finally:
            path.write_bytes(before)

    def changed_by(self, **sections: Any) -> set[str]:  # noqa: ANN401 (settings)
        """The stages that would run first if these sections of the settings were replaced."""
        with self.edited("params.yaml") as values:
            self.write_params({**values, **sections})
            return self.changed()

    def runs(self) -> list[Any]:
        """The active runs in the store."""
        from tenshots.tracking.store import open_store

        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DVC_ROOT", str(self.folder))
            client, experiment_id = open_store()
        return list(client.search_runs([experiment_id], max_results=1000))


def write_down_imports(folder: Path, log: Path) -> None:
    """Lets each process of a project's environment say in the end what it has imported of our code."""
    line = (
        "import atexit, sys; atexit.register(lambda: open({log!r}, 'a').write(' '.join("
        "[*sys.orig_argv, '|', *(n for n in list(sys.modules) if n.startswith(('stages.', 'tenshots.')))]"
        ") + '\\n'))\n"
    )
    (packages,) = (folder / ".venv" / "lib").glob("python*/site-packages")
    (packages / "imported.pth").write_text(line.format(log=str(log)))


@cache
def lent() -> list[Path]:
    """What the packages of requirements.txt consist of in the environment that runs this test, at its top."""
    pins = re.findall(r"^([\w.-]+)==", (TOP / "requirements.txt").read_text(), re.M)
    names = set()
    for pin in pins:
        with suppress(PackageNotFoundError):  # of another system
            names |= {path.parts[0] for path in distribution(pin).files or ()} - {".."}
    return [path for name in sorted(names) if (path := Path(sysconfig.get_path("purelib"), name)).exists()]


def make_environment(folder: Path) -> None:
    """Makes `folder/.venv` with the packages of requirements.txt, without copying or installing one.

    No others are there: TensorFlow imports JAX where it finds it, which takes a second of each start.
    """
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", ".venv"], cwd=folder, check=True)
    bin_dir = folder / ".venv" / "bin"
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = folder / ".venv" / "lib" / version / "site-packages"
    for path in lent():
        (packages / path.name).symlink_to(path)
    (bin_dir / "dvc").write_text('#!/bin/sh\nexec "$(dirname "$0")/python" -m dvc "$@"\n')
    (bin_dir / "dvc").chmod(0o755)
    shutil.copy(folder / "requirements.txt", folder / ".venv" / "installed-requirements.txt")


def copy_project(folder: Path) -> None:
    """Copies what git would commit, but for large photos and past results."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=True).stdout.split("\0")
    past = ("data/", "demo/", "reports/", "tests/", "dvc.lock")
    for name in filter(None, names):
        if (name.startswith(past) and name != CORRECTIONS.as_posix()) or not (TOP / name).is_file():
            continue
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(TOP / name, folder / name)


def small_project(folder: Path, *, leaking: bool = False, **settings: int) -> Project:
    """Commits the project in a folder and sets it up by the real script; runs nothing.

    Its photos, in data/raw as README says, have all kinds of metadata and formats; they are the same bytes on
    every processor. Its settings are `thimble`'s but for those given; `leaking` lets studies train.
    """
    folder.mkdir(parents=True)
    copy_project(folder)
    draw_photos(folder / "data" / "raw")
    planted.plant(folder / "data" / "raw")
    project = Project(folder)
    values = thimble(project.params())
    values["study"]["leaking"] = leaking
    project.write_params({**values, **settings})
    project.run("git", "init", "--quiet", "--initial-branch=main")
    make_environment(folder)
    project.run("sh", "setup.sh", "requirements.txt")
    project.dvc("add", "--quiet", "data/raw")
    project.run("git", "add", ".")
    project.run("git", "commit", "--quiet", "--message=small")
    return project


def thimble(values: dict[str, Any]) -> dict[str, Any]:
    """The project's settings, as small as they can be."""
    values.update(epochs=2, repeats=1, batch_size=8, photos="data/raw", layout="{group}/{label}/{name}")
    values["standardise"]["size_px"] = 32
    values["split"].update(folds=2, val=0.5)
    values["augment"].update(copies=1, layers=[{"RandomFlip": {"mode": "horizontal"}}])
    values["networks"]["lecture"].update(SMALL)
    values["networks"]["pretrained"].update(input_px=32, unfreeze=0.5, fine_tune_lr_factor=0.5)
    values["networks"]["pretrained"]["backbone"].update(
        architecture="convolutional", arguments=SMALL, weights="none"
    )
    values["visualise"].update(num_photos=1, num_filters=1, steps=1)
    values["study"].update(shares=[], variants="all")
    values["variants"] = {
        "baseline": {"data": "database", "network": "lecture"},
        "augmented": {"data": "augmented", "network": "lecture"},
        "frozen": {"data": "database", "network": "pretrained", "recipe": "logistic_regression"},
        "fine_tuned": {"data": "augmented", "network": "pretrained"},
    }
    return values


def ran(log: str) -> set[str]:
    return set(re.findall(r"Running stage '([^']+)'", log))


VARIANTS = ("augmented", "baseline", "fine_tuned", "frozen")


def variants_of(runs: list[Any]) -> list[str]:
    return sorted(run.data.tags["tenshots.variant"] for run in runs)
