"""What the intrinsic functions of CloudFormation give, each a function of its own; `NotKnownError` where nobody knows before deployment.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Final, Protocol

from s3guard.audit.cloudformation.template import text_of
from s3guard.audit.facts import NotKnownError, is_symbolic
from s3guard.audit.unsettled import Pending, Tree, symbol
from s3guard.nodes import Listing, Node, Scalar
from s3guard.nodes import Mapping as MappingNode

_MAX_TEXT: Final = 1 << 16
_PLACEHOLDER: Final = re.compile(r"\$\{([^}]*)\}")


class Values(Protocol):
    """The template that a function stands in."""

    def value(self, node: Node) -> Tree:
        """What a node is once it is deployed."""

    def known(self, node: Node) -> Tree:
        """As `value`; NotKnownError where nobody knows."""

    def items(self, node: Node, function: str) -> list[Tree]:
        """A list; NotKnownError where it is none that is known."""

    def text(self, node: Node, function: str) -> str:
        """A text, symbols within it; NotKnownError where it is none that is known."""

    def reference(self, name: str) -> Tree:
        """What ``Ref`` gives, or ``Fn::GetAtt`` for a name with a dot."""

    def attribute(self, id_: str, attribute: str) -> str:
        """What ``Fn::GetAtt`` gives."""

    def mapping(self, name: str) -> Node | None:
        """One of the template's mappings."""

    def why(self, text: str) -> str:
        """Why a text with symbols is not known."""


def as_text(value: Tree, function: str) -> str:
    """A value that is a text; NotKnownError where it is something else."""
    if isinstance(value, str):
        return value
    raise NotKnownError(f"an {function} of what is no text")


def _check(characters: int) -> None:
    """Before a text is made, that it is not too long."""
    if characters > _MAX_TEXT:
        raise NotKnownError(f"a function makes a text of more than {_MAX_TEXT:,} characters")


def _get_att(values: Values, node: Node) -> Tree:
    if isinstance(node, Listing):
        id_, *attribute = (values.text(one, "Fn::GetAtt") for one in node.items) if node.items else ("",)
        return values.attribute(id_, ".".join(attribute))
    id_, _, name = (text_of(node) or "").partition(".")
    return values.attribute(id_, name)


def _sub(values: Values, node: Node) -> Tree:
    if isinstance(node, Listing) and len(node.items) == 2:
        text, given = node.items
        return _substituted(values, text_of(text) or "", given.values if isinstance(given, MappingNode) else {})
    if not isinstance(node, Scalar):
        raise NotKnownError("an Fn::Sub of what is no text")
    return _substituted(values, node.text or "", {})


def _join(values: Values, node: Node) -> Tree:
    if not isinstance(node, Listing) or len(node.items) != 2:
        raise NotKnownError("an Fn::Join that has not two items")
    parts = values.items(node.items[1], "Fn::Join")
    pending = next((one for one in parts if isinstance(one, Pending)), None)
    if pending is not None:
        raise NotKnownError(pending.reason)
    between, texts = values.text(node.items[0], "Fn::Join"), [as_text(one, "Fn::Join") for one in parts]
    _check(sum(map(len, texts)) + len(between) * len(texts))
    return between.join(texts)


def _select(values: Values, node: Node) -> Tree:
    if not isinstance(node, Listing) or len(node.items) != 2:
        raise NotKnownError("an Fn::Select that has not two items")
    place, found = values.text(node.items[0], "Fn::Select"), values.items(node.items[1], "Fn::Select")
    if is_symbolic(place):
        raise NotKnownError(values.why(place))
    if not re.fullmatch("[0-9]{1,6}", place) or int(place) >= len(found):
        raise NotKnownError(f"an Fn::Select of item {place[:20]} of {len(found)}")
    return found[int(place)]


def _split(values: Values, node: Node) -> Tree:
    if not isinstance(node, Listing) or len(node.items) != 2:
        raise NotKnownError("an Fn::Split that has not two items")
    between, text = (values.text(one, "Fn::Split") for one in node.items)
    if is_symbolic(text) or is_symbolic(between) or not between:
        raise NotKnownError(values.why(text) if between else "an Fn::Split at nothing")
    return [*text.split(between)]


def _import(values: Values, node: Node) -> Tree:
    return symbol(f"Fn::ImportValue {values.text(node, 'Fn::ImportValue')}")


def _json(values: Values, node: Node) -> Tree:
    found = values.value(node)
    try:
        return json.dumps(found)
    except TypeError as error:
        raise NotKnownError("an Fn::ToJsonString of what is known once it is deployed") from error


def _substituted(values: Values, text: str, given: dict[str, Node]) -> str:
    """A text with its ``${…}`` put in; ``${!x}`` is ``${x}``, literally."""
    made = len(text)

    def put(found: re.Match[str]) -> str:
        nonlocal made
        name = found[1].strip()
        if name.startswith("!"):
            return f"${{{name[1:]}}}"
        part = values.text(given[name], "Fn::Sub") if name in given else as_text(values.reference(name), "Fn::Sub")
        made += len(part)
        _check(made)
        return part

    return _PLACEHOLDER.sub(put, text)


def _find_in_map(values: Values, node: Node) -> Tree:
    """What ``Fn::FindInMap`` gives: where its keys are open, what all of the map agree about."""
    if not isinstance(node, Listing) or len(node.items) < 3:
        raise NotKnownError("an Fn::FindInMap that has not three items")
    map_, *keys = (values.text(one, "Fn::FindInMap") for one in node.items[:3])
    found: list[Node | None] = [values.mapping(map_)]
    for key in keys:
        found = [one for there in found for one in _under(there, key)]
    told = [None if one is None else values.value(one) for one in found]
    if not told or None in told:
        raise NotKnownError(f"the mapping {map_} has no {' '.join(keys)}")
    if any(one != told[0] for one in told):
        raise NotKnownError(f"the mapping {map_} differs by {' '.join(key for key in keys if is_symbolic(key))}")
    return told[0]


def _under(node: Node | None, key: str) -> Iterator[Node | None]:
    values = node.values if isinstance(node, MappingNode) else {}
    yield from values.values() if is_symbolic(key) else [values.get(key)]


FUNCTIONS: Final[dict[str, Callable[[Values, Node], Tree]]] = {
    "Fn::FindInMap": _find_in_map,
    "Fn::GetAtt": _get_att,
    "Fn::ImportValue": _import,
    "Fn::Join": _join,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::Sub": _sub,
    "Fn::ToJsonString": _json,
}
"""By their long names; all others are known once a template is deployed."""
