"""From light to a picture, as a phone does it: shake, finger, exposure, white balance, tone, noise, halos."""

from __future__ import annotations

import numpy as np
from PIL import Image

from demo.seeds import chance
from demo.students import Habits, Phone

GREY = np.array([0.2126, 0.7152, 0.0722])  # brightness of linear sRGB (Rec. 709)


def develop(light: np.ndarray, phone: Phone, habits: Habits, rng: np.random.Generator) -> Image.Image:
    """Returns the photo as one looks at it.

    Args:
        light: float (height, width, 3), linear, from 0.
        phone: what it was taken with.
        habits: of whom.
        rng: of this photo.
    """
    light = light.astype(np.float64)
    dim = float(np.clip(0.12 / max(float(np.median(light @ GREY)), 1e-4), 0.3, 6.0))  # how dark the scene was
    if chance(rng, habits.shake):
        light = _shaken(light, rng)
    light = _metered(light, habits, rng)
    light = _balanced(light, phone)
    if chance(rng, habits.finger):
        light = _finger(light, rng)
    light = light * _vignette((light.shape[0], light.shape[1]), phone.vignette)[..., None]
    values = _tone(light, phone)
    return _sensor(values, phone, dim, rng)


def _shaken(light: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Adds up the light along the short, slightly bent way that a hand moves in."""
    reach = light.shape[1] * float(rng.uniform(0.003, 0.012))
    turn, bend = rng.uniform(0, 2 * np.pi), rng.normal(0, 0.7)
    t = np.linspace(-0.5, 0.5, 13)
    across = reach * (np.cos(turn) * t + np.sin(turn) * bend * (t**2 - 0.08))
    down = reach * (np.sin(turn) * t - np.cos(turn) * bend * (t**2 - 0.08))
    margin = int(np.ceil(max(np.abs(across).max(), np.abs(down).max()))) + 2
    padded = np.pad(light, ((margin, margin), (margin, margin), (0, 0)), mode="edge")
    total = np.zeros_like(light)
    height, width = light.shape[:2]
    for x, y in zip(across + margin, down + margin, strict=True):
        left, top = int(x), int(y)
        for dx, wx in ((0, 1 - (x - left)), (1, x - left)):
            for dy, wy in ((0, 1 - (y - top)), (1, y - top)):
                total += wx * wy * padded[top + dy : top + dy + height, left + dx : left + dx + width]
    return total / len(t)


def _metered(light: np.ndarray, habits: Habits, rng: np.random.Generator) -> np.ndarray:
    """Brings the middle of the frame to middle grey, as a phone's meter does, but for the student's error."""
    height, width = light.shape[:2]
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    weight = np.exp(-1.5 * (x**2 + y**2))
    bright = light @ GREY
    log_mean = float((np.log(bright + 0.004) * weight).sum() / weight.sum())
    # Between "the middle is grey" and "the brightest parts are nearly white", so that white desks stay white
    high = float(np.quantile(bright, 0.95))
    gain = float(np.sqrt(0.28 / np.exp(log_mean) * 0.95 / max(high, 1e-4)))
    return np.asarray(light * gain * 2.0 ** rng.normal(0, habits.exposure_stops))


def _balanced(light: np.ndarray, phone: Phone) -> np.ndarray:
    """Removes most of the lamps' colour: mean and bright parts tend to grey."""
    bright = light @ GREY
    chosen = bright > np.quantile(bright, 0.6)
    cast = np.clip(light, 0, 1.5)[chosen].mean(axis=0)
    cast = np.clip(cast / cast.mean(), 0.45, 1.8)
    strength = 0.6 * (1 - phone.warmth)  # a table of wood must stay brown
    gains = cast**-strength * np.array([1 + phone.tint[0], 1.0, 1 + phone.tint[1]])
    return np.asarray(light * gains / (gains @ GREY))


def _finger(light: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A finger at the lens: out of focus, skin-coloured, redder at its edge where light shines through."""
    height, width = light.shape[:2]
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    corner = rng.integers(0, 2, size=2)
    centre = corner + rng.uniform(-0.08, 0.04, size=2) * (1 - 2 * corner)
    turn = rng.uniform(0, np.pi)
    dx, dy = (x - centre[0]), (y - centre[1]) * height / width
    along, across = dx * np.cos(turn) + dy * np.sin(turn), -dx * np.sin(turn) + dy * np.cos(turn)
    size = rng.uniform(0.16, 0.3)
    away = np.sqrt((along / (1.5 * size)) ** 2 + (across / size) ** 2)
    cover = 1 / (1 + np.exp((away - 1) * 9))[..., None]
    skin = np.array([0.42, 0.2, 0.13]) * rng.uniform(0.5, 1.1)
    rim = np.array([0.55, 0.16, 0.08]) * np.exp(-(((away - 0.85) / 0.3) ** 2))[..., None] * 0.5
    shade = 0.55 + 0.45 * np.clip(away, 0, 1)[..., None]
    return np.asarray(
        light * (1 - cover) + cover * (skin * shade + rim) * float(np.clip(light.mean() * 2.2, 0.3, 1.2))
    )


def _vignette(shape: tuple[int, int], strength: float) -> np.ndarray:
    y, x = np.mgrid[-1 : 1 : shape[0] * 1j, -1 : 1 : shape[1] * 1j]
    return np.asarray(1 - strength * ((x**2 + y**2) / 2) ** 1.3)


def _tone(light: np.ndarray, phone: Phone) -> np.ndarray:
    """Light to values of a picture, 0 to 1: a soft shoulder, the sRGB curve, contrast, saturation."""
    shoulder = 0.62
    over = np.clip(light - shoulder, 0, None)
    room = 1.0 - shoulder
    rolled = np.where(light > shoulder, shoulder + room * (1 - np.exp(-over / room * 0.75)), light)
    values = np.where(
        rolled <= 0.0031308, 12.92 * rolled, 1.055 * np.clip(rolled, 1e-9, None) ** (1 / 2.4) - 0.055
    )
    values = np.clip(values, 0, 1)
    curved = values * values * (3 - 2 * values)
    values = values + 0.55 * phone.contrast * (curved - values)
    grey = (values @ GREY)[..., None]
    return np.asarray(np.clip(grey + (values - grey) * phone.saturation, 0, 1))


def _blurred(values: np.ndarray, radius: float) -> np.ndarray:
    """Blurs by a bell curve of `radius` pixels (standard deviation)."""
    if radius < 0.1:
        return values
    reach = int(np.ceil(3 * radius))
    bell = np.exp(-0.5 * (np.arange(-reach, reach + 1) / radius) ** 2)
    bell /= bell.sum()
    height, width = values.shape[:2]
    padded = np.pad(values, ((reach, reach), (reach, reach), (0, 0)), mode="edge")
    rows = sum(share * padded[k : k + height] for k, share in enumerate(bell))
    return np.asarray(sum(share * rows[:, k : k + width] for k, share in enumerate(bell)))


def _sensor(values: np.ndarray, phone: Phone, dim: float, rng: np.random.Generator) -> Image.Image:
    """Lens blur, noise that the phone's filter has made blotchy, and halos at edges."""
    height, width = values.shape[:2]
    scale = max(height, width) / 768  # smaller probes get proportionally smaller blurs
    values = _blurred(values, phone.softness_px * scale)
    level = scale * phone.noise / 255 * float(np.clip(dim, 0.5, 2.0)) ** 0.5
    coarse = rng.normal(0, 1, size=(height // 3 + 1, width // 3 + 1, 3)).repeat(3, axis=0).repeat(3, axis=1)
    coarse = _blurred(coarse[:height, :width], 1.2) * 1.6
    fine = rng.normal(0, 1, size=(height, width, 1)) + 0.35 * rng.normal(0, 1, size=(height, width, 3))
    # The phone smooths noise away, and leaves it a little wider than a pixel
    fine = _blurred(fine, 0.6) * 1.9
    shadows = 1.25 - 0.75 * (values @ GREY)[..., None]  # noise shows most in the shadows
    values = values + level * shadows * (0.75 * fine + 0.4 * coarse)
    halo = values - _blurred(values, 1.4 * scale)
    values = values + phone.sharpening * np.clip(halo, -0.12, 0.12)
    return Image.fromarray(np.clip(np.round(values * 255), 0, 255).astype(np.uint8))
