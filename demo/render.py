"""Renders all demo photos, or some: `python -m demo.render`.

A photo that exists is left alone, so a run that was stopped goes on where it was. Two steps a photo: its
light is rendered once into the work folder, then developed into the file; `--develop` repeats only that.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from demo import cases
from demo.files import file_of, photo_path, tags, taken_at
from demo.phones import develop
from demo.seeds import generator
from demo.shots import Shot, shots
from demo.students import STUDENTS

PHOTOS = Path("data/demo")
SAMPLES = (
    6  # the denoiser and the phone's own noise hide the rest: 48 took three times as long and looked alike
)


def save(path: Path, data: bytes) -> None:
    """Writes a file all at once: a run that is stopped leaves no half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part{os.getpid()}")
    part.write_bytes(data)
    part.replace(path)


def rendered(of: Shot, work: Path, long_side: int, num_samples: int) -> np.ndarray:
    """Returns a photo's light, float16 (height, width, 3), from the work folder if it is there."""
    path = work / f"{of.student}-{of.label}-{of.number}.npz"
    if not path.exists():
        from demo.scenes import light  # starts Blender, which only the processes that render shall do

        values = light(of, long_side, num_samples)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".part{os.getpid()}.npz")
        np.savez_compressed(part, light=values)
        part.replace(path)
    with np.load(path) as held:
        return np.asarray(held["light"])


def photo(of: Shot, values: np.ndarray) -> bytes:
    """Develops a photo's light into its file's bytes."""
    student = STUDENTS[of.student]
    where = of.student, of.label, of.number
    picture = develop(values, student.phone, student.habits, generator("phone", *where))
    taken = taken_at(*where, of.scene)
    exif = tags(student.phone, taken, generator("tags", *where), with_gps=of.student in cases.GPS)
    data = file_of(picture, student.phone, None if of.student in cases.PLAIN else exif)
    return cases.change(*where, data)


def make(of: Shot, out: Path, work: Path, long_side: int, num_samples: int, again: bool) -> float:
    """Makes one photo unless it is there; returns the processor seconds that it took."""
    path = out / photo_path(of.student, of.label, of.number)
    if path.exists() and not again:
        return 0.0
    started = time.process_time()
    save(path, photo(of, rendered(of, work, long_side, num_samples)))
    return time.process_time() - started


def _end_with_parent() -> None:
    """Ends a worker when the command itself was killed; otherwise it would render on unseen."""
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def main(argv: Sequence[str] | None = None) -> None:
    """Makes the photos, then the odd files among them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=PHOTOS, help="where the students' folders lie")
    parser.add_argument("--work", type=Path, help="where the rendered light is kept (OUT-light)")
    parser.add_argument("--long-side", type=int, default=768, help="of a photo, pixels")
    parser.add_argument("--samples", type=int, default=SAMPLES, help="rays a pixel")
    parser.add_argument("--only", nargs="*", default=[], metavar="STUDENT/LABEL/NUMBER", help="these alone")
    parser.add_argument(
        "--workers", type=int, default=1, help="processes of one thread; they never change a photo"
    )
    parser.add_argument("--develop", action="store_true", help="write again what exists, from the kept light")
    chosen = parser.parse_args(argv)
    work = chosen.work or chosen.out.with_name(f"{chosen.out.name}-light-{chosen.long_side}")
    settings = (chosen.out, work, chosen.long_side, chosen.samples, chosen.develop)
    todo = shots(chosen.only)
    fresh = multiprocessing.get_context("spawn")  # Blender cannot be copied while it runs
    with ProcessPoolExecutor(chosen.workers, fresh, _end_with_parent) as pool:
        jobs = [(of, pool.submit(make, of, *settings)) for of in todo]
        for of, job in jobs:
            seconds = job.result()
            if seconds:
                print(f"{of.student}/{of.label}/{of.number} {seconds:.1f} s", flush=True)
    if not chosen.only:
        cases.write(chosen.out)


if __name__ == "__main__":
    main()
