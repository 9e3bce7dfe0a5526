"""Which of DVC's experiments lack runs: asked of git and the store alone, with nothing checked out."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tenshots.errors import DataError
from tenshots.tracking import looks, revisions, sessions

LOCK = """\
stages:
  split:
    outs:
    - path: data/splits/splits.csv
      md5: {0}
    - path: data/models/a
      md5: {0}
"""


def git(*arguments: str) -> str:
    author = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    done = subprocess.run(["git", *author, *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def commits(store: Callable[..., list], monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """The current folder: a checkout at a commit with an experiment of two variants, and one of DVC's."""
    splits = b"photo_id,fold,part\n"
    md5 = hashlib.md5(splits).hexdigest()
    files = {
        "stages/one.py": b"",
        "tenshots/two.py": b"",
        "dvc.lock": LOCK.format(md5).encode(),
        "params.yaml": b"lr: 1\nvariants: {a: {}, b: {}}\n",
        "data/splits/splits.csv": splits,
        f"cache/files/md5/{md5[:2]}/{md5[2:]}": splits,
    }
    for name, content in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(content)
    monkeypatch.setattr(revisions, "_cache_dir", lambda: Path("cache"))
    git("init", "--quiet")
    git("add", "stages", "tenshots", "dvc.lock", "params.yaml")
    git("commit", "--quiet", "--message=first")
    head = git("rev-parse", "HEAD")
    Path("params.yaml").write_text("lr: 2\nvariants: {a: {}, b: {}}\n")
    git("commit", "--quiet", "--all", "--message=experiment")
    experiment = git("rev-parse", "HEAD")
    git("reset", "--quiet", "--hard", head)
    for ref in (f"{head[:2]}/{head[2:]}/odd-name", "stash", "exec/EXEC_HEAD", "celery/stash"):
        git("update-ref", f"refs/exps/{ref}", experiment)
    del store
    return head, experiment


def train(*variants: str) -> None:
    """Leaves the runs of what the current folder holds."""
    for variant in variants:
        with sessions.variant_run(variant, supersede=True) as run:
            looks.log_test_set(run, "photos")


def test_the_last_commit_and_dvcs_experiments_are_found_and_none_of_its_other_references(
    commits: tuple[str, str],
) -> None:
    head, experiment = commits
    assert revisions.all_of_them() == [(head, head, ""), (experiment, head, "odd-name")]


def test_what_has_all_its_runs_lacks_none(commits: tuple[str, str]) -> None:
    head, experiment = commits
    assert [each.commit for each in revisions.lacking()] == [head, experiment]
    assert [each.commit for each in revisions.lacking(but=sessions.current_key())] == [experiment]
    train("a")
    assert [each.commit for each in revisions.lacking()] == [head, experiment]
    train("b")
    with sessions.experiment_run() as run:
        looks.log_test_set(run, "photos")
    assert [each.commit for each in revisions.lacking()] == [experiment]
    git("checkout", "--quiet", experiment)
    train("a", "b")
    with sessions.experiment_run() as run:
        looks.log_test_set(run, "photos")
    assert revisions.lacking() == []


def test_what_was_recorded_as_far_as_it_goes_is_not_looked_at_again_unless_that_is_gone(
    commits: tuple[str, str],
) -> None:
    head, experiment = commits
    git("checkout", "--quiet", experiment)
    train("a")
    git("checkout", "--quiet", head)
    (part,) = [each for each in revisions.lacking() if each.commit == experiment]
    revisions.remember([part])
    assert [each.commit for each in revisions.lacking()] == [head]
    client, experiment_id = sessions.store.open_store()
    for run in sessions.store.search(client, experiment_id, ""):
        client.delete_run(run.info.run_id)
    assert [each.commit for each in revisions.lacking()] == [head, experiment]


