"""What a learning curve is taken over: people, and the photos of each; or photos, where nobody has a name.

Photos of further people differ more from those at hand than further photos of the same people do. So leaving
out photos alone understates what new people would bring, and the two are measured apart.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from tenshots.studies import thinning
from tenshots.wording import counted

MIN_TRAINING = 6  # people (or independent sets) per fold: a quarter of fewer is less than two
MIN_EACH = 4  # photos of a person on average: a quarter of fewer is less than one


class Axis(NamedTuple):
    """What there is more or less of.

    Attributes:
        name: people or photos.
        whole: whether independent sets are left out whole; otherwise each is thinned.
        unit: what its numbers count.
        twice: what twice as much is, within a sentence.
        more: what is said to bring little, within a sentence.
    """

    name: str
    whole: bool
    unit: str
    twice: str
    more: str

    def chosen(
        self, labels: np.ndarray, components: np.ndarray, share: float, *, seed: int
    ) -> np.ndarray | None:
        """Returns which photos a share leaves, bool (n,), or None where it leaves too few (see thinning)."""
        choose = thinning.fewer_people if self.whole else thinning.fewer_photos
        return choose(labels, components, share, seed=seed)

    def number(self, components: np.ndarray) -> float:
        """Returns how much of it there is in photos of these components, shape (n,)."""
        if not self.whole:
            return len(components) / len(np.unique(components))
        return float(len(np.unique(components)) if self.name == "people" else len(components))


PEOPLE = Axis("people", True, "people", "twice the people, as many photos each", "more people like these")
PHOTOS_EACH = Axis("photos", False, "photos each", "twice the photos each", "more photos of these people")
PHOTOS = Axis("photos", True, "photos", "twice the photos", "more photos like these")


def axes(splits: pd.DataFrame, *, grouped: bool) -> tuple[list[Axis], list[str]]:
    """Returns what can be measured of the training photos, and in sentences why anything cannot.

    Args:
        splits: photo_id, component, fold and part.
        grouped: whether photos have groups.
    """
    trained = splits[splits["part"] == "train"].groupby("fold")["component"]
    num_people, num_photos = trained.nunique(), trained.size()
    least, unit = int(num_people.min()), "person" if grouped else "independent set"
    plural = "people" if grouped else "independent sets"
    if least < MIN_TRAINING:
        held = f"1 {unit}" if least == 1 else f"{least} {plural}"
        return [], [
            f"each fold learns from only {held}, too few to leave any out; at least {MIN_TRAINING} are needed"
        ]
    if not grouped:
        return [PHOTOS], []
    each = float((num_photos / num_people).min())
    if each < MIN_EACH:
        shown = counted(round(each), "photo") if round(each, 1) == round(each) else f"{each:.1f} photos"
        return [PEOPLE], [
            f"what more photos of each person would bring is not measured: people have {shown} each to learn "
            f"from, and fewer than {MIN_EACH} cannot be thinned"
        ]
    return [PEOPLE, PHOTOS_EACH], []
