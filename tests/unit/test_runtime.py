"""Truths about the backend's silence, threads and determinism."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import warnings
from pathlib import Path

import joblib
import pytest

from tenshots import runtime
from tenshots.errors import SettingsError
from tenshots.runtime import _silence, configure
from tests.drawn.backends import JAX


def _run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_an_import_prints_is_hidden(capfd: pytest.CaptureFixture[str]) -> None:
    with _silence():
        os.write(2, b"noise from C++\n")

    os.write(2, b"afterwards\n")
    assert capfd.readouterr().err == "afterwards\n"


@pytest.mark.parametrize(
    ("variables", "keras_json", "why"),
    [
        ({"KERAS_BACKEND": "nonsense"}, None, "Unable to import backend : nonsense"),
        ({"KERAS_BACKEND": ""}, '{"backend": "absent"}', "Unable to import backend : absent"),
        ({}, '{"floatx": "nonsense"}', "Invalid `floatx` configuration. Expected one of"),
    ],
)
def test_settings_of_the_users_with_which_keras_cannot_start_are_one_line(
    variables: dict[str, str], keras_json: str | None, why: str, tmp_path: Path
) -> None:
    if keras_json:
        (tmp_path / "keras.json").write_text(keras_json)
    answer = _run("import tenshots.runtime", KERAS_HOME=str(tmp_path), **variables)
    assert answer.returncode == 1
    assert answer.stderr.startswith(f"error: Keras cannot be imported: {why}")
    assert answer.stderr.endswith("remove the other; if that does not help, run `make setup`\n")
    assert answer.stderr.count("\n") == 1


def test_what_a_failing_import_prints_is_shown(capfd: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        os.write(2, b"libcuda is too old\n")
        raise ImportError("no backend")

    with pytest.raises(ImportError), _silence():
        fail()

    assert capfd.readouterr().err == "libcuda is too old\n"


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    """A process of its own that says what it computes with, where much is set for Keras elsewhere."""
    folder = tmp_path_factory.mktemp("keras")
    (folder / "keras.json").write_text(
        '{"floatx": "float64", "epsilon": 0.001, "image_data_format": "channels_first"}'
    )
    code = """
        import gc, sys
        from tenshots.runtime import configure, keras
        print(sorted({"matplotlib", "sklearn"} & set(sys.modules)), gc.isenabled())
        configure(threads=3)
        dense = keras.layers.Dense(1)
        config = keras.config
        print(dense.dtype_policy.name, config.epsilon(), config.image_data_format(), config.max_epochs(),
              config.max_steps_per_epoch())
        keras.ops.ones(1)
        import tensorflow as tf
        threading = tf.config.threading
        import joblib
        print(threading.get_intra_op_parallelism_threads())
        print(threading.get_inter_op_parallelism_threads() == joblib.cpu_count())
        try:
            tf.random.uniform((1,))
        except RuntimeError as error:
            print("Random ops require a seed" in str(error))
        import sklearn.linear_model
        from matplotlib.figure import Figure
        print("imported")
        """
    set_elsewhere = {"KERAS_MAX_EPOCHS": "1", "KERAS_MAX_STEPS_PER_EPOCH": "1"}
    return _run(code, KERAS_HOME=str(folder), KERAS_BACKEND="tensorflow", **set_elsewhere)


@pytest.mark.slow
def test_what_a_person_has_set_for_keras_elsewhere_moves_nothing(
    fresh: subprocess.CompletedProcess[str],
) -> None:
    said = fresh.stdout.splitlines()
    assert said[1:2] == ["float32 1e-07 channels_last None None"], fresh.stderr


@pytest.mark.slow
def test_a_process_computes_deterministically_with_its_threads_and_in_silence(
    fresh: subprocess.CompletedProcess[str],
) -> None:
    assert (fresh.stdout.splitlines()[2:5], fresh.stderr) == (["3", "True", "True"], "")


@pytest.mark.slow
def test_keras_is_imported_without_what_nothing_here_uses_of_it_and_that_can_be_imported_later(
    fresh: subprocess.CompletedProcess[str],
) -> None:
    said = fresh.stdout.splitlines()
    assert said[0] == "[] True", fresh.stderr
    assert (said[-1], fresh.returncode) == ("imported", 0), fresh.stderr


def test_another_number_of_threads_is_too_late_after_the_first_computation() -> None:
    configure(threads=1)
    runtime.keras.ops.ones(1)
    import tensorflow as tf

    threads = tf.config.threading.get_intra_op_parallelism_threads()
    with pytest.warns(UserWarning, match=f"already uses threads: {threads},"):
        configure(threads=threads + 1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        configure(threads=threads)


@pytest.mark.parametrize(
    ("cores", "threads", "workers"), [(1, 1, 1), (8, 1, 8), (8, 2, 4), (7, 2, 3), (2, 4, 1)]
)
def test_workers_and_their_threads_fill_the_cores(
    monkeypatch: pytest.MonkeyPatch, cores: int, threads: int, workers: int
) -> None:
    monkeypatch.setattr(joblib, "cpu_count", lambda: cores)
    assert runtime.num_workers(threads=threads) == workers


def test_one_worker_computes_where_a_gpu_or_jax_does(monkeypatch: pytest.MonkeyPatch) -> None:
    import tensorflow as tf

    monkeypatch.setattr(joblib, "cpu_count", lambda: 8)
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [kind])
    assert runtime.num_workers(threads=1) == 1
    monkeypatch.undo()
    monkeypatch.setattr(joblib, "cpu_count", lambda: 8)
    monkeypatch.setattr(runtime.keras.backend, "backend", lambda: "jax")
    assert runtime.num_workers(threads=1) == 1


def test_the_environment_sets_workers_or_shares_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joblib, "cpu_count", lambda: 8)
    monkeypatch.setenv("TENSHOTS_EXPERIMENTS", "3")
    assert [runtime.num_workers(threads=threads) for threads in (1, 2, 4)] == [2, 1, 1]
    assert runtime.num_workers(threads=1, num_worth=1) == 1
    assert runtime.num_workers(threads=1, num_worth=9) == 2
    monkeypatch.setenv("TENSHOTS_WORKERS", "5")
    assert runtime.num_workers(threads=2, num_worth=1) == 5
    monkeypatch.setenv("TENSHOTS_WORKERS", "")
    monkeypatch.setenv("TENSHOTS_EXPERIMENTS", "")
    assert runtime.num_workers(threads=1) == 8


@pytest.mark.parametrize("name", ["TENSHOTS_WORKERS", "TENSHOTS_EXPERIMENTS"])
@pytest.mark.parametrize("given", ["0", "-1", "two", "1.5", "99999", "²"])
def test_something_else_than_a_number_of_workers_is_an_error_that_names_it(
    name: str, given: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, given)
    with pytest.raises(SettingsError, match=f"{name} must be a whole number from 1 to 9999, got '{given}'"):
        runtime.num_workers(threads=1)


@pytest.fixture(scope="module")
def on_jax() -> subprocess.CompletedProcess[str]:
    """A process that computes with JAX, as it takes seconds to start: trainings, gradients, drawn weights."""
    return _run(
        """
        import importlib.abc
        import sys

        class NoTensorFlow(importlib.abc.MetaPathFinder):
            def find_spec(self, name, path=None, target=None):
                if name.split(".")[0] == "tensorflow":
                    raise ImportError("blocked")

        sys.meta_path.insert(0, NoTensorFlow())

        import numpy as np

        from tenshots.networks import building, drawing, features, forward
        from tenshots.networks.building import settings_from
        from tenshots.training import executor, scratch, transfer
        from tenshots.training.jobs import Job
        from tenshots.training.linear import Known
        from tenshots.training.loop import TrainSettings
        from tenshots.training.settings import OptimisationSettings
        from tenshots.runtime import configure, keras

        assert keras.backend.backend() == "jax"
        configure(threads=1)
        blocks = {"filters": [4], "dense": 8, "dropout": 0.2}
        scratch_settings = settings_from({"family": "convolutional", "input_px": 32, **blocks}, at="")
        backbone = {"architecture": "convolutional", "arguments": blocks, "weights": "none"}
        pretrained = settings_from(
            {"family": "pretrained", "input_px": 32, "backbone": backbone, "dropout": 0.2, "unfreeze": 0.5,
             "fine_tune_lr_factor": 0.1}, at="")
        settings = TrainSettings(0.01, 8, 1, OptimisationSettings(
            optimiser="adamw", weight_decay=0, schedule="cosine", warmup=0.1, label_smoothing=0, patience=1))
        images = np.random.default_rng(0).integers(0, 256, (32, 40, 40, 3), dtype=np.uint8)
        job = Job(0, 0, 0, np.arange(24), np.arange(24, 32), 24)
        data = {"images": images, "labels": np.arange(32) % 2, "settings": settings}

        def build():
            return building.build(scratch_settings, size_px=40, num_labels=2)

        def backboned():
            network = building.build(pretrained, size_px=40, num_labels=2)
            drawing.draw(network, 1)
            return network

        def finish(network, outcome):
            return [row.phase for row in outcome.history], forward.predict(network, images).shape

        print(*executor.run(scratch.trainers(build, **data), [job], finish=finish)[0])
        below = features.below_head(backboned())
        rows = (features.outputs(below, each) for each in (images, images[:, :, ::-1]))
        known = Known(*rows, np.arange(32))
        begin = transfer.trainers(backboned, **data, phases=pretrained, known=known)
        print(*executor.run(begin, [job], finish=finish)[0])

        from tenshots.interpretation import gradients
        model = keras.Sequential([keras.Input((2,)), keras.layers.BatchNormalization()])
        for num_calls in (1, 100):
            found = gradients.gradient_of(
                lambda x: keras.ops.sum(model(x, training=False) ** 3), num_calls=num_calls
            )
            print(*(np.round(part, 2).tolist() for part in found(np.array([[1, 2]]))))

        from tests.drawn import weights
        weights.nested()
        print(weights.told(3))
        print(weights.told(3))
        assert "tensorflow" not in sys.modules
        """,
        **JAX,
    )


@pytest.mark.slow
def test_the_numeric_core_trains_and_predicts_on_jax_without_tensorflow(
    on_jax: subprocess.CompletedProcess[str],
) -> None:
    said = on_jax.stdout.splitlines()
    assert said[:2] == ["['scratch'] (32, 2)", "['logistic_regression', 'fine_tune'] (32, 2)"], on_jax.stderr
    assert on_jax.returncode == 0, on_jax.stderr


@pytest.mark.slow
def test_gradients_are_the_same_on_jax(on_jax: subprocess.CompletedProcess[str]) -> None:
    assert [line[:3] for line in on_jax.stdout.splitlines()[2:4]] == ["8.9"] * 2, on_jax.stderr


@pytest.mark.slow
def test_two_processes_draw_the_same_weights_on_jax_too(on_jax: subprocess.CompletedProcess[str]) -> None:
    """However many networks were built before; tests of `training` say so of this backend."""
    other = _run("from tests.drawn import weights; print(weights.told(3))", **JAX)
    assert on_jax.stdout.splitlines()[4:] == other.stdout.split() * 2, other.stderr
