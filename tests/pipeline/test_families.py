"""A family of networks as `dvc repro` sees it: whom an edit trains again, and one without feature maps."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.drawn.pipeline import Project

pytestmark = pytest.mark.slow

FAMILIES = "tenshots/networks/families"
USERS = {"lecture": {"baseline", "augmented"}, "pretrained": {"frozen", "fine_tuned"}}
NEEDING_NETWORKS = ("train", "evaluate", "visualise", "study")
PLAIN = {"family": "dense", "input_px": 8, "channels": 1, "units": [8, 8, 8], "dropout": 0.1}


@pytest.fixture(scope="module")
def project(reproduced: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp("families") / "a project"
    shutil.copytree(reproduced.folder, folder, symlinks=True, ignore=shutil.ignore_patterns("mlruns"))
    project = Project(folder)
    assert project.changed() == set()
    return project


@contextmanager
def appended(project: Project, name: str, text: str = "# edited\n") -> Iterator[None]:
    """Lets a file of the code have more lines for a while, and lets `check` write down its hash."""
    path = project.folder / name
    before = path.read_text() if path.exists() else None
    lock = (project.folder / "dvc.lock").read_bytes()
    path.write_text((before or "") + text)
    try:
        project.dvc("repro", "check")
        yield
    finally:
        if before is None:
            path.unlink()
        else:
            path.write_text(before)
        (project.folder / "dvc.lock").write_bytes(lock)
        project.dvc("checkout", "data/checked/settings.txt", "data/checked/networks")


@pytest.mark.parametrize(
    ("name", "networks"),
    [
        (f"{FAMILIES}/dense.py", set()),
        (f"{FAMILIES}/brand_new.py", set()),
        (f"{FAMILIES}/pretrained.py", {"pretrained"}),
        ("tenshots/networks/blocks.py", {"lecture", "pretrained"}),
    ],
)
def test_an_edited_family_runs_again_what_uses_it(name: str, networks: set[str], project: Project) -> None:
    expected = {
        f"{stage}@{variant}"
        for network in networks
        for variant in USERS[network]
        for stage in NEEDING_NETWORKS
    }
    expected |= {f"{stage}@{network}" for network in networks for stage in ("features", "features_of_copies")}
    expected |= {"rehearse"} if networks else set()
    expected |= {"inspect"} if "pretrained" in networks else set()
    with appended(project, name):
        assert project.changed() == expected | {"compare"}, "the page shows the hash of the code"
        if not networks:
            log = project.dvc("repro", "study")
            assert not re.findall(r"Running stage", log)
    assert project.changed() == set()


def test_a_network_without_feature_maps_goes_through_to_page_and_card(project: Project) -> None:
    values = project.params()
    values["networks"]["plain"] = PLAIN
    values["variants"] = {"plain": {"data": "database", "network": "plain"}}
    project.write_params(values)
    log = project.dvc("repro")
    assert set(re.findall(r"Running stage '([^']+)'", log)) == {
        *("check", "rehearse", "compare", "describe"),
        *(f"{stage}@plain" for stage in NEEDING_NETWORKS),
    }
    index = json.loads((project.folder / "data/visualisations/plain/index.json").read_text())
    assert [picture["kind"] for picture in index["pictures"]] == ["structure"]
    assert index["left_out"].startswith("This network has no layers of maps")

    page = (project.folder / "reports/index.html").read_text()
    assert index["left_out"] in page
    assert "<small>from scratch</small>" in page
    assert "<small>a network of dense layers · fold 0, repeat 0" in page
    card = (project.folder / "reports/model_card.md").read_text()
    assert "- **Model type:** plain, a network of dense layers, " in card
    assert "- **Finetuned from model:** none, trained from scratch" in card
    assert project.changed() == set()
