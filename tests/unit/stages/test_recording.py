"""What stages tell MLflow, where something goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from stages import recording
from tenshots.errors import DataError
from tenshots.tables import database
from tenshots.tracking import sessions
from tests.drawn import model as drawn_model


def test_a_variant_that_cannot_be_evaluated_is_said_and_ends_nothing(
    store: Callable[..., list], capsys: pytest.CaptureFixture[str]
) -> None:
    drawn_model.project(Path())
    photos = database.read_photos(Path("data/database"), ["photo_id", "label"])
    splits = database.read_splits(Path("data/splits/splits.csv"))
    with sessions.variant_run("baseline") as run:
        recording.add_evaluation(run, "baseline", photos, splits)
        recording.add_evaluation(run, "baseline", photos, splits.assign(part="train"))
    said = capsys.readouterr().err
    assert said.startswith(
        "warning: MLflow is not told how right baseline is, since that cannot be computed ("
    )
    assert said.count("\n") == 1
    (found,) = store("tags.`tenshots.variant` = 'baseline'")
    assert found.info.status == "FINISHED"
    assert 0 <= found.data.metrics["test_accuracy"] <= 1


def test_ctrl_c_is_no_error_of_an_evaluation(
    store: Callable[..., list], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    drawn_model.project(Path())
    monkeypatch.setattr(recording, "evaluate", stopped)
    with pytest.raises(KeyboardInterrupt), sessions.variant_run("baseline") as run:
        recording.add_evaluation(run, "baseline", *[None] * 2)
    assert {each.info.status for each in store()} == {"FAILED"}


def test_a_missing_output_is_named_before_any_run_is_opened(store: Callable[..., list]) -> None:
    with pytest.raises(DataError, match=r"data/models/a/model.json is missing; run `dvc repro train@a`"):
        recording.record({"variants": {"a": {}}}, variants=["a"])
    assert store() == []
