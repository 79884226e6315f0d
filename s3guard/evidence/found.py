"""The runs that a state knows of: when each was, how it ended, what it judged by which policies, and whether it looked at everything."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import polars as pl

from s3guard.model import Report
from s3guard.outputs import plural
from s3guard.verdict import UNPARSED, lines_read

if TYPE_CHECKING:
    from s3guard.state import State


@dataclass(frozen=True, slots=True)
class Found:
    """A run that came to its end."""

    id: str
    finished: datetime
    """By the clock of the machine that it ran on."""
    as_of: datetime
    status: str
    exit_code: int
    policies: Mapping[str, str] = field(default_factory=dict)
    """The SHA-256 of each policy's file, by name."""
    rules: frozenset[str] | None = None
    """Names of the rules that it reported on; None where nobody wrote that down, which is all of them."""
    buckets: frozenset[str] | None = None
    """The buckets that it was narrowed to; None: it was not."""
    since: datetime | None = None
    until: datetime | None = None
    """What its report covers; None where nobody wrote that down, or it is all."""
    findings: int = 0
    undetermined: int = 0
    """Results that could not be decided."""
    unreadable: int = 0
    """Log objects that could not be read to their end."""
    unwritten: int = 0
    """Reports of it that could not be written."""
    unparsed: int = 0
    """Lines that could not be read as records, where they are more than a run tolerates unless it is told otherwise."""
    sha256: str | None = None
    """Of its entry in the state; None for the run that makes the pack."""
    is_kept: bool = True
    """Whether its record is still there: of one that was pruned nobody knows what it judged."""

    @property
    def lacking(self) -> tuple[str, ...]:
        """Why it is no complete review, a clause each; none for one that looked at everything."""
        if not self.is_kept:
            return ("its record was pruned, so that nobody knows what it judged",)
        told = []
        if self.undetermined:
            told.append(f"{plural(self.undetermined, 'check')} could not be decided in full")
        if self.unreadable:
            told.append(f"{plural(self.unreadable, 'log object')} could not be read to the end")
        if self.unparsed:
            told.append(f"{plural(self.unparsed, 'line')} could not be read as records")
        if self.unwritten:
            told.append(f"{plural(self.unwritten, 'report')} could not be written")
        if self.buckets is not None:
            told.append("it was narrowed to some buckets")
        if self.exit_code not in (0, 1) and not told:
            told.append("nothing was judged" if self.exit_code == 4 else "not everything could be judged")
        return tuple(told)


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A run that judged something and did not come to its end: it was killed, or failed."""

    id: str
    seen: datetime | None
    """When it last wrote down what it had judged; None where nobody knows."""


def of_report(report: Report, run: str, since: datetime, until: datetime) -> Found:
    """The run that a report is of, by the clock of the report, so that it is the same whenever it is made."""
    return Found(
        id=run,
        finished=report.run.as_of,
        as_of=report.run.as_of,
        status=report.status.value,
        exit_code=report.exit_code,
        policies={one.policy: one.sha256 for one in report.policies},
        rules=frozenset(result.rule for result in report.results),
        since=since,
        until=until,
        findings=report.summary["findings"],
        undetermined=sum(result.is_undecided for result in report.results),
        unreadable=len(report.coverage.unreadable),
        unwritten=len(report.unwritten),
        unparsed=_unparsed(report.coverage.quarantined, lines_read(report.coverage)),
    )


def finished(state: State) -> Iterator[Found]:
    """The runs of a state, in the order in which they came to their end; what was written by an earlier s3guard tells less of itself."""
    from s3guard.state import history

    for told in history.runs(state):
        end = told.told.get("finished") or told.told["as_of"]
        brief = Found(
            id=told.run,
            finished=_instant(end),
            as_of=_instant(told.told["as_of"]),
            status=told.told["status"],
            exit_code=told.told["exit_code"],
            findings=told.told["findings"],
            sha256=told.sha256,
            is_kept=told.is_kept,
        )
        if not told.is_kept:
            yield brief
            continue
        head, body = state.opened(told.number, state.stored(told.number))
        yield replace(brief, **_judged(head.get("covered", {}), json.loads(body)))


def unfinished(state: State) -> Sequence[Unfinished]:
    """The runs of a state that did not come to their end, as far as they wrote anything down, in the order in which they began."""
    from s3guard.state import history

    names = history.unfinished(state)
    seen = _last_seen(state) if names else {}
    return [Unfinished(name, seen.get(name)) for name in names]


def _judged(covered: Mapping[str, Any], report: Mapping[str, Any]) -> dict[str, Any]:
    results, seen = report["results"], report["coverage"]
    rules, buckets = covered.get("rules"), covered.get("buckets")
    return {
        "policies": {one["policy"]: one["sha256"] for one in report["policies"]},
        "rules": None if rules is None else frozenset(rules),
        "buckets": None if buckets is None else frozenset(buckets),
        "since": _second(covered.get("since")),
        "until": _second(covered.get("until")),
        "undetermined": sum(map(_is_undecided, results)),
        "unreadable": len(seen["unreadable"]),
        "unwritten": len(report.get("unwritten", ())),
        "unparsed": _unparsed(seen["quarantined"], seen["records"] + seen["warnings"].get("outside-period", 0) + seen["quarantined"]),
    }


def _unparsed(quarantined: int, lines: int) -> int:
    """NOTE: a run with violations ends with 1 however many lines it could not read."""
    return quarantined if quarantined > UNPARSED * lines else 0


def _is_undecided(result: Mapping[str, Any]) -> bool:
    """As `Result.is_undecided`."""
    return result["status"] == "undetermined" or (result["status"] in ("fail", "waived") and result["reason"] is not None)


def _last_seen(state: State) -> dict[str, datetime]:
    """When each run last wrote a batch, as far as that was written down."""

    def look(_: object) -> dict[str, float]:
        from s3guard.state.judged import Batch

        view = state.viewed
        found: dict[str, float] = {}
        if view.base is not None:
            ledger = view.base.ledger().filter((pl.col("kind") == "batch") & pl.col("at").is_finite())
            found = dict(ledger.group_by("run").agg(pl.col("at").max()).iter_rows())
        for entry in view.entries:
            if isinstance(entry.what, Batch) and math.isfinite(entry.what.at):
                found[entry.what.run] = max(found.get(entry.what.run, 0.0), entry.what.at)
        return found

    return {run: datetime.fromtimestamp(int(at), UTC) for run, at in state.steadily(look).items()}


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _second(value: int | None) -> datetime | None:
    """An instant of seconds since 1970; None where it is none of the calendar, too: then it bounds nothing."""
    try:
        return None if value is None else datetime.fromtimestamp(value, UTC)
    except (OverflowError, ValueError, OSError):
        return None
