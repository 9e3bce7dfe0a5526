"""The short version of `make prove`: this processor and another one, against hashes that were committed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from benchmarks.prove import processors, runs
from benchmarks.prove.__main__ import EXPECTED
from benchmarks.prove.processors import ALDER_LAKE, ROME, Imitations
from benchmarks.prove.runs import Run
from tenshots import portable
from tests.drawn.pipeline import NOT_IMITATED, VARIANTS, Project, ran

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not portable.has_avx2(), reason="no bytes are promised on a processor without AVX2 and FMA"
    ),
]


COMPUTED = ("inspect", "visualise")
ON_THE_WAY = {"check", "rehearse", "ingest", "split", "augment"} | {
    f"{stage}@{variant}" for stage in ("train", "evaluate") for variant in VARIANTS
}
ON_THE_WAY |= {
    f"{stage}@{network}"
    for stage in ("features", "features_of_copies")
    for network in ("lecture", "pretrained")
}


def differs(project: Project) -> str:
    """What is not as committed: of all stages but those whose outputs show a hash of the code."""
    expected: runs.Outputs = json.loads(EXPECTED.read_text())
    found = runs.outputs(project.folder / "dvc.lock")
    assert set(found) - set(expected) == set(runs.SHOW_CODE)
    if wrong := runs.first_difference(expected, found):
        return f"{wrong}; if that is meant: .venv/bin/python -m benchmarks.prove --update"
    return ""


def test_the_small_set_has_the_committed_bytes_on_this_processor(untouched: Project) -> None:
    assert not differs(untouched)


def test_git_status_is_clean_after_a_clone_on_another_processor_computed_it_again(
    untouched: Project, tmp_path: Path
) -> None:
    """As in a class: one commits what came of it, another one clones that and runs it."""
    amd = "AuthenticAMD" in portable.CPUINFO.read_text(encoding="utf-8")
    run = Run(ALDER_LAKE if amd else ROME, 3, "C", "NPT-5:45", "077", "1", runs.ORDERS[1])
    copy = runs.clone(untouched, tmp_path / "clone" / "a project", run.order)
    obstacle = processors.obstacle()
    variables = {} if obstacle else Imitations(tmp_path).variables(run.processor)
    variables["MLFLOW_TRACKING_URI"] = "http://127.0.0.1:9"  # bytes need no store
    said = runs.repro(copy, run, variables, f".venv/bin/dvc repro {' '.join(COMPUTED)}")
    ask = "import os; print(os.cpu_count(), len(os.sched_getaffinity(0)))"
    assert copy.python("-c", ask, **run.variables()) == "3 3\n"
    # Where nobody learns from features of copies, both stages leave the same bytes: DVC may copy them.
    either = {stage for stage in ON_THE_WAY if stage.startswith("features")}
    assert ran(said) | either == ON_THE_WAY | set(COMPUTED)
    assert "features@pretrained" in ran(said)
    assert copy.run("git", "status", "--porcelain") == ""
    assert not differs(copy)
    shutil.copytree(untouched.folder / ".dvc" / "cache", tmp_path / "cache")
    copy.dvc("config", "--local", "cache.dir", str(tmp_path / "cache"))
    # Nothing differs, so the cache has the rest. DVC takes no stage from there that has outputs in git, too.
    assert ran(runs.repro(copy, run, variables, ".venv/bin/dvc repro")) == {"compare"}
    assert copy.run("git", "status", "--porcelain") == ""
    if obstacle:
        pytest.skip(f"{NOT_IMITATED}, as {obstacle}; all else was done and is equal")
