"""Real crops of cups, keyboards and books, where they lie beside the project."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

from tenshots import params
from tenshots.intake import ingestion
from tenshots.intake.ingestion import Ingested, Rules
from tenshots.intake.names.pattern import Layout
from tenshots.intake.settings import AcceptSettings, NearDuplicateSettings
from tenshots.splitting.division import components, split
from tenshots.splitting.leakage import leakage
from tenshots.splitting.settings import SplitSettings
from tenshots.tables import database
from tenshots.tables.encoding import StandardiseSettings
from tests.drawn.divided import check_split

TOP = Path(__file__).parents[3]
PHOTOS_DIR = TOP.parent / "shared" / "data" / "photos"
pytestmark = pytest.mark.skipif(not PHOTOS_DIR.is_dir(), reason=f"needs the photos in {PHOTOS_DIR}")


@pytest.fixture(scope="module")
def ingested(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ingested]:
    """With the project's own rules."""
    values = params.read(TOP / "params.yaml")
    rules = Rules(
        params.section(values, "accept", AcceptSettings),
        params.section(values, "standardise", StandardiseSettings),
        params.section(values, "near_duplicates", NearDuplicateSettings),
    )
    with closing(database.Spool(tmp_path_factory.mktemp("spool"))) as spool:
        yield ingestion.ingest(PHOTOS_DIR, Layout("{label}/{group}_{name}"), rules, spool, num_workers=2)


def test_all_crops_are_kept_and_the_list_among_them_is_rejected(ingested: Ingested) -> None:
    rejected = ingested.manifest.query("status == 'rejected'")
    assert rejected["path"].tolist() == ["manifest.csv"]
    assert len(ingested.photos) == 87
    assert sorted(set(ingested.photos["label"])) == ["book", "cup", "keyboard"]


def test_sizes_are_those_of_the_list(ingested: Ingested) -> None:
    listed = pd.read_csv(PHOTOS_DIR / "manifest.csv", dtype=str).merge(
        ingested.manifest, left_on="file", right_on="path", validate="one_to_one"
    )
    assert len(listed) == 87
    assert (listed["w"].astype(int) == listed["width"]).all()
    assert (listed["h"].astype(int) == listed["height"]).all()


def test_a_group_of_the_layout_is_one_photo_and_lies_within_one_scene(ingested: Ingested) -> None:
    """The list's groups may join several photos of one scene; no group of ours reaches over two of them."""
    listed = pd.read_csv(PHOTOS_DIR / "manifest.csv", dtype=str).merge(
        ingested.photos, left_on="file", right_on="path", suffixes=("_listed", ""), validate="one_to_one"
    )
    assert (listed["group"] + ".jpg" == listed["coco_image"]).all()
    assert (listed.groupby("group")["group_listed"].nunique() == 1).all()


@pytest.mark.parametrize("folds", [1, 4])
def test_they_divide_by_photo(ingested: Ingested, folds: int) -> None:
    splits = split(ingested.manifest, SplitSettings(folds=folds, test=0.2, val=0.2), seed=20)
    check_split(ingested.manifest, splits, num_folds=folds)


def test_their_standard_photos_are_of_one_size(ingested: Ingested) -> None:
    assert database.decode(map(bytes, ingested.photos["image"])).shape == (87, 160, 160, 3)


def test_one_scene_in_two_photos_is_found_and_stays_together(ingested: Ingested) -> None:
    rows = ingested.manifest.query("status == 'kept'")
    alike = rows[rows["cluster"].duplicated(keep=False)]
    assert alike["path"].tolist() == ["keyboard/000000318219_4.jpg", "keyboard/000000554625_8.jpg"]
    component = components(ingested.manifest)
    assert alike["group"].nunique() == 2
    assert component[alike["photo_id"]].nunique() == 1


@pytest.mark.parametrize("folds", [1, 4])
def test_a_random_split_would_leak_and_ours_does_not(ingested: Ingested, folds: int) -> None:
    splits = split(ingested.manifest, SplitSettings(folds=folds, test=0.2, val=0.2), seed=20)
    found = leakage(ingested.manifest, splits, seed=20)
    siblings = "with_sibling_in_training"
    assert found["split"][siblings] == {"component": 0, "cluster": 0, "group": 0}
    # About half in fact: several crops show one photo.
    assert found["random_split"][siblings]["component"] > 0.25 * found["random_split"]["num_test_photos"]
