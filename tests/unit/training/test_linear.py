"""Truths about the linear recipe: its answers are those of scikit-learn, in the network that is saved."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from tenshots.networks import classifiers, stored
from tenshots.networks.classifiers import Rows
from tenshots.networks.model_json import SavedVariant
from tenshots.networks.settings import LINEAR
from tenshots.training import executor, linear, storing
from tenshots.training.jobs import Job
from tenshots.training.linear import Known
from tenshots.training.storing import Saved
from tests.drawn import fine_tuning
from tests.drawn.fine_tuning import NUM_PHOTOS, known
from tests.drawn.trainings import drawn, job

COMPONENTS = fine_tuning.known(copies=True).components


def solved(
    *jobs: Job, kind: str, folder: Path, given: Known | None = None, labels: np.ndarray | None = None
) -> list[Saved]:
    given = given or known(copies=True)
    begin = linear.trainers(
        partial(fine_tuning.build, fine_tuning.settings()),
        known=given,
        labels=drawn()[1] if labels is None else labels,
        kind=kind,
    )
    return executor.run(begin, jobs, finish=partial(storing.save, folder=folder))


def answers(saved: Saved, folder: Path) -> np.ndarray:
    """What the saved network says of all images, built anew as evaluation does."""
    settings = fine_tuning.settings()
    described: dict[str, Any] = {
        "variant": "frozen", "labels": ["bright", "dark"], "size_px": 32, "standardise": {},
        "network_name": "pretrained", "network": settings.model_dump(mode="json"), "data": "database",
        "recipe": "logistic_regression", "settings": {}, "num_parameters": saved.num_parameters,
        "fits": [storing.entry(saved)],
    }  # fmt: skip
    model = stored.rebuild(SavedVariant.model_validate(described))
    return stored.probabilities(model, folder / saved.weights, drawn()[0])


@pytest.mark.parametrize("copies", [False, True])
@pytest.mark.parametrize("kind", LINEAR)
def test_the_saved_network_answers_as_scikit_learn_does(kind: str, copies: bool, tmp_path: Path) -> None:
    images, labels = drawn()
    given, todo = known(copies=True), job(copies=copies)
    (saved,) = solved(todo, kind=kind, folder=tmp_path)

    photos = todo.train[todo.train < NUM_PHOTOS]
    taught = np.concatenate([todo.train, photos])  # copies as they are alone, photos mirrored as well
    rows = np.concatenate([given.features[todo.train], given.mirrored[photos]]).astype(np.float64)
    are_photos = np.arange(len(rows)) < len(photos)
    assert (todo.train[: len(photos)] == photos).all()
    strength, temperature = classifiers.search(
        Rows(rows, labels[taught], COMPONENTS[taught], are_photos), num_labels=2, kind=kind
    )
    scaler = StandardScaler().fit(rows)
    share = are_photos.mean()
    model = (
        LogisticRegression(C=strength * share, max_iter=1000)
        if kind == "logistic_regression"
        else LinearSVC(C=strength * share, dual=False)
    ).fit(scaler.transform(rows), labels[taught])
    decisions = model.decision_function(scaler.transform(given.features.astype(np.float64))) / temperature
    expected = softmax(np.stack([np.zeros(len(images)), decisions], axis=1), axis=1)
    if kind == "logistic_regression":
        assert temperature == 1
        assert expected == pytest.approx(
            model.predict_proba(scaler.transform(given.features.astype(np.float64))), abs=1e-12
        )
    assert expected.std() > 0.1
    assert np.abs(answers(saved, tmp_path) - expected).max() < 1e-5


@pytest.mark.parametrize("num_copies", [0, 1])
@pytest.mark.parametrize("kind", LINEAR)
def test_mirror_images_like_their_photos_teach_nothing_and_weaken_no_penalty(
    kind: str, num_copies: int, tmp_path: Path
) -> None:
    features, labels, todo = known(copies=True).features[:NUM_PHOTOS], drawn()[1], job()
    given = Known(features[np.arange(len(labels)) % NUM_PHOTOS], features, COMPONENTS)
    photos, copies = todo.train, NUM_PHOTOS + todo.train
    (saved,) = solved(
        todo._replace(train=np.concatenate([photos, copies[: num_copies * len(copies)]])),
        kind=kind,
        folder=tmp_path,
        given=given,
    )
    alone = classifiers.of_photos(features[photos], labels[photos], COMPONENTS[photos])
    found = classifiers.solve(alone, num_labels=2, kind=kind)
    expected = softmax(features @ found.kernel + found.bias, axis=1)
    assert np.abs(answers(saved, tmp_path)[:NUM_PHOTOS] - expected).max() < 1e-4


@pytest.mark.parametrize("kind", LINEAR)
def test_photos_as_they_are_choose_the_strength(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given, todo, asked = known(copies=True), job(copies=True), []
    real = classifiers.Learner.logits

    def logits(learner: classifiers.Learner, rows: np.ndarray) -> np.ndarray:
        asked.extend(rows)
        return real(learner, rows)

    monkeypatch.setattr(classifiers.Learner, "logits", logits)
    classifiers.search(given.rows(todo.train, drawn()[1]), num_labels=2, kind=kind)
    photos = given.features[todo.train[todo.train < NUM_PHOTOS]]
    assert {row.tobytes() for row in asked} == {row.tobytes() for row in photos}


def test_the_backbone_keeps_what_it_has_learnt(tmp_path: Path) -> None:
    network = fine_tuning.build(fine_tuning.settings())
    begin = linear.trainers(
        lambda: network, known=known(copies=True), labels=drawn()[1], kind="logistic_regression"
    )
    before = [each.copy() for each in network.get_weights()]
    executor.run(begin, [job()], finish=partial(storing.save, folder=tmp_path))
    changed = [not np.array_equal(*pair) for pair in zip(before, network.get_weights(), strict=True)]
    assert changed == [False] * (len(before) - 2) + [True, True]


@pytest.mark.parametrize("kind", LINEAR)
def test_photos_that_validate_or_test_are_not_learnt_from(kind: str, tmp_path: Path) -> None:
    given, labels, todo = known(copies=True), drawn()[1], job()
    (first,) = solved(todo, kind=kind, folder=tmp_path)
    weights = (tmp_path / first.weights).read_bytes()
    unseen = np.setdiff1d(np.arange(len(labels)), todo.train)
    spoilt, turned = given.features.copy(), given.mirrored.copy()
    spoilt[unseen], turned[unseen[unseen < NUM_PHOTOS]] = 99, 99
    other = np.where(np.isin(np.arange(len(labels)), unseen), 1 - labels, labels)
    (second,) = solved(
        todo, kind=kind, folder=tmp_path, given=given._replace(features=spoilt, mirrored=turned), labels=other
    )
    assert (tmp_path / second.weights).read_bytes() == weights
    assert second.outcome.history != first.outcome.history


def test_a_history_has_one_row_that_says_how_good_the_answers_are(tmp_path: Path) -> None:
    (saved,) = solved(job(), kind="linear_svm", folder=tmp_path)
    (row,) = saved.outcome.history
    shares = answers(saved, tmp_path)
    labels = drawn()[1]
    for rows, loss, accuracy in [
        (job().train, row.loss, row.accuracy),
        (job().val, row.val_loss, row.val_accuracy),
    ]:
        assert accuracy == (shares[rows].argmax(axis=1) == labels[rows]).mean()
        assert loss == pytest.approx(-np.log(shares[rows, labels[rows]]).mean(), abs=1e-4)
    assert (row.phase, row.epoch, row.num_updates) == ("linear_svm", 0, 0)
    assert storing.entry(saved)["num_images"] == len(job().train)


def test_no_seed_and_no_earlier_job_moves_a_weight(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("one", "other")]
    for folder in folders:
        folder.mkdir()
    (one,) = solved(job(), kind="logistic_regression", folder=folders[0])
    _, other = solved(
        job(1, copies=True), job()._replace(seed=7), kind="logistic_regression", folder=folders[1]
    )
    assert (folders[0] / one.weights).read_bytes() == (folders[1] / other.weights).read_bytes()
