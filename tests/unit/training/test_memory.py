"""Truths about the memory that trainings take, and that is free."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from tenshots.runtime import keras
from tenshots.training import memory
from tests.drawn.trainings import build


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with 1000 free bytes whose control groups the test writes, in the folder that it is given."""
    free = psutil.virtual_memory()._replace(available=1000)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: free)
    monkeypatch.setattr(memory, "CGROUPS", tmp_path / "groups")
    monkeypatch.setattr(memory, "OURS", tmp_path / "ours")
    return tmp_path


def limit(folder: Path, names: tuple[str, str, str], *, most: str, used: int, cache: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / names[0]).write_text(f"{most}\n")
    (folder / names[1]).write_text(f"{used}\n")
    (folder / "memory.stat").write_text(f"anon 1\n{names[2]} {cache}\nactive_file 5\n")


def test_half_of_what_is_free_is_filled_by_at_least_one_training(machine: Path) -> None:
    del machine
    found = [memory.num_fitting(size) for size in (1, 100, 249, 251, 501, 10**12)]

    assert found == [500, 5, 2, 1, 1, 1]


def test_experiments_that_run_at_once_share_what_is_free(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del machine
    monkeypatch.setenv("TENSHOTS_EXPERIMENTS", "2")

    assert memory.num_fitting(100) == 2


def test_a_container_of_version_2_limits_what_is_free_and_its_cache_counts_as_free(machine: Path) -> None:
    (machine / "ours").write_text("0::/\n")
    limit(machine / "groups", memory.V2, most="700", used=500, cache=100)

    assert memory.free_bytes() == 300


def test_the_tightest_of_the_groups_around_the_process_counts(machine: Path) -> None:
    (machine / "ours").write_text("0::/user/job\n")
    limit(machine / "groups/user/job", memory.V2, most="max", used=500, cache=0)
    limit(machine / "groups/user", memory.V2, most="900", used=500, cache=0)

    assert memory.free_bytes() == 400


def test_a_container_of_version_1_counts_also_where_the_machine_names_its_group_otherwise(
    machine: Path,
) -> None:
    (machine / "ours").write_text("11:cpu,cpuacct:/docker/abc\n4:memory:/docker/abc\n0::/\n")
    limit(machine / "groups/memory", memory.V1, most="600", used=400, cache=50)

    assert memory.free_bytes() == 250


def test_no_limit_and_no_control_groups_leave_what_the_machine_has(machine: Path) -> None:
    assert memory.free_bytes() == 1000
    (machine / "ours").write_text("4:memory:/\n")
    limit(machine / "groups/memory", memory.V1, most=str(2**63 - 4096), used=400, cache=50)
    assert memory.free_bytes() == 1000


def test_a_limit_that_is_used_up_leaves_nothing_and_one_training_still_runs(machine: Path) -> None:
    (machine / "ours").write_text("0::/\n")
    limit(machine / "groups", memory.V2, most="700", used=900, cache=0)

    assert memory.free_bytes() == 0
    assert memory.num_fitting(10) == 1


def test_memory_of_a_training_grows_with_its_batch_and_counts_weights_four_times() -> None:
    model = build()
    small, large = (memory.training_bytes(model, batch_size=size) for size in (1, 2))
    outputs = sum(int(np.prod(layer.output.shape[1:])) for layer in model.layers)

    assert large - small == 2 * 4 * outputs
    assert small - (large - small) == 4 * 4 * sum(int(np.prod(w.shape)) for w in model.weights) + 100_000_000


def test_memory_of_a_training_counts_a_model_within_a_model_and_every_output_of_a_layer() -> None:
    class Twice(keras.layers.Layer):
        """Puts out what it is given, twice."""

        def call(self, inputs: Any) -> Any:  # noqa: ANN401 (tensors)
            """Returns both."""
            return inputs, inputs

    inner_input = keras.Input((10,))
    inner = keras.Model(inner_input, keras.layers.Dense(3)(keras.layers.Add()(Twice()(inner_input))))
    outer_input = keras.Input((10,))
    outer = keras.Model(outer_input, inner(outer_input))
    small, large = (memory.training_bytes(outer, batch_size=size) for size in (1, 2))

    # Two inputs, two outputs of Twice and one of Add of 10 numbers each; 3 of the dense layer.
    assert large - small == 2 * 4 * (10 + 10 + 20 + 10 + 3)
