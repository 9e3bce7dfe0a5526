"""To which photos with labels those without belong: by who took them, and by what is to be seen."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tenshots.splitting import division


def relatives(manifest: pd.DataFrame, photo_ids: pd.Series) -> pd.DataFrame:
    """Returns the components of photos with labels that each photo without one hangs together with.

    As in `division.components`, by a group or a cluster, also by way of other photos without a label.

    Args:
        manifest: status, photo_id, group and cluster of every file found.
        photo_ids: of the photos without a label, each once, none of a photo that is kept.

    Returns:
        photo_id and component, sorted; a row for each pair, none of a photo without any.
    """
    alone = division.components(manifest)
    rows = manifest["photo_id"].isin(photo_ids) & ~manifest["reason"].str.startswith("same bytes as ")
    joint = division.components(manifest.assign(status=np.where(rows, "kept", manifest["status"])))
    beside = pd.DataFrame({"joint": joint.reindex(alone.index), "component": alone}).drop_duplicates()
    asked = pd.DataFrame({"joint": joint.reindex(photo_ids), "photo_id": photo_ids.to_numpy()})
    found = asked.merge(beside, on="joint")[["photo_id", "component"]]
    return found.sort_values(["photo_id", "component"], ignore_index=True)
