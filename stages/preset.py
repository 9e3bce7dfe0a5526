"""Runs a preset: an experiment that is kept in `presets`, in a working folder of its own.

python -m stages.preset NAME [--photos FOLDER] [--trial]

The folder is .presets/NAME: a worktree of git's on the last commit, with DVC's cache and MLflow's store to
itself. So your settings, photos, outputs, report and runs stay as they are. It is kept, for looking, and a
second call goes on where the first was stopped.
"""

from __future__ import annotations

import argparse
import filecmp
import hashlib
import json
import os
import resource
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from ruamel.yaml import YAML

from stages import answers, mend, run
from tenshots import files, params
from tenshots.checks import folder as photos_folder
from tenshots.checks import whole
from tenshots.errors import DataError, SettingsError, TenshotsError
from tenshots.intake import layout
from tenshots.outlook import lines, presets, processor, quick
from tenshots.outlook.presets import PhotosNeeded
from tenshots.repository import worktrees
from tenshots.tables import database
from tenshots.tables.paths import EVALUATIONS, REPORTS, SPLITS
from tenshots.wording import counted

DRAWN = Path("data/raw")  # of the worktree, where git ignores it
CODE = ("stages", "tenshots", "dvc.yaml", "params.yaml", "backbones")  # that a preset takes from the commit
# What would lead to the user's own store, or to another project.
FOREIGN = ("DVC_ROOT", "DVC_STAGE", "MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_NAME")


class Used(NamedTuple):
    """What calls with the same settings have used.

    Attributes:
        num_calls: of these.
        busy_s: seconds that processors were busy in them; of one that was killed, none.
    """

    num_calls: int
    busy_s: float


