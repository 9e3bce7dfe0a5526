"""The settings of `make quick` are valid ones, small, and otherwise those of params.yaml."""

from __future__ import annotations

import copy
from contextlib import chdir
from pathlib import Path

import pytest

from stages import quick as command
from tenshots import params
from tenshots.checks import whole
from tenshots.outlook import quick
from tenshots.tables.corrections import CORRECTIONS

TOP = Path(__file__).parents[3]
SHIPPED = params.read(TOP / "params.yaml")


def test_the_shipped_settings_made_small_keep_every_rule_and_name() -> None:
    before = copy.deepcopy(SHIPPED)
    small = quick.settings(SHIPPED, photos=str(TOP / "data" / "demo"))
    assert before == SHIPPED
    whole.check(small)
    assert small["accept"]["max_photos"] == 3
    assert small["split"]["folds"] == 3
    assert small["variants"].keys() == SHIPPED["variants"].keys()
    same = ("seed", "lr", "batch_size", "layout", "standardise", "optimisation", "near_duplicates", "inspect")
    assert {key: small[key] for key in same} == {key: SHIPPED[key] for key in same}


def test_what_a_student_has_made_large_is_made_small_and_what_is_small_stays() -> None:
    values = copy.deepcopy(SHIPPED)
    values["epochs"] = 1
    values["repeats"] = 30
    values["split"]["folds"] = 1
    values["variants"]["fine_tuned"]["epochs"] = 500
    values["study"] |= {"shares": [0.1, 0.5], "leaking": True}
    values["visualise"] |= {"fold": 0, "repeat": 29, "dream": True, "landscape": 21}
    small = quick.settings(values, photos=str(TOP / "data" / "demo"))
    whole.check(small)
    assert (small["epochs"], small["repeats"], small["split"]["folds"]) == (1, 1, 1)
    assert small["variants"]["fine_tuned"]["epochs"] == 2
    assert (small["study"]["shares"], small["study"]["leaking"]) == ([], False)
    assert not small["visualise"]["dream"]
    assert "epochs" not in small["variants"]["baseline"]


def test_every_stage_is_run_once_for_each_name_and_after_what_it_reads() -> None:
    stages = params.read(TOP / "dvc.yaml")["stages"]
    with chdir(TOP):
        steps = list(command._steps(SHIPPED))
    assert list(dict.fromkeys(stage for stage, _ in steps)) == list(stages)
    assert [arguments for stage, arguments in steps if stage == "train"] == [[n] for n in SHIPPED["variants"]]
    assert [arguments for stage, arguments in steps if stage == "compare"] == [[]]
    made = [str(CORRECTIONS)]  # by people
    for body in (body.get("do", body) for body in stages.values()):
        outs = [out if isinstance(out, str) else next(iter(out)) for out in body["outs"]]
        read = [dep.split("$")[0] for dep in body["deps"] if dep.startswith(("data/", "reports/"))]
        for dep in read:
            assert any(dep.startswith(out) or out.startswith(dep) for out in made), dep
        made += [out.split("$")[0] for out in outs]


def test_weights_in_the_project_come_along_where_they_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/w.h5").touch()
    values = {"networks": {"a": {}, "b": {"backbone": {"weights": "none"}}}}
    values["networks"]["c"] = {"backbone": {"weights": {"path": "mine/w.h5", "sha256": "0"}}}
    values["networks"]["d"] = {"backbone": {"weights": {"package": "p", "file": "f"}}}
    for name, path in (("e", str(tmp_path / "mine/w.h5")), ("f", "nowhere.h5")):
        values["networks"][name] = {"backbone": {"weights": {"path": path, "sha256": "0"}}}
    assert command._weights(values) == ["mine/w.h5"]


@pytest.mark.parametrize(
    ("layout", "given", "most"),
    [("{group}/{label}/{name}", "none", 3), ("{label}/{name}", "none", 12), ("{group}/{label}/{name}", 2, 2)],
)
def test_enough_photos_are_taken_for_a_split(layout: str, given: object, most: int) -> None:
    values = {**copy.deepcopy(SHIPPED), "layout": layout}
    values["accept"]["max_photos"] = given
    assert quick.settings(values, photos="photos")["accept"]["max_photos"] == most


def test_the_page_says_that_it_is_a_trial() -> None:
    template = (TOP / "tenshots/pages/report/templates/index.html.j2").read_text(encoding="utf-8")
    assert template.count("<body>") == 1
    marked = quick.marked(template)
    assert marked.index("<body>") < marked.index("<b>A trial run</b>") < marked.index("<main")
    assert marked.replace(quick.NOTICE, "") == template
