"""Logs are kept as long as is asked, and no longer.

## What

No lifecycle rule deletes logs before `retention.min` of the policy's `logging:`, nor on a fixed day; where a maximum is stated, all are
deleted by then. Without a word in the policy its frameworks ask: PCI DSS a year; HIPAA six years, as a warning, since how far it binds
raw logs is an interpretation.

A rule counts where it is enabled, has no tag filter (delivered logs have no tags), and its prefix begins the keys of a source's logs, or
some of them. Where several apply the shorter wins. With versioning on, expired logs live on as versions; where that alone keeps them it
is a warning, since no list shows them. Frameworks that contradict each other are reported, not chosen between.

## Why

A lifecycle rule that is a little too wide deletes evidence every night. PCI DSS 10.5.1, HIPAA 164.316(b)(2)(i), GDPR 5(1)(e).

## Source

https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html and
https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-conflicts.html. Security Hub S3.13 asks only that some rule exists.

## CLI

    # replaces the whole configuration: get it first
    aws s3api get-bucket-lifecycle-configuration --bucket <log-bucket>
    aws s3api put-bucket-lifecycle-configuration --bucket <log-bucket> --lifecycle-configuration '{"Rules":
      [{"ID": "logs", "Status": "Enabled", "Filter": {"Prefix": "<prefix>"}, "Expiration": {"Days": <days>}}]}'

## Terraform

    resource "aws_s3_bucket_lifecycle_configuration" "<name>" {
      bucket = "<log-bucket>"
      rule {
        id     = "logs"
        status = "Enabled"
        filter {
          prefix = "<prefix>"
        }
        expiration {
          days = <days>
        }
      }
    }

## Not seen

Who deletes by hand; copies elsewhere, which may be kept longer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from s3guard.audit.case import About, Answer, Case, Verdict, failed, not_applicable, passed, warned
from s3guard.audit.facts import known
from s3guard.audit.retention import NAMELESS, Applied, applied, deletion, noncurrent_days
from s3guard.audit.route import gathered, routes
from s3guard.audit.rows import Bucket
from s3guard.model import Severity
from s3guard.retained import Days

SEVERITY = Severity.HIGH
ABOUT = About.SINK
NEEDS = ("lifecycle", "versioning", "source.logging", "source.region")


def check(case: Case) -> Iterator[Verdict]:
    """When logs are deleted."""
    expected = case.expected
    if expected.conflict is not None:
        yield failed(f"What is asked cannot all be kept: {expected.conflict}", what="conflict")
        return
    if expected.wants_maximum:
        yield warned("The policy follows gdpr and states no maximum: write how long logs are kept at most", what="maximum")
    if expected.keep is None and expected.keep_at_most is None:
        yield not_applicable("neither the policy nor its frameworks say how long logs are kept")
        return
    lifecycle = known(case.bucket.lifecycle)
    yield from gathered(routes(case), lambda route: _judged(case, applied(lifecycle, route.key)))


def _judged(case: Case, rules: Sequence[Applied]) -> Iterator[Verdict]:
    at_most = case.expected.keep_at_most
    asked = [one for one in (case.expected.keep_firmly, case.expected.keep) if one is not None]
    gone = deletion(rules)
    if asked:
        for one in gone.dated:
            yield failed(f"Rule {one.rule.id or NAMELESS} deletes logs on a fixed day, whatever their age", rule=one.rule.id)
        if gone.soonest is not None:
            yield from _kept(case.bucket, rules, gone.soonest, asked)
        elif not gone.dated and at_most is None:
            yield passed("no rule deletes logs; the bucket grows for ever")
    if at_most is not None:
        yield _deleted(case.bucket, rules, gone.everywhere, at_most)


def _kept(bucket: Bucket, rules: Sequence[Applied], soonest: Applied, asked: Sequence[Days]) -> Iterator[Verdict]:
    """Whether logs live long enough, as objects or at least as versions."""
    days = soonest.rule.expiration_days or 0
    if all(days >= one.days for one in asked):
        yield passed(f"logs are kept for {days:,} days")
        return
    versioning = known(bucket.versioning)
    as_versions: int | None = 0
    if versioning is not None and versioning.status == "Enabled":
        as_versions = noncurrent_days(rules)
    rule, part = soonest.rule.id, "" if soonest.is_for_all else "some "
    for one in asked:
        if as_versions is not None and days + as_versions < one.days:
            more = f", their versions {as_versions:,} days later" if as_versions else ""
            told = f"Rule {rule or NAMELESS} deletes {part}logs after {days:,} days{more}, and {one.because} asks for {one.days:,}"
            yield Verdict(Answer.WARN if one.is_advice else Answer.FAIL, told, {"rule": rule})
            return
    yield warned(
        f"Rule {rule or NAMELESS} hides {part}logs after {days:,} days: they live on as versions alone, which no list shows", rule=rule
    )


def _deleted(bucket: Bucket, rules: Sequence[Applied], everywhere: Applied | None, at_most: Days) -> Verdict:
    """Whether all logs are gone in time, their versions too."""
    asks = f"and {at_most.because} asks that all are gone after {at_most.days:,}"
    if everywhere is None:
        return failed(f"No rule deletes all logs, {asks} days", what="maximum")
    days, rule = everywhere.rule.expiration_days or 0, everywhere.rule.id
    if days > at_most.days:
        return failed(f"Rule {rule or NAMELESS} deletes logs after {days:,} days, {asks}", what="maximum", rule=rule)
    versioning = known(bucket.versioning)
    if versioning is None:
        return passed(f"all logs are gone after {days:,} days")
    as_versions = noncurrent_days(rules, everywhere=True)
    if as_versions is None:
        return failed(f"Expired logs live on as versions that no rule deletes, {asks} days", what="maximum", rule=rule)
    if days + as_versions > at_most.days:
        return failed(f"Logs and their versions are gone after {days + as_versions:,} days, {asks}", what="maximum", rule=rule)
    return passed(f"all logs are gone after {days + as_versions:,} days")
