"""A folder on a stick serves a class, as README says: a clone takes from it what another has computed."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tenshots.repository import mending as mending_of_remotes
from tests.drawn import planted, unpacking
from tests.drawn.pipeline import TOP, VARIANTS, Project, make_environment, ran, variants_of

pytestmark = pytest.mark.slow

PLACE = '"/media/stick/our cache"'


def commands(number: int, stick: Path) -> str:
    """README's lines: 0 to set up a clone, 1 to push, 2 to pull, but for what follows a change."""
    section = (TOP / "README.md").read_text().split("## Sharing with the class")[1].split("\n## ")[0]
    block = re.findall(r"```sh\n(.*?)```", section, flags=re.DOTALL)[number]
    assert (PLACE in block) == (number == 0)
    return block.replace(PLACE, f'"{stick}"').split("dvc repro --pull")[0]


def call(project: Project, text: str) -> str:
    """Runs lines in a shell that has activated the environment."""
    path = f"{project.folder}/.venv/bin:{os.defpath}"
    return project.run("sh", "-ec", text, PATH=path)


def ask(project: Project, text: str) -> str:
    """What `call` does, of lines that are DVC's alone: they start at once."""
    lines = [shlex.split(line, comments=True) for line in text.splitlines()]
    return "".join(project.ask(*words[1:]) for words in lines if words)


def set_up(project: Project) -> None:
    make_environment(project.folder)
    project.run("sh", "setup.sh", "requirements.txt")


def clone_of(
    project: Project, folder: Path, stick: Path, *, by: Callable[[Project, str], str] = ask
) -> Project:
    """A clone on another laptop, that knows the stick."""
    folder.mkdir(parents=True)
    subprocess.run(["git", "clone", "--quiet", str(project.folder), str(folder / "a clone")], check=True)
    clone = Project(folder / "a clone", beside=project)
    set_up(clone)
    by(clone, commands(0, stick))
    return clone


