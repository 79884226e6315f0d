"""Bucket policies of a plan: their text, or the ``aws_iam_policy_document`` that it will be made of."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

from s3guard.audit.facts import NotKnownError
from s3guard.audit.terraform.joined import Joins
from s3guard.audit.terraform.plan import Plan, Resource
from s3guard.audit.unsettled import Block, Pending, Tree, symbol

DOCUMENT: Final = "data.aws_iam_policy_document"
_MERGED: Final = ("source_policy_documents", "override_policy_documents", "source_json", "override_json")
_EITHER: Final = (("actions", "Action"), ("not_actions", "NotAction"), ("resources", "Resource"), ("not_resources", "NotResource"))


class Documents:
    """The policies of one plan."""

    def __init__(self, plan: Plan, joins: Joins) -> None:
        """Nothing is looked at before it is asked for."""
        self._plan = plan
        self._joins = joins

    def text(self, resource: Resource, path: Sequence[str | int], value: Tree) -> str | None:
        """The text of a policy, symbols in it for what is known after apply; NotKnownError where nothing of it is known."""
        if not isinstance(value, Pending):
            return _json(value, resource.address)
        found = self._joins.references.instances(resource, path, DOCUMENT)
        if found is None or len(found) != 1:
            raise NotKnownError(value.reason)
        return json.dumps(_document(found[0], value))


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


def _document(data: Resource, open_: Pending) -> dict[str, Any]:
    """The policy that a data source will give; NotKnownError where it is made of others that are open."""
    ready = data.values.get("json")
    if isinstance(ready, str):
        found = json.loads(_json(ready, data.address) or "{}")
        return dict(found)
    for key in _MERGED:
        if data.values.get(key) not in (None, "", []):
            raise NotKnownError(open_.reason)
    statements = Block(data.values, data.address).blocks("statement")
    if not statements:
        raise NotKnownError(open_.reason)
    return {"Version": "2012-10-17", "Statement": [dict(_statement(one)) for one in statements]}


def _statement(said: Block) -> Iterator[tuple[str, Any]]:
    sid = said.text("sid")
    if sid is not None:
        yield "Sid", sid
    yield "Effect", said.text("effect") or "Allow"
    for key, name in _EITHER:
        found = _texts(said.values.get(key), is_open=key.endswith("resources"))
        if found:
            yield name, found
    for key, name in (("principals", "Principal"), ("not_principals", "NotPrincipal")):
        if said.blocks(key):
            yield name, _principals(said.blocks(key))
    if said.blocks("condition"):
        yield "Condition", _conditions(said.blocks("condition"))


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


def _principals(blocks: Sequence[Block]) -> str | dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in blocks:
        found.setdefault(one.needed("type"), []).extend(_texts(one.values.get("identifiers"), is_open=False))
    # NOTE: as the provider writes it.
    return "*" if found == {"*": ["*"]} else found


def _conditions(blocks: Sequence[Block]) -> dict[str, dict[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = {}
    for one in blocks:
        values = _texts(one.values.get("values"), is_open=True)
        found.setdefault(one.needed("test"), {}).setdefault(one.needed("variable"), []).extend(values)
    return found
