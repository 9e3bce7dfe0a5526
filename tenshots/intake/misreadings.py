"""What looks as if the layout took names in paths for something that they are not.

Counts prove little: three people may well have photographed twelve things. So a reading is refused only where
it is all but certainly wrong and what is meant is known: train and test read as people, who would be mixed
and divided again. All else is asked, with the numbers that either reading gives.
"""

from __future__ import annotations

import re

import pandas as pd

from tenshots.errors import SettingsError
from tenshots.intake.names.spelling import plain
from tenshots.tables.manifest import swap_question
from tenshots.wording import joined, visible

# As far as letters go: 01_train, train2017, Training-Set and X_train are train, too. In English; German;
# French; Italian, Spanish and Portuguese.
PARTS_BY_NAME = {
    "train": r"train(ing)?|trn|train(val|dev)|trainings|entraînement|entrainement|apprentissage"
    r"|addestramento|entrenamiento|treino|treinamento|treinar",
    "val": r"val|valid|validate|validation|dev|validierung|validierungs|validazione|validación"
    r"|validacion|validação|validacao",
    "test": r"test(ing)?|tst|eval|evaluate|evaluation|holdout|heldout|prueba|teste",
}
_PARTS = {
    part: re.compile(
        rf"[xy]?(?:{names})(?:data)?(?:sets?|data|daten|bilder|split|images?|imgs?|photos?|pictures?|samples?)?"
    )
    for part, names in PARTS_BY_NAME.items()
}
# How cameras and phones begin the names of files, and what is left of them where a layout cuts at _ or -.
# Sources: JEITA CP-3461 (DCF), which leaves makers four letters; the makers' manuals
OF_CAMERA = re.compile(
    r"(img|image|dsc[nf]?|pxl|mvimg|cimg|pict|imag|imgp|dscpdc|gopr|gx|dji|sam|sdc|hpim|kimg|wp|win|screenshot"
    r"|photo|fb_img|signal|whatsapp image|_dsc|_mg|_igp|img_e|fullsizerender)([ _-]*\d+)*([ _-]wa\d+)?"
    r"|(19|20)\d{6}([ _-]\d+)*|cam\d{5}|100_\d{4}"
    r"|p1\d{6}|p[1-9a-c](0[1-9]|[12]\d|3[01])\d{4}"  # Panasonic's folder or Olympus' day, and a number
    r"|(img|image|fullsizerender)([ _-]*\d+)* - .+"  # where a form appended who
)
NEARLY_ALL = 0.8
FOR_FORMS = "for example {label}/{name} - {group}, where a form appended the name"
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
            f"mixed and divided again; use {{split}} in layout: {pattern_of_split}, or "
            f"{pattern_of_split.replace('{name}', '{group}_{name}')} where file names say who took them"
            + "".join(f"; {rename}" for rename in renames)
        )


def doubts(manifest: pd.DataFrame, pattern: str) -> list[str]:
    """Returns what the layout may have misread, a sentence each.

    Args:
        manifest: path, status, label, group and camera of every file found.
        pattern: the layout that read them.
    """
    kept = manifest[manifest["status"] == "kept"]
    of_camera = sorted(name for name in set(kept["group"]) if OF_CAMERA.fullmatch(plain(name)))
    sentences = []
    num_groups = kept["group"].nunique()
    if len(of_camera) < num_groups and _seem_swapped(kept):
        sentences.append(f"{swap_question(manifest, num_groups)}, and layout must be {_exchanged(pattern)}")
    else:
        sentences += _crossed(kept)
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
            f"photos will be in both training and test: {FOR_FORMS}"
        )
    elif of_camera:
        first = kept[kept["group"].isin(of_camera)].iloc[0]
        sentences.append(
            f"{len(of_camera)} of {len(sizes)} groups are named the way cameras name files, such as "
            f"{first['group']!r} with {first['path']}; if that is not who took it, correct {{group}} in "
            f"layout: {FOR_FORMS}"
        )
    return sentences


def _crossed(kept: pd.DataFrame) -> list[str]:
    """Returns names of groups that are labels, too, as where one person put labels above their own name."""
    labels = {plain(name) for name in kept["label"]}
    groups = sorted(name for name in set(kept["group"]) - {""} if plain(name) in labels)
    if not groups:
        return []
    path = kept.loc[kept["group"] == groups[0], "path"].min()
    return [
        f"these groups are named like labels: {joined(map(visible, groups))}; if the folders are the wrong "
        f"way round, as in {visible(path)}, swap them, or one person's photos count as several people's"
    ]


def part(name: str) -> str:
    """Returns which part of a split a folder's name means, train, val or test; empty where none."""
    return _part_and_rest(name)[0]


def _part_and_rest(name: str) -> tuple[str, str]:
    """Returns the part that a name, or the one word of it that means one, means; and its other words."""
    words = re.findall(r"[^\W\d_]+", plain(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)))
    if whole := _part_of("".join(words)):
        return whole, ""
    parts = [*filter(None, map(_part_of, words))]
    rest = [word for word in words if not _part_of(word)]
    return (parts[0], " ".join(rest)) if len(parts) == 1 else ("", "")


def _part_of(letters: str) -> str:
    return next((part for part, names in _PARTS.items() if names.fullmatch(letters)), "")


def _names_of_parts(names: pd.Series) -> list[str]:
    """Returns the names of parts, sorted, if they are of two parts at least.

    Of names with other words, one must mean train, and the others the same but for that word or nothing else:
    my_train and my_test, or train_final and test, but neither Dev Patel and Test nor training shoes and test
    tubes.
    """
    read = {name: _part_and_rest(name) for name in sorted(set(names)) if part(name)}
    found = []
    for name, (_, rest) in read.items():
        others = {each for each, other in read.values() if other in ("", rest)}
        if not rest or ("train" in others and len(others) > 1):
            found.append(name)
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

    Else the numbers raise the question: there should be more people than things. Two of both
    prove nothing, and cannot be split.
    """
    if (kept["group"] == "").any() or _have_own_camera(kept, "group", "label"):
        return False
    num_groups, num_labels = kept["group"].nunique(), kept["label"].nunique()
    are_people_few = num_labels > num_groups or num_labels == num_groups > 2
    return are_people_few or _have_own_camera(kept, "label", "group")


def _have_own_camera(kept: pd.DataFrame, column: str, other: str) -> bool:
    """Says whether all photos of each name in `column` are of one camera, and those in `other` are not."""
    known = kept[kept["camera"] != ""]
    numbers = known.groupby(column)["camera"].agg(["size", "nunique"])
    is_known = len(numbers) == kept[column].nunique() and (numbers["size"] > 1).all()
    return bool(
        is_known and (numbers["nunique"] == 1).all() and (known.groupby(other)["camera"].nunique() > 1).any()
    )
