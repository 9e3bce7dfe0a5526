"""Every value of params.yaml is judged before anything computes; the message names key, rule and value."""

from __future__ import annotations

import copy
import math
import os
import re
import resource
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from stages import check
from tenshots import params
from tenshots.checks import whole
from tenshots.errors import DataError, SettingsError
from tenshots.networks.settings import families
from tenshots.repository import code
from tenshots.tables.paths import CODE, NETWORKS
from tests.drawn.handed_in import write_corrections

TOP = Path(__file__).parents[3]
SHIPPED = params.read(TOP / "params.yaml")
ABSENT = object()
LECTURE, PRETRAINED = "networks.lecture", "networks.pretrained"
BACKBONE = f"{PRETRAINED}.backbone"
FAMILY = f"must be one of {', '.join(families())}, got"
DENSE = {"family": "dense", "input_px": 28, "channels": 1, "units": [512, 512, 512], "dropout": 0.2}

# Each value that is refused, with words of the message after file and key.
REFUSED: list[tuple[str, object, str]] = [
    ("seed", True, "must be an integer, got true"),
    ("seed", -1, "must be at least 0, got -1"),
    ("seed", 2**32, "must be below 4294967296"),
    ("seed", "20", "must be an integer, got '20'; remove the quotes"),
    ("seed", 10**5000, "must be below 4294967296, got a number of thousands of digits"),
    ("portable", 1, "must be true or false, got 1"),
    ("portable", "no", "must be true or false, got 'no'"),
    ("lr", True, "must be a number, got true"),
    ("lr", "0.002", "must be a number, got '0.002'; remove the quotes"),
    ("lr", "fast", "must be a number, got 'fast'"),
    ("lr", None, "must be a number, got an empty value"),
    ("lr", 0, "must be above 0, got 0"),
    ("lr", math.nan, "must be a finite number, got nan"),
    ("lr", 11, "must be at most 10, got 11"),
    ("lr", ABSENT, "is missing"),
    ("batch_size", 0, "must be at least 1"),
    ("batch_size", 10**9, "must be at most 4096"),
    ("batch_size", "alle", "must be an integer or 'all', got 'alle'"),
    ("epochs", 10**12, "must be at most 100000, got 1000000000000"),
    ("epochs", 80.0, "must be an integer, got 80.0; write 80"),
    ("threads", 0, "must be at least 1"),
    ("threads", 10**6, "must be at most 256"),
    ("repeats", 1000, "must be at most 100"),
    ("photos", "~/Pictures", f"must be written in full, as '{Path.home() / 'Pictures'}', got '~/Pictures'"),
    ("photos", "", "must not be empty, got ''"),
    *(
        ("photos", where, f"that the pipeline does not write to, such as data/raw, got {where!r}")
        for where in (".", "/", "..", "data", "./data/", "data/models/baseline", "data/x/../database/a")
    ),
    ("photos", str(TOP / "data"), "that the pipeline does not write to"),
    ("layout", "", "must not be empty, got ''"),
    ("photos", "a\nb", "without control characters, got 'a\\nb'"),
    ("photos", "${HOME}", "must not hold ${, which DVC reads as the name of another setting, got '${HOME}'"),
    ("layout", "{label}", "{name}"),
    ("layout", 3, "must be text, got 3"),
    ("accept", [], "must be a section of settings, got []"),
    ("accept.min_px", 0, "must be at least 1"),
    ("accept.min_px", 10**6, "must be at most 10000"),
    ("accept.max_megapixels", 10**6, "must be at most 1000"),
    ("accept.max_megabytes", 1.5, "must be an integer, got 1.5"),
    ("accept.background", "whitish", "must be a colour name"),
    ("accept.max_zip_files", 0, "must be at least 1"),
    ("accept.max_zip_megabytes", 10**9, "must be at most 1000000"),
    ("accept.max_zip_ratio", False, "must be an integer, got false"),
    ("accept.max_photos", 0, "must be at least 1 or 'none', got 0"),
    ("accept.max_photos", 10**6, "must be at most 100000 or 'none', got 1000000"),
    ("accept.max_photos", "3", "must be an integer or 'none', got '3'; remove the quotes"),
    ("near_duplicates.max_distance", 65, "must be at most 64"),
    ("near_duplicates.min_similarity", 0, "must be above 0"),
    ("near_duplicates.max_share", 1.5, "must be at most 1"),
    ("standardise.size_px", 8, "must be at least 16"),
    ("standardise.fit", "cut", "must be 'pad', 'crop' or 'stretch', got 'cut'"),
    ("standardise.encoding", 101, "must be 'lossless' or at most 100"),
    ("standardise.encoding", True, "must be 'lossless' or an integer, got true"),
    ("database.num_shards", 2000, "must be at most 1024"),
    ("database.shards", 2, "is not a known setting; did you mean 'num_shards'?"),
    ("split.folds", 1000, "must be at most 100"),
    ("split.test", 1.0, "must be below 1"),
    ("split.val", "0.2", "must be a number, got '0.2'; remove the quotes"),
    ("augment.copies", 10**9, "must be at most 1000, got 1000000000"),
    ("augment.layers", [], "must hold at least 1 item, got []"),
    ("augment.layers", ["RandomFlip"] * 33, "must hold at most 32 items, got"),
    ("augment.layers", {"RandomFlip": {}}, "must be a list"),
    ("augment.layers", [{"RandomFlip": "horizontal"}], "must give each argument with its name"),
    ("augment.layers", [{"RandomZoom": {"height_factor": math.inf}}], "numbers from -1024 to 1024, not inf"),
    ("augment.layers", [{"Resizing": {"height": 10**9, "width": 1}}], "not 1000000000"),
    ("optimisation.optimiser", "adamm", "lion, muon, got 'adamm'; did you mean 'adam' or"),
    ("optimisation.optimiser", "keras.optimizers.Adam", "must be one of sgd, adagrad, adadelta"),
    ("optimisation.optimiser", ["sgd"], "must be one name, alone or with its arguments, such as sgd: {mo"),
    ("optimisation.optimiser", {"sgd": {}, "adam": {}}, "must be one name, alone or with its arguments"),
    ("optimisation.optimiser", {"sgd": 0.9}, "must give each argument with its name, such as sgd: {momentum"),
    (
        "optimisation.optimiser",
        {"sgd": {"momentu": 0.9}},
        "must give sgd arguments that it has, got {'sgd': {'momentu': 0.9}}, not 'momentu'; did you mean 'mo",
    ),
    ("optimisation.optimiser.sgd.momentum", 1, "must be below 1, got 1"),
    ("optimisation.optimiser.sgd.momentum", "0.9", "must be a number, got '0.9'; remove the quotes"),
    ("optimisation.optimiser.sgd.nesterov", "yes", "must be true or false, got 'yes'"),
    ("optimisation.optimiser.adam.beta_2", math.nan, "must be a finite number, got nan"),
    ("optimisation.optimiser.adamw", {"weight_decay": 0.1}, "must give adamw arguments that it has"),
    ("optimisation.optimiser.muon.ns_steps", 10**9, "must be at most 20"),
    ("optimisation.optimiser.lion", {"name": "mine"}, "must give lion arguments that it has"),
    ("optimisation.clip", {}, "must have one of value, norm and global_norm, got {}"),
    ("optimisation.clip", {"value": 1, "norm": 1}, "must have one of value, norm and global_norm"),
    ("optimisation.clip", 1.0, "must be a section of settings, got 1.0"),
    ("optimisation.clip.norm", 0, "must be above 0, got 0"),
    ("optimisation.clip.norms", 1, "is not a known setting"),
    ("optimisation.ema", 1, "must be below 1, got 1"),
    ("optimisation.ema", "0.99", "must be a number, got '0.99'; remove the quotes"),
    ("optimisation.stop_on", "f1", "must be 'accuracy', 'loss', 'macro_f1' or 'roc_auc', got 'f1'"),
    ("optimisation.stop_on", "loss", "is of use only with a number for patience, which is none, got 'loss'"),
    ("optimisation.schedule", "one-cycle", "got 'one-cycle'; did you mean 'one_cycle'?"),
    ("optimisation.schedule.step.at", [0.5, 1.5], "each above 0 and below 1 (0.5 is half-way), since a drop"),
    ("optimisation.schedule.step.at", [0.7, 0.5], "must hold shares of the training in rising order"),
    ("optimisation.schedule.step.at", [0.1], "must hold shares after the warm-up, which takes 0.1 of the t"),
    ("optimisation.schedule.step.factor", 1, "must be below 1"),
    ("optimisation.schedule.exponential.every", 2, "must be at most 1, got 2"),
    ("optimisation.schedule.power.power", 0, "must be above 0"),
    ("optimisation.schedule.one_cycle.rise", 1, "must be below 1"),
    ("optimisation.schedule.cosine", {"warmup": 0.1}, "must give cosine arguments that it has"),
    (
        "optimisation.schedule.performance.patience",
        58,
        "must be below 57, the number of epochs after the warm-up, or the rate never falls, got 58, where "
        "variants.baseline has 64 epochs; lower it, or raise epochs",
    ),
    ("optimisation.weight_decay", math.inf, "must be a finite number, got inf"),
    ("optimisation.schedule", None, "must be one name, alone or with its arguments"),
    ("optimisation.warmup", 1, "must be below 1"),
    ("optimisation.label_smoothing", -0.1, "must be at least 0"),
    ("optimisation.patience", "non", "must be an integer or 'none', got 'non'"),
    ("optimisation.patience", "3", "must be an integer or 'none', got '3'; remove the quotes"),
    (
        "optimisation.loss",
        "hing",
        "must be one of cross_entropy, hinge, focal, got 'hing'; did you mean 'hinge'",
    ),
    ("optimisation.loss", "hinge", "set optimisation.label_smoothing to 0, got 'hinge'"),
    ("optimisation.loss", {"focal": {"gamma": 11}}, "must be at most 10, got 11"),
    ("optimisation.loss", {"focal": {"gama": 1}}, "must give focal arguments that it has"),
    ("optimisation.class_weights", "balance", "must be 'balanced', got 'balance'"),
    ("optimisation.drawing", True, "must be 'balanced', got true"),
    ("optimisation.mixup", 0, "must be above 0"),
    ("optimisation.cutmix", 101, "must be at most 100"),
    ("variants.baseline.pretraining", {"noise": 1, "epochs": 1}, "noise must be below 1, got 1"),
    ("variants.baseline.pretraining", {"noise": 0}, "epochs is missing"),
    ("variants.baseline.pretraining", {"noise": 0, "epochs": 1, "lr": 0}, "lr must be above 0"),
    ("variants.baseline.pretraining", {"noise": 0, "epochs": 1, "tied": 1}, "tied must be true or false"),
    (
        "variants.frozen.pretraining",
        {"noise": 0, "epochs": 1},
        "begins with what was learnt before; remove it",
    ),
    (
        "variants.baseline.pretraining",
        {"noise": 0, "epochs": 1, "unlabelled": True},
        "must be left out where accept.unlabelled names no folder",
    ),
    ("accept.unlabelled", "", "must not be empty, got ''"),
    ("variants.baseline.flips_at_test", "yes", "must be true or false, got 'yes'"),
    (
        "variants.frozen.data",
        "on_the_fly",
        "must be database or augmented for recipe logistic_regression, whi",
    ),
    ("networks", {}, "must hold 1 to 100 entries with names, got {}"),
    (f"{LECTURE}.family", "convolution", FAMILY),
    (f"{LECTURE}.input_px", 4096, "must be at most 1024"),
    (f"{LECTURE}.input_px", 32.5, "must be an integer, got 32.5"),
    (f"{LECTURE}.filters", [10**9], "must be at most 4096"),
    (f"{LECTURE}.filters", 64, "must be a list, got 64"),
    (
        f"{LECTURE}.filters",
        [8] * 6,
        "must be at least 256 for 6 blocks, because each entry of filters halves it",
    ),
    (f"{LECTURE}.dense", 10**12, "must be at most 65536, got 1000000000000"),
    (f"{LECTURE}.dropout", True, "must be a number, got true"),
    (f"{LECTURE}.momentum", 1, "must be below 1"),
    (f"{LECTURE}.activation", "rellu", "maxout, got 'rellu'; did you mean 'relu'"),
    (f"{LECTURE}.activation", {"relu": {"slope": 0.1}}, "must give relu arguments that it has"),
    (f"{LECTURE}.activation", "selu", "absent, since family convolutional normalises by itself"),
    (f"{LECTURE}.initializer", "he_norml", "got 'he_norml'; did you mean 'he_normal'"),
    (f"{LECTURE}.batch_norm", "no", "must be true or false, got 'no'"),
    (f"{LECTURE}.l1", -1, "must be at least 0"),
    (f"{LECTURE}.l2", "0.1", "must be a number, got '0.1'; remove the quotes"),
    (f"{LECTURE}.max_norm", 0, "must be above 0"),
    (f"{LECTURE}.normalisation", "standart", "got 'standart'; did you mean 'standard'"),
    (f"{LECTURE}.colour", "gray", "must be 'grey', got 'gray'; did you mean 'grey'"),
    (f"{LECTURE}.depth", 20, "is not a known setting"),
    (f"{PRETRAINED}.activation", "gelu", "is not a known setting"),
    (f"{PRETRAINED}.family", [], FAMILY),
    (f"{PRETRAINED}.input_px", 16, "must be at least 32"),
    (f"{PRETRAINED}.dropout", 1, "must be below 1"),
    (f"{PRETRAINED}.unfreeze", 2, "must be at most 1"),
    (
        f"{PRETRAINED}.unfreeze",
        "dense2",
        "must be a share such as 0.08, {from: dense2} or [dense2], got 'dense2'",
    ),
    (
        f"{PRETRAINED}.unfreeze",
        "a, b",
        "must be a share such as 0.08, {from: block6a} or [block6a], got 'a, b'",
    ),
    (f"{PRETRAINED}.unfreeze", True, "must be a share such as 0.08, {from: block6a} or [block6a], got true"),
    (f"{PRETRAINED}.unfreeze", None, "or [block6a], got an empty value"),
    (f"{PRETRAINED}.unfreeze", "0.5", "must be a number, got '0.5'; remove the quotes"),
    (f"{PRETRAINED}.unfreeze", {"from": 3}, "unfreeze.from must be text, got 3"),
    (f"{PRETRAINED}.unfreeze", {"form": "block6a"}, "must be"),
    (f"{PRETRAINED}.unfreeze", {}, "must hold at least 1 item, got {}"),
    (f"{PRETRAINED}.unfreeze", [], "must hold at least 1 item, got []"),
    (f"{PRETRAINED}.block_lr_factor", 0, "must be above 0"),
    (f"{PRETRAINED}.block_lr_factor", 1.5, "must be at most 1"),
    (f"{PRETRAINED}.fine_tune_lr_factor", 0, "must be above 0"),
    (f"{PRETRAINED}.fine_tune_lr_factor", 10**6, "must be at most 1000"),
    (f"{BACKBONE}.architecture", "", "must not be empty, got ''"),
    (f"{BACKBONE}.arguments", {"alpha": 10**12}, "numbers from -1000000 to 1000000, not 1000000000000"),
    (f"{BACKBONE}.weights", "imagenet", "of architecture EfficientNetLite0 must be none, {path, sha256} or"),
    (f"{BACKBONE}.weights.package", "../secret", "must be"),
    (f"{BACKBONE}.weights.version", 1.0, "must be text, got 1.0"),
    (f"{BACKBONE}.weights.file", "../secret.pth", "must"),
    (f"{BACKBONE}.weights.sha256", "58CE", "must be 64 characters of 0-9 and a-f, got '58CE'"),
    (
        "inspect.network",
        "lecture",
        "must name a network with a backbone, such as one of family pretrained, got",
    ),
    (
        "inspect.network",
        "pretraind",
        "must be a key of networks, got 'pretraind'; did you mean 'pretrained'?",
    ),
    ("variants", {}, "must hold 1 to 50 entries with names, got {}"),
    ("variants", ["baseline"], "must hold 1 to 50 entries with names"),
    ("variants.a b;touch x", {"data": "database", "network": "lecture"}, "got 'a b;touch x'; rename it"),
    ("variants.a';touch y;'", {"data": "database", "network": "lecture"}, "rename it"),
    ("variants.$(touch z)", {"data": "database", "network": "lecture"}, "rename it"),
    ("variants.-h", {"data": "database", "network": "lecture"}, "the first of them not -, got '-h'"),
    ("variants.${seed}", {"data": "database", "network": "lecture"}, "must not hold ${"),
    (
        "variants.baseline.data",
        "../elsewhere",
        "must be 'database', 'augmented' or 'on_the_fly', got '../elsewh",
    ),
    (
        "variants.baseline.network",
        "lectur",
        "must be a key of networks, got 'lectur'; did you mean 'lecture'?",
    ),
    ("variants.baseline.lr", "0.1", "must be a number"),
    ("variants.baseline.batch_size", 0, "must be at least 1"),
    ("variants.baseline.epochs", 10**12, "must be at most 100000"),
    ("variants.baseline.optimisation", {"optimiser": "sgdd"}, "did you mean 'sgd'"),
    (
        "variants.baseline.optimisation",
        {"lr": 1},
        "is not a known setting there, but at the top level",
    ),
    ("variants.frozen.optimisation", {"ema": 0.9}, "is not used by recipe logistic_regression, which solves"),
    ("variants.augmented.mixup", 0.2, "is not a known setting there, but in optimisation; move it"),
    ("patience", 3, "is not a known setting there, but in optimisation; move it"),
    ("networks.lecture.lr", 1, "is not a known setting there, but at the top level or in a variant; move it"),
    ("variants.augmented.data", "Database", "must be 'database', 'augmented' or 'on_the_fly'"),
    ("variants.augmented.network", 3, "must be text, got 3"),
    (
        "variants.baseline.recipe",
        "fine_tune",
        "must be scratch for lecture of family convolutional, got 'fine_tune'",
    ),
    ("variants.frozen.data", 1, "must be 'database', 'augmented' or 'on_the_fly', got 1"),
    (
        "variants.frozen.network",
        "lecure",
        "must be a key of networks, got 'lecure'; did you mean 'lecture'?",
    ),
    (
        "variants.frozen.recipe",
        "linear",
        "must be 'scratch', 'fine_tune', 'logistic_regression' or 'linear_s",
    ),
    ("variants.frozen.recipe", "scratch", "got 'scratch'; scratch takes a backbone with weights: none"),
    ("variants.frozen.recipe", "scratch", "must be fine_tune or logistic_regression or linear_svm for"),
    ("variants.frozen.lr", 0.1, "is not used by recipe logistic_regression, which solves for its weights"),
    ("variants.frozen.epochs", 3, "is not used by recipe logistic_regression"),
    ("variants.fine_tuned.data", None, "must be 'database', 'augmented' or 'on_the_fly', got an empty value"),
    ("variants.fine_tuned.network", ABSENT, "is missing"),
    ("variants.fine_tuned.epochs", 0, "must be at least 1"),
    ("report.num_mistakes", 10**6, "must be at most 500"),
    ("report.num_samples", 0, "must be at least 1"),
    (
        "report.pairs",
        [["baseline", "frozen"], ["frozen", "baseline"]],
        "must be neighbours, all, or a list of pairs",
    ),
    ("report.margin", 0.6, "must be at most 0.5"),
    ("visualise", "off", "must be a section of settings, got 'off'"),
    (
        "visualise.fold",
        4,
        "must be less than the number of folds, which are counted from 0, but there are 4 folds, got 4",
    ),
    ("visualise.repeat", 3, "counted from 0, but there are 3 repeats, got 3"),
    ("visualise.num_photos", 13, "must be at most 12"),
    ("visualise.num_maps", 0, "must be at least 1"),
    ("visualise.num_filters", 9, "must be at most 8"),
    ("visualise.steps", 10**9, "must be at most 2000"),
    ("visualise.dream", "true", "must be true or false, got 'true'; remove the quotes"),
    ("visualise.dream", 1, "must be true or false, got 1"),
    ("visualise.dream_steps", 0, "must be at least 1"),
    ("visualise.landscape", 4, "must be 0 (off) or an odd number from 3 to 101"),
    ("study", None, "must be a section of settings, got an empty value"),
    ("study.shares", [0.5, 1], "must be below 1"),
    ("study.shares", [number / 100 for number in range(1, 30)], "must hold at most 20 items"),
    ("study.leaking", "no", "must be true or false, got 'no'"),
    (
        "study.variants",
        ["basline"],
        "must be all, linear, or names of variants, got 'basline'; did you mean 'baseline'",
    ),
    ("study.variants", "baseline", "must be 'all' or 'linear' or a list, got 'baseline'"),
    ("study.variants", [], "must be all or linear, or name at least 1 variant, got []"),
]


