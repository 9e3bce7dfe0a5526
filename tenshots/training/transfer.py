"""The recipe for a pretrained network: a head that is solved for, then the top of the backbone with it.

The head is a logistic regression on frozen features, as in the recipe of that name (see linear.py). A head
that starts at random would first have to be trained, and while it is wrong its gradients harm the backbone.
Source: Kumar et al. 2022, Fine-Tuning can Distort Pretrained Features, arXiv:2202.10054.

What stays frozen is computed once for all folds and repeats: training then reads that instead of photos.
Where images are drawn anew or mixed (mixup, cutmix) this cannot be: then what stays frozen is computed in
each update, from pixels. To mix what the frozen layers put out would be another technique (manifold mixup,
Verma et al. 2019, arXiv:1806.05236).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from tenshots.networks import building, drawing, features, forward
from tenshots.networks.settings import TransferSettings
from tenshots.runtime import keras
from tenshots.training import cuts, loop, losses, margins, memory, stopping
from tenshots.training.executor import Trainer
from tenshots.training.feeding import OnTheFly
from tenshots.training.jobs import Epoch, Job, Outcome
from tenshots.training.linear import Heads, Known
from tenshots.training.loop import Kept, TrainSettings
from tenshots.training.settings import OptimisationSettings


def trainers(
    build: Callable[[], keras.Model],
    *,
    images: np.ndarray,
    labels: np.ndarray,
    settings: TrainSettings,
    phases: TransferSettings,
    known: Known,
    on_the_fly: OnTheFly | None = None,
    flips: bool = False,
    num_workers: int = 1,
    num_at_once: int | None = None,
) -> Callable[[], Trainer]:
    """Returns what begins a worker (see `executor.run`), after computing what the frozen layers put out.

    Each job starts from the pretrained backbone and a head that its training photos solve for. Then the top
    of the backbone is trained with it; batch normalisation stays in inference mode and keeps its scales and
    offsets, since the statistics of few photos are worse than the pretrained ones. With patience the result
    is right on no fewer validation photos than the head alone was. A job gives the same weights to the bit
    whichever jobs came before it or are trained beside it.

    Args:
        build: returns a network of `building.build`, family pretrained, with its backbone's weights, the same
            each time; may be called in several threads at a time.
        images: uint8 (num_images, size_px, size_px, 3), originals and copies.
        labels: int (num_images,), from 0; each below the network's number of outputs.
        settings: of the loop.
        phases: how fast the top is trained, and how much of the backbone is the top.
        known: frozen features of this backbone, and what belongs together; of the photos at least.
        on_the_fly: what fresh copies are drawn with; None: the network learns from the images as they are.
        flips: whether an answer is the mean of those on the photo and on its mirror image.
        num_workers: threads that compute what the frozen layers put out, side by side.
        num_at_once: images of the largest update, where `batch_size` is all; at most all.
    """
    first = [build()]
    num_labels = first[0].output_shape[-1]
    targets = np.eye(num_labels, dtype=np.float32)[labels]
    pretrained = first[0].get_weights()
    loss = partial(losses.value, settings=settings.optimisation)
    heads = Heads(known, labels, num_labels=num_labels, loss=loss)
    cut = cuts.below_top(first[0], phases.unfreeze)
    changes = on_the_fly is not None or settings.optimisation.mixes
    if cut is not None and changes:
        cut = cuts.at(first[0], building.pixels(first[0]))
    inputs = known.features if cut is None else cuts.inputs_of(cut, images, num_workers=num_workers)
    turned = known.mirrored
    if flips and cut is not None:  # of photos alone, as nobody asks about copies
        turned = images[: len(known.mirrored), :, ::-1]
        if inputs is not images:
            turned = cuts.inputs_of(cut, turned, num_workers=num_workers)
    mirrored = turned.__getitem__ if flips else None

    def begin() -> Trainer:
        network = first.pop() if first else build()
        tuned = cuts.below_top(network, phases.unfreeze)
        blocks = cuts.tuned_blocks(network, tuned, factor=phases.block_lr_factor) if tuned else []
        factors = cuts.rate_factors(network, blocks)
        told = {"tuned": [each._asdict() for each in blocks]} if phases.names_parts else {}
        top, as_inputs = _top(network, tuned, inputs, images, changes=changes)
        fresh = on_the_fly and on_the_fly.fresh(images, as_inputs)
        asked = top or features.head_of(network)

        def train(job: Job, report: Callable[[Epoch], None], check: Callable[[], None]) -> Outcome:
            check()
            network.set_weights(pretrained)
            row = heads.put_into(network, job)
            if top is not None:
                row = _scored(row, top, inputs[job.val], targets[job.val], settings.optimisation)
            history = [row]
            report(row)
            kept = Kept()
            if top is not None:
                drawing.draw_dropout(network, job.seed)
                kept = loop.train(
                    top,
                    job,
                    inputs=inputs,
                    targets=targets,
                    settings=settings._replace(lr=settings.lr * phases.fine_tune_lr_factor),
                    phase="fine_tune",
                    history=history,
                    kept=loop.kept_of(row, top),
                    fresh=fresh,
                    factors=factors,
                    report=report,
                    check=check,
                )
                top.set_weights(kept.weights)
                if settings.optimisation.loss_name == "hinge":
                    margins.scale(network, top, inputs[job.val], labels[job.val])
            answers = forward.predict_rows(asked, inputs, job.held_out, mirrored=mirrored)
            num_images = len(history) * job.num_originals
            return Outcome(job, history, max(kept.epoch, 0), num_images, answers, told)

        num_bytes = (
            0 if top is None else memory.of_updates(top, settings.batch_size, num_at_once or len(images))
        )
        return Trainer(network, train, num_bytes)

    return begin


def _top(
    network: keras.Model, tuned: cuts.Cut | None, inputs: np.ndarray, images: np.ndarray, *, changes: bool
) -> tuple[keras.Model | None, Callable[[np.ndarray], np.ndarray]]:
    """Returns the model that is tuned, from `inputs` to logits, and what makes its inputs of other images.

    Args:
        network: whole.
        tuned: where its tuned top begins; None where nothing is tuned, nor then is any model returned.
        inputs: of `cuts.inputs_of`; `images` where these would take too much memory.
        images: uint8 (num_images, size_px, size_px, 3).
        changes: whether images change in each epoch: then it takes pixels at the network's own size.
    """
    own = cuts.at(network, building.pixels(network))
    as_inputs = cuts.same_inputs(own, inputs, images)
    if tuned is None:
        return None, as_inputs
    if changes and (own.lower is None or inputs is not images):
        return cuts.from_pixels(network, tuned), as_inputs
    return cuts.trained(tuned, from_photos=inputs is images), as_inputs


def _scored(
    row: Epoch, top: keras.Model, inputs: np.ndarray, targets: np.ndarray, settings: OptimisationSettings
) -> Epoch:
    """Returns the head's row with the figure by which later epochs are judged, on validation photos."""
    if settings.stop_on is None:
        return row
    logits = forward.outputs(top, inputs, batch_size=128)
    return row._replace(val_score=stopping.score(settings.stop_on, logits, targets))
