"""Which facts a set of checks may look at, and the least IAM policy with which a live audit finds them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from s3guard.audit.calls import actions
from s3guard.audit.case import About
from s3guard.audit.checks import Check

ROLE = ("policy", "acl")
"""Facts that tell a log bucket to which nobody logs yet; asked of every bucket that does not log."""


@dataclass(frozen=True, slots=True)
class Wants:
    """Names of facts, by the rows that they are asked for."""

    bucket: frozenset[str]
    """Of every bucket, beside its logging."""
    sink: frozenset[str]
    """Of log buckets."""
    account: frozenset[str]
    """Of accounts, without ``account.``."""


def wants(checks: Iterable[Check]) -> Wants:
    """What these checks may look at."""
    bucket: set[str] = set()
    sink: set[str] = set()
    account: set[str] = set()
    for check in checks:
        for need in check.needs:
            scope, _, name = need.rpartition(".")
            if scope == "account" or (not scope and check.about is About.ACCOUNT):
                account.add(name)
            elif scope == "target" or (not scope and check.about is About.SINK):
                sink.add(name)
            else:
                bucket.add(name)
    return Wants(frozenset(bucket - {"logging", *ROLE}), frozenset(sink), frozenset(account))


def iam_policy(checks: Iterable[Check]) -> dict[str, Any]:
    """The least policy document for a live audit with these checks: it reads and never writes."""
    needs = {need for check in checks for need in scoped(check)} | {*ROLE}
    told = actions(needs)
    reading = [action for action in told if action != "s3:GetObject"]
    statements: list[dict[str, Any]] = [{"Sid": "Configuration", "Effect": "Allow", "Action": reading, "Resource": "*"}]
    if "s3:GetObject" in told:
        # NOTE: narrow this to your log buckets; the canary (`--state`) alone reads log objects.
        statements.append({"Sid": "DeliveredLogs", "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "arn:aws:s3:::LOG-BUCKET/*"})
    return {"Version": "2012-10-17", "Statement": statements}


def scoped(check: Check) -> frozenset[str]:
    """The facts that a check needs, those of an account as ``account.trails``."""
    return frozenset(f"account.{need}" if check.about is About.ACCOUNT and "." not in need else need for need in check.needs)