@pytest.fixture(scope="module")
def ada(untouched: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Has committed what came of her photos."""
    folder = tmp_path_factory.mktemp("ada") / "her project"
    shutil.copytree(untouched.folder, folder, symlinks=True, ignore=shutil.ignore_patterns(".venv", "*.log"))
    project = Project(folder)
    set_up(project)
    assert project.run("git", "status", "--short") == ""
    assert project.run("git", "ls-files", "data/raw") == ""
    return project


@pytest.fixture(scope="module")
def stick(ada: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Holds what Ada has pushed."""
    stick = tmp_path_factory.mktemp("media") / "the stick's cache"
    call(ada, commands(0, stick))
    call(ada, commands(1, stick))
    return stick


@pytest.fixture(scope="module")
def bob(ada: Project, stick: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A clone that has pulled all, by README's lines; `pulled.log` holds what they said."""
    bob = clone_of(ada, tmp_path_factory.mktemp("bob") / "his", stick, by=call)
    (bob.home / "pulled.log").write_text(call(bob, commands(2, stick)))
    return bob


def mending(stick: Path) -> str:
    """README's command for a stick that is not whole."""
    section = " ".join((TOP / "README.md").read_text().split())
    (command,) = set(re.findall(rf"`(python -m stages\.mend {PLACE})`", section))
    return command.replace(PLACE, f'"{stick}"')


def has_all(project: Project, remote: str) -> bool:
    return "are in sync" in project.ask("status", "--cloud", "--remote", remote)


def damaged(stick: Path) -> list[Path]:
    """The files of a remote whose names promise other bytes, or that are not finished."""
    return [
        path
        for path in (stick / "files" / "md5").glob("*/*")
        if hashlib.md5(path.read_bytes()).hexdigest() != path.parent.name + path.name.removesuffix(".dir")
    ]


def test_a_clone_gets_everything_computes_nothing_and_records_all_runs(bob: Project) -> None:
    said = (bob.home / "pulled.log").read_text()
    assert ran(said) == set()
    assert "Data and pipelines are up to date." in said
    assert bob.run("git", "status", "--short") == ""
    assert variants_of(bob.runs()) == ["*", *VARIANTS]
    assert list((bob.folder / "mlruns").rglob("fold-0_repeat-0.weights.h5"))
    assert bob.python("-m", "stages.record") == "MLflow: nothing to add\n"
    photo = next((bob.folder / "data" / "raw").rglob("*.png"))
    assert "mean prediction of" in bob.python("-m", "stages.predict", str(photo))
    assert "stick" in (bob.folder / ".dvc/config.local").read_text()  # which git ignores


def test_what_one_has_computed_under_other_settings_another_takes(
    ada: Project, bob: Project, stick: Path
) -> None:
    with ada.edited("params.yaml") as values, ada.edited("dvc.lock"):
        changed = {**values, "split": {**values["split"], "val": 0.25}}
        ada.write_params(changed)
        assert "split" in ran(ada.ask("repro", "split"))
        ask(ada, commands(1, stick))
        lock = (ada.folder / "dvc.lock").read_bytes()
    ada.ask("checkout", "--force", "dvc.yaml")
    with bob.edited("params.yaml"), bob.edited("dvc.lock"):
        bob.write_params(changed)
        said = bob.dvc("repro", "--pull", "split")
        assert ran(said) == set()
        assert "Stage 'split' is cached - skipping run, checking out outputs" in said
        assert (bob.folder / "dvc.lock").read_bytes() == lock
    bob.ask("checkout", "--force", "dvc.yaml")


def test_a_push_that_is_killed_goes_on(ada: Project, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    ada.ask("remote", "add", "--local", "killed", str(stick))
    push = ["push", "--run-cache", "--remote", "killed", "--jobs", "1"]
    with subprocess.Popen(
        [ada.folder / ".venv/bin/python", "-m", "dvc", *push],
        cwd=ada.folder,
        env=ada.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        while process.poll() is None and not list(stick.glob("files/md5/*/*")):
            time.sleep(0.001)
        os.killpg(process.pid, signal.SIGKILL)
    call(ada, mending(stick))
    assert damaged(stick) == []
    ada.ask(*push)
    assert damaged(stick) == []
    assert has_all(ada, "killed")
    ada.ask("remote", "remove", "--local", "killed")
    assert clone_computes_nothing(ada, stick, tmp_path)


def clone_computes_nothing(project: Project, stick: Path, folder: Path) -> bool:
    clone = clone_of(project, folder / "clone", stick)
    clone.ask("pull", "--run-cache")
    return clone.changed() == set()


def test_a_push_to_a_stick_that_is_full_goes_on_when_there_is_room(
    ada: Project, tmp_path: Path, small_disk: Callable[[Path, str], None]
) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    small_disk(stick, "1200k")
    ada.ask("remote", "add", "--local", "full", str(stick / "cache"))
    push = ("push", "--run-cache", "--remote", "full")
    with pytest.raises(AssertionError, match="No space left on device"):
        ada.ask(*push)
    assert list(stick.glob("cache/files/md5/*/*"))
    assert list(stick.rglob("*.tmp"))
    call(ada, mending(stick / "cache"))
    assert not list(stick.rglob("*.tmp"))
    subprocess.run(["mount", "-o", "remount,size=100m", str(stick)], check=True)
    ada.ask(*push)
    assert damaged(stick / "cache") == []
    assert has_all(ada, "full")
    ada.ask("remote", "remove", "--local", "full")
    assert clone_computes_nothing(ada, stick / "cache", tmp_path)


@pytest.mark.parametrize("size", [0, 100])
def test_a_file_that_is_not_whole_is_noticed_by_a_pull_and_mended_by_the_next_push(
    size: int, ada: Project, stick: Path, tmp_path: Path
) -> None:
    """A kill may leave an empty file in place, and a stick half of one: a push alone would leave it so."""
    weights = ada.folder / "data/models/baseline/fold-0_repeat-0.weights.h5"
    name = hashlib.md5(weights.read_bytes()).hexdigest()
    broken = stick / "files" / "md5" / name[:2] / name[2:]
    broken.chmod(0o644)
    broken.write_bytes(weights.read_bytes()[:size])
    bob = clone_of(ada, tmp_path / "bob", stick)
    ask(ada, commands(1, stick))
    with pytest.raises(
        AssertionError, match=r"Checkout failed for following targets:\s+data/models/baseline"
    ):
        bob.ask("pull", "--run-cache")
    assert f"{broken}: removed, because it is not whole" in call(ada, mending(stick))
    ask(ada, commands(1, stick))
    bob.ask("pull", "--run-cache")
    assert bob.changed() == set()


def test_two_with_different_photos_share_a_stick_and_get_their_own(
    ada: Project, stick: Path, tmp_path: Path
) -> None:
    eve = clone_of(ada, tmp_path / "eve", stick)
    photos = eve.folder / "data" / "raw"
    for number in range(2):
        shutil.copytree(ada.folder / "data/raw/person0", photos / f"friend{number}")
    for number, path in enumerate(sorted(photos.rglob("*.png"))):
        path.write_bytes(path.read_bytes() + bytes([number]))  # other bytes, which decoders leave alone
    eve.ask("add", "data/raw")
    eve.run("git", "commit", "--all", "--quiet", "--message=other photos")
    ask(eve, commands(1, stick))

    before = unpacked_photos(ada)
    ada.ask("pull", "--run-cache")
    assert unpacked_photos(ada) == before
    assert ada.changed() == set()
    hers = unpacked_photos(eve)
    cached = {path.parent.name + path.name for path in (ada.folder / ".dvc/cache/files/md5").glob("*/*")}
    assert cached.isdisjoint(hashlib.md5(photo).hexdigest() for photo in hers.values())
    again = clone_of(eve, tmp_path / "eve again", stick)
    again.ask("pull", "data/raw.dvc")
    assert unpacked_photos(again) == hers


def unpacked_photos(project: Project) -> dict[str, bytes]:
    photos = project.folder / "data" / "raw"
    return {path.relative_to(photos).as_posix(): path.read_bytes() for path in photos.rglob("*.*")}


def test_a_pull_deletes_no_photo_that_was_not_added(bob: Project) -> None:
    new = bob.folder / "data/raw/person0/cup/new.png"
    new.write_bytes(b"new")
    with pytest.raises(AssertionError, match="Can't remove the following unsaved files without confirmation"):
        bob.ask("pull", "--run-cache")
    assert new.read_bytes() == b"new"


def test_a_forged_stick_writes_code_unless_it_is_mended_first(ada: Project, tmp_path: Path) -> None:
    """README and SECURITY.md warn of it; if DVC mends this, so may the warning."""
    top, stick = tmp_path / "project", tmp_path / "stick"
    code = hashlib.md5(b"evil").hexdigest()  # Eve has handed it in as a photo
    put(top / "photos/a.jpg", b"evil")
    put(top / "in.txt", b"1")
    put(top / "dvc.yaml", b"stages: {make: {cmd: mkdir o && cp in.txt o, deps: [in.txt], outs: [o]}}")
    project = Project(top, beside=ada)
    project.run("git", "init", "--quiet")
    ask(project, f"dvc init -q\ndvc add -q photos\ndvc remote add -q -d s {stick}")
    ask(project, "dvc remote modify s verify true\ndvc repro -q")
    for content, push in ((b"2", "dvc push -q --run-cache"), (b"3", "dvc push -q")):
        put(top / "in.txt", content)
        ask(project, f"dvc repro -q\n{push}")
    shutil.rmtree(top / ".dvc/cache")

    lists, runs = set(stick.glob("files/md5/*/*.dir")), set(stick.glob("runs/*/*/*"))
    for path in lists:
        rows = [*json.loads(path.read_bytes()), {"md5": code, "relpath": "../from_list.py"}]
        put(path, json.dumps(rows).encode())
    for path in runs:
        out = f"outs: [{{path: from_run.py, hash: md5, md5: {code}, size: 4}}]"
        put(path, path.read_text().split("outs:")[0].encode() + out.encode())
    shutil.copytree(top, tmp_path / "other")
    assert taken(project) == {"from_list.py", "from_run.py"}
    assert mending_of_remotes.mend_remote(stick)[1].keys() == lists | runs
    assert taken(Project(tmp_path / "other", beside=ada)) == set()


def taken(project: Project) -> set[str]:
    """The code that is there when all was taken from a stick, as far as DVC could."""
    for name in ("o", "photos"):
        shutil.rmtree(project.folder / name)
    project.dvc_at_once("pull", "-q", "--run-cache")
    put(project.folder / "in.txt", b"2")
    project.dvc_at_once("repro", "-q")
    return {path.name for path in project.folder.glob("from_*.py")}


def put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)  # DVC's are read-only
    path.write_bytes(content)


def test_the_stick_holds_photos_with_all_that_they_tell(stick: Path) -> None:
    """README warns of it; if this changes, so may the warning."""
    assert any(planted.WORDS["body"].encode() in data for _, data in unpacking.files(stick))
