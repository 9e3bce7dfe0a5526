"""What to do next: labels to check, photos to take, the variant to use; sentences for the first screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tenshots.pages.report import costly, sentences
from tenshots.statistics.phrases import percent
from tenshots.wording import counted, joined

SUSPECTS, COSTLY = "suspects", "costly"  # ids of the page's parts
WIDE = 0.2  # an interval of accuracies in which both a good network and a poor one lie


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
        kinds = f"{'one' if len(missing) == 1 else len(missing)} of the worst mistakes"
        steps.append(
            Step(
                f"Training lacks photos like those of {kinds} ({labels}): add some, by other people.",
                COSTLY,
            )
        )
    steps += [Step(text) for text in (_more_people(compared), *sentences.tuning(compared)) if text]
    return steps or [Step("Nothing stands out: photos of further people would say most.")]


def _more_people(compared: Mapping[str, Any]) -> str:
    """Asks for photos by more people where there are too few to tell; empty where there are enough."""
    choice, chosen = compared["choice"], compared["chosen"]
    by_fold = choice and set(choice["variants_by_fold"]) != {chosen}
    interval = (choice if by_fold else compared["variants"][chosen])["interval"]
    asked = [each for each in compared["differences"] if each["asked"]]
    too_few = [each for each in asked if each["claim"] == "open" and each["too_few"]]
    more = "photos by more people" if compared["grouped"] else "more photos like these"
    add = f"Add {more}: with {counted(compared['num_test_components'], compared['unit'])},"
    if not interval:
        return f"{add} no interval can be given."
    if interval[1] - interval[0] > WIDE:
        return f"{add} the accuracy may be anywhere from {100 * interval[0]:.1f} to {percent(interval[1])}."
    if too_few:
        return f"{add} {len(too_few)} of the {counted(len(asked), 'comparison')} above cannot be judged."
    return ""
