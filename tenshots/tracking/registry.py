"""The registered model in MLflow: a version for each experiment's winner, and the alias of the best of them.

What is registered is the folder that training left: weights (HDF5, numbers alone) and model.json, from which
the network is rebuilt by this project's own code. MLflow's own formats would be of no help: `mlflow.keras`
holds one network, where a variant is the mean of several, in a .keras file whose bytes differ each time and
whose configuration says what to build; `mlflow.pyfunc` pickles an instance or runs code from the store.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from tenshots.errors import DataError
from tenshots.repository.outputs import folder_hash
from tenshots.statistics.choice import best_on_validation
from tenshots.tracking import project, remedies
from tenshots.tracking.entries import MODEL
from tenshots.tracking.runs import Run, folder_tag
from tenshots.tracking.sessions import KEY_TAG, VARIANT_TAG
from tenshots.tracking.store import Client, lock, open_store

CHAMPION = "champion"
# As tenshots.statistics.choice calls them.
ACCURACY_TAG, LOSS_TAG, UPDATES_TAG = "val_accuracy", "val_log_loss", "num_updates"
SET_TAG = "tenshots.validation_set"
ABOUT = (
    "Variants that recognise the labels of this project's photos. Each version won its experiment on "
    f"validation photos; `{CHAMPION}` is the best of those that were validated on the present photos."
)


class Version(NamedTuple):
    """A variant to register: its figures on validation photos, and a hash of which photos those are."""

    variant: str
    val_accuracy: float
    val_log_loss: float
    num_updates: float
    validation_set: str
    num_trainings: int


def register(run: Run, version: Version) -> int:
    """Makes the variant's run a version of the registered model, and the best version the champion.

    Another version of the same experiment goes: its run was superseded. Figures on other validation photos
    cannot be compared, so the champion is chosen among the versions that share those of this one. With folds,
    one fold's validation photos are another's test photos, so a winner's own test accuracy is a little too
    high (see tenshots.statistics.choice).

    Args:
        run: of the variant; without weights in it, nothing is registered.
        version: what it is.

    Returns:
        1 if it was not registered yet, else 0.
    """
    return run.attempt(lambda client: _register_alone(client, run.run_id, version), 0)


def download(folder: Path) -> tuple[Path, str]:
    """Fetches the champion's weights and model.json into `folder`; returns their place and the version.

    Raises:
        DataError: there is none, its files are not those that were recorded, or the store cannot be used.
    """
    found, problem, elsewhere = None, "is not registered yet", ""
    try:
        client, _ = open_store()
        name = project.name()
        if _is_registered(client, name):
            problem = f"has no {CHAMPION}"
            if CHAMPION in client.get_registered_model(name).aliases:
                found = client.get_model_version_by_alias(name, CHAMPION)
                known = client.get_run(found.run_id).data.tags.get(folder_tag(MODEL))
                place = Path(client.download_artifacts(found.run_id, MODEL, str(folder)))
        elif _is_registered(client, project.FORMER_NAME):
            elsewhere = (
                f"; the store has a model named {project.FORMER_NAME}, the name that every project's model "
                f"once had: set {project.VARIABLE}={project.FORMER_NAME} to use its champion"
            )
    except Exception as error:
        raise remedies.unusable(error) from None
    if found is None:
        raise DataError(
            f"the model {name} {problem}; run `dvc repro` and `python -m stages.record`{elsewhere}"
        )
    if folder_hash(place) != known:
        wrong = (
            f"the champion's files in {found.source} must have the hash {known}, found {folder_hash(place)}"
            if known
            else f"the champion's run has no tag with the hash of its files in {found.source}"
        )
        raise DataError(
            f"{wrong}; remove them, and `python -m stages.record` adds those of the present experiment"
        )
    return place, str(found.version)


def _register_alone(client: Client, run_id: str, version: Version) -> int:
    # Of two experiments that end at once each would make the model, and crown the best that it has seen.
    with lock():
        return _register(client, run_id, version)


def _register(client: Client, run_id: str, version: Version) -> int:
    names = {Path(info.path).name for info in client.list_artifacts(run_id, MODEL)}
    if "model.json" not in names:
        return 0
    run = client.get_run(run_id)
    name = project.name()
    if not _is_registered(client, name):
        client.create_registered_model(name, description=ABOUT)
    experiment = run.data.tags[KEY_TAG]
    versions = client.search_model_versions(f"name = '{name}'")
    for other in versions:
        if other.tags.get(KEY_TAG) == experiment and other.run_id != run_id:
            client.delete_model_version(name, other.version)
    is_new = all(other.run_id != run_id for other in versions)
    if is_new:
        client.create_model_version(
            name,
            source=f"{run.info.artifact_uri.rstrip('/')}/{MODEL}",
            run_id=run_id,
            description=_description(version),
            tags={
                KEY_TAG: experiment,
                VARIANT_TAG: version.variant,
                ACCURACY_TAG: repr(version.val_accuracy),
                LOSS_TAG: repr(version.val_log_loss),
                UPDATES_TAG: repr(version.num_updates),
                SET_TAG: version.validation_set,
            },
        )
    _crown(client, name, version.validation_set)
    return int(is_new)


def _is_registered(client: Client, name: str) -> bool:
    return bool(client.search_registered_models(f"name = '{name}'"))


def _crown(client: Client, name: str, validation_set: str) -> None:
    versions = sorted(client.search_model_versions(f"name = '{name}'"), key=lambda each: int(each.version))
    rivals = {
        str(each.version): {
            tag: float(each.tags[tag]) for tag in (ACCURACY_TAG, LOSS_TAG, UPDATES_TAG) if tag in each.tags
        }
        for each in versions
        if each.tags.get(SET_TAG) == validation_set
    }
    best = best_on_validation(rivals)  # ties go to the oldest
    if str(client.get_registered_model(name).aliases.get(CHAMPION)) != best:
        client.set_registered_model_alias(name, CHAMPION, best)


def _description(version: Version) -> str:
    return (
        f"The variant `{version.variant}`, best of its experiment on all validation photos: accuracy "
        f"{version.val_accuracy:.3f}, log loss {version.val_log_loss:.3f}, means over single trainings. A "
        f"prediction is the mean of {version.num_trainings} trainings, which is usually right more often. "
        "The experiment's report has the test accuracies: of a single training, of a mean prediction, and "
        "of choosing this way.\n\n"
        "The files are weights (.weights.h5, numbers alone) and model.json, which says what the network is. "
        "Nothing in them is pickled, and nothing can run: the project's code rebuilds the network.\n\n"
        "To use the champion, in a checkout of the project: `python -m stages.predict --champion PHOTO`. In "
        "Python: download the files, then `saved = tenshots.networks.model_json.read_variant(folder)` and "
        "`tenshots.networks.stored.mean_probabilities(saved, folder, images)`.\n"
    )
