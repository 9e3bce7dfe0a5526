"""The documents name what exists: commands, stages, variants, settings, files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

TOP = Path(__file__).parents[1]
DOCUMENTS = tuple(TOP / name for name in ("README.md", "DEVELOPMENT.md", "SECURITY.md"))
PARAMS: dict[str, Any] = YAML(typ="safe").load(TOP / "params.yaml")
STAGES: dict[str, Any] = YAML(typ="safe").load(TOP / "dvc.yaml")["stages"]
PLACES = ("data", "stages", "tenshots", "tests", "reports", "requirements", "benchmarks", "demo", "backbones")
# Made by whoever follows the document, not by us.
MADE_BY_PEOPLE = ("data/raw",)

PAGES = (*DOCUMENTS, TOP / "benchmarks/README.md", *sorted((TOP / "docs").rglob("*.md")))
documents = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)


pages = pytest.mark.parametrize("document", PAGES, ids=lambda path: path.relative_to(TOP).as_posix())


def code_in(document: Path) -> list[str]:
    """What a document sets as code: the lines of blocks, without comments, and text in backticks."""
    text = document.read_text(encoding="utf-8")
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    lines = [re.split(r"\s+#", line)[0] for block in blocks for line in block.splitlines()]
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return lines + [" ".join(code.split()) for code in re.findall(r"`([^`]+)`", prose)]


def described_in(document: Path) -> dict[str, Any]:
    """The shipped settings, with those that a document tells its reader to add: its blocks of YAML."""
    text = document.read_text(encoding="utf-8")
    values = {key: dict(part) if isinstance(part, dict) else part for key, part in PARAMS.items()}
    for block in re.findall(r"^```yaml\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL):
        for key, part in YAML(typ="safe").load(block).items():
            values[key] |= part
    return values


def has(values: Any, key: str) -> bool:  # noqa: ANN401 (settings)
    for name in key.split("."):
        if not isinstance(values, dict) or name not in values:
            return False
        values = values[name]
    return True


def is_module(name: str) -> bool:
    path = TOP.joinpath(*name.split("."))
    return path.with_suffix(".py").is_file() or (path / "__main__.py").is_file()


@documents
def test_every_make_target_exists(document: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (TOP / "Makefile").read_text(), flags=re.MULTILINE))
    named = {
        target for code in code_in(document) for target in re.findall(r"^(?:\w+=\S+ )?make ([a-z-]+)", code)
    }
    assert named
    assert named <= targets


@pages
def test_every_module_that_is_run_exists(document: Path) -> None:
    ours = ("stages.", "benchmarks.", "backbones.", "demo.")
    named = {name for code in code_in(document) for name in re.findall(r"python -m ([\w.]+)", code)}
    assert named or document not in DOCUMENTS
    assert not {name for name in named if name.startswith(ours) and not is_module(name)}


@documents
def test_every_setting_on_a_command_line_exists(document: Path) -> None:
    named = {key for code in code_in(document) for key in re.findall(r"(?:-S|--set-param) ([\w.]+)=", code)}
    assert not {key for key in named if not has(described_in(document), key)}


@documents
def test_every_dotted_setting_exists(document: Path) -> None:
    sections = {key for key, value in PARAMS.items() if isinstance(value, dict)}
    files = {path.suffix for path in TOP.iterdir() if path.suffix} | {".csv", ".py", ".html", ".json"}
    named = {
        code
        for code in code_in(document)
        if re.fullmatch(r"\w+(\.\w+)+", code)
        and code.split(".")[0] in sections
        and Path(code).suffix not in files
    }
    assert not {key for key in named if not has(described_in(document), key)}


@documents
def test_every_stage_exists_and_every_variant_after_it(document: Path) -> None:
    code = "\n".join(code_in(document))
    named = re.findall(r"\b(train|evaluate)@(\w+)", code)
    assert not {variant for _, variant in named if variant not in PARAMS["variants"]}
    reproduced = re.findall(r"^(?:\.venv/bin/)?dvc repro ([a-z_]+)\b", code, flags=re.MULTILINE)
    assert not {stage for stage in reproduced if stage not in STAGES}
    predicted = re.findall(r"--variant (\w+)", code)
    assert not {variant for variant in predicted if variant not in PARAMS["variants"]}


def test_the_readme_names_every_stage_and_no_other() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", (TOP / "README.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert rows == list(STAGES)


@documents
def test_every_file_of_ours_exists(document: Path) -> None:
    outputs = str(STAGES)
    named = {
        code.rstrip("/")
        for code in code_in(document)
        if re.fullmatch(r"[\w.-]+(/[\w.-]+)+/?", code) and code.split("/")[0] in PLACES
    }
    absent = {name for name in named if not (TOP / name).exists() and name not in outputs}
    templates = {name for name in absent if re.search(r"[A-Z]{3,}", name)}  # such as data/models/VARIANT
    assert not {name for name in absent - templates if not name.startswith(MADE_BY_PEOPLE)}


@pages
def test_every_link_inside_the_project_leads_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text(encoding="utf-8"))
    assert not [link for link in links if "://" not in link and not (document.parent / link).exists()]


def test_the_tree_names_what_lies_at_the_top() -> None:
    text = (TOP / "README.md").read_text(encoding="utf-8")
    tree = text.split("## The tree")[1].split("```")[1]
    named = re.findall(r"^([\w.]+)/?\s{2,}", tree, flags=re.MULTILINE)
    assert {"stages", "tenshots", "params.yaml", "dvc.yaml"} <= set(named)
    assert not [name for name in named if not (TOP / name).exists()]


def test_the_tree_names_every_package_of_the_library() -> None:
    text = (TOP / "README.md").read_text(encoding="utf-8")
    tree = text.split("## The tree")[1].split("```")[1]
    named = re.findall(r"^    (\w+)/\s{2,}", tree, flags=re.MULTILINE)
    assert sorted(named) == sorted(path.parent.name for path in (TOP / "tenshots").glob("*/__init__.py"))


def test_every_setting_is_explained_beside_it() -> None:
    """At the top level, where no section heads it, each line of params.yaml has a comment."""
    lines = (TOP / "params.yaml").read_text(encoding="utf-8").splitlines()
    top_level = [line for line in lines if re.match(r"\w+: *\S", line) and not line.endswith(":")]
    assert top_level
    assert not [line for line in top_level if "#" not in line]


def test_the_readme_shows_the_committed_comparison() -> None:
    text = (TOP / "README.md").read_text(encoding="utf-8")
    found = re.search(r"<!-- reports/comparison\.md -->\n(.*?)\n<!-- end -->", text, flags=re.DOTALL)
    assert found is not None
    assert found[1].strip() == (TOP / "reports" / "comparison.md").read_text(encoding="utf-8").strip()
