"""Truths about layers that learn without labels, one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tenshots import files, runtime
from tenshots.errors import SettingsError
from tenshots.networks import building, drawing
from tenshots.runtime import keras
from tenshots.seeds import derived_seed
from tenshots.tables.restored import unpacked
from tenshots.training import optimisation, pretraining, scratch
from tenshots.training.jobs import Job
from tenshots.training.loop import epochs_of_batches
from tenshots.training.settings import PretrainingSettings, named
from tests.drawn.settings import values
from tests.drawn.trainings import Trained, drawn, job, loop, same, trained

runtime.configure(threads=1)
DENSE = {"family": "dense", "input_px": 8, "channels": 1, "units": [6, 4], "dropout": 0.25}
GIVEN = PretrainingSettings(noise=0.25, epochs=4, lr=0.02)


def network(described: dict[str, Any], *, size_px: int = 32) -> Any:  # noqa: ANN401 (keras.Model)
    built = building.build(building.settings_from(described, at=""), size_px=size_px, num_labels=2)
    drawing.draw(built, 5)
    return built


def begun(images: np.ndarray, labels: np.ndarray, *jobs: Job) -> list[Trained]:
    """Dense networks whose layers have learnt without labels, and that were then trained."""
    given = loop(epochs=1)
    begin = scratch.trainers(
        lambda: network(DENSE), images=images, labels=labels, settings=given, pretraining=GIVEN
    )
    return trained(begin, *jobs)


@pytest.mark.parametrize("tied", [True, False])
def test_the_loss_is_the_mean_square_of_what_a_tied_or_untied_decoder_leaves_wrong(tied: bool) -> None:
    step = pretraining.steps(network(DENSE, size_px=8), from_photos=True, tied=tied)[0]
    drawing.draw(step.decoder, 3)
    generator = np.random.default_rng(0)
    clean = generator.normal(size=(5, 64)).astype(np.float32)
    noisy = pretraining.corrupted(clean, noise=0.5, seed=1)
    kernel, bias = (each.astype(np.float64) for each in step.encoder.get_weights())
    back = step.decoder.get_weights()[0].astype(np.float64) if not tied else kernel
    restored = np.maximum(noisy @ kernel + bias, 0) @ back.T
    expected = ((restored - clean) ** 2).mean()

    step.autoencoder.compile(loss="mse", jit_compile=False)
    assert step.autoencoder.test_on_batch(noisy, clean) == pytest.approx(expected, rel=1e-5)
    assert len(step.decoder.weights) == (1 if tied else 2)
    assert len(step.autoencoder.trainable_weights) == (3 if tied else 4)


@pytest.mark.parametrize(
    ("size", "kernel", "strides", "padding"),
    [
        (12, 5, 1, "same"),
        (12, 4, 1, "same"),
        (12, 5, 1, "valid"),
        (12, 5, 4, "same"),
        (12, 5, 3, "valid"),
        (11, 3, 2, "same"),
        (13, 5, 2, "same"),
        (28, 3, 3, "same"),
        (9, 1, 2, "same"),
        (12, (3, 5), (2, 1), "same"),
    ],
)
def test_a_tied_decoder_of_a_convolution_is_its_transpose(
    size: int,
    kernel: int | tuple[int, int],
    strides: int | tuple[int, int],
    padding: str,
) -> None:
    """<conv(x), h> is <x, decoder(h)>, which says it of all values at once."""
    photos = keras.Input((size, size, 2))
    layer = keras.layers.Conv2D(3, kernel, strides=strides, padding=padding, use_bias=False)
    maps = layer(photos)
    decoder = pretraining.Decoder(layer, tied=True)
    back = keras.Model(maps, decoder(maps))
    generator = np.random.default_rng(0)
    x = generator.normal(size=(2, size, size, 2)).astype(np.float32)
    h = generator.normal(size=(2, *maps.shape[1:])).astype(np.float32)
    found = back.predict_on_batch(h)

    assert found.shape == x.shape
    left = (keras.Model(photos, maps).predict_on_batch(x).astype(np.float64) * h).sum()
    assert left == pytest.approx((found.astype(np.float64) * x).sum(), rel=1e-4)


def test_noise_sets_its_share_of_values_to_0_and_leaves_the_others() -> None:
    clean = np.random.default_rng(0).uniform(1, 2, (100, 1000)).astype(np.float32)
    noisy = pretraining.corrupted(clean, noise=0.25, seed=3)

    assert (noisy == 0).mean() == pytest.approx(0.25, abs=0.005)
    assert np.array_equal(noisy[noisy != 0], clean[noisy != 0])
    assert np.array_equal(noisy, pretraining.corrupted(clean, noise=0.25, seed=3))
    assert not np.array_equal(noisy, pretraining.corrupted(clean, noise=0.25, seed=4))
    assert np.array_equal(clean, pretraining.corrupted(clean, noise=0, seed=3))


@pytest.mark.parametrize("penalty", [{}, {"l1": 0.1, "l2": 1.0}])
def test_a_layer_restores_from_what_the_noise_has_left(penalty: dict[str, float]) -> None:
    images = drawn()[0].astype(np.float32)
    step = pretraining.steps(network({**DENSE, **penalty}), from_photos=True, tied=True)[0]
    given, once = loop(batch_size=64), GIVEN.model_copy(update={"epochs": 1})
    mine = job()._replace(unlabelled=np.arange(28, 31))
    own = derived_seed(mine.seed, "pretraining", "dense1")
    rows_learnt = np.concatenate([mine.train, mine.unlabelled])
    [rows] = next(epochs_of_batches(rows_learnt, num_originals=24, batch_size=64, seed=own))
    clean = step.below.predict_on_batch(images[rows])
    noisy = pretraining.corrupted(clean, noise=GIVEN.noise, seed=derived_seed(own, "noise", 0, 0))
    kernel, bias = (each.astype(np.float64) for each in step.encoder.get_weights())
    expected = ((np.maximum(noisy @ kernel + bias, 0) @ kernel.T - clean) ** 2).mean()

    [told] = pretraining.learn([step], mine, inputs=images, settings=given, pretraining=once)
    assert told["first_loss"] == pytest.approx(expected, rel=1e-4)


def test_each_photo_has_noise_of_its_own_in_each_epoch_and_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = []

    def watched(values: np.ndarray, *, noise: float, seed: int) -> np.ndarray:
        noisy = corrupted(values, noise=noise, seed=seed)
        kept.append((noisy != 0).tobytes())
        return noisy

    corrupted = pretraining.corrupted
    monkeypatch.setattr(pretraining, "corrupted", watched)
    images = np.full((21, 32, 32, 3), 200, np.float32)  # alike, so that noise alone tells batches apart
    todo = pretraining.steps(network(DENSE), from_photos=True, tied=True)[:1]
    given, twice = loop(batch_size=7), GIVEN.model_copy(update={"epochs": 2})
    pretraining.learn(todo, job(), inputs=images, settings=given, pretraining=twice)
    assert len(kept) == len(set(kept)) == 2 * 3


def test_the_course_performance_goes_by_the_layers_own_loss() -> None:
    images = drawn()[0].astype(np.float32)
    [step] = pretraining.steps(network(DENSE), from_photos=True, tied=True)[:1]
    course = {"performance": {"factor": 0.5, "patience": 1}}
    given = loop(schedule=course, warmup=0)
    still = GIVEN.model_copy(update={"lr": 1e-9, "epochs": 6})  # what is lost then moves with the noise alone
    pretraining.learn([step], job(), inputs=images, settings=given, pretraining=still)
    assert float(optimisation.rate_of(step.autoencoder)(0)) < 1e-9 * 0.9


def test_layers_learn_from_the_photos_without_labels_that_the_job_has_and_from_no_others() -> None:
    images, labels = drawn()
    mine = job()._replace(unlabelled=np.array([28, 29]))
    told = begun(images, labels, mine)[0].outcome.told
    for row, is_learnt in [(28, True), (30, False)]:
        changed = images.copy()
        changed[row] = 255 - changed[row]
        assert (begun(changed, labels, mine)[0].outcome.told != told) is is_learnt


@pytest.mark.parametrize(
    ("described", "layers"),
    [
        (DENSE, ["dense1", "dense2"]),
        (
            {"family": "convolutional", "input_px": 32, "filters": [2], "dense": 4, "dropout": 0.1},
            ["block1_1_convolution", "block1_2_convolution", "dense"],
        ),
        (
            {"family": "lenet5", "input_px": 16},
            ["block1_convolution", "block2_convolution", "dense1", "dense2"],
        ),
    ],
)
def test_every_layer_but_the_head_learns_with_its_normalisation_and_activation(
    described: dict[str, Any], layers: list[str]
) -> None:
    built = network(described)
    found = pretraining.steps(built, from_photos=True, tied=True)

    assert [step.encoder.name for step in found] == layers
    for step in found:
        stem = step.encoder.name.removesuffix("_convolution")
        inside = [layer.name for layer in step.autoencoder.layers if layer.name.startswith(stem)]
        assert inside[-1] == f"{step.encoder.name}_decoder"
        assert any(name.endswith(("_relu", "_tanh")) for name in inside)
        assert step.autoencoder.input_shape == step.autoencoder.output_shape
        assert not any("dropout" in name or "pooling" in name for name in inside)
    learnt = {weight.path for step in found for weight in step.autoencoder.trainable_weights}
    assert {weight.path for weight in built.trainable_weights} - learnt == {"head/kernel", "head/bias"}


def test_losses_fall_and_neither_labels_nor_held_out_photos_have_a_part_in_it() -> None:
    images, labels = drawn()
    first, again = begun(images, labels, job(), job())
    told = first.outcome.told["pretraining"]

    assert [each["layer"] for each in told] == ["dense1", "dense2"]
    assert all(each["last_loss"] < each["first_loss"] for each in told)
    assert same(first.weights, again.weights), "whatever came before"
    images[21:28] = 255 - images[21:28]
    assert told == begun(images, 1 - labels, job())[0].outcome.told["pretraining"]

    found = unpacked(first.outcome.restored)
    assert found.rows.tolist() == list(range(21, 28))
    assert found.filters.shape == (6, 8, 8, 1)
    assert {each.shape for each in found[2:]} == {(7, 8, 8, 1)}
    assert (found.seen != found.noisy).mean() == pytest.approx(GIVEN.noise, abs=0.1)
    kept = files.parted(found.packed())
    assert kept == files.parted(unpacked(found.packed()).packed())


@pytest.mark.parametrize(
    ("described", "recipe", "words"),
    [
        ({"family": "resnet", "depth": 20, "input_px": 32}, None, "those of family resnet lie side by side"),
        ({**DENSE, "activation": "maxout"}, None, "no way leads back to all that went in"),
        (
            {
                "family": "layers",
                "input_px": 8,
                "layers": ["Flatten", {"residual": {"layers": [{"Dense": {"units": 4}}]}}],
            },
            None,
            r"layers\[1\] \(residual\) leads several ways",
        ),
        (None, "fine_tune", "recipe fine_tune begins with what was learnt before"),
    ],
)
def test_what_cannot_learn_so_is_refused(described: Any, recipe: str | None, words: str) -> None:  # noqa: ANN401
    variant = {
        "data": "database",
        "network": "one",
        "recipe": recipe,
        "pretraining": {"noise": 0, "epochs": 1},
    }
    given = values(one=variant)
    given["networks"]["one"] = described or given["networks"]["pretrained"]
    with pytest.raises(SettingsError, match=rf"variants\.one\.pretraining must be left out here: .*{words}"):
        named(given, "one")
    given["networks"]["one"] = {
        "family": "layers",
        "input_px": 8,
        "layers": ["Flatten", {"Dense": {"units": 4}}],
    }
    if recipe is None:
        assert named(given, "one").pretraining is not None
