"""Truths about mixup, cutmix and balanced labels: pictures, targets and counts, worked out by hand."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from tenshots.errors import DataError
from tenshots.seeds import derived_seed
from tenshots.training import balancing, mixing
from tenshots.training.feeding import Feed
from tenshots.training.jobs import Job
from tenshots.training.mixing import Mixing
from tenshots.training.settings import OptimisationSettings
from tests.drawn.settings import OPTIMISATION

PHOTOS = np.arange(4 * 6 * 8 * 3, dtype=np.uint8).reshape(4, 6, 8, 3)
TARGETS = np.eye(3, dtype=np.float32)[[0, 1, 2, 0]]
OTHERS = np.array([1, 2, 3, 0])


def settings(**changes: object) -> OptimisationSettings:
    return OptimisationSettings.model_validate({**OPTIMISATION, **changes})


def test_mixup_blends_pictures_and_labels_by_one_share() -> None:
    draw = np.random.default_rng(0)
    pictures, targets = mixing.blended(PHOTOS.astype(np.float32), TARGETS, OTHERS, 0.75, draw)
    assert np.array_equal(pictures, 0.75 * PHOTOS + 0.25 * PHOTOS[OTHERS])
    expected = [[0.75, 0.25, 0], [0, 0.75, 0.25], [0.25, 0, 0.75], [1, 0, 0]]
    assert np.array_equal(targets, np.array(expected, dtype=np.float32))
    assert pictures.dtype == targets.dtype == np.float32


class Drawn:
    """Gives these numbers in place of drawn ones."""

    def __init__(self, *numbers: int) -> None:
        self._numbers = list(numbers)

    def integers(self, most: int) -> int:
        """The next number."""
        assert self._numbers[0] < most
        return self._numbers.pop(0)


@pytest.mark.parametrize(
    ("middle", "rows", "columns"),
    # Of 6 x 8 places a quarter: 3 x 4 around the middle, and less at the border.
    [((3, 4), (2, 5), (2, 6)), ((0, 7), (0, 2), (5, 8))],
)
def test_cutmix_pastes_a_rectangle_and_counts_what_is_seen(
    middle: tuple[int, int], rows: tuple[int, int], columns: tuple[int, int]
) -> None:
    draw: np.random.Generator = Drawn(*middle)  # type: ignore[assignment]  # all that is asked of it
    pictures, targets = mixing.pasted(PHOTOS.astype(np.float32), TARGETS, OTHERS, 0.75, draw)
    expected = PHOTOS.astype(np.float32)
    expected[:, slice(*rows), slice(*columns)] = PHOTOS[OTHERS, slice(*rows), slice(*columns)]
    assert np.array_equal(pictures, expected)
    area = (rows[1] - rows[0]) * (columns[1] - columns[0]) / 48
    assert targets[0] == pytest.approx([1 - area, area, 0])
    assert targets[3] == pytest.approx([1, 0, 0])


def test_each_batch_is_mixed_by_a_draw_of_its_own_and_the_same_each_time() -> None:
    mix = Mixing(mixup=0.4, cutmix=None, seed=7)
    found = {
        (epoch, batch): mix(PHOTOS, TARGETS, epoch=epoch, batch=batch)[0].tobytes()
        for epoch in range(3)
        for batch in range(3)
    }
    again = Mixing(mixup=0.4, cutmix=None, seed=7)
    assert again(PHOTOS, TARGETS, epoch=2, batch=1)[0].tobytes() == found[2, 1]  # whatever came before
    assert len(set(found.values())) == 9
    assert (
        Mixing(mixup=0.4, cutmix=None, seed=8)(PHOTOS, TARGETS, epoch=2, batch=1)[0].tobytes() != found[2, 1]
    )


def test_mixup_draws_its_share_from_a_beta_distribution_rounded_beyond_what_processors_differ_in() -> None:
    draw = np.random.default_rng(derived_seed(7, "mixing", 0, 0))
    draw.integers(1)
    share = draw.beta(0.4, 0.4)
    others = draw.permutation(4)
    targets = Mixing(mixup=0.4, cutmix=None, seed=7)(PHOTOS, TARGETS, epoch=0, batch=0)[1]
    assert targets == pytest.approx(share * TARGETS + (1 - share) * TARGETS[others], abs=1 / mixing.STEPS)


def test_where_both_are_set_about_half_of_the_batches_are_mixed_in_each_way() -> None:
    mix = Mixing(mixup=1.0, cutmix=1.0, seed=0)
    photos = np.stack([np.full((8, 8, 3), 100), np.full((8, 8, 3), 200)]).astype(np.uint8)
    num_pasted = 0
    for batch in range(200):
        pictures, _ = mix(photos, TARGETS[:2], epoch=0, batch=batch)
        num_pasted += np.isin(
            pictures, (100, 200)
        ).all()  # also where a photo is mixed with itself: half of all
    assert 115 < num_pasted < 185


def test_without_settings_an_update_is_given_what_lies_there() -> None:
    job = Job(0, 0, 7, np.arange(4), np.arange(0), 4)
    feed = Feed(PHOTOS, TARGETS, job, settings())
    inputs, targets = feed(np.array([2, 0]), epoch=0, batch=0)
    assert np.array_equal(inputs, PHOTOS[[2, 0]])
    assert inputs.dtype == np.uint8
    assert np.array_equal(targets, TARGETS[[2, 0]])
    alone, target = feed(np.array([1]), epoch=0, batch=1)
    assert np.array_equal(alone, PHOTOS[[1, 1]])
    assert np.array_equal(target, TARGETS[[1, 1]])


def test_weights_make_each_label_count_alike_and_an_image_one_on_average() -> None:
    labels = np.array([0] * 6 + [1] * 3 + [3])
    weights = balancing.weights(labels)
    assert weights == pytest.approx([10 / 18, 10 / 9, 0, 10 / 3])
    assert weights[labels].mean() == pytest.approx(1)
    job = Job(0, 0, 7, np.arange(10), np.arange(0), 10)
    targets = np.eye(4, dtype=np.float32)[labels]
    feed = Feed(np.zeros((10, 2)), targets, job, settings(class_weights="balanced"))
    assert feed(np.array([0, 9]), epoch=0, batch=0)[2] == pytest.approx([10 / 18, 10 / 3])


def test_a_balanced_epoch_shows_each_label_equally_often_and_uses_all_images() -> None:
    rows = np.arange(100, 120)
    labels = np.array([0] * 14 + [1] * 4 + [2] * 2)
    stream = balancing.epochs_of_batches(rows, labels, num_originals=20, batch_size=8, seed=3)
    epochs = list(islice(stream, 6))
    assert [[len(batch) for batch in epoch] for epoch in epochs] == [[7, 7, 6]] * 6
    shown = [np.bincount(labels[np.concatenate(epoch) - 100]).tolist() for epoch in epochs]
    assert all(sorted(each) == [6, 7, 7] for each in shown)
    assert np.sum(shown, axis=0).tolist() == [40, 40, 40]  # which label comes less often changes
    # Of the commonest label, 40 draws use each of 14 images twice or thrice: none again before all others.
    seen = np.bincount(np.concatenate([np.concatenate(epoch) for epoch in epochs]) - 100)
    assert set(seen[:14]) == {2, 3}
    assert seen[14:].tolist() == [10] * 4 + [20] * 2
    again = balancing.epochs_of_batches(rows, labels, num_originals=20, batch_size=8, seed=3)
    assert all(np.array_equal(*pair) for pair in zip(epochs[0], next(again), strict=True))
    other = balancing.epochs_of_batches(rows, labels, num_originals=20, batch_size=8, seed=4)
    assert not all(np.array_equal(*pair) for pair in zip(epochs[0], next(other), strict=True))


@pytest.mark.parametrize("key", ["class_weights", "drawing"])
def test_too_few_photos_of_a_label_are_named_with_their_number(key: str) -> None:
    labels = np.array([0] * 8 + [1] * 4 + [1] * 9)  # nine copies of the second label's photos follow
    job = Job(2, 0, 7, np.arange(21), np.arange(0), 12)
    words = f"optimisation.{key} balanced needs at least 5 training photos of each label, but fold 2 has 4 "
    with pytest.raises(DataError, match=f"{words}photos of cup; add photos of it, or remove"):
        balancing.check(settings(**{key: "balanced"}), [job], labels, ["book", "cup"])
    balancing.check(settings(), [job], labels, ["book", "cup"])
    balancing.check(settings(**{key: "balanced"}), [job._replace(num_originals=13)], labels, ["book", "cup"])
