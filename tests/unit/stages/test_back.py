"""The way back stops where an output would be lost."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from stages import back
from tenshots.errors import DataError
from tenshots.repository import outputs

MAP = """\
stages:
  one:
    cmd: mkdir a && echo 1 > a/b && echo 2 > a/c && echo 3 > d && echo 4 > e
    outs: [a, d, {e: {cache: false}}]
  two:
    cmd: echo 5 > f
    deps: [d]
    outs: [f]
"""


def dvc(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "dvc", *arguments], check=True, capture_output=True)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """DVC's cache of a project whose first stage has run; the project is the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path / "site"))
    Path("dvc.yaml").write_text(MAP)
    dvc("init", "--quiet", "--no-scm")
    Path("photos").mkdir()
    Path("photos/1").write_text("6")
    dvc("add", "--quiet", "photos")
    dvc("repro", "--quiet", "one")
    return tmp_path / ".dvc" / "cache" / "files" / "md5"


def forget(cache: Path, content: str) -> None:
    (found,) = (path for path in cache.glob("*/*") if path.read_text() == content)
    found.unlink()


def test_all_is_there(cache: Path) -> None:
    """Photos are another matter, as the way back does not touch them; so is a stage that never ran."""
    forget(cache, "6")
    back.main([])


def test_each_output_that_the_cache_lacks_is_named(cache: Path) -> None:
    forget(cache, "2\n")
    assert outputs.uncached_outputs() == ["a"]
    forget(cache, "3\n")
    assert outputs.uncached_outputs() == ["a", "d"]
    with pytest.raises(
        DataError, match=r"lacks a and d of the last commit.*`make repro` makes the outputs again"
    ):
        back.main([])
    assert Path("a/c").read_text() == "2\n"
    shutil.rmtree(cache)
    assert outputs.uncached_outputs() == ["a", "d"]


def test_a_broken_map_is_said_in_one_line(cache: Path) -> None:
    Path("dvc.yaml").write_text("stages: 1\n")
    with pytest.raises(DataError, match="DVC cannot tell"):
        back.main([])
    del cache
