"""What tells one experiment from another, and one set of labelled photos from another."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tenshots.files import file_hash
from tenshots.repository.code import family_files, stage_files

# Sections of the settings that no variant's answers depend on.
UNCOUNTED_SETTINGS = ("inspect", "report", "study", "visualise")
# The stages that answers come from; their code counts, and that of the variants' families of networks.
COUNTED_STAGES = (
    *("ingest", "split", "features", "augment", "features_of_copies", "on_the_fly", "train", "evaluate"),
)


def experiment_key(
    settings: Mapping[str, Any],
    *,
    splits_path: Path,
    code_dir: Path,
    corrected: Sequence[tuple[str, str]] = (),
) -> str:
    """Returns what tells one experiment from another: 64 hexadecimal digits.

    What cannot move a variant's answers does not count (UNCOUNTED_SETTINGS; all code but that of
    COUNTED_STAGES and of the variants' networks): another page is no other experiment, and no other look at
    the test photos; nor is a network that no variant uses, or a family of such.

    Args:
        settings: all of params.yaml, as resolved for this run; the order of keys does not count.
        splits_path: its bytes count; a file that is absent counts as empty.
        code_dir: holds `stages` and `tenshots`, whose files count by path and bytes.
        corrected: photo and label of each correction, sorted (`corrections.effects`); other labels need not
            move a photo of the split, but they do move what is learnt. Reasons do not count.
    """
    networks = _networks_of_variants(settings)
    counted = {key: value for key, value in settings.items() if key not in UNCOUNTED_SETTINGS}
    counted |= {"networks": networks} if "networks" in settings else {}
    digest = hashlib.sha256(json.dumps(counted, sort_keys=True, default=str).encode())
    digest.update(file_hash(splits_path).encode())
    if corrected:
        digest.update(json.dumps(corrected, ensure_ascii=False).encode())
    paths = [path for stage in COUNTED_STAGES for path in stage_files(stage, code_dir=code_dir)]
    for family in sorted({network["family"] for network in networks.values()}):
        paths += family_files(family, code_dir=code_dir)
    for path in dict.fromkeys(paths):
        digest.update(path.relative_to(code_dir).as_posix().encode())
        digest.update(file_hash(path).encode())
    return digest.hexdigest()


def _networks_of_variants(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the settings of the networks that the variants name; `check` judges the settings."""
    named = {variant.get("network") for variant in (settings.get("variants") or {}).values()}
    return {name: network for name, network in (settings.get("networks") or {}).items() if name in named}


def photos_hash(photo_ids: Iterable[str], labels: Iterable[str]) -> str:
    """Returns what tells one set of labelled photos from another: 64 hexadecimal digits.

    Photos count by content (a photo_id is a hash of the file) and by label; neither order nor repetition
    does, nor the fold in which a photo is tested. Figures of equal sets may be compared.
    """
    rows = sorted(set(zip(photo_ids, labels, strict=True)))
    return hashlib.sha256(json.dumps(rows, ensure_ascii=False).encode()).hexdigest()


def unlabelled_hash(photo_ids: Iterable[str]) -> str:
    """Returns what tells one set of photos from another, whatever their labels: 64 hexadecimal digits.

    Who chooses by the results has looked at the same photos, also where labels were corrected in between.
    """
    return hashlib.sha256(json.dumps(sorted(set(photo_ids))).encode()).hexdigest()
