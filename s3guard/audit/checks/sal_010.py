"""Every bucket of the account has a policy, or a reason to have none.

## What

Each general purpose bucket is named by a policy, is the log bucket of one that is, or is excluded in s3guard.toml with a reason and a last
day. An exclusion whose day has passed counts for nothing; one that names no day is a warning.

## Why

What nobody wrote a policy for is judged by nobody, and no report would say so.

## Source

PCI DSS 12.5.2 and 10.2.1, HIPAA 164.312(b): the scope must be known before it can be covered.

## CLI

    # add the bucket to the `buckets:` of a policy, or to s3guard.toml:
    # exclude = [{bucket = "<bucket>", reason = "why it needs no policy", expires = 2027-03-31}]

## Terraform

    # nothing to write

## Not seen

Accounts that the audit was not told of: give --role-arn for each, or --organization-role.
"""

from __future__ import annotations

from collections.abc import Iterator

from s3guard.audit.case import About, AccountCase, Verdict, failed, not_applicable, passed, unknown, warned
from s3guard.audit.facts import is_symbolic, known
from s3guard.model import Severity

SEVERITY = Severity.HIGH
ABOUT = About.ACCOUNT
NEEDS = ("buckets",)


def check(case: AccountCase) -> Iterator[Verdict]:
    """Whether each bucket is covered or excluded."""
    is_live = case.graph.facts.source == "live"
    mine = [bucket for bucket in case.graph.facts.buckets if bucket.account == case.account.id and bucket.kind == "general"]
    if is_live:
        count = known(case.account.buckets) or 0
        if len(mine) < count:
            yield unknown(f"the account has {count:,} buckets, and the facts hold {len(mine):,} of them")
    for bucket in mine:
        if case.covered.get(bucket.name):
            continue
        if is_symbolic(bucket.name):
            reason = (
                "its name is only known once the template is applied, and so which policy names it; give it a name, or a policy about *"
            )
            yield unknown(reason, bucket=bucket.name)
        elif bucket.name in case.expired:
            yield failed(
                f"{bucket.name} is named by no policy, and its exclusion has run out: {case.expired[bucket.name]}", bucket=bucket.name
            )
        elif bucket.name not in case.excluded:
            yield failed(f"{bucket.name} is named by no policy and excluded for no reason", bucket=bucket.name)
        elif bucket.name in case.unending:
            yield warned(f"{bucket.name} is excluded for ever: give the exclusion a last day (expires)", bucket=bucket.name)
    if not is_live and not mine:
        yield not_applicable("there are no buckets in this template")
        known(case.account.buckets)
        return
    # NOTE: a template may make more buckets than it shows, and those that it does show have been judged by now.
    known(case.account.buckets)
    yield passed("every bucket has a policy or a reason to have none")
