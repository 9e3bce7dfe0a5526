"""How long `photos.standardise` takes, against plain Pillow and against the limit.

python -m benchmarks.standardising [--photos 3] [--rounds 3] [--size-px 224]

Run from the project's top folder. Draws photos of 12 million pixels, the same ones each time, and times, in
turns so that other work on the machine meets all alike: plain Pillow (a full decode and a resize), that with
the rest of our work (hash and PNG), the limit (a JPEG decoded at 1/8 scale and nothing else) and ours (hash,
standardise, PNG). One thread is timed by the CPU, all cores by the wall. Aims at 224 px: ours at least 5
times plain Pillow, half of the limit, 50 dB. The more noise in a photo, the larger its file, and the less the
limit itself can gain over plain Pillow.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import os
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from PIL import Image

from tenshots import params
from tenshots.intake.photos.standardising import standardise
from tenshots.intake.settings import AcceptSettings
from tenshots.tables.encoding import StandardiseSettings, decode, encode

WIDTH_PX, HEIGHT_PX = 4032, 3024
SMALL_PX = (640, 480)
JPEG_QUALITY, HEIC_QUALITY = 92, 60
NUM_HEIC = 2  # each takes seconds to write
NOISE = (1.0, 2.5, 5.0)  # of the sensor, in levels; a phone smooths more or less of it away


def main(argv: Sequence[str] | None = None) -> None:
    """Prints a table: what, CPU milliseconds per photo, photos per second with all cores, ratios of both."""
    parser = argparse.ArgumentParser(description="Times standardising against plain Pillow and the limit.")
    parser.add_argument("--photos", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--size-px", type=int, default=224)
    arguments = parser.parse_args(argv)
    settings = StandardiseSettings(size_px=arguments.size_px, fit="pad", encoding="lossless")
    accept = params.section(params.read(), "accept", AcceptSettings)
    num_threads = os.cpu_count() or 1

    def plain(data: bytes) -> Image.Image:
        size = (settings.size_px, settings.size_px * HEIGHT_PX // WIDTH_PX)
        return Image.open(io.BytesIO(data)).convert("RGB").resize(size, Image.Resampling.LANCZOS)

    def plain_and_rest(data: bytes) -> None:
        hashlib.sha256(data)
        plain(data).save(io.BytesIO(), "PNG")

    def ours(data: bytes) -> bytes:
        hashlib.sha256(data)
        return encode(standardise(data, settings, accept).image, settings.encoding)

    drawn = [draw(seed) for seed in range(arguments.photos)]
    jpegs = [saved(image, "JPEG", JPEG_QUALITY) for image in drawn]
    heics = [saved(image, "HEIF", HEIC_QUALITY) for image in drawn[:NUM_HEIC]]
    small = [saved(image.resize(SMALL_PX), "JPEG", JPEG_QUALITY) for image in drawn] * 4
    sizes = ", ".join(f"{len(data) / 1e6:.1f}" for data in jpegs)
    print(f"{len(jpegs)} JPEG of {WIDTH_PX} x {HEIGHT_PX} px, {sizes} MB; {settings.size_px} px, lossless")
    print(f"median of {arguments.rounds} rounds; {num_threads} cores\n")
    jobs: dict[str, tuple[Callable[[bytes], object], list[bytes]]] = {
        "plain Pillow: full decode, resize": (plain, jpegs),
        "plain Pillow, SHA-256, PNG": (plain_and_rest, jpegs),
        "limit: decode at 1/8 alone": (eighth, jpegs),
        "ours": (ours, jpegs),
        f"ours, HEIC of {len(heics[0]) / 1e6:.1f} MB": (ours, heics),
        f"ours, JPEG of {SMALL_PX[0]} x {SMALL_PX[1]} px": (ours, small),
    }
    one_thread = speeds(jobs, 1, arguments.rounds, time.process_time)
    all_cores = speeds(jobs, num_threads, arguments.rounds, time.perf_counter)
    names = list(jobs)
    plain_one, limit_one = one_thread[names[0]], one_thread[names[2]]
    print("| | CPU ms per photo | times plain | times the limit | photos/s, all cores | times plain |")
    print("|---|---|---|---|---|---|")
    for name in names:
        one, many = one_thread[name], all_cores[name]
        print(
            f"| {name} | {1000 / one:.1f} | {one / plain_one:.2f} | {one / limit_one:.2f} "
            f"| {many:.1f} | {many / all_cores[names[0]]:.2f} |"
        )
    print()
    for data in jpegs:
        of_one = {name: (job, [data]) for name, (job, _) in list(jobs.items())[:4]}
        full, _, limit, own = speeds(of_one, 1, arguments.rounds, time.process_time).values()
        size = f"JPEG of {len(data) / 1e6:.1f} MB"
        print(f"{size}: ours {own / full:.1f}, the limit {limit / full:.1f} times plain Pillow")
    border = (settings.size_px - settings.size_px * HEIGHT_PX // WIDTH_PX) // 2
    inside = slice(border, settings.size_px - border)
    quality = [decibels(decode(ours(data))[inside], np.asarray(plain(data))) for data in jpegs]
    print(f"\nours against a full decode with Lanczos: {min(quality):.1f} to {max(quality):.1f} dB")


def speeds(
    jobs: dict[str, tuple[Callable[[bytes], object], list[bytes]]],
    num_threads: int,
    num_rounds: int,
    clock: Callable[[], float],
) -> dict[str, float]:
    """Returns the median of each job's photos per second by `clock`; each round takes all jobs in turns."""
    measured: dict[str, list[float]] = {name: [] for name in jobs}
    with ThreadPoolExecutor(num_threads) as threads:
        for _ in range(num_rounds):
            for name, (job, files) in jobs.items():
                start_s = clock()
                list(threads.map(job, files))
                measured[name].append(len(files) / (clock() - start_s))
    return {name: statistics.median(values) for name, values in measured.items()}


