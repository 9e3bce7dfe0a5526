"""No network begins with what a stage writes.

DVC would delete it, and the networks of one fold have learnt from photos that others test.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from tenshots.errors import SettingsError
from tenshots.intake.layout import OUTPUTS
from tenshots.params import PATH, shown
from tenshots.tables.paths import MODELS

EXPERIMENTS = (".presets/", ".dvc/")  # where these run, below a project


def check_weights(network: object, *, at: str) -> None:
    """Judges where the weights of a network's backbone lie, before anything is read there.

    Args:
        network: what stands under `at`.
        at: the network's dotted key in params.yaml.

    Raises:
        SettingsError: they lie below an output, as written or through a link.
    """
    path: object = network
    for key in ("backbone", "weights", "path"):
        path = path.get(key) if isinstance(path, Mapping) else None
    output = _output_above(path) if isinstance(path, str) else None
    if output is None:
        return
    why = "what lies there is deleted when a stage runs again"
    remedy = "copy the file to a folder of its own, such as backbones/before, with its model.json"
    if output == MODELS:
        why += ", and each of these networks has learnt from photos that other folds test"
        remedy += ", and reuse it for other photos alone"
    raise SettingsError(
        f"{PATH}: {at}.backbone.weights.path must not lie in {output}, since {why}, got {shown(path)}; "
        f"{remedy}"
    )


def _output_above(path: str) -> Path | None:
    """Returns the output that a file lies in, as it is written or where links lead; None if there is none.

    Of this project, of an experiment that runs in a hidden folder of it, or of the project around where this
    is such an experiment.
    """
    with suppress(ValueError):  # a path that no system takes, which whoever reads it says
        for seen in (os.path.abspath, os.path.realpath):
            here, file = Path(seen(".")), Path(seen(path))
            around = [folder for folder in here.parents if (folder / "dvc.yaml").is_file()]
            for project in [here, *around]:
                own = file.relative_to(project).as_posix() if file.is_relative_to(project) else ""
                hidden = f"/{own}/" if own.startswith(EXPERIMENTS) else ""
                for output in OUTPUTS:
                    if file.is_relative_to(project / output) or f"/{output.as_posix()}/" in hidden:
                        return output
    return None
