"""Where each stage leaves what it makes, below the project's folder; written here and in dvc.yaml alone."""

from __future__ import annotations

from pathlib import Path

DATA = Path("data")
REPORTS = Path("reports")

CHECKED = DATA / "checked"  # what `check` and `rehearse` leave
CODE = CHECKED / "code"  # a file per stage: the hashes of the code that its outputs depend on
NETWORKS = CHECKED / "networks"  # a file per network: the hashes of the code that builds it
# A file per network in each folder of a data set: what its frozen features depend on.
WANTED = CHECKED / "features"
REHEARSED = CHECKED / "rehearsal.txt"
EFFORTS = CHECKED / "efforts.json"  # how much each network computes for an image
DATABASE = DATA / "database"
MANIFEST = DATA / "manifest.csv"
SPLITS = DATA / "splits/splits.csv"
LEAKAGE = DATA / "splits/leakage.json"
INSPECTION = DATA / "inspection"
AUGMENTED = DATA / "augmented"
ON_THE_FLY = DATA / "on_the_fly"  # holds no photo: says what is drawn from those of the database, and how
AUGMENTATION = REPORTS / "augmentation.png"
# One folder per network in each folder of a data set: FEATURES/database/NETWORK.
FEATURES = DATA / "features"
# One folder per variant in each of these.
MODELS = DATA / "models"
EVALUATIONS = DATA / "evaluations"
VISUALISATIONS = DATA / "visualisations"
STUDIES = DATA / "study"
# What describes the outputs for people and other programs.
CROISSANT = DATA / "croissant.json"
HISTORY = REPORTS / "history.html"


def source(data: str) -> str:
    """Returns the data set that a variant reads: fresh copies are drawn of the database's photos.

    Args:
        data: of the variant: database, augmented or on_the_fly.
    """
    return DATABASE.name if data == ON_THE_FLY.name else data
