"""The way back that README gives loses no photo, and a dvc.lock that was cut short is restored."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.pipeline.conftest import TOP, Project

pytestmark = pytest.mark.slow

PHOTOS = Path("data/raw/person0/cup")


@pytest.fixture(scope="module")
def project(reproduced: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy with its photos in data/raw, as README says, and all of it committed."""
    folder = tmp_path_factory.mktemp("back") / "a project"
    shutil.copytree(reproduced.folder, folder, symlinks=True, ignore=shutil.ignore_patterns("mlruns"))
    copy = Project(folder)
    shutil.copytree(folder / "data" / "drawn", folder / "data" / "raw")
    copy.dvc("add", "data/raw")
    copy.write_params({**copy.params(), "photos": "data/raw"})
    copy.dvc("repro")
    commit(copy)
    return copy


def commit(project: Project) -> None:
    """Does what README says to keep what came of a run."""
    (command,) = re.findall(r"`(git add params\.yaml .*?) && git commit", (TOP / "README.md").read_text())
    project.run(*command.split())
    project.run("git", "commit", "--quiet", "--message=ours")
    assert project.run("git", "status", "--short") == ""


def way_back() -> list[str]:
    """The command as README has it."""
    (command,) = re.findall(r"^(.*?) *# back to the last commit", (TOP / "README.md").read_text(), re.M)
    return ["sh", "-c", command]


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_a_lock_that_a_kill_cut_short_is_restored_before_anything_runs(project: Project) -> None:
    lock = project.folder / "dvc.lock"
    whole = lock.read_bytes()
    lock.write_bytes(whole[: len(whole) // 2])
    (project.folder / ".dvc" / "tmp" / "rwlock").write_text("")
    said = project.run("make", "repro")
    assert "dvc.lock was cut short" in said
    assert "restored from the last commit" in said
    assert "rwlock was cut short: removed" in said
    assert "Running stage" not in said
    assert lock.read_bytes() == whole
    assert "cut short" not in project.run("make", "repro")


def test_the_way_back_restores_settings_report_and_outputs_and_loses_no_photo(project: Project) -> None:
    folder = project.folder
    outputs = {name: files(folder / "data" / name) for name in ("database", "evaluations", "splits")}
    photos = folder / PHOTOS
    shutil.copy(photos / "0.png", photos / "added before dvc add.png")
    project.dvc("add", "data/raw")
    shutil.copy(photos / "0.png", photos / "added after it.png")
    shutil.copy(folder / "data/raw/person1/book/0.png", photos / "1.png")
    (photos / "2.png").unlink()
    project.write_params({**project.params(), "lr": 0.5})
    project.dvc("repro", "ingest")
    shutil.copy(photos / "0.png", photos / "added last.png")
    project.run("git", "add", "dvc.lock")
    (folder / "reports" / "comparison.md").write_text("edited")
    (folder / "reports" / "notes.md").write_text("of a student")
    (folder / "stages" / "style.py").write_text("# edited\n")
    (folder / "data" / "evaluations" / "tried").mkdir()
    (folder / "data" / "evaluations" / "tried" / "details.json").write_text("{}")
    shutil.rmtree(folder / "data" / "splits")
    before = files(folder / "data" / "raw")
    assert "added last.png" in {Path(name).name for name in before}

    project.run(*way_back())

    assert files(folder / "data" / "raw") == before
    assert {name: files(folder / "data" / name) for name in outputs} == outputs
    changed = project.run("git", "status", "--short").splitlines()
    assert changed == [" M data/raw.dvc", " M stages/style.py", "?? reports/notes.md"]
    status = json.loads(project.dvc("status", "--json"))
    assert set(status) == {"ingest", "data/raw.dvc"}
    assert status["ingest"] == [{"changed deps": {"data/raw": "modified"}}]

    project.run(*way_back())
    assert files(folder / "data" / "raw") == before
