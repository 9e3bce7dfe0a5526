"""Which variant is used, and how good this way of choosing one is.

Used is the variant that is best on all validation photos. With a single fold none of these is a test photo,
so the choice flatters no figure. With several, one fold's validation photos are another's test photos: people
whom a variant happens to suit count for it when it is chosen, and again when it is tested. So the chosen
variant's own test accuracy is then a little too high: by 0.3 to 1.2 points in `python -m benchmarks.choice`.

What is not too high is the accuracy of the choice: in each fold, the variant that is best on the validation
photos of that fold alone answers its test photos, whose people had no say. That measures the procedure (train
all, keep the best on validation) and not one variant.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

TIES = ("num_updates", "val_log_loss")  # which figures tell variants of equal accuracy apart; less is better


def best_on_validation(figures: Mapping[str, Mapping[str, float]]) -> str:
    """Returns the name with the highest val_accuracy.

    Ties go to the fewest num_updates, as of equals the simplest is to be used; then to the lowest
    val_log_loss, then to the first.

    Args:
        figures: of each candidate, the first preferred: val_accuracy in [0, 1], num_updates of a training (0
            where weights are solved for), and val_log_loss (nats); what is unknown loses the tie.
    """

    def rank(name: str) -> tuple[float, ...]:
        found = figures[name]
        return found["val_accuracy"], *(-found.get(key, float("inf")) for key in TIES)

    return max(figures, key=rank)


def best_by_fold(validation: Mapping[str, Iterable[Mapping[str, float]]]) -> dict[int, str]:
    """Returns of each fold the name that is best on the validation photos of that fold alone.

    Args:
        validation: of each candidate, the first preferred, a mapping per fold: fold, and the figures that
            `best_on_validation` compares (see tenshots.evaluation.validation).
    """
    figures: dict[int, dict[str, Mapping[str, float]]] = {}
    for name, folds in validation.items():
        for found in folds:
            figures.setdefault(int(found["fold"]), {})[name] = found
    return {fold: best_on_validation(found) for fold, found in sorted(figures.items())}


def answers_of_choice(predictions: Mapping[str, pd.DataFrame], chosen: Mapping[int, str]) -> pd.DataFrame:
    """Returns the predictions of test photos of the variants that were chosen fold by fold.

    Those of a variant with fewer repeats than another one chosen (a single one, where no seed moves it) are
    taken again, in turn, until it has as many: each repeat then holds all folds.

    Args:
        predictions: of each variant (see tenshots.tables.predictions), all folds and repeats.
        chosen: of each fold, the variant.

    Returns:
        A table of predictions, as of a variant of its own.
    """
    answers = {
        fold: predictions[name][predictions[name]["fold"] == fold].sort_values("repeat", kind="stable")
        for fold, name in chosen.items()
    }
    num_repeats = max(rows["repeat"].nunique() for rows in answers.values())
    tables = []
    for rows in answers.values():
        own = np.unique(rows["repeat"])
        tables += [
            rows[rows["repeat"] == own[repeat % len(own)]].assign(repeat=repeat)
            for repeat in range(num_repeats)
        ]
    return pd.concat(tables, ignore_index=True)
