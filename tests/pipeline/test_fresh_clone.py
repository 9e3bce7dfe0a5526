"""What is committed fits together: a clone lacks the outputs and nothing else, with any line ends."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tenshots.repository import code
from tenshots.tables.paths import CODE, NETWORKS
from tests.drawn.pipeline import TOP

pytestmark = pytest.mark.slow

MISSING = {"deleted", "not in cache"}


def leaves(value: Any) -> list[str]:  # noqa: ANN401 (what DVC says)
    """The verdicts in a part of `dvc status --json`, at any depth."""
    if isinstance(value, dict):
        return [leaf for part in value.values() for leaf in leaves(part)]
    return [str(value)]


def test_dvc_status_in_a_fresh_clone_names_missing_outputs_only(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(TOP), str(clone)], check=True)
    command = [sys.executable, "-m", "dvc", "status", "--json"]
    answer = subprocess.run(command, cwd=clone, capture_output=True, text=True, check=True)
    for stage, reasons in json.loads(answer.stdout).items():
        # "changed command" is a text; changed settings, code and tables say "modified" or "new".
        verdicts = {leaf for reason in reasons for leaf in leaves(reason)}
        assert verdicts <= MISSING, f"{stage}: {reasons}; run `make repro` and commit dvc.lock"


def test_the_committed_lock_is_of_the_committed_code() -> None:
    """DVC sees no edit of the code until `check` has run, so a lock of `check` alone would look whole."""
    lock = YAML(typ="safe").load(TOP / "dvc.lock")["stages"]
    families = {
        name: network["family"]
        for name, network in YAML(typ="safe").load(TOP / "params.yaml")["networks"].items()
    }
    seen = set()
    for stage, body in lock.items():
        for dep in body["deps"]:
            path = Path(dep["path"])
            if path.parent == CODE:
                expected = code.text(code.stage_files(path.stem))
            elif path.parent == NETWORKS:
                expected = code.text(code.family_files(families[path.stem]))
            elif path == NETWORKS:
                (whole,) = (out for out in lock["check"]["outs"] if out["path"] == dep["path"])
                assert dep["md5"] == whole["md5"], f"{stage}: {path}; run `make repro` and commit dvc.lock"
                continue
            else:
                continue
            seen.add(stage.split("@")[0])
            digest = hashlib.md5(expected.encode()).hexdigest()
            assert dep["md5"] == digest, f"{stage}: {path}; run `make repro` and commit dvc.lock"
    assert seen == set(code.STAGES)


def test_a_clone_by_git_for_windows_has_the_committed_bytes(tmp_path: Path) -> None:
    """It turns LF into CR LF by default, which sh cannot run and DVC takes for other content."""
    clone = tmp_path / "clone"
    windows = ("-c", "core.autocrlf=true")
    command = ["git", *windows, "clone", "--quiet", "--no-hardlinks", *windows, str(TOP), str(clone)]
    subprocess.run(command, check=True)

    def git(*arguments: str, stdin: str = "") -> str:
        command = ["git", *windows, *arguments]
        return subprocess.run(
            command, cwd=clone, input=stdin, capture_output=True, text=True, check=True
        ).stdout

    assert git("status", "--porcelain") == ""
    rows = [row.split("\t") for row in git("ls-files", "--stage").splitlines()]
    committed = [row.split()[1] for row, _ in rows]
    names = "".join(f"{name}\n" for _, name in rows)
    assert git("hash-object", "--no-filters", "--stdin-paths", stdin=names).split() == committed
    assert not [
        line for line in git("ls-files", "--eol").splitlines() if "w/crlf" in line or "w/mixed" in line
    ]
    subprocess.run(["sh", "-n", "setup.sh"], cwd=clone, check=True)