def test_without_the_split_in_dvcs_cache_nothing_can_be_recorded(
    commits: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    del commits
    monkeypatch.setattr(revisions, "_cache_dir", lambda: Path("elsewhere"))
    assert revisions.lacking() == []


def test_what_tells_a_commit_from_others_is_computed_once(
    commits: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(".dvc").mkdir()
    first = [revisions._key_and_variants(each) for each in revisions.all_of_them()]
    assert None not in first
    assert first[0] != first[1]
    computed: list[str] = []
    monkeypatch.setattr(revisions, "_computed", lambda revision: computed.append(revision.commit))
    assert [revisions._key_and_variants(each) for each in revisions.all_of_them()] == first
    assert computed == []
    known = json.loads(revisions.KEYS.read_text())
    revisions.KEYS.write_text(json.dumps({**known, "by": ["other code", "told them apart"]}))
    assert [each for each in revisions.all_of_them() if revisions._key_and_variants(each)] == []
    assert computed == list(commits)


def test_a_commit_without_networks_in_dvcs_cache_is_passed_over_and_an_experiment_is_told_of(
    commits: tuple[str, str],
) -> None:
    """As where somebody changes a setting before the first run: the split alone is the last commit's."""
    _, experiment = commits
    rows = b'[{"md5": "0123456789abcdef0123456789abcdef", "relpath": "weights.h5"}]'
    listed = hashlib.md5(rows).hexdigest()
    lock = Path("dvc.lock").read_text()
    whole, _, models = lock.rpartition("md5: ")
    Path("dvc.lock").write_text(f"{whole}md5: {listed}.dir\n    - path: params.yaml\n      md5: {models}")
    git("commit", "--quiet", "--all", "--message=with a network")
    head = git("rev-parse", "HEAD")
    Path(".dvc").mkdir()
    for name, content in (
        (f"{listed[:2]}/{listed[2:]}.dir", rows),
        ("01/23456789abcdef0123456789abcdef", b""),
    ):
        assert [each.commit for each in revisions.lacking()] == [experiment]
        lacks = revisions.Revision(head, head, "odd-name")
        with pytest.raises(DataError, match="networks are not in DVC's cache"), revisions.copied(lacks):
            pass
        Path("cache/files/md5", name).parent.mkdir(exist_ok=True)
        Path("cache/files/md5", name).write_bytes(content)
    assert [each.commit for each in revisions.lacking()] == [head, experiment]
    with revisions.copied(lacks) as (folder, environment):
        assert (folder / "data/models/a/weights.h5").is_file()
        assert environment["DVC_EXP_NAME"] == "odd-name"
        place = folder.parent
    assert list(place.iterdir()) == []

    yesterday = time.time() - 25 * 60 * 60
    for name, modified in (("record-killed", yesterday), ("record-now", time.time()), ("other", yesterday)):
        (place / name / "data").mkdir(parents=True)
        os.utime(place / name, (modified, modified))
    with revisions.copied(lacks):
        pass
    assert {path.name for path in place.iterdir()} == {"record-now", "other"}


@pytest.mark.parametrize(
    ("path", "relpath"),
    [
        ("data/models/a", "../../../stages/numpy.py"),
        ("data/models/a", "/tmp/numpy.py"),
        ("data/models/a", "x/../../numpy.py"),
        ("../numpy.py", ""),
        ("data/../../numpy.py", ""),
        ("/tmp/numpy.py", ""),
        (".git/hooks/post-checkout", ""),
        (".dvc/config.local", ""),
    ],
)
def test_a_pulled_experiment_writes_nowhere_else(path: str, relpath: str, commits: tuple[str, str]) -> None:
    """DVC would write wherever a list of files says, as a module beside ours."""
    del commits
    rows = json.dumps([{"md5": "0123456789abcdef0123456789abcdef", "relpath": relpath}]).encode()
    md5 = hashlib.md5(rows).hexdigest() + ".dir" * bool(relpath)
    for name, content in (
        (f"{md5[:2]}/{md5[2:]}", rows if relpath else b"import os"),
        ("01/23456789abcdef0123456789abcdef", b"import os"),
    ):
        Path("cache/files/md5", name).parent.mkdir(exist_ok=True)
        Path("cache/files/md5", name).write_bytes(content)
    whole = (
        Path("dvc.lock").read_text()
        + "    - path: data/models/b\n      md5: 0123456789abcdef0123456789abcdef\n"
    )
    Path("dvc.lock").write_text(whole)
    git("commit", "--quiet", "--all", "--message=harmless")
    (head, *_) = revisions.all_of_them()
    Path(".dvc").mkdir()
    with revisions.copied(head) as (folder, _):
        assert (folder / "data/models/b").read_bytes() == b"import os"

    Path("dvc.lock").write_text(whole + f"    - path: {path}\n      md5: {md5}\n")
    git("commit", "--quiet", "--all", "--message=hostile")
    (head, *_) = revisions.all_of_them()
    if path.startswith("data/"):
        with pytest.raises(DataError, match="would write outside of its folder"), revisions.copied(head):
            pass
        assert head in revisions.lacking()  # so that `record` says it
    else:  # what no run needs is left out
        with revisions.copied(head) as (folder, _):
            assert {each.name for each in folder.iterdir()} >= {".git", "data"}
            assert not (folder / ".git/hooks/post-checkout").exists()
            assert not (folder / ".dvc/config.local").exists()
    assert not list(Path().rglob("numpy.py"))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("params.yaml", "lr: [1\nvariants: {}\n"),
        ("params.yaml", "lr: 1\nvariants: {1: }}\n"),
        ("dvc.lock", "<<<<<<< HEAD\nstages:\n=======\n>>>>>>> other\n"),
        ("dvc.lock", "stages:\n  a:\n"),
        ("dvc.lock", "[1]\n"),
        ("dvc.lock", LOCK + "    - path: data/models/a/b\n      md5: {0}\n"),  # a file and a folder at once
        ("dvc.lock", LOCK + f"    - path: data/models/{'b' * 300}\n      md5: {{0}}\n"),
    ],
)
def test_a_commit_that_cannot_be_read_keeps_no_other_from_being_recorded(
    name: str, text: str, commits: tuple[str, str]
) -> None:
    """A person may have mended it since, or pulled it from somebody."""
    _, experiment = commits
    (found,) = Path("cache/files/md5").glob("*/*")
    Path(name).write_text(text.replace("{0}", found.parent.name + found.name))
    git("commit", "--quiet", "--all", "--message=broken")
    broken = git("rev-parse", "HEAD")
    listed = revisions.lacking()
    assert {each.commit for each in listed} == {broken, experiment}
    (one,) = [each for each in listed if each.commit == broken]
    with pytest.raises(DataError, match=r"cannot be used|is not valid YAML") as caught, revisions.copied(one):
        pass
    assert "\n" not in str(caught.value)
    assert "/tmp" not in str(caught.value)
    assert revisions.name_runs() == 0


