"""The page of several experiments: the report's look, one self-contained HTML file."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tenshots.pages.history import gains
from tenshots.pages.history.gains import Result
from tenshots.pages.history.sentences import cautions, gain_text, sentence
from tenshots.statistics import phrases
from tenshots.statistics.intervals import ends
from tenshots.tracking.experiments import Experiment
from tenshots.wording import counted

FOLDER = Path(__file__).parent
STYLE = FOLDER.parent / "style.css"


def render(experiments: Sequence[Experiment], results: Sequence[Result], reference: str) -> str:
    """Returns the page as HTML: no script, nothing to load; every text is escaped."""
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,  # names and settings are text, whatever they hold
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        counted=counted,
        percent=phrases.percent,
        interval=lambda estimate: phrases.interval_text(ends(estimate)),
        gain=gain_text,
        sentence=lambda result: sentence(result, reference),
    )
    return environment.get_template("history.html.j2").render(
        style=STYLE.read_text(encoding="utf-8"),
        experiments=experiments,
        num_others=sum(each.name != reference for each in experiments),
        results=results,
        reference=reference,
        variants=list(dict.fromkeys(result.variant for result in results)),
        keys=gains.differing_settings(experiments),
        absent=gains.ABSENT,
        cautions=cautions(experiments, results),
        looks=looks(experiments),
        widest=widest(results),
    )


def looks(experiments: Sequence[Experiment]) -> list[tuple[int, int]]:
    """Returns for each set of test photos the number of photos and of experiments evaluated on it."""
    found = {each.test_set: (len(each.components), each.num_looks) for each in experiments}
    return list(found.values())


def widest(results: Sequence[Result]) -> int:
    """Returns the end of the axis of gains in points, the same for all: a multiple of 10, at most 100."""
    found = [each.gain for each in results if each.gain is not None]
    reach = max((abs(end) for gain in found for end in [gain.value, *(ends(gain) or [])]), default=0.1)
    return min(100, 10 * math.ceil(10 * reach - 1e-9) or 10)
