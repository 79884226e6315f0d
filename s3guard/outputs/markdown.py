"""A page for a job summary, a pull request or a wiki: the verdict, what failed, what could not be judged, what was looked at.

GitHub-flavoured Markdown within `options.markdown_limit` bytes: a comment takes 65,536 characters, a step summary 1,024 KiB.
A longer report is told in less detail, and each table says what it left out.

Every value of a log stands in ``<code>`` with all its punctuation as numeric entities, so that no link, image, mention,
reference, formula or cell border can come of it. Sentences of a policy keep their plain words; a word with anything but letters
and digits in it goes into ``<code>`` as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from s3guard import continuity, controls
from s3guard.model import Evidenced, Finding, Omitted, Report, Result, Severity, UnableError
from s3guard.outputs import Options, plural, statements
from s3guard.text import shorten, shown
from s3guard.verdict import WORDS, Standing, because, fails_run, headline, period, standing, worst

EXTENSION = ".md"

_T = TypeVar("_T")
_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")
_PLAIN_WORD = re.compile(r"[(\"']*(?:[^\W\d_]+[0-9]?(?:['-][^\W\d_]+)*[)\"'.,;:!?]*|[0-9]{1,9}(?:,[0-9]{3})*)")
"""A word that no reader of Markdown takes for anything else; a number with a full stop would begin a list."""


@dataclass(frozen=True, slots=True)
class _Detail:
    """How much is told."""

    checks: int
    """Failed checks with a table of findings."""
    findings: int
    """Findings of one check."""
    rows: int
    """Rows of the other tables."""
    characters: int
    """Of one value."""


_DETAILS = (_Detail(200, 50, 1000, 500), _Detail(50, 20, 200, 300), _Detail(20, 5, 50, 200), _Detail(10, 1, 20, 100), _Detail(0, 0, 0, 40))
"""Tried in this order until the page fits."""


def render(report: Report, options: Options) -> str:
    """The page in the most detail that fits; UnableError where not even the verdict does."""
    for detail in _DETAILS:
        page = "\n".join(_page(report, detail)) + "\n"
        if len(page.encode()) <= options.markdown_limit:
            return page
    raise UnableError(f"no Markdown report fits into {plural(options.markdown_limit, 'byte')}; choose another output")


def code(text: str) -> str:
    """Visible text as a literal: no character of it is Markdown, HTML or a link, whatever it is.

    NOTE: an entity is not enough against e-mail addresses, which cmark-gfm links after it has decoded entities; an empty
    comment keeps the two sides of the ``@`` apart.
    """
    entities = _PUNCTUATION.sub(lambda match: f"&#{ord(match[0])};", text)
    return f"<code>{entities.replace('&#64;', '<!-- -->&#64;')}</code>"


def prose(text: str) -> str:
    """Visible text as a sentence: plain words and numbers stay as they are, every other word is `code`."""
    return " ".join(word if _PLAIN_WORD.fullmatch(word) else _odd_word(word) for word in text.split(" ") if word)


def _odd_word(word: str) -> str:
    stem = word.rstrip(".,;")
    return code(stem) + word[len(stem) :] if stem else code(word)


def _page(report: Report, detail: _Detail) -> Iterator[str]:
    found, fail_on = standing(report), report.run.fail_on
    yield f"## s3guard: {WORDS[report.status]}"
    yield ""
    yield f"**{headline(report)}** ({because(report)})"
    yield from _violations(found.violations, fail_on, detail)
    yield from _undetermined(found.undetermined, detail)
    yield from _tolerated(found, fail_on, detail)
    yield from _matrix(report, detail)
    yield from _coverage(report, detail)


def _violations(results: Sequence[Result], fail_on: Severity | None, detail: _Detail) -> Iterator[str]:
    told, left = _cut(results, detail.checks)
    for result in told:
        severity = worst(result, fail_on).value
        yield from ("", f"### ✗ {severity}: {_code(result.rule, detail)} in {_bucket(result, detail)}", "")
        yield prose(_short(result.title, detail))
        yield from ("", "| Records | Outcome | Who and what | Seen (UTC) | First in |", "| ---: | --- | --- | --- | --- |")
        failing = [finding for finding in result.findings if fails_run(finding, fail_on)]
        shown_findings, hidden = _cut(failing, detail.findings)
        for finding in shown_findings:
            yield _row(f"{finding.records:,}", finding.outcome or "", _who(finding, detail), _seen(finding), _first(finding, detail))
        yield from _more(hidden, result.omitted)
        if result.is_undecided:
            yield from ("", f"**Not all of it could be judged:** {_code(result.reason or 'the reason was not recorded', detail)}")
        if result.help:
            yield from ("", f"**What to do:** {prose(_short(result.help, detail))}")
        yield from ("", f"**Policy:** {_place(result, detail)}{_controls(result, detail)}")
    if left:
        yield from ("", f"**{plural(len(left), 'more failed check')}** left out here.")


def _undetermined(results: Sequence[Result], detail: _Detail) -> Iterator[str]:
    if not results:
        return
    told, left = _cut(results, detail.rows)
    yield from ("", "### Could not be judged", "", "| Check | Bucket | Why | Policy |", "| --- | --- | --- | --- |")
    for result in told:
        reason = _code(result.reason or "the reason was not recorded", detail)
        yield _row(_code(result.rule, detail), _bucket(result, detail), reason, _place(result, detail))
    yield from _left(left, "check")


def _tolerated(found: Standing, fail_on: Severity | None, detail: _Detail) -> Iterator[str]:
    """Findings that fail nothing."""
    results = (*found.violations, *found.undetermined, *found.tolerated)
    pairs = [(result, finding) for result in results for finding in result.findings if not fails_run(finding, fail_on)]
    omitted = sum(result.omitted.findings for result in (*found.undetermined, *found.tolerated))
    if not pairs and not omitted:
        return
    told, left = _cut(pairs, detail.rows)
    yield from ("", "### Tolerated: below the threshold, known from before, or waived", "")
    yield from ("| Severity | Check | Bucket | Records | Who and what |", "| --- | --- | --- | ---: | --- |")
    for result, finding in told:
        cells = (_code(result.rule, detail), _bucket(result, detail), f"{finding.records:,}", _who(finding, detail))
        yield _row(_standing(finding, fail_on, detail), *cells)
    yield from _more([finding for _, finding in left], Omitted(omitted))


def _standing(finding: Finding, fail_on: Severity | None, detail: _Detail) -> str:
    """The severity, and why it fails nothing where the severity alone would not say."""
    word = finding.severity.value
    if finding.waiver is not None:
        parts = [f"{name} {_code(finding.waiver[key], detail)}" for name, key in _WAIVER_PARTS if finding.waiver.get(key)]
        return f"{word}, waived {', '.join(parts)}"
    return f"{word}, known" if finding.severity.at_least(fail_on) else word


_WAIVER_PARTS = (("until", "expires"), ("by", "approved_by"), ("under", "ticket"), ("for", "reason"))


def _matrix(report: Report, detail: _Detail) -> Iterator[str]:
    """How many controls of each framework have which status, and those that a run says something about."""
    if not report.controls:
        return
    yield from ("", "### Controls", "", *(f"- {prose(caveat)}" for caveat in controls.CAVEATS[: 4 if detail.rows else 1]))
    yield from ("", "| Framework | Controls |", "| --- | --- |")
    yield from (_row(_code(name, detail), controls.tally(several)) for name, several in controls.by_framework(report).items())
    silent = {Evidenced.NOT_EVIDENCED.value, Evidenced.UNDETERMINED.value}
    told = [one for several in controls.by_framework(report).values() for one in several if one.status not in silent]
    shown_, left = _cut(told, detail.rows)
    if shown_:
        yield from ("", "| Control | Title | Status | Evidence | Why |", "| --- | --- | --- | --- | --- |")
    for one in shown_:
        named, why = (_code(f"{one.framework} {one.control}", detail), prose(_short(one.reason, detail)))
        yield _row(named, prose(_short(one.title, detail)), prose(_short(one.status, detail)), controls.strength(one), why)
    yield from _left(left, "control")


def _coverage(report: Report, detail: _Detail) -> Iterator[str]:
    yield from ("", "### Coverage", "")
    *looked, proves = statements(report, of_controls=False)
    told, left = _cut(looked, max(detail.rows, 10))
    for statement in told:
        yield f"- {prose(shorten(statement, max(detail.characters, 300)))}"
    if left:
        yield f"- {plural(len(left), 'more statement')} left out here."
    yield f"- {prose(proves)}"
    yield from _hours(report, detail)
    yield from _table("Bucket without a policy", "Records", _unnamed(report, detail), detail)
    unreadable = [(_code(one.object, detail), _code(one.reason, detail)) for one in report.coverage.unreadable]
    yield from _table("Log object not read to the end", "Why", unreadable, detail)


def _hours(report: Report, detail: _Detail) -> Iterator[str]:
    """In how many hours there are records of each bucket, the most silent ones first."""
    told, left = _cut(continuity.quietest(report.coverage.buckets), detail.rows)
    if told:
        yield from ("", "| Bucket | Records | Hours with records | Longest time without | Expected |", "| --- | ---: | ---: | --- | --- |")
    for bucket in told:
        gap = continuity.longest(bucket)
        expected = [f"{_code(one.rule, detail)} ({one.status.value}): {continuity.expectation(one)}" for one in bucket.expected]
        cells = (f"{bucket.records:,}", continuity.hours(bucket), continuity.silence(gap) if gap else "")
        yield _row(_code(bucket.bucket, detail), *cells, "<br>".join(expected) or "no rule `completeness`")
    yield from _left(left, "bucket") if told else ()


def _unnamed(report: Report, detail: _Detail) -> list[tuple[str, str]]:
    unnamed = [bucket for bucket in report.coverage.buckets if not bucket.policies]
    return [(_code(bucket.bucket, detail), f"{bucket.records:,}") for bucket in unnamed]


def _table(first: str, second: str, rows: Sequence[tuple[str, str]], detail: _Detail) -> Iterator[str]:
    if rows and detail.rows:
        told, left = _cut(rows, detail.rows)
        yield from ("", f"| {first} | {second} |", "| --- | --- |")
        yield from (_row(*cells) for cells in told)
        yield from _left(left, "row")


def _cut(items: Sequence[_T], most: int) -> tuple[Sequence[_T], Sequence[_T]]:
    return items[:most], items[most:]


def _left(left: Sequence[object], noun: str) -> Iterator[str]:
    if left:
        yield from ("", f"{plural(len(left), f'more {noun}')} left out here; the json output holds all.")


def _more(hidden: Iterable[Finding], omitted: Omitted) -> Iterator[str]:
    """What a table left out, and where it is."""
    records = [finding.records for finding in hidden]
    if records:
        yield from ("", f"{plural(len(records), 'more finding')} with {plural(sum(records), 'record')} left out here; see the json output.")
    if omitted.findings:
        yield from ("", f"{plural(omitted.findings, 'more finding')} counted and not kept: the flood went beyond 1,000 a check.")


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _short(value: object, detail: _Detail) -> str:
    return shorten(shown(str(value)), max(detail.characters, 1))


def _code(value: object, detail: _Detail) -> str:
    return code(_short(value, detail))


def _bucket(result: Result, detail: _Detail) -> str:
    return "no bucket" if result.bucket is None else _code(result.bucket, detail)


def _place(result: Result, detail: _Detail) -> str:
    return _code(f"{result.location.file}:{result.location.line}", detail)


def _controls(result: Result, detail: _Detail) -> str:
    if not result.controls:
        return ""
    return f", for {_code(', '.join(f'{control.framework} {control.control}' for control in result.controls), detail)}"


def _who(finding: Finding, detail: _Detail) -> str:
    """The sentence, and each part of the subject that it does not name."""
    missing = [(name, value) for name, value in finding.subject.items() if value is not None and str(value) not in finding.message]
    return "<br>".join([_code(finding.message, detail), *(f"{_code(name, detail)} {_code(value, detail)}" for name, value in missing)])


def _seen(finding: Finding) -> str:
    return period(finding.first_seen, finding.last_seen)


def _first(finding: Finding, detail: _Detail) -> str:
    return "".join(_code(f"{sample.object}:{sample.line}", detail) for sample in finding.samples[:1])
