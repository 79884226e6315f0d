"""The careful parser on single lines: every generation of the format, its grammar, the oddities people reported, and keys."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3guard.fields import FIELD_NAMES, TEXT_NAMES
from s3guard.reading import MAX_LINE, decode_key, read_line, text
from tests.lines import HOST_ID, OAI, ORDINARY, OWNER, SUFFIX, USER, bare, core_of, core_of_record, only, read, record


def test_an_ordinary_record_is_read_field_by_field() -> None:
    line = read_line(ORDINARY.render())
    assert line.warnings == line.unknown == frozenset()
    assert dataclasses.asdict(only(line)) == dict(
        zip(
            FIELD_NAMES[:8],
            (OWNER, b"examplebucket", 1549411238, b"192.0.2.3", USER, b"3E57427F3EXAMPLE", b"REST.GET.OBJECT", b"k"),
            strict=True,
        ),
        request_uri=b"GET /k HTTP/1.1",
        http_status=200,
        error_code=None,
        bytes_sent=113,
        object_size=113,
        total_time=7,
        turn_around_time=6,
        referer=None,
        user_agent=b"aws-cli/2.1",
        version_id=None,
        host_id=HOST_ID,
        signature_version=b"SigV4",
        cipher_suite=b"ECDHE-RSA-AES128-GCM-SHA256",
        authentication_type=b"AuthHeader",
        host_header=b"examplebucket.s3.amazonaws.com",
        tls_version=b"TLSv1.2",
        access_point_arn=None,
        acl_required=None,
        source_region=None,
        extra=None,
        fields=26,
    )


@pytest.mark.parametrize("count", [17, 18, 24, 25, 26, 27, 28, 33])
@pytest.mark.parametrize("make", [record, bare])
def test_every_generation_is_read_and_what_is_unknown_is_kept_as_extra(make: Any, count: int) -> None:
    values = (
        b"v",
        HOST_ID,
        b"SigV4",
        b"C",
        b"AuthHeader",
        b"h",
        b"TLSv1.3",
        b"arn:x",
        b"Yes",
        b"eu-west-1",
        b"-",
        b"a",
        b"b",
        b"c",
        b"d",
        b"e",
    )
    reading = read(make(suffix=values[: count - 17]))
    assert reading.fields == count
    assert [getattr(reading, name) for name in FIELD_NAMES[17:]] == list(values[: min(count, 27) - 17]) + [None] * (27 - min(count, 27))
    assert reading.extra == {28: b"-", 33: b"- a b c d e"}.get(count)


@pytest.mark.parametrize("count", [19, 20, 21, 22, 23])
@pytest.mark.parametrize("make", [record, bare])
def test_a_count_of_fields_that_no_generation_has_is_damage(make: Any, count: int) -> None:
    line = read_line(make(suffix=SUFFIX[: count - 17]).render())
    assert (line.status, line.readings) == ("quarantined", ())
    assert line.reason == f"{count} fields: cut off or damaged (records have 17, 18, or 24 and more)"


def test_fewer_than_17_fields_are_damage() -> None:
    assert read_line(b" ".join(ORDINARY.render().split(b" ")[:-12])).status == "quarantined"
    assert read_line(b" ".join(bare().render().split(b" ")[:16])).status == "quarantined"


def test_dashes_in_quotes_and_bare_dashes_are_absent_and_empty_quotes_are_empty() -> None:
    absent = read(record(request_uri=b"-", referer=b"-", user_agent=b"-"))
    assert [getattr(absent, name) for name in TEXT_NAMES] == [None] * 3
    assert [getattr(read(bare()), name) for name in TEXT_NAMES] == [None] * 3
    empty = read(record(request_uri=b"", referer=b"", user_agent=b""))
    assert [getattr(empty, name) for name in TEXT_NAMES] == [b""] * 3


@pytest.mark.parametrize(
    "texts",
    [(b"-", b'"r"', b'"u"'), (b'"GET / HTTP/1.1"', b"-", b'"u"'), (b'"GET / HTTP/1.1"', b'"r"', b"-"), (b'"GET / HTTP/1.1"', b"-", b"-")],
)
def test_texts_are_all_quoted_or_all_bare(texts: tuple[bytes, bytes, bytes]) -> None:
    uri, referer, user_agent = texts
    line = b" ".join([*ORDINARY.prefix, uri, *ORDINARY.core, referer, user_agent, *SUFFIX])
    assert read_line(line).status == "quarantined"


def test_the_2019_principal_id_is_passed_over_when_the_signature_column_confirms_it() -> None:
    shifted = (b"-", b"AIDAEXAMPLEEXAMPLE123", HOST_ID, *SUFFIX[2:7])
    line = read_line(record(suffix=shifted).render())
    reading = only(line)
    assert line.warnings == {"extra-principal-id"}
    assert (reading.fields, reading.host_id, reading.signature_version, reading.tls_version) == (25, HOST_ID, b"SigV4", b"TLSv1.2")
    assert (reading.access_point_arn, reading.extra) == (None, None)


def test_a_host_id_in_capitals_is_no_principal_id() -> None:
    reading = read(record(suffix=(b"-", b"AIDAEXAMPLEEXAMPLE123", *SUFFIX[2:8])))
    assert (reading.host_id, reading.signature_version) == (b"AIDAEXAMPLEEXAMPLE123", b"SigV4")


@pytest.mark.parametrize(
    ("logged", "seconds"),
    [
        (b"[01/Jan/1970:00:00:00 +0000]", 0),
        (b"[29/Feb/2020:23:59:59 +0000]", 1583020799),
        (b"[01/Mar/2020:01:29:59 +0130]", 1583020799),
        (b"[29/Feb/2020:15:59:59 -0800]", 1583020799),
        (b"[31/Dec/1969:23:59:59 +0000]", -1),
    ],
)
def test_the_offset_is_applied_to_the_time(logged: bytes, seconds: int) -> None:
    assert only(read_line(record(logged_time=logged).render())).time == seconds


@pytest.mark.parametrize(
    "logged",
    [
        *(
            b"[29/Feb/2019:00:00:00 +0000]",
            b"[31/Apr/2020:00:00:00 +0000]",
            b"[00/Jan/2020:00:00:00 +0000]",
            b"[01/Jan/0000:00:00:00 +0000]",
        ),
        *(
            b"[01/Jan/2020:24:00:00 +0000]",
            b"[01/Jan/2020:00:60:00 +0000]",
            b"[01/Jan/2020:00:00:60 +0000]",
            b"[01/Jan/2020:00:00:00 +2400]",
        ),
        *(
            b"[01/jan/2020:00:00:00 +0000]",
            b"[01/January/2020:00:00:00 +0000]",
            b"[01/M\xc3\xa4r/2020:00:00:00 +0000]",
            b"[2017-08-16]",
            b"-",
        ),
        *(b"[1/Jan/2020:00:00:00 +0000]", b"[01/Jan/2020:00:00:00 0000]", b"01/Jan/2020:00:00:00 +0000", b"[01/Jan/2020:00:00:00 +0000] "),
        "[01/Jan/٢٠٢٠:00:00:00 +0000]".encode(),
    ],
)
def test_a_time_that_is_no_instant_of_the_calendar_is_damage(logged: bytes) -> None:
    line = read_line(record(logged_time=logged).render())
    assert line.status == "quarantined"
    assert re.search("time|remote IP", line.reason or "")


@pytest.mark.parametrize(
    ("field", "logged"),
    [
        *(("bucket", b"-"), ("remote_ip", b"client.example"), ("remote_ip", b"192.0.2.3;"), ("operation", b"-"), ("operation", b"REST")),
        *(
            ("operation", b"rest.GET.OBJECT"),
            ("operation", b"REST.GET.OBJECT!"),
            ("requester", b"two words"),
            ("key_logged", b"a b"),
            ("key_logged", b""),
        ),
        *(("requester", b""), ("bucket_owner", b""), ("requester", OAI[:-12] + b"lower"), ("requester", OAI.replace(b"Access ", b""))),
    ],
)
def test_a_prefix_that_breaks_its_grammar_is_damage(field: str, logged: bytes) -> None:
    line = read_line(record(**{field: logged}).render())
    assert (line.status, line.readings) == ("quarantined", ())
    assert line.reason


@pytest.mark.parametrize(
    ("place", "logged"),
    [
        *((0, b"20"), (0, b"2000"), (0, b"+20"), (0, "٢٠٠".encode()), (1, b"404"), (1, b"No Such"), (1, b"No;Such"), (1, b"")),
        *(
            (2, b"1_000"),
            (2, b"+7"),
            (2, b" 7"),
            (2, b"7.0"),
            (2, b"-7"),
            (3, b"1" * 19),
            (4, "٧".encode()),
            (5, b"0x7"),
            (5, b"7\xc2\xa0"),
        ),
    ],
)
def test_a_core_that_breaks_its_grammar_is_damage(place: int, logged: bytes) -> None:
    core = (*ORDINARY.core[:place], logged, *ORDINARY.core[place + 1 :])
    assert read_line(record(core=core).render()).status == "quarantined"
    assert read_line(bare(core=core).render()).status == "quarantined"


def test_numbers_have_up_to_18_digits() -> None:
    assert read(record(core=(b"200", b"-", b"9" * 18, b"0", b"007", b"-"))).bytes_sent == 10**18 - 1


def test_brackets_in_a_user_agent_are_text() -> None:
    assert read(record(user_agent=b"EMR [1.2] [06/Feb/2019:00:00:38 +0000]")).user_agent == b"EMR [1.2] [06/Feb/2019:00:00:38 +0000]"


def test_payloads_and_bytes_that_are_no_text_are_kept_as_they_are() -> None:
    payload = b"() { :;}; /bin/sh -c 'x' <script>]]>\x1b[2J::error:: \xff\xfe\x00 =cmd|' /C calc'!A0"
    assert read(record(referer=payload, user_agent=payload)).referer == payload
    assert (
        read(record(request_uri=b"HEAD /\xe9\xff.rar HTTP/1.1", operation=b"REST.HEAD.OBJECT")).request_uri
        == b"HEAD /\xe9\xff.rar HTTP/1.1"
    )


def test_junk_glued_to_the_last_field_belongs_to_it_unless_it_has_a_quote() -> None:
    assert only(read_line(record(suffix=SUFFIX[:7]).render() + b";")).tls_version == b"TLSv1.2;"
    line = read_line(record(suffix=SUFFIX[:7]).render() + b'";')
    assert (line.status, line.reason) == ("quarantined", "text is glued to the last quote")


@pytest.mark.parametrize("place", range(len(ORDINARY.render().split(b" ")) - 1))
def test_a_double_space_between_fields_is_damage(place: int) -> None:
    words = ORDINARY.render().split(b" ")
    line = read_line(b" ".join([*words[: place + 1], b"", *words[place + 1 :]]))
    inside_text = words[place].startswith((b'"GET', b"/k"))
    assert line.status == ("ok" if inside_text else "quarantined")


@pytest.mark.parametrize("end", [b" ", b"\t ", b"  "])
def test_a_space_at_the_end_is_damage(end: bytes) -> None:
    assert read_line(ORDINARY.render() + end).status == "quarantined"
    assert read_line(record(suffix=()).render() + end).status == "quarantined"


def test_a_quote_after_bare_dashes_is_damage() -> None:
    line = read_line(bare(suffix=(b'v"', *SUFFIX[1:])).render())
    assert (line.status, line.reason) == ("quarantined", "a quote in a line whose request-URI, Referer and User-Agent are bare dashes")


def test_six_records_on_one_line_are_ambiguous() -> None:
    many = [record(core=(b"200", b"-", b"%d" % number, b"-", b"7", b"6")).render() for number in range(6)]
    line = read_line(b" ".join(many))
    assert (line.status, len(line.readings)) == ("ambiguous", 6)
    assert "embedded-record" in line.warnings


TEARS = {
    "the request line": b'"GET',
    "the core": b'" 20',
    "the Referer": b'6 "',
    "the User-Agent": b"aws-c",
    "the suffix": b"SigV",
}


@pytest.mark.parametrize("place", TEARS.values(), ids=TEARS.keys())
def test_two_records_torn_and_glued_together_are_never_one_certain_record(place: bytes) -> None:
    torn = ORDINARY.render()
    torn = torn[: torn.index(place) + len(place)]
    line = read_line(torn + record(core=(b"403", b"AccessDenied", b"243", b"-", b"9", b"-"), requester=b"-").render())
    assert line.status == "ambiguous"
    assert {"embedded-record", "client-text-unknown"} <= line.warnings
    assert {reading.requester for reading in line.readings} == {USER}


def test_a_core_lost_in_a_tear_is_a_reading_of_its_own() -> None:
    torn = ORDINARY.render()
    line = read_line(torn[: torn.index(b'" 20') + 4] + ORDINARY.render())
    assert [core_of(reading) for reading in line.readings] == [core_of_record(ORDINARY), (None,) * 6]
    assert (line.reason or "").endswith("two records may have been torn and glued together, so that its own are lost")


@pytest.mark.parametrize("first", [ORDINARY.render()[:-20], bare().render()[:-20], bare().render(), bare().render() + b" "])
def test_a_bulk_delete_glued_to_another_record_is_damage(first: bytes) -> None:
    line = read_line(first + bare().render())
    assert (line.status, line.reason) == ("quarantined", "another record begins inside it")


def test_a_truncated_last_line_says_so() -> None:
    whole = ORDINARY.render()
    for end in range(len(whole)):
        line = read_line(whole[:end], last_unterminated=True)
        assert "unterminated-line" in line.warnings
        if line.status == "quarantined":
            assert (line.reason or "").startswith("truncated: the object ends inside this line (")
        else:
            assert core_of(only(line)) == core_of_record(ORDINARY)
    assert only(read_line(whole, last_unterminated=True)) == only(read_line(whole))


def test_a_byte_order_mark_is_passed_over_at_the_start_of_an_object_only() -> None:
    line = read_line(b"\xef\xbb\xbf" + ORDINARY.render(), first=True)
    assert only(line) == only(read_line(ORDINARY.render()))
    assert line.warnings == {"byte-order-mark"}
    assert only(read_line(b"\xef\xbb\xbf" + ORDINARY.render())).bucket_owner == b"\xef\xbb\xbf" + OWNER


def test_one_carriage_return_at_the_end_is_passed_over() -> None:
    line = read_line(ORDINARY.render() + b"\r")
    assert only(line) == only(read_line(ORDINARY.render()))
    assert line.warnings == {"carriage-return"}
    assert only(read_line(ORDINARY.render() + b"\r\r")).acl_required == b"-\r"


@pytest.mark.parametrize("blank", [b"", b"\r"])
def test_a_blank_line_is_no_record(blank: bytes) -> None:
    assert (read_line(blank).status, read_line(blank).reason) == ("quarantined", "a blank line")


def test_a_line_is_read_up_to_one_mebibyte() -> None:
    room = MAX_LINE - len(record(user_agent=b"").render())
    assert read(record(user_agent=b"a" * room)).user_agent == b"a" * room
    line = read_line(record(user_agent=b"a" * (room + 1)).render())
    assert (line.status, line.reason) == ("quarantined", "longer than 1 MiB")


@pytest.mark.parametrize(
    ("operation", "logged", "key"),
    [
        (b"REST.GET.OBJECT", b"a/b-c_d.e*", "a/b-c_d.e*"),
        (b"REST.GET.OBJECT", b"x%253D1", "x=1"),
        (b"REST.GET.OBJECT", b"a%2522b", 'a"b'),
        (b"REST.GET.OBJECT", b"a%2520b", "a b"),
        (b"REST.GET.OBJECT", b"a%2Bb", "a b"),
        (b"REST.GET.OBJECT", b"a+b", "a b"),
        (b"REST.GET.OBJECT", b"a%252Bb", "a+b"),
        (b"REST.GET.OBJECT", b"%25C3%25A4", "ä"),
        (b"REST.GET.OBJECT", b"%25FF%25fe", "\\xff\\xfe"),
        (b"REST.GET.OBJECT", b"100%", "100%"),
        (b"REST.GET.OBJECT", b"%zz%2", "%zz%2"),
        (b"REST.GET.OBJECT", b"\xff", "\\xff"),
        (b"BATCH.DELETE.OBJECT", b"Screen+Shot%2B%253D", "Screen Shot+%3D"),
        (b"S3.EXPIRE.OBJECT", b"a%3Db%25", "a=b%"),
        (b"SOAP.PUT.OBJECT", b"x%253D1", "x=1"),
    ],
)
def test_a_key_is_decoded_twice_but_once_for_bulk_deletes_and_s3_itself(operation: bytes, logged: bytes, key: str) -> None:
    assert decode_key(operation, logged) == key


@given(st.sampled_from([b"REST.GET.OBJECT", b"S3.EXPIRE.OBJECT"]), st.binary())
def test_any_key_decodes_to_text_that_can_be_written(operation: bytes, logged: bytes) -> None:
    decode_key(operation, logged).encode("utf-8")


@given(st.binary())
def test_logged_bytes_become_text_that_can_be_written(value: bytes) -> None:
    assert text(value).encode("utf-8") == value or "\\x" in text(value)
