"""How much memory a photo takes while it is standardised, told by its header before its pixels are decoded.

The numbers of bytes per pixel are upper bounds of what `python -m benchmarks.memory` measures: a decoder's
buffers, Pillow's copy of them, and what becomes of that on its way to a standard photo.
"""

from __future__ import annotations

from PIL import ImageFile, JpegImagePlugin, TiffImagePlugin

from tenshots.intake.photos import colours, containers

PROCESS_BYTES = 100_000_000  # Python and the packages that read photos
FILE_COPIES = 2  # the file itself, and one without its metadata or within a decoder
# Of formats whose decoder hands over a finished picture, which Pillow copies.
DECODER_BYTES = {"WEBP": 16.5, "AVIF": 16.0, "HEIF": 21.0}
PHONE_HEIC_BYTES = 10.0  # of grey, or of colours at half the resolution both ways; not transparent
# Pillow's modes of less than four bytes per pixel.
MODE_BYTES = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16L": 2, "I;16B": 2}
COEFFICIENT_BYTES = 2  # of a JPEG that is not decoded row by row. Source: libjpeg's jpeglib.h, JCOEF
RLE_BYTES = 3.2  # of a BMP in runs: decoded in Python into bytes that grow, a copy of them, and the picture
FILTER_BYTES = 48  # per row and per column, of Lanczos' weights: 6 taps of 8 bytes each

# Source: TIFF 6.0
BITS_PER_SAMPLE, PHOTOMETRIC, ORIENTATION, SAMPLES = 258, 262, 274, 277
ROWS_PER_STRIP, TILE_WIDTH, TILE_HEIGHT = 278, 322, 323
YCBCR = 6


def decoding_bytes(
    image: ImageFile.ImageFile, data: bytes, name: str, full_size: tuple[int, int], scaled_width: int
) -> int:
    """Returns how many bytes standardising a photo takes at most, the file and the process included.

    Args:
        image: opened and not yet decoded; a JPEG after `draft`.
        data: the file's bytes.
        name: what `formats.kind` returned.
        full_size: width and height in px before `draft`.
        scaled_width: of the whole photo after resizing, in px; Pillow resizes across first, then down.
    """
    width, height = image.size
    num_pixels = width * height
    if name in DECODER_BYTES:
        is_plain = image.mode == "L" or (image.mode == "RGB" and image.info.get("chroma") == 420)
        pixels = (PHONE_HEIC_BYTES if is_plain else DECODER_BYTES[name]) * num_pixels
    else:
        pixels = _bytes_per_pixel(image) * num_pixels
    if isinstance(image, JpegImagePlugin.JpegImageFile):
        pixels += _coefficient_bytes(image, data, full_size)
    elif isinstance(image, TiffImagePlugin.TiffImageFile):
        pixels += _strip_bytes(image)
    elif name == "BMP" and image.tile[0].codec_name == "bmp_rle":
        pixels = max(pixels, RLE_BYTES * num_pixels)
    resizing = 4 * scaled_width * height + FILTER_BYTES * (width + height)
    return int(PROCESS_BYTES + FILE_COPIES * len(data) + pixels + resizing)


def _bytes_per_pixel(image: ImageFile.ImageFile) -> int:
    """Returns what a decoded picture takes, and the copies of it that `colours.plain` and resizing make."""
    decoded = MODE_BYTES.get(image.mode, 4)
    is_clear = "transparency" in image.info
    if image.mode.startswith("I;16"):
        return 15 if is_clear else 6  # by way of NumPy, see colours._from_16_bits
    if image.mode in ("LA", "RGBA", "PA"):
        return 8  # resized with its colours multiplied by their opacity, in a copy
    if is_clear:
        return decoded + 8
    converted = 0 if image.mode in colours.PLAIN_MODES else 1 if image.mode == "1" else 4
    # Pillow turns a TIFF, by a copy, when it has decoded it.
    turns = isinstance(image, TiffImagePlugin.TiffImageFile) and image.tag_v2.get(ORIENTATION, 1) != 1
    return decoded + max(converted, decoded if turns else 0)


def _coefficient_bytes(image: JpegImagePlugin.JpegImageFile, data: bytes, full_size: tuple[int, int]) -> int:
    """Returns the bytes of all coefficients, which libjpeg keeps where a photo has more than one scan."""
    scan = containers.scan_start(data)
    is_one_scan = data[scan + 4 : scan + 5] == bytes([image.layers])
    if is_one_scan and "progressive" not in image.info:
        return 0
    most_across, most_down = (max(layer[axis] for layer in image.layer) or 1 for axis in (1, 2))
    mcus = -(-full_size[0] // (8 * most_across)) * -(-full_size[1] // (8 * most_down))
    return COEFFICIENT_BYTES * 64 * mcus * sum(across * down for _, across, down, _ in image.layer)


def _strip_bytes(image: TiffImagePlugin.TiffImageFile) -> int:
    """Returns the bytes of one strip or tile as libtiff unpacks it."""
    if image.tile[0].codec_name != "libtiff":
        return 0
    tags = image.tag_v2
    across = int(tags.get(TILE_WIDTH, image.width))
    down = int(tags.get(TILE_HEIGHT, min(tags.get(ROWS_PER_STRIP, image.height), image.height)))
    bits = int(max(tags.get(BITS_PER_SAMPLE, (1,)))) * int(tags.get(SAMPLES, 1))
    return across * down * max(-(-bits // 8), 4 if tags.get(PHOTOMETRIC) == YCBCR else 1)
