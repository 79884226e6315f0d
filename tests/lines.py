"""Hypothesis strategies for log lines: well-formed ones of every generation, with hostile client text, and damaged ones."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeAlias

from hypothesis import strategies as st

from s3guard.fields import CORE_NAMES, FIELD_NAMES, Fields
from s3guard.reading import Line, read_line

Core: TypeAlias = tuple[int | bytes | None, ...]

OWNER = b"79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"
HOST_ID = b"s9lzHYrFp76ZVxRcpX9+5cjAnEH2ROuNkd2BHfIa6UkFVdtjf5mKR3/eTPFvsiP/XV/VLi31234="
OAI = b"arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1EXAMPLE2ABC"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
GENERATIONS = (17, 18, 24, 25, 26, 27, 28, 31)

FORGED_SUFFIX = b" - " + HOST_ID + b" SigV4 TLS_AES_128_GCM_SHA256 AuthHeader examplebucket.s3.amazonaws.com TLSv1.3 - - eu-west-1"
FORGED_CORE = b' 404 NoSuchKey 1 1 1 1 "'
FORGED_START = b"[06/Feb/2019:00:00:38 +0000] 198.51.100.7 arn:aws:iam::111122223333:user/ann 3E57427F3EXAMPLE REST.PUT.OBJECT k "
FORGED_RECORD = OWNER + b" examplebucket " + FORGED_START + b'"PUT /k HTTP/1.1" 200 - - 7 9 8 "-" "aws-cli" - ' + HOST_ID

_PIECES = (
    *(b'"', b" ", b'" "', b'" ', b' "', b"-", b'"-"', b'" - - - - - - "', b'" 200 - 1 - 1 1 "', b'" 403 AccessDenied 243 - 7 - "'),
    *(FORGED_CORE, b'"' + FORGED_CORE, FORGED_SUFFIX, FORGED_START, FORGED_RECORD, b" HTTP/1.1", b"GET /k"),
    *(b"\r", b"\x00", b"\x85", "\u2028".encode(), b"\xff\xfe", b"\\", b"\\x22", b"\x1b[2J", b"\t", b"\x0b\x0c\x1c\x1e", b"[", b"]"),
)

CLIENT_TEXT = st.one_of(
    st.just(b"-"),
    st.just(b""),
    st.binary(max_size=30).map(lambda text: text.replace(b"\n", b"")),
    st.lists(st.one_of(st.sampled_from(_PIECES), st.binary(max_size=4)), max_size=12).map(
        lambda parts: b"".join(parts).replace(b"\n", b"")
    ),
)
"""What a client may put into request line, Referer or User-Agent: any bytes but the newline, with pieces of the format preferred."""

PLAIN_TEXT = CLIENT_TEXT.map(lambda text: text.replace(b'"', b""))
"""Client text without a quote."""

_TOKEN = st.text(st.sampled_from("abcXYZ019+/=._:%-"), min_size=1, max_size=20).map(str.encode)
_WORD = _TOKEN.filter(lambda token: token != b"-")
_DASH = st.just(b"-")
_NUMBER = st.one_of(_DASH, st.integers(0, 10**6).map(lambda number: b"%d" % number), st.just(b"9" * 18), st.just(b"007"))
_REQUESTERS = st.one_of(
    _DASH,
    st.just(OWNER),
    st.just(OAI),
    st.just(b"AmazonS3"),
    st.just(b"svc:delivery.logs.amazonaws.com"),
    st.just(b'arn:aws:iam::111122223333:user/a"b/"200/ann'),
    st.just(b"arn:aws:sts::111122223333:assumed-role/analyst/ann"),
    _TOKEN,
)
_OPERATIONS = st.sampled_from(
    (
        *(b"REST.GET.OBJECT", b"REST.PUT.OBJECT", b"REST.COPY.OBJECT", b"REST.COPY.OBJECT_GET", b"BATCH.DELETE.OBJECT"),
        *(b"S3.EXPIRE.OBJECT", b"WEBSITE.GET.OBJECT", b"WEBSITE.INVALIDOPERATION", b"SOAP.PUT.OBJECT", b"REST.NEW.THING_2030"),
    ),
)


@dataclass(frozen=True, slots=True)
class Record:
    """A record as S3 has it before writing it: every field as it is logged, ``-`` for no value."""

    prefix: tuple[bytes, ...]
    """Fields 1 to 8; the time in its brackets."""
    time: int
    """The time, in seconds since 1970."""
    request_uri: bytes
    core: tuple[bytes, ...]
    """Fields 10 to 15."""
    referer: bytes
    user_agent: bytes
    suffix: tuple[bytes, ...]
    """Fields 18 and up."""
    bare: bool = False
    """Whether the three texts are bare dashes."""

    def render(self) -> bytes:
        """The line, without its newline."""
        mark = b"" if self.bare else b'"'
        texts = [mark + text + mark for text in (self.request_uri, self.referer, self.user_agent)]
        return b" ".join([*self.prefix, texts[0], *self.core, texts[1], texts[2], *self.suffix])


@st.composite
def times(draw: st.DrawFn) -> tuple[bytes, int]:
    """A time as logged, and in seconds since 1970."""
    local = draw(st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001 - the offset is drawn beside it
    ahead = draw(st.one_of(st.just(0), st.integers(-1439, 1439)))
    month, offset = MONTHS[local.month - 1], f"{'-' if ahead < 0 else '+'}{abs(ahead) // 60:02}{abs(ahead) % 60:02}"
    logged = f"[{local.day:02}/{month}/{local.year}:{local:%H:%M:%S} {offset}]"
    return logged.encode(), calendar.timegm(local.timetuple()) - ahead * 60


@st.composite
def suffixes(draw: st.DrawFn, fields: int) -> tuple[bytes, ...]:
    """Fields 18 and up of a line that has as many fields; those of signature and TLS as S3 writes them."""
    drawn = (
        draw(st.one_of(_DASH, _TOKEN)),
        draw(st.one_of(st.just(HOST_ID), _DASH, _TOKEN)),
        draw(st.sampled_from((b"SigV4", b"SigV2", b"-"))),
        draw(st.sampled_from((b"ECDHE-RSA-AES128-GCM-SHA256", b"TLS_AES_128_GCM_SHA256", b"-"))),
        draw(st.sampled_from((b"AuthHeader", b"QueryString", b"-"))),
        draw(st.one_of(st.just(b"examplebucket.s3.amazonaws.com"), _DASH, _TOKEN)),
        draw(st.sampled_from((b"TLSv1.2", b"TLSv1.3", b"TLSV1.2", b"-"))),
        draw(st.sampled_from((b"arn:aws:s3:us-west-1:123456789012:accesspoint/example-AP", b"-"))),
        draw(st.sampled_from((b"Yes", b"-"))),
        draw(st.sampled_from((b"us-east-1", b"-"))),
        *(draw(_TOKEN) for _ in range(fields - 27)),
    )
    return drawn[: fields - 17]


@st.composite
def cores(draw: st.DrawFn) -> tuple[bytes, ...]:
    """Fields 10 to 15."""
    status = draw(st.one_of(_DASH, st.integers(100, 599).map(lambda number: b"%d" % number)))
    error = draw(st.sampled_from((b"-", b"NoSuchKey", b"AccessDenied", b"KMS.DisabledException", b"Internal-Error_2")))
    return (status, error, draw(_NUMBER), draw(_NUMBER), draw(_NUMBER), draw(_NUMBER))


@st.composite
def records(draw: st.DrawFn, texts: st.SearchStrategy[bytes] = CLIENT_TEXT, *, bare: bool | None = None) -> Record:
    """A well-formed record of any generation, quoted or with bare dashes (either, unless `bare` says which)."""
    logged, seconds = draw(times())
    address = draw(st.sampled_from((b"192.0.2.3", b"2001:db8::7", b"-")))
    owner, request = draw(st.one_of(st.just(OWNER), _DASH)), draw(st.one_of(st.just(b"3E57427F3EXAMPLE"), _DASH, _TOKEN))
    bucket = draw(st.one_of(st.just(b"examplebucket"), _WORD))
    prefix = (owner, bucket, logged, address, draw(_REQUESTERS), request, draw(_OPERATIONS), draw(st.one_of(_DASH, _TOKEN)))
    suffix = draw(st.sampled_from(GENERATIONS).flatmap(suffixes))
    if draw(st.booleans()) if bare is None else bare:
        return Record(prefix, seconds, b"-", draw(cores()), b"-", b"-", suffix, bare=True)
    return Record(prefix, seconds, draw(texts), draw(cores()), draw(texts), draw(texts), suffix)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A line with something cut out, put in, doubled or glued to it; some stay readable."""
    line = draw(records()).render()
    begin = draw(st.integers(0, len(line)))
    end = draw(st.integers(begin, min(len(line), begin + 40)))
    other = draw(records()).render()
    middle = draw(st.sampled_from((b"", b" ", b'"', b"-", b"\x00", b"\xef\xbb\xbf", line[begin:end] * 2, other, other[begin:])))
    return draw(st.sampled_from((line[:begin] + middle + line[end:], line[:begin], line[:begin] + other, line + line)))


