"""Reads params.yaml as DVC does and hands each part to the pydantic model of its concern.

The models live beside the code that they concern (`splitting.SplitSettings`), not here, so that a new setting of the report is
no edit of a file on which training depends.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from tenshots.errors import SettingsError

PATH = Path("params.yaml")


class Settings(BaseModel):
    """Base of all settings: an unknown key is an error, a value is never changed after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


Model = TypeVar("Model", bound=BaseModel)


def read(path: Path = PATH) -> dict[str, Any]:
    """Returns all settings as plain dictionaries, lists and scalars.

    ruamel.yaml follows YAML 1.2, as DVC does: `1e-3` is a number (PyYAML would read text).

    Raises:
        SettingsError: no such file, or it is not a YAML mapping.
    """
    try:
        values = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError(f"{path} is missing; run this from the project's top folder") from None
    except (YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(values, dict):
        raise SettingsError(f"{path} must be a mapping of settings, got {type(values).__name__}")
    return values


def section(values: Mapping[str, Any], key: str, model: type[Model]) -> Model:
    """Checks the section under `key` (dots lead deeper, as in `networks.lecture`) with `model`.

    Raises:
        SettingsError: the section is missing or breaks a rule of the model.
    """
    part: Any = values
    walked: list[str] = []
    for name in key.split("."):
        if not isinstance(part, Mapping) or name not in part:
            where = ".".join(walked) or "the top level"
            raise SettingsError(f"{PATH}: {where} has no key {name!r}{_nearest(name, part)}")
        walked.append(name)
        part = part[name]
    return check(part, model, at=key)


def top_level(values: Mapping[str, Any], model: type[Model]) -> Model:
    """Checks the top-level keys that `model` names; the others belong to other concerns.

    Raises:
        SettingsError: a key is missing or breaks a rule of the model.
    """
    return check({key: values[key] for key in model.model_fields if key in values}, model, at="")


def check(part: Any, model: type[Model], *, at: str) -> Model:  # noqa: ANN401 (whatever stands in the file)
    """Returns `part` as an instance of `model`; `at` is its dotted key in params.yaml.

    Raises:
        SettingsError: names the file, the key, the rule and the value, for every broken rule.
    """
    try:
        return model.model_validate(part)
    except ValidationError as error:
        sentences = [_sentence(details, model, at=at) for details in error.errors()]
        raise SettingsError("; ".join(dict.fromkeys(sentences))) from None


def _sentence(details: Any, model: type[BaseModel], *, at: str) -> str:  # noqa: ANN401 (pydantic's ErrorDetails)
    key = ".".join([at] * bool(at) + [str(part) for part in details["loc"]])
    if details["type"] == "missing":
        return f"{PATH}: {key} is missing"
    if details["type"] == "extra_forbidden":
        name = str(details["loc"][-1])
        known = model.model_fields if len(details["loc"]) == 1 else {}
        return f"{PATH}: {key} is no known setting{_nearest(name, known)}"
    rule = details["msg"].removeprefix("Value error, ").replace("Input should", "must", 1)
    return f"{PATH}: {key} {rule}, got {details['input']!r}"


def _nearest(name: str, known: Any) -> str:  # noqa: ANN401 (whatever stands in the file)
    close = (
        difflib.get_close_matches(name, [str(key) for key in known], n=1)
        if isinstance(known, Mapping)
        else []
    )
    return f"; did you mean {close[0]!r}?" if close else ""
