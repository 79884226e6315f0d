"""Which nodes of a parsed condition may pass, and what is mended on the way.

Nodes that are not named here or in `s3guard.conditions.nodes` are refused, so a function that a later Polars adds stays outside
until somebody has looked at it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from s3guard.conditions.nodes import (
    ARITHMETIC,
    COMPARISONS,
    FUNCTIONS,
    LOGIC,
    NULL,
    TIME_PARTS,
    ZERO,
    Node,
    common,
    function_name,
    kind,
    label,
    opened,
    with_article,
)
from s3guard.records import SCHEMA

_NARROW: Final = frozenset({"StringExpr.LenChars", "StringExpr.LenBytes", *(f"TemporalExpr.{part}" for part in TIME_PARTS)})
"""Functions whose answer is a narrow integer, in which arithmetic wraps around: 60 * hour does not fit into eight bits."""
_SCALARS: Final = frozenset({"String", "Boolean", "Null", "Int8", "Int16", "Int32", "Int64", "UInt32", "Float64"})
_WHAT: Final = {
    "Agg": "an aggregate: a condition sees one record at a time;",
    "Len": "an aggregate: a condition sees one record at a time;",
    "Over": "a window function: a condition sees one record at a time;",
    "SubPlan": "a sub-query",
    "Alias": "a name after the expression",
}
_INSTANT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?")


class RefusedError(Exception):
    """A node that may not pass: why, and which."""

    def __init__(self, message: str, about: Node) -> None:
        super().__init__(message)
        self.about: Node = about
        """The node, as Polars parsed it."""
        self.all: tuple[RefusedError, ...] = (self,)
        """Every node that may not pass, this one first."""


def judge(node: Node, *, has_gaps: bool = False) -> Node:
    """The node and all below it, mended; RefusedError for what may not pass.

    With `has_gaps`, nulls stand for what nobody knows, and nothing is said of them.
    """
    judging = _Judge(has_gaps)
    judged = judging.part(node)
    if judging.refused:
        first = judging.refused[0]
        first.all = tuple(judging.refused)
        raise first
    return judged


class _Judge:
    """One look at an expression. What is refused is null to what stands around it, which goes with everything."""

    def __init__(self, has_gaps: bool) -> None:  # noqa: FBT001 - the one caller names it
        self.refused: list[RefusedError] = []
        self._has_gaps = has_gaps

    def part(self, node: Node) -> Node:
        """The node and all below it, mended."""
        form, body = opened(node)
        judges: dict[str, Callable[[Any], Node]] = {
            "Column": _column,
            "Literal": _literal,
            "BinaryExpr": self._binary,
            "Ternary": self._ternary,
            "Cast": self._cast,
            "Function": self._function,
        }
        if form not in judges:
            self.refused.append(RefusedError(f"{_WHAT.get(form, form)} is not allowed in a condition", node))
            return NULL
        try:
            return judges[form](body)
        except RefusedError as refusal:
            self.refused.append(refusal)
            return NULL

    def _binary(self, body: Any) -> Node:  # noqa: ANN401 - see Node
        op = body["op"]
        if op in LOGIC:
            parts = [self.part(part) for part in _chain(body, op)]
            self._want(LOGIC[op], ("condition",), parts)
            return _balanced(parts, op)
        left, right = self.part(body["left"]), self.part(body["right"])
        if op in COMPARISONS:
            left, right = _instant(left, right), _instant(right, left)
            self._want(COMPARISONS[op], ("same",), [left, right])
        elif op in ("Plus", "Minus"):
            # NOTE: Polars parses `a || b` to the sum of two casts to text.
            joins = op == "Plus" and opened(left)[0] == opened(right)[0] == "Cast" and kind(left) == kind(right) == "text"
            self._want(ARITHMETIC[op], ("text" if joins else "number",), [left, right])
        else:
            raise RefusedError(f"the operator {op} is not allowed in a condition", {"BinaryExpr": body})
        return {"BinaryExpr": {"left": left, "op": op, "right": right}}

    def _want(self, name: str, kinds: tuple[str, ...], inputs: list[Node]) -> None:
        """Refuse inputs unless each is of its kind, or null; the last kind holds for all further inputs."""
        for place, node in enumerate(inputs):
            want, found = kinds[min(place, len(kinds) - 1)], kind(node)
            first = common(inputs)
            if want == "same" and found not in (first, "null"):
                other = next(sibling for sibling in inputs if kind(sibling) == first)
                two = f"{label(other)} is {with_article(first)} and {label(node)} {with_article(found)}"
                self.refused.append(RefusedError(f"{two}: {name} wants two of a kind", other))
                return
            if want not in ("same", "any", found) and found != "null":
                self.refused.append(RefusedError(f"{name} wants {with_article(want)}, and {label(node)} is {with_article(found)}", node))

    def _ternary(self, body: Any) -> Node:  # noqa: ANN401 - see Node
        judged = {name: self.part(body[name]) for name in ("predicate", "truthy", "falsy")}
        self._want("WHEN", ("condition",), [judged["predicate"]])
        self._want("CASE", ("same",), [judged["truthy"], judged["falsy"]])
        return {"Ternary": judged}

    def _cast(self, body: Any) -> Node:  # noqa: ANN401 - see Node
        below, dtype, strict = self.part(body["expr"]), body["dtype"].get("Literal"), body["options"] == "Strict"
        if strict and dtype == "Boolean":
            # NOTE: Polars parses NOT so, and the cast would fail on a text.
            self._want("NOT", ("condition",), [below])
        elif dtype != "String" and (strict or dtype not in ("Int32", "Int64")):
            raise RefusedError(f"a cast to {dtype} can fail; write TRY_CAST(a AS BIGINT)", below)
        return {"Cast": {**body, "expr": below}}

    def _function(self, body: Any) -> Node:  # noqa: ANN401 - see Node
        name = function_name(body)
        if name not in FUNCTIONS:
            raise RefusedError(f"{name} is not allowed in a condition", {"Function": body})
        inputs = [self.part(part) for part in body["input"]]
        self._want(FUNCTIONS[name][0], FUNCTIONS[name][1], inputs)
        if name == "StringExpr.Contains" and opened(inputs[1])[0] != "Literal":
            raise RefusedError("a pattern is written out, not taken from the record", inputs[1])
        is_known = inputs[-1] is not NULL and not (self._has_gaps and inputs[-1] == NULL)
        if name in ("Sql.Binary.Div", "Sql.Binary.Rem") and is_known:
            inputs[1] = _divisor(inputs[1])
        judged = {"Function": {**body, "input": inputs}}
        return {"Cast": {"expr": judged, "dtype": {"Literal": "Int64"}, "options": "NonStrict"}} if name in _NARROW else judged


def _column(name: str) -> Node:
    if name not in SCHEMA:
        # NOTE: a keyword such as AND alone, which the parser takes for a name.
        raise RefusedError(f"{name} stands in the wrong place", {"Column": name})
    return {"Column": name}


def _literal(body: Any) -> Node:  # noqa: ANN401 - see Node
    form, value = opened(body)
    scalar, detail = opened(value)
    if form == "Scalar" and scalar == "Decimal":
        # NOTE: double precision, since products of decimals can overflow, and then raise on data.
        unscaled, _, scale = detail
        return {"Literal": {"Scalar": {"Float64": unscaled / 10**scale}}}
    if form in ("Dyn", "Series") or (form == "Scalar" and scalar in _SCALARS):
        return {"Literal": body}
    raise RefusedError(f"a literal of type {scalar} is not allowed in a condition", {"Literal": body})


def _chain(body: Any, op: str) -> Iterator[Node]:  # noqa: ANN401 - see Node
    for side in (body["left"], body["right"]):
        form, below = opened(side)
        if form == "BinaryExpr" and below["op"] == op:
            yield from _chain(below, op)
        else:
            yield side


def _balanced(parts: list[Node], op: str) -> Node:
    # NOTE: a tree as low as it can be: the time that Polars takes to plan a chain of n grows with its third power.
    if len(parts) == 1:
        return parts[0]
    middle = len(parts) // 2
    return {"BinaryExpr": {"left": _balanced(parts[:middle], op), "op": op, "right": _balanced(parts[middle:], op)}}


def _instant(side: Node, other: Node) -> Node:
    """The text that is compared with the time, as an instant."""
    text = side.get("Literal", {}).get("Scalar", {}).get("String") if other == {"Column": "time"} else None
    if text is None:
        return side
    try:
        instant = datetime.fromisoformat(text) if _INSTANT.fullmatch(text) else None
    except ValueError:
        instant = None
    if instant is None:
        raise RefusedError(f"{text[:80]!r} is no time; write one as 2026-10-01T00:00:00Z", side)
    aware = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    microseconds = (aware - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    return {"Literal": {"Scalar": {"Datetime": [microseconds, "Microseconds", {"inner": "UTC"}]}}}


def _divisor(node: Node) -> Node:
    """The divisor, null in place of zero: else 0 / 0 were greater than every limit."""
    form, body = opened(node)
    if form == "Column":
        return _null_if_zero(node)
    if form == "Ternary" and node == _null_if_zero(body["falsy"]):
        return node
    if form == "Literal" and opened(opened(body)[1])[1] not in (0, "Null"):
        return node
    raise RefusedError("divide by a column, by a number other than 0, or by nullif(…, 0)", node)


def _null_if_zero(node: Node) -> Node:
    return {"Ternary": {"predicate": {"BinaryExpr": {"left": node, "op": "Eq", "right": ZERO}}, "truthy": NULL, "falsy": node}}
