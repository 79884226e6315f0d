"""The page of a log line: every field with its meaning, what s3guard makes of it, and every reading where there are several."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import polars as pl

from s3guard.explain import codes
from s3guard.fields import CORE_NAMES, FIELD_NAMES, TEXT_NAMES, WARNINGS, Fields
from s3guard.layout import pad, width, wrap
from s3guard.outputs import instant, plural
from s3guard.page import BOLD, DIM, YELLOW, Page
from s3guard.principals import account_expr, principal_expr, principal_type_expr
from s3guard.reading import Line, decode_key, read_line, text
from s3guard.records import ACCESS_CODES, COLUMNS, ErrorCode, classify, error_codes, mutates, network, outcome_expr
from s3guard.redaction import NOTHING, Redaction

_GENERATIONS = {
    17: "the first format",
    18: "the format before 2019",
    24: "the format of 2019",
    25: "the format of 2021",
    26: "the format of 2022",
    27: "the format of 2026",
}
_SIGNED = 24
"""Fields of the first lines that have columns of signature and TLS."""
_SIDE_BY_SIDE = 3
"""Readings that are shown beside each other; the others are counted."""

_TRUST = (
    ("bucket_owner to key", "stand before all text of the client: nobody can forge them."),
    ("request_uri, referer, user_agent", "are the client's own words, raw between quotes. They can imitate anything."),
    ("http_status to turn_around_time", "stand between those words, and count only where no other place in the line fits."),
    ("version_id and later", "follow the last quote of the line. version_id and host_header have values that the client sent."),
)


@dataclass(frozen=True, slots=True)
class _Who:
    """What the requester's name says."""

    principal: str | None
    type: str
    account: str | None


def explained(logged: bytes, page: Page, redaction: Redaction = NOTHING) -> Iterator[str]:
    """Lines of the page of one logged line, without its newline; any bytes."""
    line, page = read_line(logged), replace(page, gutter=19)
    yield from _status(line, page)
    for kind in sorted(line.warnings):
        yield from page.lines("warning", f"{kind}: {WARNINGS[kind]}", label_style=YELLOW)
    if not line.readings:
        yield from unread(text(logged), page, redaction)
        return
    first = line.readings[0]
    key = None if first.key_logged is None else decode_key(first.operation, first.key_logged)
    yield from judgement(line.readings, key, page, redaction)
    yield ""
    for number, name in enumerate(FIELD_NAMES, start=1):
        if line.status == "ambiguous" and name in CORE_NAMES:
            if name == CORE_NAMES[0]:
                yield from _side_by_side(line.readings, page)
        else:
            yield from field(name, _value(number, name, line, first, page, redaction), page)
    if first.extra is not None:
        yield from page.lines("extra", page.clean(redaction.value("extra", text(first.extra))))
    yield from _trust(page)
    for code in sorted({text(reading.error_code) for reading in line.readings if reading.error_code is not None}):
        yield from why(code, line.readings, page)


def unread(logged: str, page: Page, redaction: Redaction) -> Iterator[str]:
    """What there is of a line or document that is no record; redacted, its digest alone."""
    for label, told in redaction.line(logged).items():
        yield from page.lines("bytes" if label == "text" else label, page.clean(told, 2000), most=20)


def _status(line: Line, page: Page) -> Iterator[str]:
    if line.status == "ok":
        fields = line.readings[0].fields
        yield from page.lines("record", f"one reading, {fields} fields: {_GENERATIONS.get(fields, 'a format newer than s3guard')}", BOLD)
    elif line.status == "ambiguous":
        yield from page.lines("ambiguous", page.safe(line.reason or ""), BOLD, YELLOW)
        yield from page.lines("", "Every rule takes the reading that is worst for the requester. The line is counted and listed.")
    else:
        yield from page.lines("quarantined", page.safe(line.reason or ""), BOLD, YELLOW)
        yield from page.lines("", "It is no record: kept with its origin, counted, and judged by no rule.")
    if line.unknown:
        yield from page.lines("unknown", f"{', '.join(sorted(line.unknown))}: rules that use them leave the record unjudged")


def judgement(readings: Sequence[Fields], key: str | None, page: Page, redaction: Redaction) -> Iterator[str]:
    """What s3guard derives from a record, and rules are written in; `key` is decoded."""
    first = readings[0]
    operation = text(first.operation)
    who, outcomes = _who(first.requester), [_outcome(reading) for reading in readings]
    yield from page.lines("operation class", f"{classify(operation)}, {'changes something' if mutates(operation) else 'changes nothing'}")
    judged = outcomes[0] if len(set(outcomes)) == 1 else f"{' or '.join(sorted(set(outcomes)))}, by the reading; {_worst(outcomes)}"
    yield from page.lines("outcome", judged)
    principal = "null: nobody signed the request" if who.principal is None else page.clean(redaction.value("principal", who.principal))
    yield from page.lines("principal", principal)
    account = f", account {redaction.value('account', who.account)}" if who.account else ""
    yield from page.lines("principal type", f"{who.type}{account}")
    if first.remote_ip is not None and (around := network(text(first.remote_ip))):
        yield from page.lines("network", redaction.value("network", around))
    if key is not None:
        yield from page.lines("key", page.clean(redaction.value("key", key), 2000), most=10)


def _worst(outcomes: Sequence[str]) -> str:
    judged = "served" if "served" in outcomes else "failed"
    return f"judged as {judged}" + (", by `access_denied` as refused" if "refused" in outcomes else "")


