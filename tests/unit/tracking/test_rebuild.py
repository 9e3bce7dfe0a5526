"""From a run to the command that makes its outputs again: whatever settings are called, and hold."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mlflow.tracking import MlflowClient
from ruamel.yaml import YAML

from tenshots import params
from tenshots.tracking import rebuild, runs

REVISION = "0" * 40
SETTINGS = {
    "lr": 0.002,
    "photos": "data/raw",
    "split": {"folds": 2, "val": 0.5},
    "layers": [{"RandomFlip": {"mode": "horizontal"}}],
    "variants": {"baseline": {"data": "database"}, "frozen": {"data": "database"}},
}


def written(values: object, path: Path = params.PATH) -> None:
    YAML().dump(values, path)


def applied(before: dict[str, Any], words: list[str]) -> dict[str, Any]:
    """The settings after `dvc exp run -S` has written them: by DVC's own functions."""
    from dvc.utils.cli_parse import to_path_overrides
    from dvc.utils.hydra import apply_overrides, get_hydra_sweeps

    written(before)
    (once,) = get_hydra_sweeps(to_path_overrides(words))
    for path, overrides in once.items():
        apply_overrides(path, overrides)
    return params.read()


@pytest.mark.parametrize(
    "change",
    [
        {"lr": 0.001},
        {"lr": 1e-05},
        {"lr": 2},
        {"lr": None},
        {"lr": "0.001"},
        {"lr": True},
        {"photos": "a, b"},
        {"photos": "{group}/{label}"},
        {"photos": "Ada's \\'photos\\' \\"},
        {"photos": '"quoted" (=[x]) $HOME `id` #1'},
        {"photos": "jürgen/杯子 "},
        {"photos": ""},
        {"photos": "true"},
        {"split": {"folds": 2, "val": 0.25}},
        {"split": {"folds": 2, "val": 0.5, "seed": 3}},
        {"split": {"folds": 2}},
        {"split": 3},
        {"layers": []},
        {"layers": [{"RandomFlip": {"mode": "vertical"}}, {"RandomZoom": {"factor": [-0.1, 0.1]}}]},
        {"variants": {"baseline": {"data": "database"}}},
        {"variants": {**SETTINGS["variants"], "mine": {"data": "augmented", "epochs": 3}}},  # type: ignore[dict-item]
        {"new": {"a": [1, [2, {"b": "c,d"}]], "e": {}}},
    ],
)
def test_dvc_makes_the_settings_of_the_words(
    change: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = rebuild.overrides(SETTINGS, {**SETTINGS, **change})
    assert words
    assert applied(SETTINGS, words) == {**SETTINGS, **change}


@pytest.mark.parametrize(
    "change",
    [
        {"photos": "${oc.env:HOME}"},
        {"photos": "???"},
        {"photos": "two\nlines"},
        {"lr": float("inf")},
        {"a label": 1},
        {"a:b": 1},
        {"split": {"folds": 2, "val": 0.5, "1": 3}},
        {"split": {"folds": 2, "val": 0.5, "true": 3}},
        {"layers": [{"Random Flip": {}}]},
        {"variants": dict(reversed(SETTINGS["variants"].items()))},  # type: ignore[attr-defined]
    ],
)
def test_what_the_grammar_cannot_say_is_not_said(change: dict[str, Any]) -> None:
    """The last is another order of the variants, which is that of the page."""
    assert rebuild.overrides(SETTINGS, {**SETTINGS, **change}) is None


def test_nothing_changed_is_no_words() -> None:
    assert rebuild.overrides(SETTINGS, SETTINGS) == []


TEXTS = st.text(max_size=12) | st.sampled_from(["\\'", "a\\", "null", "1e3", "choice(a,b)", "a=b", "~", "+x"])
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS
NAMES = st.sampled_from(["lr", "a_b", "a-b", "Null", "_", "x1", "a b", "é", "1", ""])
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # on a busy machine it draws slowly
@given(before=st.dictionaries(NAMES, VALUES, max_size=4), after=st.dictionaries(NAMES, VALUES, max_size=4))
def test_whatever_is_said_dvc_makes_the_settings_of_it(
    before: dict[str, Any], after: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    words = rebuild.overrides(before, after)
    if words:
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(tmp_path_factory.mktemp("settings"))
            assert applied(before, words) == after


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The current folder: a checkout of code and settings; its commit."""
    monkeypatch.chdir(tmp_path)
    for name in ("stages/train.py", "tenshots/files.py", "dvc.yaml"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text("")
    Path("data").mkdir()
    written({"outs": [{"md5": "aa.dir", "path": "raw"}]}, Path("data/raw.dvc"))
    written(SETTINGS)
    Path(".gitignore").write_text("/data/raw/\n")
    return committed()


def committed() -> str:
    git("init", "--quiet")
    git("add", ".")
    git("-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "--quiet", "--message=all")
    return git("rev-parse", "HEAD")


def git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def command(revision: str) -> str:
    return rebuild.command(revision, params.read(), run_id="1a")


def test_a_clean_commit_is_reproduced(checkout: str) -> None:
    assert command(checkout) == f"git checkout {checkout} && dvc repro"


def test_changed_settings_are_named_and_quoted_for_a_shell(checkout: str) -> None:
    written({**SETTINGS, "lr": 0.001, "photos": "data/Ada's"})
    Path("data/Ada's").mkdir()
    said = command(checkout)
    assert shlex.split(said) == [
        *("git", "checkout", checkout, "&&", "dvc", "exp", "run"),
        *("-S", "lr=0.001", "-S", r"photos='data/Ada\'s'"),
    ]


@pytest.mark.parametrize("name", ["stages/train.py", "tenshots/new.py", "dvc.yaml", "data/raw.dvc"])
def test_changed_code_or_photos_are_said_plainly(name: str, checkout: str) -> None:
    Path(name).write_text("changed")
    assert command(checkout) == f"{rebuild.UNKNOWN}{name} differed from {checkout}"


def locked(md5: str) -> None:
    """Leaves dvc.lock as it is once `ingest` has read the photos."""
    written({"stages": {"ingest": {"deps": [{"path": "data/raw", "md5": md5}]}}}, Path("dvc.lock"))


def test_photos_that_git_does_not_hold_are_known_by_their_hash(checkout: str) -> None:
    locked("aa.dir")
    assert command(checkout) == f"git checkout {checkout} && dvc repro"
    locked("bb.dir")  # not those of data/raw.dvc, which is as it was
    assert command(checkout) == f"{rebuild.UNKNOWN}data/raw differed from {checkout}"
    Path("data/raw.dvc").unlink()
    Path("dvc.lock").unlink()
    without = committed()  # nothing says which photos it had
    locked("aa.dir")
    assert command(without) == f"{rebuild.UNKNOWN}data/raw differed from {without}"
    known = committed()
    assert command(known) == f"git checkout {known} && dvc repro"
    locked("bb.dir")  # one photo more
    assert command(known) == f"{rebuild.UNKNOWN}data/raw differed from {known}"


@pytest.mark.parametrize("text", ["", "<<<<<<< ours\n", "outs: []\n"])
def test_what_a_file_of_dvcs_does_not_tell_is_asked_of_the_lock(text: str, checkout: str) -> None:
    Path("data/raw.dvc").write_text(text)
    locked("aa.dir")
    known = committed()
    assert command(known) == f"git checkout {known} && dvc repro"
    Path("data/raw").mkdir()
    Path("data/raw/1.png").write_text("a photo")
    locked("bb.dir")
    assert command(known) == f"{rebuild.UNKNOWN}data/raw differed from {known}"
    del checkout


def test_photos_in_git_are_known_though_the_lock_is_older_unless_git_ignores_one(checkout: str) -> None:
    Path("data/raw.dvc").unlink()
    Path(".gitignore").write_text("*.heic\n")
    Path(".dvcignore").write_text("Thumbs.db\n")
    Path("data/raw").mkdir()
    Path("data/raw/1.png").write_text("a photo")
    locked("aa.dir")
    committed()
    Path("data/raw/2.png").write_text("another")
    photos = committed()
    locked("bb.dir")  # both have been read
    assert command(photos) == f"git checkout {photos} && dvc repro"
    Path(".git/info/exclude").write_text("Thumbs.db\n")
    Path("data/raw/Thumbs.db").write_text("no photo")
    assert command(photos) == f"git checkout {photos} && dvc repro"
    Path("data/raw/3.heic").write_text("a third")
    assert command(photos) == f"{rebuild.UNKNOWN}data/raw differed from {photos}"
    del checkout


def test_photos_that_dvc_add_and_a_commit_brought_are_known_while_the_result_is_not_committed(
    checkout: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the README changes photos, with DVC itself; what is said is followed, too."""
    from dvc.repo import Repo

    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path / "site"))
    Path("data/raw.dvc").unlink()
    ingest = {"cmd": "ls data/raw > seen", "deps": ["data/raw"], "outs": ["seen"]}
    written({"stages": {"ingest": ingest}}, Path("dvc.yaml"))
    Path("data/raw").mkdir()
    Path("data/raw/1.png").write_text("a photo")
    with Repo.init() as repo:
        repo.add("data/raw")
        repo.reproduce()
        committed()
        Path("data/raw/2.png").write_text("another")
        repo.add("data/raw")
        photos = committed()
        repo.reproduce()
        made = Path("dvc.lock").read_text()
        assert command(photos) == f"git checkout {photos} && dvc repro"

        git("checkout", "--quiet", "--force", photos)
        assert Path("dvc.lock").read_text() != made
        repo.reproduce()
        assert Path("dvc.lock").read_text() == made

        Path("data/raw/3.png").write_text("a third")
        repo.reproduce()
        git("checkout", "--quiet", "data/raw.dvc")  # which DVC has brought up to date
        assert command(photos) == f"{rebuild.UNKNOWN}data/raw differed from {photos}"
    del checkout


