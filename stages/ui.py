"""Starts MLflow's pages on this machine and prints the address of the table of runs; Ctrl-C ends them."""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError

from stages import run
from tenshots.errors import DataError, SettingsError
from tenshots.tracking import places, remedies, store

HOST = "127.0.0.1"  # loopback: no other machine reaches it
# The user's own are for a server of theirs: they could open this one to the network, or end its checks.
NOT_OURS = ("MLFLOW_", "UVICORN_", "GUNICORN_", "FORWARDED_ALLOW_IPS")
NUM_PORTS = 50  # tried one after the other
PATIENCE_S = 120

# How the table opens, which would otherwise hide every metric: the best on validation first, as that is what
# settings are to be chosen by, with what tells runs apart.
# MLflow keeps a shared view as a tag of the experiment, which the address names.
VIEW_NAME = "tenshots"
CHOSEN_BY = "metrics.`val_accuracy`"
SELECTED = [
    CHOSEN_BY,
    "metrics.`test_accuracy`",
    "metrics.`test_macro_f1`",
    "metrics.`num_experiments_on_test_set`",
    "params.`network_name`",
    "params.`data`",
    "params.`lr`",
    "tags.`tenshots.dvc_experiment`",
]
# In pixels, of columns that MLflow always shows; at its own 190 it cuts names such as
# `experiment 6b0ff3b: fine_tuned`. It sets no width of a column that `columnOrder` leaves out.
WIDTHS = {"attributes.`Run Name`": 250, "runDateAndNestInfo": 135}  # the second is headed Created
VIEW = {
    "searchFilter": "",
    "orderByKey": CHOSEN_BY,
    "orderByAsc": False,
    "startTime": "ALL",
    "lifecycleFilter": "Active",
    "modelVersionFilter": "All Runs",
    "datasetsFilter": [],
    "columnOrder": [*WIDTHS, *SELECTED],  # else metrics stand by the alphabet, and CHOSEN_BY last
    "columnWidths": WIDTHS,
    "selectedColumns": SELECTED,
}


def main(argv: Sequence[str] | None = None) -> None:
    """Shows the runs until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m stages.ui", description=__doc__)
    parser.add_argument("--port", type=int, default=5000, help="the first to try (default: %(default)s)")
    port: int = parser.parse_args(argv).port
    try:
        client, experiment_id = store.open_store()
        client.set_experiment_tag(experiment_id, f"mlflow.sharedViewState.{VIEW_NAME}", json.dumps(VIEW))
    except Exception as error:
        raise remedies.unusable(error) from None
    uri = places.store_uri()
    if uri.startswith("http"):
        print(run_table(places.without_password(uri), experiment_id))
        return

    free = free_port(port)
    if free != port:
        print(f"port {port} is taken; using {free}")
    log_path = places.files_dir().with_name("ui.log")
    # So that the server ends with this process; Ctrl-C, too, which shells ignore for what they start by `&`.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with server(uri, free, log_path) as process:
        wait_until_answering(process, free, log_path)
        print(f"The table of runs: {run_table(f'http://{HOST}:{free}', experiment_id)}", flush=True)
        print("Ctrl-C ends it.", flush=True)
        try:
            process.wait()
        except KeyboardInterrupt:
            print()


def run_table(address: str, experiment_id: str) -> str:
    """Returns the address of an experiment's table of runs on the MLflow server at `address`."""
    return f"{address.rstrip('/')}/#/experiments/{experiment_id}/runs?viewStateShareKey={VIEW_NAME}"


def free_port(first: int) -> int:
    """Returns the first port from `first` on that nobody listens at on this machine.

    Raises:
        SettingsError: there is none among the next 50, or `first` is not a port.
    """
    for port in range(first, min(first + NUM_PORTS, 65536)) if first > 0 else ():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # else a port just left looks taken
            try:
                probe.bind((HOST, port))
            except (OSError, OverflowError):
                continue
            return port
    raise SettingsError(f"--port {first}: no free port from there on; give another from 1024 to 65535")


@contextmanager
def server(uri: str, port: int, log_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Runs MLflow's server on the store at `uri` while the block lasts; its words go to `log_path`.

    It answers to its own address alone: a page of the web that gives its own name this machine's address (DNS
    rebinding) is refused by the name. By default MLflow would also take the names of a local network.
    """
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", uri]
    command += ["--host", HOST, "--port", str(port), "--workers", "1", "--no-serve-artifacts"]
    command += ["--default-artifact-root", places.files_dir().as_uri()]
    command += ["--allowed-hosts", f"{HOST}:{port},localhost:{port}"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(NOT_OURS)}
    environment |= {**store.QUIET, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with log_path.open("wb") as log:
        # A session of its own: the server has child processes, which must all end, whatever Ctrl-C reaches.
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        yield process
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    for stop in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, stop)
            process.wait(timeout=10)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


def wait_until_answering(process: subprocess.Popen[bytes], port: int, log_path: Path) -> None:
    """Returns once the server answers.

    Raises:
        DataError: it ended, or said nothing for two minutes.
    """
    # Without the user's proxy, which reaches another machine's 127.0.0.1, if any.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end and process.poll() is None:
        try:
            with opener.open(f"http://{HOST}:{port}/health", timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.2)
    raise DataError(f"MLflow's server did not start; {log_path} says why")


if __name__ == "__main__":
    run(main)
