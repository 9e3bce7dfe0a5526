"""Who may import whom: the packages of the library, and what each says of itself."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

TOP = Path(__file__).parents[1]
LIBRARY = TOP / "tenshots"
# Modules at the top of the library, which anyone may import; in this order, each only those before it.
GROUND = (
    *(
        "errors",
        "wording",
        "lettering",
        "files",
        "params",
        "entries",
        "choices",
        "portable",
        "seeds",
        "shortages",
    ),
    *("cores", "runtime"),
)
# Besides the ground. The directions are what keeps an edit of one room from moving all the others.
ALLOWED: dict[str, set[str]] = {
    "tables": set(),
    "networks": set(),
    "repository": set(),
    "intake": {"tables"},
    "splitting": {"tables"},
    "augmentation": {"tables"},
    "training": {"tables", "networks"},
    "evaluation": {"tables", "networks"},
    "labels": {"tables", "networks"},
    "interpretation": {"tables", "networks"},
    "statistics": {"tables", "evaluation"},
    "studies": {"tables", "training", "splitting", "augmentation", "statistics"},
    "outlook": {"tables", "augmentation", "networks", "training", "studies", "statistics"},
    "tracking": {"tables", "statistics", "repository"},
    "pages": {"tables", "statistics", "labels", "tracking"},
    "cards": {"tables", "statistics"},
    # Judges all settings, so it knows the models of all sections.
    "checks": {
        "tables",
        "intake",
        "splitting",
        "augmentation",
        "networks",
        "training",
        "labels",
        "interpretation",
        "studies",
        "pages",
        "repository",
    },
}
# Reasons for more than 300 lines, in the words of the file's own comment.
LONG = "Longer than 300 lines: "


def imports_of(module: Path) -> Iterator[str]:
    """Yields the dotted names of ours that a module imports, wherever in it, without `tenshots`."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name.removeprefix("tenshots.") for name in names if name.startswith("tenshots."))


MODULES = sorted(LIBRARY.rglob("*.py"))


@pytest.mark.parametrize("room", sorted(ALLOWED))
def test_a_package_imports_only_what_it_may(room: str) -> None:
    wrong = {
        f"{module.relative_to(LIBRARY)} imports {name}"
        for module in MODULES
        if module.relative_to(LIBRARY).parts[0] == room
        for name in imports_of(module)
        if (top := name.split(".")[0]) != room and top not in GROUND and top not in ALLOWED[room]
    }
    assert not wrong


def test_the_ground_stands_on_itself_alone() -> None:
    for number, name in enumerate(GROUND):
        below = {each.split(".")[0] for each in imports_of(LIBRARY / f"{name}.py")}
        assert below <= set(GROUND[:number]), name


def test_every_module_is_in_a_room() -> None:
    rooms = {path.name for path in LIBRARY.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert rooms == set(ALLOWED)
    assert {path.stem for path in LIBRARY.glob("*.py")} == {"__init__", *GROUND}


def test_the_table_has_no_circle() -> None:
    done: set[str] = set()
    while todo := {room for room, below in ALLOWED.items() if room not in done and below <= done}:
        done |= todo
    assert done == set(ALLOWED)


def test_no_permission_is_left_over() -> None:
    used = {
        (module.relative_to(LIBRARY).parts[0], name.split(".")[0])
        for module in MODULES
        for name in imports_of(module)
    }
    assert {(room, each) for room, below in ALLOWED.items() for each in below} <= used


def test_each_package_opens_with_what_goes_in_and_what_comes_out() -> None:
    for path in LIBRARY.rglob("__init__.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert len(tree.body) == 1, f"{path} holds code: importing a module would import it"
        said = ast.get_docstring(tree) or ""
        if path.parent != LIBRARY:
            assert len(said.splitlines()) >= 3, path


def test_a_long_file_says_why() -> None:
    silent = {
        path.relative_to(TOP).as_posix(): len(lines)
        for folder in ("tenshots", "stages")
        for path in (TOP / folder).rglob("*.py")
        if len(lines := path.read_text(encoding="utf-8").splitlines()) > 300
        and not any(line.startswith(f"# {LONG}") for line in lines)
    }
    assert not silent


def imported_tests(module: Path) -> set[str]:
    """The modules of tests, without what is drawn for all, that a module imports or runs by import."""
    found = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            # What is relative stays within tests.
            parent = ("tests." if node.level else "") + (node.module or "")
            found |= {f"{parent}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and "import" in node.value:
            found |= set(re.findall(r"tests\.[\w.]+", node.value))  # code for another process
    return {name for name in found if re.match(r"tests\.(?!drawn\b)", name)}


@pytest.mark.parametrize("folder", ["tests", "benchmarks"])
def test_nothing_is_imported_from_a_module_of_tests(folder: str) -> None:
    modules = sorted((TOP / folder).rglob("*.py"))
    wrong = {
        f"{module.relative_to(TOP)} imports {name}: what tests share lies in tests/drawn"
        for module in modules
        if module != Path(__file__)
        for name in imported_tests(module)
    }
    assert not wrong


def test_unit_tests_lie_in_the_folder_of_their_package() -> None:
    """At the top are those of modules that lie there, too, or of none: the ground's."""
    unit = TOP / "tests" / "unit"
    beside = {"stages", "benchmarks", "backbones", "demo", "requirements"}
    packages = {path.parent.relative_to(LIBRARY).as_posix() for path in LIBRARY.rglob("__init__.py")}
    folders = {path.parent.relative_to(unit).as_posix() for path in unit.rglob("test_*.py")}
    assert folders <= packages | beside
    assert {path.stem for path in unit.glob("test_*.py")} <= {f"test_{name}" for name in GROUND}
