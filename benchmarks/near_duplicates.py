"""How well near-duplicates are told from different photos of similar things, and how long that takes.

python -m benchmarks.near_duplicates [--scenes 100] [--photos FOLDER ...] [--large FOLDER ...] [--workers 2]

Duplicates and look-alikes are planted: drawn desks seen from cameras that move a little (a burst),
the same desks with another thing on them, and the photos of each FOLDER saved again, cropped, brightened. A
table says which share of each case is linked, for several thresholds; then come a folder's photos that are
linked, and whole bursts. Of each `--large` folder, time and memory are measured, and what its own
folders divide.
"""

from __future__ import annotations

import argparse
import io
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from benchmarks.desks import clutter
from benchmarks.desks.meshes import Mesh, light_of, moved
from benchmarks.desks.objects import SHAPES
from benchmarks.desks.phones import develop
from benchmarks.desks.renderer import Camera, Lamp, camera_at, render
from benchmarks.desks.students import STUDENTS, Student
from benchmarks.desks.tops import desk
from demo.files import upright
from tenshots import params
from tenshots.intake.near_duplicates.duplicates import clusters, near_duplicates
from tenshots.intake.settings import NearDuplicateSettings
from tenshots.seeds import derived_seed

THUMBNAIL_PX = 32
RENDERED_PX = 160  # of a photo's longer side
SHOTS_A_BURST = 30
# A burst's moves: share of the photo's longer side by which the aim moves, degrees by which the camera turns
# about each of its axes, share by which it comes nearer or goes away.
MOVES = {"small": (0.01, 0.5, 0.01), "medium": (0.03, 1.5, 0.03), "large": (0.06, 3.0, 0.06)}


class Planted(NamedTuple):
    """Two thumbnails of a case.

    Attributes:
        case: what was done.
        source: the scene or the photo.
        first: uint8 (32, 32, 3).
        second: likewise.
    """

    case: str
    source: str
    first: np.ndarray
    second: np.ndarray


class Scene(NamedTuple):
    """A desk with things on it, and a camera held over it."""

    student: Student
    things: dict[str, list[Mesh]]  # what lies in the middle: the thing, it turned, and another of its label
    around: list[Mesh]
    lamp: Lamp
    desk_seed: int
    aim: np.ndarray
    angles_deg: tuple[float, float, float]  # azimuth, elevation, tilt
    distance_cm: float


def generator(*parts: int | str) -> np.random.Generator:
    """Returns the random numbers of one part of the benchmark, such as a scene."""
    return np.random.default_rng(derived_seed(20, "demo", *parts))


def scene(number: int) -> Scene:
    """Returns scene `number`: a student's desk and phone, and a thing that fills 0.3 to 0.85 of the photo."""
    rng = generator("near_duplicates", number)
    student = STUDENTS[sorted(STUDENTS)[int(rng.integers(len(STUDENTS)))]]
    longest = max(student.size_px)
    width, height = (round(side * RENDERED_PX / longest) for side in student.size_px)
    student = student._replace(size_px=(width, height))
    label = list(SHAPES)[number % len(SHAPES)]
    turn_deg = float(rng.uniform(0, 360) if label == "cup" else rng.normal(0, 28))
    own = other = SHAPES[label](rng)
    while _colour(other) == _colour(own):  # two keyboards of one colour are one keyboard in a small picture
        other = SHAPES[label](rng)
    things = {
        "thing": moved(own, turn_deg=turn_deg, by=(0, 0, 0)),
        "turned": moved(own, turn_deg=turn_deg + float(rng.uniform(40, 140)), by=(0, 0, 0)),
        "other": moved(other, turn_deg=turn_deg, by=(0, 0, 0)),
    }
    corners = np.concatenate([mesh.corners.reshape(-1, 3) for mesh in things["thing"]])
    aim = (corners.min(axis=0) + corners.max(axis=0)) / 2
    extent = float(np.linalg.norm(corners - aim, axis=1).max())
    around: list[Mesh] = []
    for _ in range(int(rng.integers(0, 4))):
        way, reach = rng.uniform(0, 2 * np.pi), extent * rng.uniform(1.2, 2.0) + 6
        around += moved(clutter.draw(rng), by=(float(reach * np.cos(way)), float(reach * np.sin(way)), 0.0))
    angles = (
        float(rng.normal(0, 14)),
        float(np.clip(rng.normal(student.elevation_deg, 12), 24, 88)),
        float(rng.normal(0, 7)),
    )
    distance = 2 * extent * 0.85 / float(rng.uniform(0.3, 0.85))
    lamp = _lamp(student, rng)
    return Scene(student, things, around, lamp, int(rng.integers(2**31)), aim, angles, distance)


