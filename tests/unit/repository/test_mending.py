"""What a killed DVC leaves is mended, and nothing that is merely changed."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dvc.schema import COMPILED_LOCKFILE_SCHEMA
from dvc.utils import dict_sha256
from dvc.utils.serialize import dump_yaml
from ruamel.yaml import YAML

from stages import mend
from tenshots import params
from tenshots.errors import DataError
from tenshots.repository import mending

ENTRY = """\
  {name}:
    cmd: python -m stages.{name}
    deps:
    - path: data/{name}
      hash: md5
      md5: 0704952260bf9a1239fdf5c079b6c851
      size: 10603
    params:
      params.yaml:
        photos: data/démo
    outs:
    - path: data/{name}.csv
      hash: md5
      md5: 06ae45544feaea97ed7dd5ba4d25158d
      size: 3
    - path: data/{name}_out
      hash: md5
      md5: 79f2a082e32e00ecf953ca4a3495346c.dir
      size: 164
      nfiles: 1
"""
NAMES = ("ingest", "train@one", "train@two")
WHOLE = "schema: '2.0'\nstages:\n" + "".join(ENTRY.format(name=name) for name in NAMES)
MAP = """\
stages:
  ingest: {cmd: a}
  train:
    foreach: ${variants}
    do: {cmd: b}
"""


def git(*arguments: str) -> None:
    identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run(["git", *identity, *arguments], check=True, capture_output=True)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout whose last commit has the whole dvc.lock."""
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text("variants: {one: {}, two: {}}\n")
    Path("dvc.yaml").write_text(MAP)
    mending.LOCK.write_text(WHOLE)
    git("init", "--quiet")
    git("add", ".")
    git("commit", "--quiet", "--message=first")
    mending.DVC_TMP.mkdir(parents=True)
    return tmp_path


def test_every_cut_of_a_lock_is_known(project: Path) -> None:
    """At each byte: within the first stage, a hash, a character, and between two lines or stages."""
    content = WHOLE.encode()
    before = set(NAMES) & mending._defined(project)
    assert before == set(NAMES)
    whole = [
        size
        for size in range(len(content) + 1)
        if not mending.cut(content[:size].decode(errors="replace"), expected=before)
    ]
    assert whole == [content.rindex(b"    - path"), len(content)], "the former, DVC runs again"


def test_without_a_commit_each_cut_that_dvc_cannot_read_is_known() -> None:
    """What it takes for whole ends after an output of a stage."""
    content = WHOLE.encode()
    for size in range(len(content) + 1):
        text = content[:size].decode(errors="replace")
        if not mending.cut(text):
            assert all(
                stage["outs"]
                for stage in COMPILED_LOCKFILE_SCHEMA(YAML(typ="safe").load(text))["stages"].values()
            )
            assert re.search(r"\n      (size: 3|nfiles: 1)\n$", text)


