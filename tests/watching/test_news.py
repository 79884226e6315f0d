"""What is new is told once, what goes on again in its time, and what came back is new."""

from __future__ import annotations

from dataclasses import replace

from s3guard.model import Omitted, Severity, Status, Unreadable
from s3guard.watching import news as module
from s3guard.watching.news import News, Told
from tests.outputs import reports


def told(news: News) -> list[str]:
    return [finding.fingerprint for _, finding in news.findings]


def test_a_finding_is_news_until_it_was_reported_and_again_when_it_goes_on() -> None:
    report = reports.failing()
    (one, *_) = told(Told().news(report, frozenset(), again=False))
    assert one not in told(Told().news(report, frozenset({one}), again=False))
    assert one in told(Told().news(report, frozenset({one}), again=True))


def test_only_what_fails_a_run_is_news_unless_nothing_does() -> None:
    findings = tuple(reports.finding(name, severity=severity) for name, severity in (("a", Severity.LOW), ("b", Severity.HIGH)))
    known = reports.finding("c", baseline="unchanged")
    waived = reports.finding("d", waiver={"reason": "r"})
    report = reports.report(reports.result(findings=(*findings, known, waived), status=Status.FAIL))
    for fail_on, names in ((Severity.MEDIUM, ["b"]), (Severity.INFO, ["a", "b"]), (None, ["a", "b"]), (Severity.CRITICAL, [])):
        news = Told().news(replace(report, run=reports.run(fail_on)), frozenset(), again=True)
        assert names == [finding.subject["principal"] for _, finding in news.findings]


def test_a_flood_is_news_when_it_grows() -> None:
    memory, report = Told(), reports.flood(3)
    flooded = reports.report(*(replace(result, omitted=Omitted(5, 9)) for result in report.results))
    news = memory.news(flooded, frozenset(), again=False)
    assert [5] == [omitted for _, omitted in news.flooded]
    memory.keep(news)
    assert () == memory.news(flooded, frozenset(), again=False).flooded
    more = reports.report(*(replace(result, omitted=Omitted(6, 10)) for result in report.results))
    assert [6] == [omitted for _, omitted in memory.news(more, frozenset(), again=False).flooded]


def test_what_cannot_be_judged_is_told_once_and_anew_when_it_comes_back() -> None:
    memory, blind, clean = Told(), reports.undetermined(), reports.clean()
    first = memory.news(blind, frozenset(), again=False)
    assert first.undetermined
    assert first.unreadable
    memory.keep(first)
    again = memory.news(blind, frozenset(), again=True)
    assert ((), (), ()) == (again.undetermined, again.unreadable, again.notes)
    memory.keep(memory.news(clean, frozenset(), again=False))
    assert first.undetermined == memory.news(blind, frozenset(), again=False).undetermined


def test_a_sentence_is_told_again_only_where_it_says_more_than_other_numbers() -> None:
    memory = Told()
    memory.keep(memory.news(replace(reports.clean(), notes=("3 of 1,000 lines, from 2026-10-01T00:00Z.",)), frozenset(), again=False))
    notes = ("4 of 2,000 lines, from 2026-10-02T00:00Z.", "5 of 2 bytes")
    assert ("5 of 2 bytes",) == memory.news(replace(reports.clean(), notes=notes), frozenset(), again=False).notes


def test_what_was_told_is_forgotten_before_it_fills_the_memory() -> None:
    memory, number = Told(), module.REMEMBERED + 3
    unreadable = tuple(Unreadable(f"{at:06}", "gone") for at in range(number))
    memory.keep(News(reports.clean(), unreadable=unreadable))
    assert module.REMEMBERED == len(memory._unreadable)
    assert unreadable[-1] in memory._unreadable


def test_no_news_is_none() -> None:
    assert News(reports.clean()).is_none
    assert not News(reports.clean(), notes=("x",)).is_none
