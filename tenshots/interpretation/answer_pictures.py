"""Pictures of answers: photos beside the places that spoke for what the network said."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from PIL import Image

from tenshots.interpretation import drawing, gradcam, subject
from tenshots.interpretation.picture import Picture
from tenshots.interpretation.subject import Subject
from tenshots.wording import counted


def gradcam_picture(shown: Subject, answers: pd.DataFrame, words: str, *, layer: str) -> Picture:
    """Draws photos beside the places that spoke for the answer; of wrong ones, also those for the truth."""
    photos = subject.in_memory(shown.photos, list(answers["photo_id"]))
    speaking = [answers["predicted"]] + ([answers["label"]] if words == "wrong" else [])
    heats = [
        gradcam.scaled(
            gradcam.heat_maps(
                shown.model,
                photos.images,
                np.array([shown.labels.index(name) for name in names]),
                layer=layer,
            )
        )
        for names in speaking
    ]
    draw = _right_answer if words == "right" else _wrong_answer
    tiles = [
        draw(image, [heat[row] for heat in heats], answer)
        for row, (image, answer) in enumerate(zip(photos.images, answers.to_dict("records"), strict=True))
    ]
    also = (
        "then the places that speak for the label it gave, then those that would speak for the right one"
        if words == "wrong"
        else "then the places that speak for its answer"
    )
    return Picture(
        f"gradcam_{words}",
        f"Where it looked when it was {words}",
        f"Each time the photo first, {also}: bright where the evidence lies, grey where there is none. "
        "Ask whether the light falls on the object or on something that merely comes with it, such as the "
        "desk. The map is as coarse as the layer's maps, drawn smooth, and each is "
        "scaled to its own brightest place, so that it tells where, not how much. Shown are the answers "
        f"that it was surest of{', label by label' if words == 'right' else ''}; "
        f"the percentages are its own. (Method: HiResCAM, a form of "
        f"Grad-CAM, over {layer}.)",
        f"{counted(len(tiles), 'photo')} that the network answered {words}, each beside a heat map.",
        drawing.framed(drawing.grid(tiles, columns=2 if words == "right" else 1, gap=20)),
        photos.photo_ids,
    )


def _right_answer(image: np.ndarray, heats: Sequence[np.ndarray], answer: dict[str, object]) -> Image.Image:
    side = (drawing.INNER - 24 - 2 * 6) // 4
    words = f"{_percent(answer['probability'])} {answer['predicted']}"
    width = 2 * side + 6
    return drawing.stacked(
        [
            drawing.side_by_side([drawing.tile(image, side), drawing.heated(image, heats[0], side)], gap=6),
            drawing.line(f"✓ {words}", width=width, colour=drawing.GREEN),
        ],
        gap=4,
    )


def _wrong_answer(image: np.ndarray, heats: Sequence[np.ndarray], answer: dict[str, object]) -> Image.Image:
    side = (drawing.INNER - 2 * drawing.GAP) // 3
    tiles = [drawing.tile(image, side), *(drawing.heated(image, heat, side) for heat in heats)]
    words = [
        (f"is {answer['label']}", drawing.INK),
        (f"✗ {_percent(answer['probability'])} {answer['predicted']}", drawing.ORANGE),
        (f"{answer['label']}?", drawing.SOFT),
    ]
    lines = [drawing.line(text, width=side, size=drawing.SMALL_PX, colour=colour) for text, colour in words]
    return drawing.stacked(
        [drawing.side_by_side(tiles), drawing.side_by_side(lines)],
        gap=4,
    )


def _percent(share: object) -> str:
    """Writes a probability; no network is ever wholly sure."""
    text = f"{100 * float(str(share)):.0f}"
    return "over 99 %" if text == "100" else f"{text} %"
