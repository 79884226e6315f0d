"""Intrinsic functions of CloudFormation: what a value is once a template is deployed, as far as the template says it.

A text that only deployment settles has symbols (``${Logs}``, ``${AWS::AccountId}``, ``${BucketName}`` of a parameter without a default),
so that two of the same are known to be equal; what is no text, or nobody can tell, is `Pending`.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from enum import Enum
from typing import Final

from s3guard.audit.cloudformation.conditions import Conditions, Doubt
from s3guard.audit.cloudformation.template import Resource, Template, text_of
from s3guard.audit.facts import NotKnownError, is_symbolic
from s3guard.audit.unsettled import Block, Pending, Tree, deployed, symbol, symbols
from s3guard.model import UsageError
from s3guard.nodes import Listing, Node, Scalar
from s3guard.nodes import Mapping as MappingNode

BUCKET: Final = "AWS::S3::Bucket"
_MAX_TEXT: Final = 1 << 16
_DEPTH: Final = 60
"""Deepest nesting of values, those of other resources' names included."""
_MAX_SPENT: Final = 1 << 24
"""Most characters and values that all functions of a template make together; one that grows beyond is built to."""
# NOTE: the partition is where the template is deployed, and every ARN of it has the same, so that it is called aws changes no answer.
_PSEUDO: Final = {"AWS::Partition": "aws", "AWS::URLSuffix": "amazonaws.com"}
_DYNAMIC: Final = re.compile(r"\{\{resolve:([^{}]*)\}\}")
_PLACEHOLDER: Final = re.compile(r"\$\{([^}]*)\}")


class _Nothing(Enum):
    """What ``AWS::NoValue`` is: the key or the item is not there."""

    NO_VALUE = "AWS::NoValue"


NO_VALUE: Final = _Nothing.NO_VALUE


