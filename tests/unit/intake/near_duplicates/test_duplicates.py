"""Planted near-duplicates of drawn scenes are found, look-alikes are not; clusters and their shares."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance

from tenshots.errors import DataError
from tenshots.intake.near_duplicates import alignment, hashing
from tenshots.intake.near_duplicates.duplicates import (
    Links,
    NearDuplicateSettings,
    check_shares,
    clusters,
    near_duplicates,
)
from tenshots.intake.near_duplicates.hashing import hash_text, perceptual_hashes
from tenshots.intake.photos import standardising

SETTINGS = NearDuplicateSettings(max_distance=56, min_similarity=0.5, max_share=0.2)


def scene(seed: int, *, cup: str = "firebrick", shift_px: int = 0) -> Image.Image:
    """Draws a cup on a desk of soft clouds, 256 px; `shift_px` moves the camera to the right."""
    random = np.random.default_rng(seed)
    clouds = Image.fromarray(random.integers(40, 220, (9, 9, 3), dtype=np.uint8))
    desk = clouds.resize((320, 320), Image.Resampling.BICUBIC)
    pen = ImageDraw.Draw(desk)
    left, top = (int(place) for place in random.integers(90, 150, 2))
    pen.ellipse((left, top, left + 90, top + 80), fill=cup)
    pen.ellipse((left + 12, top + 8, left + 78, top + 50), fill="black")
    return desk.crop((32 + shift_px, 32, 288 + shift_px, 288))


def saved(photo: Image.Image, quality: int) -> Image.Image:
    buffer = io.BytesIO()
    photo.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer)


def thumbnails(*drawn: Image.Image) -> np.ndarray:
    size = (standardising.THUMBNAIL_PX, standardising.THUMBNAIL_PX)
    return np.stack([np.asarray(photo.resize(size, Image.Resampling.LANCZOS)) for photo in drawn])


def found(images: np.ndarray) -> list[list[int]]:
    pairs: list[list[int]] = near_duplicates(images, SETTINGS).pairs.tolist()
    return pairs


COPIES = {
    "saved again": lambda photo: saved(photo, 30),
    "half as large": lambda photo: photo.resize((128, 128)),
    "cropped by 5 %": lambda photo: photo.crop((10, 3, 253, 246)),
    "brightened": lambda photo: ImageEnhance.Brightness(photo).enhance(1.3),
    "darkened": lambda photo: ImageEnhance.Brightness(photo).enhance(0.7),
    "turned by 2 degrees": lambda photo: photo.rotate(2, Image.Resampling.BICUBIC).crop((8, 8, 248, 248)),
}


def test_thumbnails_are_as_large_as_photos_makes_them() -> None:
    assert standardising.THUMBNAIL_PX == alignment.SIDE_PX


@pytest.mark.parametrize("copy", COPIES)
def test_a_copy_is_found(copy: str) -> None:
    drawn = [scene(seed) for seed in range(6)]
    assert found(thumbnails(*drawn, COPIES[copy](drawn[2]))) == [[2, 6]]


def test_a_burst_is_found() -> None:
    assert found(thumbnails(scene(1), scene(2), scene(1, shift_px=6), scene(3))) == [[0, 2]]


def test_a_cup_of_another_colour_on_the_same_desk_is_another_photo() -> None:
    """The cups are of one brightness: a measure of luma alone would not tell them apart."""
    red, blue = "#b04030", "#3063b0"
    lumas = [
        np.dot(Image.new("RGB", (1, 1), cup).getpixel((0, 0)), [0.299, 0.587, 0.114]) for cup in (red, blue)
    ]
    assert abs(lumas[0] - lumas[1]) < 4
    assert found(thumbnails(scene(1, cup=red), scene(1, cup=blue))) == []


def test_the_same_desk_without_the_cup_is_another_photo() -> None:
    empty = scene(1)
    ImageDraw.Draw(empty).rectangle((50, 50, 220, 220), fill=empty.getpixel((30, 120)))
    assert found(thumbnails(scene(1), empty)) == []


def test_photos_of_one_colour_are_linked_if_the_colour_is_one() -> None:
    colours = [(200, 0, 0), (0, 0, 200), (200, 0, 0), (1, 1, 1), (200, 1, 0)]
    flat = np.stack([np.full((32, 32, 3), colour, dtype=np.uint8) for colour in colours])
    assert found(flat) == [[0, 2], [0, 4]]


def test_many_equal_photos_make_few_links() -> None:
    links = near_duplicates(np.zeros((3000, 32, 32, 3), dtype=np.uint8), SETTINGS)
    assert links.pairs.tolist() == [[0, second] for second in range(1, 3000)]
    assert set(links.distances) == {0}
    assert set(links.similarities) == {1.0}


@pytest.mark.parametrize("num_photos", [0, 1])
def test_fewer_than_two_photos_have_no_links(num_photos: int) -> None:
    links = near_duplicates(np.zeros((num_photos, 32, 32, 3), dtype=np.uint8), SETTINGS)
    assert links.pairs.shape == (0, 2)
    assert perceptual_hashes(np.zeros((num_photos, 32, 32, 3), dtype=np.uint8)).shape == (num_photos, 4)


def test_thresholds_are_kept() -> None:
    images = thumbnails(*(scene(seed, shift_px=shift) for seed in range(4) for shift in (0, 4, 9, 16)))
    all_links = near_duplicates(images, SETTINGS)
    for bits, least in ((4, 0.6), (40, 0.99)):
        links = near_duplicates(
            images, NearDuplicateSettings(max_distance=bits, min_similarity=least, max_share=1)
        )
        passing = (all_links.distances <= bits) & (all_links.similarities >= least)
        assert 0 < passing.sum() < len(passing)
        np.testing.assert_array_equal(links.pairs, all_links.pairs[passing])


def test_what_a_bright_exposure_clips_does_not_count_against_it() -> None:
    image = thumbnails(scene(2, cup="white")).astype(float)
    first, second = image.astype(np.uint8), np.clip(image * 1.7, 0, 255).astype(np.uint8)
    assert (second == 255).mean() > 0.2
    still = np.zeros((1, 2, 3))
    assert alignment.worst_similarity(first, second, still)[0] > 0.9
    assert alignment.worst_similarity(second, first, still)[0] > 0.9


def test_a_crowd_that_looks_alike_is_allowed_a_third_of_the_distance_and_a_burst_all_of_it() -> None:
    burst = near_duplicates(thumbnails(*(scene(1, shift_px=3 * number) for number in range(12))), SETTINGS)
    assert burst.distances.max() > SETTINGS.max_distance // 3
    assert len(set(clusters([f"{number:02}" for number in range(12)], burst.pairs))) == 1
    noise = np.random.default_rng(0).integers(-9, 10, (60, 32, 32, 3))
    crowd = near_duplicates(np.clip(thumbnails(scene(1)) + noise, 0, 255).astype(np.uint8), SETTINGS)
    assert len(crowd.pairs) > 60
    assert crowd.distances.max() <= SETTINGS.max_distance // 3


def test_the_number_of_workers_does_not_matter() -> None:
    images = thumbnails(*(scene(seed, shift_px=shift) for seed in range(3) for shift in (0, 3, 6)))
    one, two = (near_duplicates(images, SETTINGS, num_workers=number) for number in (1, 2))
    for first, second in zip(one, two, strict=True):
        np.testing.assert_array_equal(first, second)


def test_the_keys_of_as_many_photos_as_fit_into_int64_keep_their_order_and_give_back_what_they_hold() -> None:
    last = hashing.MAX_PHOTOS - 1
    rows = np.array([[0, 0, 1], [0, 256, 1], [last - 1, 256, last], [last, 0, 0], [last, 256, last]])
    keys = hashing._key(*rows.T, hashing.MAX_PHOTOS)
    assert (np.diff(keys) > 0).all()
    assert keys[0] >= 0
    assert np.array_equal(np.stack(hashing._of_key(keys, hashing.MAX_PHOTOS), axis=1), rows)
    assert hashing.DISTANCES * (hashing.MAX_PHOTOS + 1) ** 2 > 2**63


def test_of_each_pair_the_smallest_distance_is_kept() -> None:
    keys = hashing._key(np.array([0, 1, 0, 0]), np.array([9, 3, 7, 8]), np.array([2, 2, 2, 1]), 3)
    first, distance, second = hashing._of_key(hashing._chosen_nearest(keys, 3), 3)
    assert [*zip(first.tolist(), distance.tolist(), second.tolist(), strict=True)] == [
        (0, 7, 2),
        (0, 8, 1),
        (1, 3, 2),
    ]


def test_a_hash_is_written_as_64_digits() -> None:
    hash_ = np.array([1, 255, 2**64 - 1, 0], dtype=np.uint64)
    assert hash_text(hash_) == "0000000000000001" + "00000000000000ff" + "f" * 16 + "0" * 16


def test_a_hash_is_the_same_on_every_machine() -> None:
    ramp = np.broadcast_to(np.arange(0, 256, 8, dtype=np.uint8)[:, None], (32, 32))
    image = np.stack([ramp, ramp.T, (ramp + ramp.T) // 2], axis=-1)
    assert (
        hash_text(perceptual_hashes(image[None])[0])
        == "f47823209c4a854ea40c00049ed043202081731081c05034a908523480827320"
    )


def test_a_cluster_is_named_by_its_smallest_photo() -> None:
    ids = ["d", "a", "c", "b", "e"]
    assert clusters(ids, np.array([[0, 2], [2, 3]])) == ["b", "a", "b", "b", "e"]


def test_a_photo_alone_is_its_own_cluster() -> None:
    assert clusters(["b", "a"], np.zeros((0, 2), dtype=np.int64)) == ["b", "a"]


def links_of(*links: tuple[int, int, int, float]) -> Links:
    first, second, distances, similarities = zip(*links, strict=True)
    return Links(np.stack([first, second], axis=1), np.array(distances), np.array(similarities))


CHAIN = links_of((0, 1, 3, 0.99), (0, 2, 9, 0.95), (1, 2, 30, 0.61), (2, 3, 20, 0.7))
PATHS = [f"cup/{name}.jpg" for name in "abcdefghij"]


PEOPLE = ["ann", "ann", "bob", "bob", *[""] * 6]


def test_a_cluster_of_too_large_a_share_is_a_short_error_with_its_weakest_link_between_people() -> None:
    with pytest.raises(DataError) as raised:
        check_shares(PATHS, ["cup"] * 10, PEOPLE, CHAIN, max_share=0.39)
    assert str(raised.value) == (
        "params.yaml: near_duplicates.max_share is 0.39, but one cluster holds 4 of 10 photos of 'cup', "
        "linked by cup/a.jpg and cup/c.jpg (similarity 0.95); if these show different scenes, lower "
        "max_distance or raise min_similarity, else raise max_share"
    )


def test_without_groups_each_photo_counts_as_one() -> None:
    with pytest.raises(DataError, match=r"linked by cup/c.jpg and cup/d.jpg .similarity 0.70"):
        check_shares(PATHS, ["cup"] * 10, [""] * 10, CHAIN, max_share=0.39)


def test_of_several_clusters_the_largest_share_is_named_and_the_others_are_counted() -> None:
    links = links_of((0, 1, 1, 0.9), (1, 2, 1, 0.9), (5, 6, 1, 0.9), (6, 7, 1, 0.9), (7, 8, 1, 0.8))
    with pytest.raises(
        DataError, match=r"4 of 5 photos of 'cup' \(and 1 more cluster\), linked by cup/h"
    ) as raised:
        check_shares(PATHS, ["book"] * 5 + ["cup"] * 5, [""] * 10, links, max_share=0.5)
    assert len(str(raised.value)) < 300


def test_the_link_is_one_of_the_label_that_is_named() -> None:
    links = links_of((0, 1, 1, 0.9), (1, 5, 1, 0.8), (5, 6, 1, 0.6))
    labels = ["book"] * 2 + ["cup"] * 8
    with pytest.raises(DataError, match=r"2 of 2 photos of 'book', linked by cup/a.jpg and cup/b.jpg .sim"):
        check_shares(PATHS, labels, [""] * 10, links, max_share=0.5)
    groups = ["ann", "ann", *[""] * 8]  # nothing between groups links two books
    with pytest.raises(DataError, match=r"2 of 2 photos of 'book', linked by cup/b.jpg and cup/f.jpg .sim"):
        check_shares(PATHS, labels, groups, links, max_share=0.5)


def test_a_cluster_within_one_group_does_not_count_as_it_is_never_divided() -> None:
    check_shares(PATHS, ["cup"] * 10, ["ann"] * 10, CHAIN, max_share=0.1)
    check_shares(PATHS, ["cup"] * 4 + ["key"] * 6, ["ann"] * 4 + ["bob"] * 6, CHAIN, max_share=0.1)


def test_a_share_up_to_the_limit_is_no_error() -> None:
    check_shares(PATHS, ["cup"] * 10, [""] * 10, CHAIN, max_share=0.4)


def test_a_pair_is_no_chain() -> None:
    check_shares(PATHS[:2], ["cup"] * 2, [""] * 2, links_of((0, 1, 1, 0.9)), max_share=0.2)


def test_no_links_are_no_error() -> None:
    none = near_duplicates(np.zeros((0, 32, 32, 3), dtype=np.uint8), SETTINGS)
    check_shares([], [], [], none, max_share=0.2)
