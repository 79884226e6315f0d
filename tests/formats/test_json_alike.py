"""Both ways to read JSON documents say the same: many at once, and one by one."""

from __future__ import annotations

import json
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3guard.formats.json import _FEW, Parser
from s3guard.formats.json.physical import physical
from s3guard.formats.json.record import Damage, Record, read
from s3guard.formats.json.template import SCHEMA, Template, decode, frame_of, template_of
from s3guard.origin import Block, Piece
from s3guard.physical import TEXTS
from s3guard.records import JSON_NAMES
from s3guard.vocabulary import Vocabulary
from tests import lines
from tests.deliveries import FIELDS, record_of, written

ORDINARY = record_of(lines.ORDINARY.render(), 250)
assert ORDINARY is not None

_TEXT = st.one_of(
    st.none(),
    st.sampled_from(
        ["", "-", "a b", "}{", '}{"a":', '"', "\\", "\\n", "{", "null", "é\u2028", "\x7f", "\x00", "\x1f", "=1+1", "%2B+", "x" * 40]
    ),
    st.text(max_size=8),
)
_NUMBER = st.one_of(st.none(), st.integers(0, 10**18 + 5), st.sampled_from([0, 99, 100, 200, 999, 1000, -1, 2**63, 10**30, 1.5, True, "7"]))
_ODD = st.one_of(_TEXT, _NUMBER, st.lists(st.integers(), max_size=2), st.dictionaries(st.text(max_size=3), st.none(), max_size=2))
_TIME = st.one_of(
    st.datetimes().map(lambda time: time.strftime("%Y-%m-%dT%H:%M:%S.") + f"{time.microsecond // 1000:03}Z"),
    st.sampled_from(["2026-10-01T00:00:00Z", "2026-10-01T00:00:00.123456+02:00", "2026-02-30T00:00:00.000Z", "2026-10-01 00:00:00", ""]),
)


@st.composite
def members(draw: st.DrawFn) -> dict[str, Any]:
    """A record with other values, fewer fields or further ones."""
    record = dict(ORDINARY or {})
    for field in draw(st.lists(st.sampled_from(FIELDS), max_size=4)):
        kind = _TIME if field == "request_time" else _NUMBER if field.endswith(("status", "size", "duration")) else _TEXT
        record[field] = draw(st.one_of(kind, kind, kind, kind, _ODD))
    for field in draw(st.lists(st.sampled_from(FIELDS), max_size=3)):
        record.pop(field, None)
    if draw(st.booleans()):
        record |= draw(st.dictionaries(st.sampled_from(["new_field", "a", "a-b", "^.*$", "t", "carried"]), _ODD, max_size=2))
    return record


@st.composite
def documents(draw: st.DrawFn) -> str:
    """A document, in any spelling."""
    record, spelling = draw(members()), draw(st.sampled_from([(",", ":"), (",", ":"), (", ", ": ")]))
    text = json.dumps(record, separators=spelling, ensure_ascii=draw(st.booleans()))
    twice = draw(st.integers(0, 12))
    if twice == 0:
        text = text.replace("{", '{"requester":"arn:aws:iam::111122223333:user/ann",', 1)
    if twice == 1:
        text = text.replace(":200", ":2e2").replace(",", " ,", 1)
    return text.encode("utf-8", "replace").decode()


def carefully(texts: list[str]) -> list[Record | None]:
    found = [read(text.encode(), whole=True) for text in texts]
    assert all(isinstance(one, Record | Damage) for one in found)
    return [one if isinstance(one, Record) else None for one in found]


@given(st.lists(documents(), min_size=1, max_size=12))
def test_what_is_proved_is_what_a_careful_reader_reads(texts: list[str]) -> None:
    records = carefully(texts)
    for template in {made for text, one in zip(texts, records, strict=True) if one and (made := template_of(text, one))}:
        frame, proved = decode(pl.Series(texts, dtype=pl.String), template)
        expected = [one for one, is_proved in zip(records, proved, strict=True) if is_proved]
        assert [one for one in expected if one is None] == []
        assert frame_of([one for one in expected if one]).to_dicts() == frame.select(*SCHEMA).to_dicts()


@given(st.lists(members().map(written), min_size=1, max_size=5))
def test_a_template_gives_back_the_document_that_it_is_of(texts: list[str]) -> None:
    texts = [text.encode("utf-8", "replace").decode() for text in texts]
    for text, one in zip(texts, carefully(texts), strict=True):
        if one and (template := template_of(text, one)) is not None:
            _, proved = decode(pl.Series([text]), template)
            assert [not _is_unusual(one)] == proved.to_list()


def _is_unusual(record: Record) -> bool:
    """A time or a text that is read with care alone."""
    time = dict(record.members)["request_time"]
    text = json.dumps(record.members, ensure_ascii=False)
    return not str(time).endswith("Z") or str(time)[:2] not in ("19", "20") or "\\" in text


