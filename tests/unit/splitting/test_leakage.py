"""What leakage.json counts and lists; tests/properties/test_splitting.py varies the photos."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from tenshots.splitting.division import split
from tenshots.splitting.leakage import leakage, summary, text
from tenshots.splitting.settings import SplitSettings
from tests.drawn.divided import photos_of

NONE = {"component": 0, "cluster": 0, "group": 0}


def settings(folds: int = 1) -> SplitSettings:
    return SplitSettings(folds=folds, test=0.2, val=0.2)


def shared() -> pd.DataFrame:
    """Ten people with a cup and a key each; ann's cup is bob's too, and cem's key looks like dan's cup."""
    people = ["ann", "bob", "cem", "dan", *(f"p{number}" for number in range(6))]
    rows = [(label, person) for person in people for label in ("cup", "key")]
    clusters = list(range(len(rows)))
    clusters[rows.index(("key", "cem"))] = clusters[rows.index(("cup", "dan"))]
    return photos_of(rows, clusters, twins=[(rows.index(("cup", "ann")), "bob")])


def test_what_belongs_together_is_counted_and_listed_by_path() -> None:
    manifest = shared()
    found = leakage(manifest, split(manifest, settings(), seed=0), seed=0)
    ids, paths = manifest["photo_id"], manifest["path"]
    assert (found["num_photos"], found["num_groups"], found["num_components"]) == (20, 10, 8)
    assert (found["num_clusters"], found["num_photos_in_clusters"]) == (1, 2)
    assert found["largest_component"] == {
        "component": min(min(ids[0:4]), min(ids[4:8])),
        "num_photos": 4,
        "share": 0.2,
    }
    cluster = min(ids[5], ids[6])
    assert found["clusters_across_groups"] == [
        {"cluster": cluster, "photos": {"cem": [paths[5]], "dan": [paths[6]]}}
    ]
    assert found["clusters_across_labels"] == [
        {"cluster": cluster, "photos": {"cup": [paths[6]], "key": [paths[5]]}}
    ]
    assert sorted(found["joined_groups"], key=lambda item: item["groups"]) == [
        {
            "component": min(ids[0:4]),
            "groups": ["ann", "bob"],
            "clusters": [],
            "same_files": [[paths[0], "twin 0.jpg"]],
        },
        {"component": min(ids[4:8]), "groups": ["cem", "dan"], "clusters": [cluster], "same_files": []},
    ]
    assert found["given_split"] is None
    assert summary(found)[1:] == [
        "warning: groups with the same photos or near-duplicates belong together: "
        f"{', '.join(' + '.join(item['groups']) for item in found['joined_groups'])}; "
        "data/splits/leakage.json lists them",
        "warning: 1 near-duplicate cluster with photos of several labels, one of which may be wrong; "
        "data/splits/leakage.json lists them",
    ]


def test_the_file_has_the_same_bytes_whatever_the_order_of_the_rows() -> None:
    manifest = shared()
    shuffled = manifest.sample(frac=1, random_state=3)
    first, second = (leakage(some, split(some, settings(2), seed=4), seed=4) for some in (manifest, shuffled))
    assert text(first) == text(second)
    assert json.loads(text(first)) == first
    assert text(first).splitlines()[1].startswith('  "clusters_across_groups"')


def test_of_pairs_a_random_split_would_have_met_a_sibling_as_often_as_training_is_large() -> None:
    """500 pairs, 5 folds: the other of a test photo trains with 0.8 * 0.8 = 64 %."""
    manifest = photos_of([("ab"[number % 2], "") for number in range(1000)], [n // 2 for n in range(1000)])
    found = leakage(manifest, split(manifest, settings(5), seed=1), seed=1)
    assert found["split"] == {
        "num_components_divided": 0,
        "num_test_photos": 1000,
        "with_sibling_in_training": NONE,
    }
    at_random = found["random_split"]
    assert at_random["num_test_photos"] == 1000
    siblings = at_random["with_sibling_in_training"]
    assert siblings["component"] == siblings["cluster"] == pytest.approx(640, abs=50)  # 3 standard deviations
    assert siblings["group"] == 0
    assert summary(found)[0] == (
        "0 groups and 500 near-duplicate clusters make 500 independent sets; in a random split, "
        f"{siblings['component']} of 1,000 test photos would have had a sibling in training, "
        f"{siblings['cluster']} of them a near-duplicate"
    )
    other = leakage(manifest, split(manifest, settings(5), seed=2), seed=2)
    assert other["random_split"] != at_random


def test_a_random_split_of_people_would_have_shown_everybody_in_training() -> None:
    manifest = photos_of([(label, f"p{person}") for person in range(10) for label in "ab"] * 10)
    found = leakage(manifest, split(manifest, settings(), seed=0), seed=0)
    num_test = found["split"]["num_test_photos"]
    assert num_test == 40
    assert found["random_split"] == {
        "num_test_photos": num_test,
        "with_sibling_in_training": {"component": num_test, "cluster": 0, "group": num_test},
    }


def test_what_a_given_split_divides_is_listed_with_its_parts() -> None:
    """Photos 0 and 1 are a cluster, 2 and 3 a group; each lies in test and train."""
    rows = [("a", ""), ("a", ""), ("b", "eve"), ("b", "eve"), *[("a", ""), ("b", "")] * 4]
    manifest = photos_of(rows, [0, 0, *range(2, 12)])
    manifest["split"] = ["test", "train", "train", "test", *["train", "train", "val", "val"] * 2]
    found = leakage(manifest, split(manifest, settings(), seed=0), seed=0)
    assert found["given_split"] == {
        "num_clusters": 1,
        "num_groups": 1,
        "num_components": 0,
        "num_same_files": 0,
        "same_files": [],
        "clusters": [
            {
                "cluster": min(manifest["photo_id"][:2]),
                "photos": {"test": ["0000.jpg"], "train": ["0001.jpg"]},
            }
        ],
        "groups": [{"group": "eve", "photos": {"test": ["0003.jpg"], "train": ["0002.jpg"]}}],
        "components": [],
    }
    assert found["split"] == {
        "num_components_divided": 2,
        "num_test_photos": 2,
        "with_sibling_in_training": {"component": 2, "cluster": 1, "group": 1},
    }
    assert summary(found)[-1] == (
        "warning: the given split divides 1 near-duplicate cluster and 1 group, which flatters test results; "
        "data/splits/leakage.json lists them"
    )


def test_a_file_in_two_parts_of_a_given_split_is_listed_and_warned_of() -> None:
    rows = [(label, "") for label in "ab" for _ in range(3)]
    manifest = photos_of(rows, twins=[(0, ""), (1, "")])
    # The twin of photo 0 is a test photo, as photo 0 is; that of photo 1 would train.
    manifest["split"] = ["test", "test", "train", "test", "train", "train", "test", "train"]
    manifest.loc[[2, 5], "split"] = "val"
    manifest = pd.concat([manifest, manifest.iloc[[4]].assign(photo_id="f" * 64, label="a", path="9.jpg")])
    manifest.loc[manifest["photo_id"] == "f" * 64, "cluster"] = "f" * 64
    found = leakage(manifest, split(manifest, settings(), seed=0), seed=0)
    given = found["given_split"]
    assert (given["num_same_files"], given["num_clusters"]) == (1, 0)
    twin = manifest.query("status == 'rejected'").iloc[1]
    assert given["same_files"] == [
        {"photo_id": twin["photo_id"], "photos": {"test": ["0001.jpg"], "train": [twin["path"]]}}
    ]
    assert summary(found)[-1] == (
        "warning: the given split has 1 file in several parts at once; each counts where its path is the "
        "smallest; data/splits/leakage.json lists them"
    )


def test_a_given_split_between_people_with_the_same_file_is_listed_too() -> None:
    rows = [(label, person) for person in ("ann", "bob", "cem") for label in "ab"]
    manifest = photos_of(rows, twins=[(0, "bob")])
    manifest["split"] = ["train", "train", "test", "test", "val", "val", ""]
    found = leakage(manifest, split(manifest, settings(), seed=0), seed=0)
    given = found["given_split"]
    assert (given["num_clusters"], given["num_groups"], given["num_components"]) == (0, 0, 1)
    assert given["components"][0]["photos"] == {
        "test": ["0002.jpg", "0003.jpg"],
        "train": ["0000.jpg", "0001.jpg"],
    }
    assert "and 1 set of groups with the same files, which flatters" in summary(found)[-1]


def test_groups_that_hang_together_by_chains_are_a_warning() -> None:
    """Person after person shares a photo with the next, until one set holds most photos."""
    rows = [(label, f"p{person:02}") for person in range(12) for label in "ab"]
    manifest = photos_of(rows)
    for person in range(8):  # the first of one and the second of the next
        some = [2 * person, 2 * person + 3]
        manifest.loc[some, "cluster"] = min(manifest.loc[some, "photo_id"])
    lines = summary(leakage(manifest, split(manifest, settings(), seed=0), seed=0))
    assert "one independent set holds 75 % of the photos" in lines[1]
    assert "p00 + p01 + p02 + p03 + p04 + 4 more; " in lines[2]


def test_sixty_thousand_photos_take_seconds() -> None:
    generator = np.random.default_rng(0)
    clusters = generator.permutation(np.append(np.arange(54_000), np.arange(6_000)))
    manifest = photos_of([(str(number % 10), "") for number in range(60_000)], clusters.tolist())
    manifest["split"] = np.where(np.arange(60_000) % 60 < 10, "test", "train")
    splits = split(manifest, settings(), seed=0)
    found = leakage(manifest, splits, seed=0)  # 0.7 s on a machine of two cores
    assert found["num_clusters"] == 6_000
    # One of a pair tests and the other trains: 2 * 1/6 * 5/6.
    assert found["given_split"]["num_clusters"] == pytest.approx(6_000 * 10 / 36, abs=150)
