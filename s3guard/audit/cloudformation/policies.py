"""Bucket policies of a CloudFormation template, and the buckets that they are of."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from s3guard.audit.cloudformation.conditions import Doubt
from s3guard.audit.cloudformation.intrinsics import Resolver
from s3guard.audit.cloudformation.template import Resource
from s3guard.audit.facts import Absent, Fact, NotKnownError, Origin, Unknown, is_same
from s3guard.audit.unsettled import Pending, Tree, fact, symbol

POLICY: Final = "AWS::S3::BucketPolicy"
_OPEN: Final = frozenset({"Resource", "NotResource"})
"""Keys of a statement whose texts may be open: it is then in doubt what they match, and nothing else."""


@dataclass(frozen=True, slots=True)
class Attached:
    """A bucket policy, and the name of the bucket that it is of; None where nobody knows."""

    resource: Resource
    bucket: str | None
    reason: str
    """Why nobody does."""


def attached(resolver: Resolver, resources: Sequence[Resource]) -> tuple[Attached, ...]:
    """The bucket policies that a template makes, or may make."""
    made = (one for one in resources if one.type == POLICY and resolver.condition(one.condition) is not False)
    return tuple(_attached(resolver, one) for one in made)


def _attached(resolver: Resolver, resource: Resource) -> Attached:
    try:
        return Attached(resource, resolver.block(resource).needed("Bucket", symbolic=True), "")
    except NotKnownError as error:
        return Attached(resource, None, str(error))


def policy_of(name: str, resolver: Resolver, policies: Sequence[Attached], others: frozenset[str], origin: Origin) -> Fact[str]:
    """The policy of the bucket of this name; `others` are the names of the template's other buckets.

    The resolver assumes what makes the bucket, so a policy that is made under the same condition is there.
    """
    found = [one for one in policies if one.bucket == name and resolver.condition(one.resource.condition) is not False]
    if len(found) > 1:
        return Unknown(f"{' and '.join(one.resource.id for one in found)} both set its policy", origin=origin)
    if found:
        return _policy(found[0].resource, resolver)
    for one in policies:
        if _may_be(one, name, others):
            reason = one.reason or f"the bucket that {one.resource.id} is of is known once it is deployed"
            return Unknown(reason, origin=Origin(one.resource.id, one.resource.location))
    return Absent("", origin)


def _may_be(policy: Attached, name: str, others: frozenset[str]) -> bool:
    """Whether a policy may be that of a bucket which it does not name: a name that AWS makes up is nobody's parameter."""
    if policy.bucket is None:
        return True
    return policy.bucket not in others and not name.startswith("${") and is_same(policy.bucket, name) is None


def _policy(resource: Resource, resolver: Resolver) -> Fact[str]:
    origin = Origin(resource.id, resource.location)
    holds = resolver.condition(resource.condition)
    if isinstance(holds, Doubt):
        return Unknown(f"whether {resource.id} is made: {holds.reason}", origin=origin)
    return fact(lambda: document(resolver.block(resource).values.get("PolicyDocument"), resource.id), origin)


def document(said: Tree, name: str) -> str:
    """A policy document as the text that AWS gets; NotKnownError where more of it is open than symbols can stand for."""
    if isinstance(said, str):
        try:
            said = json.loads(said)
        except (ValueError, RecursionError) as error:
            raise NotKnownError(f"the policy of {name} is no JSON") from error
    settled = _settled(said, is_open=False)
    if not isinstance(settled, dict):
        raise NotKnownError(f"the policy of {name} makes no sense: a mapping is expected")
    return json.dumps(settled)


def _settled(said: Tree, *, is_open: bool) -> Tree:
    if isinstance(said, Pending):
        if not is_open:
            raise NotKnownError(said.reason)
        return symbol(said.reason)
    if isinstance(said, list):
        return [_settled(one, is_open=is_open) for one in said]
    if isinstance(said, dict):
        return dict(_entries(said))
    return said


def _entries(said: dict[str, Tree]) -> Iterator[tuple[str, Tree]]:
    yield from ((key, _settled(one, is_open=key in _OPEN)) for key, one in said.items())
