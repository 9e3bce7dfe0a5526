"""No network begins with a file that a stage writes, above all not with one of its own photos' networks."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tenshots import params
from tenshots.checks import outputs, whole
from tenshots.errors import SettingsError
from tests.drawn import reused

TOP = Path(outputs.__file__).parents[2]
SHIPPED = params.read(TOP / "params.yaml")
NAME = "fold-0_repeat-0.weights.h5"


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def begun_with(path: Path | str, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 (whatever stands in the file)
    """The shipped settings with a network that begins with a file."""
    network = reused.again({"path": str(path), "sha256": "0" * 64}, **changes)
    return {**copy.deepcopy(SHIPPED), "networks": {**SHIPPED["networks"], "again": network}}


def test_a_network_of_the_same_photos_is_refused_and_its_copy_elsewhere_is_accepted() -> None:
    message = (
        r"params\.yaml: networks\.again\.backbone\.weights\.path must not lie in data/models, since what "
        r"lies there is deleted when a stage runs again, and each of these networks has learnt from photos "
        rf"that other folds test, got 'data/models/before/{NAME}'; copy the file to a folder of its own, "
        r"such as backbones/before, with its model\.json, and reuse it for other photos alone"
    )
    with pytest.raises(SettingsError, match=rf"^{message}$"):
        whole.check(begun_with(reused.described(Path("data/models/before"))))
    whole.check(begun_with(reused.described(Path("backbones/before"))))


def test_it_is_refused_before_anything_is_read_and_with_an_architecture_too() -> None:
    with pytest.raises(SettingsError, match="must not lie in data/models"):
        whole.check(begun_with(f"data/models/before/{NAME}"))
    backbone = SHIPPED["networks"]["pretrained"]["backbone"]
    weights = {"path": f"data/models/before/{NAME}", "sha256": "0" * 64}
    values = begun_with("", backbone={**backbone, "weights": weights}, input_px=64)
    with pytest.raises(SettingsError, match="must not lie in data/models"):
        whole.check(values)


@pytest.mark.parametrize("folder", [".presets/own-cnn", ".dvc/tmp/exps/tmp1"])
def test_experiments_in_hidden_folders_of_the_project_have_outputs_too(
    folder: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SettingsError, match="must not lie in data/models"):
        whole.check(begun_with(reused.described(Path(folder, "data/models/before"))))
    whole.check(begun_with(reused.described(Path(folder, "backbones/before"))))
    whole.check(begun_with(reused.described(Path(".cache/reports"))))
    Path("dvc.yaml").touch()
    around = reused.described(Path.cwd() / "data/models/before")
    monkeypatch.chdir(folder)
    with pytest.raises(SettingsError, match="must not lie in data/models"):
        whole.check(begun_with(around))
    beside = project.with_name(f"{project.name} beside")
    whole.check(begun_with(reused.described(beside / "data/models/before")))


def test_neither_another_spelling_nor_a_link_leads_there(project: Path) -> None:
    reused.described(Path("data/models/before"))
    Path("backbones").symlink_to("data/models", target_is_directory=True)
    for path in (
        project / "data/models/before" / NAME,
        f"./backbones/../data//models/before/{NAME}",
        f"backbones/before/{NAME}",
    ):
        with pytest.raises(SettingsError, match="must not lie in data/models"):
            whole.check(begun_with(path))


def test_no_output_of_a_stage_is_accepted() -> None:
    text = re.sub(r"\$\{\w+\}", "before", (TOP / "dvc.yaml").read_text(encoding="utf-8"))
    stages = [stage.get("do", stage) for stage in YAML(typ="safe").load(text)["stages"].values()]
    found = {
        next(iter(each)) if isinstance(each, dict) else each
        for stage in stages
        for each in (*stage["outs"], *stage.get("metrics", ()), *stage.get("plots", ()))
    }
    assert {"data/models/before", "data/study/before", "reports/metrics.json"} <= found
    for output in found:
        with pytest.raises(SettingsError, match=r"weights\.path must not lie in .*is deleted when") as caught:
            outputs.check_weights(begun_with(f"{output}/{NAME}")["networks"]["again"], at="networks.again")
        assert ("other folds test" in str(caught.value)) is output.startswith("data/models/")


@pytest.mark.parametrize("network", [None, "again", {}, {"backbone": []}, {"backbone": {"weights": "none"}}])
def test_what_names_no_file_is_left_to_others(network: object) -> None:
    outputs.check_weights(network, at="networks.again")
    for path in (3, "", "a\0b", "a" * 5000, "data/models2/a.h5", "data/raw/a.h5"):
        outputs.check_weights({"backbone": {"weights": {"path": path}}}, at="networks.again")
