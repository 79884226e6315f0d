"""One fact at a time nobody could look at: unknown for exactly the checks that needed it, and nothing else changes."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

import pytest

from s3guard.audit.checks import catalog
from s3guard.audit.facts import Absent, Unknown, Value
from s3guard.audit.graph import SERVICE
from s3guard.audit.judge import Asked, judge
from s3guard.audit.rows import Account, Bucket, Delivered, Facts
from s3guard.model import Location, Result, Status
from tests.audit.rowmaking import ACCOUNT, NOW, account, bucket, facts, logs_to, policy

REASON = "GetX was denied (AccessDenied); grant s3:GetX"
DELIVERY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "Delivery",
            "Effect": "Allow",
            "Principal": {"Service": SERVICE},
            "Action": "s3:PutObject",
            "Resource": "arn:aws:s3:::logs/*",
            "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}, "ArnLike": {"aws:SourceArn": "arn:aws:s3:::app"}},
        },
        {
            "Sid": "TlsOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": ["arn:aws:s3:::logs", "arn:aws:s3:::logs/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    ],
}
ARRIVED = Value(Delivered(NOW, "app/2026-10-02-00-00-00-0123456789ABCDEF", NOW))
HEALTHY = facts(
    bucket("app", logging=logs_to("logs"), delivered=ARRIVED),
    bucket("logs", policy=Value(json.dumps(DELIVERY)), policy_is_public=Value(value=False)),
    bucket("off"),
)
_ROLES = {"logging", "policy", "acl"}
"""Facts that say which role a bucket has: where they are unknown, other questions arise."""


def names(row: Bucket | Account) -> list[str]:
    """The facts of a row."""
    return [one.name for one in fields(row) if isinstance(getattr(row, one.name), Value | Absent | Unknown)]


def judged(rows: Facts) -> dict[tuple[str, str | None], Result]:
    asked = Asked((policy(),), catalog(), NOW, Location("s3guard.toml", 1))
    return {(result.rule, result.bucket): result for result in judge(rows, asked)}


def blinded() -> Iterator[tuple[str, str, Facts]]:
    """Every fact that is known, by the row and its name, with the facts that lack it."""
    for number, row in enumerate(HEALTHY.buckets):
        for name in names(row):
            if not isinstance(getattr(row, name), Unknown):
                blind: dict[str, Any] = {name: Unknown(REASON)}
                rows = [*HEALTHY.buckets[:number], replace(row, **blind), *HEALTHY.buckets[number + 1 :]]
                yield row.name, name, replace(HEALTHY, buckets=tuple(rows))
    for name in names(account()):
        blind = {name: Unknown(REASON)}
        yield "account", name, replace(HEALTHY, accounts=(account(**blind),))


def test_the_healthy_account_is_as_it_should_be_but_for_the_bucket_that_does_not_log() -> None:
    failing = {(rule, bucket) for (rule, bucket), result in judged(HEALTHY).items() if result.status is Status.FAIL}
    assert {"off", "logs"} >= {bucket for _, bucket in failing}
    assert ("p/logging/SAL-001", "off") in failing
    undetermined = [rule for (rule, _), result in judged(HEALTHY).items() if result.status is Status.UNDETERMINED]
    assert [] == undetermined


@pytest.mark.parametrize(("row", "name", "rows"), list(blinded()), ids=lambda value: value if isinstance(value, str) else "")
def test_exactly_the_checks_that_needed_a_fact_are_unknown_without_it(row: str, name: str, rows: Facts) -> None:
    before, after = judged(HEALTHY), judged(rows)
    needs = {id_: {need.rpartition(".")[2] for need in check.needs} for id_, check in catalog().items()}
    for key in before.keys() | after.keys():
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        check = key[0].rpartition("/")[2]
        assert name in needs[check], f"{check} looks at {name} and does not say so"
        if name in _ROLES and (old is None or new is None or new.status in (old.status, Status.NOT_APPLICABLE)):
            continue
        assert new is not None
        assert Status.UNDETERMINED is new.status, f"{check} of {key[1]} without {name} of {row}: {new.status} {new.reason}"
        assert REASON in (new.reason or "")


def test_every_fact_that_a_check_says_it_needs_is_asked_of_the_rows() -> None:
    changed = {
        key[0].rpartition("/")[2]
        for (_, _, rows), before in zip(blinded(), itertools.repeat(judged(HEALTHY)), strict=False)
        for key, new in judged(rows).items()
        if before.get(key) != new
    }
    assert {"SAL-001", "SAL-002", "SAL-003", "SAL-004", "SAL-005", "SAL-008", "SAL-010", "SAL-030"} <= changed
