"""Accuracy as an inverse power law of how much there is to learn from, and what twice as much would bring.

    accuracy(n) = asymptote - amplitude * n ** -exponent

where n counts people, or photos of each of them (see tenshots.studies.axes), with an asymptote of at most 1,
an amplitude of at least 0 and an exponent in [0.05, 2]; the lower end is all but a straight line against the
logarithm of n, the most that such a curve can promise.
Sources: Hestness et al. 2017, Deep Learning Scaling is Predictable, Empirically, arXiv:1712.00409 (the law);
Figueroa et al. 2012, Predicting sample size required for classification performance, BMC Medical Informatics
and Decision Making 12:8 (weighted fits to small data).

What is uncertain. The accuracies at all shares are measured on the same photos of the same components, so
that most of their error is common to all, and moves only the asymptote. What remains differs from share to
share: by components (one person's photos need more examples than another's) and by trainings (other seeds,
other people or photos left out). Both are taken from the contributions that statistics.intervals describes.
Where no seed moves a variant, each share is learnt several times, each time with others left out, and the
mean counts. The covariance of the accuracies is a common variance plus one of each share's own; a share's own
is taken half way between what was measured and the mean over shares, as a few components tell little of each.

Of few changed answers that variance says little, and of none nothing. So that of one more is added to each
share: one among as many independent answers as the photos are worth (two matched proportions are treated
likewise by Agresti and Min 2005, Statistics in Medicine 24(5)). Without it, the intervals of people held the
truth in 87 to 91 % where 94 % of the answers of 12 people are right.

What other people would have taught moves all shares alike, as far as it does not depend on how many teach. So
nothing is added for it, and on people who are drawn anew the intervals hold the truth without.

The fit is by generalised least squares with that covariance. The interval holds every gain for which some
curve of the family comes so near to the accuracies that the sum of squares exceeds the smallest one by no
more than the square of Student's t: the profile of the likelihood, with the degrees of freedom of the
variances (Satterthwaite). So it is as wide as the fit is undetermined, and keeps to what such curves can do.
Source: Bates and Watts 1988, Nonlinear Regression Analysis and Its Applications, section 6.1.

Drawing components again and refitting was tried first: with 5 components its percentiles hold the truth in
fewer than 80 % where the true exponent is small, since noise makes curves flatten too soon more often than
too late. How often these intervals hold it is measured by benchmarks/enough.py with real trainings, and by
benchmarks/extrapolation.py where the law is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import fdtrc, stdtrit

from tenshots.errors import DataError
from tenshots.statistics import intervals
from tenshots.statistics.intervals import LEVEL, MIN_COMPONENTS
from tenshots.statistics.measure import Measured
from tenshots.statistics.tallies import Key

MIN_SHARES = 3  # a curve has three unknowns
FACTOR = 2  # times as many people or photos
EXPONENTS = np.geomspace(0.05, 2, 40)
STEP = 0.0005  # of the gains and accuracies that are tried: half of what is printed
MISFIT = 0.05  # below this probability, no curve of the family passes through the accuracies
NUM_POINTS = 25  # of the band


@dataclass(frozen=True, eq=False)
class Measurements:
    """Accuracies at several numbers of people or photos, and how they err together.

    Attributes:
        numbers: float, shape (num_shares,), rising: how much a training learns from, the mean.
        accuracies: float, shape (num_shares,), in [0, 1].
        covariance: float, shape (num_shares, num_shares), of the accuracies.
        degrees: degrees of freedom of the variances that are not common to all shares.
        num_components: that were tested.
        reason: why there can be no interval, or None.
    """

    numbers: np.ndarray
    accuracies: np.ndarray
    covariance: np.ndarray
    degrees: float
    num_components: int
    reason: str | None


class Curve(NamedTuple):
    """An inverse power law (see above); the amplitude is that at n = 1."""

    asymptote: float
    amplitude: float
    exponent: float

    def at(self, number: float) -> float:
        """Returns the accuracy with that many people or photos."""
        return float(self.asymptote - self.amplitude * number**-self.exponent)


class Extrapolation(NamedTuple):
    """What the curve says.

    Attributes:
        curve: the nearest one.
        gain: of the curve, by FACTOR times as many as the most that were measured, in [0, 1].
        low: lower end of the gain's interval, or None.
        high: upper end, or None.
        reason: why there is no interval, or None.
        p_value: how often accuracies that do follow such a law lie as far from the nearest one as these.
    """

    curve: Curve
    gain: float
    low: float | None
    high: float | None
    reason: str | None
    p_value: float | None


class BandPoint(NamedTuple):
    """The curve's accuracy at a number of people or photos, with its interval or None."""

    number: float
    accuracy: float
    low: float | None
    high: float | None


def measurements(measured: Sequence[Measured], numbers: Sequence[float]) -> Measurements:
    """Returns the accuracies of several shares with their covariance.

    Args:
        measured: of each share, on the same photos in the same folds and repeats.
        numbers: of people or photos at each share, rising.

    Raises:
        DataError: the shares were not tested alike.
    """
    design = measured[0].design
    found = [each.evidence[Key("accuracy")] for each in measured]
    for each in measured:
        if (
            not np.array_equal(each.photo_ids, measured[0].photo_ids)
            or not np.array_equal(each.design.folds, design.folds)
            or each.repeats != measured[0].repeats
        ):
            raise DataError(
                "the shares were not tested on the same photos in the same trainings; run `dvc repro`"
            )
    sample = intervals.small_sample(found[0].bases[0].sizes)
    answers = intervals.num_answers(found[0].bases[0].sizes)
    moves = np.stack([evidence.contributions[0] for evidence in found], axis=-1)
    num_repeats, num_folds = moves.shape[1], int(design.folds.max()) + 1
    components = sample.factor**0.5 * design.by_component(moves.mean(axis=1))
    trained = design.by_fold(moves)
    trained = (trained - trained.mean(axis=1, keepdims=True)).reshape(-1, len(found))
    trained /= max(num_repeats * (num_repeats - 1), 1) ** 0.5
    return Measurements(
        numbers=np.asarray(numbers, dtype=np.float64),
        accuracies=np.array([evidence.value for evidence in found]),
        covariance=_covariance(components, trained) + np.eye(len(found)) / answers**2,
        degrees=_degrees(components, trained, sample.degrees, num_folds * (num_repeats - 1)),
        num_components=sample.number,
        reason=intervals.too_few(sample.number) if sample.number < MIN_COMPONENTS else None,
    )


