"""Presets are valid settings, keep what is the user's out, and say what is wrong with a folder of photos."""

from __future__ import annotations

import copy
import math
import re
from pathlib import Path

import pytest

from tenshots import params
from tenshots.checks import whole
from tenshots.errors import DataError, SettingsError
from tenshots.outlook import presets, quick
from tenshots.outlook.presets import PhotosNeeded, Preset

TOP = Path(__file__).parents[3]
SHIPPED = params.read(TOP / "params.yaml")
NAMES = presets.names(TOP / "presets")
NEEDED = PhotosNeeded(source="Get them.", shape="train/a/1.png", labels=["a", "b"])
WHOLE_FOLDER = [f"{part}/{label}/{n}.png" for part in ("train", "test") for label in "ab" for n in range(9)]


@pytest.mark.parametrize("name", NAMES)
def test_a_preset_keeps_every_rule_and_so_does_its_trial(name: str) -> None:
    preset = presets.read(name, TOP / "presets")
    values = presets.merged(SHIPPED, preset, photos="/photos")
    whole.check(values)
    whole.check(quick.settings(values, photos=values["photos"]))
    assert values["repeats"] == 1
    assert values["photos"] == ("/photos" if preset.photos else "data/demo")
    if preset.photos and preset.photos.only is None:
        assert (values["split"]["folds"], values["layout"]) == (1, "{split}/{label}/{name}")


@pytest.mark.parametrize("name", NAMES)
def test_what_moves_a_result_is_the_presets_own_whatever_the_user_has_set(name: str) -> None:
    preset = presets.read(name, TOP / "presets")
    theirs = copy.deepcopy(SHIPPED)
    theirs |= {
        "seed": 1,
        "lr": 9,
        "batch_size": 1,
        "epochs": 1,
        "threads": 9,
        "repeats": 9,
        "portable": False,
    }
    theirs["optimisation"] |= {"mixup": 0.5, "clip": {"norm": 0.001}}
    theirs["networks"]["other"] = theirs["variants"]["other"] = {}
    theirs["augment"] |= {"copies": 99, "layers": []}
    theirs["split"] |= {"folds": 9, "val": 0.9}
    theirs["standardise"] |= {"size_px": 16, "fit": "pad", "encoding": 1}
    theirs["accept"] |= {"max_photos": 5, "unlabelled": "wild"}
    theirs["inspect"] |= {"judge": False}
    ours, found = (presets.merged(each, preset, photos="/photos") for each in (SHIPPED, theirs))
    assert found == ours
    for key, section in SHIPPED.items():  # nor does any other key come from there
        if key not in presets.WHOLE and key != "photos":
            given = preset.settings[key]
            assert not isinstance(section, dict) or given.keys() >= section.keys(), key


def test_the_table_of_costs_counts_the_images_that_the_presets_learn_from() -> None:
    text = (TOP / "benchmarks/README.md").read_text(encoding="utf-8").partition("## Presets\n")[2]
    table = text.partition("\n## ")[0]
    cells = [line.strip("| ").split(" | ") for line in table.splitlines()]
    numbers = [[int(each.replace(",", "")) for each in re.findall(r"\d[\d,]*", row[-1])] for row in cells]
    rows = {row[0]: math.prod(found) for row, found in zip(cells, numbers, strict=True)}
    counted = [name for name in NAMES if presets.read(name, TOP / "presets").photos]
    for name in counted:
        preset = presets.read(name, TOP / "presets")
        values = presets.merged(SHIPPED, preset, photos="/photos")
        of_mnist = preset.photos.labels[0] == "0"
        per_label = preset.photos.draw.get("train", 6000 if of_mnist else 5000)
        split = values["split"]
        rest = 1 - split["val"] - (split["test"] if preset.photos.only else 0)  # else the split is given
        taught = len(values["variants"]) * values["epochs"] * 10 * per_label
        # A few photos more or fewer, since validation takes whole ones of each label.
        assert rows[name] == pytest.approx(taught * rest, rel=0.04), name


def test_the_lectures_networks_are_those_that_the_catalogue_counts() -> None:
    text = (TOP / "docs/catalogue/networks.md").read_text(encoding="utf-8")
    dense = presets.read("mnist-dense", TOP / "presets").settings["networks"]["dense"]
    assert re.search(r"^\| `\{family: dense, channels: 1, units: \[512, 512, 512\].*932,362", text, re.M)
    assert (dense["channels"], dense["units"], dense["input_px"]) == (1, [512, 512, 512], 28)
    for name in ("cifar10-cnn", "cifar10-cnn-full"):
        lecture = presets.read(name, TOP / "presets").settings["networks"]["lecture"]
        assert lecture == {**SHIPPED["networks"]["lecture"]}


