"""What a frozen backbone makes of the photos and their mirror images → data/features/database/NETWORK.

Nothing, at once, where no variant and no other stage reads it.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from stages import run
from tenshots import params
from tenshots.tables import database, features
from tenshots.tables.features import Features
from tenshots.tables.paths import DATABASE, FEATURES, WANTED


def main(argv: Sequence[str] | None = None) -> None:
    """Computes the frozen features of the photos."""
    parser = argparse.ArgumentParser(prog="python -m stages.features", description=__doc__)
    parser.add_argument("network", help="its key below networks in params.yaml")
    name: str = parser.parse_args(argv).network
    path = WANTED / "database" / f"{name}.json"
    wanted = features.read_wanted(path)
    folder = FEATURES / "database" / name
    if wanted is None:
        features.write_none(folder)
        print(f"features of {name}: none, because no stage reads them")
        return

    # Not at the top: TensorFlow takes seconds to import, and nobody wants the features of most networks.
    from tenshots import runtime
    from tenshots.networks import features as frozen
    from tenshots.networks import reuse
    from tenshots.networks.settings import with_frozen

    values = params.read()
    threads = params.top_level(values, runtime.ComputeSettings).threads
    runtime.configure(threads=threads)
    num_workers = runtime.num_workers(threads=threads)

    photos = database.read_photos(DATABASE, ["photo_id", "label", "image"])
    images = database.decode(photos["image"])
    settings = with_frozen(values, name, frozen=wanted.backbone, path=path)
    # Before any training, and not in `check`, which knows no labels.
    for doubt in reuse.doubts(settings, photos["label"], at=f"networks.{name}"):
        print(f"features: warning: {doubt}")
    backbone = frozen.backbone(settings, size_px=images.shape[1], at=f"networks.{name}")
    rows, mirrored = (
        frozen.outputs(backbone, turned, num_workers=num_workers) for turned in (images, images[:, :, ::-1])
    )
    found = Features(rows, mirrored)
    features.write(folder, found, photo_ids=photos["photo_id"].tolist(), backbone=wanted.backbone)
    print(f"features of {name}: {rows.shape[1]} of each of {len(rows):,} photos")


if __name__ == "__main__":
    run(main)
