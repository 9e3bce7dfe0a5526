"""DVC's list of a folder's files, which anybody may have written where it came from a remote."""

from __future__ import annotations

import json

from tenshots.errors import DataError


def parsed(content: bytes) -> dict[str, str]:
    """Returns the MD5 of each file by its path in the folder, of the content of a `.dir` file.

    Raises:
        DataError: it is not such a list.
    """
    try:
        return {str(row["relpath"]): str(row["md5"]) for row in json.loads(content)}
    except (ValueError, TypeError, KeyError, RecursionError):
        raise DataError("it is not a list of files") from None


def leads_outside(path: str) -> bool:
    """Returns whether a path in a folder, with `/` between its parts, may lead out of the folder."""
    return not {"", ".", ".."}.isdisjoint(path.split("/"))  # an absolute one begins with an empty part
