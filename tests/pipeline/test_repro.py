"""The real `dvc repro`, twice; and which edits run what again."""

from __future__ import annotations

import json
import re

import pytest

from tests.drawn.pipeline import SMALL, Project, ran

pytestmark = pytest.mark.slow

STAGES = ("train", "evaluate", "study")
VARIANTS = ("baseline", "augmented", "frozen", "fine_tuned")
NETWORKS = ("lecture", "pretrained")
ALL = {f"{stage}@{name}" for stage in STAGES for name in VARIANTS}
ALL |= {f"{stage}@{name}" for stage in ("features", "features_of_copies") for name in NETWORKS}
ALL |= {"check", "rehearse", "ingest", "split", "inspect", "augment", "on_the_fly"} | {
    *("visualise", "compare", "describe")
}


PAGE = {"compare"}  # it shows the hash of the code
READ_ALL = {"check", "compare"}  # all settings: any change runs them again


def trainings(*variants: str) -> set[str]:
    """The stages that train these variants: also a study may."""
    return {f"{stage}@{variant}" for stage in ("train", "study") for variant in variants}


def studies(*variants: str) -> set[str]:
    return {f"study@{variant}" for variant in variants}


def test_the_first_run_runs_every_stage_and_leaves_the_report(reproduced: Project) -> None:
    assert ran((reproduced.home / "first.log").read_text()) == ALL
    assert (reproduced.folder / "reports" / "index.html").stat().st_size > 1000
    comparison = (reproduced.folder / "reports" / "comparison.json").read_text()
    assert all(variant in comparison for variant in VARIANTS)
    outputs = set(reproduced.run("git", "status", "--short", "--ignored", "data").split()) - {"!!"}
    assert outputs == {
        f"data/{name}"
        for name in (
            *(
                "augmented/",
                "checked/",
                "database/",
                "evaluations/",
                "features/",
                "inspection/",
                "manifest.csv",
                "models/",
                "on_the_fly/",
            ),
            *("raw/", "splits/", "study/", "visualisations/"),
        )
    }
    assert (reproduced.folder / "data" / "croissant.json").stat().st_size > 1000
    cards = [(reproduced.folder / "reports" / f"{name}_card.md").read_text() for name in ("model", "data")]
    assert all("TO BE FILLED IN" in card for card in cards)


def test_dvc_draws_curves_confusion_and_reliability_of_each_variant(reproduced: Project) -> None:
    reproduced.dvc("plots", "show", "--out", str(reproduced.home / "plots"))
    text = (reproduced.home / "plots" / "index.html").read_text()
    for variant in VARIANTS:
        for kind in ("Learning curves", "Confusion", "Reliability"):
            assert f"{kind} of {variant}" in text
    assert "<DVC_METRIC" not in text


def test_the_second_run_does_nothing(reproduced: Project) -> None:
    log = reproduced.dvc("repro")
    assert ran(log) == set()
    assert "Data and pipelines are up to date." in log


