"""Text that tries to be more than text."""

from __future__ import annotations

from markdown_it import MarkdownIt

HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "</td><script>alert(1)</script>",
    "<!-- hidden",
    "&lt;b&gt;",
    "a|b",
    "`code`",
    "[x](javascript:alert(1))",
    "![x](http://a.example/b.png)",
    "*bold* _it_ __b__ ~~gone~~ $x$",
    "two\nlines\tand tabs",
    "# heading",
    "> quote",
    "back\\slash",
]


def rendered(text: str) -> str:
    """Markdown as HTML."""
    return str(MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(text))
