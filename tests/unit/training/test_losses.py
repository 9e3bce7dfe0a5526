"""Truths about the losses: values and gradients, worked out by hand in float64."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tenshots import params
from tenshots.checks import whole
from tenshots.errors import SettingsError
from tenshots.runtime import keras
from tenshots.training import losses, margins, optimisation
from tenshots.training.settings import LOSSES, OptimisationSettings
from tests.drawn.settings import OPTIMISATION

TOP = Path(__file__).parents[3]
LOGITS = np.array([[2.0, 1.5, -1.0], [0.2, 0.1, 0.4], [-1.0, 3.0, 0.5]])
TARGETS = np.eye(3)[[0, 0, 2]]
INPUTS = np.array([[1.0, -0.5], [0.25, 2.0], [-1.5, 0.75]])


def settings(**changes: Any) -> OptimisationSettings:  # noqa: ANN401 (whatever stands in the file)
    given = {**OPTIMISATION, "label_smoothing": 0, **changes}
    return params.check(given, OptimisationSettings, at="optimisation")


def test_the_hinge_loss_is_a_sum_over_the_other_labels() -> None:
    by_hand = [0.5 + 0, 0.9 + 1.2, 0 + 3.5]
    assert losses.hinge(LOGITS, TARGETS) == pytest.approx(np.mean(by_hand))
    assert np.array(losses.Hinge().call(TARGETS, LOGITS)) == pytest.approx(by_hand)


def test_a_shared_target_has_its_share_of_each_labels_hinge_loss() -> None:
    shared = 0.75 * TARGETS + 0.25 * TARGETS[[1, 2, 0]]
    both = 0.75 * losses.hinge(LOGITS[:1], TARGETS[:1]) + 0.25 * losses.hinge(LOGITS[:1], TARGETS[1:2])
    assert losses.hinge(LOGITS[:1], shared[:1]) == pytest.approx(both)


def test_the_focal_loss_weakens_the_cross_entropy_of_what_is_known() -> None:
    shares = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=1, keepdims=True)
    right = shares[[0, 1, 2], [0, 0, 2]]
    assert losses.focal(LOGITS, TARGETS, gamma=1.5, label_smoothing=0) == pytest.approx(
        np.mean(-((1 - right) ** 1.5) * np.log(right))
    )
    assert losses.focal(LOGITS, TARGETS, gamma=0, label_smoothing=0.1) == pytest.approx(
        losses.cross_entropy(LOGITS, TARGETS, label_smoothing=0.1)
    )


def hinge_slopes(shares: np.ndarray) -> np.ndarray:
    """Of each image by its margins: 1 where another label exceeds, and less one each for the right one."""
    found = np.zeros_like(shares)
    for image, right in enumerate([0, 0, 2]):
        over = LOGITS[image] - LOGITS[image, right] + 1 > 0
        over[right] = False
        found[image] = over
        found[image, right] = -over.sum()
    return found


def focal_slopes(shares: np.ndarray, gamma: float = 2.0) -> np.ndarray:
    """By the chain rule: of -(1 - p) ** gamma * log p by p, then of p by the logits."""
    right = np.array([0, 0, 2])
    p = shares[range(3), right]
    by_p = gamma * (1 - p) ** (gamma - 1) * np.log(p) - (1 - p) ** gamma / p
    return (by_p * p)[:, None] * (np.eye(3)[right] - shares)


WEIGHTS = np.array([0.5, 2.0, 1.5])


@pytest.mark.parametrize(
    ("loss", "slopes", "weights"),
    [
        (None, lambda shares: shares - TARGETS, None),
        ("cross_entropy", lambda shares: shares - TARGETS, WEIGHTS),
        ("hinge", hinge_slopes, WEIGHTS),
        ("focal", focal_slopes, None),
        ({"focal": {"gamma": 0.5}}, lambda shares: focal_slopes(shares, 0.5), WEIGHTS),
    ],
)
def test_the_first_update_is_the_one_worked_out_by_hand(loss: Any, slopes: Any, weights: Any) -> None:  # noqa: ANN401
    """A step of SGD, whose first is lr * (1 + momentum) of the gradient; a weight counts an image so much."""
    inputs = keras.Input((2,))
    layer = keras.layers.Dense(3, kernel_initializer="zeros", bias_initializer="zeros")
    model = keras.Model(inputs, layer(inputs))
    kernel = np.linalg.lstsq(np.c_[INPUTS, np.ones(3)], LOGITS, rcond=None)[0]  # puts out LOGITS
    layer.set_weights([kernel[:2], kernel[2]])
    given = settings(optimiser="sgd", schedule="constant", loss=loss)
    optimisation.prepare(model, given, lr=0.01, num_updates=1)

    said = model.train_on_batch(INPUTS, TARGETS.astype(np.float32), weights)

    counts = np.ones(3) if weights is None else weights
    shares = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=1, keepdims=True)
    by_margin = slopes(shares) * counts[:, None] / 3
    expected = kernel - 0.01 * 1.9 * np.c_[INPUTS, np.ones(3)].T @ by_margin
    assert np.concatenate([layer.get_weights()[0], layer.get_weights()[1][None]]) == pytest.approx(
        expected, abs=1e-6
    )
    each = [losses.value(LOGITS[[image]], TARGETS[[image]], given) for image in range(3)]
    assert said[0] == pytest.approx(np.mean(np.array(each) * counts), rel=1e-5)


def test_the_head_takes_over_the_temperature_and_the_most_probable_label_stays() -> None:
    inputs = keras.Input((2,))
    model = keras.Model(inputs, keras.layers.Dense(2, name="head")(inputs))
    model.get_layer("head").set_weights([np.array([[40.0, -40.0], [3.0, 1.0]]), np.array([1.0, 2.0])])
    asked = np.random.default_rng(0).normal(size=(60, 2)).astype(np.float32)
    before = model.predict_on_batch(asked)
    labels = (asked[:, 0] + np.random.default_rng(1).normal(size=60) < 0).astype(int)  # not as sure as it is

    temperature = margins.scale(model, model, asked, labels)

    after = model.predict_on_batch(asked)
    assert temperature > 5
    assert after * temperature == pytest.approx(before, rel=1e-4, abs=1e-4)
    right = np.eye(2)[labels]
    best = losses.cross_entropy(after, right, label_smoothing=0)
    for factor in (0.8, 1.25):  # on either side it is worse, but for what the fit keeps for other labels
        assert losses.cross_entropy(after * factor, right, label_smoothing=0) > best - 1e-2
    assert best < losses.cross_entropy(before, right, label_smoothing=0) / 2


def test_settings_that_do_not_go_together_are_refused_by_their_key() -> None:
    for changes, words in (
        ({"loss": "hinge", "label_smoothing": 0.1}, r"optimisation\.loss must not be hinge while label_smoo"),
        ({"mixup": 0.2, "class_weights": "balanced"}, r"class_weights must be left out where mixup mixes"),
        ({"class_weights": "balanced", "drawing": "balanced"}, r"optimisation\.drawing must be left out"),
    ):
        with pytest.raises(SettingsError, match=words):
            settings(**changes)


def test_what_is_not_set_is_not_written_down() -> None:
    assert settings().model_dump(mode="json", exclude_none=True) == {**OPTIMISATION, "label_smoothing": 0}
    said = settings(loss="focal", mixup=0.2).model_dump(mode="json", exclude_none=True)
    assert {key: said[key] for key in said.keys() - OPTIMISATION.keys()} == {"loss": "focal", "mixup": 0.2}


def test_the_catalogue_names_every_setting_and_each_of_its_examples_works() -> None:
    lines = (TOP / "docs/catalogue/losses.md").read_text(encoding="utf-8").splitlines()
    rows = [line.strip("| ").split(" | ") for line in lines if line.startswith("| `")]
    names = {*LOSSES, "class_weights", "drawing", "mixup", "cutmix", "flips_at_test", "on_the_fly"}
    assert [name.strip("`") for name, *_ in rows] == list(dict.fromkeys(name.strip("`") for name, *_ in rows))
    assert {name.strip("`") for name, *_ in rows} == names
    for name, _, setting, published, *_ in rows:
        shipped = params.read(TOP / "params.yaml")
        [(section, changes)] = params.loaded(setting.strip("`")).items()
        assert name.strip("`") in str(changes)
        if section == "variants":
            shipped["variants"] = changes
            shipped["report"]["pairs"] = "all"
        else:
            shipped[section] |= changes
        whole.check(shipped)
        assert re.search(r"\b(19|20)\d\d\b", published)