@pytest.mark.parametrize("size", [0, 1, 30, 200, len(WHOLE) // 2, len(WHOLE.encode()) - 1])
def test_a_cut_lock_is_restored_from_the_last_commit_and_kept_aside(
    size: int, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mending.LOCK.write_bytes(WHOLE.encode()[:size])
    mend.main([])
    said = capsys.readouterr().out
    assert said.startswith("dvc.lock was cut short (")
    assert said.count("\n") == 1
    assert "restored from the last commit" in said
    assert mending.LOCK.read_text() == WHOLE
    assert mending.ASIDE.read_bytes() == WHOLE.encode()[:size]
    mend.main([])
    assert capsys.readouterr().out == ""
    del project


def test_a_lock_of_zeros_as_a_power_cut_leaves_is_restored(project: Path) -> None:
    mending.LOCK.write_bytes(bytes(4096))
    assert "restored" in mending.restore_lock(project)
    assert mending.LOCK.read_text() == WHOLE


def test_a_lock_that_no_commit_has_is_removed(project: Path) -> None:
    git("rm", "--quiet", "--cached", "dvc.lock")
    git("commit", "--quiet", "--message=without")
    mending.LOCK.write_text(WHOLE[:-20])
    assert "no commit has it: removed" in mending.restore_lock(project)
    assert not mending.LOCK.exists()
    assert mending.restore_lock(project) == ""


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(WHOLE.replace("10603", "7"), id="another size"),
        pytest.param(WHOLE + ENTRY.format(name="study"), id="a stage more"),
    ],
)
def test_a_lock_that_is_merely_changed_stays(text: str, project: Path) -> None:
    mending.LOCK.write_text(text)
    assert mending.restore_lock(project) == ""
    assert mending.LOCK.read_text() == text


def test_a_stage_that_dvc_yaml_no_longer_has_may_be_missing(project: Path) -> None:
    Path("params.yaml").write_text("variants: {one: {}}\n")
    pruned = WHOLE[: WHOLE.index("  train@two")]
    mending.LOCK.write_text(pruned)
    assert mending.restore_lock(project) == ""
    Path("params.yaml").write_text("variants: {one: {}, two: {}}\n")
    assert "it has lost train@two" in mending.restore_lock(project)


def test_an_unfinished_merge_is_left_to_a_person(project: Path) -> None:
    text = f"<<<<<<< HEAD\n{WHOLE}=======\n{WHOLE}>>>>>>> other\n"
    mending.LOCK.write_text(text)
    with pytest.raises(DataError, match=r"dvc\.lock holds two versions.*git checkout --ours"):
        mending.restore_lock(project)
    assert mending.LOCK.read_text() == text


@pytest.fixture
def running_dvc(project: Path) -> Iterator[None]:
    """A process that looks like a DVC at work in the project."""
    (project / "bin").mkdir()
    (project / "bin" / "dvc").write_text("print('up', flush=True); input()")
    command = [sys.executable, "bin/dvc", "repro"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield
        process.kill()


@pytest.mark.parametrize("text", ["", '{"write": {"data/mod', '{"write": {}, "read": '])
def test_a_broken_list_of_readers_is_removed(text: str, project: Path) -> None:
    mending.READERS_AND_WRITERS.write_text(text)
    assert "removed, because no DVC is running here" in mending.remove_broken_rwlock(project)
    assert not mending.READERS_AND_WRITERS.exists()
    assert mending.remove_broken_rwlock(project) == ""


def test_a_whole_list_of_readers_stays(project: Path) -> None:
    mending.READERS_AND_WRITERS.write_text('{"read": {}}')
    assert mending.remove_broken_rwlock(project) == ""
    assert mending.READERS_AND_WRITERS.exists()


def test_what_was_being_written_beside_outputs_is_removed_and_no_photo(project: Path) -> None:
    """As DVC and the stages name what they have not finished; other hidden files are somebody's."""
    token = "xY3-_" + "a" * 17
    strays = [
        f"data/.{token}.tmp", "data/.ingest.csv.part", "data/.ingest_out.part/1.parquet",
        "data/.ingest_out.former.part/1.parquet",
        f"data/ingest_out/.{token}.tmp", "data/ingest_out/.fold-0.h5.part",
    ]  # fmt: skip
    others = [
        f"data/students/group1/.{token}.tmp", "data/students/group1/.IMG_1.jpg.part", "data/.raw.part",
        "data/ingest_out/.keep", "data/.a.tmp", f"reports/.{token}.tmp", f"docs/.{token}.tmp",
    ]  # fmt: skip
    for name in strays + others:
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text("")
    assert mending.mend(project) == ["6 half-written files of a killed run removed"]
    assert not any((project / name).exists() for name in strays)
    assert all((project / name).exists() for name in others)
    assert mending.mend(project) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("left", "is_shared"), [("nothing", False), ("half a file", False), ("nothing", True)]
)
def test_a_run_that_dvc_was_killed_in_remembering_is_run_again(
    left: str, is_shared: bool, tmp_path: Path
) -> None:
    """DVC stops at a folder without a file, and may take the beginning of a file for all of it."""
    top = tmp_path / "a project"
    top.mkdir()

    def dvc(*arguments: str) -> str:
        command = [sys.executable, "-m", "dvc", *arguments]
        done = subprocess.run(command, cwd=top, capture_output=True, text=True, check=True)
        return done.stdout

    dvc("init", "--no-scm", "--quiet")
    if is_shared:
        (tmp_path / "elsewhere").mkdir()
        (top / ".dvc/cache").symlink_to(tmp_path / "elsewhere")
    (top / "a").write_text("1")
    (top / "params.yaml").write_text("variants: {}\n")
    (top / "dvc.yaml").write_text("stages:\n  copy:\n    cmd: cp a b\n    deps: [a]\n    outs: [b]\n")
    dvc("repro")
    (run,) = (tmp_path / "elsewhere" if is_shared else top / ".dvc/cache").glob("runs/*/*/*")
    begun = run.with_name(".b8z6IV0vUwR81BQkNDP6Ww.tmp")
    content = run.read_text()
    run.unlink()
    if left != "nothing":
        begun.write_text(content.partition("  md5: ")[0])
    for name in ("dvc.lock", "b"):
        (top / name).unlink()

    if is_shared:  # another project may be writing there
        assert mending.mend(top) == []
        long_ago = time.time() - 2 * mending.SHARED_AGE_S
        os.utime(run.parent, (long_ago, long_ago))
    assert mending.mend(top) == ["1 unfinished note of runs removed from DVC's cache"]
    assert mending.mend(top) == []
    assert "Running stage 'copy'" in dvc("repro")

    (top / ".dvc/config").write_text("[cache]\n    type = none of these\n")
    with pytest.raises(DataError, match=r"(?s)DVC cannot read its settings: .*cache"):
        mending.mend(top)


@pytest.mark.usefixtures("running_dvc")
@pytest.mark.parametrize("path", [mending.LOCK, mending.READERS_AND_WRITERS])
def test_neither_is_touched_while_a_dvc_may_be_writing_it(
    path: Path, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path.write_text(WHOLE[:200])
    mend.main([])
    assert capsys.readouterr().out == ""
    assert path.read_text() == WHOLE[:200]
    del project


def test_what_is_not_whole_in_a_remote_is_removed_and_all_else_stays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "our stick's cache"
    contents = (b"a photo", b"another", b"", b"x" * 3_000_000)
    places = [folder / "files/md5" / digest[:2] / digest[2:] for digest in map(md5, contents)]
    lists = [
        json.dumps([{"md5": md5(each), "relpath": "a"} for each in members]).encode()
        for members in (contents[1:3], contents[2:4], contents[1:2])
    ]
    places += [folder / "files/md5" / md5(each)[:2] / f"{md5(each)[2:]}.dir" for each in lists]
    for place, content in zip(places, (*contents, *lists), strict=True):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    entry = put_run(folder, RUN)
    (tmp_path / "beside.tmp").write_text("not ours")
    mend.main([str(folder)])
    assert capsys.readouterr().out == f"{folder}: 8 files intact, 0 removed\n"

    places[0].write_bytes(b"")
    places[3].write_bytes(b"x" * 2_999_999)
    places[6].write_bytes(lists[2] + b" ")
    unfinished = [places[1].with_name(".Qx1.tmp"), entry.with_name(".Qx2.tmp")]
    for path in unfinished:
        path.write_bytes(b"half")
    mend.main([str(folder)])
    said = capsys.readouterr().out.splitlines()
    gone = {places[0], places[3], places[5], places[6], *unfinished}  # the second list's member is gone
    assert {line.removesuffix(": removed, because it is not whole") for line in said[:-1]} == {
        str(path) for path in gone
    }
    assert said[-1].startswith(f"{folder}: 4 files intact, 6 removed; push again from")
    assert {path for path in folder.rglob("*") if path.is_file()} == {
        places[1],
        places[2],
        places[4],
        entry,
    }
    assert (tmp_path / "beside.tmp").exists()


def md5(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()


OUT = {"path": "data/out", "hash": "md5", "md5": md5(b"") + ".dir", "size": 3, "nfiles": 1}
RUN = {"cmd": "a", "params": {"params.yaml": {"lr": 0.001}}, "outs": [OUT]}


def put_run(folder: Path, run: dict[str, Any], *, instead: dict[str, Any] | None = None) -> Path:
    """Puts a run where DVC looks for it; or another one in its place."""
    asked = {**run, "outs": [out["path"] for out in run["outs"]]}
    key, value = (dict_sha256(each, exclude=["size", "nfiles"]) for each in (asked, run))
    path = Path(folder / "runs" / key[:2] / key / value)
    path.parent.mkdir(parents=True, exist_ok=True)
    dump_yaml(path, instead or run)
    return path


def put_list(folder: Path, content: bytes) -> Path:
    """Puts a list of a folder's files, and one empty file, which it may name."""
    place = folder / "files/md5" / md5(content)[:2] / f"{md5(content)[2:]}.dir"
    for path, held in ((place, content), (folder / "files/md5" / md5(b"")[:2] / md5(b"")[2:], b"")):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(held)
    return place


@pytest.mark.parametrize(
    "name", ["../../stages/check.py", "/etc/passwd", "a/../../b", "..", "./a", "a//b", ""]
)
def test_a_list_that_leaves_its_folder_is_named_and_removed(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """DVC would write there, over committed code too."""
    rows = [{"md5": md5(b""), "relpath": each} for each in ("a/b..c", name)]
    honest = put_list(tmp_path, json.dumps(rows[:1]).encode())
    forged = put_list(tmp_path, json.dumps(rows).encode())
    mend.main([str(tmp_path)])
    said = (
        f"{forged}: removed, because it would write outside its folder, at {name!r}: ask who has pushed it\n"
    )
    assert capsys.readouterr().out.startswith(said)
    assert honest.exists()
    assert not forged.exists()


def test_a_list_is_looked_at_wherever_else_its_bytes_lie(tmp_path: Path) -> None:
    content = json.dumps([{"md5": md5(b""), "relpath": "../a"}]).encode()
    forged = put_list(tmp_path, content)
    for name in ("", "zz"):
        copy = tmp_path / "files/md5" / name / md5(content)[:2] / md5(content)[2:]
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(content)
    assert mending.mend_remote(tmp_path)[1].keys() == {forged}


@pytest.mark.parametrize("of", ["files/md5", "runs"])
def test_what_lies_behind_a_link_is_not_taken_for_whole(of: str, tmp_path: Path) -> None:
    put_list(tmp_path, b"[]")
    elsewhere = tmp_path / "elsewhere"
    put_list(elsewhere, json.dumps([{"md5": md5(b""), "relpath": "../a"}]).encode())
    put_run(elsewhere, RUN, instead={**RUN, "cmd": "b"})
    (tmp_path / of).mkdir(exist_ok=True)
    link = tmp_path / of / "99"
    link.symlink_to(elsewhere / of)
    assert mending.mend_remote(tmp_path) == (2, {link: mending.NOT_WHOLE})
    assert elsewhere.exists()


@pytest.mark.parametrize("name", ["files", "files/md5", "runs"])
def test_a_link_in_place_of_a_folder_leads_nowhere(name: str, tmp_path: Path) -> None:
    """A stick may hold one to the home of whoever mends it, where nothing has a hash for a name."""
    stick, thesis = tmp_path / "stick", tmp_path / "home/md5/docs/thesis.tex"
    cut = put_list(stick, b"[]").with_suffix(".tmp")
    cut.touch()
    thesis.parent.mkdir(parents=True)
    thesis.touch()
    if (stick / name).exists():
        (stick / name).rename(tmp_path / "aside")
    (stick / name).symlink_to("../" * len(Path(name).parts) + "home")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(DataError, match=rf"stick/{name} is a link, .* ask who has put it there"):
        mend.main([str(stick)])
    assert sorted(tmp_path.rglob("*")) == before


def test_a_link_to_a_file_is_removed_and_the_file_stays(tmp_path: Path) -> None:
    stick, thesis = tmp_path / "stick", tmp_path / "thesis.tex"
    thesis.touch()
    put_list(stick, b"[]")
    links = [stick / "files/md5/ab/cd", stick / "files/md5" / md5(b"x")[:2] / md5(b"x")[2:], stick / "runs/a"]
    for link in links:
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(thesis)
    assert mending.mend_remote(stick)[1].keys() == {*links}
    assert thesis.exists()


def test_what_a_broken_stick_cannot_read_is_removed_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = {put_list(tmp_path, b"[]"), put_run(tmp_path, RUN)}
    read = Path.open

    def opened(path: Path, mode: str) -> object:
        if path in broken:
            raise OSError(errno.EIO, "Input/output error", str(path))
        return read(path, mode)

    monkeypatch.setattr(Path, "open", opened)
    assert mending.mend_remote(tmp_path) == (1, dict.fromkeys(sorted(broken), mending.NOT_WHOLE))


def test_what_may_not_be_read_is_not_taken_for_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put_list(tmp_path, b"[]")

    def opened(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "open", opened)
    with pytest.raises(PermissionError):
        mending.mend_remote(tmp_path)
    assert path.exists()


def test_a_name_on_a_stick_can_neither_steer_a_terminal_nor_add_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put_list(tmp_path, b"[]")
    (tmp_path / "files/md5/a\033[2J\n\u202eall whole").touch()
    mend.main([str(tmp_path)])
    assert capsys.readouterr().out.startswith(
        rf"{tmp_path}/files/md5/a\x1b[2J\n\u202eall whole: removed, because it is not whole"
    )


@pytest.mark.parametrize(
    "content",
    [b"no json", b"[1, 2]", b"3", b"{}x", b'[{"md5": "a"}]', b'["ab"]', b"\xff", b"[" * 100_000],
)
def test_a_list_that_is_none_is_named_and_removed(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = put_list(tmp_path, content)
    mend.main([str(tmp_path)])
    assert capsys.readouterr().out.startswith(f"{path}: removed, because it is not a list of files\n")
    assert not path.exists()


@pytest.mark.parametrize(
    "run",
    [
        {**RUN, "outs": [{**OUT, "path": "stages/check.py"}]},  # DVC would write there
        {**RUN, "outs": [{**OUT, "md5": md5(b"x")}]},
        {**RUN, "cmd": "b"},
    ],
)
def test_a_run_that_is_not_the_one_of_its_name_is_removed(run: dict[str, Any], tmp_path: Path) -> None:
    put_list(tmp_path, b"[]")
    honest = put_run(tmp_path, {**RUN, "cmd": "c"})
    forged = put_run(tmp_path, RUN, instead=run)
    assert mending.mend_remote(tmp_path) == (3, {forged: mending.NOT_WHOLE})
    assert honest.exists()


@pytest.mark.parametrize(
    "out",
    [
        {"path": "data/out", "md5": OUT["md5"]},  # DVC takes it for one of its old caches, beside files/
        {**OUT, "files": [{"md5": md5(b""), "relpath": "../../a"}]},
    ],
)
def test_a_run_that_names_files_elsewhere_than_in_the_cache_is_removed(
    out: dict[str, Any], tmp_path: Path
) -> None:
    put_list(tmp_path, b"[]")
    forged = put_run(tmp_path, {**RUN, "outs": [out]})
    assert mending.mend_remote(tmp_path)[1] == {forged: mending.NOT_WHOLE}


@pytest.mark.parametrize("content", [b"", b"outs:\n- pa", b"outs: [", b"\xff", b"[]", b"3", b"cmd: a\n"])
def test_a_run_that_a_kill_or_a_stick_has_damaged_is_removed(content: bytes, tmp_path: Path) -> None:
    put_list(tmp_path, b"[]")
    run = put_run(tmp_path, RUN)
    run.write_bytes(content)
    assert mending.mend_remote(tmp_path) == (2, {run: mending.NOT_WHOLE})


def bomb(times: int) -> str:
    """Lines that each hold the one before ten times."""
    lines = [f"a{each + 1}: &a{each + 1} [{', '.join([f'*a{each}'] * 10)}]" for each in range(times)]
    return "\n".join(["a0: &a0 [1]", *lines]) + "\n"


def test_a_run_that_aliases_make_endless_is_removed_with_the_reason(tmp_path: Path) -> None:
    put_list(tmp_path, b"[]")
    run = put_run(tmp_path, RUN)
    run.write_text(bomb(5))
    reason = "its aliases, such as *name, make over 100,000 values of it: ask who has pushed it"
    assert mending.mend_remote(tmp_path) == (2, {run: reason})


def test_a_run_may_hold_aliases_as_settings_that_share_a_part_do(tmp_path: Path) -> None:
    put_list(tmp_path, b"[]")
    shared = {"lr": 0.001}
    run = put_run(tmp_path, {**RUN, "params": {"params.yaml": {"a": shared, "b": shared}}})
    assert "&id001" in run.read_text()
    assert mending.mend_remote(tmp_path) == (3, {})


def test_a_run_as_large_as_none_is_removed_unread(tmp_path: Path) -> None:
    put_list(tmp_path, b"[]")
    run = put_run(tmp_path, {**RUN, "cmd": "a" * params.MAX_BYTES})
    assert mending.mend_remote(tmp_path) == (2, {run: "it is larger than a run that DVC writes"})


def test_a_lock_that_aliases_make_endless_is_an_error(project: Path) -> None:
    mending.LOCK.write_text(bomb(5))
    with pytest.raises(DataError, match=r"dvc\.lock: its aliases.*git checkout dvc\.lock"):
        mending.restore_lock(project)


@pytest.mark.parametrize("name", ["absent", "photos"])
def test_a_folder_that_is_no_remote_is_left_alone(name: str, tmp_path: Path) -> None:
    (tmp_path / "photos/ab").mkdir(parents=True)
    (tmp_path / "photos/ab/cup.tmp").write_text("a photo")
    with pytest.raises(DataError, match=f"{name} holds nothing that DVC has pushed"):
        mend.main([str(tmp_path / name)])
    assert (tmp_path / "photos/ab/cup.tmp").exists()
