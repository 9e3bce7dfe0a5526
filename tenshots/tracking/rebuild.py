"""From a run back to its outputs: the revision, and the command that makes them again in a clone.

Where settings differ from those of the revision, the command names the differences, as `dvc exp run -S` takes
them (Hydra's grammar of overrides); where that grammar cannot say them, it takes the settings that the
experiment's own run keeps as a file.
"""

from __future__ import annotations

import math
import re
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tenshots import params
from tenshots.repository.outputs import LOCK, of_stage
from tenshots.tables.corrections import CORRECTIONS
from tenshots.tracking import places
from tenshots.tracking.origin import git

TAG = "tenshots.rebuild"
NOTE = "mlflow.note.content"  # what MLflow's pages show as a run's description
SETTINGS = "settings"  # the folder of an experiment's files that holds its params.yaml
UNKNOWN = "cannot be rebuilt from a revision alone: "
CODE = ("stages", "tenshots", "dvc.yaml", str(CORRECTIONS))

# A name that Hydra's grammar takes for one, and does not take for a value of another kind.
# Source: hydra/grammar/OverrideLexer.g4, 1.3.
NAME = re.compile(r"(?!(?:true|false|null|inf|nan)$)[a-z_][\w-]*", re.IGNORECASE | re.ASCII)


def command(revision: str, settings: Mapping[str, Any], *, run_id: str) -> str:
    """Returns the shell command that makes the outputs of the current folder again, in any clone.

    Args:
        revision: that the folder's files came from, a commit.
        settings: all of params.yaml as it is now.
        run_id: of the experiment, whose files hold params.yaml.

    Returns:
        The command, or a sentence that begins with UNKNOWN, where code or photos differ from the revision.
    """
    if changed := _changed(revision, settings):
        return f"{UNKNOWN}{', '.join(changed)} differed from {revision}"
    committed = _settings_of(revision)
    begin = f"git checkout {shlex.quote(revision)}"
    differences = None if committed is None else overrides(committed, settings)
    if differences is None:
        uri = shlex.quote(places.without_password(places.store_uri()))
        file = f"--run-id {run_id} --artifact-path {SETTINGS}/{params.PATH.name}"
        fetched = f"{places.VARIABLE}={uri} python -m mlflow artifacts download {file} --dst-path ."
        return f"{begin} && {fetched} && dvc repro"
    if not differences:
        return f"{begin} && dvc repro"
    return " ".join([f"{begin} && dvc exp run", *(f"-S {shlex.quote(each)}" for each in differences)])


def note(said: str, experiment: str) -> str:
    """Returns a run's description, in Markdown.

    Args:
        said: by `command`.
        experiment: DVC's name for it, or nothing.
    """
    text = said if said.startswith(UNKNOWN) else f"Rebuilt, in a clone, by\n\n```sh\n{said}\n```"
    if experiment and "`" not in experiment:  # which would end the code
        text += f"\n\nDVC's experiment `{experiment}`: `dvc exp apply {shlex.quote(experiment)}`"
    return text


def overrides(before: Mapping[str, Any], after: Mapping[str, Any], above: str = "") -> list[str] | None:
    """Returns what `dvc exp run -S` must be given to make `after` of `before`; None where it cannot say it.

    Args:
        before: settings, as YAML holds them.
        after: others.
        above: the dotted name of what holds them, with a dot at its end; empty for all of params.yaml.
    """
    keys = (*before, *(key for key in after if key not in before))
    if list(after) != [key for key in keys if key in after]:
        return None  # in another order, as of the variants on the page; what -S adds comes last
    found: list[str] = []
    for key in keys:
        if key in before and key in after and _same(before[key], after[key]):
            continue
        if not isinstance(key, str) or not NAME.fullmatch(key):
            return None
        name = f"{above}{key}"
        if key not in after:
            if before[key] is None:  # Hydra takes it for absent
                return None
            found.append(f"~{name}")
            continue
        new = after[key]
        if key in before and isinstance(before[key], Mapping) and isinstance(new, Mapping):
            inner = overrides(before[key], new, f"{name}.")
            if inner is None:
                return None
            found += inner
            continue
        value = _value(new)
        if value is None:
            return None
        found.append(f"{'' if key in before else '+'}{name}={value}")
    return found


