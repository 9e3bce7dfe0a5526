"""The small project, put back as it was before each cell, and what may stand between it and its store."""

from __future__ import annotations

import shutil
import socket
import sqlite3
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
from ruamel.yaml import YAML

from tests.drawn.pipeline import Project, small_project

PATIENCE_S = 300
VARIANTS = ("baseline", "frozen")  # one that is trained step by step, one that is solved for


class Used(Project):
    """A project that has run once and is committed; its place, which its store names, is always the same."""

    @property
    def database(self) -> Path:
        """The project's own store."""
        return self.folder / "mlruns" / "mlflow.db"

    def committed(self) -> dict[str, Any]:
        """The settings of the first commit with results."""
        text = self.run("git", "show", "first:params.yaml")
        values: dict[str, Any] = YAML(typ="safe").load(text)
        return values

    def start(self, *command: str, **environment: str) -> subprocess.Popen[bytes]:
        """Starts a command in a session of its own, without waiting; its words go to `said.log`."""
        with (self.home / "said.log").open("ab") as log:
            return subprocess.Popen(
                command,
                cwd=self.folder,
                env={**self.environment, **environment},
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )


def prepare(folder: Path) -> None:
    """Makes the project in `folder`, with two variants, and runs it once."""
    place = folder / "used" / "a project"
    small_project(place)
    project = Used(place)
    values = project.params()
    values["variants"] = {name: values["variants"][name] for name in VARIANTS}
    project.write_params(values)
    project.run("git", "commit", "--all", "--quiet", "--message=two variants")
    project.dvc("repro")
    project.run("git", "add", ".")
    project.run("git", "commit", "--quiet", "--message=reproduced")
    project.run("git", "tag", "first")
    (folder / "used").rename(folder / "kept")


def fresh(folder: Path) -> Used:
    """Returns the project as `prepare` has left it; what a former cell still runs in it is ended."""
    for each in psutil.process_iter():
        with suppress(psutil.Error):
            if Path(each.cwd()).is_relative_to(folder / "used"):
                each.kill()
                each.wait(10)
    if (folder / "used").exists():
        shutil.rmtree(folder / "used")
    shutil.copytree(folder / "kept", folder / "used", symlinks=True)
    return Used(folder / "used" / "a project")


def wait_for(condition: Callable[[], Any], *, patience_s: float = PATIENCE_S) -> Any:  # noqa: ANN401
    """Returns the first true answer of `condition`."""
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        if answer := condition():
            return answer
        time.sleep(0.05)
    raise TimeoutError(condition)


def stages_of(process: subprocess.Popen[bytes], name: str) -> list[psutil.Process]:
    """The processes below `process` that run the stage `name`, such as "train"."""
    found = []
    with suppress(psutil.NoSuchProcess):
        for each in psutil.Process(process.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                words = each.cmdline()
                if f"stages.{name}" in words and "python" in Path(words[0]).name:
                    found.append(each)
    return found


def is_training(database: Path) -> bool:
    """Whether a store has a RUNNING run of the variant that is trained step by step."""
    query = "SELECT count(*) FROM runs WHERE status = 'RUNNING' AND name LIKE '%: baseline'"
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as asked:
        return bool(asked.execute(query).fetchone()[0])
    return False


@contextmanager
def server(project: Used, port: int) -> Iterator[None]:
    """MLflow's own server, with a store and files of its own, while the block lasts."""
    place = project.home / "server"
    place.mkdir(exist_ok=True)
    options = ["--backend-store-uri", f"sqlite:///{place}/mlflow.db", "--artifacts-destination", str(place)]
    command = [".venv/bin/python", "-m", "mlflow", "server", *options, "--port", str(port), "--workers", "1"]
    process = project.start(*command, MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false")
    try:
        wait_for(lambda: _answers(port))
        yield
    finally:
        for each in (*psutil.Process(process.pid).children(recursive=True), process):
            with suppress(psutil.NoSuchProcess):
                each.kill()
        process.wait()


def _answers(port: int) -> bool:
    with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2):
        return True
    return False


@contextmanager
def slowed(port: int, seconds: float) -> Iterator[int]:
    """A port whose connections reach `port`, each piece of an answer `seconds` later; never, if infinite."""

    def serve(client: socket.socket) -> None:
        with client, suppress(OSError):
            if seconds == float("inf"):
                stopped.wait()
                return
            with socket.create_connection(("127.0.0.1", port)) as there:
                threading.Thread(target=_pour, args=(client, there, 0.0), daemon=True).start()
                _pour(there, client, seconds)

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    stopped = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
        stopped.set()


def _pour(source: socket.socket, target: socket.socket, seconds: float) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            time.sleep(seconds)
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


@contextmanager
def locked(project: Used) -> Iterator[None]:
    """Another process holds the project's database while the block lasts."""
    with closing(sqlite3.connect(project.database, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")