def _colour(thing: list[Mesh]) -> list[float]:
    return [float(value) for value in thing[0].print.mean(axis=(0, 1))]


def _lamp(student: Student, rng: np.random.Generator) -> Lamp:
    azimuth, elevation = np.radians([rng.uniform(0, 360), rng.uniform(32, 68)])
    towards = np.array(
        [np.cos(azimuth) * np.cos(elevation), np.sin(azimuth) * np.cos(elevation), np.sin(elevation)]
    )
    tint = np.array([1 + 0.22 * student.warmth, 1.0, 1 - 0.3 * student.warmth], dtype=np.float32)
    contrast = float(rng.uniform(0.45, 0.75))
    key = (1.25 * contrast * student.exposure * tint).astype(np.float32)
    ambient = (1.15 * (1 - contrast) * student.exposure * (0.6 + 0.4 * tint)).astype(np.float32)
    return Lamp(towards, key, ambient, float(rng.uniform(0.6, 2.2)))


def shot(view: Scene, thing: str, move: str, rng: np.random.Generator) -> Image.Image:
    """Takes a photo of a scene with one of its things, its camera moved by a random `move` ("" for none)."""
    share, degrees, nearer = MOVES.get(move, (0.0, 0.0, 0.0))
    azimuth, elevation, tilt = (angle + degrees * float(rng.choice([-1, 1])) for angle in view.angles_deg)
    distance = view.distance_cm * (1 + nearer * float(rng.choice([-1, 1])))
    width, height = (2 * side for side in view.student.size_px)

    def camera(aim: np.ndarray) -> Camera:
        return camera_at(
            aim, azimuth_deg=azimuth, elevation_deg=elevation, tilt_deg=tilt, distance_cm=distance,
            focal=0.85, width=width, height=height,
        )  # fmt: skip

    way = rng.uniform(0, 2 * np.pi)
    straight = camera(view.aim)
    step = np.cos(way) * straight.right + np.sin(way) * straight.up
    seen = camera(view.aim + share * distance / 0.85 * step)
    top = desk(*view.student.desk, np.random.default_rng(view.desk_seed))
    light = render(view.things[thing] + view.around, seen, view.lamp, top, light_of(view.student.wall))
    exposure = np.float32(np.exp(rng.normal(0, 0.02)))  # the phone measures the light for each shot
    return saved(develop(light * exposure, view.student, rng), quality=view.student.quality)


def rendered(num_scenes: int) -> Iterator[Planted]:
    """Yields the pairs of drawn desks: bursts, another thing in the same place, the same thing turned."""
    for number in range(num_scenes):
        view, rng = scene(number), generator("near_duplicates", number, "shots")
        first = thumbnail(shot(view, "thing", "", rng))
        cases = {f"burst, {move} move": ("thing", move) for move in MOVES}
        cases |= {"another thing": ("other", ""), "another thing, medium move": ("other", "medium")}
        cases |= {"same thing turned": ("turned", "")}
        for case, (thing, move) in cases.items():
            yield Planted(case, str(number), first, thumbnail(shot(view, thing, move, rng)))


