"""What is allowed in a policy and probably not meant: rules that look at nothing, dead waivers, conditions that nulls fall through."""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from typing import Final, TypeVar

from s3guard import conditions, retained
from s3guard.declaration import Waiver
from s3guard.globs import is_glob, matches
from s3guard.model import Location
from s3guard.policy import BoundRule, Policy
from s3guard.problems import Problem, quoted
from s3guard.references import AUDIT_CHECK
from s3guard.rules import Rule

_MANY = 300
"""NOTE: entries of a list that are held against those of another: the first ones, since advice must not cost a minute."""
_SESSION: Final = re.compile(r"arn:([^:]*):sts::([0-9]*):assumed-role/([^/]*)/(?!\*+$).*")
_T = TypeVar("_T")
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def warnings(policy: Policy, as_of: datetime | None = None, audit: Collection[str] | None = None) -> tuple[Problem, ...]:
    """Everything that is probably not meant, by place; none of it keeps the policy from being judged.

    Waivers are held against `as_of` and against the checks about buckets, `audit` (``logging/SAL-001``), where they are given.
    """
    found = {*dead(policy, as_of, audit), *_doubles(policy)}
    for bound in policy.rules:
        found.update(_problem(bound.location, f"{bound.rule.name}: {sentence}") for sentence in _fallen_through(bound.rule))
    if policy.frameworks:
        found.update(_problem(policy.logging_location or policy.location, sentence) for sentence in retained.advice(policy))
    return tuple(sorted(found))


def dead(policy: Policy, as_of: datetime | None = None, audit: Collection[str] | None = None) -> tuple[Problem, ...]:
    """Of those, what has no effect at all: rules, allowances and waivers. ``validate --strict`` refuses them."""
    found = set(_dead_waivers(policy, as_of, audit))
    if policy.disabled and not policy.rules:
        found.add(_problem(policy.location, "every rule of the policy is switched off (`enabled: false`)"))
    for bound in policy.rules:
        found.update(_problem(bound.location, f"{bound.rule.name}: {sentence}") for sentence in _unreachable(bound))
    return tuple(sorted(found))


def _problem(location: Location, message: str) -> Problem:
    return Problem(location.file, location.line, 1, message)


def _dead_waivers(policy: Policy, as_of: datetime | None, audit: Collection[str] | None) -> Iterator[Problem]:
    off = {name.removeprefix(f"{policy.name}/") for name in policy.disabled}
    for bound in policy.waivers:
        waiver = bound.waiver
        if waiver.rule in off:
            yield _problem(bound.location, f"the waiver of `{waiver.rule}` waives nothing: the rule is switched off")
        if as_of is not None and waiver.expires < as_of.astimezone(UTC).date():
            yield _problem(bound.location, f"the waiver of `{waiver.rule}` expired on {waiver.expires}")
        if audit is not None and AUDIT_CHECK.fullmatch(waiver.rule) and waiver.rule not in audit:
            yield _problem(bound.location, f"the waiver of `{waiver.rule}` waives nothing: no check about buckets has this name")
        if not AUDIT_CHECK.fullmatch(waiver.rule):
            yield from (_problem(bound.location, f"the waiver of `{waiver.rule}`: {said}") for said in _of_no_principal(waiver))


def _of_no_principal(waiver: Waiver) -> Iterator[str]:
    """Patterns over single sessions, which the column `principal` does not tell apart."""
    for pattern in (waiver.match or {}).get("principal", ()):
        if session := _SESSION.fullmatch(pattern):
            role = f"arn:{session[1]}:iam::{session[2]}:role/{session[3]}"
            yield f"{quoted(pattern)} matches no principal, which is {role} for every session; write that, or group the rule by requester"


def _unreachable(bound: BoundRule) -> Iterator[str]:
    rule = bound.rule
    keys, excepted = (rule.keys or ())[:_MANY], (rule.except_keys or ())[:_MANY]
    if keys == rule.keys and all(any(_covers(wide, key) for wide in excepted) for key in keys):
        yield "`except_keys` leaves no key of `keys`, so the rule looks at nothing"
    allow, deny = getattr(rule, "allow", None) or (), getattr(rule, "deny", None) or ()
    for allowed in allow[:_MANY]:
        shadow = next((denied for denied in deny[:_MANY] if _shadows(denied, allowed)), None)
        if shadow is not None:
            yield f"{quoted(str(allowed))} is allowed in vain: {quoted(str(shadow))} is denied, and a denied one is never allowed"
    if "authenticated" in allow and len(allow) > 1:
        yield "`authenticated` allows everybody who is signed in, so the other patterns of `allow` say nothing"


def _covers(wide: str, narrow: str) -> bool:
    """Whether one glob surely matches all that the other does: it is the same, a star, or the other is no glob."""
    return wide in ("*", narrow) or (not is_glob(narrow) and matches(wide, narrow))


def _shadows(denied: object, allowed: object) -> bool:
    """Whether all that is allowed is denied."""
    if isinstance(denied, _Network) and isinstance(allowed, _Network):
        if isinstance(denied, ipaddress.IPv4Network) and isinstance(allowed, ipaddress.IPv4Network):
            return allowed.subnet_of(denied)
        return isinstance(denied, ipaddress.IPv6Network) and isinstance(allowed, ipaddress.IPv6Network) and allowed.subnet_of(denied)
    return denied in (allowed, "authenticated")


def _fallen_through(rule: Rule) -> Iterator[str]:
    """Nulls that the rule's conditions do not select."""
    measured = getattr(getattr(rule, "measure", None), "condition", None)
    for sql in (rule.where, measured):
        if sql is not None:
            yield from conditions.null_warnings(sql)


def _doubles(policy: Policy) -> Iterator[Problem]:
    for bucket in _repeated(policy.buckets):
        yield _problem(policy.location, f"bucket {quoted(bucket)} is listed twice")
    for bucket in policy.names[:_MANY]:
        wide = next((glob for glob in policy.globs[:_MANY] if matches(glob, bucket)), None)
        if wide is not None:
            yield _problem(policy.location, f"bucket {quoted(bucket)} is listed, and {quoted(wide)} matches it as well")
    for bound in policy.rules:
        for field in type(bound.rule).model_fields:
            written = getattr(bound.rule, field)
            for twice in _repeated(written) if isinstance(written, tuple) else ():
                yield _problem(bound.location, f"{bound.rule.name}: {quoted(str(twice))} stands in `{field}` twice")


def _repeated(values: Sequence[_T]) -> list[_T]:
    """The values that are there more than once, in order."""
    return [value for value, count in Counter(values).items() if count > 1]
