"""How a variant was taught, in words, and what must be known of its figures for that."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from tenshots import choices
from tenshots.wording import counted, joined

MOST_GUESSES = 10  # that a validation loss may be as bad as; overfitting alone stays far below


def taught(details: Mapping[str, Any]) -> str:
    """Says in a few words how a variant was taught, from details.json: "from scratch"."""
    start: str = details["taught"]
    if before := details.get("settings", {}).get("pretraining"):
        more = ", also from photos that have none" * bool(before.get("unlabelled"))
        start = f"{start}, after learning without labels{more}"
    said = {
        "augmented": f"{start}, with changed copies",
        "on_the_fly": f"{start}, with changed copies that are drawn anew in each epoch",
    }
    return said.get(details["data"], start)


def remarks(details: Mapping[str, Any]) -> list[str]:
    """Says what must be known of a variant's figures where it was taught otherwise than usual.

    Args:
        details: details.json of the variant.

    Returns:
        Sentences; none of a variant with the usual loss, data and answers.
    """
    settings = details.get("settings", {})
    optimisation = settings.get("optimisation", {})
    said = []
    if _loss(details) == "hinge":
        said.append(
            "Its probabilities are margins of a hinge loss, divided by a temperature that was fitted to the "
            "validation photos, which also choose among variants: on these, though not on test photos, log "
            "loss and calibration are a little too good."
        )
    if optimisation.get("mixup") or optimisation.get("cutmix"):
        said.append(
            "Its training curves are of mixed images, each counted as right where the label with the larger "
            "share is named, so they may lie below those of validation."
        )
    if optimisation.get("class_weights"):
        said.append("Its training loss weighs rare labels more; its validation loss weighs all photos alike.")
    if settings.get("flips_at_test"):
        said.append(
            "Each answer is the mean of those on the photo and on its mirror image; the validation curve "
            "is of the photo alone."
        )
    if known := details.get("labels_known"):
        labels = f"label{'s' * (len(known) > 1)} {joined(known)}"
        said.append(
            f"The network with which it begins had learnt the {labels} before, and its files do not say from "
            "which photos: if these photos were among them, it has learnt from photos that it is tested on, "
            "and its figures are too good."
        )
    if before := settings.get("pretraining"):
        noise = f", of which {100 * before['noise']:g} % was set to 0," * bool(before["noise"])
        more = " and on photos without labels" * bool(before.get("unlabelled"))
        said.append(
            "Before it saw a label, each of its layers but the last learnt alone, from the first one up, to "
            f"restore what goes into it{noise or ','} for {counted(before['epochs'], 'epoch')} on its "
            f"training photos{more}. What that is worth shows beside the same network begun at random."
        )
    return said


def diverged(details: Mapping[str, Any], curves: pd.DataFrame) -> list[str]:
    """Says so where a training ended far worse than a guess, as with a learning rate that is far too high.

    Args:
        details: details.json of the variant.
        curves: its loss by epoch (see `comparison.Results`).

    Returns:
        A sentence, or none.
    """
    if not details["num_updates"]:
        return []
    num_labels = len(details["per_class"])
    is_hinge = _loss(details) == "hinge"
    guess, last = (num_labels - 1 if is_hinge else math.log(num_labels)), float(curves["val_loss"].iloc[-1])
    if last <= MOST_GUESSES * guess:
        return []
    return [
        f"Its last validation loss is {last:,.0f}, and that of a guess {guess:.1f}: it did not learn, as "
        "where the learning rate is far too high. Lower lr, or have `python -m stages.find_rate` look for "
        "one."
    ]


def _loss(details: Mapping[str, Any]) -> str:
    return choices.name_of(details.get("settings", {}).get("optimisation", {}).get("loss") or "")
