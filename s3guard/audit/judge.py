"""The conductor: facts, checks and policies make results, of the same kind as those of log rules and for the same report."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any, Final

from s3guard.audit.case import About, AccountCase, Answer, Case, Verdict
from s3guard.audit.checks import Check
from s3guard.audit.expected import Expected, of_policy
from s3guard.audit.facts import Unknown, Value
from s3guard.audit.graph import Edge, Graph
from s3guard.audit.place import place
from s3guard.audit.rows import UNASKED, Account, Bucket, Facts
from s3guard.globs import matches
from s3guard.model import Finding, Location, Omitted, Result, Severity, Status
from s3guard.policy import Policy
from s3guard.settings import Exclusion
from s3guard.waivers import applied, day_of

KIND: Final = "logging"
"""The kind of every result of the audit; see `Result.is_of_records`."""
SHOWN: Final = 1_000
"""Findings of a result that are shown; the rest is counted in `Result.omitted`."""
_COVERAGE: Final = "SAL-010"
"""The check about buckets and policies: what a policy names and no account has stands under it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is judged, and by whose rules."""

    policies: Sequence[Policy]
    checks: Mapping[str, Check]
    """Every check by its id."""
    now: datetime
    """The clock of the run, UTC."""
    elsewhere: Location
    """Where what no policy says is placed: the project's configuration, or the first policy."""
    wanted: Callable[[str], bool] = lambda _rule: True
    """Whether a rule (``policy/logging/SAL-001``) is judged."""
    buckets: Collection[str] = ()
    """Only these; none means all."""
    exclusions: Sequence[Exclusion] = ()
    known: Container[str] = ()
    """Fingerprints of findings that a baseline knows."""


def judge(facts: Facts, asked: Asked) -> tuple[Result, ...]:
    """Every check over what it is about, by policy, bucket and check; then those about accounts."""
    graph = Graph(facts)
    found = [result for policy in asked.policies for result in _of_policy(policy, graph, asked)]
    return (*found, *_of_accounts(graph, asked))


def is_gone(bucket: Bucket) -> bool:
    """Whether it is known that there is no such bucket: a target that was deleted, or what a policy names by mistake."""
    return isinstance(bucket.exists, Value) and not bucket.exists.value


def sinks_of(policy: Policy, graph: Graph) -> dict[str, tuple[Edge, ...]]:
    """The log buckets of a policy, each with the sources that are judged with it, sorted by name."""
    found: dict[str, list[Edge]] = {}
    for edge in graph.edges:
        if policy.applies_to(edge.source.name):
            found.setdefault(edge.target, []).append(edge)
    for bucket in graph.facts.buckets:
        if policy.applies_to(bucket.name) and (bucket.name in found or graph.is_sink(bucket)):
            found[bucket.name] = list(graph.sources(bucket.name))
    return {name: tuple(found[name]) for name in sorted(found)}


def _of_policy(policy: Policy, graph: Graph, asked: Asked) -> Iterator[Result]:
    expected = of_policy(policy)
    buckets = [bucket for bucket in graph.facts.buckets if policy.applies_to(bucket.name) and not is_gone(bucket)]
    sinks = sinks_of(policy, graph)
    questions: list[tuple[Bucket, About, tuple[Edge, ...]]] = [(bucket, About.SOURCE, ()) for bucket in buckets]
    questions += [(graph.bucket(name) or Bucket(name, None), About.SINK, edges) for name, edges in sinks.items()]
    for bucket, about, edges in sorted(questions, key=lambda question: question[0].name):
        # NOTE: that a log bucket is gone is told of its sources; there is nothing to ask it.
        if is_gone(bucket) or (asked.buckets and bucket.name not in asked.buckets):
            continue
        case = Case(bucket, graph.account(bucket), graph, expected, asked.now, edges)
        for check in asked.checks.values():
            name = f"{policy.name}/{KIND}/{check.id}"
            if check.about is about and asked.wanted(name):
                blank = _blank(check, name, policy.name, bucket.name, policy.logging_location or policy.location)
                yield _concluded(blank, check.verdicts(case), asked, place(check.needs, case), policy)
    if graph.facts.source == "live":
        yield from _missing(policy, buckets, asked)


