"""Records as S3 delivers them to CloudWatch Logs: JSON, in the forms in which they arrive in a bucket from there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

import polars as pl

from s3guard.aside import Lines, set_aside
from s3guard.crosschecks import Checks
from s3guard.formats import Part, Plain
from s3guard.formats.json.physical import columns_of, physical
from s3guard.formats.json.record import Damage, Envelope, Record, read
from s3guard.formats.json.template import Template, decode, frame_of, template_of
from s3guard.formats.json.unwrap import BOUNDARY, apart, several, unstamped
from s3guard.origin import Block, Origin
from s3guard.outputs import plural
from s3guard.parse import SHORTEST
from s3guard.parsed import Parsed, Quarantined
from s3guard.physical import nothing
from s3guard.reading import MAX_LINE
from s3guard.sources import UnreadableError
from s3guard.vocabulary import Vocabulary

ORDER = 1

LONGEST: Final = 64 << 20
"""Bytes of the longest document that is read; a message of CloudWatch Logs holds many records."""
_LINE: Final = 16 << 20
"""Bytes of a line that is cut between its documents, so that memory is that of a block."""
_HEAD: Final = re.compile(rb"[ \t\r\n]*(?:[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,15}Z[ \t]+)?\{")
_OURS: Final = re.compile(rb"request_time|messageType")
"""Part of every record and of every message of a subscription; in a message that is a text of another document, too."""
_ROUNDS: Final = 8
"""Templates that are tried on the documents of one block."""
_PROBES: Final = 8
"""Documents that are read to find one."""
_FEW: Final = 16
"""Documents for which it is not worth while."""


def claims(head: bytes) -> bool:
    """What begins with a brace, or with a time and a brace: no bucket owner does."""
    return _HEAD.match(head) is not None


def parts(plain: Plain) -> Iterator[Part]:
    """Whole lines; a line that is longer than a block in pieces, each of whole documents."""
    cutter = _Cutter()
    try:
        for data in plain:
            yield from cutter.add(data)
    except UnreadableError as error:
        plain.unreadable(str(error))
        whole, rest = _documents(b"".join(cutter.held))
        yield from cutter.part(whole)
        if rest:
            plain.reading.warn("unterminated-line")
        return
    yield from cutter.part(b"".join(cutter.held), torn=True)
    if cutter.is_longest:
        plain.unreadable("a JSON document of more than 64 MiB")
    elif plain.size >= SHORTEST and not cutter.is_ours:
        plain.unreadable("JSON without any record as S3 delivers them")


@dataclass(slots=True)
class _Cutter:
    """Cuts an object into parts, and knows what it looked like."""

    held: list[bytes] = field(default_factory=list)
    """What came of a line that has not ended."""
    is_ours: bool = False
    """Whether anything in the parts may be a record."""
    is_longest: bool = False
    """Whether a document was longer than any that is read."""
    _size: int = 0
    _due: int = field(default_factory=lambda: _LINE)
    """How long the line may be before it is cut. NOTE: not looked at for each piece of it, which may be a small one."""

    def add(self, data: bytes) -> Iterator[Part]:
        """The parts that are whole now."""
        cut = data.rfind(b"\n") + 1
        if cut:
            yield from self.part(b"".join((*self.held, memoryview(data)[:cut])) if self.held or cut < len(data) else data)
            self.held, self._size, self._due = [], 0, _LINE
        if cut < len(data):
            self.held.append(data[cut:])
            self._size += len(data) - cut
        if self._size >= self._due:
            whole, rest = _documents(b"".join(self.held))
            yield from self.part(whole, continued=True)
            self.is_longest = self.is_longest or len(rest) > LONGEST
            self.held, self._size = [rest[:LONGEST]], min(len(rest), LONGEST)
            self._due = self._size + _LINE

    def part(self, data: bytes, *, continued: bool = False, torn: bool = False) -> Iterator[Part]:
        """A part of these bytes, if there are any."""
        if data:
            self.is_ours = self.is_ours or _OURS.search(data) is not None
            yield Part(data if data.endswith(b"\n") else data + b"\n", torn, continued)


def _documents(line: bytes) -> tuple[bytes, bytes]:
    """The documents of a line but for its last one, which may go on, and that one."""
    end = 0
    for match in BOUNDARY.finditer(line):
        end = match.start() + 1
    return line[:end], line[end:]


@dataclass(slots=True)
class _Found:
    """What documents turned out to be."""

    frames: list[pl.DataFrame] = field(default_factory=list)
    """Of `template.SCHEMA` and ``row``, the place of the line in the block."""
    records: list[tuple[int, Record]] = field(default_factory=list)
    keeps: bool = True
    """Whether documents that are no records are kept, not counted alone."""
    damages: list[tuple[int, Damage, bytes]] = field(default_factory=list)
    """Those that are kept."""
    damaged: dict[int, int] = field(default_factory=dict)
    """How many records they may have held, kept or not, by the place of their line."""
    messages: list[tuple[int, str]] = field(default_factory=list)
    warnings: dict[str, int] = field(default_factory=dict)

    def warn(self, kind: str, count: int = 1) -> None:
        """Count a warning."""
        if count:
            self.warnings[kind] = self.warnings.get(kind, 0) + count

    def damage(self, row: int, damage: Damage, data: bytes) -> None:
        """Take a document that is no record."""
        self.damaged[row] = self.damaged.get(row, 0) + damage.holds
        if self.keeps:
            self.damages.append((row, damage, data))

    def rows(self) -> pl.DataFrame:
        """All records."""
        places = pl.Series("row", [row for row, _ in self.records], pl.UInt32)
        return pl.concat([*self.frames, frame_of([record for _, record in self.records]).with_columns(places)])


class Parser:
    """Parses blocks of one worker, with one vocabulary."""

    def __init__(self, vocabulary: Vocabulary, texts: Iterable[str] = (), *, keep: bool = True) -> None:
        """Arguments as those of `parse.Parser`."""
        self._vocabulary, self._keep = vocabulary, keep
        self._texts = frozenset(texts)
        self._columns = columns_of(self._texts)
        self._checks = Checks(vocabulary)
        self._nothing = nothing(self._texts)

    def parse(self, block: Block, objects: int = 0, lines: int = 0) -> Parsed:
        """Every document of the block as a record or a quarantined one; see `parse.Parser.parse`."""
        found = _Found(keeps=self._keep)
        held = set_aside(block.data, block.texts)
        self._read_lines(found, unstamped(pl.DataFrame([held.texts.alias("text"), held.rows])))
        for row, line in held.odd.items():
            self._read_odd(found, row, line)
        self._unwrap(found)
        origin = Origin(block.pieces, objects, lines)
        made = physical(found.rows(), self._vocabulary, self._texts)
        for kind, count in self._checks.count(made, "carried").items():
            found.warn(kind, count)
        found.warn("newer-schema", int(made["is_newer"].sum()))
        return Parsed(
            self._nothing,
            self._nothing,
            _quarantined(found, origin, _torn(held, origin)) if self._keep else [],
            found.warnings,
            _damaged(found, origin),
            made.with_columns(origin.columns(made["row"])).select(self._columns),
            self._carried(made),
        )

    def _carried(self, made: pl.DataFrame) -> dict[str, int]:
        names = self._vocabulary["bucket"].values
        return {names[code]: bits for code, bits in made.group_by("bucket").agg(pl.col("carried").bitwise_or()).iter_rows()}

    def _read_lines(self, found: _Found, lines: pl.DataFrame) -> None:
        """Lines of one or several documents."""
        left = _read_alike(found, lines)
        if left.height:
            parts, left = several(left)
            left = pl.concat([_read_alike(found, parts), left])
        for text, row in left.iter_rows():
            _read_with_care(found, row, text.encode())

    def _read_odd(self, found: _Found, row: int, line: bytes) -> None:
        """A line that is long, or holds what a splitter could misread."""
        if len(line) <= MAX_LINE:
            if line.endswith(b"\r"):
                found.warn("carriage-return")
            for one in apart(line):
                _read_with_care(found, row, one)
            return
        plain: list[bytes] = []
        others: list[bytes] = []
        for one in apart(line):
            (plain if one.isascii() and len(one) <= MAX_LINE else others).append(one)
        texts = pl.Series("text", [one.decode() for one in plain], pl.String)
        self._read_lines(found, pl.DataFrame([texts, pl.Series("row", [row], pl.UInt32).new_from_index(0, len(texts))]))
        for one in others:
            _read_with_care(found, row, one)

    def _unwrap(self, found: _Found) -> None:
        """Read the messages that subscriptions wrapped, in which none is wrapped again."""
        messages, found.messages = found.messages, []
        plain = [(text, row) for row, text in messages if _is_plain(text)]
        self._read_lines(found, pl.DataFrame(plain, schema={"text": pl.String, "row": pl.UInt32}, orient="row"))
        for row, text in messages:
            if not _is_plain(text):
                _read_with_care(found, row, text.encode("utf-8", "surrogateescape" if _holds_bytes(text) else "surrogatepass"))
        for row, _ in found.messages:
            found.damage(row, Damage("a message of CloudWatch Logs within another"), b"")


def _is_plain(message: str) -> bool:
    """Whether a splitter cannot misread a message."""
    return message.isascii() and message.isprintable()


def _holds_bytes(message: str) -> bool:
    """Whether all surrogates of a message are bytes that are no UTF-8."""
    return not re.search("[\ud800-\udc7f\udd00-\udfff]", message)


def _damaged(found: _Found, origin: Origin) -> dict[int, int]:
    """Documents that are no records, by their object."""
    counts: dict[int, int] = {}
    for row, count in found.damaged.items():
        place = origin.objects + origin.of(row)[0]
        counts[place] = counts.get(place, 0) + count
    return counts


def _torn(held: Lines, origin: Origin) -> dict[int, bytes]:
    """Lines without a newline of their own, by their place in the block."""
    cut = set(origin.cut)
    plain = pl.DataFrame([held.rows, held.texts.alias("text")]).filter(held.rows.is_in(origin.cut)) if cut else pl.DataFrame()
    return {row: line for row, line in held.odd.items() if row in cut} | {row: text.encode() for row, text in plain.iter_rows()}


def _quarantined(found: _Found, origin: Origin, torn: dict[int, bytes]) -> list[Quarantined]:
    """In the order of the lines."""
    told: list[Quarantined] = []
    for row, damage, data in sorted(found.damages, key=lambda one: one[0]):
        place, line, _ = origin.of(row)
        is_cut = bool(data) and row in torn and torn[row].endswith(data) and not data.endswith(b"}")
        reason = f"truncated: the object ends inside this line ({damage.reason})" if is_cut else damage.reason
        told.append(Quarantined(place, line, "quarantined", reason, data))
    return told


def _read_alike(found: _Found, documents: pl.DataFrame) -> pl.DataFrame:
    """Read those documents that are alike; the others."""
    wrapped = documents["text"].str.contains('"logEvents"', literal=True)
    left, others = (documents.filter(~wrapped), documents.filter(wrapped)) if wrapped.any() else (documents, documents.clear())
    for _ in range(_ROUNDS):
        template = _template(left["text"]) if left.height >= _FEW else None
        if template is None:
            break
        records, proved = decode(left["text"], template)
        if not records.height:
            break
        found.frames.append(records.with_columns(left["row"].filter(proved)))
        left = left.filter(~proved)
    return pl.concat([left, others])


def _template(texts: pl.Series) -> Template | None:
    """The template of the first document that has one."""
    for text in texts.head(_PROBES):
        record = read(text.encode(), whole=True)
        if isinstance(record, Record) and (template := template_of(text, record)) is not None:
            return template
    return None


def _read_with_care(found: _Found, row: int, data: bytes) -> None:
    """One document; where it is broken and others follow it, those as well."""
    document = read(data)
    if isinstance(document, Record):
        found.records.append((row, document))
    elif isinstance(document, Envelope):
        found.messages += [(row, message) for message in document.messages]
        if document.lacking:
            found.damage(row, Damage(f"{plural(document.lacking, 'event')} without a message", document.lacking), b"")
        if document.is_control:
            found.warn("control-message")
    elif len(others := apart(data)) > 1:
        for one in others:
            _read_with_care(found, row, one)
    else:
        found.damage(row, document, data)