def changed(key: str, value: object) -> dict[str, Any]:
    """The shipped settings with another value at a dotted key."""
    values = copy.deepcopy(SHIPPED)
    *above, last = key.split(".")
    part = values
    for name in above:
        if not isinstance(part.get(name), dict):  # a name alone, which gets arguments, or nothing
            part[name] = {}
        part = part[name]
    if value is ABSENT:
        del part[last]
    else:
        part[last] = value
    return values


@pytest.mark.parametrize(("key", "value", "words"), REFUSED, ids=[key for key, _, _ in REFUSED])
def test_a_wrong_value_is_refused_by_its_key(key: str, value: object, words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        whole.check(changed(key, value))
    message = str(caught.value)
    assert message.startswith("params.yaml: ")
    assert words in message
    assert not re.search(r"should|Tuple|List|String|Dict|validation|valid ", message.partition(", got ")[0])
    last = key.rpartition(".")[2]
    assert last in message or f"{key.rpartition('.')[0]} must" in message


MINE = {"family": "layers", "input_px": 8, "parts": {"a": "Flatten"}, "layers": ["a"]}


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("input_px", 4, "must be at least 8, got 4"),
        ("input_px", ABSENT, "is missing"),
        ("parts", [], "must be a section of settings, got []"),
        ("parts", {"a": "Flaten"}, ".a must name a layer of Keras for photos"),
        ("layers", ABSENT, "is missing"),
        ("layers", ["Flaten"], "[0] must name a layer of Keras for photos"),
        ("filters", 3, "is not a known setting; did you mean 'layers'"),
    ],
)
def test_a_wrong_value_of_a_network_of_ones_own_is_refused(key: str, value: object, words: str) -> None:
    values = changed("networks.mine", copy.deepcopy(MINE))
    whole.check(values)
    if value is ABSENT:
        del values["networks"]["mine"][key]
    else:
        values["networks"]["mine"][key] = value
    with pytest.raises(SettingsError) as caught:
        whole.check(values)
    assert f"params.yaml: networks.mine.{key}" in str(caught.value)
    assert words in str(caught.value)


