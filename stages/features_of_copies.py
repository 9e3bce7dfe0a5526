"""What a frozen backbone makes of the photos and their changed copies → data/features/augmented/NETWORK.

The photos' rows are those of the stage `features`. Nothing, at once, where no variant reads it; the photos'
alone, at once, where none learns from features of copies.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np

from stages import run
from tenshots import params
from tenshots.tables import database, features
from tenshots.tables.paths import AUGMENTED, FEATURES, WANTED


def main(argv: Sequence[str] | None = None) -> None:
    """Computes the frozen features of the copies."""
    parser = argparse.ArgumentParser(prog="python -m stages.features_of_copies", description=__doc__)
    parser.add_argument("network", help="its key below networks in params.yaml")
    name: str = parser.parse_args(argv).network
    path = WANTED / "augmented" / f"{name}.json"
    wanted = features.read_wanted(path)
    folder = FEATURES / "augmented" / name
    if wanted is None:
        features.write_none(folder)
        print(f"features of copies, {name}: none, because no stage reads them")
        return

    photo_ids = database.read_photos(AUGMENTED, ["photo_id"])["photo_id"].tolist()
    of_photos = features.read(FEATURES / "database" / name, photo_ids=photo_ids, backbone=wanted.backbone)
    if not wanted.copies:
        features.write(folder, of_photos, photo_ids=photo_ids, backbone=wanted.backbone)
        print(f"features of copies, {name}: not needed by any variant; passed on the photos' features")
        return

    # Not at the top: TensorFlow takes seconds to import, and nobody wants the features of most networks.
    from tenshots import runtime
    from tenshots.networks import features as frozen
    from tenshots.networks.settings import with_frozen

    values = params.read()
    threads = params.top_level(values, runtime.ComputeSettings).threads
    runtime.configure(threads=threads)
    num_workers = runtime.num_workers(threads=threads)

    settings = with_frozen(values, name, frozen=wanted.backbone, path=path)
    copies = database.read_copies(AUGMENTED, ["photo_id", "image"])
    images = database.decode(copies["image"])
    backbone = frozen.backbone(settings, size_px=images.shape[1], at=f"networks.{name}")
    of_copies = frozen.outputs(backbone, images, num_workers=num_workers)
    features.write(
        folder,
        of_photos._replace(rows=np.concatenate([of_photos.rows, of_copies])),
        photo_ids=photo_ids,
        copy_ids=copies["photo_id"].tolist(),
        backbone=wanted.backbone,
    )
    print(f"features of copies, {name}: {of_copies.shape[1]} of each of {len(of_copies):,} copies")


if __name__ == "__main__":
    run(main)
