"""Whether a network of one's own is a chain of dense layers and convolutions: then each can learn alone."""

from __future__ import annotations

from collections.abc import Sequence

from tenshots.networks.own.tree import MAXOUT, PARALLEL, RESIDUAL, Node

# Layers whose weights a decoder of ours has no way back through.
OTHERS = ("Conv2DTranspose", "SeparableConv2D", "DepthwiseConv2D")


def fault(nodes: Sequence[Node]) -> str:
    """Returns what stands in the way, with its key; an empty text where nothing does.

    Args:
        nodes: of `tree.parsed`.
    """
    for node in nodes:
        if node.kind in (RESIDUAL, PARALLEL, MAXOUT):
            return f"{node.key} ({node.kind}) leads several ways around each other"
        dilated = node.arguments.get("dilation_rate", 1)
        if node.kind in OTHERS or dilated not in (1, [1, 1], (1, 1)):
            return f"{node.key} ({node.kind}) is neither a Dense layer nor a Conv2D without dilation"
        for inside in node.inside:
            if found := fault(inside):
                return found
    return ""
