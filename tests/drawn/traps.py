"""The type of the fixture `trap`, which makes a decoder do what a test wants when it meets a file."""

from __future__ import annotations

from collections.abc import Callable

Trap = Callable[[dict[bytes, str]], None]