class Resolver:
    """The values of one template."""

    def __init__(self, template: Template) -> None:
        """Nothing is resolved before it is asked for."""
        self._template = template
        self._names: dict[str, str] = {}
        self._spent = 0
        self._depth = 0
        self._conditions = Conditions(template.conditions, self._compared)

    def condition(self, name: str | None) -> bool | Doubt:
        """Whether a condition holds; of no condition, yes."""
        return True if name is None else self._conditions.holds(name)

    def assuming(self, name: str | None) -> None:
        """From here on the condition holds, and of those before only what the template itself says: a resource is there."""
        self._conditions.assume(name)

    def name(self, resource: Resource) -> str:
        """What ``Ref`` of a resource gives: the bucket's name, or a symbol for it."""
        if resource.id not in self._names:
            # NOTE: a name that is made of itself stays the symbol.
            self._names[resource.id] = symbol(resource.id)
            key = _NAMES.get(resource.type)
            properties = resource.properties
            if key is not None and isinstance(properties, MappingNode) and key in properties.values:
                found = self.value(properties.values[key])
                if isinstance(found, str) and found:
                    self._names[resource.id] = found
        return self._names[resource.id]

    def block(self, resource: Resource) -> Block:
        """The properties of a resource; NotKnownError where they are no mapping that is known."""
        found = {} if resource.properties is None else self.value(resource.properties)
        if isinstance(found, Pending):
            raise NotKnownError(found.reason)
        if found is not None and not isinstance(found, dict):
            raise NotKnownError(f"the Properties of {resource.id} make no sense: a mapping is expected")
        return Block(found or {}, resource.id, self.why)

    def why(self, text: str) -> str:
        """Why a text with symbols is not known."""
        for name in symbols(text):
            parameter = self._template.parameters.get(name)
            if parameter is not None:
                is_stored = parameter.type.startswith("AWS::SSM::")
                return f"the parameter {name} {'is read of Systems Manager' if is_stored else 'has no default'}"
        return deployed(text)

    def value(self, node: Node) -> Tree:
        """What a node is once it is deployed; None where it is nothing, or ``AWS::NoValue``."""
        found = self._any(node)
        return None if found is NO_VALUE else found

    def _any(self, node: Node) -> Tree | _Nothing:
        self._depth += 1
        try:
            return Pending("nested too deep to be told") if self._depth > _DEPTH else self._spend(self._resolved(node))
        finally:
            self._depth -= 1

    def _spend(self, value: Tree | _Nothing) -> Tree | _Nothing:
        self._spent += 1 + (len(value) if isinstance(value, str) else 0)
        if self._spent > _MAX_SPENT:
            raise UsageError(f"{self._template.name}: its functions make more than {_MAX_SPENT >> 20} MiB of values")
        return value

    def _resolved(self, node: Node) -> Tree | _Nothing:
        if isinstance(node, Scalar):
            return None if node.text is None else _DYNAMIC.sub(lambda found: symbol(f"resolve:{found[1]}"), node.text)
        if isinstance(node, Listing):
            return [one for one in map(self._any, node.items) if one is not NO_VALUE]
        if len(node.values) == 1:
            (key, argument), *_ = node.values.items()
            if key == "Ref":
                return self._ref(text_of(argument) or "")
            if key.startswith("Fn::"):
                return self._function(key, argument)
        if "Fn::Transform" in node.values:
            return Pending("a macro (Fn::Transform) makes it when it is deployed")
        items = ((key, self._any(one)) for key, one in node.values.items())
        return {key: one for key, one in items if one is not NO_VALUE}

    def _ref(self, name: str) -> Tree | _Nothing:
        if name == NO_VALUE.value:
            return NO_VALUE
        if name.startswith("AWS::"):
            return _PSEUDO.get(name, symbol(name))
        if name in self._template.parameters:
            return self._parameter(name)
        if name in self._template.resources:
            return self.name(self._template.resources[name])
        return Pending(f"{name or 'a Ref'} is neither a parameter nor a resource of the template")

    def _parameter(self, name: str) -> Tree:
        parameter = self._template.parameters[name]
        if parameter.default is None or parameter.type.startswith("AWS::SSM::"):
            return symbol(name)
        if parameter.type.startswith("List<") or parameter.type == "CommaDelimitedList":
            return [one.strip() for one in parameter.default.split(",")]
        return parameter.default

    def _function(self, key: str, argument: Node) -> Tree | _Nothing:
        if key == "Fn::If":
            return self._if(argument)
        told = _FUNCTIONS.get(key)
        if told is None:
            return Pending(f"{key} is known once it is deployed")
        try:
            return told(self, argument)
        except NotKnownError as error:
            return Pending(str(error))

    def _if(self, argument: Node) -> Tree | _Nothing:
        if not isinstance(argument, Listing) or len(argument.items) != 3:
            return Pending("an Fn::If that has not three items")
        name, *ways = argument.items
        holds = self._conditions.holds(text_of(name) or "")
        if not isinstance(holds, Doubt):
            return self._any(ways[0] if holds else ways[1])
        one, other = map(self._any, ways)
        return one if one == other else Pending(holds.reason)

    def items(self, node: Node, function: str) -> list[Tree]:
        """A list; NotKnownError where it is none that is known."""
        found = self._known(node)
        if isinstance(found, str) and is_symbolic(found):
            raise NotKnownError(self.why(found))
        if not isinstance(found, list):
            raise NotKnownError(f"an {function} of what is no list")
        return found

    def text(self, node: Node, function: str) -> str:
        """A text, symbols within it; NotKnownError where it is none that is known."""
        return _text(self._known(node), function)

    def _known(self, node: Node) -> Tree:
        found = self.value(node)
        if isinstance(found, Pending):
            raise NotKnownError(found.reason)
        return found

    def attribute(self, id_: str, attribute: str) -> str:
        """What ``Fn::GetAtt`` gives: of buckets the ARN and domain name, else a symbol."""
        resource = self._template.resources.get(id_)
        if resource is None:
            raise NotKnownError(f"{id_ or 'an Fn::GetAtt'} is no resource of the template")
        if resource.type == BUCKET and attribute == "Arn":
            return f"arn:aws:s3:::{self.name(resource)}"
        if resource.type == BUCKET and attribute == "DomainName":
            return f"{self.name(resource)}.s3.amazonaws.com"
        return symbol(f"{id_}.{attribute}")

    def substituted(self, text: str, given: dict[str, Node]) -> str:
        """A text with its ``${…}`` put in; ``${!x}`` is ``${x}``, literally."""
        made = len(text)

        def put(found: re.Match[str]) -> str:
            nonlocal made
            name = found[1].strip()
            if name.startswith("!"):
                return f"${{{name[1:]}}}"
            if name in given:
                part = self.text(given[name], "Fn::Sub")
            elif "." in name and name not in self._template.parameters:
                part = self.attribute(*name.split(".", 1))
            else:
                part = _text(self._ref_known(name), "Fn::Sub")
            made += len(part)
            _check(made)
            return part

        return _PLACEHOLDER.sub(put, text)

    def _ref_known(self, name: str) -> Tree:
        found = self._ref(name)
        if isinstance(found, Pending):
            raise NotKnownError(found.reason)
        return None if found is NO_VALUE else found

    def mapped(self, node: Node) -> Tree:
        """What ``Fn::FindInMap`` gives: where its keys are open, what all of the map agree about."""
        if not isinstance(node, Listing) or len(node.items) < 3:
            raise NotKnownError("an Fn::FindInMap that has not three items")
        map_, *keys = (self.text(one, "Fn::FindInMap") for one in node.items[:3])
        found: list[Node | None] = [self._template.mappings.get(map_)]
        for key in keys:
            found = [one for there in found for one in _under(there, key)]
        told = [None if one is None else self.value(one) for one in found]
        if not told or None in told:
            raise NotKnownError(f"the mapping {map_} has no {' '.join(keys)}")
        if any(one != told[0] for one in told):
            raise NotKnownError(f"the mapping {map_} differs by {' '.join(key for key in keys if is_symbolic(key))}")
        return told[0]

    def _compared(self, node: Node) -> str | None:
        """One side of an ``Fn::Equals``; None where it is no text that is known."""
        found = self.value(node)
        return found if isinstance(found, str) else "" if found is None else None


