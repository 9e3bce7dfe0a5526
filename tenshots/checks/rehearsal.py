"""What only Keras can judge of params.yaml, tried before anything is trained: augmentation and networks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from tenshots import params
from tenshots.augmentation.copying import Policy
from tenshots.augmentation.settings import AugmentSettings
from tenshots.checks import effort
from tenshots.errors import DataError, SettingsError
from tenshots.labels.settings import InspectSettings
from tenshots.networks import building
from tenshots.networks.settings import NetworkSettings, settings_from
from tenshots.params import PATH
from tenshots.runtime import keras
from tenshots.tables.encoding import StandardiseSettings
from tenshots.training import memory
from tenshots.training.settings import ExperimentSettings, VariantSettings, named

MAX_PARAMETERS = 500_000_000  # the largest network of keras.applications has 350 million
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
    variants = [named(values, name) for name in values["variants"]]
    used = {params.section(values, "inspect", InspectSettings).network, *(each.network for each in variants)}
    for name, described in values["networks"].items():
        at = f"networks.{name}"
        settings = settings_from(described, at=at)
        doubts += settings.doubts(at=at)
        most = max([batch_size, *_batch_sizes(variants, name)])
        try:
            efforts[name] = _efforts(settings, size_px=size_px, batch_size=most, at=at)
            if name in used:
                building.learnt(settings, at=at)  # its backbone's weights are there, and fit
        except (SettingsError, DataError) as error:
            found.append(str(error))
    return Rehearsed(found, efforts, doubts)


def _batch_sizes(variants: list[VariantSettings], network: str) -> list[int]:
    return [each.batch_size for each in variants if each.network == network and each.batch_size]


def _efforts(settings: NetworkSettings, *, size_px: int, batch_size: int, at: str) -> dict[str, int]:
    """Builds a network without memory for a single weight, checks how large it would be, and weighs its work.

    Raises:
        SettingsError: it cannot be built, or is too large.
    """
    # Within this scope Keras notes the shapes of weights and draws none. It keeps a list of them, and unless
    # that list is cleared, it draws all of them the next time that it draws any.
    try:
        with keras.StatelessScope(initialize_variables=False):
            network = building.build(settings, size_px=size_px, num_labels=2, at=at)
            found = effort.efforts(network, settings)
    finally:
        keras.utils.clear_session(free_memory=False)
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
