"""What only Keras can judge of params.yaml, tried before anything is trained: augmentation and networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from tenshots import choices, params
from tenshots.augmentation.copying import Policy
from tenshots.augmentation.settings import AugmentSettings
from tenshots.checks import effort
from tenshots.errors import DataError, SettingsError
from tenshots.labels.settings import InspectSettings
from tenshots.networks import building
from tenshots.networks.settings import LINEAR, SCRATCH, NetworkSettings, TransferSettings, settings_from
from tenshots.params import PATH
from tenshots.runtime import keras
from tenshots.tables.encoding import StandardiseSettings
from tenshots.training import memory
from tenshots.training.settings import ExperimentSettings, VariantSettings, named, optimisation_of

MAX_PARAMETERS = 500_000_000  # the largest network of keras.applications has 350 million
STEEP_LR = 1.0
OF_ANY_SCALE = ("adadelta",)  # optimisers that are usual with larger rates
MAX_TRAINING_BYTES = 64 * 10**9  # the memory of a large workstation


class Rehearsed(NamedTuple):
    """What a rehearsal tells.

    Attributes:
        problems: one sentence per setting that Keras would refuse, or that no machine has the memory for.
        efforts: of each network that can be built, by name: see `effort.efforts`.
        doubts: one sentence per thing that is allowed, and yet hardly meant.
    """

    problems: list[str]
    efforts: dict[str, dict[str, int]]
    doubts: list[str]


def rehearse(values: Mapping[str, Any]) -> Rehearsed:
    """Tries the augmentation, and builds each network.

    Args:
        values: all of params.yaml, after `checks.whole.check`.
    """
    found, efforts, doubts = [], {}, []
    size_px = params.section(values, "standardise", StandardiseSettings).size_px
    try:
        Policy(params.section(values, "augment", AugmentSettings).layers, size_px=size_px)
    except SettingsError as error:
        found.append(str(error))
    batch_size = params.top_level(values, ExperimentSettings).batch_size
    variants = {name: named(values, name) for name in values["variants"]}
    doubts += _steep(values, variants)
    used = {each.network for each in variants.values()}
    used |= {params.section(values, "inspect", InspectSettings).network}
    for name, described in values["networks"].items():
        at = f"networks.{name}"
        settings = settings_from(described, at=at)
        doubts += settings.doubts(at=at)
        sizes = _batch_sizes(variants, name, batch_size) or {"batch_size": batch_size}
        # With all, `train` knows how many photos that is, and judges before it trains.
        most = max([size for size in sizes.values() if size != "all"], default=1)
        judged = sizes
        if isinstance(settings, TransferSettings):  # tuning leaves a backbone's normalisations as they are
            scratch = {key: each for key, each in variants.items() if each.recipe == SCRATCH}
            judged = _batch_sizes(scratch, name, batch_size)
        alone = [key for key, size in judged.items() if size == 1]
        try:
            efforts[name] = _efforts(settings, size_px=size_px, batch_size=most, at=at, alone=alone)
            if name in used:
                building.learnt(settings, at=at)  # its backbone's weights are there, and fit
        except SettingsError as error:
            found.append(str(error))
        except DataError as error:  # of a file that it names
            found.append(f"{params.PATH}: {at}: {error}")
    return Rehearsed(found, efforts, doubts)


def _steep(values: Mapping[str, Any], variants: Mapping[str, VariantSettings]) -> list[str]:
    """Returns a sentence per learning rate with which next to nothing is learnt."""
    general = params.top_level(values, ExperimentSettings).lr
    rates: dict[str, float] = {}
    for name, each in variants.items():
        optimiser = choices.name_of(optimisation_of(values, each, name=name).optimiser)
        if each.recipe == SCRATCH and optimiser not in OF_ANY_SCALE:
            rates[f"variants.{name}.lr" if each.lr else "lr"] = each.lr or general
    return [
        f"{key} is {rate:g}, and above {STEEP_LR:g} hardly anything is learnt: the loss climbs. Lower it, or "
        "have `python -m stages.find_rate VARIANT` look for one"
        for key, rate in rates.items()
        if rate > STEEP_LR
    ]


def _batch_sizes(
    variants: Mapping[str, VariantSettings], network: str, general: int | Literal["all"]
) -> dict[str, int | Literal["all"]]:
    """Returns the batch sizes that a network is trained with, each by its key; a linear recipe has none."""
    sizes: dict[str, int | Literal["all"]] = {}
    for name, each in variants.items():
        if each.network == network and each.recipe not in LINEAR:
            key = f"variants.{name}.batch_size" if each.batch_size else "batch_size"
            sizes[key] = each.batch_size or general
    return sizes


def _efforts(
    settings: NetworkSettings, *, size_px: int, batch_size: int, at: str, alone: Sequence[str]
) -> dict[str, int]:
    """Builds a network without memory for a single weight, checks how large it would be, and weighs its work.

    Raises:
        SettingsError: it cannot be built, or is too large.
    """
    # Within this scope Keras notes the shapes of weights and draws none. It keeps a list of them, and unless
    # that list is cleared, it draws all of them the next time that it draws any.
    try:
        with keras.StatelessScope(initialize_variables=False):
            network = building.build(settings, size_px=size_px, num_labels=2, at=at)
            with building.below(at):
                found = effort.efforts(network, settings)
    finally:
        keras.utils.clear_session(free_memory=False)
    _check_alone(network, alone, at=at)
    num_parameters = network.count_params()
    if num_parameters > MAX_PARAMETERS:
        raise SettingsError(
            f"{PATH}: {at} must have at most {MAX_PARAMETERS:,} parameters, got {num_parameters:,}; "
            "choose fewer filters, a smaller dense layer or a smaller backbone"
        )
    num_bytes = memory.training_bytes(network, batch_size=batch_size)
    if num_bytes > MAX_TRAINING_BYTES:
        raise SettingsError(
            f"{PATH}: {at} must be trained in at most {MAX_TRAINING_BYTES / 1e9:.0f} GB, but with batch_size "
            f"{batch_size} it would fill about {num_bytes / 1e9:,.0f} GB; choose a smaller batch_size, "
            "input_px or network"
        )
    return found


def _check_alone(network: keras.Model, alone: Sequence[str], *, at: str) -> None:
    """Raises a SettingsError where photos come one by one, and batch normalisation would compare them."""
    if not alone:
        return
    for layer in memory.layers_of(network):
        if type(layer).__name__ == "BatchNormalization":
            raise SettingsError(
                f"{PATH}: {alone[0]} must be at least 2 for {at}, whose layer {layer.name} normalises by the "
                "mean and deviation of the photos of an update, and a photo alone has nothing to be compared "
                "with, got 1; choose a larger batch_size, or a network without batch normalisation"
            )
