"""Families are files: each is found by its name, says what it is, and is read without Keras."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import pytest

from tenshots.errors import SettingsError
from tenshots.networks import families as package
from tenshots.networks import settings

TOP = Path(__file__).parents[3]
TINY = {"family": "dense", "input_px": 8, "channels": 3, "units": [4], "dropout": 0.1}
NETWORKS = {"networks": {"plain": TINY}}


def test_each_file_is_a_family() -> None:
    files = {path.stem for path in Path(package.__path__[0]).glob("*.py")} - {"__init__"}
    assert set(settings.families()) == files
    assert {"convolutional", "dense", "layers", "pretrained", "vgg"} <= files


def test_a_folder_is_no_family(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "nested").mkdir()
    (tmp_path / "nested/__init__.py").touch()
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    assert "nested" not in settings.families()


def test_a_file_more_is_a_family_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = inspect.getsource(sys.modules[settings.settings_from(TINY, at="").__module__])
    (tmp_path / "drawn_family.py").write_text(text.replace('"a network of dense layers"', '"something new"'))
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    found = settings.settings_from({**TINY, "family": "drawn_family"}, at="networks.new")
    assert found.title == "something new"
    monkeypatch.delitem(sys.modules, f"{package.__name__}.drawn_family")


@pytest.mark.parametrize(
    "family", ["os", "..settings", "dense.os", "Dense", "__init__", "", None, 3, ["dense"]]
)
def test_nothing_else_is_imported(family: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.import_module", lambda name: pytest.fail(f"{name} was imported"))
    known = ", ".join(settings.families())
    with pytest.raises(SettingsError, match=rf"networks\.x\.family must be one of {known}, got"):
        settings.settings_from({**TINY, "family": family}, at="networks.x")


def test_each_family_says_what_it_is_and_is_read_without_keras() -> None:
    code = (
        "import importlib, sys\n"
        "from types import SimpleNamespace\n"
        "from tenshots.networks import settings\n"
        "for name in settings.families():\n"
        "    model = importlib.import_module(f'tenshots.networks.families.{name}').SETTINGS\n"
        "    backbone = SimpleNamespace(weights='imagenet', reused=None)\n"
        "    given = {'backbone': backbone, 'depth': 16, 'width': 8, 'shortcut': 'plain'}\n"
        "    settings = model.model_construct(**given)\n"
        "    print(name, settings.title, settings.taught, sep=': ')\n"
        "print(sorted({'keras', 'tensorflow', 'jax', 'h5py', 'numpy'} & set(sys.modules)))\n"
    )
    answer = subprocess.run([sys.executable, "-c", code], cwd=TOP, capture_output=True, text=True, check=True)
    *families, imported = answer.stdout.splitlines()
    assert [line.split(": ")[0] for line in families] == settings.families()
    assert all(line.endswith(": from scratch") or line.startswith("pretrained: ") for line in families)
    assert {
        "convolutional: a convolutional network: from scratch",
        "dense: a network of dense layers: from scratch",
        "layers: a network of one's own: from scratch",
        "pretrained: a convolutional network with a pretrained backbone: pretrained",
        "resnet: a plain convolutional network as deep as ResNet-16: from scratch",
        "wide_resnet: Wide ResNet-16-8, a convolutional network with shortcuts: from scratch",
    } <= set(families)
    assert imported == "[]"


def test_a_network_is_found_or_the_message_says_who_asked_and_what_there_is() -> None:
    assert settings.described(NETWORKS, "plain", asked="--network") == TINY
    for name, hint in (("plane", "did you mean 'plain'"), ("x", "there is plain")):
        with pytest.raises(
            SettingsError, match=f"^--network must be a key of networks, got '{name}'; {hint}"
        ):
            settings.described(NETWORKS, name, asked="--network")
    with pytest.raises(SettingsError, match="there is none"):
        settings.described({}, "plain", asked="--network")


def test_what_needs_a_backbone_refuses_a_network_without_one() -> None:
    with pytest.raises(
        SettingsError, match=r"^--network must name a network with a backbone.* family dense$"
    ):
        settings.with_backbone(NETWORKS, "plain", asked="--network")
