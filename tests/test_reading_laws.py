"""Laws of the careful parser: what no line, and no client, can bring about."""

from __future__ import annotations

import dataclasses
import re

from hypothesis import assume, example, given
from hypothesis import strategies as st

from s3guard.fields import CORE_NAMES, FIELD_NAMES, TEXT_NAMES, WARNINGS
from s3guard.reading import Line, read_line
from tests import lines
from tests.lines import FORGED_CORE, FORGED_START, Record, core_of, core_of_record, parsed, record


def check(line: Line) -> None:
    """What holds of every line."""
    assert line.status == ("quarantined", "ok", "ambiguous")[min(len(line.readings), 2)]
    assert len({core_of(reading) for reading in line.readings}) == len(line.readings)
    assert (line.reason is None) == (line.status == "ok")
    assert line.unknown <= set(TEXT_NAMES)
    assert line.warnings <= set(WARNINGS)
    assert all(getattr(reading, name) is None for reading in line.readings for name in line.unknown)
    others = [{name: getattr(reading, name) for name in FIELD_NAMES if name not in CORE_NAMES} for reading in line.readings]
    assert all(other == others[0] for other in others)


@given(lines.records())
@example(record(referer=b'"' + FORGED_CORE + b'-" "y'))
@example(record(request_uri=b"GET /" + FORGED_START + b'"', user_agent=b'" "'))
def test_no_client_text_hides_a_record_or_moves_a_field_of_prefix_or_suffix(truth: Record) -> None:
    line = read_line(truth.render())
    check(line)
    assert line.status != "quarantined"
    assert core_of_record(truth) in map(core_of, line.readings)
    reading = line.readings[0]
    prefix = [
        parsed(logged) if name not in ("bucket", "key_logged") else logged for name, logged in zip(FIELD_NAMES, truth.prefix, strict=False)
    ]
    prefix[2] = truth.time
    assert [text_of(getattr(reading, name)) for name in FIELD_NAMES[:8]] == [text_of(value) for value in prefix]
    suffix = [None if logged == b"-" else logged for logged in truth.suffix[:10]]
    assert [getattr(reading, name) for name in FIELD_NAMES[17:]] == suffix + [None] * (10 - len(suffix))
    assert (reading.extra, reading.fields) == (b" ".join(truth.suffix[10:]) or None, 17 + len(truth.suffix))
    for name in set(TEXT_NAMES) - line.unknown:
        assert (getattr(reading, name) or b"-") == (getattr(truth, name) or b"-")
        assert getattr(reading, name) == (None if getattr(truth, name) == b"-" else getattr(truth, name))


def text_of(value: object) -> object:
    """Numbers and dashes of a prefix as they are logged."""
    return b"-" if value is None else value if isinstance(value, bytes) else b"%d" % value if isinstance(value, int) else value


@given(lines.records(lines.PLAIN_TEXT))
def test_text_without_quotes_leaves_nothing_unknown(truth: Record) -> None:
    line = read_line(truth.render())
    assert (line.status, line.unknown) == ("ok", frozenset())
    assert core_of(line.readings[0]) == core_of_record(truth)


@given(lines.LINES, st.booleans(), st.booleans())
def test_any_line_is_read_without_an_error(data: bytes, first: bool, last: bool) -> None:  # noqa: FBT001 - hypothesis passes them by place
    check(read_line(data, first=first, last_unterminated=last))


@given(lines.LINES)
def test_a_carriage_return_at_the_end_changes_only_the_warning(data: bytes) -> None:
    assume(not data.endswith(b"\r"))
    plain, returned = read_line(data), read_line(data + b"\r")
    assert returned == dataclasses.replace(plain, warnings=plain.warnings | {"carriage-return"})


SIX = re.compile(rb" (?:[0-9]{3}|-) (?:[A-Za-z][A-Za-z0-9._-]*|-)(?: (?:[0-9]{1,18}|-)){4} ")


def every_reading(line: bytes, start: int) -> list[tuple[bytes, bytes, bytes, bytes]]:
    """All ways to put the six quotes, tried one by one: request-URI, core, Referer, User-Agent."""
    quotes = [place for place in range(start, len(line)) if line[place : place + 1] == b'"']
    return [
        (line[start + 1 : closed], line[closed + 1 : opened], line[opened + 1 : parted], line[parted + 3 : quotes[-1]])
        for closed in quotes[1:]
        for opened in quotes
        if closed < opened and SIX.fullmatch(line[closed + 1 : opened])
        for parted in quotes
        if opened < parted < quotes[-1] - 2 and line[parted : parted + 3] == b'" "'
    ]


@given(lines.records(bare=False))
def test_the_readings_are_those_that_trying_every_place_finds(truth: Record) -> None:
    data = truth.render()
    found = every_reading(data, len(b" ".join(truth.prefix)) + 1)
    cores = {tuple(map(parsed, core.strip(b" ").split(b" "))): None for _, core, _, _ in found}
    line = read_line(data)
    torn = "embedded-record" in line.warnings and not re.fullmatch(rb"[A-Z]+ [^ ]+ HTTP/[0-9.]+", truth.request_uri)
    texts = zip(TEXT_NAMES, zip(*((uri, referer, agent) for uri, _, referer, agent in found), strict=True), strict=True)
    differing = {name for name, values in texts if len(set(values)) > 1}
    read_cores = [core_of(reading) for reading in line.readings]
    if torn:
        assert read_cores in (list(cores), list(dict.fromkeys([*cores, (None,) * len(CORE_NAMES)])))
        assert line.unknown >= differing
    else:
        assert read_cores == list(cores)
        assert line.unknown == differing
