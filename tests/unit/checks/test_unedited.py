"""A stage that DVC runs computes by the code that `check` has listed, or stops."""

from __future__ import annotations

import importlib
import re
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tenshots import params
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
                DataError,
                match=r"^tenshots/used\.py was edited after `check` listed it, .* then what you ran$",
            ),
            watched("dvc.yaml:split", project),
        ):
            began = True
        assert not began
        USED.unlink(missing_ok=True)


def test_whoever_runs_a_stage_by_hand_may_edit_as_they_like(project: Path) -> None:
    USED.write_text("x = 2\n")
    with watched("", project), unedited.watched("split", {}, code_dir=project):
        pass


@pytest.fixture
def importable(project: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a listed module that can be imported, and has not been."""
    module = Path("lent_module.py")
    module.write_text("x = 1\n")
    (CODE / "split.txt").write_text(code.text([project / module, project / USED], code_dir=project))
    monkeypatch.syspath_prepend(str(project))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.delitem(sys.modules, "lent_module", raising=False)
    return "lent_module"


def test_a_module_is_compared_as_it_is_imported_and_no_later(importable: str, project: Path) -> None:
    path = Path(f"{importable}.py")

    def work(*, edit_first: bool) -> None:
        with watched("split", project):
            if edit_first:
                path.write_text("x = 2\n")
            importlib.import_module(importable)
            path.write_text("x = 3\n")

    finders = list(sys.meta_path)
    with pytest.raises(DataError, match=r"^lent_module\.py was edited"):
        work(edit_first=True)
    assert importable not in sys.modules
    path.write_text("x = 1\n")
    work(edit_first=False)
    del sys.modules[importable]
    assert sys.meta_path == finders


@pytest.mark.parametrize(
    ("stage", "name"), [("compare", "tenshots/style.css"), ("ingest", str(USED)), ("split", "")]
)
def test_what_is_read_at_any_time_is_compared_in_the_end(stage: str, name: str, project: Path) -> None:
    """Without a name: the list, which `check` has written again."""
    path = Path(name) if name else CODE / "split.txt"
    if name:
        path.touch()
        (CODE / f"{stage}.txt").write_text(code.text([project / path], code_dir=project))

    def edit() -> None:
        with watched(stage, project):
            path.write_text("edited")

    with pytest.raises(DataError, match="was edited after `check` listed it"):
        edit()


def test_an_error_of_the_stage_itself_comes_first(project: Path) -> None:
    def fail() -> None:
        with watched("ingest", project):
            USED.write_text("x = 2\n")
            raise ValueError("its own")

    with pytest.raises(ValueError, match="its own"):
        fail()


@pytest.mark.parametrize("addressed", ["train@gone", "mine@lecture", "new", "features@gone"])
def test_what_has_no_list_is_left_to_others(addressed: str, project: Path) -> None:
    (CODE / "train.txt").unlink()
    with watched(addressed, project):
        pass


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


DVC_YAML = """\
stages:
  split: {cmd: "", params: [seed, split]}
  train:
    foreach: ${variants}
    do: {cmd: "", params: [lr, "networks.${item.network}", "variants.${key}"]}
  inspect: {cmd: "", params: ["networks.${inspect.network}"]}
  compare: {cmd: "", params: [params.yaml: ]}
  describe: {cmd: "", params: [seed]}
  others: {cmd: "", params: [seed, other.yaml: [lr]]}
  some: {cmd: "", params: [params.yaml: [lr]]}
"""
SETTINGS = {**VALUES, "lr": 0.1, "split": {"folds": 2}, "seed": 1}


@pytest.mark.parametrize(
    ("stage", "change", "said"),
    [
        ("split", {"seed": 2}, "seed was edited while this stage ran (from 1 to 2)"),
        ("../dvc.yaml:split", {"split": {"folds": 3}}, "split.folds was edited"),
        ("split", {"split": {}}, "split.folds was edited while this stage ran (from 2 to nothing)"),
        ("train@baseline", {"lr": 0.2}, "lr was edited"),
        ("train@baseline", {"networks": {"lecture": {"dense": 8}, "other": {}}}, "networks.lecture"),
        ("train@baseline", {"variants": {"baseline": {"network": "other"}}}, "variants.baseline.network"),
        ("inspect", {"networks": {"lecture": {}, "other": {"dense": 8}}}, "networks.other"),
        ("compare", {"report": {"title": "Cups"}}, "report.title"),
        ("describe", {"lr": 0.2}, "lr was edited"),
        ("others", {"lr": 0.2}, ""),
        ("some", {"seed": 2}, ""),
        ("some", {"lr": 0.2}, "lr was edited"),
        ("split", {"lr": 0.2}, ""),
        ("train@baseline", {"networks": {"lecture": {}, "other": {"dense": 8}}}, ""),
        ("train@baseline", {"variants": {**VALUES["variants"], "more": {"network": "other"}}}, ""),
        ("train@baseline", {}, ""),
        ("", {"lr": 0.2}, ""),
    ],
)
def test_a_setting_of_the_stage_that_is_edited_while_it_runs_stops_it(
    stage: str, change: dict[str, Any], said: str, project: Path
) -> None:
    """DVC looks at them when the stage has ended, and would write the new ones into dvc.lock."""
    unedited.DVC_YAML.write_text(DVC_YAML)
    YAML().dump(SETTINGS, params.PATH)
    watching = unedited.watched(stage, params.read(), code_dir=project)
    with (
        pytest.raises(DataError, match=re.escape(said)) if said else nullcontext(),
        watching,
    ):
        YAML().dump({**SETTINGS, **change}, params.PATH)
        with params.PATH.open("a") as file:
            file.write("# a remark\n")


LOCK = """\
schema: '2.0'
stages:
  check:
    cmd: python -m stages.check
    params:
      params.yaml:
{}
    outs:
    - path: data/checked/code
  compare:
    cmd: python -m stages.compare
"""


@pytest.mark.parametrize("stage", ["compare", "describe", "split"])
def test_who_tells_of_all_settings_stops_where_any_was_edited_since_check(stage: str, project: Path) -> None:
    """As between the end of the last stage that uses it and the page."""
    unedited.DVC_YAML.write_text(DVC_YAML)
    YAML().dump(SETTINGS, params.PATH)
    with watched_now(stage, project):  # no dvc.lock says anything
        pass
    lines = params.PATH.read_text().splitlines()
    Path("dvc.lock").write_text(LOCK.format("\n".join(f"        {line}" for line in lines)))
    with watched_now(stage, project):
        pass
    YAML().dump({**SETTINGS, "lr": 0.2}, params.PATH)
    began = False
    error = pytest.raises(DataError, match=r"params\.yaml: lr was edited while other stages ran")
    with error if stage != "split" else nullcontext(), watched_now(stage, project):
        began = True
    assert began == (stage == "split")


def watched_now(stage: str, folder: Path) -> Any:  # noqa: ANN401 (a context)
    return unedited.watched(stage, params.read(), code_dir=folder)
