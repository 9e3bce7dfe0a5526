"""Which project this is: its name in MLflow.

The experiment and the registered model bear the project's name: that of its folder, so that several projects
can share a server, or what `MLFLOW_EXPERIMENT_NAME` says. The name is not in params.yaml: it moves no result,
and two clones of one project may lie in folders of different names.
"""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path

from tenshots.errors import SettingsError
from tenshots.repository import checkouts

VARIABLE = "MLFLOW_EXPERIMENT_NAME"  # MLflow's own
FORMER_NAME = "tenshots"  # of every project, before they were named after their folders
UNNAMED = "tenshots"  # where the folder's name is of no use
MAX_CHARACTERS = 200  # MLflow's database takes 256 in the name of a model


def name() -> str:
    """Returns the project's name in MLflow.

    Raises:
        SettingsError: `MLFLOW_EXPERIMENT_NAME` is set to a name that MLflow would refuse, or change.
    """
    given = given_name()
    if given is None:
        return name_of(checkouts.main_repository())
    accepted = _accepted(given)
    if accepted != unicodedata.normalize("NFC", given):
        raise SettingsError(
            f"{VARIABLE} must be 1 to {MAX_CHARACTERS} letters, digits, spaces or any of _ . - ( ), with no "
            f"space or dot at either end, and not Default, got {given!r}; correct or unset it"
        )
    return accepted


def given_name() -> str | None:
    """Returns the name that the user chose; None where the folder's name is used."""
    return os.environ.get(VARIABLE) or None


def name_of(folder: Path) -> str:
    """Returns the name of a project in that folder: what MLflow refuses in a name becomes `_`.

    A model's name may hold neither `/` nor `:`, and be no relative path; quotes would end a filter.
    """
    return _accepted(folder.name)


def _accepted(text: str) -> str:
    composed = unicodedata.normalize("NFC", text)  # macOS decomposes the names of folders
    plain = re.sub(r"[^\w .()-]", "_", composed)[:MAX_CHARACTERS].strip(" .")
    # MLflow's own experiment of the name Default keeps its files in the working directory.
    return plain if plain and plain.casefold() != "default" else UNNAMED
