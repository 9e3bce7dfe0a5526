"""In which order the variants are trained, what each waits for, and how much there is to compute."""

from __future__ import annotations

import ast
import copy
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from ruamel.yaml import YAML

from tenshots import params
from tenshots.outlook import work
from tenshots.outlook.work import START, Sizes

TOP = Path(__file__).parents[3]
SHIPPED = params.read(TOP / "params.yaml")
STAGES: dict[str, Any] = YAML(typ="safe").load(TOP / "dvc.yaml")["stages"]
VARIANTS = {
    "slow": {"data": "database", "network": "lecture"},
    "copies": {"data": "augmented", "network": "pretrained", "recipe": "linear_svm"},
    "tuned": {"data": "augmented", "network": "pretrained"},
    "frozen": {"data": "database", "network": "pretrained", "recipe": "logistic_regression"},
    "short": {"data": "augmented", "network": "lecture", "epochs": 2},
    "fresh": {"data": "on_the_fly", "network": "lecture"},
}
VALUES = {**SHIPPED, "epochs": 10, "repeats": 3, "batch_size": 16, "variants": VARIANTS}
EFFORTS = {"lecture": {"whole": 10**9, "tuned": 10**9}, "pretrained": {"whole": 10**9, "tuned": 10**8}}
SIZES = Sizes(photos=100, folds=4, originals=400, workers=2)


def changed(**sections: Any) -> dict[str, Any]:  # noqa: ANN401 (settings)
    return {**copy.deepcopy(VALUES), **sections}


def test_linear_recipes_come_first_then_what_computes_least() -> None:
    assert work.in_order(VALUES, EFFORTS) == ["frozen", "copies", "tuned", "short", "slow", "fresh"]


def test_without_efforts_the_linear_ones_are_still_first_and_no_other_is_known() -> None:
    order = work.in_order(VALUES, {})
    assert order[:2] == ["frozen", "copies"]
    assert set(order) == set(VARIANTS)
    assert {name for name in order if work.is_known(VALUES, name, {})} == {"frozen", "copies"}


def upstream(stage: str) -> set[str]:
    """The stages that one of dvc.yaml waits for, with itself, in the names that DVC gives them."""
    bodies = {}
    for name, body in STAGES.items():
        for key in VALUES[body["foreach"].strip("${}")] if "foreach" in body else [""]:
            item = VALUES["variants"].get(key, {})
            text = str(body.get("do", body)).replace("${key}", key)
            for field in ("data", "network"):
                text = text.replace(f"${{item.{field}}}", item.get(field, ""))
            text = text.replace("${inspect.network}", "pretrained")
            bodies[f"{name}@{key}" if key else name] = ast.literal_eval(text)

    def paths(outs: list[Any]) -> set[str]:
        return {out if isinstance(out, str) else next(iter(out)) for out in outs}

    makers = {path: name for name, body in bodies.items() for path in paths(body["outs"])}
    found, todo = set(), [stage]
    while todo:
        name = todo.pop()
        found.add(name)
        needed = [
            maker
            for path, maker in makers.items()
            for dep in bodies[name]["deps"]
            if dep == path or dep.startswith(f"{path}/") or path.startswith(f"{dep}/")
        ]
        todo += [each for each in needed if each not in found]
    return found


@pytest.mark.parametrize("name", sorted(VARIANTS))
def test_a_variant_waits_for_the_stages_before_its_evaluation_and_no_other(name: str) -> None:
    everything = {f"{stage}@{each}" for stage in ("train", "evaluate", "study") for each in VARIANTS}
    everything |= {f"{stage}@{each}" for stage in ("features", "features_of_copies") for each in EFFORTS}
    everything |= {stage for stage, body in STAGES.items() if "foreach" not in body}
    assert work.concerned(VALUES, name, everything) == upstream(f"evaluate@{name}")


def test_what_is_up_to_date_is_no_work() -> None:
    names = work.in_order(VALUES, EFFORTS)
    found = work.of_variants(VALUES, names, {"train@slow", "compare", "visualise"}, EFFORTS, SIZES)
    assert {name for name, each in found.items() if each} == {"slow"}


def test_a_changed_augmentation_is_work_for_every_variant_that_learns_from_copies() -> None:
    # DVC names the stage that changed, and not those that will have to follow.
    found = work.of_variants(VALUES, ["tuned", "copies"], {"augment"}, EFFORTS, SIZES)
    trained = work.of_variants(VALUES, ["copies"], {"train@copies"}, EFFORTS, SIZES)
    assert found["copies"] == trained["copies"] > 0


def test_copies_are_made_once_for_all_who_wait_for_them() -> None:
    stale = {"augment", "features_of_copies@pretrained", "train@tuned", "train@copies"}
    first = work.of_variants(VALUES, ["copies", "tuned"], stale, EFFORTS, SIZES)
    alone = work.of_variants(VALUES, ["tuned"], stale, EFFORTS, SIZES)
    after = work.of_variants(VALUES, ["tuned"], {"train@tuned"}, EFFORTS, SIZES)
    assert first["tuned"] == after["tuned"] < alone["tuned"]


def test_training_is_counted_in_rounds_of_as_many_as_run_at_once() -> None:
    def training(sizes: Sizes, values: dict[str, Any] = VALUES) -> float:
        return work.of_variants(values, ["slow"], {"train@slow"}, EFFORTS, sizes)["slow"] - START

    whole = training(SIZES)
    # 12 trainings in 6 rounds, of 10 epochs of 100 images: three times the multiplications; 7 updates each
    assert whole == 6 * 10 * (3 * 100 * 10**9 + 7 * work.UPDATE)
    assert training(SIZES, changed(epochs=20)) == 2 * whole
    assert training(SIZES, changed(repeats=6)) == 2 * whole
    assert training(SIZES._replace(workers=8)) == whole / 3
    assert training(SIZES._replace(workers=99)) == whole / 6


def test_a_study_takes_as_long_as_the_training_for_each_axis_and_share() -> None:
    studied = changed(study={"shares": [0.1, 0.5], "leaking": True, "variants": ["slow"]})
    off = {"shares": [], "leaking": False, "variants": "all"}
    less = work.of_the_rest(changed(study=off), ["slow", "tuned"], EFFORTS, SIZES)
    more = work.of_the_rest(studied, ["slow", "tuned"], EFFORTS, SIZES)
    training = work.of_variants(VALUES, ["slow"], {"train@slow"}, EFFORTS, SIZES)["slow"] - START
    assert more - less == 5 * training  # people and photos at each share, and the split
    assert work.of_the_rest(studied, [], EFFORTS, SIZES) == START


def test_a_study_of_a_linear_recipe_is_short_and_by_default() -> None:
    off = changed(study={"shares": [], "leaking": False, "variants": "linear"})
    more = work.of_the_rest(VALUES, ["slow", "frozen"], EFFORTS, SIZES)
    less = work.of_the_rest(off, ["slow", "frozen"], EFFORTS, SIZES)
    training = work.of_variants(VALUES, ["slow"], {"train@slow"}, EFFORTS, SIZES)["slow"] - START
    assert 0 < more - less < training / 4


def test_the_sizes_are_those_of_the_split() -> None:
    rows = [(name, fold, "test" if fold == int(name) else "train") for name in "0123" for fold in range(4)]
    splits = pd.DataFrame(rows, columns=["photo_id", "fold", "part"])
    assert work.sizes(splits, num_workers=3) == Sizes(photos=4, folds=4, originals=12, workers=3)
