"""The careful parser under attack: no client text may move, forge or hide a field, nor make a line expensive."""

from __future__ import annotations

import time

import pytest

from s3guard.fields import TEXT_NAMES
from s3guard.reading import MAX_LINE, read_line
from tests.lines import (
    ANONYMOUS,
    FORGED_CORE,
    FORGED_RECORD,
    FORGED_START,
    FORGED_SUFFIX,
    OAI,
    ORDINARY,
    bare,
    core_of,
    core_of_record,
    only,
    read,
    record,
)


@pytest.mark.parametrize("field", TEXT_NAMES)
@pytest.mark.parametrize(
    "hostile", [b'"Mozilla/5.0 (X11)', b'Mozilla/5.0"', b'a "b" c', b'a"b', b'""', b'"', b'GET /?f="x.json"&g=\\"', b"\\"]
)
def test_h1_to_h3_stray_quotes_stay_in_their_field(field: str, hostile: bytes) -> None:
    line = read_line(record(**{field: hostile}).render())
    assert getattr(only(line), field) == hostile
    assert core_of(only(line)) == core_of_record(ORDINARY)
    assert ("quote-in-client-text" in line.warnings) == (b'"' in hostile)


@pytest.mark.parametrize("field", ["referer", "user_agent"])
def test_h5_and_h6_a_forged_suffix_stays_client_text(field: str) -> None:
    truth = record(requester=b"-", suffix=ANONYMOUS, **{field: b'x"' + FORGED_SUFFIX})
    line = read_line(truth.render())
    reading = only(line)
    assert getattr(reading, field) == b'x"' + FORGED_SUFFIX
    assert (reading.signature_version, reading.authentication_type, reading.tls_version, reading.fields) == (None, None, None, 26)
    assert line.warnings == {"quote-in-client-text"}


def test_a_forged_suffix_that_does_move_a_field_would_be_warned_about() -> None:
    line = read_line(record(requester=b"-").render())
    assert line.warnings == {"requester-authentication"}


def test_h7_a_second_status_block_in_the_referer_is_ambiguous_and_the_true_core_is_first() -> None:
    line = read_line(record(core=(b"200", b"-", b"5", b"5", b"5", b"5"), referer=b'"' + FORGED_CORE + b'-" "y').render())
    assert (line.status, [core_of(reading) for reading in line.readings]) == (
        "ambiguous",
        [(200, None, 5, 5, 5, 5), (404, b"NoSuchKey", 1, 1, 1, 1)],
    )
    assert line.reason == (
        "2 readings differ in http_status, error_code, bytes_sent, object_size, total_time, turn_around_time; "
        "the first has a well-formed request line"
    )
    assert line.unknown == set(TEXT_NAMES)
    assert all(getattr(reading, name) is None for reading in line.readings for name in TEXT_NAMES)
    assert line.warnings == {"quote-in-client-text", "client-text-unknown"}


def test_h8_a_status_block_in_a_target_with_raw_spaces_is_ambiguous() -> None:
    truth = record(request_uri=b'GET /k HTTP/1.1"' + FORGED_CORE + b'x" "y HTTP/1.1')
    line = read_line(truth.render())
    assert [reading.http_status for reading in line.readings] == [404, 200]
    assert core_of(line.readings[1]) == core_of_record(truth)
    other = read_line(record(request_uri=b'GET /k"' + FORGED_CORE + b'x" "y HTTP/1.1').render())
    assert (other.reason or "").endswith("none has a well-formed request line")


def test_h11_a_quote_in_an_iam_path_moves_nothing() -> None:
    requester = b'arn:aws:iam::111122223333:user/a"/"b/ann'
    line = read_line(record(requester=requester).render())
    assert (only(line).requester, only(line).request_id, line.warnings) == (requester, b"3E57427F3EXAMPLE", frozenset())
    assert only(read_line(bare(requester=requester).render())).requester == requester


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\r", "\x00"])
def test_h15_what_python_calls_a_line_end_is_data(separator: str) -> None:
    fake = separator.encode() + FORGED_RECORD
    line = read_line(record(requester=b"-", user_agent=fake).render())
    assert {reading.requester for reading in line.readings} == {None}
    assert {reading.operation for reading in line.readings} == {b"REST.GET.OBJECT"}
    assert core_of_record(ORDINARY) in map(core_of, line.readings)
    assert "embedded-record" in line.warnings
    calm = read_line(record(user_agent=b"a" + separator.encode() + b"b").render())
    assert only(calm).user_agent == b"a" + separator.encode() + b"b"


