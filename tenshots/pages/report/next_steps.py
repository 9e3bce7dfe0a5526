"""What to do next: labels to check, photos to take, the variant to use; sentences for the first screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tenshots.pages.report import costly, sentences
from tenshots.wording import counted, joined

SUSPECTS, COSTLY = "suspects", "costly"  # ids of the page's parts


class Step(NamedTuple):
    """One thing to do, and the id of the part of the page that shows it, or none."""

    text: str
    shown_at: str = ""


def next_steps(compared: Mapping[str, Any]) -> Sequence[Step]:
    """Returns what comparison.json suggests, the surest gain first; at least one step."""
    steps = []
    if number := compared["suspects"]["num_suspects"]:
        may, it = ("label may", "it is") if number == 1 else ("labels may", "one is")
        steps.append(Step(f"{number:,} {may} be wrong: look, and correct where {it}.", SUSPECTS))
    missing = [row for row in compared["costly"]["rows"] if costly.is_missing(row)]
    if missing:
        labels = joined(sorted({row["label"] for row in missing}))
        kinds = "one costly mistake" if len(missing) == 1 else counted(len(missing), "costly mistake")
        steps.append(
            Step(
                f"Training lacks photos like those of {kinds} ({labels}): add some, by other people.",
                COSTLY,
            )
        )
    steps += [Step(text) for text in sentences.tuning(compared)]
    return steps or [Step("Nothing stands out: photos of further people would say most.")]
