"""Photos without a label are read as the others, and are no part of the data set."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tenshots.errors import DataError
from tenshots.intake.ingestion import Ingested, Rules
from tenshots.intake.settings import AcceptSettings, NearDuplicateSettings
from tenshots.splitting import division, leakage
from tenshots.splitting.settings import SplitSettings
from tenshots.tables import database, unlabelled
from tenshots.tables.corrections import LEAVE_OUT, Correction
from tests.drawn import handed_in
from tests.drawn.handed_in import RULES, draw, drawn

LABELLED = [f"p{person}/{label}/1.png" for person in range(3) for label in ("cup", "key")]
GIVEN = "{split}/{group}/{label}/{name}"
ingested = partial(handed_in.ingested, num_workers=1)


def rules(name: str = "wild", **more: object) -> Rules:
    accept = AcceptSettings(**{**RULES.accept.model_dump(), "unlabelled": name, **more})
    return RULES._replace(accept=accept)


def photo_id(path: str) -> str:
    return hashlib.sha256(drawn(path)).hexdigest()


def copied(folder: Path, original: str, *paths: str) -> None:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(drawn(original))


def paths_of(found: Ingested) -> list[str]:
    return found.unlabelled.photos["path"].tolist()


def test_they_are_kept_apart_each_once_with_whoever_took_them(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    draw(photos, *LABELLED)
    before = ingested(photos)
    draw(photos, "p0/wild/1.png", "zoe/wild/1.png")
    copied(photos, LABELLED[0], "zoe/wild/2.png")
    copied(photos, "zoe/wild/1.png", "zoe/wild/3.png")
    found = ingested(photos, rules=rules())

    assert found.photos.equals(before.photos)
    assert found.bare_groups == []
    assert found.unlabelled.photos[["path", "group", "label"]].to_numpy().tolist() == [
        ["p0/wild/1.png", "p0", ""],
        ["zoe/wild/1.png", "zoe", ""],
    ]
    told = found.manifest.set_index("path")
    assert set(told.loc[told["status"] == "kept", "label"]) == {"cup", "key"}
    assert told.loc["p0/wild/1.png", "reason"].startswith("without a label")
    assert told.loc["zoe/wild/2.png", "reason"] == f"same bytes as {LABELLED[0]}"
    assert told.loc["zoe/wild/3.png", "reason"] == "same bytes as zoe/wild/1.png"

    unlabelled.write(found.unlabelled, tmp_path, num_shards=1)
    read = unlabelled.read(tmp_path)
    assert read.relatives.equals(found.unlabelled.relatives)
    assert set(read.relatives["photo_id"]) == {*read.photos["photo_id"]}, "zoe handed in a photo of p0's"


def save(folder: Path, path: str, pixels: np.ndarray) -> None:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(folder / path)


def scene(shift_px: int = 0) -> np.ndarray:
    clouds = np.random.default_rng(4).integers(40, 220, (9, 9, 3), dtype=np.uint8)
    desk = Image.fromarray(clouds).resize((320, 256), Image.Resampling.BICUBIC)
    return np.asarray(desk.crop((shift_px, 0, 256 + shift_px, 256)))


def test_the_labelled_photos_and_their_split_are_as_without_them(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    alike = NearDuplicateSettings(max_distance=32, min_similarity=0.6, max_share=0.4)
    draw(photos, *LABELLED)
    for person, shift_px in (("p3", 0), ("p4", 8)):
        for label in ("cup", "key"):
            draw(photos, f"{person}/{label}/1.png")
        save(photos, f"{person}/cup/2.png", scene(shift_px))
    for number in range(3):  # after which of each person and label no more is read
        draw(photos, f"p0/cup/{number + 2}.png")
    alone = RULES._replace(near_duplicates=alike, accept=rules(max_photos=3).accept)
    without = ingested(
        photos, rules=alone._replace(accept=alone.accept.model_copy(update={"unlabelled": None}))
    )

    copied(photos, "p0/cup/1.png", "p1/wild/1.png", "a/wild/1.png")  # a copy of another person's
    save(photos, "zoe/wild/1.png", scene(4))  # between two people's scenes
    found = ingested(photos, rules=alone)

    labelled = found.manifest[found.manifest["label_found"] != "wild"].reset_index(drop=True)
    pd.testing.assert_frame_equal(labelled, without.manifest)
    assert found.photos.equals(without.photos)
    assert paths_of(found) == ["zoe/wild/1.png"]
    settings = SplitSettings(folds=3, test=0.2, val=0.3)
    splits = [division.split(each.manifest, settings, seed=20) for each in (found, without)]
    assert splits[0].equals(splits[1])
    assert splits[0]["component"].nunique() == 5
    told = [leakage.leakage(each.manifest, splits[0], seed=20) for each in (found, without)]
    assert told[0] == told[1]

    # But who shows both people's scene is learnt from where both of them are.
    scenes = without.photos.loc[without.photos["path"].str.endswith(("p3/cup/2.png", "p4/cup/2.png"))]
    both = set(splits[0].set_index("photo_id").loc[scenes["photo_id"], "component"])
    beside = found.unlabelled.relatives.groupby("photo_id")["component"].agg(set)
    assert len(both) == 2
    assert beside.tolist() == [both]


@pytest.mark.parametrize(
    ("layout", "wild", "allowed"),
    [
        ("{split}/{label}/{name}", ["test/wild/1.png", "train/wild/2.png"], ["train/wild/2.png"]),
        (  # zoe has no photo with a label, and some in test
            GIVEN,
            ["test/zoe/wild/1.png", "train/zoe/wild/2.png", "train/eve/wild/3.png"],
            ["train/eve/wild/3.png"],
        ),
        (GIVEN, ["train/p-test/wild/1.png", "train/p-train/wild/2.png"], ["train/p-train/wild/2.png"]),
    ],
)
def test_who_lies_in_val_or_test_is_not_learnt_from(
    tmp_path: Path, layout: str, wild: Sequence[str], allowed: Sequence[str]
) -> None:
    person = "{0}/p-{0}" if layout == GIVEN else "{0}"
    parts = map(person.format, database.PARTS)
    draw(tmp_path / "in", *[f"{part}/{label}/1.png" for part in parts for label in ("cup", "key")], *wild)
    found = ingested(tmp_path / "in", layout, rules=rules())

    splits = division.split(found.manifest, SplitSettings(folds=1, test=0.2, val=0.3), seed=20)
    may = found.unlabelled.allowed(splits, 0)
    assert found.unlabelled.photos.loc[may, "path"].tolist() == allowed


def test_a_copy_in_val_and_a_part_of_another_name(tmp_path: Path) -> None:
    """Of the copies of a file the first is kept, that in train; but it lies in val, too."""
    draw(tmp_path / "in", *[f"{part}/{label}/1.png" for part in database.PARTS for label in ("cup", "key")])
    draw(tmp_path / "in", "train/wild/1.png", "train/wild/2.png")
    copied(tmp_path / "in", "train/wild/1.png", "val/wild/9.png")
    found = ingested(tmp_path / "in", "{split}/{label}/{name}", rules=rules())
    assert paths_of(found) == ["train/wild/2.png"]
    told = found.manifest.set_index("path")["reason"]
    assert told["train/wild/1.png"].startswith("without a label, and never learnt from: it is in val or test")

    (tmp_path / "in/train/wild/2.png").unlink()
    with pytest.raises(DataError, match=r"accept\.unlabelled must name folders with photos that may be lear"):
        ingested(tmp_path / "in", "{split}/{label}/{name}", rules=rules())
    draw(tmp_path / "in", "dev/wild/1.png")
    with pytest.raises(DataError, match=r"must be train, val or test, got 'dev' .* rename dev to val"):
        ingested(tmp_path / "in", "{split}/{label}/{name}", rules=rules())


def test_a_correction_is_of_photos_with_a_label(tmp_path: Path) -> None:
    """Their copies without one are learnt from neither way, and give no path, label or place to them."""
    photos = tmp_path / "photos"
    draw(photos, *LABELLED, "zoe/wild/1.png")
    given = [
        Correction(photo_id(LABELLED[4]), "key", "it is one", "ann", (2,)),
        Correction(photo_id(LABELLED[3]), LEAVE_OUT, "blurred", "ann", (3,)),
    ]
    without = ingested(photos, rules=rules(), corrected=given).photos
    copied(photos, LABELLED[4], "a/wild/1.png")
    copied(photos, LABELLED[3], "a/wild/2.png")
    found = ingested(photos, rules=rules(), corrected=given)

    assert found.photos.equals(without)
    assert paths_of(found) == ["zoe/wild/1.png"]
    told = found.manifest.set_index("path").loc[["a/wild/1.png", "a/wild/2.png"]]
    assert told["reason"].tolist() == [f"same bytes as {LABELLED[4]}", f"same bytes as {LABELLED[3]}"]
    assert set(told["correction"]) == {""}
    with pytest.raises(DataError, match=r"has no label that could be corrected .* move it into the folder"):
        ingested(
            photos,
            rules=rules(),
            corrected=[Correction(photo_id("zoe/wild/1.png"), "cup", "it is one", "ann", (2,))],
        )


def test_a_folder_of_another_name_is_asked_about(tmp_path: Path) -> None:
    draw(tmp_path / "photos", *LABELLED)
    with pytest.raises(DataError, match=r"accept\.unlabelled must be the name .* got 'keys'.*'key'"):
        ingested(tmp_path / "photos", rules=rules("keys"))