def _missing(policy: Policy, buckets: Sequence[Bucket], asked: Asked) -> Iterator[Result]:
    """What a policy names and no account has: nobody looked at it."""
    check, name = asked.checks[_COVERAGE], f"{policy.name}/{KIND}/{_COVERAGE}"
    if not asked.wanted(name):
        return
    at = policy.logging_location or policy.location
    there = {bucket.name for bucket in buckets}
    for bucket in policy.names:
        if bucket not in there and (not asked.buckets or bucket in asked.buckets):
            reason = "no account that was looked at has this bucket, so nothing is known of it"
            yield replace(_blank(check, name, policy.name, bucket, at), reason=reason)
    unmatched = [glob for glob in policy.globs if not any(matches(glob, bucket) for bucket in there)]
    if unmatched and not asked.buckets:
        reason = f"no bucket of the accounts that were looked at matches {', '.join(unmatched)}"
        yield replace(_blank(check, name, policy.name, None, at), reason=reason)


def _of_accounts(graph: Graph, asked: Asked) -> Iterator[Result]:
    expected = {policy.name: of_policy(policy) for policy in asked.policies}
    covered = _covered(graph, asked.policies, expected)
    excluded, expired, unending = _exclusions(graph, asked)
    for account in _accounts(graph.facts):
        owner = f"account:{account.id}"
        case = AccountCase(account, graph, tuple(expected.values()), covered, excluded, expired, asked.now, unending)
        for check in asked.checks.values():
            name = f"{owner}/{KIND}/{check.id}"
            if check.about is About.ACCOUNT and asked.wanted(name) and not asked.buckets:
                blank = _blank(check, name, owner, None, asked.elsewhere)
                yield _concluded(blank, check.verdicts(case), asked, account.location)


def _accounts(facts: Facts) -> Iterator[Account]:
    """The rows of the accounts; for one that buckets are in and that has no row, a row that says so, as for facts without any account."""
    yield from facts.accounts
    known = {account.id for account in facts.accounts}
    missing = sorted({bucket.account for bucket in facts.buckets if bucket.account is not None} - known)
    if not known and not missing and facts.source == "live":
        missing = ["unknown"]
    unseen = Unknown("the facts have no row of this account, so nobody knows what else is in it")
    for name in missing:
        nothing: dict[str, Any] = {one.name: unseen for one in fields(Account) if one.default is UNASKED}
        yield Account(name, **nothing)


def _covered(graph: Graph, policies: Sequence[Policy], expected: Mapping[str, Expected]) -> dict[str, tuple[Expected, ...]]:
    """Every bucket with what policies expect of it: those that name it, and those whose buckets log to it."""
    sinks = {policy.name: sinks_of(policy, graph) for policy in policies}
    return {
        bucket.name: tuple(
            expected[policy.name] for policy in policies if policy.applies_to(bucket.name) or bucket.name in sinks[policy.name]
        )
        for bucket in graph.facts.buckets
    }


def _exclusions(graph: Graph, asked: Asked) -> tuple[dict[str, str], dict[str, str], frozenset[str]]:
    """Buckets that may go without a policy, those that might until some day, each with the reason; and of the first those for ever."""
    excluded: dict[str, str] = {}
    expired: dict[str, str] = {}
    ending: set[str] = set()
    day = asked.now.astimezone(UTC).date()
    for bucket in graph.facts.buckets:
        for one in asked.exclusions:
            if matches(one.bucket, bucket.name) and one.holds(day):
                excluded.setdefault(bucket.name, one.reason)
                ending |= set() if one.expires is None else {bucket.name}
            elif matches(one.bucket, bucket.name):
                expired.setdefault(bucket.name, f"{one.reason} (until {one.expires}, {one.source})")
    return excluded, {name: reason for name, reason in expired.items() if name not in excluded}, frozenset(excluded) - ending


