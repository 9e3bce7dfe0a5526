"""What new photos show: a label and its probability for each, by a variant that was trained here."""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from stages import run
from tenshots import encoding, evaluation, layout, params, photos, registry, runtime
from tenshots.choice import best_on_validation
from tenshots.encoding import StandardiseSettings
from tenshots.errors import DataError, RejectedPhoto, SettingsError
from tenshots.photos import AcceptSettings

MODELS = Path("data/models")
EVALUATIONS = Path("data/evaluations")


def main(argv: Sequence[str] | None = None) -> None:
    """Predicts each photo; the exit status is 1 where one cannot be used, after all others are done."""
    parser = argparse.ArgumentParser(prog="python -m stages.predict", description=__doc__)
    parser.add_argument("photos", nargs="+", type=Path, metavar="PHOTO", help="an image file")
    wanted = parser.add_mutually_exclusive_group()
    wanted.add_argument("--variant", help="default: the one with the best validation accuracy")
    wanted.add_argument(
        "--champion", action="store_true", help="the registered model of that alias, from MLflow"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    arguments = parser.parse_args(argv)
    values = params.read()
    settings = params.top_level(values, evaluation.ComputeSettings)
    runtime.configure(threads=settings.threads)

    with tempfile.TemporaryDirectory() as temporary:
        if arguments.champion:
            folder, version = registry.download(Path(temporary))
            why = f"the champion, version {version} of the registered model"
        else:
            name, why = choose(values, arguments.variant)
            folder = MODELS / name
        saved = evaluation.read_variant(folder)
        variant = saved.variant
        standard = params.check(saved.standardise, StandardiseSettings, at="standardise")
        images, reasons = read(arguments.photos, standard, params.section(values, "accept", AcceptSettings))
        shares = predict(saved, folder, images)

    answers = [
        _answer(path, saved.labels, shares.get(path), reasons.get(path, "")) for path in arguments.photos
    ]
    if arguments.json:
        described = {"variant": variant, "chosen": why, "num_trainings": len(saved.fits), "photos": answers}
        print(json.dumps(described, indent=2, ensure_ascii=False))
    else:
        print(f"{variant} ({why}), mean of {len(saved.fits)} trainings\n")
        print(aligned(answers, saved.labels))
    if reasons:
        raise SystemExit(1)


def choose(values: Mapping[str, Any], variant: str | None) -> tuple[str, str]:
    """Returns the variant to predict with, and why it is this one.

    Args:
        values: all settings.
        variant: what the user asked for, or None for the variant of params.yaml with the highest validation
            accuracy (the test photos have no say in the choice, else their accuracy would flatter it).

    Raises:
        SettingsError: params.yaml has no such variant.
        DataError: no variant was evaluated yet.
    """
    known = values.get("variants") or {}
    if variant is not None:
        if variant not in known:
            raise SettingsError(
                f"--variant must be one of {', '.join(known)} (variants in {params.PATH}), got {variant!r}"
            )
        return variant, "as asked"
    paths = {name: EVALUATIONS / name / "metrics.json" for name in known}
    figures = {
        name: json.loads(path.read_text(encoding="utf-8")) for name, path in paths.items() if path.is_file()
    }
    if not figures:
        raise DataError(f"{EVALUATIONS} has no figures of a variant of {params.PATH}; run `dvc repro` first")
    best = best_on_validation(figures)
    return best, f"the best validation accuracy, {figures[best]['val_accuracy']:.3f}"


def read(
    paths: Sequence[Path], standard: StandardiseSettings, accept: AcceptSettings
) -> tuple[dict[Path, np.ndarray], dict[Path, str]]:
    """Returns standard photos (uint8, (size_px, size_px, 3)), and the reasons why other files give none."""
    images: dict[Path, np.ndarray] = {}
    reasons: dict[Path, str] = {}
    for path in paths:
        try:
            data = layout.FoundFile(str(path), path.resolve(), "", "").read(accept.max_megabytes * 10**6)
            images[path] = encoding.decode(photos.standardise(data, standard, accept).encoded)
        except RejectedPhoto as rejected:
            reasons[path] = str(rejected)
    return images, reasons


def predict(
    saved: evaluation.SavedVariant, folder: Path, images: Mapping[Path, np.ndarray]
) -> dict[Path, np.ndarray]:
    """Returns the mean probabilities, float64 of shape (num_labels,), of each image."""
    if not images:
        return {}
    shares = evaluation.mean_probabilities(saved, folder, np.stack(list(images.values())))
    return dict(zip(images, shares, strict=True))


def aligned(answers: Sequence[Mapping[str, Any]], labels: Sequence[str]) -> str:
    """Returns the answers as an aligned table; an unusable photo has its reason instead of figures."""
    usable = [item for item in answers if "label" in item]
    header = ["photo", "label", *labels]
    rows = [
        [item["photo"], item["label"], *(f"{item['probabilities'][name]:.3f}" for name in labels)]
        for item in usable
    ]
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    widths[0] = max([widths[0], *(len(item["photo"]) for item in answers)])

    def line(cells: Sequence[str]) -> str:
        text = [cell.ljust(width) for cell, width in zip(cells[:2], widths[:2], strict=True)]
        numbers = [cell.rjust(width) for cell, width in zip(cells[2:], widths[2:], strict=True)]
        return "  ".join([*text, *numbers]).rstrip()

    lines = iter(rows)
    return "\n".join(
        [
            line(header),
            *(
                line(next(lines))
                if "label" in item
                else f"{item['photo'].ljust(widths[0])}  {item['reason']}"
                for item in answers
            ),
        ]
    )


def _answer(
    path: Path, labels: Sequence[str], probabilities: np.ndarray | None, reason: str
) -> dict[str, Any]:
    if probabilities is None:
        return {"photo": str(path), "reason": reason}
    return {
        "photo": str(path),
        "label": labels[int(probabilities.argmax())],
        "probabilities": {name: float(share) for name, share in zip(labels, probabilities, strict=True)},
    }


if __name__ == "__main__":
    run(main)
