"""Experiments as MLflow holds them: settings, figures and predictions of each, for comparing them."""

from __future__ import annotations

import io
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tenshots.errors import DataError
from tenshots.params import nearest
from tenshots.statistics.phrases import without_places
from tenshots.tables import csv_files
from tenshots.tables.database import PREDICTION_COLUMNS
from tenshots.tracking import entries, identity, looks, remedies, sessions, store
from tenshots.tracking.sessions import ALL_VARIANTS, KEY_TAG, VARIANT_TAG
from tenshots.tracking.store import Client

PHOTO_COLUMNS = {"photo_id": str, "label": str, "component": str}
PARENTS = f"tags.`{VARIANT_TAG}` = '{ALL_VARIANTS}'"


@dataclass(frozen=True)
class Experiment:
    """One experiment, with the photos that it was tested on.

    Attributes:
        name: as DVC or the store calls it.
        key: 64 hexadecimal digits that tell it from others.
        started: when its run began, UTC.
        settings: dotted keys of params.yaml and their values as text; of absolute paths the name alone.
        figures: of each variant, what its metrics.json held: val_accuracy, test_accuracy and so on.
        predictions: of each variant (see tenshots.tables.predictions), all on the same photos.
        components: the independent set that each test photo belongs to, indexed by photo_id.
        num_sets: independent sets of photos, tested or not; None in runs that are older than this number.
        test_set: hash of the test photos and their labels.
        num_looks: experiments in the store, this one included, that were evaluated on the same photos.
    """

    name: str
    key: str
    started: str
    settings: dict[str, str]
    figures: dict[str, dict[str, float]]
    predictions: dict[str, pd.DataFrame]
    components: pd.Series
    num_sets: int | None
    test_set: str
    num_looks: int


def table(wanted: str = "") -> pd.DataFrame:
    """Returns a row per experiment of the store, the oldest first, that fits `wanted`.

    Args:
        wanted: MLflow's filter syntax on the experiments' own runs, such as "params.lr = '0.01'".

    Returns:
        Columns run_id, name, names (all that it has had), key, started (ms since 1970), settings and figures
        (mappings), test_set (empty where none of its variants was evaluated, or none was compared) and
        test_photos (empty likewise, and of runs that are older than it).

    Raises:
        DataError: the store cannot be used, or refuses `wanted`, which may name a setting that is nowhere.
    """
    filters = " and ".join(filter(None, [PARENTS, wanted]))
    runs = _asked(lambda client, number: store.search(client, number, filters))
    if wanted and not runs:
        _check_names(wanted)
    columns = ["run_id", "name", "names", "key", "started", "settings", "figures", "test_set", "test_photos"]
    rows = [
        (
            run.info.run_id,
            run.info.run_name,
            sessions.names_of(run),
            run.data.tags[KEY_TAG],
            run.info.start_time,
            dict(run.data.params),
            dict(run.data.metrics),
            run.data.tags.get(looks.TEST_SET_TAG, ""),
            run.data.tags.get(looks.TEST_PHOTOS_TAG, ""),
        )
        for run in runs
    ]
    return pd.DataFrame(rows, columns=columns)


def _check_names(wanted: str) -> None:
    """Raises a DataError where a filter names a setting that no experiment has, which fits none."""
    known = sorted({name for settings in table()["settings"] for name in settings})
    for quoted, plain in re.findall(r"\bparam(?:eter)?s?\.(?:[`\"]([^`\"]+)[`\"]|([\w.]+))", wanted):
        name = quoted or plain
        if known and name not in known:
            last = name.rpartition(".")[2]
            like = (
                nearest(name, known)
                or nearest(last, known)
                or "; they are named as in params.yaml: params.lr"
            )
            raise DataError(f"no experiment has the setting {name!r} of the filter{like}")


def choose(rows: pd.DataFrame, names: Sequence[str], *, last: int | None = None) -> pd.DataFrame:
    """Returns the rows of `table` that a user asked for.

    Args:
        rows: of `table`.
        names: of experiments, or the beginnings of their keys (7 characters at least); none for all. Their
            order is kept. Of several experiments of one name the newest is meant.
        last: keep that many of the newest; None for all.

    Raises:
        DataError: there is no experiment of that name.
    """
    if names:
        picked = []
        for name in names:
            fits = rows[
                (rows["name"] == name) | (rows["key"].str.startswith(name) if len(name) >= 7 else False)
            ]
            if fits.empty:
                fits = rows[np.array([name in former for former in rows["names"]], dtype=bool)]
            if fits.empty:
                known = ", ".join(dict.fromkeys(rows["name"])) or "none"
                raise DataError(f"no compared experiment is called {name!r}; there are: {known}")
            picked.append(fits.index[-1])
        rows = rows.loc[list(dict.fromkeys(picked))]
    return rows if last is None else rows.tail(last)


def load(rows: pd.DataFrame) -> list[Experiment]:
    """Returns the experiments of those rows, with their predictions.

    Where several have one name, the beginning of the key is put behind it.

    Raises:
        DataError: the store cannot be used, or lacks a file.
    """
    same = rows["name"].duplicated(keep=False)
    rows = rows.assign(name=rows["name"].where(~same, rows["name"] + " " + rows["key"].str[:7]))
    return [_asked(lambda client, number, row=row: _load(client, number, row)) for row in rows.itertuples()]


def _load(client: Client, experiment_id: str, row: Any) -> Experiment:  # noqa: ANN401 (a row of pandas)
    with tempfile.TemporaryDirectory() as folder:
        photos = csv_files.read(_fetched(client, row.run_id, "test/photos.csv", folder), PHOTO_COLUMNS)
        names = [Path(info.path).stem for info in client.list_artifacts(row.run_id, "predictions")]
        predictions = {
            name: csv_files.read(
                _fetched(client, row.run_id, f"predictions/{name}.csv", folder), PREDICTION_COLUMNS
            )
            for name in names
        }
    figures: dict[str, dict[str, float]] = {name: {} for name in names}
    for key, value in row.figures.items():
        name, _, figure = key.removeprefix(f"{entries.FIGURES}/").rpartition("/")
        if key.startswith(entries.FIGURES) and name in figures:
            figures[name][figure] = value
    # As the settings list them, and any that they do not name behind.
    order = list(dict.fromkeys(key.split(".")[1] for key in row.settings if key.startswith("variants.")))
    names.sort(key=lambda name: order.index(name) if name in order else len(order))
    return Experiment(
        name=row.name,
        key=row.key,
        started=f"{datetime.fromtimestamp(row.started / 1000, tz=UTC):%Y-%m-%d %H:%M}",
        settings=without_places(row.settings),
        figures={name: figures[name] for name in names},
        predictions={name: predictions[name] for name in names},
        components=pd.Series(photos["component"].to_numpy(), index=photos["photo_id"].to_numpy()),
        num_sets=int(row.figures[entries.NUM_SETS]) if entries.NUM_SETS in row.figures else None,
        test_set=identity.photos_hash(photos["photo_id"], photos["label"]),
        num_looks=looks.count_looks(client, experiment_id, photos=row.test_photos, test_set=row.test_set),
    )


def _fetched(client: Client, run_id: str, path: str, folder: str) -> io.BytesIO:
    return io.BytesIO(Path(client.download_artifacts(run_id, path, folder)).read_bytes())


def _asked(question: Any) -> Any:  # noqa: ANN401 (whatever the store answers)
    try:
        return question(*store.open_store())
    except Exception as error:
        raise remedies.unusable(error) from None
