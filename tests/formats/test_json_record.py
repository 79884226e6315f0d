"""One JSON document: what is a record, what wraps others, and what is neither."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3guard.formats.json.physical import key_of
from s3guard.formats.json.record import Damage, Envelope, Record, read
from s3guard.records import COLUMN_BITS, JSON_NAMES
from tests.deliveries import envelope, record_of, written
from tests.lines import ORDINARY

RECORD = record_of(ORDINARY.render())
assert RECORD is not None
NAMES = {field: name for name, field in JSON_NAMES.items()}


def changed(**values: Any) -> bytes:
    return written({**(RECORD or {}), **values}).encode("utf-8", "surrogatepass")


def record(data: bytes) -> Record:
    found = read(data)
    assert isinstance(found, Record), found
    return found


def reason(data: bytes) -> str:
    found = read(data)
    assert isinstance(found, Damage), found
    return found.reason


@given(st.one_of(st.binary(max_size=80), st.text(max_size=80).map(lambda text: text.encode("utf-8", "surrogatepass"))))
def test_no_bytes_break_it(data: bytes) -> None:
    assert isinstance(read(data), Damage)
    assert isinstance(read(b'{"bucket_name":' + data + b"}"), Damage)


def test_a_record_has_the_values_of_its_fields() -> None:
    found = record(changed())
    expected = {NAMES[field]: value for field, value in (RECORD or {}).items() if field in NAMES and value is not None}
    assert found.values == expected | {"time": 1549411238}
    assert (found.carried, found.extra, found.is_newer) == (sum(COLUMN_BITS.values()), None, False)


def test_what_is_less_than_a_second_is_cut_off() -> None:
    assert 1549411238 == record(changed(request_time="2019-02-06T00:00:38.999Z")).values["time"]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:00:00.000Z", 0),
        ("1969-12-31T23:59:59.500Z", -1),
        ("2026-10-01T00:00:00Z", 1790812800),
        ("2026-10-01T02:00:00.123456789+02:00", 1790812800),
        ("2026-09-30T18:30:00-0530", 1790812800),
        ("0001-01-01T00:00:00Z", -62135596800),
    ],
)
def test_times_are_those_of_the_calendar(text: str, seconds: int) -> None:
    assert seconds == record(changed(request_time=text)).values["time"]


@pytest.mark.parametrize(
    "time",
    [
        *(None, "", "2026-02-30T00:00:00.000Z", "2026-10-01T24:00:00.000Z", "2026-10-01T00:00:60.000Z", "2026-10-01T00:00:00.000"),
        *("0000-01-01T00:00:00Z", "0001-01-01T00:00:00+02:00", "٢٠٢٦-10-01T00:00:00Z", "2026-10-01T00:00:00.000Z\n", 1790812800000),
    ],
)
def test_a_record_without_a_time_is_none(time: object) -> None:
    assert "request_time" in reason(changed(request_time=time))


def test_the_bucket_is_that_of_its_name_or_of_its_arn() -> None:
    assert "examplebucket" == record(changed(bucket_arn=None)).values["bucket"]
    assert "examplebucket" == record(changed(bucket_name=None)).values["bucket"]
    assert "examplebucket" == record(changed(bucket_arn="arn:aws-us-gov:s3:::examplebucket")).values["bucket"]
    assert "bucket_name and bucket_arn name different buckets" == reason(changed(bucket_arn="arn:aws:s3:::other"))
    assert "neither bucket_name nor bucket_arn names a bucket" == reason(changed(bucket_arn="x", bucket_name=""))
    assert "neither bucket_name nor bucket_arn names a bucket" == reason(changed(bucket_arn=None, bucket_name="-"))


@pytest.mark.parametrize("field", [field for field, name in NAMES.items() if name not in ("time", "bucket")])
def test_a_field_of_another_type_makes_it_no_record(field: str) -> None:
    number = field in ("http_status", "bytes_sent_size", "object_size", "total_duration", "turn_around_duration")
    for value in ("7", 1.0, True, -1, 10**18, [], {}, {"a": {"b": 1}}) if number else (7, 1.5, False, ["a"], {"a": None}):
        assert field in reason(changed(**{field: value}))
    assert NAMES[field] not in record(changed(**{field: None})).values


@pytest.mark.parametrize("status", [0, 7, 99, 1000])
def test_a_status_has_three_digits(status: int) -> None:
    assert "http_status" in reason(changed(http_status=status))


def test_a_field_that_comes_twice_has_two_readers_that_differ_so_it_is_no_record() -> None:
    assert "a field comes twice" == reason(changed().replace(b"{", b'{"requester":"arn:aws:iam::111122223333:user/ann",', 1))
    assert "a field comes twice" == reason(changed(new={"a": 1}).replace(b'{"a":1}', b'{"a":1,"a":1}'))


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "expecting value"),
        (b"[]", "no JSON object"),
        (b"null", "no JSON object"),
        (b'{"a":NaN}', "NaN"),
        (b'{"a":-Infinity}', "Infinity"),
        (b'{"a":' + b"9" * 5000 + b"}", "bucket"),
        (b'{"a":1e999}', "bucket"),
        (b"[" * 100_000, "nested too deep"),
        (b'{"a":' * 100_000, "nested too deep"),
        (b'{"a":"\x00"}', "control character"),
        (b'{"a":1} x', "extra data"),
        (b'{"a":1', "delimiter"),
    ],
)
def test_what_is_not_json_or_no_record_is_told_in_words_that_never_quote_it(data: bytes, word: str) -> None:
    assert word in reason(data)


def test_a_document_of_more_than_a_mebibyte_is_no_record() -> None:
    assert "longer than 1 MiB" == reason(changed(user_agent="x" * (1 << 20)))


@pytest.mark.parametrize(
    ("written_as", "text"),
    [
        (b'"\xff\xfe"', "\\xff\\xfe"),
        (b'"a\\ud800b"', "a\\ud800b"),
        (b'"\\udc80"', "\\x80"),
        (b'"\\ud83d\\ude00"', "\U0001f600"),
        (b'"\\u0000\\u001f"', "\x00\x1f"),
        ('"é\u2028"'.encode(), "é\u2028"),
    ],
)
def test_texts_of_clients_are_kept_whatever_they_are(written_as: bytes, text: str) -> None:
    found = record(changed(user_agent="UA").replace(b'"UA"', written_as))
    assert text == found.values["user_agent"]
    text.encode()


def test_fields_that_are_not_known_are_told_and_lose_nothing() -> None:
    found = record(changed(zone="a", account=7, nested={"b": [1, None]}, none=None, schema_version_id="V_2_0"))
    assert ('account=7 nested={"b":[1,null]} zone=a', True) == (found.extra, found.is_newer)


def test_a_field_that_is_left_out_is_not_carried_and_one_with_null_is() -> None:
    members = {field: value for field, value in (RECORD or {}).items() if field not in ("requester", "http_status")}
    found = record(written(members | {"error_code": None}).encode())
    missing = COLUMN_BITS["requester"] | COLUMN_BITS["http_status"]
    assert sum(COLUMN_BITS.values()) - missing == found.carried


def test_messages_of_a_subscription_are_unwrapped() -> None:
    assert read(envelope(["one", "two"]).encode()) == Envelope(("one", "two"))
    assert read(envelope(["Checking health"], "CONTROL_MESSAGE").encode()) == Envelope((), is_control=True)
    assert read(envelope(["one", 7, None]).encode()) == Envelope(("one",), lacking=2)
    assert "kind that is not known" in reason(envelope(["one"], "OTHER").encode())
    assert "a field comes twice" == reason(envelope(["one"]).encode().replace(b"{", b'{"logEvents":[],', 1))


def test_a_damaged_envelope_counts_for_all_that_it_may_have_held() -> None:
    cut = envelope([written(RECORD)] * 5).encode()[:-20]
    found = read(cut)
    assert isinstance(found, Damage)
    assert 5 == found.holds


@pytest.mark.parametrize(
    ("delivered", "uri", "key"),
    [
        ("a/b.csv", None, "a/b.csv"),
        ("a b", "GET /a%20b HTTP/1.1", "a b"),
        ("100%25", None, None),  # encoded or not, nobody knows
        ("a+b", None, None),
        ("a%2Fb", "GET /a%2Fb HTTP/1.1", "a/b"),
        ("a%2Fb", "GET /a%252Fb?x=1 HTTP/1.1", "a%2Fb"),
        ("a%252Fb", "GET /examplebucket/a/b HTTP/1.1", "a/b"),
        ("a+b", "GET /a%2Bb HTTP/1.1", "a+b"),
        ("a+b", "GET /a%20b HTTP/1.1", "a b"),
        ("a+b", "GET /a+b HTTP/1.1", None),  # S3 takes a plus for a space, others do not
        ("dt%253D1/a", "PUT https://examplebucket.s3.amazonaws.com/dt=1/a HTTP/1.1", "dt=1/a"),
        ("a%2Fb", "GET / HTTP/1.1", None),
        ("a%2Fb", "a/b", None),
        ("a%2Fb", "GET /x y HTTP/1.1", None),
        ("%ff", "GET /%ff HTTP/1.1", "\\xff"),
    ],
)
def test_an_encoded_key_is_what_the_request_line_says_and_else_undecided(delivered: str, uri: str | None, key: str | None) -> None:
    assert key == key_of(delivered, uri, "examplebucket")


@given(st.text(max_size=10), st.text(max_size=10))
def test_no_key_breaks_its_decoding(key: str, path: str) -> None:
    found = key_of(key, f"GET /{path} HTTP/1.1", "b")
    assert found is None or isinstance(json.dumps(found), str)
