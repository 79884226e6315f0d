"""JSON records in every form in which they arrive: the same records, each with its place, and none lost for a broken neighbour."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from s3guard import blocks, formats, sources
from s3guard.formats import Parsers, Reading
from s3guard.formats import json as delivered
from s3guard.parsed import Parsed, Quarantined
from s3guard.sources import local
from s3guard.vocabulary import Vocabulary
from tests import lines
from tests.deliveries import FORMS, envelope, in_a_row, json_lines, record_of, stamped, subscribed, written


def some(count: int, **changes: Any) -> list[str]:
    """Documents, each with a request id of its own."""
    found = [record_of(lines.record(request_id=b"R%d" % number, **changes).render(), number % 1000) for number in range(count)]
    return [written(record) for record in found]


class Seen:
    """What became of an object."""

    def __init__(self, data: bytes, folder: Path) -> None:
        (folder / "o").write_bytes(data)
        self.reading, self.vocabulary = Reading(), Vocabulary()
        self.rows: list[tuple[str, int]] = []
        self.quarantined: list[Quarantined] = []
        self.warnings: dict[str, int] = {}
        self.forms: set[str] = set()
        parsers = Parsers(self.vocabulary)
        self.blocks = list(blocks.blocks(sources.objects([str(folder / "o")], str(folder)), self.reading))
        for block in self.blocks:
            self.forms.add(block.form)
            self._take(parsers.parse(block))
        self.damaged = sum(parsers.parse(block).damaged for block in self.blocks)

    def _take(self, parsed: Parsed) -> None:
        assert (0, 0) == (parsed.records.height, parsed.readings.height) or self.forms != {"json"}
        if parsed.delivered is not None:
            self.rows += parsed.delivered.select("request_id", "line").rows()
        self.quarantined += parsed.quarantined
        for kind, count in parsed.warnings.items():
            self.warnings[kind] = self.warnings.get(kind, 0) + count

    @property
    def ids(self) -> list[str]:
        return [name for name, _ in sorted(self.rows, key=lambda row: int(str(row[0])[1:]))]


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "plain": lambda data: data,
    "gzip": gzip.compress,
    "twice": lambda data: gzip.compress(gzip.compress(data)),
    "zstd": lambda data: zstandard.ZstdCompressor().compress(data),
}


@pytest.mark.parametrize("packed", PACKED)
@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_every_record(form: str, packed: str, tmp_path: Path) -> None:
    if (form, packed) == ("subscription", "twice"):
        packed = "gzip"  # each message is packed by itself already
    seen = Seen(PACKED[packed](FORMS[form](some(60))), tmp_path)
    assert ({"json"}, [], 0) == (seen.forms, seen.reading.unreadable, seen.damaged)
    assert [f"R{number}" for number in range(60)] == seen.ids
    assert ({"control-message": 1} if form == "subscription" else {}) == seen.warnings


def test_lines_are_numbered_as_lines_however_many_documents_one_has(tmp_path: Path) -> None:
    a, b, c, d, e = some(5)
    seen = Seen(f"\n{a}{b}\n\n{c}\n{d}  {e}".encode(), tmp_path)
    assert [("R0", 2), ("R1", 2), ("R2", 4), ("R3", 5), ("R4", 5)] == sorted(seen.rows)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("size", [300, 3_000])
def test_it_makes_no_difference_where_blocks_are_cut(form: str, size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    documents = some(40, user_agent=b'x}{"y":')
    whole = Seen(FORMS[form](documents), tmp_path)
    monkeypatch.setattr(blocks, "SIZE", size)
    monkeypatch.setattr(delivered, "_LINE", size)
    monkeypatch.setattr(local, "_PIECE", 777)
    monkeypatch.setattr(local, "_FIRST", 777, raising=False)
    cut = Seen(FORMS[form](documents), tmp_path)
    assert sorted(whole.rows) == sorted(cut.rows)
    assert 40 == len(cut.rows)
    assert [] == cut.quarantined


AGENTS = ["}{", '}{"', '"}{"a":', '}{"bucket_name":"other","request_time":"2026-10-01T00:00:00.000Z"}', "\\", '\\"', "\n", "\r\n", "\u2028"]
AGENTS += ['{"messageType":"DATA_MESSAGE","logEvents":[]}', "2026-10-01T00:00:00.000Z {", "\x00\x1e\x1d\x1c\x01", "é", "'" * 300]


@pytest.mark.parametrize("form", FORMS)
def test_no_client_can_end_a_document_or_begin_one(form: str, tmp_path: Path) -> None:
    documents = []
    for number, document in enumerate(some(3 * len(AGENTS))):
        agent = AGENTS[number % len(AGENTS)]
        documents.append(written(json.loads(document) | {"user_agent": agent, "request_uri": f"GET /{agent} HTTP/1.1", "referer": agent}))
    seen = Seen(FORMS[form](documents), tmp_path)
    assert [f"R{number}" for number in range(len(documents))] == seen.ids
    assert (0, []) == (seen.damaged, seen.quarantined)


BROKEN = [
    b"{",
    b"}",
    b"null",
    b"noise",
    b'{"requester":"x"}',
    b'{"bucket_name":"b","bucket_name":"c"}',
    b'{"a":' + b"[" * 3000,
    b'{"bucket_name":"b","request_time":"2026-10-01T00:00:00.000Z","http_status":NaN}',
    b'{"bucket_name":"b","request_time":"2026-10-01T00:00:00.000Z","requester":{"a":{}}}',
    b"\xff\xfe",
    b'"\x00"',
    lines.ORDINARY.render(),
]


@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize("form", [json_lines, stamped])
def test_a_broken_line_is_quarantined_with_its_place_and_its_neighbours_are_there(
    form: Callable[[Sequence[str]], bytes], broken: bytes, tmp_path: Path
) -> None:
    whole = form(some(40)).split(b"\n")
    seen = Seen(b"\n".join([*whole[:20], broken, *whole[20:]]), tmp_path)
    assert [f"R{number}" for number in range(40)] == seen.ids
    assert [(21, "quarantined", broken)] == [(line.line, line.status, line.data) for line in seen.quarantined]
    assert 1 == seen.damaged


def test_a_document_that_is_cut_off_takes_none_of_its_row_along(tmp_path: Path) -> None:
    documents = some(40)
    seen = Seen(in_a_row([*documents[:20], documents[20][:-30], *documents[21:]]), tmp_path)
    assert [f"R{number}" for number in range(40) if number != 20] == seen.ids
    assert [1] == [line.line for line in seen.quarantined]


@pytest.mark.parametrize("form", ["lines", "row", "stamped"])
def test_an_object_that_ends_in_the_middle_is_told_of(form: str, tmp_path: Path) -> None:
    seen = Seen(FORMS[form](some(20))[:-30], tmp_path)
    assert [f"R{number}" for number in range(19)] == seen.ids
    assert ["truncated: the object ends inside this line"] == [line.reason.partition(" (")[0] for line in seen.quarantined]


def test_a_last_line_without_a_newline_is_a_line(tmp_path: Path) -> None:
    seen = Seen(json_lines(some(20))[:-1], tmp_path)
    assert ([], 20, {}) == (seen.quarantined, len(seen.rows), seen.warnings)


def test_packed_data_that_is_cut_short_is_unreadable_and_what_came_before_is_there(tmp_path: Path) -> None:
    seen = Seen(gzip.compress(json_lines(some(200)))[:-300], tmp_path)
    assert ["cut short: the gzip data ends in the middle"] == [one.reason for one in seen.reading.unreadable]
    assert 0 < len(seen.rows) < 200


def test_what_a_subscription_sends_that_holds_no_record_is_quarantined_or_told_of(tmp_path: Path) -> None:
    (document,) = some(1)
    odd = [f"\n {document}\n", document.replace('"R0"', '"\\ud800"')]
    wrapped = [envelope([document, "noise", 7]), envelope([envelope([document])]), envelope(odd)]
    seen = Seen(in_a_row(wrapped), tmp_path)
    assert 3 == len(seen.rows)
    reasons = ["not JSON: expecting value at character 1", "1 event without a message", "a message of CloudWatch Logs within another"]
    assert sorted(reasons) == sorted(line.reason for line in seen.quarantined)


def test_the_end_of_an_envelope_that_is_missing_counts_for_all_that_it_may_have_held(tmp_path: Path) -> None:
    seen = Seen(envelope(some(9)).encode()[:-9] + b"\n" + json_lines(some(3)), tmp_path)
    assert (9, 1, 3) == (seen.damaged, len(seen.quarantined), len(seen.rows))


def test_carriage_returns_and_byte_order_marks_are_passed_over(tmp_path: Path) -> None:
    seen = Seen(b"\xef\xbb\xbf" + json_lines(some(20)).replace(b"\n", b"\r\n"), tmp_path)
    assert (20, {"carriage-return": 20}, {"byte-order-mark": 1}) == (len(seen.rows), seen.warnings, seen.reading.warnings)


def test_a_document_that_never_ends_costs_no_more_memory_than_its_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivered, "_LINE", 4_000)
    monkeypatch.setattr(delivered, "LONGEST", 9_000)
    monkeypatch.setattr(local, "_PIECE", 1_000)
    monkeypatch.setattr(local, "_FIRST", 1_000, raising=False)
    (first, *others) = some(4)
    seen = Seen(first.encode() + b'{"user_agent":"' + b"x" * 50_000 + b'"}' + in_a_row(others) + b"\n" + json_lines(others), tmp_path)
    assert max(len(block.data) for block in seen.blocks) < 20_000
    assert {"R0", "R1", "R2", "R3"} == {name for name, _ in seen.rows}
    assert seen.damaged


@given(st.binary(max_size=200))
def test_formats_claim_each_object_and_no_other_claims_a_line_of_log(head: bytes) -> None:
    assert formats.claiming(head) in formats.catalog()
    assert "classic" == formats.claiming(lines.ORDINARY.render()[:256])
    assert "classic" == formats.claiming(b"")


@pytest.mark.parametrize("form", FORMS)
def test_json_is_known_by_its_first_bytes(form: str) -> None:
    data = FORMS[form](some(3))
    head = gzip.decompress(data) if form == "subscription" else data
    assert "json" == formats.claiming(head[:256])
    assert "json" == formats.claiming(b"\r\n  " + head[:200])


def test_cross_checks_hold_of_what_is_carried_alone(tmp_path: Path) -> None:
    odd = {"authentication_type": None, "http_status": 404, "tls_version": None}
    records = [json.loads(document) | odd for document in some(30)]
    assert {"requester-authentication": 30, "signature-authentication": 30, "status-error-code": 30, "tls-cipher": 30} == Seen(
        json_lines([written(record) for record in records]), tmp_path
    ).warnings
    fewer = [{field: value for field, value in record.items() if field not in ("error_code", "cipher_suite")} for record in records]
    assert {"requester-authentication": 30, "signature-authentication": 30} == Seen(
        json_lines([written(record) for record in fewer]), tmp_path
    ).warnings


def test_a_record_of_a_newer_schema_is_read_and_told_of(tmp_path: Path) -> None:
    records = [json.loads(document) | {"schema_version_id": "V_2_0", "new_field": "x"} for document in some(30)]
    seen = Seen(json_lines([written(record) for record in records]), tmp_path)
    assert (30, {"newer-schema": 30}) == (len(seen.rows), seen.warnings)
    assert any(text.endswith("\x1fnew_field=x") for text in seen.vocabulary["tail"].values)


def test_objects_of_several_formats_in_one_run_each_have_their_own_lines(tmp_path: Path) -> None:
    for number, data in enumerate([json_lines(some(3)), lines.ORDINARY.render() + b"\n", in_a_row(some(2)), subscribed(some(2)), b""]):
        (tmp_path / f"o{number}").write_bytes(data)
    made = list(blocks.blocks(sources.objects([str(tmp_path)], str(tmp_path)), Reading()))
    assert [("json", ("o0",)), ("classic", ("o1",)), ("json", ("o2", "o3"))] == [(block.form, block.objects) for block in made]
    parsers = Parsers(Vocabulary())
    counts = [(parsed.records.height, pl.DataFrame(parsed.delivered).height) for parsed in map(parsers.parse, made)]
    assert [(0, 3), (1, 0), (0, 4)] == counts
