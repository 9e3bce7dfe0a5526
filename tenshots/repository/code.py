"""Which code an output depends on, as far as its imports say; `check` writes it down for DVC to compare.

A list in dvc.yaml would have to repeat the imports of every stage, file by file, and DVC gives every variant
of a stage the same dependencies, so that it could not name the file of a variant's family at all.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import lru_cache
from os import scandir
from os.path import isdir, isfile
from pathlib import Path

from tenshots.errors import DataError
from tenshots.files import file_hash

CODE_DIR = Path(__file__).parents[2]
# The stages of dvc.yaml but for `check`, which itself depends on all code: up to the page, and after it.
BEFORE_PAGE = (
    *("rehearse", "ingest", "split", "features", "inspect", "augment", "features_of_copies", "on_the_fly"),
    *("train", "evaluate", "visualise", "study"),
)
PAGE = "compare"
STAGES = (*BEFORE_PAGE, PAGE, "describe")
BUILDERS = ("rehearse", "features", "features_of_copies", "train", "visualise", "study")  # of networks
# Imported by stages, and left out with what they import in turn: an edit moves no output.
UNCOUNTED = (
    "stages/__init__.py",  # refuses settings, starts a stage, prints errors; portable.py counts anyway
    "stages/recording.py",  # tells MLflow what outputs hold, and writes none
    "stages/progress.py",  # shows how far a stage is, on standard error alone
    "tenshots/errors.py",  # names and texts of errors; a stage that raises one leaves no output
    "tenshots/repository/unfinished.py",  # gives a stage the bytes back that it made itself
    "tenshots/tracking",  # writes to MLflow alone, never an output
)
TOPS = ("stages", "tenshots")  # packages of ours
ALWAYS = "tenshots.portable"  # which every stage pins itself by
NETWORKS = "tenshots.networks"
FAMILIES = f"{NETWORKS}.families"
BUILDING = f"{NETWORKS}.building"  # what builds the networks of all families
RESOURCES = (".css", ".j2")  # what modules read beside Python
STATEMENTS = ("body", "orelse", "finalbody", "handlers", "cases")  # where a statement has further ones
AUGMENTATION = "tenshots.augmentation"
# Modules that import what only some variants use, and what that is: which family a network is of stands in
# the network's file, and how fresh copies are drawn in data/on_the_fly.
LOOKUPS = {f"{NETWORKS}.settings": FAMILIES, "stages.fresh": AUGMENTATION}
DRAWING = f"{AUGMENTATION}.copying"  # what draws fresh copies


def stage_files(stage: str, *, code_dir: Path = CODE_DIR) -> list[Path]:
    """Returns the files that the outputs of a stage depend on, sorted.

    These are its own file, what that imports, wherever in it, and the templates and styles in the folders of
    these. What only some networks are built by is in their files (`family_files`). The page
    shows a hash of all code that led to it, so its stage has the files of all stages before it and of all
    families.

    Args:
        stage: one of STAGES.
        code_dir: holds `stages` and `tenshots`.
    """
    names = [f"stages.{stage}"]
    if stage == PAGE:
        names += [f"stages.{each}" for each in ("check", *BEFORE_PAGE)] + [FAMILIES]
    found = set(_closure(*names, ALWAYS, code_dir=code_dir))
    if stage == "on_the_fly":  # which says by what variants will draw, and itself draws nothing
        found.update(drawing_files(code_dir=code_dir))
    folders = {folder for path in found for folder in path.relative_to(code_dir).parents}
    return sorted(found.union(*(_resources(code_dir / folder) for folder in folders if folder.parts)))


def family_files(family: str, *, code_dir: Path = CODE_DIR) -> list[Path]:
    """Returns the files that a network of this family is built by, sorted.

    These are the family's own file, `building.py`, and what they import, wherever in them. What they import
    of other packages than `networks` is left out where the files of all stages that build networks have it.

    Args:
        family: as in params.yaml.
        code_dir: holds `tenshots`.
    """
    stamp = _stamp(code_dir)
    found = _found((BUILDING, f"{FAMILIES}.{family}"), code_dir, stamp)
    listed = found.intersection(*(_found((f"stages.{stage}", ALWAYS), code_dir, stamp) for stage in BUILDERS))
    below = code_dir.joinpath(*NETWORKS.split("."))
    return sorted(path for path in found if below in path.parents or path not in listed)


def drawing_files(*, code_dir: Path = CODE_DIR) -> list[Path]:
    """Returns the files that fresh copies are drawn by, sorted; not what training depends on anyway."""
    found = _closure(DRAWING, code_dir=code_dir)
    return sorted(found - _closure("stages.train", ALWAYS, code_dir=code_dir))


def text(paths: Iterable[Path], *, code_dir: Path = CODE_DIR) -> str:
    """Returns a line per file: its SHA-256 and its path below `code_dir`. `sha256sum --check` reads it."""
    return "".join(f"{file_hash(path)}  {path.relative_to(code_dir).as_posix()}\n" for path in paths)


def _counts(path: str) -> bool:
    return not any(path == each or path.startswith(f"{each}/") for each in UNCOUNTED)


def _closure(*starts: str, code_dir: Path) -> frozenset[Path]:
    """The files of modules and of what they import, as far as they count."""
    return _found(starts, code_dir, _stamp(code_dir))


def _stamp(code_dir: Path) -> int:
    """What changes as soon as a file of the code is edited, added or removed."""
    found = []
    todo = [str(code_dir / name) for name in TOPS]
    while todo:
        with suppress(FileNotFoundError), scandir(todo.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    todo += [] if entry.name.startswith(("__pycache__", ".")) else [entry.path]
                elif entry.name.endswith(".py"):
                    known = entry.stat()
                    found.append((entry.path, known.st_size, known.st_mtime_ns))
    return hash(tuple(sorted(found)))


@lru_cache(maxsize=1024)  # each run in MLflow asks for the same stages, each network for those that build
def _found(starts: tuple[str, ...], code_dir: Path, stamp: int) -> frozenset[Path]:
    found: set[Path] = set()
    todo, seen = list(starts), set(starts)
    while todo:
        for path in _files_of(todo.pop(), code_dir, stamp):
            if path in found:
                continue
            found.add(path)
            names = _names(path, code_dir, stamp) - seen
            seen |= names
            todo += names
    return frozenset(found)


@lru_cache(maxsize=1024)  # stages share most of their files
def _names(path: Path, code_dir: Path, stamp: int) -> frozenset[str]:
    """What a file imports, as dotted names, but for what only some variants use."""
    del stamp  # distinguishes states of the code
    own = path.relative_to(code_dir)
    names = _imported(path.read_bytes(), own)
    if left_out := LOOKUPS.get(".".join(own.with_suffix("").parts)):
        names = tuple(name for name in names if not f"{name}.".startswith(f"{left_out}."))
    return frozenset(names)


@lru_cache(maxsize=4096)
def _files_of(name: str, code_dir: Path, stamp: int) -> tuple[Path, ...]:
    """The files of ours that a dotted name stands for, as far as they count."""
    del stamp  # distinguishes states of the code
    found = _places(name, code_dir=code_dir)
    return tuple(path for path in found if _counts(path.relative_to(code_dir).as_posix()))


def _places(name: str, *, code_dir: Path) -> Iterator[Path]:
    """Yields the files of ours that a dotted name stands for: a module, or the one that has it.

    With the packages around, where they hold code; a name of a package stands for all of its modules.
    """
    parts = name.removesuffix(".*").split(".")
    if parts[0] not in TOPS:
        return
    place = str(code_dir)
    for depth, part in enumerate(parts, start=1):
        place = f"{place}/{part}"
        # Of thousands of names most are no files, and pathlib would take twice as long to say so.
        if isfile(f"{place}.py"):  # noqa: PTH113
            yield Path(f"{place}.py")
        elif isfile(f"{place}/__init__.py"):  # noqa: PTH113
            around = Path(f"{place}/__init__.py")
            if not _is_docstring_alone(around.read_bytes(), around.relative_to(code_dir)):
                yield around
        if depth == len(parts) and isdir(place):  # noqa: PTH112
            yield from (each for each in Path(place).glob("[!.]*.py") if each.name != "__init__.py")


def _parsed(source: bytes, path: Path) -> ast.Module:
    try:
        return ast.parse(source, filename=str(path))
    except (SyntaxError, ValueError) as error:  # the latter where there are null bytes
        raise DataError(f"{path} is not valid Python: {error}; mend it") from None


@lru_cache(maxsize=1024)
def _is_docstring_alone(source: bytes, path: Path) -> bool:
    """Whether there is nothing but a docstring, as in `__init__.py` of most packages."""
    body = _parsed(source, path).body
    return all(isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) for node in body)


@lru_cache(maxsize=1024)  # by content: copies and states of the code share most files
def _imported(source: bytes, path: Path) -> tuple[str, ...]:
    """The dotted names that a file imports: of modules, and of what is in them; `path` is below CODE_DIR."""
    names: list[str] = []
    package = path.parent.parts
    todo: list[ast.AST] = [_parsed(source, path)]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            # One dot is the file's own package, each further one the package around that.
            around = package[: len(package) + 1 - node.level] if node.level else ()
            module = ".".join([*around, *([node.module] if node.module else [])])
            names += [f"{module}.{alias.name}" for alias in node.names]
        # Unlike `ast.walk`, statements alone: most of a tree are expressions, and none imports.
        todo += [each for field in STATEMENTS for each in getattr(node, field, ())]
    return tuple(names)


def _resources(folder: Path) -> set[Path]:
    """Templates and styles in a folder, also in folders of it that are not packages."""
    found: set[Path] = set()
    for path in folder.iterdir():
        if path.name.startswith("."):  # as in .dvcignore
            continue
        if path.is_dir():
            found |= set() if (path / "__init__.py").exists() else _resources(path)
        elif path.suffix in RESOURCES:
            found.add(path)
    return found
