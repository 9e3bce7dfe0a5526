"""Files that are no photos: clutter, and files that stand in for a photo that is not there.

Clutter is left out by rule, in folders and in archives, without a manifest row: hidden files and folders,
what systems and programs leave (thumbnails, recycle bins, second streams of Windows' files), and DVC's own
files. `.dvcignore` holds the same rules, so that clutter that comes or goes runs no stage again.

A file that stands in for a photo gets a row, hidden or not: else the photo would be missing without a word.
"""

from __future__ import annotations

import errno
import fnmatch
import re
from typing import NamedTuple

# In the syntax that fnmatch and .dvcignore share; letters stand for both cases.
# Sources: github/gitignore, Global/macOS, Windows and Linux; for the streams microsoft/WSL issue 7456.
CLUTTER = (
    ".*",  # .DS_Store, ._IMG_1.jpg, .git, .stfolder, .nomedia, .picasa.ini, .thumbnails
    # macOS; the second is Icon and a control character
    *("__macosx", "icon[! -\ufffd]", "network trash folder", "temporary items"),
    # Windows; the last is beside a document that is open
    *("thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "$recycle.bin", "recycler"),
    *("system volume information", "found.[0-9][0-9][0-9]", "~$*"),
    # Synology and QNAP; Linux; Android
    *("@eadir", "[#]recycle", "[#]snapshot", "@recycle", "lost+found", "lost.dir"),
    # Picasa, ZoomBrowser, Paint Shop Pro; Python
    *("picasa.ini", "zbthumbnail.info", "pspbrwse.jbf", "__pycache__", "*.pyc"),
    # A second stream, which Windows keeps inside a file, and WSL writes beside it, with : or U+F03A
    *("*zone.identifier", "*[:\uf03a]$data", "*[:\uf03a]smartscreen", "*[:\uf03a]encryptable"),
    *("*[:\uf03a]com.dropbox.*", "*[:\uf03a]com.apple.*", "*[:\uf03a]afp_afpinfo", "*[:\uf03a]afp_resource"),
    *("*[:\uf03a]ms-properties", "*[:\uf03a]{????????-????-????-????-????????????}"),
)
DVC_FILES = ("dvc.yaml", "dvc.lock", "*.dvc")

IN_ICLOUD = "still in iCloud; in Finder, choose Download Now, then copy it again"
ONLINE_ONLY = "its content is only online; make it available offline, then copy it again"
EMPTY = "an empty file; if its content is only online, make it available offline, then copy it again"
UNFINISHED = "an unfinished download or copy; fetch it again"
GOOGLE_LINK = "a link to a Google document, not a photo"

# Each stands in for the file `name`, which is none that would be hidden.
STAND_INS = (
    # Source: eclecticlight.co, "macOS Sonoma has changed iCloud Drive radically", 2023
    (r"\.(?P<name>[^.].*)\.icloud", IN_ICLOUD),
    # Virtual files of Nextcloud and ownCloud (APPLICATION_DOTVIRTUALFILE_SUFFIX), Resilio Sync, odrive
    (r"(?P<name>[^.].*)\.(nextcloud|owncloud|rsls|cloud)", ONLINE_ONLY),
    # Firefox; Chrome and Edge; file sharing; Internet Explorer; Opera; torrents; Resilio Sync; WinSCP
    (r"(?P<name>[^.].*)\.(part|crdownload|download|partial|opdownload|!ut|!qb|!sync|filepart)", UNFINISHED),
    # rsync: receiver.c, get_tmpname; Android: FileUtils, PATTERN_EXPIRES_FILE; Syncthing
    (r"\.(?P<name>[^._].*\.(jpe?g|png|webp|hei[cf]|avif|tiff?|bmp|gif|zip))\.[0-9a-z]{6}", UNFINISHED),
    (r"\.pending-\d+-(?P<name>[^.].*)", UNFINISHED),
    (r"(\.syncthing\.|~syncthing~)(?P<name>[^.].*)\.tmp", UNFINISHED),
    (r"(?P<name>[^.].*\.g(doc|draw|form|jam|link|map|sheet|site|slides|table))", GOOGLE_LINK),
)
# A folder, in which Safari keeps the file so far and `Info.plist`. Source: hints.macworld.com, story
# 20040227044324958
IN_DOWNLOAD = re.compile(r"(?P<name>[^.].*)\.download/((?P=name)|info\.plist)", re.IGNORECASE | re.DOTALL)
# Links that Linux shows for a file of OneDrive on a disk of Windows. Sources: Linux, fs/ntfs3/inode.c,
# ntfs_readlink_hlp; ntfs-3g, reparse.c
ONLINE_LINK = re.compile(r"OneDrive|unsupported reparse (tag|point).*", re.DOTALL)
# How such a file fails to be read, in this order. Sources: microsoft/WSL issue 1941, libuv/libuv pull request
# 1419, Apple technical note TN3150
ONLINE_ERRORS = {errno.EIO, errno.EINVAL, errno.EDEADLK}

_CLUTTER = re.compile("|".join(map(fnmatch.translate, (*CLUTTER, *DVC_FILES))))
_STAND_INS = [(re.compile(expression, re.IGNORECASE | re.DOTALL), reason) for expression, reason in STAND_INS]


class StandIn(NamedTuple):
    """The name of the file that is not there, and why, with what to do."""

    name: str
    reason: str


def unreadable(error: OSError) -> str:
    """Returns the reason for a file or folder that the system does not let us read."""
    online = f"; perhaps {ONLINE_ONLY}" if error.errno in ONLINE_ERRORS else ""
    return f"cannot be read ({error.strerror}){online}"


def is_clutter(name: str) -> bool:
    """Says whether a file or folder of this name is left out, with all that lies in it."""
    is_missing = name.startswith(".") and stand_in(name) is not None
    return _CLUTTER.fullmatch(name.lower()) is not None and not is_missing


def stand_in(name: str) -> StandIn | None:
    """Returns what a file or folder of this name stands in for, or nothing where it is one like others."""
    for expression, reason in _STAND_INS:
        found = expression.fullmatch(name)
        if found is not None:
            return StandIn(found["name"], reason)
    return None


def unfinished(path: str) -> StandIn | None:
    """Returns what the folder around a file stands in for, if a download that is not finished lies in it."""
    found = IN_DOWNLOAD.fullmatch("/".join(path.split("/")[-2:]))
    return StandIn(found["name"], UNFINISHED) if found else None
