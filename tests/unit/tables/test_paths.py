"""Where outputs lie is said by dvc.yaml (for DVC) and tenshots.tables.paths (for the code) alone."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest
from ruamel.yaml import YAML

from tenshots.intake.layout import OUTPUTS
from tenshots.tables import paths

TOP = Path(__file__).parents[3]
KNOWN = {value for value in vars(paths).values() if isinstance(value, PurePosixPath)}


def outs() -> set[PurePosixPath]:
    """The outputs of all stages, without the name of a variant or network and what lies in its folder."""
    stages = YAML(typ="safe").load(TOP / "dvc.yaml")["stages"]
    bodies = [body.get("do", body) for body in stages.values()]
    written = [out for body in bodies for kind in ("outs", "metrics") for out in body.get(kind, [])]
    names = [next(iter(out)) if isinstance(out, dict) else out for out in written]
    return {PurePosixPath(name.partition("/${")[0]) for name in names}


def test_every_output_of_dvc_yaml_is_a_path_here_or_a_report_or_has_features_of_a_data_set() -> None:
    unknown = outs() - {PurePosixPath(path) for path in KNOWN}
    assert {path for path in unknown if path.parent not in (paths.REPORTS, paths.FEATURES)} == set()


def test_photos_may_lie_in_no_output() -> None:
    assert not {path for path in outs() if not any(path.is_relative_to(output) for output in OUTPUTS)}


def texts(module: Path) -> Iterator[tuple[int, str]]:
    """Yields the line and the value of each text in a module, those in f-strings too, without docstrings."""
    nodes = list(ast.walk(ast.parse(module.read_text(encoding="utf-8"))))
    docstrings = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.lineno, node.value


def pattern() -> re.Pattern[str]:
    """What finds the path of an output, or of a file of one, in whatever sentence."""
    known = (re.escape(str(path)) for path in (KNOWN | outs()) - {paths.DATA, paths.REPORTS})
    return re.compile(rf"(?<![\w/])({'|'.join(known)})(?!\w)")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("data/splits/splits.csv", True),
        ("data/models/baseline/model.json", True),
        ("data/evaluations is of other networks", True),
        ("not in data/database; run `dvc repro`", True),
        ("data/raw", False),
        ("data", False),
        ("data/models2", False),
    ],
)
def test_a_text_names_an_output_or_not(text: str, expected: bool) -> None:
    assert (pattern().search(text) is not None) is expected


def test_no_other_module_holds_the_path_of_an_output() -> None:
    named = pattern()
    written = {
        f"{path.relative_to(TOP)}:{line}: {text}"
        for folder in ("stages", "tenshots")
        for path in (TOP / folder).rglob("*.py")
        if path != Path(paths.__file__)
        for line, text in texts(path)
        if named.search(text)
    }
    assert not written
