"""The MLflow pages start beside whatever holds the port, print their address, and end with the command."""

from __future__ import annotations

import http.client
import http.server
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import MagicMock

import psutil
import pytest

from stages import ui
from tenshots.errors import DataError, SettingsError
from tenshots.tracking import store as opened

TOP = Path(ui.__file__).parents[1]


class Healthy(http.server.BaseHTTPRequestHandler):
    """Says that it is there."""

    def do_GET(self) -> None:
        """Answers."""
        self.send_response(200)
        self.end_headers()


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


def test_the_server_is_not_asked_through_the_users_proxy(
    tmp_path: Path, taken_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which would look for it on its own machine, while it answers on this one."""
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("http_proxy", "all_proxy"):  # where nobody answers
        monkeypatch.setenv(name, f"http://127.0.0.1:{taken_port}")
    monkeypatch.setattr(ui, "PATIENCE_S", 10)
    with http.server.ThreadingHTTPServer((ui.HOST, 0), Healthy) as answering:
        threading.Thread(target=answering.serve_forever, daemon=True).start()
        process = MagicMock(**{"poll.return_value": None})
        ui.wait_until_answering(process, answering.server_port, tmp_path / "ui.log")
        answering.shutdown()


def stopped(process: subprocess.Popen[str], stop: signal.Signals, port: int) -> bool:
    """Whether the command ends well at a signal, and nobody listens at its port any more."""
    process.send_signal(stop)
    try:
        status = process.wait(timeout=60)
    finally:
        process.kill()  # or a failure would wait for it for ever
    with socket.socket() as probe:
        return status == 0 and probe.connect_ex((ui.HOST, port)) != 0


@pytest.mark.slow
@pytest.mark.usefixtures("store")
def test_it_answers_until_it_is_stopped(taken_port: int) -> None:
    """By Ctrl-C; the fixture `started` stops it by a request to end."""
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
        assert stopped(process, signal.SIGINT, int(found[1]))


@pytest.mark.parametrize(
    "name",
    [
        "MLFLOW_HOST",
        "UVICORN_HOST",
        "UVICORN_FORWARDED_ALLOW_IPS",
        "GUNICORN_CMD_ARGS",
        "FORWARDED_ALLOW_IPS",
    ],
)
def test_the_server_is_given_no_setting_of_the_users_that_could_open_it(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, log_path = tmp_path / "python", tmp_path / "log"
    program.write_text("#!/bin/sh\nenv\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    monkeypatch.setenv(name, "*")
    monkeypatch.setenv("KEPT", "*")
    with ui.server("sqlite:///a.db", 5000, log_path) as process:
        process.wait()
    given = log_path.read_text().splitlines()
    assert "KEPT=*" in given
    assert f"{name}=*" not in given


OPENED = {  # what a user may have set for a server of their own
    "MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE": "true",
    "MLFLOW_SERVER_ALLOWED_HOSTS": "*",
    "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS": "*",
    "MLFLOW_UVICORN_OPTS": "--host 0.0.0.0",
    "MLFLOW_HOST": "0.0.0.0",
    "UVICORN_HOST": "0.0.0.0",
}
SEARCH = "/api/2.0/mlflow/experiments/search"


@pytest.fixture(scope="module")
def started(empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, int]]:
    """The port and the process id of pages that somebody with all of that in the environment has started."""
    folder = tmp_path_factory.mktemp("pages")
    (folder / "mlruns").mkdir()
    shutil.copy(empty_database, folder / "mlruns" / "mlflow.db")
    command = [sys.executable, "-m", "stages.ui", "--port", "5500"]
    environment = {**os.environ, **OPENED, "PYTHONPATH": str(TOP)}
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        found = None
        while found is None:
            found = re.search(r"http://127\.0\.0\.1:(\d+)/#", process.stdout.readline())
            assert process.poll() is None
        yield int(found[1]), process.pid
        assert stopped(process, signal.SIGTERM, int(found[1]))


def asked(port: int, method: str, path: str, **headers: str) -> tuple[int, dict[str, str]]:
    """The status and the headers of an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    body = '{"max_results": 1}' if method == "POST" else None
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, {"Content-Type": "application/json", **named})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/", SEARCH, "/ajax-api/2.0/mlflow/experiments/search", "/graphql"])
@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "192.168.1.5:{port}", "10.0.0.1", "0.0.0.0"]
)
def test_a_page_that_gives_its_name_this_address_is_refused(
    host: str, path: str, started: tuple[int, int]
) -> None:
    """DNS rebinding; MLflow's own default would take the names of a local network."""
    port, _ = started
    method = "GET" if path == "/" else "POST"
    assert asked(port, method, path, Host=host.format(port=port))[0] == 403


@pytest.mark.slow
@pytest.mark.parametrize("host", ["127.0.0.1:{port}", "localhost:{port}"])
def test_its_own_names_are_answered(host: str, started: tuple[int, int]) -> None:
    port, _ = started
    own = host.format(port=port)
    assert asked(port, "GET", "/", Host=own)[0] == 200
    assert asked(port, "POST", SEARCH, Host=own)[0] == 200
    assert asked(port, "POST", SEARCH, Host=own, Origin=f"http://{own}")[0] == 200


@pytest.mark.slow
@pytest.mark.parametrize("origin", ["https://evil.example", "http://192.168.1.5:5000", "null"])
def test_other_pages_change_and_read_nothing(origin: str, started: tuple[int, int]) -> None:
    port, _ = started
    assert asked(port, "POST", SEARCH, Origin=origin)[0] == 403
    assert asked(port, "POST", "/api/2.0/mlflow/experiments/create", Origin=origin)[0] == 403
    # A browser shows an answer to another page only where this header names it.
    assert "access-control-allow-origin" not in asked(port, "GET", SEARCH, Origin=origin)[1]


@pytest.mark.slow
def test_no_other_address_of_this_machine_is_listened_at(started: tuple[int, int]) -> None:
    port, process = started
    family = [psutil.Process(process), *psutil.Process(process).children(recursive=True)]
    places = {
        each.laddr.ip for one in family for each in one.net_connections() if each.status == psutil.CONN_LISTEN
    }
    assert places == {"127.0.0.1"}
    for address in ("127.0.0.2", "::1"):
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
            assert probe.connect_ex((address, port)) != 0
