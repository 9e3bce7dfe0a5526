"""Which variant is used: the best on validation photos. Test photos have no say, or they would flatter it."""

from __future__ import annotations

from collections.abc import Mapping


def best_on_validation(figures: Mapping[str, Mapping[str, float]]) -> str:
    """Returns the name with the highest val_accuracy; ties go to the lowest val_log_loss, then to the first.

    Args:
        figures: of each candidate, the first preferred: val_accuracy in [0, 1], and val_log_loss (nats); an
            unknown loss loses the tie.
    """

    def rank(name: str) -> tuple[float, float]:
        found = figures[name]
        return found["val_accuracy"], -found.get("val_log_loss", float("inf"))

    return max(figures, key=rank)
