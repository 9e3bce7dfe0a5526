"""How platforms, browsers and file managers name what they hand out, and copies of it.

- Google Drive, Classroom and Takeout: `ann-20241102T100037Z-001.zip`, since 2025
  `ann-20241102T100037Z-3-001.zip`. One download has one time; ann is the folder's name, and lies in each
  part. `drive-download` and `takeout` are no folder's name.
- OneDrive, SharePoint, Teams: `OneDrive_1_11-2-2024.zip`, `OneDrive_2024-11-02.zip`, the date as the user
  writes it. In Teams' library Student Work lies
  `Submitted files/Ann Lee/Optics/Version 1/photos.zip`.
- Moodle: `Ann Lee_12345_assignsubmission_file_`, a folder (also without the last `_`), or before the file's
  name. The number is one person's in one assignment.
- Canvas: `leeann_12345_67890_photos.zip`, `leeann_LATE_12345_67891_photos-1.zip`. The first number is one
  person's, the second one file's, -1 a name that was there already.
- Browsers: `ann (1).zip`, `ann(1).zip`, `ann-1.zip` (Safari).
- Windows: `ann - Copy`, `ann - Copy (2)`, `Copy of ann`; macOS: `ann copy`, `ann copy 2`, `ann 2`; GNOME:
  `ann (copy)`, `ann (another copy)`, `ann (3rd copy)`; each in the user's language.

Sources: moodle/moodle mod/assign/locallib.php (`download_submissions`); instructure/canvas-lms
lib/content_zipper.rb (`get_filename`, `add_upload_submission`) and app/models/attachment.rb
(`make_unique_filename`). The others publish no rule: theirs are read off names in public repositories.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tenshots.intake.names.spelling import composed, plain

# In English; German, Dutch, Czech; French, Romanian; Italian, Spanish; Portuguese; Polish, Swedish; Danish,
# Norwegian; Finnish; Turkish; Hungarian; Russian; Ukrainian; Chinese; Japanese; Korean.
COPY = "copy|kopie|copie|copia|cópia|kopia|kopi|kopio|kopya|másolat|копия|копія|副本|コピー|복사본"
DRIVE = re.compile(r"(?P<owner>.*\S)\s*-(?P<when>\d{8}T\d{6}Z)(-\d{1,2})?(-(?P<part>\d{3}))?")
MOODLE = re.compile(r"(?P<folder>(?P<person>.+)_\d+_assignsubmission_file(_|\Z)).*")
# An attachment's number has at least five digits and is no date, so `class_2024_1102_ann` is not by "class".
CANVAS = re.compile(r"(?P<person>[^_]+)(?:_LATE)?_(?P<user>\d{3,})_(?!(?:19|20)\d{6}_)\d{5,}_.+")
NAMELESS = re.compile(r"(?P<platform>onedrive|drive-download|takeout)(_\d+)?(_\d{1,4}([-.]\d{1,4}){2})?")
# The site of a class keeps each version that a student hands in. Source: Microsoft, "Assignments admin
# documentation", names the library Student Work; the folders in it are read off downloads
TEAMS = re.compile(
    r"(?:.*/)?(?:submitted|working) files/(?P<person>[^/]+)/[^/]+/(?:version \d+/)?(?P<below>.+)",
    re.IGNORECASE | re.DOTALL,
)
# What people call a folder of photos; two people may well choose the same.
COMMON = re.compile(
    r"(my |new |the |meine |neuer |mes )?"
    r"(photos?|pictures?|pics?|images?|img|fotos?|bilder|imágenes|immagini|zdjęcia|dcim|camera( roll)?"
    r"|icloud photos|archives?|archiv|archivio|archivo|downloads?|files?|folder|ordner|dossier|untitled"
    r"|uploads?|zip|data|dataset|submissions?|submitted files|working files|student work|hand-?ins?"
    r"|assignments?|homework|project|task|exercise|tenshots)"
    r"([ _-]?\d+)?"
)
# Those of them that a photo may well show.
THINGS = re.compile(r"camera|picture|photo|foto|folder|ordner|dossier|file")
# Whom people mean who number others: `student 2` is hardly a copy of `student`.
ANYONE = re.compile(
    r"students?|pupils?|learners?|groups?|teams?|persons?|people|users?|participants?|members?|subjects?"
    r"|volunteers?|child|children|pairs?|class"
    r"|gruppe|schüler(in)?|studierende[rn]?|studentin|teilnehmer(in)?|nutzer(in)?|klasse"
    r"|étudiante?|élève|groupe|équipe|personne|participante?|estudiante|alumn[oa]|grupo|equipo|persona"
    r"|studente(ssa)?|gruppo|squadra|aluno|equipe|osoba|grupa|zespół|uczeń"
)
BEFORE = re.compile(r"(?:copy of|kopie von|kopia av|kopi af|kopi av|copie de|copia d[ei]|cópia de)[ _]+(.+)")
AFTER = (
    re.compile(r"(.+?)[ _]*\(\d{1,3}\)"),
    re.compile(rf"(.+?)[ _]*\((?:(?:another|\d+(?:st|nd|rd|th)) )?(?:{COPY})(?: \d+)?\)"),
    re.compile(rf"(.+?)[ _–—-]+(?:{COPY})(?:[ _]\d{{1,3}})?"),  # noqa: RUF001  # Russian takes a dash
)
NUMBERED = re.compile(r"(.+?) \d{1,2}")
# Safari's ann-1.zip, Internet Explorer's ann[1].zip, but as often a number that people choose.
SUFFIXED = re.compile(r"(.*[^\W\d_])(?:[-_]\d{1,2}|[ _]?\[\d{1,3}\])")
AGAIN = re.compile(r"[ _]?\(\d{1,3}\)\Z")  # what browsers add to a part that was fetched twice


def download(name: str) -> tuple[str, str] | None:
    """Returns whose download a part of one from Google is, and when it was made; its parts share both.

    Args:
        name: of an archive without .zip, or of the folder that it became.
    """
    found = DRIVE.fullmatch(AGAIN.sub("", name))
    return (found["owner"], found["when"]) if found else None


def part(name: str) -> int:
    """Returns which part of a download from Google a name is, from 1; 0 where it does not say."""
    found = DRIVE.fullmatch(AGAIN.sub("", name))
    return int(found["part"] or 0) if found else 0


def says_nothing(name: str) -> bool:
    """Whether a name is no hint of who handed in: that of a platform, or one that anyone may choose."""
    return is_platforms(name) or COMMON.fullmatch(_bare(name)) is not None


def names_nothing(name: str) -> bool:
    """Whether a name is no hint of what a photo shows: `photos (2)`, but not `camera`."""
    return says_nothing(name) and THINGS.fullmatch(_bare(name)) is None


def means_anyone(name: str) -> bool:
    """Whether a name says nobody in particular (`Class photos`): a copy's name may be another person's."""
    owner, _ = download(name) or (name, "")
    words = re.findall(r"[^\W_]+", plain(owner))
    return says_nothing(name) or all(map(_is_common, words))


def is_platforms(name: str) -> bool:
    """Whether a platform chose the name, and knew of no folder's name."""
    return NAMELESS.fullmatch(_bare(name)) is not None


