"""Which photos belong together, and are never divided: by who took them, and by what is to be seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components


class Relatives(NamedTuple):
    """What photos without labels belong with.

    Attributes:
        of_labelled: photo_id and component, sorted: a row for each of them and each component of photos with
            labels that it hangs together with; none of a photo without any.
        held_out: photo_id of those that lie in val or test by the layout, or hang together with one of them
            that does.
    """

    of_labelled: pd.DataFrame
    held_out: set[str]


def components(manifest: pd.DataFrame) -> pd.Series:
    """Returns the component of each kept photo: the smallest photo_id in it.

    Photos are joined that share a group or a cluster. A rejected file with the bytes of a kept photo joins
    its own group to that photo's: where ann and bob handed in the same file, their photos stay together.

    Args:
        manifest: status, photo_id, label, group and cluster of every file found; an empty group or cluster
            joins nothing; of the kept, each photo_id is there once.

    Returns:
        text, indexed by photo_id, sorted.
    """
    kept = manifest[manifest["status"] == "kept"]
    return _joined(kept, twins(manifest, kept["photo_id"]), ("group", "cluster"))


def twins(manifest: pd.DataFrame, photo_ids: pd.Series) -> pd.DataFrame:
    """Returns the rejected files with the bytes of kept photos that lie under a label, as those do.

    A copy without a label (see `accept.unlabelled`) is no part of the data set, and joins nobody in it.

    Args:
        manifest: status, photo_id and label of every file found.
        photo_ids: of the photos kept.
    """
    return manifest[
        (manifest["status"] != "kept") & (manifest["label"] != "") & manifest["photo_id"].isin(photo_ids)
    ]


def relatives(table: pd.DataFrame, asked: np.ndarray) -> Relatives:
    """Returns what each photo without a label belongs with.

    As in `components`, by a group or by what is to be seen, also by way of other photos without a label. Here
    their copies count, too: a copy in test is as much a test photo.

    Args:
        table: status, photo_id, label, group, split, cluster and scene of every file found; `cluster` is that
            of near-duplicates among photos with labels, and empty for others; `scene` that among all photos.
        asked: bool (num_files,), the photos without a label, each once, none with the bytes of a kept one.
    """
    alone = components(table)
    is_photo = asked | (table["status"] == "kept").to_numpy()
    photos = table[is_photo]
    copies = table[~is_photo & table["photo_id"].isin(photos["photo_id"])]
    joint = _joined(photos, copies, ("group", "cluster", "scene"))

    photo_ids = table.loc[asked, "photo_id"]
    beside = pd.DataFrame({"joint": joint.reindex(alone.index), "component": alone}).drop_duplicates()
    own = pd.DataFrame({"joint": joint.reindex(photo_ids), "photo_id": photo_ids.to_numpy()})
    found = own.merge(beside, on="joint")[["photo_id", "component"]]

    files = pd.concat([photos, copies])
    there = files[(files["label"] == "") & ~files["split"].isin(["", "train"])]
    held_out = own.loc[own["joint"].isin(joint.reindex(there["photo_id"])), "photo_id"]
    return Relatives(found.sort_values(["photo_id", "component"], ignore_index=True), {*held_out})


def _joined(photos: pd.DataFrame, copies: pd.DataFrame, columns: Sequence[str]) -> pd.Series:
    """Returns of each photo the smallest photo_id among those that it hangs together with.

    Args:
        photos: photo_id, each once, and `columns`: who has the same in one of them is joined, but by no
            empty text.
        copies: likewise, of other files with the bytes of these photos.
        columns: their names.

    Returns:
        text, indexed by photo_id, sorted.
    """
    photos = photos.sort_values("photo_id")
    ids = pd.Index(photos["photo_id"])
    rows = pd.concat([photos, copies])
    places = ids.get_indexer(rows["photo_id"])
    starts, ends, num_nodes = [], [], len(ids)
    for column in columns:
        named = (rows[column] != "").to_numpy()
        codes, names = pd.factorize(rows.loc[named, column])
        starts.append(places[named])
        ends.append(num_nodes + codes)
        num_nodes += len(names)
    links = np.concatenate(starts), np.concatenate(ends)
    graph = coo_array((np.ones(len(links[0]), dtype=np.int8), links), shape=(num_nodes, num_nodes))
    found = connected_components(graph, directed=False)[1][: len(ids)]
    first = np.unique(found, return_index=True)[1]  # the smallest, as the ids are sorted
    return pd.Series(ids.to_numpy()[first[found]], index=ids, name="component")
