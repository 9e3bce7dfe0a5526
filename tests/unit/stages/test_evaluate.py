"""The stage that evaluates a variant, on networks that were never taught."""

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from stages import evaluate
from tenshots.errors import DataError
from tenshots.networks.settings import settings_from
from tenshots.tables import database
from tests.drawn import model as drawn_model
from tests.drawn import reused

TOP = Path(evaluate.__file__).parents[1]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    drawn_model.project(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_stage_writes_everything_that_is_read_of_a_variant(project: Path) -> None:
    evaluate.main(["baseline"])
    folder = project / "data/evaluations/baseline"
    predictions = database.read_predictions(folder / "predictions.csv")
    assert list(predictions.columns) == ["photo_id", "label", "fold", "repeat", "p_book", "p_cup"]
    assert len(predictions) == 48

    metrics = json.loads((folder / "metrics.json").read_text())
    assert list(metrics) == [
        "val_accuracy",
        "val_log_loss",
        "test_accuracy",
        "test_balanced_accuracy",
        "test_macro_f1",
        "num_updates",
    ]
    details = json.loads((folder / "details.json").read_text())
    assert details["num_test_photos"] == 24
    assert details["num_test_components"] == 4
    assert details["num_updates"] == metrics["num_updates"] == 10.5
    assert sum(map(sum, details["confusion"])) == 48
    assert details["settings"] == {"lr": 0.002}
    assert 0 <= details["calibration"]["ece"] <= 1
    assert 0 <= details["test_brier_loss"] <= 2

    confusion = pd.read_csv(folder / "confusion.csv")
    assert list(confusion.columns) == ["label", "predicted"]
    right = (confusion["label"] == confusion["predicted"]).mean()
    assert right == pytest.approx(metrics["test_accuracy"], abs=1e-6)
    answers = pd.read_csv(folder / "answers.csv")
    assert answers["right"].mean() == pytest.approx(right)
    assert answers["probability"].between(0.5, 1).all()  # of two labels, the likelier one
    curves = pd.read_csv(folder / "curves.csv")
    assert curves["val_accuracy"].tolist() == [0.375, 0.375]
    assert curves["num_fits"].tolist() == [4, 4]

    answers = database.read_predictions(project / "data/models/baseline/predictions.csv")
    test = answers[answers["part"] == "test"].drop(columns="part").reset_index(drop=True)
    assert predictions.equals(test)  # to the bit


def test_labels_that_a_reused_network_had_learnt_before_are_told(project: Path, tmp_path: Path) -> None:
    def told(labels: list[str]) -> object:
        path = reused.described(tmp_path / "-".join(labels), labels=labels)
        network = settings_from(reused.again({"path": str(path), "sha256": "0" * 64}), at="networks.again")
        model = project / "data/models/baseline/model.json"
        written = {
            **json.loads(model.read_text()),
            "network": network.model_dump(mode="json"),
            "recipe": None,
        }
        model.write_text(json.dumps(written))
        evaluate.main(["baseline"])
        details = json.loads((project / "data/evaluations/baseline/details.json").read_text())
        assert details["network_title"].endswith(", begun with what it had learnt before")
        return details.get("labels_known", "nothing")

    assert told(["cat", "cup"]) == ["cup"]
    assert told(["cat", "dog"]) == "nothing"


def test_a_second_time_gives_the_same_bytes(project: Path) -> None:
    def outputs() -> dict[str, bytes]:
        evaluate.main(["baseline"])
        files = [*(project / "data/evaluations").rglob("*")]
        return {file.name: file.read_bytes() for file in files if file.is_file()}

    first = outputs()
    assert len(first) == 6
    assert outputs() == first


@pytest.mark.parametrize(
    ("name", "stage"),
    [("history.csv", " train@baseline"), ("predictions.csv", ""), ("model.json", " train@baseline")],
)
def test_a_variant_of_which_a_file_is_missing_is_an_error(project: Path, name: str, stage: str) -> None:
    (project / "data/models/baseline" / name).unlink()
    message = f"data/models/baseline/{name} is missing; run `dvc repro{stage}`, or `dvc pull` to fetch it"
    with pytest.raises(DataError, match=message):
        evaluate.main(["baseline"])


def test_answers_on_other_photos_are_an_error(project: Path) -> None:
    splits = database.read_splits(project / "data/splits/splits.csv")
    splits["part"] = splits["part"].replace({"test": "val", "val": "test"})
    database.write_splits(splits, project / "data/splits/splits.csv")
    with pytest.raises(DataError, match="predictions of baseline do not agree on fold 0; run `dvc repro`"):
        evaluate.main(["baseline"])
    assert not (project / "data/evaluations").exists()


def test_evaluating_imports_neither_a_backend_nor_mlflow(project: Path) -> None:
    # They take seconds to start, for each variant.
    script = (
        "import sys; from stages import evaluate; evaluate.main(['baseline']); "
        "found = {'keras', 'tensorflow', 'jax', 'mlflow'} & set(sys.modules); assert not found, found"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=project,
        env={"PYTHONPATH": str(TOP)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert (project / "data/evaluations/baseline/metrics.json").is_file()
