"""Labels that look wrong: by hand, and those that were changed on purpose."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenshots.labels.suspicion import sentence, suspicion
from tenshots.tables.predictions import table

LABELS = ["book", "cup", "key"]


def predictions(labels: list[str], shares: list[list[float]] | np.ndarray) -> pd.DataFrame:
    photos = pd.DataFrame({"photo_id": [f"p{i:03d}" for i in range(len(labels))], "label": labels})
    return table(photos, np.asarray(shares, dtype=float), LABELS, fold=0, repeat=0)


def sure(labels: np.ndarray) -> np.ndarray:
    """Probabilities of a classifier that knows the labels, and is as sure of each photo."""
    return np.where(np.arange(3) == labels[:, np.newaxis], 0.9, 0.05)


def test_thresholds_joint_and_suspects_by_hand() -> None:
    found = suspicion(
        predictions(
            ["book", "book", "book", "cup", "cup", "cup"],
            [
                [0.9, 0.1, 0.0],
                [0.7, 0.3, 0.0],
                [0.2, 0.8, 0.0],  # book: 0.6; a cup, confidently
                [0.1, 0.9, 0.0],
                [0.5, 0.5, 0.0],  # cup: 0.5; neither a book nor suspected
                [0.9, 0.1, 0.0],  # a book, confidently, and by the wider margin
            ],
        )
    )
    assert found.thresholds[["book", "cup"]].tolist() == pytest.approx([0.6, 0.5])
    assert np.isnan(found.thresholds["key"])
    assert found.joint.tolist() == [[2, 1, 0], [1, 2, 0], [0, 0, 0]]
    assert found.suspects["photo_id"].tolist() == ["p005", "p002"]
    assert found.suspects["suggested"].tolist() == ["book", "cup"]
    assert found.suspects["p_label"].tolist() == pytest.approx([0.1, 0.2])
    assert found.suspects["p_suggested"].tolist() == pytest.approx([0.9, 0.8])
    assert found.suspects["rank"].tolist() == [1, 2]


def test_photos_that_look_like_nothing_count_by_those_that_do() -> None:
    """Half of the books look confidently like something: one of them, of three, like a cup; so two of six."""
    books = [
        [0.9, 0.1, 0.0],
        [0.9, 0.1, 0.0],
        [0.1, 0.9, 0.0],
        [0.3, 0.7, 0.0],
        [0.55, 0.45, 0.0],
        [0.5, 0.5, 0.0],
    ]
    cups = [[0.2, 0.8, 0.0]] * 4
    found = suspicion(predictions(["book"] * 6 + ["cup"] * 4, books + cups))
    assert found.thresholds[["book", "cup"]].tolist() == pytest.approx([0.541667, 0.8])
    assert found.joint[0].tolist() == [3, 1, 0]
    assert found.suspects["photo_id"].tolist() == ["p002", "p003"]
    assert (found.suspects["p_suggested"] > found.suspects["p_label"]).all()


def test_a_label_on_which_the_classifier_is_always_cautious_is_not_suspected_as_a_whole() -> None:
    cautious = [[0.55, 0.45, 0.0]] * 5
    found = suspicion(predictions(["cup"] * 5 + ["book"] * 5, cautious + [[0.95, 0.05, 0.0]] * 5))
    assert found.suspects.empty, "these cups look like cups, as far as cups do"
    found = suspicion(predictions(["cup"] * 6, [*cautious, [0.95, 0.05, 0.0]]))
    assert found.suspects.empty, "no photo of a book says how a book looks"


def test_repeats_are_averaged() -> None:
    one = predictions(["book", "cup"], [[0.9, 0.1, 0.0], [0.9, 0.1, 0.0]])
    other = predictions(["book", "cup"], [[0.9, 0.1, 0.0], [0.0, 1.0, 0.0]]).assign(repeat=1)
    assert suspicion(one).suspects["photo_id"].tolist() == ["p001"]
    assert suspicion(pd.concat([one, other])).suspects.empty


def test_no_photos_give_no_suspects() -> None:
    found = suspicion(predictions([], np.empty((0, 3))))
    assert found.suspects.empty
    assert found.joint.sum() == 0


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10_000), num_changed=st.integers(0, 8), shift=st.integers(1, 2))
def test_labels_changed_on_purpose_are_found_and_no_others(seed: int, num_changed: int, shift: int) -> None:
    draw = np.random.default_rng(seed)
    truth = draw.permutation(np.repeat(np.arange(3), 30))
    changed = draw.choice(90, num_changed, replace=False)
    given_labels = truth.copy()
    given_labels[changed] = (truth[changed] + shift) % 3
    found = suspicion(predictions([LABELS[i] for i in given_labels], sure(truth))).suspects
    assert set(found["photo_id"]) == {f"p{i:03d}" for i in changed}
    right = {f"p{i:03d}": LABELS[truth[i]] for i in changed}
    assert dict(zip(found["photo_id"], found["suggested"], strict=True)) == right
    margins = (found["p_suggested"] - found["p_label"]).to_numpy()
    assert (np.diff(margins) <= 0).all()


def test_it_finds_what_cleanlab_finds() -> None:
    count = pytest.importorskip("cleanlab.count", reason="cleanlab is not installed (pip install cleanlab)")
    from cleanlab.rank import get_label_quality_scores

    draw = np.random.default_rng(3)
    truth = draw.integers(0, 3, 300)
    labels = np.where(draw.random(300) < 0.2, draw.integers(0, 3, 300), truth)
    shares = draw.dirichlet(np.full(3, 0.7), 300)
    shares[np.arange(300), truth] += 0.7
    shares /= shares.sum(axis=1, keepdims=True)
    number = count.num_label_issues(labels, shares, estimation_method="off_diagonal_calibrated")
    worst = np.argsort(get_label_quality_scores(labels, shares, method="normalized_margin"))[:number]
    ours = suspicion(predictions([LABELS[i] for i in labels], shares)).suspects["photo_id"]
    assert number > 20
    # It rounds each count of its calibrated joint to whole photos, we their sum.
    assert abs(len(ours) - number) <= 2
    shorter = min(len(ours), number)
    assert ours.tolist()[:shorter] == [f"p{i:03d}" for i in worst[:shorter]]


def test_the_sentence_says_how_good_the_judge_is() -> None:
    assert sentence(16, 252, accuracy=0.825).startswith("16 of 252 photos look more like another label")
    assert "agrees with 82 % of their labels" in sentence(16, 252, accuracy=0.825)
    assert sentence(1, 9, accuracy=1.0).startswith("1 of 9 photos looks more")
    assert sentence(0, 9, accuracy=1.0).endswith("none of 9 photos looks wrongly labelled.")
    assert sentence(0, 0, accuracy=None) == "No label could be judged."
