"""Where the store of runs lies, where it keeps their files, and whether it has moved since.

The store is a database of the main repository unless `MLFLOW_TRACKING_URI` names another. MLflow writes the
absolute place of files into the experiment, and into each run and each version of the registered model. After
a folder was moved or copied they still name the old place, where nothing may be written any more; `adopt`
names the new one.
"""

from __future__ import annotations

import os
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tenshots.repository import checkouts

VARIABLE = "MLFLOW_TRACKING_URI"
FILES = Path("mlruns/artifacts")  # below the project's folder
# What holds addresses of files, and in what. Source: the models of mlflow/store/*/dbmodels, 3.17.
ADDRESSES = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
    ("logged_models", "artifact_location"),
)


def store_uri() -> str:
    """Returns the address of the store: `MLFLOW_TRACKING_URI`, else the project's own database.

    A relative path, of a database or of a folder of files, is anchored at the main repository, because a
    temporary experiment's folder is deleted.
    """
    given = os.environ.get(VARIABLE, "")
    top = checkouts.main_repository()
    if not given:
        return sqlite_uri(top / "mlruns" / "mlflow.db")
    path = database(given)
    if path is not None:
        _, mark, options = given.partition("?")
        return sqlite_uri(top / path) + mark + options
    return (top / folder(given)).as_uri() if is_folder(given) else given


def sqlite_uri(path: Path) -> str:
    """Returns the address of the database file `path` (absolute).

    SQLAlchemy decodes an address, but MLflow makes the database's folder by the name that stands in it. So
    only what would end the path is quoted, and a path that has such characters is given from the current
    directory, where the names above it do not matter.
    """
    if set("%?") & set(str(path)):
        path = Path(os.path.relpath(path))
    return f"sqlite:///{str(path).replace('%', '%25').replace('?', '%3F')}"


def database(uri: str) -> Path | None:
    """Returns the file of an address of SQLite, as it stands there; None for other stores."""
    found = re.match(r"sqlite:///([^?]+)", uri)
    return Path(unquote(found[1])) if found else None


def is_folder(uri: str) -> bool:
    """Returns whether the address is that of a folder of files, as MLflow's stores once were."""
    return uri.startswith("file:") or not re.match(r"[\w+.-]+:|databricks", uri)


def folder(uri: str) -> Path:
    """Returns the folder of such an address, as it stands there."""
    return Path(unquote(urlsplit(uri).path)) if uri.startswith("file:") else Path(uri)


def files_dir() -> Path:
    """Returns the folder for the files of runs, for all stores but servers, which know their own."""
    return checkouts.main_repository() / FILES


def moved_from(location: str, uri: str) -> Path | None:
    """Returns the `mlruns` folder that a store was moved or copied from; None where it lies as before.

    Args:
        location: the address for files, as the experiment has it.
        uri: of the store.

    A store inside the project keeps its files inside the project. One elsewhere may serve several projects;
    it has moved where its files are gone. What we did not name ourselves was somebody's choice, and stays.
    """
    former = project_of(location)
    if former is None or former == checkouts.main_repository():
        return None
    gone = not (former / FILES).exists()
    return (former / FILES).parent if is_own(uri) or gone else None


def project_of(location: str) -> Path | None:
    """Returns the folder of the project that keeps files at that address; None where we did not name it."""
    parts = urlsplit(location)
    place = Path(unquote(parts.path))
    ours = parts.scheme == "file" and place.parts[-len(FILES.parts) :] == FILES.parts
    return place.parents[len(FILES.parts) - 1] if ours else None


def is_own(uri: str) -> bool:
    """Returns whether the store lies inside the project, so that it serves no other."""
    store = database(uri) or (folder(uri) if is_folder(uri) else None)
    return store is not None and store.resolve().is_relative_to(checkouts.main_repository())


def adopt(path: Path, former: Path) -> None:
    """Names the present place of the files of runs in the database `path`, which has come from `former`."""
    old, new = former.as_uri(), files_dir().parent.as_uri()
    with closing(sqlite3.connect(path, timeout=20)) as connection, connection:
        for table, column in ADDRESSES:
            connection.execute(
                f"UPDATE {table} SET {column} = :new || substr({column}, length(:old) + 1) "
                f"WHERE {column} = :old OR substr({column}, 1, length(:old) + 1) = :old || '/'",
                {"old": old, "new": new},
            )


def without_password(text: str) -> str:
    """Returns `text` without the name and password of any address in it (a `/` in them stands as %2F)."""
    return re.sub(r"//[^\s/?#]*@", "//", text)
