"""A network that tenshots trained before, begun with again: what its model.json says of it.

The file lies beside the weights. What it describes is put into the settings of the network that reuses it,
and so into that one's own model.json: whoever reads that needs the other file no more. No Keras here, as
`check` reads settings in a second.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError

from tenshots import params
from tenshots.errors import SettingsError
from tenshots.networks.model_json import SavedVariant
from tenshots.networks.settings import NetworkSettings, TransferSettings, settings_from
from tenshots.networks.sources import WeightsFile
from tenshots.params import Listed, Settings
from tenshots.wording import joined

NAME = "model.json"
MAX_DEPTH = 8  # of networks that reuse one that reuses one


class Reused(Settings):
    """What a network was, whose weights are reused.

    Attributes:
        network: its settings, as its model.json has them.
        labels: that it told apart; from which photos it learnt them, nothing says.
    """

    network: dict[str, Any]
    labels: Annotated[Listed[str], Field(min_length=2)]

    @property
    def num_labels(self) -> int:
        """How many labels it told apart."""
        return len(self.labels)

    def settings(self, *, at: str, depth: int = 0) -> NetworkSettings:
        """Returns the settings of the network.

        Args:
            at: dotted key of what reuses it, for messages.
            depth: how many networks reuse it already.

        Raises:
            SettingsError: it describes no network, or one that reuses one and so on without end.
        """
        inner = self.network.get("backbone")
        if depth >= MAX_DEPTH:
            raise SettingsError(
                f"{params.PATH}: {at} must reuse at most {MAX_DEPTH} networks, one of another"
            )
        if isinstance(inner, Mapping) and isinstance(inner.get("reused"), Mapping):
            key = f"{at}.network.backbone.reused"
            params.check(inner["reused"], Reused, at=key).settings(at=key, depth=depth + 1)
        return settings_from(self.network, at=f"{at}.network", complete=True)


def completed(values: Any, *, at: str) -> Any:  # noqa: ANN401 (whatever stands in the file)
    """Returns the settings of a network of family pretrained, with what model.json says if that is wanted.

    It is where the backbone has a file of weights and no architecture. Others are returned as they are.

    Args:
        values: what stands under `at`.
        at: the network's dotted key in params.yaml.

    Raises:
        SettingsError: there is no model.json, it describes no network of ours, or the settings contradict it.
    """
    backbone = values.get("backbone")
    if not isinstance(backbone, Mapping) or backbone.get("architecture") is not None or "reused" in backbone:
        return values
    weights = backbone.get("weights")
    if not isinstance(weights, Mapping) or "path" not in weights:
        return values
    place = params.check(weights, WeightsFile, at=f"{at}.backbone.weights").place()
    path = place.parent / NAME
    reused = _read(path, at=f"{at}.backbone.weights.path")
    origin = reused.settings(at=f"{path}: reused")
    kept = _without_repetitions(values, origin, path=path, at=at)
    found = {**backbone, "reused": reused.model_dump(mode="json")}
    return {**kept, "input_px": origin.input_px, "backbone": found}


def known(settings: NetworkSettings, labels: Iterable[str]) -> list[str]:
    """Returns which of these labels the network had learnt before, sorted, however they are capitalised.

    Where there are any, it may have learnt them from these very photos.
    """
    before = {label.casefold() for label in settings.labels_before}
    return sorted({label for label in labels if label.casefold() in before})


def doubts(settings: NetworkSettings, labels: Iterable[str], *, at: str) -> list[str]:
    """Returns a sentence where the network may have learnt from the very photos that it will be tested on.

    Args:
        settings: of the network.
        labels: of the photos.
        at: the network's dotted key in params.yaml.
    """
    if not (found := known(settings, labels)):
        return []
    return [
        f"{at} begins with a network that had learnt the label{'s' * (len(found) > 1)} {joined(found)} "
        "before, and its files do not say from which photos: if these photos were among them, it has learnt "
        "from photos that it is tested on, and its figures are too good. Reuse one that learnt from others"
    ]


def _read(path: Path, *, at: str) -> Reused:
    """Reads what model.json says of the network."""
    try:
        saved = SavedVariant.model_validate(json.loads(path.read_text(encoding="utf-8")))
        return Reused(network=saved.network, labels=tuple(saved.labels))
    except OSError as error:
        raise SettingsError(
            f"{params.PATH}: {at} must be of a file with {NAME} beside it, which says what network the "
            f"weights are of, but {path} cannot be read: {error.strerror}; copy it from where they are "
            "from, or name backbone.architecture"
        ) from None
    except (ValidationError, ValueError, RecursionError) as error:
        problem = " ".join(str(error).split())[:240]
        raise SettingsError(
            f"{params.PATH}: {at} must be of a file with {NAME} beside it, as training leaves it, but {path} "
            f"does not describe a trained variant: {problem}"
        ) from None


def _without_repetitions(
    values: Mapping[str, Any], origin: NetworkSettings, *, path: Path, at: str
) -> dict[str, Any]:
    """Returns the settings without those of the network that is reused, which must be as they are there."""
    theirs = set(type(origin).model_fields) - {"family", *_own()}
    for key in theirs & set(values):
        before, given = getattr(origin, key), values[key]
        told = origin.model_dump(mode="json").get(key)
        if given not in (before, told):
            raise SettingsError(
                f"{params.PATH}: {at}.{key} must be {'left out' if told is None else params.shown(told)}, "
                f"as {path} has it, since that is how the network which is reused was taught, got "
                f"{params.shown(given)}; remove it"
            )
    return {key: value for key, value in values.items() if key not in theirs}


def _own() -> set[str]:
    """Returns the settings that a network with a backbone has whatever the backbone is."""
    return {*TransferSettings.model_fields, "backbone"} - {"input_px"}
