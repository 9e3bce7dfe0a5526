"""What the page shows of data and mistakes, on tables small enough to check by eye."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from tenshots.labels import mistakes, suspects
from tenshots.labels.mistakes import Answered
from tenshots.tables.predictions import table


def predictions(*repeats: dict[str, tuple[str, float]]) -> pd.DataFrame:
    """Of each repeat, by photo: the true label and the probability of `cup`; the rest is that of `book`."""
    tables = []
    for repeat, photos in enumerate(repeats):
        rows = pd.DataFrame({"photo_id": list(photos), "label": [label for label, _ in photos.values()]})
        shares = [[1 - p, p] for _, p in photos.values()]
        tables.append(table(rows, shares, ["book", "cup"], fold=0, repeat=repeat))
    return pd.concat(tables, ignore_index=True)


def manifest(*rows: tuple[str, str, str, str], **columns: Any) -> pd.DataFrame:  # noqa: ANN401 (cells)
    """Of path, label, group and cluster; the photo_id is the path without its ending."""
    found = pd.DataFrame(rows, columns=["path", "label", "group", "cluster"])
    ids = found["path"].str.removesuffix(".jpg")
    return found.assign(photo_id=ids, status="kept", **columns)


def test_the_cells_hold_each_photo_once_the_surest_wrong_answer_first() -> None:
    cells = mistakes.confusion_cells(
        predictions(
            {"a": ("book", 0.9), "b": ("book", 0.3), "c": ("cup", 0.1), "d": ("book", 0.2)},
            {"a": ("book", 0.5), "b": ("book", 0.3), "c": ("cup", 0.1), "d": ("book", 0.4)},
        )
    )
    assert list(cells) == [("cup", "book"), ("book", "cup"), ("book", "book"), ("cup", "cup")]
    assert [photo.photo_id for photo in cells["book", "book"]] == ["b", "d"]
    (wrong,) = cells["book", "cup"]
    assert wrong == Answered("a", pytest.approx(0.7), pytest.approx(0.3))
    assert cells["cup", "cup"] == ()


def test_variants_disagree_where_their_answers_differ() -> None:
    found = mistakes.disagreements(
        {
            "one": predictions(
                {"a": ("cup", 0.6), "b": ("cup", 0.99), "c": ("book", 0.9), "d": ("cup", 0.9)}
            ),
            "other": predictions({"a": ("cup", 0.4), "b": ("cup", 0.01), "c": ("book", 0.8)}),
        }
    )
    assert [item.photo_id for item in found] == ["b", "a"], "d was tested by one alone, on c both are wrong"
    first = found[0]
    assert [(answer.variant, answer.predicted, answer.right) for answer in first.answers] == [
        ("one", "cup", True),
        ("other", "book", False),
    ]
    assert [answer.p_label for answer in first.answers] == pytest.approx([0.99, 0.01])
    assert first.answers[1].confidence == pytest.approx(0.99)
    assert 0.9 < first.divergence < 1
    assert found[1].divergence == pytest.approx(0.0290, abs=1e-4)  # 1 - (H(0.6) / ln 2), by hand
    whole = {"x": predictions({"a": ("cup", 1.0)}), "y": predictions({"a": ("cup", 0.0)})}
    assert mistakes.disagreements(whole)[0].divergence == pytest.approx(1)


def test_one_variant_cannot_disagree() -> None:
    assert mistakes.disagreements({"one": predictions({"a": ("cup", 0.6)})}) == []
    same = predictions({"a": ("cup", 0.6)})
    assert mistakes.disagreements({"one": same, "other": same}) == []


def test_variants_that_were_taught_other_labels_can_be_compared() -> None:
    rows = pd.DataFrame({"photo_id": ["a"], "label": ["cup"]})
    wide = table(rows, [[0.1, 0.2, 0.7]], ["book", "cup", "jug"], fold=0, repeat=0)
    (found,) = mistakes.disagreements({"one": predictions({"a": ("cup", 0.6)}), "wide": wide})
    assert [answer.predicted for answer in found.answers] == ["cup", "jug"]
    assert 0 < found.divergence < 1


def test_suspects_are_those_of_the_reference_and_of_the_chosen_variant() -> None:
    shared = {f"x{i}": ("cup", 0.9) for i in range(4)} | {f"y{i}": ("book", 0.1) for i in range(4)}
    chosen = predictions({**shared, "both": ("book", 0.95), "mine": ("book", 0.99), "theirs": ("book", 0.2)})
    weak = predictions({**shared, "both": ("book", 0.1), "mine": ("book", 0.9), "theirs": ("book", 0.9)})
    listed = [("both", 0.3, 0.7), ("theirs", 0.2, 0.8)]
    inspected = {
        "accuracy": 0.5,
        "suspects": [
            {"photo_id": name, "label": "book", "suggested": "cup", "p_label": low, "p_suggested": high}
            for name, low, high in listed
        ],
    }
    files = manifest(*((f"{name}.jpg", "book", "", "") for name in ("both", "mine", "theirs")))
    found = suspects.suspects(inspected, {"weak": weak, "best": chosen}, files, chosen="best")
    assert [(one.rank, one.photo_id) for one in found] == [(1, "both"), (2, "mine"), (3, "theirs")]
    assert [(one.by_reference, one.by_chosen) for one in found] == [
        (True, True),
        (False, True),
        (True, False),
    ]
    assert [one.agreeing for one in found] == [("best",), ("weak", "best"), ("weak",)]
    assert (found[0].p_label, found[0].p_suggested) == pytest.approx((0.05, 0.95)), "of the surer one"
    assert [one.judge for one in found] == ["best", "best", suspects.REGRESSION]
    assert found[2].path == "theirs.jpg"


def test_a_variant_that_is_far_worse_than_the_regression_suspects_nothing() -> None:
    """Else a network from scratch, right about every other photo, would have every other label looked at."""
    right = {f"x{i}": ("cup", 0.9) for i in range(4)} | {f"y{i}": ("book", 0.1) for i in range(4)}
    rows = right | {f"z{i}": ("book", 0.95) for i in range(8)}
    half = predictions(rows)
    files = manifest(*((f"{name}.jpg", label, "", "") for name, (label, _) in rows.items()))
    for accuracy, number in [(None, 0), (0.54, 8), (0.56, 0)]:
        inspected = {"accuracy": accuracy, "suspects": []}
        assert len(suspects.suspects(inspected, {"half": half}, files, chosen="half")) == number


@pytest.mark.parametrize(("num_right", "number"), [(8, 0), (9, 1)])
def test_where_the_regression_judged_nothing_a_variant_judges_if_it_is_right_on_nine_in_ten(
    num_right: int, number: int
) -> None:
    rows = {f"x{i}": ("cup", 0.9) for i in range(num_right)}
    rows |= {f"y{i}": ("book", 0.1) for i in range(num_right)} | {"z0": ("book", 0.95), "z1": ("cup", 0.4)}
    files = manifest(*((f"{name}.jpg", label, "", "") for name, (label, _) in rows.items()))
    judged = {"best": predictions(rows)}
    inspected = {"accuracy": None, "suspects": []}
    assert suspects.may_judge(inspected, judged["best"]) is bool(number)
    found = suspects.suspects(inspected, judged, files, chosen="best")
    assert [one.photo_id for one in found] == ["z0"][:number]


def test_a_suspicion_that_the_chosen_variants_answer_supports_comes_before_a_wider_margin() -> None:
    # Every cup is as unsure as the photo "doubted", so that the variant itself suspects nothing.
    shared = {f"x{i}": ("cup", 0.6) for i in range(4)} | {f"y{i}": ("book", 0.45) for i in range(4)}
    chosen = predictions({**shared, "doubted": ("book", 0.55), "alone": ("book", 0.2)})
    inspected = {
        "accuracy": 0.5,
        "suspects": [
            {"photo_id": name, "label": "book", "suggested": "cup", "p_label": low, "p_suggested": 1 - low}
            for name, low in (("alone", 0.1), ("doubted", 0.4))
        ],
    }
    files = manifest(("alone.jpg", "book", "", ""), ("doubted.jpg", "book", "", ""))
    found = suspects.suspects(inspected, {"best": chosen}, files, chosen="best")
    assert [one.photo_id for one in found] == ["doubted", "alone"]
    assert [one.agreeing for one in found] == [("best",), ()]


def test_clusters_that_reach_over_labels_come_first_then_over_groups_then_the_largest() -> None:
    files = manifest(
        ("a1.jpg", "cup", "ann", "a"),
        ("a2.jpg", "cup", "ann", "a"),
        ("b1.jpg", "cup", "ann", "b"),
        ("b2.jpg", "cup", "ann", "b"),
        ("b3.jpg", "cup", "ann", "b"),
        ("c1.jpg", "cup", "ann", "c"),
        ("c2.jpg", "cup", "bob", "c"),
        ("d2.jpg", "cup", "", "d"),
        ("d1.jpg", "book", "ann", "d"),
        ("e.jpg", "cup", "ann", "e"),
        ("e-again.jpg", "cup", "ann", "e"),
    )
    files.loc[files["path"] == "e-again.jpg", "status"] = "rejected"
    found = mistakes.clusters(files)
    assert [one.cluster for one in found] == ["d", "c", "b", "a"]
    assert [photo.path for photo in found[0].photos] == ["d1.jpg", "d2.jpg"]
    assert [(one.across_labels, one.across_groups) for one in found] == [
        (True, False),
        (False, True),
        (False, False),
        (False, False),
    ]


def test_what_a_random_split_would_have_leaked_is_said_in_numbers() -> None:
    found: dict[str, Any] = {
        "num_groups": 54,
        "random_split": {
            "num_test_photos": 87,
            "with_sibling_in_training": {"component": 43, "cluster": 1, "group": 42},
        },
        "split": {"with_sibling_in_training": {"component": 0, "cluster": 0, "group": 0}},
    }
    leak = mistakes.leak(found)
    assert (leak.num_test_photos, leak.num_with_sibling, leak.num_near_duplicates, leak.num_now) == (
        87,
        43,
        1,
        0,
    )
    assert "of 43 of the 87 test photos (49\N{NO-BREAK SPACE}%); 1 of them" in leak.sentence
    assert leak.sentence.endswith("This split does so for none.")
    found["split"] = {"with_sibling_in_training": {"component": 12, "cluster": 0, "group": 12}}
    assert mistakes.leak(found).sentence.endswith("This split does so for 12.")
    assert "same group" in leak.sentence
    assert "same group" not in mistakes.leak({**found, "num_groups": 0}).sentence
