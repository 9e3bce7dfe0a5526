"""The runs of the small pipeline: under which settings, and how what they leave is compared."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from ruamel.yaml import YAML

from benchmarks.prove.processors import PROCESSORS, Processor
from tenshots.repository.code import STAGES
from tests.drawn.pipeline import Project, make_environment

WORKERS = (1, 2, 3)
LOCALES = ("C.UTF-8", "C")
TIME_ZONES = ("UTC", "NPT-5:45")  # ahead of Greenwich, and no whole hours
UMASKS = ("022", "077")
HASH_SEEDS = ("0", "4294967295")
ORDERS = ("a to z", "z to a")
# Plackett and Burman's design for 12 runs, by its first row, which is shifted: in any two columns each of the
# four pairs comes three times. Source: Biometrika 33 (1946), p. 305.
DESIGN = (1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0)
NUM_RUNS = len(DESIGN) + 1
# As many cores as a run is to have workers, more than there are, too. Python runs such a line when it starts.
CORES = (
    'import os; n = int(os.environ.get("PROVE_CORES", 0)); n and (setattr(os, "cpu_count", lambda n=n: n), '
    'setattr(os, "sched_getaffinity", lambda _, n=n: set(range(n))))\n'
)
# Their outputs hold hashes of the code, so that any edit moves them.
SHOW_CODE = ("check", "on_the_fly", "compare", "describe")
Outputs = dict[str, dict[str, str]]  # of each stage, in the order of the runs: path and hash


class Run(NamedTuple):
    """The settings of a run, none of which may move a byte. No processor: this machine's."""

    processor: Processor | None
    workers: int
    locale: str
    time_zone: str
    umask: str
    hash_seed: str
    order: str

    def variables(self) -> dict[str, str]:
        """The environment, but for the processor's part."""
        return {
            "PROVE_CORES": str(self.workers),
            "LC_ALL": self.locale,
            **{"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},  # else Python takes C for C.UTF-8
            "TZ": self.time_zone,
            "PYTHONHASHSEED": self.hash_seed,
        }


def plan(processors: Sequence[Processor | None] = PROCESSORS) -> list[Run]:
    """Returns runs that have each value of each setting at least twice, no two settings always together."""
    runs = []
    for number in range(NUM_RUNS):
        levels = [DESIGN[column - number] if number < len(DESIGN) else 0 for column in range(5)]
        two = (LOCALES, TIME_ZONES, UMASKS, HASH_SEEDS, ORDERS)
        workers = WORKERS[(number + number // len(processors)) % len(WORKERS)]
        chosen = [values[level] for values, level in zip(two, levels, strict=True)]
        runs.append(Run(processors[number % len(processors)], workers, *chosen))
    return runs


def clone(project: Project, folder: Path, order: str) -> Project:
    """Clones a small project to a folder, with an environment, and its photos made in that order."""
    folder.parent.mkdir(parents=True)
    project.run("git", "clone", "--quiet", str(project.folder), str(folder))
    copy = Project(folder)
    make_environment(folder)
    (packages,) = (folder / ".venv" / "lib").glob("python*/site-packages")
    (packages / "cores.pth").write_text(CORES)
    copy.run("sh", "setup.sh", "requirements.txt")
    photos, drawn = (each / "data" / "raw" for each in (folder, project.folder))
    for path in sorted((p for p in drawn.rglob("*") if p.is_file()), reverse=order == ORDERS[1]):
        (photos / path.relative_to(drawn)).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, photos / path.relative_to(drawn))
    return copy


def repro(project: Project, run: Run, variables: Mapping[str, str], command: str = "make repro") -> str:
    """Runs the pipeline under the settings of a run; returns what was said.

    Args:
        project: see `clone`.
        run: what may not matter.
        variables: for the processor of the run; see `Imitations`.
        command: for the shell.
    """
    line = f"umask {run.umask}; exec {command}"
    return project.run("sh", "-c", line, **run.variables(), **variables)


def num_cores(project: Project, run: Run) -> int:
    """Returns how many workers the stages will really have: a container may leave them fewer."""
    return int(project.python("-c", "import joblib; print(joblib.cpu_count())", **run.variables()))


def outputs(lock: Path) -> Outputs:
    """Returns the hash of each output that dvc.lock names, by stage."""
    stages = YAML(typ="safe").load(lock)["stages"]
    return {
        stage: {out["path"]: out["md5"] for out in entry.get("outs", [])} for stage, entry in stages.items()
    }


def content(lock: Path) -> str:
    """Returns what a dvc.lock says, whatever the order of its stages: after a first run, that of a set's."""
    return json.dumps(YAML(typ="safe").load(lock), sort_keys=True)


def first_difference(expected: Outputs, found: Outputs) -> str:
    """Returns the first stage and output, in the order of dvc.yaml, that is not as expected; or nothing."""
    places = {stage: place for place, stage in enumerate(("check", *STAGES))}
    for stage in sorted(expected, key=lambda each: (places.get(each.partition("@")[0], len(places)), each)):
        hashes = expected[stage]
        for path, value in hashes.items():
            if (other := found.get(stage, {}).get(path)) != value:
                return f"{path} of stage {stage} ({other or 'missing'}, not {value})"
    return ""
