"""Logs can be read at once for as long as is asked.

## What

No lifecycle rule moves logs to GLACIER or DEEP_ARCHIVE, and no Intelligent-Tiering configuration to an archive tier, nor deletes them,
before `retention.immediately_available` of the policy's `logging:` (PCI DSS asks for three months). GLACIER_IR is read at once.

## Why

Objects in an archive are restored for hours before anybody reads them, and an investigation begins with the last weeks. PCI DSS 10.5.1.

## Source

https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html: unless the configuration says
otherwise, objects of less than 128 KiB are never moved, so such a rule often has no effect on most log objects.

## CLI

    # replaces the whole configuration: get it first; GLACIER_IR may come sooner
    aws s3api get-bucket-lifecycle-configuration --bucket <log-bucket>
    aws s3api put-bucket-lifecycle-configuration --bucket <log-bucket> --lifecycle-configuration '{"Rules":
      [{"ID": "logs", "Status": "Enabled", "Filter": {"Prefix": "<prefix>"},
        "Transitions": [{"Days": 90, "StorageClass": "GLACIER"}]}]}'

## Terraform

    resource "aws_s3_bucket_lifecycle_configuration" "<name>" {
      bucket = "<log-bucket>"
      rule {
        id     = "logs"
        status = "Enabled"
        filter {
          prefix = "<prefix>"
        }
        transition {
          days          = 90
          storage_class = "GLACIER" # or GLACIER_IR, sooner
        }
      }
    }
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from s3guard.audit.case import About, Case, Verdict, failed, not_applicable, passed, unknown
from s3guard.audit.facts import given, known
from s3guard.audit.retention import (
    ARCHIVES,
    AT_ONCE,
    NAMELESS,
    Applied,
    Archiving,
    applied,
    archivings,
    deletion,
    spares_small_ones,
    tierings,
    transitions,
)
from s3guard.audit.route import Route, gathered, routes
from s3guard.audit.rows import Lifecycle
from s3guard.model import Severity
from s3guard.retained import Days

SEVERITY = Severity.MEDIUM
ABOUT = About.SINK
NEEDS = ("lifecycle", "intelligent_tiering", "source.logging", "source.region")


def check(case: Case) -> Iterator[Verdict]:
    """When logs are archived."""
    asked = case.expected.available
    if asked is None:
        yield not_applicable("neither the policy nor its frameworks say how long logs must be readable at once")
        return
    lifecycle = known(case.bucket.lifecycle)
    yield from gathered(routes(case), lambda route: _judged(case, route, lifecycle, asked))


def _judged(case: Case, route: Route, lifecycle: Lifecycle | None, asked: Days) -> Iterator[Verdict]:
    rules = applied(lifecycle, route.key)
    yield passed(f"nothing moves logs to an archive within {asked.days:,} days")
    yield from _deleted(rules, asked)
    yield from _unheard_of(rules, asked)
    for one in archivings(rules):
        yield from _archived(one, lifecycle, asked)
    if any(transition.storage_class == "INTELLIGENT_TIERING" for _, transition in transitions(rules)):
        for one in tierings(rules, given(case.bucket.intelligent_tiering, "the list of Intelligent-Tiering configurations"), route.key):
            yield from _archived(one, lifecycle, asked)


def _deleted(rules: Sequence[Applied], asked: Days) -> Iterator[Verdict]:
    gone = deletion(rules)
    for one in gone.dated:
        yield failed(f"Rule {one.rule.id or NAMELESS} deletes logs on a fixed day, whatever their age, {_asks(asked)}", rule=one.rule.id)
    soonest = gone.soonest
    if soonest is not None and (soonest.rule.expiration_days or 0) < asked.days:
        days = soonest.rule.expiration_days
        yield failed(f"Rule {soonest.rule.id or NAMELESS} deletes logs after {days:,} days, {_asks(asked)}", rule=soonest.rule.id)


def _unheard_of(rules: Sequence[Applied], asked: Days) -> Iterator[Verdict]:
    for rule, transition in transitions(rules):
        if transition.storage_class not in AT_ONCE | ARCHIVES and (transition.days or 0) < asked.days:
            yield unknown(f"nobody knows whether {transition.storage_class} is read at once", rule=rule.id)


def _archived(one: Archiving, lifecycle: Lifecycle | None, asked: Days) -> Iterator[Verdict]:
    if one.days is not None and one.days >= asked.days:
        return
    when = "on a fixed day" if one.days is None else f"after {one.days:,} days"
    small = "; it has no effect on log objects of less than 128 KiB, which most are" if spares_small_ones(lifecycle, one.rule) else ""
    if one.tiering is None:
        told = f"Rule {one.rule.id or NAMELESS} moves logs to {one.transition.storage_class} {when}, {_asks(asked)}{small}"
        yield failed(told, rule=one.rule.id, storage_class=one.transition.storage_class)
    else:
        told = f"Intelligent-Tiering configuration {one.tiering.id} archives logs {when}, {_asks(asked)}{small}"
        yield failed(told, configuration=one.tiering.id, rule=one.rule.id)


def _asks(asked: Days) -> str:
    return f"and {asked.because} asks that they are read at once for {asked.days:,}"
