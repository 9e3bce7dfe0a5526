"""Renders all demo photos, or some: `python -m demo.render`.

A photo that exists is left alone, so a run that was stopped goes on where it was. Two steps a photo: its
light is rendered once into the light's folder, then developed into the file; `--develop` repeats only that.
"""

from __future__ import annotations

import argparse
import io
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from importlib.util import find_spec
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from demo import cases
from demo.files import WRITING, file_of, photo_path, save, tags
from demo.phones import develop
from demo.seeds import generator
from demo.shots import Shot, shots
from demo.students import STUDENTS

PHOTOS = Path("data/demo")
# The denoiser and the phone's own noise hide the rest: 48 took three times as long and looked alike
SAMPLES = 6


def light_path(of: Shot, light_dir: Path) -> Path:
    """Returns where a photo's light is kept."""
    return light_dir / f"{of.student}-{of.label}-{of.number}.npz"


def rendered(of: Shot, light_dir: Path, long_side: int, num_samples: int) -> np.ndarray:
    """Returns a photo's light, float16 (height, width, 3), from the light's folder if it is there."""
    path = light_path(of, light_dir)
    if not path.exists():
        from demo.scenes import light  # starts Blender, which only the processes that render shall do

        buffer = io.BytesIO()
        np.savez_compressed(buffer, light=light(of, long_side, num_samples))
        save(path, buffer.getvalue())
    with np.load(path) as held:
        return np.asarray(held["light"])


def photo(of: Shot, values: np.ndarray) -> bytes:
    """Develops a photo's light into its file's bytes."""
    student = STUDENTS[of.student]
    where = of.student, of.label, of.number
    picture = develop(values, student.phone, student.habits, generator("phone", *where))
    exif = tags(student.phone, *where, of.scene, with_gps=of.student in cases.GPS)
    data = file_of(picture, student.phone, None if of.student in cases.PLAIN else exif)
    return cases.change(*where, data)


def make(of: Shot, out: Path, light_dir: Path, long_side: int, num_samples: int) -> float:
    """Makes one photo; returns the processor seconds that it took.

    Raises:
        RuntimeError: something went wrong; says with which photo.
    """
    started = time.process_time()
    try:
        data = photo(of, rendered(of, light_dir, long_side, num_samples))
        save(out / photo_path(of.student, of.label, of.number), data)
    except Exception as error:
        raise RuntimeError(f"{of.student}/{of.label}/{of.number}: {type(error).__name__}: {error}") from error
    return time.process_time() - started


def _obey_the_command_alone(alive: Connection) -> None:
    """Lets a worker end when the command closes its end of `alive`, or was killed, and for no other reason.

    Ctrl-C reaches workers too, and a broken pool terminates them: either could leave half a file.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)

    def watch() -> None:
        alive.poll(None)
        with WRITING:
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def make_all(
    todo: Sequence[Shot], out: Path, light_dir: Path, long_side: int, num_samples: int, *, num_workers: int
) -> None:
    """Makes photos in processes of their own; if one fails, or on Ctrl-C, ends them all at once."""
    fresh = multiprocessing.get_context("spawn")  # Blender cannot be copied while it runs
    alive, command = fresh.Pipe(duplex=False)
    with alive, command, ProcessPoolExecutor(num_workers, fresh, _obey_the_command_alone, (alive,)) as pool:
        try:
            jobs = {pool.submit(make, of, out, light_dir, long_side, num_samples): of for of in todo}
            for job in as_completed(jobs):
                of = jobs[job]
                print(f"{of.student}/{of.label}/{of.number} {job.result():.1f} s", flush=True)
        except BaseException:
            command.close()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def positive(text: str) -> int:
    """Returns the number that an option gives, at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 1, got {text!r}")
    return int(text)


def folder(text: str) -> Path:
    """Returns the folder that an option names; it need not exist."""
    path = Path(text)
    if path.name in {"", ".."} or (path.exists() and not path.is_dir()):
        raise argparse.ArgumentTypeError(f"must be a folder with a name of its own, got {text!r}")
    return path


def main(argv: Sequence[str] | None = None) -> None:
    """Makes the photos, then the odd files among them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=folder, default=PHOTOS, help="where the students' folders lie")
    parser.add_argument(
        "--work", type=folder, help="where the light's folder OUT-light-SIDE-SAMPLES lies (beside OUT)"
    )
    parser.add_argument("--long-side", type=positive, default=768, help="of a photo, pixels")
    parser.add_argument("--samples", type=positive, default=SAMPLES, help="rays a pixel")
    parser.add_argument("--only", nargs="+", default=[], metavar="STUDENT/LABEL/NUMBER", help="these alone")
    parser.add_argument(
        "--workers", type=positive, default=1, help="processes of one thread; they never change a photo"
    )
    parser.add_argument("--develop", action="store_true", help="write again what exists, from the kept light")
    chosen = parser.parse_args(argv)
    out = chosen.out
    # Its name says how light was rendered, so that no photo is made from that of another size
    light_dir = (chosen.work or out.parent) / f"{out.name}-light-{chosen.long_side}-{chosen.samples}"
    try:
        todo = shots(chosen.only)
    except ValueError as error:
        parser.error(f"--only: {error}")
    if not chosen.develop:
        todo = [of for of in todo if not (out / photo_path(of.student, of.label, of.number)).exists()]
    dark = [f"{of.student}/{of.label}/{of.number}" for of in todo if not light_path(of, light_dir).exists()]
    if dark and chosen.develop:
        parser.error(
            f"--develop: {light_dir} lacks the light of {len(dark)} photos, the first is {dark[0]}; "
            "without --develop it is rendered (photos that exist are left alone: delete them first)"
        )
    if dark and find_spec("bpy") is None:
        parser.error(
            f"Blender is needed to render {dark[0]}: "
            "with Python 3.11, pip install -r demo/requirements.txt (see demo/README.md)"
        )
    if not todo:
        print(f"nothing to do: all photos asked for lie in {out}")
    make_all(todo, out, light_dir, chosen.long_side, chosen.samples, num_workers=chosen.workers)
    if not chosen.only:
        cases.write(out)
        if out.resolve() == PHOTOS.resolve():
            cases.write_table()


if __name__ == "__main__":
    main()