OWN = {
    "architecture": "convolutional",
    "arguments": {"filters": [8, 16], "dense": 8, "dropout": 0.25},
    "weights": {"path": "backbones/a.weights.h5", "sha256": "0" * 64},
}


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("arguments.filters", [0], "must be at least 1"),
        ("arguments.dense", 10**12, "numbers from -1000000 to 1000000, not 1000000000000"),
        ("arguments.dropout", "0.25", "must be a number, got '0.25'; remove the quotes"),
        ("weights", "imagenet", "of architecture convolutional must be none, {path, sha256} or"),
        ("weights.path", "../secret.h5", "must not leave the repository"),
        ("weights.path", "~/weights.h5", "must be written out"),
        ("architecture", "EfficientNetLite0", "arguments of architecture EfficientNetLite0 must be"),
    ],
)
def test_a_wrong_value_of_a_backbone_of_ones_own_is_refused(key: str, value: object, words: str) -> None:
    values = changed(BACKBONE, copy.deepcopy(OWN))
    whole.check(values)
    part = values["networks"]["pretrained"]["backbone"]
    *above, last = key.split(".")
    for name in above:
        if not isinstance(part.get(name), dict):  # a name alone, which gets arguments, or nothing
            part[name] = {}
        part = part[name]
    part[last] = value
    with pytest.raises(SettingsError) as caught:
        whole.check(values)
    assert f"params.yaml: {BACKBONE}." in str(caught.value)
    assert words in str(caught.value)


