"""Asks OSV (osv.dev, where pip-audit asks) which pins have known vulnerabilities.

One that another version mends is a failure, unless `IGNORED` excuses it for a while. One without a fix is
only told, as nothing could be done. Where OSV cannot be reached, a line says so.

Python's own library alone: pip-audit would bring 13 packages of its own, pip among them, to be audited, too.
"""

from __future__ import annotations

import datetime
import json
import re
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from http.client import HTTPException
from pathlib import Path
from typing import Any, NamedTuple

SERVICE = "https://api.osv.dev/v1"  # Source: google.github.io/osv.dev/api
TOP = Path(__file__).parents[1]
FILES = (
    "requirements-dev.txt",
    "requirements-gpu.txt",
    "requirements/wheels.txt",
)  # the first has all that runs
IGNORED = Path("requirements/audit-ignored.txt")
ANSWER_S = 30
MAX_QUERIES = 1000  # that OSV takes at once


class Pin(NamedTuple):
    """A package and its version."""

    name: str
    version: str


class Known(NamedTuple):
    """A vulnerability of a pin."""

    pin: Pin
    names: frozenset[str]  # GHSA-…, PYSEC-…, CVE-…: one vulnerability has several
    fixed: tuple[str, ...]  # versions
    summary: str


class NoAnswerError(Exception):
    """OSV cannot be reached, or answers otherwise than it says."""


def main(top: Path = TOP, service: str = SERVICE) -> int:
    """Prints what is known of the pins; returns 1 where one must be replaced, else 0."""
    pins = sorted({pin for name in FILES for pin in pinned((top / name).read_text(encoding="utf-8"))})
    try:
        excused = ignored((top / IGNORED).read_text(encoding="utf-8"), today=datetime.date.today())
        found = list(vulnerabilities(pins, service))
    except ValueError as error:
        print(f"error: {error}")
        return 1
    except NoAnswerError as error:
        print(f"audit: skipped, known vulnerabilities of the pins were not looked up: {error}")
        return 0
    failed = [each for each in found if each.fixed and not each.names & excused]
    for each in found:
        names = ", ".join(sorted(each.names))
        remedy = f"fixed in {', '.join(each.fixed)}" if each.fixed else "not fixed yet"
        verdict = "to be replaced" if each in failed else "known"
        print(f"{verdict}: {each.pin.name}=={each.pin.version}, {names}: {each.summary}; {remedy}")
    print(f"audit: {len(pins)} pins, {len(failed)} faults to be mended, {len(found) - len(failed)} others")
    if failed:
        print(
            f"Raise the versions in requirements/*.in and `make requirements`, or say why not in {IGNORED}."
        )
    return int(bool(failed))


def pinned(text: str) -> list[Pin]:
    """Returns the pins of a compiled file."""
    return [
        Pin(*each) for each in re.findall(r"^([a-z0-9][a-z0-9._-]*)==([^ ;\\]+)", text, flags=re.MULTILINE)
    ]


def ignored(text: str, *, today: datetime.date) -> set[str]:
    """Returns the vulnerabilities that a list excuses: on a line each, its name, the last day, the reason.

    Raises:
        ValueError: a line has another form.
    """
    names = set()
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        parts = line.split(maxsplit=2)
        try:
            name, until, _ = parts[0], datetime.date.fromisoformat(parts[1]), parts[2]
        except (IndexError, ValueError):
            raise ValueError(
                f"{IGNORED}, line {number}, must be a vulnerability, the last day of its excuse, the reason, "
                f"such as GHSA-2m57-hf25-phgg 2027-03-01 we render no such page; got {line!r}"
            ) from None
        if today <= until:
            names.add(name)
    return names


def vulnerabilities(pins: Sequence[Pin], service: str) -> Iterator[Known]:
    """Yields what OSV knows of the pins, each vulnerability once, whichever of its names it goes by.

    Raises:
        NoAnswerError: see there.
    """
    details: dict[str, Any] = {}
    for pin, names in _named(pins, service):
        seen: set[str] = set()
        for name in names:
            if name not in details:
                details[name] = _asked(f"{service}/vulns/{name}")
            known = details[name]
            all_names = {name, *known.get("aliases", ())}
            if known.get("withdrawn") or all_names & seen:
                continue
            seen |= all_names
            summary = " ".join(str(known.get("summary") or known.get("details", "")).split())[:200]
            yield Known(pin, frozenset(all_names), _fixed(known, pin), summary)


def _named(pins: Sequence[Pin], service: str) -> Iterator[tuple[Pin, list[str]]]:
    """Yields each pin that has vulnerabilities, with their names in OSV."""
    queries = [{"package": {"ecosystem": "PyPI", "name": pin.name}, "version": pin.version} for pin in pins]
    todo = list(zip(pins, queries, strict=True))
    while todo:
        now, todo = todo[:MAX_QUERIES], todo[MAX_QUERIES:]
        body = _asked(f"{service}/querybatch", {"queries": [query for _, query in now]})
        results = body.get("results", [])
        if len(results) != len(now):
            raise NoAnswerError(f"{service} answers {len(results)} of {len(now)} questions")
        for (pin, query), result in zip(now, results, strict=True):
            if names := [str(each["id"]) for each in result.get("vulns", ())]:
                yield pin, names
            if token := result.get("next_page_token"):
                todo.append((pin, {**query, "page_token": token}))


def _fixed(known: dict[str, Any], pin: Pin) -> tuple[str, ...]:
    versions = {
        str(event["fixed"])
        for affected in known.get("affected", ())
        if affected.get("package", {}).get("name", "").lower().replace("_", "-") == pin.name
        for span in affected.get("ranges", ())
        if span.get("type") == "ECOSYSTEM"  # others name commits
        for event in span.get("events", ())
        if "fixed" in event
    }
    return tuple(sorted(versions))


def _asked(address: str, question: object = None) -> dict[str, Any]:
    data = None if question is None else json.dumps(question).encode()
    request = urllib.request.Request(address, data, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_S) as answer:
            return dict(json.load(answer))
    except (OSError, HTTPException, ValueError, TypeError) as error:
        raise NoAnswerError(f"{address} gives no answer ({error})") from None


if __name__ == "__main__":
    sys.exit(main())
