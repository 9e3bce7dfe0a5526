"""Truths about style transfer: it lowers its loss, moves towards the style, and says what it cannot use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from ruamel.yaml import YAML

from stages import style as command
from tenshots.errors import DataError, SettingsError
from tenshots.interpretation import style
from tenshots.networks import building
from tenshots.runtime import keras

PRETRAINED: dict[str, Any] = {
    "family": "pretrained",
    "input_px": 32,
    "backbone": {
        "architecture": "convolutional",
        "arguments": {"filters": [4, 4], "dense": 4, "dropout": 0.1},
        "weights": "none",
    },
    "dropout": 0.1, "unfreeze": 0, "fine_tune_lr_factor": 1,
}  # fmt: skip


@pytest.fixture
def network() -> keras.Model:
    keras.utils.set_random_seed(1)
    return building.build(building.settings_from(PRETRAINED, at=""), size_px=32, num_labels=2)


def content() -> np.ndarray:
    """A grey disc on grey, too small to be halved."""
    rows, columns = np.mgrid[:40, :48]
    inside = (rows - 20) ** 2 + (columns - 24) ** 2 < 150
    return np.repeat(np.where(inside, 180, 90)[..., None], 3, axis=-1).astype(np.uint8)


def look() -> np.ndarray:
    """Red and blue stripes, of another size than the content."""
    stripes = np.zeros((36, 36, 3), np.uint8)
    stripes[::4, :, 0] = stripes[1::4, :, 0] = 230
    stripes[2::4, :, 2] = stripes[3::4, :, 2] = 230
    return stripes


def test_the_loss_falls_and_the_picture_takes_on_the_styles_correlations(network: keras.Model) -> None:
    model, content_layer = style.parts(network)
    steps: list[style.Progress] = []
    options: dict[str, Any] = {"content_layer": content_layer, "style_weight": 10.0, "steps": 20}
    painted = style.transferred(model, content(), look(), **options, report=steps.append)

    assert painted.shape == content().shape
    assert [found.step for found in steps] == list(range(21))
    assert steps[0].loss == 1
    assert steps[-1].loss < 0.8

    def distance(picture: np.ndarray) -> float:
        grams = [
            [np.asarray(style.gram(maps)) for maps in model(image[None].astype(np.float32), training=False)]
            for image in (picture, look())
        ]
        return float(sum(np.square(one - other).sum() for one, other in zip(*grams, strict=True)))

    assert distance(painted) < distance(content())
    again = style.transferred(model, content(), look(), **options)
    assert again.tobytes() == painted.tobytes()


def test_the_correlations_of_a_picture_do_not_depend_on_its_size() -> None:
    maps = np.random.default_rng(0).random((1, 4, 6, 3)).astype(np.float32)
    twice = np.concatenate([maps, maps], axis=2)
    np.testing.assert_allclose(style.gram(maps), style.gram(twice), rtol=1e-5)
    np.testing.assert_allclose(
        np.asarray(style.gram(maps))[0, 1], (maps[..., 0] * maps[..., 1]).mean(), rtol=1e-5
    )


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    accept = {"min_px": 8, "max_megapixels": 1, "max_megabytes": 1, "background": "white"}
    accept |= {"max_zip_files": 9, "max_zip_megabytes": 9, "max_zip_ratio": 9}
    scratch = {"family": "convolutional", "input_px": 32, "filters": [4], "dense": 4, "dropout": 0.1}
    values = {"threads": 1, "accept": accept, "networks": {"pretrained": PRETRAINED, "lecture": scratch}}
    YAML().dump(values, Path("params.yaml"))
    Image.fromarray(content()).save("content.png")
    Image.fromarray(look()).save("style.jpg")
    return tmp_path


def test_the_command_paints_the_whole_picture_and_says_with_which_network(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command.main(["content.png", "style.jpg", "out.png", "--size", "64", "--steps", "2"])
    with Image.open(project / "out.png") as painted:
        assert painted.size == (64, 53)
    assert "painted with the backbone of networks.pretrained; the loss" in capsys.readouterr().out


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--network", "lecture"], "--network must name a network with a backbone, .*got 'lecture'"),
        (["--network", "pretained"], "--network must be a key of networks.*did you mean 'pretrained'"),
        (["--size", "8"], r"--size must lie in \[64, 1024\], got 8"),
        (["--steps", "0"], "--steps must be at least 1, got 0"),
        (["--style-weight", "0"], "--style-weight must be above 0, got 0"),
    ],
)
def test_a_wrong_argument_is_an_error(arguments: list[str], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        command.main(["content.png", "style.jpg", "out.png", *arguments])


@pytest.mark.usefixtures("project")
def test_files_that_cannot_be_used_are_named() -> None:
    with pytest.raises(SettingsError, match=r"OUT must end in \.png, got out\.jpg"):
        command.main(["content.png", "style.jpg", "out.jpg"])
    with pytest.raises(SettingsError, match="OUT must lie in a folder that exists"):
        command.main(["content.png", "style.jpg", "nowhere/out.png"])
    with pytest.raises(DataError, match=r"absent\.png cannot be used: cannot be read"):
        command.main(["absent.png", "style.jpg", "out.png"])
    Image.new("RGB", (300, 20)).save("narrow.png")
    with pytest.raises(DataError, match=r"narrow\.png must have a shorter side of at least 32 px"):
        command.main(["narrow.png", "style.jpg", "out.png"])