def test_no_output_names_this_machine(reproduced: Project) -> None:
    texts = [
        path
        for folder in ("data", "reports")
        for path in (reproduced.folder / folder).rglob("*")
        if path.suffix in {".csv", ".json", ".md", ".html"}
    ]
    assert len(texts) > 10
    assert not [path for path in texts if str(reproduced.folder) in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("key", ["lr", "batch_size", "epochs"])
def test_a_setting_of_training_trains_every_variant(key: str, reproduced: Project) -> None:
    value = reproduced.params()[key]
    rehearsed = {"rehearse"} if key == "batch_size" else set()
    assert reproduced.changed_by(**{key: value * 2}) == trainings(*VARIANTS) | rehearsed | READ_ALL


def test_a_setting_of_optimisation_trains_every_variant(reproduced: Project) -> None:
    optimisation = {**reproduced.params()["optimisation"], "warmup": 0.2}
    assert reproduced.changed_by(optimisation=optimisation) == trainings(*VARIANTS) | READ_ALL


@pytest.mark.parametrize(
    ("network", "variants"),
    [("lecture", ("baseline", "augmented")), ("pretrained", ("frozen", "fine_tuned"))],
)
def test_a_network_trains_the_variants_that_use_it(
    network: str, variants: tuple[str, ...], reproduced: Project
) -> None:
    networks = reproduced.params()["networks"]
    networks[network]["dropout"] = 0.5
    inspected = {"rehearse", "inspect"} if network == "pretrained" else {"rehearse"}
    assert reproduced.changed_by(networks=networks) == trainings(*variants) | inspected | READ_ALL


def test_how_a_network_is_fine_tuned_computes_no_feature_again(reproduced: Project) -> None:
    networks = reproduced.params()["networks"]
    networks["pretrained"] |= {"unfreeze": 0.25, "fine_tune_lr_factor": 0.7, "dropout": 0.5}
    with reproduced.edited("params.yaml") as values, reproduced.edited("dvc.lock"):
        reproduced.write_params({**values, "networks": networks})
        assert ran(reproduced.ask("repro", "features")) == {"check", "rehearse"}
    reproduced.ask("checkout")
    assert reproduced.changed() == set()


def test_features_that_nobody_wants_are_none(reproduced: Project) -> None:
    features = reproduced.folder / "data" / "features"
    left = {str(path.relative_to(features)) for path in features.rglob("*") if path.is_file()}
    assert left == {
        f"{data}/{name}"
        for data in ("database", "augmented")
        for name in (
            *("pretrained/features.json", "pretrained/features.npy", "pretrained/mirrored.npy"),
            "lecture/features.json",
        )
    } | {f"on_the_fly/{network}/source.json" for network in ("lecture", "pretrained")}


def test_a_variants_own_setting_trains_it_alone(reproduced: Project) -> None:
    variants = reproduced.params()["variants"]
    variants["augmented"]["lr"] = 0.5
    judged = {"rehearse", "visualise"}  # read all variants
    assert reproduced.changed_by(variants=variants) == trainings("augmented") | judged | READ_ALL


def test_the_augmentation_trains_the_variants_that_use_it(reproduced: Project) -> None:
    augment = {**reproduced.params()["augment"], "copies": 2}
    assert (
        reproduced.changed_by(augment=augment)
        == {"rehearse", "augment", "describe"} | studies(*VARIANTS) | READ_ALL
    )
    with reproduced.edited("params.yaml") as values, reproduced.edited("dvc.lock"):
        reproduced.write_params({**values, "augment": augment})
        assert ran(reproduced.ask("repro", "augment")) == {"check", "rehearse", "augment"}
        trained = trainings("augmented", "fine_tuned") | studies("baseline", "frozen")
        copies = {f"features_of_copies@{network}" for network in NETWORKS}
        assert reproduced.changed() == trained | copies | PAGE | {"describe"}
    reproduced.ask("checkout")
    assert reproduced.changed() == set()


def test_a_setting_of_the_report_trains_nothing(reproduced: Project) -> None:
    report = {**reproduced.params()["report"], "num_mistakes": 1}
    assert reproduced.changed_by(report=report) == READ_ALL


def test_a_setting_of_the_pictures_draws_them_again_and_trains_nothing(reproduced: Project) -> None:
    visualise = {**reproduced.params()["visualise"], "num_maps": 1}
    assert reproduced.changed_by(visualise=visualise) == {"visualise"} | READ_ALL


def test_another_backbone_to_inspect_with_trains_nothing(reproduced: Project) -> None:
    networks = reproduced.params()["networks"]
    other = {**networks, "other": {**networks["pretrained"], "dropout": 0.5}}
    assert (
        reproduced.changed_by(networks=other, inspect={"network": "other"})
        == {"rehearse", "inspect", "features@other", "features_of_copies@other"} | READ_ALL
    )


def test_nothing_is_studied_without_shares(reproduced: Project) -> None:
    for variant in VARIANTS:
        folder = reproduced.folder / "data" / "study" / variant
        assert [path.name for path in folder.iterdir()] == ["study.json"]
        found = json.loads((folder / "study.json").read_text())
        assert found["learning_curve"] is found["leaking_split"] is None


def test_a_study_trains_again_beside_the_variants_and_once(reproduced: Project) -> None:
    study = {"shares": [0.5], "leaking": True, "variants": ["baseline"]}
    assert reproduced.changed_by(study=study) == studies(*VARIANTS) | READ_ALL
    with reproduced.edited("params.yaml") as values, reproduced.edited("dvc.lock"):
        reproduced.write_params({**values, "study": study})
        log = reproduced.ask("repro", "study")
        assert ran(log) == {"check"} | studies(*VARIANTS)
        assert re.search(
            r"study baseline: leaking, fold 1, repeat 0 \([12] of 2\)", log
        )  # they end in any order
        folder = reproduced.folder / "data" / "study"
        found = json.loads((folder / "baseline" / "study.json").read_text())
        assert found["learning_curve"]["answer"].startswith("Not measured: each fold learns from only")
        assert found["leaking_split"]["num_test_photos"] == 48
        assert not (folder / "augmented" / "leaking.csv").exists()
        assert ran(reproduced.ask("repro", "study")) == set()
        reproduced.write_params({**values, "study": study, "report": {**values["report"], "num_mistakes": 1}})
        assert reproduced.changed() == READ_ALL
    reproduced.ask("checkout")
    assert reproduced.changed() == set()


def test_a_fifth_variant_is_an_edit_of_the_settings_alone(reproduced: Project) -> None:
    values = reproduced.params()
    networks = {**values["networks"], "wide": {**values["networks"]["lecture"], **SMALL, "dense": 16}}
    variants = {**values["variants"], "wide": {"data": "database", "network": "wide"}}
    changed = reproduced.changed_by(networks=networks, variants=variants)
    stages = (*STAGES, "features", "features_of_copies")
    assert changed == {f"{stage}@wide" for stage in stages} | {"rehearse", "visualise"} | READ_ALL
