"""Pairs of thumbnails → how alike they are at their worst place, once laid over one another.

Two shots of one scene differ by a small move of the camera, by exposure and by what saving lost; photos of
similar scenes differ strongly somewhere. So a pair is first aligned (shift, turn, zoom, shear), its tones are
fitted by one curve, and then the block of the picture that agrees least decides.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

SIDE_PX = 32
# ITU-R BT.601-7, in thousandths: integers, so that what is computed of them is the same on every machine
LUMA = np.array([299, 587, 114], dtype=np.int32)

# Bounds of the move, in halves of the picture's side: twice the large burst of benchmarks/near_duplicates.
# More freedom lays different handwritten digits over one another.
MAX_SHIFT = 0.25
MAX_BEND = 0.08
MAX_STEP = 0.12
DAMPING = 1.0  # keeps the move small where the picture shows too little to tell
# Levels of luma, squared: what noise and saving as JPEG leave. It keeps flat parts from deciding.
NOISE = 100.0
MAX_GAIN = (
    1.8  # of the tone curve's slope in the middle, either way: a phone's exposure varies less in a burst
)
MAX_CURVE = 0.5  # of its bend, of tones from 0 to 1: gamma 0.7 to 1.4 stays below
CLIPPED = 0.98  # tones from here to 1 may be brighter than the sensor or the file could say
BLOCK_PX, STEP_PX = 8, 2  # a sixteenth of the picture, at each second pixel
MIN_SEEN = 0.6  # of a block's pixels that both photos show; what only one shows says nothing


class Aligned(NamedTuple):
    """Pairs of pictures laid over one another, each moved half the way, which blurs both alike.

    Attributes:
        first: float64, as many values and axes as before.
        second: likewise.
        seen: bool (num_pairs, 32, 32), True where both photos show something.
    """

    first: np.ndarray
    second: np.ndarray
    seen: np.ndarray


def luma(thumbnails: np.ndarray) -> np.ndarray:
    """Returns a thousand times the luma, int32 (…), of uint8 (…, 3): 0 to 255,000."""
    return np.asarray(thumbnails.astype(np.int32) @ LUMA)


def coarse_moves(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Returns about where in `second` lies what `first` shows, by Gauss-Newton steps on small pictures.

    Args:
        first: uint8 (num_pairs, 32, 32, 3).
        second: likewise.

    Returns:
        float64 (num_pairs, 2, 3): across and down, the constant and the factors of x and y, where the picture
        reaches from -1 to 1. Source: Lucas and Kanade 1981; the mean of both gradients from Malis 2004 (ESM).
    """
    small = [luma(side).reshape(len(side), 16, 2, 16, 2).mean(axis=(2, 4)) / 1000 for side in (first, second)]
    soft = [_blurred(image) for image in small]
    move = np.zeros((len(first), 2, 3))
    for one, other in ([_blurred(image) for image in soft], soft):
        for _ in range(2):
            move = _nearer(one, other, move)
    return move


def fine_moves(first: np.ndarray, second: np.ndarray, move: np.ndarray) -> np.ndarray:
    """Returns better moves than `coarse_moves`, by two steps on the whole pictures."""
    one, other = (_blurred(luma(side) / 1000) for side in (first, second))
    for _ in range(2):
        move = _nearer(one, other, move)
    return move


def aligned(first: np.ndarray, second: np.ndarray, move: np.ndarray) -> Aligned:
    """Lays pictures, (num_pairs, 32, 32) or (num_pairs, 32, 32, 3), over one another by their moves."""
    one, seen = _warped(first.astype(np.float64), -move / 2)
    other, seen_too = _warped(second.astype(np.float64), move / 2)
    return Aligned(one, other, seen & seen_too)


def worst_similarity(first: np.ndarray, second: np.ndarray, move: np.ndarray) -> np.ndarray:
    """Returns how alike the least similar blocks of thumbnails, uint8 (num_pairs, 32, 32, 3), are.

    A block's similarity is 1 - d / (v + w + noise): d is the mean squared difference of the aligned pictures
    after their tones are fitted, v and w are the variances. Without noise and at equal means that is
    2 cov / (v + w), the structure term of SSIM (Wang et al. 2004,
    doi:10.1109/TIP.2003.819861). Colours are compared, not luma alone.

    Returns:
        float64 (num_pairs,), from below 0 (different) to 1 (equal).
    """
    pairs = aligned(first, second, move)
    fitted, difference = _toned(pairs)
    weight = pairs.seen.astype(np.float64)
    num_seen = _block_sums(weight)
    known = num_seen >= MIN_SEEN * BLOCK_PX**2
    num_seen = np.maximum(num_seen, 1)
    spread = np.zeros_like(num_seen)
    for image in (pairs.first, fitted):
        for channel in np.moveaxis(image, -1, 0):
            mean = _block_sums(channel * weight) / num_seen
            spread += np.maximum(_block_sums(channel**2 * weight) / num_seen - mean**2, 0) / 3
    squared = _block_sums((difference**2).mean(axis=-1) * weight) / num_seen
    similarity = np.where(known, 1 - squared / (spread + NOISE), 1.0)
    return np.asarray(similarity.min(axis=(1, 2)))


