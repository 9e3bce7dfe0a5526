"""DVC's experiments and the last commit: whether the store has their runs, and copies of them to record from.

DVC keeps each experiment as a commit that no branch holds. Whoever ran several finds the outputs of one alone
in the workspace; the others' are in DVC's cache.
"""

# Longer than 300 lines: which commits lack runs, and copies of them, read the same untrusted lists.

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

from tenshots import files, params, shortages
from tenshots.errors import DataError, SettingsError
from tenshots.repository import checkouts, code, listings, outputs
from tenshots.repository.outputs import LOCK
from tenshots.tables import corrections
from tenshots.tables.corrections import CORRECTIONS
from tenshots.tables.paths import MODELS, SPLITS
from tenshots.tracking import identity, looks, rebuild, sessions, store
from tenshots.tracking.origin import NAME_TAG, git

HASH = re.compile(r"[0-9a-f]{32}(\.dir)?", re.ASCII)  # of a file or, with the ending, of a folder
EXPERIMENT = re.compile(r"refs/exps/([0-9a-f]{2})/([0-9a-f]{38})/([^/]+)")  # baseline and name: DVC's own
# A tag of MLflow's experiment: JSON; for a commit that was recorded in parts, a hash of what there was and of
# what was recorded.
SEEN_TAG = "tenshots.seen"
OUTPUTS = ("data", "reports")  # where outputs lie
KEYS = Path(".dvc/tmp/tenshots/keys.json")  # of commits, which never change: each takes half a second
PREFIX = "record-"  # of the names of copies
DAY_S = 24 * 60 * 60
MAX_SEEN = 200  # of them, some 60 characters each: MLflow takes 20,000


class Revision(NamedTuple):
    """A commit with outputs: of one of DVC's experiments, or the last of the branch, which has no name."""

    commit: str
    baseline: str
    name: str

    def __str__(self) -> str:
        return f"the experiment {self.name}" if self.name else f"the commit {self.commit[:7]}"


def all_of_them() -> list[Revision]:
    """Returns the last commit and DVC's experiments, the oldest first; none outside a checkout."""
    head = git("rev-parse", "HEAD")
    listed = git("for-each-ref", "--sort=creatordate", "--format=%(objectname) %(refname)", "refs/exps")
    found = [Revision(head, head, "")] if head else []
    for line in (listed or "").splitlines():
        commit, _, ref = line.partition(" ")
        if parts := EXPERIMENT.fullmatch(ref):
            found.append(Revision(commit, parts[1] + parts[2], parts[3]))
    return found


def lacking(*, but: str | None = None) -> list[Revision]:
    """Returns those of which the store lacks a run that may be made from what DVC's cache has.

    Also those that cannot be read, of which `copied` says why: anybody may have made them.

    Args:
        but: the key of an experiment that is left out.

    Raises:
        Exception: as `store.open_store`.
    """
    client, experiment_id = store.open_store()
    there = _finished(client, experiment_id)
    seen = _seen(client, experiment_id)
    found: list[Revision] = []
    for each in all_of_them():
        try:
            key = _lacking_key(each, there)
            is_new = key is not None and key != but and seen.get(each.commit) != _state(each, there[key])
        except DataError:
            is_new = True
        if is_new and each.commit not in {other.commit for other in found}:
            found.append(each)
    return found


def _lacking_key(revision: Revision, there: Mapping[str, set[str]]) -> str | None:
    """The key of an experiment that lacks a run, and of which there is something; None for any other."""
    if (found := _key_and_variants(revision)) is None:
        return None
    key, variants = found
    if there[key] >= {*variants, sessions.ALL_VARIANTS}:
        return None
    # A fresh clone has no networks of the last commit's, and that is no news.
    return key if revision.name or _has_networks(_outs(revision)) else None


def _state(revision: Revision, recorded: set[str]) -> str:
    """What tells whether there is anything new to record: what DVC's cache has, and what the store has."""
    text = json.dumps([sorted(_outs(revision).items()), sorted(recorded)])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def remember(revisions: list[Revision]) -> None:
    """Keeps in the store that of these, as far as they lack runs, no more can be recorded for now.

    Raises:
        Exception: as `store.open_store`.
    """
    client, experiment_id = store.open_store()
    there = _finished(client, experiment_id)
    seen = _seen(client, experiment_id)
    for each in revisions:
        seen.pop(each.commit, None)
        if (key := _lacking_key(each, there)) is not None:
            seen[each.commit] = _state(each, there[key])
    there_still = {each.commit for each in all_of_them()}
    kept = [(commit, state) for commit, state in seen.items() if commit in there_still]
    client.set_experiment_tag(experiment_id, SEEN_TAG, json.dumps(dict(kept[-MAX_SEEN:])))