def edited(path: Path) -> Iterator[Planted]:
    """Yields the pairs of a photo and its copies: saved again, scaled, cropped, brightened, all of these."""
    photo = opened(path)
    rng = generator("near_duplicates", path.name)
    gain, gamma = (
        float(np.exp(rng.uniform(np.log(0.7), np.log(1.4)))),
        float(np.exp(rng.uniform(-0.35, 0.35))),
    )
    half = photo.resize((max(1, photo.width // 2), max(1, photo.height // 2)), Image.Resampling.BICUBIC)
    crop = cropped(photo, 0.05, rng)
    copies = {
        "saved again, quality 30 to 90": saved(photo, quality=int(rng.integers(30, 91))),
        "scaled to 50 %": half,
        "cropped by 5 %": crop,
        "gain 0.7 to 1.4": toned(photo, gain, 1.0),
        "gamma 0.7 to 1.4": toned(photo, 1.0, gamma),
        "cropped, brightened, saved again": saved(
            toned(crop, gain, gamma), quality=int(rng.integers(30, 91))
        ),
    }
    first = thumbnail(photo)
    for case, copy in copies.items():
        yield Planted(case, str(path), first, thumbnail(copy))


def opened(path: Path) -> Image.Image:
    """Returns a photo file as an upright RGB image."""
    return upright(path.read_bytes())


def thumbnail(photo: Image.Image) -> np.ndarray:
    """Returns the whole photo stretched to a square: uint8 (32, 32, 3)."""
    return np.asarray(photo.resize((THUMBNAIL_PX, THUMBNAIL_PX), Image.Resampling.LANCZOS, reducing_gap=3.0))


def saved(photo: Image.Image, *, quality: int) -> Image.Image:
    """Returns what remains of a photo saved as JPEG."""
    buffer = io.BytesIO()
    photo.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer).convert("RGB")


def cropped(photo: Image.Image, share: float, rng: np.random.Generator) -> Image.Image:
    """Cuts `share` off a photo's width and off its height, divided at random between the two sides."""
    left, top = (share * float(rng.random()) * side for side in photo.size)
    right, bottom = (side * (1 - share) for side in photo.size)
    return photo.crop((round(left), round(top), round(left + right), round(top + bottom)))


def toned(photo: Image.Image, gain: float, gamma: float) -> Image.Image:
    """Brightens a photo: value → gain · value ** gamma, clipped, of values from 0 to 1."""
    curve = np.clip(gain * (np.arange(256) / 255) ** gamma, 0, 1) * 255
    return Image.fromarray(np.round(curve).astype(np.uint8)[np.asarray(photo)])


def linked(case: Sequence[Planted], max_distance: int) -> np.ndarray:
    """Returns the similarity of each pair of one case, 0 where it is not linked at all: float64 (num_pairs,).

    Each case is searched by itself: twelve versions of a photo in one collection would crowd one another.
    """
    settings = NearDuplicateSettings(max_distance=max_distance, min_similarity=0.01, max_share=1)
    photos = np.stack([pair.first for pair in case] + [pair.second for pair in case])
    links = near_duplicates(photos, settings)
    similarity = np.zeros(len(case))
    planted = links.pairs[:, 1] - links.pairs[:, 0] == len(case)
    similarity[links.pairs[planted, 0]] = links.similarities[planted]
    return similarity


def photo_paths(folder: Path) -> list[Path]:
    """Returns all photo files below a folder, sorted."""
    return sorted(
        path for path in folder.rglob("*") if path.suffix.lower() in (".jpg", ".png", ".webp", ".heic")
    )


def readable(paths: Sequence[Path]) -> dict[Path, np.ndarray]:
    """Returns the thumbnails of the photos that are not broken."""

    def thumbnail_of(path: Path) -> np.ndarray | None:
        try:
            return thumbnail(opened(path))
        except OSError:
            return None

    with ThreadPoolExecutor() as workers:
        thumbnails = dict(zip(paths, workers.map(thumbnail_of, paths), strict=True))
    return {path: image for path, image in thumbnails.items() if image is not None}


def print_recall(planted: Sequence[Planted]) -> None:
    """Prints which share of each case is linked, in %: a line a case, a column for each two thresholds."""
    grid = {32: (0.6,), 40: (0.6, 0.8), 48: (0.5,), 56: (0.4, 0.5, 0.6), 64: (0.5,)}
    columns = [f"{bits} / {least}" for bits, leasts in grid.items() for least in leasts]
    print("linked, in %, by max_distance / min_similarity\n")
    print(f"| case | pairs | {' | '.join(columns)} |")
    print("|---|---|" + "---|" * len(columns))
    for name in dict.fromkeys(pair.case for pair in planted):
        case = [pair for pair in planted if pair.case == name]
        similarities = {bits: linked(case, bits) for bits in grid}
        shares = [(similarities[bits] >= least).mean() for bits, leasts in grid.items() for least in leasts]
        print(
            f"| {name} | {len(case)} | {' | '.join(f'{100 * share:.1f}' for share in shares)} |", flush=True
        )


def print_bursts(num_scenes: int, settings: NearDuplicateSettings) -> None:
    """Prints which share of a burst's shots lies in its largest cluster."""
    print(f"\nbursts of {SHOTS_A_BURST}, of {num_scenes} desks: shots in the largest cluster of their burst")
    for move in MOVES:
        shots = [
            thumbnail(shot(view, "thing", move, random))
            for view, random in (
                (scene(number), generator("burst", number, move)) for number in range(num_scenes)
            )
            for _ in range(SHOTS_A_BURST)
        ]
        links = near_duplicates(np.stack(shots), settings)
        names = clusters([f"{number:06d}" for number in range(len(shots))], links.pairs)
        bursts = np.array(names).reshape(num_scenes, SHOTS_A_BURST)
        largest = [int(np.unique(burst, return_counts=True)[1].max()) for burst in bursts]
        num_joined = int((links.pairs[:, 0] // SHOTS_A_BURST != links.pairs[:, 1] // SHOTS_A_BURST).sum())
        num_whole = sum(one == SHOTS_A_BURST for one in largest)
        print(
            f"  {move}: {sum(largest)} of {len(shots)} ({num_whole} whole); {num_joined} links between bursts"
        )


def print_found(folder: Path, settings: NearDuplicateSettings) -> None:
    """Prints the pairs of different files of a folder that are linked."""
    photos = readable(photo_paths(folder))
    links = near_duplicates(np.stack(list(photos.values())), settings)
    print(f"\n{folder}: {len(links.pairs)} of {len(photos) * (len(photos) - 1) // 2} pairs linked")
    names = [str(path.relative_to(folder)) for path in photos]
    for (first, second), distance, similarity in zip(*links, strict=True):
        print(f"  {names[first]} and {names[second]}: distance {distance}, similarity {similarity:.2f}")


def print_large(folder: Path, settings: NearDuplicateSettings, num_workers: int) -> None:
    """Prints seconds, memory and clusters of a folder of thousands of photos."""
    photos = readable(photo_paths(folder))
    thumbnails, names = np.stack(list(photos.values())), [str(path.relative_to(folder)) for path in photos]
    del photos
    start, start_cpu = time.perf_counter(), time.process_time()
    links = near_duplicates(thumbnails, settings, num_workers=num_workers)
    wall_s, cpu_s = time.perf_counter() - start, time.process_time() - start_cpu
    unit_bytes = 1 if sys.platform == "darwin" else 1024  # getrusage(2): bytes on macOS, KiB on Linux
    peak_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit_bytes
    parts: dict[str, list[str]] = {}
    for name, cluster in zip(names, clusters(names, links.pairs), strict=True):
        parts.setdefault(cluster, []).append(name.split("/")[0])
    sizes = [len(part) for part in parts.values() if len(part) > 1]
    num_divided = sum(len(set(part)) > 1 for part in parts.values())
    print(
        f"\n{folder}: {len(names)} photos, {wall_s:.1f} s ({cpu_s:.1f} s CPU, {num_workers} workers), peak "
        f"{peak_bytes / 1e6:.0f} MB; {len(sizes)} clusters, the largest of {max(sizes, default=1)} photos; "
        f"{num_divided} lie in more than one of its folders"
    )


def main(argv: Sequence[str] | None = None) -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description="Measures how well near-duplicates are told.")
    parser.add_argument("--scenes", type=int, default=100, help="desks to render, about 0.7 s each")
    parser.add_argument("--photos", type=Path, nargs="*", default=[Path("data/demo")])
    parser.add_argument("--large", type=Path, nargs="*", default=[])
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args(argv)
    settings = params.section(params.read(), "near_duplicates", NearDuplicateSettings)
    planted = list(rendered(arguments.scenes))
    for folder in arguments.photos:
        for path in readable(photo_paths(folder)):
            planted += edited(path)
    print_recall(planted)
    print_bursts(max(arguments.scenes // 20, 1), settings)
    for folder in arguments.photos:
        print_found(folder, settings)
    for folder in arguments.large:
        print_large(folder, settings, arguments.workers)


if __name__ == "__main__":
    main()
