"""Arbitrary groups, clusters, twins and labels: a valid split as even as can be, or the error."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tenshots.errors import DataError
from tenshots.splitting.division import components, split
from tenshots.splitting.leakage import leakage
from tenshots.splitting.settings import SplitSettings
from tests.drawn.divided import PARTS, check_split, photos_of


def joined(manifest: pd.DataFrame) -> dict[str, str]:
    """Returns the component of each kept photo: all of a unit take its smallest name until none changes."""
    names = {photo: photo for photo in manifest.loc[manifest["status"] == "kept", "photo_id"]}
    holders: dict[tuple[str, str], list[str]] = {}
    for row in manifest.itertuples():
        if row.photo_id in names:
            for kind, name in (("group", row.group), ("cluster", row.cluster)):
                if name:
                    holders.setdefault((kind, name), []).append(row.photo_id)
    changed = True
    while changed:
        changed = False
        for photos in holders.values():
            smallest = min(names[photo] for photo in photos)
            changed |= any(names[photo] != smallest for photo in photos)
            names |= dict.fromkeys(photos, smallest)
    return names


def counts_of(manifest: pd.DataFrame) -> pd.DataFrame:
    """Returns the number of photos of each component (rows) and label (columns)."""
    photos = manifest[manifest["status"] == "kept"]
    table: pd.DataFrame = pd.crosstab(photos["photo_id"].map(joined(manifest)), photos["label"])
    return table


def dealings(counts: np.ndarray, num_parts: int) -> Iterator[np.ndarray]:
    """Yields every way to give components to parts that leaves no part without a label."""
    for parts in itertools.product(range(num_parts), repeat=len(counts)):
        dealt = np.array(parts)
        if all((counts[dealt == part].sum(axis=0) > 0).all() for part in range(num_parts)):
            yield dealt


def distance(counts: np.ndarray, dealt: np.ndarray, shares: Sequence[float]) -> float:
    """Returns the chi-square distance from the shares; labels weigh alike, the total as all of them."""
    found = np.array([counts[dealt == part].sum(axis=0) for part in range(len(shares))])
    far = 0.0
    for photos, weight in [(column, 1) for column in found.T] + [(found.sum(axis=1), counts.shape[1])]:
        wanted = np.array(shares) * photos.sum()
        far += weight * float(((photos - wanted) ** 2 / wanted).sum() / photos.sum())
    return far


def dealt_by(splits: pd.DataFrame, counts: pd.DataFrame, names: Sequence[str], fold: int = 0) -> np.ndarray:
    """Returns the place in `names` of each component's part."""
    rows = splits[splits["fold"] == fold].drop_duplicates("component").set_index("component")
    return rows.loc[counts.index, "part"].map({name: place for place, name in enumerate(names)}).to_numpy()


def outcome(manifest: pd.DataFrame, wanted: SplitSettings, seed: int) -> str:
    """The whole table, or the message of the error."""
    try:
        return str(split(manifest, wanted, seed=seed).to_csv())
    except DataError as error:
        return str(error)


labels_and_groups = st.tuples(st.sampled_from("abcd"), st.sampled_from(["", *"123456789"]))


@st.composite
def manifests(draw: st.DrawFn, max_size: int = 80) -> pd.DataFrame:
    rows = draw(st.lists(labels_and_groups, min_size=1, max_size=max_size))
    numbers = st.one_of(st.integers(0, 2 * len(rows)), st.integers(0, 3))
    clusters = draw(st.lists(numbers, min_size=len(rows), max_size=len(rows)))
    twin = st.tuples(st.integers(0, len(rows) - 1), st.sampled_from(["", "1", "2", "twins"]))
    return photos_of(rows, clusters, draw(st.lists(twin, max_size=3)))


@st.composite
def sized(draw: st.DrawFn, max_components: int, min_components: int = 1) -> pd.DataFrame:
    """Draws photos of groups that differ in size and labels; a cluster or none joins two groups."""
    num_labels = draw(st.integers(1, 3))
    sizes = st.lists(st.integers(0, 4), min_size=num_labels, max_size=num_labels).filter(any)
    groups = draw(st.lists(sizes, min_size=min_components, max_size=max_components))
    rows = [
        ("abc"[label], f"group {group}")
        for group, of_labels in enumerate(groups)
        for label, number in enumerate(of_labels)
        for _ in range(number)
    ]
    clusters = list(range(len(rows)))
    clusters[-1] = draw(st.sampled_from(clusters))
    return photos_of(rows, clusters)


@settings(deadline=None, max_examples=100)
@given(manifests())
def test_components_are_those_of_a_plain_union(manifest: pd.DataFrame) -> None:
    found = components(manifest)
    assert found.to_dict() == joined(manifest)
    assert found.index.is_monotonic_increasing
    shuffled = manifest.sample(frac=1, random_state=0)
    pd.testing.assert_series_equal(components(shuffled), found)


@settings(deadline=None, max_examples=60)
@given(manifests(), st.integers(1, 5), st.floats(0.05, 0.6), st.floats(0.05, 0.6), st.integers(0, 2**32 - 1))
def test_any_photos_give_a_valid_split_without_siblings_across_it_or_the_error(
    manifest: pd.DataFrame, folds: int, test: float, val: float, seed: int
) -> None:
    try:
        splits = split(manifest, SplitSettings(folds=folds, test=test, val=val), seed=seed)
    except DataError as error:
        assert re.search("has [0-9]+ independent sets? of photos", str(error))  # noqa: PT017 (either outcome is right)
        return
    check_split(manifest, splits, num_folds=folds)
    found = leakage(manifest, splits, seed=seed)["split"]
    assert found["num_components_divided"] == 0
    assert found["with_sibling_in_training"] == {"component": 0, "cluster": 0, "group": 0}


