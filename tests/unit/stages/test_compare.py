"""The stage that compares variants, on drawn results."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from stages import compare
from tenshots import params
from tenshots.errors import DataError, SettingsError
from tests.drawn import results as drawn_results

TOP = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drawn")
    drawn_results.project(folder, num_groups=8, num_each=2)  # fewer than 7 can claim nothing
    return folder


def test_the_stage_compares_the_variants_of_params(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    compare.main([])
    compared = json.loads((project / "reports/comparison.json").read_text())
    assert list(compared["variants"]) == ["baseline", "augmented", "fine_tuned"]
    assert compared["num_test_photos"] == 48
    assert "fine_tuned is better than baseline" in (project / "reports/comparison.md").read_text()
    assert "fine_tuned is better than baseline" in capsys.readouterr().out
    assert (project / "reports/index.html").read_text().startswith("<!doctype html>")
    metrics = json.loads((project / "reports/metrics.json").read_text())
    assert metrics == {
        name: {"test": figures["test_accuracy"], "val": figures["val_accuracy"]}
        for name, figures in compared["variants"].items()
    }


def test_a_second_time_gives_the_same_bytes(project: Path) -> None:
    names = [f"reports/{name}" for name in ("comparison.json", "comparison.md", "metrics.json", "index.html")]
    compare.main([])
    first = [(project / name).read_bytes() for name in names]
    compare.main([])
    assert [(project / name).read_bytes() for name in names] == first


def test_a_removed_variant_leaves_no_ghost(project: Path) -> None:
    path = project / "params.yaml"
    path.write_text(path.read_text().replace("  augmented: {data: augmented, network: lecture}\n", ""))
    compare.main([])
    assert (project / "data/evaluations/augmented").is_dir()
    assert list(json.loads((project / "reports/comparison.json").read_text())["variants"]) == [
        "baseline",
        "fine_tuned",
    ]
    assert "augmented is" not in (project / "reports/index.html").read_text()


@pytest.mark.parametrize(
    "name",
    [
        "data/evaluations/augmented/predictions.csv",
        "data/evaluations/augmented/details.json",
        "data/evaluations/augmented/curves.csv",
        "data/evaluations/augmented/metrics.json",
    ],
)
def test_a_variant_that_was_not_evaluated_is_an_error_with_the_remedy(project: Path, name: str) -> None:
    (project / name).unlink()
    with pytest.raises(DataError, match=rf"{name} is missing; run `dvc repro evaluate@augmented`"):
        compare.main([])


@pytest.mark.parametrize(
    ("name", "stage"),
    [
        ("data/splits/leakage.json", "split"),
        ("data/inspection/inspection.json", "inspect"),
        ("data/study/augmented/study.json", "study@augmented"),
        ("data/visualisations/augmented/index.json", "visualise"),
        ("data/visualisations/augmented/00-structure.png", "visualise"),
        ("reports/augmentation.png", "augment"),
    ],
)
def test_a_missing_input_is_an_error_with_the_remedy(project: Path, name: str, stage: str) -> None:
    (project / name).unlink()
    command = f"dvc repro {stage}".strip()
    with pytest.raises(DataError, match=rf"{name} is missing; run `{command}`"):
        compare.main([])


@pytest.mark.parametrize("has_learnt", [True, False])
def test_features_are_read_where_the_backbone_has_learnt_and_else_not_wanted(
    project: Path, has_learnt: bool
) -> None:
    name = "data/features/database/pretrained/features.json"
    (project / name).unlink()
    if not has_learnt:
        compare.main([])
        assert json.loads(Path("reports/comparison.json").read_text())["costly"]["has_learnt"] is False
        return
    values = params.read()
    weights = {"path": "backbones/other.weights.h5", "sha256": "0" * 64}
    values["networks"]["pretrained"]["backbone"]["weights"] = weights
    YAML().dump(values, project / "params.yaml")
    with pytest.raises(DataError, match=rf"{name} is missing; run `dvc repro`"):
        compare.main([])


def test_no_variants_are_an_error(project: Path) -> None:
    (project / "params.yaml").write_text(
        "variants: {}\nreport: {num_mistakes: 1, num_samples: 1, pairs: all, margin: 0.05}\n"
    )
    with pytest.raises(SettingsError, match="variants must name at least 1 variant"):
        compare.main([])


def test_comparing_imports_neither_a_backend_nor_mlflow(project: Path) -> None:
    # They take seconds to start, and a report can be made where neither is installed.
    script = (
        "import sys; from stages import compare; compare.main([]); "
        "assert not {'keras', 'tensorflow', 'jax', 'mlflow'} & set(sys.modules), sorted(sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=project,
        env={"PYTHONPATH": str(TOP)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_twelve_groups_make_a_page_below_15_mb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn_results.project(tmp_path)
    monkeypatch.chdir(tmp_path)
    compare.main([])
    assert (tmp_path / "reports/index.html").stat().st_size < 15e6


def test_a_row_without_probabilities_is_an_error_with_file_and_remedy(project: Path) -> None:
    path = project / "data/evaluations/augmented/predictions.csv"
    rows = path.read_text().splitlines()
    *keys, _ = rows[3].split(",")
    path.write_text("\n".join([*rows[:3], ",".join([*keys, "nan"]), *rows[4:], ""]))
    with pytest.raises(DataError, match=r"augmented/predictions.csv: .* run `dvc repro --force evaluate@aug"):
        compare.main([])
