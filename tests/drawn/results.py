"""A project whose photos and predictions are drawn: what compare reads, without any training."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image, ImageDraw
from ruamel.yaml import YAML

from tenshots.evaluation import metrics, validation
from tenshots.labels.judging import UNASKED
from tenshots.labels.settings import backbone_settings
from tenshots.labels.suspicion import suspicion
from tenshots.pages.report.comparison import Results
from tenshots.pages.report.seen import Drawn
from tenshots.splitting import leakage
from tenshots.tables import database, features
from tenshots.tables import manifest as manifest_file
from tenshots.tables.features import Features
from tenshots.tables.predictions import KEYS, table

SKILLS = {"baseline": 0.6, "augmented": 0.9, "fine_tuned": 2.4}
HISTORY = """\
fold,repeat,phase,epoch,num_updates,lr,loss,accuracy,val_loss,val_accuracy
0,0,scratch,0,1,0.1,1,0.5,1,0.5
"""
PARAMS = """\
seed: 20
lr: 1e-3
variants:
  baseline: {data: database, network: lecture}
  augmented: {data: augmented, network: lecture}
  fine_tuned: {data: augmented, network: pretrained}
report:
  num_mistakes: 12
  num_samples: 48
  pairs: all
  margin: 0.05
inspect: {network: pretrained}
networks:
  pretrained: {family: pretrained, input_px: 32, dropout: 0.1, unfreeze: 0,
    fine_tune_lr_factor: 1, backbone: {architecture: convolutional,
    arguments: {filters: [4, 8], dense: 8, dropout: 0}, weights: none}}
