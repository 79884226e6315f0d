"""Conditions of a CloudFormation template: yes, no, or in doubt because of a parameter that only deployment settles."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from s3guard.audit.cloudformation.template import text_of
from s3guard.audit.facts import is_same
from s3guard.audit.tristate import Tri, all_of, any_of, opposite
from s3guard.nodes import Listing, Node
from s3guard.nodes import Mapping as MappingNode

_DEPTH: Final = 50


@dataclass(frozen=True, slots=True)
class Doubt:
    """A condition that nobody can decide before deployment."""

    reason: str


class Conditions:
    """The conditions of one template, as far as its parameters' defaults decide them."""

    def __init__(self, nodes: Mapping[str, Node], compared: Callable[[Node], str | None]) -> None:
        """`compared` gives a side of ``Fn::Equals`` as text, None where it is none."""
        self._nodes = nodes
        self._compared = compared
        self._found: dict[str, Tri] = {}
        self._assumed: dict[str, bool] = {}

    def holds(self, name: str) -> bool | Doubt:
        """Whether the condition of this name holds."""
        found = self._named(name, 0)
        if found is not None:
            return found
        return Doubt(f"it depends on the condition {name}" if name in self._nodes else f"{name or 'it'} is no condition of the template")

    def assume(self, name: str | None) -> None:
        """Take this condition for true, with all that follows for those that it is made of, and no other."""
        self._assumed = {}
        self._found = {}
        if name is not None:
            self._follow(name, holds=True, depth=0)

    def _follow(self, name: str, *, holds: bool, depth: int) -> None:
        if name in self._assumed or depth > _DEPTH:
            return
        self._assumed[name] = holds
        key, arguments = _taken_apart(self._nodes.get(name))
        # NOTE: of an Fn::And that holds all parts hold, of an Fn::Or that does not none does.
        if key == "Condition" or (key == "Fn::And" and holds) or (key == "Fn::Or" and not holds) or key == "Fn::Not":
            for one in arguments:
                named = _name_of(one)
                if named is not None:
                    self._follow(named, holds=holds is not (key == "Fn::Not"), depth=depth + 1)

    def _named(self, name: str, depth: int) -> Tri:
        if name in self._assumed:
            return self._assumed[name]
        node = self._nodes.get(name)
        if node is None or depth > _DEPTH:
            return None
        if name not in self._found:
            self._found[name] = None  # NOTE: one that is made of itself is in doubt.
            self._found[name] = self._decided(node, depth + 1)
        return self._found[name]

    def _decided(self, node: Node, depth: int) -> Tri:
        if depth > _DEPTH:
            return None
        key, arguments = _taken_apart(node)
        if key == "Condition":
            return self._named(_name_of(node) or "", depth)
        if key == "Fn::Equals" and len(arguments) == 2:
            one, other = map(self._compared, arguments)
            return None if one is None or other is None else is_same(one, other)
        parts = [self._decided(one, depth + 1) for one in arguments] if key in ("Fn::And", "Fn::Or", "Fn::Not") else []
        if not parts:
            return None
        if key == "Fn::Not":
            return opposite(parts[0]) if len(parts) == 1 else None
        return all_of(parts) if key == "Fn::And" else any_of(parts)


def _taken_apart(node: Node | None) -> tuple[str, tuple[Node, ...]]:
    """The function of a condition and its arguments; an empty name where it is none."""
    if not isinstance(node, MappingNode) or len(node.values) != 1:
        return "", ()
    (key, argument), *_ = node.values.items()
    if key == "Condition":
        return key, (node,)
    return key, argument.items if isinstance(argument, Listing) else ()


def _name_of(node: Node) -> str | None:
    """The name of the condition that a node refers to; None where it refers to none."""
    return text_of(node.values["Condition"]) if isinstance(node, MappingNode) and list(node.values) == ["Condition"] else None
