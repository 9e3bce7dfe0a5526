"""Photos without labels, in a folder of the database that is there only where they are.

Those that no fold may see, as they lie in val or test by the layout, are not among them.

photos-*.parquet   as those of the database
relatives.csv      of each of them the components of photos with labels that it hangs together with
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import pandas as pd

from tenshots.errors import missing
from tenshots.tables import csv_files, database

FOLDER, RELATIVES = "unlabelled", "relatives.csv"
COLUMNS: Mapping[str, type] = MappingProxyType({"photo_id": str, "component": str})


class Unlabelled(NamedTuple):
    """Photos without labels.

    Attributes:
        photos: photo_id, image (encoded) and so on, sorted by photo_id.
        relatives: photo_id and component, a row for each pair.
    """

    photos: pd.DataFrame
    relatives: pd.DataFrame

    def allowed(self, splits: pd.DataFrame, fold: int) -> list[bool]:
        """Returns of each photo whether a training of this fold may see it.

        It may not where it belongs with a photo that validates or tests there.

        Args:
            splits: component, fold and part.
            fold: from 0.
        """
        held_out = splits[(splits["fold"] == fold) & (splits["part"] != "train")]["component"]
        forbidden = self.relatives.loc[self.relatives["component"].isin(held_out), "photo_id"]
        return [bool(each) for each in ~self.photos["photo_id"].isin(forbidden)]


def write(found: Unlabelled, folder: Path, *, num_shards: int) -> None:
    """Writes them into a folder of the database's; see `database.write_photos`."""
    database.write_photos(found.photos, folder / FOLDER, num_shards=num_shards)
    csv_files.write(found.relatives[list(COLUMNS)], folder / FOLDER / RELATIVES)


def read(folder: Path) -> Unlabelled:
    """Returns what was written into a folder of the database's.

    Raises:
        DataError: there are none, or a file is damaged.
    """
    photos = database.read_photos(folder / FOLDER, ["photo_id", "image"])
    try:
        return Unlabelled(photos, csv_files.read(folder / FOLDER / RELATIVES, COLUMNS))
    except FileNotFoundError:
        raise missing(folder / FOLDER / RELATIVES) from None