def main(argv: Sequence[str] | None = None) -> None:
    """Makes the working folder with the preset's settings, runs the pipeline there, prints the result."""
    parser = argparse.ArgumentParser(
        prog="python -m stages.preset",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", nargs="?", default="", help="of a file in presets, without .yaml")
    parser.add_argument("--photos", default="", help="the folder of photos that it is for")
    parser.add_argument(
        "--trial",
        action="store_true",
        help="a dozen photos of each label and two epochs: does all work here?",
    )
    given = parser.parse_args(argv)
    if not given.name:
        for name in presets.names():
            try:
                print(f"  {name}: {presets.read(name).title}")
            except SettingsError as error:  # of one's own, which takes none of the others away
                print(f"  {name}: cannot be read: {str(error).splitlines()[0]}")
        print("To run one: make preset NAME=… PHOTOS=folder (docs/catalogue/presets.md)")
        return
    preset = presets.read(given.name)
    photos, paths = _photos(preset.photos, given.photos)
    top = Path.cwd()
    _note_changes(top)
    name = f"{given.name}-trial" if given.trial else given.name
    folder = top / worktrees.FOLDER / name
    with worktrees.alone(folder):
        was_there = worktrees.make(folder, top)
        with chdir(folder), _to_itself():
            try:
                values = presets.merged(params.read(), preset, photos=photos)
                if preset.photos and preset.photos.is_copied:
                    values["photos"] = DRAWN.as_posix()
                _check(values, given.name)
                if preset.photos and preset.photos.is_copied:
                    chosen = presets.drawn(paths, preset.photos, seed=values["seed"], folder=photos)
                    _copy(Path(photos), chosen)
            except TenshotsError:
                if not was_there:  # nothing has run in it
                    worktrees.remove(folder, top)
                raise
            if given.trial:
                values = quick.settings(values, photos=values["photos"])
            with params.PATH.open("w", encoding="utf-8") as file:
                YAML().dump(values, file)
            again = ", as a former call has left it" if was_there else ""
            print(f"preset {name}: {preset.title}; in {folder}{again}", flush=True)
            _tell(name, values, folder, _reproduced(folder, values))


def _photos(needed: PhotosNeeded | None, given: str) -> tuple[str, list[str]]:
    """Returns the absolute path of the photos' folder and what lies below it, once it looks as it must."""
    if needed is None:
        if given:
            raise SettingsError(f"PHOTOS must be left out for a preset of the demo's photos, got {given!r}")
        return "", []
    remedy = f"{needed.source} It must look like {needed.shape}."
    if not given:
        raise SettingsError(f"PHOTOS must name the folder of the photos: PHOTOS=folder. {remedy}")
    folder = Path(given).expanduser().resolve()
    if not folder.is_dir():
        state = "is not a folder" if folder.exists() else "is missing"
        raise DataError(f"the photos' folder {given} {state}. {remedy}")
    found = sorted(layout.scan(folder)[0])
    if left_out := [each for each in found if each.reason]:
        print(
            f"note: {counted(len(left_out), 'file')} in {given} left out, such as {left_out[0].path}: "
            f"{left_out[0].reason}",
            file=sys.stderr,
        )
    paths = [each.path for each in found if not each.reason]
    presets.check_photos(paths, needed, folder=given)
    return str(folder), paths


def _check(values: dict[str, Any], name: str) -> None:
    """Raises a SettingsError that names both files, since either may hold what is wrong."""
    try:
        whole.check(values)
    except SettingsError as error:
        both = f"{presets.FOLDER / name}.yaml over {params.PATH}:"
        raise SettingsError(str(error).replace(f"{params.PATH}:", both)) from None


def _note_changes(top: Path) -> None:
    """Says so where the code here is not that of the commit, which the preset runs."""
    edited = [path for path in worktrees.changes(top) if path.split("/")[0] in CODE]
    edited = [path for path in edited if path != str(params.PATH)]  # whose changes are the user's own
    if edited:
        print(
            f"note: {edited[0]} differs from the last commit, which is what a preset runs; commit first if "
            "your change is to count",
            file=sys.stderr,
        )


def _copy(source: Path, chosen: Mapping[str, str]) -> None:
    """Copies photos to the worktree, given by new path and old, unless the same are there."""
    if (
        DRAWN.is_dir()
        and sorted(each.path for each in layout.scan(DRAWN)[0]) == sorted(chosen)
        and all(filecmp.cmp(DRAWN / path, source / old, shallow=False) for path, old in chosen.items())
    ):
        return
    with files.whole_folder(DRAWN) as part:
        for path, old in chosen.items():
            (part / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / old, part / path)


@contextmanager
def _to_itself() -> Iterator[None]:
    """Hides what the environment says of other projects' stores while the block runs."""
    before = {name: os.environ.pop(name) for name in FOREIGN if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(before)


def _reproduced(folder: Path, values: dict[str, Any]) -> Used:
    """Runs the pipeline; returns what all calls with these settings have used, but for those killed."""
    key = hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
    known = worktrees.read_state(folder)
    before = Used(**known["used"]) if known.get("settings") == key and "used" in known else Used(0, 0.0)
    used = before._replace(num_calls=before.num_calls + 1)

    def keep() -> None:
        said = {"settings": key, "used": used._asdict()}
        files.write(worktrees.state(folder), json.dumps(said) + "\n")

    start = _busy_s()
    keep()
    try:
        mend.main([])
        photos_folder.check(values["photos"], Path.cwd(), may_be_absent=False)
        answers.main([])
    except SystemExit as ended:
        if isinstance(ended.code, int) and ended.code > 128:  # somebody has ended this process
            raise
        raise DataError(
            f"the pipeline stopped in {folder}, for the reason above (exit status {ended.code}); what is "
            "done is kept: run the same again"
        ) from None
    finally:
        used = used._replace(busy_s=round(before.busy_s + _busy_s() - start, 1))
        keep()
    return used


def _busy_s() -> float:
    """Returns the processor seconds of this process and of those that it has started and seen end."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _tell(name: str, values: dict[str, Any], folder: Path, used: Used) -> None:
    """Prints the answers, what they cost, and where the page is."""
    splits = database.read_splits(SPLITS)
    found = [
        lines.answer(variant, database.read_predictions(EVALUATIONS / variant / "predictions.csv"), splits)
        for variant in values["variants"]
    ]
    calls = f" in {used.num_calls} calls" if used.num_calls > 1 else ""
    cost = f"{used.busy_s / 60:.1f} CPU minutes{calls} on {processor.name()}"
    print(f"\npreset {name}: {'; '.join(found)}; {cost}")
    print(f"The page: {folder / REPORTS / 'index.html'}")
    print(f"To remove all of it: git worktree remove --force {worktrees.FOLDER / name}")


if __name__ == "__main__":
    run(main, judge=False)  # your params.yaml does not matter here
