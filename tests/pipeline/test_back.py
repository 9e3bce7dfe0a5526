"""The way back that README gives loses no photo, and a dvc.lock that was cut short is restored."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.drawn.pipeline import TOP, Project, make_environment

pytestmark = pytest.mark.slow

PHOTOS = Path("data/raw/person0/cup")


@pytest.fixture(scope="module")
def project(untouched: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy, committed before its photos were added and again by README's command."""
    folder = tmp_path_factory.mktemp("back") / "a project"
    shutil.copytree(untouched.folder, folder, symlinks=True)
    copy = Project(folder)
    shutil.rmtree(folder / ".venv")  # of the other place
    make_environment(folder)
    copy.run("sh", "setup.sh", "requirements.txt")
    copy.run("git", "reset", "--quiet", "HEAD~1")
    copy.run("git", "rm", "--quiet", "--cached", "data/raw.dvc")
    copy.run("git", "commit", "--quiet", "--message=before")
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
    said = project.run("make", "repro", MLFLOW_TRACKING_URI="http://127.0.0.1:9")  # no store is needed
    assert "dvc.lock was cut short" in said
    assert "restored from the last commit" in said
    assert "rwlock was cut short: removed" in said
    assert "Running stage" not in said
    assert lock.read_bytes() == whole
    assert "cut short" not in project.python("-m", "stages.mend")


@pytest.mark.parametrize(
    ("kept", "named"), [("nothing", "data/augmented, .* and [0-9]+ more"), ("the rest", "data/manifest.csv")]
)
def test_outputs_that_the_cache_lacks_are_said_before_any_is_removed(
    kept: str, named: str, project: Project
) -> None:
    """As in a fresh clone, or after `dvc gc`."""
    folder = project.folder
    cache, aside = folder / ".dvc/cache/files", folder.parent / "aside"
    before = {name: content for name, content in files(folder / "data").items() if name != "croissant.json"}
    lost = cache
    if kept != "nothing":
        lock = YAML(typ="safe").load(folder / "dvc.lock")
        (out,) = (out for out in lock["stages"]["ingest"]["outs"] if out["path"] == "data/manifest.csv")
        lost = cache / "md5" / out["md5"][:2] / out["md5"][2:]
    lost.rename(aside)
    with project.edited("params.yaml") as values:
        project.write_params({**values, "lr": 0.5})
        with pytest.raises(AssertionError, match=f"lacks {named} of the last .* `make repro` makes") as said:
            project.run(*way_back())
        assert project.run("git", "status", "--short") == "", "settings are back"
    assert "Traceback" not in str(said.value)
    assert {name: files(folder / "data").get(name) for name in before} == before
    aside.rename(lost)


def looks_unchanged(project: Project, name: str) -> None:
    """Edits a committed file so that git, by its index, takes it for the same: as long, and as old."""
    path = project.folder / name
    committed = project.run("git", "show", f"HEAD:{name}")
    path.write_text(committed)
    project.run("git", "config", "core.trustctime", "false")
    second = path.stat().st_mtime_ns - 5_000_000_000  # older than the index, or git would look into it
    os.utime(path, ns=(second, second))
    project.run("git", "add", name)
    path.write_text(f"{committed[:-2]}~\n")
    os.utime(path, ns=(second, second))
    assert name not in project.run("git", "status", "--short")


def test_the_way_back_restores_settings_report_and_outputs_and_loses_no_photo(project: Project) -> None:
    folder = project.folder
    whole = ("database", "evaluations", "models", "splits", "study", "visualisations")
    outputs = {name: files(folder / "data" / name) for name in whole}
    photos = folder / PHOTOS
    shutil.copy(photos / "0.png", photos / "added before dvc add.png")
    project.ask("add", "data/raw")
    shutil.copy(photos / "0.png", photos / "added after it.png")
    shutil.copy(photos / "3.png", photos / "1.png")
    (photos / "2.png").unlink()
    project.write_params({**project.params(), "lr": 0.5})
    project.ask("repro", "ingest")
    shutil.copy(photos / "0.png", photos / "added last.png")
    project.run("git", "add", "dvc.lock")
    (folder / "reports" / "comparison.md").write_text("edited")
    (folder / "reports" / "notes.md").write_text("of a student")
    (folder / "stages" / "style.py").write_text("# edited\n")
    for name in ("evaluations", "models", "study", "visualisations"):  # of a variant that was tried
        (folder / "data" / name / "tried").mkdir()
        (folder / "data" / name / "tried" / "details.json").write_text("{}")
    shutil.rmtree(folder / "data" / "splits")
    before = files(folder / "data" / "raw")
    assert "added last.png" in {Path(name).name for name in before}
    looks_unchanged(project, "params.yaml")

    project.run(*way_back())

    assert files(folder / "data" / "raw") == before
    assert {name: files(folder / "data" / name) for name in outputs} == outputs
    changed = project.run("git", "status", "--short").splitlines()
    assert changed == [" M data/raw.dvc", " M stages/style.py", "?? reports/notes.md"]
    status = json.loads(project.ask("status", "--json"))
    assert set(status) == {"check", "ingest", "data/raw.dvc"}
    assert status["check"] == [{"changed deps": {"stages": "modified"}}]
    assert status["ingest"] == [{"changed deps": {"data/raw": "modified"}}]

    project.run(*way_back())
    assert files(folder / "data" / "raw") == before
