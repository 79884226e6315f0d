"""The reviews that a policy asks for, held against the runs that were found: what is missing, late, incomplete, and what changed.

A review is due `every` after the one before it, the first one `every` after the last review before the period, or after its beginning. It
is in time until `grace` later. A run counts for a policy that judged all of its rules over the time since the review before, looked at
everything that it was to look at, and came to its end; by the machine's clock, not by ``--as-of``, which anybody may set.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Final

from s3guard.evidence.found import Found
from s3guard.policy import Policy

MOST: Final = 50_000
"""Reviews of a policy that are told one by one; who asks for more in a period is told so."""
_END: Final = 253_402_300_799
"""The last second of the calendar."""


class Kept(Enum):
    """What became of a review that was due."""

    ON_TIME = "on time"
    LATE = "late"
    """A run came, but after `grace`."""
    INCOMPLETE = "incomplete"
    """A run came in time, and did not look at everything."""
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Review:
    """One review that was due."""

    since: datetime
    """When the one before it was, or was due."""
    due: datetime
    by: datetime
    """From then on it is late."""
    kept: Kept
    run: Found | None = None
    """The run that was it; None where there is none that looked at everything."""
    attempts: tuple[Found, ...] = ()
    """Runs of that time that judged by the policy and do not count."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """The reviews of one policy in the period."""

    policy: str
    every: timedelta | None
    """None: the policy asks for no reviews."""
    grace: timedelta
    reviews: tuple[Review, ...]

    def count(self, kept: Kept) -> int:
        """How many became that."""
        return sum(one.kept is kept for one in self.reviews)


@dataclass(frozen=True, slots=True)
class Change:
    """A policy that a run judged by another version than the run before it."""

    policy: str
    run: str | None
    """The first run by the new version; None: none was, the pack is made with it."""
    at: datetime
    """When that run came to its end."""
    before: str | None
    """SHA-256; None: no run judged by the policy before."""
    after: str


def schedule(policy: Policy, runs: Sequence[Found], since: datetime, until: datetime) -> Schedule:
    """The reviews that were due from `since` to before `until`, in their order, and what became of each; `runs` are in order of time."""
    review = policy.review
    if review is None or review.every is None:
        return Schedule(policy.name, None, timedelta(), ())
    every, grace = max(1, review.every // 1000), (review.grace or 0) // 1000
    rules = _rules(policy, runs)
    mine = [run for run in runs if run.finished < until and policy.name in run.policies]
    good = [run for run in mine if not shortcomings(policy, run, rules, every, grace)]
    before = [run for run in good if run.finished <= since]
    begin = int((before[-1].finished if before else since).timestamp())
    due = _Due(every, grace, begin, int(until.timestamp()))
    counting = {id(run) for run in good}
    others = [run for run in mine if id(run) not in counting]
    found = [_attempted(one, others) for one in due.reviews([run for run in good if run.finished > since]) if one.due >= since]
    return Schedule(policy.name, timedelta(seconds=every), timedelta(seconds=grace), tuple(found))


@dataclass(slots=True)
class _Due:
    """Seconds since 1970 throughout."""

    every: int
    grace: int
    last: int
    """When the review before was, or was due."""
    until: int

    def reviews(self, runs: Sequence[Found]) -> Iterator[Review]:
        """What became of each review that was due; `runs` are those that count, behind `last`."""
        at, told = 0, 0
        while told < MOST:
            at, run = self._next(runs, at)
            due = self.last + self.every
            if run is None and due + self.grace >= self.until:
                return
            told += 1
            kept = Kept.MISSING if run is None else Kept.LATE if run.finished.timestamp() > due + self.grace else Kept.ON_TIME
            yield Review(_instant(self.last), _instant(due), _instant(due + self.grace), kept, run)
            self.last = due if run is None else int(run.finished.timestamp())

    def _next(self, runs: Sequence[Found], at: int) -> tuple[int, Found | None]:
        """The run that is the next review, and the place behind it; None where that review was left out.

        Of several before it was due the last one: who reviews more often than is asked for keeps one review after the other. A run that
        is nearer to the review after is that one.
        """
        due, slack = self.last + self.every, max(self.grace, self.every // 4)
        early = at
        while early < len(runs) and runs[early].finished.timestamp() <= due:
            early += 1
        if early > at:
            return early, runs[early - 1]
        if at < len(runs) and runs[at].finished.timestamp() < max(due + self.every - slack, due + self.grace + 1):
            return at + 1, runs[at]
        return at, None


def _attempted(review: Review, others: Sequence[Found]) -> Review:
    end = review.by if review.run is None else review.run.finished
    tried = tuple(run for run in others if review.since < run.finished <= end)
    if tried and review.kept is Kept.MISSING:
        return replace(review, kept=Kept.INCOMPLETE, attempts=tried)
    return replace(review, attempts=tried)


def shortcomings(policy: Policy, run: Found, rules: Mapping[str, frozenset[str]], every: int, grace: int) -> tuple[str, ...]:
    """Why a run is no review by the policy, a clause each; `rules` are those of each version of it, by SHA-256."""
    told = list(run.lacking)
    wanted = rules.get(run.policies.get(policy.name, ""), frozenset())
    if run.rules is not None and (left := len(wanted - run.rules)):
        told.append(f"it left out {left} of {len(wanted)} rules of the policy")
    if run.since is not None and run.until is not None:
        if (run.until - run.since).total_seconds() < every:
            told.append("its report covers less time than lies between two reviews")
        if (run.finished - run.until).total_seconds() > every + grace:
            told.append("its report covers an earlier time")
    return tuple(told)


def _rules(policy: Policy, runs: Sequence[Found]) -> dict[str, frozenset[str]]:
    """The rules of each version of a policy: those that any run judged by it, and of the present version those that it has."""
    found: dict[str, frozenset[str]] = {policy.sha256: frozenset(bound.name for bound in policy.rules)}
    for run in runs:
        digest = run.policies.get(policy.name)
        if digest is not None and digest != policy.sha256 and run.rules is not None:
            mine = {name for name in run.rules if name.startswith(f"{policy.name}/")}
            found[digest] = found.get(digest, frozenset()) | mine
    return found


def changes(policies: Sequence[Policy], runs: Sequence[Found], since: datetime, as_of: datetime) -> tuple[Change, ...]:
    """Where a policy that a run judged by was another one than before, from `since` on; `runs` are in order of time."""
    known: dict[str, str] = {}
    found = []
    is_first = True
    for run in runs:
        for name, digest in sorted(run.policies.items()):
            before = known.get(name)
            if digest != before and not (is_first and before is None) and run.finished >= since:
                found.append(Change(name, run.id, run.finished, before, digest))
            known[name] = digest
        is_first = is_first and not run.policies
    present = [(one.name, one.sha256) for one in policies if runs and known.get(one.name) != one.sha256]
    return (*found, *(Change(name, None, as_of, known.get(name), digest) for name, digest in present))


def _instant(second: int) -> datetime:
    return datetime.fromtimestamp(min(second, _END), UTC)
