"""Where to kill: points drawn from the lists of events that undisturbed runs have left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle, islice
from typing import NamedTuple

import numpy as np

WHOM = ("stage", "dvc", "group")
AT_LEAST = 2  # points of each stage
WHOLE = ""  # instead of a stage: all of them
DVC = "dvc"  # whose events count, instead of a stage's
PLACES = (
    "dvc.lock",
    ".dvc/cache/runs",
    ".dvc/cache",
    ".dvc/tmp",
    "",
)  # where DVC writes; the last has the rest
Events = Mapping[str, Sequence[str]]  # of each stage, a line each, in order


class Point(NamedTuple):
    """A place to kill at.

    Attributes:
        stage: that is run, as DVC names it; WHOLE: all of them.
        of: whose events count: the stage's, or DVC's.
        at: number of the event, from 1, or its line.
        whom: `stage`, `dvc` (alone: what it has started goes on) or `group`.
    """

    stage: str
    of: str
    at: str
    whom: str


def shares(numbers: Mapping[str, int], total: int, at_least: int = AT_LEAST) -> dict[str, int]:
    """Divides `total` in proportion, each part at least `at_least` and at most what there is.

    Where `total` is too small for that, each gets as many as all can have, and the largest the rest.

    Args:
        numbers: of events, by stage.
        total: of points.
        at_least: of each stage.

    Returns:
        The number of points of each stage; less than `total` in all only where there are too few events.
    """
    least = min(at_least, total // max(len(numbers), 1))
    found = {name: min(least, number) for name, number in numbers.items()}
    whole = sum(numbers.values())
    while sum(found.values()) < min(total, whole):
        lack = {name: numbers[name] * total / whole - found[name] for name in numbers}
        name = max((name for name in numbers if found[name] < numbers[name]), key=lack.__getitem__)
        found[name] += 1
    return found


def of_stages(events: Events, num_points: int, generator: np.random.Generator) -> list[Point]:
    """Draws points of single stages: no event twice, and each kind of kill as often as the others.

    Args:
        events: of each stage.
        num_points: in all, see `shares`.
        generator: draws.
    """
    parts = shares({stage: len(lines) for stage, lines in events.items()}, num_points)
    places = [
        (stage, int(place) + 1)
        for stage, number in parts.items()
        for place in sorted(generator.choice(len(events[stage]), size=number, replace=False))
    ]
    rounds = -(-len(places) // len(WHOM))
    kinds = [str(kind) for _ in range(rounds) for kind in generator.permutation(WHOM)]
    return [
        Point(stage, stage, str(number), kind) for (stage, number), kind in zip(places, kinds, strict=False)
    ]


def place_of(line: str) -> str:
    """Returns which of PLACES an event of DVC's belongs to."""
    path = line.partition(" ")[2]
    return next(place for place in PLACES if f"{path}/".startswith(f"{place}/" if place else ""))


def of_dvc(lines: Sequence[str], num_points: int, generator: np.random.Generator) -> list[Point]:
    """Draws points of a whole run at DVC's own events, from each of PLACES in turn.

    Args:
        lines: DVC's events.
        num_points: in all; fewer where there are fewer events.
        generator: draws.
    """
    drawn: dict[str, list[int]] = {place: [] for place in PLACES}
    for number in generator.permutation(len(lines)):
        drawn[place_of(lines[number])].append(int(number) + 1)
    num_points = min(num_points, len(lines))
    turns = (numbers.pop() for numbers in cycle(drawn.values()) if numbers) if lines else iter(())
    return [Point(WHOLE, DVC, str(number), DVC) for number in sorted(islice(turns, num_points))]
