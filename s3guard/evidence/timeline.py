"""What a pack tells of time: reviews that were due and runs that were found, changes of policies, silent hours, exceptions in force."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from s3guard.durations import duration_text
from s3guard.evidence.contents import Contents, count, items, objects, text
from s3guard.evidence.members import COVERAGE, RUNS, WAIVERS
from s3guard.evidence.reviewed import rows
from s3guard.evidence.sheet import Part, Rows, Said, Tone
from s3guard.outputs import plural

_STATES: Final = ("on_time", "late", "incomplete", "missing")
_MEANT: Final = {
    "late": "late",
    "incomplete": "a run came, and did not look at everything",
    "missing": "missing: no run came to its end",
}
_DIGITS: Final = 16
"""Of a SHA-256, for people; the members hold all of it."""


def asked(contents: Contents) -> str:
    """Reviews that were due, and what became of them, in one clause."""
    if not contents.runs.get("history"):
        return "not told: the pack is of one run, and knows of no other"
    due = [sum(count(policy, state, RUNS) for policy in _reviewed(contents)) for state in _STATES]
    if not sum(due):
        return "none was due by these policies in this period"
    told = [
        f"{number:,} {state.replace('_', ' ').replace('on time', 'in time')}" for number, state in zip(due, _STATES, strict=True) if number
    ]
    return f"{sum(due):,} due: {', '.join(told)}"


def runs(contents: Contents) -> Part:
    """Whether it was reviewed as often as the policies ask."""
    blocks: list[Said | Rows] = []
    if contents.runs.get("history"):
        blocks += _schedules(contents)
    else:
        blocks.append(
            Said("This pack is of one run alone. Whether these logs were reviewed as often as they must be, it cannot tell.", Tone.OPEN)
        )
    found = objects(contents.runs, "found", RUNS)
    blocks.append(
        Said(f"{plural(len(found), 'run')} of s3guard came to their end." if len(found) != 1 else "1 run of s3guard came to its end.")
    )
    lacking = [
        (_time(text(one, "finished", RUNS)), f"{count(one, 'exit_code', RUNS)}", "; ".join(map(str, items(one, "lacking", RUNS))))
        for one in found
        if not one.get("complete")
    ]
    if lacking:
        blocks.append(Said("These runs did not look at everything, and are no complete reviews:", Tone.OPEN))
        blocks.append(rows("Runs that are no complete reviews", ("Ended, UTC", "#Exit code", "Why"), lacking))
    broken = [(text(one, "id", RUNS), _time(str(one.get("seen") or "not known"))) for one in _objects(contents, "unfinished")]
    if broken:
        blocks.append(Said("These runs began, and did not come to their end (they failed, or were stopped):", Tone.BAD))
        blocks.append(rows("Runs that did not come to their end", ("Run", "Last seen, UTC"), broken))
    return Part("reviews", "Was it reviewed as often as it must be?", tuple(blocks), short="Reviews")


def _schedules(contents: Contents) -> Iterator[Said | Rows]:
    exceptions = []
    for policy in _objects(contents, "policies"):
        name, review = text(policy, "policy", RUNS), policy.get("review")
        if not isinstance(review, dict):
            yield Said(f"{name} asks for no reviews at set times.", Tone.SOFT)
            continue
        every, grace = (duration_text(count(review, key, RUNS) * 1000) for key in ("every", "grace"))
        counts = {state: count(policy, state, RUNS) for state in _STATES}
        expected = count(policy, "expected", RUNS)
        wrong = [f"{number:,} {state}" for state, number in counts.items() if number and state != "on_time"]
        told = (
            f"{name} asks for a review every {every}, at most {grace} late: {expected:,} were due, {counts['on_time']:,} took place in time"
        )
        yield Said(f"{told}{''.join(f', {one}' for one in wrong)}.", Tone.BAD if wrong else Tone.GOOD)
        exceptions += [
            (name, _time(text(one, "due", RUNS)), _MEANT.get(str(one.get("status")), str(one.get("status"))), _run(one))
            for one in objects(policy, "reviews", RUNS)
            if one.get("status") != "on time"
        ]
    if exceptions:
        yield rows("Reviews that did not take place as they must", ("Policy", "Due, UTC", "What became of it", "Run"), exceptions)


def _run(review: Mapping[str, Any]) -> str:
    if review.get("finished"):
        return f"ended {_time(str(review['finished']))}"
    attempts = review.get("attempts")
    return f"{plural(len(attempts), 'attempt')}" if isinstance(attempts, list) and attempts else ""


def changes(contents: Contents) -> Part:
    """Which policies changed in the period."""
    told = _objects(contents, "changes")
    found = [
        (
            _time(text(one, "at", RUNS)),
            text(one, "policy", RUNS),
            _digest(one.get("before")),
            _digest(one.get("after")),
            str(one.get("run") or "this pack"),
        )
        for one in told
    ]
    if found:
        blocks: tuple[Said | Rows, ...] = (
            Said("From one run to the next these policies were changed, so that what came after was judged by other rules:"),
            rows("Changes of policies", ("First used, UTC", "Policy", "SHA-256 before", "SHA-256 after", "First run"), found),
        )
    elif contents.runs.get("history"):
        blocks = (Said("No policy changed: every run judged by the versions that are in this pack.", Tone.GOOD),)
    else:
        blocks = (Said("This pack is of one run alone, and knows of no earlier version of a policy.", Tone.SOFT),)
    return Part("changes", "Changes of the policies", blocks, short="Changes", note=f"{len(found):,}")


def silent(contents: Contents) -> list[tuple[str, str]]:
    """Times without a record, by bucket."""
    return [
        (text(bucket, "bucket", COVERAGE), f"{_time(text(gap, 'since', COVERAGE))} to {_time(text(gap, 'until', COVERAGE))} UTC")
        for bucket in objects(contents.coverage, "buckets", COVERAGE)
        for gap in objects(bucket, "gaps", COVERAGE)
    ]


def waivers(contents: Contents) -> Part:
    """Exceptions that somebody approved: in force, about to expire, expired."""
    told = objects(contents.waivers, "waivers", WAIVERS)
    found = [
        (
            text(one, "state", WAIVERS),
            text(one, "rule", WAIVERS),
            str(one.get("reason") or ""),
            " ".join(filter(None, (str(one.get("approved_by") or "nobody is named"), str(one.get("ticket") or "")))),
            str(one.get("expires") or ""),
            "not told" if one.get("findings") is None else f"{count(one, 'findings', WAIVERS):,}",
        )
        for one in told
    ]
    if not found:
        return Part("waivers", "Exceptions", (Said("The policies have no exceptions (waivers)."),), short="Exceptions", note="0")
    lead = Said("Findings that somebody accepted for a time. An expired exception excepts nothing any more.")
    heads = ("State", "Rule", "Reason", "Approved by", "Until", "#Findings")
    return Part("waivers", "Exceptions", (lead, rows("Exceptions", heads, found)), short="Exceptions", note=f"{len(found):,}")


def _reviewed(contents: Contents) -> list[dict[str, Any]]:
    return [policy for policy in _objects(contents, "policies") if isinstance(policy.get("review"), dict)]


def _objects(contents: Contents, key: str) -> Sequence[dict[str, Any]]:
    return objects(contents.runs, key, RUNS)


def _digest(value: object) -> str:
    return str(value)[:_DIGITS] if value else "none"


def _time(told: str) -> str:
    return told.replace("T", " ").removesuffix("Z")
