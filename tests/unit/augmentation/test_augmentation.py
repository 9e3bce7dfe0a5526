"""A copy of a photo: what its randomness depends on, what its policy may be, and how it is shown."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import keras
import numpy as np
import pandas as pd
import pytest

from tenshots import params
from tenshots.augmentation import copying, preprocessing
from tenshots.augmentation.copying import Policy
from tenshots.augmentation.settings import AugmentSettings, LayerSettings
from tenshots.errors import DataError, SettingsError
from tenshots.seeds import derived_seed
from tenshots.tables import database
from tenshots.tables.encoding import encode
from tests.drawn.pieces import Kept

SIZE_PX = 32
TOP = Path(__file__).parents[3]


def settings(*layers: object, copies: int = 2) -> AugmentSettings:
    return params.check({"copies": copies, "layers": list(layers)}, AugmentSettings, at="augment")


def policy(*layers: object, size_px: int = SIZE_PX) -> Policy:
    return Policy(settings(*layers).layers, size_px=size_px)


def tried(*layers: object) -> Policy:
    """The same without trying the layers out, which takes most of the time."""
    return Policy(settings(*layers).layers, size_px=SIZE_PX, tried=True)


def drawn_images(num: int, size_px: int = SIZE_PX, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (num, size_px, size_px, 3), dtype=np.uint8)


def originals(labels: list[str], size_px: int = SIZE_PX) -> pd.DataFrame:
    images = [encode(image, "lossless") for image in drawn_images(len(labels), size_px)]
    ids = [f"{index:064x}" for index in range(len(labels))]
    return pd.DataFrame({"photo_id": ids, "label": labels, "image": images})


@pytest.fixture(scope="module")
def cheap() -> Policy:
    return tried({"RandomFlip": {"mode": "horizontal"}}, {"RandomBrightness": {"factor": 0.5}})


# What stands in params.yaml


@pytest.mark.parametrize("entry", ["RandomGrayscale", {"RandomGrayscale": None}, {"RandomGrayscale": {}}])
def test_a_layer_without_arguments_may_be_a_bare_name(entry: object) -> None:
    assert settings(entry).layers == (LayerSettings.model_validate("RandomGrayscale"),)


@pytest.mark.parametrize(
    ("entry", "rule"),
    [
        (5, "must be the name of one layer"),
        ({"RandomFlip": {}, "RandomZoom": {}}, "must be the name of one layer"),
        ({"RandomZoom": [0.2]}, "must give each argument with its name"),
    ],
)
def test_an_entry_of_another_form_is_an_error_at_its_key(entry: object, rule: str) -> None:
    with pytest.raises(SettingsError, match=rf"params.yaml: augment\.layers\[1\] {rule}"):
        settings("RandomFlip", entry)


def test_a_policy_has_at_least_one_layer_and_one_copy() -> None:
    with pytest.raises(SettingsError, match=r"augment\.layers .*at least 1"):
        settings()
    with pytest.raises(SettingsError, match=r"augment\.copies must be at least 1, got 0"):
        settings("RandomFlip", copies=0)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (
            "RandomRotatoin",
            r"augment\.layers\[1\] must name .* got 'RandomRotatoin'; did you mean 'RandomRotation'",
        ),
        ("randomflip", r"got 'randomflip'; did you mean 'RandomFlip'"),
        ("Dense", r"got 'Dense'; "),
        ("xyz", r"there are AugMix, AutoContrast, .*Solarization"),
        (
            {"RandomZoom": {"height": 0.2}},
            r"augment\.layers\[1\] \(RandomZoom\) has no argument 'height'; did you mean 'height_factor'",
        ),
        ({"RandomFlip": {"data_format": "channels_first"}}, r"has no argument 'data_format'; there is mode"),
        ({"RandomFlip": {"seed": 3}}, r"augment\.layers\[1\] \(RandomFlip\) must have no seed, got 3"),
        (
            {"RandomZoom": {"height_factor": 0.2, "fill_mode": "mirror"}},
            r"\(RandomZoom\) fill_mode must be one of constant, nearest, reflect, wrap, got 'mirror'",
        ),
        (
            {"RandomContrast": {"factor": "much"}},
            r"augment\.layers\[1\] \(RandomContrast\) factor must be a number .* got 'much'",
        ),
        (
            {"RandomFlip": {"mode": "sideways"}},
            r"mode must be one of horizontal, vertical, .* got 'sideways'",
        ),
        ({"RandomFlip": {"mode": True}}, r"mode must be one of horizontal, vertical, .* got true"),
        (
            {"RandomZoom": {"height_factor": "0.2"}},
            r"height_factor must be a number .* without quotes, got '0.2'",
        ),
        ({"RandomRotation": {"factor": True}}, r"factor must be a number .* got true"),
        ({"RandomRotation": {"factor": 0.1, "interpolation": "bicubic"}}, r"is refused by Keras: .*bicubic"),
        (
            {"RandomRotation": {"factor": 0.1, "fill_mode": None}},
            r"fill_mode must be one of .* an empty value",
        ),
        ({"AugMix": {"all_ops": 1}}, r"all_ops must be true or false, got 1"),
        ({"RandAugment": {"num_ops": 1000}}, r"num_ops must be an integer from 1 to 16, got 1000"),
        (
            {"RandomBrightness": {"factor": 0.2, "value_range": [0, 1]}},
            r"augment\.layers\[1\] \(RandomBrightness\) value_range must be \[0, 255\], .* got \[0, 1\]",
        ),
        (
            {"RandomBrightness": {"factor": [1.0, 1.0]}},
            r"must leave at least 10% of a photo's contrast, .* leaves 0%, nearly one colour",
        ),
        ("RandomBrightness", r"is refused by Keras: .*factor"),
        (
            {"RandomCrop": {"height": 8, "width": 8}},
            r"must keep the photos' size of 32 px .* got \(8, 8, 3\)",
        ),
        ("AugMix", r"augment\.layers\[1\] \(AugMix\) cannot be seeded"),
        ("MixUp", r"augment\.layers\[1\] \(MixUp\) mixes photos and their labels"),
        ("CutMix", r"augment\.layers\[1\] \(CutMix\) mixes photos and their labels"),
    ],
)
def test_a_layer_that_cannot_be_used_is_an_error_that_names_it(entry: object, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        policy("RandomFlip", entry)


def a_layer(name: str, does: Callable[[Any], Any]) -> type:
    """Returns a Keras layer class that does this to photos."""
    call = lambda self, inputs, training=False: does(inputs)  # noqa: ARG005, E731 (the arguments that Keras passes)
    return type(name, (keras.layers.Layer,), {"call": call})


def fail(photos: object) -> None:  # noqa: ARG001 (it fails whatever they are)
    raise ValueError("no photos\ntoday")


@pytest.mark.parametrize(
    ("does", "message"),
    [
        (lambda photos: keras.ops.cast(photos, "float16"), r"their type, got .* and float16"),
        (lambda photos: photos * float("nan"), "makes pixels that are not numbers"),
        (fail, r"layers\[0\] \(Drawn\) fails on photos of 32 px: no photos today$"),
        (lambda photos: photos * 0.05, r"\(Drawn\) must leave at least 10% of a photo's contrast"),
        (
            lambda photos: photos * 4 - 255,
            r"\(Drawn\) must keep pixels from 0 to 255, but in most copies puts",
        ),
    ],
)
def test_a_layer_is_judged_by_what_it_does(
    does: Callable[[Any], Any], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preprocessing, "LAYERS", {"Drawn": a_layer("Drawn", does)})
    with pytest.raises(SettingsError, match=message):
        policy("Drawn")


def test_every_wrong_layer_is_named() -> None:
    with pytest.raises(SettingsError) as caught:
        policy("RandomFlap", "RandomFlip", {"RandomFlip": {"mode": "up"}})
    assert [line.split()[1] for line in str(caught.value).splitlines()] == [
        "augment.layers[0]",
        "augment.layers[2]",
    ]


def test_layers_that_only_together_leave_nothing_are_an_error() -> None:
    weak = {"RandomBrightness": {"factor": [0.6, 0.6]}}
    policy(weak)
    with pytest.raises(SettingsError, match=r"augment\.layers, one after the other, must leave at least 10%"):
        policy(weak, weak)


@pytest.mark.parametrize(
    "layers",
    [
        [{"RandomErasing": {"factor": 1.0, "scale": [1.0, 1.0]}}],  # every second copy is noise
        [{"RandomErasing": {"factor": 1.0, "scale": [0.93, 0.93]}}],  # every second copy is nearly so
        [{"RandomErasing": {"factor": [1.0, 1.0], "scale": [0.95, 0.95]}}],
        [{"RandomZoom": {"height_factor": [-0.99, -0.99], "fill_mode": "nearest"}}],
        [{"RandomZoom": {"height_factor": [-0.75, -0.75]}}],
        [{"RandomTranslation": {"height_factor": [1.0, 1.0], "width_factor": 0, "fill_mode": "nearest"}}],
        # None of them alone: one shows a sixteenth of a photo, one a photo in a sixteenth of the copy, and
        # beside the first a layer that reckons with the whole photo.
        [{"RandomZoom": {"height_factor": [-0.5, -0.5]}}] * 2,
        ["AutoContrast", *[{"RandomZoom": {"height_factor": [-0.5, -0.5]}}] * 2],
        [*[{"RandomZoom": {"height_factor": [-0.5, -0.5]}}] * 2, {"RandomContrast": {"factor": 1.0}}],
        [{"RandomZoom": {"height_factor": [1.0, 1.0], "fill_mode": "constant"}}] * 2,
    ],
)
def test_layers_that_leave_next_to_none_of_a_photos_pixels_are_refused(layers: list[object]) -> None:
    with pytest.raises(
        SettingsError,
        match=r"must leave at least 10% of a photo's pixels, but in many copies leaves about \d\.\d%;",
    ):
        policy(*layers, size_px=96)


@pytest.mark.parametrize(
    "layers",
    [
        params.read(TOP / "params.yaml")["augment"]["layers"],
        [{"RandomBrightness": {"factor": 0.9}}],
        [{"RandomContrast": {"factor": 1.0}}],
        [{"RandomSaturation": {"factor": [0.0, 1.0]}}],
        [{"RandomErasing": {"scale": [0.3, 0.5]}}],
        [{"RandomPosterization": {"factor": 1}}],
        [{"RandomTranslation": {"height_factor": 0.8, "width_factor": 0.8, "fill_mode": "constant"}}],
        [{"RandomInvert": {}}, "RandomGrayscale"],
        [{"RandomErasing": {"factor": [1.0, 1.0], "scale": [0.02, 0.33]}}],
        [{"RandomErasing": {"factor": [1.0, 1.0], "scale": [0.5, 0.5]}}],  # as large as CutMix's patches
        [{"RandomZoom": {"height_factor": [-0.5, -0.5]}}],  # a quarter of the photo, enlarged
        [{"RandomZoom": {"height_factor": [-0.5, 0.0]}}, {"RandomErasing": {"scale": [0.3, 0.5]}}],
        [{"RandomZoom": {"height_factor": [1.0, 1.0], "fill_mode": "constant"}}],  # in a quarter of the copy
        [{"RandomTranslation": {"height_factor": [1.0, 1.0], "width_factor": 0, "fill_mode": "reflect"}}],
        [{"RandomRotation": {"factor": 0.5, "fill_mode": "constant"}}, {"RandomShear": {"x_factor": 0.3}}],
        [{"RandomElasticTransform": {"factor": 1.0, "scale": [1.0, 1.0]}}],
        [{"Solarization": {"addition_factor": 0.3, "threshold_factor": 0.5}}, "Equalization", "AutoContrast"],
        [{"RandomGaussianBlur": {"kernel_size": 15, "sigma": 1.0}}, "RandomPerspective"],
        pytest.param([{"RandAugment": {"num_ops": 3}}], marks=pytest.mark.slow),
    ],
)
def test_strong_layers_are_accepted(layers: list[object]) -> None:
    policy(*layers)


def test_every_text_that_a_layer_takes_has_its_values() -> None:
    for layer in preprocessing.LAYERS.values():
        parameters = inspect.signature(layer.__init__).parameters.values()
        texts = {each.name for each in parameters if isinstance(each.default, str)}
        assert texts - set(preprocessing.OWN_ARGUMENTS) <= set(preprocessing.TEXTS)


def test_another_backend_is_an_error_as_it_draws_other_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(SettingsError, match=r"KERAS_BACKEND must be tensorflow.*got 'jax'"):
        policy("RandomFlip")


# What a copy depends on

JITTER = {
    "RandomColorJitter": {
        "brightness_factor": 0.3,
        "contrast_factor": 0.3,
        "saturation_factor": 0.3,
        "hue_factor": 0.2,
    }
}


@pytest.mark.parametrize(
    "layer",
    [
        pytest.param(JITTER, id="RandomColorJitter"),
        "RandomErasing",
        "RandomElasticTransform",
        "RandomGrayscale",
        pytest.param("RandAugment", marks=pytest.mark.slow),
    ],
)
def test_a_copy_depends_on_its_photo_and_seed_alone(layer: object) -> None:
    image, *others = drawn_images(4)
    first = tried(layer)
    alone = first(image[np.newaxis], [7])[0]
    among = first(np.stack([*others, image]), [1, 2, 3, 7])
    assert np.array_equal(among[3], alone), "what was computed before, or beside it, must not matter"
    assert np.array_equal(first(image[np.newaxis], [7])[0], alone), "nor how often"
    assert np.array_equal(tried(layer)(image[np.newaxis], [7])[0], alone), "nor in which process"
    draws = first(np.stack([image] * 8), list(range(8)))
    assert len({draw.tobytes() for draw in draws}) > 1, "while another seed gives another copy"


def test_generators_deep_inside_a_layer_are_set_anew_for_each_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keras' own nested layers draw from the outermost generator today; one that does not is used as well."""

    class Nested(keras.layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.inner = [
                keras.layers.RandomInvert(0.5),
                keras.layers.Pipeline([keras.layers.RandomFlip("horizontal")]),
            ]

        def call(self, inputs: Any, training: bool = False) -> Any:  # noqa: ANN401 (Keras ships no types)
            for layer in self.inner:
                inputs = layer(inputs, training=training)
            return inputs

    monkeypatch.setattr(preprocessing, "LAYERS", {"Nested": Nested})
    nested = tried("Nested")
    image = drawn_images(1)
    copies = nested(image.repeat(32, axis=0), list(range(32)))
    assert len({copy.tobytes() for copy in copies}) == 2 * 2, "inverted or not, flipped or not"
    assert np.array_equal(nested(image.repeat(32, axis=0), list(range(31, -1, -1))), copies[::-1])


def test_layers_of_one_policy_draw_unrelated_numbers() -> None:
    """Had both the same numbers, the second would always undo the first."""
    twice = tried({"RandomInvert": {"factor": 0.5}}, {"RandomInvert": {"factor": 0.5}})
    image = drawn_images(1)
    copies = twice(image.repeat(32, axis=0), list(range(32)))
    assert not np.array_equal(copies, image.repeat(32, axis=0))


def test_large_seeds_differ_from_small_ones(cheap: Policy) -> None:
    image = drawn_images(1)
    assert not np.array_equal(cheap(image, [2**32 - 1]), cheap(image, [2**31 - 1]))


def test_pixels_are_rounded_and_stay_in_range() -> None:
    brighter = tried({"RandomBrightness": {"factor": [0.1, 0.1]}})  # adds 25.5
    image = np.full((1, SIZE_PX, SIZE_PX, 3), 100, dtype=np.uint8)
    image[0, 0, 0] = (0, 101, 250)
    copy = brighter(image, [0])
    assert copy.dtype == np.uint8
    assert copy[0, 0, 0].tolist() == [26, 126, 255]  # 25.5, 126.5 (both to even), 275.5
    assert (copy[0, 1:] == 126).all()


def test_a_flip_is_the_photo_or_its_mirror_image() -> None:
    image = drawn_images(1)
    copies = tried({"RandomFlip": {"mode": "horizontal"}})(image.repeat(16, axis=0), list(range(16)))
    kinds = {copy.tobytes() for copy in copies}
    assert kinds == {image[0].tobytes(), image[0, :, ::-1].tobytes()}


@pytest.mark.slow
def test_every_layer_of_keras_is_used_or_refused_by_name() -> None:
    arguments = {
        "CenterCrop": {"height": SIZE_PX, "width": SIZE_PX},
        "MaxNumBoundingBoxes": {"max_number": 1},
        "RandomCrop": {"height": SIZE_PX, "width": SIZE_PX},
        "RandomPosterization": {"factor": 4},
        "RandomTranslation": {"height_factor": 0.1, "width_factor": 0.1},
        "RandomZoom": {"height_factor": 0.1},
        "Resizing": {"height": SIZE_PX, "width": SIZE_PX},
        **{f"Random{name}": {"factor": 0.2} for name in ("Brightness", "ColorDegeneration", "Contrast")},
        **{f"Random{name}": {"factor": 0.2} for name in ("Hue", "Rotation", "Saturation", "Sharpness")},
    }
    refused = {}
    for name in preprocessing.LAYERS:
        try:
            used = policy({name: arguments.get(name, {})})
        except SettingsError as error:
            refused[name] = str(error)
        else:
            images = drawn_images(3)
            again = tried({name: arguments.get(name, {})})
            assert np.array_equal(used(images, [1, 2, 3])[1:], again(images[1:], [2, 3])), name
    assert refused.keys() == {"AugMix", "CutMix", "MixUp"}
    assert all(name in message for name, message in refused.items())


# Whose copies, and how many


def test_only_photos_that_train_in_some_fold_are_copied() -> None:
    photos = originals(["cup", "book", "cup"]).iloc[::-1]
    a, b, c = sorted(photos["photo_id"])
    rows = [(a, 0, "train"), (b, 0, "val"), (c, 0, "test"), (a, 1, "test"), (b, 1, "train"), (c, 1, "val")]
    splits = pd.DataFrame(rows, columns=["photo_id", "fold", "part"])
    assert copying.training_photos(photos, splits)["photo_id"].tolist() == [a, b]


@pytest.mark.parametrize(
    ("rows", "counts"), [([("0" * 64, "test")], "got 0, 0 of"), ([("f" * 64, "train")], "got 1, 1 of")]
)
def test_splits_of_other_photos_are_an_error(rows: list[tuple[str, str]], counts: str) -> None:
    splits = pd.DataFrame(rows, columns=["photo_id", "part"])
    with pytest.raises(DataError, match=counts):
        copying.training_photos(originals(["cup"]), splits)


def test_each_photo_has_all_its_copies_each_with_its_own_seed(
    cheap: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = originals(["cup", "book", "<script>"])
    whole = pd.concat(copying.changed_copies(photos, cheap, num_copies=3, seed=20), ignore_index=True)
    assert whole.columns.tolist() == ["photo_id", "label", "copy", "seed", "image"]
    assert whole["photo_id"].tolist() == photos["photo_id"].repeat(3).tolist()
    assert whole["label"].tolist() == ["cup"] * 3 + ["book"] * 3 + ["<script>"] * 3
    assert whole["copy"].tolist() == [1, 2, 3] * 3
    keys = zip(whole["photo_id"], whole["copy"], strict=True)
    assert whole["seed"].tolist() == [derived_seed(20, *key) for key in keys]
    images = database.decode(photos["image"]).repeat(3, axis=0)
    assert np.array_equal(database.decode(whole["image"]), cheap(images, whole["seed"].tolist()))

    monkeypatch.setattr(copying, "_BATCH_PIXELS", 1)
    batches = list(copying.changed_copies(photos, cheap, num_copies=3, seed=20))
    assert len(batches) == 3, "a batch of one photo each"
    pd.testing.assert_frame_equal(pd.concat(batches, ignore_index=True), whole)


def test_batches_that_were_made_before_are_taken_and_not_made_again(
    cheap: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos, kept, num_made = originals(["cup", "book", "key"]), Kept(), [0]
    monkeypatch.setattr(copying, "_BATCH_PIXELS", 1)  # a batch of one photo each
    whole = list(copying.changed_copies(photos, cheap, num_copies=2, seed=20))

    def counted(images: np.ndarray, seeds: Sequence[int]) -> np.ndarray:
        num_made[0] += 1
        return cheap(images, seeds)

    begun = copying.changed_copies(photos, cast("Policy", counted), num_copies=2, seed=20, pieces=kept)
    next(begun)  # stopped here
    for _ in range(2):  # and once more in the end
        resumed = list(
            copying.changed_copies(photos, cast("Policy", counted), num_copies=2, seed=20, pieces=kept)
        )
        pd.testing.assert_frame_equal(pd.concat(resumed), pd.concat(whole))
    assert num_made == [3]


# How they are shown


@pytest.mark.parametrize(("size_px", "cell_px"), [(32, 96), (40, 80), (96, 96), (200, 96)])
def test_the_preview_has_a_row_a_photo_with_the_original_at_the_left(size_px: int, cell_px: int) -> None:
    photos = originals(["cup"] * 7 + ["book"] * 2 + ["keyboard"], size_px)
    ids = np.repeat(photos["photo_id"].to_numpy(), 7)
    copies = pd.DataFrame(
        {
            "photo_id": ids,
            "copy": np.tile(range(1, 8), 10),
            "image": [encode(image, "lossless") for image in drawn_images(70, size_px, seed=1)],
        }
    )
    picture = copying.preview(photos, copies.iloc[::-1])
    step_px = cell_px + copying.PREVIEW_GAP_PX
    assert picture.dtype == np.uint8
    assert picture.shape == (copying.PREVIEW_HEADER_PX + 8 * step_px, 7 * step_px, 3)
    assert np.array_equal(picture, copying.preview(photos.iloc[::-1], copies))
    if size_px > cell_px:
        return  # shrunk, so no pixel is as it was
    factor = cell_px // size_px
    in_turn = [7, 0, 9, 8, 1, 2, 3, 4]  # book, cup, keyboard, book, then cups alone
    for row, index in enumerate(in_turn):
        top_px = copying.PREVIEW_HEADER_PX + row * step_px
        cell = picture[top_px : top_px + cell_px : factor, :cell_px:factor]
        assert np.array_equal(cell, database.decode(photos["image"].iloc[[index]])[0])
        last = picture[top_px : top_px + cell_px : factor, 6 * step_px : 6 * step_px + cell_px : factor]
        assert np.array_equal(last, database.decode(copies["image"].iloc[[index * 7 + 5]])[0])


def test_a_small_preview_has_only_the_cells_it_needs() -> None:
    photos = originals(["cup", "book"])
    copies = pd.DataFrame({"photo_id": photos["photo_id"], "copy": 1, "image": photos["image"]})
    height_px, width_px, _ = copying.preview(photos, copies).shape
    assert (height_px, width_px) == (copying.PREVIEW_HEADER_PX + 2 * 100, 2 * 100)
