"""Which files are read where the settings want only the first photos of each group and label."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence

from tenshots.intake.layout import FoundFile
from tenshots.intake.names.pattern import PathFields


class Choice:
    """Deals out the files to read, round by round: where one is no photo, the next takes its place.

    Files that no photo can be made of are all dealt out at once, so that each has its own reason. A given
    split counts like a group, or the first photos could all be of one part. Photos without a label take no
    labelled one's place.
    """

    def __init__(
        self,
        found: Sequence[FoundFile],
        fields: Sequence[PathFields | None],
        *,
        most: int | None,
        unlabelled: str | None = None,
    ) -> None:
        """Begins with no file dealt out.

        Args:
            found: the files, sorted by path.
            fields: of each file what its path says; may be longer.
            most: photos of each group and label; None: all.
            unlabelled: what stands in place of a label where photos have none (`accept.unlabelled`).
        """
        self._keys = [
            None if known is None or file.reason or most is None else (known.group, known.label, known.split)
            for file, known in zip(found, fields, strict=False)
        ]
        self._at_once = [number for number, key in enumerate(self._keys) if key is None]
        self._waiting: dict[object, deque[int]] = defaultdict(deque)
        for number, key in enumerate(self._keys):
            if key is not None:
                self._waiting[key].append(number)
        self._lacking = dict.fromkeys(self._waiting, most or 0)
        self._seen: set[object] = set()  # of photos with a label
        self._seen_without: set[object] = set()
        self._unlabelled = unlabelled

    def round(self) -> list[int]:
        """Returns the positions of the files to read now, in order; none once there is nothing to read."""
        now, self._at_once = self._at_once, []
        for key, waiting in self._waiting.items():
            now += [waiting.popleft() for _ in range(min(self._lacking[key], len(waiting)))]
        return sorted(now)

    def keep(self, number: int, photo_id: object) -> None:
        """Is told that a file is a photo; of those with the same bytes one counts."""
        key = self._keys[number]
        has_none = key is not None and key[1] == self._unlabelled
        if key is not None and photo_id not in self._seen | (self._seen_without if has_none else set()):
            self._lacking[key] -= 1
        (self._seen_without if has_none else self._seen).add(photo_id)

    def left_out(self) -> list[int]:
        """Returns the positions of the files that were never dealt out."""
        return sorted(number for waiting in self._waiting.values() for number in waiting)
