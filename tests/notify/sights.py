"""What runs saw, for tests of what is told: reports of few findings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from s3guard.model import Finding, Result, Severity, Status, Unreadable
from s3guard.notify.message import Message
from s3guard.notify.model import Belief, News, Seen
from s3guard.notify.news import compare
from tests.outputs import reports

START = int(reports.START.timestamp())
DAY = 86_400


def finding(name: str = "eve", first: int = 1, last: int = 2, **changes: Any) -> Finding:
    """A finding about a principal, with records from one day to another."""
    usual = {"severity": Severity.HIGH, "records": 3, "first_seen": at(first), "last_seen": at(last)}
    return reports.finding(name, **{**usual, **changes})


def at(day: int) -> datetime:
    """A day of the tests."""
    return datetime.fromtimestamp(START + day * DAY, UTC)


def result(*findings: Finding, **changes: Any) -> Result:
    """What a check came to."""
    status = Status.FAIL if findings else Status.PASS
    return reports.result(**{"status": status, "findings": findings, "violations": sum(one.records for one in findings), **changes})


def seen(*results: Result, since: int | None = 0, until: int | None = 30, unreadable: bool = False, **changes: Any) -> Seen:
    """What a run saw that covered some days; its as-of is their end."""
    report = reports.report(*results)
    run = replace(report.run, as_of=at(until or 30))
    coverage = replace(report.coverage, unreadable=(Unreadable("a", "gone"),) if unreadable else ())
    begin, end = (None if day is None else START + day * DAY for day in (since, until))
    return Seen(replace(report, run=run, coverage=coverage), begin, end, **changes)


def message(report: Any, belief: Belief | None = None, lowest: Severity = Severity.INFO, **changes: Any) -> Message:
    """What somebody is told of a report who believes that."""
    found = compare(belief or Belief(), Seen(report, blind=dict.fromkeys(report.notes[:2], "Something was not looked at.")), lowest)
    return Message("id-1", found, report, **changes)


def whats(news: News) -> list[str]:
    """What is told, in few words."""
    items = [f"{item.what.value} {_name(item.subject)}" for item in news.items]
    return [*items, *(f"began {one.bucket}" for one in news.began), *(f"ended {one.bucket}" for one in news.ended)]


def _name(subject: Mapping[str, Any] | None) -> str:
    return "?" if subject is None else str(subject.get("principal", "flood"))
