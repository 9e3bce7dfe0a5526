"""Settings of networks and of training go together: twenty rows in which each meets each other one."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial
from itertools import combinations, product
from typing import Any, NamedTuple, get_args

import numpy as np
import pytest

from tenshots.augmentation import copying
from tenshots.augmentation.settings import LayerSettings
from tenshots.checks import rehearsal
from tenshots.errors import SettingsError
from tenshots.networks import drawing, settings
from tenshots.networks.across import ACTIVATIONS, InitializerName
from tenshots.networks.settings import ScratchSettings
from tenshots.training import variants
from tenshots.training.courses import SCHEDULES
from tenshots.training.feeding import OnTheFly
from tenshots.training.jobs import Job, Outcome
from tenshots.training.optimisers import OPTIMISERS
from tenshots.training.settings import (
    LOSSES,
    ClipSettings,
    OptimisationSettings,
    VariantSettings,
    check_lengths,
)
from tests.drawn.combinations import Covered, Covering, Levels, Option, Row, dealt, replaced
from tests.drawn.families import SMALLEST
from tests.drawn.settings import values
from tests.drawn.trainings import same

# isort: split
import tensorflow as tf  # after Keras, with which runtime imports it without its notices

NETWORK, OPTIMISATION, VARIANT = "networks.it", "optimisation", "variants.it"
MOST_ROWS = 20
SIZE_PX, NUM_LEARNT, NUM_HELD_OUT, NUM_COPIES = 16, 6, 8, 6


def choices(model: Any, field: str) -> tuple[Any, ...]:  # noqa: ANN401 (of pydantic)
    """The values that a setting lists."""
    return tuple(value for part in get_args(model.model_fields[field].annotation) for value in get_args(part))


def each(key: str, *options: Any) -> list[Option]:  # noqa: ANN401 (whatever stands in the file)
    """A setting's absence, and its values."""
    return [{}, *({key: option} for option in options)]


def used_or_not(*options: Option) -> list[list[Option]]:
    return [[{}], [*options]]


def alone(options: list[Option]) -> list[list[Option]]:
    return [[option] for option in options]


def scheduled(name: str) -> Option:
    """A course; one that waits for an epoch in which nothing got better takes two epochs."""
    if name == "performance":
        return {f"{OPTIMISATION}.schedule": {name: {"patience": 1}}, "epochs": 2}
    return {f"{OPTIMISATION}.schedule": name}


WITHOUT_SMOOTHING = {f"{OPTIMISATION}.label_smoothing": 0}
# The quickest first, since the first option of a level occurs most often. Not resnet and inception, which
# take 10 and 20 s to begin with: they are made of what wide_resnet, vgg and a list with `parallel` have.
FAMILIES = ("dense", "lenet5", "alexnet", "layers", "pretrained", "convolutional", "vgg", "wide_resnet")
FACTORS: dict[str, Levels] = {
    "family": dealt(
        [
            {NETWORK: SMALLEST[name], **({f"{VARIANT}.recipe": "scratch"} if name == "pretrained" else {})}
            for name in FAMILIES
        ],
        3,
    ),
    "activation": dealt(each(f"{NETWORK}.activation", *ACTIVATIONS), 3),
    "initializer": dealt(each(f"{NETWORK}.initializer", *get_args(InitializerName)), 3),
    "batch_norm": [each(f"{NETWORK}.batch_norm", False), [{f"{NETWORK}.batch_norm": True}]],
    "dropout": alone(each(f"{NETWORK}.dropout", 0.3)),
    "penalty": used_or_not({f"{NETWORK}.l1": 0.01}, {f"{NETWORK}.l2": 0.01}, {f"{NETWORK}.max_norm": 1.0}),
    "normalisation": used_or_not(
        *({f"{NETWORK}.normalisation": name} for name in choices(ScratchSettings, "normalisation"))
    ),
    "colour": alone(each(f"{NETWORK}.colour", *choices(ScratchSettings, "colour"))),
    "optimiser": dealt([{f"{OPTIMISATION}.optimiser": name} for name in OPTIMISERS], 3),
    "schedule": dealt([scheduled(name) for name in SCHEDULES], 3),
    # Two updates by all photos, as by three at a time: an average (`ema`) takes two.
    "batch_size": alone([{}, {"batch_size": "all", "epochs": 2}, {"batch_size": 1}]),
    "loss": alone(
        [{f"{OPTIMISATION}.loss": name, **(WITHOUT_SMOOTHING if name == "hinge" else {})} for name in LOSSES]
    ),
    "balance": alone([{}, *({f"{OPTIMISATION}.{key}": "balanced"} for key in ("class_weights", "drawing"))]),
    "mixing": [[{}], *([{f"{OPTIMISATION}.{key}": 0.5}] for key in ("mixup", "cutmix"))],
    "clip": used_or_not(*({f"{OPTIMISATION}.clip": {name: 0.1}} for name in ClipSettings.model_fields)),
    "ema": alone(each(f"{OPTIMISATION}.ema", 0.5)),
    "keeping": used_or_not(
        *(
            {f"{OPTIMISATION}.patience": 2, f"{OPTIMISATION}.stop_on": figure}
            for figure in choices(OptimisationSettings, "stop_on")
        )
    ),
    "data": dealt(
        [{f"{VARIANT}.data": data} for data in get_args(VariantSettings.model_fields["data"].annotation)], 2
    ),
    "flips": alone(each(f"{VARIANT}.flips_at_test", True)),
}
OF_NETWORK = range(list(FACTORS).index("colour") + 1)
BATCH_NORM = list(FACTORS).index("batch_norm")
OPTIONS = [[option for level in levels for option in level] for levels in FACTORS.values()]


