"""The code that an output depends on: what is listed for stages and networks, and whom an edit concerns."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tenshots.errors import DataError
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
    """A copy of the code."""
    for name in ("stages", "tenshots"):
        shutil.copytree(TOP / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def texts(folder: Path) -> dict[str, str]:
    return {
        family: code.text(code.family_files(family, code_dir=folder), code_dir=folder) for family in FAMILIES
    }


@pytest.fixture(scope="module")
def unedited() -> dict[str, str]:
    return stage_texts(TOP)


def stage_texts(folder: Path) -> dict[str, str]:
    return {
        stage: code.text(code.stage_files(stage, code_dir=folder), code_dir=folder) for stage in code.STAGES
    }


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


FROM_PIXELS = {"rehearse", "features", "features_of_copies", "train", "study", "visualise"}


@pytest.mark.parametrize(
    ("edited", "moved"),
    [
        ("stages/train.py", {"train"}),
        ("stages/check.py", set()),
        ("stages/progress.py", set()),
        ("stages/ui.py", None),
        ("tenshots/tracking/store.py", None),
        ("tenshots/errors.py", None),
        ("tenshots/portable.py", set(code.STAGES)),
        ("tenshots/files.py", set(code.STAGES)),
        ("tenshots/runtime.py", {"inspect", "augment", "evaluate"} | FROM_PIXELS),
        ("tenshots/tables/database.py", set(code.STAGES) - {"on_the_fly"}),
        ("tenshots/training/loop.py", {"train", "study"}),
        ("tenshots/intake/photos/formats.py", {"ingest"}),
        ("tenshots/tables/belonging.py", {"ingest", "split"}),
        ("tenshots/splitting/division.py", {"split"}),
        ("tenshots/augmentation/copying.py", {"rehearse", "augment", "on_the_fly", "study"}),
        ("tenshots/networks/building.py", FROM_PIXELS),
        ("tenshots/networks/families/dense.py", set()),
        ("tenshots/networks/families/brand_new.py", set()),
        ("tenshots/labels/suspicion.py", {"inspect"}),
        ("tenshots/evaluation/held_out.py", {"evaluate"}),
        ("tenshots/evaluation/metrics.py", {"evaluate", "study", "describe"}),
        ("tenshots/interpretation/gradcam.py", {"visualise"}),
        ("tenshots/statistics/choice.py", set()),
        ("tenshots/pages/report/charts.py", set()),
        ("tenshots/pages/style.css", set()),
        ("tenshots/pages/report/templates/index.html.j2", set()),
        ("tenshots/pages/history/history.html.j2", None),
        ("tenshots/cards/model_card.md.j2", {"describe"}),
    ],
)
def test_an_edit_concerns_the_stages_that_import_it(
    edited: str, moved: set[str] | None, copied: Path, unedited: dict[str, str]
) -> None:
    """And the page, but where nothing that a stage computes depends on it (None)."""
    with (copied / edited).open("a") as file:
        file.write("# edited\n")
    after = stage_texts(copied)
    expected = set() if moved is None else moved | {code.PAGE}
    if edited.startswith(("stages/progress", "tenshots/cards")):  # shown; after the page
        expected.discard(code.PAGE)
    assert {stage for stage in code.STAGES if after[stage] != unedited[stage]} == expected


def test_a_stage_does_not_follow_what_is_left_out_nor_bytecode(tmp_path: Path) -> None:
    for name, source in (
        ("stages/__init__.py", "from tenshots import unused\n"),
        (
            "stages/train.py",
            "from stages import run\nfrom tenshots.tracking import runs\nfrom tenshots import b\n",
        ),
        ("tenshots/__init__.py", '"""Words alone."""\n'),
        ("tenshots/portable.py", ""),
        ("tenshots/b/__init__.py", "from tenshots import c\n"),
        *(
            (f"tenshots/{each}", "")
            for each in ("unused.py", "c.py", "b/one.py", "b/words.css", "b/deep/x.j2")
        ),
        *(
            (f"tenshots/{each}", "")
            for each in ("b/__pycache__/one.pyc", "b/notes.txt", "tracking/runs.py", "a.py")
        ),
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(source)
    found = [path.relative_to(tmp_path).as_posix() for path in code.stage_files("train", code_dir=tmp_path)]
    inside = [f"tenshots/b/{each}" for each in ("__init__.py", "deep/x.j2", "one.py", "words.css")]
    assert found == ["stages/train.py", *inside, "tenshots/c.py", "tenshots/portable.py"]


def test_what_lies_beside_the_code_by_chance_moves_nothing(copied: Path, unedited: dict[str, str]) -> None:
    former = key(copied)
    for folder in ("stages", "tenshots", "tenshots/training"):
        for name in (
            "params.py~",
            "notes.txt",
            "x.ipynb",
            "Thumbs.db",
            "#loop.py#",
            "mine.py",
            "loop.py.rej",
            ".x.css",
        ):
            (copied / folder / name).write_text("x")
    (copied / NETWORKS / "families/.#dense.py").symlink_to("nobody@nowhere")  # Emacs, while text is unsaved
    assert stage_texts(copied) == unedited
    assert key(copied) == former


def test_a_family_may_import_a_module_of_ours_outside_of_the_networks(copied: Path) -> None:
    """All that reads the network then depends on it, and whoever does not is left alone."""
    (copied / "tenshots/layers_of_mine.py").write_text("x = 1\n")
    with (copied / NETWORKS / "families/dense.py").open("a") as file:
        file.write("from tenshots import layers_of_mine\n")
    listed = {
        family: [path.name for path in code.family_files(family, code_dir=copied)] for family in FAMILIES
    }
    assert [family for family in FAMILIES if "layers_of_mine.py" in listed[family]] == ["dense"]
    assert "params.py" not in listed["dense"], "all stages that build networks list it"


@pytest.mark.parametrize("source", [b"def f(:\n", b"x = 1\0\n", b"x = 'caf\xe9'\n"])
def test_what_is_not_python_is_an_error_that_names_the_file(source: bytes, copied: Path) -> None:
    (copied / "tenshots/splitting/division.py").write_bytes(source)
    with pytest.raises(
        DataError, match=r"^tenshots/splitting/division\.py is not valid Python: .*; mend it$"
    ):
        code.stage_files("split", code_dir=copied)


@pytest.mark.parametrize(
    "source",
    [b"\xef\xbb\xbfimport tenshots.seeds\n", b"# coding: latin-1\nimport tenshots.seeds  # caf\xe9\n"],
)
def test_a_file_that_python_reads_is_read(source: bytes, copied: Path) -> None:
    (copied / "tenshots/splitting/division.py").write_bytes(source)
    (copied / "tenshots/seeds.py").write_text("import tenshots.lettering\n")
    assert copied / "tenshots/lettering.py" in code.stage_files("split", code_dir=copied)


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
        "if x:\n    pass\nelse:\n    from tenshots.networks import low",
        "try:\n    pass\nexcept ValueError:\n    from tenshots.networks import low",
        "try:\n    pass\nfinally:\n    import tenshots.networks.low",
        "match x:\n    case 1:\n        from tenshots.networks import low",
        "for x in y:\n    with z:\n        class A:\n            from ..low import x",
    ],
)
def test_each_form_of_import_is_followed(line: str, tmp_path: Path) -> None:
    folder = tmp_path / NETWORKS
    (folder / "families").mkdir(parents=True)
    for name in ("building", "low", "families/other"):
        (folder / f"{name}.py").write_text("from tenshots.networks import low\n" * (name == "families/other"))
    (folder / "families/a.py").write_text(f"{line}\n")
    assert folder / "low.py" in code.family_files("a", code_dir=tmp_path)


def test_each_file_is_one_that_sha256sum_checks() -> None:
    for paths in (*map(code.family_files, settings.families()), *map(code.stage_files, code.STAGES)):
        answer = subprocess.run(
            ["sha256sum", "--check", "--strict", "--quiet"],
            input=code.text(paths),
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


def test_an_import_that_comes_or_goes_while_a_process_runs_is_followed(copied: Path) -> None:
    edited, added = copied / NETWORKS / "families" / "dense.py", copied / NETWORKS / "brand_new.py"
    added.touch()
    before, text = code.family_files("dense", code_dir=copied), edited.read_text()
    assert added not in before
    edited.write_text(f"{text}from tenshots.networks import brand_new\n")
    assert added in code.family_files("dense", code_dir=copied)
    edited.write_text(text)
    assert code.family_files("dense", code_dir=copied) == before
