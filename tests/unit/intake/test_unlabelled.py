"""Photos without a label are read as the others, and are no part of the data set."""

from __future__ import annotations

from pathlib import Path

import pytest

from tenshots.errors import DataError
from tenshots.intake.settings import AcceptSettings
from tenshots.tables import unlabelled
from tenshots.tables.belonging import relatives
from tenshots.tables.unlabelled import Unlabelled
from tests.drawn.handed_in import RULES, draw, drawn, ingested

LABELLED = [f"p{person}/{label}/1.png" for person in range(2) for label in ("cup", "key")]


def rules(name: str) -> object:
    return RULES._replace(accept=AcceptSettings(**{**RULES.accept.model_dump(), "unlabelled": name}))


def test_they_are_kept_apart_each_once_with_whoever_took_them(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    draw(photos, *LABELLED)
    before = ingested(photos)
    draw(photos, "p0/wild/1.png", "zoe/wild/1.png")
    (photos / "zoe/wild/2.png").write_bytes(drawn(LABELLED[0]))
    (photos / "zoe/wild/3.png").write_bytes(drawn("zoe/wild/1.png"))
    found = ingested(photos, rules=rules("wild"))  # type: ignore[arg-type]

    assert found.photos.equals(before.photos)
    assert found.bare_groups == []
    assert found.unlabelled[["path", "group", "label"]].to_numpy().tolist() == [
        ["p0/wild/1.png", "p0", ""],
        ["zoe/wild/1.png", "zoe", ""],
    ]
    told = found.manifest.set_index("path")
    assert set(told.loc[told["status"] == "kept", "label"]) == {"cup", "key"}
    assert told.loc["p0/wild/1.png", "reason"].startswith("without a label")
    assert told.loc["zoe/wild/2.png", "reason"] == f"same bytes as {LABELLED[0]}"
    assert told.loc["zoe/wild/3.png", "reason"] == "same bytes as zoe/wild/1.png"

    beside = relatives(found.manifest, found.unlabelled["photo_id"])
    images = [drawn(path) for path in found.unlabelled["path"]]
    unlabelled.write(Unlabelled(found.unlabelled.assign(image=images), beside), tmp_path, num_shards=1)
    read = unlabelled.read(tmp_path)
    assert read.relatives.equals(beside)
    assert sorted(read.photos["photo_id"]) == sorted(found.unlabelled["photo_id"])


def test_a_folder_of_another_name_is_asked_about(tmp_path: Path) -> None:
    draw(tmp_path / "photos", *LABELLED)
    with pytest.raises(DataError, match=r"accept\.unlabelled must be the name .* got 'keys'.*'key'"):
        ingested(tmp_path / "photos", rules=rules("keys"))  # type: ignore[arg-type]
