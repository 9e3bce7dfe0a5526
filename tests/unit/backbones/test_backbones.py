"""The shipped backbone is what its card and params.yaml say."""

from __future__ import annotations

import hashlib
import tarfile
from itertools import takewhile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ruamel.yaml import YAML

from backbones import recipe
from tenshots import params
from tenshots.checks import whole
from tenshots.intake.photos.standardising import standardise
from tenshots.intake.settings import AcceptSettings
from tenshots.networks import building, features, forward
from tenshots.networks.settings import settings_from
from tenshots.tables.encoding import StandardiseSettings

TOP = Path(__file__).parents[3]
WEIGHTS = TOP / "backbones" / "cifar10.weights.h5"
CIFAR10 = TOP.parent / "shared" / "data" / "cifar10_jpg.tar.gz"
NUM_IMAGES = 1000
MAX_BYTES = 6_000_000


def example() -> dict[str, Any]:
    """The network that params.yaml has in comments."""
    lines = (TOP / "params.yaml").read_text(encoding="utf-8").splitlines()
    start = lines.index("  # cifar10:")
    section = [line[4:] for line in takewhile(lambda line: line.startswith("  #"), lines[start:])]
    found: dict[str, Any] = YAML(typ="safe").load("\n".join(section))["cifar10"]
    return found


def test_the_card_and_the_example_in_the_settings_name_the_file_by_its_hash() -> None:
    sha256 = hashlib.sha256(WEIGHTS.read_bytes()).hexdigest()
    assert f"`{sha256}`" in (TOP / "backbones" / "cifar10.md").read_text(encoding="utf-8")
    assert example()["backbone"]["weights"] == {"path": "backbones/cifar10.weights.h5", "sha256": sha256}
    assert WEIGHTS.stat().st_size <= MAX_BYTES


def test_the_example_in_the_settings_is_built_with_its_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(TOP)
    backbone = features.backbone(settings_from(example(), at="networks.cifar10"), size_px=160)
    images = np.random.default_rng(0).integers(0, 256, (4, 160, 160, 3), dtype=np.uint8)
    found = features.outputs(backbone, images)
    assert found.shape == (4, 128)
    assert found.std() > 0.1


@pytest.mark.slow
@pytest.mark.skipif(not CIFAR10.is_file(), reason="needs CIFAR-10 in ../shared, which is not there")
def test_it_tells_most_of_cifar10s_test_images_apart() -> None:
    values = params.read(TOP / "backbones" / "cifar10.params.yaml")
    settings = building.settings_from(values["networks"]["lecture"], at="networks.lecture")
    standard = params.section(values, "standardise", StandardiseSettings)
    accept = params.section(values, "accept", AcceptSettings)
    images, labels = [], []
    with tarfile.open(CIFAR10) as archive:
        for member in archive:
            parts = Path(member.name).parts
            if member.isfile() and "test" in parts and hash_share(member.name) < NUM_IMAGES / 10_000:
                file = archive.extractfile(member)
                assert file is not None
                images.append(standardise(file.read(), standard, accept).image)
                labels.append(parts[-2])
    names = sorted(set(labels))
    assert len(names) == 10
    assert len(labels) > NUM_IMAGES / 2

    model = building.build(settings, size_px=32, num_labels=10)
    model.load_weights(WEIGHTS)
    found = forward.predict(model, np.stack(images)).argmax(axis=1)
    accuracy = (found == [names.index(label) for label in labels]).mean()
    # 84.56 % over all 10,000; of 1,000, three standard errors are 3.4 points.
    assert accuracy > 0.81


def hash_share(name: str) -> float:
    """A number in [0, 1) from a name: a sample that stays the same."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") / 2**32


def test_the_recipe_has_every_setting() -> None:
    settings = recipe.settings_of("cifar10")
    assert settings["lr"] == 0.003
    whole.check({**settings, "photos": "data/demo"})
