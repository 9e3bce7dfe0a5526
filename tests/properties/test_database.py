"""Any rows come back from shards and tables as they went."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenshots.tables import database

# What a folder's name can hold, less control characters (ingestion refuses those).
names = st.text(
    st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="/"), min_size=1, max_size=8
)
ids = st.text("0123456789abcdef", min_size=64, max_size=64)
rows = st.lists(
    st.tuples(ids, names, names, st.binary(max_size=20)), max_size=12, unique_by=lambda row: row[0]
)


@settings(deadline=None, max_examples=40)
@given(rows, st.integers(1, 6), st.randoms())
def test_any_photos_come_back_from_any_number_of_shards(
    rows: list[tuple[str, str, str, bytes]], num_shards: int, random: object
) -> None:
    photos = pd.DataFrame(rows, columns=["photo_id", "label", "group", "image"])
    photos = photos.astype({"photo_id": str, "label": str, "group": str})
    photos = photos.assign(split="", path=photos["label"] + "/x", width=1, height=2)[
        database.PHOTO_SCHEMA.names
    ]
    shuffled = list(range(len(photos)))
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "MIN_ROWS_TO_SHARD", 0)
        one, other = Path(name) / "one", Path(name) / "other"
        database.write_photos(photos, one, num_shards=num_shards)
        database.write_photos(photos.iloc[shuffled], other, num_shards=num_shards)
        read = database.read_photos(one)
        assert [path.read_bytes() for path in sorted(one.iterdir())] == [
            path.read_bytes() for path in sorted(other.iterdir())
        ]
    expected = photos.sort_values("photo_id", ignore_index=True)
    assert read.to_numpy().tolist() == expected.to_numpy().tolist()


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(ids, names, names), min_size=1, max_size=8, unique_by=lambda row: row[0]))
def test_any_names_come_back_from_the_manifest(rows: list[tuple[str, str, str]]) -> None:
    blank = {name: kind() for name, kind in database.MANIFEST_COLUMNS.items()}
    manifest = pd.DataFrame(
        [
            {
                **blank,
                "path": f"{group}/{label}/{number}",
                "photo_id": photo_id,
                "label": label,
                "group": group,
            }
            for number, (photo_id, label, group) in enumerate(rows)
        ]
    )
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "manifest.csv"
        database.write_manifest(manifest, path)
        read = database.read_manifest(path)
    expected = manifest[list(database.MANIFEST_COLUMNS)].sort_values("path", kind="stable")
    assert read.to_numpy().tolist() == expected.to_numpy().tolist()
