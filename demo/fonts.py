"""The fonts that pictures are lettered with, as bundled with the packages of requirements.txt.

Inter (bpy; SIL Open Font License 1.1), DejaVu Sans, Serif and Mono (matplotlib; Bitstream Vera and public
domain), STIX General (matplotlib; SIL Open Font License 1.1), Computer Modern (matplotlib's copy, BaKoMa
Fonts Licence). Only pictures of their letters are in the photos.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from PIL import ImageFont

Font = ImageFont.FreeTypeFont
WEIGHTS = {"light": b"Light", "sans": b"Regular", "bold": b"Bold", "black": b"Black"}
FILES = {
    "serif": "DejaVuSerif.ttf",
    "serif bold": "DejaVuSerif-Bold.ttf",
    "serif italic": "DejaVuSerif-Italic.ttf",
    "mono": "DejaVuSansMono.ttf",
    "dejavu": "DejaVuSans.ttf",
    "dejavu bold": "DejaVuSans-Bold.ttf",
    "times": "STIXGeneral.ttf",
    "times bold": "STIXGeneralBol.ttf",
    "times italic": "STIXGeneralItalic.ttf",
    "hand": "cmti10.ttf",
    "type": "cmtt10.ttf",
}


def _folder(package: str) -> Path:
    found = find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError(f"{package} must be installed: pip install -r demo/requirements.txt")
    return Path(found.submodule_search_locations[0])


@cache
def font(style: str, size_px: int) -> Font:
    """Returns a font; `style` is a key of WEIGHTS (Inter) or FILES."""
    if style in WEIGHTS:
        path = next(_folder("bpy").glob("*/datafiles/fonts/Inter.woff2"))
        made = ImageFont.truetype(path, size_px)
        made.set_variation_by_name(WEIGHTS[style])
        return made
    return ImageFont.truetype(_folder("matplotlib") / "mpl-data/fonts/ttf" / FILES[style], size_px)
