"""What results of experiments allow one to claim, in words."""

from __future__ import annotations

from collections.abc import Sequence

from tenshots.pages.history.gains import ABSENT, Result, is_older
from tenshots.statistics import claims
from tenshots.statistics.intervals import ends
from tenshots.statistics.phrases import difference_text
from tenshots.tracking.experiments import Experiment
from tenshots.wording import joined


def sentence(result: Result, reference: str) -> str:
    """Says in words what a result allows one to claim about the settings that it changed."""
    if result.gain is None:
        return f"{result.variant} of {result.experiment} is not compared: {result.reason}"
    changes = changes_text(result.changes) or "no setting (code or photos differ)"
    together = " together" if len(result.changes) > 1 else ""
    found = claims.verdict(result.gain)
    if found == "open":
        claim = f"no difference between {result.variant} here and in {reference} can be claimed"
    else:
        claim = f"{result.variant} is {found} than in {reference}"
    why = f"; {result.gain.reason}" if result.gain.reason else ""
    return f"{changes}{together}: {claim}: {gain_text(result)} points{why}"


def cautions(experiments: Sequence[Experiment], results: Sequence[Result]) -> list[str]:
    """Says what corrects the intervals, and what they leave out, in sentences."""
    tables = [table for each in experiments for table in each.predictions.values()]
    num_gains = sum(each.gain is not None and each.gain.low is not None for each in results)
    said = []
    if num_gains > 1:
        said.append(
            f"The intervals of the {num_gains} differences are widened so that all of them hold in 95 of 100 "
            "such comparisons (Bonferroni): the fewer you compare at once, the more can be claimed."
        )
    if any(table["fold"].nunique() > 1 for table in tables):
        said.append("Intervals over several folds are approximate: their trainings share photos.")
    if any(table["repeat"].nunique() == 1 for table in tables):
        said.append(
            "Where an experiment has one training per fold, intervals leave out how much another differs."
        )
    if older := [each.name for each in experiments if is_older(each)]:
        are = ("The run of", "is") if len(older) == 1 else ("The runs of", "are")
        said.append(
            f"{are[0]} {joined(older)} {are[1]} older than the record of how many independent sets of photos "
            "taught: as many as were tested are assumed, so intervals may be a little wider than the "
            "report's. In a folder with an experiment's outputs, python -m stages.record adds the number."
        )
    return said


def changes_text(changes: dict[str, tuple[str, str]]) -> str:
    """Writes changed settings: "epochs 40 → 20, lr 0.002 → 0.01"."""
    return ", ".join(f"{key} {old} \N{RIGHTWARDS ARROW} {new}" for key, (old, new) in changes.items())


def gain_text(result: Result) -> str:
    """Writes a gain as signed points with its interval; the dash where there is none."""
    if result.gain is None:
        return ABSENT
    return difference_text({"difference": result.gain.value, "interval": ends(result.gain)})
