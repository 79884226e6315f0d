"""Intrinsic functions of CloudFormation: what a value is once a template is deployed, as far as the template says it.

A text that only deployment settles has symbols (``${Logs}``, ``${AWS::AccountId}``, ``${BucketName}`` of a parameter without a default),
so that two of the same are known to be equal; what is no text, or nobody can tell, is `Pending`.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Final

from s3guard.audit.cloudformation.conditions import Conditions, Doubt
from s3guard.audit.cloudformation.functions import FUNCTIONS, as_text
from s3guard.audit.cloudformation.template import Resource, Template, text_of
from s3guard.audit.facts import NotKnownError, is_symbolic
from s3guard.audit.unsettled import Block, Pending, Tree, deployed, symbol, symbols
from s3guard.model import UsageError
from s3guard.nodes import Listing, Node, Scalar
from s3guard.nodes import Mapping as MappingNode

BUCKET: Final = "AWS::S3::Bucket"
_DEPTH: Final = 60
"""Deepest nesting of values, those of other resources' names included."""
_MAX_SPENT: Final = 1 << 22
"""Most characters and values that all functions of a template make together; one that grows beyond is built to."""
# NOTE: the partition is where the template is deployed, and every ARN of it has the same, so that it is called aws changes no answer.
_PSEUDO: Final = {"AWS::Partition": "aws", "AWS::URLSuffix": "amazonaws.com"}
_DYNAMIC: Final = re.compile(r"\{\{resolve:([^{}]*)\}\}")


_NAMES: Final = {
    BUCKET: "BucketName",
    "AWS::S3Express::DirectoryBucket": "BucketName",
    "AWS::S3Tables::TableBucket": "TableBucketName",
}


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
        if resource.is_included:
            raise NotKnownError(f"a macro (Fn::Transform) may change {resource.id} when it is deployed")
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
        self._spent += 1 + (len(value) if isinstance(value, str | list) else 0)
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
        told = FUNCTIONS.get(key)
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
        found = self.known(node)
        if isinstance(found, str) and is_symbolic(found):
            raise NotKnownError(self.why(found))
        if not isinstance(found, list):
            raise NotKnownError(f"an {function} of what is no list")
        return found

    def text(self, node: Node, function: str) -> str:
        """A text, symbols within it; NotKnownError where it is none that is known."""
        return as_text(self.known(node), function)

    def known(self, node: Node) -> Tree:
        """As `value`; NotKnownError where nobody knows."""
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

    def reference(self, name: str) -> Tree:
        """What ``Ref`` gives; NotKnownError where nobody knows."""
        if "." in name and name not in self._template.parameters:
            return self.attribute(*name.split(".", 1))
        found = self._ref(name)
        if isinstance(found, Pending):
            raise NotKnownError(found.reason)
        return None if found is NO_VALUE else found

    def mapping(self, name: str) -> Node | None:
        """One of the template's mappings; None where there is none of that name."""
        return self._template.mappings.get(name)

    def _compared(self, node: Node) -> str | None:
        """One side of an ``Fn::Equals``; None where it is no text that is known."""
        found = self.value(node)
        return found if isinstance(found, str) else "" if found is None else None