def name_runs() -> int:
    """Lets runs bear the names of DVC's experiments that hold what they say; returns of how many experiments.

    Runs may have been made before DVC had a name for them, and several experiments have the same runs where
    they differ in what moves no answer, as in pictures.

    Raises:
        Exception: as `store.open_store`.
    """
    client, experiment_id = store.open_store()
    names: dict[str, list[str]] = defaultdict(list)
    for each in all_of_them():
        with suppress(DataError):  # `copied` says it
            if each.name and (found := _key_and_variants(each)):
                names[found[0]].append(each.name)
    named = set()
    with store.lock():  # a stage that begins adds its own
        for run in store.search(client, experiment_id, ""):
            key = run.data.tags.get(sessions.KEY_TAG, "")
            for tag, value in _tags_of_names(run, names.get(key, [])).items():
                client.set_tag(run.info.run_id, tag, value)
                named.add(key)
    return len(named)


def _tags_of_names(run: Any, names: list[str]) -> dict[str, str]:  # noqa: ANN401 (a run of mlflow)
    """What a run lacks of these names."""
    tags, new = run.data.tags, {}
    if names and NAME_TAG not in tags:
        new[NAME_TAG] = names[0]
        if tags.get(rebuild.NOTE) == rebuild.note(tags.get(rebuild.TAG, ""), ""):
            new[rebuild.NOTE] = rebuild.note(tags[rebuild.TAG], names[0])
    known = sessions.names_of(run)
    if tags.get(sessions.VARIANT_TAG) == sessions.ALL_VARIANTS and not {*names} <= {*known}:
        new[sessions.NAMES_TAG] = json.dumps(list(dict.fromkeys([*known, *names])))
    return new


def _finished(client: store.Client, experiment_id: str) -> dict[str, set[str]]:
    """The variants (and `*`) of each experiment whose runs are FINISHED and name the test photos."""
    found: dict[str, set[str]] = defaultdict(set)
    for run in store.search(client, experiment_id, "attributes.status = 'FINISHED'"):
        tags = run.data.tags
        if sessions.KEY_TAG in tags and looks.TEST_SET_TAG in tags:
            found[tags[sessions.KEY_TAG]].add(tags[sessions.VARIANT_TAG])
    return found


def _seen(client: store.Client, experiment_id: str) -> dict[str, str]:
    seen: dict[str, str] = json.loads(client.get_experiment(experiment_id).tags.get(SEEN_TAG, "{}"))
    return seen


@contextmanager
def _whatever_it_holds() -> Iterator[None]:
    """Lets any error of the block, which reads what a commit holds, be a DataError that says so."""
    try:
        yield
    except DataError:
        raise
    except Exception as error:
        if shortages.reason(error) is not None:  # of this machine, such as a full disk
            raise
        text = error.strerror if isinstance(error, OSError) else str(error)  # without a folder that is gone
        said = " ".join((text or type(error).__name__).split())
        raise DataError(f"what it holds cannot be used: {said}") from error


def _key_and_variants(revision: Revision) -> tuple[str, set[str]] | None:
    """What tells the experiment from others, and the names of its variants; None where it has no outputs.

    Raises:
        DataError: it cannot be read.
    """
    path = checkouts.main_repository() / KEYS
    by = [files.file_hash(Path(str(module.__file__))) for module in (identity, code)]
    known: dict[str, Any] = {"by": by, "keys": {}}
    with suppress(OSError, ValueError, TypeError, KeyError):
        read = json.loads(path.read_text(encoding="utf-8"))
        known = read if read["by"] == by else known
    if revision.commit not in known["keys"]:
        with _whatever_it_holds():
            found = _computed(revision)
        if found is None:  # its split may come into the cache
            return None
        known["keys"][revision.commit] = [found[0], sorted(found[1])]
        if path.parents[2].is_dir():  # .dvc
            with suppress(OSError):  # then they are computed again
                path.parent.mkdir(parents=True, exist_ok=True)
                files.write(path, json.dumps(known))
    key, variants = known["keys"][revision.commit]
    return key, set(variants)


def _computed(revision: Revision) -> tuple[str, set[str]] | None:
    # git refuses to pack what a commit does not have, as one that is older than corrections.
    has_corrections = git("cat-file", "-e", f"{revision.commit}:./{CORRECTIONS.as_posix()}") is not None
    corrected = [str(CORRECTIONS)] * has_corrections
    wanted = ["stages", "tenshots", str(params.PATH), str(LOCK), *corrected]
    packed = subprocess.run(
        ["git", "archive", revision.commit, "--", *wanted], capture_output=True, check=False
    )
    if packed.returncode:  # such as before the first run: it has no dvc.lock
        return None
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with tarfile.open(fileobj=BytesIO(packed.stdout)) as archive:
            for member in archive:
                file = archive.extractfile(member) if member.isreg() else None  # no links
                if file is not None:
                    _check_inside(member.name)
                    (folder / member.name).parent.mkdir(parents=True, exist_ok=True)
                    (folder / member.name).write_bytes(file.read())
        try:
            settings = params.read(folder / params.PATH)
        except SettingsError as error:
            raise DataError(str(error).replace(f"{folder}/", "its ")) from error
        splits = _cached(_named(params.loaded((folder / LOCK).read_text(encoding="utf-8")), SPLITS))
        if splits is None or not isinstance(settings.get("variants"), Mapping):
            return None
        key = identity.experiment_key(
            settings, splits_path=splits, code_dir=folder, corrected=corrections.effects(folder / CORRECTIONS)
        )
    return key, set(settings["variants"])


