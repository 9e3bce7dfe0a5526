"""Draws fresh copies while a variant with `data: on_the_fly` is trained; no command."""

from __future__ import annotations

from functools import partial

import pandas as pd

from tenshots import params
from tenshots.tables import database, on_the_fly
from tenshots.training.feeding import OnTheFly
from tenshots.training.settings import ON_THE_FLY
from tenshots.training.variants import Variant


def fresh(variant: Variant, photos: pd.DataFrame) -> OnTheFly | None:
    """Returns what each worker draws fresh copies with; None where the variant learns from others.

    Args:
        variant: of `variants.resolve`.
        photos: columns photo_id and image (encoded); row i is image i.

    Raises:
        DataError: the stage `on_the_fly` has not run, or on other photos.
        SettingsError: as `copying.Policy` does.
    """
    if variant.data != ON_THE_FLY:
        return None
    # Not at the top: it needs TensorFlow, where training may run on another backend; and an edit of it moves
    # none of the other variants (tenshots/repository/code.py, LOOKUPS).
    from tenshots.augmentation import copying
    from tenshots.augmentation.settings import AugmentSettings

    # Of what the stage has written, not of params.yaml: that is what DVC has compared.
    augment = params.check({"copies": 1, "layers": on_the_fly.read()}, AugmentSettings, at="augment")
    size_px = database.decode(photos["image"].iloc[:1]).shape[1]
    begin = partial(copying.Policy, augment.layers, size_px=size_px, tried=True)
    return OnTheFly(begin, photos["photo_id"].tolist())
