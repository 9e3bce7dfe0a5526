"""Makes data/augmented: the database's photos, and changed copies of the training photos beside them."""

from __future__ import annotations

import argparse
import os
import shutil
from collections.abc import Iterator, Sequence

import pandas as pd

from stages import progress, run

# Keras chooses its backend when it is imported, and another one would draw other pixels.
os.environ["KERAS_BACKEND"] = "tensorflow"

from tenshots import files, params, runtime
from tenshots.augmentation import copying
from tenshots.augmentation.settings import AugmentSettings
from tenshots.repository import unfinished
from tenshots.seeds import SeedSettings
from tenshots.tables import database, unlabelled
from tenshots.tables.encoding import encode
from tenshots.tables.paths import AUGMENTATION, AUGMENTED, DATABASE, SPLITS


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the stage in the current directory."""
    argparse.ArgumentParser(prog="python -m stages.augment", description=__doc__).parse_args(argv)
    values = params.read()
    settings = params.section(values, "augment", AugmentSettings)
    seed = params.top_level(values, SeedSettings).seed
    # One thread is as fast on such small pictures, and the number of cores cannot change a sum's rounding.
    runtime.configure(threads=1)

    photos = database.read_photos(DATABASE, columns=["photo_id", "label", "image"])
    originals = copying.training_photos(photos, database.read_splits(SPLITS))
    size_px = database.decode(originals["image"].iloc[:1]).shape[1]
    policy = copying.Policy(settings.layers, size_px=size_px, tried=True)
    pieces = unfinished.pieces(
        "augment",
        settings={"seed": seed, **settings.model_dump(mode="json")},
        inputs=[DATABASE, SPLITS],
    )
    batches = copying.changed_copies(originals, policy, num_copies=settings.copies, seed=seed, pieces=pieces)
    copies = pd.concat(_watched(batches, num_copies=len(originals) * settings.copies), ignore_index=True)

    with files.whole_folder(AUGMENTED) as folder:
        shards = sorted(DATABASE.glob("photos-*.parquet"))
        for path in shards:
            with files.naming(folder / path.name):
                shutil.copyfile(path, folder / path.name)
        if (DATABASE / unlabelled.FOLDER).exists():
            shutil.copytree(DATABASE / unlabelled.FOLDER, folder / unlabelled.FOLDER)
        database.write_copies(copies, folder, num_shards=len(shards))
    AUGMENTATION.parent.mkdir(parents=True, exist_ok=True)
    files.write(AUGMENTATION, encode(copying.preview(originals, copies), "lossless"))
    pieces.end(AUGMENTED)


def _watched(batches: Iterator[pd.DataFrame], *, num_copies: int) -> Iterator[pd.DataFrame]:
    """Passes the batches on, and shows how far they are."""
    num_done = 0
    with progress.shown("augment", total=num_copies) as bar:
        for batch in batches:
            yield batch
            num_done += len(batch)
            bar.advance(len(batch), f"{num_done} of {num_copies} copies")
        bar.say(f"{num_done} of {num_copies} copies")


if __name__ == "__main__":
    run(main)
