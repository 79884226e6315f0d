"""One log line, read with care: every reading that the format allows, or the reason why there is none.

S3 writes request-URI, Referer and User-Agent between double quotes and escapes nothing in them
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html), so whoever sends a request chooses three pieces of the line and
may imitate what surrounds them. What he cannot move, and what he can, decides how a line is read:

* *Prefix* (fields 1 to 8) stands before all client text: a strict grammar, anchored at the left, one token a field. Spaces are single.
* *Suffix* (fields 18 and up) stands after all client text and holds no quote: it is what follows the **last** quote of the line.
* *Core* (fields 10 to 15) stands between: every ``"`` from which ``" status error bytes size total turn-around "`` matches is a
  candidate, if a ``" "`` between Referer and User-Agent can still follow. The true core is always one of them.
* The three texts are all quoted or all bare dashes. A line with bare dashes has no client text, no quote, and one reading.

One core: a record; texts that could end in several places are None and named in `Line.unknown`. Several different cores: ambiguous, with
one reading a core, **all** of them, in the order of the line. NOTE: there is no cap beyond which readings were dropped, for that would be
the place to hide in. A core takes 16 bytes at least and readings share everything else, so their number is bounded by the length of the
line (480 for 8 kB of headers); how the texts may be split is never enumerated, only whether it can be done in one way or in more. Work
and memory are linear in the length of the line.
"""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, TypeAlias
from urllib.parse import unquote_to_bytes

from s3guard.fields import CHECKS, CORE_NAMES, FIELD_NAMES, TEXT_NAMES, WARNINGS, Fields

__all__ = ["CORE_NAMES", "FIELD_NAMES", "MAX_LINE", "TEXT_NAMES", "WARNINGS", "Fields", "Line", "decode_key", "read_line", "text"]

MAX_LINE: Final = 1 << 20
"""Bytes of the longest line that is read (a trailing CR not counted); S3's own limits make lines of some 30 kB."""

_EPOCH: Final = date(1970, 1, 1).toordinal()
_FIRST_SECOND: Final = (date.min.toordinal() - _EPOCH) * 86400
_LAST_SECOND: Final = (date.max.toordinal() - _EPOCH + 1) * 86400 - 1
"""UTC of the years 1 and 9999: an offset may lead out of them, and then nothing could show the time."""
_BOM: Final = b"\xef\xbb\xbf"

_MONTHS: Final = {name: number for number, name in enumerate(b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), start=1)}
_TIME: Final = (
    rb"\[([0-9]{2})/(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)/([0-9]{4})"
    rb":([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9]) ([+-])([01][0-9]|2[0-3])([0-5][0-9])\]"
)
_IP: Final = rb"[0-9A-Fa-f:.]+|-"
# NOTE: the one requester that holds spaces. Read as a single token it would make "Access" the operation, which has no dot, so only one of
# the two alternatives can match a line.
_REQUESTER: Final = rb"arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity [A-Z0-9]+|[^ ]+"
_OPERATION: Final = rb"[A-Z0-9]+\.[A-Za-z0-9_.]+"
_PARTS: Final = {
    "bucket owner": rb"([^ ]+)",
    "bucket": rb"((?!- )[^ ]+)",  # a record of no bucket is nobody's to judge
    "time": _TIME,
    "remote IP": rb"(" + _IP + rb")",
    "requester": rb"(" + _REQUESTER + rb")",
    "request id": rb"([^ ]+)",
    "operation": rb"(" + _OPERATION + rb")",
    "key": rb"([^ ]+)",
}
"""The prefix, field by field. A token is anything but a space: an IAM path may hold a quote, and its place is certain all the same."""
_PREFIX: Final = re.compile(rb" ".join(_PARTS.values()) + rb" ")
_SIX: Final = rb" ([0-9]{3}|-) ([A-Za-z][A-Za-z0-9._-]*|-)" + 4 * rb" ([0-9]{1,18}|-)"
_CORE: Final = re.compile(rb'"' + _SIX + rb' (?=")')
_BARE: Final = re.compile(rb"-" + _SIX + rb" - -(?= |\Z)")
_RECORD_START: Final = re.compile(
    _TIME + rb" (?:" + _IP + rb") (?:" + _REQUESTER + rb") [^ ]+ " + _OPERATION + rb' [^ ]+ (?:"|- )',
)
"""What a record has and client text should not: two records on one line, or somebody who wants it to look so."""
BEHIND_RETURN: Final = re.compile(rb"\r[^ \r]+ [^ \r]+ " + _RECORD_START.pattern)
"""Another record behind a carriage return, which S3 writes none of: whoever ends lines with it alone makes one of all records."""
_REQUEST_LINE: Final = re.compile(rb"(?:[A-Z]+ [^ ]+ HTTP/[0-9.]+|-)\Z")
_SIGNATURE: Final = re.compile(rb"(?:-|SigV[0-9A-Za-z]+)\Z")
_PRINCIPAL_ID: Final = re.compile(rb"[A-Z0-9]{20,21}\Z")

