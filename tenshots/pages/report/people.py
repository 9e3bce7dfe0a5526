"""How accuracy differs by person and label: numbers for comparison.json, rows and sentences for the page.

Key `people` of reports/comparison.json, of the chosen variant. It names nobody, because comparison.json is in
git; shares lie in [0, 1] (see tenshots.statistics.people):

    num          people who have test photos; null where nothing can be said by person
    mean         share of right answers, the mean over people
    spread       standard deviation between people, without the luck of their photos; 0 where that alone may
                 explain how they differ
    p_value      of the hypothesis that people do not differ
    differ       whether they are shown to (p_value below 0.05)
    all_right    whether each answer about each photo was right
    hardest      {share, shrunken, num_photos} of the person with the lowest shrunken share
    next         {low, high, level, num_photos}: what to expect of the next person; null where no_interval
                 says why
    no_interval
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from tenshots.pages.report import charts
from tenshots.statistics import measure
from tenshots.statistics import people as spreads
from tenshots.statistics.intervals import MIN_COMPONENTS, NUM_DIGITS
from tenshots.statistics.phrases import percent
from tenshots.wording import counted, joined

UNKNOWN = "the layout does not say who took the photos"
NOTHING = ("num", "mean", "spread", "p_value", "differ", "all_right", "hardest", "next")
LEAST_REACH = 0.2  # of the axis: people who differ by a point should not look worlds apart
STEP = 0.1  # of the axis
NUM_OPEN = 12  # people; the others are folded


@dataclass(frozen=True)
class Person:
    """What the page shows of one person; shares in [0, 1].

    Attributes:
        name: of the group; of several whose photos near-duplicates join, all of them.
        num_photos: tested.
        share: of right answers, the mean over repeats.
        shrunken: the same, drawn towards the mean.
    """

    name: str
    num_photos: int
    share: float
    shrunken: float


@dataclass(frozen=True)
class Section:
    """What the page says and shows by person.

    Attributes:
        people: the hardest first.
        sentences: in this order.
        scale: the axis of all shares.
    """

    people: Sequence[Person]
    sentences: Sequence[str]
    scale: charts.Scale


def by_person(
    predictions: pd.DataFrame,
    photos: pd.DataFrame,
    splits: pd.DataFrame,
    *,
    num_divided: int,
    of_mean: Sequence[float] | None = None,
) -> tuple[dict[str, Any], list[Person]]:
    """Returns the key `people` above, and who they are, the hardest first.

    Args:
        predictions: of one variant's test photos, all folds and repeats.
        photos: photo_id and group, of the whole database.
        splits: photo_id, component, fold and part (see tenshots.splitting.division).
        num_divided: people in both training and test, which only a given split can have.
        of_mean: the interval of the accuracy, or None: one person's photos are no surer than that.
    """
    groups = photos.set_index("photo_id")["group"]
    tested = groups.loc[predictions["photo_id"].unique()]
    if not (tested != "").any():
        return {**dict.fromkeys(NOTHING), "no_interval": UNKNOWN}, []
    components = measure.components_of(splits)
    right, codes, names = spreads.answers(predictions, components)
    found = spreads.people(right, codes)
    who = _names(tested, components)
    people = sorted(
        (
            Person(who[name], int(number), float(share), float(shrunken))
            for name, number, share, shrunken in zip(
                names, found.num_photos, found.shares, found.shrunken, strict=True
            )
        ),
        key=lambda each: (each.shrunken, each.share, each.name),
    )
    reason = _no_interval(len(people), num_divided)
    hardest = people[0]
    return {
        "num": len(people),
        "mean": round(found.mean, NUM_DIGITS),
        "spread": round(found.spread, NUM_DIGITS),
        "p_value": float(f"{found.p_value:.4g}"),
        "differ": found.differ,
        "all_right": found.all_right,
        "hardest": {
            "share": round(hardest.share, NUM_DIGITS),
            "shrunken": round(hardest.shrunken, NUM_DIGITS),
            "num_photos": hardest.num_photos,
        },
        "next": None
        if reason or found.next is None
        else {
            "low": round(min(found.next.low, *(of_mean or [1.0])), NUM_DIGITS),
            "high": round(max(found.next.high, *(of_mean or [0.0])), NUM_DIGITS),
            "level": found.next.level,
            "num_photos": found.next.num_photos,
        },
        "no_interval": reason,
    }, people


def hardest_label(chosen: str, per_class: Sequence[Mapping[str, Any]]) -> str:
    """Says which label a variant recognises least, and whether that may be luck; nothing where all are equal.

    Args:
        chosen: the variant.
        per_class: of comparison.json: of each label its recall {value, interval}; labels without a photo
            have none.
    """
    shown = [each for each in per_class if each["support"]]
    values = [each["recall"]["value"] for each in shown]
    if len(set(values)) < 2:
        return ""
    worst, best = (shown[values.index(end(values))] for end in (min, max))
    least, most = worst["recall"], best["recall"]
    # Apart is stricter than a test of the difference, which the labels' intervals alone do not allow.
    apart = least["interval"] and most["interval"] and least["interval"][1] < most["interval"][0]
    return (
        f"{chosen} recognises {worst['label']} least: {percent(least['value'])} of its photos, against "
        f"{percent(most['value'])} of {best['label']}{'' if apart else '; that may be luck'}."
    )


def section(found: Mapping[str, Any], people: Sequence[Person]) -> Section:
    """Returns what the page says and shows, of the key `people` above and of who they are."""
    said = [expectation(found)]
    if people:
        said += [_differences(found), _hardest(found, people[0])] if len(people) > 1 else []
    shares = [share for each in people for share in (each.share, each.shrunken)]
    return Section(people, [text for text in said if text], _scale(shares, found["next"]))


def expectation(found: Mapping[str, Any]) -> str:
    """Says what to expect: "Expect 62 to 97 % of the next person's photos (90 % interval)."."""
    if found["next"] is None:
        return f"What to expect of the next person cannot be said: {found['no_interval']}."
    low, high = math.floor(100 * found["next"]["low"]), math.ceil(100 * found["next"]["high"])
    level = f"{100 * found['next']['level']:g}\N{NO-BREAK SPACE}%"
    of_next = f"of the next person's photos to be recognised ({level} interval)."
    begin = (
        f"All photos of all {found['num']} people were recognised; expect" if found["all_right"] else "Expect"
    )
    if found["all_right"] or high == 100:
        return f"{begin} at least {low}\N{NO-BREAK SPACE}% {of_next}"
    return f"{begin} {low} to {high}\N{NO-BREAK SPACE}% {of_next}"


def _differences(found: Mapping[str, Any]) -> str:
    if found["all_right"]:
        return ""
    if not found["spread"]:
        return "People differ by no more than the luck of so few photos per person explains."
    points = f"{100 * found['spread']:.1f} points"
    if found["differ"]:
        return (
            f"People differ by a standard deviation of {points}, beyond the luck of so few photos per person."
        )
    return (
        f"People may differ by a standard deviation of {points}, or by luck alone: with so few photos, equal "
        f"people look as different in {100 * found['p_value']:.0f} of 100 cases."
    )


def _hardest(found: Mapping[str, Any], person: Person) -> str:
    if not found["spread"]:
        return "" if found["all_right"] else "Nobody's photos are shown to be harder than the others'."
    told = (
        f"{100 * person.shrunken:.0f}\N{NO-BREAK SPACE}% (counted: {100 * person.share:.0f}"
        f"\N{NO-BREAK SPACE}% of {counted(person.num_photos, 'photo')})"
    )
    if found["differ"]:
        return f"The photos of {person.name} are the hardest: {told}."
    return f"The photos of {person.name} came out hardest: {told}; that may be luck."


def _no_interval(num_people: int, num_divided: int) -> str | None:
    if num_divided:
        return (
            "in the split that came with the photos, people have photos in both training and test, so nobody "
            "is new"
        )
    if num_people < MIN_COMPONENTS:
        some = "1 person does" if num_people == 1 else f"{num_people} people do"
        return f"{some} not show how people differ; {MIN_COMPONENTS} would"
    return None


def _names(groups: pd.Series, components: pd.Series) -> dict[str, str]:
    """Returns what each component is called; `groups` are those of the tested photos, by photo_id."""
    of_component = groups.groupby(components.loc[groups.index].astype(str))
    named = {str(name): sorted(set(part) - {""}) for name, part in of_component}
    return {name: joined(each) if each else "nobody named" for name, each in named.items()}


def _scale(shares: Sequence[float], expected: Mapping[str, Any] | None) -> charts.Scale:
    """Returns an axis that ends at 1 and holds all shares and the interval, marked in round per cents."""
    lowest = min([*shares, expected["low"] if expected else 1.0, 1 - LEAST_REACH])
    first = max(math.floor(lowest / STEP + 1e-9), 0)
    axis = charts.Scale(first * STEP, 1.0, [])
    every = 1 if 10 - first <= charts.MAX_TICKS else 2
    places = range(10, first - 1, -every)
    marks = [charts.Tick(axis.place(i * STEP), f"{100 * i * STEP:.0f}") for i in reversed(places)]
    return charts.Scale(axis.low, axis.high, marks)
