"""What a YAML document is made of: text, lists and mappings that know their places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from s3guard.problems import Place


@dataclass(frozen=True, slots=True, eq=False)
class Scalar:
    """One scalar: its text, or None for a plain null."""

    text: str | None
    place: Place
    shift: int | None
    """Columns to the left of every line of `text`: from the place if it stands in one line, else from the margin, in the lines below.

    None where the file writes the text in another way, with escapes or folded.
    """
    is_block: bool = False
    """Whether the text stands in the lines below the place (``|``)."""

    def within(self, offset: int) -> Place | None:
        """The place of the character at `offset` of the text; None where the file writes the text in another way."""
        if self.text is None or self.shift is None:
            return None
        if not self.is_block:
            return Place(self.place.file, self.place.line, self.place.column + self.shift + offset)
        before = self.text[:offset].split("\n")
        return Place(self.place.file, self.place.line + len(before), 1 + self.shift + len(before[-1]))


@dataclass(frozen=True, slots=True, eq=False)
class Listing:
    """A sequence of nodes."""

    items: tuple[Node, ...]
    place: Place


@dataclass(frozen=True, slots=True, eq=False)
class Mapping:
    """A mapping of text to nodes."""

    values: dict[str, Node]
    keys: dict[str, Place]
    """Where each key stands."""
    place: Place

    def place_of(self, key: str) -> Place:
        """Where `key` stands; the mapping's own place when it has no such key."""
        return self.keys.get(key, self.place)


Node = Scalar | Listing | Mapping
Plain = str | list["Plain"] | dict[str, "Plain"] | None
"""What is left of a node without its places."""


def kind_of(node: Node) -> str:
    """What people call this kind of node: ``nothing``, ``text``, ``a list`` or ``a mapping``."""
    if isinstance(node, Scalar):
        return "nothing" if node.text is None else "text"
    return "a list" if isinstance(node, Listing) else "a mapping"


def plain(node: Node) -> Plain:
    """The node as text, None, lists and dicts."""
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Listing):
        return [plain(item) for item in node.items]
    return {key: plain(value) for key, value in node.values.items()}


def find(node: Node, path: Sequence[str | int]) -> tuple[Node, Place]:
    """The deepest node on `path`, and its place: a mapping's value is placed at its key, an item of a list where it begins.

    Steps that lead nowhere are left out, so that the path of a missing key gives the mapping that lacks it.
    """
    place = node.place
    for step in path:
        if isinstance(node, Mapping) and isinstance(step, str) and step in node.values:
            place, node = node.keys[step], node.values[step]
        elif isinstance(node, Listing) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
            place = node.place
    return node, place
