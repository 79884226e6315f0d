"""Scope: which records of a bucket a rule looks at, which of them it judges or cannot judge, and which break it."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from s3guard.columns import Columns
from s3guard.plan import condition_columns, reads
from s3guard.policy import BoundRule
from s3guard.records import OUTCOMES
from s3guard.rules import RecordRule


def flags_of(bound: BoundRule, columns: Columns, *, has_illegible: bool, is_delivered: bool) -> dict[str, pl.Expr]:
    """Boolean expressions: `j` judged, `u` unjudged, `h` of a rule about single records those that break it.

    And `l` of records that a delivery may have left columns out of: those that the rule looks at, before `where`.
    """
    rule = bound.rule
    looked = scope(bound, columns)
    asked = condition_columns(rule.where)
    told = _all(columns.has(name) for name in sorted(asked))
    if has_illegible:
        looked, told = looked | columns.illegible(), told & ~columns.illegible()
    chosen = told & columns.condition(rule.where) if rule.where else told
    own = reads(bound) - asked
    judgeable = _all(columns.has(name) for name in sorted(own))
    unjudged = rule.unjudged(columns)
    if unjudged is not None:
        judgeable &= ~unjudged
    judged = looked & chosen & judgeable
    flags = {"j": judged, "u": looked & (~told | (chosen & ~judgeable))}
    if isinstance(rule, RecordRule):
        flags["h"] = judged & rule.breaks(columns)
    if is_delivered:
        flags["l"] = looked
    return flags


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
