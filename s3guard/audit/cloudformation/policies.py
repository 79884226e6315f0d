"""Bucket policies of a CloudFormation template, and the buckets that they are of."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from s3guard.audit.cloudformation.conditions import Doubt
from s3guard.audit.cloudformation.intrinsics import Resolver
from s3guard.audit.cloudformation.template import Resource
from s3guard.audit.facts import Absent, Fact, NotKnownError, Origin, Unknown, is_symbolic
from s3guard.audit.unsettled import Pending, Tree, fact, symbol
from s3guard.model import Location

POLICY: Final = "AWS::S3::BucketPolicy"
_OPEN: Final = frozenset({"Resource", "NotResource"})
"""Keys of a statement whose texts may be open: it is then in doubt what they match, and nothing else."""


@dataclass(frozen=True, slots=True)
class Policies:
    """The bucket policies that a template makes, or may make, by what is known of their buckets."""

    by_bucket: Mapping[str, Sequence[Resource]]
    """By the names of the template's buckets."""
    of_any: tuple[Origin, str] | None
    """One of a bucket that nobody knows, and why; None where there is none."""
    of_given: tuple[Origin, str] | None
    """One of a bucket whose name is given when the template is deployed, and so may be that of one which has a name here."""


def policies_of(
    resolver: Resolver, resources: Sequence[Resource], buckets: Collection[str], loops: Mapping[str, Location] | None = None
) -> Policies:
    """The bucket policies among the resources; `buckets` are the names of the template's buckets, `loops` make what nobody knows."""
    found: dict[str, list[Resource]] = {}
    of_any: tuple[Origin, str] | None = None
    of_given: tuple[Origin, str] | None = None
    for id_, location in (loops or {}).items():
        of_any = of_any or (Origin(id_, location), f"what {id_} makes is known once it is deployed, and may be its policy")
    for one in resources:
        if one.type != POLICY or resolver.condition(one.condition) is False:
            continue
        try:
            name = resolver.block(one).needed("Bucket", symbolic=True)
        except NotKnownError as error:
            of_any = of_any or (Origin(one.id, one.location), str(error))
            continue
        if name not in buckets and is_symbolic(name):
            of_given = of_given or (Origin(one.id, one.location), f"the bucket that {one.id} is of is known once it is deployed")
        found.setdefault(name, []).append(one)
    return Policies(found, of_any, of_given)


def policy_of(name: str, resolver: Resolver, policies: Policies, origin: Origin) -> Fact[str]:
    """The policy of the bucket of this name.

    The resolver assumes what makes the bucket, so a policy that is made under the same condition is there.
    """
    found = [one for one in policies.by_bucket.get(name, ()) if resolver.condition(one.condition) is not False]
    if len(found) > 1:
        return Unknown(f"{' and '.join(one.id for one in found)} both set its policy", origin=origin)
    if found:
        return _policy(found[0], resolver)
    # NOTE: a name that AWS has yet to make up nobody can give when deploying.
    doubt = policies.of_any or (None if name.startswith("${") else policies.of_given)
    if doubt is not None:
        return Unknown(doubt[1], origin=doubt[0])
    return Absent("", origin)


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
