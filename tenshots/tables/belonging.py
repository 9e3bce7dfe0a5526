"""Which photos belong together, and are never divided: by who took them, and by what is to be seen."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components


def components(manifest: pd.DataFrame) -> pd.Series:
    """Returns the component of each kept photo: the smallest photo_id in it.

    Photos are joined that share a group or a cluster. A rejected file with the bytes of a kept photo joins
    its own group to that photo's: where ann and bob handed in the same file, their photos stay together.

    Args:
        manifest: status, photo_id, group and cluster of every file found; an empty group or cluster joins
            nothing; of the kept, each photo_id is there once.

    Returns:
        text, indexed by photo_id, sorted.
    """
    kept = manifest[manifest["status"] == "kept"].sort_values("photo_id")
    ids = pd.Index(kept["photo_id"])
    rows = pd.concat([kept, manifest[(manifest["status"] != "kept") & manifest["photo_id"].isin(ids)]])
    photos = ids.get_indexer(rows["photo_id"])
    starts, ends, num_nodes = [], [], len(ids)
    for column in ("group", "cluster"):
        named = (rows[column] != "").to_numpy()
        codes, names = pd.factorize(rows.loc[named, column])
        starts.append(photos[named])
        ends.append(num_nodes + codes)
        num_nodes += len(names)
    links = np.concatenate(starts), np.concatenate(ends)
    graph = coo_array((np.ones(len(links[0]), dtype=np.int8), links), shape=(num_nodes, num_nodes))
    found = connected_components(graph, directed=False)[1][: len(ids)]
    first = np.unique(found, return_index=True)[1]  # the smallest, as the ids are sorted
    return pd.Series(ids.to_numpy()[first[found]], index=ids, name="component")


def relatives(manifest: pd.DataFrame, photo_ids: pd.Series) -> pd.DataFrame:
    """Returns the components of photos with labels that each photo without one hangs together with.

    As in `components`, by a group or a cluster, also by way of other photos without a label.

    Args:
        manifest: status, photo_id, group and cluster of every file found.
        photo_ids: of the photos without a label, each once, none of a photo that is kept.

    Returns:
        photo_id and component, sorted; a row for each pair, none of a photo without any.
    """
    alone = components(manifest)
    rows = manifest["photo_id"].isin(photo_ids) & ~manifest["reason"].str.startswith("same bytes as ")
    joint = components(manifest.assign(status=np.where(rows, "kept", manifest["status"])))
    beside = pd.DataFrame({"joint": joint.reindex(alone.index), "component": alone}).drop_duplicates()
    asked = pd.DataFrame({"joint": joint.reindex(photo_ids), "photo_id": photo_ids.to_numpy()})
    found = asked.merge(beside, on="joint")[["photo_id", "component"]]
    return found.sort_values(["photo_id", "component"], ignore_index=True)