_QUOTES: Final = 6
"""Quotes of a line whose client sent none."""
_BEFORE_SUFFIX: Final = 17
_KNOWN: Final = 27
_COUNTS: Final = (17, 18, 24, 25, 26)
_PRINCIPAL_ID_FIELDS: Final = 25

_Token: TypeAlias = bytes | None
_Prefix: TypeAlias = tuple[_Token, bytes, int, _Token, _Token, _Token, bytes, _Token]
_Core: TypeAlias = tuple[int | None, _Token, int | None, int | None, int | None, int | None]
_Known: TypeAlias = tuple[_Token, _Token, _Token, _Token, _Token, _Token, _Token, _Token, _Token, _Token]
_NO_CORE: Final[_Core] = (None, None, None, None, None, None)
_UNDECIDED: Final = {
    (False, False): frozenset[str](),
    (False, True): frozenset({"referer", "user_agent"}),
    (True, False): frozenset({"request_uri", "referer"}),
    (True, True): frozenset(TEXT_NAMES),
}
"""Which texts are unknown, by whether the core has several places and whether Referer and User-Agent may part in several."""


@dataclass(frozen=True, slots=True)
class Line:
    """What became of one line."""

    status: Literal["ok", "ambiguous", "quarantined"]
    readings: tuple[Fields, ...]
    """One of a record; two or more of an ambiguous line, no two with the same core, in the order of the line; none if quarantined."""
    unknown: frozenset[str]
    """Which of `TEXT_NAMES` the line leaves undecided; they are None in every reading."""
    reason: str | None
    """Why it is ambiguous or quarantined, for a person; never quotes the line. None for a record."""
    warnings: frozenset[str]
    """Kinds, keys of `WARNINGS`; of the fields' cross-checks those that every reading breaks."""


class _DamagedError(Exception):
    """The line is no record; the message says why."""


@dataclass(frozen=True, slots=True)
class _Middle:
    """What stands between prefix and suffix: distinct cores, texts, and the suffix still to be read."""

    cores: tuple[_Core, ...]
    texts: tuple[bytes | None, bytes | None, bytes | None]
    suffix: bytes
    unknown: frozenset[str] = frozenset()
    warnings: AbstractSet[str] = frozenset()
    note: str = ""


