"""Stage `rehearse`: tries the augmentation and builds the networks of params.yaml, before any training.

python -m stages.rehearse
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence

from stages import run

# As in `augment`, whose layers are tried.
os.environ["KERAS_BACKEND"] = "tensorflow"

from tenshots import files, params, runtime
from tenshots.checks import rehearsal
from tenshots.errors import SettingsError
from tenshots.tables.paths import EFFORTS, REHEARSED


def main(argv: Sequence[str] | None = None) -> None:
    """Reads params.yaml; writes data/checked/rehearsal.txt, the same whatever the settings are.

    Also writes data/checked/efforts.json, from which `answers` tells which variant is the cheapest; no stage
    reads it.
    """
    argparse.ArgumentParser(prog="python -m stages.rehearse", description=__doc__).parse_args(argv)
    runtime.configure(threads=1)
    found = rehearsal.rehearse(params.read())
    for doubt in found.doubts:
        print(f"rehearse: warning: {doubt}")
    if found.problems:
        raise SettingsError("\n".join(found.problems))

    REHEARSED.parent.mkdir(parents=True, exist_ok=True)
    files.write(EFFORTS, json.dumps(found.efforts, indent=2) + "\n")
    files.write(REHEARSED, "Keras takes the augmentation and the networks of params.yaml.\n")


if __name__ == "__main__":
    run(main)
