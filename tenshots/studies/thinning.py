"""Which photos a share leaves to learn from: fewer people with all of their photos, or fewer of each person.

Both are nested: with the same seed, what a smaller share leaves lies within what a larger one does. Both lose
no label. People stand for independent sets of photos (see tenshots.splitting.division).
"""

from __future__ import annotations

import numpy as np

MIN_PEOPLE = 2  # in training; of one alone, how strong a penalty helps on others cannot be found out


def fewer_people(labels: np.ndarray, components: np.ndarray, share: float, *, seed: int) -> np.ndarray | None:
    """Chooses a share of the components, with all of their photos.

    They are stratified by which labels they show, and the first of them show all labels.

    Args:
        labels: shape (n,), of each photo.
        components: codes or names, shape (n,).
        share: in (0, 1).
        seed: of the order in which components are taken.

    Returns:
        bool, shape (n,): share * their number of components, rounded (halves up); None where these would be
        fewer than MIN_PEOPLE, or too few to show every label.
    """
    _, label_codes = np.unique(labels, return_inverse=True)
    names, codes = np.unique(components, return_inverse=True)
    number = int(np.floor(share * len(names) + 0.5 + 1e-9))
    shown = np.zeros((len(names), int(label_codes.max()) + 1), dtype=bool)
    shown[codes, label_codes] = True
    kinds = np.unique(shown, axis=0, return_inverse=True)[1].ravel()
    order = np.argsort(_spread(kinds, np.random.default_rng(seed)), kind="stable")
    first = _covering(shown[order])
    if number < max(MIN_PEOPLE, len(first)):
        return None
    order = np.concatenate([order[first], np.delete(order, first)])
    return np.isin(codes, order[:number])


def fewer_photos(labels: np.ndarray, components: np.ndarray, share: float, *, seed: int) -> np.ndarray:
    """Chooses a share of the photos of each component, of each label as far as whole numbers allow.

    Args:
        labels: shape (n,), of each photo.
        components: codes or names, shape (n,).
        share: in (0, 1).
        seed: of the order in which photos are taken.

    Returns:
        bool, shape (n,): all but exactly share * n of them; at least one of each component, and one of each
        label.
    """
    label_codes = np.unique(labels, return_inverse=True)[1]
    codes = np.unique(components, return_inverse=True)[1]
    places = _spread(codes * (int(label_codes.max()) + 1) + label_codes, np.random.default_rng(seed))
    chosen = places < share
    order = np.argsort(places, kind="stable")
    for of in (codes, label_codes):
        chosen[order[np.unique(of[order], return_index=True)[1]]] = True
    return chosen


def _spread(cells: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """Returns a place in [0, 1) for each item, such that those of a cell lie at equal distances.

    So of c items of a cell, those below s are s * c, rounded up or down; where each cell begins is spread
    evenly, too, so that the roundings of all cells cancel.
    """
    codes, sizes = np.unique(cells, return_inverse=True, return_counts=True)[1:]
    starts = (draw.permutation(len(sizes)) + draw.random()) / len(sizes)
    order = np.lexsort((draw.random(len(cells)), codes))
    ranks = np.empty(len(cells))
    ranks[order] = np.arange(len(cells)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    places: np.ndarray = (ranks + starts[codes]) / sizes[codes]
    return places


def _covering(shown: np.ndarray) -> list[int]:
    """Returns the first rows, as few as a greedy choice finds, that together show every label.

    Args:
        shown: bool, (num_components, num_labels), in the order in which components are taken.
    """
    missing, found = np.ones(shown.shape[1], dtype=bool), []
    while missing.any():
        found.append(int((shown & missing).sum(axis=1).argmax()))
        missing &= ~shown[found[-1]]
    return found