def given(row: Row) -> dict[str, Any]:
    """All of params.yaml that matters, with the options of a row."""
    found = values(it={"data": "database", "network": "it"})
    found |= {"batch_size": 3, "epochs": 1, "repeats": 1, "lr": 0.001}
    found["optimisation"] = {**found["optimisation"], "patience": "none", "warmup": 0}
    for options, number in zip(OPTIONS, row, strict=True):
        for key, value in options[number].items():
            *sections, last = key.split(".")
            part = found
            for name in sections:
                part = part[name]
            part[last] = dict(value) if isinstance(value, dict) else value
    return found


@cache
def network_is_accepted(row: Row) -> bool:
    try:
        settings.settings_from(given(row)["networks"]["it"], at=NETWORK)
    except SettingsError:
        return False
    return True


@cache
def training_is_accepted(row: Row) -> bool:
    found = given(row)
    try:
        variants.resolve(found, "it")
        check_lengths(found, "it")
    except SettingsError:
        return False
    return True


@cache
def learns_alone(family: int, batch_norm: int) -> bool:
    """Whether a network may be taught photo by photo, which `rehearse` judges."""
    row = replaced(USUAL, {0: family, BATCH_NORM: batch_norm})
    try:
        network = settings.settings_from(given(row)["networks"]["it"], at=NETWORK)
        rehearsal._efforts(network, size_px=SIZE_PX, batch_size=1, at=NETWORK, alone=["batch_size"])
    except SettingsError:
        return False
    return True


USUAL = (0,) * len(FACTORS)
BATCH_SIZE = list(FACTORS).index("batch_size")
ALONE = 2  # of that factor


def is_accepted(row: Row) -> bool:
    """Whether the rules of the settings allow a row; no rule but the last joins networks and training."""
    of_network = tuple(option if factor in OF_NETWORK else 0 for factor, option in enumerate(row))
    of_training = tuple(0 if factor in OF_NETWORK else option for factor, option in enumerate(row))
    if not (network_is_accepted(of_network) and training_is_accepted(of_training)):
        return False
    return row[BATCH_SIZE] != ALONE or learns_alone(row[0], row[BATCH_NORM])


@cache
def covered() -> Covered:
    """The first order of building that comes to so few rows."""
    for seed in range(20):
        found = Covering(list(FACTORS.values()), is_accepted, seed=seed).built()
        if len(found.rows) <= MOST_ROWS:
            return found
    raise AssertionError(f"no order of 20 comes to {MOST_ROWS} rows; give a factor fewer levels")


