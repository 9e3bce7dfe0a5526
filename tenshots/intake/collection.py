"""What makes files a data set: no photo twice, one spelling for each name, photos for every label.

The functions take the manifest, one row for every file found.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from itertools import combinations

import pandas as pd

from tenshots.errors import DataError
from tenshots.intake import misreadings, unlabelled
from tenshots.intake.names import copies
from tenshots.intake.names.spelling import exact, plain, strangers
from tenshots.tables.corrections import CORRECTIONS
from tenshots.tables.database import PARTS
from tenshots.tables.manifest import counted_reasons, frequencies
from tenshots.wording import counted, joined, some, visible

NEARLY_ONE_WORD = 0.85  # of 1; cup and cups have 0.86, jug and mug 0.67
LEFT_OUT = "left out: "  # so begins the reason of a file that nothing is wrong with
NUM_ROWS_SHOWN = 40  # of the table by group


def reject_twins(table: pd.DataFrame) -> pd.DataFrame:
    """Returns the table with only one of the kept files of the same bytes kept: that of the smallest path.

    Args:
        table: path, status, reason, photo_id (the hash of the bytes) and label; other columns are passed on.

    Raises:
        DataError: files of the same bytes lie under different labels; all such pairs are listed.
    """
    kept = table[table["status"] == "kept"].sort_values("path")
    first = kept.drop_duplicates("photo_id").set_index("photo_id")
    later = kept[kept.duplicated("photo_id")]
    original = later["photo_id"].map(first["path"])
    torn = later["photo_id"].map(first["label"]) != later["label"]
    if torn.any():
        pairs = [f"{one} and {other}" for one, other in zip(original[torn], later["path"][torn], strict=True)]
        raise DataError(
            f"files have the same bytes under different labels: {'; '.join(pairs)}; delete the one of each "
            f"pair that is wrong, or write the right label into {CORRECTIONS}: "
            f"{', '.join(some(sorted(set(later.loc[torn, 'photo_id']))))}"
        )
    result = table.copy()
    result.loc[later.index, "status"] = "rejected"
    result.loc[later.index, "reason"] = "same bytes as " + original
    return result


def check_spelling(names: pd.DataFrame) -> None:
    """Checks that no two labels, and no two groups, are spellings of one name.

    Args:
        names: path, label and group of every file found, decoded or not; empty where a path does not fit.

    Raises:
        DataError: labels or groups differ only in case, blanks, width or the unseen; all of both are listed.
    """
    clashes = [
        f"the {column}s "
        + " and ".join(f"{exact(name)} (in {_folders(names, column, name)})" for name in spellings)
        for column in ("label", "group")
        for spellings in _spellings(names[column])
    ]
    if clashes:
        raise DataError(
            f"names differ only in case, blanks or characters that cannot be seen or mean the same: "
            f"{'; '.join(clashes)}; rename them to one spelling"
        )


def _spellings(names: Iterable[str]) -> list[list[str]]:
    """Returns the names, two or more each, that are spellings of one."""
    alike: dict[str, list[str]] = {}
    for name in sorted(set(names) - {""}):
        alike.setdefault(plain(name), []).append(name)
    return [spellings for spellings in alike.values() if len(spellings) > 1]


def check(table: pd.DataFrame, *, empty_labels: Sequence[str] = ()) -> None:
    """Checks that the files of a manifest make a data set.

    Args:
        table: path, status, reason, label, group and split; label is empty where a path does not fit.
        empty_labels: labels whose folders hold no file at all.

    Raises:
        DataError: no photo kept; one label alone; a label without photos; a split other than train, val and
            test.
    """
    kept = table[table["status"] == "kept"]
    labels = sorted(set(kept["label"]))
    if not labels:
        example = table["path"].min()
        raise DataError(
            f"no file is a usable photo; {counted_reasons(table)}; the first is {example}, see `photos` and "
            f"`layout` in params.yaml"
        )
    bare = sorted({*table["label"], *empty_labels} - {*labels, ""})
    if bare:
        rows = table[table["label"].isin(bare)]
        archives = rows.loc[rows["path"].str.lower().str.endswith(".zip"), "path"]
        remedy = f"pack {archives.min()} again, or unpack it" if len(archives) else "add photos"
        raise DataError(
            f"{joined(map(repr, bare))}: a label without a usable photo "
            f"({counted_reasons(rows) or 'no files'}); {remedy}, or remove its folder"
        )
    if len(labels) == 1:
        raise DataError(
            f"all {len(kept)} photos have the label {labels[0]!r}; telling kinds of object apart needs two, "
            f"so add photos of another kind or correct `layout` in params.yaml"
        )
    _check_given_splits(table[table["status"].isin(["kept", unlabelled.ASIDE])])


def summary(manifest: pd.DataFrame) -> str:
    """Returns one line: photos kept, near-duplicates and notes among them, and files rejected by reason."""
    kept = manifest[manifest["status"] == "kept"]
    parts = [f"{counted(len(kept), 'photo')} kept"]
    sizes = kept["cluster"].value_counts()
    if (sizes > 1).any():
        clusters = counted(int((sizes > 1).sum()), "cluster")
        parts.append(f"{sizes[sizes > 1].sum():,} of them in {clusters} of near-duplicates")
    notes = frequencies(kept.loc[kept["note"] != "", "note"])
    if notes:
        parts.append(f"noted: {notes}")
    left_out = manifest["reason"].str.startswith(LEFT_OUT)
    if left_out.any():
        parts.append(f"{counted(int(left_out.sum()), 'file')} {manifest.loc[left_out, 'reason'].iloc[0]}")
    reasons = counted_reasons(manifest[~left_out])
    num_rejected = int((~left_out).sum()) - len(kept)
    parts.append(f"{counted(num_rejected, 'file')} rejected" + (f": {reasons}" if reasons else ""))
    return "; ".join(parts)


def table(manifest: pd.DataFrame) -> str:
    """Returns the number of photos kept by group (rows) and label (columns), and of other files by group.

    Without groups in the layout all are one row. Above 40 groups the others are one row, so nothing is
    missing from the sums.
    """
    grouped = (manifest["group"] != "").any()
    manifest = manifest.assign(group=manifest["group"].map(visible), label=manifest["label"].map(visible))
    names = manifest["group"].replace("", "(no group)") if grouped else pd.Series("all", index=manifest.index)
    order = sorted(set(names))
    rest = f"{len(order) - NUM_ROWS_SHOWN + 1} more groups"
    if len(order) > NUM_ROWS_SHOWN:
        names = names.where(names.isin(order[: NUM_ROWS_SHOWN - 1]), rest)
        order = [*order[: NUM_ROWS_SHOWN - 1], rest]
    kept = manifest["status"] == "kept"
    counts = pd.crosstab(names[kept], manifest["label"][kept]).reindex(order, fill_value=0)
    rejected = names[~kept].value_counts().reindex(order, fill_value=0)
    # Joined by position: a label may be called `(not used)`, too.
    shown = pd.concat([counts, rejected], axis=1)
    shown.columns = pd.Index([*counts.columns, "(not used)"], name="group")
    return str(shown.rename_axis(index=None).to_string())


def doubts(manifest: pd.DataFrame, bare_groups: Sequence[str]) -> list[str]:
    """Returns what looks like a mistake in the folders' names though no rule is broken, a sentence each.

    Args:
        manifest: one row for every file found.
        bare_groups: names of groups without a photo kept.
    """
    kept = manifest[manifest["status"] == "kept"]
    sentences = [f"there is no photo of {', '.join(map(visible, bare_groups))}"] if bare_groups else []
    for names in copied_groups(kept["group"]):
        listed = joined(map(visible, names))
        sentences.append(
            f"{listed} count as {len(names)} groups; put them into one folder if they are by one person"
        )
    copied = copied_labels(kept["label"])
    alike = [pair for pair in labels_alike(kept["label"]) if not any({*pair} <= {*names} for names in copied)]
    for labels in [*copied, *alike]:
        listed = joined(map(visible, labels))
        sentences.append(f"{listed} count as {len(labels)} labels; rename a folder if they are the same")
    for column in ("label", "group"):
        for name in sorted(set(kept[column])):
            if odd := strangers(name):
                sentences.append(
                    f"in the {column} {name!r} {joined(odd)}, so it is not the same {column} as one that "
                    f"looks the same; rename the folder unless that is intended"
                )
    outside = folders_outside(manifest)
    if outside:
        sentences.append(
            f"nothing in {counted(len(outside), 'folder')} fits the layout, such as {visible(outside[0])}; "
            f"move the photos to where the layout looks for them, and unpack archives first"
        )
    return sentences


def copied_groups(groups: Iterable[str]) -> list[list[str]]:
    """Returns the groups, two or more each, whose names differ as those of copies do: ben, ben (1).

    Where all groups differ by nothing but a number (student 1, student 2), that is how they are called.
    """
    alike: dict[str, list[str]] = {}
    for group in sorted(set(groups) - {""}):
        alike.setdefault(copies.family(group), []).append(group)
    if len(alike) == 1 and all(map(copies.is_numbered, *alike.values())):
        return []
    return [names for names in alike.values() if len(names) > 1]


def copied_labels(labels: Iterable[str]) -> list[list[str]]:
    """Returns the labels whose names differ as those of copies do, with the original among them.

    Without it they are numbered on purpose (gear 1, gear 2).
    """
    return [
        names
        for names in copied_groups(labels)
        if any(not copies.is_numbered(name) and not [*copies.originals(name)] for name in names)
    ]


def folders_outside(table: pd.DataFrame) -> list[str]:
    """Returns the first path of each folder or archive at the top in which no path fits the layout."""
    first: dict[str, str] = {}
    fitting = set()
    for path, label in sorted(zip(table["path"], table["label"], strict=True)):
        top, below, _ = path.partition("/")
        if label:
            fitting.add(top)
        elif below:
            first.setdefault(top, path)
    return [path for top, path in first.items() if top not in fitting]


def labels_alike(labels: Iterable[str]) -> list[tuple[str, str]]:
    """Returns pairs of labels that differ by a letter or so, such as cup and cups."""
    pairs = combinations(sorted(set(labels) - {""}), 2)
    return [pair for pair in pairs if SequenceMatcher(None, *pair).ratio() >= NEARLY_ONE_WORD]


def _check_given_splits(kept: pd.DataFrame) -> None:
    given = set(kept["split"])
    unknown = sorted(given - {*PARTS, ""})
    if unknown:
        listed = "; ".join(f"{name!r} (in {_folders(kept, 'split', name)})" for name in unknown)
        renames = [f"{name} to {misreadings.part(name)}" for name in unknown if misreadings.part(name)]
        raise DataError(
            f"the layout's {{split}} must be train, val or test, got {listed}; rename "
            f"{', '.join(renames) or 'the folders'}"
        )


def _folders(table: pd.DataFrame, column: str, name: str) -> str:
    paths = table.loc[table[column] == name, "path"]
    folders = sorted({path.rpartition("/")[0] or "the photos folder itself" for path in paths})
    return ", ".join(map(visible, some(folders)))
