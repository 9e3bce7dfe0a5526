"""Stage `split`: which photo trains, validates or tests in which fold.

python -m stages.split
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from stages import run
from tenshots import files, params
from tenshots.seeds import SeedSettings
from tenshots.splitting import division, leakage
from tenshots.splitting.settings import SplitSettings
from tenshots.tables import database
from tenshots.tables.paths import LEAKAGE, MANIFEST, SPLITS


def main(argv: Sequence[str] | None = None) -> None:
    """Reads data/manifest.csv; writes data/splits/splits.csv and leakage.json."""
    argparse.ArgumentParser(description="Divides the photos into train, val and test.").parse_args(argv)
    values = params.read()
    seed = params.top_level(values, SeedSettings).seed
    settings = params.section(values, "split", SplitSettings)

    manifest = database.read_manifest(MANIFEST)
    splits = division.split(manifest, settings, seed=seed)
    found = leakage.leakage(manifest, splits, seed=seed)

    database.write_splits(splits, SPLITS)
    files.write(LEAKAGE, leakage.text(found))
    for line in [*division.summary(manifest, splits, settings), *leakage.summary(found)]:
        print(f"split: {line}")


if __name__ == "__main__":
    run(main)