@pytest.mark.parametrize("md5", ["xx/etc/passwd", "../../../../dvc.lock", "01"])
def test_what_is_no_hash_links_to_nothing(md5: str, commits: tuple[str, str]) -> None:
    del commits
    with Path("dvc.lock").open("a") as lock:
        lock.write(f"    - path: reports/index.html\n      md5: '{md5}'\n")
    git("commit", "--quiet", "--all", "--message=hostile")
    Path(".dvc").mkdir()
    (head, *_) = revisions.all_of_them()
    with revisions.copied(head) as (folder, _):
        assert (folder / "data/models/a").is_file()
        assert not (folder / "reports").exists()


def test_a_damaged_note_of_keys_is_made_anew(commits: tuple[str, str]) -> None:
    Path(".dvc").mkdir()
    listed = revisions.lacking()
    assert [each.commit for each in listed] == [*commits]
    for text in ("{}", "[]", '{"by": 1}', "null", "{"):
        revisions.KEYS.write_text(text)
        assert revisions.lacking() == listed


def test_what_comes_into_dvcs_cache_later_is_recorded_then(commits: tuple[str, str]) -> None:
    """As by `dvc exp pull`, after some of an experiment was recorded."""
    _, experiment = commits
    with Path("dvc.lock").open("a") as lock:
        lock.write("    - path: data/models/b\n      md5: 0123456789abcdef0123456789abcdef\n")
    git("commit", "--quiet", "--all", "--message=two networks")
    train("a")
    listed = revisions.lacking()
    revisions.remember(listed)
    assert revisions.lacking() == []
    Path("cache/files/md5/01").mkdir()
    Path("cache/files/md5/01/23456789abcdef0123456789abcdef").touch()
    assert [each.commit for each in revisions.lacking()] == [git("rev-parse", "HEAD")]

    git("checkout", "--quiet", experiment)  # an experiment that is the last commit, too, is looked at once
    train("a")
    assert [each.commit for each in revisions.lacking()] == [experiment]


