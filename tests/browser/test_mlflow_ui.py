"""MLflow's pages as a person sees them: the table of runs, and one run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest

from stages import ui
from tenshots import tracking

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright comes with requirements-dev.txt")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here; `apt install chromium` brings one"),
]
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
PATIENCE_MS = 60_000
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


@pytest.fixture
def address(store: Callable[..., list]) -> Iterator[str]:
    """The address of the table of runs of an experiment with three variants."""
    Path("params.yaml").write_text("lr: 0.1\n")
    for number, variant in enumerate(VARIANTS):
        with tracking.variant_run(variant) as run:
            tracking.log_settings(run, {"variant": variant, "settings": {"lr": 0.1}})
            tracking.log_history(run, HISTORY)
            tracking.log_final(run, {"test_accuracy": 0.625 + number / 8})
    assert len(store()) == 1 + 3
    command = [sys.executable, "-m", "stages.ui", "--port", "5600"]
    environment = {**os.environ, "PYTHONPATH": str(Path(ui.__file__).parents[1])}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        yield next(found[0] for line in lines if (found := re.search(r"http://\S+/runs\S*", line)))
        process.terminate()


def test_the_table_names_the_variants_and_a_run_shows_its_metrics(address: str, tmp_path: Path) -> None:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        page.set_default_timeout(PATIENCE_MS)
        page.goto(address)
        for variant in VARIANTS:
            page.get_by_role("link", name=variant).first.wait_for()
        page.get_by_text("0.875").first.wait_for()
        page.screenshot(path=tmp_path / "table.png")
        page.get_by_role("link", name="fine_tuned").first.click()
        page.get_by_text("test_accuracy").first.wait_for()
        page.get_by_text("0.875").first.wait_for()
        page.screenshot(path=tmp_path / "run.png")
        browser.close()