def extrapolate(measured: Measurements) -> Extrapolation:
    """Returns the curve and what FACTOR times as many would bring; needs `MIN_SHARES` shares."""
    places = _places(measured)
    # At a given exponent and amplitude, the best asymptote is a weighted mean, kept to at most 1.
    shrinks = 1 - FACTOR**-EXPONENTS
    gains = np.arange(0, 1 + STEP / 2, STEP)
    precision = np.linalg.inv(measured.covariance)
    amplitudes = gains / shrinks[:, np.newaxis]
    asymptotes = measured.accuracies + amplitudes[..., np.newaxis] * places[:, np.newaxis]
    best = np.minimum(asymptotes @ precision.sum(axis=1) / precision.sum(), 1.0)
    distances = _squares(asymptotes - best[..., np.newaxis], precision)
    nearest = np.unravel_index(distances.argmin(), distances.shape)
    profile = distances.min(axis=0)
    exponent = float(EXPONENTS[nearest[0]])
    curve = Curve(
        asymptote=float(best[nearest]),
        amplitude=float(amplitudes[nearest] * measured.numbers[-1] ** exponent),
        exponent=exponent,
    )
    gain = float(gains[nearest[1]])
    if measured.reason:
        return Extrapolation(curve, gain, None, None, measured.reason, None)
    held = gains[profile <= profile.min() + _reach(measured)]
    # Of as many squares as shares less one: right for a flat curve, careful for others.
    number = len(places[0]) - 1
    p_value = float(fdtrc(number, measured.degrees, profile.min() / number))
    return Extrapolation(curve, gain, float(held.min()), float(held.max()), None, p_value)


def band(measured: Measurements, curve: Curve) -> list[BandPoint]:
    """Returns the curve from the smallest number to FACTOR times the largest, with intervals."""
    last = measured.numbers[-1]
    numbers = np.geomspace(measured.numbers[0], FACTOR * last, NUM_POINTS)
    if measured.reason:
        return [BandPoint(float(number), curve.at(number), None, None) for number in numbers]
    values = np.arange(0, 1 + STEP / 2, 2 * STEP)
    places, precision = _places(measured), np.linalg.inv(measured.covariance)
    points = []
    for number in numbers:
        place = (number / last) ** -EXPONENTS
        # The accuracy there is given, so at a given exponent the amplitude alone is free, within its bounds.
        slopes = place[:, np.newaxis] - places
        wanted = measured.accuracies - values[:, np.newaxis]
        weights = slopes @ precision
        free = np.maximum(weights @ wanted.T / (weights * slopes).sum(axis=1)[:, np.newaxis], 0.0)
        amplitudes = np.minimum(free, (1 - values) / place[:, np.newaxis])
        rest = wanted - amplitudes[..., np.newaxis] * slopes[:, np.newaxis]
        profile = _squares(rest, precision).min(axis=0)
        held = values[profile <= profile.min() + _reach(measured)]
        accuracy = curve.at(number)
        points.append(
            BandPoint(
                float(number),
                accuracy,
                min(float(held.min()), accuracy),
                max(float(held.max()), accuracy),
            )
        )
    return points


def _places(measured: Measurements) -> np.ndarray:
    """Returns n ** -exponent where the largest number counts 1: (num_exponents, num_shares)."""
    places: np.ndarray = (measured.numbers / measured.numbers[-1]) ** -EXPONENTS[:, np.newaxis]
    return places


def _squares(rest: np.ndarray, precision: np.ndarray) -> np.ndarray:
    """Returns the generalised sum of squares over the last axis."""
    squares: np.ndarray = ((rest @ precision) * rest).sum(axis=-1)
    return squares


def _reach(measured: Measurements) -> float:
    return float(stdtrit(measured.degrees, 1 - (1 - LEVEL) / 2)) ** 2


def _covariance(components: np.ndarray, trained: np.ndarray) -> np.ndarray:
    """Returns the common variance plus each share's own; both have shape (..., num_shares)."""
    number = components.shape[1]
    together = components.T @ components + trained.T @ trained
    common = max(float(together.sum() - np.trace(together)) / (number * (number - 1)), 0.0)
    own = sum((_centred(each) ** 2).sum(axis=0) for each in (components, trained)) * number / (number - 1)
    covariance: np.ndarray = common + np.diag(np.maximum((own + own.mean()) / 2, intervals.NEGLIGIBLE))
    return covariance


def _degrees(components: np.ndarray, trained: np.ndarray, of_components: float, of_trained: float) -> float:
    between, seeds = (float((_centred(each) ** 2).sum()) for each in (components, trained))
    if between + seeds < intervals.NEGLIGIBLE:  # all agree
        return of_components
    joined = between**2 / of_components + seeds**2 / max(of_trained, 1)
    return max((between + seeds) ** 2 / joined, 1.0)


def _centred(moves: np.ndarray) -> np.ndarray:
    """Takes off what is common to all shares."""
    centred: np.ndarray = moves - moves.mean(axis=1, keepdims=True)
    return centred
