"""The nodes of a parsed condition, as Polars serialises them: their names, what they answer, and what they read.

Polars writes an expression as JSON, one object a node: ``{"BinaryExpr": {"left": …, "op": "Eq", "right": …}}``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, TypeAlias

import polars as pl

from s3guard.records import SCHEMA

Node: TypeAlias = Any
"""A node in Polars' own JSON."""

COMPARISONS: Final = {
    "Eq": "=",
    "NotEq": "<>",
    "Lt": "<",
    "LtEq": "<=",
    "Gt": ">",
    "GtEq": ">=",
    "EqValidity": "IS NOT DISTINCT FROM",
    "NotEqValidity": "IS DISTINCT FROM",
}
"""Comparing operators: Polars' name to SQL's."""

ARITHMETIC: Final = {"Plus": "+", "Minus": "-", "Mul": "*", "Div": "/", "Rem": "%"}
"""The same of arithmetic."""

LOGIC: Final = {"And": "AND", "Or": "OR"}
"""The same of logic."""

NULL_TESTS: Final = frozenset({"Boolean.IsNull", "Boolean.IsNotNull"})
"""Functions that are never null."""

CHOICES: Final = frozenset({"Coalesce", "FillNull", "MaxHorizontal", "MinHorizontal"})
"""Functions that give one of their inputs, and pass over null."""

TIME_PARTS: Final = ("Year", "Quarter", "Month", "Week", "Day", "OrdinalDay", "WeekDay", "Hour", "Minute", "Second")
"""Functions of an instant."""

FUNCTIONS: Final[dict[str, tuple[str, tuple[str, ...], str]]] = {
    "Boolean.Not": ("NOT", ("condition",), "condition"),
    "Boolean.IsNull": ("IS NULL", ("any",), "condition"),
    "Boolean.IsNotNull": ("IS NOT NULL", ("any",), "condition"),
    "Sql.IsIn": ("IN", ("any", "list"), "condition"),
    "StringExpr.StartsWith": ("starts_with", ("text", "text"), "condition"),
    "StringExpr.EndsWith": ("ends_with", ("text", "text"), "condition"),
    "StringExpr.Contains": ("a pattern", ("text", "text"), "condition"),
    "StringExpr.Lowercase": ("lower", ("text",), "text"),
    "StringExpr.Uppercase": ("upper", ("text",), "text"),
    "StringExpr.Slice": ("a part of a text", ("text", "number", "number"), "text"),
    "StringExpr.Split": ("split_part", ("text", "text"), "list"),
    "ListExpr.Get": ("split_part", ("list", "number"), "text"),
    "StringExpr.LenChars": ("length", ("text",), "number"),
    "StringExpr.LenBytes": ("octet_length", ("text",), "number"),
    "Abs": ("abs", ("number",), "number"),
    **{f"TemporalExpr.{part}": ("extract", ("instant",), "number") for part in TIME_PARTS},
    **{f"Sql.Binary.{op}": (sign, ("same", "same"), "condition") for op, sign in COMPARISONS.items()},
    **{f"Sql.Binary.{op}": (sign, ("number", "number"), "number") for op, sign in ARITHMETIC.items()},
    **dict.fromkeys(CHOICES, ("a choice", ("same",), "same")),
}
"""Functions that may pass: their name in messages, the kinds of their inputs (the last one for all further), the kind of the answer."""

NULL: Final = {"Literal": {"Scalar": {"Null": "Null"}}}
"""The literal null."""

ZERO: Final = {"Literal": {"Dyn": {"Int": 0}}}
"""The literal 0."""

_SCALARS: Final = {"String": "text", "Boolean": "condition", "Null": "null", "Datetime": "instant"}


def opened(node: Node) -> tuple[str, Any]:
    """The name of a node and what it holds; None where it is a name alone."""
    if isinstance(node, dict) and len(node) == 1:
        return next(iter(node.items()))
    return str(node), None


