"""What an attribute of a plan's resource will be, read of the sources beside the plan: a plan itself only names what it refers to.

Sources may have changed since the plan was made, so an expression counts only where it refers to exactly what the plan says that it does.
What an expression does not tell stays a symbol within a text (``${aws_sns_topic.alarms.arn}``), or is `Pending`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from s3guard.audit.facts import NotKnownError
from s3guard.audit.terraform.places import Places
from s3guard.audit.terraform.plan import APPLY, Key, Plan, Resource, Scope, Step, names
from s3guard.audit.terraform.providers import Providers
from s3guard.audit.terraform.references import longest, references
from s3guard.audit.terraform.syntax import Body, Call, Choice, Entries, Expression, Items, Literal, Opaque, Reference, Template, within
from s3guard.audit.unsettled import Pending, Tree, symbol

_OTHER: Final = Pending("the sources beside the plan are not those that it was made of")
_UNREAD: Final = Pending("known after apply, by an expression that s3guard does not read")
_MOST: Final = 1 << 25
"""Characters and values that all expressions of a plan make together; one that grows beyond is built to."""
_ANY: Final = "*"
"""What stands for all that an expression may refer to that is not read."""
_DEPTH: Final = 40
"""Expressions that lead to one another, variables and locals among them."""


@dataclass(frozen=True, slots=True)
class Where:
    """What names mean where an expression stands."""

    scope: Scope
    key: Key
    """Of the resource's instance, or of the module's."""
    depth: int = 0

    def below(self) -> Where:
        """The same, one expression further; NotKnownError where they go round in a circle."""
        if self.depth > _DEPTH:
            raise NotKnownError("known after apply, by expressions that lead to one another")
        return replace(self, depth=self.depth + 1)


class Expressions:
    """The expressions of one plan's sources."""

    def __init__(self, plan: Plan, places: Places, providers: Providers, document: Callable[[Resource], str]) -> None:
        """Nothing is read before it is asked for; `document` gives the text of an ``aws_iam_policy_document``, or NotKnownError."""
        self._plan, self._places, self._providers, self._document = plan, places, providers, document
        self._spent = 0
        self._there: dict[tuple[Scope, str], list[Resource]] = {}
        for one in plan.resources:
            if not one.is_gone:
                self._there.setdefault((one.scope, one.base), []).append(one)

    def body(self, resource: Resource) -> Body | None:
        """The block of a resource; None where its sources are not there, or have no such block or two."""
        kind = "data" if resource.is_data else "resource"
        found = self._places.body(names(resource.scope)).those(kind, resource.type, resource.name)
        return found[0] if len(found) == 1 else None

    def value(self, resource: Resource, path: Sequence[str | int]) -> Tree:
        """What an attribute will be; `path` leads to it in the plan's configuration: ``("statement", 0, "resources")``."""
        body = self.body(resource)
        for step, place in zip(path[:-1:2], path[1:-1:2], strict=True):
            within = [] if body is None else body.those(str(step))
            is_there = isinstance(place, int) and len(within) > place
            body = within[int(place)] if is_there else None
        expression = None if body is None else body.attributes.get(str(path[-1]))
        if expression is None:
            return APPLY
        told = set(longest(references(self._plan.configured(resource), path)))
        mine = list(_told(expression))
        # NOTE: what is not read may refer to anything.
        if not set(longest(mine)) - {_ANY} <= told or (_ANY not in mine and set(longest(mine)) != told):
            return _OTHER
        try:
            return self._of(expression, Where(resource.scope, resource.key))
        except NotKnownError as error:
            return Pending(str(error))

    def _of(self, expression: Expression, where: Where) -> Tree:
        found = self._worked_out(expression, where.below())
        self._spent += 1 + (len(found) if isinstance(found, str) else 0)
        if self._spent > _MOST:
            raise NotKnownError("known after apply, by expressions that make too much")
        return found

    def _worked_out(self, expression: Expression, where: Where) -> Tree:
        match expression:
            case Literal(value):
                return value
            case Items(items):
                return [self._of(one, where) for one in items]
            case Entries(entries):
                return {self._text(key, where): self._of(one, where) for key, one in entries}
            case Template(parts):
                return "".join(self._text(one, where) for one in parts)
            case Choice(test, ways):
                found = self._of(test, where)
                return _UNREAD if not isinstance(found, bool) else self._of(ways[0 if found else 1], where)
            case Reference(path):
                return self._reference(path, where)
            case Call(name, arguments):
                return _called(name, [self._of(one, where) for one in arguments])
        return _UNREAD

    def _text(self, expression: Expression, where: Where) -> str:
        """A text, symbols in it for what is open; NotKnownError for what is none."""
        found = self._of(expression, where)
        if isinstance(found, Pending):
            if not isinstance(expression, Reference):
                return symbol(found.reason)
            # NOTE: the same words mean other things in another module or instance.
            written = ".".join(one if isinstance(one, str) else "*" for one in expression.names)
            place = "" if where.key is None else f" of {where.key!r}"
            return symbol(".".join((*names(where.scope), written)) + place)
        if isinstance(found, bool):
            return "true" if found else "false"
        if isinstance(found, str | int):
            return str(found)
        raise NotKnownError(_UNREAD.reason)

    def _reference(self, path: Sequence[str | Expression], where: Where) -> Tree:
        head, *rest = path
        match head:
            case "var" | "local" if rest:
                name = str(rest[0])
                return _within(self._variable(name, where) if head == "var" else self._local(name, where), rest[1:])
            case "each" | "count":
                return self._instance_key(path, where)
            case "module":
                return self._output(rest, where)
            case "path" | "terraform" | "self":
                return _UNREAD
            case "data":
                return self._attribute(f"data.{rest[0]}.{rest[1]}", rest[2:], where) if len(rest) > 2 else _UNREAD
        return self._attribute(f"{head}.{rest[0]}", rest[1:], where) if len(rest) > 1 else _UNREAD

    def _instance_key(self, path: Sequence[str | Expression], where: Where) -> Tree:
        if tuple(path) in (("each", "key"), ("count", "index")) and isinstance(where.key, str | int):
            return where.key
        return _UNREAD

    def _variable(self, name: str, where: Where) -> Tree:
        """What is given to the module, or its default; at the root what the plan was made with."""
        if not where.scope:
            given = None if name in self._plan.secrets else self._plan.variables.get(name)
            return _plain(given.get("value")) if isinstance(given, dict) and "value" in given else _UNREAD
        above, step = where.scope[:-1], where.scope[-1]
        calls = self._places.body(names(above)).those("module", step.name)
        given = calls[0].attributes.get(name) if len(calls) == 1 else None
        if given is not None:
            return self._of(given, Where(above, step.key, where.depth))
        written = self._places.body(names(where.scope)).those("variable", name)
        default = written[0].attributes.get("default") if len(calls) == len(written) == 1 else None
        return _UNREAD if default is None else self._of(default, where)

    def _local(self, name: str, where: Where) -> Tree:
        found = [one.attributes[name] for one in self._places.body(names(where.scope)).those("locals") if name in one.attributes]
        return self._of(found[0], where) if len(found) == 1 else _UNREAD

    def _output(self, rest: Sequence[str | Expression], where: Where) -> Tree:
        name, *more = rest
        key: Key = None
        if more and not isinstance(more[0], str):
            index, *more = more
            found = self._of(index, where) if not isinstance(index, str) else None
            key = found if isinstance(found, str | int) else None
        if not more:
            return _UNREAD
        scope = (*where.scope, Step(str(name), key))
        outputs = self._places.body(names(scope)).those("output", str(more[0]))
        written = outputs[0].attributes.get("value") if len(outputs) == 1 else None
        return _UNREAD if written is None else _within(self._of(written, Where(scope, key, where.depth)), more[1:])

    def _attribute(self, base: str, rest: Sequence[str | Expression], where: Where) -> Tree:
        """An attribute of another resource: what the plan says, else what follows from the names that it does say."""
        key: Tree = None
        index = rest[0]
        if not isinstance(index, str):
            key, rest = self._of(index, where), rest[1:]
        there = [one for one in self._there.get((where.scope, base), ()) if one.key == key]
        if len(there) != 1 or not rest:
            return _UNREAD
        found = _within(there[0].values, rest)
        return self._following(there[0], str(rest[0])) if isinstance(found, Pending | None) and len(rest) == 1 else found

    def _following(self, resource: Resource, attribute: str) -> Tree:
        named = resource.values.get("bucket" if resource.type == "aws_s3_bucket" else "name")
        name = named if isinstance(named, str) and named else symbol(resource.address)
        if resource.type == "aws_iam_policy_document" and attribute == "json":
            return self._document(resource)
        match resource.type, attribute:
            case "aws_s3_bucket", "id" | "bucket":
                return name
            case "aws_s3_bucket", "arn":
                return f"arn:aws:s3:::{name}"
            case "aws_iam_role" | "aws_iam_user", "arn":
                path = resource.values.get("path")
                kind = resource.type.removeprefix("aws_iam_")
                return f"arn:aws:iam::{self._providers.account(resource)}:{kind}{path if isinstance(path, str) else '/'}{name}"
            case "aws_caller_identity", "account_id" | "id":
                return self._providers.account(resource)
        return symbol(f"{resource.address}.{attribute}")


