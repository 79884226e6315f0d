"""The facts of a CloudFormation template, JSON or YAML: of the buckets that it makes, before they are there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from s3guard.audit.cloudformation import accounts, buckets
from s3guard.audit.cloudformation.conditions import Doubt
from s3guard.audit.cloudformation.intrinsics import BUCKET, Resolver
from s3guard.audit.cloudformation.policies import Policies, policies_of, policy_of
from s3guard.audit.cloudformation.template import Resource, Template, load, parse
from s3guard.audit.facts import NotKnownError, Origin, Unknown, Value
from s3guard.audit.fresh import assembled, is_public, new_account, unseen
from s3guard.audit.rows import Bucket, Facts

ACCOUNT: Final = "${AWS::AccountId}"
"""What every bucket of a template is in."""
REGION: Final = "${AWS::Region}"
_OTHERS: Final = {"AWS::S3Express::DirectoryBucket": "directory", "AWS::S3Tables::TableBucket": "table"}


def read(path: Path, name: str, taken: datetime) -> Facts:
    """The facts of a template; `name` is the file as reports show it.

    UnableError for a file that cannot be read, UsageError for one that is no template. What only deployment settles is unknown with the
    reason, or a text with symbols (``${Logs}``): see `s3guard.audit.facts.is_symbolic`. Parameters are taken for their defaults. Nested
    stacks are templates of their own, to be audited by themselves: with one, how many buckets there are is unknown.
    """
    return of_template(load(path, name), taken)


def of_bytes(content: bytes, name: str, taken: datetime) -> Facts:
    """As `read`, from the bytes of a file."""
    return of_template(parse(content, name), taken)


def of_template(template: Template, taken: datetime) -> Facts:
    """The facts of a template that is taken apart already."""
    resolver = Resolver(template)
    made = [one for one in template.resources.values() if resolver.condition(one.condition) is not False]
    names = {one.id: resolver.name(one) for one in made}
    policies = policies_of(resolver, made, {names[one.id] for one in made if one.type == BUCKET}, template.loops)
    rows = [*_rows(template, resolver, made, names, policies), *_loops(template)]
    resolver.assuming(None)
    facts = accounts.facts_of(resolver, made)
    beyond = _beyond(template, made)
    if beyond is not None:
        facts["buckets"] = Unknown(beyond)
    account = new_account(ACCOUNT, rows, **facts)
    return assembled(rows, [account], taken, template.name)


def _beyond(template: Template, made: Sequence[Resource]) -> str | None:
    """Why the template may make buckets that it does not show; None where it makes none."""
    if template.macros:
        return f"the macro {template.macros[0]} may make others"
    nested = [one.id for one in made if one.is_nested]
    if nested:
        others = f" and {len(nested) - 1} more" if len(nested) > 1 else ""
        are = "are templates" if others else "is a template"
        return f"{nested[0]}{others} {are} of {'their' if others else 'its'} own and may make others: audit what is nested by itself"
    loops = [_kind(id_) for id_ in template.loops]
    return f"what {loops[0]} makes is known once it is deployed" if loops else None


def _rows(template: Template, resolver: Resolver, made: Sequence[Resource], names: dict[str, str], policies: Policies) -> Iterator[Bucket]:
    for resource in made:
        if resource.type == BUCKET:
            yield _bucket(resource, names[resource.id], template, resolver, policies)
        elif resource.type in _OTHERS:
            yield _other(resource, names[resource.id])


def _bucket(resource: Resource, name: str, template: Template, resolver: Resolver, policies: Policies) -> Bucket:
    origin = Origin(resource.id, resource.location)
    # NOTE: what is made under a condition is judged as it is where it is made.
    resolver.assuming(None)
    holds = resolver.condition(resource.condition)
    resolver.assuming(resource.condition)
    try:
        if template.macros:
            raise NotKnownError(f"the macro {template.macros[0]} may change it")  # noqa: TRY301 - as what cannot be told
        facts: dict[str, Any] = buckets.facts_of(resolver.block(resource), name, origin)
        facts["policy"] = policy_of(name, resolver, policies, origin)
    except NotKnownError as error:
        facts = dict(buckets.nothing_known(str(error), origin))
    facts["policy_is_public"] = is_public(facts["policy"])
    if isinstance(holds, Doubt):
        facts["exists"] = Unknown(f"whether {resource.id} is made: {holds.reason}", origin=origin)
    return Bucket(name, ACCOUNT, location=resource.location, region=Value(REGION, origin), **facts)


def _other(resource: Resource, name: str) -> Bucket:
    origin = Origin(resource.id, resource.location)
    facts = {"exists": Value(value=True, origin=origin), "region": Value(REGION, origin)}
    reason = f"a template does not show it of a {_OTHERS[resource.type]} bucket"
    return unseen(name, reason, ACCOUNT, kind=_OTHERS[resource.type], location=resource.location, **facts)


def _loops(template: Template) -> Iterator[Bucket]:
    """What stands for resources that are not known: whoever audits must see that something was not looked at."""
    for id_, location in template.loops.items():
        yield unseen(f"${{{id_}}}", f"what {_kind(id_)} makes is known once it is deployed", ACCOUNT, location=location)


def _kind(loop: str) -> str:
    """``Fn::ForEach`` of ``Fn::ForEach::Buckets``."""
    return loop.rpartition("::")[0] if loop.count("::") > 1 else loop
