"""The log bucket holds logs and nothing else.

## What

At its first level there are only the prefixes of its sources, and those that other services of AWS write logs to (``AWSLogs/``).

## Why

Lifecycle rules and permissions of a log bucket suit logs: other data would be deleted with them, and read by their readers. And a file that
somebody put there is no log, however it looks.

## Source

https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html (a log bucket of its own)

## CLI

    aws s3api list-objects-v2 --bucket <log-bucket> --delimiter /

## Terraform

    # a bucket for logs alone, one an account and Region
    resource "aws_s3_bucket" "<name>" {
      bucket = "<log-bucket>"
    }

## Not seen

What lies deeper than the first level. Where that has more than 10,000 names the rest is not looked at, and nothing passes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from s3guard.audit.case import About, Case, Verdict, not_applicable, passed, unknown, warned
from s3guard.audit.facts import Unknown, given
from s3guard.audit.likeness import STAR, Tokens, head, matches, may_agree
from s3guard.audit.route import key_of, listed
from s3guard.audit.rows import TOP
from s3guard.model import Severity

SEVERITY = Severity.LOW
ABOUT = About.SINK
NEEDS = ("top_level", "source.logging", "source.region")
_OTHER_LOGS = frozenset({"AWSLogs/"})
"""Where CloudTrail, load balancers, VPC flow logs and Config write: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-examples.html"""


def check(case: Case) -> Iterator[Verdict]:
    """What lies at the first level."""
    if case.is_template:
        yield not_applicable("a template holds no objects")
        return
    # NOTE: all sources, not only this policy's: the logs of others are logs.
    sources = case.graph.sources(case.bucket.name)
    if not sources:
        yield not_applicable("no bucket that was looked at logs to it")
        return
    keys = [(head(key), key) for key in map(key_of, sources)]
    there = given(case.bucket.top_level, "the list of its first level")
    strange = [name for name in there if name not in _OTHER_LOGS and not _is_logs(name, keys)]
    undecided = case.graph.undecided
    if not strange and len(there) >= TOP:
        yield unknown(f"the first level has {TOP:,} names and more, and no others were looked at")
    elif not strange:
        yield passed("only logs")
    elif undecided:
        why = undecided[0].logging.reason if isinstance(undecided[0].logging, Unknown) else "its target is not known"
        yield unknown(f"whether {listed(strange[:3])} are logs depends on whether {undecided[0].name} logs to it: {why}")
    else:
        yield from _told(strange)


def _is_logs(name: str, keys: Sequence[tuple[str, Tokens]]) -> bool:
    """Whether a name of the first level may be, or hold, a log object of one of the sources."""
    # NOTE: a name is what is there: nothing in it stands for anything else.
    asked = (*name, STAR) if name.endswith("/") else tuple(name)
    return any(may_agree(name, begin) and matches(asked, key) is not False for begin, key in keys)


def _told(strange: Sequence[str]) -> Iterator[Verdict]:
    for name in strange:
        if name.endswith("/"):
            yield warned(f"The log bucket holds {name}, which is no prefix of a source", prefix=name)
    objects = [name for name in strange if not name.endswith("/")]
    if objects:
        # NOTE: one finding for all of them: their names come and go.
        more = f" and {len(objects) - 1} more" if len(objects) > 1 else ""
        yield warned(f"The log bucket holds objects beside its prefixes, {objects[0]}{more}", prefix="")
