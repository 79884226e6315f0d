"""The audit's own requests turn up in the delivered logs.

## What

Every audit asks each bucket how it logs, and server access logging writes that down as REST.GET.LOGGING_STATUS. With ``--state`` a run
remembers when it asked and as whom, and later runs look for it. Found is the proof from end to end. Missing after 48 hours is a warning,
since S3 delivers as well as it can and no better; missing three runs in a row is a failure.

## Why

It proves delivery without writing anything, of idle buckets too.

## Source

https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html

## CLI

    s3guard audit --state <log-bucket>-state   # every day; the second run finds the first
    aws s3 ls s3://<log-bucket>/<prefix> --recursive | tail -1

## Terraform

    # nothing to write; see what the checks of the log bucket say
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile

from s3guard.audit.case import About, Case, Verdict, failed, is_gone, not_applicable, not_logged, passed, unknown, warned
from s3guard.audit.facts import known
from s3guard.audit.rows import Canary
from s3guard.model import Severity

SEVERITY = Severity.HIGH
ABOUT = About.SOURCE
NEEDS = ("logging", "target.exists", "canary", "region")
_IN_A_ROW = 3


def check(case: Case) -> Iterator[Verdict]:
    """Whether earlier runs are in the logs."""
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
    runs = known(case.bucket.canary)
    if not runs:
        yield not_applicable("no earlier run is remembered; --state remembers them")
        return
    yield from _judged(case, runs)


def _judged(case: Case, runs: Sequence[Canary]) -> Iterator[Verdict]:
    """What the runs since the last one that was found say, newest first."""
    since = list(takewhile(lambda run: not run.found, runs))
    due = [run for run in since if case.now - run.asked >= case.expected.grace]
    if any(not run.searched for run in due):
        yield unknown("more log objects than an audit reads, so its own requests were not sought in all of them")
    elif len(due) >= _IN_A_ROW:
        yield failed("The log holds no request of the last three audits: logs do not arrive")
    elif due:
        yield warned("The log does not hold a request that an audit made more than 48 hours before")
    elif len(since) < len(runs):
        yield passed("the log holds a request of an earlier audit")
    else:
        yield not_applicable("the earlier requests are less than 48 hours old, which S3 may take to deliver them")
