"""A piece of work is found again by the same stage alone, as it was, and goes once nobody needs it."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tenshots import portable
from tenshots.repository import code, unfinished
from tenshots.repository.unfinished import Unfinished

CODE = Path(unfinished.__file__).parents[2]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of DVC's with an input, in which DVC runs a stage."""
    (tmp_path / ".dvc").mkdir()
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos/1.png").write_bytes(b"a cup")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DVC_ROOT", raising=False)
    monkeypatch.setenv("DVC_STAGE", "train@baseline")
    return tmp_path


def pieces(stage: str = "train", **settings: Any) -> Unfinished:  # noqa: ANN401 (settings)
    return unfinished.pieces(stage, settings={"seed": 1, **settings}, inputs=[Path("photos"), Path("absent")])


def kept(project: Path) -> list[str]:
    return sorted(path.name for path in project.glob(".dvc/tmp/tenshots/unfinished/*/*"))


def test_the_same_stage_finds_what_it_has_put(project: Path) -> None:
    assert pieces().get("fold-0_repeat-0") is None
    pieces().put("fold-0_repeat-0", b"weights")
    pieces().put("empty", b"")
    assert pieces().get("fold-0_repeat-0") == b"weights"
    assert pieces().get("empty") == b""
    assert pieces().get("fold-0_repeat-1") is None
    assert kept(project) == ["empty", "fold-0_repeat-0"]


def another_photo() -> None:
    Path("photos/1.png").write_bytes(b"a mug")


def one_photo_more() -> None:
    Path("photos/2.png").write_bytes(b"")


def another_name() -> None:
    Path("photos/1.png").rename("photos/2.png")


@pytest.mark.parametrize("change", [another_photo, one_photo_more, another_name])
@pytest.mark.usefixtures("project")
def test_other_inputs_are_another_stage(change: Callable[[], object]) -> None:
    pieces().put("a", b"1")
    change()
    assert pieces().get("a") is None


@pytest.mark.usefixtures("project")
def test_other_settings_or_another_stage_find_nothing() -> None:
    pieces().put("a", b"1")
    assert pieces(seed=2).get("a") is None
    assert pieces(lr=0.1).get("a") is None
    assert pieces("study").get("a") is None
    assert pieces().get("a") == b"1"