def read_line(line: bytes, *, first: bool = False, last_unterminated: bool = False) -> Line:
    """Every reading of one line, without its newline; never raises, whatever the bytes.

    `first`: it is the first of its object, so that a byte-order mark is passed over. `last_unterminated`: it is the last one and no newline
    ends it, so that it may be cut off. Blank lines (a lone CR too) are the caller's to skip; here they are quarantined.
    """
    warnings = {"unterminated-line"} if last_unterminated else set()
    if first and line.startswith(_BOM):
        line = line[len(_BOM) :]
        warnings.add("byte-order-mark")
    if line.endswith(b"\r"):
        line = line[:-1]
        warnings.add("carriage-return")
    try:
        prefix, start = _read_prefix(line)
        middle = _read_quoted(line, start) if line.startswith(b'"', start) else _read_bare(line, start)
        suffix = _read_suffix(middle.suffix)
    except _DamagedError as damage:
        reason = f"truncated: the object ends inside this line ({damage})" if last_unterminated else str(damage)
        return Line("quarantined", (), frozenset(), reason, frozenset(warnings))
    uri, referer, user_agent = middle.texts
    known, extra, count, odd = suffix
    readings = tuple(Fields(*prefix, uri, *core, referer, user_agent, *known, extra, count) for core in middle.cores)
    warnings.update(middle.warnings, odd, [kind for kind, breaks in CHECKS.items() if all(map(breaks, readings))])
    if len(readings) == 1:
        return Line("ok", readings, middle.unknown, None, frozenset(warnings))
    return Line("ambiguous", readings, middle.unknown, _disagreement(middle), frozenset(warnings))


def _read_prefix(line: bytes) -> tuple[_Prefix, int]:
    """Fields 1 to 8, and where the request-URI begins."""
    if len(line) > MAX_LINE:
        raise _DamagedError("longer than 1 MiB")
    if not line:
        raise _DamagedError("a blank line")
    found = _PREFIX.match(line)
    if found is None:
        parts = list(_PARTS.values())
        bad = next(name for n, name in enumerate(_PARTS, start=1) if re.match(rb" ".join(parts[:n]) + rb" ", line) is None)
        raise _DamagedError(f"its {bad} is missing or not as S3 writes it")
    owner, bucket, day, month, year, hour, minute, second, sign, east, off, ip, requester, request, operation, key = found.groups()
    try:
        days = date(int(year), _MONTHS[month], int(day)).toordinal() - _EPOCH
    except ValueError as error:
        raise _DamagedError("its time is no date of the calendar") from error
    ahead = int(east) * 3600 + int(off) * 60
    time = days * 86400 + int(hour) * 3600 + int(minute) * 60 + int(second) - (ahead if sign == b"+" else -ahead)
    if not _FIRST_SECOND <= time <= _LAST_SECOND:
        raise _DamagedError("its time is no date of the calendar")
    return (_token(owner), bucket, time, _token(ip), _token(requester), _token(request), operation, _token(key)), found.end()


def _read_bare(line: bytes, start: int) -> _Middle:
    """The middle of a line whose three texts are bare dashes: no quote may follow, and there is one reading."""
    found = _BARE.match(line, start)
    if found is None:
        raise _DamagedError("no request-URI in quotes, nor three bare dashes around status, error code, sizes and times")
    if line.find(b'"', start) >= 0:
        raise _DamagedError("a quote in a line whose request-URI, Referer and User-Agent are bare dashes")
    return _Middle((_core(found),), (None, None, None), line[found.end() :])


def _read_quoted(line: bytes, start: int) -> _Middle:
    """The middle of a line whose request-URI opens with the quote at `start`: every core that it can be read with."""
    end = line.rfind(b'"')
    last_split = line.rfind(b'" "', start, end)
    places = list(_CORE.finditer(line, start + 1, last_split)) if last_split >= 0 else []
    if not places:
        raise _DamagedError("no status, error code, sizes and times between request-URI and Referer, or a quote is missing")
    opened, closed = places[0].end(), places[0].start()
    split = line.find(b'" "', opened + 1, end)
    uri, referer, user_agent = line[start + 1 : closed], line[opened + 1 : split], line[split + 3 : end]
    cores = dict.fromkeys(map(_core, places))
    unknown = _UNDECIDED[len(places) > 1, split != last_split]
    warnings, torn = _imitations(line, start, closed, end)
    note = "the first has a well-formed request line" if _REQUEST_LINE.match(uri) else "none has a well-formed request line"
    if torn:
        # NOTE: the request line is cut off and another record follows on the same line, so the core may be that one's, and this record's
        # own is lost. A request target holds no raw space, so this is damage: no client can bring it about.
        cores[_NO_CORE], unknown = None, frozenset(TEXT_NAMES)
        note = "two records may have been torn and glued together, so that its own are lost"
    if unknown:
        warnings.add("client-text-unknown")
    texts = (
        None if "request_uri" in unknown else _token(uri),
        None if "referer" in unknown else _token(referer),
        None if "user_agent" in unknown else _token(user_agent),
    )
    return _Middle(tuple(cores), texts, line[end + 1 :], unknown, warnings, note)


