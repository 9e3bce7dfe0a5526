"""Archives named as platforms name them, and whose the photos are."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

from tenshots.intake import collection
from tenshots.intake.ingestion import Ingested
from tests.drawn.handed_in import drawn
from tests.drawn.zips import Entry, write_zip

DRIVE = "20241102T100037Z"


def pack(archive: Path, *paths: str, code_page: str = "utf-8", field: bool = False) -> None:
    """Writes a .zip of drawn photos, which does not say in which code page its names are."""
    entries = []
    for path in paths:
        name = path.encode(code_page)
        unicode_path = struct.pack("<BI", 1, zlib.crc32(name)) + path.encode()
        extra = struct.pack("<HH", 0x7075, len(unicode_path)) + unicode_path if field else b""
        entries.append(Entry(name, drawn(f"{archive.name}/{path}"), extra=extra))
    archive.parent.mkdir(parents=True, exist_ok=True)
    write_zip(archive, *entries)


def groups(result: Ingested) -> dict[str, list[str]]:
    """The files or folders at the top that each group's photos lie in."""
    kept = result.manifest[result.manifest["status"] == "kept"]
    tops = kept["path"].str.partition("/")[0]
    return {group: sorted(set(rows)) for group, rows in tops.groupby(kept["group"])}


def told(result: Ingested) -> str:
    """All sentences on names that the stage prints."""
    return "\n".join([*result.namings, *collection.doubts(result.manifest, result.bare_groups)])
