"""Code as `dvc repro` sees it: what an edit runs again."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.drawn.pipeline import TOP, VARIANTS, Project

pytestmark = pytest.mark.slow

FAMILIES = "tenshots/networks/families"
USERS = {"lecture": {"baseline", "augmented"}, "pretrained": {"frozen", "fine_tuned"}}
NEEDING_NETWORKS = ("train", "evaluate", "study")


@pytest.fixture(scope="module")
def project(untouched: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp("families") / "a project"
    shutil.copytree(untouched.folder, folder, symlinks=True)
    project = Project(folder)
    assert project.changed() == set()
    return project


@contextmanager
def appended(project: Project, *names: str) -> Iterator[None]:
    """Lets files of the code have another line for a while, and lets `check` write down their hashes."""
    paths = {project.folder / name: (TOP / name).is_file() for name in names}
    lock = (project.folder / "dvc.lock").read_bytes()
    for path in paths:
        with path.open("a") as file:
            file.write("# edited\n")
    try:
        project.ask("repro", "check")
        yield
    finally:
        for path, is_ours in paths.items():
            if is_ours:
                shutil.copy(TOP / path.relative_to(project.folder), path)
            else:
                path.unlink()
        (project.folder / "dvc.lock").write_bytes(lock)
        project.ask("checkout", "data/checked/code", "data/checked/networks")


@pytest.mark.parametrize(
    ("names", "networks"),
    [
        ([f"{FAMILIES}/dense.py", f"{FAMILIES}/brand_new.py"], set()),
        ([f"{FAMILIES}/pretrained.py"], {"pretrained"}),
        (["tenshots/networks/blocks.py"], {"lecture", "pretrained"}),
    ],
)
def test_an_edited_family_runs_again_what_uses_it(
    names: list[str], networks: set[str], project: Project
) -> None:
    expected = {
        f"{stage}@{variant}"
        for network in networks
        for variant in USERS[network]
        for stage in NEEDING_NETWORKS
    }
    expected |= {f"{stage}@{network}" for network in networks for stage in ("features", "features_of_copies")}
    expected |= {"rehearse", "visualise"} if networks else set()
    expected |= {"inspect"} if "pretrained" in networks else set()
    with appended(project, *names):
        assert project.changed() == expected | {"compare"}, "the page shows the hash of the code"
        if not networks:
            log = project.ask("repro", "study")
            assert not re.findall(r"Running stage", log)


@pytest.mark.parametrize(
    ("module", "stages"),
    [
        (
            "tenshots/training/transfer.py",
            {f"{stage}@{name}" for stage in ("train", "study") for name in VARIANTS},
        ),
        ("tenshots/tracking/sessions.py", set()),
        ("tenshots/pages/style.css", set()),
    ],
)
def test_an_edit_of_the_library_runs_again_what_uses_it(
    module: str, stages: set[str], project: Project
) -> None:
    with appended(project, module):
        assert project.changed() == stages | ({"compare"} if "tracking" not in module else set())


def test_what_is_edited_after_check_stops_the_stage_that_dvc_runs(project: Project) -> None:
    text = (project.folder / "tenshots/splitting/division.py").read_text()
    with project.edited("tenshots/splitting/division.py", text + "# edited\n"):
        project.python("-m", "stages.split")  # by hand
        with pytest.raises(
            AssertionError, match=r"error: tenshots/splitting/division\.py was edited after `check`"
        ):
            project.python("-m", "stages.split", DVC_STAGE="split")
        project.python("-m", "stages.evaluate", "baseline", DVC_STAGE="evaluate@baseline")
    project.python("-m", "stages.split", DVC_STAGE="split")
    assert project.changed() == set()
