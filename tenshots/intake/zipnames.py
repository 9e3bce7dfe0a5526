"""Names of files in a .zip: which letters their bytes are, and whether they lead anywhere."""

from __future__ import annotations

import contextlib
import re
import struct
import zipfile
import zlib

MAX_NAME_BYTES = 255  # of a file or folder on all usual file systems
MAX_DEPTH = 20  # folders around a photo; made-up names of thousands would fill the memory
UTF8_NAME = 0x800  # flag bit 11
LONE_BACKSLASH = r"(?<![^\x00-\x7f])\\"  # not the second byte of a letter
UNICODE_PATH = 0x7075  # extra field with the name in UTF-8. Source: PKWARE APPNOTE 6.3.10, 4.6.9


def decoded(info: zipfile.ZipInfo) -> tuple[str, bool]:
    """Returns a name as it was meant, and whether that is a guess."""
    if info.flag_bits & UTF8_NAME:
        return info.orig_filename, False
    raw = info.orig_filename.encode("cp437")  # zipfile read it as cp437, one to one
    for utf8 in (_unicode_path(info.extra, raw), raw):
        with contextlib.suppress(UnicodeDecodeError):
            if utf8 is not None:
                return utf8.decode("utf-8"), False
    return info.orig_filename, True


def _unicode_path(extra: bytes, raw: bytes) -> bytes | None:
    """Returns the name in the Unicode Path field, if there is one and it is that of the name `raw`.

    A program that knows nothing of the field renames files and leaves it as it was; so it holds their
    checksum.
    """
    while len(extra) >= 4:
        kind, length = struct.unpack_from("<HH", extra)
        data, extra = extra[4 : 4 + length], extra[4 + length :]
        if kind == UNICODE_PATH and len(data) == length > 5:
            version, crc = struct.unpack_from("<BI", data)
            return data[5:] if version == 1 and crc == zlib.crc32(raw) else None
    return None


def cleaned(slashed: str) -> tuple[str, str]:
    """Returns a name with `/` between its parts and after a folder, or the reason why it cannot be had."""
    parts = [part for part in slashed.split("/") if part not in ("", ".")]
    if slashed.startswith("/") or (parts and re.match("[A-Za-z]:", parts[0])):
        return slashed, "an absolute path in an archive"
    if ".." in parts:
        return slashed, "a path with .. in an archive"
    if len(parts) > MAX_DEPTH or any(len(part.encode()) > MAX_NAME_BYTES for part in parts):
        return slashed, f"a path of over {MAX_DEPTH} folders, or a name of over {MAX_NAME_BYTES} bytes"
    if not parts:
        return slashed, "a file without a name in an archive"
    return "/".join(parts) + ("/" if slashed.endswith("/") else ""), ""
