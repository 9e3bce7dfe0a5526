"""Which variant is used: the best on validation photos. Test photos have no say, or they would flatter it."""

from __future__ import annotations

from collections.abc import Mapping

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
