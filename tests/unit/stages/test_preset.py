"""A preset runs beside the project: its own folder, settings and store; the checkout stays as it was."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from ruamel.yaml import YAML

from stages import answers, preset
from tenshots import params
from tenshots.errors import DataError, SettingsError
from tenshots.tables import database, predictions
from tenshots.tables.paths import EVALUATIONS, SPLITS

TOP = Path(__file__).parents[3]
TINY = {
    "title": "a tiny one",
    "photos": {"source": "Draw them.", "shape": "train/a/1.png", "labels": ["a", "b"], "draw": {"train": 2}},
    "settings": {
        "layout": "{split}/{label}/{name}",
        "repeats": 1,
        "split": {"folds": 1},
        "variants": {"only": {"data": "database", "network": "lecture"}},
    },
}


def git(*arguments: str) -> str:
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder of files in the shape that the preset is for; their content does not matter here."""
    folder = tmp_path / "my photos"
    for part in ("train", "test"):
        for label in "ab":
            (folder / part / label).mkdir(parents=True)
            for number in range(5):
                (folder / part / label / f"{number}.png").write_text(f"{part} {label} {number}")
    return folder


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, a checkout with a preset and settings of the user's that are not committed."""
    folder = tmp_path / "project"
    (folder / "presets").mkdir(parents=True)
    monkeypatch.chdir(folder)
    for name in ("params.yaml", "dvc.yaml", ".gitignore"):
        Path(name).write_text((TOP / name).read_text())
    YAML().dump(TINY, Path("presets/tiny.yaml"))
    git("init", "--quiet")
    git("add", ".")
    git("commit", "--quiet", "--message=all")
    Path("params.yaml").write_text(Path("params.yaml").read_text() + "# mine\n")
    return folder


