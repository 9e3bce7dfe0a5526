"""Draws the activations, by the layers that networks have: `python -m benchmarks.activations`.

Writes docs/catalogue/activations.png.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks.panels import BLUE, FONT_PT, ORANGE, PALE_BLUE, panels, png
from tenshots import files, runtime
from tenshots.networks import across, activations
from tenshots.networks.across import ACTIVATIONS

OUT = Path("docs/catalogue/activations.png")
COLUMNS = 4
LINE = np.linspace(-3, 3, 241)
# Made up, for the one that depends on them: what two sums make of x, by weight and bias.
SUMS = ((-0.4, -0.5), (0.8, 0.2))


def main(argv: Sequence[str] | None = None) -> None:
    """Writes the picture."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.activations", description=__doc__)
    parser.add_argument("--out", type=Path, default=OUT, help="default: %(default)s")
    out = parser.parse_args(argv).out
    runtime.configure(threads=1)
    out.parent.mkdir(parents=True, exist_ok=True)
    files.write(out, activations_png())
    print(out)


def activations_png() -> bytes:
    """Draws what each activation makes of x, with its usual arguments.

    Of rrelu the slopes that it draws while training are shaded, of maxout the sums are drawn that it chooses
    from, which are made up.

    Returns:
        A PNG file.
    """
    figure, grid = panels(list(ACTIVATIONS), columns=COLUMNS, height_in=1.6)
    for name, axes in zip(ACTIVATIONS, grid, strict=True):
        axes.axhline(0, color="0.6", linewidth=0.7)
        axes.axvline(0, color="0.6", linewidth=0.7)
        if name == "rrelu":
            slopes = across.activation(name).arguments.values()
            one, other = (applied({name: {"lower": slope, "upper": slope}}) for slope in slopes)
            axes.fill_between(LINE, one, other, color=PALE_BLUE, linewidth=0)
        if name == "maxout":
            for values in sums().T:
                axes.plot(LINE, values, color=ORANGE, linewidth=1, linestyle="--")
        axes.plot(LINE, applied(name), color=BLUE, linewidth=1.8)
        axes.set_xlim(-3, 3)
        axes.set_ylim(-2, 3)
        axes.set_xticks([-2, 0, 2])
    figure.supxlabel("x", fontsize=FONT_PT)
    figure.supylabel("what the activation makes of it", fontsize=FONT_PT)
    return png(figure)


def applied(choice: str | dict[str, Mapping[str, float]]) -> np.ndarray:
    """Returns what the layer of an activation makes of `LINE`, as where a network answers.

    Args:
        choice: a setting `activation`.

    Returns:
        float32 (num_values,).
    """
    activation = across.activation(choice)  # type: ignore[arg-type]  # a mapping will do
    layer = activations.layer(activation, name="it", of_maps=False)
    values = sums() if activation.name == "maxout" else LINE[:, np.newaxis]
    return np.asarray(layer(values.astype(np.float32)))[:, 0]


def sums() -> np.ndarray:
    """Returns what the made-up sums of a maxout unit are at `LINE`, (num_values, num_sums)."""
    return np.stack([weight * LINE + bias for weight, bias in SUMS], axis=1)


if __name__ == "__main__":
    main()
