"""Which photos belong together, and how many test photos would have met a sibling in training.

Keys of data/splits/leakage.json. A component is what is never divided (see splitting.division); it is named
by its smallest photo_id, as a near-duplicate cluster is. Photos are named by their paths.

    num_photos, num_groups
    num_clusters, num_photos_in_clusters   near-duplicate clusters of two photos or more
    num_components
    largest_component       {component, num_photos, share}
    joined_groups           of each component with several groups: component, groups, clusters (those that
                            reach over several groups) and same_files (pairs: the photo kept, and the file of
                            another group with the same bytes)
    clusters_across_groups  a list of {cluster, photos: {group: [path]}}
    clusters_across_labels  a list of {cluster, photos: {label: [path]}}; one of the labels may be wrong
    given_split             null, or what the photos' own split divides, whole lists: clusters and groups, of
                            {cluster or group, photos: {part: [path]}}, components, likewise, of groups that
                            only the same files join, and same_files: {photo_id, photos}, files with the same
                            bytes, of which the one with the smallest path is kept; with num_clusters,
                            num_groups, num_components, num_same_files
    split                   of the split made: num_components_divided (in any fold), num_test_photos (of all
                            folds) and with_sibling_in_training, how many of them have a photo of the same
                            {component, cluster, group} in the training part of their fold
    random_split            the last two of a plain random split of single photos, stratified by label, with
                            as many folds and as large parts
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from tenshots.splitting.at_random import random_parts
from tenshots.tables import belonging
from tenshots.tables.paths import LEAKAGE
from tenshots.wording import counted, some

NUM_DIGITS = 6
MAX_SHARE = 0.5  # of the photos in one component; above, not even two folds can be alike
LISTED = f"{LEAKAGE} lists them"
CLUSTER = "near-duplicate cluster"
KINDS = ("component", "cluster", "group")


def leakage(manifest: pd.DataFrame, splits: pd.DataFrame, *, seed: int) -> dict[str, Any]:
    """Returns what data/splits/leakage.json holds (see above).

    Args:
        manifest: path, status, photo_id, label, group, split and cluster of every file found.
        splits: what `splitting.split` made of it.
        seed: the experiment's; of the random split.
    """
    component = splits.drop_duplicates("photo_id").set_index("photo_id")["component"]
    photos = manifest[manifest["status"] == "kept"].sort_values("photo_id", ignore_index=True)
    photos["component"] = component.loc[photos["photo_id"]].to_numpy()
    sizes = photos["cluster"].value_counts()
    numbers = photos.groupby("component").size()  # sorted, so that the first of equals is the smallest
    num_folds = int(splits["fold"].nunique())
    ordered = splits.sort_values(["fold", "photo_id"])["part"].to_numpy().astype("<U5")
    parts = ordered.reshape(num_folds, len(photos))
    across_groups = _across(photos[photos["group"] != ""], "cluster", "group")
    return {
        "num_photos": len(photos),
        "num_groups": len(set(photos["group"]) - {""}),
        "num_clusters": int((sizes > 1).sum()),
        "num_photos_in_clusters": int(sizes[sizes > 1].sum()),
        "num_components": len(numbers),
        "largest_component": {
            "component": str(numbers.idxmax()),
            "num_photos": int(numbers.max()),
            "share": round(int(numbers.max()) / len(photos), NUM_DIGITS),
        },
        "joined_groups": _joined_groups(manifest, photos, [item["cluster"] for item in across_groups]),
        "clusters_across_groups": across_groups,
        "clusters_across_labels": _across(photos, "cluster", "label"),
        "given_split": _given_split(manifest, photos),
        "split": {"num_components_divided": _num_divided(photos, parts), **_siblings(photos, parts)},
        "random_split": _siblings(photos, random_parts(photos["label"], parts, seed)),
    }


def text(found: Mapping[str, Any]) -> str:
    """Returns the contents of the file: equal findings give equal bytes."""
    return json.dumps(found, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def summary(found: Mapping[str, Any]) -> list[str]:
    """Returns what a person should know: a line on the photos that belong together, then warnings."""
    at_random = found["random_split"]
    num_siblings = at_random["with_sibling_in_training"]["component"]
    groups, clusters = counted(found["num_groups"], "group"), counted(found["num_clusters"], CLUSTER)
    sets = counted(found["num_components"], "independent set")
    lines = [
        f"{groups} and {clusters} make {sets}; in a random split, {num_siblings:,} of "
        f"{at_random['num_test_photos']:,} test photos would have had a sibling in training, "
        f"{at_random['with_sibling_in_training']['cluster']:,} of them a near-duplicate"
    ]
    largest = found["largest_component"]["share"]
    if largest > MAX_SHARE and not found["given_split"]:
        lines.append(
            f"warning: one independent set holds {100 * largest:.0f} % of the photos, so parts may miss "
            f"their shares by a wide margin"
        )
    joined = found["joined_groups"]
    if joined:
        shown = [" + ".join(some(item["groups"])) for item in joined]
        lines.append(
            f"warning: groups with the same photos or near-duplicates belong together: "
            f"{', '.join(some(shown))}; {LISTED}"
        )
    num_labels = len(found["clusters_across_labels"])
    if num_labels:
        lines.append(
            f"warning: {counted(num_labels, CLUSTER)} with photos of several labels, one of which "
            f"may be wrong; {LISTED}"
        )
    given = found["given_split"]
    if given and given["num_clusters"] + given["num_groups"] + given["num_components"]:
        divided = f"{counted(given['num_clusters'], CLUSTER)} and {counted(given['num_groups'], 'group')}"
        if given["num_components"]:
            divided += f" and {counted(given['num_components'], 'set')} of groups with the same files"
        lines.append(f"warning: the given split divides {divided}, which flatters test results; {LISTED}")
    if given and given["num_same_files"]:
        lines.append(
            f"warning: the given split has {counted(given['num_same_files'], 'file')} in several parts at "
            f"once; each counts where its path is the smallest; {LISTED}"
        )
    return lines


def joined_reason(manifest: pd.DataFrame, components: pd.Series) -> str:
    """Returns the end of a message about too few components: which groups count as one, and by which photos.

    Args:
        manifest: as for `leakage`.
        components: of each kept photo, indexed by photo_id (see tenshots.splitting.division).
    """
    photos = manifest[manifest["status"] == "kept"].sort_values("photo_id", ignore_index=True)
    photos["component"] = components.loc[photos["photo_id"]].to_numpy()
    across = _across(photos[photos["group"] != ""], "cluster", "group")
    alike = {item["cluster"]: [paths[0] for paths in item["photos"].values()] for item in across}
    told = []
    for item in _joined_groups(manifest, photos, list(alike)):
        links = [*item["same_files"], *(alike[cluster] for cluster in item["clusters"])]
        told.append(f"{' + '.join(some(item['groups']))} (such as {' and '.join(links[0][:2])})")
    listed = ", ".join(some(told))
    return (
        f"; groups that share a photo or a scene count as one: {listed}; delete what is not theirs"
        if told
        else ""
    )


def _across(photos: pd.DataFrame, unit: str, column: str) -> list[dict[str, Any]]:
    """Lists the units (of the column of that name) whose photos differ in `column`, with their paths."""
    distinct = photos[[unit, column]].drop_duplicates()[unit].value_counts()
    torn = photos[photos[unit].isin(distinct.index[distinct > 1])].sort_values("path")
    return [
        {
            unit: str(name),
            "photos": {str(value): paths.tolist() for value, paths in members.groupby(column)["path"]},
        }
        for name, members in torn.groupby(unit)
    ]


def _joined_groups(
    manifest: pd.DataFrame, photos: pd.DataFrame, clusters_across: Iterable[str]
) -> list[dict[str, Any]]:
    first = photos.set_index("photo_id")
    twins = belonging.twins(manifest, photos["photo_id"])
    twins = twins[twins["group"] != ""].sort_values("path")
    originals = first.loc[twins["photo_id"]]
    twins = twins.assign(component=originals["component"].to_numpy(), original=originals["path"].to_numpy())
    others = twins[twins["group"].to_numpy() != originals["group"].to_numpy()]
    of_clusters = first.loc[list(clusters_across), "component"]

    # A twin's group has no photo of its own where all of them were handed in by others too.
    held = pd.concat([photos[["component", "group"]], twins[["component", "group"]]])
    held = held[held["group"] != ""].drop_duplicates().sort_values(["component", "group"])
    several = held[held.duplicated("component", keep=False)]
    return [
        {
            "component": str(component),
            "groups": groups.tolist(),
            "clusters": sorted(of_clusters.index[of_clusters == component]),
            "same_files": others.loc[others["component"] == component, ["original", "path"]]
            .to_numpy()
            .tolist(),
        }
        for component, groups in several.groupby("component")["group"]
    ]


def _given_split(manifest: pd.DataFrame, photos: pd.DataFrame) -> dict[str, Any] | None:
    given = photos[photos["split"] != ""]
    if given.empty:
        return None
    with_twins = pd.concat([photos, belonging.twins(manifest, photos["photo_id"])])
    same_files = _across(with_twins[with_twins["split"] != ""], "photo_id", "split")
    clusters = _across(given, "cluster", "split")
    groups = _across(given[given["group"] != ""], "group", "split")
    explained = given["cluster"].isin([item["cluster"] for item in clusters])
    explained |= given["group"].isin([item["group"] for item in groups])
    others = given[~given["component"].isin(given.loc[explained, "component"])]
    components = _across(others, "component", "split")
    return {
        "num_clusters": len(clusters),
        "num_groups": len(groups),
        "num_components": len(components),
        "num_same_files": len(same_files),
        "clusters": clusters,
        "groups": groups,
        "components": components,
        "same_files": same_files,
    }


def _num_divided(photos: pd.DataFrame, parts: np.ndarray) -> int:
    """Counts the components with photos in several parts of one fold; `parts` is (num_folds, num_photos)."""
    divided: set[str] = set()
    for of_photos in parts:
        pairs = pd.DataFrame({"component": photos["component"], "part": of_photos}).drop_duplicates()
        divided |= set(pairs.loc[pairs.duplicated("component"), "component"])
    return len(divided)


def _siblings(photos: pd.DataFrame, parts: np.ndarray) -> dict[str, Any]:
    """Counts test photos, and those with a sibling in training; `parts` is text (num_folds, num_photos)."""
    counts = {}
    for kind in KINDS:
        # A photo without a group is one of its own.
        units = pd.factorize(photos[kind].where(photos[kind] != "", photos["photo_id"]))[0]
        counts[kind] = sum(
            int(np.isin(units[of_photos == "test"], units[of_photos == "train"]).sum()) for of_photos in parts
        )
    return {"num_test_photos": int((parts == "test").sum()), "with_sibling_in_training": counts}
