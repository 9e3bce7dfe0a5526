"""Images mixed with others of their batch, and their labels with them: mixup and cutmix.

Both mix an image with another of its batch, which a permutation tells. One share per batch is drawn from the
beta distribution (alpha, alpha), as the authors do:

mixup   each pixel is share * image + (1 - share) * other, and so is the target.
        Source: Zhang et al. 2018, arXiv:1710.09412.
cutmix  a rectangle of the other image lies on the image; it has the photo's proportions and 1 - share of its
        area, its middle is drawn evenly, and what would lie outside is cut off. The target has the shares of
        what is seen. Source: Yun et al. 2019, arXiv:1905.04899.

Where both are set, each batch is mixed in one of the two ways, each with probability one half, as in timm
(Wightman) and in torchvision's recipes.

All is drawn by NumPy from (seed, epoch, batch), so no other training, worker or batch moves it.
"""

from __future__ import annotations

import math

import numpy as np

from tenshots.seeds import derived_seed

# Shares are rounded to it: whatever a processor makes of the last bits of a logarithm, the share is the same.
STEPS = 2**16


class Mixing:
    """Mixes the batches of one training."""

    def __init__(self, *, mixup: float | None, cutmix: float | None, seed: int) -> None:
        """Begins.

        Args:
            mixup: its alpha, above 0; None where it is not used.
            cutmix: likewise; one of the two at least is used.
            seed: of the training.
        """
        self._ways = [(way, alpha) for way, alpha in ((blended, mixup), (pasted, cutmix)) if alpha]
        self._seed = seed

    def __call__(
        self, inputs: np.ndarray, targets: np.ndarray, *, epoch: int, batch: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Returns the mixed images, float32, and their targets, float32.

        Args:
            inputs: (num_images, height, width, channels), any numeric dtype.
            targets: float32 (num_images, num_labels).
            epoch: from 0.
            batch: of the epoch, from 0.
        """
        draw = np.random.default_rng(derived_seed(self._seed, "mixing", epoch, batch))
        way, alpha = self._ways[int(draw.integers(len(self._ways)))]
        share = round(float(draw.beta(alpha, alpha)) * STEPS) / STEPS
        others = draw.permutation(len(inputs))
        return way(inputs.astype(np.float32), targets, others, share, draw)


def blended(
    inputs: np.ndarray, targets: np.ndarray, others: np.ndarray, share: float, draw: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Returns images and targets, `share` of each and the rest of the other's: mixup.

    Args:
        inputs: float32 (num_images, height, width, channels).
        targets: float32 (num_images, num_labels).
        others: of each image the number of the one that it is mixed with.
        share: in [0, 1].
        draw: not used.
    """
    del draw
    kept, taken = np.float32(share), np.float32(1 - share)
    return kept * inputs + taken * inputs[others], kept * targets + taken * targets[others]


def pasted(
    inputs: np.ndarray, targets: np.ndarray, others: np.ndarray, share: float, draw: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Returns images with a rectangle of the other, and targets in proportion to what is seen: cutmix.

    Args:
        inputs: float32 (num_images, height, width, channels).
        targets: float32 (num_images, num_labels).
        others: of each image the number of the one that it is mixed with.
        share: of the image that stays, where nothing is cut off at its border.
        draw: where the rectangle lies.
    """
    height, width = inputs.shape[1:3]
    (top, bottom), (left, right) = (_span(side, math.sqrt(1 - share), draw) for side in (height, width))
    mixed = inputs.copy()
    mixed[:, top:bottom, left:right] = inputs[others, top:bottom, left:right]
    taken = np.float32((bottom - top) * (right - left) / (height * width))
    return mixed, (1 - taken) * targets + taken * targets[others]


def _span(side: int, share: float, draw: np.random.Generator) -> tuple[int, int]:
    """Returns where a stretch of about `share` of the side begins and ends, cut off at the border."""
    length, middle = int(side * share), int(draw.integers(side))
    begin = middle - length // 2
    return max(begin, 0), min(begin + length, side)
