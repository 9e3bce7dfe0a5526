"""Shards and tables come back as they went, and equal rows are equal bytes."""

from __future__ import annotations

import hashlib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from tenshots.errors import DataError
from tenshots.intake.settings import DatabaseSettings
from tenshots.tables import database, encoding

PNG = encoding.encode(np.arange(768, dtype=np.uint8).reshape(16, 16, 3), "lossless")


def photo_rows(number: int) -> pd.DataFrame:
    ids = [hashlib.sha256(str(index).encode()).hexdigest() for index in range(number)]
    return pd.DataFrame(
        {
            "photo_id": ids,
            "label": ["NA" if index % 2 else "007" for index in range(number)],
            "group": "",
            "split": "",
            "path": [f"NA/{index}.jpg" for index in range(number)],
            "width": range(number),
            "height": 3,
            "image": [PNG + bytes([index % 256]) for index in range(number)],
        }
    )


def copy_rows(number: int) -> pd.DataFrame:
    rows = photo_rows(number)[["photo_id", "label", "image"]]
    return pd.concat([rows.assign(copy=copy, seed=2**32 - copy) for copy in (2, 1)], ignore_index=True)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_photos_come_back_sorted_by_id_over_all_shards(tmp_path: Path) -> None:
    rows = photo_rows(2_500)
    database.write_photos(rows, tmp_path, num_shards=8)
    assert sorted(contents(tmp_path)) == [f"photos-{shard:05d}-of-00008.parquet" for shard in range(8)]
    expected = rows.sort_values("photo_id", ignore_index=True)
    pd.testing.assert_frame_equal(database.read_photos(tmp_path), expected, check_dtype=False)


def test_columns_can_be_chosen(tmp_path: Path) -> None:
    database.write_photos(photo_rows(3), tmp_path, num_shards=1)
    assert list(database.read_photos(tmp_path, ["label", "photo_id"]).columns) == ["label", "photo_id"]


def test_below_two_thousand_rows_there_is_one_shard(tmp_path: Path) -> None:
    database.write_photos(photo_rows(1_999), tmp_path, num_shards=8)
    assert list(contents(tmp_path)) == ["photos-00000-of-00001.parquet"]


def test_equal_rows_are_equal_bytes_whatever_their_order_and_chunks(tmp_path: Path) -> None:
    rows = photo_rows(2_100)
    shuffled = rows.sample(frac=1, random_state=1)
    chunked = pd.concat([shuffled[:700], shuffled[700:]])
    for folder, table in (("a", rows), ("b", shuffled), ("c", chunked)):
        database.write_photos(table, tmp_path / folder, num_shards=4)
    assert contents(tmp_path / "a") == contents(tmp_path / "b") == contents(tmp_path / "c")


def test_writing_leaves_no_shard_of_before_and_nothing_else_is_touched(tmp_path: Path) -> None:
    database.write_photos(photo_rows(2_100), tmp_path, num_shards=4)
    database.write_copies(copy_rows(3), tmp_path, num_shards=4)
    database.write_photos(photo_rows(5), tmp_path, num_shards=4)
    assert sorted(contents(tmp_path)) == ["copies-00000-of-00001.parquet", "photos-00000-of-00001.parquet"]
    assert len(database.read_photos(tmp_path)) == 5


def test_spooled_images_are_written_as_if_they_had_stayed_in_memory(tmp_path: Path) -> None:
    rows = photo_rows(2_100)
    spool = database.Spool(tmp_path / "spool")
    spooled = rows.assign(image=[spool.append(image) for image in rows["image"]])
    for folder, table in (("a", rows), ("b", spooled)):
        database.write_photos(table, tmp_path / folder, num_shards=2)
    spool.close()
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    assert not list((tmp_path / "spool").iterdir())


def test_a_full_disk_is_an_error_of_the_spool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = database.Spool(tmp_path)
    monkeypatch.setattr(spool, "_file", SimpleNamespace(write=lambda image: len(image) - 1, fileno=lambda: 0))
    with pytest.raises(OSError, match="No space left"):
        spool.append(b"four")


def test_what_was_given_is_not_altered(tmp_path: Path) -> None:
    rows = photo_rows(10)
    before = rows.copy(deep=True)
    database.write_photos(rows, tmp_path, num_shards=1)
    pd.testing.assert_frame_equal(rows, before)


def test_copies_come_back_sorted_by_photo_and_number(tmp_path: Path) -> None:
    rows = copy_rows(1_200)
    database.write_copies(rows, tmp_path, num_shards=3)
    assert len(contents(tmp_path)) == 3
    read = database.read_copies(tmp_path)
    expected = rows.sort_values(["photo_id", "copy"], ignore_index=True)[list(read.columns)]
    pd.testing.assert_frame_equal(read, expected, check_dtype=False)
    assert read["seed"].max() == 2**32 - 1


