"""The code that a network is built by: what its file lists, and whom an edit concerns."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tenshots.networks import settings
from tenshots.repository import code
from tenshots.tracking import identity

TOP = Path(__file__).parents[3]
NETWORKS = "tenshots/networks"
FAMILIES = ("convolutional", "dense", "pretrained")
VALUES = {
    "networks": {family: {"family": family} for family in FAMILIES},
    "variants": {"baseline": {"network": "convolutional"}, "fine_tuned": {"network": "pretrained"}},
}


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of the library's code."""
    shutil.copytree(TOP / "tenshots", tmp_path / "tenshots", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def texts(folder: Path) -> dict[str, str]:
    return {family: code.family_text(family, code_dir=folder) for family in FAMILIES}


def key(folder: Path) -> str:
    return identity.experiment_key(VALUES, splits_path=folder / "splits.csv", code_dir=folder)


@pytest.mark.parametrize(
    ("edited", "moved", "is_other_experiment"),
    [
        ("families/dense.py", {"dense"}, False),
        ("families/pretrained.py", {"pretrained"}, True),
        # Its blocks may be the backbone of the other.
        ("families/convolutional.py", {"convolutional", "pretrained"}, True),
        ("backbones.py", {"pretrained"}, True),
        ("efficientnet_lite.py", {"pretrained"}, True),
        ("torch_files.py", {"pretrained"}, True),
        ("sources.py", {"pretrained"}, True),
        ("blocks.py", set(FAMILIES), True),
        ("building.py", set(FAMILIES), True),
        ("families/brand_new.py", set(), False),
        ("features.py", set(), True),  # nor by it, but frozen features are what a variant may learn from
        ("stored.py", set(), False),  # answers are given before anything is read back
        ("forward.py", set(), True),  # no network is built by it, but answers go through it
    ],
)
def test_an_edit_concerns_the_families_that_import_it(
    edited: str, moved: set[str], is_other_experiment: bool, copied: Path
) -> None:
    before, former = texts(copied), key(copied)
    with (copied / NETWORKS / edited).open("a") as file:
        file.write("# edited\n")
    after = texts(copied)
    assert {family for family in FAMILIES if after[family] != before[family]} == moved
    assert (key(copied) != former) is is_other_experiment


def test_another_variant_of_another_family_is_another_experiment(copied: Path) -> None:
    before = key(copied)
    more = {**VALUES, "variants": {**VALUES["variants"], "plain": {"network": "dense"}}}
    assert identity.experiment_key(more, splits_path=copied / "none", code_dir=copied) != before


def test_a_network_that_no_variant_uses_is_no_other_experiment(copied: Path) -> None:
    before = key(copied)
    networks = {**VALUES["networks"], "spare": {"family": "dense", "dropout": 0.123}}
    unused = {**VALUES, "networks": networks}
    assert identity.experiment_key(unused, splits_path=copied / "splits.csv", code_dir=copied) == before
    used = {**unused, "variants": {**VALUES["variants"], "spare": {"network": "spare"}}}
    assert identity.experiment_key(used, splits_path=copied / "splits.csv", code_dir=copied) != before


def test_imports_are_followed_wherever_they_stand(tmp_path: Path) -> None:
    folder = tmp_path / NETWORKS
    (folder / "families").mkdir(parents=True)
    (folder / "building.py").write_text("import tenshots.networks.low\n")
    (folder / "families/a.py").write_text(
        "def build():\n    from tenshots.networks import high\n    from tenshots.networks.middle import x\n"
    )
    (folder / "families/b.py").write_text("from tenshots.networks.families import a\nimport numpy\n")
    for name in ("low", "middle", "high", "unused"):
        (folder / f"{name}.py").write_text("from tenshots.networks import low\n")

    def names(family: str) -> list[str]:
        return [path.stem for path in code.family_files(family, code_dir=tmp_path)]

    assert names("a") == ["building", "a", "high", "low", "middle"]
    assert names("b") == ["building", "a", "b", "high", "low", "middle"]
    assert names("absent") == ["building", "low"]


@pytest.mark.parametrize(
    "line",
    [
        "from .. import low",
        "from ..low import x",
        "from . import other",
        "from .other import *",
        "import tenshots.networks.low as lower",
        "from tenshots.networks import (\n    low as lower,\n)",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from tenshots.networks import low",
        "import tenshots.networks",
        "from tenshots import networks",
        "from tenshots.networks import *",
        "from ... import networks",
    ],
)
def test_each_form_of_import_is_followed(line: str, tmp_path: Path) -> None:
    folder = tmp_path / NETWORKS
    (folder / "families").mkdir(parents=True)
    for name in ("building", "low", "families/other"):
        (folder / f"{name}.py").write_text("from tenshots.networks import low\n" * (name == "families/other"))
    (folder / "families/a.py").write_text(f"{line}\n")
    assert folder / "low.py" in code.family_files("a", code_dir=tmp_path)


def test_the_file_is_one_that_sha256sum_checks() -> None:
    for family in settings.families():
        answer = subprocess.run(
            ["sha256sum", "--check", "--strict", "--quiet"],
            input=code.family_text(family),
            cwd=TOP,
            text=True,
            capture_output=True,
            check=False,
        )
        assert answer.returncode == 0, answer.stderr


@pytest.mark.slow
def test_building_imports_nothing_of_the_networks_that_is_not_listed() -> None:
    script = (
        "import sys\n"
        "from tenshots.networks import building\n"
        "plain = {'family': 'dense', 'input_px': 8, 'channels': 1, 'units': [4], 'dropout': 0}\n"
        "backbone = {'architecture': 'MobileNet', 'arguments': {'alpha': 0.25}, 'weights': 'none'}\n"
        "tuned = {'family': 'pretrained', 'input_px': 32, 'backbone': backbone, 'dropout': 0,\n"
        "         'unfreeze': 0, 'fine_tune_lr_factor': 1}\n"
        "for values in (plain, tuned):\n"  # the first is in the second's list, too, but for its own file
        "    settings = building.settings_from(values, at='')\n"
        "    building.build(settings, size_px=32, num_labels=2, learnt=building.learnt(settings))\n"
        "    print(*sorted(name for name in sys.modules if name.startswith('tenshots.networks.')))\n"
    )
    command = [sys.executable, "-c", script]
    answer = subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=True)
    packages = {f"{code.NETWORKS}.families"}
    listed: set[str] = set()
    for family, line in zip(("dense", "pretrained"), answer.stdout.splitlines(), strict=True):
        listed |= {
            ".".join(path.relative_to(TOP).with_suffix("").parts) for path in code.family_files(family)
        }
        assert set(line.split()) - packages <= listed
        assert f"{code.NETWORKS}.families.{family}" in line.split()
