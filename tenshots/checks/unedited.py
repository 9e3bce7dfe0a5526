"""Whether a stage runs by the code that `check` listed, and by the settings that DVC finds in the end."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

from tenshots import params
from tenshots.errors import DataError
from tenshots.files import file_hash
from tenshots.repository import outputs
from tenshots.repository.code import CODE_DIR
from tenshots.tables.paths import CODE, NETWORKS

DVC_YAML = Path("dvc.yaml")
PLACEHOLDER = re.compile(r"\$\{([\w.]+)\}")  # of DVC's templates
WHOLE = ("compare", "describe")  # tell of all settings, on the page and in MLflow
SPAWNING = ("ingest",)  # its workers import the code anew, at any time


@contextmanager
def watched(addressed: str, values: Mapping[str, Any], *, code_dir: Path = CODE_DIR) -> Iterator[None]:
    """Raises if code or settings were edited: DVC would record the outputs as those of others.

    An edit of a module that was imported before changes nothing that the process computes. So all files are
    compared at first, modules once more as they are imported, and in the end the rest: templates, styles, and
    the lists themselves, which `check` may have written again meanwhile. DVC looks at the stage's settings
    when it has ended.

    Args:
        addressed: the stage, as DVC names it: `split`, `train@baseline`; empty if DVC does not run it.
        values: all of params.yaml; empty where nothing is to be compared.
        code_dir: holds `stages` and `tenshots`.

    Raises:
        DataError: a file was edited, or one of the stage's settings.
    """
    if not addressed or not values:
        yield
        return
    stage, _, item = addressed.rpartition(":")[2].partition("@")
    settings = file_hash(params.PATH)
    if stage in WHOLE:
        _compare_all(values)
    paths = [path for path in _lists(stage, item, values) if path.is_file()]
    texts = [path.read_text(encoding="utf-8") for path in paths]
    lines = [line.partition("  ") for text in texts for line in text.splitlines()]
    listed = {name: digest for digest, _, name in lines}
    for name in listed:
        _compare(name, listed, code_dir)
    finder = _Finder(listed, code_dir)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
    for name in listed:
        if stage in SPAWNING or not name.endswith(".py"):
            _compare(name, listed, code_dir)
    for path, text in zip(paths, texts, strict=True):
        if path.read_text(encoding="utf-8") != text:
            raise _edited(f"code that {path} lists")
    if file_hash(params.PATH) != settings:
        _compare_settings(stage, item, values, params.read())


class _Finder(MetaPathFinder):
    """Finds no module, but compares the files of listed ones as they are looked for."""

    def __init__(self, listed: Mapping[str, str], code_dir: Path) -> None:
        self._listed = listed
        self._code_dir = code_dir

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:
        """Raises DataError if the module's file is listed, and was edited."""
        del path, target
        place = fullname.replace(".", "/")
        for name in (f"{place}.py", f"{place}/__init__.py"):
            if name in self._listed:
                _compare(name, self._listed, self._code_dir)


def _compare(name: str, listed: Mapping[str, str], code_dir: Path) -> None:
    if file_hash(code_dir / name) != listed[name]:
        raise _edited(name)


def _compare_settings(stage: str, item: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    described = params.read(DVC_YAML).get("stages", {}).get(stage, {})
    listed = described.get("do", described).get("params", ())
    files = [each for each in listed if isinstance(each, Mapping)]
    are_all = stage in WHOLE or any(params.PATH.name in each and not each[params.PATH.name] for each in files)
    ours = [each for each in listed if isinstance(each, str)]
    ours += [name for each in files for name in each.get(params.PATH.name) or ()]
    each_one = {**(before.get("networks") or {}), **(before.get("variants") or {})}
    known = {**before, "key": item, "item": each_one.get(item)}
    names = [PLACEHOLDER.sub(lambda found: str(_at(known, found[1])), each) for each in ours]
    for name in [*before, *after] if are_all else names:
        old, new = (params.flattened({name: _at(values, name)}) for values in (before, after))
        if edited := [key for key in {**old, **new} if old.get(key) != new.get(key)]:
            key = max(edited, key=lambda each: each.count("."))  # not of the section that gained or lost it
            raise DataError(
                f"{params.PATH}: {key} was edited while this stage ran (from {old.get(key, 'nothing')} to "
                f"{new.get(key, 'nothing')}), so DVC would take the outputs for the new setting's; set it "
                "back and run the same again, which goes on with what is finished, or run it with the new one"
            )


def _compare_all(values: Mapping[str, Any]) -> None:
    """Raises where settings are not those that `check` has judged, and the stages after it have used."""
    judged = outputs.recorded_settings(outputs.LOCK, "check")
    if judged is None:
        return
    before, now = params.flattened(judged), params.flattened(values)
    if edited := [name for name in {**before, **now} if before.get(name) != now.get(name)]:
        raise DataError(
            f"{params.PATH}: {edited[0]} was edited while other stages ran, so their results would be told "
            "as those of the new setting; run `dvc repro` again"
        )


def _at(values: Any, name: str) -> Any:  # noqa: ANN401 (settings)
    """The setting of a dotted name; None where there is none."""
    for part in name.split("."):
        values = values.get(part) if isinstance(values, Mapping) else None
    return values


def _edited(what: str) -> DataError:
    return DataError(
        f"{what} was edited after `check` listed it, so DVC would take the outputs for the old code's; run "
        "`dvc repro --force --single-item check`, then what you ran"
    )


def _lists(stage: str, item: str, values: Mapping[str, Any]) -> Iterator[Path]:
    """The files that list the code of a stage: its own, and those of the networks that it depends on."""
    yield CODE / f"{stage}.txt"
    networks = values.get("networks") or {}
    variant = (values.get("variants") or {}).get(item) or {}
    if stage in ("train", "study") and variant.get("data") == "on_the_fly":
        yield CODE / "on_the_fly.txt"  # which draws while it trains
    used = {
        "rehearse": list(networks),
        "visualise": list(networks),
        "inspect": [(values.get("inspect") or {}).get("network")],
        "features": [item],
        "features_of_copies": [item],
    }.get(stage, [variant.get("network")] if variant else [])
    yield from (NETWORKS / f"{name}.txt" for name in used)