def test_a_template_is_known_by_its_first_document_and_proves_the_others() -> None:
    texts = [written(record_of(lines.record(request_id=b"R%d" % number).render(), number)) for number in range(5)]
    (one,) = carefully(texts[:1])
    assert one is not None
    template = template_of(texts[0], one)
    assert isinstance(template, Template)
    assert (True, FIELDS) == (template.is_explicit, template.members)
    frame, proved = decode(pl.Series(texts), template)
    assert proved.all()
    assert [f"R{number}" for number in range(5)] == frame["request_id"].to_list()


@pytest.mark.parametrize("nulls", [True, False])
@pytest.mark.parametrize("spelling", [(":", ","), (": ", ", ")])
def test_a_whole_delivery_is_read_many_at_once(*, nulls: bool, spelling: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("read with care")

    logged = [lines.record(core=(b"200", b"-", b"-", b"5", b"1", b"1")), lines.record(), lines.bare(), lines.record(suffix=lines.ANONYMOUS)]
    texts = [written(record_of(logged[number % 4].render(), nulls=nulls), *spelling) for number in range(4 * _FEW)]
    monkeypatch.setattr("s3guard.formats.json._read_with_care", refuse)
    parsed = Parser(Vocabulary()).parse(block(texts))
    assert parsed.delivered is not None
    assert (len(texts), 0) == (parsed.delivered.height, parsed.damaged)


def block(texts: list[str]) -> Block:
    return Block("".join(f"{text}\n" for text in texts).encode(), (Piece(0, 1, len(texts)),), ("o",), form="json")


@given(st.lists(documents(), min_size=1, max_size=4))
def test_a_frame_has_the_same_records_in_whatever_company_they_were_read(texts: list[str]) -> None:
    """Once alone, so that all are read with care, and once with many that are alike beside them."""
    company = [written(ORDINARY)] * (2 * _FEW)
    alone, among = (Parser(Vocabulary(), (*TEXTS, "user_agent")).parse(block(many)) for many in (texts, texts + company))
    assert alone.damaged == among.damaged
    assert [line.line for line in alone.quarantined] == [line.line for line in among.quarantined]
    assert alone.delivered is not None
    assert among.delivered is not None
    mine = among.delivered.filter(pl.col("line") <= len(texts))
    assert alone.delivered.height == mine.height
    plain = [name for name, dtype in alone.delivered.schema.items() if dtype != pl.UInt32 or name == "line"]
    assert alone.delivered.select(plain).sort("line").to_dicts() == mine.select(plain).sort("line").to_dicts()


@pytest.mark.parametrize("bad", ["x^", "x\x01abc"])
def test_a_line_that_begins_as_packed_data_does_is_no_document_and_spoils_none_beside_it(bad: str) -> None:
    parsed = Parser(Vocabulary()).parse(block([bad, *[written(ORDINARY)] * (4 * _FEW)]))
    assert parsed.delivered is not None
    assert (4 * _FEW, 1) == (parsed.delivered.height, parsed.damaged)


@pytest.mark.parametrize("many", [_FEW, 2 * _FEW, 4 * _FEW, 8 * _FEW])
def test_lines_that_are_no_documents_spoil_none_beside_them_wherever_they_stand(many: int) -> None:
    parsed = Parser(Vocabulary()).parse(block(["bad", *[written(ORDINARY)] * many, "{bad"]))
    assert parsed.delivered is not None
    assert (many, 2) == (parsed.delivered.height, parsed.damaged)


def test_every_field_of_a_record_has_its_column() -> None:
    record = {field: 200 if field == "http_status" else 5 if field.endswith(("size", "duration")) else f"the {field}" for field in FIELDS}
    record |= {"request_time": "2026-10-01T12:00:00.999Z", "bucket_arn": "arn:aws:s3:::the bucket_name"}
    one = read(json.dumps(record).encode())
    assert isinstance(one, Record)
    vocabulary = Vocabulary()
    frame = frame_of([one]).with_columns(pl.lit(0, pl.UInt32).alias("row"))
    row = physical(frame, vocabulary, (*TEXTS, "user_agent")).row(0, named=True)
    assert 1790856000 == row["t"]
    for name, field in JSON_NAMES.items():
        value: Any = row.get({"key": "key_logged"}.get(name, name))
        if name in vocabulary.dictionaries:
            value = vocabulary[name].values[value]
        if value is not None and name != "time":
            assert (record[field]) == value, name
    assert "\x1f27\x1f" + "\x1f".join(f"the {name}" for name in list(JSON_NAMES)[19:]) + "\x1f" == vocabulary["tail"].values[row["tail"]]
