"""Scope: which records of a bucket a rule looks at, which of them it judges or cannot judge, and which break it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from s3guard.columns import Columns
from s3guard.plan import condition_columns, reads
from s3guard.policy import BoundRule
from s3guard.records import OUTCOMES
from s3guard.rules import RecordRule


def flags(rows: pl.DataFrame, bound: Sequence[BoundRule], columns: Columns, *, has_illegible: bool, is_delivered: bool) -> pl.DataFrame:
    """Columns ``reading`` and ``cell`` of the rows, and of each rule, by its place: booleans `j` judged, `u` unjudged, and `h`, of a rule
    about single records, those that break it.

    And `l` of records that a delivery may have left columns out of: those that the rule looks at, before `where`.
    """
    asked = [_asked(one, columns, has_illegible=has_illegible) for one in bound]
    # NOTE: each question is put to the rows once, and what follows from the answers is some bits a row. A rule that looks at everything
    # is one literal, which on its own would be a frame of one row; hence "reading" beside it.
    told = rows.select(
        "reading", "cell", *(expr.alias(f"{role}{place}") for place, roles in enumerate(asked) for role, expr in roles.items())
    )
    return told.select(
        "reading",
        "cell",
        *(
            expr.alias(f"{role}{place}")
            for place, roles in enumerate(asked)
            for role, expr in _followed({role: pl.col(f"{role}{place}") for role in roles}, is_delivered=is_delivered).items()
        ),
    )


def _asked(bound: BoundRule, columns: Columns, *, has_illegible: bool) -> dict[str, pl.Expr]:
    """What is asked of each row: is it looked at, and, where that is a question, is what `where` names `told`, is it `where`, does the
    row tell what the rule itself asks; of a rule about single records, does it break it.
    """
    rule = bound.rule
    looked = scope(bound, columns)
    asked = condition_columns(rule.where)
    told = [columns.has(name) for name in sorted(asked)]
    if has_illegible:
        looked = looked | columns.illegible()
        told.append(~columns.illegible())
    own = [columns.has(name) for name in sorted(reads(bound) - asked)]
    unjudged = rule.unjudged(columns)
    if unjudged is not None:
        own.append(~unjudged)
    roles = {"looked": looked}
    if told:
        roles["told"] = _all(told)
    if rule.where:
        roles["where"] = columns.condition(rule.where)
    if own:
        roles["own"] = _all(own)
    if isinstance(rule, RecordRule):
        roles["breaks"] = rule.breaks(columns)
    return roles


def _followed(answers: Mapping[str, pl.Expr], *, is_delivered: bool) -> dict[str, pl.Expr]:
    """The flags that follow from the answers."""
    looked, unjudged = answers["looked"], pl.lit(value=False)
    chosen = _all(answers[name] for name in ("told", "where") if name in answers)
    if "own" in answers:
        unjudged = chosen & ~answers["own"]
    if "told" in answers:
        unjudged = ~answers["told"] | unjudged
    judged = looked & chosen & answers.get("own", pl.lit(value=True))
    followed = {"j": judged, "u": looked & unjudged}
    if "breaks" in answers:
        followed["h"] = judged & answers["breaks"]
    if is_delivered:
        followed["l"] = looked
    return followed


def scope(bound: BoundRule, columns: Columns) -> pl.Expr:
    """Boolean: the records that a rule looks at, but for `where`."""
    return pl.all_horizontal(bound.rule.looks(columns), *_narrowed(bound, columns)).fill_null(value=False)


def _narrowed(bound: BoundRule, columns: Columns) -> Iterable[pl.Expr]:
    """The common fields that narrow a rule, but for `where`."""
    rule = bound.rule
    if rule.effective_operations:
        yield columns.operation(rule.effective_operations)
    if rule.keys is not None:
        yield columns.key_matches(rule.keys) | ~columns.has("key")
    if rule.except_keys is not None:
        yield ~columns.key_matches(rule.except_keys)
    if rule.keys is not None or rule.except_keys is not None:
        # NOTE: the parent row of a bulk delete has no key; its BATCH rows, one a key, are judged.
        yield pl.col("key_logged").is_not_null() | ~columns.operation(("REST.POST.MULTI_OBJECT_DELETE",))
    if rule.outcome is not None:
        yield columns.outcome().is_in([OUTCOMES.index(name) for name in rule.outcome])


def _all(conditions: Iterable[pl.Expr]) -> pl.Expr:
    whole = pl.lit(value=True)
    for condition in conditions:
        whole &= condition
    return whole