def test_a_folder_without_copies_has_no_rows_but_their_columns(tmp_path: Path) -> None:
    assert list(database.read_copies(tmp_path).columns) == database.COPY_SCHEMA.names
    assert len(database.read_copies(tmp_path, ["photo_id"])) == 0


def test_a_folder_without_photos_is_an_error_that_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"photos-\*\.parquet is missing; run `dvc repro`, or `dvc pull`"):
        database.read_photos(tmp_path / "nothing")


def test_a_damaged_shard_is_named(tmp_path: Path) -> None:
    database.write_photos(photo_rows(5), tmp_path, num_shards=1)
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(DataError, match=r"photos-00000-of-00001.parquet cannot be read"):
        database.read_photos(tmp_path)


def test_decoded_images_are_one_array() -> None:
    array = database.decode([PNG, PNG])
    assert (array.dtype, array.shape) == (np.uint8, (2, 16, 16, 3))
    assert (array[1].ravel() == np.arange(768) % 256).all()
    assert (database.decode([PNG])[0] == encoding.decode(PNG)).all()
    assert len(database.decode([])) == 0


def test_images_of_two_sizes_are_an_error() -> None:
    with pytest.raises(DataError, match="must have one size"):
        database.decode([PNG, encoding.encode(np.zeros((8, 8, 3), np.uint8), "lossless")])


def manifest_rows() -> pd.DataFrame:
    names = ["NA", "007", '<b>, "quoted"', "null", " blank "]
    row = {"status": "kept", "reason": "", "photo_id": "0" * 64, "group": "", "split": "", "format": "PNG"}
    row |= {"note": "", "camera": "NA", "taken": "", "perceptual_hash": "00e1", "cluster": "0" * 64}
    sizes = {"width": 1, "height": 2, "orientation": 1, "num_bytes": 3, "sharpness": 0.1, "brightness": 0.25}
    return pd.DataFrame([{"path": f"{name}/é.png", **row, "label": name, **sizes} for name in names])


def test_text_in_the_manifest_stays_text(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "manifest.csv"
    database.write_manifest(manifest_rows(), path)
    read = database.read_manifest(path)
    expected = manifest_rows().sort_values("path", ignore_index=True)[list(database.MANIFEST_COLUMNS)]
    pd.testing.assert_frame_equal(read, expected)
    assert b"\r" not in path.read_bytes()


def test_splits_come_back_sorted(tmp_path: Path) -> None:
    splits = pd.DataFrame({"photo_id": ["b", "a", "a"], "fold": [0, 1, 0], "part": ["train", "test", "val"]})
    splits["component"] = "a"
    database.write_splits(splits, tmp_path / "splits.csv")
    assert (tmp_path / "splits.csv").read_text() == (
        "photo_id,component,fold,part\na,a,0,val\nb,a,0,train\na,a,1,test\n"
    )
    assert database.read_splits(tmp_path / "splits.csv").to_numpy().tolist()[2] == ["a", "a", 1, "test"]


def test_predictions_come_back_to_the_last_bit(tmp_path: Path) -> None:
    probabilities = np.random.default_rng(0).dirichlet([1, 1], size=50)
    predictions = pd.DataFrame(
        {
            "p_z, <script>": probabilities[:, 0],
            "p_1": probabilities[:, 1],
            "photo_id": [f"{index:03}" for index in range(50)][::-1],
            "label": "1",
            "fold": 0,
            "repeat": 0,
        }
    )
    database.write_predictions(predictions, tmp_path / "predictions.csv")
    read = database.read_predictions(tmp_path / "predictions.csv")
    assert list(read.columns) == ["photo_id", "label", "fold", "repeat", "p_1", "p_z, <script>"]
    assert read["photo_id"].tolist() == sorted(predictions["photo_id"])
    assert (read["p_1"].to_numpy()[::-1] == probabilities[:, 1]).all()
    assert set(read["label"]) == {"1"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "is missing"),
        (b"photo_id,part\na,b\n", "lacks the column 'component'"),
        (b"", "cannot be read as a table"),
    ],
)
def test_a_table_that_cannot_be_read_is_an_error(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "splits.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        database.read_splits(path)


@pytest.mark.parametrize("number", [0, 1025])
def test_the_number_of_shards_has_bounds(number: int) -> None:
    with pytest.raises(ValidationError):
        DatabaseSettings(num_shards=number)
