"""SQL conditions over one record (``where``, ``share(…)``), compiled to a Polars expression that cannot fail on data.

Polars parses and evaluates; here stands what may pass. The text is checked first (`s3guard.conditions.grammar`),
then every node of the parsed expression against an allow-list, then the whole is tried on an empty frame of the record's types.
What depends on other records, on the clock or on chance is refused, and what could fail or mislead on some value is refused or
mended: a division by zero is null, lengths and hours do not wrap around, fractions are double precision.

``time`` compares with a text in RFC 3339, in UTC unless it has an offset: ``time >= '2026-10-01T00:00:00Z'``.
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import polars as pl

from s3guard.conditions import grammar, nodes
from s3guard.conditions.forms import FORMS, Form
from s3guard.conditions.judge import RefusedError, judge
from s3guard.conditions.words import ConditionError, Token
from s3guard.records import COLUMNS, SCHEMA

__all__ = ["Condition", "ConditionError", "check", "compile", "functions", "null_warnings"]

_FAULTS: Final = (pl.exceptions.PolarsError, pl.exceptions.PanicException, ValueError, TypeError, OverflowError)
"""NOTE: PanicException is no Exception: a Rust panic in the SQL parser would otherwise end the process."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled condition."""

    sql: str
    columns: frozenset[str]
    """The columns that it reads."""
    expr: pl.Expr = field(compare=False, repr=False)
    """Boolean over those columns, typed as in `s3guard.records.SCHEMA`, row by row; never null: null does not select."""


def functions() -> tuple[Form, ...]:
    """The operators and functions that a condition may use, for the documentation."""
    return FORMS


def check(sql: str) -> None:
    """Return for a condition that compiles; else raise ConditionError."""
    compile(sql)


def compile(sql: str) -> Condition:  # noqa: A001 - as in `re.compile`; called as `conditions.compile`
    """The condition; ConditionError, with its place where that is known, for one that is refused, and with all else that is wrong."""
    read = grammar.read(sql)
    words = read.tokens
    if read.faults:
        raise _all((*read.faults, *_beside_gaps(sql, read)))
    try:
        judged = judge(_parsed(sql))
    except RefusedError as refusal:
        raise _all(_refusals(refusal, words)) from refusal
    expr = _expression(judged)
    _try(judged, words)
    columns = frozenset(nodes.columns(judged))
    if not columns:
        raise ConditionError("it reads no column, so it is the same for every record", 0)
    if nodes.kind(judged) != "condition":
        raise ConditionError(
            f"a condition is true or false, this is {nodes.with_article(nodes.kind(judged))}; compare it with something", 0
        )
    return Condition(sql, columns, expr.fill_null(value=False))


def _all(faults: Sequence[ConditionError]) -> ConditionError:
    """One error of several; a form that Polars repeats is told once."""
    first, *others = {(str(fault), fault.offset): fault for fault in faults}.values()
    return ConditionError(str(first), first.offset, others)


def _refusals(refusal: RefusedError, words: tuple[Token, ...]) -> list[ConditionError]:
    return [ConditionError(str(one), _place(words, one.about)) for one in refusal.all]


def _beside_gaps(sql: str, read: grammar.Read) -> list[ConditionError]:
    """What is wrong with a condition beside what can be passed over, such as the name of no column, where all else can be read."""
    if len(read.gaps) != len(read.faults) or len(read.faults) >= grammar.MAX_FAULTS:
        return []
    at, pieces = 0, []
    for offset, raw, instead in read.gaps:
        pieces += [sql[at:offset], instead]
        at = offset + len(raw)
    try:
        judge(_parsed("".join([*pieces, sql[at:]])), has_gaps=True)
    except RefusedError as refusal:
        return _refusals(refusal, read.tokens)
    except ConditionError:
        pass  # NOTE: it may be the missing names that keep it from being read.
    return []


def null_warnings(sql: str) -> list[str]:
    """A sentence for each column that can be null and is negated (`<>`, `NOT`) without a word on null; ConditionError as in `compile`.

    A null makes ``<>`` and ``NOT`` null as well, and null does not select: the records without a value fall through.
    """
    compile(sql)
    words = grammar.read(sql).tokens
    parsed = _parsed(sql)
    minded = nodes.null_minded(parsed)
    negated = nodes.negated(parsed) | _not_between(words)
    order = [name for name in COLUMNS if name in negated - minded and COLUMNS[name].nullable]
    return [
        f"{name} can be null, and then `<>` and `NOT` do not select the record; add: OR {name} IS NULL (or AND {name} IS NOT NULL)"
        for name in order
    ]


def _parsed(sql: str) -> nodes.Node:
    try:
        return json.loads(pl.sql_expr(sql).meta.serialize(format="json"))
    except _FAULTS as fault:
        raise ConditionError(f"no whole expression; something is missing or in the wrong place ({_words_of(fault)})") from fault


def _expression(node: nodes.Node) -> pl.Expr:
    try:
        return pl.Expr.deserialize(io.StringIO(json.dumps(node)), format="json")
    except _FAULTS as fault:
        raise ConditionError("nested too deeply; split it into several rules") from fault


def _fault(node: nodes.Node) -> BaseException | None:
    """What Polars says of the expression over a record's types; None where it evaluates."""
    try:
        pl.DataFrame(schema=SCHEMA).select(_expression(node))
    except _FAULTS as fault:
        return fault
    return None


def _try(node: nodes.Node, words: tuple[Token, ...]) -> None:
    """ConditionError, about the smallest part that does not evaluate, unless the whole does."""
    if _fault(node) is None:
        return
    for part in nodes.inside_out(node):
        fault = _fault(part)
        if fault is not None:
            sides = " and ".join(nodes.label(side) for side in nodes.children(part))
            raise ConditionError(f"{sides} do not go together ({_words_of(fault)})", _place(words, part)) from fault
    raise AssertionError("the whole is the last of its parts")


def _words_of(fault: BaseException) -> str:
    return " ".join(str(fault).partition("This error occurred")[0].split())[:200]


def _place(words: tuple[Token, ...], node: nodes.Node) -> int | None:
    """Where the first column or text of the node stands."""
    wanted = [*nodes.columns(node), *(nodes.text(part) for part in nodes.inside_out(node) if nodes.text(part) is not None)]
    return next((token.offset for token in words if token.meaning in wanted), None)


def _not_between(words: tuple[Token, ...]) -> set[str]:
    """Columns before NOT BETWEEN, which Polars parses to plain comparisons."""
    found: set[str] = set()
    for place, token in enumerate(words[:-1]):
        if token.word == "not" and words[place + 1].word == "between":
            depth = 0
            for before in reversed(words[:place]):
                depth += {")": 1, "(": -1}.get(before.raw, 0)
                if before.kind in ("word", "name") and before.meaning in COLUMNS:
                    found.add(before.meaning)
                if depth <= 0 and before.raw != "(":
                    break
    return found
