"""What a stage has kept of its work belongs to its settings and inputs: others find nothing of it."""

from __future__ import annotations

import importlib
from functools import reduce
from typing import Any

import pytest

from benchmarks.kills import projects
from tenshots.repository import unfinished
from tenshots.tables import database
from tenshots.tables.paths import SPLITS
from tests.drawn.pipeline import Project

pytestmark = pytest.mark.slow


class Begun(Exception):  # noqa: N818 (it stops a stage, and is no error)
    """A stage has asked for its pieces; the name of their folder."""


@pytest.fixture(scope="module")
def project(untouched: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    return projects.copy(untouched, tmp_path_factory.mktemp("resuming") / "a project")


@pytest.fixture(autouse=True)
def _within(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    real = unfinished.pieces

    def stop(*arguments: Any, **options: Any) -> None:  # noqa: ANN401 (passed on)
        raise Begun(real(*arguments, **options)._folder.name)

    monkeypatch.setattr(unfinished, "pieces", stop)
    monkeypatch.chdir(project.folder)


def kept_under(stage: str) -> str:
    name, *arguments = stage.split()
    with pytest.raises(Begun) as caught:
        importlib.import_module(f"stages.{name}").main(arguments)
    return str(caught.value)


STUDY = ("study baseline", "study frozen")
TRAIN = ("train baseline", "train augmented", "train frozen", "train fine_tuned")
LAYERS = [{"RandomFlip": {"mode": "vertical"}}]
CHANGES = [
    *((stage, "seed", 4711) for stage in ("augment", *TRAIN, *STUDY)),
    *((stage, "lr", 0.5) for stage in ("train baseline", "train fine_tuned", *STUDY)),
    *((stage, "repeats", 2) for stage in STUDY),
    ("train baseline", "epochs", 3),
    ("train fine_tuned", "networks.pretrained.unfreeze", 0.75),
    ("study baseline", "study.leaking", True),
    ("augment", "augment.copies", 2),
    ("augment", "augment.layers", LAYERS),
    ("ingest", "standardise.size_px", 48),
    ("ingest", "accept.min_px", 5),
    ("ingest", "near_duplicates.max_distance", 0),
]


@pytest.mark.parametrize(("stage", "setting", "value"), CHANGES)
def test_another_setting_finds_nothing(stage: str, setting: str, value: object, project: Project) -> None:
    before = kept_under(stage)
    assert kept_under(stage) == before
    with project.edited("params.yaml") as values:
        *path, last = setting.split(".")
        section = reduce(lambda part, name: part[name], path, values)
        assert section[last] != value
        section[last] = value
        project.write_params(values)
        assert kept_under(stage) != before


@pytest.mark.parametrize("stage", ["augment", *TRAIN])
def test_another_split_finds_nothing(stage: str, project: Project) -> None:
    before = kept_under(stage)
    with project.edited(str(SPLITS)):
        splits = database.read_splits(SPLITS)
        splits["component"] = "one"
        database.write_splits(splits, SPLITS)
        assert kept_under(stage) != before


def test_another_page_finds_all(project: Project) -> None:
    before = [kept_under(stage) for stage in ("augment", "train baseline")]
    with project.edited("params.yaml") as values:
        values["visualise"]["steps"] += 1
        project.write_params(values)
        assert [kept_under(stage) for stage in ("augment", "train baseline")] == before


def test_each_stage_and_variant_keeps_its_own() -> None:
    stages = ["ingest", "augment", *TRAIN, *STUDY]
    assert len({kept_under(stage) for stage in stages}) == len(stages)
