"""MLflow's pages as a person sees them: runs in a table and in charts, one run, its files, and the model."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from stages import compare, recording
from tenshots import params
from tenshots.tracking import entries, sessions
from tenshots.tracking.project import name as project_name
from tests.drawn import results as drawn_results
from tests.drawn.pipeline import TOP

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow

PATIENCE_MS = 180_000  # beside other tests, a page of MLflow may take a minute
VARIANTS = ("baseline", "augmented", "fine_tuned")
HISTORY = pd.DataFrame(
    [
        {
            "fold": fold,
            "repeat": 0,
            "epoch": epoch,
            "loss": 1 / (epoch + 1),
            "accuracy": epoch / 5,
            "val_loss": 1 / (epoch + 1) + 0.1 * fold,
            "val_accuracy": epoch / 6,
        }
        for fold in range(2)
        for epoch in range(5)
    ]
)


@pytest.fixture(scope="module")
def address(empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the table of runs of a compared experiment with three variants."""
    folder = tmp_path_factory.mktemp("ui")
    drawn_results.project(folder, num_groups=6, num_each=2)
    (folder / "mlruns").mkdir()
    (folder / "mlruns/mlflow.db").write_bytes(empty_database.read_bytes())
    model = folder / "data/models/fine_tuned"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for number, variant in enumerate(VARIANTS):
            with sessions.variant_run(variant) as run:
                entries.log_settings(run, {"variant": variant, "settings": {"lr": 0.1}})
                entries.log_history(run, HISTORY)
                accuracy = 0.625 + number / 8
                entries.log_final(run, {"val_accuracy": accuracy, "test_accuracy": accuracy})
                entries.log_model(run, model)
        compare.main([])
        recording.record(params.read(), variants=VARIANTS, live=True)
        # As a process of its own the command judges all settings.
        (folder / "params.yaml").write_bytes((TOP / "params.yaml").read_bytes())
        command = [sys.executable, "-m", "stages.ui", "--port", "5600"]
        environment = {**os.environ, "PYTHONPATH": str(TOP)}
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            lines = iter(process.stdout.readline, "")
            yield next(found[0] for line in lines if (found := re.search(r"http://\S+/runs\S*", line)))
            process.terminate()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """The table of runs."""
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    page.set_default_timeout(PATIENCE_MS)
    page.goto(address)
    yield page
    page.close()


def test_the_table_names_the_variants_and_a_run_shows_its_metrics(page: Page, tmp_path: Path) -> None:
    for variant in VARIANTS:
        page.get_by_role("link", name=variant).first.wait_for()
    page.get_by_text("0.875").first.wait_for()
    page.screenshot(path=tmp_path / "table.png")
    page.get_by_role("link", name="fine_tuned").first.click()
    page.get_by_text("test_accuracy").first.wait_for()
    page.get_by_text("0.875").first.wait_for()
    page.screenshot(path=tmp_path / "run.png")


def test_the_table_shows_whole_names_and_first_the_figure_to_choose_by(page: Page) -> None:
    name = page.locator(".ag-cell a", has_text="fine_tuned").locator("span").last
    name.wait_for()
    page.locator(".ag-cell.is-ordered-by").first.wait_for()
    assert name.evaluate("element => element.scrollWidth <= element.clientWidth")
    left = {
        column: page.locator(f'.ag-header-cell[col-id="metrics.`{column}`"]').bounding_box()
        for column in ("val_accuracy", "test_accuracy", "num_experiments_on_test_set")
    }
    places = [box["x"] for box in left.values() if box]
    assert len(places) == len(left)
    assert places == sorted(places)


def test_a_run_shows_its_curves(page: Page, tmp_path: Path) -> None:
    page.get_by_role("link", name="fine_tuned").first.click()
    page.get_by_text("test_accuracy").first.wait_for()  # before the run is there, tabs are drawn once more
    page.get_by_role("tab", name="Model metrics").click()
    page.get_by_text("fold_0_repeat_0").first.wait_for()
    # A chart is drawn by plotly: a line through the five epochs.
    page.locator("path.js-line").first.wait_for()
    assert page.locator("path.js-line").count() >= 4
    page.screenshot(path=tmp_path / "curves.png")


def test_runs_are_compared_in_charts(page: Page, address: str, tmp_path: Path) -> None:
    page.goto(f"{address}&compareRunsMode=CHART")
    page.reload()
    page.get_by_text("val_accuracy").first.wait_for()
    page.locator(".js-plotly-plot").first.wait_for()
    page.screenshot(path=tmp_path / "charts.png")


def test_the_report_opens_among_the_files_of_its_experiment(page: Page, tmp_path: Path) -> None:
    page.get_by_role("link", name=re.compile(r"^experiment \w+$")).first.click()
    page.get_by_text("num_experiments_on_test_set").first.wait_for()
    page.get_by_role("tab", name="Artifacts").click()
    for folder in ("figures", "predictions", "test"):
        page.get_by_text(folder, exact=True).first.wait_for()
    page.get_by_text("report", exact=True).first.click()
    page.get_by_text("index.html").first.click()
    page.frame_locator("iframe").locator("h1", has_text="recognised").wait_for()
    page.screenshot(path=tmp_path / "report.png")


def test_the_registered_model_shows_its_champion(page: Page, address: str, tmp_path: Path) -> None:
    page.goto(f"{address.split('#')[0]}#/models/{project_name()}")
    page.get_by_text("champion").last.wait_for()
    page.get_by_role("link", name="Version 1").wait_for()
    page.screenshot(path=tmp_path / "model.png")
