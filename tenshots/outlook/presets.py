"""Presets: experiments that are kept in the repository, each with all settings that move its result.

A preset is `presets/NAME.yaml`, with these keys:

    title      what it is, in a few words
    photos     left out where the project's own photos serve; else
        source     where to get them
        shape      how the folder must look, such as train/0/1.png
        labels     their names, each of which each part of the split must have
        draw       of a part of the given split, how many photos of each label are taken, drawn by seed;
                   parts that are not named are taken whole. Optional
        only       a part of the given split: the photos are those of this part alone, as label/name, so that
                   no photo of another part is ever read. Optional
    settings   in place of those of params.yaml; the project's own presets name all, so that nothing else
               moves their results
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal, get_args

from pydantic import Field

from tenshots import params
from tenshots.errors import DataError, SettingsError
from tenshots.params import Listed, Settings
from tenshots.wording import joined

FOLDER = Path("presets")
# What holds names, or settings that may be absent: of these, the preset's alone count, so that no name and no
# setting of the user's stays.
WHOLE = ("networks", "variants", "optimisation", "augment", "accept", "inspect")
Part = Literal["train", "val", "test"]
PARTS: tuple[Part, ...] = get_args(Part)


class PhotosNeeded(Settings):
    """What photos a preset is for."""

    source: str = Field(min_length=1)
    shape: str = Field(min_length=1)
    labels: Annotated[Listed[str], Field(min_length=2)]
    draw: dict[Part, Annotated[int, Field(ge=1)]] = Field(default_factory=dict)
    only: Part | None = None

    @property
    def is_copied(self) -> bool:
        """Whether the preset reads a copy of some of the photos, and not the folder itself."""
        return bool(self.draw) or self.only is not None


class Preset(Settings):
    """A file of `presets`."""

    title: str = Field(min_length=1)
    photos: PhotosNeeded | None = None
    settings: dict[str, Any]


def names(folder: Path = FOLDER) -> list[str]:
    """Returns the names of all presets, sorted."""
    return sorted(path.stem for path in folder.glob("*.yaml"))


def read(name: str, folder: Path = FOLDER) -> Preset:
    """Returns the preset of that name.

    Raises:
        SettingsError: there is none, or its file is no preset.
    """
    if name not in names(folder):
        hint = params.nearest_or_all(name, names(folder))
        raise SettingsError(f"NAME must be that of a preset, got {name!r}{hint}")
    path = folder / f"{name}.yaml"
    try:
        return params.check(params.read(path), Preset, at="")
    except SettingsError as error:  # which names params.yaml
        raise SettingsError(str(error).replace(f"{params.PATH}:", f"{path}:")) from None


def merged(values: Mapping[str, Any], preset: Preset, *, photos: str) -> dict[str, Any]:
    """Returns all settings of a preset: params.yaml's, but for what it says.

    Sections are merged key by key, except for those that the preset has whole (`WHOLE`).

    Args:
        values: all of params.yaml.
        preset: of `read`.
        photos: the setting `photos`; of a preset without photos of its own, params.yaml's counts.

    Raises:
        SettingsError: a value of the preset is a section where params.yaml has none, or the other way round.
    """
    found = copy.deepcopy(dict(values))
    for key, value in preset.settings.items():
        is_section = isinstance(value, Mapping)
        if key in found and is_section is not isinstance(found[key], Mapping):
            kind = "a section" if isinstance(found[key], Mapping) else "a single value"
            raise SettingsError(f"the preset's {key} must be {kind}, as in params.yaml")
        if is_section and key not in WHOLE:
            found[key] = {**found.get(key, {}), **copy.deepcopy(value)}
        else:
            found[key] = copy.deepcopy(value)
    if preset.photos is not None:
        found["photos"] = photos
    return found


def check_photos(paths: Sequence[str], needed: PhotosNeeded, *, folder: str) -> None:
    """Raises a DataError where a folder does not look as a preset needs it.

    Args:
        paths: of all files below the folder, POSIX, relative to it.
        needed: by the preset.
        folder: as the user named it.
    """
    remedy = f"it must look like {needed.shape}. {needed.source}"
    found = _labels(paths)
    parts = [part for part in ("train", "test") if part in found]
    if len(parts) == 2:
        lacking = {part: sorted(set(needed.labels) - found[part]) for part in parts}
        strange = sorted(set().union(*found.values()) - set(needed.labels))
        for part, labels in lacking.items():
            if labels:
                raise DataError(
                    f"the photos' folder {folder} has no {part}/{labels[0]} with photos in it; {remedy}"
                )
        if strange:
            raise DataError(
                f"the photos' folder {folder} has a label {strange[0]!r} that this preset does not know; "
                f"{remedy}"
            )
        return
    inner = {PurePosixPath(path).parts[0] for path in paths if "/" in path}
    below = {name: _labels(_below(paths, name)) for name in sorted(inner)}
    deeper = [name for name, parts in below.items() if {"train", "test"} <= parts.keys()]
    deeper.sort(key=lambda name: below[name]["train"] != set(needed.labels))
    if deeper:
        raise DataError(f"the photos lie one folder deeper: PHOTOS={folder.rstrip('/')}/{deeper[0]}")
    if inner >= set(needed.labels):
        raise DataError(
            f"the photos' folder {folder} has the labels themselves; name the folder around it, which has "
            f"train and test; {remedy}"
        )
    lack = [part for part in ("train", "test") if part not in parts]
    near = [name for name in sorted(inner) if name.lower() in lack]
    rename = f" (rename {joined([f'{name} to {name.lower()}' for name in near])})" if near else ""
    raise DataError(
        f"the photos' folder {folder} has no folder {' or '.join(lack)} with photos by label{rename}; "
        f"{remedy}"
    )


def drawn(paths: Sequence[str], needed: PhotosNeeded, *, seed: int, folder: str) -> dict[str, str]:
    """Returns which photos of a folder `{split}/{label}/{name}` are taken: their new paths and the old ones.

    Those are drawn whose hashes with the seed come first: on every machine, and with every Python, the same.

    Args:
        paths: POSIX, relative to the folder.
        needed: by the preset.
        seed: of the drawing.
        folder: as the user named it, for the message.

    Raises:
        DataError: a label has fewer photos than are to be drawn.
    """
    groups: dict[tuple[Part, str], list[str]] = {}
    for path in paths:
        first, *rest = PurePosixPath(path).parts
        for part in PARTS:
            if first == part and len(rest) == 2 and needed.only in (None, part):
                groups.setdefault((part, rest[0]), []).append(path)
    taken: list[str] = []
    for (part, label), group in sorted(groups.items()):
        number = needed.draw.get(part, len(group))
        if len(group) < number:
            raise DataError(
                f"the photos' folder {folder} must have at least {number} photos in {part}/{label}, from "
                f"which the preset draws, but has {len(group)}; unpack all of them"
            )
        taken += sorted(group, key=lambda path: _turn(path, seed))[:number]
    start = f"{needed.only}/" if needed.only else ""
    return {path.removeprefix(start): path for path in sorted(taken)}


def _labels(paths: Sequence[str]) -> dict[str, set[str]]:
    """Returns the labels of each part of the split that has photos."""
    found: dict[str, set[str]] = {}
    for path in paths:
        part, *rest = PurePosixPath(path).parts
        if part in PARTS and len(rest) == 2:
            found.setdefault(part, set()).add(rest[0])
    return found


def _below(paths: Sequence[str], name: str) -> list[str]:
    return [path.removeprefix(f"{name}/") for path in paths if path.startswith(f"{name}/")]


def _turn(path: str, seed: int) -> str:
    return hashlib.sha256(f"{seed}/{path}".encode()).hexdigest()
