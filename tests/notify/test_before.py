"""What a channel is taken to know that is new to a state."""

from __future__ import annotations

import json
from typing import Any

import pytest

from s3guard.model import Severity, Status
from s3guard.notify.before import reported
from s3guard.notify.model import Seen
from s3guard.notify.news import compare
from s3guard.outputs.json import document
from s3guard.state.reported import FinishedRun
from s3guard.state.view import View
from tests.notify.sights import finding, result, seen, whats


def run(sight: Seen, **changes: Any) -> FinishedRun:
    """A run that finished with this."""
    return FinishedRun(1, "run", json.loads(json.dumps(document(sight.report))), since=sight.since, until=sight.until, **changes)


def told(sight: Seen, *runs: FinishedRun) -> list[str]:
    return whats(compare(reported(View(runs=list(runs)), sight), sight, Severity.MEDIUM))


def test_what_the_last_run_reported_is_known_and_what_is_worse_or_gone_since_is_told() -> None:
    before = seen(result(finding("a"), finding("b", severity=Severity.MEDIUM), finding("c")))
    now = seen(result(finding("a"), finding("b"), finding("d")))
    assert ["new d", "worsened b", "resolved c"] == sorted(told(now, run(before)), key=lambda what: "nwr".index(what[0]))


def test_what_an_earlier_run_reported_and_a_later_one_did_not_is_new_again() -> None:
    sights = seen(result(finding("a"))), seen(result())
    assert ["new a"] == told(sights[0], *map(run, sights))


def test_what_could_not_be_judged_before_is_no_news_and_that_it_can_is() -> None:
    blind = seen(result(status=Status.UNDETERMINED, reason="x"), unreadable=True, blind={"unreadable": "1 log object"})
    assert [] == told(blind, run(blind))
    assert ["ended None", "ended phi-records"] == told(seen(result()), run(blind))


@pytest.mark.parametrize("report", [{"results": [{"findings": []}]}, None])
def test_of_runs_whose_reports_say_no_more_the_fingerprints_are_known(report: Any) -> None:
    now = seen(result(finding("a"), finding("b")))
    mark = now.report.results[0].findings[0].fingerprint
    short = {"schema": "s3guard/report/0", "results": [{"findings": [{"fingerprint": mark}]}]} if report is None else report
    assert (["new b"] if report is None else ["new a", "new b"]) == told(now, FinishedRun(1, "run", short))