@pytest.mark.parametrize("referer", [b"a b", b'a b"', b'a" b'])
def test_h18_a_forged_record_in_the_user_agent_forges_nothing(referer: bytes) -> None:
    line = read_line(record(requester=b"-", referer=referer, user_agent=FORGED_START + b'"PUT /k HTTP/1.1" 200 - 1 1 1 1').render())
    reading = only(line)
    assert (reading.requester, reading.remote_ip, reading.operation, reading.http_status) == (None, b"192.0.2.3", b"REST.GET.OBJECT", 200)
    assert core_of(reading) == core_of_record(ORDINARY)
    assert "embedded-record" in line.warnings


def test_b9_the_cloudfront_identity_with_spaces_is_one_requester() -> None:
    reading = read(record(requester=OAI))
    assert (reading.requester, reading.request_id, reading.operation) == (OAI, b"3E57427F3EXAMPLE", b"REST.GET.OBJECT")


def test_readings_that_share_their_core_are_a_record_whose_texts_are_unknown() -> None:
    line = read_line(record(referer=b'a" "b').render())
    assert (only(line).referer, only(line).user_agent, only(line).request_uri) == (None, None, b"GET /k HTTP/1.1")
    assert line.unknown == {"referer", "user_agent"}
    same = read_line(record(referer=b'" 200 - 113 113 7 6 "').render())
    assert same.unknown == {"request_uri", "referer"}
    assert (only(same).user_agent, core_of(only(same))) == (b"aws-cli/2.1", core_of_record(ORDINARY))
    assert same.warnings == {"quote-in-client-text", "client-text-unknown"}


@pytest.mark.parametrize("user_agent", [b" ", b" a", b"a "])
def test_spaces_at_the_edge_of_a_text_make_no_second_reading(user_agent: bytes) -> None:
    line = read_line(record(referer=user_agent, user_agent=user_agent).render())
    assert (only(line).referer, only(line).user_agent, line.unknown) == (user_agent, user_agent, frozenset())


def test_no_number_of_forged_cores_pushes_out_the_true_one() -> None:
    forged = b"".join(b'" %d A%d 1 - - - ' % (200 + number % 300, number) for number in range(3000))
    truth = record(request_uri=b"GET /" + forged + b'"', core=(b"403", b"AccessDenied", b"243", b"-", b"9", b"-"), referer=forged + b'"')
    line = read_line(truth.render())
    assert core_of_record(truth) in map(core_of, line.readings)
    assert len(line.readings) == 3001


HEAVY = {
    "quotes": b'"',
    "separators": b'" "',
    "separators with spaces": b'" ',
    "equal cores": b'" 200 - 1 - - - ',
    "nearly cores": b'" 200 - 1 1 1 111111111111111111 x',
    "long error codes": b'" 200 A',
    "times": b"[06/Feb/2019:00:00:38 +0000] - ",
    "records": FORGED_START,
    "identities": b"[06/Feb/2019:00:00:38 +0000] - " + OAI + b" ",
    "different cores": b"".join(b'" 200 A%d - - - - ' % number for number in range(60_000)),
}


@pytest.mark.parametrize("piece", HEAVY.values(), ids=HEAVY.keys())
@pytest.mark.parametrize("field", TEXT_NAMES)
def test_a_mebibyte_of_hostile_text_is_read_in_linear_time(field: str, piece: bytes) -> None:
    room = MAX_LINE - len(record(**{field: b""}).render()) - 1
    truth = record(**{field: (piece * (room // len(piece) + 1))[:room] + b'"'})
    started = time.process_time()
    line = read_line(truth.render())
    assert time.process_time() - started < 10
    assert core_of_record(truth) in map(core_of, line.readings)
    assert len(line.readings) <= MAX_LINE // 16


@pytest.mark.parametrize("start", [b"", b"o b ", b"o b [06/Feb/2019:00:00:38 +0000] ", b"o b [06/Feb/2019:00:00:38 +0000] - "])
@pytest.mark.parametrize("piece", [b"a", b"a ", b"A.", b" ", b"1"])
def test_a_mebibyte_of_noise_is_refused_in_linear_time(start: bytes, piece: bytes) -> None:
    started = time.process_time()
    assert read_line((start + piece * MAX_LINE)[:MAX_LINE]).status == "quarantined"
    assert time.process_time() - started < 10