def _under(node: Node | None, key: str) -> Iterator[Node | None]:
    values = node.values if isinstance(node, MappingNode) else {}
    yield from values.values() if is_symbolic(key) else [values.get(key)]


def _text(value: Tree, function: str) -> str:
    if isinstance(value, str):
        return value
    raise NotKnownError(f"an {function} of what is no text")


def _check(characters: int) -> None:
    """Before a text is made, that it is not too long."""
    if characters > _MAX_TEXT:
        raise NotKnownError(f"a function makes a text of more than {_MAX_TEXT:,} characters")


def _get_att(resolver: Resolver, node: Node) -> Tree:
    if isinstance(node, Listing):
        id_, *attribute = (resolver.text(one, "Fn::GetAtt") for one in node.items) if node.items else ("",)
        return resolver.attribute(id_, ".".join(attribute))
    id_, _, name = (text_of(node) or "").partition(".")
    return resolver.attribute(id_, name)


def _sub(resolver: Resolver, node: Node) -> Tree:
    if isinstance(node, Listing) and len(node.items) == 2:
        text, given = node.items
        values = given.values if isinstance(given, MappingNode) else {}
        return resolver.substituted(text_of(text) or "", values)
    if not isinstance(node, Scalar):
        raise NotKnownError("an Fn::Sub of what is no text")
    return resolver.substituted(node.text or "", {})


def _join(resolver: Resolver, node: Node) -> Tree:
    if not isinstance(node, Listing) or len(node.items) != 2:
        raise NotKnownError("an Fn::Join that has not two items")
    parts = resolver.items(node.items[1], "Fn::Join")
    pending = next((one for one in parts if isinstance(one, Pending)), None)
    if pending is not None:
        raise NotKnownError(pending.reason)
    between, texts = resolver.text(node.items[0], "Fn::Join"), [_text(one, "Fn::Join") for one in parts]
    _check(sum(map(len, texts)) + len(between) * len(texts))
    return between.join(texts)


def _select(resolver: Resolver, node: Node) -> Tree:
    if not isinstance(node, Listing) or len(node.items) != 2:
        raise NotKnownError("an Fn::Select that has not two items")
    place, found = resolver.text(node.items[0], "Fn::Select"), resolver.items(node.items[1], "Fn::Select")
    if is_symbolic(place):
        raise NotKnownError(resolver.why(place))
    if not re.fullmatch("[0-9]{1,6}", place) or int(place) >= len(found):
        raise NotKnownError(f"an Fn::Select of item {place[:20]} of {len(found)}")
    return found[int(place)]


def _split(resolver: Resolver, node: Node) -> Tree:
    if not isinstance(node, Listing) or len(node.items) != 2:
        raise NotKnownError("an Fn::Split that has not two items")
    between, text = (resolver.text(one, "Fn::Split") for one in node.items)
    if is_symbolic(text) or is_symbolic(between) or not between:
        raise NotKnownError(resolver.why(text) if between else "an Fn::Split at nothing")
    return [*text.split(between)]


def _import(resolver: Resolver, node: Node) -> Tree:
    return symbol(f"Fn::ImportValue {resolver.text(node, 'Fn::ImportValue')}")


def _json(resolver: Resolver, node: Node) -> Tree:
    found = resolver.value(node)
    try:
        return json.dumps(found)
    except TypeError as error:
        raise NotKnownError("an Fn::ToJsonString of what is known once it is deployed") from error


_FUNCTIONS: Final = {
    "Fn::FindInMap": Resolver.mapped,
    "Fn::GetAtt": _get_att,
    "Fn::ImportValue": _import,
    "Fn::Join": _join,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::Sub": _sub,
    "Fn::ToJsonString": _json,
}
_NAMES: Final = {
    BUCKET: "BucketName",
    "AWS::S3Express::DirectoryBucket": "BucketName",
    "AWS::S3Tables::TableBucket": "TableBucketName",
}
