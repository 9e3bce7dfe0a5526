"""Trains a shipped backbone again: the project's own pipeline, with the backbone's settings and photos.

    python -m backbones.recipe cifar10 PHOTOS WORK

PHOTOS is the unpacked folder of CIFAR-10 as files (train/LABEL/NAME.jpg, test/LABEL/NAME.jpg); WORK is a
folder that does not exist yet and receives a clone of the project, in which the pipeline runs. On two cores
this takes the better part of an hour.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tenshots import params

HERE = Path(__file__).parent


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the recipe and puts the weights beside this file."""
    names = sorted(path.name.removesuffix(".params.yaml") for path in HERE.glob("*.params.yaml"))
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("name", choices=names)
    parser.add_argument("photos", type=Path)
    parser.add_argument("work", type=Path)
    arguments = parser.parse_args(argv)
    if not arguments.photos.is_dir():
        parser.error(f"PHOTOS must be a folder, got {arguments.photos}")
    if arguments.work.exists():
        parser.error(f"WORK must not exist yet, got {arguments.work}; name another folder or remove it")

    subprocess.run(["git", "clone", "--quiet", str(HERE.parent), str(arguments.work)], check=True)
    yaml = YAML()
    settings = settings_of(arguments.name)
    settings["photos"] = str(arguments.photos.resolve())
    with (arguments.work / "params.yaml").open("w", encoding="utf-8") as file:
        yaml.dump(settings, file)
    # DVC starts the stages' `python` from the PATH: it shall be the one that this script runs in.
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    dvc = [sys.executable, "-m", "dvc", "repro", f"evaluate@{arguments.name}"]
    subprocess.run(dvc, cwd=arguments.work, env=environment, check=True)

    metrics_path = arguments.work / f"data/evaluations/{arguments.name}/metrics.json"
    metrics = json.loads(metrics_path.read_text(encoding="utf-8"))
    weights = HERE / f"{arguments.name}.weights.h5"
    shutil.copyfile(arguments.work / f"data/models/{arguments.name}/fold-0_repeat-0.weights.h5", weights)
    print(f"{weights}: test accuracy {metrics['test_accuracy']:.4f}")
    print(f"sha256 {hashlib.sha256(weights.read_bytes()).hexdigest()}, {weights.stat().st_size:,} bytes")


def settings_of(name: str) -> dict[str, Any]:
    """Returns all settings of a recipe: its own, and the project's where it has none, as of the pages."""
    project, own = params.read(HERE.parent / params.PATH), params.read(HERE / f"{name}.params.yaml")
    return {**project, **own, "networks": {**project["networks"], **own["networks"]}}


if __name__ == "__main__":
    main()
