"""Settings with which all stages take about a minute: every stage and variant, on few photos."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

NUM_PHOTOS = 3  # of each group and label
NUM_UNGROUPED = 12  # of each label, where the layout does not say who took a photo
EPOCHS = 2
FOLDS = 3  # with 2, three people's photos would leave one person for training and validation
NOTICE = (
    '<div role="note" style="padding:1em 2em;background:#fff1c2;color:#000"><b>A trial run</b> of a '
    f"few photos of each person and label, and at most {EPOCHS} epochs. It shows that every stage works. Its "
    "figures and claims say nothing about any network or your photos; for a real answer, run "
    "<code>make repro</code>.</div>"
)
# What is drawn of each variant: one of each kind of picture.
PICTURES = {"fold": 0, "repeat": 0, "num_photos": 1, "num_maps": 1, "num_filters": 1, "steps": 2}
SLOW = {"dream": False, "landscape": 0}


def settings(values: Mapping[str, Any], *, photos: str) -> dict[str, Any]:
    """Returns settings that differ from the given ones only in how much there is to compute.

    Args:
        values: all of params.yaml, after `checks.whole.check`.
        photos: the folder that they name, as an absolute path.
    """
    found = copy.deepcopy(dict(values))
    found |= {"photos": photos, "repeats": 1, "epochs": min(found["epochs"], EPOCHS)}
    most = NUM_PHOTOS if "{group}" in found["layout"] else NUM_UNGROUPED
    given = found["accept"].get("max_photos", "none")
    found["accept"]["max_photos"] = most if given == "none" else min(given, most)
    found["split"]["folds"] = min(found["split"]["folds"], FOLDS)
    found["augment"]["copies"] = 1
    found["visualise"] |= PICTURES | SLOW
    found["study"] |= {"shares": [], "leaking": False}
    _shorten(found["optimisation"])
    for variant in found["variants"].values():
        if variant.get("epochs"):
            variant["epochs"] = min(variant["epochs"], EPOCHS)
        if variant.get("pretraining"):
            variant["pretraining"]["epochs"] = min(variant["pretraining"]["epochs"], EPOCHS)
        if variant.get("optimisation"):
            _shorten(variant["optimisation"])
    return found


def _shorten(optimisation: dict[str, Any]) -> None:
    """Leaves out, in place, what so few epochs and photos cannot have: they would be refused."""
    for key in ("ema", "stop_on"):  # more updates, validation photos of each label
        optimisation.pop(key, None)
    schedule = optimisation.get("schedule")
    if schedule == "performance" or (isinstance(schedule, dict) and "performance" in schedule):
        optimisation["schedule"] = "cosine"


def marked(page: str) -> str:
    """Returns the page with a notice on top that its figures say nothing.

    Args:
        page: HTML, as the report is.
    """
    head, body, rest = page.partition("<body>")
    return f"{head}{body}{NOTICE}{rest}"
