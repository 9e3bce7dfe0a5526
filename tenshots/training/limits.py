"""What settings ask of the photos that are there, refused before the first update; and how many updates."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from tenshots.errors import SettingsError
from tenshots.params import PATH
from tenshots.training.jobs import Job
from tenshots.training.loop import TrainSettings

WORTH_UPDATES = 50  # per worker, of all jobs; its graphs take about as long to make as these take to compute
MIN_REACHES = 5  # of an average, in a training: then less than 1 % of it is the first update's weights


def num_updates(settings: TrainSettings, job: Job) -> int:
    """Returns the updates of a job that is never stopped early."""
    return settings.epochs * -(-job.num_originals // settings.images_at_once(job.num_originals))


def num_worth(settings: TrainSettings, jobs: Sequence[Job]) -> int:
    """Returns how many workers at most are worth what each takes to begin; at least 1.

    Each makes graphs of its own, which takes seconds, and one core for all threads. So few short trainings,
    as of a trial with two epochs, end no later one after the other.
    """
    return max(1, sum(num_updates(settings, job) for job in jobs) // WORTH_UPDATES)


def check_ema(settings: TrainSettings, jobs: Sequence[Job], *, variant: str) -> None:
    """Raises a SettingsError where averages of weights would look further back than the training is long.

    They begin at the weights after the first update, which then were most of what is kept.

    Args:
        settings: of the loop.
        jobs: the trainings, at least one.
        variant: its name.
    """
    ema = settings.optimisation.ema
    if ema is None:
        return
    fewest, reach = min(num_updates(settings, job) for job in jobs), 1 / (1 - ema)
    if reach > fewest:
        fitting = f"to at most {1 - MIN_REACHES / fewest:.2g}" if fewest > 2 * MIN_REACHES else "or remove it"
        raise SettingsError(
            f"{PATH}: optimisation.ema must average over no more updates than a training has, but {ema:g} "
            f"averages over about {reach:,.0f}, and one of variants.{variant} has {fewest:,}; lower it, "
            f"{fitting}, or raise epochs"
        )


def check_labels(validated: Collection[str], labels: Collection[str], *, fold: int) -> None:
    """Raises a SettingsError where a fold's validation photos lack a label that ROC-AUC asks for.

    Args:
        validated: labels of the fold's validation photos.
        labels: all.
        fold: its number.
    """
    lacking = sorted(set(labels) - set(validated))
    if lacking:
        raise SettingsError(
            f"{PATH}: optimisation.stop_on must not be roc_auc here, because fold {fold} has no validation "
            f"photos of {', '.join(lacking)}, and the area under the curve takes photos of each label; "
            "choose accuracy, loss or macro_f1, raise split.val, or add photos"
        )
