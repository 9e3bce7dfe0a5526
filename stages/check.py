"""Stage `check`: every value of params.yaml, and what lies in the photos' folder, before anything computes.

python -m stages.check
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from stages import run
from tenshots import files, params
from tenshots.checks import folder, whole
from tenshots.checks.wanted import wanted
from tenshots.intake.layout import PhotosSettings
from tenshots.repository import code
from tenshots.tables import features
from tenshots.tables.paths import CHECKED, NETWORKS, WANTED


def main(argv: Sequence[str] | None = None) -> None:
    """Reads params.yaml; writes data/checked/settings.txt, the same whatever the settings are.

    Also writes data/checked/networks: one file per network with the hashes of the code that builds it, so
    that an edit of that code runs again what uses it, and nothing else; and data/checked/features: one file
    per data set and network with what its frozen features depend on, if they are wanted.
    """
    argparse.ArgumentParser(prog="python -m stages.check", description=__doc__).parse_args(argv)
    values = params.read()
    whole.check(values)
    photos = params.top_level(values, PhotosSettings).photos
    # Within DVC, too: it costs little, and of `dvc repro` and `--temp` it is the only look before DVC's own.
    folder.check(photos, Path.cwd(), may_be_absent="DVC_STAGE" in os.environ)

    files.empty(NETWORKS)
    for name, network in values["networks"].items():
        files.write(NETWORKS / f"{name}.txt", code.family_text(network["family"]))
    files.empty(WANTED)
    for (data, name), asked in wanted(values).items():
        features.write_wanted(asked, WANTED / data / f"{name}.json")
    files.write(CHECKED, "Every setting in params.yaml keeps its rule.\n")


if __name__ == "__main__":
    run(main, judge=False)  # it does so itself