"""


def picture(draw: np.random.Generator, kind: int, size_px: int = 96) -> bytes:
    """Draws a disc, a grid or a bar on a plain ground, as PNG."""
    ground, ink = (
        tuple(int(c) for c in draw.integers(low, high, 3)) for low, high in [(120, 230), (20, 110)]
    )
    image = Image.new("RGB", (size_px, size_px), ground)
    pen = ImageDraw.Draw(image)
    left, top = (int(c) for c in draw.integers(8, 30, 2))
    box = (left, top, left + 55, top + 45)
    if kind % 3 == 0:
        pen.ellipse(box, fill=ink)
    elif kind % 3 == 1:
        pen.rectangle(box, fill=ink)
    else:
        for i in range(20):
            x, y = left + 11 * (i % 5), top + 11 * (i // 5)
            pen.rectangle((x, y, x + 8, y + 8), fill=ink)
    file = io.BytesIO()
    image.save(file, format="PNG")
    return file.getvalue()


def photos(labels: Sequence[str], *, num_groups: int, num_each: int, grouped: bool = True) -> pd.DataFrame:
    """Draws `num_each` photos of each label by each group: columns as in the database."""
    draw = np.random.default_rng(7)
    rows = [
        {
            "photo_id": hashlib.sha256(f"{group}/{label}/{number}".encode()).hexdigest(),
            "label": label,
            "group": f"student{group:02d}" if grouped else "",
            "split": "",
            "path": f"student{group:02d}/{label}/IMG_{number:04d}.jpg",
            "width": 320,
            "height": 240,
            "image": picture(draw, kind),
        }
        for group in range(num_groups)
        for kind, label in enumerate(labels)
        for number in range(num_each)
    ]
    return pd.DataFrame(rows)


def predictions(
    photos: pd.DataFrame, labels: Sequence[str], *, skill: float, num_folds: int = 4, num_repeats: int = 2
) -> pd.DataFrame:
    """Draws predictions, right the more often the higher `skill` is; each group has its own difficulty."""
    draw = np.random.default_rng(3)
    names = sorted(set(photos["path"].str.split("/").str[0]))
    ease = dict(zip(names, draw.normal(0, 0.7, len(names)), strict=True))
    groups = photos["path"].str.split("/").str[0]
    folds = groups.map({name: i % num_folds for i, name in enumerate(names)}).to_numpy()
    truth = photos["label"].map({name: i for i, name in enumerate(labels)}).to_numpy()
    hardness = draw.normal(0, 1, (len(photos), len(labels)))
    tables = []
    for fold in range(num_folds):
        here = folds == fold
        for repeat in range(num_repeats):
            logits = hardness[here] + draw.normal(0, 0.6, (int(here.sum()), len(labels)))
            logits[np.arange(len(logits)), truth[here]] += skill + groups.map(ease).to_numpy()[here]
            shares = np.exp(1.6 * logits)
            shares /= shares.sum(axis=1, keepdims=True)
            tables.append(table(photos[here], shares, labels, fold=fold, repeat=repeat))
    return pd.concat(tables).sort_values(KEYS, ignore_index=True)


def results(
    photos: pd.DataFrame, labels: Sequence[str], *, skill: float, solved: bool = False, **splits: int
) -> Results:
    """Returns everything that evaluation would leave for drawn predictions.

    Of a variant whose weights are `solved` for: one training a fold, of a single epoch without an update.
    """
    test = predictions(photos, labels, skill=skill, **({"num_repeats": 1} if solved else {}), **splits)
    epochs = np.arange(1 if solved else 30)
    history = pd.DataFrame(
        {
            "epoch": epochs,
            "num_updates": 0 if solved else 6 * (epochs + 1),
            "accuracy": 1 - 0.6 * np.exp(-epochs / 6),
            "val_accuracy": 0.35 + 0.12 * skill * (1 - np.exp(-epochs / 5)) + 0.02 * np.sin(epochs * 1.7),
            "loss": 0.1 + np.exp(-epochs / 6),
            "val_loss": 0.5 + 0.7 * np.exp(-epochs / 4) + 0.01 * epochs + 0.03 * np.sin(epochs * 2.1),
        }
    )
    details = {
        "data": "augmented" if skill > 0.7 else "database",
        "network_name": "pretrained" if skill > 2 else "lecture",
        "network": {"family": "pretrained" if skill > 2 else "convolutional"},
        "recipe": "logistic_regression" if solved else "fine_tune" if skill > 2 else "scratch",
        "network_title": "a convolutional network",
        "taught": "pretrained" if skill > 2 else "from scratch",
        **metrics.details(test),
        "settings": {},
        "validation": validation.by_fold(test, dict.fromkeys(set(test["fold"]), 0.0 if solved else 180.0)),
        "num_updates": 0.0 if solved else 180.0,
        "num_parameters": 1_341_475,
    }
    summary = metrics.summary(test, test, num_updates=details["num_updates"])
    return Results(test, metrics.curves(history), details, summary)


def splits(photos: pd.DataFrame, *, num_folds: int = 4) -> pd.DataFrame:
    """Returns the splits that fit `predictions`: each photo tests once; its component is its group."""
    names = photos["path"].str.split("/").str[0]
    folds = pd.factorize(names, sort=True)[0] % num_folds
    component = photos["group"].where(photos["group"] != "", photos["photo_id"])
    rows = photos[["photo_id"]].assign(component=component)
    tables = [
        rows.assign(fold=fold, part=np.where(folds == fold, "test", "train")) for fold in range(num_folds)
    ]
    return pd.concat(tables, ignore_index=True)


def manifest(photos: pd.DataFrame) -> pd.DataFrame:
    """Returns the manifest of drawn photos, each of its own cluster, and of one file that is none."""
    draw = np.random.default_rng(5)
    kept = photos.drop(columns="image").assign(
        status="kept",
        reason="",
        note="",
        format="JPEG",
        num_bytes=1000,
        orientation=1,
        camera="",
        taken="",
        sharpness=draw.uniform(0.01, 0.05, len(photos)),
        brightness=draw.uniform(0.4, 0.6, len(photos)),
        perceptual_hash="",
        cluster=photos["photo_id"],
        label_found=photos["label"],
        correction="",
        corrected_by="",
    )
    lost = kept.head(1).assign(
        status="rejected", reason="an empty file", path="student00/<b>notes.txt", photo_id=""
    )
    return pd.concat([kept, lost], ignore_index=True)


def reference(photos: pd.DataFrame, labels: Sequence[str]) -> tuple[dict[str, Any], pd.DataFrame]:
    """Returns what `inspect` would leave: inspection.json, and the predictions of each photo."""
    judged = predictions(photos, labels, skill=1.8, num_repeats=1)
    suspects = suspicion(judged).suspects.merge(photos[["photo_id", "path"]], on="photo_id")
    described = {
        "network": "pretrained",
        "folds": "split",
        "num_photos": len(photos),
        "num_judged": len(photos),
        "not_judged": [],
        "accuracy": 0.9,
        "num_suspects": len(suspects),
        "suspects": suspects.to_dict("records"),
    }
    return described, judged


def unjudged(described: dict[str, Any], photos: pd.DataFrame) -> dict[str, Any]:
    """Returns inspection.json as it is with `judge: false`."""
    numbers = photos["label"].value_counts().sort_index()
    return {
        **described,
        "num_judged": 0,
        "not_judged": [
            {"label": label, "num_photos": int(number), "reason": UNASKED}
            for label, number in numbers.items()
        ],
        "accuracy": None,
        "num_suspects": 0,
        "suspects": [],
    }


def frozen(num_photos: int) -> np.ndarray:
    """Draws frozen features: float32, shape (num_photos, 8)."""
    return np.random.default_rng(13).normal(0, 1, (num_photos, 8)).astype(np.float32)


def seen(name: str) -> Drawn:
    """Returns what `visualise` would leave of a variant: two pictures."""
    draw = np.random.default_rng(11)
    kinds = ("structure", "gradcam_right")
    files = {f"{number:02d}-{kind}.png": picture(draw, number, 240) for number, kind in enumerate(kinds)}
    described = [
        {
            "file": file,
            "kind": kind,
            "title": f"Title of {kind}",
            "caption": "How to read <this>.",
            "alt": "A drawn picture.",
            "width": 240,
            "height": 240,
            "photo_ids": [],
        }
        for file, kind in zip(files, kinds, strict=True)
    ]
    return Drawn({"variant": name, "fold": 0, "repeat": 1, "pictures": described, "left_out": ""}, files)


def write_evaluation(place: Path, evaluated: Results) -> None:
    """Writes what `evaluate` leaves of a variant."""
    database.write_predictions(evaluated.predictions, place / "predictions.csv")
    evaluated.curves.to_csv(place / "curves.csv", index=False)
    (place / "details.json").write_text(json.dumps(evaluated.details), encoding="utf-8")
    (place / "metrics.json").write_text(json.dumps(evaluated.metrics), encoding="utf-8")


NO_STUDY: dict[str, Any] = {"learning_curve": None, "leaking_split": None}


def project(folder: Path, labels: Sequence[str] = ("book", "cup", "keyboard"), **sizes: int) -> pd.DataFrame:
    """Writes what `stages.compare` and `stages.describe` read; returns the photos.

    Of 12 groups with 7 photos of each label, unless told otherwise.
    """
    taken = photos(labels, num_groups=sizes.get("num_groups", 12), num_each=sizes.get("num_each", 7))
    (folder / "params.yaml").write_text(PARAMS, encoding="utf-8")
    database.write_photos(taken, folder / "data/database", num_shards=1)
    table, dealt = manifest(taken), splits(taken)
    manifest_file.write(table, folder / "data/manifest.csv")
    database.write_splits(dealt, folder / "data/splits/splits.csv")
    found = leakage.text(leakage.leakage(table, dealt, seed=20))
    (folder / "data/splits/leakage.json").write_text(found, encoding="utf-8")
    described, judged = reference(taken, labels)
    database.write_predictions(judged, folder / "data/inspection/predictions.csv")
    (folder / "data/inspection/inspection.json").write_text(json.dumps(described), encoding="utf-8")
    rows = frozen(len(taken))
    features.write(
        folder / "data/features/database/pretrained",
        Features(rows, rows),
        photo_ids=sorted(taken["photo_id"]),
        backbone=backbone_settings(YAML(typ="safe").load(PARAMS), "pretrained").frozen(),
    )
    (folder / "data/checked/code").mkdir(parents=True)
    (folder / "data/checked/code/compare.txt").write_text("0  stages/compare.py\n", encoding="utf-8")
    (folder / "reports").mkdir()
    draw = np.random.default_rng(1)
    preview = np.hstack([np.asarray(Image.open(io.BytesIO(picture(draw, kind)))) for kind in range(6)])
    Image.fromarray(preview).save(folder / "reports/augmentation.png")
    for name, skill in SKILLS.items():
        evaluated = results(taken, labels, skill=skill)
        write_evaluation(folder / "data/evaluations" / name, evaluated)
        drawn = seen(name)
        for file, content in drawn.files.items():
            path = folder / "data/visualisations" / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        (path.parent / "index.json").write_text(json.dumps(drawn.index), encoding="utf-8")
        model = folder / "data/models" / name
        model.mkdir(parents=True)
        described = {"variant": name, "network_name": "lecture", "settings": {"lr": 0.001}, "fits": []}
        (model / "model.json").write_text(json.dumps(described), encoding="utf-8")
        (model / "history.csv").write_text(HISTORY, encoding="utf-8")
        study = folder / "data/study" / name / "study.json"
        study.parent.mkdir(parents=True)
        study.write_text(json.dumps({"variant": name, **NO_STUDY}), encoding="utf-8")
    return taken