def test_what_the_store_remembers_of_them_fits_whatever_variants_are_called(
    commits: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    variants = {f"a long name of number {number}": {} for number in range(30)}
    Path("params.yaml").write_text(json.dumps({"variants": variants}))
    git("commit", "--quiet", "--all", "--message=many")
    head = git("rev-parse", "HEAD")
    monkeypatch.setattr(revisions, "_key_and_variants", lambda each: (each.baseline, {*variants}))
    many = [revisions.Revision(f"{number:040}", head, "a") for number in range(300)]
    monkeypatch.setattr(revisions, "_outs", lambda _: {"data/models/a": "0"})
    monkeypatch.setattr(revisions, "all_of_them", lambda: many)
    revisions.remember(many)
    assert len(revisions.lacking()) == len(many) - revisions.MAX_SEEN
    del commits


def test_runs_get_the_names_of_dvcs_experiments_that_hold_the_same(commits: tuple[str, str]) -> None:
    """As after a deleted store is filled from the workspace, and where experiments differ in pictures."""
    head, experiment = commits
    git("checkout", "--quiet", experiment)
    train("a", "b")
    git("checkout", "--quiet", head)
    train("a")
    assert revisions.name_runs() == 1
    assert revisions.name_runs() == 0
    git("update-ref", f"refs/exps/{head[:2]}/{head[2:]}/other-pictures", experiment)
    assert revisions.name_runs() == 1
    client, experiment_id = sessions.store.open_store()
    found = {
        (run.data.tags["tenshots.variant"], run.data.tags.get("tenshots.dvc_experiment"))
        for run in sessions.store.search(client, experiment_id, "")
    }
    assert found == {(variant, "odd-name") for variant in "ab*"} | {("a", None), ("*", None)}
    notes = {
        run.data.tags["mlflow.note.content"].rpartition("`dvc exp apply ")[2]
        for run in sessions.store.search(client, experiment_id, "tags.`tenshots.dvc_experiment` != ''")
    }
    assert notes == {"odd-name`"}
    names = [
        sessions.names_of(run)[-2:]
        for run in sessions.store.search(client, experiment_id, "tags.`tenshots.variant` = '*'")
    ]
    assert ["odd-name", "other-pictures"] in names


def test_a_project_that_is_a_part_of_a_repository_is_copied_as_such(
    commits: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    del commits
    Path("part/data").mkdir(parents=True)
    Path("part/.dvc").mkdir()
    for name in ("params.yaml", "dvc.lock", "stages", "tenshots"):
        Path(name).rename(Path("part", name))
    git("add", "--all", ".")
    git("commit", "--quiet", "--message=a part")
    cache = Path("cache").resolve()
    monkeypatch.setattr(revisions, "_cache_dir", lambda: cache)
    monkeypatch.chdir("part")
    (head, *_) = revisions.all_of_them()
    with revisions.copied(head) as (folder, _):
        assert folder.name == "part"
        assert (folder / "data/models/a").is_file()


@pytest.mark.slow
def test_no_code_of_the_copy_runs(tmp_path: Path) -> None:
    """As `record` starts itself there."""
    (tmp_path / "stages").mkdir()
    (tmp_path / "stages" / "__init__.py").write_text("raise SystemExit('the code of the copy ran')\n")
    done = subprocess.run(
        [sys.executable, "-P", "-m", "stages.record"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(revisions.__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "params.yaml is missing" in done.stderr
