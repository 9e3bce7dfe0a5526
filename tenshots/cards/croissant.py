"""The data set's description as Croissant 1.0 JSON-LD, which search engines and loaders of data sets read.

Written as plain JSON: the package `mlcroissant` would bring a dozen others for a few dictionaries. Properties
that the standard asks for and only people know (licence, creator, address) are left out, not invented.
Source: MLCommons 2024, Croissant Format Specification 1.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    **{
        term: f"cr:{term}"
        for term in (
            *("citeAs", "column", "extract", "field", "fileProperty", "fileObject", "fileSet", "format"),
            *("equivalentProperty", "samplingRate"),
            *("includes", "isLiveDataset", "jsonPath", "key", "md5", "parentField", "path", "recordSet"),
            *("references", "regex", "repeated", "replace", "separator", "source", "subField", "transform"),
        )
    },
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "rai": "http://mlcommons.org/croissant/RAI/",
    "sc": "https://schema.org/",
}
DESCRIPTIONS = {
    "photo_id": ("sc:Text", "SHA-256 of the original file"),
    "label": ("sc:Text", "what the photo shows"),
    "group": ("sc:Text", "who took the photo; empty where the layout does not say"),
    "path": ("sc:Text", "of the original file, below the folder of photos"),
    "width": ("sc:Integer", "of the original photo, upright, in px"),
    "height": ("sc:Integer", "of the original photo, upright, in px"),
    "image": ("sc:ImageObject", "the standard photo: upright, sRGB, without metadata"),
}
SPLITS = {
    "photo_id": ("sc:Text", "of a photo"),
    "component": ("sc:Text", "the independent set of photos that it belongs to"),
    "fold": ("sc:Integer", "from 0"),
    "part": ("sc:Text", "train, val or test"),
}


def describe(
    *, num_photos: int, labels: list[str], shards: Mapping[str, str], splits_hash: str
) -> dict[str, Any]:
    """Returns the description; paths in it are relative to `data`, where it lies, as the standard wants them.

    Args:
        num_photos: in the database.
        labels: sorted.
        shards: the path of each Parquet file with photos, and the SHA-256 of its bytes.
        splits_hash: SHA-256 of splits/splits.csv.
    """
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "name": "photos",
        "description": f"{num_photos} photos, one of {len(labels)} labels each: {', '.join(labels)}.",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "distribution": [
            *(_file(path, sha256, "application/x-parquet") for path, sha256 in shards.items()),
            {
                "@type": "cr:FileSet",
                "@id": "photos-shards",
                "name": "photos-shards",
                "encodingFormat": "application/x-parquet",
                "includes": "database/photos-*.parquet",
            },
            _file("splits/splits.csv", splits_hash, "text/csv"),
        ],
        "recordSet": [
            _records("photos", {"fileSet": {"@id": "photos-shards"}}, DESCRIPTIONS, key=["photo_id"]),
            _records(
                "splits",
                {"fileObject": {"@id": "splits/splits.csv"}},
                SPLITS,
                key=["photo_id", "fold"],
            ),
        ],
    }


def _file(path: str, sha256: str, encoding: str) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": path,
        "name": path,
        "contentUrl": path,
        "encodingFormat": encoding,
        "sha256": sha256,
    }


def _records(
    name: str, source: Mapping[str, Any], columns: Mapping[str, tuple[str, str]], *, key: list[str]
) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "key": [{"@id": f"{name}/{column}"} for column in key],
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{name}/{column}",
                "name": column,
                "description": text,
                "dataType": kind,
                "source": {**source, "extract": {"column": column}},
            }
            for column, (kind, text) in columns.items()
        ],
    }
