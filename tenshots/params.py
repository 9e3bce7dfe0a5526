"""Reads params.yaml as DVC does and hands each part to the pydantic model of its concern.

The models live beside the code that they concern (`SplitSettings`), not here, so that a new setting
of the report does not edit a file on which training depends. `checks.whole` knows them all.
"""

from __future__ import annotations

import difflib
import json
import math
import re
import reprlib
from collections.abc import Container, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Strict, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, ScalarEvent

from tenshots.errors import DataError, SettingsError

PATH = Path("params.yaml")
MAX_BYTES = 1_000_000
MAX_VALUES = 100_000  # in a file with aliases; ours has some 200
MAX_EPOCHS = 100_000  # weeks, even for the smallest collection
MAX_SHOWN = 80  # characters of a value in a message

_SHORT = reprlib.Repr()  # also shortens what YAML's aliases make endless

# What is said instead of pydantic's words if a value has the wrong type.
_BOUNDS = {  # pydantic's words and ours
    "greater_than": ("greater than", "above"),
    "greater_than_equal": ("greater than or equal to", "at least"),
    "less_than": ("less than", "below"),
    "less_than_equal": ("less than or equal to", "at most"),
}
_TYPES = {
    "bool_type": "must be true or false",
    "dict_type": "must be a section of settings",
    "finite_number": "must be a finite number",
    "float_type": "must be a number",
    "int_from_float": "must be an integer",
    "int_type": "must be an integer",
    "invalid_key": "must have a name that is text",
    "model_type": "must be a section of settings",
    "string_type": "must be text",
    "string_too_short": "must not be empty",  # the only bound that texts have
    "tuple_type": "must be a list",
}


class Settings(BaseModel):
    """Base of all settings: an unknown key is an error, a value is never changed after reading.

    Types are not guessed: `"0.002"` and `true` are not numbers, and a number is finite.
    """

    # What nobody asks for, such as the arguments of other optimisers, is not built: `check` has a second.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False, defer_build=True)


Model = TypeVar("Model", bound=BaseModel)
Item = TypeVar("Item")
# YAML has lists, not tuples; what is in them is checked as strictly as everything else.
Listed = Annotated[tuple[Item, ...], Strict(False)]


def read(path: Path = PATH) -> dict[str, Any]:
    """Returns all settings as plain dictionaries, lists and scalars.

    ruamel.yaml follows YAML 1.2, as DVC does: `1e-3` is a number (PyYAML would read text).

    Raises:
        SettingsError: there is no such file, or it is not a YAML mapping.
    """
    try:
        data = path.read_bytes()
        if len(data) > MAX_BYTES:
            raise SettingsError(f"{path} must be at most {MAX_BYTES} bytes long, got {len(data)}")
        values = loaded(data.decode())
    except FileNotFoundError:
        raise SettingsError(f"{path} is missing; run this from the project's top folder") from None
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from None
    except DataError as error:
        raise SettingsError(f"{path}: {error}; write them out") from None
    except DuplicateKeyError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        key = re.search('"(.*?)"', str(error.problem), re.DOTALL)
        raise SettingsError(
            f"{path}: line {line} sets {key[1] if key else 'a key'} a second time; remove one of the two"
        ) from None
    # ValueError: a number of thousands of digits, a date that no calendar has, bytes that are not UTF-8
    except (YAMLError, ValueError, RecursionError) as error:
        raise SettingsError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(values, dict):
        raise SettingsError(f"{path} must be a mapping of settings, got {type(values).__name__}")
    return values


def loaded(text: str) -> Any:  # noqa: ANN401 (whatever stands in the file)
    """Returns what YAML says as plain dictionaries, lists and scalars, within bounds, whoever wrote it.

    Raises:
        DataError: its aliases make more than `MAX_VALUES` values of it: in nine lines they can make billions.
        YAMLError, ValueError, RecursionError: it is no YAML.
    """
    if "&" in text:  # else it can have no aliases
        _check_aliases(text)
    return YAML(typ="safe", pure=True).load(text)


def _check_aliases(text: str) -> None:
    num_values, inside = 0, []
    num_below: dict[str, int] = {}  # by the name of an anchor
    for event in YAML(typ="safe", pure=True).parse(text):
        if isinstance(event, CollectionStartEvent):
            inside.append((event.anchor, num_values))
            num_values += 1
        elif isinstance(event, CollectionEndEvent):
            anchor, num_before = inside.pop()
            num_below[anchor] = num_values - num_before
        elif isinstance(event, AliasEvent):
            num_values += num_below.get(event.anchor, 1)  # 1: in itself, or of no anchor
        elif isinstance(event, ScalarEvent):
            num_values += 1
        if num_values > MAX_VALUES:
            raise DataError(f"its aliases, such as *name, make over {MAX_VALUES:,} values of it")


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
            known = part if isinstance(part, Mapping) else ()
            raise SettingsError(f"{PATH}: {where} has no key {name!r}{nearest(name, known)}")
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
        sentences: dict[str, str] = {}  # by key: a value may break a rule of each member of a union
        for details in _causes(error):
            key = _walk(details, part, at)
            if key in sentences:
                rule = _rule(details, model).removeprefix("must be ")
                sentences[key] = sentences[key].replace(", got ", f" or {rule}, got ")
            else:
                sentences[key] = f"{PATH}: {key or 'the top level'} {_rule(details, model)}{_got(details)}"
        raise SettingsError("\n".join(sentences.values())) from None


