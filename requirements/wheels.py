"""Fills a folder with all packages for machines without a network, and checks one before it is used.

`make wheels` fills one; `make setup WHEELS=folder` has it checked. Nothing is installed yet at that time, so
this uses Python's own library alone.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

TOOLS = Path(__file__).with_name("wheels.txt")
NOTE = "wheels.json"
WORK = Path(".wheels").absolute()  # in the clone while a folder is filled
# Published as source only, so its wheel is built while a folder is filled, and the index has no hash of it.
# DVC's -S reads its settings with this version.
SOURCE_ONLY = ("antlr4-python3-runtime",)


class FolderError(Exception):
    """Nothing may be installed from this folder."""


class OtherMachineError(FolderError):
    """It is for another Python, system or processor."""


def machine() -> str:
    """Returns what wheels are made for: Python's minor version, the system and the processor."""
    major, minor = sys.version_info[:2]
    return f"Python {major}.{minor} on {platform.system()} {platform.machine()}"


def pinned(requirements: Path) -> dict[str, str]:
    """Returns each pin, such as `numpy==2.4.6`, with its lines in the file."""
    blocks = re.split(r"^(?=[a-z0-9])", requirements.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {block.split()[0]: block for block in blocks[1:]}


def pin_of(wheel: str) -> str:
    """Returns what a wheel's name says that it is: `numpy==2.4.6`."""
    name, version = wheel.split("-")[:2]
    return f"{re.sub('[-_.]+', '-', name).lower()}=={version}"


def digest(path: Path) -> str:
    """Returns a file's SHA-256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_note(folder: Path) -> dict[str, Any]:
    """Returns what `fill` noted: the `machine`, all `pins`, and the hash of each of `files`."""
    remedy = f'where there is a network, run: make wheels WHEELS="{folder}"'
    if not folder.is_dir():
        raise FolderError(f"there is no folder {folder}; {remedy}")
    if not (folder / NOTE).is_file():
        raise FolderError(f"{folder} has no {NOTE}, so it was not filled, or not to the end; {remedy}")
    try:
        note: dict[str, Any] = json.loads((folder / NOTE).read_text(encoding="utf-8"))
        made_for, _, _ = note["machine"], note["pins"], note["files"]
    except (ValueError, KeyError, TypeError):
        raise FolderError(f"{folder / NOTE} is damaged; copy the folder again, or {remedy}") from None
    if made_for != machine():
        raise OtherMachineError(
            f"{folder} is for {made_for}, and this is {machine()}; take a folder that was filled on "
            "such a machine, or another Python: rm -rf .venv, then PYTHON=python3.12 before the same command"
        )
    return note


def check(folder: Path, requirements: Path) -> str:
    """Returns the requirements as pip must read them to install from the folder.

    They differ from the file in one hash: that of the wheel which was built.

    Raises:
        FolderError: the folder is for another machine or other pins, or a file is missing or changed.
    """
    note = read_note(folder)
    blocks = pinned(requirements)
    for pin in blocks:
        if pin not in note["pins"]:
            raise FolderError(f"{folder} lacks {pin}, which {requirements} names; run `make wheels` again")
    for name, expected in note["files"].items():
        pin = pin_of(name)
        if pin not in blocks:
            continue
        if not (folder / name).is_file():
            raise FolderError(
                f"{folder / name} is missing; copy the folder again, or run `make wheels` again"
            )
        if digest(folder / name) != expected:
            raise FolderError(
                f"{folder / name} is damaged; copy the folder again, or run `make wheels` again"
            )
        if pin.split("==")[0] in SOURCE_ONLY:
            blocks[pin] = f"{pin} --hash=sha256:{expected}\n"
    return "".join(blocks.values())


def pip(command: str, requirements: Path, *options: str) -> None:
    """Runs the pip of `WORK/venv` on pinned, hashed requirements; its temporary files are in `WORK`."""
    python = WORK / "venv" / "bin" / "python"
    options = (
        "--quiet",
        "--disable-pip-version-check",
        "--no-input",
        "--no-deps",
        "--require-hashes",
        *options,
    )
    answer = subprocess.run(
        [python, "-m", "pip", command, *options, "--requirement", requirements],
        env={**os.environ, "TMPDIR": str(WORK)},
        check=False,
    )
    if answer.returncode:
        free = shutil.disk_usage(WORK).free
        raise FolderError(
            f"pip could not download the wheels, for the reason above; this disk has {free / 1e9:.1f} GB "
            "free, and they take about 3 GB; fix that, or the network, and run `make wheels` again"
        )


def fill(folder: Path, requirements: Path) -> None:
    """Fetches all wheels into the folder, which is made where there is none, unless they are there.

    Raises:
        FolderError: pip failed, or the folder was filled for another machine.
    """
    old: dict[str, str] = {}
    try:
        old = read_note(folder)["files"]
        check(folder, requirements)
    except OtherMachineError:
        raise
    except FolderError:
        print(f"wheels: downloading {requirements} to {folder} for {machine()} (a few minutes)", flush=True)
    else:
        print(f"wheels: {folder} has all of {requirements} for {machine()}")
        return

    folder.mkdir(parents=True, exist_ok=True)
    # Not in the folder itself: a stick is slow, and its file system may know no links.
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir()
    try:
        venv.create(WORK / "venv", with_pip=True)
        pip("install", TOOLS)
        wheels = WORK / "wheels"
        pip("wheel", requirements, "--no-build-isolation", "--wheel-dir", str(wheels))
        new = {wheel.name: digest(wheel) for wheel in sorted(wheels.glob("*.whl"))}
        for name in new:
            shutil.copyfile(wheels / name, folder / name)
        for name in old.keys() - new.keys():
            (folder / name).unlink(missing_ok=True)
        note = {"machine": machine(), "pins": list(pinned(requirements)), "files": new}
        (folder / NOTE).write_text(json.dumps(note, indent=1) + "\n", encoding="utf-8")
    finally:
        shutil.rmtree(WORK, ignore_errors=True)
    size = sum((folder / name).stat().st_size for name in new)
    print(f'wheels: {len(new)} packages, {size / 1e9:.2f} GB; now anywhere: make setup WHEELS="{folder}"')


def main(command: str, folder: str, requirements: str) -> None:
    """Fills or checks; an error is one line."""
    try:
        if command == "fill":
            fill(Path(folder).expanduser(), Path(requirements))
        else:
            print(check(Path(folder).expanduser(), Path(requirements)), end="")
    except FolderError as error:
        sys.exit(f"error: {error}")
    except OSError as error:
        sys.exit(f"error: {error.filename or folder}: {error.strerror}; fix that and run the same again")


if __name__ == "__main__":
    main(*sys.argv[1:])
