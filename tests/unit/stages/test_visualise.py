"""The stage that draws what a network sees, on networks that were never taught."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image

from stages import evaluate, visualise
from tenshots.errors import DataError
from tenshots.interpretation import drawing
from tenshots.networks import stored
from tenshots.networks.model_json import SavedVariant
from tenshots.runtime import keras
from tenshots.tables import database
from tests.drawn import model as drawn_model

SETTINGS = """\
seed: 20
visualise: {fold: 1, repeat: 0, num_photos: 2, num_maps: 4, num_filters: 2, steps: 2,
  dream: DREAM, dream_steps: 1, landscape: POINTS}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    drawn_model.project(tmp_path)
    monkeypatch.chdir(tmp_path)
    models = tmp_path / "data/models"
    shutil.copytree(models / "baseline", models / "other")
    for variant in ("baseline", "other"):
        evaluate.main([variant])
    _set(tmp_path, dream="false", points=0)
    return tmp_path


def _set(folder: Path, *, dream: str, points: int) -> None:
    text = SETTINGS.replace("DREAM", dream).replace("POINTS", str(points))
    (folder / "params.yaml").write_text(drawn_model.PARAMS + text, encoding="utf-8")


def test_the_index_lists_every_picture_with_the_words_that_explain_it(project: Path) -> None:
    visualise.main([])
    folder = project / "data/visualisations/baseline"
    index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    assert (index["variant"], index["fold"], index["repeat"]) == ("baseline", 1, 0)
    pictures = index["pictures"]
    kinds = ["structure", "feature_maps", "filters", "excitation", "gradcam_right", "gradcam_wrong"]
    assert [picture["kind"] for picture in pictures] == kinds
    assert {path.name for path in folder.iterdir()} == {
        *(picture["file"] for picture in pictures),
        "index.json",
    }

    splits = database.read_splits(project / "data/splits/splits.csv")
    tested = set(splits.loc[(splits["fold"] == 1) & (splits["part"] == "test"), "photo_id"])
    for picture in pictures:
        with Image.open(folder / picture["file"]) as opened:
            assert opened.size == (picture["width"], picture["height"])
        assert picture["width"] == drawing.WIDTH
        assert set(picture["photo_ids"]) <= tested, "it never saw them"
        assert len(picture["caption"]) > 80
        assert picture["title"]
        assert picture["alt"]
    assert [bool(picture["photo_ids"]) for picture in pictures] == [False, True, False, True, True, True]


def test_a_second_time_gives_the_same_bytes_and_nothing_of_the_first(project: Path) -> None:
    def outputs() -> dict[str, bytes]:
        visualise.main([])
        return {path.name: path.read_bytes() for path in (project / "data/visualisations/baseline").iterdir()}

    first = outputs()
    (project / "data/visualisations/baseline/09-dream.png").write_bytes(b"of other settings")
    (project / "data/visualisations/gone").mkdir()
    assert outputs() == first
    assert {path.name for path in (project / "data/visualisations").iterdir()} == {"baseline", "other"}


def test_a_variant_is_drawn_as_if_it_were_alone(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the process drew before it: names that Keras gives begin anew, and so do seeds."""
    rebuild, names = stored.rebuild, []

    def rebuilt(saved: SavedVariant) -> keras.Model:
        names.append(keras.layers.ReLU().name)
        return rebuild(saved)

    monkeypatch.setattr(stored, "rebuild", rebuilt)
    visualise.main([])
    assert names == ["re_lu"] * 2
    folder = project / "data/visualisations"
    drawn = {
        variant: {path.name: path.read_bytes() for path in (folder / variant).glob("*.png")}
        for variant in ("baseline", "other")
    }
    assert len(drawn["baseline"]) == 6
    assert drawn["other"] == drawn["baseline"]  # copies of the same networks


def test_the_costly_pictures_come_when_they_are_asked_for(project: Path) -> None:
    _set(project, dream="true", points=3)
    visualise.main([])
    index = json.loads((project / "data/visualisations/baseline/index.json").read_text(encoding="utf-8"))
    assert [picture["kind"] for picture in index["pictures"]][-2:] == ["dream", "landscape"]


def test_networks_other_than_those_that_were_evaluated_are_an_error(project: Path) -> None:
    models = project / "data/models/baseline"
    (models / "fold-0_repeat-0.weights.h5").replace(models / "fold-1_repeat-0.weights.h5")
    with pytest.raises(DataError, match="data/evaluations is not of the networks in data/models"):
        visualise.main([])


def test_a_variant_that_was_not_evaluated_is_an_error(project: Path) -> None:
    (project / "data/evaluations/baseline/predictions.csv").unlink()
    with pytest.raises(DataError, match=r"predictions\.csv is missing"):
        visualise.main([])
