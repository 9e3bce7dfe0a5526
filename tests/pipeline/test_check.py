"""The real `dvc repro` with settings and folders that are wrong: it stops before anything computes."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.drawn import pipeline
from tests.drawn.pipeline import TOP, Project

pytestmark = pytest.mark.slow

LIMIT_S = 300


@pytest.fixture(scope="module")
def project(fresh_project: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    folder = tmp_path_factory.mktemp("check") / "a project"
    shutil.copytree(fresh_project.folder, folder, symlinks=True)
    return Project(folder)


@pytest.fixture(scope="module")
def ingested(project: Project) -> Project:
    """After `check`, which looks no more at photos that come later."""
    project.ask("repro", "ingest")
    return project


def refused(project: Project, *command: str) -> tuple[set[str], str]:
    """Which stages a command ran that must fail, and what it said; DVC's own are run at once."""
    command = command or (".venv/bin/dvc", "repro")
    if command[0] == ".venv/bin/dvc":
        status, out, error = project.dvc_at_once(*command[1:])
        assert status != 0, out + error
        return pipeline.ran(out), out + error
    answer = subprocess.run(
        command,
        cwd=project.folder,
        env=project.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_S,
    )
    said = answer.stdout + answer.stderr
    assert answer.returncode != 0, said
    return pipeline.ran(said), said


def test_a_variants_name_never_reaches_the_shell(project: Project) -> None:
    before = set(project.folder.iterdir())
    name = "a b;touch x;';touch y;'$(touch z)"
    with project.edited("params.yaml") as values:
        variants = {name: values["variants"]["baseline"], **values["variants"]}
        project.write_params({**values, "variants": variants})
        ran, said = refused(project)
    assert ran <= {"check"}, said
    assert "variants must name its entries in a-z, 0-9, _ and -" in said
    assert not {"x", "y", "z"} & {path.name for path in project.folder.iterdir()}
    assert {path.name for path in set(project.folder.iterdir()) - before} <= {"dvc.lock"}


def test_settings_of_the_last_stages_are_refused_first(project: Project) -> None:
    with project.edited("params.yaml") as values:
        values["visualise"]["fold"] = 9
        values["study"]["leaking"] = "yes"
        values["report"]["num_samples"] = 10**9
        project.write_params(values)
        ran, said = refused(project)
    assert ran == {"check"}
    assert "params.yaml: visualise.fold must be less than the number of folds" in said
    assert "params.yaml: study.leaking must be true or false, got 'yes'" in said
    assert "params.yaml: report.num_samples must be at most 1000" in said


def test_a_named_pipe_among_the_photos_does_not_hang(project: Project) -> None:
    pipe = project.folder / "data" / "raw" / "pipe.jpg"
    os.mkfifo(pipe)
    try:
        for command in (("make", "-o", "setup", "repro"), (".venv/bin/python", "-m", "stages.check")):
            ran, said = refused(project, *command)
            assert ran <= {"check"}
            assert "'pipe.jpg' is a named pipe and not a file; remove it" in said
    finally:
        pipe.unlink()


def test_what_keras_refuses_is_refused_before_any_training(project: Project) -> None:
    with project.edited("params.yaml") as values:
        layers = [{"RandomFlip": {"mode": "sideways"}}]
        project.write_params({**values, "augment": {**values["augment"], "layers": layers}})
        ran, said = refused(project)
    assert ran <= {"check", "ingest", "split", "rehearse"}
    assert "augment.layers[0] (RandomFlip) mode must be one of horizontal, vertical" in said


def test_a_corrected_setting_lets_the_run_go_on(project: Project) -> None:
    project.dvc("repro", "split")
    assert (project.folder / "data" / "checked" / "code" / "split.txt").is_file()
    assert not Path(project.folder, "x").exists()


def table_of_messages() -> list[str]:
    """What README says that DVC says, where it says something."""
    _, _, table = (TOP / "README.md").read_text(encoding="utf-8").partition("| DVC says |")
    return re.findall(r"^\| `([^`]+)`", table.partition("\n\n")[0], flags=re.MULTILINE)


