"""The JSON Schema of a policy file with every rule there is, for editors: completion, hover texts and a first check."""

from __future__ import annotations

import json
from collections.abc import Container, Iterator
from itertools import count
from typing import Any, Final

from s3guard.declaration import Declaration
from s3guard.rules import Rule, catalog

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_LARGE: Final = 300
"""Characters from which a repeated part is written once."""
_NAMED: Final = frozenset({"properties", "patternProperties", "$defs"})
"""Keys whose values hold subschemas by name."""
_OWN: Final = frozenset({"description", "default"})
"""Keys that stand beside a reference."""


def schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of one policy document; ready for `json.dumps`, the same on every call.

    It takes what s3guard takes, as far as a schema can tell: names, patterns and SQL are checked by s3guard alone.
    """
    written = Declaration.model_json_schema()
    definitions = written.pop("$defs", {})
    properties = {}
    for kind, rule in catalog().items():
        entry = rule.model_json_schema(by_alias=True)
        definitions |= entry.pop("$defs", {})
        definitions[f"rule_{kind}"] = {**entry, "title": kind}
        properties[kind] = _one_or_many(rule, {"$ref": f"#/$defs/rule_{kind}"})
    written["properties"]["rules"] |= {"properties": properties, "additionalProperties": False}
    whole = {"$schema": DIALECT, **written, "title": "s3guard policy", "$defs": definitions}
    return _shared(whole)


def _one_or_many(rule: type[Rule], entry: dict[str, str]) -> dict[str, Any]:
    """A rule's key: one entry, a list of them, or nothing, which is the rule with its defaults."""
    listed = {"type": "array", "items": entry, "minItems": 1}
    return {"description": rule.default_title, "anyOf": [entry, listed, {"type": "null"}]}


def _shared(whole: dict[str, Any]) -> dict[str, Any]:
    """The schema with every large part that stands in it more than once written once, in `$defs`.

    A list of all operations in each of two dozen places would make it three times as long.
    """
    while True:
        names: dict[str, list[str]] = {}
        for name, part in _parts(whole, "part"):
            names.setdefault(_text_of(part), []).append(name)
        repeated = [text for text, found in names.items() if len(found) > 1 and len(text) > _LARGE]
        if not repeated:
            return {**whole, "$defs": dict(sorted(whole["$defs"].items()))}
        # NOTE: the shortest first, since longer ones are often long by what they hold.
        text = min(repeated, key=len)
        name = _free(names[text][0], whole["$defs"])
        whole = _replaced(whole, text, name)
        whole["$defs"][name] = json.loads(text)


def _free(name: str, taken: Container[str]) -> str:
    """The name, or the first of `name_2`, `name_3` … that is not taken."""
    return next(one for number in count(1) if (one := f"{name}_{number}" if number > 1 else name) not in taken)


def _text_of(part: dict[str, Any]) -> str:
    """What makes two parts the same: all but what stays where they are used."""
    return json.dumps({key: value for key, value in part.items() if key not in _OWN}, sort_keys=True)


def _parts(node: Any, name: str, *, is_named: bool = False) -> Iterator[tuple[str, dict[str, Any]]]:  # noqa: ANN401 - JSON
    """Every subschema, and the name of the property that it is of; with `is_named`, the node's keys are such names."""
    if isinstance(node, list):
        for item in node:
            yield from _parts(item, name)
    elif isinstance(node, dict):
        if not is_named:
            yield name, node
        for key, value in node.items():
            yield from _parts(value, key if is_named and key.isidentifier() else name, is_named=key in _NAMED and not is_named)


def _replaced(node: Any, text: str, name: str) -> Any:  # noqa: ANN401 - JSON
    """The schema with a reference in the place of every part of that text."""
    if isinstance(node, list):
        return [_replaced(item, text, name) for item in node]
    if not isinstance(node, dict):
        return node
    if _text_of(node) == text:
        return {"$ref": f"#/$defs/{name}", **{key: value for key, value in node.items() if key in _OWN}}
    return {key: _replaced(value, text, name) for key, value in node.items()}