def _called(name: str, given: Sequence[Tree]) -> Tree:
    """What a function makes of its arguments, of those few that policies are written with."""
    match name, given:
        case "jsonencode", [one]:
            return json.dumps(_settled(one))
        case "toset" | "tolist", [list() as one]:
            return one
        case "compact", [list() as one]:
            return [item for item in one if item not in (None, "")]
        case "concat", _ if all(isinstance(one, list) for one in given):
            return [item for one in given if isinstance(one, list) for item in one]
    return _UNREAD


def _told(expression: Expression) -> Iterator[str]:
    """What an expression refers to, as a plan names it."""
    if isinstance(expression, Opaque):
        yield _ANY
    if isinstance(expression, Reference):
        yield expression.address
    for one in within(expression):
        yield from _told(one)


def _within(found: Tree | object, path: Sequence[str | Expression]) -> Tree:
    """What stands at the end of names within a value."""
    for step in path:
        if isinstance(found, dict) and isinstance(step, str):
            found = found.get(step)
        elif isinstance(found, list) and isinstance(step, Literal) and isinstance(step.value, int) and step.value < len(found):
            found = found[step.value]
        else:
            return found if isinstance(found, Pending) else _UNREAD
    return _plain(found)


def _plain(found: object) -> Tree:
    if found is None or isinstance(found, str | int | float | bool | Pending | list | dict):
        return found
    return _UNREAD


def _settled(found: Tree) -> object:
    """A value as JSON has it, a symbol for what is open of it."""
    if isinstance(found, Pending):
        return symbol(found.reason)
    if isinstance(found, list):
        return [_settled(one) for one in found]
    return {key: _settled(one) for key, one in found.items()} if isinstance(found, dict) else found