def test_the_table_has_a_refused_value_for_every_key_of_the_shipped_settings() -> None:
    refused = {key for key, _, _ in REFUSED}
    assert not set(params.flattened(SHIPPED)) - refused


def test_the_shipped_settings_are_accepted() -> None:
    whole.check(SHIPPED)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("lr", 1),
        ("lr", 1e-9),
        ("seed", 2**32 - 1),
        ("photos", "/media/Fotos von Ann"),
        ("photos", "data/raw"),
        ("photos", "data/database of Ann"),
        ("standardise.encoding", 90),
        ("split.folds", 1),
        ("augment.layers", ["RandomFlip", {"RandomInvert": None}]),
        ("optimisation.patience", 5),
        ("optimisation.loss", "focal"),
        ("optimisation.loss", {"focal": {"gamma": 0}}),
        ("optimisation.class_weights", "balanced"),
        ("optimisation.drawing", "balanced"),
        ("optimisation.mixup", 0.2),
        ("optimisation.cutmix", 1),
        ("variants.baseline.data", "on_the_fly"),
        ("variants.frozen.flips_at_test", True),
        ("optimisation.optimiser", {"sgd": None}),
        ("optimisation.optimiser.sgd", {"momentum": 0.5, "nesterov": True, "weight_decay": 0.001}),
        ("optimisation.schedule.step", {"at": [0.3, 0.6], "factor": 0.2}),
        ("optimisation.clip", {"global_norm": 1}),
        ("optimisation.ema", 0.99),
        ("batch_size", "all"),
        ("variants.baseline.batch_size", "all"),
        ("variants.a-1_b", SHIPPED["variants"]["baseline"]),
        ("variants.baseline.recipe", "scratch"),
        ("variants.frozen.recipe", "linear_svm"),
        ("variants.frozen.data", "augmented"),
        ("visualise.fold", 3),
        ("study.shares", [0.1, 0.2]),
        ("study.variants", ["baseline"]),
        ("study.variants", "all"),
    ],
)
def test_a_right_value_is_accepted(key: str, value: object) -> None:
    whole.check(changed(key, value))


