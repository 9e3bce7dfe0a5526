"""The GPU's benchmark changes photos as the pipeline's settings say, and reads folder and archive alike."""

from __future__ import annotations

import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.gpu import changing, photos


def drawn(num: int = 3, size_px: int = 9) -> np.ndarray:
    return np.random.default_rng(20).integers(0, 256, (num, size_px, size_px, 3), dtype=np.uint8)


def test_changes_of_strength_0_change_nothing_and_seeds_alone_decide() -> None:
    still = [{"RandomRotation": {"factor": 0}}, {"RandomZoom": {"height_factor": 0}}]
    images = drawn()
    assert np.array_equal(changing.begin(still)(images, [1, 2, 3]), images)
    copies = changing.begin([{"RandomTranslation": {"height_factor": 0.3, "width_factor": 0.3}}])
    forwards, backwards = copies(images, [1, 2, 3]), copies(images[::-1], [3, 2, 1])
    assert np.array_equal(forwards, backwards[::-1])
    assert not np.array_equal(forwards, copies(images, [4, 5, 6]))


def test_a_flip_mirrors_half_of_the_photos_and_moves_none_up_or_down() -> None:
    images = np.repeat(drawn(1), 200, axis=0)
    flipped = changing.begin([{"RandomFlip": {"mode": "horizontal"}}])(images, range(200))
    as_it_was = (flipped == images).all(axis=(1, 2, 3))
    mirrored = (flipped == images[:, :, ::-1]).all(axis=(1, 2, 3))
    assert (as_it_was | mirrored).all()
    assert 70 < as_it_was.sum() < 130


def test_what_it_cannot_draw_is_refused() -> None:
    with pytest.raises(ValueError, match=r"RandomFlip, RandomRotation.* got RandomHue"):
        changing.begin([{"RandomHue": {}}])


def test_a_folder_and_its_archive_are_the_same_photos(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    for number, image in enumerate(drawn(8)):
        path = folder / ("train", "test")[number % 2] / "ab"[number // 4] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)
    with tarfile.open(tmp_path / "photos.tar.gz", "w:gz") as archive:
        archive.add(folder, "photos")
    one, other = (photos.read(source, share=1) for source in (folder, tmp_path / "photos.tar.gz"))
    assert np.array_equal(one.images, other.images)
    assert one.labels.tolist() == other.labels.tolist() == [0, 0, 1, 1, 0, 0, 1, 1]
    assert one.num_train == other.num_train == 4
    assert np.array_equal(one.images[0], drawn(8)[0])
    with pytest.raises(SystemExit, match="must hold train/LABEL/NAME"):
        photos.read(folder / "train", share=1)