def expected(words: str) -> re.Pattern[str]:
    """The one message of README's table that holds some words."""
    (message,) = (message for message in table_of_messages() if words in message)
    return re.compile(".*".join(map(re.escape, message.split("\N{HORIZONTAL ELLIPSIS}"))), re.DOTALL)


PHOTOS_THAT_DVC_CANNOT_READ: dict[str, Callable[[Path], object]] = {
    "No such device": lambda path: os.mknod(path, stat.S_IFSOCK | 0o600),
    "IMG_1.jpg": lambda path: path.symlink_to("nowhere"),
    "Permission denied": lambda path: path.touch(mode=0o000),
    "Too many levels": lambda path: path.symlink_to(path.name),
    "utf-8": lambda path: Path(os.fsdecode(bytes(path.with_name("caf")) + b"\xe9.jpg")).touch(),
}
ARGUMENTS_THAT_DVC_REFUSES = {
    "no viable alternative": ("-S", "layout={group}/{label}/{name}"),
    "Sweep overrides": ("-S", "lr=0,001"),
    "Could not override": ("-S", "no_such_setting=1"),
    "exps": ("--temp", "-S", "photos=data/raw"),
}
EDITS_THAT_DVC_REFUSES = {
    "Same item": {"photos": "data"},
    "foreach": {"variants": "baseline"},
    "item.network": {"variants": {"baseline": {"data": "database", "netwrok": "lecture"}}},
}


ENDS = {  # of a stage
    "exited with 130": "atexit.register(os._exit, 130)",
    "exited with 137": "os.kill(os.getpid(), 9)",
}
LOST = ("join()", "missing data")
OTHERS = {"is busy": True, "RWLock-file": False}  # whether the other DVC lives


def test_each_message_of_the_readme_has_a_test() -> None:
    tested = [*PHOTOS_THAT_DVC_CANNOT_READ, *ARGUMENTS_THAT_DVC_REFUSES, *EDITS_THAT_DVC_REFUSES, *OTHERS]
    tested += ["dvc.lock", *ENDS, *LOST]
    assert {expected(words) for words in tested} == {expected(said) for said in table_of_messages()}


@pytest.mark.parametrize("words", PHOTOS_THAT_DVC_CANNOT_READ)
def test_dvc_says_of_photos_that_it_cannot_read_what_the_readme_explains(
    words: str, ingested: Project
) -> None:
    if words == "Permission denied" and os.geteuid() == 0:
        pytest.skip("nothing is forbidden to root")
    folder = ingested.folder / "data" / "raw"
    before = set(folder.iterdir())
    PHOTOS_THAT_DVC_CANNOT_READ[words](folder / "IMG_1.jpg")
    try:
        _, said = refused(ingested)
    finally:
        for path in set(folder.iterdir()) - before:
            path.unlink()
    assert expected(words).search(said), said


@pytest.mark.parametrize("words", ARGUMENTS_THAT_DVC_REFUSES)
def test_dvc_says_of_arguments_what_the_readme_explains(words: str, ingested: Project) -> None:
    ingested.run("git", "rm", "--quiet", "data/raw.dvc")  # as before `dvc add`
    try:
        with ingested.edited("params.yaml"), ingested.edited("dvc.lock"):
            _, said = refused(ingested, ".venv/bin/dvc", "exp", "run", *ARGUMENTS_THAT_DVC_REFUSES[words])
    finally:
        ingested.run("git", "checkout", "--quiet", "HEAD", "--", "data/raw.dvc")
    assert expected(words).search(said), said


