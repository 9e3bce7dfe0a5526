"""The page's sections on the photos and the mistakes: figures, with the pictures that belong to them.

What a section shows is bounded, whatever the photos are: pictures by the album's budgets, rows and cells by
the numbers below. The templates say how many more there are, and where.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

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
MAX_CELL_PHOTOS = 4_000  # in them, over all variants

Cells = Mapping[tuple[str, str], Sequence[Answered]]  # photos by label and answer


class HasPhoto(Protocol):
    """Whatever is about one photo."""

    @property
    def photo_id(self) -> str:
        """SHA-256 of the file."""


Row = TypeVar("Row", bound=HasPhoto)


@dataclass(frozen=True)
class Cell:
    """A cell of a confusion matrix.

    Attributes:
        column: its place in the row.
        number: photos.
        share: of the photos of its row, in [0, 1].
        photos: those that the cell opens, each with its path.
    """

    column: int
    number: int
    share: float
    photos: list[tuple[Answered, str]]


@dataclass(frozen=True)
class PhotosSection:
    """What the section on the photos shows.

    Attributes:
        counts: photos of each group (rows) and label (columns), both sorted.
        rejected: of each reason, the commonest first: reason, number, and files with path and reason.
        clusters: of near-duplicates: members, num_more, across_groups and across_labels.
        num_clusters: shown or not.
        distributions: of each measure: found, drawn (its histogram), and the outliers that are shown.
        leak: what a random split would have leaked.
    """

    counts: pd.DataFrame
    rejected: list[dict[str, Any]]
    clusters: list[dict[str, Any]]
    num_clusters: int
    distributions: list[dict[str, Any]]
    leak: mistakes.Leak


def photos_section(
    manifest: pd.DataFrame, leakage: Mapping[str, Any], photos: pd.DataFrame, album: Album
) -> PhotosSection:
    """Returns what the section on the photos shows.

    Args:
        manifest: a row per file found.
        leakage: leakage.json of the split.
        photos: label and group of the database.
        album: takes the pictures.
    """
    clusters = mistakes.clusters(manifest)
    return PhotosSection(
        counts=counts(photos),
        rejected=_rejected(manifest),
        clusters=_clusters(clusters, album),
        num_clusters=len(clusters),
        distributions=[_distribution(found, album) for found in outliers.distributions(manifest)],
        leak=mistakes.leak(leakage),
    )


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
) -> dict[str, list[list[Cell]]]:
    """Returns the confusion matrix of each variant, with the photos that its cells open.

    Args:
        predictions: of each variant.
        labels: of rows and columns.
        paths: of the photos, by photo_id.
        album: takes the pictures; those of wrong answers first.
        first: the variant whose photos are taken first.
    """
    cells = {name: mistakes.confusion_cells(table) for name, table in predictions.items()}
    shown = _shown(cells, album, first=first)
    return {
        name: [_matrix_row(label, of, shown[name], labels, paths) for label in labels]
        for name, of in cells.items()
    }


def _shown(cells: Mapping[str, Cells], album: Album, *, first: str) -> dict[str, Cells]:
    """Returns of each variant and cell the photos that the page has room for, of `first` before all."""
    num_cells = max(MAX_CELLS // len(cells), 1)
    # Wrong answers stand before right ones.
    opening = {name: [cell for cell in of if of[cell]][:num_cells] for name, of in cells.items()}
    num_opening = sum(len(each) for each in opening.values())
    most = min(MAX_IN_CELL, max(MAX_CELL_PHOTOS // max(num_opening, 1), 1))
    return {
        name: {cell: _held(cells[name][cell][:most], album, "confusion") for cell in opening[name]}
        for name in sorted(cells, key=lambda name: name != first)
    }


def _matrix_row(
    label: str, cells: Cells, shown: Cells, labels: Sequence[str], paths: Mapping[str, str]
) -> list[Cell]:
    numbers = [len(cells[label, answer]) for answer in labels]
    return [
        Cell(
            column=column,
            number=numbers[column],
            share=numbers[column] / max(sum(numbers), 1),
            photos=[(each, paths[each.photo_id]) for each in shown.get((label, answer), [])],
        )
        for column, answer in enumerate(labels)
    ]


def with_pictures(
    rows: Iterable[Mapping[str, Any]], paths: Mapping[str, str], album: Album, section: str
) -> list[dict[str, Any]]:
    """Returns those rows (with a photo_id) whose photo the page holds, each with its path."""
    found = list(rows)
    held = set(album.take([row["photo_id"] for row in found], section))
    return [{**row, "path": paths[row["photo_id"]]} for row in found if row["photo_id"] in held]


def _held(rows: Sequence[Row], album: Album, section: str) -> list[Row]:
    """Returns those rows whose photo the page holds."""
    held = set(album.take([row.photo_id for row in rows], section))
    return [row for row in rows if row.photo_id in held]


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
        if len(_held(members, album, "data")) == len(members):
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
    return {
        "found": found,
        "drawn": charts.histogram(
            found.edges, found.counts, limits=(found.low, found.high), logarithmic=found.logarithmic
        ),
        "outliers": _held(found.outliers[:MAX_OUTLIERS], album, "data"),
    }
