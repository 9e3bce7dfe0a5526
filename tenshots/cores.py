"""How many computations side by side the machine has cores for, and who shares it."""

from __future__ import annotations

import os
import re

from tenshots.errors import SettingsError


def num_workers(*, threads: int, num_worth: int | None = None) -> int:
    """Returns how many computations side by side keep this process' share of the cores busy, at least 1.

    TENSHOTS_WORKERS in the environment sets it by hand. Cores are those that the process may use: its
    affinity and a container's limit count; experiments that run at once share them.

    Args:
        threads: of one operation.
        num_worth: how many at most are worth the time that each takes to begin; does not bind where the
            number is set by hand.

    Raises:
        SettingsError: the environment holds something other than a number there.
    """
    by_hand = _number_from_environment("TENSHOTS_WORKERS")
    if by_hand is not None:
        return by_hand
    import joblib  # not at the top: whoever is told how many to use need not wait for it

    found = max(int(joblib.cpu_count()) // num_experiments() // threads, 1)
    return found if num_worth is None else min(found, num_worth)


def num_experiments() -> int:
    """Returns how many experiments share this machine, at least 1: TENSHOTS_EXPERIMENTS, or this one alone.

    Raises:
        SettingsError: the environment holds something other than a number there.
    """
    return _number_from_environment("TENSHOTS_EXPERIMENTS") or 1


def _number_from_environment(name: str) -> int | None:
    given = os.environ.get(name, "")
    if not given:
        return None
    if not re.fullmatch("[0-9]{1,4}", given) or int(given) < 1:
        raise SettingsError(f"the environment's {name} must be a whole number from 1 to 9999, got {given!r}")
    return int(given)
