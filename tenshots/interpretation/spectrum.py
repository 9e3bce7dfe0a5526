"""Pictures as sums of waves: noise and steps in which, as in photos, coarse waves are strong, fine ones weak.

Gradients of networks are full of fine waves, which no photo has. A picture that follows them as they are
becomes noise that excites the network and tells people nothing.
"""

from __future__ import annotations

import numpy as np

# Red, green and blue of photos rise and fall together: how much of a common, a warm to cold and a green to
# purple wave makes up each. Source: the square root of the colours' covariance over ImageNet, in Olah et al.
# 2017, doi:10.23915/distill.00007, its code (lucid/optvis/param/color.py).
COLOURS = np.array([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]], dtype=np.float64)
_COLOURS = COLOURS / np.linalg.norm(COLOURS, axis=0).max()


def scale(height: int, width: int) -> np.ndarray:
    """Returns how strong each wave is in photos: about 1 / frequency.

    Returns:
        float64, (height, width // 2 + 1, 1), for `numpy.fft.rfft2`; the mean is as strong as the coarsest.
    """
    rows, columns = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None, :]
    frequency = np.hypot(rows, columns)
    shares: np.ndarray = (1 / max(height, width)) / np.maximum(frequency, 1 / max(height, width))
    return shares[..., None]


def noise(num_pictures: int, height: int, width: int, *, random: np.random.Generator) -> np.ndarray:
    """Returns cloudy noise: float64, (num_pictures, height, width, 3), mean about 0, deviation 1."""
    return _unit(_photolike(random.standard_normal((num_pictures, height, width, 3))))


def step(gradients: np.ndarray) -> np.ndarray:
    """Returns a step along gradients that leads from photo-like pictures to photo-like pictures.

    It is the step that steepest ascent takes when it moves the strengths of waves and of colours in place of
    pixels. Source: Olah et al. 2017, doi:10.23915/distill.00007, "preconditioning".

    Args:
        gradients: (num_pictures, height, width, 3).

    Returns:
        float64, the same shape, deviation 1 per picture; 0 where the gradient is 0.
    """
    return _unit(_photolike(gradients.astype(np.float64)))


def _photolike(pictures: np.ndarray) -> np.ndarray:
    waves = np.fft.rfft2(pictures, axes=(1, 2)) * scale(*pictures.shape[1:3])
    shaped = np.fft.irfft2(waves, s=pictures.shape[1:3], axes=(1, 2))
    mixed: np.ndarray = shaped @ (_COLOURS @ _COLOURS.T)
    return mixed


def _unit(pictures: np.ndarray) -> np.ndarray:
    deviation = np.sqrt((pictures**2).mean(axis=(1, 2, 3), keepdims=True))
    unit: np.ndarray = np.divide(pictures, deviation, out=np.zeros_like(pictures), where=deviation > 0)
    return unit