def test_what_is_chosen_for_the_small_data_never_reads_a_test_photo() -> None:
    final, choice = (presets.read(f"small-data{end}", TOP / "presets") for end in ("", "-choice"))
    assert final.photos is not None
    assert choice.photos is not None
    paths = [f"{part}/{label}/{n}.jpg" for part in ("train", "test") for label in "xy" for n in range(70)]
    seed = final.settings["seed"]
    assert seed == choice.settings["seed"]
    used, tried = (presets.drawn(paths, each.photos, seed=seed, folder="f") for each in (final, choice))
    assert {path for path in used.values() if path.startswith("train/")} == set(tried.values())
    assert len(tried) == 100
    assert len(used) == 100 + 140
    assert sorted(tried) == sorted(path.removeprefix("train/") for path in tried.values())


def test_drawing_takes_as_many_of_each_label_by_seed_alone() -> None:
    needed = NEEDED.model_copy(update={"draw": {"train": 4}})
    found = presets.drawn(WHOLE_FOLDER, needed, seed=1, folder="f")
    assert found == presets.drawn(WHOLE_FOLDER[::-1], needed, seed=1, folder="f")
    assert found != presets.drawn(WHOLE_FOLDER, needed, seed=2, folder="f")
    assert [sum(path.startswith(f"train/{label}/") for path in found) for label in "ab"] == [4, 4]
    assert sum(path.startswith("test/") for path in found) == 18
    with pytest.raises(DataError, match=r"at least 10 photos in train/a.* has 9"):
        presets.drawn(WHOLE_FOLDER, NEEDED.model_copy(update={"draw": {"train": 10}}), seed=1, folder="f")


@pytest.mark.parametrize(
    ("paths", "said"),
    [
        (
            WHOLE_FOLDER[:18],
            r"no folder test with photos by label; it must look like train/a/1.png. Get them",
        ),
        (["a/1.png"], "no folder train or test"),
        (
            [path.replace("train", "Train") for path in WHOLE_FOLDER],
            r"no folder train .*\(rename Train to train\)",
        ),
        ([], "no folder train or test"),
        ([f"digits/{path}" for path in WHOLE_FOLDER], r"one folder deeper: PHOTOS=here/digits"),
        (
            [f"{name}/{path}" for name in ("animals", "digits") for path in WHOLE_FOLDER if name == "digits"]
            + [f"animals/{part}/cat/1.png" for part in ("train", "test")],
            r"one folder deeper: PHOTOS=here/digits",
        ),
        (
            [path.removeprefix("train/") for path in WHOLE_FOLDER[:18]],
            r"the labels themselves; name the folder",
        ),
        ([path for path in WHOLE_FOLDER if "test/b" not in path], "no test/b with photos"),
        ([*WHOLE_FOLDER, "train/c/1.png"], r"a label 'c' that this preset does not know"),
    ],
)
def test_a_folder_that_looks_otherwise_is_refused_with_the_way_out(paths: list[str], said: str) -> None:
    with pytest.raises(DataError, match=said):
        presets.check_photos(paths, NEEDED, folder="here")
    presets.check_photos(WHOLE_FOLDER, NEEDED, folder="here")


def test_an_unknown_name_is_answered_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"'mnist-dnse'; did you mean 'mnist-dense'"):
        presets.read("mnist-dnse", TOP / "presets")
    (tmp_path / "mine.yaml").write_text("title: mine\nsetings: {}\n")
    with pytest.raises(SettingsError, match=r"mine.yaml: setings is not a known setting"):
        presets.read("mine", tmp_path)


def test_a_section_stays_a_section() -> None:
    with pytest.raises(SettingsError, match="split must be a section"):
        presets.merged(SHIPPED, Preset(title="a", settings={"split": 3}), photos="")


def test_the_catalogue_names_every_preset_and_no_other() -> None:
    text = (TOP / "docs/catalogue/presets.md").read_text(encoding="utf-8")
    assert sorted(set(re.findall(r"make preset NAME=([\w-]+)", text))) == NAMES
