"""Whether another checkout made the project's experiment in a store: two folders of one name share it.

The first that opens an experiment of a store outside the project puts its own mark on it; any other says so,
once, because the registered model and its champion are shared as well. That may be meant, so nothing fails.
"""

from __future__ import annotations

import hashlib
import platform
import sys

from tenshots.repository import checkouts
from tenshots.tracking import places, project
from tenshots.tracking.store import Client

MAKER_TAG = "tenshots.made_by"  # of an experiment: a hash, because others may read it


def say_once(client: Client, experiment_id: str) -> None:
    """Says on standard error that another checkout made the experiment; not where its name was chosen."""
    if project.given_name() is not None or places.is_own(places.store_uri()):
        return
    experiment, mine = client.get_experiment(experiment_id), mark()
    maker = experiment.tags.get(MAKER_TAG)
    if maker is None:
        client.set_experiment_tag(experiment_id, MAKER_TAG, mine)
        return
    # Each stage is a process of its own, so a file remembers what was said.
    said, saying = places.files_dir().with_name("shared_with"), f"{maker} {experiment.name}"
    if maker == mine or (said.is_file() and said.read_text(encoding="utf-8") == saying):
        return
    print(
        f"note: the experiment {experiment.name} of the MLflow store "
        f"{places.without_password(places.store_uri())} was made by another checkout, of this project or of "
        "one in a folder of the same name; runs, registered model and champion are shared. If that is not "
        f"meant, set {project.VARIABLE} to a name of your own",
        file=sys.stderr,
        flush=True,
    )
    said.write_text(saying, encoding="utf-8")


def mark() -> str:
    """Returns what tells this checkout from others: a hash of the machine's name and of the folder's path."""
    return hashlib.sha256(f"{platform.node()}:{checkouts.main_repository()}".encode()).hexdigest()[:16]