def function_name(body: dict[str, Any]) -> str:
    """What a function node calls, in one word, such as ``StringExpr.StartsWith``."""
    group, detail = opened(body["function"])
    if detail is None:
        return group
    name, more = opened(detail)
    return f"{group}.{name}.{more}" if isinstance(more, str) else f"{group}.{name}"


def children(node: Node) -> list[Node]:
    """The nodes directly below."""
    form, body = opened(node)
    if form == "Function":
        return list(body["input"])
    names = {"BinaryExpr": ("left", "right"), "Ternary": ("predicate", "truthy", "falsy"), "Cast": ("expr",)}
    return [body[name] for name in names.get(form, ())]


def inside_out(node: Node) -> Iterator[Node]:
    """All nodes, each after those below it."""
    for child in children(node):
        yield from inside_out(child)
    yield node


def columns(node: Node) -> list[str]:
    """The columns that a node reads, in the order of the text."""
    return [body for form, body in map(opened, inside_out(node)) if form == "Column"]


def text(node: Node) -> str | None:
    """The text, if the node is a literal one."""
    form, body = opened(node)
    found = opened(opened(body)[1]) if form == "Literal" else ("", None)
    return found[1] if found[0] == "String" else None


def kind(node: Node) -> str:
    """What a judged node's answer is: ``text``, ``number``, ``instant``, ``condition``, ``list`` or ``null``."""
    form, body = opened(node)
    if form == "Column":
        dtype = SCHEMA[body]
        return "text" if dtype == pl.String else "instant" if dtype.is_temporal() else "number"
    if form == "Literal":
        return "list" if "Series" in body else _SCALARS.get(opened(opened(body)[1])[0], "number")
    if form == "Ternary":
        return common([body["truthy"], body["falsy"]])
    if form == "Cast":
        return {"String": "text", "Boolean": "condition"}.get(body["dtype"]["Literal"], "number")
    if form == "BinaryExpr":
        # NOTE: Polars joins texts by Plus, so its kind is that of its sides.
        return common(children(node)) if body["op"] in ARITHMETIC else "condition"
    answer = FUNCTIONS[function_name(body)][2]
    return common(body["input"]) if answer == "same" else answer


def common(nodes: list[Node]) -> str:
    """The kind of the first node that is not null."""
    return next((found for found in map(kind, nodes) if found != "null"), "null")


def with_article(kind_name: str) -> str:
    """``a text``, ``an instant``."""
    return f"an {kind_name}" if kind_name[0] in "aeiou" else f"a {kind_name}"


def label(node: Node) -> str:
    """What to call a node in a message: a column's name, a literal, or ``the expression``."""
    form, body = opened(node)
    if form == "Column":
        return str(body)
    if form == "Literal":
        value = opened(opened(body)[1])
        return "the list" if "Series" in body else repr(value[1])
    return "the expression"


def negated(node: Node) -> set[str]:
    """Columns under ``<>`` or NOT, except where a null there cannot make the answer null."""
    form, body = opened(node)
    if (form == "BinaryExpr" and body["op"] == "NotEq") or (form == "Function" and function_name(body) == "Boolean.Not"):
        return _exposed(node)
    return set[str]().union(*map(negated, children(node)))


def null_minded(node: Node) -> set[str]:
    """Columns that are tested for null somewhere: IS NULL, IS NOT NULL."""
    tests = (part for part in inside_out(node) if opened(part)[0] == "Function" and function_name(opened(part)[1]) in NULL_TESTS)
    return {name for test in tests for name in columns(test)}


def _exposed(node: Node) -> set[str]:
    form, body = opened(node)
    if form == "Column":
        return {body}
    never_null = form == "BinaryExpr" and body["op"] in ("EqValidity", "NotEqValidity")
    if never_null or (form == "Function" and function_name(body) in NULL_TESTS | CHOICES):
        return set()
    return set[str]().union(*map(_exposed, children(node)))
