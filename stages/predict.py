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
from tenshots import errors, params, runtime, wording
from tenshots.errors import DataError, RejectedPhoto, SettingsError
from tenshots.intake.archives import ArchiveLimits
from tenshots.intake.finding import find, find_in, is_archive
from tenshots.intake.layout import FoundFile
from tenshots.intake.names.pattern import Layout
from tenshots.intake.photos.decoders import Decoders
from tenshots.intake.settings import AcceptSettings
from tenshots.networks import model_json, stored
from tenshots.repository import outputs
from tenshots.runtime import ComputeSettings
from tenshots.statistics.choice import best_on_validation
from tenshots.tables import database, encoding
from tenshots.tables.encoding import StandardiseSettings
from tenshots.tables.paths import DATABASE, EVALUATIONS, MODELS
from tenshots.tracking import project, registry
from tenshots.wording import visible

ANY_LAYOUT = Layout("{label}/{name}")  # where photos lie in a folder says nothing here


def main(argv: Sequence[str] | None = None) -> None:
    """Predicts each photo; the exit status is 1 where one cannot be used, after all others are done."""
    parser = argparse.ArgumentParser(prog="python -m stages.predict", description=__doc__)
    parser.add_argument(
        "photos", nargs="+", type=Path, metavar="PHOTO", help="an image, or a folder or .zip file of them"
    )
    wanted = parser.add_mutually_exclusive_group()
    wanted.add_argument("--variant", help="default: the one with the highest validation accuracy")
    wanted.add_argument(
        "--champion", action="store_true", help="the registered model of that alias, from MLflow"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    arguments = parser.parse_args(argv)
    values = params.read()
    settings = params.top_level(values, ComputeSettings)
    runtime.configure(threads=settings.threads)

    with tempfile.TemporaryDirectory() as temporary:
        if arguments.champion:
            ours = project_labels()
            folder, version = registry.download(Path(temporary))
            why = f"the champion, version {version} of the registered model {project.name()}"
        else:
            name, why = choose(values, arguments.variant)
            folder = MODELS / name
        saved = model_json.read_variant(folder)
        if arguments.champion:
            check_labels(saved.labels, ours, of=why)
        else:
            outputs.check_unchanged(folder)
        variant = saved.variant
        standard = params.check(saved.standardise, StandardiseSettings, at="standardise")
        accept = params.section(values, "accept", AcceptSettings)
        files = found(arguments.photos, accept)
        images, reasons = read(files, standard, accept)
        shares = predict(saved, folder, images)

    answers = [
        _answer(file.path, saved.labels, shares.get(file.path), reasons.get(file.path, "")) for file in files
    ]
    if arguments.json:
        described = {"variant": variant, "chosen": why, "num_trainings": len(saved.fits), "photos": answers}
        print(json.dumps(described, indent=2, ensure_ascii=False))
    else:
        print(f"{variant} ({why}): mean prediction of {len(saved.fits)} trainings\n")
        print(aligned([{**item, "photo": visible(item["photo"])} for item in answers], saved.labels))
    if reasons:
        raise SystemExit(1)


def choose(values: Mapping[str, Any], variant: str | None) -> tuple[str, str]:
    """Returns the variant to predict with, and why it is this one.

    Args:
        values: all settings.
        variant: what the user asked for, or None for the variant of params.yaml with the highest validation
            accuracy (what it answered on test photos has no say; see tenshots.statistics.choice).

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
        first = next(iter(known))
        raise errors.missing(paths[first], f"evaluate@{first}")
    best = best_on_validation(figures)
    return best, f"highest validation accuracy, {figures[best]['val_accuracy']:.3f}"


def project_labels() -> list[str]:
    """Returns the labels of this project's photos, sorted.

    Raises:
        DataError: there is no database to tell them.
    """
    if not DATABASE.is_dir():
        raise DataError(
            f"{errors.missing(DATABASE, 'ingest')}: --champion compares its labels with those of the model, "
            "which may be another project's"
        )
    return sorted(set(database.read_photos(DATABASE, ["label"])["label"]))


def check_labels(taught: Sequence[str], ours: Sequence[str], *, of: str) -> None:
    """Compares the labels that a registered model was taught with those of this project's photos.

    Args:
        taught: the labels of the model.
        ours: of `project_labels`.
        of: what the message calls the model.

    Raises:
        DataError: they differ.
    """
    lacking, foreign = sorted({*ours} - {*taught}), sorted({*taught} - {*ours})
    differences = [f"does not know {wording.joined(lacking)}"] if lacking else []
    if foreign:
        differences.append(f"knows {wording.joined(foreign)}, which no photo of this project shows")
    if differences:
        raise DataError(
            f"{of}, was not taught the labels of this project: it {', and '.join(differences)}; `dvc repro` "
            f"registers one that was; if another project has this one's name, set {project.VARIABLE}"
        )


def found(paths: Sequence[Path], accept: AcceptSettings) -> list[FoundFile]:
    """Returns the files that were named; those of a folder or a .zip file as `ingest` finds them.

    Raises:
        DataError: a folder holds no file.
    """
    limits = ArchiveLimits(accept.max_zip_files, accept.max_zip_megabytes * 10**6, accept.max_zip_ratio)
    files = []
    for path in paths:
        if path.is_dir():
            within, folder = find(path, ANY_LAYOUT, limits)[0], path
            if not within:
                raise DataError(f"{path} must hold at least one photo, got an empty folder")
        elif is_archive(path.name):
            within, folder = find_in(path, ANY_LAYOUT, limits), path.parent
        else:
            files.append(FoundFile(str(path), path.resolve(), "", ""))
            continue
        files += [file._replace(path=str(folder / file.path)) for file in within]
    return files


def read(
    files: Sequence[FoundFile], standard: StandardiseSettings, accept: AcceptSettings
) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Returns by path the standard photos (uint8, (size_px, size_px, 3)), and why other files give none."""
    images: dict[str, np.ndarray] = {}
    reasons: dict[str, str] = {}
    with Decoders(standard, accept) as decoders:
        for file in files:
            try:
                photo = decoders.photo(file.read(accept.max_megabytes * 10**6))
            except RejectedPhoto as rejected:
                reasons[file.path] = str(rejected)
            else:  # as it would come from the database
                images[file.path] = encoding.decode(encoding.encode(photo.image, standard.encoding))
    return images, reasons


def predict(
    saved: model_json.SavedVariant, folder: Path, images: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Returns the mean probabilities, float64 of shape (num_labels,), of each image."""
    if not images:
        return {}
    shares = stored.mean_probabilities(saved, folder, np.stack(list(images.values())))
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
    path: str, labels: Sequence[str], probabilities: np.ndarray | None, reason: str
) -> dict[str, Any]:
    if probabilities is None:
        return {"photo": path, "reason": reason}
    return {
        "photo": path,
        "label": labels[int(probabilities.argmax())],
        "probabilities": {name: float(share) for name, share in zip(labels, probabilities, strict=True)},
    }


if __name__ == "__main__":
    run(main)
