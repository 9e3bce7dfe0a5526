"""dvc.yaml runs a stage again where its code, its settings or what it reads have changed."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tenshots.repository import code
from tenshots.tracking import identity
from tests.drawn.pipeline import IMPORTED, TOP

STAGES: dict[str, Any] = YAML(typ="safe").load(TOP / "dvc.yaml")["stages"]
FAMILIES = TOP / "tenshots" / "networks" / "families"
WORKERS = {"tenshots.intake.photos.decoding": "ingest"}  # processes that a stage starts
FAMILIES_USED = ("convolutional", "pretrained")  # by the small project of the first run


def body(stage: str) -> dict[str, Any]:
    found: dict[str, Any] = STAGES[stage].get("do", STAGES[stage])
    return found


def names(paths: list[Path]) -> set[str]:
    return {path.relative_to(TOP).as_posix() for path in paths}


def test_every_stage_but_check_depends_on_its_file_of_code_and_on_no_other_code() -> None:
    assert list(STAGES) == ["check", *code.STAGES]
    assert body("check")["deps"] == ["stages", "tenshots", "data/corrections.csv"]
    for stage in code.STAGES:
        deps = body(stage)["deps"]
        assert [dep for dep in deps if dep.startswith(("stages", "tenshots", "data/checked/code"))] == [
            f"data/checked/code/{stage}.txt"
        ]


def imported_by(code: str) -> set[str]:
    """The modules that a process has once it has run `code`."""
    command = [sys.executable, "-c", f"import sys; {code}; print(*sys.modules)"]
    return set(subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=True).stdout.split())


@pytest.mark.slow
def test_what_a_stage_imports_when_it_runs_is_in_its_file(first_run: Path) -> None:
    """Wherever and however it imports it; the networks' files hold what only some are built by."""
    # What these import in turn moves no output.
    begun = imported_by("import stages; from tenshots.tracking import entries, records")
    telling = imported_by("import stages; from stages import recording")
    building = set().union(*(names(code.family_files(family)) for family in FAMILIES_USED))
    seen = set()
    for line in (first_run / IMPORTED).read_text().splitlines():
        command, _, modules = line.partition(" | ")
        found = re.search(r" -m (?:stages\.)?(\S+)", command)
        stage = WORKERS.get(found[1], found[1]) if found else ""
        if stage not in code.STAGES:
            continue
        seen.add(stage)
        known = telling if stage in ("train", "describe") else begun
        files = {Path(*module.split(".")) for module in set(modules.split()) - known}
        paths = {path.with_suffix(".py").as_posix() for path in files if not (TOP / path).is_dir()}
        listed = names(code.stage_files(stage)) | building  # which judging the settings imports, in any stage
        assert not {path for path in paths - listed if not path.startswith(code.UNCOUNTED)}, line
    assert seen == set(code.STAGES)


def test_no_stage_but_the_pages_depends_on_the_families_of_networks_that_it_may_not_use() -> None:
    families = names(list(FAMILIES.glob("[a-z]*.py")))
    assert len(families) > 2
    for stage in code.STAGES:
        listed = names(code.stage_files(stage))
        assert listed & families == (families if stage == code.PAGE else set())
    needing = {
        stage for stage in code.STAGES if any("checked/networks" in dep for dep in body(stage)["deps"])
    }
    assert needing == {*code.BUILDERS, "inspect", "evaluate"}, "these two build none"


def test_the_page_is_rebuilt_where_code_that_led_to_it_changes() -> None:
    listed = names(code.stage_files(code.PAGE))
    for stage in code.BEFORE_PAGE:
        assert names(code.stage_files(stage)) <= listed
    assert {"stages/check.py", "tenshots/checks/whole.py", "tenshots/pages/style.css"} <= listed
    assert "tenshots/pages/report/templates/index.html.j2" in listed
    assert not {
        path for path in listed if path.startswith(("stages/describe", "tenshots/cards", *code.UNCOUNTED))
    }


@pytest.mark.parametrize("stage", sorted(STAGES))
def test_every_stage_runs_again_where_it_is_to_compute_with_other_code(stage: str) -> None:
    """Else the run cache would hand out what `portable: false` gave for what `portable: true` gives."""
    params = body(stage)["params"]
    assert "portable" in params or {"params.yaml": None} in params


def test_what_is_left_out_is_little_and_is_imported_by_stages() -> None:
    """Whoever adds to it has to be sure that an edit there moves no output."""
    assert code.UNCOUNTED == (
        "stages/__init__.py",
        "stages/recording.py",
        "stages/progress.py",
        "tenshots/errors.py",
        "tenshots/repository/unfinished.py",
        "tenshots/tracking",
    )
    sources = [(TOP / "stages" / f"{stage}.py").read_text(encoding="utf-8") for stage in code.STAGES]
    for path in code.UNCOUNTED:
        assert (TOP / path).exists()
        module = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        package, _, name = module.rpartition(".")
        forms = rf"from {module}[. ]|from {package} import .*\b{name}\b" if package else rf"from {module} "
        assert any(re.search(forms, source) for source in sources), path


def test_what_tells_experiments_apart_is_the_code_that_answers_depend_on() -> None:
    """Else an edit of a page would count as another experiment, and as another look at the test photos."""
    makers = {
        re.sub(r"\$\{\w+\}", "*", out if isinstance(out, str) else next(iter(out))): stage
        for stage in STAGES
        for out in body(stage)["outs"]
    }
    found, todo = set(), ["evaluate"]
    while todo:
        stage = todo.pop()
        if stage not in found:
            found.add(stage)
            for dep in body(stage)["deps"]:
                # `data/${item.data}` is any source, the features are those of any
                read = re.sub(r"\$\{[\w.]+\}", "*", dep)
                sources = ("augmented", "on_the_fly")
                each = {
                    "data/*": [f"data/{source}" for source in sources],
                    "data/features/*/*": [f"data/features/{source}/*" for source in sources],
                    "data/features/database": ["data/features/database/*"],
                }.get(read, [read])
                todo += [
                    maker
                    for out, maker in makers.items()
                    for path in each
                    if path == out or path.startswith(f"{out}/")
                ]
    # `check` and `rehearse` refuse; what they leave moves no answer but through the code that it names.
    assert found - {"check", "rehearse"} == set(identity.COUNTED_STAGES)


def test_the_library_never_imports_the_stages() -> None:
    for module in (TOP / "tenshots").rglob("*.py"):
        source = module.read_text(encoding="utf-8")
        assert not re.search(r"^\s*(from|import) stages\b", source, re.M), module


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
    """Whatever reads `data/checked/code` waits for `check`; what trains or augments waits for `rehearse`."""
    deps = {name: set(body(name)["deps"]) for name in STAGES}
    rehearsed = "data/checked/rehearsal.txt"
    assert body("check")["outs"] == [f"data/checked/{each}" for each in ("code", "networks", "features")]
    assert body("rehearse")["outs"] == [rehearsed, "data/checked/efforts.json"]
    assert {name for name in deps if rehearsed in deps[name]} == {"features", "augment", "train"}
