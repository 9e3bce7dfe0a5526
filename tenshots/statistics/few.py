"""Too few components for an interval or a claim, in words."""

from __future__ import annotations

from typing import Literal, NamedTuple

from tenshots.wording import counted, independent_sets


class TooFew(NamedTuple):
    """What is missing.

    Attributes:
        number: of components there are.
        needed: of components at least.
        what: all that are "tested"; all, which are "agreeing"; those "differing" at all; those that differ in
            the "same" direction as the whole.
    """

    number: int
    needed: int
    what: Literal["tested", "agreeing", "differing", "same"] = "tested"

    def words(self, unit: str = "", which: str = "") -> str:
        """Says so: "3 groups are too few; at least 5 are needed".

        Args:
            unit: what a component is called, in the singular; else "independent set of photos".
            which: of them are meant, such as " that show cup".
        """
        sets = counted(self.number, unit) if unit else independent_sets(self.number)
        is_one = self.number == 1
        if self.what == "tested":
            are = "is" if is_one else "are"
            return f"{sets}{which} {are} too few; at least {self.needed} are needed"
        if self.what == "agreeing":
            alike = f"all {counted(self.number, unit or 'independent set')} agree"
            return f"{alike}, but {self.number} are too few; {self.needed} are needed"
        difference = "a difference" if self.what == "differing" else "such a difference"
        return f"{sets} {'shows' if is_one else 'show'} {difference}, and {self.needed} are needed"