@settings(deadline=None, max_examples=60)
@given(sized(max_components=7), st.floats(0.05, 0.6), st.floats(0.05, 0.6), st.integers(0, 9))
def test_few_components_are_dealt_as_evenly_as_any_valid_split_can_or_none_exists(
    manifest: pd.DataFrame, test: float, val: float, seed: int
) -> None:
    counts = counts_of(manifest)
    shares = [(1 - test) * (1 - val), (1 - test) * val, test]
    distances = [distance(counts.to_numpy(), dealt, shares) for dealt in dealings(counts.to_numpy(), 3)]
    try:
        splits = split(manifest, SplitSettings(folds=1, test=test, val=val), seed=seed)
    except DataError:
        assert not distances
        return
    check_split(manifest, splits, num_folds=1)
    found = distance(counts.to_numpy(), dealt_by(splits, counts, PARTS), shares)
    assert abs(found - min(distances)) < 1e-9


@settings(deadline=None, max_examples=60)
@given(sized(max_components=7, min_components=3), st.integers(2, 3), st.integers(0, 9))
def test_few_components_are_tested_as_evenly_as_any_valid_folds_can_or_none_exist(
    manifest: pd.DataFrame, folds: int, seed: int
) -> None:
    counts = counts_of(manifest)
    table = counts.to_numpy()
    valid = [
        dealt
        for dealt in dealings(table, folds)
        if all(any(True for _ in dealings(table[dealt != fold], 2)) for fold in range(folds))
    ]
    try:
        splits = split(manifest, SplitSettings(folds=folds, test=0.2, val=0.3), seed=seed)
    except DataError:
        assert not valid
        return
    check_split(manifest, splits, num_folds=folds)
    parts = [dealt_by(splits, counts, PARTS, fold) for fold in range(folds)]
    tested = np.argmax(np.array(parts) == PARTS.index("test"), axis=0)
    nearest = min(distance(table, dealt, [1 / folds] * folds) for dealt in valid)
    assert abs(distance(table, tested, [1 / folds] * folds) - nearest) < 1e-9
    rest = table[tested != 0]
    nearest = min(distance(rest, dealt, [0.7, 0.3]) for dealt in dealings(rest, 2))
    assert abs(distance(rest, parts[0][tested != 0], [0.7, 0.3]) - nearest) < 1e-9


@settings(deadline=None, max_examples=15)
@given(sized(max_components=24, min_components=14), st.integers(0, 9))
def test_no_move_and_no_swap_brings_many_components_nearer_to_the_shares(
    manifest: pd.DataFrame, seed: int
) -> None:
    counts = counts_of(manifest)
    table, shares = counts.to_numpy(), [0.64, 0.16, 0.2]
    try:
        splits = split(manifest, SplitSettings(folds=1, test=0.2, val=0.2), seed=seed)
    except DataError:
        assume(False)
    dealt = dealt_by(splits, counts, PARTS)
    number = len(table)
    moved = [np.where(np.arange(number) == one, part, dealt) for one in range(number) for part in range(3)]
    swapped = []
    for one, other in itertools.combinations(range(number), 2):
        steps = dealt.copy()
        steps[[one, other]] = steps[[other, one]]
        swapped.append(steps)
    found = distance(table, dealt, shares)
    for steps in [*moved, *swapped]:
        if all((table[steps == part].sum(axis=0) > 0).all() for part in range(3)):
            assert found < distance(table, steps, shares) + 1e-9


@settings(deadline=None, max_examples=30)
@given(manifests(), st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_the_order_of_the_rows_moves_nothing(manifest: pd.DataFrame, folds: int, seed: int) -> None:
    shuffled = manifest.iloc[np.random.default_rng(seed).permutation(len(manifest))]
    wanted = SplitSettings(folds=folds, test=0.3, val=0.3)
    assert outcome(manifest, wanted, seed) == outcome(shuffled, wanted, seed)


@settings(deadline=None, max_examples=60)
@given(manifests(max_size=30), st.data())
def test_siblings_across_a_given_split_are_all_counted_and_listed(
    manifest: pd.DataFrame, data: st.DataObject
) -> None:
    kept = manifest["status"] == "kept"
    number = int(kept.sum())
    parts = st.lists(st.sampled_from(PARTS), min_size=number, max_size=number)
    manifest.loc[kept, "split"] = data.draw(parts)
    photos = manifest[kept].sort_values("photo_id", ignore_index=True)
    photos["component"] = photos["photo_id"].map(joined(manifest))
    splits = photos[["photo_id", "component"]].assign(fold=0, part=photos["split"])
    found = leakage(manifest, splits, seed=0)
    tested, trained = (photos[photos["split"] == part] for part in ("test", "train"))
    for kind, num_siblings in found["split"]["with_sibling_in_training"].items():
        taken = set(trained[kind]) - {""}
        assert num_siblings == sum(name in taken for name in tested[kind])
    for kind, listed in (("cluster", "clusters"), ("group", "groups")):
        crossing = {
            name: set(rows["path"])
            for name, rows in photos[photos[kind] != ""].groupby(kind)
            if rows["split"].nunique() > 1
        }
        items = found["given_split"][listed]
        assert crossing == {
            item[kind]: {path for paths in item["photos"].values() for path in paths} for item in items
        }
        assert found["given_split"][f"num_{listed}"] == len(crossing)
