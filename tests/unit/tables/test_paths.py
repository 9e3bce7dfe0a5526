"""Where outputs lie is said by dvc.yaml (for DVC) and tenshots.tables.paths (for the code) alone."""

from __future__ import annotations

import ast
from pathlib import Path, PurePosixPath

from ruamel.yaml import YAML

from tenshots.intake.layout import OUTPUTS
from tenshots.tables import paths

TOP = Path(__file__).parents[3]
KNOWN = {value for value in vars(paths).values() if isinstance(value, PurePosixPath)}


def outs() -> set[PurePosixPath]:
    """The outputs of all stages, without the name of a variant and what lies in its folder."""
    stages = YAML(typ="safe").load(TOP / "dvc.yaml")["stages"]
    bodies = [body.get("do", body) for body in stages.values()]
    written = [out for body in bodies for kind in ("outs", "metrics") for out in body.get(kind, [])]
    names = [next(iter(out)) if isinstance(out, dict) else out for out in written]
    return {PurePosixPath(name.partition("/${")[0]) for name in names}


def test_every_output_of_dvc_yaml_is_a_path_here_or_a_report() -> None:
    unknown = outs() - {PurePosixPath(path) for path in KNOWN}
    assert {path for path in unknown if path.parent != PurePosixPath(paths.REPORTS)} == set()


def test_photos_may_lie_in_no_output() -> None:
    assert not {path for path in outs() if not any(path.is_relative_to(output) for output in OUTPUTS)}


def test_no_other_module_holds_a_path_below_data_or_reports() -> None:
    written = {
        f"{path.relative_to(TOP)}:{node.lineno}"
        for folder in ("stages", "tenshots")
        for path in (TOP / folder).rglob("*.py")
        if path != Path(paths.__file__)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) == "Path"
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and str(node.args[0].value).split("/")[0] in (str(paths.DATA), str(paths.REPORTS))
    }
    assert not written
