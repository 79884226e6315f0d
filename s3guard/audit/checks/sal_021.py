"""S3 delivers for the sources of this account alone.

## What

A statement of the bucket policy that admits ``logging.s3.amazonaws.com`` has both conditions: ``aws:SourceAccount`` is the account of the
sources, ``aws:SourceArn`` names them. One that is missing is a warning. One that does not hold for a source is a failure, since it
stops delivery; so it is with ``StringEquals`` over an ARN with a ``*``, which never matches (``ArnLike`` does).

## Why

Without them S3 would write into the bucket on behalf of buckets of others too: the confused deputy.

## Source

https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-bucket-policies.html and
https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html

## CLI

    # in the statement that admits logging.s3.amazonaws.com:
    # "Condition": {"StringEquals": {"aws:SourceAccount": "<account>"}, "ArnLike": {"aws:SourceArn": "arn:aws:s3:::<bucket>"}}
    aws s3api get-bucket-policy --bucket <log-bucket> --query Policy --output text > policy.json
    aws s3api put-bucket-policy --bucket <log-bucket> --policy file://policy.json

## Terraform

    # in the statement of aws_iam_policy_document that admits logging.s3.amazonaws.com:
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = ["<account>"]
    }
    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["arn:aws:s3:::<bucket>"]
    }
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from s3guard.audit.bucket_policy import Condition, Statement, statements
from s3guard.audit.case import About, Case, Verdict, failed, not_applicable, passed, unknown, warned
from s3guard.audit.condition import holds
from s3guard.audit.facts import known
from s3guard.audit.permission import is_aimed
from s3guard.audit.route import Route, listed, partition_of, routes
from s3guard.audit.tristate import Tri, all_of
from s3guard.model import Severity

SEVERITY = Severity.MEDIUM
ABOUT = About.SINK
NEEDS = ("policy", "source.logging", "source.region")
_GUARDS = ("aws:SourceAccount", "aws:SourceArn")


def check(case: Case) -> Iterator[Verdict]:
    """Whether the statements that admit S3 say for whom."""
    policy = statements(known(case.bucket.policy), partition_of(case.bucket, case.graph))
    admitting: dict[str, Statement] = {}
    for route in routes(case):
        aimed = [one for one in policy if one.effect == "Allow" and is_aimed(one, route.request) is not False]
        admitting |= {one.name: one for one in aimed}
        if aimed and route.source is not None:
            yield from _about(route, aimed)
    if not admitting:
        yield not_applicable("no statement of the bucket policy admits the log delivery of S3")
    for statement in admitting.values():
        yield _guarded(statement)


def _about(route: Route, aimed: Sequence[Statement]) -> Iterator[Verdict]:
    """Whether one of the statements holds for the source, as far as its guards go."""
    found = [(statement, _is_for(statement, route)) for statement in aimed]
    if any(one for _, one in found):
        return
    names = listed(statement.name for statement, _ in found)
    if any(one is None for _, one in found):
        yield unknown(f"whether statement {names} is for this source depends on names that are not known yet", **route.about)
        return
    keys = listed(
        condition.key for statement, _ in found for condition in _guards(statement) if holds(condition, route.request.context) is False
    )
    yield failed(
        f"{keys} of statement {names} does not match the source {route.source}, so its logs are not delivered", None, **route.about
    )


def _is_for(statement: Statement, route: Route) -> Tri:
    return all_of(holds(condition, route.request.context) for condition in _guards(statement))


def _guards(statement: Statement) -> tuple[Condition, ...]:
    lower = [guard.lower() for guard in _GUARDS]
    return tuple(condition for condition in statement.conditions if condition.key.lower() in lower)


def _narrows(condition: Condition) -> bool:
    """Whether a condition leaves anybody out: one that says who is not meant, or that any text meets, guards nothing."""
    is_wild = "Like" in condition.operator or condition.operator.startswith("Arn")
    meets_all = is_wild and any(not value.strip("*") for value in condition.values)
    return "Not" not in condition.operator and condition.operator != "Null" and not meets_all


def _guarded(statement: Statement) -> Verdict:
    there = {condition.key.lower() for condition in _guards(statement) if _narrows(condition)}
    missing = [guard for guard in _GUARDS if guard.lower() not in there]
    if missing:
        return warned(f"Statement {statement.name} admits S3 without {' and '.join(missing)}", statement=statement.name)
    return passed(f"statement {statement.name} says for which account and sources")