def levels(row: Row) -> dict[str, int]:
    """Of each factor the level that a row has."""
    return {
        name: next(number for number, level in enumerate(of) if options[option] in level)
        for (name, of), options, option in zip(FACTORS.items(), OPTIONS, row, strict=True)
    }


def test_each_pair_of_levels_occurs_but_for_those_that_the_rules_refuse() -> None:
    rows = covered().rows
    assert len(rows) <= MOST_ROWS
    assert all(is_accepted(row) for row in rows)
    found = [levels(row) for row in rows]
    missing = {
        (left, a, right, b)
        for left, right in combinations(FACTORS, 2)
        for a, b in product(range(len(FACTORS[left])), range(len(FACTORS[right])))
        if not any(row[left] == a and row[right] == b for row in found)
    }
    assert missing == {
        (
            "batch_norm",
            1,
            "batch_size",
            ALONE,
        ),  # normalisation by the photos of an update, of which there is one
        ("balance", 1, "mixing", 1),  # weights of labels, and images that have two
        ("balance", 1, "mixing", 2),
    }
    assert len(covered().refused) == len(missing)


def test_each_name_of_the_catalogue_occurs() -> None:
    for options, used in zip(OPTIONS, zip(*covered().rows, strict=True), strict=True):
        assert set(used) == set(range(len(options)))


LABELS = np.arange(NUM_LEARNT + NUM_HELD_OUT + NUM_COPIES) % 2
LABELS[0] = 1  # one label has more photos than the other
NOISE = np.random.default_rng(0).integers(0, 100, (len(LABELS), SIZE_PX, SIZE_PX, 3))
IMAGES = (NOISE + 100 * LABELS[:, None, None, None]).astype(np.uint8)
LAYERS = [LayerSettings.model_validate({"RandomFlip": {"mode": "horizontal"}})]
BEGIN = partial(copying.Policy, LAYERS, size_px=SIZE_PX, tried=True)
FRESH = OnTheFly(BEGIN, [f"photo-{number}" for number in range(len(LABELS))])


class Taught(NamedTuple):
    """What a few updates came to."""

    start: list[np.ndarray]  # kernels
    end: list[np.ndarray]
    outcome: Outcome


@cache
def taught(row: Row) -> Taught:
    variant = variants.resolve(given(row), "it")
    learnt, copied = np.arange(NUM_LEARNT), np.arange(len(LABELS) - NUM_COPIES, len(LABELS))
    held_out = np.arange(NUM_LEARNT, NUM_LEARNT + NUM_HELD_OUT)
    train = np.concatenate([learnt, copied if variant.data == "augmented" else copied[:0]])
    job = Job(0, 0, 7, train, held_out[::2], NUM_LEARNT, test=held_out[1::2])

    def finish(network: Any, outcome: Outcome) -> Taught:  # noqa: ANN401 (keras.Model)
        end = network.get_weights()
        network.set_weights([np.zeros_like(weight) for weight in end])
        drawing.draw(network, job.seed)
        start = network.get_weights()
        kernels = [place for place, weight in enumerate(end) if weight.ndim > 1]
        return Taught([start[place] for place in kernels], [end[place] for place in kernels], outcome)

    fresh = FRESH if variant.data == "on_the_fly" else None
    return variants.train(variant, [job], images=IMAGES, labels=LABELS, on_the_fly=fresh, finish=finish)[0]


@pytest.fixture
def _eager() -> Iterator[None]:
    """Lets TensorFlow compute at once: graphs, which tests of single settings have, take seconds."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.mark.usefixtures("_eager")
def test_each_row_learns() -> None:
    for row in covered().rows:
        found = taught(row)
        assert np.isfinite([(each.loss, each.val_loss) for each in found.outcome.history]).all(), given(row)
        assert np.isfinite(found.outcome.probabilities).all(), given(row)
        assert not same(found.start, found.end), given(row)


@pytest.mark.usefixtures("_eager")
def test_a_row_gives_the_same_bytes_again() -> None:
    for row in covered().rows[::6]:
        assert same(taught(row).end, taught.__wrapped__(row).end), given(row)
