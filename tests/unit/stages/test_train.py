"""Truths about the stage `train`: what it leaves behind, and that a second time leaves the same."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from stages import ingest, split, train
from tenshots import params, runtime
from tenshots.errors import DataError, SettingsError
from tenshots.networks import building, forward
from tenshots.tables import database
from tenshots.tables.predictions import probabilities_of
from tenshots.tracking import entries, identity, looks, sessions
from tenshots.training import storing
from tests.drawn import handed_in, tiny_project
from tests.drawn.settings import values
from tests.drawn.tiny_project import LABELS, copy_table, photo_table, png

runtime.configure(threads=1)

project = tiny_project.project  # a fixture

TOP = Path(train.__file__).parents[1]


class Recorder(sessions.Run):
    """Stands for a run: keeps what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[tuple[set[str], int | None]] = []
        self.tags: dict[str, str] = {}

    def metrics(self, values: Mapping[str, float | None], step: int | None = None) -> None:
        """Keeps the names of the numbers and their step."""
        self.steps.append((set(values), step))

    def tag(self, name: str, value: str) -> int:
        """Keeps a tag; a look is counted before there is anything to look at."""
        assert not list(Path("data/models").rglob(".*.part/predictions.csv"))
        self.tags[name] = value
        return 1


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    run = Recorder()

    @contextmanager
    def variant_run(variant: str, *, supersede: bool = False) -> Iterator[Recorder]:
        assert supersede, f"a new training of {variant} takes the place of the old one"
        yield run

    monkeypatch.setattr(sessions, "variant_run", variant_run)
    return run


