"""Desk tops: colours of places on a plane."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks.desks.meshes import light_of

Desk = Callable[[np.ndarray], np.ndarray]


def desk(kind: str, first: str, second: str, rng: np.random.Generator) -> Desk:
    """Returns a desk top.

    Args:
        kind: wood, planks, marble, tiles, checks, weave or plain.
        first: its main colour.
        second: of the grain, veins, grout or threads.
        rng: moves and turns the pattern.

    Returns:
        A function from places, float (n, 2), cm, to colours, float32 (n, 3), light from 0 to 1.
    """
    lattice = rng.random((64, 64)).astype(np.float32)
    turn, shift = np.radians(rng.normal(0, 25)), rng.uniform(0, 60, size=2)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    share = SHARES[kind]
    one, two = light_of(first), light_of(second)

    def colours(places: np.ndarray) -> np.ndarray:
        x, y = ((np.clip(places, -500, 500) @ matrix + shift).T).astype(np.float32)
        weight = np.clip(share(x, y, lattice), 0, 1)[:, None]
        grit = 0.94 + 0.12 * noise(x * 6, y * 6, lattice)[:, None]
        return np.asarray((one + (two - one) * weight) * grit, dtype=np.float32)

    return colours


def noise(x: np.ndarray, y: np.ndarray, lattice: np.ndarray) -> np.ndarray:
    """Returns smooth noise, float32 (n,), 0 to 1, that runs over one cell of the lattice per unit."""
    left, low = np.floor(x), np.floor(y)
    along, up = x - left, y - low
    along, up = along * along * (3 - 2 * along), up * up * (3 - 2 * up)
    column, row = left.astype(int) % 64, low.astype(int) % 64
    after, above = (column + 1) % 64, (row + 1) % 64
    lower = lattice[row, column] * (1 - along) + lattice[row, after] * along
    upper = lattice[above, column] * (1 - along) + lattice[above, after] * along
    return np.asarray(lower * (1 - up) + upper * up)


def _wood(x: np.ndarray, y: np.ndarray, lattice: np.ndarray) -> np.ndarray:
    wave = noise(x * 0.06, y * 0.25, lattice) * 9 + y * 0.35
    rings = 0.5 + 0.5 * np.sin(wave * 2.2)
    return np.asarray(0.55 * rings + 0.45 * noise(x * 0.25, y * 5, lattice))


def _planks(x: np.ndarray, y: np.ndarray, lattice: np.ndarray) -> np.ndarray:
    plank = np.floor(y / 11)
    tone = lattice[plank.astype(int) % 64, 7]
    gap = np.abs(y - np.round(y / 11) * 11) < 0.18
    return np.asarray(np.where(gap, 1.3, 0.5 * tone + 0.5 * _wood(x + plank * 17, y + plank * 3, lattice)))


def _marble(x: np.ndarray, y: np.ndarray, lattice: np.ndarray) -> np.ndarray:
    cloud = sum(noise(x * 0.08 * 2**k, y * 0.08 * 2**k, lattice) / 2**k for k in range(4))
    veins = 1 - np.abs(np.sin(x * 0.09 + y * 0.05 + 3.5 * cloud))
    return np.asarray(veins**6 + 0.25 * cloud - 0.1)


def _tiles(x: np.ndarray, y: np.ndarray, lattice: np.ndarray) -> np.ndarray:
    grout = (np.abs(x - np.round(x / 10) * 10) < 0.2) | (np.abs(y - np.round(y / 10) * 10) < 0.2)
    tone = lattice[np.round(y / 10 - 0.5).astype(int) % 64, np.round(x / 10 - 0.5).astype(int) % 64]
    return np.asarray(np.where(grout, 1.0, 0.22 * tone))


def _checks(x: np.ndarray, y: np.ndarray, lattice: np.ndarray) -> np.ndarray:
    bands = (np.sin(x * 1.1) > 0).astype(np.float32) + (np.sin(y * 1.1) > 0)
    return np.asarray(0.45 * bands + 0.1 * noise(x * 3, y * 3, lattice))


def _weave(x: np.ndarray, y: np.ndarray, lattice: np.ndarray) -> np.ndarray:
    threads = 0.5 + 0.25 * (np.sin(x * 9) + np.sin(y * 9))
    return np.asarray(0.5 * threads + 0.4 * noise(x * 0.3, y * 0.3, lattice))


def _plain(x: np.ndarray, y: np.ndarray, lattice: np.ndarray) -> np.ndarray:
    return np.asarray(0.5 * noise(x * 0.1, y * 0.1, lattice))


SHARES: dict[str, Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]] = {
    "wood": _wood,
    "planks": _planks,
    "marble": _marble,
    "tiles": _tiles,
    "checks": _checks,
    "weave": _weave,
    "plain": _plain,
}
