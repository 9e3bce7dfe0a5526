"""All stages in about a minute, on a few photos and epochs: does everything work here?

They run one after the other in this process, which imports Keras once, and in a temporary folder. So DVC has
no part in it, and settings, outputs, report and MLflow stay as they are. Only the page is kept:
reports/quick.html.
"""

from __future__ import annotations

import argparse
import importlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import chdir
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from stages import run
from tenshots import files, params
from tenshots.outlook import quick
from tenshots.tables.corrections import CORRECTIONS
from tenshots.tables.paths import REPORTS
from tenshots.tracking.sessions import UNTRACKED

MAP = Path("dvc.yaml")
PAGE = REPORTS / "quick.html"


def main(argv: Sequence[str] | None = None) -> None:
    """Runs every stage of dvc.yaml on the first photos of the folder that params.yaml names."""
    argparse.ArgumentParser(prog="python -m stages.quick", description=__doc__).parse_args(argv)
    values = params.read()
    small = quick.settings(values, photos=str(Path(values["photos"]).resolve()))
    steps = list(_steps(small))
    with tempfile.TemporaryDirectory(prefix="tenshots-quick-") as name:
        folder = Path(name)
        YAML().dump(small, folder / params.PATH)
        for path in (str(CORRECTIONS), *_weights(small)):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, folder / path)
        os.environ[UNTRACKED] = "1"
        with chdir(folder):
            for stage, arguments in steps:
                print(f"\n{' '.join([stage, *arguments])}:", flush=True)
                importlib.import_module(f"stages.{stage}").main(arguments)
        PAGE.parent.mkdir(exist_ok=True)
        page = (folder / REPORTS / "index.html").read_text(encoding="utf-8")
        files.write(PAGE, quick.marked(page))
    print(
        "\nEvery stage works here. A few photos of each person and label and "
        f"{quick.EPOCHS} epochs cannot show how good a network is. Settings, outputs and runs are as before, "
        f"so there is nothing to undo; this page alone is new: {PAGE}. For a real answer: make repro"
    )


def _steps(values: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Yields the stages with their arguments, in the order of dvc.yaml: each comes after what it reads."""
    for stage, body in params.read(MAP)["stages"].items():
        if "foreach" in body:
            yield from ((stage, [name]) for name in values[body["foreach"].strip("${}")])
        else:
            yield stage, []


def _weights(values: Mapping[str, Any]) -> list[str]:
    """Returns the files of weights in the project that the networks name."""
    weights = [network.get("backbone", {}).get("weights") for network in values["networks"].values()]
    paths = [each["path"] for each in weights if isinstance(each, Mapping) and "path" in each]
    return [path for path in paths if not Path(path).is_absolute() and Path(path).is_file()]


if __name__ == "__main__":
    run(main)