def eighth(data: bytes) -> Image.Image:
    """Decodes a JPEG at 1/8 scale."""
    image = Image.open(io.BytesIO(data))
    image.draft(None, (image.width // 8, image.height // 8))
    image.load()
    return image


def decibels(one: np.ndarray, other: np.ndarray) -> float:
    """Returns the peak signal-to-noise ratio of two uint8 images."""
    return float(10 * np.log10(255**2 / np.mean((one.astype(float) - other) ** 2)))


def draw(seed: int) -> Image.Image:
    """Returns a picture with a photo's statistics: smooth noise of several octaves, edges, noise."""
    random = np.random.default_rng(seed)
    coarse = np.zeros((HEIGHT_PX // 2, WIDTH_PX // 2, 3), dtype=np.float32)
    for octave in range(2, 9):
        side = 2**octave
        waves = random.normal(0, 60 / octave**1.3, (3 * side // 4 + 1, side, 3)).astype(np.float32)
        coarse += np.dstack([_enlarged(waves[..., channel], coarse.shape) for channel in range(3)])
    # Photos are less colourful than three independent channels.
    coarse = 0.55 * coarse + 0.6 * coarse.mean(2, keepdims=True) + np.array([128, 120, 110], dtype=np.float32)
    pixels = np.dstack([_enlarged(coarse[..., channel], (HEIGHT_PX, WIDTH_PX)) for channel in range(3)])
    y, x = np.ogrid[:HEIGHT_PX, :WIDTH_PX]
    for _ in range(12):
        centre_y, centre_x, radius = random.uniform(0, 1, 3) * (HEIGHT_PX, WIDTH_PX, 600) + (0, 0, 40)
        inside = (x - centre_x) ** 2 + ((y - centre_y) * random.uniform(0.6, 1.6)) ** 2 < radius**2
        pixels[inside] = 0.35 * pixels[inside] + 0.65 * random.uniform(0, 255, 3).astype(np.float32)
    noise = NOISE[seed % len(NOISE)]
    pixels += noise * random.standard_normal((HEIGHT_PX, WIDTH_PX, 1), dtype=np.float32)
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def saved(image: Image.Image, kind: str, quality: int) -> bytes:
    """Returns the bytes of a file, its colours at half the width and height as phones write them."""
    buffer = io.BytesIO()
    if kind == "JPEG":
        image.save(buffer, kind, quality=quality, subsampling="4:2:0")
    else:
        image.save(buffer, kind, quality=quality)
    return buffer.getvalue()


def _enlarged(channel: np.ndarray, shape: Sequence[int]) -> np.ndarray:
    return np.asarray(Image.fromarray(channel).resize((shape[1], shape[0]), Image.Resampling.BICUBIC))


if __name__ == "__main__":
    main()
