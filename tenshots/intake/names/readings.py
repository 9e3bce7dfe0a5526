"""What the path of a photo says, beside where it lies: what names are made one from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from tenshots.intake.names.pattern import PathFields


class Reading(NamedTuple):
    """A file or an empty folder, and what its path says.

    Attributes:
        path: as it is found.
        archive: the path of the archive that holds it; empty for others.
        is_guess: whether the archive does not tell the code page of its name.
        fields: as the layout reads them; nothing where the path does not fit.
    """

    path: str
    archive: str
    is_guess: bool
    fields: PathFields | None


def fields_of(item: Reading) -> list[tuple[str, str]]:
    """Returns the label and the group of an item, as far as its path says them."""
    pairs = [] if item.fields is None else [("label", item.fields.label), ("group", item.fields.group)]
    return [(field, name) for field, name in pairs if name]


def renamed(item: Reading, field: str, names: Mapping[str, str]) -> Reading:
    """Returns the item with another name in a field, where there is one for it."""
    if item.fields is None:
        return item
    name = getattr(item.fields, field)
    return item._replace(fields=item.fields._replace(**{field: names.get(name, name)}))


def values(items: Iterable[Reading], field: str) -> list[str]:
    """Returns the names that items have in a field, sorted."""
    return sorted({name for item in items for each, name in fields_of(item) if each == field})


def stem(archive: str) -> str:
    """Returns the name of an archive without its folders and .zip."""
    return archive.rpartition("/")[2].rpartition(".")[0]
