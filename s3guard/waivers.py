"""Waivers applied: which findings a policy accepts for a time, and what became of each waiver, for those who answer for it.

A waiver takes nothing from a result but its failing: counts, findings and samples stay as they are. It never hides that something could
not be judged. It holds by `Finding.subject` as the log has it, before any redaction.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import Any, Final

import polars as pl

from s3guard import globs, principals
from s3guard.model import Finding, Location, Report, Result
from s3guard.policy import BoundWaiver, Policy
from s3guard.references import AUDIT_CHECK, BY_PRINCIPAL, SUBJECT_MISSING

SOON: Final = timedelta(days=30)
"""A waiver that holds no longer than this is expiring."""
_NOTES: Final = 20
"""Waivers of which a report's notes tell; of more it says how many there are."""
_OWNER: Final = "bucket_owner"


class Validity(Enum):
    """What a day makes of a waiver."""

    IN_FORCE = "in force"
    EXPIRING = "expiring"
    """It holds, and will not in 30 days."""
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Entry:
    """A waiver of the register."""

    policy: str
    rule: str
    """``<policy>/<kind>`` or ``<policy>/<kind>/<id>``, as results name it."""
    location: Location
    state: Validity
    waiver: dict[str, Any]
    """As in `Finding.waiver`."""
    judged: bool = False
    """Whether the report judged all of its rule: where something is undetermined or left out, nobody knows what it covers."""
    findings: int | None = None
    """Of the report: those that it covers, or would if it had not expired; of several waivers it is the one that holds longest.

    None where there is no report, and of an expired waiver where the report is redacted.
    """
    records: int | None = None
    """Of these findings."""

    @property
    def holds(self) -> bool:
        """Whether it is in force, expiring or not."""
        return self.state is not Validity.EXPIRED

    @property
    def unused(self) -> bool:
        """Whether it covers nothing, and surely so."""
        return self.judged and self.findings == 0


@dataclass(frozen=True, slots=True)
class _Numbered:
    number: int
    bound: BoundWaiver

    def state(self, day: date) -> Validity:
        expires = self.bound.waiver.expires
        if expires < day:
            return Validity.EXPIRED
        return Validity.EXPIRING if expires - day <= SOON else Validity.IN_FORCE

    def told(self) -> dict[str, Any]:
        """What a finding says of it."""
        waiver = self.bound.waiver
        return {
            "reason": waiver.reason,
            "ticket": waiver.ticket,
            "approved_by": waiver.approved_by,
            "expires": waiver.expires.isoformat(),
            "match": None if waiver.match is None else {name: list(patterns) for name, patterns in waiver.match.items()},
            "number": self.number,
        }


def day_of(as_of: datetime) -> date:
    """The day that waivers are held against, UTC."""
    return as_of.astimezone(UTC).date()


def applied(policy: Policy, rule: str, findings: Sequence[Finding], day: date | None) -> tuple[Finding, ...]:
    """Findings of a rule (its full name), in their order, each with the waiver that covers it on a day; on none, no waiver holds.

    The one that holds longest, where several do. What only waivers cover that have expired says so in its message.
    """
    mine = _of(policy, rule)
    if not mine or not findings or day is None:
        return tuple(findings)
    covering = _covering(mine, [finding.subject for finding in findings])
    return tuple(_waived(finding, one, day) for finding, one in zip(findings, covering, strict=True))


def _waived(finding: Finding, one: _Numbered | None, day: date) -> Finding:
    if one is None:
        return finding
    if one.state(day) is Validity.EXPIRED:
        return replace(finding, message=f"{finding.message}; waived until {one.bound.waiver.expires}, expired")
    return replace(finding, waiver=one.told())


def register(policies: Sequence[Policy], report: Report | None, as_of: datetime) -> tuple[Entry, ...]:
    """Every waiver of policies, in their order and that of each file, and what it covers of a report.

    `report` is the run's as it was judged, before redaction: of one that is redacted nobody can tell what an expired waiver would cover.
    Without a report nothing is judged. Waivers of packs and of other files that a policy extends are none of its own.
    """
    if report is None:
        return _register(policies, None, day_of(as_of))
    return _register(policies, report.results, day_of(as_of), redacted=report.redacted is not None)


def document(entry: Entry) -> dict[str, Any]:
    """An entry as plain values for JSON; what it covers is null where nobody can tell."""
    return {
        "policy": entry.policy,
        "rule": entry.rule,
        "state": entry.state.value,
        **entry.waiver,
        "location": {"file": entry.location.file, "line": entry.location.line},
        "findings": entry.findings,
        "records": entry.records,
        "unused": entry.unused if entry.judged else None,
    }


def notes(policies: Sequence[Policy], results: Sequence[Result], as_of: datetime) -> tuple[str, ...]:
    """Sentences about waivers that somebody should look after: expired, about to expire, or without effect; none about the others.

    Of rules that these results do not judge nothing is said.
    """
    names = {result.rule for result in results}
    entries = [one for one in _register(policies, results, day_of(as_of)) if one.rule in names]
    told = [note for entry in entries if (note := _note(entry, day_of(as_of))) is not None]
    if len(told) > _NOTES:
        return (*told[:_NOTES], f"{len(told) - _NOTES:,} more waivers expired, expire within 30 days or matched nothing.")
    return tuple(told)