def test_a_given_split_has_one_fold_to_show() -> None:
    values = {**changed("visualise.fold", 1), "layout": "{split}/{label}/{name}"}
    with pytest.raises(SettingsError, match="there is 1 fold, got"):
        whole.check(values)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("augment.layers", [{"RandomFlip": "horizontal"}]),
        ("layout", ""),
        ("lr", "${seed}"),
        ("networks", None),
        ("networks", ["lecture"]),
        ("networks.${lr}", SHIPPED["networks"]["lecture"]),
        ("variants", None),
        ("variants.${lr}", SHIPPED["variants"]["baseline"]),
    ],
)
def test_one_mistake_is_one_line(key: str, value: object) -> None:
    with pytest.raises(SettingsError) as caught:
        whole.check(changed(key, value))
    assert len(str(caught.value).splitlines()) == 1


def test_without_networks_the_variants_are_judged_all_the_same() -> None:
    values = {**changed("variants.baseline.lr", "0.1"), "networks": {}}
    with pytest.raises(SettingsError, match=r"variants\.baseline\.lr must be a number, got '0\.1'"):
        whole.check(values)


@pytest.mark.parametrize(
    ("layer", "words"), [("${lr}", "must not hold"), (3, "must be the name of one layer")]
)
def test_a_place_in_a_list_is_written_as_where_keras_judges_it(layer: object, words: str) -> None:
    with pytest.raises(SettingsError, match=rf"params\.yaml: augment\.layers\[1\] {words}"):
        whole.check(changed("augment.layers", ["RandomFlip", layer]))


