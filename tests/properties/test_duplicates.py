"""Arbitrary links: clusters are the connected components; arbitrary hashes: near ones are met."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from tenshots.intake.near_duplicates import hashing
from tenshots.intake.near_duplicates.duplicates import clusters, near_duplicates
from tenshots.intake.settings import NearDuplicateSettings

WIDE = NearDuplicateSettings(max_distance=64, min_similarity=0.3, max_share=1)


def joined(num_photos: int, pairs: list[tuple[int, int]]) -> list[set[int]]:
    """Returns the set of photos that links join to each photo, by merging sets."""
    sets = [{photo} for photo in range(num_photos)]
    for first, second in pairs:
        union = sets[first] | sets[second]
        for photo in union:
            sets[photo] = union
    return sets


@given(st.data(), st.integers(1, 25))
def test_clusters_are_the_connected_components(data: st.DataObject, num_photos: int) -> None:
    photo = st.integers(0, num_photos - 1)
    pairs = data.draw(st.lists(st.tuples(photo, photo).filter(lambda pair: pair[0] < pair[1]), max_size=25))
    ids = data.draw(st.permutations([f"id{number:02}" for number in range(num_photos)]))
    expected = [min(ids[member] for member in members) for members in joined(num_photos, pairs)]
    assert clusters(ids, np.array(pairs, dtype=np.int64).reshape(-1, 2)) == expected


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32 - 1), st.lists(st.integers(0, 2 * hashing.SURE_BITS), min_size=1, max_size=30))
def test_all_pairs_up_to_the_sure_distance_are_met(seed: int, flips: list[int]) -> None:
    """Copies of few hashes with some bits flipped, compared with all pairs."""
    random = np.random.default_rng(seed)
    bits = random.random((3, 256)) < 0.5
    copies = np.stack([bits[at % 3] for at in range(len(flips))])
    for copy, num_flips in zip(copies, flips, strict=True):
        copy[random.permutation(256)[:num_flips]] ^= True
    hashes = np.packbits(np.concatenate([bits, copies]), axis=1, bitorder="little").view("<u8")
    distances = np.bitwise_count(hashes[:, None] ^ hashes).sum(axis=2, dtype=int)
    sure = {(i, j) for i, j in zip(*np.nonzero(distances <= hashing.SURE_BITS), strict=True) if i < j}
    met = set()
    for band in range(hashing.NUM_BANDS):
        for keys in hashing._collisions(hashes, hashes, band):
            first, distance, second = hashing._of_key(keys, len(hashes))
            np.testing.assert_array_equal(distance, distances[first, second])
            met |= set(zip(first.tolist(), second.tolist(), strict=True))
    assert sure <= met
    assert all(first < second for first, second in met)


@given(st.integers(0, 2**32 - 1), st.integers(0, 15), st.integers(0, 15))
def test_a_pair_is_met_where_only_one_band_is_near(seed: int, band: int, bit: int) -> None:
    """The hardest pair: two bits of every band flipped, but one bit of one."""
    random = np.random.default_rng(seed)
    flips = np.array([(1 << random.permutation(16)[:2]).sum() for _ in range(16)])
    flips[band] = 1 << bit
    first = random.integers(0, 2**16, 16)
    hashes = np.stack([first, first ^ flips]).astype("<u2").view("<u8")
    met = np.concatenate(
        [keys for each in range(hashing.NUM_BANDS) for keys in hashing._collisions(hashes, hashes, each)]
    )
    assert {tuple(map(int, found)) for found in zip(*hashing._of_key(met, 2), strict=True)} == {
        (0, hashing.SURE_BITS, 1)
    }


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**32 - 1), st.data())
def test_the_order_of_the_photos_does_not_matter(seed: int, data: st.DataObject) -> None:
    random = np.random.default_rng(seed)
    drawn = gaussian_filter(random.normal(0, 1000, (4, 36, 36, 3)), (0, 3, 3, 0)).clip(-127, 127) + 127
    starts = random.integers(0, 3, (9, 2))
    images = np.stack(
        [drawn[at % 4, down : down + 32, across : across + 32] for at, (down, across) in enumerate(starts)]
    ).astype(np.uint8)
    images = np.unique(images, axis=0)  # of equal ones, the first is the centre of the links
    order = data.draw(st.permutations(range(len(images))))
    links, moved = near_duplicates(images, WIDE), near_duplicates(images[order], WIDE)
    assert len(links.pairs) > 0
    back = np.sort(np.array(order)[moved.pairs], axis=1)
    again = np.lexsort(back.T[::-1])
    np.testing.assert_array_equal(back[again], links.pairs)
    np.testing.assert_array_equal(moved.distances[again], links.distances)
    np.testing.assert_array_equal(moved.similarities[again], links.similarities)
