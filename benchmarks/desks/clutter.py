"""Small things that lie about on a desk and belong to no label."""

from __future__ import annotations

import numpy as np

from benchmarks.desks.meshes import Mesh, box, moved, plain, revolution, sheet, tube
from benchmarks.desks.objects import GLAZES, plate


def draw(rng: np.random.Generator) -> list[Mesh]:
    """Draws one thing, centred on the origin."""
    kinds = (_pen, _pen, _note, _phone, _mouse, _plate, _fruit, _cable, _paper, _tin)
    return moved(kinds[int(rng.integers(len(kinds)))](rng), turn_deg=float(rng.uniform(0, 360)), by=(0, 0, 0))


def _colour(rng: np.random.Generator) -> str:
    return GLAZES[int(rng.integers(len(GLAZES)))]


def _pen(rng: np.random.Generator) -> list[Mesh]:
    path = np.stack([np.linspace(-7, 7, 6), 0.01 * np.arange(6) ** 2, np.full(6, 0.45)], axis=1)
    radii = np.tile([0.42, 0.42], (6, 1))
    radii[-1] = 0.08
    return [tube(path, radii, plain(_colour(rng)), gloss=0.5)]


def _note(rng: np.random.Generator) -> list[Mesh]:
    colour = ("#f4dd5b", "#f29bb4", "#a9d8a0")[int(rng.integers(3))]
    return box((7.6, 7.6, 0.3), plain(colour), plain(colour))


def _paper(rng: np.random.Generator) -> list[Mesh]:
    sheet_, line = "#f3f2ee", "#aab4c4"
    page = np.repeat(plain(sheet_), 60, axis=0)
    page[4::4] = plain(line)[0]
    turn_deg = float(rng.uniform(-8, 8))
    return moved(box((21, 29.7, 0.04), page, plain(sheet_)), turn_deg=turn_deg, by=(0, 0, 0))


def _phone(rng: np.random.Generator) -> list[Mesh]:
    size = (7.2, float(rng.uniform(14, 16)), 0.8)
    glass = moved(
        box((6.7, size[1] - 0.6, 0.02), plain("#101319"), plain("#101319"), gloss=0.8), by=(0, 0, 0.8)
    )
    return box(size, plain("#2b2d31"), plain("#6b6e74"), gloss=0.4) + glass


def _mouse(rng: np.random.Generator) -> list[Mesh]:
    up, turn = np.meshgrid(np.linspace(np.pi / 2, 0, 10), np.linspace(0, 2 * np.pi, 32), indexing="ij")
    points = np.stack(
        [3.1 * np.cos(up) * np.cos(turn), 5.6 * np.cos(up) * np.sin(turn), 3.4 * np.sin(up) ** 0.7], axis=-1
    )
    colour = ("#17181b", "#e8e8e6", "#5b6068")[int(rng.integers(3))]
    return [sheet(points, plain(colour), gloss=0.35)]


def _plate(rng: np.random.Generator) -> list[Mesh]:
    return plate(_colour(rng), float(rng.uniform(6, 10)))


def _fruit(rng: np.random.Generator) -> list[Mesh]:
    up = np.linspace(np.pi / 2, -np.pi / 2, 14)
    radius = float(rng.uniform(3.2, 4.0))
    profile = np.stack([radius * np.cos(up), radius * 0.93 * (1 + np.sin(up))], axis=1)
    colour = ("#d97a1e", "#a8261f", "#7d9b2c")[int(rng.integers(3))]
    return [revolution(profile, plain(colour), gloss=0.4, num_steps=36)]


def _tin(rng: np.random.Generator) -> list[Mesh]:
    radius, height = float(rng.uniform(2.5, 4)), float(rng.uniform(1.5, 9))
    colour = _colour(rng)
    return [
        revolution([[radius, height], [radius, 0]], plain(colour), gloss=0.6),
        revolution([[radius, height], [0, height]], plain("#b9bcc0"), gloss=0.6),
    ]


def _cable(rng: np.random.Generator) -> list[Mesh]:
    along = np.linspace(-16, 16, 40)
    phase, swing = rng.uniform(0, 6), rng.uniform(2, 5)
    path = np.stack([along, swing * np.sin(along / 5 + phase), np.full(40, 0.3)], axis=1)
    return [tube(path, np.full((40, 2), 0.28), plain(("#151618", "#e6e6e4")[int(rng.integers(2))]))]
