"""Whatever photos, folds and order there are: who is copied, and that a copy stays the same."""

from __future__ import annotations

import functools

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from tenshots.augmentation import copying
from tenshots.augmentation.copying import Policy
from tenshots.augmentation.settings import LayerSettings
from tenshots.tables.encoding import encode

SIZE_PX = 16
NUM_PHOTOS = 6
PARTS = st.sampled_from(["train", "val", "test"])


@functools.cache
def policy() -> Policy:
    layers = [{"RandomRotation": {"factor": 0.2}}, {"RandomContrast": {"factor": 0.5}}, "RandomErasing"]
    return Policy([LayerSettings.model_validate(layer) for layer in layers], size_px=SIZE_PX)


@functools.cache
def photos() -> pd.DataFrame:
    images = np.random.default_rng(0).integers(0, 256, (NUM_PHOTOS, SIZE_PX, SIZE_PX, 3), dtype=np.uint8)
    ids = [f"{index:064x}" for index in range(NUM_PHOTOS)]
    encoded = [encode(image, "lossless") for image in images]
    return pd.DataFrame({"photo_id": ids, "label": list("aabbcc"), "image": encoded})


def all_copies(originals: pd.DataFrame, *, num_copies: int) -> pd.DataFrame:
    return pd.concat(copying.changed_copies(originals, policy(), num_copies=num_copies, seed=20))


@functools.cache
def expected() -> dict[tuple[str, int], bytes]:
    rows = all_copies(photos(), num_copies=3)
    return dict(zip(zip(rows["photo_id"], rows["copy"], strict=True), rows["image"], strict=True))


@given(order=st.permutations(range(NUM_PHOTOS)), num=st.integers(1, NUM_PHOTOS), num_copies=st.integers(1, 3))
@settings(deadline=None, max_examples=20)
def test_a_copy_is_the_same_in_any_order_and_company(order: list[int], num: int, num_copies: int) -> None:
    rows = all_copies(photos().iloc[order[:num]], num_copies=num_copies)
    for photo_id, copy, image in zip(rows["photo_id"], rows["copy"], rows["image"], strict=True):
        assert image == expected()[photo_id, copy]


@given(
    folds=st.lists(st.lists(PARTS, min_size=NUM_PHOTOS, max_size=NUM_PHOTOS), min_size=1, max_size=4),
    num_copies=st.integers(1, 3),
)
@settings(deadline=None, max_examples=20)
def test_exactly_the_photos_that_train_somewhere_have_all_their_copies(
    folds: list[list[str]], num_copies: int
) -> None:
    ids = photos()["photo_id"]
    splits = pd.DataFrame(
        [
            (photo_id, fold, part)
            for fold, parts in enumerate(folds)
            for photo_id, part in zip(ids, parts, strict=True)
        ],
        columns=["photo_id", "fold", "part"],
    )
    train_ids = {ids[index] for parts in folds for index, part in enumerate(parts) if part == "train"}
    if not train_ids:
        return
    rows = all_copies(copying.training_photos(photos(), splits), num_copies=num_copies)
    assert rows["photo_id"].value_counts().to_dict() == dict.fromkeys(train_ids, num_copies)
