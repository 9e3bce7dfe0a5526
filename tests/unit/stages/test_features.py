"""The stages that compute frozen features, and who asks for which."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ruamel.yaml import YAML

from stages import features, features_of_copies
from tenshots import params, runtime
from tenshots.checks.wanted import wanted
from tenshots.errors import DataError
from tenshots.tables import features as stored
from tests.drawn import reused, tiny_project

runtime.configure(threads=1)

TOP = Path(features.__file__).parents[1]
project = tiny_project.project  # a fixture


def asked(**variants: dict[str, Any]) -> dict[str, list[str]]:
    """For which data sets which network's features are wanted."""
    values = params.read(TOP / "params.yaml")
    values["networks"]["other"] = values["networks"]["pretrained"]
    found = wanted({**values, "variants": variants})
    return {
        name: [
            data + " and its copies" * each.copies
            for (data, of), each in found.items()
            if of == name and each is not None
        ]
        for name in values["networks"]
    }


def test_features_are_wanted_by_variants_on_them_and_by_the_judging_of_labels() -> None:
    on_pixels = {"data": "augmented", "network": "lecture"}
    nobody: list[str] = []
    assert asked(a=on_pixels) == {"lecture": nobody, "pretrained": ["database"], "other": nobody}
    assert asked(a={"data": "database", "network": "other"})["other"] == ["database"]
    tuned = {"data": "augmented", "network": "other", "recipe": "fine_tune"}
    assert asked(a=on_pixels, b=tuned)["other"] == ["database", "augmented"], "its head learns from photos"
    for recipe in ("logistic_regression", "linear_svm"):
        variant = {**tuned, "recipe": recipe}
        for variants in ({"b": variant}, {"b": tuned, "c": variant}):
            assert asked(a=on_pixels, **variants)["other"] == ["database", "augmented and its copies"]


def ask(folder: Path, name: str, *data: str, copies: bool = True) -> None:
    """Writes what `check` would, where a network's features are wanted for these data sets."""
    values = params.read()
    values["inspect"] = {"network": "pretrained"}
    of_photos = wanted(values)["database", name]
    for each in ("database", "augmented"):
        path = folder / f"data/checked/features/{each}/{name}.json"
        asked = of_photos and of_photos._replace(copies=copies and each == "augmented")
        stored.write_wanted(asked if each in data else None, path)


def left(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_both_stages_leave_the_features_that_were_asked_for_whatever_the_workers(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(project, "pretrained", "database", "augmented")
    of_photos, of_copies = (
        project / f"data/features/{data}/pretrained" for data in ("database", "augmented")
    )
    outputs = []
    for workers in ("1", "3"):
        monkeypatch.setenv("TENSHOTS_WORKERS", workers)
        features.main(["pretrained"])
        features_of_copies.main(["pretrained"])
        outputs.append((left(of_photos), left(of_copies)))
    assert outputs[0] == outputs[1]
    for names in outputs[0]:
        assert set(names) == {"features.json", "features.npy", "mirrored.npy"}

    rows, both = np.load(of_photos / "features.npy"), np.load(of_copies / "features.npy")
    assert rows.shape == (12, 4)
    assert np.array_equal(both, np.concatenate([rows, rows])), "a copy equals its photo here"
    mirrored = np.load(of_photos / "mirrored.npy")
    assert not np.array_equal(mirrored, rows)
    assert outputs[0][0]["mirrored.npy"] == outputs[0][1]["mirrored.npy"], "photos have mirror images alone"


def test_rows_of_photos_are_taken_over_and_not_computed_again(project: Path) -> None:
    ask(project, "pretrained", "database", "augmented")
    features.main(["pretrained"])
    path = project / "data/features/database/pretrained/features.npy"
    rows = np.load(path)
    np.save(path, rows + np.float32(1))
    features_of_copies.main(["pretrained"])
    both = np.load(project / "data/features/augmented/pretrained/features.npy")
    assert np.array_equal(both[:12], rows + np.float32(1))
    assert np.array_equal(both[12:], rows)


def test_where_nobody_learns_from_features_of_copies_those_of_photos_are_passed_on(project: Path) -> None:
    ask(project, "pretrained", "database", "augmented", copies=False)
    features.main(["pretrained"])
    code = (
        "import sys; from stages import features_of_copies; features_of_copies.main(['pretrained']);"
        "sys.exit(bool({'keras', 'tensorflow'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": str(TOP)}, check=True, cwd=project)
    of_photos, of_copies = (
        left(project / f"data/features/{data}/pretrained") for data in ("database", "augmented")
    )
    assert of_copies == of_photos


def test_where_nothing_is_wanted_no_backend_is_imported(project: Path) -> None:
    ask(project, "lecture")
    for stage, data in (("features", "database"), ("features_of_copies", "augmented")):
        code = (
            f"import sys; from stages import {stage}; {stage}.main(['lecture']);"
            "sys.exit(bool({'keras', 'tensorflow'} & set(sys.modules)))"
        )
        subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": str(TOP)}, check=True, cwd=project)
        folder = project / f"data/features/{data}/lecture"
        assert {name: json.loads(text) for name, text in left(folder).items()} == {
            "features.json": {"wanted": False}
        }


@pytest.mark.parametrize("stage", [features, features_of_copies])
def test_settings_that_changed_since_check_are_an_error(project: Path, stage: Any) -> None:  # noqa: ANN401 (a module)
    ask(project, "pretrained", "database", "augmented")
    values = params.read()
    values["networks"]["pretrained"]["input_px"] = 48
    YAML().dump(values, Path("params.yaml"))
    message = r"features/\w+/pretrained\.json is not of pretrained in params\.yaml; run `dvc repro`"
    with pytest.raises(DataError, match=message):
        stage.main(["pretrained"])


@pytest.mark.usefixtures("project")
def test_without_check_the_remedy_is_told() -> None:
    with pytest.raises(DataError, match=r"pretrained\.json is missing; run `dvc repro`"):
        features.main(["pretrained"])


@pytest.mark.parametrize("labels", [["mug", "book, thick"], ["mug", "plate"]])
def test_a_network_that_had_learnt_a_label_of_the_photos_is_warned_of(
    labels: list[str], project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = reused.left(project / "backbones/before", labels=labels)[1]
    values = params.read()
    values["networks"]["pretrained"] = reused.again(weights)
    YAML().dump(values, Path("params.yaml"))
    ask(project, "pretrained", "database")
    features.main(["pretrained"])
    said = capsys.readouterr().out
    warned = (
        "features: warning: networks.pretrained begins with a network that had learnt the label book, thick "
    )
    assert said.startswith(warned) is ("book, thick" in labels)
    assert said.endswith("features of pretrained: 4 of each of 12 photos\n")
    assert said.count("\n") == 1 + ("book, thick" in labels)
