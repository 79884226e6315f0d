"""S3 delivers for the sources of this account alone.

## What

A statement of the bucket policy that admits ``logging.s3.amazonaws.com`` has both conditions: ``aws:SourceAccount`` is the account of the
sources and no other, ``aws:SourceArn`` names them. One that is missing, or that another account meets too, is a warning. One that does
not hold for a source is a failure, since it stops delivery; so it is with ``StringEquals`` over an ARN with a ``*``, which never matches
(``ArnLike`` does).

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

from collections.abc import Collection, Iterator, Sequence

from s3guard.audit.bucket_policy import Condition, Statement, statements
from s3guard.audit.case import About, Case, Verdict, failed, not_applicable, passed, unknown, warned
from s3guard.audit.condition import holds
from s3guard.audit.facts import is_same, known
from s3guard.audit.permission import is_aimed
from s3guard.audit.route import Route, listed, partition_of, routes
from s3guard.audit.tristate import Tri, all_of, any_of
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
    own = {edge.source.account for edge in case.sources} or {case.bucket.account}
    for statement in admitting.values():
        yield _guarded(statement, {account for account in own if account is not None})


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
    meets_all = _is_wild(condition) and any(not value.strip("*") for value in condition.values)
    return "Not" not in condition.operator and condition.operator != "Null" and not meets_all


def _is_wild(condition: Condition) -> bool:
    """Whether wildcards mean something in it."""
    return "Like" in condition.operator or condition.operator.startswith("Arn")


def _guarded(statement: Statement, own: Collection[str]) -> Verdict:
    there = [condition for condition in _guards(statement) if _narrows(condition)]
    missing = [guard for guard in _GUARDS if not any(condition.key.lower() == guard.lower() for condition in there)]
    if missing:
        return warned(f"Statement {statement.name} admits S3 without {' and '.join(missing)}", statement=statement.name)
    # NOTE: conditions hold together, so one that leaves only the own account is enough.
    accounts = [_others(condition, own) for condition in there if condition.key.lower() == _GUARDS[0].lower()]
    if all(others for others, _ in accounts):
        strange = f"{_GUARDS[0]} of statement {statement.name} is met by other accounts too: {listed(accounts[0][0])}"
        return warned(f"{strange}; S3 then delivers for their buckets as well", statement=statement.name)
    if all(others or doubts for others, doubts in accounts):
        doubts = next(doubts for _, doubts in accounts if doubts)
        return unknown(f"whether {_GUARDS[0]} of statement {statement.name} is met by this account alone depends on {listed(doubts)}")
    return passed(f"statement {statement.name} says for which account and sources")


def _others(condition: Condition, own: Collection[str]) -> tuple[list[str], list[str]]:
    """The accounts of a condition that are not that of the sources, and those of which nobody can tell."""
    said = [(value, any_of(is_same(value, one) for one in own) if own else None) for value in condition.values]
    wild = {value for value in condition.values if _is_wild(condition) and ("*" in value or "?" in value)}
    return (
        [value for value, same in said if same is False or value in wild],
        [value for value, same in said if same is None and value not in wild],
    )
