"""Photos far from the others in brightness, sharpness and size."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tenshots.labels.outliers import LIMIT, Distribution, distributions, modified_z_scores


def manifest(num_photos: int = 40, **columns: dict[int, float]) -> pd.DataFrame:
    """Photos like each other, but for the values given by row."""
    draw = np.random.default_rng(4)
    table = pd.DataFrame(
        {
            "path": [f"{i:03d}.jpg" for i in range(num_photos)],
            "photo_id": [f"id{i:03d}" for i in range(num_photos)],
            "label": "cup",
            "group": "ann",
            "status": "kept",
            "width": 400,
            "height": 300,
            "sharpness": 10 ** draw.normal(-2, 0.2, num_photos),
            "brightness": draw.normal(0.5, 0.05, num_photos),
        }
    )
    for name, values in columns.items():
        for row, value in values.items():
            table.loc[row, name] = value
    return table


def by_name(table: pd.DataFrame, **options: int) -> dict[str, Distribution]:
    return {found.measure: found for found in distributions(table, **options)}


def test_photos_that_are_far_from_the_others_are_named_in_words_the_farthest_first() -> None:
    found = by_name(manifest(brightness={3: 0.02, 5: 0.9}, sharpness={7: 1e-5, 8: 0.0}, height={9: 3000}))
    assert list(found) == ["brightness", "sharpness", "size"]
    assert [(one.path, one.words) for one in found["brightness"].outliers] == [
        ("003.jpg", "darker than the others"),
        ("005.jpg", "brighter than the others"),
    ]
    blurred = found["sharpness"].outliers
    assert [one.photo_id for one in blurred] == ["id008", "id007"]
    assert {one.words for one in blurred} == {"blurred, or with less detail than the others"}
    assert blurred[0].value == 0
    assert blurred[0].z < blurred[1].z < -LIMIT
    (large,) = found["size"].outliers
    assert (large.path, large.value, large.words) == ("009.jpg", 1.2, "larger than the others")


def test_photos_alike_have_no_outliers() -> None:
    for found in distributions(manifest()):
        assert found.outliers == ()
        assert found.reason is None
    size = by_name(manifest())["size"]
    assert (size.low, size.high, size.counts) == (None, None, (40,))


def test_the_limits_are_where_outliers_begin() -> None:
    for measure in ("brightness", "sharpness"):
        found = by_name(manifest())[measure]
        assert found.low is not None
        assert found.high is not None
        assert found.low < found.median < found.high
        for factor, count in ((1.001, 0), (0.999, 1)):
            # As the 40th photo it moves the middle a little, so it takes the place of the lowest one.
            table = manifest()
            row = int(table[measure].idxmin())
            table.loc[row, measure] = found.low * factor
            assert len(by_name(table)[measure].outliers) == count


def test_the_histogram_counts_every_kept_photo_once() -> None:
    table = manifest(brightness={3: 0.02})
    table.loc[0, "status"] = "rejected"
    for found in distributions(table, num_bins=7):
        assert sum(found.counts) == 39
        assert len(found.edges) == len(found.counts) + 1
        assert list(found.edges) == sorted(found.edges)
    sharpness = by_name(table, num_bins=7)["sharpness"]
    ratios = np.diff(np.log(sharpness.edges))
    assert ratios == pytest.approx(np.full(7, ratios[0]))


def test_few_photos_have_no_outliers_and_the_reason_is_given() -> None:
    for found in distributions(manifest(9, brightness={0: 0.0})):
        assert found.outliers == ()
        assert found.reason == "Fewer than 10 photos do not show what is usual."
        assert (found.low, found.high) == (None, None)


def test_scores_by_hand() -> None:
    values = np.array([1.0, 2.0, 3.0, 4.0, 100.0])
    assert modified_z_scores(values) == pytest.approx(0.6745 * (values - 3), rel=1e-4)  # the MAD is 1
    assert modified_z_scores(np.full(5, 2.0)).tolist() == [0.0] * 5
    # The MAD is 0: the mean distance is 10 / 5.
    assert modified_z_scores(np.array([0.0, 0, 0, 0, 10]))[-1] == pytest.approx(10 / (1.2533 * 2), rel=1e-4)
    normal = np.random.default_rng(0).normal(5, 3, 100_000)
    assert modified_z_scores(normal).std() == pytest.approx(1, abs=0.02)
