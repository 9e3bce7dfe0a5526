"""Blocks of NumPy, SciPy, scikit-learn and the C library's mathematical functions."""

from __future__ import annotations

import math
import zlib

import numpy as np
import scipy.linalg
import scipy.optimize
import scipy.special
import scipy.stats
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from benchmarks.blocks import Block, drawn
from tenshots.intake.near_duplicates import alignment, hashing
from tenshots.interpretation import spectrum
from tenshots.labels import reference
from tenshots.networks import classifiers

LINE = drawn(1, 5003)  # an odd length: what is left over after whole vectors is often computed by other code
ABOVE = np.abs(LINE) + 2.0**-10
MATRIX = drawn(2, 193, 67)
SQUARE = drawn(3, 97, 97)
PHOTOS = np.random.default_rng(4).integers(0, 256, (24, 32, 32, 3), dtype=np.uint8)


def libm(name: str, values: np.ndarray) -> Block:
    """A function of the C library, which Python's `math` calls, number by number."""
    function = getattr(math, name)
    return lambda: np.array([function(value) for value in values.tolist()])


def ufunc(name: str, values: np.ndarray, dtype: str) -> Block:
    """A function of NumPy over a line of numbers, and over one in which they lie apart."""
    function = getattr(np, name)
    line = values.astype(dtype)
    return lambda: [function(line), function(line[::3])]


def regression() -> list[np.ndarray]:
    """scikit-learn's logistic regression on scaled features, as `inspect` uses it."""
    features = StandardScaler().fit_transform(MATRIX @ drawn(5, 67, 40))
    labels = np.arange(len(features)) % 3
    model = LogisticRegression(max_iter=1000, C=0.1).fit(features, labels)
    return [model.coef_, model.predict_proba(features)]


def reference_of_photos() -> list[np.ndarray]:
    """What judges labels, with its folds and its choice of a penalty."""
    labels = np.arange(len(MATRIX)) % 3
    components = np.arange(len(MATRIX)) // 8
    folds = classifiers.own_folds(labels, components)
    if folds is None:
        raise AssertionError("24 components can be dealt to folds")
    found = reference.cross_validated(MATRIX, labels, components=components, folds=folds, num_labels=3)
    return [found.probabilities]


def support_vector_machine() -> list[np.ndarray]:
    """A linear variant's other classifier, with its temperature."""
    labels = np.arange(len(MATRIX)) % 3
    rows = classifiers.of_photos(MATRIX @ drawn(5, 67, 40), labels, np.arange(len(MATRIX)) // 8)
    found = classifiers.solve(rows, num_labels=3, kind="linear_svm")
    return [found.kernel, found.bias]


def thumbnails() -> list[np.ndarray]:
    """What finds near-duplicates: hashes, moves, similarity."""
    first, second = PHOTOS[:12], np.roll(PHOTOS[:12] // 2 + 60, 1, axis=2)
    moves = alignment.coarse_moves(first, second)
    return [hashing.perceptual_hashes(PHOTOS), moves, alignment.worst_similarity(first, second, moves)]


def random_numbers() -> list[np.ndarray]:
    """NumPy's generator, whose distributions compute with exp, log and pow."""
    random = np.random.default_rng(6)
    return [
        random.standard_normal(1000),
        random.gamma(0.7, size=1000),
        random.beta(0.5, 2, size=1000),
        random.exponential(size=1000),
        random.permutation(1000),
        random.integers(0, 10, 1000),
    ]


def minimum() -> np.ndarray:
    """SciPy's L-BFGS on a valley."""
    found: np.ndarray = scipy.optimize.minimize(
        scipy.optimize.rosen, drawn(7, 20), jac=scipy.optimize.rosen_der, method="L-BFGS-B"
    ).x
    return found


BLOCKS: dict[str, Block] = {
    **{
        f"libm {name}": libm(name, LINE)
        for name in ("exp", "expm1", "sin", "cos", "tan", "tanh", "atan", "erf")
    },
    **{f"libm {name}": libm(name, ABOVE) for name in ("log", "log2", "log1p", "lgamma", "cbrt")},
    "libm pow": lambda: np.array([value**0.3 for value in ABOVE.tolist()]),
    **{
        f"numpy {name} {dtype}": ufunc(name, ABOVE, dtype)
        for name in ("exp", "log", "log2", "sin", "cos", "tanh", "sqrt", "reciprocal", "cbrt", "arctan")
        for dtype in ("float32", "float64")
    },
    **{
        f"numpy power {dtype}": lambda dtype=dtype: ABOVE.astype(dtype) ** np.array(0.3, dtype)  # type: ignore[misc]
        for dtype in ("float32", "float64")
    },
    **{
        f"numpy sums {dtype}": lambda dtype=dtype: [  # type: ignore[misc]
            LINE.astype(dtype).sum(keepdims=True),
            MATRIX.astype(dtype).mean(axis=0),
            MATRIX.astype(dtype).var(axis=1),
            np.cumsum(LINE.astype(dtype)),
        ]
        for dtype in ("float32", "float64")
    },
    **{
        f"numpy matrix product {dtype}": lambda dtype=dtype: [  # type: ignore[misc]
            MATRIX.astype(dtype).T @ MATRIX.astype(dtype),
            drawn(8, 300, 2000).astype(dtype) @ drawn(9, 2000, 200).astype(dtype),
            MATRIX.astype(dtype) @ drawn(10, 67).astype(dtype),
            LINE.astype(dtype) @ ABOVE.astype(dtype),
        ]
        for dtype in ("float32", "float64")
    },
    "numpy einsum": lambda: np.einsum("ij,kj->ik", MATRIX, MATRIX),
    "numpy svd": lambda: np.linalg.svd(MATRIX, full_matrices=False),
    "numpy eigh": lambda: np.linalg.eigh(SQUARE + SQUARE.T),
    "numpy solve": lambda: np.linalg.solve(SQUARE, LINE[:97]),
    "numpy lstsq": lambda: np.linalg.lstsq(MATRIX, LINE[:193], rcond=None)[0],
    "numpy fft": lambda: [np.fft.rfft2(SQUARE), np.fft.irfft2(np.fft.rfft2(SQUARE)), np.fft.fft(LINE)],
    "numpy random": random_numbers,
    "numpy quantiles": lambda: np.quantile(LINE, np.linspace(0, 1, 101)),
    "scipy svd": lambda: scipy.linalg.svd(MATRIX, full_matrices=False),
    "scipy eigh": lambda: scipy.linalg.eigh(SQUARE + SQUARE.T),
    "scipy cholesky": lambda: scipy.linalg.cho_factor(MATRIX.T @ MATRIX)[0],
    "scipy solve": lambda: scipy.linalg.solve(SQUARE, LINE[:97]),
    "scipy minimum": minimum,
    "scipy quantiles of t and beta": lambda: [
        scipy.stats.t.ppf(ABOVE[:500] / 2, 7),
        scipy.stats.beta.ppf(ABOVE[:500] / 2, 3, 8),
        scipy.special.expit(LINE),
        scipy.special.logsumexp(MATRIX, axis=1),
        scipy.special.softmax(MATRIX, axis=1),
    ],
    "sklearn logistic regression": regression,
    "reference beside the variants": reference_of_photos,
    "sklearn linear support vector machine": support_vector_machine,
    "near-duplicates": thumbnails,
    "pictures as waves": lambda: [
        spectrum.noise(2, 24, 24, random=np.random.default_rng(11)),
        spectrum.step(drawn(12, 2, 24, 24, 3)),
    ],
    "zlib": lambda: zlib.compress(PHOTOS.tobytes() + LINE.tobytes(), 9),
}