def _warped(images: np.ndarray, move: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns images as seen from moved places, bilinear, and where they show something.

    Args:
        images: float64 (num_pairs, side, side) or (num_pairs, side, side, 3).
        move: as `moves` returns it.
    """
    num_pairs, side = images.shape[:2]
    ones, x, y = _places(side)
    step = move @ np.stack([ones, x, y])
    across, down = ((place + step[:, axis] + 1) * side / 2 - 0.5 for axis, place in enumerate((x, y)))
    inside = (across > -1) & (across < side) & (down > -1) & (down < side)
    across, down = np.clip(across, 0, side - 1), np.clip(down, 0, side - 1)
    left, top = (np.minimum(place.astype(np.int64), side - 2) for place in (across, down))
    right_share, low_share = across - left, down - top
    start = (np.arange(num_pairs)[:, None] * side + top) * side + left
    flat = images.reshape(num_pairs * side * side, *images.shape[3:])
    if flat.ndim == 2:  # colours
        right_share, low_share = right_share[..., None], low_share[..., None]
    corners = (flat.take(start + offset, axis=0) for offset in (0, 1, side, side + 1))
    upper = next(corners) * (1 - right_share) + next(corners) * right_share
    lower = next(corners) * (1 - right_share) + next(corners) * right_share
    result = upper * (1 - low_share) + lower * low_share
    return result.reshape(images.shape), inside.reshape(num_pairs, side, side)


def _nearer(first: np.ndarray, second: np.ndarray, move: np.ndarray) -> np.ndarray:
    """Returns moves one Gauss-Newton step on, of luma (num_pairs, side, side)."""
    num_pairs, side = first.shape[:2]
    _, x, y = _places(side)
    image, inside = _warped(second, move)
    weight = inside.reshape(num_pairs, side * side).astype(np.float64)
    num_seen = np.maximum(weight.sum(axis=1, keepdims=True), 1)
    one, other = (
        _standardised(flat.reshape(num_pairs, side * side), weight, num_seen) for flat in (first, image)
    )
    mean = (one + other).reshape(first.shape) / 2
    gradients = np.gradient(mean, 2 / side, axis=(1, 2))
    down, across = (slope.reshape(num_pairs, side * side) * weight for slope in gradients)
    # The last unknown is a gain: contrast that differs for another reason than the move.
    slopes = np.stack([across, across * x, across * y, down, down * x, down * y, other * weight], axis=1)
    damping = np.diag([DAMPING] * 6 + [1e-3])
    answer = np.linalg.solve(slopes @ slopes.transpose(0, 2, 1) + damping, slopes @ (one - other)[..., None])
    step = answer[:, :6, 0].reshape(num_pairs, 2, 3)
    bound = np.array([MAX_SHIFT, MAX_BEND, MAX_BEND])
    # Slopes tell nothing of what lies farther away than two pixels or so.
    return np.asarray(np.clip(move + np.clip(step, -MAX_STEP, MAX_STEP), -bound, bound))


def _standardised(values: np.ndarray, weight: np.ndarray, num_seen: np.ndarray) -> np.ndarray:
    centred = values - (values * weight).sum(axis=1, keepdims=True) / num_seen
    variance = (centred**2 * weight).sum(axis=1, keepdims=True) / num_seen
    return np.asarray(centred / np.sqrt(variance + 4))  # 4: two levels, below which there is only noise


def _toned(pairs: Aligned) -> tuple[np.ndarray, np.ndarray]:
    """Returns `second` in the tones of `first`, by one curve for all colours, and what still differs.

    One curve, because exposure and gamma move all colours alike: one per colour would turn a red cup blue.
    """
    target, source = pairs.first / 255, pairs.second / 255
    weight = pairs.seen[..., None] & (target < CLIPPED) & (source < CLIPPED)
    num_used = np.maximum(weight.sum(axis=(1, 2, 3), keepdims=True), 1)

    def mean(values: np.ndarray) -> np.ndarray:
        return np.asarray((values * weight).sum(axis=(1, 2, 3), keepdims=True) / num_used)

    small = 1e-4  # of a variance: a flat picture keeps its tones
    level = mean(target)
    line = source - mean(source)
    variance = mean(line**2)
    gain = np.clip((mean(line * (target - level)) + small) / (variance + small), 1 / MAX_GAIN, MAX_GAIN)
    curve = line**2 - variance - mean(line**3) / (variance + small) * line  # what a line cannot say
    rest = target - level - gain * line
    bend = np.clip(mean(curve * rest) / (mean(curve**2) + small / 4), -MAX_CURVE, MAX_CURVE)
    fitted = level + gain * line + bend * curve
    difference = target - fitted
    # What one photo clipped may well be as bright as the other says.
    lost = ((target >= CLIPPED) & (difference < 0)) | ((source >= CLIPPED) & (difference > 0))
    difference[lost] = 0
    return fitted * 255, difference * 255


def _places(side: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns ones, x and y of all pixels, row by row, from -1 to 1."""
    line = (np.arange(side) + 0.5) * 2 / side - 1
    return np.ones(side * side), np.tile(line, side), np.repeat(line, side)


def _blurred(images: np.ndarray) -> np.ndarray:
    """Smoothes by 1 2 1 both ways."""
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)), mode="edge")
    tall = (padded[:, :, :-2] + 2 * padded[:, :, 1:-1] + padded[:, :, 2:]) / 4
    return np.asarray((tall[:, :-2] + 2 * tall[:, 1:-1] + tall[:, 2:]) / 4)


def _block_sums(values: np.ndarray) -> np.ndarray:
    """Sums (num_pairs, side, side) over blocks."""
    sums = np.pad(values, ((0, 0), (1, 0), (1, 0))).cumsum(axis=1).cumsum(axis=2)
    low, high = slice(None, -BLOCK_PX, STEP_PX), slice(BLOCK_PX, None, STEP_PX)
    return np.asarray(sums[:, high, high] - sums[:, low, high] - sums[:, high, low] + sums[:, low, low])