def test_no_folder_of_photos_may_hold_an_output_or_lie_in_one() -> None:
    text = re.sub(r"\$\{\w+\}", "baseline", (TOP / "dvc.yaml").read_text(encoding="utf-8"))
    stages = [stage.get("do", stage) for stage in YAML(typ="safe").load(text)["stages"].values()]
    outputs = {
        path
        for stage in stages
        for each in (*stage["outs"], *stage.get("metrics", ()), *stage.get("plots", ()))
        for path in ([each] if isinstance(each, str) else each)
    }
    assert {"data/models/baseline", "data/croissant.json", "reports/metrics.json"} <= outputs
    for photos in (path for output in outputs for path in (output, f"{output}/ada")):
        with pytest.raises(SettingsError, match="that the pipeline does not write to"):
            whole.check(changed("photos", photos))


def test_every_wrong_value_is_named_up_to_ten() -> None:
    values = changed("lr", -1)
    values["visualise"] = {**values["visualise"], "fold": -1}
    values["report"] = {}
    with pytest.raises(SettingsError) as caught:
        whole.check(values)
    assert [line.split()[1] for line in str(caught.value).splitlines()] == [
        *(
            "lr",
            *(f"report.{key}" for key in ("num_mistakes", "num_samples", "pairs", "margin")),
            "visualise.fold",
        ),
    ]
    with pytest.raises(SettingsError) as caught:
        whole.check({})
    assert str(caught.value).splitlines()[-1].startswith("and ")
    assert len(str(caught.value).splitlines()) == whole.MAX_PROBLEMS + 1