def _note(entry: Entry, day: date) -> str | None:
    expires = date.fromisoformat(entry.waiver["expires"])
    which = f"The waiver of {entry.rule} ({entry.location.file}, line {entry.location.line})"
    findings = entry.findings or 0
    covers = f"{findings:,} finding{'' if findings == 1 else 's'}"
    if not entry.holds:
        now = f"{covers} that it covered {'counts' if findings == 1 else 'count'} again" if findings else "it holds no more"
        return f"{which} expired on {expires}: {now}."
    unused = "; it matched nothing in this run" if entry.unused else f"; it covers {covers}" if findings else ""
    if entry.state is Validity.EXPIRING:
        left = (expires - day).days
        when = "today" if not left else "tomorrow" if left == 1 else f"in {left} days"
        return f"{which} expires {when}, on {expires}{unused}."
    return f"{which} matched nothing in this run." if entry.unused else None


def _register(policies: Sequence[Policy], results: Sequence[Result] | None, day: date, *, redacted: bool = False) -> tuple[Entry, ...]:
    by_rule: dict[str, list[Result]] = {}
    for result in results or ():
        by_rule.setdefault(result.rule, []).append(result)
    entries: list[Entry] = []
    for policy in policies:
        mine: list[Entry] = []
        for rule in dict.fromkeys(_named(policy, bound) for bound in policy.waivers):
            found = None if results is None else by_rule.get(rule, [])
            mine += _entries(policy, rule, found, day, redacted=redacted)
        entries += sorted(mine, key=lambda one: one.waiver["number"])
    return tuple(entries)


def _entries(policy: Policy, rule: str, results: Sequence[Result] | None, day: date, *, redacted: bool) -> Iterator[Entry]:
    """Of one rule, with what each covers of its results."""
    mine = _of(policy, rule)
    covered = _covered(mine, [finding for result in results or () for finding in result.findings], redacted=redacted)
    is_whole = bool(results) and not any(map(_is_doubtful, results or ()))
    for one in mine:
        entry = Entry(policy.name, rule, one.bound.location, one.state(day), one.told())
        if results is not None and not (redacted and not entry.holds):
            findings = covered[one.number]
            entry = replace(entry, judged=is_whole, findings=len(findings), records=sum(finding.records for finding in findings))
        yield entry


def _covered(waivers: Sequence[_Numbered], findings: Sequence[Finding], *, redacted: bool) -> dict[int, list[Finding]]:
    """Findings by the number of the waiver that covers them, or would: as they say themselves, else by their subjects."""
    covered: dict[int, list[Finding]] = {one.number: [] for one in waivers}
    left = []
    for finding in findings:
        number = None if finding.waiver is None else finding.waiver.get("number")
        if number in covered:
            covered[number].append(finding)
        elif finding.waiver is None and not redacted:
            left.append(finding)
    for finding, one in zip(left, _covering(waivers, [finding.subject for finding in left]), strict=True):
        if one is not None:
            covered[one.number].append(finding)
    return covered


def _is_doubtful(result: Result) -> bool:
    """Whether there may be findings that the result does not show."""
    return result.is_undecided or bool(result.unjudged or result.omitted.findings or result.omitted.records)


def _named(policy: Policy, bound: BoundWaiver) -> str:
    return f"{policy.name}/{bound.waiver.rule}"


def _of(policy: Policy, rule: str) -> list[_Numbered]:
    """The waivers of a rule, numbered as they stand in the policy, from 1."""
    return [_Numbered(number, bound) for number, bound in enumerate(policy.waivers, 1) if _named(policy, bound) == rule]


def _covering(waivers: Sequence[_Numbered], subjects: Sequence[Mapping[str, str | int | None]]) -> list[_Numbered | None]:
    """Of each subject the waiver that covers it, held longest: of several the first in the policy that does."""
    matches = [(one, _Match.of(one.bound, subjects)) for one in waivers]
    longest = sorted(matches, key=lambda pair: (-pair[0].bound.waiver.expires.toordinal(), pair[0].number))
    return [next((one for one, match in longest if match.covers(subject)), None) for subject in subjects]


@dataclass(frozen=True, slots=True)
class _Match:
    """What a waiver asks of subjects."""

    patterns: Mapping[str, Collection[str]]
    who: Mapping[str, Collection[object]] = field(default_factory=dict)
    """Fields that name a requester, with those values among the subjects that a pattern over principals matches."""

    @classmethod
    def of(cls, bound: BoundWaiver, subjects: Sequence[Mapping[str, str | int | None]]) -> _Match:
        patterns = bound.waiver.match or {}
        if AUDIT_CHECK.fullmatch(bound.waiver.rule):
            return cls(patterns)  # NOTE: who a bucket policy names is no requester of a log: `*`, an account's root.
        names = [name for name in BY_PRINCIPAL if name in patterns]
        return cls(patterns, {name: _requesters(name, patterns[name], [subject.get(name) for subject in subjects]) for name in names})

    def covers(self, subject: Mapping[str, str | int | None]) -> bool:
        return all(name in subject and self._accepts(name, subject) for name in self.patterns)

    def _accepts(self, name: str, subject: Mapping[str, str | int | None]) -> bool:
        value, patterns = subject[name], self.patterns[name]
        if value is None:
            return SUBJECT_MISSING in patterns
        if name not in self.who:
            return any(globs.matches(pattern, str(value)) for pattern in patterns)
        return value in self.who[name] or ("canonical:owner" in patterns and value == subject.get(_OWNER))


def _requesters(name: str, patterns: Collection[str], values: Collection[object]) -> frozenset[object]:
    """Those of the values that any of the patterns matches; none of them null."""
    matcher = principals.compile([pattern for pattern in patterns if pattern != SUBJECT_MISSING])
    named = pl.DataFrame({name: [value for value in dict.fromkeys(values) if value is not None]}, schema={name: pl.String})
    asked = named if name == "requester" else named.with_columns(principals.stand_in_expr())
    return frozenset(asked.filter(matcher.expr)[name])
