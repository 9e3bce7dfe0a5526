"""How a variant was taught, and what is said of it."""

from __future__ import annotations

from typing import Any

import pandas as pd

from tenshots.pages.report import how_taught


def test_what_is_unusual_about_a_training_is_said_and_nothing_where_nothing_is() -> None:
    usual: dict[str, Any] = {"taught": "from scratch", "data": "database", "settings": {"optimisation": {}}}
    assert how_taught.remarks(usual) == how_taught.remarks({**usual, "settings": {"threads": 1}}) == []
    settings = {"optimisation": {"loss": "hinge", "mixup": 0.2}, "flips_at_test": True}
    said = how_taught.remarks({**usual, "settings": settings})
    assert "a temperature that was fitted to the validation photos, which also choose" in said[0]
    assert [each.split()[0] for each in said] == ["Its", "Its", "Each"]
    assert how_taught.remarks({**usual, "settings": {"optimisation": {"loss": {"hinge": {}}}}}) == said[:1]
    assert how_taught.taught({**usual, "data": "on_the_fly"}).endswith(
        "copies that are drawn anew in each epoch"
    )
    assert how_taught.taught(usual) == "from scratch"
    before = {**usual, "settings": {"pretraining": {"noise": 0.25, "epochs": 20}}}
    assert how_taught.taught(before) == "from scratch, after learning without labels"
    before["settings"]["pretraining"]["unlabelled"] = True
    assert how_taught.taught(before).endswith("learning without labels, also from photos that have none")
    (said,) = how_taught.remarks(before)
    assert "of which 25 % was set to 0, for 20 epochs on its training photos" in said
    (said,) = how_taught.remarks({"settings": {"pretraining": {"noise": 0, "epochs": 1, "unlabelled": True}}})
    assert (
        "restore what goes into it, for 1 epoch on its training photos and on photos without labels" in said
    )


def test_a_network_that_may_know_these_photos_is_said_to() -> None:
    usual = {"taught": "pretrained", "data": "database", "settings": {}}
    assert how_taught.remarks(usual) == []
    assert how_taught.remarks({**usual, "labels_known": ["book", "cup"]}) == [
        "The network with which it begins had learnt the labels book and cup before, and its files do not "
        "say from which photos: if these photos were among them, it has learnt from photos that it is tested "
        "on, and its figures are too good."
    ]
    assert "the label cup before" in how_taught.remarks({**usual, "labels_known": ["cup"]})[0]


def test_a_training_that_ended_far_worse_than_a_guess_is_said_to() -> None:
    details = {"num_updates": 4, "per_class": [{}, {}, {}], "settings": {"optimisation": {}}}
    curves = pd.DataFrame({"val_loss": [0.9, 19105.0]})
    (said,) = how_taught.diverged(details, curves)
    assert said.startswith("Its last validation loss is 19,105, and that of a guess 1.1: it did not learn")
    assert how_taught.diverged(details, curves[::-1]) == []
    assert how_taught.diverged({**details, "num_updates": 0}, curves) == []  # weights were solved for
    hinge = {**details, "settings": {"optimisation": {"loss": {"hinge": {}}}}}
    assert "that of a guess 2.0" in how_taught.diverged(hinge, curves)[0]