def test_where_words_do_not_do_the_settings_come_from_the_run(
    checkout: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://me:secret@host:5000")
    written({**SETTINGS, "a label": 1})
    said = command(checkout)
    assert "--run-id 1a --artifact-path settings/params.yaml --dst-path . && dvc repro" in said
    assert "MLFLOW_TRACKING_URI=http://host:5000 python -m mlflow artifacts download" in said


@pytest.mark.slow
def test_the_settings_that_come_from_the_run_are_those_it_had(
    checkout: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command is followed in a clone, where `dvc` shows what it would find."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/an other's store.db")
    client = MlflowClient()
    experiment_id = client.create_experiment("a", artifact_location=str(tmp_path / "files"))
    run_id = client.create_run(experiment_id).info.run_id
    written({**SETTINGS, "a label": 1})
    runs.put_files(client, run_id, {params.PATH.name: params.PATH.read_bytes()}, rebuild.SETTINGS)
    said = rebuild.command(checkout, params.read(), run_id=run_id)

    git("clone", "--quiet", ".", "a clone")
    for name, does in (("python", f'exec {shlex.quote(sys.executable)} "$@"'), ("dvc", "cp params.yaml ran")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{does}\n")
        (tmp_path / name).chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    subprocess.run(["sh", "-ec", said], cwd="a clone", env=environment, check=True)
    assert params.read(Path("a clone/ran")) == {**SETTINGS, "a label": 1}


def test_a_description_names_the_command_and_dvcs_experiment() -> None:
    said = rebuild.note("git checkout a && dvc repro", "odd-name")
    assert "git checkout a && dvc repro" in said
    assert "dvc exp apply odd-name" in said
    assert rebuild.note(f"{rebuild.UNKNOWN}x", "") == f"{rebuild.UNKNOWN}x"
