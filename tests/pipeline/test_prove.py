"""The short version of `make prove`: this processor and another one, against hashes that were committed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.prove import processors, runs
from benchmarks.prove.__main__ import EXPECTED
from benchmarks.prove.processors import ALDER_LAKE, ROME, Imitations
from benchmarks.prove.runs import Run
from tenshots import portable
from tests.drawn.pipeline import NOT_IMITATED, Project, ran

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not portable.has_avx2(), reason="no bytes are promised on a processor without AVX2 and FMA"
    ),
]


@pytest.fixture(scope="module")
def committed(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The small set after its first run, committed.

    Of PNG alone, unlike the photos of other tests: how HEIC and AVIF are encoded may depend on processors.
    """
    folder = tmp_path_factory.mktemp("prove")
    run = runs.plan([None])[0]
    copy = runs.clone(
        runs.prepare(folder / "prepared" / "a project"), folder / "first" / "a project", run.order
    )
    runs.repro(copy, run, {})
    copy.run("git", "add", ".")
    copy.run("git", "commit", "--quiet", "--message=run")
    return copy


COMPUTED = ("inspect", "visualise@fine_tuned")
ON_THE_WAY = {"check", "rehearse", "ingest", "split", "augment", "train@fine_tuned", "evaluate@fine_tuned"}
ON_THE_WAY |= {"features@pretrained", "features_of_copies@pretrained"}


def differs(project: Project) -> str:
    """What is not as committed: of all stages but those whose outputs show a hash of the code."""
    expected: runs.Outputs = json.loads(EXPECTED.read_text())
    found = runs.outputs(project.folder / "dvc.lock")
    assert set(found) - set(expected) == set(runs.SHOW_CODE)
    if wrong := runs.first_difference(expected, found):
        return f"{wrong}; if that is meant: .venv/bin/python -m benchmarks.prove --update"
    return ""


def test_the_small_set_has_the_committed_bytes_on_this_processor(committed: Project) -> None:
    assert not differs(committed)


def test_git_status_is_clean_after_a_clone_on_another_processor_computed_it_again(
    committed: Project, tmp_path: Path
) -> None:
    """As in a class: one commits what came of it, another one clones that and runs it.

    Computed again is one variant with all that leads there; `make prove` does the whole pipeline.
    """
    amd = "AuthenticAMD" in portable.CPUINFO.read_text(encoding="utf-8")
    run = Run(ALDER_LAKE if amd else ROME, 3, "C", "NPT-5:45", "077", "1", runs.ORDERS[1])
    copy = runs.clone(committed, tmp_path / "clone" / "a project", run.order)
    obstacle = processors.obstacle()
    variables = {} if obstacle else Imitations(tmp_path).variables(run.processor)
    said = runs.repro(copy, run, variables, f".venv/bin/dvc repro {' '.join(COMPUTED)}")
    ask = "import os; print(os.cpu_count(), len(os.sched_getaffinity(0)))"
    assert copy.python("-c", ask, **run.variables()) == "3 3\n"
    assert ran(said) == ON_THE_WAY | set(COMPUTED)
    assert copy.run("git", "status", "--porcelain") == ""
    assert not differs(copy)
    copy.dvc("config", "--local", "cache.dir", str(committed.folder / ".dvc" / "cache"))
    # Nothing differs, so the cache has the rest. DVC takes no stage from there that has outputs in git, too.
    assert ran(runs.repro(copy, run, variables)) == {"compare"}
    assert copy.run("git", "status", "--porcelain") == ""
    if obstacle:
        pytest.skip(f"{NOT_IMITATED}, as {obstacle}; all else was done and is equal")
