"""Logs arrive.

## What

The newest log object under the source's prefix is at most as old as `freshness` of the policy's `logging:` says (24 hours without it),
by when it was written and never by its name. Where it is older, an idle bucket looks like a broken one; so that is a failure only if
something proves activity: a request of an earlier audit (see SAL-009) that was not delivered within 48 hours.

## Why

A configuration that looks right and delivers nothing is the most common fault of access logs, and only looking at what arrived finds it.

## Source

https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html ("best effort": most records come within a few hours, some never)

## CLI

    aws s3 ls s3://<log-bucket>/<prefix> --recursive | tail -1
    # nothing new: look at permission (SAL-020), ownership (SAL-023), Requester Pays (SAL-024), encryption (SAL-025), Object Lock (SAL-026)
    aws s3api get-bucket-policy --bucket <log-bucket>

## Terraform

    # nothing to write; see what the checks of the log bucket say

## Not seen

When logging was switched on: a change takes an hour and more to have an effect.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from s3guard.audit.case import About, Case, Verdict, failed, is_gone, not_applicable, not_logged, passed, unknown, warned
from s3guard.audit.facts import given, known
from s3guard.model import Severity

SEVERITY = Severity.HIGH
ABOUT = About.SOURCE
NEEDS = ("logging", "target.exists", "delivered", "canary", "region")


_SKEW = timedelta(hours=1)
"""How much clocks may differ, and an audit may last."""


def check(case: Case) -> Iterator[Verdict]:
    """Whether the newest log object is new enough."""
    if case.is_template:
        yield not_applicable("a template has no deliveries")
        return
    logging = None if case.bucket.kind != "general" else known(case.bucket.logging)
    if logging is None:
        yield not_logged(case.bucket)
        return
    if is_gone(case, logging):
        yield not_applicable("the log bucket does not exist")
        return
    found = given(case.bucket.delivered, "the list of log objects")
    age = None if found.newest is None else case.now - found.newest
    if age is not None and age < -_SKEW:
        yield unknown("the newest log object was written after the moment that is judged, which says nothing of the hours before it")
    elif age is not None and age <= case.expected.freshness:
        yield passed(f"the newest log object is {_told(age)} old")
    elif not found.is_complete:
        yield unknown("more log objects than an audit lists, so the newest is not known")
    elif age is not None and age <= max(2 * case.expected.freshness, case.expected.grace):
        yield warned(f"No log object was written within {_told(case.expected.freshness)}")
    elif _is_active(case, found.newest):
        yield failed("No logs arrive although requests were made, the audit's own among them")
    else:
        since = f"for {_told(age)}" if age is not None else "in the last 30 days"
        yield unknown(f"no log object was written {since}, and nothing proves that the bucket is in use: idle or broken")


def _is_active(case: Case, newest: datetime | None) -> bool:
    """Whether a request of ours is old enough to have been delivered, and nothing was written since."""
    asked = [one.asked for one in known(case.bucket.canary) or ()]
    return any(case.now - at >= case.expected.grace and (newest is None or newest < at) for at in asked)


def _told(age: timedelta) -> str:
    hours = max(0, int(age.total_seconds() // 3600))
    return f"{hours // 24} days" if hours >= 72 else f"{hours} hours"
