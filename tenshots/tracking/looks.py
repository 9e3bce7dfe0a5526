"""How often the test photos have been looked at: every experiment that was evaluated on them has seen them.

Two tags of each run name its test photos. `tenshots.test_photos` is a hash of the photos alone
(`identity.unlabelled_hash`), with those that a correction leaves out (see tenshots.statistics.as_found): who
cleans labels has looked at the same photos, so the count goes on. `tenshots.test_set` is one of photos and
labels (`identity.photos_hash`), by which `train` says that it looks before anyone can, and the only one of
runs older than corrections: with the labels as found, it tells that they have seen these photos, too.
"""

from __future__ import annotations

import pandas as pd

from tenshots.tracking import identity
from tenshots.tracking.runs import Run
from tenshots.tracking.sessions import KEY_TAG
from tenshots.tracking.store import Client, search

TEST_SET_TAG = "tenshots.test_set"
TEST_PHOTOS_TAG = "tenshots.test_photos"
NUM_LOOKS = "num_experiments_on_test_set"


def log_test_set(run: Run, test_set: str) -> int:
    """Says on which labelled photos (`identity.photos_hash`) a run was tested; returns 1 if that is new."""
    return run.tag(TEST_SET_TAG, test_set)


def log_test_photos(run: Run, found: pd.DataFrame) -> int:
    """Says which test photos the run has looked at; returns 1 if that is new.

    Args:
        run: of a variant, or of the experiment.
        found: photo_id of the test photos as found (see tenshots.statistics.as_found).
    """
    return run.tag(TEST_PHOTOS_TAG, identity.unlabelled_hash(found["photo_id"]))


def num_looks(run: Run, found: pd.DataFrame) -> int | None:
    """Returns how many experiments were evaluated on these test photos; None where the store cannot tell.

    An experiment that was run again counts once. One whose runs were deleted counts too: its result was seen.

    Args:
        run: any of the experiment.
        found: photo_id and label of the test photos, both as found.
    """
    photos = identity.unlabelled_hash(found["photo_id"])
    test_set = identity.photos_hash(found["photo_id"], found["label"])

    def count(client: Client) -> int:
        experiment_id = client.get_run(run.run_id).info.experiment_id
        return count_looks(client, experiment_id, photos=photos, test_set=test_set)

    return run.attempt(count, None)


def count_looks(client: Client, experiment_id: str, *, photos: str, test_set: str) -> int:
    """Returns what `num_looks` does, and raises whatever the store says.

    Args:
        client: of the store.
        experiment_id: MLflow's.
        photos: what TEST_PHOTOS_TAG says; empty where a run is older.
        test_set: what TEST_SET_TAG says.
    """
    wanted = {TEST_PHOTOS_TAG: photos, TEST_SET_TAG: test_set}
    filters = [f"tags.`{tag}` = '{value}'" for tag, value in wanted.items() if value]
    runs = [run for each in filters for run in search(client, experiment_id, each, with_deleted=True)]
    return len({each.data.tags[KEY_TAG] for each in runs})
