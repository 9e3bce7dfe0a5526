"""The page's sections on the photos and the mistakes: findings, with the pictures that belong to them.

What a section shows is bounded, whatever the photos are: pictures by the album's budgets, rows and cells by
the numbers below. The templates say how many more there are, and where.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from tenshots.labels import mistakes, outliers
from tenshots.labels.mistakes import Answered
from tenshots.pages.report import charts
from tenshots.pages.report.pictures import Album
from tenshots.tables.manifest import common_reasons

MAX_ROWS = 100  # of a table: nobody reads more, and the page stays small; the files hold the rest
MAX_CLUSTERS, MAX_MEMBERS = 24, 12
MAX_OUTLIERS = 6  # of a measure: often all of one phone
MAX_IN_CELL = 24  # photos of a cell of the confusion matrix
MAX_CELLS = 1_500  # that open, over all variants
MAX_CELL_PHOTOS = 4_000  # in them, likewise


def data_section(
    manifest: pd.DataFrame, leakage: Mapping[str, Any], photos: pd.DataFrame, album: Album
) -> dict[str, Any]:
    """Returns what the section on the photos shows.

    Args:
        manifest: a row a file found.
        leakage: leakage.json of the split.
        photos: label and group of the database.
        album: takes the pictures.
    """
    clusters = mistakes.clusters(manifest)
    distributions = outliers.distributions(manifest)
    return {
        "counts": counts(photos),
        "rejected": _rejected(manifest),
        "clusters": _clusters(clusters, album),
        "num_clusters": len(clusters),
        "distributions": [_distribution(found, album) for found in distributions],
        "leak": mistakes.leak(leakage),
    }


def counts(photos: pd.DataFrame) -> pd.DataFrame:
    """Returns the number of photos of each group (rows) and label (columns), both sorted."""
    table: pd.DataFrame = pd.crosstab(photos["group"], photos["label"])
    return table


def confusion_section(
    predictions: Mapping[str, pd.DataFrame],
    labels: Sequence[str],
    paths: Mapping[str, str],
    album: Album,
    *,
    first: str,
) -> dict[str, list[list[dict[str, Any]]]]:
    """Returns the confusion matrix of each variant, with the photos that its cells open.

    Args:
        predictions: of each variant.
        labels: of rows and columns.
        paths: of the photos, by photo_id.
        album: takes the pictures; those of wrong answers first.
        first: the variant whose photos are taken first.
    """
    cells = {name: mistakes.confusion_cells(table) for name, table in predictions.items()}
    num_cells = max(MAX_CELLS // len(cells), 1)
    opening = {
        name: [cell for cell, photos in of.items() if photos][:num_cells] for name, of in cells.items()
    }
    most = max(min(MAX_IN_CELL, MAX_CELL_PHOTOS // max(sum(map(len, opening.values())), 1)), 1)
    shown: dict[str, dict[tuple[str, str], list[Answered]]] = {}
    for name in sorted(cells, key=lambda name: name != first):
        shown[name] = {}
        for cell in opening[name]:  # the wrong ones come first
            held = set(album.take([each.photo_id for each in cells[name][cell][:most]], "confusion"))
            shown[name][cell] = [each for each in cells[name][cell][:most] if each.photo_id in held]
    return {
        name: [
            [
                {
                    "column": column,
                    "number": len(of[label, answer]),
                    "share": len(of[label, answer]) / max(sum(len(of[label, each]) for each in labels), 1),
                    "photos": [
                        {"photo_id": each.photo_id, "path": paths[each.photo_id], "sure": each.confidence}
                        for each in shown[name].get((label, answer), [])
                    ],
                }
                for column, answer in enumerate(labels)
            ]
            for label in labels
        ]
        for name, of in cells.items()
    }


def with_pictures(
    rows: Iterable[Mapping[str, Any]], paths: Mapping[str, str], album: Album, section: str
) -> list[dict[str, Any]]:
    """Returns those rows (with a photo_id) whose photo the page holds, each with its path."""
    found = list(rows)
    held = set(album.take([row["photo_id"] for row in found], section))
    return [{**row, "path": paths[row["photo_id"]]} for row in found if row["photo_id"] in held]


def _rejected(manifest: pd.DataFrame) -> list[dict[str, Any]]:
    """Lists the reasons, the commonest first, each with its files."""
    files = manifest[manifest["status"] == "rejected"]
    of_reason = files.groupby(common_reasons(manifest), sort=True)
    found = [
        {"reason": str(reason), "number": len(rows), "files": rows[["path", "reason"]].to_dict("records")}
        for reason, rows in of_reason
    ]
    return sorted(found, key=lambda item: (-item["number"], item["reason"]))


def _clusters(clusters: Sequence[mistakes.Cluster], album: Album) -> list[dict[str, Any]]:
    shown = []
    for cluster in clusters[:MAX_CLUSTERS]:
        members = cluster.photos[:MAX_MEMBERS]
        held = set(album.take([member.photo_id for member in members], "data"))
        if len(held) == len(members):
            shown.append(
                {
                    "members": members,
                    "num_more": len(cluster.photos) - len(members),
                    "across_groups": cluster.across_groups,
                    "across_labels": cluster.across_labels,
                }
            )
    return shown


def _distribution(found: outliers.Distribution, album: Album) -> dict[str, Any]:
    held = set(album.take([each.photo_id for each in found.outliers[:MAX_OUTLIERS]], "data"))
    return {
        "found": found,
        "drawn": charts.histogram(
            found.edges, found.counts, limits=(found.low, found.high), logarithmic=found.logarithmic
        ),
        "outliers": [each for each in found.outliers[:MAX_OUTLIERS] if each.photo_id in held],
    }