@pytest.mark.parametrize("key", ["report", "augment.layers", "networks.pretrained.backbone.arguments"])
def test_aliases_that_lead_back_or_multiply_end(key: str) -> None:
    endless: dict[str, Any] = {}
    endless["again"] = endless
    many: list[Any] = [1]
    for _ in range(100):
        many = [many] * 10
    for value in (endless, {"filters": many}, [{"RandomFlip": endless}], [{"RandomFlip": {"mode": many}}]):
        with pytest.raises(SettingsError):
            whole.check(changed(key, value))


def write(values: object, text: str = "") -> None:
    with params.PATH.open("w", encoding="utf-8") as file:
        YAML().dump(values, file)
        file.write(text)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DVC_STAGE", raising=False)
    (tmp_path / "data" / "demo").mkdir(parents=True)
    write_corrections(tmp_path)
    write(SHIPPED)
    return tmp_path


def test_the_stage_leaves_the_same_files_of_code_whatever_the_settings_are(project: Path) -> None:
    def found() -> dict[str, str]:
        return {path.stem: path.read_text(encoding="utf-8") for path in (project / CODE).iterdir()}

    check.main([])
    first = found()
    write(changed("lr", 0.1))
    for path in (project / CODE).iterdir():
        path.chmod(0o444)  # as DVC protects what it links
    check.main([])
    assert found() == first == {stage: code.text(code.stage_files(stage)) for stage in code.STAGES}


