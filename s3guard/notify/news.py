"""What of a report is worth a message: what is new, worse or resolved beside what a channel was told before, and what cannot be judged.

Told are findings that nobody waived, of the channel's lowest severity and above:

* **new**: the channel was not told of it, or it was gone and there are younger records of it;
* **worsened**: it is more severe, or what was an attempt is served now, or it has at least ten times the records that were told;
* **resolved**: it is not found any more although its check was decided, and all records that it had lie in the period of the report. What a
  later period holds no longer, or only a part of, is let go without a word: what happened is not undone by time passing. The same holds for
  what was waived or is in the baseline.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from enum import Enum
from typing import Final

from s3guard.model import Finding, Result, Severity, Status
from s3guard.notify.model import CRASHED, NOTHING, Belief, Blind, Item, Known, News, Seen, What
from s3guard.outputs import plural

SUBJECTS: Final = 1_000
"""Findings of which it is remembered who did what, the most severe; a message that others are resolved names their checks alone."""
WORSE: Final = 10
"""How many times the records that were told make a finding worse."""


def compare(belief: Belief, seen: Seen, lowest: Severity) -> News:
    """What a channel that believes this is to be told of what was seen."""
    attempts = {one.who for one in belief.known.values() if one.outcome in ("refused", "failed")}
    standing = _standing(seen)
    items = [
        _item(what, why, result, finding)
        for result, finding in standing.values()
        if finding.severity.at_least(lowest)
        for what, why in _changed(belief.known.get(finding.fingerprint), result, finding, attempts)
    ]
    results = _results(seen)
    items += [
        _gone(fingerprint, one, results[one.rule, one.bucket])
        for fingerprint, one in belief.known.items()
        if one.severity.at_least(lowest) and fingerprint not in standing and _fate(fingerprint, one, results, seen) is _Fate.RESOLVED
    ]
    began = [one for key, one in _told(seen).items() if key not in belief.blind]
    return News(_sorted(items), tuple(began), tuple(_ended(belief, results, seen).values()))


def _sorted(items: list[Item]) -> tuple[Item, ...]:
    """By check, the check with the worst first; what is resolved behind all that is not."""
    worst: dict[tuple[bool, str, str], int] = {}

    def check(one: Item) -> tuple[bool, str, str]:
        return one.what is What.RESOLVED, one.result.rule, one.result.bucket or ""

    for one in items:
        worst[check(one)] = max(worst.get(check(one), 0), one.severity.rank)
    return tuple(sorted(items, key=lambda one: (check(one)[0], -worst[check(one)], check(one), -one.severity.rank, -one.records)))


def advance(belief: Belief, seen: Seen) -> Belief:
    """What the channel believes once it was told."""
    standing, results = _standing(seen), _results(seen)
    known: dict[str, Known] = {}
    for fingerprint, one in belief.known.items():
        fate = None if fingerprint in standing else _fate(fingerprint, one, results, seen)
        if fate in (_Fate.KEPT, _Fate.PAST):
            known[fingerprint] = replace(one, past=one.past or fate is _Fate.PAST)
    worst = sorted(standing.values(), key=lambda one: -one[1].severity.rank)
    for place, (result, finding) in enumerate(worst):
        before = belief.known.get(finding.fingerprint)
        is_news = any(_changed(before, result, finding, set()))
        records = finding.records if before is None or is_news else before.records
        known[finding.fingerprint] = _known(result, finding, seen.at, records, finding.subject if place < SUBJECTS else None)
    ended = _ended(belief, results, seen)
    return Belief(known, {key: one for key, one in belief.blind.items() if key not in ended} | _told(seen))


def crashed(belief: Belief, at: int) -> tuple[News, Belief]:
    """What to tell of a run that ended before there was a report, and what the channel believes then."""
    one = Blind(None, None, "The run ended before there was a report, so nothing is known of what it was to look at.", at)
    began = () if CRASHED in belief.blind else (one,)
    return News((), began), Belief(belief.known, {**belief.blind, CRASHED: one})


def _changed(before: Known | None, result: Result, finding: Finding, attempts: set[str]) -> Iterator[tuple[What, str | None]]:
    """Whether a finding is news, and why."""
    last = None if finding.last_seen is None else int(finding.last_seen.timestamp())
    if before is None:
        if finding.outcome == "served" and _who(result, finding) in attempts:
            yield What.WORSENED, "what was an attempt is served now"
        else:
            yield What.NEW, None
    elif before.past and (last or 0) > (before.last or 0):
        yield What.NEW, None
    elif finding.severity.rank > before.severity.rank:
        yield What.WORSENED, f"it was {before.severity.value}"
    elif before.records and finding.records >= WORSE * before.records:
        yield What.WORSENED, f"it had {plural(before.records, 'record')}"


class _Fate(Enum):
    """What becomes of a finding that was known and stands no more."""

    KEPT = "kept"
    """Nobody looked, or it could not be decided."""
    PAST = "past"
    LET_GO = "let go"
    """Somebody decided that it is none."""
    RESOLVED = "resolved"


def _fate(fingerprint: str, one: Known, results: Mapping[tuple[str, str | None], Result], seen: Seen) -> _Fate:
    result = results.get((one.rule, one.bucket))
    if result is None:
        return _Fate.KEPT
    if fingerprint in seen.accepted or any(finding.fingerprint == fingerprint and finding.waiver for finding in result.findings):
        return _Fate.LET_GO
    if not _is_decided(result, seen):
        return _Fate.KEPT
    if not result.is_of_records:
        return _Fate.RESOLVED
    if one.past or one.first is None or one.last is None or (seen.since is not None and one.first < seen.since):
        return _Fate.PAST
    return _Fate.KEPT if seen.until is not None and one.last >= seen.until else _Fate.RESOLVED


def _is_decided(result: Result, seen: Seen) -> bool:
    """Whether a check knows that there are no findings but those that it shows."""
    if result.is_of_records and seen.report.coverage.unreadable:
        return False
    if result.is_undecided or result.unjudged:
        return False
    left_out = result.omitted.findings or result.omitted.records
    return result.status in (Status.PASS, Status.WAIVED) or (result.status is Status.FAIL and not left_out)


def _standing(seen: Seen) -> dict[str, tuple[Result, Finding]]:
    """Findings that nobody waived or accepted, by fingerprint; and one for each flood."""
    found = {}
    for result in seen.report.results:
        if result.status not in (Status.FAIL, Status.WAIVED):
            continue
        for finding in (*result.findings, *_flood(result)):
            if finding.waiver is None and finding.fingerprint not in seen.accepted:
                found[finding.fingerprint] = (result, finding)
    return found


def _flood(result: Result) -> Iterator[Finding]:
    """What a result found and does not show, as one finding: no more severe than the last one that it shows."""
    if not (result.omitted.findings or result.omitted.records or not result.findings) or result.status is not Status.FAIL:
        return
    severity = result.findings[-1].severity if result.findings else result.severity
    records = result.omitted.records or result.violations
    mark = _digest("flood", result.rule, result.bucket)
    yield Finding(mark, "more findings than a report shows", {}, None, severity, records, None, None)


def _results(seen: Seen) -> dict[tuple[str, str | None], Result]:
    return {(result.rule, result.bucket): result for result in seen.report.results}


def _blind(seen: Seen) -> dict[str, Blind]:
    """What could not be judged, by a name that stays the same."""
    found = {
        json.dumps([result.rule, result.bucket]): Blind(result.rule, result.bucket, result.reason or "the reason is not known", seen.at)
        for result in seen.report.results
        if result.is_undecided
    }
    return {f"{_kind(seen)}{name}": Blind(None, None, sentence, seen.at) for name, sentence in seen.blind.items()} | found


def _told(seen: Seen) -> dict[str, Blind]:
    """What of it is told."""
    return {key: one for key, one in _blind(seen).items() if not seen.lenient or key == f"{_kind(seen)}{NOTHING}"}


def _ended(belief: Belief, results: Mapping[tuple[str, str | None], Result], seen: Seen) -> dict[str, Blind]:
    """What the channel believes not to be judged, and is judged now."""
    blind = _blind(seen)
    return {key: one for key, one in belief.blind.items() if key not in blind and _is_judged(key, one, results, seen)}


def _is_judged(key: str, one: Blind, results: Mapping[tuple[str, str | None], Result], seen: Seen) -> bool:
    if one.rule is None:
        return key == CRASHED or key.startswith(_kind(seen))
    result = results.get((one.rule, one.bucket))
    if result is not None:
        return not result.is_undecided
    # NOTE: that no bucket matches is said by a result of the policy's own name, which is not there once one does.
    return seen.of_logs and not seen.narrowed and one.rule in {policy.policy for policy in seen.report.policies}


def _kind(seen: Seen) -> str:
    return "logs: " if seen.of_logs else "audit: "


def _item(what: What, why: str | None, result: Result, finding: Finding) -> Item:
    return Item(
        what,
        why,
        result,
        finding.fingerprint,
        finding.severity,
        finding.outcome,
        finding.records,
        finding.first_seen,
        finding.last_seen,
        finding.subject,
        finding.message,
    )


def _gone(fingerprint: str, one: Known, result: Result) -> Item:
    return Item(What.RESOLVED, None, result, fingerprint, one.severity, one.outcome, one.records, None, None, one.subject, None)


def _known(result: Result, finding: Finding, at: int, records: int, subject: Mapping[str, str | int | None] | None) -> Known:
    first, last = (None if time is None else int(time.timestamp()) for time in (finding.first_seen, finding.last_seen))
    return Known(
        rule=result.rule,
        bucket=result.bucket,
        severity=finding.severity,
        outcome=finding.outcome,
        records=records,
        first=first,
        last=last,
        seen=at,
        who=_who(result, finding),
        subject=subject,
    )


def _who(result: Result, finding: Finding) -> str:
    return _digest(result.rule, result.bucket, finding.subject)


def _digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]
