"""The MLflow pages start beside whatever holds the port, print their address, and end with the command."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import MagicMock

import pytest

from stages import ui
from tenshots import store as opened
from tenshots.errors import DataError, SettingsError

TOP = Path(ui.__file__).parents[1]


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as holder:
        holder.bind((ui.HOST, 0))
        holder.listen()
        yield holder.getsockname()[1]


def test_a_taken_port_gives_way_to_the_next_free_one(taken_port: int) -> None:
    assert ui.free_port(taken_port) > taken_port


@pytest.mark.parametrize("port", [-1, 0, 65536, 99999])
def test_what_is_no_port_is_an_error(port: int) -> None:
    with pytest.raises(SettingsError, match=f"--port {port}: no free port"):
        ui.free_port(port)


def test_the_address_is_that_of_the_table_of_runs() -> None:
    assert ui.run_table("http://127.0.0.1:5000/", "7") == (
        "http://127.0.0.1:5000/#/experiments/7/runs?viewStateShareKey=tenshots"
    )


def test_a_server_that_runs_elsewhere_is_named_and_none_started(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://mlflow.example")
    monkeypatch.setattr(opened, "open_store", lambda: (MagicMock(), "3"))
    ui.main([])
    assert (
        capsys.readouterr().out == "https://mlflow.example/#/experiments/3/runs?viewStateShareKey=tenshots\n"
    )


def test_a_store_that_cannot_be_used_is_one_error(store: Callable[..., list]) -> None:
    Path("mlruns/mlflow.db").write_bytes(b"no database " * 1000)
    with pytest.raises(DataError, match="cannot be used"):
        ui.main([])
    del store


@pytest.mark.usefixtures("store")
def test_a_server_that_does_not_start_says_where_the_reason_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(DataError, match=r"ui\.log says why"):
        ui.main([])


@pytest.mark.slow
@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_it_answers_until_it_is_stopped(stop: signal.Signals, taken_port: int) -> None:
    command = [sys.executable, "-m", "stages.ui", "--port", str(taken_port)]
    environment = {**os.environ, "PYTHONPATH": str(TOP)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(2)]
        assert lines[0].startswith(f"port {taken_port} is taken; using ")
        found = re.search(r"http://127\.0\.0\.1:(\d+)/#/experiments/\d+/runs", lines[1])
        assert found
        with urllib.request.urlopen(f"http://127.0.0.1:{found[1]}/", timeout=60) as page:
            assert page.status == 200
        process.send_signal(stop)
        try:
            assert process.wait(timeout=60) == 0
        finally:
            process.kill()  # or a failure would wait for it for ever
    with socket.socket() as probe:
        assert probe.connect_ex((ui.HOST, int(found[1]))) != 0
