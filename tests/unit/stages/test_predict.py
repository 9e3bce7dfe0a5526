"""Prediction of new photos."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from ruamel.yaml import YAML

from stages import predict
from tenshots import errors, params
from tenshots.errors import DataError, SettingsError
from tenshots.intake.photos import standardising
from tenshots.networks import model_json, stored
from tenshots.tables import database, encoding
from tenshots.tables.encoding import StandardiseSettings
from tenshots.tables.predictions import probabilities_of
from tests.drawn import model as drawn_model
from tests.drawn import results as drawn_results
from tests.drawn.handed_in import RULES

ACCEPT = RULES.accept
VALUES = {"variants": {"baseline": {}, "other": {}}}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    drawn_model.project(tmp_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data/evaluations/baseline").mkdir(parents=True)
    (tmp_path / "data/evaluations/baseline/metrics.json").write_text('{"val_accuracy": 0.75}')
    draw = np.random.default_rng(0)
    for number in range(2):
        (tmp_path / f"photo{number}.jpg").write_bytes(drawn_results.picture(draw, number))
    return tmp_path


def test_a_photo_gets_the_same_probabilities_from_the_database_and_from_predict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The photo goes as a file through predict, and through the database to what training writes down.
    settings = StandardiseSettings(size_px=drawn_model.SIZE_PX, fit="pad", encoding="lossless")
    drawn = drawn_results.photos(drawn_model.LABELS, num_groups=4, num_each=3)
    standard = drawn.assign(
        image=[
            encoding.encode(standardising.standardise(image, settings, ACCEPT).image, "lossless")
            for image in drawn["image"]
        ]
    )
    drawn_model.save(tmp_path / "baseline")
    saved = model_json.read_variant(tmp_path / "baseline")
    monkeypatch.chdir(tmp_path)
    database.write_photos(standard, tmp_path / "database", num_shards=1)
    photos = database.read_photos(tmp_path / "database")
    drawn_model.answer(tmp_path / "baseline", photos, drawn_model.splits(drawn))
    answers = database.read_predictions(tmp_path / "baseline/predictions.csv")
    test = answers[answers["part"] == "test"]

    for fit in saved.fits:
        rows = test[(test["fold"] == fit.fold) & (test["repeat"] == fit.repeat)]
        files = drawn.set_index("photo_id").loc[rows["photo_id"], "image"]
        paths = [tmp_path / f"{name}.jpg" for name in files.index]
        for path, image in zip(paths, files, strict=True):
            path.write_bytes(image)
        images, reasons = predict.read(predict.found(paths, ACCEPT), settings, ACCEPT)
        assert not reasons
        shares = predict.predict(saved.model_copy(update={"fits": [fit]}), tmp_path / "baseline", images)
        # Batches of another size may add up in another order: the last bits of float32.
        assert np.stack([shares[str(path)] for path in paths]) == pytest.approx(
            probabilities_of(rows), abs=1e-6
        )


def test_the_table_has_a_line_a_photo(project: Path, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: ARG001
    predict.main(["photo0.jpg", "photo1.jpg"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "baseline (highest validation accuracy, 0.750): mean prediction of 4 trainings"
    assert lines[2].split() == ["photo", "label", "book", "cup"]
    assert [line.split()[0] for line in lines[3:]] == ["photo0.jpg", "photo1.jpg"]
    for line in lines[3:]:
        assert sum(float(share) for share in line.split()[2:]) == pytest.approx(1, abs=0.002)
    assert len({len(line) for line in lines[2:]}) == 1


def test_unusable_photos_are_named_with_the_reason_after_which_the_status_is_1(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "notes.txt").write_text("no photo")
    with pytest.raises(SystemExit) as stopped:
        predict.main(["notes.txt", "absent.jpg", "photo0.jpg", "--variant", "baseline", "--json"])
    assert stopped.value.code == 1
    described = json.loads(capsys.readouterr().out)
    assert described["chosen"] == "as asked"
    first, second, third = described["photos"]
    assert "image" in first["reason"]
    assert second == {"photo": "absent.jpg", "reason": "cannot be read (No such file or directory)"}
    assert third["label"] in drawn_model.LABELS
    assert third["label"] == max(third["probabilities"], key=third["probabilities"].get)


def test_a_folder_stands_for_all_files_below_it_as_ingest_finds_them(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = project / "new photos"
    (folder / "deep/er").mkdir(parents=True)
    (folder / "deep/er/b.JPG").write_bytes((project / "photo1.jpg").read_bytes())
    (folder / "a.jpg").write_bytes((project / "photo0.jpg").read_bytes())
    (folder / "notes.txt").write_text("no photo")
    (folder / ".DS_Store").write_text("which is said of no folder")
    with zipfile.ZipFile(folder / "more.zip", "w") as archive:
        archive.write(project / "photo0.jpg", "in/c.jpg")
    with pytest.raises(SystemExit) as stopped:
        predict.main(["new photos", "photo0.jpg", "--json"])
    assert stopped.value.code == 1  # for the notes
    answers = json.loads(capsys.readouterr().out)["photos"]
    assert [(item["photo"], "label" in item) for item in answers] == [
        ("new photos/a.jpg", True),
        ("new photos/deep/er/b.JPG", True),
        ("new photos/more.zip/in/c.jpg", True),
        ("new photos/notes.txt", False),
        ("photo0.jpg", True),
    ]
    assert answers[0]["probabilities"] == answers[2]["probabilities"] == answers[4]["probabilities"]

    (project / "empty").mkdir()
    with pytest.raises(DataError, match="empty must hold at least one photo"):
        predict.main(["empty"])


def test_an_archive_is_read_as_it_would_be_in_a_folder(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "new").mkdir()
    with zipfile.ZipFile(project / "new/x.ZIP", "w") as archive:
        archive.write(project / "photo0.jpg", "cup/a.jpg")
        archive.write(project / "photo1.jpg", "b.jpg")
        archive.writestr("notes.txt", "no photo")
    said = []
    for named in ("new", "new/x.ZIP"):
        with pytest.raises(SystemExit):  # for the notes
            predict.main([named, "--json"])
        said.append(json.loads(capsys.readouterr().out)["photos"])
    assert said[0] == said[1]
    assert [(item["photo"], "label" in item) for item in said[1]] == [
        ("new/x.ZIP/b.jpg", True),
        ("new/x.ZIP/cup/a.jpg", True),
        ("new/x.ZIP/notes.txt", False),
    ]


def test_an_archive_has_the_limits_that_ingest_sets(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    values = params.read()
    YAML().dump({**values, "accept": {**values["accept"], "max_zip_files": 1}}, project / "params.yaml")
    with zipfile.ZipFile(project / "x.zip", "w") as archive:
        for name in ("a.jpg", "b.jpg"):
            archive.write(project / "photo0.jpg", name)
    with pytest.raises(SystemExit):
        predict.main(["x.zip", "--json"])
    (answer,) = json.loads(capsys.readouterr().out)["photos"]
    assert answer["photo"] == "x.zip"
    assert "max_zip_files" in answer["reason"]


def test_a_name_can_neither_steer_a_terminal_nor_add_a_line(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "a\033[31m\n\u202eb.jpg"
    (project / "photo0.jpg").rename(project / name)
    predict.main([name, "photo1.jpg"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[3].startswith(r"a\x1b[31m\n\u202eb.jpg  ")
    assert len(lines) == 5


def test_nothing_usable_still_says_why(project: Path, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: ARG001
    with pytest.raises(SystemExit):
        predict.main(["absent.jpg"])
    assert "absent.jpg  cannot be read (No such file or directory)" in capsys.readouterr().out


def test_the_variant_is_chosen_by_its_validation_accuracy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        DataError, match=r"baseline/metrics\.json is missing; run `dvc repro evaluate@baseline`"
    ):
        predict.choose(VALUES, None)
    folder = tmp_path / "data/evaluations"
    for name in ("baseline", "other", "removed"):
        (folder / name).mkdir(parents=True)
    (folder / "baseline/metrics.json").write_text('{"val_accuracy": 0.5, "test_accuracy": 0.9}')
    assert predict.choose(VALUES, None) == ("baseline", "highest validation accuracy, 0.500")
    (folder / "other/metrics.json").write_text('{"val_accuracy": 0.6, "test_accuracy": 0.1}')
    (folder / "removed/metrics.json").write_text('{"val_accuracy": 0.9}')
    assert predict.choose(VALUES, None)[0] == "other"
    assert predict.choose(VALUES, "baseline") == ("baseline", "as asked")


def test_an_unknown_variant_is_an_error_that_names_the_known_ones() -> None:
    with pytest.raises(SettingsError, match=r"must be one of baseline, other .* got 'no_such'"):
        predict.choose(VALUES, "no_such")


@pytest.mark.parametrize(
    "change", ["other bytes", "one more file", "another lock", "no lock", "a broken lock"]
)
def test_weights_that_are_not_those_of_dvc_lock_are_not_loaded(
    change: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = project / "data/models/baseline/fold-0_repeat-0.weights.h5"
    if change == "other bytes":
        weights.write_bytes(weights.read_bytes()[:-1] + b"?")
    elif change == "one more file":
        weights.with_name("more.weights.h5").write_bytes(b"")
    elif change == "no lock":
        (project / "dvc.lock").unlink()
    elif change == "a broken lock":
        (project / "dvc.lock").write_text("stages: [")
    else:
        lock = (project / "dvc.lock").read_text()
        (project / "dvc.lock").write_text(lock.replace(".dir", "0.dir"))
    monkeypatch.setattr(stored, "mean_probabilities", lambda *_: pytest.fail("they were used"))
    with pytest.raises(
        DataError, match=r"data/models/baseline (must have the hash|is not in dvc\.lock).*dvc repro"
    ):
        predict.main(["photo0.jpg"])


def test_what_is_missing_is_said_with_the_stage_that_leaves_it() -> None:
    assert str(errors.missing("a/b.csv", "train@x")) == (
        "a/b.csv is missing; run `dvc repro train@x`, or `dvc pull` to fetch it"
    )
    assert "; run `dvc repro`, or" in str(errors.missing("a"))
