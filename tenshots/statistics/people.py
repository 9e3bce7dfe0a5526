"""How accuracy differs from person to person, and what to expect of the next one.

A person's share of right answers, told by a few photos, is partly luck. A one-way random-effects model parts
the two: the share that a person would reach with endless photos varies between people, and a few photos
scatter around it. The variance between people is what remains once the photos' own has been taken off, at
least 0 (method of moments), and each person's share is drawn towards the mean by as much as it is luck.
Sources: Searle, Casella and McCulloch 1992, Variance Components, section 3.6 (uneven sizes; with photos that
scatter alike it is DerSimonian and Laird 1986, Controlled Clinical Trials 7); Efron and Morris 1975, Journal
of the American Statistical Association 70 (shrinkage).

The next person's share deviates from the mean by that person's own difference, by the luck of that person's
photos, and by the error of the mean. Student's t on one degree of freedom less than there are people makes
that an interval (Higgins, Thompson and Spiegelhalter 2009, Journal of the Royal Statistical Society A 172,
section 4), cut to [0, 1]. On the logit scale the same variance reaches too far above 0.9, where the logit of
a share of few photos tells little. benchmarks/people_spread.py measures how often the next person's share
lies in either.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import stdtrit
from scipy.stats import f as f_distribution

from tenshots.statistics.intervals import MIN_COMPONENTS, NEGLIGIBLE
from tenshots.tables.predictions import predicted

LEVEL = 0.9  # of the interval of the next person
CHANCE = 0.05  # how often equal people are called different


class Next(NamedTuple):
    """What to expect of the next person.

    Attributes:
        low: lower end of the prediction interval, in [0, 1].
        high: upper end.
        level: share of the cases in which it is to hold the next person's share of right answers.
        num_photos: of the next person: the median of those who are there.
    """

    low: float
    high: float
    level: float
    num_photos: int


class People(NamedTuple):
    """How accuracy differs from person to person. Shares lie in [0, 1].

    Attributes:
        num_photos: int, shape (num_people,): of each person, at least 1.
        shares: float, shape (num_people,): right answers, the mean over repeats.
        shrunken: float, shape (num_people,): the same, drawn towards the mean.
        mean: over people, each weighted by how much is known of them.
        spread: standard deviation between people, without the luck of their photos; 0 where that alone may
            explain how they differ.
        p_value: of the hypothesis that people do not differ at all, in [0, 1]; 1 where nothing varies.
        next: what to expect of the next person; None with fewer than MIN_COMPONENTS people.
    """

    num_photos: np.ndarray
    shares: np.ndarray
    shrunken: np.ndarray
    mean: float
    spread: float
    p_value: float
    next: Next | None

    @property
    def differ(self) -> bool:
        """Whether people are shown to differ."""
        return self.spread > 0 and self.p_value < CHANCE

    @property
    def all_right(self) -> bool:
        """Whether each answer of each training was right."""
        return bool((self.shares == 1).all())


def answers(predictions: pd.DataFrame, components: pd.Series) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Returns what `people` takes, and the names of the components, sorted.

    Args:
        predictions: of test photos, all folds and repeats (see tenshots.tables.predictions).
        components: the component of each photo, indexed by photo_id.
    """
    right = pd.DataFrame(
        {
            "photo_id": predictions["photo_id"],
            "repeat": predictions["repeat"],
            "right": 1.0 * (predicted(predictions) == predictions["label"].to_numpy()),
        }
    ).pivot_table(index="photo_id", columns="repeat", values="right")
    codes, names = pd.factorize(components.loc[right.index].to_numpy(), sort=True)
    return right.to_numpy(np.float64), np.asarray(codes), [str(name) for name in names]


def people(right: np.ndarray, codes: np.ndarray) -> People:
    """Estimates how people differ.

    Args:
        right: float, shape (num_photos, num_repeats), in [0, 1]: whether each training named each photo
            correctly.
        codes: int, shape (num_photos,), from 0 without gaps: who took each photo.

    Example: two people with two photos each, one training; the first is right twice, the second never. Within
    people nothing varies, so all of it is between them: mean 0.5, spread √0.5, and no share is drawn in.
    """
    num_photos = np.bincount(codes)
    by_repeat = _means(right, codes, num_photos)
    shares = by_repeat.mean(axis=1)
    num_people, num_all = len(num_photos), len(codes)
    degrees = num_all - num_people
    scatter = _scatter(right.mean(axis=1)[:, np.newaxis], shares[:, np.newaxis], codes, degrees)
    between, p_value = _between(shares, num_photos, scatter, degrees)
    own = scatter / num_photos
    total = np.maximum(between + own, NEGLIGIBLE)
    weights = 1 / total
    mean = float(weights @ shares / weights.sum())
    # The next person meets a single training, whose answers scatter more than their means over repeats.
    of_one = _scatter(right, by_repeat, codes, degrees)
    expected = None
    if num_people >= MIN_COMPONENTS:
        if (right < 1).any():
            expected = _next(mean, between, of_one, 1 / float(weights.sum()), num_photos)
        else:
            # Nothing varies, which says little: as if one answer about one person had been wrong, so that
            # the interval is not narrower than with that answer.
            almost, worst = right.copy(), int(np.flatnonzero(codes == num_photos.argmin())[0])
            almost[worst] = 0.0
            expected = people(almost, codes).next
    return People(
        num_photos=num_photos,
        shares=shares,
        shrunken=mean + between / total * (shares - mean),
        mean=mean,
        spread=float(np.sqrt(between)),
        p_value=p_value,
        next=expected,
    )


def _means(values: np.ndarray, codes: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Returns the mean of each person: float, shape (num_people, num_columns)."""
    sums = np.zeros((len(sizes), values.shape[1]))
    np.add.at(sums, codes, values)
    means: np.ndarray = sums / sizes[:, np.newaxis]
    return means


def _scatter(values: np.ndarray, means: np.ndarray, codes: np.ndarray, degrees: int) -> float:
    """Returns the variance of a person's photos around that person's mean, pooled over people and columns."""
    if degrees == 0:  # one photo per person: as if all of it were luck
        return float((values.mean(axis=0) * (1 - values.mean(axis=0))).mean())
    return float(((values - means[codes]) ** 2).sum() / degrees / values.shape[1])


def _between(shares: np.ndarray, sizes: np.ndarray, scatter: float, degrees: int) -> tuple[float, float]:
    """Returns the variance between people, at least 0, and the p-value of there being none."""
    num_people, total = len(sizes), int(sizes.sum())
    if num_people < 2:
        return 0.0, 1.0
    overall = sizes @ shares / total
    square = float(sizes @ (shares - overall) ** 2) / (num_people - 1)
    effective = (total - float(sizes @ sizes) / total) / (num_people - 1)
    between = (square - scatter) / effective
    if between <= NEGLIGIBLE:
        return 0.0, 1.0
    if degrees == 0 or scatter <= NEGLIGIBLE:  # nothing varies within people, and they differ
        return between, 0.0 if degrees else 1.0
    return between, float(f_distribution.sf(square / scatter, num_people - 1, degrees))


def _next(mean: float, between: float, scatter: float, of_mean: float, sizes: np.ndarray) -> Next:
    num_photos = max(int(np.median(sizes)), 1)
    reach = stdtrit(len(sizes) - 1, (1 + LEVEL) / 2) * np.sqrt(between + scatter / num_photos + of_mean)
    low, high = (float(np.clip(end, 0.0, 1.0)) for end in (mean - reach, mean + reach))
    return Next(low, high, LEVEL, num_photos)
