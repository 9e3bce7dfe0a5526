"""What layers do to each other unmeant: two without an activation are one; selu needs no normalisation."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tenshots.networks.own import allowed
from tenshots.networks.own.tree import MAXOUT, PARALLEL, REPEAT, RESIDUAL, Node

MAX_DOUBTS = 3
HEAD = "the layer of the answer"


def doubts(nodes: Sequence[Node], *, at: str) -> list[str]:
    """Returns a sentence per pair of layers with weights between which nothing bends, a few, and on selu.

    Where photos branch off, each branch is looked at. A depthwise convolution may stand before another layer,
    and so may a sum around layers that bend, since neither pair is one layer.

    Args:
        nodes: the network.
        at: its dotted key in params.yaml.
    """
    pairs: list[tuple[str, str]] = []
    last = _Walk(pairs, at).through(nodes, None)
    if last:
        pairs.append((last, HEAD))
    pairs = list(dict.fromkeys(pairs))
    sentences = [
        f"{first} and {second} have no activation between them, and two layers without an activation between "
        "them are one layer; add one, such as activation: relu"
        for first, second in pairs[:MAX_DOUBTS]
    ]
    more = len(pairs) - MAX_DOUBTS
    sentences += [f"{at} has {more} more such pairs"] * (more > 0)
    if _any(nodes, _is_selu) and _any(nodes, lambda node: node.kind == "BatchNormalization"):
        sentences.append(
            f"{at} has selu and batch normalisation: selu keeps mean and deviation at 0 and 1 by itself, "
            "which batch normalisation undoes; leave one of them out"
        )
    return sentences


def _any(nodes: Sequence[Node], is_such: Callable[[Node], bool]) -> bool:
    """Whether there is such a layer among these, or within a composite."""
    return any(is_such(node) or any(_any(inside, is_such) for inside in node.inside) for node in nodes)


def _is_selu(node: Node) -> bool:
    return node.arguments.get("activation") == "selu"


class _Walk:
    """Walks through the layers and keeps the last one with weights that nothing has bent since."""

    def __init__(self, pairs: list[tuple[str, str]], at: str) -> None:
        self._pairs = pairs
        self._at = at

    def through(self, nodes: Sequence[Node], last: str | None) -> str | None:
        """Returns the last layer of `nodes`, by its place, that nothing bends before they end."""
        for node in nodes:
            last = self._after(node, last)
        return last

    def _after(self, node: Node, last: str | None) -> str | None:
        if node.kind == REPEAT:  # twice shows what follows what
            for _ in range(min(node.arguments["times"], 2)):
                last = self.through(node.inside[0], last)
            return last
        if node.kind == PARALLEL:
            ends = [self.through(branch, last) for branch in node.inside]
            return next((end for end in ends if end), None)
        if node.kind == RESIDUAL:
            end = self.through(node.inside[0], last)
            return None if any(map(_bends, node.inside[0])) else end
        if node.inside:
            return self.through(node.inside[0], last)
        if node.kind == MAXOUT or allowed.LAYERS[node.kind].weighs:
            own = f"{self._at}.{node.key} ({node.kind})"
            if last:
                self._pairs.append((last, own))
            return None if _bends(node) else own
        return None if _bends(node) else last


def _bends(node: Node) -> bool:
    """Whether a layer, or one within a composite, is no linear function."""
    if node.inside:
        return any(_bends(each) for nodes in node.inside for each in nodes)
    activation = node.arguments.get("activation")
    if node.kind == MAXOUT or activation not in (None, "linear"):
        return True
    return node.kind != "Activation" and allowed.LAYERS[node.kind].bends
