"""Truths about copies drawn on the fly, mixed images and mirrored answers, in whole tiny trainings."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tenshots.augmentation import copying
from tenshots.augmentation.settings import LayerSettings
from tenshots.networks import building, features, stored
from tenshots.networks.settings import with_backbone
from tenshots.training import storing, variants
from tenshots.training.feeding import Fresh, OnTheFly
from tenshots.training.jobs import Job
from tenshots.training.linear import Known
from tenshots.training.storing import Saved
from tests.drawn.settings import PRETRAINED, values
from tests.drawn.trainings import same

DENSE = {"family": "dense", "input_px": 8, "channels": 3, "units": [4], "dropout": 0.1}
# Scales photos down inside the network, and has layers that stay frozen.
SMALL = {**PRETRAINED, "input_px": 32, "unfreeze": 0.5}
LAYERS = [
    LayerSettings.model_validate({"RandomTranslation": {"height_factor": 0.3, "width_factor": 0.3}}),
    LayerSettings.model_validate({"RandomColorJitter": {"brightness_factor": 0.3, "contrast_factor": 0.4}}),
]
NUM, SIZE_PX = 60, 40
LABELS = np.arange(NUM) % 2
NOISE = np.random.default_rng(3).integers(0, 128, (NUM, SIZE_PX, SIZE_PX, 3), dtype=np.uint8)
IMAGES = NOISE + (64 * LABELS).astype(np.uint8)[:, None, None, None]
PHOTO_IDS = [f"photo-{row}" for row in range(NUM)]
BEGIN = partial(copying.Policy, LAYERS, size_px=SIZE_PX, tried=True)


def job(repeat: int) -> Job:
    return Job(0, repeat, 7 + repeat, np.arange(16), np.arange(16, 30), 16, test=np.arange(30, NUM))


def taught(
    folder: Path,
    network: str = "dense",
    *,
    num_workers: int = 1,
    num_jobs: int = 1,
    **changes: Any,  # noqa: ANN401 (settings)
) -> tuple[list[Saved], list[list[np.ndarray]], Any]:
    """Trains, and returns what was saved, the weights of each training, and the variant."""
    variant = {"data": "database", "network": network}
    variant |= {key: changes.pop(key) for key in ("data", "flips_at_test", "recipe") if key in changes}
    given = values(one=variant)
    given["networks"] |= {"dense": DENSE, "small": SMALL}
    given["optimisation"] = {**given["optimisation"], "patience": "none", **changes}
    resolved = variants.resolve({**given, "batch_size": 8, "epochs": 2, "lr": 0.05}, "one")
    known = None
    if network == "small":
        backbone = features.backbone(with_backbone(given, network, asked="this test"), size_px=SIZE_PX)
        rows, mirrored = (features.outputs(backbone, each) for each in (IMAGES, IMAGES[:, :, ::-1]))
        known = Known(rows, mirrored, np.arange(NUM))
    kept: dict[int, list[np.ndarray]] = {}

    def finish(model: Any, outcome: Any) -> Saved:  # noqa: ANN401 (keras.Model)
        kept[outcome.job.repeat] = model.get_weights()
        return storing.save(model, outcome, folder=folder)

    saved = variants.train(
        resolved,
        [job(repeat) for repeat in range(num_jobs)],
        images=IMAGES,
        labels=LABELS,
        known=known,
        on_the_fly=OnTheFly(BEGIN, PHOTO_IDS) if resolved.data == "on_the_fly" else None,
        finish=finish,
        num_workers=num_workers,
    )
    return storing.in_order(saved), [kept[repeat] for repeat in sorted(kept)], resolved


def test_a_copy_comes_from_seed_epoch_photo_and_turn_alone() -> None:
    fresh = Fresh(BEGIN(), lambda images: images, IMAGES, PHOTO_IDS)
    rows = np.array([3, 5, 3])
    first = fresh(rows, seed=7, epoch=0, times=[0, 0, 1])
    assert first.dtype == np.uint8
    assert not np.array_equal(first[0], IMAGES[3])
    assert not np.array_equal(first[0], first[2])  # the same photo, drawn twice in an epoch
    assert not np.array_equal(first[:2], fresh(rows[:2], seed=7, epoch=1, times=[0, 0]))
    assert not np.array_equal(first[:2], fresh(rows[:2], seed=8, epoch=0, times=[0, 0]))
    other = Fresh(BEGIN(), lambda images: images, IMAGES, PHOTO_IDS)  # as another worker's; another batch
    assert np.array_equal(other(np.array([5, 3]), seed=7, epoch=0, times=[0, 1]), first[1:])


def test_trainings_on_fresh_copies_are_the_same_on_any_number_of_workers(tmp_path: Path) -> None:
    alone, weights, _ = taught(tmp_path, data="on_the_fly", num_jobs=2)
    beside, again, variant = taught(tmp_path, data="on_the_fly", num_jobs=2, num_workers=2)
    plain = taught(tmp_path)[1]
    assert all(same(*pair) for pair in zip(weights, again, strict=True))
    assert not same(weights[0], plain[0])
    assert not same(weights[0], weights[1])
    for first, second in zip(alone, beside, strict=True):
        assert first.outcome.history == second.outcome.history
        assert np.array_equal(first.outcome.probabilities, second.outcome.probabilities)
    described = storing.described(variant, labels=["a", "b"], size_px=SIZE_PX, standardise={})
    assert described["data"] == "on_the_fly"


def test_mixed_images_teach_otherwise_and_the_same_each_time(tmp_path: Path) -> None:
    found = {
        key: taught(tmp_path, **{key: value})[1][0]
        for key, value in (("mixup", 0.4), ("cutmix", 1.0), ("drawing", "balanced"))
    }
    found["none"] = taught(tmp_path)[1][0]
    assert len({b"".join(weight.tobytes() for weight in each) for each in found.values()}) == 4
    assert same(found["mixup"], taught(tmp_path, mixup=0.4)[1][0])


@pytest.mark.parametrize(
    ("network", "changes"),
    [
        ("dense", {"flips_at_test": True, "loss": "hinge", "label_smoothing": 0}),
        ("small", {"flips_at_test": True, "loss": "hinge", "label_smoothing": 0}),
        ("small", {"data": "on_the_fly", "mixup": 0.3, "flips_at_test": True}),
        ("small", {"recipe": "logistic_regression", "flips_at_test": True}),
    ],
)
def test_a_network_read_back_answers_as_it_did_after_its_training(
    network: str, changes: dict[str, Any], tmp_path: Path
) -> None:
    """With its mirror images, and with the temperature that its head has taken over."""
    (saved,), _, variant = taught(tmp_path, network, **changes)
    model = building.build(variant.network, size_px=SIZE_PX, num_labels=2)
    flips = "flips_at_test" in changes
    assert variant.settings().get("flips_at_test", False) is flips
    again = stored.probabilities(model, tmp_path / saved.weights, IMAGES[16:], flips=flips)
    found = saved.outcome.probabilities
    assert found.std() > 1e-3
    if network == "dense":
        assert np.array_equal(found, again)
    else:  # asked about what frozen layers have put out
        assert np.abs(found - again).max() < 1e-6
    if flips:
        one_view, other = (
            stored.probabilities(model, tmp_path / saved.weights, each)
            for each in (IMAGES[16:], IMAGES[16:, :, ::-1])
        )
        assert again == pytest.approx((one_view + other) / 2)
        assert np.abs(again - one_view).max() > 1e-4


def test_frozen_layers_stay_as_they_were_where_photos_are_mixed(tmp_path: Path) -> None:
    mixed, (weights,), variant = taught(tmp_path, "small", mixup=0.3)
    plain = taught(tmp_path, "small")[1][0]
    first = building.build(variant.network, size_px=SIZE_PX, num_labels=2)
    changed = [
        name
        for name, left, right in zip([each.path for each in first.weights], weights, plain, strict=True)
        if not np.array_equal(left, right)
    ]
    assert changed
    assert all("block1_1" not in name for name in changed), changed  # unfreeze: 0.5 of its two convolutions
    assert mixed[0].outcome.history[0].phase == "logistic_regression"


def test_data_and_what_draws_them_go_together() -> None:
    variant = variants.resolve(values(), "baseline")
    with pytest.raises(ValueError, match="data database is learnt with fresh copies if"):
        variants.trainers(variant, images=IMAGES, labels=LABELS, on_the_fly=OnTheFly(BEGIN, PHOTO_IDS))
