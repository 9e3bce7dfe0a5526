"""What the sections of the page show, summed up for their templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from tenshots.pages.report import charts, enough, people, pictures, sections, seen, sentences, which_figure
from tenshots.pages.report.comparison import Results
from tenshots.pages.report.next_steps import Step, next_steps
from tenshots.pages.report.people import Person
from tenshots.pages.report.pictures import Album
from tenshots.pages.report.seen import Drawn
from tenshots.pages.settings import ReportSettings
from tenshots.statistics import phrases

NUM_COLOURS = 6  # of style.css
MAX_TOLD = 3  # claims on the first screen


@dataclass(frozen=True)
class Inputs:
    """What the page shows.

    Attributes:
        compared: what reports/comparison.json holds (see tenshots.pages.report.comparison
            and photos_and_mistakes).
        results: of each variant, in the order of params.yaml.
        photos: the database: photo_id, label, group, path, image.
        manifest: a row per file found.
        manifest_bytes: the manifest's file, for its hash.
        code_bytes: the file that lists the code that the page depends on, for its hash.
        leakage: leakage.json of the split.
        augmentation: the preview picture (PNG).
        drawn: of each variant, the pictures of what its network sees.
        values: all settings of params.yaml.
        who: of the key `people` of `compared`, each person, the hardest first.
    """

    compared: Mapping[str, Any]
    results: Mapping[str, Results]
    photos: pd.DataFrame
    manifest: pd.DataFrame
    manifest_bytes: bytes
    code_bytes: bytes
    leakage: Mapping[str, Any]
    augmentation: bytes
    drawn: Mapping[str, Drawn]
    values: Mapping[str, Any]
    who: Sequence[Person]


@dataclass(frozen=True)
class Answer:
    """What the first screen says and shows.

    Attributes:
        guess: what is reached without looking, in a sentence.
        doubt: a sentence where the chosen variant is not shown to be better than that; else empty.
        chosen: what the chosen variant's accuracy owes to the choice, in sentences; empty with one variant.
        next_person: what to expect of the next person's photos, in a sentence; empty where nobody is known.
        enough: whether more people and photos would help, in a sentence; empty where that was not studied.
        next_steps: what to do.
        told: the differences that it tells (see comparison.json).
        sheet: of each label, its photos: label, and photos with photo_id and path.
    """

    guess: str
    doubt: str
    chosen: str
    next_person: str
    enough: str
    next_steps: Sequence[Step]
    told: Sequence[Mapping[str, Any]]
    sheet: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Comparison:
    """What the section on the comparison shows beside comparison.json.

    Attributes:
        gains: of each variant but the first, its difference to the first.
        forest: the axis of all differences.
        labels: of each: name, support (photos) and rows, how many of them each variant recognises.
        basis: what the figures rest on, in sentences.
        means: how right the variants' mean predictions are, in sentences; empty with one training per fold.
        mcnemar: McNemar's p-values, in a sentence; empty where nothing is compared.
    """

    gains: Mapping[str, Mapping[str, Any]]
    forest: charts.Scale
    labels: Sequence[Mapping[str, Any]]
    basis: str
    means: str
    mcnemar: str


@dataclass(frozen=True)
class Mistakes:
    """Photos that the section on mistakes shows, beside those of each variant; rows of comparison.json.

    Attributes:
        suspects: photos whose label may be wrong, the most suspicious first.
        num_open: of the suspects, so many are not folded.
        disagreements: photos that the variants answer differently.
    """

    suspects: Sequence[Mapping[str, Any]]
    num_open: int
    disagreements: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Variant:
    """What the page shows of one variant.

    Attributes:
        name: of the variant.
        colour: a class of style.css.
        figures: those of comparison.json.
        calibrated: whether it is right as often as it is sure, in sentences.
        reliability: the same, drawn.
        learning_curves: accuracy and loss by epoch; none where weights are solved for.
        begins_solved: whether they begin with epoch 0, a head that is solved for.
        study: what data/study holds of it.
        study_curve: what more people and photos would bring, drawn; None where it was not measured.
        confusion: rows of its confusion matrix.
        mistakes: its surest wrong answers.
        num_wrong: photos.
        seen: pictures of what its network sees.
    """

    name: str
    colour: str
    figures: Mapping[str, Any]
    calibrated: str
    reliability: charts.Reliability
    learning_curves: Sequence[charts.Chart]
    begins_solved: bool
    study: Mapping[str, Any]
    study_curve: enough.Picture | None
    confusion: Sequence[Sequence[sections.Cell]]
    mistakes: Sequence[Mapping[str, Any]]
    num_wrong: int
    seen: Mapping[str, Any]


def _is_open(compared: Mapping[str, Any]) -> bool:
    return any(each["asked"] and each["claim"] == "open" for each in compared["differences"])


def answer(inputs: Inputs, settings: ReportSettings, album: Album) -> Answer:
    """Returns what the first screen says and shows."""
    compared = inputs.compared
    names = [compared["chosen"], *compared["variants"]]
    chosen = pictures.samples(inputs.photos, num_samples=settings.num_samples)
    held = set(album.take(chosen["photo_id"], "sheet"))
    return Answer(
        guess=phrases.guess(compared),
        doubt=sentences.doubt(compared),
        chosen=which_figure.chosen(compared),
        next_person=people.expectation(compared["people"]) if compared["people"]["num"] else "",
        enough=enough.first_line(compared["studies"], names, is_open=_is_open(compared)) or "",
        next_steps=next_steps(compared),
        told=_told(compared),
        sheet=[
            {"label": label, "photos": rows[["photo_id", "path"]].to_dict("records")}
            for label, rows in chosen[chosen["photo_id"].isin(held)].groupby("label", sort=True)
        ],
    )


def _told(compared: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Returns what the first screen tells: the differences asked about; of many, the chosen variant's."""
    differences = [item for item in compared["differences"] if item["asked"]]
    chosen = [item for item in differences if compared["chosen"] in (item["variant"], item["reference"])]
    return list(differences if len(differences) <= MAX_TOLD else chosen[:MAX_TOLD])