def _outs(revision: Revision) -> dict[str, str]:
    """The hashes of the revision's outputs that git does not hold, by path, as far as DVC's cache has them.

    Raises:
        DataError: one would lie outside its folder; who has made the revision is to blame. Or it cannot be
            read.
    """
    with _whatever_it_holds():
        return _outs_that_are_there(revision)


def _outs_that_are_there(revision: Revision) -> dict[str, str]:
    lock = params.loaded(git("show", f"{revision.commit}:./{LOCK}") or "{}")
    tracked = {*(git("ls-tree", "-r", "--name-only", revision.commit) or "").splitlines()}
    found = {}
    for stage in lock.get("stages", {}).values():
        for out in stage.get("outs", ()):
            path, md5 = str(out.get("path")), out.get("md5")
            if path in tracked or not md5 or path.split("/")[0] not in OUTPUTS:  # no run needs it
                continue
            _check_inside(path)
            if all(_cached(each) is not None for each in (md5, *_listed(md5).values())):
                found[path] = md5
    return found


def _listed(md5: str) -> dict[str, str]:
    """The hashes of a folder's files by their paths in it; none of what is no folder, or lacks its list."""
    path = _cached(md5)
    if path is None or path.suffix != ".dir":
        return {}
    try:
        listed = listings.parsed(path.read_bytes())
    except DataError as error:
        raise DataError(f"DVC's cache holds {path}: {error}; remove it") from None
    for name in listed:
        _check_inside(name)
    return listed


def _check_inside(path: str) -> None:
    """Raises where a path, which anybody may have written, would lead out of its folder."""
    if listings.leads_outside(path):
        raise DataError(f"it would write outside of its folder, at {path!r}: ask who has made it")


def _named(lock: Any, path: Path) -> str | None:  # noqa: ANN401 (whatever stands in the file)
    stages = (lock or {}).get("stages", {}).values()
    found = [out.get("md5") for stage in stages for out in stage.get("outs", ())
             if out.get("path") == path.as_posix()]  # fmt: skip
    return found[0] if found else None


def _cached(md5: str | None) -> Path | None:
    """The file of that hash in DVC's cache; None where it lacks it."""
    if md5 is None or not HASH.fullmatch(md5):  # nor anything that leads elsewhere
        return None
    path = _cache_dir() / "files" / "md5" / md5[:2] / md5[2:]
    return path if path.is_file() else None


def _cache_dir() -> Path:
    return _cache_dir_of(checkouts.main_repository())


_cache_dir_of = cache(outputs.cache_dir)


@contextmanager
def copied(revision: Revision) -> Iterator[tuple[Path, dict[str, str]]]:
    """Gives a folder with the revision's files and outputs for a while, and the environment of its stages.

    It lies where DVC's temporary experiments do, so that its store is the project's; outputs are links into
    DVC's cache, made here: DVC itself writes wherever a list of files says, and anybody may have written it.

    Raises:
        DataError: DVC's cache lacks its networks, git or DVC fails, it would write elsewhere, or it cannot
            be read.
    """
    _key_and_variants(revision)
    outs = _outs(revision)
    if not _has_networks(outs):
        raise DataError("its networks are not in DVC's cache; `dvc exp pull` it, or run it again")
    top = checkouts.main_repository()
    place = top.joinpath(*checkouts.TEMPORARY)
    place.mkdir(parents=True, exist_ok=True)
    for left in place.glob(f"{PREFIX}*"):  # by a kill: a copy is needed for seconds
        if left.stat().st_mtime < time.time() - DAY_S:
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=place, prefix=PREFIX) as name:
        folder = Path(name) / (git("rev-parse", "--show-prefix") or "")  # the project may be a part of it
        whole = git("rev-parse", "--show-toplevel") or str(top)
        as_files = ("-c", "core.symlinks=false")  # a link could lead elsewhere
        _call("git", *as_files, "clone", "--quiet", "--shared", "--no-checkout", whole, name)
        _call("git", *as_files, "checkout", "--quiet", "--detach", revision.commit, folder=Path(name))
        config = (sys.executable, "-m", "dvc", "config", "--quiet", "--local", "cache.dir", str(_cache_dir()))
        _call(*config, folder=folder)
        with _whatever_it_holds():
            _link(outs, folder)
        environment = {**os.environ, "DVC_EXP_BASELINE_REV": revision.baseline}
        environment |= {"DVC_EXP_NAME": revision.name} if revision.name else {}
        yield folder, environment


def _link(outs: Mapping[str, str], folder: Path) -> None:
    for path, md5 in outs.items():
        listed = {f"{path}/{each}": digest for each, digest in _listed(md5).items()} or {path: md5}
        for file, digest in listed.items():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).symlink_to(Path(str(_cached(digest))).resolve())


def _has_networks(outs: Mapping[str, str]) -> bool:
    return any(path.startswith(f"{MODELS.as_posix()}/") for path in outs)


def _call(*command: str, folder: Path | None = None) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise DataError(" ".join(done.stderr.split()) or f"`{command[0]}` failed")
