"""Experiments of MLflow beside each other: a table here, and a page of what each changed."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from stages import at_least_1, run
from tenshots import files
from tenshots.errors import DataError
from tenshots.pages.history import gains, page, sentences, tables
from tenshots.tables.paths import HISTORY
from tenshots.tracking import experiments
from tenshots.wording import counted


def main(argv: Sequence[str] | None = None) -> None:
    """Compares the experiments that were asked for with the reference."""
    parser = argparse.ArgumentParser(prog="python -m stages.history", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="of experiments (default: all)")
    parser.add_argument("--last", type=at_least_1, metavar="N", help="only the N newest")
    parser.add_argument(
        "--filter",
        default="",
        metavar="TEXT",
        help="in MLflow's syntax, with the names of params.yaml: \"params.lr = '0.01'\"",
    )
    parser.add_argument("--reference", metavar="NAME", help="to compare with (default: the first)")
    parser.add_argument("--output", type=Path, default=HISTORY, help="the page (default: %(default)s)")
    parser.add_argument("--csv", type=Path, metavar="PATH", help="write the table there, too")
    arguments = parser.parse_args(argv)

    rows = experiments.table(arguments.filter)
    compared = rows[rows["test_set"] != ""]
    chosen = experiments.choose(compared, arguments.names, last=arguments.last)
    if arguments.reference:  # first in the table, wherever it was
        chosen = pd.concat([experiments.choose(compared, [arguments.reference]), chosen])
        chosen = chosen.drop_duplicates("run_id")
    if chosen.empty:
        raise DataError(
            "MLflow has no finished comparison that matches; run `dvc repro`, or `python -m stages.record` "
            "to add what is missing"
        )
    loaded = experiments.load(chosen)
    reference = loaded[0]
    results = gains.compare(loaded, reference)

    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    files.write(arguments.output, page.render(loaded, results, reference.name))
    if arguments.csv:
        files.write(arguments.csv, tables.csv_table(loaded, results, reference.name))
    print(tables.aligned_table(results, reference.name))
    print("", *sentences.cautions(loaded, results), sep="\n")
    for num_photos, num_looks in page.looks(loaded):
        have = "has" if num_looks == 1 else "have"
        looked = f"{counted(num_looks, 'experiment')} {have} been evaluated on these"
        print(f"{looked} {counted(num_photos, 'test photo')}: choose by validation accuracy.")
    left_out = rows.loc[rows["test_set"] == "", "name"]
    if len(left_out):
        print(f"left out, because MLflow lacks their comparison: {', '.join(left_out)}")
    print(f"The page: {arguments.output}")


if __name__ == "__main__":
    run(main)
