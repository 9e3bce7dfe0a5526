"""dvc.yaml lists every module of ours that a stage imports, and no other."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tenshots.networks import settings as networks
from tenshots.pages.report import made_from as of_the_page
from tenshots.repository import code
from tenshots.tracking import identity
from tests.drawn.pipeline import TOP

# Imported by stages, and left out on purpose with what they import in turn, each with the reason why an edit
# moves no output.
EXCEPTIONS = {
    "stages/__init__.py": "refuses settings, starts a stage, prints errors; what pins is listed",
    "stages/progress.py": "shows how far a stage is, on standard error alone",
    "tenshots/errors.py": "names and texts of errors; a stage that raises one leaves no output",
    "tenshots/tracking": "writes to MLflow alone, never an output",
}
# Listed whole though the stage imports not all of it: shorter to read, and what runs needlessly is cheap.
WHOLE = {
    # 0.3 s, and what follows runs only if an output changes
    "check": {"tenshots/checks", "tenshots/intake", "tenshots/networks"},
    "ingest": {"tenshots/tables"},  # 3 s; what follows runs only if an output changes
    "split": {"tenshots/tables"},
    "inspect": {"tenshots/labels", "tenshots/tables"},  # 2 s
    "describe": {"tenshots/statistics", "tenshots/tables"},
    "study": {"tenshots/statistics", "tenshots/training"},  # off by default
    "visualise": {"tenshots/interpretation"},  # `style.py` alone is of a command
}
PORTABLE = TOP / "tenshots" / "portable.py"  # which every stage pins itself by
# Deps that stand for code: `check` writes one file per network, with the hashes of the files that it is built
# by. A stage that builds several networks depends on the folder.
NETWORK = "data/checked/networks"
# Looks families up by the names of their files.
LOOKUP = TOP / "tenshots" / "networks" / "settings.py"
STAGES: dict[str, Any] = YAML(typ="safe").load(TOP / "dvc.yaml")["stages"]


def deps_of(stage: str) -> set[str]:
    """What dvc.yaml says that the stage depends on, of our code."""
    body = STAGES[stage].get("do", STAGES[stage])
    return {path for path in body["deps"] if path.startswith(("stages/", "tenshots/"))}


def is_listed(path: str, stage: str) -> bool:
    """Whether the stage runs again where this file of ours is edited."""
    body = STAGES[stage].get("do", STAGES[stage])
    builds = any(dep.startswith(NETWORK) for dep in body["deps"])
    return any(covers(dep, path) for dep in deps_of(stage)) or (builds and path in BUILDING)


@cache
def imported_by(module: Path) -> frozenset[Path]:
    """The files of ours that a module imports, also inside functions, with the packages that they lie in."""
    found: set[Path] = set(FAMILIES) if module == LOOKUP else set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: relative imports hide from this test"
            assert node.module is not None
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        for name in names:
            parts = name.split(".")
            for depth in range(1, len(parts) + 1):
                path = TOP.joinpath(*parts[:depth])
                found |= {file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()}
    return frozenset(file for file in found if file.relative_to(TOP).parts[0] in {"stages", "tenshots"})


def reached_from(stage: str, *, families: bool = True) -> set[str]:
    """All files of ours that running a stage may import, without itself and what exceptions import.

    Without `families` those that are imported whatever the families of the networks are.
    """
    start = TOP / "stages" / f"{stage}.py"
    reached, todo = set(), [start]
    while todo:
        module = todo.pop()
        if module not in reached:
            reached.add(module)
            found = () if is_excepted(module.relative_to(TOP).as_posix()) else imported_by(module)
            if module == TOP / "stages" / "__init__.py":
                found = {PORTABLE}
            todo += [each for each in found if families or module != LOOKUP or each not in FAMILIES]
    return {module.relative_to(TOP).as_posix() for module in reached - {start} if is_code(module)}


def is_code(module: Path) -> bool:
    """Whether a module holds more than a docstring, as `__init__.py` of a package does not."""
    return len(ast.parse(module.read_text(encoding="utf-8")).body) > 1


def covers(dep: str, path: str) -> bool:
    return path == dep or path.startswith(f"{dep}/")


FAMILIES = {TOP / "tenshots" / "networks" / "families" / f"{name}.py" for name in networks.families()}
# Whose hashes are in a network's file below NETWORK, by family; and in any of them.
FILES = {
    name: {path.relative_to(TOP).as_posix() for path in code.family_files(name)}
    for name in networks.families()
}
BUILDING = set.union(*FILES.values())
OURS = {
    path.relative_to(TOP).as_posix()
    for top in ("stages", "tenshots")
    for path in (TOP / top).rglob("*.py")
    if is_code(path)
}


def is_excepted(path: str) -> bool:
    return any(covers(exception, path) for exception in EXCEPTIONS)


@pytest.mark.parametrize("stage", sorted(STAGES))
def test_every_module_that_a_stage_imports_is_listed(stage: str) -> None:
    missing = {path for path in reached_from(stage) if not is_excepted(path) and not is_listed(path, stage)}
    assert not missing, f"dvc.yaml, deps of {stage}: add {sorted(missing)}"


@pytest.mark.parametrize("stage", sorted(STAGES))
def test_what_only_some_networks_are_built_by_is_listed_where_a_stage_imports_it_for_all(stage: str) -> None:
    """A network's file below NETWORK holds no other family's code, so only the lookup may import that."""
    of_all = set.intersection(*FILES.values())
    always = (reached_from(stage, families=False) & BUILDING) - of_all
    assert not {path for path in always if not any(covers(dep, path) for dep in deps_of(stage))}


@pytest.mark.parametrize("stage", sorted(STAGES))
def test_no_stage_lists_a_module_that_it_does_not_import(stage: str) -> None:
    """A package only where all of it is imported, but for those that WHOLE gives a reason for."""
    reached = reached_from(stage) | {f"stages/{stage}.py"}
    if stage == of_the_page.LAST:  # the page shows the hash of all code that led to it
        reached |= {path.relative_to(TOP).as_posix() for path in of_the_page.code_files(TOP)}
    whole = WHOLE.get(stage, set())
    partly = {
        dep: unused
        for dep in deps_of(stage)
        if (unused := {path for path in OURS if covers(dep, path)} - reached)
    }
    superfluous = {dep: sorted(unused) for dep, unused in partly.items() if dep not in whole}
    assert not superfluous, f"dvc.yaml, deps of {stage}: these are not imported: {superfluous}"
    assert whole <= set(partly), f"{stage} imports all of {whole - set(partly)}: it needs no exception"
    assert not {dep for dep in whole if not any(covers(dep, path) for path in reached)}
    assert f"stages/{stage}.py" in deps_of(stage)


@pytest.mark.parametrize("stage", sorted(STAGES))
def test_every_stage_runs_again_where_it_is_to_compute_with_other_code(stage: str) -> None:
    """Else the run cache would hand out what `portable: false` gave for what `portable: true` gives."""
    params = STAGES[stage].get("do", STAGES[stage])["params"]
    assert "portable" in params or {"params.yaml": None} in params


def test_the_page_is_rebuilt_where_the_hash_of_the_code_that_it_shows_changes() -> None:
    shown = {path.relative_to(TOP).as_posix() for path in of_the_page.code_files(TOP)}
    deps = deps_of(of_the_page.LAST)
    assert not {path for path in shown if not any(covers(dep, path) for dep in deps)}
    assert {"stages/ingest.py", "stages/train.py", "tenshots/networks/families/pretrained.py"} <= shown
    assert not {"stages/describe.py", "tenshots/cards/markdown.py", "tenshots/tracking/sessions.py"} & shown


def test_each_exception_is_used_and_listed_nowhere() -> None:
    reached = set().union(*(reached_from(stage) for stage in STAGES))
    listed = set().union(*(deps_of(stage) for stage in STAGES))
    assert not {each for each in EXCEPTIONS if not any(covers(each, path) for path in reached)}
    assert not {dep for dep in listed if is_excepted(dep)}


def test_what_tells_experiments_apart_is_the_code_that_answers_depend_on() -> None:
    """Else an edit of a page would count as another experiment, and as another look at the test photos."""
    answering = {"ingest", "split", "features", "augment", "features_of_copies", "train", "evaluate"}
    moving = set().union(*({f"stages/{stage}.py"} | reached_from(stage) for stage in answering))
    moving = {path for path in moving if not is_excepted(path)}
    counted = identity.COUNTED_CODE
    assert not {path for path in moving - BUILDING if not any(covers(each, path) for each in counted)}
    assert not {each for each in counted if not any(covers(each, path) for path in moving)}


def test_the_library_never_imports_the_stages() -> None:
    for module in (TOP / "tenshots").rglob("*.py"):
        assert not [path for path in imported_by(module) if path.is_relative_to(TOP / "stages")], module


def test_runs_and_their_store_alone_import_mlflow() -> None:
    importers = {
        path.relative_to(TOP).as_posix()
        for folder in ("stages", "tenshots")
        for path in (TOP / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (
            isinstance(node, ast.Import) and any(alias.name.split(".")[0] == "mlflow" for alias in node.names)
        )
        or (isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "mlflow")
    }
    assert importers == {"tenshots/tracking/runs.py", "tenshots/tracking/store.py"}


def test_settings_are_checked_before_anything_computes_as_dvc_promises_no_other_order() -> None:
    deps = {name: set(body.get("do", body)["deps"]) for name, body in STAGES.items()}
    checked, rehearsed = "data/checked/settings.txt", "data/checked/rehearsal.txt"
    assert STAGES["check"]["outs"] == [checked, NETWORK, "data/checked/features"]
    assert STAGES["rehearse"]["outs"] == [rehearsed, "data/checked/efforts.json"]
    assert {name for name in deps if checked in deps[name]} == {"ingest", "rehearse"}
    assert {name for name in deps if rehearsed in deps[name]} == {"features", "augment", "train"}
    assert "data/manifest.csv" in deps["split"]
    assert not {path for path in deps["check"] if not path.startswith(("stages/", "tenshots/"))}
