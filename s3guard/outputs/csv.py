r"""A row for each finding, and one for everything else that a reader must not miss; RFC 4180, UTF-8, no byte-order mark.

The column ``row`` says what a row is: ``run`` (the first row: verdict, exit code, coverage, what it proves), ``finding``,
``omitted`` (findings that a flood kept out), ``check`` (a check without findings, whatever its status: a file without findings
still says what passed and what could not be judged), ``unreadable`` (a log object that was not read to its end), ``hours`` (of a bucket:
its records and the first and last of them, in how many hours there are some, and the longest time without), ``control`` (of a framework:
what the run shows of it, and in ``subject`` how strong that is and which rules bear on it) and ``unnamed`` (a bucket that no policy
judges). Times are UTC, as in ``2026-10-02T00:00:00Z``. ``subject`` is JSON.

Spreadsheets take a cell for a formula that begins with ``=``, ``+``, ``-``, ``@``, ``|`` or ``%``, also behind spaces. Such a
cell gets an apostrophe in front, and a semicolon before such a character becomes ``\u{3b}``, since some spreadsheets split there
again. Likewise the first character of what a CI system would obey where its log shows the file: of ``##`` anywhere, of ``::`` and ``~~~``
where a cell begins with them and is no address. A value of more than 32,000 characters is cut, for a cell takes 32,767. To read values
back: take off one apostrophe where what follows is spaces or apostrophes and then one of these characters, then undo the escapes (in
``subject``, after its JSON was read). Other tools read ``json`` better.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator

from s3guard import continuity
from s3guard.controls import in_order
from s3guard.model import BucketCoverage, ControlStatus, Finding, Report, Result
from s3guard.outputs import Options, instant, plural, statements
from s3guard.text import shorten, shown
from s3guard.verdict import WORDS, because, fails_run, headline

EXTENSION = ".csv"

COLUMNS = (
    "row",
    "status",
    "fails_run",
    "severity",
    "rule",
    "bucket",
    "title",
    "outcome",
    "records",
    "unjudged",
    "message",
    "subject",
    "first_seen",
    "last_seen",
    "baseline",
    "waived_until",
    "waiver",
    "object",
    "line",
    "request_id",
    "controls",
    "policy_file",
    "policy_line",
    "fingerprint",
)
"""The columns, in this order, in every file; a new one is added at the end."""

_LONGEST = 32_000
_FORMULA = re.compile(r"[\s']*[=+\-@|%\uff1d\uff0b\uff0d\uff20]")
"""A cell that a spreadsheet may compute, in the full-width forms that some take as well."""
_ESCAPED = re.compile(r";(?=[\s'\"]*[=+\-@|%\uff1d\uff0b\uff0d\uff20])|#(?=#)")
"""What a spreadsheet may split a cell at, and what Azure Pipelines and old runners of GitHub obey where a log shows the file."""
_COMMAND = re.compile(r"\s*(?::(?=:(?![0-9A-Fa-f:.]*\Z))|~(?=~~))")
"""What GitHub's runner may obey (``::name::``), or Buildkite folds at, in the first cell of a line; an address such as ``::1`` is none."""


def render(report: Report, _options: Options) -> Iterable[str]:
    """The table, its header first, every line ended by CR LF."""
    yield _line(COLUMNS)
    for row in _rows(report):
        yield _line([cell(row.get(column, "")) for column in COLUMNS])


def cell(text: str) -> str:
    """Visible text as a cell that no spreadsheet computes and no CI system obeys, whichever column it stands in."""
    whole = shorten(_ESCAPED.sub(lambda match: _spelled(match[0]), text), _LONGEST)
    if command := _COMMAND.match(whole):
        at = command.end() - 1
        return f"{whole[:at]}{_spelled(whole[at])}{whole[at + 1 :]}"
    return f"'{whole}" if _FORMULA.match(whole) else whole


def _spelled(character: str) -> str:
    return f"\\u{{{ord(character):x}}}"


