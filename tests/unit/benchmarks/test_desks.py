"""What `benchmarks.near_duplicates` measures on: drawn desks, and photos as they are opened."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks import near_duplicates
from benchmarks.desks.meshes import plain, quad
from benchmarks.desks.renderer import Lamp, camera_at, rasterise, render

DEMO = Path(__file__).parents[3] / "data" / "demo"


def test_every_photo_counts_whatever_its_format() -> None:
    paths = near_duplicates.photo_paths(DEMO)
    assert {path.suffix for path in paths} == {".jpg", ".png", ".webp", ".heic"}
    assert len(paths) == 255  # a broken one and a text among them


def test_photos_of_16_bits_and_heic_are_seen_as_they_are() -> None:
    for name in ("hana/book/IMG_1523.png", "dora/cup/IMG_3021.heic"):
        thumbnail = near_duplicates.thumbnail(near_duplicates.opened(DEMO / name))
        assert thumbnail.std() > 10, name


def test_where_triangles_overlap_the_larger_key_shows() -> None:
    square = np.array([[[0, 0], [8, 0], [0, 8]], [[0, 0], [8, 0], [0, 8]]], dtype=float)
    where, triangle, shares, key = rasterise(square, np.array([[1.0] * 3, [2.0] * 3]), width=4, height=4)
    assert where.tolist() == list(range(16))
    assert set(triangle.tolist()) == {1}
    assert np.allclose(shares.sum(axis=1), 1)
    assert np.allclose(key, 2)


def test_a_thing_above_the_desk_casts_its_shadow_away_from_the_lamp() -> None:
    roof = quad([[-3, 3, 6], [3, 3, 6], [3, -3, 6], [-3, -3, 6]], plain("black"))
    lamp = Lamp(np.array([0.6, 0.0, 0.8]), np.ones(3), np.zeros(3), softness_cm=0.2)
    camera = camera_at(
        np.zeros(3),
        azimuth_deg=0,
        elevation_deg=89.9,
        tilt_deg=0,
        distance_cm=60,
        focal=1.0,
        width=60,
        height=60,
    )
    light = render([roof], camera, lamp, lambda places: np.full((len(places), 3), 0.5), np.zeros(3))[..., 0]
    x = 30 + round((-4.5 - 1.5) / 60 * 60)  # the roof's shadow reaches from x = -7.5 to -1.5 cm
    assert light[30, x] == 0
    assert light[30, 60 - x] > 0.2
