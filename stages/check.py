"""Stage `check`: settings, corrections and what lies in the photos' folder, before anything computes.

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
from tenshots.networks.settings import settings_from
from tenshots.repository import code
from tenshots.tables import corrections, features
from tenshots.tables.paths import CODE, NETWORKS, WANTED


def main(argv: Sequence[str] | None = None) -> None:
    """Judges params.yaml, the corrections and the photos' folder; tells DVC which stages to run again.

    data/checked/code gets one file per stage with the hashes of the code that its outputs depend on, and
    data/checked/networks one per network with those of the code that builds it, so an edit runs again what
    uses the edited file, and nothing else. data/checked/features gets one file per data set and network with
    what its frozen features depend on, if they are wanted.
    """
    argparse.ArgumentParser(prog="python -m stages.check", description=__doc__).parse_args(argv)
    values = params.read()
    whole.check(values)
    corrections.read()  # as far as it can be judged without photos; `ingest` knows their hashes and labels
    photos = params.top_level(values, PhotosSettings).photos
    # Within DVC, too: it costs little, and of `dvc repro` and `--temp` it is the only look before DVC's own.
    folder.check(photos, Path.cwd(), may_be_absent="DVC_STAGE" in os.environ)

    with files.whole_folder(CODE) as part:
        for stage in code.STAGES:
            files.write(part / f"{stage}.txt", code.text(code.stage_files(stage)))
    with files.whole_folder(NETWORKS) as part:
        for name, network in values["networks"].items():
            families = settings_from(network, at=f"networks.{name}").built_by
            paths = {path for family in families for path in code.family_files(family)}
            files.write(part / f"{name}.txt", code.text(sorted(paths)))
    with files.whole_folder(WANTED) as part:
        for (data, name), asked in wanted(values).items():
            features.write_wanted(asked, part / data / f"{name}.json")


if __name__ == "__main__":
    run(main, judge=False)  # it does so itself
