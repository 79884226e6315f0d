"""The JSON Schema of a policy file with every rule there is, for editors: completion, hover texts and a first check."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from s3guard.declaration import Declaration
from s3guard.rules import Rule, catalog

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_LARGE: Final = 300
"""Characters from which a repeated part is written once."""
_CONTAINERS: Final = frozenset({"properties", "patternProperties", "$defs"})
"""Keys whose values are no schemas but hold some by name."""
_TRANSPARENT: Final = frozenset({"anyOf", "items"})


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

    A list of all operations in each of two dozen places would make it five times as long.
    """
    names: dict[str, list[str]] = {}
    for name, part in _parts(whole, "schema"):
        names.setdefault(_text_of(part), []).append(name)
    repeated = {text: found[0] for text, found in names.items() if len(found) > 1 and len(text) > _LARGE}
    taken = dict.fromkeys(whole["$defs"], "")
    for text, name in repeated.items():
        number = sum(other == name or other.startswith(f"{name}_") for other in taken)
        taken[f"{name}_{number}" if number else name] = text
    shared = {text: name for name, text in taken.items() if text}
    hoisted = {name: _replaced(json.loads(text), shared, is_top=True) for text, name in shared.items()}
    whole = _replaced(whole, shared, is_top=True)
    whole["$defs"] = dict(sorted((whole["$defs"] | hoisted).items()))
    return whole


def _text_of(part: dict[str, Any]) -> str:
    return json.dumps(part, sort_keys=True)


def _parts(node: Any, name: str) -> Iterator[tuple[str, dict[str, Any]]]:  # noqa: ANN401 - JSON
    """Every subschema, and the name of the key or property that it stands under."""
    if isinstance(node, list):
        for item in node:
            yield from _parts(item, name)
    elif isinstance(node, dict):
        if name not in _CONTAINERS:
            yield name, node
        for key, value in node.items():
            yield from _parts(value, name if key in _TRANSPARENT else key)


def _replaced(node: Any, shared: dict[str, str], *, is_top: bool = False) -> Any:  # noqa: ANN401 - JSON
    """The schema with references in the place of shared parts."""
    if isinstance(node, list):
        return [_replaced(item, shared) for item in node]
    if not isinstance(node, dict):
        return node
    name = None if is_top else shared.get(_text_of(node))
    return {"$ref": f"#/$defs/{name}"} if name else {key: _replaced(value, shared) for key, value in node.items()}