def test_each_network_has_a_file_with_the_hashes_of_the_code_that_builds_it(project: Path) -> None:
    more = {**SHIPPED["networks"], "plain": DENSE}
    write({**SHIPPED, "networks": more})
    check.main([])
    folder = project / NETWORKS
    found = {path.stem: path.read_text(encoding="utf-8") for path in folder.iterdir()}
    assert found == {name: code.text(code.family_files(network["family"])) for name, network in more.items()}
    assert "families/dense.py" in found["plain"]
    assert "families/dense.py" not in found["lecture"] + found["pretrained"]
    write(SHIPPED)
    check.main([])
    assert {path.stem for path in folder.iterdir()} == set(SHIPPED["networks"])


def test_a_wrong_value_leaves_no_file(project: Path) -> None:
    write(changed("visualise.fold", 9))
    with pytest.raises(SettingsError, match=r"visualise\.fold"):
        check.main([])
    assert not (project / CODE).exists()


@pytest.mark.usefixtures("project")
def test_the_folder_must_be_there_unless_dvc_is_to_fetch_it(monkeypatch: pytest.MonkeyPatch) -> None:
    write(changed("photos", "data/raw"))
    with pytest.raises(DataError, match="the photos folder data/raw is missing"):
        check.main([])
    monkeypatch.setenv("DVC_STAGE", "check")
    check.main([])
    monkeypatch.delenv("DVC_STAGE")
    Path("data/raw.dvc").write_text("outs: []\n")
    check.main([])


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("name", ["a" * 5000, "a" * 254, "circle/raw", "circle"])
def test_a_folder_that_cannot_be_looked_at_is_one_sentence(name: str) -> None:
    Path("circle").symlink_to("circle")
    write(changed("photos", name))
    with pytest.raises(DataError, match=r"the photos folder .*(cannot be opened|is missing)") as caught:
        check.main([])
    assert len(str(caught.value)) < 500


def test_the_settings_are_judged_once(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[object] = []
    monkeypatch.setattr(whole, "check", judged.append)
    monkeypatch.setattr(sys, "argv", ["check"])
    monkeypatch.setattr("tenshots.portable.verify", lambda: None)
    monkeypatch.delitem(sys.modules, "stages.check")  # it is run as a program here
    runpy.run_module("stages.check", run_name="__main__")
    assert len(judged) == 1
    assert (project / CODE).exists()


@pytest.mark.parametrize("name", ["check", "split", "history"])
def test_every_stage_and_command_refuses_a_wrong_value_of_another_alone(name: str, project: Path) -> None:
    write(changed("visualise.fold", 9))
    command = [sys.executable, "-m", f"stages.{name}"]
    environment = {**os.environ, "PYTHONPATH": str(TOP)}
    answer = subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 1
    assert answer.stderr.startswith(
        "error: params.yaml: visualise.fold must be less than the number of folds"
    )


def test_it_imports_no_keras(project: Path) -> None:
    code = (
        "import sys\n"
        "from stages import check, run\n"
        "run(lambda: check.main([]))\n"
        "heavy = {'keras', 'tensorflow', 'jax', 'pandas', 'scipy', 'sklearn', 'mlflow'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    assert run_python(project, "-c", code) == "[]\n"


def test_it_takes_a_second_of_cpu_at_most_with_all_that_python_needs_to_start(project: Path) -> None:
    taken: list[float] = []
    while len(taken) < 3 and min(taken, default=1.0) >= 1:  # what else the core does makes a run longer
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        run_python(project, "-m", "stages.check")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(taken) < 1


def run_python(project: Path, *arguments: str) -> str:
    """What Python prints in a project, with the code of this one."""
    environment = {**os.environ, "PYTHONPATH": str(TOP)}
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, check=True
    ).stdout


def test_corrections_are_judged_before_any_photo_is_read(project: Path) -> None:
    write_corrections(project, f"{'a' * 64},book,is a book,")
    with pytest.raises(DataError, match=r"data/corrections\.csv, line 2: who must not be empty"):
        check.main([])
    assert not CODE.exists()
    (project / "data/corrections.csv").unlink()
    with pytest.raises(DataError, match=r"data/corrections\.csv is missing; write it with the line photo_id"):
        check.main([])