def _who(requester: bytes | None) -> _Who:
    named = pl.DataFrame({"requester": [None if requester is None else text(requester)]}, schema={"requester": pl.String})
    row = named.select(principal_expr(), principal_type_expr(), account_expr()).row(0, named=True)
    return _Who(row["principal"], row["principal_type"], row["account"])


def _outcome(reading: Fields) -> str:
    code = None if reading.error_code is None else text(reading.error_code)
    answered = pl.DataFrame(
        {"http_status": [reading.http_status], "error_code": [code]}, schema={"http_status": pl.Int64, "error_code": pl.String}
    )
    return str(answered.select(outcome_expr()).item())


def field(name: str, value: str, page: Page) -> Iterator[str]:
    """A clean value, and under it the name in AWS's documentation with the meaning."""
    yield from page.lines(name, value, label_style="", most=20)
    column = COLUMNS["key" if name == "key_logged" else name]
    yield from page.lines("", f"{column.source}: {COLUMNS[name].meaning}", style=DIM)


def _value(number: int, name: str, line: Line, reading: Fields, page: Page, redaction: Redaction) -> str:
    if name in line.unknown:
        return "undecided: the quotes allow several"
    if getattr(reading, name) is None:
        return f"no such field in a line of {reading.fields}" if number > reading.fields else "-"
    return told(name, reading, page, redaction)


def told(name: str, reading: Fields, page: Page, redaction: Redaction) -> str:
    """The value of a field that has one."""
    value = getattr(reading, name)
    if name == "time":
        return instant(datetime.fromtimestamp(value, UTC))
    if isinstance(value, int):
        return _number(value, COLUMNS[name].unit)
    shown = redaction.value(name, text(value))
    quoted = f'"{shown}"' if name in TEXT_NAMES and not redaction.redacts else shown
    return page.clean(quoted, 2000)


def _side_by_side(readings: Sequence[Fields], page: Page) -> Iterator[str]:
    """The fields in which the readings differ, one column a reading."""
    shown = readings[:_SIDE_BY_SIDE]
    room = page.room // len(shown) - 2
    heads = [f"reading {number}" for number in range(1, len(shown) + 1)]
    yield from page.lines("", "  ".join(pad(head, room) for head in heads), BOLD)
    for name in CORE_NAMES:
        cells = [wrap(_core(name, reading, page), room, 3) for reading in shown]
        for row in range(max(map(len, cells))):
            parts = [cell[row] if row < len(cell) else "" for cell in cells]
            label = page.label(name, "") if row == 0 else page.label("")
            yield f"{label}  {'  '.join(part + ' ' * (room - width(part)) for part in parts)}".rstrip(" ")
    if len(readings) > len(shown):
        yield from page.lines("", f"and {len(readings) - len(shown):,} more readings")


def _core(name: str, reading: Fields, page: Page) -> str:
    value = getattr(reading, name)
    if value is None:
        return "-"
    return _number(value, COLUMNS[name].unit) if isinstance(value, int) else page.clean(text(value))


def _number(value: int, unit: str) -> str:
    if unit == "bytes":
        return plural(value, "byte")
    return f"{value:,} {unit}" if unit else str(value)


def _trust(page: Page) -> Iterator[str]:
    yield ""
    yield from page.lines("", "Whom to believe", BOLD)
    for fields, sentence in _TRUST:
        yield from page.lines(page.glyph("·", "-"), f"{fields} {sentence}")


def why(name: str, readings: Sequence[Fields], page: Page) -> Iterator[str]:
    """The likely causes of the error, and what the log cannot show."""
    code = error_codes().get(name)
    yield ""
    if code is None:
        yield from page.lines("error code", page.clean(f"{name}: not in the table of error codes that s3guard knows"))
        return
    yield from page.lines("error code", f"{code.name}: {code.meaning}")
    yield from codes.causes(_ranked(code, readings[0]), page)
    if name in ACCESS_CODES:
        yield from codes.hidden(code, page)


def _ranked(code: ErrorCode, reading: Fields) -> list[str]:
    """The likely causes, those first that this very record gives reason for."""
    if code.name != "AccessDenied":
        return list(code.causes)
    hints = dict(_hints(reading))
    general = [cause for cause in code.causes if not any(marker in cause for marker in hints)]
    if reading.requester is not None and reading.key_logged is not None and not mutates(text(reading.operation)):
        # NOTE: whoever reads keys from a list that is out of date meets this every day.
        first, *others = general
        general = [first, *sorted(others, key=lambda cause: _MISSING not in cause)]
    return [*hints.values(), *general]


_MISSING = "does not exist"


def _hints(reading: Fields) -> Iterator[tuple[str, str]]:
    """Causes of AccessDenied that the record speaks for, each with a mark of the general cause that it stands for."""
    requester = reading.requester or b""
    if reading.requester is None:
        yield "Block Public Access", "Nobody signed this request: the bucket is not public for it, or Block Public Access stopped it"
    if requester.startswith(b"svc:cloudfront") or b"CloudFront Origin Access Identity" in requester:
        yield "CloudFront", "The request came through CloudFront: the bucket policy does not grant this distribution or identity the action"
    if reading.access_point_arn is not None:
        yield "access point", "The request came through an access point: its own policy has to allow the action, too"
    if reading.fields >= _SIGNED and reading.tls_version is None and reading.remote_ip is not None:
        yield "SecureTransport", "The request came over plain HTTP: many policies deny what is not aws:SecureTransport"
    if reading.authentication_type == b"QueryString":
        yield "presigned", "The request was presigned: it has the rights of whoever signed it, at the time of its use"