@pytest.mark.parametrize("words", OTHERS)
def test_dvc_says_of_another_dvc_in_the_folder_what_the_readme_explains(
    words: str, ingested: Project
) -> None:
    other = subprocess.Popen(["sleep", "60"])
    if not OTHERS[words]:
        other.kill()
        other.wait()
    path = str(ingested.folder / "data" / "splits" / "splits.csv")
    holds = {"write": {path: {"pid": other.pid, "cmd": "dvc repro"}}}
    (ingested.folder / ".dvc" / "tmp" / "rwlock").write_text(json.dumps(holds))
    command = (".venv/bin/dvc", "repro", "--force", "--single-item", "split")
    try:
        with ingested.edited("dvc.lock"):
            said = refused(ingested, *command)[1] if OTHERS[words] else ingested.run(*command)
    finally:
        other.kill()
        other.wait()
        (ingested.folder / ".dvc" / "tmp" / "rwlock").unlink(missing_ok=True)
    assert expected(words).search(said), said


@pytest.mark.parametrize("words", EDITS_THAT_DVC_REFUSES)
def test_dvc_says_of_settings_what_the_readme_explains(words: str, ingested: Project) -> None:
    with ingested.edited("params.yaml") as values, ingested.edited("dvc.lock"):
        ingested.write_params({**values, **EDITS_THAT_DVC_REFUSES[words]})
        _, said = refused(ingested)
    assert expected(words).search(said), said


def test_dvc_says_of_a_lock_that_was_cut_what_the_readme_explains(ingested: Project) -> None:
    with ingested.edited("dvc.lock"):
        lock = ingested.folder / "dvc.lock"
        text = lock.read_text()
        lock.write_text(text[: text.rindex("md5:") + 2])
        _, said = refused(ingested)
    assert expected("dvc.lock").search(said), said


@pytest.mark.parametrize("words", ENDS)
def test_dvc_says_of_a_stage_that_was_ended_what_the_readme_explains(
    words: str, ingested: Project, tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        f"import atexit, os, sys\nif 'stages.split' in sys.orig_argv:\n    {ENDS[words]}\n"
    )
    ingested.environment["PYTHONPATH"] = str(tmp_path)
    try:
        with ingested.edited("dvc.lock"):
            _, said = refused(ingested, ".venv/bin/dvc", "repro", "--force", "--single-item", "split")
    finally:
        del ingested.environment["PYTHONPATH"]
    assert expected(words).search(said), said


def test_dvc_says_of_a_run_that_it_did_not_remember_what_the_readme_explains(ingested: Project) -> None:
    with ingested.edited("dvc.lock"):
        (ingested.folder / "dvc.lock").unlink()
        runs = ingested.folder / ".dvc/cache/runs"
        runs.rename(runs.with_name("runs.kept"))
        try:
            for kept in runs.with_name("runs.kept").glob("*/*"):
                (runs / kept.parent.name / kept.name).mkdir(parents=True)
            _, said = refused(ingested, ".venv/bin/dvc", "repro", "--single-item", "ingest")
            assert expected("join()").search(said), said
            ingested.python("-m", "stages.mend")
            ingested.ask("repro", "--single-item", "ingest")
        finally:
            shutil.rmtree(runs)
            runs.with_name("runs.kept").rename(runs)


def test_dvc_says_of_photos_that_are_not_there_what_the_readme_explains(ingested: Project) -> None:
    raw, cache = ingested.folder / "data/raw", ingested.folder / ".dvc/cache"
    raw.rename(ingested.home / "raw")
    cache.rename(ingested.home / "cache")
    try:
        _, said = refused(ingested)
    finally:
        shutil.rmtree(cache, ignore_errors=True)
        (ingested.home / "raw").rename(raw)
        (ingested.home / "cache").rename(cache)
    assert expected("missing data").search(said), said


def test_names_of_variants_reach_the_shell_in_quotes(project: Project) -> None:
    """Were `check` ever to let one through."""
    commands = re.findall(r"cmd: (.+)", (project.folder / "dvc.yaml").read_text(encoding="utf-8"))
    assert any("${key}" in command for command in commands)
    assert not [command for command in commands if "$" in command.replace("'${key}'", "")]
