"""The table of building blocks names what differs, and only that."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmarks.blocks import __main__ as table
from benchmarks.blocks import arrays, digest, drawn, images


def run(*, portable: bool = True, numpy: str = "2", **blocks: str) -> dict[str, Any]:
    return {
        "machine": {"name": "", "processor": "Brand X", "cores": 2},
        "portable": portable,
        "versions": {"numpy": numpy},
        "blocks": blocks,
    }


def test_a_bit_a_shape_and_a_type_move_the_hash() -> None:
    line = drawn(1, 6)
    moved = line.copy()
    moved[3] = np.nextafter(moved[3], 2)
    others = (moved, line.reshape(2, 3), line.astype(np.float32), [line, line], line.tobytes())
    assert len({digest(each) for each in (line, *others)}) == 6
    assert digest(line) == digest([line.copy()])


def test_drawn_numbers_are_exact_in_float32() -> None:
    assert (drawn(2, 999) == drawn(2, 999, dtype="float32")).all()


@pytest.mark.parametrize(
    ("other", "broken"),
    [
        (run(dense="a", svd="b"), 0),
        (run(dense="x", svd="b"), 1),
        (run(dense="x", svd="b", portable=False), 0),
        (run(dense="x", svd="b", numpy="3"), 0),
        (run(svd="b"), 0),
    ],
)
def test_what_differs_is_named_and_counts_where_the_same_was_promised(
    other: dict[str, Any], broken: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert table.show(run(dense="a", svd="b"), [other]) == broken
    said = capsys.readouterr().out
    assert ("dense" in said) == (other["blocks"].get("dense") == "x")
    assert "svd" not in said


def test_what_nothing_computes_with_may_differ() -> None:
    name = "unused: rsqrt of Eigen"
    assert table.show(run(**{name: "a"}), [run(**{name: "b"})]) == 0


@pytest.mark.parametrize("name", ["numpy matrix product float32", "numpy random", "libm exp", "scipy svd"])
def test_blocks_compute_the_same_twice(name: str) -> None:
    assert digest(arrays.BLOCKS[name]()) == digest(arrays.BLOCKS[name]())


@pytest.mark.parametrize("name", ["decode avif", "decode heic", "Parquet"])
def test_blocks_of_files_have_their_files(name: str) -> None:
    assert digest(images.BLOCKS[name]()) == digest(images.BLOCKS[name]())


def test_committed_runs_can_be_read_and_failed_nowhere() -> None:
    known = list(table.committed())
    assert known
    for each in known:
        assert each["blocks"]
        assert not [name for name, found in each["blocks"].items() if len(found) != 12]
