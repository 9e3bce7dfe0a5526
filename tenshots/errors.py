"""The family of errors.

TenshotsError
├── SettingsError      a value in params.yaml, or an argument
└── DataError          photos, folders, tables, weights
    └── RejectedPhoto  one file is not a usable photo; the others may be

Every message is one sentence for the user. It names the file or key, the rule, the value and, if there is
one, the remedy.
"""


class TenshotsError(Exception):
    """Something that the user can fix; a stage prints its message and ends with exit status 1."""


class SettingsError(TenshotsError):
    """A setting breaks a rule."""


class DataError(TenshotsError):
    """Photos, folders, tables or weights break a rule."""


class RejectedPhoto(DataError):  # noqa: N818 (a verdict on one file, which ingestion catches and writes down)
    """One file is not a usable photo; the message is the reason, without the file's name."""


def missing(path: object, stage: str = "") -> DataError:
    """Returns the error to raise where an output is not there.

    Args:
        path: of the output.
        stage: that leaves it, as DVC names it; all stages if empty.
    """
    command = f"dvc repro {stage}".strip()
    return DataError(f"{path} is missing; run `{command}`, or `dvc pull` to fetch it")
