"""How often the test photos have been looked at: every experiment that was evaluated on them has seen them.

A tag of each run, `tenshots.test_set`, names its test photos by a hash (`identity.photos_hash`).
"""

from __future__ import annotations

from tenshots.tracking.runs import Run
from tenshots.tracking.sessions import KEY_TAG
from tenshots.tracking.store import Client, search

TEST_SET_TAG = "tenshots.test_set"
NUM_LOOKS = "num_experiments_on_test_set"


def log_test_set(run: Run, test_set: str) -> int:
    """Says which test photos (`identity.photos_hash`) the run has looked at; returns 1 if that is new."""
    return run.tag(TEST_SET_TAG, test_set)


def num_looks(run: Run, test_set: str) -> int | None:
    """Returns how many experiments were evaluated on these test photos; None where the store cannot tell.

    An experiment that was run again counts once. One whose runs were deleted counts too: its result was seen.
    """

    def count(client: Client) -> int:
        return count_looks(client, client.get_run(run.run_id).info.experiment_id, test_set)

    return run.attempt(count, None)


def count_looks(client: Client, experiment_id: str, test_set: str) -> int:
    """Returns what `num_looks` does, and raises whatever the store says."""
    runs = search(client, experiment_id, f"tags.`{TEST_SET_TAG}` = '{test_set}'", with_deleted=True)
    return len({each.data.tags[KEY_TAG] for each in runs})
