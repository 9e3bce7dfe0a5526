"""The learning rate of each update: the one function that training, the history and the pictures ask.

The courses and their arguments are those of `courses.py`.
"""

from __future__ import annotations

import math
from typing import Any

from tenshots.choices import Choice
from tenshots.runtime import keras
from tenshots.training import courses


class LearningRate(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]  # untyped
    """Learning rate by update: rising in a line during the warm-up, then on the course that was chosen.

    Source of the cosine: Loshchilov and Hutter 2017, arXiv:1608.03983, equation 5; the warm-up is that of
    Goyal et al. 2017, arXiv:1706.02677, section 2.2.

    Attributes:
        scale: of the course `performance`, a variable by which `Plateau` lowers the rate; else None. An
            optimiser must count it among its own, so that it starts anew with them.
    """

    def __init__(self, peak: float, *, num_updates: int, schedule: Choice, warmup: float) -> None:
        self.peak = peak
        self.num_updates = num_updates
        self.schedule = schedule
        self.warmup = warmup
        self._course = courses.course(schedule)
        self.scale: keras.Variable | None = None
        if isinstance(self._course, courses.Performance):
            self.scale = keras.Variable(1.0, dtype="float32", trainable=False, name="scale")

    def __call__(self, step: Any) -> Any:  # noqa: ANN401 (a tensor of the backend)
        """Returns the rate of update `step`, which counts from 0, as float32 in [0, peak]; or of several."""
        course = self._course
        rising = courses.warmup_share(self.schedule, warmup=self.warmup) * self.num_updates
        if isinstance(course, courses.Constant) and not rising:
            # Of one update a scalar, as an optimiser takes it.
            return keras.ops.convert_to_tensor(self.peak, dtype="float32") + 0 * keras.ops.cast(
                step, "float32"
            )
        # The first and the last update have a rate above 0: one at 0 would read its images for nothing.
        done = keras.ops.cast(step, "float32")
        risen = keras.ops.minimum((done + 1) / max(rising, 1.0), 1.0)
        if isinstance(course, courses.Cosine):
            fallen = keras.ops.clip((done - rising) / (self.num_updates - rising), 0.0, 1.0)
            return self.peak * risen * 0.5 * (1 + keras.ops.cos(math.pi * fallen))
        if isinstance(course, courses.OneCycle):
            return self.peak * self._cycled(course, done, rising)
        if isinstance(course, courses.RangeTest):
            left = 1 - done / max(self.num_updates - 1, 1)
            return self.peak * keras.ops.exp(math.log(course.start) * left)
        return self.peak * risen * self._factor(done, rising)

    def _factor(self, done: Any, rising: float) -> Any:  # noqa: ANN401 (a tensor of the backend)
        """Returns the rate's share of its peak, the warm-up apart."""
        course, ops = self._course, keras.ops
        if isinstance(course, courses.Step):
            # Products of constants: a power would be rounded otherwise.
            factor = ops.ones_like(done)
            for share in course.at:
                factor = ops.where(done >= share * self.num_updates, factor * course.factor, factor)
            return factor
        if isinstance(course, courses.Performance):
            return ops.convert_to_tensor(self.scale)
        if isinstance(course, courses.Constant):
            return 1.0
        times = ops.maximum(done - rising, 0.0) / (course.every * self.num_updates)
        if isinstance(course, courses.Exponential):
            return ops.exp(math.log(course.factor) * times)
        return ops.exp(-course.power * ops.log(1 + times))

    def _cycled(self, course: courses.OneCycle, done: Any, rising: float) -> Any:  # noqa: ANN401
        up = keras.ops.clip(done / rising, 0.0, 1.0)
        down = keras.ops.clip((done - rising) / (self.num_updates - rising), 0.0, 1.0)
        risen = course.start + (1 - course.start) * 0.5 * (1 - keras.ops.cos(math.pi * up))
        fallen = course.end + (1 - course.end) * 0.5 * (1 + keras.ops.cos(math.pi * down))
        return keras.ops.where(done < rising, risen, fallen)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments; two schedules are the same when these are."""
        return {
            "peak": self.peak,
            "num_updates": self.num_updates,
            "schedule": self.schedule,
            "warmup": self.warmup,
        }


class Plateau:
    """Lowers the rate of the course `performance` where the validation loss falls no further.

    After `patience` epochs without a lower loss than the lowest so far, the rate is multiplied by `factor`,
    and as many epochs have to pass again, as with Keras' ReduceLROnPlateau (whose least gain is 0 here).
    """

    def __init__(self, rate: LearningRate, *, num_warming: int) -> None:
        """Begins at the rate's peak.

        Args:
            rate: of an optimiser that has just been prepared; any other course is left as it is.
            num_warming: epochs of the warm-up, which do not count.
        """
        self._rate = rate
        self._num_warming = num_warming
        self._lowest = math.inf
        self._num_waited = 0

    def tell(self, index: int, val_loss: float) -> None:
        """Is told of the validation loss after epoch `index`, which counts from 0."""
        scale = self._rate.scale
        if scale is None or index < self._num_warming:
            return
        course = courses.course(self._rate.schedule)
        if val_loss < self._lowest:
            self._lowest, self._num_waited = val_loss, 0
            return
        self._num_waited += 1
        if self._num_waited == course.patience:
            scale.assign(scale * course.factor)
            self._num_waited = 0
