"""Photos of one scene moments apart, and photos saved again: which they are, and what they join.

`hashing` proposes pairs of photos, `alignment` looks at them closely.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NamedTuple

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree

from tenshots import alignment, hashing
from tenshots.alignment import SIDE_PX
from tenshots.errors import DataError
from tenshots.params import PATH
from tenshots.settings.intake import NearDuplicateSettings

NUM_CONFIRMED = 128  # pairs aligned at a time: arrays that fit into a processor's cache
NUM_LINKS_SHOWN = 5


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
        settings: pairs are linked whose aligned hashes differ by at most `max_distance` bits (half of it
            where many look alike) and whose least similar block reaches `min_similarity`.
        num_workers: threads, from 1.
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


def check_shares(paths: Sequence[str], labels: Sequence[str], links: Links, *, max_share: float) -> None:
    """Checks that no cluster of three photos or more holds over `max_share` of a label's photos.

    Raises:
        DataError: names each such cluster's label and numbers, the least sure links that hold it together,
            and the settings.
    """
    if not len(links.pairs):
        return
    component = _components(len(paths), links.pairs)
    names, label = np.unique(np.asarray(labels), return_inverse=True)
    in_label = np.bincount(label)
    sizes = np.bincount(component)
    found, counts = np.unique(np.stack([component, label]), axis=1, return_counts=True)
    sentences = [
        f"{count} of {in_label[of]} photos of {str(names[of])!r} by "
        f"{_weakest(paths, links, component == number)}"
        for (number, of), count in zip(found.T, counts, strict=True)
        if sizes[number] > 2 and count > max_share * in_label[of]  # a pair is no chain
    ]
    if sentences:
        raise DataError(
            f"{PATH}: near_duplicates.max_share lets a cluster hold {max_share:g} of a label's photos, but "
            f"links join {'; '.join(sentences)}; if these are different scenes, lower "
            f"near_duplicates.max_distance or raise min_similarity, else raise max_share"
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
    """Returns the number of each photo's connected component."""
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(num_photos, num_photos))
    return np.asarray(connected_components(graph, directed=False)[1])


def _weakest(paths: Sequence[str], links: Links, members: np.ndarray) -> str:
    """Names the least similar links among those without which a cluster falls apart."""
    inside = np.flatnonzero(members[links.pairs[:, 0]])
    first, second = links.pairs[inside].T
    # A spanning tree of the most similar links; the cost of none is 0, which would be no link.
    costs = coo_array((2 - links.similarities[inside], (first, second)), shape=(len(paths), len(paths)))
    tree = minimum_spanning_tree(costs.tocsr()).tocoo()
    in_tree = set(zip(tree.row.tolist(), tree.col.tolist(), strict=True))
    held = [at for at in inside if tuple(links.pairs[at].tolist()) in in_tree]
    held.sort(key=lambda at: (links.similarities[at], -links.distances[at], at))
    named = [
        f"{paths[links.pairs[at, 0]]} and {paths[links.pairs[at, 1]]}: "
        f"similarity {links.similarities[at]:.2f}, distance {links.distances[at]}"
        for at in held[:NUM_LINKS_SHOWN]
    ]
    more = len(held) - len(named)
    return "; ".join(named) + (f"; and {more} closer links" if more else "")