def by_person(path: str) -> str:
    """Returns the path of a file in a download from Teams as that of one in the person's folder."""
    teams = TEAMS.fullmatch(path)
    return f"{teams['person']}/{teams['below']}" if teams else path


def person(name: str) -> str:
    """Returns what a platform's name for a hand-in says of the person alone, or nothing for other names."""
    if moodle := MOODLE.fullmatch(name):
        return moodle["folder"]
    if canvas := CANVAS.fullmatch(name):
        return f"{canvas['person']}_{canvas['user']}"
    return ""


def originals(name: str) -> Iterator[str]:
    """Yields the names that `name` may be a copy of: for `ann - Copy (2)`, `ann - Copy` and `ann`.

    A number behind a blank counts, as macOS adds it, though it may as well tell two things apart: whoever
    asks must see whether the original is there.
    """
    name = composed(name)
    while (shorter := _without_mark(name)) != name:
        name = shorter
        yield name


def is_numbered(name: str) -> bool:
    """Whether all that may mark a name as a copy is a number at its end: `student 7`, `student-7`."""
    marks = [*originals(name)]
    return bool(SUFFIXED.fullmatch(name)) or (len(marks) == 1 and bool(NUMBERED.fullmatch(name)))


def family(name: str) -> str:
    """Returns what names share that may be of one person's copies or parts, to compare."""
    if moodle := MOODLE.fullmatch(name):  # in another assignment another number
        return plain(moodle["person"])
    bare = _bare(name)
    if nameless := NAMELESS.fullmatch(bare):
        return nameless["platform"]
    suffixed = SUFFIXED.fullmatch(bare)
    return suffixed[1] if suffixed else bare


def _is_common(word: str) -> bool:
    return ANYONE.fullmatch(word) is not None or COMMON.fullmatch(word) is not None


def _bare(name: str) -> str:
    return plain([name, *originals(name)][-1])


def _without_mark(name: str) -> str:
    lower = name.lower()
    if len(lower) != len(name):  # of few letters; then places would differ
        lower = name
    if (parts := download(name)) and not AGAIN.search(name):
        whole = "-".join(parts)
        return whole if whole != name else parts[0]
    if before := BEFORE.fullmatch(lower):
        return name[before.start(1) :].strip()
    for mark in (*AFTER, NUMBERED):
        if after := mark.fullmatch(lower):
            return name[: after.end(1)].strip() or name
    return name
