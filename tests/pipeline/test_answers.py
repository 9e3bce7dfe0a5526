"""`make repro` prints the cheapest variant's answer first, and leaves what `dvc repro` leaves."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from tenshots.statistics.phrases import percent
from tests.drawn.pipeline import VARIANTS, Project

pytestmark = pytest.mark.slow


def answer_of(project: Project, variant: str) -> str:
    """How the line begins, by the figures that the page shows."""
    found = json.loads((project.folder / "reports" / "comparison.json").read_text())
    figures = found["variants"][variant]
    assert figures["no_interval"], "the photos of few people"
    return (
        f"{variant}: {percent(figures['test_accuracy'])} of {found['num_test_photos']} test photos right "
        f"(no interval: {figures['no_interval']})"
    )


def test_the_cheapest_variant_is_answered_before_another_is_trained(reproduced: Project) -> None:
    log = (reproduced.home / "first.log").read_text()
    order = re.findall(r"^Running stage '((?:train|evaluate)@\w+)'|^(\w+): [\d.]+\s% of ", log, re.M)
    order = [stage or f"answer of {name}" for stage, name in order]
    assert order[:3] == ["train@frozen", "evaluate@frozen", "answer of frozen"]
    for name in VARIANTS:
        start = order.index(f"train@{name}")
        assert order[start : start + 3] == [f"train@{name}", f"evaluate@{name}", f"answer of {name}"]
    lines = log.splitlines()
    for name in VARIANTS:
        (line,) = (line for line in lines if line.startswith(answer_of(reproduced, name)))
        assert re.search(r"; .*the report may take about \d+ more minutes?$", line)
    assert log.index("'compare'") > log.rindex("may take about")
    assert reproduced.changed() == set()


def test_where_all_is_up_to_date_the_answers_come_at_once(reproduced: Project) -> None:
    said = reproduced.python("-m", "stages.answers")
    assert "Running stage" not in said
    assert "may take" not in said
    positions = [said.index(answer_of(reproduced, name)) for name in VARIANTS]
    assert min(positions) == said.index("frozen: ")


def test_what_only_the_page_needs_trains_nothing_and_is_run(reproduced: Project) -> None:
    with reproduced.edited("params.yaml") as values, reproduced.edited("dvc.lock"):
        values["report"]["num_samples"] = 3
        reproduced.write_params(values)
        said = reproduced.python("-m", "stages.answers", TENSHOTS_UNTRACKED="1")  # no run is asked for
    reproduced.ask("checkout")
    assert set(re.findall(r"Running stage '([^']+)'", said)) == {"check", "compare", "describe"}
    assert all(answer_of(reproduced, name) in said for name in VARIANTS)
    assert said.rindex("; the report may take about 1 more minute") < said.index("'compare'")


def test_a_stage_that_fails_ends_it_with_the_status_of_dvc(reproduced: Project) -> None:
    train = Path("stages/train.py")
    text = (
        (reproduced.folder / train)
        .read_text()
        .replace("import argparse", "raise SystemExit(3)\nimport argparse", 1)  # before seconds of imports
    )
    with reproduced.edited(str(train), text), reproduced.edited("dvc.lock"):
        status, out, error = reproduced.dvc_at_once("repro")
        answer = subprocess.run(
            [".venv/bin/python", "-m", "stages.answers"],
            cwd=reproduced.folder,
            env=reproduced.environment,
            capture_output=True,
            check=False,
        )
    reproduced.ask("checkout")
    assert status > 0
    assert "failed to reproduce 'train@" in out + error
    assert answer.returncode == status
    assert reproduced.changed() == set()