LINES = st.one_of(
    records(PLAIN_TEXT).map(Record.render),
    records().map(Record.render),
    damaged(),
    st.binary(max_size=300).map(lambda line: line.replace(b"\n", b"")),
)
"""Any line, without its newline: proper, hostile, damaged or noise."""


SUFFIX = (b"-", HOST_ID, b"SigV4", b"ECDHE-RSA-AES128-GCM-SHA256", b"AuthHeader", b"examplebucket.s3.amazonaws.com", b"TLSv1.2", b"-", b"-")
ANONYMOUS = (b"-", HOST_ID, b"-", b"-", b"-", b"examplebucket.s3.amazonaws.com", b"-", b"-", b"-")
USER = b"arn:aws:iam::111122223333:user/ann"
ORDINARY = Record(
    (OWNER, b"examplebucket", b"[06/Feb/2019:00:00:38 +0000]", b"192.0.2.3", USER, b"3E57427F3EXAMPLE", b"REST.GET.OBJECT", b"k"),
    1549411238,
    b"GET /k HTTP/1.1",
    (b"200", b"-", b"113", b"113", b"7", b"6"),
    b"-",
    b"aws-cli/2.1",
    SUFFIX,
)
"""A record as people imagine one: a signed GET, served."""


def record(**changes: Any) -> Record:
    """The ordinary record with other fields; names of the prefix are taken too."""
    names = (*FIELD_NAMES[:2], "logged_time", *FIELD_NAMES[3:8])
    prefix = [changes.pop(name, logged) for name, logged in zip(names, ORDINARY.prefix, strict=True)]
    return replace(ORDINARY, prefix=tuple(prefix), **changes)


def bare(**changes: Any) -> Record:
    """The row of a bulk delete, whose three texts are bare dashes; other fields as `record` takes them."""
    return record(operation=b"BATCH.DELETE.OBJECT", request_uri=b"-", referer=b"-", user_agent=b"-", bare=True, **changes)


def parsed(logged: bytes) -> bytes | int | None:
    """A logged value as a reading has it: None for the dash, a number for digits."""
    return None if logged == b"-" else int(logged) if re.fullmatch(rb"[0-9]+", logged) else logged


def core_of(reading: Fields) -> Core:
    """The six fields in which readings may differ."""
    return tuple(getattr(reading, name) for name in CORE_NAMES)


def core_of_record(truth: Record) -> Core:
    """The six fields as a reading must have them."""
    return tuple(map(parsed, truth.core))


def only(line: Line) -> Fields:
    """The one reading of a line that must be a record."""
    assert (line.status, len(line.readings), line.reason) == ("ok", 1, None)
    return line.readings[0]


def read(truth: Record) -> Fields:
    reading = only(read_line(truth.render()))
    assert core_of(reading) == core_of_record(truth)
    return reading
