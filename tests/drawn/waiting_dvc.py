"""DVC with its packages imported, waiting for commands: each runs in a process of its own, forked for it.

To import DVC takes as much of a processor's time as most commands of the tests do. What runs is DVC's own
program in the project's own environment, below a process whose command line is that of a DVC (`.../python
.../dvc`); nothing but the imports was done before.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

PATIENCE_S = 600
# Beyond what DVC's own program starts with, what its commands import on the way.
PACKAGES = (
    "dvc.cachemgr, dvc.cli.parser, dvc.commands.checkout, dvc.commands.queue.status, dvc.commands.repro, "
    "dvc.commands.status, dvc.data_cloud, dvc.dirs, dvc.repo.artifacts, dvc.repo.checkout, "
    "dvc.repo.datasets, dvc.repo.experiments.queue.celery, dvc.repo.index, dvc.repo.plots, "
    "dvc.repo.reproduce, dvc.repo.stage, dvc.stage.cache, dvc.stage.run, dvc.utils.strictyaml, "
    "dvc_data.hashfile.db.local, dvc_render.vega_templates, dulwich.worktree, "
    "fsspec.implementations.memory, pyparsing, rich.json, ruamel.yaml, scmrepo.git"
)


class WaitingDVC:
    """A process that forks for each command, as long as this object is there.

    Args:
        python: of the environment that has DVC.
        environment: variables with which it starts.
    """

    def __init__(self, python: Path, environment: Mapping[str, str]) -> None:
        self._said = tempfile.TemporaryDirectory()
        program = Path(self._said.name) / "dvc"
        program.symlink_to(__file__)
        self._process = subprocess.Popen(
            [python, program],
            cwd=self._said.name,  # in a project's folder it would pass for a DVC at work
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        # Without its input it ends.
        self._end = weakref.finalize(self, _end, self._process, self._said)

    def run(
        self, arguments: tuple[str, ...], folder: Path, environment: Mapping[str, str]
    ) -> tuple[int, str, str]:
        """Returns the exit status of a command, its standard output and its standard error.

        Args:
            arguments: such as ("status", "--json").
            folder: in which it runs.
            environment: all variables of the command.
        """
        out, error = (Path(self._said.name) / name for name in ("out", "error"))
        asked = {"arguments": arguments, "environment": dict(environment), "folder": str(folder)}
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps({**asked, "out": str(out), "error": str(error)}) + "\n")
        process.stdin.flush()
        if not select.select([process.stdout], [], [], PATIENCE_S)[0]:
            os.killpg(process.pid, signal.SIGKILL)
        status = process.stdout.readline()
        assert status, f"dvc {' '.join(arguments)} does not end, or the process that waited for it has ended"
        return int(status), out.read_text(), error.read_text()


def _end(process: subprocess.Popen[str], said: tempfile.TemporaryDirectory[str]) -> None:
    with process:  # which closes its pipes and waits
        said.cleanup()


def _serve() -> None:
    exec(f"import {PACKAGES}")
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _become(**json.loads(line))
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def _become(arguments: list[str], environment: dict[str, str], folder: str, out: str, error: str) -> None:
    """Becomes the process of a command, which ends with it."""
    status = 1
    try:
        os.environ.clear()
        os.environ.update(environment)
        for path in Path(sys.prefix).glob("lib/python*/site-packages/environment_first_on_path.pth"):
            exec(path.read_text(encoding="utf-8"))  # as Python does when it starts
        os.chdir(folder)
        writing = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        for number, (name, flags) in enumerate(((os.devnull, os.O_RDONLY), (out, writing), (error, writing))):
            opened = os.open(name, flags, 0o666)
            os.dup2(opened, number)
            os.close(opened)
        sys.argv[1:] = arguments
        from dvc.cli import main

        status = main(arguments)
    finally:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError):
                stream.flush()
        os._exit(status)


if __name__ == "__main__":
    _serve()
