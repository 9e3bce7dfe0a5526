"""One file's bytes → one standard photo: a square of 8-bit sRGB, without metadata, in bounded memory."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image, ImageColor

from tenshots.errors import RejectedPhoto
from tenshots.intake.photos import colours, footprint, formats, integrity, metadata
from tenshots.intake.photos.metadata import TURNS, Facts

if TYPE_CHECKING:  # not in the processes that decode: pydantic takes as long to import as all of the above
    from tenshots.intake.settings import AcceptSettings
    from tenshots.tables.encoding import StandardiseSettings

PAD_GREY = 127  # of 255: near the mean of most photos, so that borders say little to a network
THUMBNAIL_PX = 32
# What one photo may take on its way, the process included, unless more megapixels are accepted.
MAX_DECODING_BYTES = 1_000_000_000
BYTES_PER_ACCEPTED_PIXEL = 5  # as many for `accept.max_megapixels` of 200
# Photos that take more are decoded one at a time, for a machine may have sixteen cores: N workers take at
# most the limit and N - 1 times 300 MB, this without the process. A HEIC of 24 million pixels takes 340 MB.
LARGE_BYTES = 400_000_000
# Of a frame in its canvas, at least: a quarter of each side, 24 of the default 96 px. Encoders leave out what
# is clear, so many a frame is smaller than its canvas; but below that hardly anything of a thing is left.
FRAME_SHARE = 1 / 16


class StandardPhoto(NamedTuple):
    """A standard photo, and what is known of the file that it came from.

    Attributes:
        image: uint8, (size_px, size_px, 3), sRGB; it is for the caller to encode.
        thumbnail: uint8, (THUMBNAIL_PX, THUMBNAIL_PX, 3), sRGB: the whole upright photo as a square,
            stretched whatever `fit` is.
        format: the file's: JPEG, PNG, WEBP, HEIF, AVIF, TIFF, BMP or GIF.
        width: px, of the upright photo before standardising.
        height: px, likewise.
        orientation: 1 to 8, as EXIF counts; of HEIC and AVIF what their own turn and mirror make of it, for
            these count and EXIF's does not; 1 where the file says nothing.
        camera: make and model of EXIF, "" if unknown.
        taken: when, by EXIF and the camera's clock, as in 2026-11-20T12:34:56; "" if unknown or nonsense.
        sharpness: variance of the Laplacian of the luma, which lies in [0, 1], of the standard photo without
            its borders; 0 where that is narrower than 3 px. Comparable within one `size_px`.
        brightness: mean of that luma, 0 to 1.
        note: "", or what a person should know, such as "first of 12 frames".
    """

    image: np.ndarray
    thumbnail: np.ndarray
    format: str
    width: int
    height: int
    orientation: int
    camera: str
    taken: str
    sharpness: float
    brightness: float
    note: str


def standardise(
    data: bytes,
    settings: StandardiseSettings,
    accept: AcceptSettings,
    *,
    turn: AbstractContextManager[object] | None = None,
) -> StandardPhoto:
    """Turns a photo file into a standard photo.

    The format is told by content, never by name. The photo is set upright, more than 8 bits per channel are
    scaled to 8, colours become sRGB, and transparent parts show the background. Of several frames the first
    counts, and of the pictures in a HEIC file the main one.

    Args:
        data: the file's bytes; how many there may be is for the caller to check, before reading them.
        settings: side in px, and how the photo fits into the square.
        accept: how small and large a photo may be, and the background.
        turn: held while a photo is decoded that takes more than `LARGE_BYTES` of memory.

    Raises:
        RejectedPhoto: no known image format; a camera's RAW file; too few or too many pixels; damaged or
            incomplete; pixels of no known range.
    """
    name = formats.kind(data)
    image, data, metadata_note = formats.opened(data, name)
    full_size = image.size
    _check_size(full_size, formats.frame_size(image, data, name), accept)
    try:
        # libjpeg decodes at 1/2, 1/4 or 1/8 for a fraction of the time. At twice the target or more, real
        # photos came out at 46 dB or more against a full decode, 12 million pixels at 224 px at 50 or more.
        scaled = _scaled(full_size, settings)
        draft_size = (2 * max(scaled[0], THUMBNAIL_PX), 2 * max(scaled[1], THUMBNAIL_PX))
        image.draft(None, draft_size)
        num_bytes = footprint.decoding_bytes(image, data, name, full_size, scaled[0])
        _check_memory(num_bytes, full_size, name, accept)
        with turn if turn and num_bytes > LARGE_BYTES else nullcontext():
            # This may decode, to find what stands behind the pixels.
            facts = metadata.read(image, data, name)
            image, end_note = integrity.load(image, data, name, draft_size)
            flat_note = integrity.note_of_flat_end(image, data, name, facts.orientation)
            small, thumbnail, colour_note = _reduced(image, facts, settings, accept)
    except (MemoryError, RejectedPhoto):
        raise
    # Pillow raises many kinds for broken files, struct.error and SyntaxError among them.
    except Exception as error:
        raise RejectedPhoto(formats.damaged(name, error)) from error
    if name not in formats.TURNED_BY_DECODER and facts.orientation in TURNS:
        small, thumbnail = (part.transpose(TURNS[facts.orientation]) for part in (small, thumbnail))
        full_size = full_size[::-1] if facts.orientation >= 5 else full_size
    elif name in formats.TURNED_BY_DECODER:
        full_size = image.size
    luma = np.asarray(small.convert("L")).astype(np.int64)
    return StandardPhoto(
        image=np.asarray(_padded(small, settings.size_px)),
        thumbnail=np.array(thumbnail),
        format=name,
        width=full_size[0],
        height=full_size[1],
        orientation=facts.orientation,
        camera=facts.camera,
        taken=facts.taken,
        sharpness=_sharpness(luma),
        brightness=float(luma.mean()) / 255,
        note=", ".join(filter(None, (facts.note, metadata_note, end_note, flat_note, colour_note))),
    )


def _check_size(size: tuple[int, int], frame: tuple[int, int], accept: AcceptSettings) -> None:
    """Raises a RejectedPhoto for a photo of too many or too few pixels, or mostly of empty canvas."""
    width, height = size
    if width * height > accept.max_megapixels * 1_000_000:
        raise RejectedPhoto(
            f"too large: {width} x {height} px are more than {accept.max_megapixels} million pixels "
            f"(accept.max_megapixels in params.yaml)"
        )
    if frame[0] * frame[1] < FRAME_SHARE * width * height:
        raise RejectedPhoto(
            f"its first frame fills {frame[0]} x {frame[1]} of {width} x {height} px, less "
            f"than a sixteenth; save the frame as a picture of its own"
        )
    if min(frame) < accept.min_px:
        raise RejectedPhoto(
            f"too small: {frame[0]} x {frame[1]} px, but the shorter side must be at least {accept.min_px} "
            f"px (accept.min_px in params.yaml)"
        )


def most_bytes(accept: AcceptSettings) -> int:
    """Returns how much memory decoding one photo may take, the process included."""
    return max(MAX_DECODING_BYTES, BYTES_PER_ACCEPTED_PIXEL * accept.max_megapixels * 1_000_000)


def _check_memory(num_bytes: int, size: tuple[int, int], name: str, accept: AcceptSettings) -> None:
    most = most_bytes(accept)
    if num_bytes > most:
        raise RejectedPhoto(
            f"too large: {size[0]} x {size[1]} px of {formats.NAMES.get(name, name)} take "
            f"{num_bytes / 1e9:.1f} GB to decode, more than {most / 1e9:g} GB; save it smaller or as a plain "
            f"JPEG, not progressive, or raise accept.max_megapixels in params.yaml: each megapixel allows "
            f"{BYTES_PER_ACCEPTED_PIXEL} MB"
        )


def _scaled(size: tuple[int, int], settings: StandardiseSettings) -> tuple[int, int]:
    """Width and height in px of the whole photo at the scale at which it fits or fills the square."""
    if settings.fit == "stretch":
        return settings.size_px, settings.size_px
    scale = settings.size_px / (max(size) if settings.fit == "pad" else min(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _reduced(
    image: Image.Image, facts: Facts, settings: StandardiseSettings, accept: AcceptSettings
) -> tuple[Image.Image, Image.Image, str]:
    """Returns the standard photo without borders and the thumbnail, as the file lies, in sRGB; and a note.

    Colours and the turn come after resizing, where there are few pixels.
    """
    plain = colours.plain(image, black=facts.black, white=facts.white)
    if settings.fit == "crop":
        width, height = plain.size
        left, top = (width - min(plain.size)) / 2, (height - min(plain.size)) / 2
        # A box of fractions of a pixel: the centre stays the centre however the photo is turned.
        box = (left, top, width - left, height - top)
        small = plain.resize((settings.size_px, settings.size_px), Image.Resampling.LANCZOS, box=box)
    else:
        small = plain.resize(_scaled(plain.size, settings), Image.Resampling.LANCZOS)
    thumbnail = plain.resize((THUMBNAIL_PX, THUMBNAIL_PX), Image.Resampling.LANCZOS, reducing_gap=3.0)
    profile = facts.profile or (colours.profile(*facts.codes) if facts.codes else None)
    note = "" if not profile or colours.fits(profile, plain.mode) else "unusable colour profile"
    profile = None if note else profile
    background = ImageColor.getrgb(accept.background)[:3]
    return colours.srgb(small, profile, background), colours.srgb(thumbnail, profile, background), note


def _padded(small: Image.Image, side: int) -> Image.Image:
    if small.size == (side, side):
        return small
    square = Image.new("RGB", (side, side), (PAD_GREY, PAD_GREY, PAD_GREY))
    square.paste(small, ((side - small.width) // 2, (side - small.height) // 2))
    return square


def _sharpness(luma: np.ndarray) -> float:
    """Returns the variance of the Laplacian of levels from 0 to 255, as if they went from 0 to 1.

    Source: Pech-Pacheco et al. 2000, doi:10.1109/ICPR.2000.903548. The sums are of whole numbers, so that
    every machine gets the same.
    """
    if min(luma.shape) < 3:
        return 0.0
    centre = luma[1:-1, 1:-1]
    laplacian = luma[:-2, 1:-1] + luma[2:, 1:-1] + luma[1:-1, :-2] + luma[1:-1, 2:] - 4 * centre
    mean = float(laplacian.sum()) / laplacian.size
    variance = float((laplacian**2).sum()) / laplacian.size - mean**2
    return float(variance) / 255**2
