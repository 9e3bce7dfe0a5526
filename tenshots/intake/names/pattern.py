"""What a photo's path says, by the setting `layout`: `{group}/{label}/{name}`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from tenshots.errors import SettingsError
from tenshots.intake.names.spelling import composed
from tenshots.params import nearest
from tenshots.wording import joined

FIELDS = ("label", "group", "split", "name")
KNOWN = joined(f"{{{field}}}" for field in FIELDS)
EXTENSION = re.compile(r"\.\w+\Z")


class PathFields(NamedTuple):
    """What a path says about its photo, in NFC; empty where the layout has no such field."""

    label: str
    group: str
    split: str
    name: str


class Layout:
    """A checked pattern over whole relative POSIX paths.

    A field holds at least one character and never crosses a `/`. Where two fields share a component, the text
    between them splits at its last place: `{group}_{name}` reads `ann_lee_07.jpg` as group `ann_lee` and
    name `07.jpg`.

    The extension always belongs to the name, also where another field ends the pattern:
    `{label}/{name} - {group}` reads `cup/IMG_1 - Ann Lee.jpg` as group `Ann Lee` and name `IMG_1.jpg`.

    Attributes:
        pattern: as it stands in params.yaml.
    """

    def __init__(self, pattern: str) -> None:
        _check(pattern)
        self.pattern = pattern
        components = pattern.split("/")
        self._expression = _expression(pattern)
        self._folders = [_expression("/".join(components[:depth])) for depth in range(1, len(components))]

    def match(self, path: str) -> PathFields | None:
        """Returns the fields of a path relative to the photos folder, or nothing where it does not fit."""
        return self._read(self._expression, path)

    def doubts(self, paths: Iterable[str]) -> list[str]:
        """Returns a sentence on the first path that could be split in another place too, if there is one.

        Android names photos 20241102_100037.jpg, so `{group}_{name}` makes one group per day of each person.
        """
        lazy = _expression(self.pattern, greedy=False)
        for path in paths:
            fields = self.match(path)
            if fields != self._read(lazy, path) and fields is not None:
                read = ", ".join(f"{name} {value!r}" for name, value in fields._asdict().items() if value)
                return [
                    f"the layout splits {path} at the last possible place, into {read}; if that is wrong, "
                    f"use folders such as {{group}}/{{label}}/{{name}}"
                ]
        return []

    def match_folder(self, path: str) -> PathFields | None:
        """Returns the fields that the path of a folder says already; the others are empty.

        With `{group}/{label}/{name}` the folder `ann` has the group ann, and `ann/cup` the label cup besides.
        Nothing is returned where no photo in or below the folder could fit.
        """
        depth = path.count("/")
        return _fields(self._folders[depth], path) if depth < len(self._folders) else None

    def _read(self, expression: re.Pattern[str], path: str) -> PathFields | None:
        if self.pattern.endswith("{name}"):
            return _fields(expression, path)
        extension = "".join(EXTENSION.findall(path))
        fields = _fields(expression, path.removesuffix(extension))
        return fields and fields._replace(name=fields.name + extension)


def _check(pattern: str) -> None:
    """Raises a SettingsError for a pattern that cannot be read, or that reads paths in two ways."""
    at = f"params.yaml: layout {pattern!r}"
    fields = re.findall(r"\{(\w*)\}", pattern)
    for field in fields:
        if field not in FIELDS:
            hint = nearest(field, FIELDS)
            raise SettingsError(f"{at} has the unknown field {{{field}}}; known fields are {KNOWN}{hint}")
        if fields.count(field) > 1:
            raise SettingsError(f"{at} must name {{{field}}} at most once")
    for field in ("label", "name"):
        if field not in fields:
            raise SettingsError(f"{at} must name {{{field}}}, as in {{group}}/{{label}}/{{name}}")
    if re.search(r"[{}]", re.sub(r"\{\w+\}", "", pattern)):
        raise SettingsError(f"{at} has a brace that belongs to no field; known fields are {KNOWN}")
    if "}{" in pattern:
        raise SettingsError(f"{at} must have text between two fields, such as _ or /")
    if "{name}" not in pattern.rpartition("/")[2] or not pattern.endswith("}"):
        raise SettingsError(
            f"{at} must have {{name}} in its last part, the file's name, and end with a field; the extension "
            f"belongs to {{name}} and is left out"
        )
    if any(component in ("", ".", "..") for component in pattern.split("/")):
        raise SettingsError(f"{at} must be relative to the photos folder, without empty, . or .. folders")


def _expression(pattern: str, *, greedy: bool = True) -> re.Pattern[str]:
    pieces = re.split(r"\{(\w+)\}", composed(pattern))
    # Greedy fields make the last possible place split a component.
    some = "[^/]+" if greedy else "[^/]+?"
    return re.compile(
        "".join(f"(?P<{piece}>{some})" if odd % 2 else re.escape(piece) for odd, piece in enumerate(pieces)),
        re.DOTALL,
    )


def _fields(expression: re.Pattern[str], path: str) -> PathFields | None:
    found = expression.fullmatch(composed(path))
    if found is None:
        return None
    values = found.groupdict()
    return PathFields(*(values.get(field, "") for field in FIELDS))
