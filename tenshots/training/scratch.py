"""The recipe for a network taught from scratch: all of it, from random weights.

Its layers may learn without labels before, one by one (see `pretraining`).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tenshots.networks import building, drawing, forward
from tenshots.runtime import keras
from tenshots.training import cuts, loop, margins, memory, restoring, standardising
from tenshots.training import pretraining as pretrain
from tenshots.training.executor import Trainer
from tenshots.training.feeding import OnTheFly
from tenshots.training.jobs import Epoch, Job, Outcome
from tenshots.training.loop import TrainSettings
from tenshots.training.settings import PretrainingSettings


def trainers(
    build: Callable[[], keras.Model],
    *,
    images: np.ndarray,
    labels: np.ndarray,
    settings: TrainSettings,
    on_the_fly: OnTheFly | None = None,
    flips: bool = False,
    num_workers: int = 1,
    num_at_once: int | None = None,
    pretraining: PretrainingSettings | None = None,
) -> Callable[[], Trainer]:
    """Returns what begins a worker (see `executor.run`), after scaling the images to the network's size.

    A job gives the same weights to the bit whichever jobs came before it or are trained beside it.

    Args:
        build: returns an uncompiled network; may be called in several threads at a time.
        images: uint8 (num_images, size_px, size_px, 3), originals and copies.
        labels: int (num_images,), from 0; each below the network's number of outputs.
        settings: of the loop.
        on_the_fly: what fresh copies are drawn with; None: the network learns from the images as they are.
        flips: whether an answer is the mean of those on the photo and on its mirror image.
        num_workers: threads that scale images, side by side.
        num_at_once: images of the largest update, where `batch_size` is all; at most all.
        pretraining: how its layers learn without labels first; None: they do not.
    """
    # Scaling down in each update would read every photo again and again: at 160 px it takes as long as a
    # tenth of the update that follows.
    first = [build()]
    cut = cuts.at(first[0], building.pixels(first[0]))
    inputs = cuts.inputs_of(cut, images, num_workers=num_workers)

    def begin() -> Trainer:
        network = first.pop() if first else build()
        built = network.get_weights()
        # The same layers in another model, which is compiled: saving `network` leaves the optimiser's memory
        # out.
        own = cuts.at(network, building.pixels(network))
        trained = cuts.trained(own, from_photos=inputs is images)
        as_inputs = cuts.same_inputs(own, inputs, images)
        fresh = on_the_fly and on_the_fly.fresh(images, as_inputs)
        learn = standardising.learner(network, inputs, from_photos=inputs is images)
        todo = []
        if pretraining is not None:
            tied = pretraining.tied is not False
            todo = pretrain.steps(network, from_photos=inputs is images, tied=tied)
        targets = np.eye(network.output_shape[-1], dtype=np.float32)[labels]

        def mirrored(rows: np.ndarray) -> np.ndarray:
            return as_inputs(images[rows][:, :, ::-1])

        def train(job: Job, report: Callable[[Epoch], None], check: Callable[[], None]) -> Outcome:
            network.set_weights(built)
            drawing.draw(network, job.seed)
            drawing.draw_dropout(network, job.seed)
            learn(job.train)
            told, picture = {}, b""
            if pretraining is not None:
                told["pretraining"] = pretrain.learn(
                    todo, job, inputs=inputs, settings=settings, pretraining=pretraining, check=check
                )
                for first in todo[:1]:
                    picture = restoring.shown(first, job, inputs=inputs, noise=pretraining.noise)
                drawing.draw_dropout(network, job.seed)  # as without it
            history: list[Epoch] = []
            kept = loop.train(
                trained,
                job,
                inputs=inputs,
                targets=targets,
                settings=settings,
                phase="scratch",
                history=history,
                fresh=fresh,
                report=report,
                check=check,
            )
            trained.set_weights(kept.weights)
            if settings.optimisation.loss_name == "hinge":
                margins.scale(network, trained, inputs[job.val], labels[job.val])
            asked = mirrored if flips else None
            answers = forward.predict_rows(trained, inputs, job.held_out, mirrored=asked)
            num_images = len(history) * job.num_originals
            return Outcome(job, history, kept.epoch, num_images, answers, told, picture)

        return Trainer(
            network, train, memory.of_updates(trained, settings.batch_size, num_at_once or len(images))
        )

    return begin
