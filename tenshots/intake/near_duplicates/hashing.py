"""Perceptual hashes: of photos that look nearly equal they differ in few bits, and such pairs are found fast.

Not all pairs are compared: photos meet where 16 bits of their hashes are (nearly) the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from functools import partial

import numpy as np

from tenshots.intake.near_duplicates.alignment import SIDE_PX, luma
from tenshots.intake.settings import CANDIDATE_BITS

NUM_BITS, NUM_BANDS, NUM_WORDS = 256, 16, 4
NUM_FREQUENCIES = 23  # along a side: as many as the first 256 diagonals need
# How a photo is hashed when it looks for others: zoomed in by a share, moved by pixels of the thumbnail. One
# of these is nearer to a cropped copy, or to the next shot of a burst, than the photo as it is; the last
# eight are for large moves. For moves no opposite is needed, as both photos of a pair look.
VIEWS = (
    (0.0, 0.0, 0.0), (0.05, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0),
    (0.03, 0.6, 0.6), (0.03, 0.6, -0.6), (0.03, -0.6, 0.6), (0.03, -0.6, -0.6),
    (0.05, 1.2, 1.2), (0.05, 1.2, -1.2), (0.05, -1.2, 1.2), (0.05, -1.2, -1.2),
    (0.0, 1.5, 1.5), (0.0, 1.5, -1.5), (0.0, 2.0, 0.0), (0.0, 0.0, 2.0),
)  # fmt: skip
SURE_BITS = 31  # the search finds all pairs up to here, see `_collisions`
DISTANCES = 2 * NUM_BITS  # room for a distance, 0 to 256, in a key
MAX_PHOTOS = 1 << 27  # the most whose keys, below DISTANCES * num_photos ** 2, fit into int64
# Candidates per photo, more than most bursts have shots: bounds the work where thousands look alike, such as
# handwritten ones.
NUM_NEAREST = 32
MAX_BUFFERED = 2_000_000  # candidates before the nearest are chosen again
NUM_COLLISIONS = 1 << 17  # compared at a time: arrays that fit into a processor's cache


def perceptual_hashes(thumbnails: np.ndarray) -> np.ndarray:
    """Returns hashes that are nearly equal for photos that look nearly equal.

    Each bit is the sign of one of the 256 lowest frequencies of the luma (a discrete cosine transform; Zauner
    2010 describes the 64-bit form). All numbers are integers, so the bits are the same on every machine.

    Args:
        thumbnails: uint8 (num_photos, 32, 32, 3), sRGB, the whole photo stretched to a square.

    Returns:
        uint64 (num_photos, 4). Each 16 bits mix low and high frequencies.
    """
    return _hashes(thumbnails, np.arange(len(thumbnails)), VIEWS[0])


def hash_text(hash_: np.ndarray) -> str:
    """Returns a hash, uint64 (4,), as 64 hexadecimal digits."""
    return "".join(f"{int(word):016x}" for word in hash_)


def signs(tones: np.ndarray, view: tuple[float, float, float] = VIEWS[0]) -> np.ndarray:
    """Returns hashes, uint64 (num_photos, 4), of integers, float64 (num_photos, 32, 32), up to 255,000.

    Whole numbers below 2^53 are exact in float64, so that no order of summing moves a bit; these reach 2^48.
    """
    zoom, across, down = view
    frequencies = _cosines(zoom, down) @ tones @ _cosines(zoom, across).T
    bits = frequencies.reshape(len(tones), NUM_FREQUENCIES**2)[:, _chosen()] > 0
    return np.packbits(np.ascontiguousarray(bits), axis=1, bitorder="little").view("<u8")


def candidates(thumbnails: np.ndarray, kinds: np.ndarray, workers: Executor) -> tuple[np.ndarray, np.ndarray]:
    """Finds pairs of photos whose hashes are near, also after one of them is seen closer or moved.

    Args:
        thumbnails: uint8 (num_photos, 32, 32, 3).
        kinds: int64 (num_kinds,), which photos are compared.
        workers: threads.

    Returns:
        int64 (num_pairs, 2), positions in `kinds`, the smaller first, of each photo's pairs the nearest 32;
        and int64 (num_pairs,), the bits by which their hashes differ, as they are best seen.
    """
    num_photos = len(kinds)
    known = _hashes(thumbnails, kinds, VIEWS[0])

    def met() -> Iterator[np.ndarray]:
        for view in VIEWS:
            search = partial(_met, _hashes(thumbnails, kinds, view), known)
            yield from workers.map(search, range(NUM_BANDS))

    first, distance, second = _of_key(_nearest(met(), num_photos), num_photos)
    return np.stack([first, second], axis=1), distance


def _hashes(thumbnails: np.ndarray, which: np.ndarray, view: tuple[float, float, float]) -> np.ndarray:
    """Returns the hashes, uint64 (num_chosen, 4), of the photos `which`, seen closer and moved."""
    hashes = np.empty((len(which), NUM_WORDS), dtype=np.uint64)
    for start in range(0, len(which), 1024):
        chosen = slice(start, start + 1024)
        hashes[chosen] = signs(luma(thumbnails[which[chosen]]).astype(np.float64), view)
    return hashes


def _cosines(zoom: float, shift_px: float) -> np.ndarray:
    """Returns rounded cosines, times 1024, that see a line zoomed in and moved: float64 (23, 32)."""
    middle = np.arange(SIDE_PX) + 0.5
    cosines = np.cos(np.pi / SIDE_PX * middle * np.arange(NUM_FREQUENCIES)[:, None])
    places = np.clip((middle - SIDE_PX / 2) * (1 - zoom) + shift_px + SIDE_PX / 2 - 0.5, 0, SIDE_PX - 1)
    # Whoever is seen at a place between two pixels is seen by both, in shares.
    shares = np.clip(1 - np.abs(places[:, None] - np.arange(SIDE_PX)), 0, None)
    # Rounded twice, for a cosine's last bit differs between processors, and 0.5 would fall either way.
    return np.asarray(np.round(np.round(1024 * cosines @ shares, 6)))


def _chosen() -> np.ndarray:
    """Returns the positions of 256 of the 23 x 23 frequencies; each 16 in turn reach from low to high."""
    down, across = np.divmod(np.arange(NUM_FREQUENCIES**2), NUM_FREQUENCIES)
    rising = np.lexsort((down, down + across))[1 : NUM_BITS + 1]  # without the mean
    return np.asarray(rising.reshape(-1, NUM_BANDS).T.ravel())


def _met(seen: np.ndarray, known: np.ndarray, band: int) -> np.ndarray:
    return _nearest(_collisions(seen, known, band), len(known))


def _collisions(seen: np.ndarray, known: np.ndarray, band: int) -> Iterator[np.ndarray]:
    """Yields pairs of near hashes of which 16 bits differ by one at most, as keys, some pairs twice.

    Of hashes that differ by 31 bits, one of the four words differs by 7 at most, and one of its four bands by
    one at most, so all such pairs are met in some band, and most of those beyond. (Multi-index hashing:
    Norouzi, Punjani and Fleet 2012, arXiv:1307.2982.)

    Args:
        seen: uint64 (num_photos, 4), the hashes that look for others.
        known: likewise, those that are found.
        band: which 16 bits, 0 to 15.
    """
    word = band * NUM_WORDS // NUM_BANDS
    flips = np.array([0, *(1 << np.arange(16))], dtype=np.uint16)
    keys, wanted = (hashes.view("<u2")[:, band] for hashes in (known, seen))
    by_key = np.argsort(keys, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(keys, minlength=1 << 16))])
    # In the order of their keys, so that neighbours look into the same part of the index.
    seekers = np.argsort(wanted, kind="stable")
    wanted = (wanted[seekers][:, None] ^ flips).ravel()
    start, num_met = starts[wanted], np.diff(starts)[wanted]
    ends = np.cumsum(num_met)
    total = int(ends[-1]) if len(ends) else 0
    seen_words, known_words = (np.ascontiguousarray(hashes[:, word]) for hashes in (seen, known))
    for low in range(0, total, NUM_COLLISIONS):
        high = min(low + NUM_COLLISIONS, total)
        # The searches from which the meetings low to high come, the first and the last perhaps in part
        begin, last = np.searchsorted(ends, [low, high - 1], side="right")
        end = last + 1
        num_here = np.diff(np.clip(ends[begin:end], low, high), prepend=low)
        first = np.repeat(seekers[np.arange(begin, end) // len(flips)], num_here)
        offset = np.repeat((start - ends + num_met)[begin:end], num_here)
        second = by_key.take(np.arange(low, high) + offset)
        # One word tells nearly all strangers, whose words differ by 32 bits: 6 above a fourth is generous.
        in_word = np.bitwise_count(seen_words.take(first) ^ known_words.take(second))
        near = np.flatnonzero(in_word <= CANDIDATE_BITS // NUM_WORDS + 6)
        first, second = first[near], second[near]
        distance = np.bitwise_count(seen[first] ^ known[second]).sum(axis=1, dtype=np.int64)
        near = np.flatnonzero((distance <= CANDIDATE_BITS) & (first != second))
        first, second = np.sort([first[near], second[near]], axis=0)
        yield _key(first, distance[near], second, len(known))


def _nearest(met: Iterable[np.ndarray], num_photos: int) -> np.ndarray:
    """Returns the keys of pairs that are among the nearest of one of their photos, each pair once.

    Thousands that look alike would make millions of pairs; their nearest join them, too.
    """
    found, buffered, num_buffered = np.zeros(0, dtype=np.int64), [], 0
    for part in met:
        buffered.append(part)
        num_buffered += len(part)
        if num_buffered > MAX_BUFFERED:
            found = _chosen_nearest(np.concatenate([found, *buffered]), num_photos)
            buffered, num_buffered = [], 0
    return _chosen_nearest(np.concatenate([found, *buffered]), num_photos)


def _chosen_nearest(keys: np.ndarray, num_photos: int) -> np.ndarray:
    """Returns the keys of those pairs that are among the nearest of one of their photos, each pair once.

    Args:
        keys: int64 (num_keys,), see `_key`; the smaller photo first, a pair perhaps several times.
        num_photos: as for `_key`.

    Returns:
        int64, rising, of each pair the key with its smallest distance.
    """
    first, distance, second = _of_key(_once_each(keys, num_photos), num_photos)
    # Each pair from both sides: sorted, they lie by photo, then by distance, then by the other's position.
    seen_from_both = np.concatenate(
        [_key(first, distance, second, num_photos), _key(second, distance, first, num_photos)]
    )
    seen_from_both.sort()
    whose, distance, other = _of_key(seen_from_both, num_photos)
    near = _places_in_runs(whose) < NUM_NEAREST
    first, second = np.sort([whose[near], other[near]], axis=0)
    return np.unique(_key(first, distance[near], second, num_photos))


def _once_each(keys: np.ndarray, num_photos: int) -> np.ndarray:
    """Returns of each pair the key with its smallest distance."""
    first, distance, second = _of_key(keys, num_photos)
    # As in `_key`, and within the same bound, but with the distance last, so that a pair's own lie together.
    pairs = np.sort((first * num_photos + second) * DISTANCES + distance)
    nearest = pairs[np.diff(pairs // DISTANCES, prepend=-1) != 0]
    pairs, distance = np.divmod(nearest, DISTANCES)
    first, second = np.divmod(pairs, num_photos)
    return _key(first, distance, second, num_photos)


def _places_in_runs(values: np.ndarray) -> np.ndarray:
    """Returns the place, from 0, of each value among those that are equal to it and lie beside it: int64."""
    places = np.arange(len(values))
    begins = np.where(np.diff(values, prepend=-1) != 0, places, 0)
    return np.asarray(places - np.maximum.accumulate(begins))


def _key(first: np.ndarray, distance: np.ndarray, second: np.ndarray, num_photos: int) -> np.ndarray:
    """Returns one number for three: sorting numbers takes a fraction of the time of sorting rows.

    Args:
        first: int64, positions of photos, below `num_photos`.
        distance: int64, bits by which hashes differ, 0 to 256.
        second: int64, positions of photos, below `num_photos`.
        num_photos: at most MAX_PHOTOS, so that a number is below 2^63.

    Returns:
        int64, rising with `first`, then `distance`, then `second`.
    """
    return np.asarray((first * DISTANCES + distance) * num_photos + second)


def _of_key(keys: np.ndarray, num_photos: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns what `_key` made the keys from: first, distance and second."""
    start, second = np.divmod(keys, num_photos)
    first, distance = np.divmod(start, DISTANCES)
    return first, distance, second