def _blank(check: Check, name: str, policy: str, bucket: str | None, location: Location) -> Result:
    """A result of which nothing is known yet."""
    return Result(
        rule=name,
        kind=KIND,
        policy=policy,
        bucket=bucket,
        title=check.title,
        status=Status.UNDETERMINED,
        severity=check.severity,
        reason=None,
        records=0,
        violations=0,
        unjudged=0,
        controls=(),
        location=location,
        findings=(),
        help=check.help,
    )


def _concluded(blank: Result, verdicts: Sequence[Verdict], asked: Asked, located: Location | None, policy: Policy | None = None) -> Result:
    """The result that verdicts make: the gravest says its status, and every fault is a finding.

    What could not be looked at outweighs a warning, since a warning breaks no build. Waivers of the `policy` take faults out of that; what
    could not be looked at is waived by nobody.
    """
    told = [verdict for verdict in verdicts if verdict.answer in (Answer.FAIL, Answer.WARN)]
    found = sorted(
        ((_finding(blank, one, asked.known), one.answer) for one in told), key=lambda one: (-one[0].severity.rank, one[0].fingerprint)
    )
    findings, left = [finding for finding, _ in found[:SHOWN]], [finding for finding, _ in found[SHOWN:]]
    if policy is not None:
        findings = [*applied(policy, blank.rule, findings, day_of(asked.now))]
    standing = [finding for finding in findings if finding.waiver is None] + left
    doubts = list(dict.fromkeys(_doubt(verdict) for verdict in verdicts if verdict.answer is Answer.UNKNOWN))
    answers = [answer for finding, (_, answer) in zip(findings, found, strict=False) if finding.waiver is None]
    answers += [verdict.answer for verdict in verdicts if verdict not in told] + [answer for _, answer in found[SHOWN:]]
    status, reason = _STATUS[max(answers, key=list(Answer).index, default=Answer.PASS)], None
    if doubts:
        reason = "; ".join(doubts)
    elif findings and not standing:
        status = Status.WAIVED
    elif status is Status.NOT_APPLICABLE:
        reason = next(verdict.reason for verdict in verdicts)
    at = next((verdict.location for verdict in (*told, *verdicts) if verdict.location is not None), None) or located
    return replace(
        blank,
        status=status,
        reason=reason,
        severity=max((one.severity for one in standing), key=lambda one: one.rank, default=blank.severity),
        findings=tuple(findings),
        omitted=Omitted(len(left)),
        location=at or blank.location,
    )


_STATUS: Final = {
    Answer.PASS: Status.PASS,
    Answer.WARN: Status.FAIL,
    Answer.FAIL: Status.FAIL,
    Answer.UNKNOWN: Status.UNDETERMINED,
    Answer.NOT_APPLICABLE: Status.NOT_APPLICABLE,
}


def _doubt(verdict: Verdict) -> str:
    about = ", ".join(f"{name} {value}" for name, value in verdict.about.items())
    return f"{about}: {verdict.reason}" if about else verdict.reason


def _finding(blank: Result, verdict: Verdict, known: Container[str]) -> Finding:
    mark = fingerprint(blank.policy, blank.rule, blank.bucket, verdict.about)
    return Finding(
        fingerprint=mark,
        message=verdict.reason,
        subject=dict(verdict.about),
        outcome=None,
        severity=Severity.LOW if verdict.answer is Answer.WARN else verdict.severity or blank.severity,
        records=0,
        first_seen=None,
        last_seen=None,
        baseline="unchanged" if mark in known else "new",
    )


def fingerprint(policy: str, rule: str, bucket: str | None, about: Mapping[str, str]) -> str:
    """SHA-256 over policy, rule, bucket, outcome (none) and subject; 64 hex."""
    parts = [policy, rule, bucket, None, dict(about)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
