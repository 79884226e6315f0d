"""What things mean, for people: a rule, an error code, a log line, a finding, a column, an operation, a warning.

Pages are text within the width of a terminal. Nothing is looked up outside: what the log or the tables do not say is named as
such, and where it can be found instead.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from s3guard import frameworks, rules
from s3guard.audit import checks
from s3guard.explain import check, codes, columns, control, delivered, finding, line, operations, rule
from s3guard.fields import WARNINGS
from s3guard.formats.json import claims
from s3guard.formats.json.unwrap import apart
from s3guard.model import Report, UsageError
from s3guard.outputs import Options
from s3guard.page import Page
from s3guard.problems import did_you_mean
from s3guard.records import COLUMNS, OPERATION_CLASSES, OUTCOMES, error_codes
from s3guard.records import operations as known_operations
from s3guard.redaction import NOTHING, Redaction
from s3guard.text import shown

_TIME = re.compile(r"\[[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:")
_FINGERPRINT = re.compile(r"[0-9a-f]{6,64}")
_OPERATION = re.compile(r"(?:REST|SOAP|WEBSITE|BATCH|S3)\.[A-Za-z0-9_.]+")
_CONTROL = re.compile(r"[A-Z]{0,4}[0-9.-]*[0-9](?:\.[0-9]+)*(?:\([0-9A-Za-z]+\))*", re.IGNORECASE)
"""What the number of a control looks like: ``164.312(b)``, ``10.2.1``, ``AC-2(4)``, ``CC7.2``, ``A.8.15``."""
_TOKENS_OF_A_LINE = 8
_QUALIFIED = (2, 3)
"""Parts of a rule's name in a report: policy, kind, and an id where it has one."""


def explain(thing: str, options: Options, report: Report | None = None, redaction: Redaction = NOTHING) -> str:
    """The page of `thing`: every meaning that the name has, one after the other.

    A text with spaces and a time is a log line, one that begins with a brace a JSON record.
    `thing` may hold bytes that are no UTF-8 as surrogates, as Python's arguments do. A fingerprint, or its first six digits or
    more, is looked up in `report`, as it is redacted.
    UsageError says what was meant.
    """
    return _text(_pages(thing, Page(options.width, options.color, options.ascii), report, redaction))


def explain_lines(logged: bytes, options: Options, redaction: Redaction = NOTHING) -> str:
    """The pages of log lines or JSON records, whatever they look like: a line that is no record says why."""
    return _text(_of_lines(logged, Page(options.width, options.color, options.ascii), redaction))


def _of_lines(logged: bytes, page: Page, redaction: Redaction) -> list[Iterable[str]]:
    lines = [one for one in logged.split(b"\n") if one.strip(b"\r")]
    if claims(logged):
        return [delivered.explained(one, page, redaction) for several in lines for one in apart(several)]
    return [line.explained(one, page, redaction) for one in lines]


def _pages(thing: str, page: Page, report: Report | None, redaction: Redaction) -> list[Iterable[str]]:
    if claims(thing.encode("utf-8", "replace")) or _TIME.search(thing) or thing.count(" ") >= _TOKENS_OF_A_LINE:
        return _of_lines(thing.encode("utf-8", "surrogateescape"), page, redaction)
    meanings = list(_meanings(thing.strip(), page))
    if meanings:
        return [meaning() for meaning in meanings]
    if _FINGERPRINT.fullmatch(thing) and report is not None:
        return [finding.explained(finding.find(redaction.report(report), thing), page)]
    raise UsageError(_unknown(thing.strip()))


def _meanings(name: str, page: Page) -> Iterator[Callable[[], Iterable[str]]]:
    catalog = rules.catalog()
    parts = name.split("/")
    kind = parts[1] if len(parts) in _QUALIFIED else name
    if kind in catalog:
        yield partial(rule.explained, catalog[kind], page)
    audited = checks.catalog()
    if name.rpartition("/")[2] in audited:
        yield partial(check.explained, audited[name.rpartition("/")[2]], page)
    if name in error_codes():
        yield partial(codes.explained, error_codes()[name], page)
    if name in COLUMNS:
        yield partial(columns.explained, COLUMNS[name], page)
    if name in OPERATION_CLASSES:
        yield partial(operations.class_explained, name, page)
    if name in known_operations() or _OPERATION.fullmatch(name):
        yield partial(operations.explained, name, page)
    if name in WARNINGS:
        yield partial(columns.warning_explained, name, page)
    if name in OUTCOMES:
        yield partial(columns.outcome_explained, name, page)
    yield from _of_controls(name, page)


def _of_controls(name: str, page: Page) -> Iterator[Callable[[], Iterable[str]]]:
    if name in control.run_evidence():
        yield partial(control.run_explained, name, page)
    if _is_control(name):
        yield from (partial(control.explained, framework, id_, page) for framework, id_ in control.find(name))


def _is_control(name: str) -> bool:
    """Whether a name may be a control's, by itself or behind a framework's: then the frameworks are read."""
    framework, _, rest = name.replace("/", " ", 1).partition(" ")
    return _CONTROL.fullmatch(name) is not None or (bool(rest) and frameworks.resolved(framework.rstrip(":").lower()) is not None)


def _unknown(name: str) -> str:
    said = shown(name[:200])
    if _FINGERPRINT.fullmatch(name):
        return f"{said} looks like the fingerprint of a finding: say in which saved JSON report it stands"
    if frameworks.resolved(name.lower()) is not None:
        return f"{said} is a framework: `s3guard controls --framework {name.lower()}` lists its controls"
    if _is_control(name):
        known = control.names()
        meant = did_you_mean(name, [*known, *(one.partition(" ")[2] for one in known)])
        return f"there is no control {said!r}{meant or '; `s3guard controls` lists them'}"
    first, _, rest = name.partition(" ")
    if rest and (framework := did_you_mean(first.lower(), frameworks.names())):
        return f"there is no framework {shown(first)!r}{framework}"
    known = [*rules.catalog(), *checks.catalog(), *error_codes(), *COLUMNS, *OPERATION_CLASSES, *known_operations(), *WARNINGS, *OUTCOMES]
    known += control.run_evidence()
    meant = (
        did_you_mean(name, known)
        or ": give a rule, check, control, error code, column, operation, a whole log line in quotes, FILE:LINE, or a fingerprint"
    )
    return f"there is nothing to explain under {said!r}{meant}"


def _text(pages: Iterable[Iterable[str]]) -> str:
    return "\n".join("".join(f"{one}\n" for one in lines) for lines in pages)
