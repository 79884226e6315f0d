"""What the tables of a rule are kept under: equal where what is counted is equal, and else different."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

import s3guard
from s3guard import plan as plans
from s3guard import rules
from s3guard.partial import Partial
from s3guard.plan import Plan, table_key
from s3guard.ruletables import RuleTables
from tests.batches import lines_of, policies_of, whole
from tests.reference import worlds

TEXT = "version: 1\npolicy: p\nbuckets: [{bucket}]\nrules:\n  {kind}: {{{fields}}}\n"
ALIKE = {
    "access_denied": ["max: 0, per: 10m", "max: 7, per: 10m", "max: 7, per: 10m, severity: low, title: x, help: y"],
    "anonymous": ["{}", "max: 3", "enabled: true"],
    "acl_required": ["{}", "max: 3"],
    "errors": ["codes: [5xx]", "codes: [5xx], max_share: 20%, min_requests: 3"],
    "volume": ["requests: 1, bytes: 1, per: 1h", "requests: 9, bytes: 9GiB, per: 1h"],
    "latency": ["total_time: {p99: 5ms, max: 9ms}", "total_time: {p99: 5ms, max: 9ms}, min_requests: 9"],
    "anomalies": ["{}", "sensitivity: 5"],
}
APART = {
    "access_denied": ["per: 10m", "per: 20m", "per: 10m, group_by: [network]", "per: 10m, keys: [a]", "per: 10m, codes: [AccessDenied]"],
    "networks": ["allow: [10.0.0.0/8]", "allow: [10.0.0.0/9]", "deny: [10.0.0.0/8]"],
    "volume": [
        "requests: 1",
        "bytes: 1",
        "requests: 1, distinct_keys: 1",
        "requests: 1, distinct_keys: 2",
        "requests: 1, operations: [read]",
    ],
    "latency": [
        "total_time: {p99: 5ms}",
        "total_time: {p99: 6ms}",
        "turn_around_time: {p99: 5ms}",
        "turn_around_time: {p99: 5ms, more_than_usual: 3}",
        "turn_around_time: {more_than_usual: 3}",
    ],
    "anomalies": ["{}", "of: bytes", "group_by: [principal]", "operations: [read]"],
    "first_seen": ["{}", "of: network", "outcome: served"],
    "completeness": ["max_gap: 1h", "max_gap: 2h", "max_gap: 1h, min_records: 9", "{}", "min_records: 1"],
    "custom": ["where: key = 'a', max: 0", "where: key = 'b', max: 0", "where: key = 'a', measure: sum(bytes_sent), max: 0"],
}
TABLES = "1 5de878"
"""The version of what is counted, and the data that decides of it: when the data changes, so must the version."""


def plan(kind: str, fields: str, bucket: str = "*") -> Plan:
    """A policy of one rule."""
    return Plan(policies_of([TEXT.format(kind=kind, fields=fields.strip("{}") if fields == "{}" else fields, bucket=f'"{bucket}"')]))


def key(one: Plan) -> str:
    """The key of its rule."""
    (policy,) = one.policies
    (bound,) = (bound for bound in policy.rules if bound.rule.kind != "anonymous" or len(policy.rules) == 1)
    return table_key(policy, bound)


def tables(partial: Partial) -> dict[str, Any]:
    """All rows of a partial."""
    return {
        f"{rule} {name}": sorted((row for frame in getattr(mine, name) for row in frame.rows()), key=repr)
        for rule, mine in partial.rules.items()
        for name in RuleTables.NAMES
    } | {"totals": partial.totals[0].rows()}


@pytest.mark.parametrize("kind", ALIKE)
def test_rules_of_one_key_have_the_same_tables(kind: str) -> None:
    lines = lines_of(worlds.world(7, lines=200).files)
    plans = [plan(kind, fields) for fields in ALIKE[kind]]
    assert len({key(one) for one in plans}) == 1
    first, *others = (tables(whole(one, lines)) for one in plans)
    assert all(other == first for other in others)
    assert first["totals"]


@pytest.mark.parametrize("kind", APART)
def test_rules_that_count_differently_have_different_keys(kind: str) -> None:
    plans = [plan(kind, fields) for fields in APART[kind]]
    assert len({key(one) for one in plans}) == len(plans)


def test_a_key_knows_the_buckets_that_a_policy_names() -> None:
    assert key(plan("networks", "allow: [10.0.0.0/8]", "a")) != key(plan("networks", "allow: [10.0.0.0/8]", "b"))


def test_every_rule_with_fields_that_are_only_concluded_is_tried_here() -> None:
    assert {name for name, rule in rules.catalog().items() if rule.concluded} == set(ALIKE)


def test_the_version_of_tables_is_raised_with_the_data_that_decides_what_is_counted() -> None:
    folder = Path(s3guard.__file__).parent
    digest = sha256(b"".join((folder / name).read_bytes() for name in ("operations.csv", "error_codes.csv"))).hexdigest()
    assert f"{plans.TABLES} {digest[:6]}" == TABLES