@pytest.fixture
def pipeline(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """In place of DVC, which runs in tests/pipeline: what each call saw."""
    calls: list[dict[str, object]] = []

    def reproduced(_: object) -> None:
        store = {name: value for name, value in os.environ.items() if name in preset.FOREIGN}
        copied = sorted(path.as_posix() for path in Path("data/raw").rglob("*.png"))
        calls.append({"settings": params.read(), "cwd": Path.cwd(), "store": store, "photos": copied})
        ids = pd.DataFrame({"photo_id": ["0" * 63 + str(n) for n in range(4)], "label": ["a", "b"] * 2})
        shares = [[0.9, 0.1], [0.1, 0.9], [0.9, 0.1], [0.9, 0.1]]
        answered = predictions.table(ids, pd.DataFrame(shares).to_numpy(), ["a", "b"], fold=0, repeat=0)
        (EVALUATIONS / "only").mkdir(parents=True, exist_ok=True)
        database.write_predictions(answered, EVALUATIONS / "only" / "predictions.csv")
        splits = ids[["photo_id"]].assign(component=ids["photo_id"], fold=0, part="test")
        SPLITS.parent.mkdir(parents=True, exist_ok=True)
        database.write_splits(splits, SPLITS)

    monkeypatch.setattr(answers, "main", reproduced)
    monkeypatch.setattr(preset.mend, "main", lambda _: None)
    return calls


def test_it_runs_in_a_folder_of_its_own_and_says_what_came_of_it(
    project: Path,
    photos: Path,
    pipeline: list[dict[str, object]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///the-users-own.db")
    busy = iter([100.0, 160.0, 300.0, 420.0, 0.0, 6.0])  # as each call begins and ends
    monkeypatch.setattr(preset, "_busy_s", lambda: next(busy))
    before = Path("params.yaml").read_bytes()
    preset.main(["tiny", "--photos", str(photos)])
    [call] = pipeline
    assert call["cwd"] == project / ".presets" / "tiny"
    assert call["store"] == {}
    assert os.environ["MLFLOW_TRACKING_URI"] == "sqlite:///the-users-own.db"
    settings = call["settings"]
    assert isinstance(settings, dict)
    assert (settings["photos"], settings["split"]["folds"], settings["split"]["val"]) == ("data/raw", 1, 0.2)
    assert list(settings["variants"]) == ["only"]
    copied = call["photos"]
    assert isinstance(copied, list)
    assert [len([path for path in copied if part in path]) for part in ("/train/", "/test/")] == [4, 10]
    said = capsys.readouterr().out
    assert re.search(
        r"only: 75\.0\W%\Wof 4 test photos right", said
    )  # between them, a space that keeps together
    assert "; 1.0 CPU minutes on " in said
    assert f"The page: {project / '.presets/tiny/reports/index.html'}" in said
    assert Path("params.yaml").read_bytes() == before
    assert git("status", "--short") == " M params.yaml\n"  # as it was before

    drawn = copied[0]
    (photos / drawn.removeprefix("data/raw/")).write_text("another one")
    preset.main(["tiny", "--photos", str(photos)])
    said = capsys.readouterr().out
    assert "as a former call has left it" in said
    assert "; 3.0 CPU minutes in 2 calls on " in said
    assert (call["cwd"] / drawn).read_text() == "another one"
    preset.main(["tiny", "--photos", str(photos), "--trial"])
    assert "; 0.1 CPU minutes on " in capsys.readouterr().out
    tried = pipeline[-1]["settings"]
    assert isinstance(tried, dict)
    assert tried["epochs"] == 2
    assert git("status", "--short") == " M params.yaml\n"


@pytest.mark.usefixtures("project")
def test_where_the_pipeline_fails_the_error_says_that_what_is_done_is_kept(
    photos: Path, pipeline: list[dict[str, object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: object) -> None:
        raise SystemExit(1)

    monkeypatch.setattr(answers, "main", fails)
    with pytest.raises(DataError, match=r"stopped in .*tiny.*exit status 1.*run the same again"):
        preset.main(["tiny", "--photos", str(photos)])
    assert not pipeline
    assert "MLFLOW_TRACKING_URI" not in os.environ


@pytest.mark.usefixtures("project", "pipeline")
def test_code_that_is_not_committed_is_told_not_to_count(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    preset.main(["tiny", "--photos", str(photos)])
    assert not capsys.readouterr().err, "one's own settings do not count anyway"
    Path("dvc.yaml").write_text(Path("dvc.yaml").read_text() + "# mine\n")
    preset.main(["tiny", "--photos", str(photos)])
    assert capsys.readouterr().err.startswith("note: dvc.yaml differs from the last commit, which is what")


@pytest.mark.usefixtures("project")
def test_photos_that_cannot_be_had_are_said_before_the_pipeline_runs(
    photos: Path, pipeline: list[dict[str, object]]
) -> None:
    whole = {**TINY["photos"]}  # type: ignore[dict-item]  # a mapping
    del whole["draw"]  # so they are read where they lie
    YAML().dump({**TINY, "photos": whole}, Path("presets/tiny.yaml"))
    secret = photos.parent / "secret.png"
    secret.write_text("a secret")
    (photos / "train/a/5.png").symlink_to(secret)
    with pytest.raises(DataError, match=r"5\.png"):
        preset.main(["tiny", "--photos", str(photos)])
    assert not pipeline


@pytest.mark.usefixtures("project")
def test_without_a_name_it_lists_the_presets(capsys: pytest.CaptureFixture[str]) -> None:
    preset.main([])
    assert capsys.readouterr().out.splitlines()[0] == "  tiny: a tiny one"
    Path("presets/broken.yaml").write_text("title: mine\nsetings: {}\n")
    preset.main([])
    broken, tiny, *_ = capsys.readouterr().out.splitlines()
    assert broken.startswith("  broken: cannot be read: presets/broken.yaml: s")
    assert tiny == "  tiny: a tiny one"
    assert not Path(".presets").exists()


@pytest.mark.usefixtures("project", "pipeline")
def test_a_wrong_setting_is_said_of_the_presets_file(photos: Path) -> None:
    YAML().dump({**TINY, "settings": {**TINY["settings"], "lrr": 0.1}}, Path("presets/tiny.yaml"))
    with pytest.raises(SettingsError, match=r"^presets/tiny\.yaml over params\.yaml: lrr is not a known"):
        preset.main(["tiny", "--photos", str(photos)])
    assert [path.name for path in Path(".presets").iterdir()] == ["tiny.lock"]
    assert ".presets" not in git("worktree", "list")
    for few in (
        {"settings": {**TINY["settings"], "split": 3}},
        {"photos": {**TINY["photos"], "draw": {"train": 9}}},
    ):  # type: ignore[dict-item]
        YAML().dump({**TINY, **few}, Path("presets/tiny.yaml"))
        with pytest.raises((SettingsError, DataError), match=r"split must be a section|at least 9 photos"):
            preset.main(["tiny", "--photos", str(photos)])
        assert not Path(".presets/tiny").exists()

    YAML().dump(TINY, Path("presets/tiny.yaml"))
    preset.main(["tiny", "--photos", str(photos)])
    YAML().dump({**TINY, "settings": {**TINY["settings"], "lrr": 0.1}}, Path("presets/tiny.yaml"))
    with pytest.raises(SettingsError, match="lrr is not a known"):
        preset.main(["tiny", "--photos", str(photos)])
    assert Path(".presets/tiny/params.yaml").exists(), "what a former call has done"


@pytest.mark.usefixtures("project")
def test_a_file_that_must_not_be_read_is_left_out_and_named(
    photos: Path, pipeline: list[dict[str, object]], capsys: pytest.CaptureFixture[str]
) -> None:
    (photos.parent / "secret.png").write_text("a secret")
    for label in "ab":
        for number in range(3):  # two are drawn of each label, and two have what may be read
            (photos / f"train/{label}/{number}.png").unlink()
            (photos / f"train/{label}/{number}.png").symlink_to(photos.parent / "secret.png")
    preset.main(["tiny", "--photos", str(photos)])
    [call] = pipeline
    folder = Path(str(call["cwd"]), "data/raw")
    assert sorted(path.name for path in (folder / "train/a").iterdir()) == ["3.png", "4.png"]
    assert "6 files in" in capsys.readouterr().err


@pytest.mark.usefixtures("project", "pipeline")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (lambda _: ["tinny"], "'tinny'; did you mean 'tiny'"),
        (lambda _: ["tiny"], r"PHOTOS=folder. Draw them. It must look like train/a/1.png"),
        (lambda _: ["tiny", "--photos", "nowhere"], "folder nowhere is missing. Draw them"),
        (lambda photos: ["tiny", "--photos", str(photos.parent)], r"one folder deeper: PHOTOS=.*/my photos"),
        (
            lambda photos: ["tiny", "--photos", str(photos / "train")],
            "the labels themselves; name the folder around it",
        ),
    ],
)
def test_what_is_missing_is_said_before_anything_is_made(
    photos: Path, arguments: Callable[[Path], list[str]], said: str
) -> None:
    with pytest.raises((SettingsError, DataError), match=said):
        preset.main(arguments(photos))
    assert not Path(".presets").exists()
