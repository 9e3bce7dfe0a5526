"""The list of layers as a tree, each node with its place in params.yaml; checked without Keras."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tenshots import entries
from tenshots.errors import SettingsError
from tenshots.networks.own import allowed
from tenshots.networks.own.rules import Rule, integer
from tenshots.params import nearest, nearest_or_all, shown

MAX_LAYERS = 500  # once all is repeated: ResNet-110, the deepest that is taught on small photos, has some 330
MAX_ENTRIES = 1000  # written down
MAX_DEPTH = 8  # of composites in composites
MAX_TIMES = 100
PART_NAME = "letters, digits, _ and -, beginning with a letter"
_EXAMPLE = "as in `MaxPooling2D: {pool_size: 2}`"
REPEAT, RESIDUAL, PARALLEL, MAXOUT = "repeat", "residual", "parallel", "maxout"
PART = "part"
# What each composite takes, with what it must have.
COMPOSITES: Mapping[str, tuple[str, ...]] = {
    REPEAT: ("times", "layers"),
    RESIDUAL: ("layers",),
    PARALLEL: ("branches",),
}
_TIMES = integer(1, MAX_TIMES)
PIECES = integer(2, 64)
_MAXOUT_DENSE = ("units", "use_bias", "kernel_initializer", "bias_initializer")
_MAXOUT_MAPS = (
    *("filters", "kernel_size", "strides", "padding", "dilation_rate"),
    *("use_bias", "kernel_initializer", "bias_initializer"),
)


class Node(NamedTuple):
    """A layer, a composite, or a part by its name.

    Attributes:
        kind: a layer's name in Keras; repeat, residual, parallel or maxout; or part.
        key: where it stands, below the network's key: "layers[3]", "parts.block[1]".
        arguments: of a layer or of maxout; of repeat its times; of a part its name.
        inside: lists of nodes: one for repeat, residual and part, one per branch for parallel.
        size: of how many layers it consists. Kept, as parts of parts of parts may come to billions.
    """

    kind: str
    key: str
    arguments: Mapping[str, Any]
    inside: tuple[tuple[Node, ...], ...] = ()
    size: int = 1


def size(nodes: Sequence[Node]) -> int:
    """Returns of how many layers nodes consist, all repetitions counted."""
    return sum(node.size for node in nodes)


def parsed(parts: Mapping[str, Any], layers: object, *, at: str) -> tuple[Node, ...]:
    """Returns the layers as nodes.

    Args:
        parts: what stands under `parts`.
        layers: what stands under `layers`.
        at: the network's dotted key with the file, to begin a message with: "params.yaml: networks.mine".

    Raises:
        SettingsError: a line per broken rule, each with key, rule, value and remedy.
    """
    parser = _Parser(parts, at=at)
    for name in parts:
        parser.part(name)  # all of them: a mistake in one that is not used now would wait
    nodes = parser.listed(layers, "layers", depth=0)
    if not parser.problems and size(nodes) > MAX_LAYERS:
        parser.add("layers", f"must come to at most {MAX_LAYERS} layers, got {size(nodes):,}; repeat less")
    if parser.problems:
        raise SettingsError("\n".join(parser.problems))
    return nodes


class _Parser:
    """Goes through the list once, each part once, and notes what is wrong."""

    def __init__(self, parts: Mapping[str, Any], *, at: str) -> None:
        self.problems: list[str] = []
        self._parts = parts
        self._at = at
        self._known: dict[str, tuple[Node, ...] | None] = {}  # None: it is being read
        self._depths: dict[str, int] = {}  # of parts in parts
        self._reading: list[str] = []
        self._num_entries = 0

    def add(self, key: str, rule: str) -> None:
        """Notes a broken rule of the value at a key."""
        self.problems.append(f"{self._at}.{key} {rule}")

    def part(self, name: str) -> tuple[Node, ...]:
        """Returns the nodes of a part."""
        if name not in self._known:
            self._known[name] = None
            self._depths[name] = 1
            self._reading.append(name)
            key = f"parts.{name}"
            known = {*allowed.LAYERS, *allowed.ALIASES, *COMPOSITES, MAXOUT}
            if not _is_part_name(name):
                self.add(key, f"must have a name of {PART_NAME}; rename it")
            elif name in known:
                self.add(key, f"must not be named like a layer; rename it, for instance to my_{name.lower()}")
            value = self._parts[name]
            if isinstance(value, list):
                self._known[name] = self.listed(value, key, depth=0)
            else:
                node = self.entry(value, key, depth=0)
                self._known[name] = (node,) if node else ()
            self._reading.pop()
        found = self._known[name]
        return found if found is not None else ()

    def listed(self, values: object, key: str, *, depth: int) -> tuple[Node, ...]:
        """Returns the nodes of a list; those that are wrong are noted and left out."""
        if not isinstance(values, list) or not values:
            self.add(key, f"must be a list of at least 1 layer, got {shown(values)}")
            return ()
        nodes = (self.entry(value, f"{key}[{place}]", depth=depth) for place, value in enumerate(values))
        return tuple(node for node in nodes if node)

    def entry(self, value: object, key: str, *, depth: int) -> Node | None:
        """Returns the node of an entry of a list."""
        self._num_entries += 1
        if self._num_entries > MAX_ENTRIES or depth > MAX_DEPTH:
            if self._num_entries == MAX_ENTRIES + 1:
                self.add("layers", f"must hold at most {MAX_ENTRIES} entries, with parts and composites")
            elif depth == MAX_DEPTH + 1:
                self.add(key, f"must lie in at most {MAX_DEPTH} composites")
            return None
        try:
            name, arguments = entries.split(value, example=_EXAMPLE)
        except ValueError as error:
            self.add(key, f"{error}, got {shown(value)}")
            return None
        if name in self._parts:
            return self._use(name, arguments, key)
        inner = f"{key}.{name}"
        if name in COMPOSITES:
            return self._composite(name, arguments, inner, depth=depth)
        if name == MAXOUT:
            return self._maxout(arguments, inner)
        kind = allowed.ALIASES.get(name, name)
        if kind in allowed.LAYERS:
            known = allowed.LAYERS[kind]
            fine = self._arguments(arguments, known.arguments, known.required, inner)
            activated = arguments.get("activation") is not None and kind != "Activation"
            return Node(kind, key, arguments, size=1 + activated) if fine else None
        self.add(key, self._unknown(name))
        return None

    def _unknown(self, name: str) -> str:
        reason = allowed.refusal(name)
        if reason:
            return f"must not be {name}, {reason}"
        known = [*allowed.LAYERS, *COMPOSITES, MAXOUT, *map(str, self._parts)]
        hint = nearest(name, known) or "; docs/catalogue/layers.md lists them"
        return (
            "must name a layer of Keras for photos, a composite (repeat, residual, parallel, maxout) or an "
            f"entry of parts, got {shown(name)}{hint}"
        )

    def _use(self, name: str, arguments: Mapping[str, Any], key: str) -> Node | None:
        if arguments:
            self.add(key, f"must name the part {name} alone; its arguments stand under parts.{name}")
            return None
        if name not in self._known and len(self._reading) == MAX_DEPTH:
            nodes: tuple[Node, ...] = ()
            depth = MAX_DEPTH
        else:
            nodes = self.part(name)
            depth = self._depths[name]
        if self._known.get(name, ()) is None:
            self.add(key, f"must not use the part {name} within itself; write its layers out")
            return None
        if self._reading:
            user = self._reading[-1]
            self._depths[user] = max(self._depths[user], depth + 1)
            if depth == MAX_DEPTH:
                self.add(key, f"must not nest more than {MAX_DEPTH} parts in parts; write some out")
        return Node(PART, key, {"name": name}, (nodes,), size(nodes))

    def _composite(self, name: str, arguments: Mapping[str, Any], key: str, *, depth: int) -> Node | None:
        if not self._names(arguments, COMPOSITES[name], COMPOSITES[name], key):
            return None
        num_problems = len(self.problems)
        if name == REPEAT and (rule := _TIMES.broken_by(arguments["times"])):
            self.add(f"{key}.times", rule)
        if name == PARALLEL:
            branches = arguments["branches"]
            if not isinstance(branches, list) or len(branches) < 2:
                self.add(f"{key}.branches", f"must be at least 2 lists of layers, got {shown(branches)}")
                return None
            inside = tuple(
                self.listed(branch, f"{key}.branches[{place}]", depth=depth + 1)
                for place, branch in enumerate(branches)
            )
        else:
            inside = (self.listed(arguments["layers"], f"{key}.layers", depth=depth + 1),)
        if len(self.problems) > num_problems:
            return None
        own = {"times": arguments["times"]} if name == REPEAT else {}
        # A residual has a projection and a sum besides, a parallel one layer that puts side by side.
        num_layers = own.get("times", 1) * sum(map(size, inside)) + {RESIDUAL: 2, PARALLEL: 1}.get(name, 0)
        return Node(name, key.removesuffix(f".{name}"), own, inside, num_layers)

    def _maxout(self, arguments: Mapping[str, Any], key: str) -> Node | None:
        dense = "units" in arguments
        names, layer = (_MAXOUT_DENSE, "Dense") if dense else (_MAXOUT_MAPS, "Conv2D")
        if not dense and "filters" not in arguments:
            self.add(
                key,
                "needs units, as in `maxout: {units: 64, pieces: 2}`, or filters and kernel_size, as in "
                "`maxout: {filters: 32, kernel_size: 3, pieces: 2}`",
            )
            return None
        rules = {name: allowed.LAYERS[layer].arguments[name] for name in names} | {"pieces": PIECES}
        fine = self._arguments(arguments, rules, (*allowed.LAYERS[layer].required, "pieces"), key)
        if not fine:
            return None
        return Node(MAXOUT, key.removesuffix(f".{MAXOUT}"), arguments, size=arguments["pieces"] + 1)

    def _arguments(
        self, given: Mapping[str, Any], rules: Mapping[str, Rule], required: Sequence[str], key: str
    ) -> bool:
        """Notes wrong names and values of arguments; returns whether there are none."""
        fine = self._names(given, tuple(rules), required, key)
        for name, value in given.items():
            if name in rules and (rule := rules[name].broken_by(value)):
                self.add(f"{key}.{name}", rule)
                fine = False
        return fine

    def _names(
        self, given: Mapping[str, Any], known: Sequence[str], required: Sequence[str], key: str
    ) -> bool:
        fine = True
        for name in given:
            if name not in known:
                reason = allowed.no_argument(str(name))
                hint = f"; {reason}" if reason else nearest_or_all(str(name), known)
                self.add(key, f"has no argument {shown(name)}{hint}")
                fine = False
        missing = [name for name in required if name not in given]
        if missing:
            self.add(key, f"needs {' and '.join(missing)}")
        return fine and not missing


def _is_part_name(name: str) -> bool:
    return name.isascii() and name[:1].isalpha() and name.replace("_", "").replace("-", "").isalnum()
