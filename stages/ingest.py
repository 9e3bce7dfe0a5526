"""Stage `ingest`: photos of any size → one database of standard photos, and a row for every file found.

python -m stages.ingest [--workers N]
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import joblib

from stages import at_least_1, run
from tenshots import files, params
from tenshots.errors import DataError
from tenshots.intake import collection, correcting, ingestion, layout, misreadings, snapshots
from tenshots.intake.names.pattern import Layout
from tenshots.intake.settings import AcceptSettings, DatabaseSettings, NearDuplicateSettings
from tenshots.repository import unfinished
from tenshots.tables import corrections, database, manifest, unlabelled
from tenshots.tables.corrections import CORRECTIONS
from tenshots.tables.encoding import StandardiseSettings
from tenshots.tables.paths import DATABASE, MANIFEST


def main(argv: Sequence[str] | None = None) -> None:
    """Reads the photos' folder and the corrections; writes data/database and data/manifest.csv."""
    parser = argparse.ArgumentParser(description="Makes one database of standard photos.")
    # No setting in params.yaml: it changes no byte, so another number must not run the stage again.
    parser.add_argument(
        "--workers",
        type=at_least_1,
        default=joblib.cpu_count(),
        help="processes that decode (default: one per CPU)",
    )
    num_workers: int = parser.parse_args(argv).workers

    values = params.read()
    source = params.top_level(values, layout.PhotosSettings)
    rules = ingestion.Rules(
        accept=params.section(values, "accept", AcceptSettings),
        standardise=params.section(values, "standardise", StandardiseSettings),
        near_duplicates=params.section(values, "near_duplicates", NearDuplicateSettings),
    )
    num_shards = params.section(values, "database", DatabaseSettings).num_shards

    written, corrected = files.file_hash(CORRECTIONS), corrections.read()
    folder = layout.photos_dir(source.photos, Path.cwd())
    pattern = Layout(source.layout)
    before = snapshots.snapshot(folder)
    # The files themselves are read and hashed anyway: what was decoded is known by the hashes.
    plain = {name: each.model_dump(mode="json", exclude_none=True) for name, each in rules._asdict().items()}
    pieces = unfinished.pieces("ingest", settings=plain, inputs=[])
    with closing(database.Spool(DATABASE.parent)) as spool:
        result = ingestion.ingest(
            folder, pattern, rules, spool, num_workers=num_workers, pieces=pieces, corrected=corrected
        )
        with files.whole_folder(DATABASE) as part:
            database.write_photos(result.photos, part, num_shards=num_shards)
            if len(result.unlabelled.photos):
                unlabelled.write(result.unlabelled, part, num_shards=num_shards)
    manifest.write(result.manifest, MANIFEST)
    pieces.end(DATABASE)
    try:
        # As late as can be: DVC hashes the folder when the stage has ended, and takes that for what was read.
        snapshots.check_unchanged(folder, before)
        if files.file_hash(CORRECTIONS) != written:
            raise DataError(f"{CORRECTIONS} changed while the photos were read; run again")
    except DataError:
        shutil.rmtree(DATABASE)
        MANIFEST.unlink()
        raise

    print(collection.table(result.manifest))
    kept = result.manifest.loc[result.manifest["status"] == "kept", "path"]
    labelled = result.manifest[result.manifest["label_found"] != rules.accept.unlabelled]
    doubts = [
        *result.namings,
        *misreadings.doubts(labelled, source.layout),
        *collection.doubts(labelled, result.bare_groups),
        *pattern.doubts(kept),
    ]
    for doubt in doubts:
        print(f"ingest: warning: {doubt}")
    for sentence in correcting.told(result.manifest, corrected):
        print(f"ingest: {sentence}")
    print(f"ingest: {collection.summary(result.manifest)}; {MANIFEST} has a row for each file")


if __name__ == "__main__":
    run(main)
