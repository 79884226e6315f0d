"""Bucket policies of a plan: their text, the ``aws_iam_policy_document`` that it will be made of, or what the sources beside it write."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from s3guard.audit.facts import NotKnownError
from s3guard.audit.terraform.expressions import Expressions
from s3guard.audit.terraform.joined import Joins
from s3guard.audit.terraform.places import Places
from s3guard.audit.terraform.plan import APPLY, Plan, Resource
from s3guard.audit.terraform.providers import Providers
from s3guard.audit.terraform.syntax import Literal
from s3guard.audit.unsettled import Block, Pending, Tree, symbol

DOCUMENT: Final = "data.aws_iam_policy_document"
_MERGED: Final = "source_policy_documents"
_OVER: Final = ("override_policy_documents", "source_json", "override_json")
_EITHER: Final = (("actions", "Action"), ("not_actions", "NotAction"), ("resources", "Resource"), ("not_resources", "NotResource"))


class Documents:
    """The policies of one plan."""

    def __init__(self, plan: Plan, joins: Joins, places: Places, providers: Providers) -> None:
        """Nothing is looked at before it is asked for."""
        self._plan = plan
        self._joins = joins
        self._asked: list[str] = []
        self._expressions = Expressions(plan, places, providers, lambda data: json.dumps(self._document(data, APPLY)))

    def text(self, resource: Resource, path: Sequence[str | int], value: Tree) -> str | None:
        """The text of a policy, symbols in it for what is known after apply; NotKnownError where nothing of it is known."""
        if not isinstance(value, Pending):
            return _json(value, resource.address)
        found = self._joins.references.instances(resource, path, DOCUMENT)
        if found is not None and len(found) == 1:
            return json.dumps(self._document(found[0], value))
        # NOTE: what the plan marks as sensitive its sources do not tell either.
        written = self._expressions.value(resource, path) if value == APPLY else value
        if isinstance(written, Pending):
            raise NotKnownError(written.reason)
        return _json(written, resource.address)

    def _document(self, data: Resource, open_: Pending) -> dict[str, Any]:
        """The policy that a data source will give; NotKnownError where it is made of others that are open."""
        ready = data.values.get("json")
        if isinstance(ready, str):
            return _object(ready, data)
        if data.address in self._asked:
            raise NotKnownError(f"{data.address} is made of itself")
        self._asked.append(data.address)
        try:
            return self._made(data, open_)
        finally:
            self._asked.pop()

    def _made(self, data: Resource, open_: Pending) -> dict[str, Any]:
        """What its own statements, and those of others in front of them, come to."""
        statements = [said for one in self._merged(data, open_) for said in _statements(_object(one, data))]
        names = [said["Sid"] for said in statements if said.get("Sid")]
        own = Block(data.values, data.address).blocks("statement")
        if not (own or statements) or len(set(names)) < len(names):
            raise NotKnownError(open_.reason)
        statements += [dict(_statement(_Written(self._expressions, data, place, len(own)), one)) for place, one in enumerate(own)]
        return {"Version": "2012-10-17", "Statement": statements}

    def _merged(self, data: Resource, open_: Pending) -> list[str]:
        """The texts of the documents that are put in front; NotKnownError where one is open, or is put over the others."""
        if any(data.values.get(key) not in (None, "", []) for key in _OVER):
            raise NotKnownError(open_.reason)
        given = data.values.get(_MERGED)
        if given in (None, []):
            return []
        items = given if isinstance(given, list) and not any(isinstance(one, Pending) for one in given) else None
        found = items if items is not None else self._expressions.value(data, (_MERGED,))
        if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
            raise NotKnownError(open_.reason)
        return [one for one in found if isinstance(one, str) and one]


@dataclass(frozen=True, slots=True)
class _Written:
    """One statement of a data source as its sources write it, for what the plan leaves open."""

    expressions: Expressions
    data: Resource
    place: int
    count: int
    """Statements of the data source by the plan: sources with another number of blocks make some of them in a loop."""

    def texts(self, value: Tree, *path: str | int) -> list[str] | None:
        """The texts of an attribute that the plan leaves open; None where the sources do not tell."""
        body = self.expressions.body(self.data)
        is_open = value == APPLY or (isinstance(value, list) and APPLY in value)
        if not is_open or body is None or len(body.those("statement")) != self.count:
            return None
        found = self.expressions.value(self.data, ("statement", self.place, *path))
        items = found if isinstance(found, list) else []
        if not items or not all(isinstance(one, str) for one in items) or (isinstance(value, list) and len(value) > len(items)):
            return None
        return [one for one in items if isinstance(one, str)]

    def where(self, kind: str, **names: str) -> int | None:
        """Which block of a kind within the statement has these attributes; None where none has, or two have."""
        body = self.expressions.body(self.data)
        within = [] if body is None else body.those("statement")
        blocks = within[self.place].those(kind) if len(within) > self.place else []
        fitting = [at for at, one in enumerate(blocks) if all(one.attributes.get(key) == Literal(value) for key, value in names.items())]
        return fitting[0] if len(fitting) == 1 else None


def _object(text: str, data: Resource) -> dict[str, Any]:
    found = json.loads(_json(text, data.address) or "{}")
    return dict(found)


def _statements(document: dict[str, Any]) -> list[dict[str, Any]]:
    found = document.get("Statement")
    return [one for one in (found if isinstance(found, list) else [found]) if isinstance(one, dict)]


def _json(value: Tree, name: str) -> str | None:
    if value is None or value == "":
        return None
    try:
        found = json.loads(value) if isinstance(value, str) else None
    except (ValueError, RecursionError) as error:
        raise NotKnownError(f"the policy of {name} is no JSON") from error
    if not isinstance(value, str) or not isinstance(found, dict):
        raise NotKnownError(f"the policy of {name} makes no sense: a JSON object is expected")
    return value


def _statement(written: _Written, said: Block) -> Iterator[tuple[str, Any]]:
    sid = said.text("sid")
    if sid is not None:
        yield "Sid", sid
    yield "Effect", said.text("effect") or "Allow"
    for key, name in _EITHER:
        value = said.values.get(key)
        found = written.texts(value, key) or _texts(value, is_open=key.endswith("resources"))
        if found:
            yield name, found
    for key, name in (("principals", "Principal"), ("not_principals", "NotPrincipal")):
        if said.blocks(key):
            yield name, _principals(written, key, said.blocks(key))
    if said.blocks("condition"):
        yield "Condition", _conditions(written, said.blocks("condition"))


def _texts(value: Tree, *, is_open: bool) -> list[str]:
    """Texts; with `is_open` a symbol stands for each that is open, of which it is then in doubt what it matches."""
    if isinstance(value, Pending) and is_open:
        return [symbol(value.reason)]
    items = value if isinstance(value, list) else [value] if isinstance(value, Pending) else []
    found = [symbol(one.reason) if isinstance(one, Pending) and is_open else one for one in items]
    pending = next((one for one in found if isinstance(one, Pending)), None)
    if pending is not None:
        raise NotKnownError(pending.reason)
    return [one for one in found if isinstance(one, str)]


def _principals(written: _Written, key: str, blocks: Sequence[Block]) -> str | dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in blocks:
        kind, value = one.needed("type"), one.values.get("identifiers")
        place = written.where(key, type=kind)
        told = None if place is None else written.texts(value, key, place, "identifiers")
        # NOTE: which users or roles are meant may be open: none of them is the service that delivers logs.
        found.setdefault(kind, []).extend(told or _texts(value, is_open=kind == "AWS"))
    # NOTE: as the provider writes it.
    return "*" if found == {"*": ["*"]} else found


def _conditions(written: _Written, blocks: Sequence[Block]) -> dict[str, dict[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = {}
    for one in blocks:
        test, variable, value = one.needed("test"), one.needed("variable"), one.values.get("values")
        place = written.where("condition", test=test, variable=variable)
        told = None if place is None else written.texts(value, "condition", place, "values")
        found.setdefault(test, {}).setdefault(variable, []).extend(told or _texts(value, is_open=True))
    return found
