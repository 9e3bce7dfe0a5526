"""A setting that names one of several ways, alone or with its arguments: `sgd`, or `sgd: {momentum: 0.5}`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError, create_model
from pydantic_core import InitErrorDetails, PydanticCustomError

from tenshots import entries
from tenshots.params import Settings, nearest, nearest_or_all

Choice = str | dict[str, dict[str, Any]]  # as params.yaml has it
_EXAMPLE = "such as sgd: {momentum: 0.5}"


def checked(value: object, known: Mapping[str, type[Settings]]) -> Choice:
    """Returns a choice whose name and arguments are known, with those arguments alone that were given.

    Args:
        value: what stands in params.yaml.
        known: of each name the model of its arguments, all of which have defaults.

    Raises:
        PydanticCustomError: the name or an argument is unknown; tells the nearest that is.
        ValidationError: an argument breaks a rule.
    """
    try:
        name, arguments = entries.split(value, example=_EXAMPLE, called="one name")
    except ValueError as error:
        raise PydanticCustomError("choice", "{rule}", {"rule": str(error)}) from None
    if name not in known:
        raise PydanticCustomError(
            "choice", f"must be one of {', '.join(known)}", {"remedy": nearest(name, known)}
        )
    if isinstance(value, str):
        return value
    fields = known[name].model_fields
    for argument in arguments:
        if argument not in fields:
            end = nearest_or_all(str(argument), fields) if fields else "; it has none"
            raise PydanticCustomError(
                "choice", f"must give {name} arguments that it has", {"remedy": f", not {argument!r}{end}"}
            )
    # In a model of its name, so that a message has the argument's whole key.
    around = create_model("Arguments", __base__=Settings, **{name: (known[name], ...)})  # type: ignore[call-overload]
    found = getattr(around.model_validate({name: arguments}), name)
    given: dict[str, Any] = found.model_dump(mode="json", exclude_unset=True)
    return {name: given}


def checked_if_any(value: object, known: Mapping[str, type[Settings]]) -> Choice | None:
    """Returns what `checked` does, and None of a setting that is left empty."""
    return None if value is None else checked(value, known)


def name_of(choice: Choice) -> str:
    """Returns which way was chosen."""
    return choice if isinstance(choice, str) else next(iter(choice))


def given(choice: Choice) -> dict[str, Any]:
    """Returns the arguments that were given."""
    return {} if isinstance(choice, str) else dict(next(iter(choice.values())))


def refusal(key: tuple[str, ...], rule: str, value: object) -> ValidationError:
    """Returns the error to raise in a model where values that are right one by one do not fit together.

    Args:
        key: of the value that is refused, below the model's own.
        rule: that it breaks: "must be …".
        value: that is refused.
    """
    details = InitErrorDetails(type=PydanticCustomError("together", rule), loc=key, input=value)
    return ValidationError.from_exception_data("settings", [details])
