"""Photos of one scene moments apart, and photos saved again: which they are, and what they join.

`hashing` proposes pairs of photos, `alignment` looks at them closely.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd

from tenshots.errors import DataError
from tenshots.intake.near_duplicates import alignment, hashing
from tenshots.intake.near_duplicates.alignment import SIDE_PX
from tenshots.intake.settings import NearDuplicateSettings
from tenshots.params import PATH
from tenshots.wording import counted

NUM_CONFIRMED = 128  # pairs aligned at a time: arrays that fit into a processor's cache


class Links(NamedTuple):
    """Pairs of near-duplicates, sorted.

    Attributes:
        pairs: int64 (num_pairs, 2), positions of the photos, the smaller first.
        distances: int64 (num_pairs,), bits of 256 by which the hashes of the aligned photos differ.
        similarities: float64 (num_pairs,), of the least similar block, up to 1, rounded to 4 digits.
    """

    pairs: np.ndarray
    distances: np.ndarray
    similarities: np.ndarray


def near_duplicates(
    thumbnails: np.ndarray, settings: NearDuplicateSettings, *, num_workers: int = 1
) -> Links:
    """Finds the pairs of photos that show one scene moments apart, or are one photo saved again.

    The result depends on the photos alone, not on their order, the order in a pair or the number of workers.
    Photos of equal thumbnails are linked to the first of them, which stands for all in the other links.

    Args:
        thumbnails: uint8 (num_photos, 32, 32, 3), sRGB, the whole photo stretched to a square.
        settings: pairs are linked whose aligned hashes differ by at most `max_distance` bits (a third of
            it where many look alike) and whose least similar block reaches `min_similarity`.
        num_workers: threads, at least 1.
    """
    # In the order of their bytes, so that which photo of a pair is moved does not depend on where it stands.
    rows = np.ascontiguousarray(thumbnails).reshape(len(thumbnails), SIDE_PX * SIDE_PX * 3)
    order = np.argsort(rows.view(np.dtype((np.void, rows.shape[1])))[:, 0], kind="stable")
    is_new = np.array(
        [not at or (rows[order[at]] != rows[order[at - 1]]).any() for at in range(len(order))], bool
    )
    kinds = order[is_new]  # the first photo of each thumbnail
    twins = np.stack([kinds[np.cumsum(is_new) - 1], order], axis=1)[~is_new]
    links = [Links(twins, np.zeros(len(twins), dtype=np.int64), np.ones(len(twins)))]
    with ThreadPoolExecutor(num_workers) as workers:
        found, distances = hashing.candidates(thumbnails, kinds, workers)
        limits = _limits(found, settings.max_distance)
        # To lay them over one another lowers few distances by more than half.
        near = distances <= np.maximum(2 * limits, hashing.SURE_BITS)
        nearby, limits = kinds[found[near]], limits[near]
        places = [slice(start, start + NUM_CONFIRMED) for start in range(0, len(nearby), NUM_CONFIRMED)]
        confirm = partial(_confirmed, thumbnails, min_similarity=settings.min_similarity)
        links += workers.map(confirm, [nearby[at] for at in places], [limits[at] for at in places])
    pairs, differing, similarities = (np.concatenate(part) for part in zip(*links, strict=True))
    pairs = np.sort(pairs, axis=1)
    sequence = np.lexsort((pairs[:, 1], pairs[:, 0]))
    return Links(pairs[sequence], differing[sequence], similarities[sequence])


def clusters(photo_ids: Sequence[str], pairs: np.ndarray) -> list[str]:
    """Returns for each photo the smallest photo_id of those that links join to it, its own if it is alone."""
    component = _components(len(photo_ids), pairs)
    smallest: dict[int, str] = {}
    for photo_id, number in zip(photo_ids, component, strict=True):
        smallest[number] = min(photo_id, smallest.get(number, photo_id))
    return [smallest[number] for number in component]


def check_shares(
    paths: Sequence[str], labels: Sequence[str], groups: Sequence[str], links: Links, *, max_share: float
) -> None:
    """Checks that no cluster that reaches over groups holds over `max_share` of a label's photos.

    A cluster within one group may have any size, since a group is never divided anyway; and so may a pair. A
    photo without a group counts as a group of its own.

    Raises:
        DataError: names the largest share, its least sure link between groups, and the settings.
    """
    if not len(links.pairs):
        return
    photos = pd.DataFrame({"cluster": _components(len(paths), links.pairs), "label": labels, "group": groups})
    photos["group"] = photos["group"].where(photos["group"] != "", photos.index.astype(str) + "/")
    of_cluster = photos.groupby("cluster")["group"].agg(["size", "nunique"])
    wide = of_cluster.index[(of_cluster["size"] > 2) & (of_cluster["nunique"] > 1)]
    counts = photos[photos["cluster"].isin(wide)].value_counts(["label", "cluster"]).sort_index()
    totals = photos["label"].value_counts().loc[counts.index.get_level_values("label")].to_numpy()
    is_large = (counts > max_share * totals).to_numpy()
    if not is_large.any():
        return
    largest = int(np.argmax(counts.to_numpy() / totals))
    label, cluster = counts.index[largest]
    first, second, similarity = _weakest(
        links, photos["cluster"] == cluster, photos["group"].to_numpy(), photos["label"].to_numpy() == label
    )
    others = f" (and {counted(int(is_large.sum()) - 1, 'more cluster')})" if is_large.sum() > 1 else ""
    raise DataError(
        f"{PATH}: near_duplicates.max_share is {max_share:g}, but one cluster holds "
        f"{counts.iloc[largest]} of {totals[largest]} photos of {label!r}{others}, linked by {paths[first]} "
        f"and {paths[second]} (similarity {similarity:.2f}); if these show different scenes, lower "
        f"max_distance or raise min_similarity, else raise max_share"
    )


def _limits(candidates: np.ndarray, max_distance: int) -> np.ndarray:
    """Returns for each pair the bits by which its aligned hashes may differ: int64 (num_pairs,).

    Where a photo has as many candidates as are looked at, more than most bursts have shots, to look alike
    says little: it is a handwritten 1 among thousands. A third of the bits keeps such crowds from chaining.
    """
    num_candidates = np.bincount(candidates.ravel())
    crowded = (num_candidates[candidates] >= hashing.NUM_NEAREST).any(axis=1)
    return np.where(crowded, max_distance // 3, max_distance)


def _confirmed(
    thumbnails: np.ndarray, pairs: np.ndarray, limits: np.ndarray, *, min_similarity: float
) -> Links:
    """Returns which of some pairs are near-duplicates; each look is closer and dearer than the one before."""
    first, second = thumbnails[pairs[:, 0]], thumbnails[pairs[:, 1]]
    move = alignment.coarse_moves(first, second)
    near = _distances(first, second, move) <= 2 * limits
    pairs, limits, first, second = pairs[near], limits[near], first[near], second[near]
    move = alignment.fine_moves(first, second, move[near])
    distance = _distances(first, second, move)
    near = distance <= limits
    pairs, distance = pairs[near], distance[near]
    # Rounded, so that the last bits of a sum, which differ between processors, decide nothing.
    similarity = np.round(alignment.worst_similarity(first[near], second[near], move[near]), 4)
    alike = similarity >= min_similarity
    return Links(pairs[alike], distance[alike], similarity[alike])


def _distances(first: np.ndarray, second: np.ndarray, move: np.ndarray) -> np.ndarray:
    """Returns by how many bits the hashes of aligned thumbnails differ, int64 (num_pairs,)."""
    tones = alignment.aligned(alignment.luma(first), alignment.luma(second), move)
    one, other = (hashing.signs(np.round(image)) for image in (tones.first, tones.second))
    return np.asarray(np.bitwise_count(one ^ other).sum(axis=1, dtype=np.int64))


def _components(num_photos: int, pairs: np.ndarray) -> np.ndarray:
    """Returns for each photo the first of its connected component: int64 (num_photos,)."""
    above = list(range(num_photos))  # a photo before it, or itself where it is the first

    def first(photo: int) -> int:
        while above[photo] != photo:
            above[photo] = photo = above[above[photo]]  # the way is halved for whoever comes next
        return photo

    for pair in pairs.tolist():
        low, high = sorted(map(first, pair))
        above[high] = low
    return np.array([first(photo) for photo in range(num_photos)], dtype=np.int64)


def _weakest(
    links: Links, members: pd.Series, groups: np.ndarray, is_named: np.ndarray
) -> tuple[int, int, float]:
    """Returns the least similar link between groups among those without which a cluster falls apart.

    One of two photos that are named (`is_named`) is preferred, then one of such a photo and another.
    """
    # Not at the top: it takes longer to import than a class's photos to compare, and hardly anyone needs it.
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import minimum_spanning_tree

    inside = np.flatnonzero(members.to_numpy()[links.pairs[:, 0]])
    first, second = links.pairs[inside].T
    # A spanning tree of the most similar links; the cost of none is 0, which would be no link.
    graph = coo_array((2 - links.similarities[inside], (first, second)), shape=(len(members), len(members)))
    tree = minimum_spanning_tree(graph.tocsr()).tocoo()
    between = groups[tree.row] != groups[tree.col]
    first, second, costs = tree.row[between], tree.col[between], tree.data[between]
    num_named = is_named[first].astype(np.int64) + is_named[second]
    _, cost, one, other = max(zip(num_named, costs, first, second, strict=True))
    return int(one), int(other), float(2 - cost)