def outputs(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.mark.usefixtures("recorder")
def test_a_variant_leaves_weights_a_history_and_what_rebuilds_it(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train.main(["fine_tuned"])
    folder = project / "data/models/fine_tuned"
    model = json.loads((folder / "model.json").read_text())
    history = pd.read_csv(folder / "history.csv")

    assert list(outputs(folder)) == [
        "fold-0_repeat-0.weights.h5", "fold-1_repeat-0.weights.h5", "history.csv", "model.json",
        "predictions.csv",
    ]  # fmt: skip
    assert model["labels"] == sorted(LABELS)
    assert (model["variant"], model["data"], model["size_px"]) == ("fine_tuned", "augmented", 32)
    assert model["settings"]["epochs"] == 1
    assert [fit["num_updates"] for fit in model["fits"]] == [2, 2]
    assert [fit["num_images"] for fit in model["fits"]] == [16, 16]
    assert list(history) == [
        "fold", "repeat", "phase", "epoch", "num_updates",
        "lr", "loss", "accuracy", "val_loss", "val_accuracy",
    ]  # fmt: skip
    assert history["phase"].tolist() == ["logistic_regression", "fine_tune"] * 2
    told = capsys.readouterr().err  # in whichever order the two ended
    assert all(f"train fine_tuned: fold {fold}, repeat 0 (" in told for fold in (0, 1))
    assert "(2 of 2), 1 epoch, 2 updates" in told

    settings = building.settings_from(model["network"], at="networks.pretrained")
    network = building.build(settings, size_px=32, num_labels=2)
    network.load_weights(folder / model["fits"][1]["weights"])
    assert network.count_params() == model["num_parameters"]
    answers = database.read_predictions(folder / "predictions.csv")
    assert list(answers)[:5] == ["photo_id", "label", "fold", "repeat", "part"]
    assert answers["part"].tolist() == ["val", "val", "test", "test", "test", "test", "val", "val"]
    assert answers["fold"].tolist() == [0] * 4 + [1] * 4
    photos = photo_table().head(4)  # held out in fold 1
    assert answers["photo_id"].tolist()[4:] == photos["photo_id"].tolist()
    assert answers["label"].tolist()[4:] == photos["label"].tolist()
    shares = forward.predict(network, database.decode(photos["image"]))
    assert np.array_equal(probabilities_of(answers)[4:], shares)  # to the bit, out of two files


@pytest.mark.usefixtures("recorder")
@pytest.mark.parametrize("variant", ["baseline", "fine_tuned"])
def test_however_many_are_trained_at_a_time_the_outputs_are_the_same_to_the_byte(
    project: Path, variant: str
) -> None:
    left = []
    for num_workers in ("1", "4"):  # one after the other, and both beside each other
        train.main([variant, "--workers", num_workers])
        left.append(outputs(project / "data/models" / variant))

    assert len(left[0]) == 5
    assert left[0] == left[1]


def test_epochs_wall_clock_and_the_look_at_the_test_photos_go_to_the_run_and_not_into_an_output(
    project: Path, recorder: Recorder
) -> None:
    train.main(["baseline"])

    curves = {f"fold_0_repeat_0/{name}" for name in entries.CURVES}
    assert [step for names, step in recorder.steps if names == curves] == [0, 1]
    assert {"train_seconds", "train_images_per_second"} in [names for names, _ in recorder.steps]
    answers = database.read_predictions(project / "data/models/baseline/predictions.csv")
    test = answers[answers["part"] == "test"]
    assert recorder.tags == {looks.TEST_SET_TAG: identity.photos_hash(test["photo_id"], test["label"])}
    model = json.loads((project / "data/models/baseline/model.json").read_text())
    assert set(model) | {key for fit in model["fits"] for key in fit} == {
        "variant", "labels", "size_px", "standardise", "network", "network_name", "data", "recipe",
        "settings", "fits", "num_parameters", "fold", "repeat", "seed", "weights", "num_updates",
        "num_images", "kept_epoch",
    }  # fmt: skip


@pytest.mark.usefixtures("recorder")
def test_a_linear_variant_is_trained_once_a_fold_whatever_repeats_says(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded, decode = [], database.decode
    monkeypatch.setattr(database, "decode", lambda images: decoded.append(len(images)) or decode(images))
    values = params.read()
    values["variants"]["frozen"] = {"data": "augmented", "network": "pretrained", "recipe": "linear_svm"}
    YAML().dump({**values, "repeats": 3}, Path("params.yaml"))
    train.main(["frozen"])
    folder = project / "data/models/frozen"
    model = json.loads((folder / "model.json").read_text())
    assert model["recipe"] == "linear_svm"
    assert decoded == [1], "an image shows the size; all else is known of features"
    assert [(fit["fold"], fit["repeat"], fit["num_updates"]) for fit in model["fits"]] == [
        (0, 0, 0),
        (1, 0, 0),
    ]
    assert pd.read_csv(folder / "history.csv")["phase"].tolist() == ["linear_svm"] * 2
    told = capsys.readouterr().err
    assert "train frozen: fold 1, repeat 0 (2 of 2), val_accuracy " in told
    assert "updates" not in told

    # The frozen features that it learnt from are those of the saved network's own backbone.
    settings = building.settings_from(model["network"], at="networks.pretrained")
    network = building.build(settings, size_px=32, num_labels=2)
    network.load_weights(folder / model["fits"][0]["weights"])
    validated = photo_table()[8:10]
    shares = forward.predict(network, database.decode(validated["image"]))
    truths = [model["labels"].index(label) for label in validated["label"]]
    loss = -np.log(shares[np.arange(2), truths]).mean()
    assert loss == pytest.approx(pd.read_csv(folder / "history.csv")["val_loss"][0], abs=1e-4)

    first = outputs(folder)
    YAML().dump({**values, "repeats": 2, "lr": 0.5, "seed": 3, "epochs": 9}, Path("params.yaml"))
    train.main(["frozen", "--workers", "2"])
    changed = {name for name, content in outputs(folder).items() if content != first[name]}
    assert changed == {"model.json"}, "it names the seed, which moves no weight"


@pytest.mark.usefixtures("recorder")
def test_features_of_other_photos_are_an_error(project: Path) -> None:
    path = project / "data/features/augmented/pretrained/features.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "photo_ids": "0" * 64}))
    with pytest.raises(DataError, match=r"features\.json is of other photos; run `dvc repro`"):
        train.main(["fine_tuned"])


@pytest.mark.usefixtures("recorder")
def test_a_second_time_leaves_the_same_bytes_and_nothing_of_the_first(project: Path) -> None:
    folder = project / "data/models/baseline"
    train.main(["baseline"])
    first = outputs(folder)
    (folder / "fold-7_repeat-0.weights.h5").write_bytes(b"of an experiment with more folds")
    shutil.rmtree(project / "data/augmented")  # which this variant never reads
    train.main(["baseline"])

    assert outputs(folder) == first


@pytest.mark.usefixtures("recorder")
def test_photos_and_copies_of_differing_sizes_are_an_error(project: Path) -> None:
    larger = copy_table(photo_table()).assign(image=png(0, bright=True, size_px=48))
    database.write_copies(larger, project / "data/augmented", num_shards=1)

    with pytest.raises(DataError, match="one size"):
        train.main(["fine_tuned"])


@pytest.mark.usefixtures("project")
def test_an_unknown_variant_is_an_error_that_names_the_nearest() -> None:
    with pytest.raises(SettingsError, match="did you mean 'fine_tuned'"):
        train.main(["finetuned"])


@pytest.mark.usefixtures("recorder")
@pytest.mark.parametrize("shortage", ["a full disk", "a limit of the shell"])
def test_no_room_for_weights_ends_all_trainings_with_one_line_and_the_next_run_goes_on(
    project: Path, shortage: str, small_disk: Callable[[Path, str], None]
) -> None:
    """The real stage, two trainings at a time; a thread that waits for ever would keep the process."""
    models = project / "data/models"
    models.mkdir()
    limit = ""
    if shortage == "a full disk":
        small_disk(models, "8k")
        said = "the disk is full, at data/models/.baseline.part/"
    else:
        limit = "ulimit -f 4; "  # in blocks of 512 or 1024 bytes
        said = "the disk, or this shell's limit, does not allow a file this large, at "
        said += "data/models/.baseline.part/"

    # As a process of its own it judges all settings.
    YAML().dump({**params.read(TOP / "params.yaml"), **params.read()}, Path("params.yaml"))

    command = f'{limit}exec "{sys.executable}" -m stages.train baseline --workers 2'
    environment = {**os.environ, "PYTHONPATH": str(TOP), "TF_CPP_MIN_LOG_LEVEL": "3"}
    environment["MLFLOW_TRACKING_URI"] = "http://127.0.0.1:9"  # a training needs no store
    done = subprocess.run(
        ["sh", "-c", command], env=environment, capture_output=True, text=True, timeout=180, check=False
    )
    assert done.returncode == 1, done.stderr
    assert done.stderr.splitlines()[-1].startswith(f"error: {said}")
    assert "Traceback" not in done.stderr
    assert not (models / "baseline/model.json").exists()
    assert not list(models.rglob("*.part"))

    if not limit:
        subprocess.run(["mount", "-o", "remount,size=9m", str(models)], check=True)
    train.main(["baseline"])  # not a process of its own, which would cost as much again
    assert len(outputs(models / "baseline")) == 5


@pytest.mark.usefixtures("project", "recorder")
def test_any_error_while_weights_are_saved_ends_the_trainings_beside_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(building, "weights", fail)
    before = threading.enumerate()
    with pytest.raises(ZeroDivisionError) as caught:
        train.main(["baseline", "--workers", "2"])
    assert caught.traceback  # holds the frames, and with them the trainings
    assert set(threading.enumerate()) <= set(before)  # earlier ones may end meanwhile


@pytest.fixture
def within_dvc(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """DVC runs the stage, so what is finished is kept; returns where."""
    (project / ".dvc").mkdir()
    monkeypatch.delenv("DVC_ROOT", raising=False)
    monkeypatch.setenv("DVC_STAGE", "train@fine_tuned")
    return project / ".dvc/tmp/tenshots/unfinished"


def stop_after_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the stage `train` stop as its second training would be saved, as if it were killed there."""
    save, num_saved = storing.save, [0]

    def stopped(*arguments: Any, **options: Any) -> storing.Saved:  # noqa: ANN401 (whatever save takes)
        num_saved[0] += 1
        if num_saved[0] == 2:
            raise KeyboardInterrupt
        return save(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(storing, "save", stopped)
        with pytest.raises(KeyboardInterrupt):
            train.main(["fine_tuned", "--workers", "1"])


def trained_again(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Runs the stage; returns the names of the jobs that it trained."""
    save, names = storing.save, []

    def noted(network: Any, outcome: Any, **options: Any) -> storing.Saved:  # noqa: ANN401 (as save)
        names.append(outcome.job.name)
        return save(network, outcome, **options)

    with monkeypatch.context() as patch:
        patch.setattr(storing, "save", noted)
        train.main(["fine_tuned", "--workers", "1"])
    return names


def test_a_stage_that_was_stopped_resumes_to_the_same_bytes(
    project: Path,
    within_dvc: Path,
    recorder: Recorder,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    models = project / "data/models"
    assert trained_again(monkeypatch) == ["fold-0_repeat-0", "fold-1_repeat-0"]
    undisturbed = outputs(models / "fine_tuned")
    shutil.rmtree(models / "fine_tuned")
    shutil.rmtree(within_dvc)

    stop_after_one(monkeypatch)
    assert list(models.iterdir()) == []  # nothing half-written is visible
    capsys.readouterr()
    assert trained_again(monkeypatch) == ["fold-1_repeat-0"]
    assert outputs(models / "fine_tuned") == undisturbed
    told = capsys.readouterr().err
    assert "train fine_tuned: 1 of 2 trainings were done before it was stopped; 1 left" in told
    assert "fold 1, repeat 0 (2 of 2), 1 epoch, " in told

    # Killed once more, after the last training: nothing is trained, and no speed is told of nothing.
    recorder.steps.clear()
    shutil.rmtree(models / "fine_tuned")  # as DVC does
    assert trained_again(monkeypatch) == []
    assert outputs(models / "fine_tuned") == undisturbed
    assert not any("train_seconds" in names for names, _ in recorder.steps)


def another_seed() -> None:
    YAML().dump({**params.read(), "seed": 8}, Path("params.yaml"))


def another_photo() -> None:
    photos = database.read_photos(Path("data/augmented"))
    photos.loc[0, "image"] = png(99, bright=False)
    database.write_photos(photos, Path("data/augmented"), num_shards=1)


def another_split() -> None:
    path = Path("data/splits/splits.csv")
    splits = database.read_splits(path)
    splits["component"] = "one"
    database.write_splits(splits, path)


@pytest.mark.usefixtures("project", "recorder")
@pytest.mark.parametrize("change", [another_seed, another_photo, another_split])
def test_what_was_trained_otherwise_is_trained_again(
    change: Callable[[], None], within_dvc: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_after_one(monkeypatch)
    assert len(list(within_dvc.glob("*/fold-0_repeat-0"))) == 1
    change()
    assert trained_again(monkeypatch) == ["fold-0_repeat-0", "fold-1_repeat-0"]


@pytest.mark.usefixtures("project", "recorder")
def test_a_training_that_was_cut_is_trained_again(within_dvc: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stop_after_one(monkeypatch)
    piece = next(within_dvc.glob("*/fold-0_repeat-0"))
    piece.write_bytes(piece.read_bytes()[:-1])
    assert trained_again(monkeypatch) == ["fold-0_repeat-0", "fold-1_repeat-0"]


@pytest.mark.usefixtures("recorder")
def test_a_photo_without_a_label_moves_the_networks_of_those_folds_alone_that_may_see_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each person has one, which lies behind the photos with labels and their copies."""
    handed_in.make_project(tmp_path)
    monkeypatch.chdir(tmp_path)
    raw = tmp_path / "data/raw"
    handed_in.draw(raw, *[f"p{person}/wild/1.png" for person in range(6)])
    prepared = {"data": "augmented", "network": "dense", "pretraining": {"noise": 0.25, "epochs": 2}}
    prepared["pretraining"] |= {"unlabelled": True, "lr": 0.01}  # type: ignore[operator]
    given = YAML().load(handed_in.PARAMS) | values(prepared=prepared)
    # Adam's first update tells signs alone; and an epoch is as long as without copies, so that in two of them
    # each photo has its turn.
    given |= {"epochs": 1, "repeats": 1, "batch_size": 4}
    given["accept"]["unlabelled"] = "wild"
    given["networks"]["dense"] = {"family": "dense", "input_px": 8, "channels": 1, "units": [8], "dropout": 0}
    YAML().dump(given, Path("params.yaml"))

    def learnt() -> tuple[list[bytes], dict[str, bytes]]:
        ingest.main(["--workers", "1"])
        split.main([])
        shutil.rmtree("data/augmented", ignore_errors=True)
        shutil.copytree("data/database", "data/augmented")
        photos = database.read_photos(Path("data/database"))
        database.write_copies(copy_table(photos), Path("data/augmented"), num_shards=1)
        train.main(["prepared", "--workers", "1"])
        shards = [*Path("data/database").glob("*.parquet"), Path("data/splits/splits.csv")]
        networks = sorted(Path("data/models/prepared").glob("*.weights.h5"))
        return [path.read_bytes() for path in networks], {path.name: path.read_bytes() for path in shards}

    before, labelled = learnt()
    splits = database.read_splits(Path("data/splits/splits.csv"))
    groups = database.read_photos(Path("data/database"), ["photo_id", "group"])
    of_person = splits.merge(groups, on="photo_id").pivot_table("part", "group", "fold", aggfunc="first")
    in_train = of_person == "train"
    person = next(each for each, in_fold in in_train.iterrows() if 0 < in_fold.sum() < 3)
    (raw / f"{person}/wild/1.png").write_bytes(handed_in.drawn("another"))
    after, as_before = learnt()

    assert as_before == labelled
    assert [one != other for one, other in zip(before, after, strict=True)] == in_train.loc[person].tolist()