@pytest.mark.parametrize("of", ["a package", "the backend", "the processor's code", "Python"])
def test_other_versions_find_nothing(of: str, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = project / "site"
    (site / "numpy-2.0.0.dist-info").mkdir(parents=True)
    monkeypatch.syspath_prepend(site)
    pieces().put("a", b"1")
    if of == "a package":
        (site / "numpy-2.0.0.dist-info").rename(site / "numpy-2.0.1.dist-info")
    elif of == "the backend":
        monkeypatch.setenv("KERAS_BACKEND", "jax")
    elif of == "Python":
        monkeypatch.setattr(sys, "version", "3.99")
    else:
        monkeypatch.setattr(portable, "pinned", not portable.pinned)
    assert pieces().get("a") is None


@pytest.mark.parametrize(
    ("edited", "is_the_same"),
    [
        ("stages/train.py", False),
        ("tenshots/networks/families/dense.py", False),
        ("tenshots/training/loop.py", False),
        ("tenshots/pages/report/page.py", True),
    ],
)
@pytest.mark.usefixtures("project")
def test_edited_code_of_the_stage_finds_nothing(
    edited: str, is_the_same: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "code"
    for name in ("stages", "tenshots"):
        shutil.copytree(CODE / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    assert (copy / edited).is_file()
    for name in ("stage_files", "text"):
        original = getattr(code, name)
        monkeypatch.setattr(code, name, lambda what, of=original: of(what, code_dir=copy))
    monkeypatch.setattr(code, "CODE_DIR", copy)
    pieces().put("a", b"1")
    with (copy / edited).open("a") as file:
        file.write("\n# edited\n")
    assert (pieces().get("a") is not None) == is_the_same


@pytest.mark.parametrize("left", [0, 1, 63, 64, 70])
def test_a_piece_that_is_cut_or_changed_is_not_taken(left: int, project: Path) -> None:
    pieces().put("a", b"ten bytes.")
    path = next(project.glob(".dvc/tmp/tenshots/unfinished/*/a"))
    content = path.read_bytes()
    path.write_bytes(content[:left])
    assert pieces().get("a") is None
    path.write_bytes(content[:-1] + b"!")
    assert pieces().get("a") is None
    pieces().put("a", b"ten bytes.")
    assert pieces().get("a") == b"ten bytes."


@pytest.mark.usefixtures("project")
def test_threads_that_put_the_same_do_not_disturb_one_another() -> None:
    shared, wrong = pieces(), []

    def work() -> None:
        for number in range(200):
            shared.put("a", bytes([number]) * 10_000)
            found = shared.get("a")
            if found is None or len(set(found)) != 1 or len(found) != 10_000:
                wrong.append(found)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_pieces_go_once_dvc_lock_has_the_outputs_and_not_before(project: Path) -> None:
    made = Path("data/models/baseline")
    made.mkdir(parents=True)
    (made / "weights.h5").write_bytes(b"weights")
    pieces().put("a", b"1")
    lock = project / "dvc.lock"
    lock.write_text("md5: of another training\n")
    unfinished.forget_old()  # the stage still runs
    assert kept(project) == ["a"]

    pieces().end(made)
    unfinished.forget_old()  # killed before DVC had recorded it: nothing is lost
    assert pieces().get("a") == b"1"

    out = {"path": "data/models/baseline", "md5": dvc_hash(project / made)}
    YAML().dump({"stages": {"evaluate@baseline": {"deps": [out]}}}, lock)
    unfinished.forget_old()  # another stage knows it, from an earlier time
    assert pieces().get("a") == b"1"

    YAML().dump({"stages": {"train@baseline": {"outs": [out]}}}, lock)
    unfinished.forget_old()
    assert kept(project) == []
    assert pieces().get("a") is None


def dvc_hash(folder: Path) -> str:
    from dvc_data.hashfile.build import build
    from dvc_data.hashfile.db import HashFileDB
    from dvc_objects.fs.local import LocalFileSystem

    fs = LocalFileSystem()
    _, _, built = build(HashFileDB(fs, str(folder.parent / "odb")), str(folder), fs, "md5")
    return str(built.hash_info.value)


def test_pieces_of_a_temporary_experiment_lie_in_the_project_and_go_with_it(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = project / ".dvc/tmp/exps/tmpabc"
    (copy / "photos").mkdir(parents=True)
    shutil.copy(project / "photos/1.png", copy / "photos/1.png")
    pieces().put("a", b"1")
    monkeypatch.chdir(copy)
    assert pieces().get("a") == b"1"  # shared: all is the same

    pieces().end(Path("photos"))
    monkeypatch.chdir(project)
    shutil.rmtree(copy)
    unfinished.forget_old()
    assert kept(project) == []


def test_outside_of_dvc_nothing_is_kept(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DVC_STAGE")
    pieces().put("a", b"1")
    pieces().end(Path("photos"))  # nobody else is to take the outputs
    assert kept(project) == []
    (project / ".dvc").rename(project / "not dvc")
    pieces().put("a", b"1")
    assert not (project / ".dvc").exists()


def test_old_pieces_go_and_the_oldest_if_all_are_too_many(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unfinished, "MAX_BYTES", 700)
    for age_days, name in ((20, "stale"), (3, "older"), (2, "newer"), (1, "newest")):
        pieces(lr=age_days).put(name, b"x" * 200)  # and 64 of its hash
        folder = next(project.glob(f".dvc/tmp/tenshots/unfinished/*/{name}")).parent
        when = time.time() - age_days * 24 * 3600
        os.utime(folder, (when, when))
    unfinished.forget_old()
    assert kept(project) == ["newer", "newest"]
    monkeypatch.setattr(unfinished, "MAX_BYTES", 100)
    unfinished.forget_old()  # the newest may be what a stage resumes from
    assert kept(project) == ["newest"]


@pytest.mark.parametrize("reason", ["No space left on device", "there are 0 GB of it already"])
def test_where_there_is_no_room_the_stage_goes_on_and_says_so_once(
    reason: str, project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    stage = pieces()
    stage.put("first", b"1" * 200)
    if reason.startswith("No space"):
        monkeypatch.setattr("tempfile.mkstemp", full)
    else:
        monkeypatch.setattr(unfinished, "MAX_BYTES", 300)
    stage.put("second", b"2" * 100)
    monkeypatch.undo()
    monkeypatch.chdir(project)
    stage.put("third", b"3")
    said = capsys.readouterr().err
    assert said.startswith("note: what this stage finishes is not kept in ")
    assert f"({reason}); were it stopped" in said
    assert said.count("\n") == 1
    assert kept(project) == ["first"]

    monkeypatch.setenv("DVC_STAGE", "train@baseline")
    monkeypatch.setattr("tempfile.mkstemp", full)
    stage.end(Path("photos"))
    assert kept(project) == ["first"]


def test_a_stage_ends_in_order_whatever_others_remove_meanwhile(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Experiments of the same settings share a folder, and the first of them that is recorded removes it."""
    hashed = unfinished.outputs.folder_hash

    def removed(folder: Path) -> str:
        shutil.rmtree(next(project.glob(".dvc/tmp/tenshots/unfinished/*")))
        return hashed(folder)

    monkeypatch.setattr(unfinished.outputs, "folder_hash", removed)
    pieces().put("a", b"1")
    pieces().end(Path("photos"))
    assert kept(project) == [".ended"]
    monkeypatch.undo()
    monkeypatch.chdir(project)
    monkeypatch.setenv("DVC_STAGE", "train@baseline")

    stop = threading.Event()

    def remove() -> None:
        while not stop.is_set():
            for folder in project.glob(".dvc/tmp/tenshots/unfinished/*"):
                shutil.rmtree(folder, ignore_errors=True)

    thread = threading.Thread(target=remove)
    thread.start()
    try:
        for _ in range(30):
            pieces().put("a", b"1")
            pieces().end(Path("photos"))
            unfinished.forget_old()
    finally:
        stop.set()
        thread.join()
    assert capsys.readouterr().err == ""


def test_threads_together_keep_no_more_than_one_would_and_say_so_once(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(unfinished, "MAX_BYTES", 1000)
    stage = pieces()
    names = [str(number) for number in range(8)]
    threads = [threading.Thread(target=stage.put, args=(name, b"x" * 236)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(kept(project)) == 3  # of 300 bytes each
    assert capsys.readouterr().err.count("note: ") == 1


@pytest.mark.parametrize("content", [b"", b"{}", b'{"made": {}}', b"[1]"])
def test_a_damaged_note_of_the_end_keeps_the_pieces(content: bytes, project: Path) -> None:
    pieces().put("a", b"1")
    pieces().end(Path("photos"))
    next(project.glob(".dvc/tmp/tenshots/unfinished/*/.ended")).write_bytes(content)
    unfinished.forget_old()
    assert pieces().get("a") == b"1"