def _line(cells: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue()


def _rows(report: Report) -> Iterator[dict[str, str]]:
    *looked, proves = statements(report)
    told = f"{shorten(' '.join([f'{headline(report)}; {because(report)}.', *looked]), _LONGEST // 8)} {proves}"
    yield {
        "row": "run",
        "status": report.status.value,
        "records": str(report.coverage.records),
        "title": WORDS[report.status],
        "message": told,
    }
    for result in report.results:
        yield from _result(result, report)
    for unreadable in report.coverage.unreadable:
        yield {"row": "unreadable", "status": "undetermined", "object": shown(unreadable.object), "message": shown(unreadable.reason)}
    for bucket in continuity.quietest(report.coverage.buckets):
        yield _hours(bucket)
    for one in sorted(report.controls, key=in_order):
        yield _control(one)
    for bucket in report.coverage.buckets:
        if not bucket.policies:
            yield {"row": "unnamed", "bucket": shown(bucket.bucket), "records": str(bucket.records), "message": "judged by no policy"}


def _control(one: ControlStatus) -> dict[str, str]:
    bearing = {"strength": one.strength, "confidence": one.confidence, "run": [*one.run], "results": [shown(name) for name in one.results]}
    return {
        "row": "control",
        "status": shown(one.status),
        "title": shown(one.title),
        "message": shown(one.reason),
        "controls": f"{shown(one.framework)} {shown(one.control)}",
        "subject": _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", json.dumps(bearing, ensure_ascii=False)),
    }


def _hours(bucket: BucketCoverage) -> dict[str, str]:
    cells = {"row": "hours", "bucket": shown(bucket.bucket), "records": str(bucket.records), "message": shown(continuity.sentence(bucket))}
    if bucket.first_record is not None and bucket.last_record is not None:
        cells |= {"first_seen": instant(bucket.first_record), "last_seen": instant(bucket.last_record)}
    return cells


def _result(result: Result, report: Report) -> Iterator[dict[str, str]]:
    check = {
        "status": result.status.value,
        "severity": result.severity.value,
        "rule": shown(result.rule),
        "bucket": shown(result.bucket or ""),
        "title": shown(result.title),
        "controls": shown("; ".join(f"{control.framework} {control.control}" for control in result.controls)),
        "policy_file": shown(result.location.file),
        "policy_line": str(result.location.line),
    }
    for finding in result.findings:
        yield check | _finding(finding) | {"fails_run": "yes" if fails_run(finding, report.run.fail_on) else "no"}
    if result.omitted.findings:
        left = f"{plural(result.omitted.findings, 'more finding')} counted and not kept"
        yield check | {"row": "omitted", "records": str(result.omitted.records), "message": left}
    if not result.findings:
        counts = {"records": str(result.records), "unjudged": str(result.unjudged)}
        yield check | {"row": "check", "message": shown(result.reason or "")} | counts


def _finding(finding: Finding) -> dict[str, str]:
    cells = {
        "row": "finding",
        "severity": finding.severity.value,
        "outcome": shown(finding.outcome or ""),
        "records": str(finding.records),
        "message": shown(finding.message),
        "subject": _subject(finding),
        "first_seen": instant(finding.first_seen) if finding.first_seen else "",
        "last_seen": instant(finding.last_seen) if finding.last_seen else "",
        "baseline": shown(finding.baseline),
        "fingerprint": finding.fingerprint,
    }
    for sample in finding.samples[:1]:
        cells |= {"object": shown(sample.object), "line": str(sample.line), "request_id": shown(sample.request_id or "")}
    if finding.waiver is not None:
        said = (str(finding.waiver[name]) for name in ("approved_by", "ticket", "reason") if finding.waiver.get(name))
        cells |= {"waived_until": shown(str(finding.waiver.get("expires", ""))), "waiver": shown(", ".join(said))}
    return cells


def _subject(finding: Finding) -> str:
    """JSON of the subject, its texts visible; null is a group of its own."""
    values = {name: shorten(shown(value), _LONGEST // 8) if isinstance(value, str) else value for name, value in finding.subject.items()}
    # NOTE: what `cell` would escape is spelled in JSON's own way, so that the cell stays JSON.
    return _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", json.dumps(values, ensure_ascii=False))
