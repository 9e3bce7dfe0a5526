"""What a manifest says of its files as a whole, in words."""

from __future__ import annotations

import pandas as pd

from tenshots.wording import counted, some, visible


def counted_reasons(table: pd.DataFrame) -> str:
    """Returns how many files were rejected by which reason: `damaged (3), empty (1)`, the largest first."""
    return frequencies(common_reasons(table))


def common_reasons(table: pd.DataFrame) -> pd.Series:
    """Returns why each rejected file was, without what would make every reason one of its own.

    That is a twin's path, a size, a number, a name, or a detail in brackets; the index is that of `table`.
    """
    reasons = table.loc[table["status"] == "rejected", "reason"]
    for varying, common in (
        (r" \(.*\)", ""),
        (r"^same bytes as .*", "same bytes as another file"),
        (r"^(too (?:large|small)): .*", r"\1"),
        (r"^its size is \S+ MB, more than", "its size is more than"),
        (r"^its first frame fills .* px, less", "its first frame fills less"),
        (r"^it unpacks to \S+ MB, more than", "it unpacks to more than"),
        (r"^it holds [\d,]+ files, more than", "it holds more files than"),
        (r"^it unpacks to \d+ times its size, more than", "it unpacks to more times its size than"),
        (r"^its list of files takes \d+ bytes, more than", "its list of files takes more bytes than"),
        (r"^it holds \d+ files named .*; rename", "it holds several files of one name; rename"),
        (r"^its files .* share bytes", "two of its files share bytes"),
    ):
        reasons = reasons.str.replace(varying, common, regex=True)
    return reasons


def frequencies(texts: pd.Series) -> str:
    """Returns each text and how often it stands there: `damaged (3), empty (1)`, the most frequent first."""
    counts = sorted(texts.value_counts().items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{text} ({number:,})" for text, number in counts)


def swap_question(manifest: pd.DataFrame, few: int = 0) -> str:
    """Asks whether groups and labels are swapped, naming both, or returns empty text.

    Args:
        manifest: status, label and group of every file found.
        few: groups, about which it is asked even if there are fewer labels; above that only where there are
            as many labels.
    """
    kept = manifest[manifest["status"] == "kept"]
    names = {column: sorted(set(kept[column])) for column in ("group", "label")}
    numbers = {column: len(each) for column, each in names.items()}
    if "" in names["group"] or numbers["group"] > max(few, numbers["label"]):
        return ""
    listed = [
        f"{counted(numbers[column], column)} ({', '.join(some([*map(visible, names[column])]))})"
        for column in names
    ]
    return (
        f"are {{group}} and {{label}} swapped in params.yaml: layout? As it is: {' and '.join(listed)}; "
        f"swapped: {counted(numbers['label'], 'group')} and {counted(numbers['group'], 'label')}. If they "
        f"are, the networks learn to tell people apart"
    )
