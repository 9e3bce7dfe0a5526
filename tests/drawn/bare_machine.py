"""A bare clone on a machine that lacks most things, and an index of small drawn packages to install from."""

from __future__ import annotations

import hashlib
import inspect
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

# What Ubuntu 22.04, Debian 12 and CPython 3.11.7 ship; each fails at resolving pinned packages by itself.
OLD_PIPS = {
    "22.0.2": "682eabc4716bfce606aca8dab488e9c7b58b0737e9001004eb858cdafcd8dbdd",
    "23.0.1": "236bcb61156d76c4b8a05821b988c7b8c35bf0da28a4b614e8d6ab5212c25c6f",
    "23.2.1": "7ccf472345f20d35bdc9d1841ff5f313260c2c33fe417f48c30ac46cccabf5be",
}

TOP = Path(__file__).parents[2]
TOOLS = ("sh", "awk", "cat", "cp", "df", "dirname", "git", "head", "make", "mkdir", "rm")
PYTHON = str(Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}")


class Machine:
    """A clone on a machine that has only what a test gives it; its folder's name has a blank."""

    def __init__(self, folder: Path) -> None:
        self.clone = folder / "a clone"
        self.bin_dir = folder / "bin"
        self.index = folder / "index"
        for path in (self.clone / "requirements", self.bin_dir, self.index):
            path.mkdir(parents=True)
        for name in ("setup.sh", "Makefile", "requirements/wheels.py"):
            shutil.copy(TOP / name, self.clone / name)
        for name in ("requirements.txt", "requirements-dev.txt", "requirements/wheels.txt"):
            (self.clone / name).write_text("# nothing\n")
        for tool in TOOLS:
            self.lend(tool)
        subprocess.run(["git", "init", "--quiet"], cwd=self.clone, check=True)

    def lend(self, tool: str) -> None:
        """Puts one of this machine's tools there."""
        path = shutil.which(tool)
        assert path, f"this test needs {tool}"
        (self.bin_dir / tool).symlink_to(path)

    def write_python(self, script: str) -> None:
        """Puts a stand-in in the place of the system's Python."""
        (self.bin_dir / "python3").write_text(f"#!/bin/sh\n{script}\n")
        (self.bin_dir / "python3").chmod(0o755)

    def setup(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Runs set-up, or another command, with what was lent; pip knows the drawn index alone."""
        return subprocess.run(
            command or ("sh", "setup.sh", "requirements.txt"),
            cwd=self.clone,
            env={
                "PATH": str(self.bin_dir),
                "HOME": "/nonexistent",
                "GIT_CONFIG_GLOBAL": os.devnull,
                "GIT_CONFIG_NOSYSTEM": "1",
                "GIT_CEILING_DIRECTORIES": str(self.clone.parent),
                "PIP_CONFIG_FILE": os.devnull,
                "PIP_INDEX_URL": self.index.as_uri(),
                "PIP_NO_CACHE_DIR": "1",
                **environment,
            },
            capture_output=True,
            text=True,
            check=False,
        )

    def use_environment(self, made: Path) -> None:
        """Puts a copy of an environment in the place of .venv, as if it had been made there."""
        shutil.copytree(made, self.clone / ".venv", symlinks=True)
        with (self.clone / ".venv/pyvenv.cfg").open("a") as configuration:
            configuration.write(f"command = python -m venv {self.clone}/.venv\n")

    def git(self, *arguments: str) -> str:
        """Returns what git answers in the clone."""
        return self.setup("git", *arguments).stdout.strip()

    def pin(self, *lines: str, file: str = "requirements.txt") -> None:
        """Writes a file of requirements."""
        (self.clone / file).write_text("# compiled\n" + "".join(lines))

    def publish(self, name: str, version: str, *requires: str, size: int = 0) -> str:
        """Puts a wheel into the index, of one module with so many bytes of comment, and returns its pin."""
        path = self.page(name) / f"{name}-{version}-py3-none-any.whl"
        draw_wheel(path, {f"{name}.py": "#" * size}, *requires)
        return self.offer(path, f"{name}=={version}")

    def publish_source(self, name: str, version: str) -> str:
        """Puts an archive into the index of which setuptools must make a wheel, and returns its pin."""
        path = self.page(name) / f"{name}-{version}.tar.gz"
        with tarfile.open(path, "w:gz") as archive:
            for file in ("setup.py", "PKG-INFO"):
                text = (
                    f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n" if file == "PKG-INFO" else ""
                )
                member = tarfile.TarInfo(f"{name}-{version}/{file}")
                member.size = len(text)
                archive.addfile(member, io.BytesIO(text.encode()))
        return self.offer(path, f"{name}=={version}")

    def publish_setuptools(self, version: str, backend: str) -> str:
        """Puts a stand-in for setuptools into the index that builds by this code, and returns its pin."""
        path = self.page("setuptools") / f"setuptools-{version}-py3-none-any.whl"
        draw_wheel(path, {"setuptools/__init__.py": "", "setuptools/build_meta.py": backend})
        return self.offer(path, f"setuptools=={version}")

    def page(self, name: str) -> Path:
        """The folder of a package in the index."""
        (self.index / name).mkdir(exist_ok=True)
        return self.index / name

    def offer(self, path: Path, pin: str) -> str:
        """Lists a file of the index on its package's page, and returns its pin with its hash."""
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        with (path.parent / "index.html").open("a") as page:
            page.write(f'<a href="{path.name}#sha256={digest}">{path.name}</a>\n')
        return f"{pin} \\\n    --hash=sha256:{digest}\n"

    def installed(self) -> dict[str, str]:
        """The drawn packages in .venv with their versions."""
        code = (
            "import importlib.metadata, json\n"
            "found = importlib.metadata.distributions()\n"
            "ours = [each for each in found if 'Generator: drawn' in (each.read_text('WHEEL') or '')]\n"
            "print(json.dumps({each.name: each.version for each in ours}))"
        )
        answer = self.setup(".venv/bin/python", "-c", code)
        assert answer.returncode == 0, answer.stderr
        found: dict[str, str] = json.loads(answer.stdout)
        return found


def draw_wheel(path: Path, files: dict[str, str], *requires: str) -> None:
    """Writes a wheel of some files, which also offers an extra of nothing, named `more`."""
    name, version = path.name.split("-")[:2]
    info = f"{name}-{version}.dist-info"
    needs = "".join(f"Requires-Dist: {other}\n" for other in requires)
    head = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nProvides-Extra: more\n"
    files = {
        **files,
        f"{info}/METADATA": head + needs,
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: drawn\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{file},,\n" for file in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in files.items():
            archive.writestr(file, text)


# What a drawn setuptools builds with: the wheel of a project without a single module.
BACKEND = f"""
import zipfile
from pathlib import Path

{inspect.getsource(draw_wheel)}

class __legacy__:
    @staticmethod
    def build_wheel(folder, config_settings=None, metadata_directory=None):
        lines = dict(line.split(": ") for line in Path("PKG-INFO").read_text().splitlines())
        name = lines["Name"].replace("-", "_")
        path = Path(folder) / f"{{name}}-{{lines['Version']}}-py3-none-any.whl"
        draw_wheel(path, {{}})
        return path.name
"""


def refused(answer: subprocess.CompletedProcess[str]) -> str:
    """The one line of an error."""
    assert answer.returncode != 0
    [line] = answer.stderr.splitlines()
    assert line.startswith("error: ")
    return line
