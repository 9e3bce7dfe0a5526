"""All of params.yaml at once: each section by its model, and what one section says of another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel

from tenshots import params
from tenshots.augmentation.settings import AugmentSettings
from tenshots.checks import outputs
from tenshots.errors import SettingsError
from tenshots.intake.layout import PhotosSettings
from tenshots.intake.names.pattern import Layout
from tenshots.intake.settings import AcceptSettings, DatabaseSettings, NearDuplicateSettings
from tenshots.interpretation.settings import VisualiseSettings
from tenshots.labels.settings import InspectSettings, backbone_settings
from tenshots.networks.settings import settings_from
from tenshots.pages.settings import ReportSettings, asked
from tenshots.params import PATH, Model, shown
from tenshots.portable import PortableSettings
from tenshots.splitting.settings import SplitSettings
from tenshots.studies import settings
from tenshots.studies.settings import StudySettings
from tenshots.tables.encoding import StandardiseSettings
from tenshots.training.settings import (
    ExperimentSettings,
    OptimisationSettings,
    VariantSettings,
    check_lengths,
    check_name,
    named,
)
from tenshots.wording import counted

TOP_LEVEL: tuple[type[BaseModel], ...] = (PortableSettings, ExperimentSettings, PhotosSettings)
SECTIONS: Mapping[str, type[BaseModel]] = MappingProxyType(
    {
        "accept": AcceptSettings,
        "near_duplicates": NearDuplicateSettings,
        "standardise": StandardiseSettings,
        "database": DatabaseSettings,
        "split": SplitSettings,
        "augment": AugmentSettings,
        "optimisation": OptimisationSettings,
        "inspect": InspectSettings,
        "report": ReportSettings,
        "visualise": VisualiseSettings,
        "study": StudySettings,
    }
)
# Sections whose keys the user names, each with how many there may be: every variant is trained and compared.
NAMED: Mapping[str, int] = MappingProxyType({"networks": 100, "variants": 50})
MAX_PROBLEMS = 10  # in a message


def check(values: Mapping[str, Any]) -> None:
    """Judges all that params.yaml says, except what only Keras can judge (`rehearsal`).

    Args:
        values: all of params.yaml, of `params.read`.

    Raises:
        SettingsError: one line per broken rule, with file, key, rule, value and remedy.
    """
    interpolated = _interpolated(values)
    found = [*_unknown(values), *interpolated.values()]
    for model in TOP_LEVEL:
        with _noted(found):
            params.top_level(values, model)
    if values.get("layout") and isinstance(values["layout"], str):
        with _noted(found):
            Layout(values["layout"])
    for key, model in SECTIONS.items():
        with _noted(found):
            _section(values, key, model)
    networks = _names(values, "networks", found)
    for name in networks:
        with _noted(found):
            outputs.check_weights(values["networks"][name], at=f"networks.{name}")
            settings_from(values["networks"][name], at=f"networks.{name}")
    for name in _names(values, "variants", found):
        with _noted(found):
            if networks:
                named(values, name)
                check_lengths(values, name)
                _check_unlabelled(values, name)
            else:  # there is no list of networks: that is one mistake, not one per variant that names one
                params.section(values, f"variants.{name}", VariantSettings)
    with _noted(found):
        if networks:
            backbone_settings(values, _section(values, "inspect", InspectSettings).network)
    if isinstance(values.get("variants"), Mapping):
        variants = [*map(str, values["variants"])]
        with _noted(found):
            settings.check_names(_section(values, "study", StudySettings), variants)
        with _noted(found):
            asked(_section(values, "report", ReportSettings), variants)
    with _noted(found):
        _check_shown(values)
    found = [_placed(line) for line in dict.fromkeys(found)]  # what concerns two sections is said once
    # Where a value is a template, no other rule that it breaks.
    templates = tuple(f"{PATH}: {key} " for key in interpolated)
    found = [line for line in found if line in interpolated.values() or not line.startswith(templates)]
    if found:
        more = [f"and {len(found) - MAX_PROBLEMS} more"] if len(found) > MAX_PROBLEMS else []
        raise SettingsError("\n".join([*found[:MAX_PROBLEMS], *more]))


@contextmanager
def _noted(found: list[str]) -> Iterator[None]:
    try:
        yield
    except SettingsError as error:
        found += str(error).splitlines()


def _section(values: Mapping[str, Any], key: str, model: type[Model]) -> Model:
    if key not in values:
        raise SettingsError(f"{PATH}: {key} is missing")
    return params.section(values, key, model)


def _names(values: Mapping[str, Any], key: str, found: list[str]) -> list[str]:
    """Returns the names that the user gave to the entries of a section; adds what is wrong to `found`."""
    entries, most = values.get(key), NAMED[key]
    if not isinstance(entries, Mapping) or not 0 < len(entries) <= most:
        found.append(f"{PATH}: {key} must hold 1 to {most} entries with names, got {shown(entries)}")
        return []
    if any("${" in str(name) for name in entries):  # said by `_interpolated`
        return []
    with _noted(found):
        for name in entries:
            check_name(name, at=key)
        return list(entries)
    return []


def _unknown(values: Mapping[str, Any]) -> Iterator[str]:
    known = {*SECTIONS, *NAMED, *(key for model in TOP_LEVEL for key in model.model_fields)}
    for key in values:
        if key not in known:
            hint = params.nearest(str(key), known) or "; remove it"
            yield f"{PATH}: {key} is not a known setting{hint}"


def _placed(line: str) -> str:
    """Returns a problem; of a setting that stands in the wrong place, with the right one."""
    before, end, _ = line.partition(" is not a known setting; remove it")
    name = before.rpartition(".")[2].rpartition(" ")[2]
    sections = [key for key, model in SECTIONS.items() if name in model.model_fields]
    places = [f"in {' or '.join(sections)}"] * bool(sections)
    places += ["at the top level"] * any(name in model.model_fields for model in TOP_LEVEL)
    places += ["in a variant"] * (name in VariantSettings.model_fields)
    if not (end and places):
        return line
    return f"{before} is not a known setting there, but {' or '.join(places)}; move it"


def _check_unlabelled(values: Mapping[str, Any], name: str) -> None:
    """Raises a SettingsError where a variant learns from photos without labels, and there are none."""
    before = named(values, name).pretraining
    if before and before.unlabelled and _section(values, "accept", AcceptSettings).unlabelled is None:
        raise SettingsError(
            f"{PATH}: variants.{name}.pretraining.unlabelled must be left out where accept.unlabelled names "
            "no folder of photos without labels, got true; add accept.unlabelled, or remove it"
        )


def _check_shown(values: Mapping[str, Any]) -> None:
    """Raises a SettingsError where `visualise` names a training that will not exist.

    A given split is one fold, whatever `split.folds` says.
    """
    wanted = _section(values, "visualise", VisualiseSettings)
    given = "{split}" in params.top_level(values, PhotosSettings).layout
    folds = 1 if given else _section(values, "split", SplitSettings).folds
    repeats = params.top_level(values, ExperimentSettings).repeats
    for key, value, number in (("fold", wanted.fold, folds), ("repeat", wanted.repeat, repeats)):
        if value >= number:
            raise SettingsError(
                f"{PATH}: visualise.{key} must be less than the number of {key}s, which are counted from "
                f"0, but there {'is' if number == 1 else 'are'} {counted(number, key)}, got {value}"
            )


def _interpolated(values: Mapping[str, Any]) -> dict[str, str]:
    """Returns one sentence per text or name of an entry that DVC would take for a template, by key."""
    found = {}
    seen: set[int] = set()  # YAML's aliases may lead back, or to the same part a million times
    todo: list[tuple[str, object, object]] = [("", "", values)]
    while todo:
        at, name, part = todo.pop()
        if isinstance(part, Mapping | list) and id(part) not in seen:
            seen.add(id(part))
            items = part.items() if isinstance(part, Mapping) else enumerate(part)
            todo += [(params.below(at, part, key), key, each) for key, each in items]
        if "${" in str(name) or (isinstance(part, str) and "${" in part):
            found[at] = (
                f"{PATH}: {at} must not hold ${{, which DVC reads as the name of another setting, "
                f"got {shown(part)}; write the value out"
            )
    return found