def _imitations(line: bytes, start: int, closed: int, end: int) -> tuple[set[str], bool]:
    """Warnings about quotes and records in client text, and whether one record begins inside the request line of another."""
    if line.count(b'"', start) == _QUOTES:
        return set(), False
    record = _RECORD_START.search(line, start, end)
    if record is None:
        return {"quote-in-client-text"}, False
    return {"quote-in-client-text", "embedded-record"}, record.end() <= closed


def _core(found: re.Match[bytes]) -> _Core:
    """The six fields of a match of `_SIX`."""
    status, error, sent, size, total, turn_around = found.groups()
    return _number(status), _token(error), _number(sent), _number(size), _number(total), _number(turn_around)


def _token(logged: bytes) -> bytes | None:
    """The field, or None for the dash that stands for no value."""
    return None if logged == b"-" else logged


def _number(digits: bytes) -> int | None:
    """The number that ASCII digits spell, or None for the dash."""
    return None if digits == b"-" else int(digits)


def _read_suffix(logged: bytes) -> tuple[_Known, _Token, int, tuple[str, ...]]:
    """Fields 18 to 27, what is left over, how many fields the whole line has, and warnings."""
    if logged and not logged.startswith(b" "):
        raise _DamagedError("text is glued to the last quote")
    tokens: list[bytes] = logged[1:].split(b" ") if logged else []
    if b"" in tokens:
        raise _DamagedError("two spaces in a row, or one at the end")
    count = _BEFORE_SUFFIX + len(tokens)
    if count < _KNOWN and count not in _COUNTS:
        raise _DamagedError(f"{count} fields: cut off or damaged (records have 17, 18, or 24 and more)")
    if count > _KNOWN and _RECORD_START.search(logged):
        raise _DamagedError("another record begins inside it")
    warnings: tuple[str, ...] = ()
    if count == _PRINCIPAL_ID_FIELDS and _PRINCIPAL_ID.match(tokens[1]) and _SIGNATURE.match(tokens[3]) and not _SIGNATURE.match(tokens[2]):
        # NOTE: for some weeks of 2019 S3 wrote the requester's principal id between version id and host id, one field more than the 24 of
        # that time. What would be the signature version then holds the host id. There is no column for it, so it is left out.
        del tokens[1]
        warnings = ("extra-principal-id",)
    known = [_token(token) for token in tokens[:10]]
    a, b, c, d, e, f, g, h, i, j = known + [None] * (10 - len(known))
    return (a, b, c, d, e, f, g, h, i, j), b" ".join(tokens[10:]) or None, count, warnings


def _disagreement(middle: _Middle) -> str:
    """Why a line is ambiguous, in words."""
    columns = zip(CORE_NAMES, zip(*middle.cores, strict=True), strict=True)
    differing = ", ".join(name for name, values in columns if len(set(values)) > 1)
    return f"{len(middle.cores)} readings differ in {differing}; {middle.note}"


def decode_key(operation: bytes, key_logged: bytes) -> str:
    r"""The object key: form-encoded twice in the log, once by bulk deletes (``BATCH.``) and S3's own actions (``S3.``).

    Bytes that are no UTF-8 become ``\xNN``, so a key that spells such an escape reads the same: evidence keeps the logged form.
    """
    once = unquote_to_bytes(key_logged.replace(b"+", b" "))
    return text(once if operation.startswith((b"BATCH.", b"S3.")) else unquote_to_bytes(once.replace(b"+", b" ")))


def text(value: bytes) -> str:
    r"""Logged bytes as text: UTF-8, any other byte as ``\xNN``."""
    return value.decode("utf-8", "backslashreplace")
