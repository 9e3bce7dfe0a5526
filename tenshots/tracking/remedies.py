"""Why a store cannot be used, in one line without a password, and what helps."""

from __future__ import annotations

from tenshots import shortages
from tenshots.errors import DataError
from tenshots.tracking import places

ELSEWHERE = f"or set {places.VARIABLE} to another store"
GOES_ON = (
    "; run `python -m stages.record` to continue it here"  # ends the reason why one that moved is not used
)
REMEDIES = {  # what SQLite and servers say, and what helps; of the disk: tenshots.shortages
    "database is locked": "another process holds it; wait for that or end it",
    "attempt to write a readonly database": f"make it and its folder writable, {ELSEWHERE}",
    "file is not a database": "it is damaged; move it away, and a new one takes its place",
    "database disk image is malformed": "it is damaged; move it away, and a new one takes its place",
    "failed with error code 404": f"what answers there is not MLflow; correct {places.VARIABLE}",
    "Max retries exceeded": f"it answers with errors; restart it, {ELSEWHERE}",
}


def reason(error: Exception) -> str:
    """Returns in one line without a password what an error of the store means, and what may help."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    for line in lines:
        for words, remedy in REMEDIES.items():
            if words in line:
                return f"{words}: {remedy}"
    short = shortages.reason(error)
    if short is not None:
        return short
    return places.without_password(lines[0] if lines else type(error).__name__)


def unusable(error: Exception) -> DataError:
    """Returns the error to raise where the store is needed."""
    message = f"the MLflow store {places.store_uri()} cannot be used: {reason(error)}"
    return DataError(places.without_password(message))
