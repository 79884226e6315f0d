"""Objects that s3guard cannot look into are unreadable with their reason, however few lines they have; and none takes long to read."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import json
import lzma
import time
import zipfile
from collections.abc import Callable, Iterator

import pytest

from s3guard.formats import Part, Plain, Reading, catalog, claiming
from s3guard.formats import json as delivered
from s3guard.formats.json.record import Damage, read
from s3guard.sources import LogObject, UnreadableError
from tests import lines
from tests.deliveries import envelope, in_a_row, json_lines, record_of, written

LOG = b"".join(lines.record(request_id=b"R%d" % number).render() + b"\n" for number in range(300))
RECORDS = [record_of(line) for line in LOG.splitlines()]


def zipped(data: bytes) -> bytes:
    sunk = io.BytesIO()
    with zipfile.ZipFile(sunk, "w", zipfile.ZIP_DEFLATED) as folder:
        folder.writestr("a.log", data)
    return sunk.getvalue()


def taken(data: bytes, size: int = 1 << 16, fault: str | None = None) -> tuple[list[Part], Reading]:
    """The parts of an object whose bytes come in pieces."""

    def pieces() -> Iterator[bytes]:
        yield from (data[start : start + size] for start in range(0, len(data), size))
        if fault is not None:
            raise UnreadableError(fault)

    reading = Reading()
    plain = Plain(LogObject("o", "o", None, "elsewhere"), pieces(), reading)
    found = list(catalog()[claiming(plain.head)].parts(plain))
    return [part for part in found if isinstance(part, Part)], reading


OTHERS: dict[str, Callable[[bytes], bytes]] = {
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zip": zipped,
    "base64": lambda data: base64.b64encode(gzip.compress(data)),
    "UTF-16": lambda data: data.decode().encode("utf-16"),
    "a JSON array": lambda _: json.dumps(RECORDS).encode(),
    "JSON of others": lambda _: json.dumps({"Records": [{"eventTime": "2026-10-01T00:00:00Z", "eventName": "GetObject"}]}).encode(),
    "encrypted Parquet": lambda data: b"PARE" + gzip.compress(data) + b"PARE",
}


@pytest.mark.parametrize("kind", OTHERS)
def test_an_object_in_which_nothing_is_a_record_is_unreadable(kind: str) -> None:
    _, reading = taken(OTHERS[kind](LOG))
    (one,) = reading.unreadable
    assert "record" in one.reason


@pytest.mark.parametrize(
    "data", [b"", b"\n\n", b"Permission Check Successful", LOG, b"noise\n" * 99 + LOG, json_lines([written(RECORDS[0])])]
)
@pytest.mark.parametrize("size", [1, 7, 1 << 16])
def test_one_that_holds_a_record_or_nothing_is_not(data: bytes, size: int) -> None:
    assert [] == taken(data, size)[1].unreadable


@pytest.mark.parametrize(
    "document",
    [json.dumps({"events": [{"message": written(one)} for one in RECORDS]}), json.dumps({"Records": RECORDS}), json.dumps(RECORDS)],
)
def test_a_document_of_others_counts_for_all_the_records_that_it_may_hold(document: str) -> None:
    found = read(document.encode())
    assert isinstance(found, Damage)
    assert 300 == found.holds


def test_what_could_be_read_of_an_object_that_is_cut_short_is_whole_documents() -> None:
    documents = [written(one) for one in RECORDS[:5]]
    parts, reading = taken(in_a_row(documents)[:-1], fault="cut short")
    assert ["cut short"] == [one.reason for one in reading.unreadable]
    assert "".join(documents[:4]) == b"".join(part.data for part in parts).decode().strip()
    assert {"unterminated-line": 1} == reading.warnings


def test_a_document_that_is_longer_than_any_is_unreadable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivered, "LONGEST", 5_000)
    monkeypatch.setattr(delivered, "_LINE", 2_000)
    parts, reading = taken(envelope(written(one) for one in RECORDS).encode(), 100)
    assert ["a JSON document of more than 64 MiB"] == [one.reason for one in reading.unreadable]
    assert max(len(part.data) for part in parts) < 8_000


@pytest.mark.parametrize("start", [b'{"request_time":"', b"0123456789abcdef "])
def test_a_long_line_in_small_pieces_costs_as_much_as_it_is_long(start: bytes) -> None:
    started = time.process_time()
    taken(start + b"x" * 3_000_000, 40)
    assert time.process_time() - started < 5


def test_pieces_of_nothing_cost_as_much_as_they_are_many() -> None:
    started = time.process_time()
    taken(gzip.compress(b"{abcd") + gzip.compress(b"") * 40_000)
    taken(gzip.compress(b"{") * 40_000)
    assert time.process_time() - started < 10
