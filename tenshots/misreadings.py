"""What looks as if the layout took names in paths for something that they are not.

Counts prove little: three people may well have photographed twelve things. So a reading is refused only where
it is all but certainly wrong and what is meant is known: train and test read as people, who would be mixed
and divided anew. All else is asked, with the numbers that either reading gives.
"""

from __future__ import annotations

import re

import pandas as pd

from tenshots.errors import SettingsError
from tenshots.wording import counted, some

PART_BY_NAME = {
    **dict.fromkeys(("train", "training", "trainset"), "train"),
    **dict.fromkeys(("val", "valid", "validate", "validation", "valset", "dev"), "val"),
    **dict.fromkeys(("test", "testing", "testset"), "test"),
}
NEARLY_ALL = 0.8
MIN_GROUPS = 5  # fewer may well have one photo each


def check(manifest: pd.DataFrame, pattern: str) -> None:
    """Checks that folders named train, val and test are not read as people or labels.

    Args:
        manifest: status, label and group of every file found.
        pattern: the layout that read them.

    Raises:
        SettingsError: names of two parts or more hold over half of the photos. Of fewer photos, Test may be a
            student; see `doubts`.
    """
    kept = manifest[manifest["status"] == "kept"]
    for column, meaning in (("group", "people"), ("label", "labels")):
        names = _names_of_parts(kept[column])
        if "{split}" in pattern or kept[column].isin(names).sum() <= len(kept) / 2:
            continue
        renames = [f"rename {name} to {part(name)}" for name in names if name != part(name)]
        pattern_of_split = _with_split(pattern, column)
        raise SettingsError(
            f"params.yaml: layout {pattern!r} reads {', '.join(names)} as {meaning}, whose photos would be "
            f"mixed and divided anew; use {{split}} in layout: {pattern_of_split}, or "
            f"{pattern_of_split.replace('{name}', '{group}_{name}')} where files' names say who took them"
            + "".join(f"; {rename}" for rename in renames)
        )


def doubts(manifest: pd.DataFrame, pattern: str) -> list[str]:
    """Returns what the layout may have misread, a sentence each.

    Args:
        manifest: path, status, label, group and camera of every file found.
        pattern: the layout that read them.
    """
    kept = manifest[manifest["status"] == "kept"]
    sentences = []
    if _seem_swapped(kept):
        groups, labels = sorted(set(kept["group"])), sorted(set(kept["label"]))
        sentences.append(
            f"are {{group}} and {{label}} swapped in layout? Read as {pattern}, there are "
            f"{counted(len(groups), 'group')} ({', '.join(some(groups))}) and "
            f"{counted(len(labels), 'label')} ({', '.join(some(labels))}); read as {_exchanged(pattern)}, "
            f"{counted(len(labels), 'group')} and {counted(len(groups), 'label')}. If they are, the networks "
            f"learn to tell people apart"
        )
    names = _names_of_parts(kept["group"])
    if names:
        sentences.append(
            f"the groups {', '.join(names)} look like parts of a split; if they are, use {{split}} in layout"
        )
    sizes = kept.loc[kept["group"] != "", "group"].value_counts()
    alone = sizes.index[sizes == 1]
    if len(sizes) >= MIN_GROUPS and len(alone) >= NEARLY_ALL * len(sizes):
        first = kept[kept["group"].isin(alone)].iloc[0]
        sentences.append(
            f"{len(alone)} of {len(sizes)} groups have one photo, such as {first['group']!r} with "
            f"{first['path']}; if that is not who took it, correct {{group}} in layout, or one person's "
            f"photos train and test: {{label}}/{{name}} - {{group}}, say, where a form appended who"
        )
    return sentences


def swap_question(manifest: pd.DataFrame) -> str:
    """Asks whether groups and labels are swapped, where there are more labels; else returns empty text.

    Args:
        manifest: status, label and group of every file found.
    """
    kept = manifest[manifest["status"] == "kept"]
    if not _has_more_labels(kept):
        return ""
    num_groups, num_labels = kept["group"].nunique(), kept["label"].nunique()
    return (
        f"are {{group}} and {{label}} swapped in params.yaml: layout? As it is, there are "
        f"{counted(num_groups, 'group')} and {counted(num_labels, 'label')}; swapped, "
        f"{counted(num_labels, 'group')} and {counted(num_groups, 'label')}"
    )


def part(name: str) -> str:
    """Returns which part of a split a folder's name means, train, val or test; empty where none."""
    return PART_BY_NAME.get(name.strip().casefold(), "")


def _names_of_parts(names: pd.Series) -> list[str]:
    """Returns the names of parts, sorted, if they are of two parts at least."""
    found = sorted(name for name in set(names) if part(name))
    return found if len(set(map(part, found))) > 1 else []


def _with_split(pattern: str, column: str) -> str:
    """Returns the pattern that reads as the split what `pattern` reads as the group or label."""
    if column == "label" and "{group}" in pattern:
        pattern = _exchanged(pattern)
    elif column == "label":
        return "{split}/{label}/{name}"
    return pattern.replace("{group}", "{split}")


def _exchanged(pattern: str) -> str:
    other = {"{group}": "{label}", "{label}": "{group}"}
    return re.sub(r"\{(group|label)\}", lambda field: other[field[0]], pattern)


def _seem_swapped(kept: pd.DataFrame) -> bool:
    """Cameras tell where they are known: a person has one phone, and a thing is taken by many.

    Else the numbers raise the question: there should be more people than things.
    """
    if (kept["group"] == "").any() or _have_own_camera(kept, "group", "label"):
        return False
    return _has_more_labels(kept) or _have_own_camera(kept, "label", "group")


def _has_more_labels(kept: pd.DataFrame) -> bool:
    return not (kept["group"] == "").any() and kept["label"].nunique() > kept["group"].nunique()


def _have_own_camera(kept: pd.DataFrame, column: str, other: str) -> bool:
    """Says whether all photos of each name in `column` are of one camera, and those in `other` are not."""
    known = kept[kept["camera"] != ""]
    numbers = known.groupby(column)["camera"].agg(["size", "nunique"])
    is_known = len(numbers) == kept[column].nunique() and (numbers["size"] > 1).all()
    return bool(
        is_known and (numbers["nunique"] == 1).all() and (known.groupby(other)["camera"].nunique() > 1).any()
    )