def _same(one: object, other: object) -> bool:
    """Whether two settings are equal and of one kind: 1, 1.0 and true are not."""
    return repr(one) == repr(other)


def _value(value: object) -> str | None:
    """A value in Hydra's grammar, or None."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else None
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, list):
        items = [_value(each) for each in value]
        return None if None in items else f"[{','.join(filter(None, items))}]"
    if isinstance(value, Mapping):
        pairs = []
        for key, each in value.items():
            item = _value(each)
            if item is None or not isinstance(key, str) or not NAME.fullmatch(key):
                return None
            pairs.append(f"{key}:{item}")
        return f"{{{','.join(pairs)}}}"
    return None  # such as a date


def _quoted(text: str) -> str | None:
    # Inside quotes a backslash counts only before a quote, and OmegaConf fills in `${...}` and takes ??? as
    # missing. What a terminal would not show goes by the file.
    if "${" in text or text == "???" or not text.isprintable():
        return None
    doubled = re.sub(r"(\\*)'", lambda found: found[1] * 2 + r"\'", text)
    end = re.search(r"\\*$", doubled)
    return f"'{doubled}{end[0] if end else ''}'"


def _changed(revision: str, settings: Mapping[str, Any]) -> list[str]:
    """The files of code and photos that are not as in the revision."""
    ours = [*CODE, *_photos(settings)]
    differing = git("diff", "--name-only", revision, "--", *ours)
    new = git("ls-files", "--others", "--exclude-standard", "--", *ours)
    if differing is None or new is None:
        return ["files, as git says,"]
    unknown = [str(settings.get("photos"))] if _has_unknown_photos(revision, settings) else []
    return sorted({*differing.splitlines(), *new.splitlines()}) + unknown


def _has_unknown_photos(revision: str, settings: Mapping[str, Any]) -> bool:
    """Whether `ingest` has read other photos than a checkout of the revision would have.

    That has those of the revision's .dvc file, or else those that git holds. Its dvc.lock decides only where
    neither does: it tells what was read before the last commit of photos, not what that commit brought.
    """
    now = _hash_of_photos(LOCK.read_text(encoding="utf-8") if LOCK.is_file() else "", settings)
    if now is None:
        return False
    if (kept := _hash_kept_by_dvc(revision, settings)) is not None:
        return now != kept
    if now == _hash_of_photos(git("show", f"{revision}:./{LOCK}") or "", settings):
        return False
    photos = _photos(settings)
    if not (photos and git("ls-files", "--", *photos)):
        return True
    # What git ignores is read, too, unless .dvcignore names it.
    return git("ls-files", "--others", "--exclude-per-directory=.dvcignore", "--", photos[0]) != ""


def _hash_kept_by_dvc(revision: str, settings: Mapping[str, Any]) -> str | None:
    """The hash of the photos' folder in the file that `dvc add` left in the revision; None without one."""
    photos = _photos(settings)
    text = git("show", f"{revision}:./{Path(str(settings['photos'])).as_posix()}.dvc") if photos else None
    try:
        return None if text is None else str(params.loaded(text)["outs"][0]["md5"])
    except Exception as error:  # whatever a former revision holds
        print(f"note: the .dvc file of the photos of {revision} cannot be read ({error})", file=sys.stderr)
        return None


def _hash_of_photos(lock: str, settings: Mapping[str, Any]) -> str | None:
    """The hash of the photos' folder among what the stage `ingest` has read, by the text of a dvc.lock."""
    read = of_stage(lock, "ingest").get("deps", ())
    found = [each.get("md5") for each in read if each.get("path") == settings.get("photos")]
    return str(found[0]) if found else None


def _photos(settings: Mapping[str, Any]) -> list[str]:
    """What git tracks of the photos: their folder, or the file that DVC keeps of it."""
    folder = Path(str(settings.get("photos", "")))
    if not folder.parts or folder.is_absolute() or ".." in folder.parts:
        return []
    return [f":(literal){folder.as_posix()}", f":(literal){folder.as_posix()}.dvc"]


def _settings_of(revision: str) -> dict[str, Any] | None:
    text = git("show", f"{revision}:./{params.PATH.as_posix()}")
    try:
        return None if text is None else params.loaded(text)
    except Exception as error:  # whatever a former revision holds
        print(f"note: {params.PATH} of {revision} cannot be read ({error})", file=sys.stderr)
        return None
