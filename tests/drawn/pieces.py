"""Pieces of work in memory, for tests of what resumes with them."""

from __future__ import annotations


class Kept:
    """Keeps pieces, and the names of those that were asked for and found."""

    def __init__(self) -> None:
        self.pieces: dict[str, bytes] = {}
        self.found: list[str] = []

    def get(self, name: str) -> bytes | None:
        """Returns a piece, or None."""
        if name in self.pieces:
            self.found.append(name)
        return self.pieces.get(name)

    def put(self, name: str, content: bytes) -> None:
        """Keeps a piece."""
        assert name not in self.pieces, "made twice"
        self.pieces[name] = content
