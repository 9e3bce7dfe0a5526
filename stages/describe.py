"""Cards of the data and the chosen variant: reports/data_card.md, model_card.md and data/croissant.json."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from stages import recording, run
from tenshots import files, params
from tenshots.cards import croissant, markdown
from tenshots.errors import missing
from tenshots.files import file_hash
from tenshots.tables import manifest
from tenshots.tables.paths import CROISSANT, DATA, DATABASE, EVALUATIONS, LEAKAGE, MANIFEST, REPORTS, SPLITS


def main(argv: Sequence[str] | None = None) -> None:
    """Writes the cards."""
    argparse.ArgumentParser(prog="python -m stages.describe", description=__doc__).parse_args(argv)
    values = params.read()
    compared = _json(REPORTS / "comparison.json", "compare")
    facts = markdown.Facts(
        manifest=manifest.read(MANIFEST),
        leakage=_json(LEAKAGE, "split"),
        compared=compared,
        details=_json(EVALUATIONS / compared["chosen"] / "details.json", f"evaluate@{compared['chosen']}"),
        values=values,
    )
    shards = {
        path.relative_to(DATA).as_posix(): file_hash(path)
        for path in sorted(DATABASE.glob("photos-*.parquet"))
    }
    described = croissant.describe(
        num_photos=int((facts.manifest["status"] == "kept").sum()),
        labels=compared["labels"],
        shards=shards,
        splits_hash=file_hash(SPLITS),
    )

    croissant_text = json.dumps(described, indent=2, ensure_ascii=False) + "\n"
    files.write(REPORTS / "model_card.md", markdown.model_card(facts))
    files.write(REPORTS / "data_card.md", markdown.data_card(facts))
    files.write(CROISSANT, croissant_text)
    recording.record(values, variants=values["variants"], live=True)


def _json(path: Path, stage: str) -> dict[str, Any]:
    try:
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise missing(path, stage) from None
    return values


if __name__ == "__main__":
    run(main)
