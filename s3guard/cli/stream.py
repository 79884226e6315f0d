r"""What `s3guard watch` prints as it goes: a block a finding for people, or a line of JSON each for machines.

The lines of JSON, each with ``schema``, ``event``, ``time`` (of the report) and ``run``:

* ``finding``: ``rule kind policy bucket title location controls`` of its result, and ``finding`` as a report has it;
* ``flood``: ``rule policy bucket`` and how many findings are ``omitted``;
* ``undetermined``: ``rule kind policy bucket title location``, and the ``reason``;
* ``unreadable``: ``object`` and ``reason``;
* ``note``: ``text``, a sentence about the whole: what it covers, what could not be looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from json import dumps
from typing import Any, Final

from s3guard.model import Finding, Result, Severity
from s3guard.outputs import Options, instant, plural
from s3guard.outputs.json import document
from s3guard.page import CYAN, DIM, RED, YELLOW, Page
from s3guard.text import CI_COMMAND
from s3guard.verdict import moment, period
from s3guard.watching.news import News

SCHEMA: Final = "s3guard/watch/1"
"""Name and version of the lines."""
FORMATS: Final = ("text", "json")

_STYLES: Final = {Severity.CRITICAL: RED, Severity.HIGH: RED, Severity.MEDIUM: YELLOW, Severity.LOW: CYAN, Severity.INFO: DIM}
_RESULT: Final = ("rule", "kind", "policy", "bucket", "title", "location")


def lines(news: News, form: str, look: Options) -> Iterator[str]:
    """The news in a format of `FORMATS`, each line with its end."""
    told = _documents(news) if form == "json" else _blocks(news, Page(look.width, look.color, look.ascii))
    return (f"{line}\n" for line in told)


def _documents(news: News) -> Iterator[str]:
    head = {"schema": SCHEMA, "time": instant(news.report.run.as_of), "run": news.report.run.id}
    for event in _events(news):
        # NOTE: spelled by JSON's own escapes, what a CI system would obey is none, and nothing is lost.
        text = dumps({**head, **event}, ensure_ascii=True, allow_nan=False)
        yield CI_COMMAND.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _events(news: News) -> Iterator[dict[str, Any]]:
    for result, finding in news.findings:
        plain = _plain(news, replace(result, findings=(finding,)))
        of_result = {name: plain[name] for name in (*_RESULT, "controls")}
        yield {"event": "finding", **of_result, "finding": plain["findings"][0]}
    for result, omitted in news.flooded:
        plain = _plain(news, replace(result, findings=()))
        yield {"event": "flood", **{name: plain[name] for name in ("rule", "policy", "bucket")}, "omitted": omitted}
    for result in news.undetermined:
        plain = _plain(news, result)
        yield {"event": "undetermined", **{name: plain[name] for name in (*_RESULT, "reason")}}
    coverage = replace(news.report.coverage, unreadable=news.unreadable, buckets=(), listed=())
    plain = document(replace(news.report, results=(), notes=news.notes, coverage=coverage))
    for one in plain["coverage"]["unreadable"]:
        yield {"event": "unreadable", **one}
    for note in plain["notes"]:
        yield {"event": "note", "text": note}


def _plain(news: News, result: Result) -> dict[str, Any]:
    """A result as a report has it."""
    coverage = replace(news.report.coverage, unreadable=(), buckets=(), listed=())
    plain: dict[str, Any] = document(replace(news.report, results=(result,), notes=(), coverage=coverage))["results"][0]
    return plain


def _blocks(news: News, page: Page) -> Iterator[str]:
    time = moment(news.report.run.as_of)
    for result, finding in news.findings:
        yield from page.ends(finding.severity.value, page.clean(result.rule), _bucket(page, result), _STYLES[finding.severity])
        yield from _finding(page, finding, time)
    for result, omitted in news.flooded:
        told = f"{page.clean(result.rule)}: {plural(omitted, 'more finding')} than are told of one check; only the worst are"
        yield from page.lines("flood", told, label_style=RED)
    for result in news.undetermined:
        yield from page.ends("undetermined", page.clean(result.rule), _bucket(page, result), YELLOW)
        yield from page.lines("", page.clean(result.reason or "the reason was not recorded"), most=4)
    for one in news.unreadable:
        yield from page.lines("unreadable", page.clean(f"{one.object}: {one.reason}"), label_style=YELLOW, most=4)
    for note in news.notes:
        yield from page.lines("note", page.clean(note), most=4)


def _finding(page: Page, finding: Finding, time: str) -> Iterator[str]:
    """How often and who; the outcome, and since when; where the earliest record is; when it was told."""
    yield from page.lines(f"{finding.records:,}{page.times}", page.clean(finding.message), label_style="", most=4)
    seen = period(finding.first_seen, finding.last_seen)
    when = ", ".join(part for part in (page.clean(finding.outcome) if finding.outcome else "", seen and f"{seen} UTC") if part)
    yield from page.lines("", f"{when}; told {time} UTC" if when else f"told {time} UTC", DIM)
    for sample in finding.samples[:1]:
        yield from page.lines("", page.clean(f"{sample.object}:{sample.line}"), DIM, most=4)


def _bucket(page: Page, result: Result) -> str:
    return "no bucket" if result.bucket is None else page.clean(result.bucket).rstrip(" ")