def _causes(error: ValidationError) -> list[ErrorDetails]:
    """Returns the errors that do not follow from others: wrong items make their list too short, too."""
    found = error.errors()
    inside = {details["loc"][:-1] for details in found}
    return [details for details in found if details["type"] != "too_short" or details["loc"] not in inside]


def _walk(details: ErrorDetails, part: Any, at: str) -> str:  # noqa: ANN401 (whatever stands in the file)
    """Returns the dotted key of the error in `part`, without pydantic's names of a union's members."""
    for key in details["loc"]:
        keys: Container[object] = range(len(part)) if isinstance(part, list) else part
        if isinstance(part, Mapping | list) and key in keys:
            at = below(at, part, key)
            part = part[key]  # type: ignore[index]  # a key that lies in a list's range is an integer
    return below(at, part, details["loc"][-1]) if details["type"] == "missing" else at


def below(at: str, part: object, key: object) -> str:
    """Returns the dotted key of item `key` of `part`, whose own key is `at`: `augment.layers[0]`."""
    if isinstance(part, list):
        return f"{at}[{key}]"
    return f"{at}.{key}" if at else str(key)


def _rule(details: ErrorDetails, model: type[BaseModel]) -> str:
    if details["type"] == "missing":
        return "is missing"
    if details["type"] in _TYPES:
        return _TYPES[details["type"]]
    for length in ("min_length", "max_length"):
        if details["type"].startswith("too_") and length in details["ctx"]:
            number = details["ctx"][length]
            bound = "least" if length == "min_length" else "most"
            return f"must hold at {bound} {number} item{'s' * (number != 1)}"
    if details["type"] == "extra_forbidden":
        known = model.model_fields if len(details["loc"]) == 1 else ()
        return f"is not a known setting{nearest(str(details['loc'][-1]), known) or '; remove it'}"
    said = details["msg"].removeprefix("Value error, ").replace("Input should", "must", 1)
    return said.replace(*_BOUNDS[details["type"]]) if details["type"] in _BOUNDS else said


def _got(details: ErrorDetails) -> str:
    if details["type"] in ("missing", "extra_forbidden"):
        return ""
    value = details["input"]
    remedy = str(details.get("ctx", {}).get("remedy", ""))  # of an error of ours
    if isinstance(value, str) and details["type"] in ("int_type", "float_type", "bool_type"):
        # As YAML would read it without quotes
        plain = re.fullmatch(r"[-+]?(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?|true|false", value, re.IGNORECASE)
        remedy = "; remove the quotes" if plain else remedy
    elif isinstance(value, float) and details["type"] == "int_type" and value.is_integer():
        remedy = f"; write {shown(int(value))}"
    elif isinstance(value, str) and details["type"] == "literal_error":
        remedy = nearest(value, re.findall("'(.*?)'", str(details["ctx"]["expected"])))
    return f", got {shown(value)}{remedy}"


def shown(value: object) -> str:
    """Returns a value as a message shows it: short, with unprintable characters escaped."""
    if value is None:
        return "an empty value"
    if isinstance(value, bool):
        return str(value).lower()  # as YAML writes it
    try:
        text = _SHORT.repr(value) if isinstance(value, Mapping | list) else repr(value)
    except ValueError:  # Python does not print an integer of more than 4300 digits
        text = "a number of thousands of digits"
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"


def check_numbers(value: object, *, most: float, depth: int = 4) -> None:
    """Raises a ValueError for a number not finite or beyond ±`most`, or for nesting beyond `depth`."""
    inside = list(value.values()) if isinstance(value, Mapping) else value
    if isinstance(inside, list | tuple):
        if not depth:
            raise ValueError("must not nest lists or sections so deeply")
        for each in inside:
            check_numbers(each, most=most, depth=depth - 1)
    elif isinstance(inside, int | float) and (not math.isfinite(inside) or abs(inside) > most):
        raise ValueError(f"must hold numbers from {-most} to {most}, not {shown(inside)}")


def flattened(values: Mapping[str, Any], at: str = "") -> dict[str, str]:
    """Returns settings as texts by dotted key, in the order of the file; lists are written as JSON."""
    flat: dict[str, str] = {}
    for key, value in values.items():
        name = f"{at}{key}"
        if isinstance(value, Mapping) and value:
            flat.update(flattened(value, at=f"{name}."))
        else:
            text = json.dumps(value, ensure_ascii=False, default=str)
            flat[name] = value if isinstance(value, str) else text
    return flat


def nearest(name: str, known: Iterable[object]) -> str:
    """Returns the end of a message, `; did you mean 'split'?`, or an empty string if nothing is similar."""
    names = {text.casefold(): text for text in sorted(map(str, known))}
    close = [repr(names[text]) for text in difflib.get_close_matches(name.casefold(), names)]
    return f"; did you mean {' or '.join(close)}?" if close else ""


def nearest_or_all(name: str, known: Iterable[object]) -> str:
    """Returns the end of a message: what is similar, or else all known names, `; there are a, b`."""
    names = list(map(str, known))
    verb = "are" if len(names) > 1 else "is"
    return nearest(name, names) or f"; there {verb} {', '.join(names) or 'none'}"