def comparison(compared: Mapping[str, Any]) -> Comparison:
    """Returns what the section on the comparison shows beside comparison.json."""
    differences = compared["differences"]
    return Comparison(
        gains={item["variant"]: item for item in differences if item["reference"] == compared["reference"]},
        forest=charts.scale(
            [
                *(sign * compared["margin"] for sign in (-1, 1)),
                *(end for item in differences for end in item["interval"] or []),
                *(item["difference"] for item in differences),
            ]
        ),
        labels=_labels(compared),
        basis=phrases.basis(compared),
        means=which_figure.means(compared),
        mcnemar=sentences.mcnemar_note(compared),
    )


def mistaken(inputs: Inputs, settings: ReportSettings, album: Album) -> tuple[list[Variant], Mistakes]:
    """Returns the variants with their mistakes, and what concerns all; the chosen one picks photos first."""
    compared, chosen = inputs.compared, inputs.compared["chosen"]
    paths = dict(zip(inputs.photos["photo_id"], inputs.photos["path"], strict=True))
    wrong = {
        name: sections.with_pictures(compared["mistakes"][name], paths, album, "mistakes")
        for name in sorted(inputs.results, key=lambda name: name != chosen)
    }
    mistakes = Mistakes(
        suspects=sections.with_pictures(compared["suspects"]["photos"], paths, album, "mistakes"),
        num_open=settings.num_mistakes,
        disagreements=sections.with_pictures(compared["disagreements"]["photos"], paths, album, "mistakes"),
    )
    confusion = sections.confusion_section(
        {name: result.predictions for name, result in inputs.results.items()},
        compared["labels"],
        paths,
        album,
        first=chosen,
    )
    return [_variant(inputs, name, confusion[name], wrong[name]) for name in inputs.results], mistakes


def _labels(compared: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Returns of each label how many of its photos each variant recognises."""
    variants = compared["variants"]
    return [
        {
            "name": label,
            "support": next(iter(variants.values()))["per_class"][number]["support"],
            "rows": [
                {"variant": name, "recall": figures["per_class"][number]["recall"]}
                for name, figures in variants.items()
            ],
        }
        for number, label in enumerate(compared["labels"])
    ]


def _variant(
    inputs: Inputs,
    name: str,
    confusion: Sequence[Sequence[sections.Cell]],
    mistakes: Sequence[Mapping[str, Any]],
) -> Variant:
    figures = inputs.compared["variants"][name]
    studies = inputs.compared["studies"]
    study = studies.get(name, {"learning_curve": None, "leaking_split": None})
    is_alone = sum(each["learning_curve"] is not None for each in studies.values()) == 1
    return Variant(
        name=name,
        colour=f"colour{list(inputs.results).index(name) % NUM_COLOURS}",
        figures=figures,
        calibrated=sentences.calibrated(figures),
        reliability=charts.reliability(figures["calibration"]["curve"]),
        learning_curves=_charts(inputs.results, name),
        begins_solved=bool(inputs.results[name].curves["epoch"].min() == 0),
        study=study,
        study_curve=study["learning_curve"] and enough.picture(study["learning_curve"], broad=is_alone),
        confusion=confusion,
        mistakes=mistakes,
        num_wrong=sum(cell.number for i, row in enumerate(confusion) for cell in row if cell.column != i),
        seen=seen.view(inputs.drawn[name], num_variants=len(inputs.results)),
    )


def _charts(results: Mapping[str, Results], name: str) -> list[charts.Chart]:
    if results[name].details["num_updates"] == 0:
        return []
    trained = [result for result in results.values() if result.details["num_updates"] > 0]
    # All variants share their axes, because they are compared side by side.
    last_epoch = float(max(result.curves["epoch"].max() for result in trained))
    highest_loss = float(max(result.curves[["loss", "val_loss"]].max().max() for result in trained))
    curves = results[name].curves
    epochs = curves["epoch"].tolist()
    return [
        charts.line_chart(
            title,
            epochs,
            {"training": curves[column].tolist(), "validation": curves[f"val_{column}"].tolist()},
            x_end=last_epoch,
            y_end=y_end,
            y_as_percent=column == "accuracy",
        )
        for title, column, y_end in [("Accuracy", "accuracy", 1.0), ("Loss", "loss", highest_loss)]
    ]
