"""The pinned files: the same versions for everyone, all that they need, and a hash of every file."""

from __future__ import annotations

import functools
import importlib.util
import itertools
import re
from importlib.metadata import PackageNotFoundError, distribution

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.drawn.pins import FILES, TOP, pins, version

PYTHONS = ("3.11", "3.12", "3.13")
PLATFORMS = (("linux", "Linux", "x86_64"), ("linux", "Linux", "aarch64"), ("darwin", "Darwin", "arm64"))

files = pytest.mark.parametrize("file", FILES)


def wanted(file: str) -> list[Requirement]:
    """What an .in file asks for, and the ones that it names."""
    lines = [
        line.split("#")[0].strip()
        for line in (TOP / "requirements" / file).read_text(encoding="utf-8").splitlines()
    ]
    own = [Requirement(line) for line in lines if line and not line.startswith("-r ")]
    return own + [one for line in lines if line.startswith("-r ") for one in wanted(line.removeprefix("-r "))]


@files
def test_each_package_has_one_version_for_all_pythons(file: str) -> None:
    """Otherwise two students would compute with different packages before any processor differs."""
    names = [pin.name for pin, _ in pins(file)]
    assert sorted(names) == sorted(set(names))
    assert not [str(pin) for pin, _ in pins(file) if re.search("python_(full_)?version", str(pin.marker))]


@files
def test_each_pin_has_hashes(file: str) -> None:
    assert pins(file)
    assert not [
        str(pin) for pin, block in pins(file) if not re.search(r"--hash=sha256:[0-9a-f]{64}\b", block)
    ]


def test_what_is_tested_is_what_runs() -> None:
    tested = {pin.name: version(pin) for pin, _ in pins("requirements-dev.txt")}
    run = {pin.name: version(pin) for pin, _ in pins("requirements.txt")}
    assert run.items() <= tested.items()
    gpu = {pin.name: version(pin) for pin, _ in pins("requirements-gpu.txt")}
    assert run.items() <= gpu.items()


@files
def test_each_file_is_complete(file: str) -> None:
    """Nothing is resolved while installing, so whatever a package asks for must be pinned, and fit.

    What packages ask for is read from those that are installed here: the ones that CI has just installed.
    """
    compiled = [pin for pin, _ in pins(file)]
    for python, (sys_platform, system, machine) in itertools.product(PYTHONS, PLATFORMS):
        there = {
            **default_environment(),
            "python_version": python,
            "python_full_version": f"{python}.0",
            "sys_platform": sys_platform,
            "platform_system": system,
            "platform_machine": machine,
            "extra": "",
        }
        if "gpu" in file and system == "Darwin":
            continue
        pinned = {pin.name: pin for pin in compiled if pin.marker is None or pin.marker.evaluate(there)}
        todo, seen = wanted(FILES[file]), set[tuple[str, ...]]()
        while todo:
            asked = todo.pop()
            name = canonicalize_name(asked.name)
            assert name in pinned, f"{file} lacks {asked} on Python {python}, {system} {machine}"
            assert asked.specifier.contains(version(pinned[name]), prereleases=True), (
                f"{asked}: {pinned[name]}"
            )
            if (name, *asked.extras) in seen:
                continue
            seen.add((name, *asked.extras))
            for line in asked_by(name, version(pinned[name])):
                if line.marker is None or any(
                    line.marker.evaluate({**there, "extra": extra}) for extra in ["", *asked.extras]
                ):
                    todo.append(line)
        num_read = sum(bool(asked_by(pin.name, version(pin))) for pin in compiled)
    assert num_read > len(compiled) / 2 or "wheels" in file, (
        "the pinned packages are not installed: make setup-dev"
    )


@functools.cache
def asked_by(name: str, version: str) -> list[Requirement]:
    """What a package asks for; nothing is known of one that is not installed, or in another version."""
    try:
        found = distribution(name)
    except PackageNotFoundError:
        return []
    return [Requirement(line) for line in found.requires or []] if found.version == version else []


def test_one_package_alone_is_published_as_source_only() -> None:
    """`make requirements` proves it against the index; who fills a folder with wheels builds that one."""
    spec = importlib.util.spec_from_file_location("wheels", TOP / "requirements" / "wheels.py")
    assert spec is not None
    assert spec.loader is not None
    wheels = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(wheels)
    excepted = re.findall(r"--no-binary (\S+)", (TOP / "Makefile").read_text(encoding="utf-8"))
    assert tuple(excepted) == wheels.SOURCE_ONLY
