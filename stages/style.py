"""For the curious: what one picture shows, painted as another one is. No stage, and nothing depends on it.

The networks of params.yaml do it, by default the small backbone that the project ships. It was taught with
photos of 32 pixels, so it knows colours, edges and small textures, not brush strokes: expect the style's
palette and grain. Larger networks of keras.applications give more: see networks in params.yaml.
Source: Gatys, Ecker and Bethge 2016, doi:10.1109/CVPR.2016.265.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import Progress

from stages import run
from tenshots import files, params, runtime
from tenshots.errors import DataError, RejectedPhoto, SettingsError
from tenshots.intake import layout
from tenshots.intake.photos.decoders import Decoders
from tenshots.intake.settings import AcceptSettings
from tenshots.interpretation import style
from tenshots.networks import building
from tenshots.networks.settings import TransferSettings, with_backbone
from tenshots.runtime import ComputeSettings
from tenshots.tables import encoding
from tenshots.tables.encoding import StandardiseSettings

SIZES = (64, 1024)


def main(argv: Sequence[str] | None = None) -> None:
    """Paints one picture in the style of another."""
    parser = argparse.ArgumentParser(
        prog="python -m stages.style",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("content", type=Path, metavar="CONTENT", help="what is shown: an image file")
    parser.add_argument("style", type=Path, metavar="STYLE", help="how it is painted: an image file")
    parser.add_argument("out", type=Path, metavar="OUT.png", help="where to write the picture")
    parser.add_argument("--network", default="pretrained", help="its key below networks in params.yaml")
    parser.add_argument("--size", type=int, default=256, help="px of the longer side, 64 to 1024")
    parser.add_argument("--steps", type=int, default=100, help="at each of up to four sizes; at least 1")
    parser.add_argument("--style-weight", type=float, default=10.0, help="of style against content, above 0")
    arguments = parser.parse_args(argv)
    values = params.read()
    settings = _checked(arguments, values)
    accept = params.section(values, "accept", AcceptSettings)
    content, look = (_read(path, arguments.size, accept) for path in (arguments.content, arguments.style))
    runtime.configure(threads=params.top_level(values, ComputeSettings).threads)
    learnt = building.learnt(settings, at=f"networks.{arguments.network}")
    network = building.build(settings, size_px=settings.input_px, num_labels=2, learnt=learnt)
    model, content_layer = style.parts(network)
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal) as progress:
        bar = progress.add_task("style", total=None)
        losses = []

        def on_step(found: style.Progress) -> None:
            losses.append(found.loss)
            progress.update(bar, completed=found.step)

        painted = style.transferred(
            model,
            content,
            look,
            content_layer=content_layer,
            style_weight=arguments.style_weight,
            steps=arguments.steps,
            report=on_step,
        )
    files.write(arguments.out, encoding.encode(painted, "lossless"))
    print(
        f"{arguments.out}: {painted.shape[1]} x {painted.shape[0]} px, painted with the backbone of "
        f"networks.{arguments.network}; the loss fell to "
        f"{100 * losses[-1]:.0f} % of where it began"
    )


def _checked(arguments: argparse.Namespace, values: dict[str, object]) -> TransferSettings:
    """Returns the settings of the network that was asked for.

    Raises:
        SettingsError: an argument breaks a rule.
    """
    low, high = SIZES
    for name, holds, rule in (
        ("--size", low <= arguments.size <= high, f"lie in [{low}, {high}]"),
        ("--steps", arguments.steps >= 1, "be at least 1"),
        ("--style-weight", arguments.style_weight > 0, "be above 0"),
        ("OUT", arguments.out.suffix.lower() == ".png", "end in .png"),
        ("OUT", arguments.out.parent.is_dir(), "lie in a folder that exists"),
    ):
        if not holds:
            given = getattr(arguments, name.removeprefix("--").replace("-", "_").lower())
            raise SettingsError(f"{name} must {rule}, got {given}")
    return with_backbone(values, arguments.network, asked="--network")


def _read(path: Path, size_px: int, accept: AcceptSettings) -> np.ndarray:
    """Returns a whole picture, upright and in sRGB, its longer side `size_px`: uint8, (height, width, 3).

    Raises:
        DataError: it is no usable picture.
    """
    standard = StandardiseSettings(size_px=size_px, fit="pad", encoding="lossless")
    try:
        data = layout.FoundFile(str(path), path.resolve(), "", "").read(accept.max_megabytes * 10**6)
        with Decoders(standard, accept) as decoders:
            photo = decoders.photo(data)
    except RejectedPhoto as rejected:
        raise DataError(f"{path} cannot be used: {rejected}") from None
    scale = size_px / max(photo.width, photo.height)
    width, height = (max(1, round(side * scale)) for side in (photo.width, photo.height))
    if min(width, height) < style.MIN_SIDE_PX:
        raise DataError(
            f"{path} must have a shorter side of at least {style.MIN_SIDE_PX} px at this size, "
            f"got {width} x {height}; use a larger --size, or cut it"
        )
    top, left = (size_px - height) // 2, (size_px - width) // 2
    return photo.image[top : top + height, left : left + width]


if __name__ == "__main__":
    run(main)
