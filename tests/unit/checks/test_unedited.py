"""A stage that DVC runs computes by the code that `check` has listed, or stops."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from tenshots.checks import unedited
from tenshots.errors import DataError
from tenshots.repository import code
from tenshots.tables.paths import CODE, NETWORKS

VALUES: dict[str, Any] = {
    "networks": {"lecture": {}, "other": {}},
    "variants": {"baseline": {"network": "lecture"}},
    "inspect": {"network": "other"},
}
USED = Path("tenshots/used.py")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: code, and lists of it for stages and networks, each of a file of its own."""
    monkeypatch.chdir(tmp_path)
    Path("tenshots").mkdir()
    listed = {CODE / f"{stage}.txt": USED for stage in code.STAGES}
    listed |= {NETWORKS / f"{name}.txt": Path(f"tenshots/{name}.py") for name in VALUES["networks"]}
    for path, source in listed.items():
        source.write_text("x = 1\n")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code.text([tmp_path / source], code_dir=tmp_path))
    return tmp_path


def watched(addressed: str, folder: Path) -> Any:  # noqa: ANN401 (a context)
    return unedited.watched(addressed, VALUES, code_dir=folder)


def test_what_was_edited_before_it_began_stops_a_stage(project: Path) -> None:
    with watched("split", project):
        pass
    USED.write_text("x = 2\n")
    for _ in range(2):
        began = False
        with (
            pytest.raises(
                DataError, match=r"^tenshots/used\.py was edited after `dvc repro` began, .* again$"
            ),
            watched("dvc.yaml:split", project),
        ):
            began = True
        assert not began
        USED.unlink(missing_ok=True)


def test_whoever_runs_a_stage_by_hand_may_edit_as_he_likes(project: Path) -> None:
    USED.write_text("x = 2\n")
    with watched("", project), unedited.watched("split", {}, code_dir=project):
        pass


def test_only_what_is_imported_after_an_edit_moves_anything(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with watched("split", project):
        USED.write_text("x = 2\n")
    USED.write_text("x = 1\n")
    monkeypatch.delitem(sys.modules, "tenshots.used", raising=False)

    def edit_and_import() -> None:
        with watched("split", project):
            USED.write_text("x = 2\n")
            monkeypatch.setitem(sys.modules, "tenshots.used", sys)

    with pytest.raises(DataError, match=r"tenshots/used\.py was edited"):
        edit_and_import()
    USED.write_text("x = 1\n")
    with watched("split", project):  # imported before
        USED.write_text("x = 2\n")


@pytest.mark.parametrize(
    ("network", "stopped"),
    [
        ("lecture", {"train@baseline", "evaluate@baseline", "features@lecture", "rehearse", "visualise"}),
        ("other", {"features@other", "features_of_copies@other", "inspect", "rehearse", "visualise"}),
    ],
)
def test_the_code_of_a_network_stops_the_stages_that_depend_on_it(
    network: str, stopped: set[str], project: Path
) -> None:
    Path(f"tenshots/{network}.py").write_text("x = 2\n")
    stages = {"train@baseline", "evaluate@baseline", "features@lecture", "features@other", "split", "compare"}
    stages |= {"features_of_copies@other", "inspect", "rehearse", "visualise"}
    found = set()
    for stage in stages:
        try:
            with watched(stage, project):
                pass
        except DataError:
            found.add(stage)
    assert found == stopped
