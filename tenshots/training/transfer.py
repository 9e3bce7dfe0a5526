"""The recipe for a pretrained network: a head that is solved for, then the top of the backbone with it.

The head is a logistic regression on frozen features, as in the recipe of that name (see linear.py). A head
that starts at random would first have to be trained, and while it is wrong its gradients harm the backbone.
Source: Kumar et al. 2022, Fine-Tuning can Distort Pretrained Features, arXiv:2202.10054.

What stays frozen is computed once for all folds and repeats: training then reads that instead of photos.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tenshots.networks import drawing, features, forward
from tenshots.networks.settings import TransferSettings
from tenshots.runtime import keras
from tenshots.training import cuts, loop, memory, stopping
from tenshots.training.executor import Trainer
from tenshots.training.jobs import Epoch, Job, Outcome
from tenshots.training.linear import Heads, Known
from tenshots.training.loop import Kept, TrainSettings


def trainers(
    build: Callable[[], keras.Model],
    *,
    images: np.ndarray,
    labels: np.ndarray,
    settings: TrainSettings,
    phases: TransferSettings,
    known: Known,
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
        num_workers: threads that compute what the frozen layers put out, side by side.
        num_at_once: images of the largest update, where `batch_size` is all; at most all.
    """
    first = [build()]
    num_labels = first[0].output_shape[-1]
    targets = np.eye(num_labels, dtype=np.float32)[labels]
    pretrained = first[0].get_weights()
    smoothing = settings.optimisation.label_smoothing
    heads = Heads(known, labels, num_labels=num_labels, label_smoothing=smoothing)
    cut = cuts.below_top(first[0], share=phases.unfreeze)
    inputs = known.features if cut is None else cuts.inputs_of(cut, images, num_workers=num_workers)

    def begin() -> Trainer:
        network = first.pop() if first else build()
        found = cuts.below_top(network, share=phases.unfreeze)
        top = None if found is None else cuts.trained(found, from_photos=inputs is images)
        asked = top or features.head_of(network)

        def scored(row: Epoch, job: Job) -> Epoch:
            """The head's row with the figure by which later epochs are judged."""
            if top is None or settings.optimisation.stop_on is None:
                return row
            logits = forward.outputs(top, inputs[job.val], batch_size=128)
            stop_on = settings.optimisation.stop_on
            return row._replace(val_score=stopping.score(stop_on, logits, targets[job.val]))

        def train(job: Job, report: Callable[[Epoch], None], check: Callable[[], None]) -> Outcome:
            check()
            network.set_weights(pretrained)
            history = [scored(heads.put_into(network, job), job)]
            report(history[0])
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
                    kept=loop.kept_of(history[0], top),
                    report=report,
                    check=check,
                )
                top.set_weights(kept.weights)
            answers = forward.predict_rows(asked, inputs, job.held_out)
            return Outcome(job, history, max(kept.epoch, 0), len(history) * job.num_originals, answers)

        num_bytes = (
            0 if top is None else memory.of_updates(top, settings.batch_size, num_at_once or len(images))
        )
        return Trainer(network, train, num_bytes)

    return begin
