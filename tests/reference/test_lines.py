"""The reference's reader, on lines that were read by hand."""

from __future__ import annotations

import pytest

from . import lines
from .byhand import NOON, SIX, line, one

FAKE = '" 403 AccessDenied 7 - 3 2 "'


def test_every_field_of_a_record_gets_its_column() -> None:
    row = one(line())
    assert (row["status"], row["fields"], row["missing"], row["unknown"]) == ("ok", 27, frozenset(), frozenset())
    assert (row["bucket_owner"], row["bucket"], row["time"], row["remote_ip"]) == ("f" * 64, "b", NOON, "10.0.0.1")
    assert (row["http_status"], row["error_code"], row["bytes_sent"], row["object_size"]) == (200, None, 10, 100)
    assert (row["total_time"], row["turn_around_time"], row["referer"], row["user_agent"]) == (9, 5, None, "curl/8")
    assert (row["host_id"], row["tls_version"], row["acl_required"], row["source_region"]) == ("HOSTID", "TLSv1.2", None, "eu-central-1")
    assert (row["principal"], row["principal_type"]) == ("arn:aws:iam::111122223333:role/app", "role")
    assert (row["account"], row["network"], row["outcome"], row["operation_class"]) == ("111122223333", "10.0.0.0/24", "served", "read")


@pytest.mark.parametrize(
    ("suffix", "fields", "missing"),
    [
        ("", 17, 10),
        ("-", 18, 9),
        ("- H SigV4 C AuthHeader h TLSv1.2", 24, 3),
        ("- H SigV4 C AuthHeader h TLSv1.2 -", 25, 2),
        ("- H SigV4 C AuthHeader h TLSv1.2 - Yes", 26, 1),
        ("- H SigV4 C AuthHeader h TLSv1.2 - - - later", 28, 0),
        ("- AIDAJDPLRKLG7UEXAMPLE H SigV4 C AuthHeader h TLSv1.2", 25, 3),
    ],
)
def test_older_lines_miss_columns(suffix: str, fields: int, missing: int) -> None:
    row = one(line(suffix=suffix))
    assert (row["status"], row["fields"], len(row["missing"])) == ("ok", fields, missing)
    assert row["tls_version"] == (None if fields < 24 else "TLSv1.2")


@pytest.mark.parametrize(
    "content",
    [
        line(suffix="- H"),
        line(suffix="- H SigV4 C AuthHeader h"),
        line(suffix="- H SigV4  C AuthHeader h TLSv1.2"),
        line() + b" ",
        line(suffix="") + b";",
        line(time="24:00:00"),
        line(ip="10.0.0.1 "),
        line(operation="REST"),
        line(six="200 - 10 100 9"),
        line(six="200 - 10 100 9 five"),
        line(uri="-", referer="-", agent='"x"'),
        line(uri="-", referer='"-"', agent='"-"'),
        line(agent='"' + "A" * (1 << 20) + '"'),
        b"   ",
    ],
)
def test_what_is_no_record_is_quarantined(content: bytes) -> None:
    assert one(content)["status"] == "quarantined"


def test_dashes_are_null_bare_and_quoted() -> None:
    bare = one(line(uri="-", referer="-", agent="-", six="- - - 5 - -"))
    quoted = one(line(uri='"-"', referer='"-"', agent='"-"', six="- - - 5 - -"))
    assert [bare[column] for column in lines.RAW_COLUMNS] == [quoted[column] for column in lines.RAW_COLUMNS] == [None] * 3
    assert bare["outcome"] == "served"
    assert one(line(agent='""'))["user_agent"] == ""


def test_an_origin_access_identity_is_one_requester() -> None:
    row = one(line(requester="arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1A"))
    assert (row["requester"][-3:], row["request_id"], row["principal_type"], row["account"]) == ("E1A", "ID", "oai", None)


def test_lines_end_at_the_newline_byte_alone() -> None:
    content = b"\xef\xbb\xbf" + line() + b"\r\n\n\r\n" + line(agent='"a\rb\u2028c\x85"') + b"\n" + line(agent='"x"')
    rows = lines.read_file("o", content)
    assert [(row["line"], row["status"]) for row in rows] == [(1, "ok"), (4, "ok"), (5, "ok")]
    assert (rows[0]["bucket_owner"], rows[1]["user_agent"], rows[0]["source_region"]) == ("f" * 64, "a\rb\u2028c\x85", "eu-central-1")


def test_bytes_that_are_not_utf_8_are_shown() -> None:
    assert one(line(agent='"AGENT"').replace(b"AGENT", b"\xff\x00"))["user_agent"] == "\\xff\x00"


def test_keys_are_decoded_twice_but_for_rows_of_deletes_and_of_the_lifecycle() -> None:
    assert one(line(key="a%253Db%2520c"))["key"] == "a=b c"
    assert one(line(key="a%3Db+c", operation="BATCH.DELETE.OBJECT"))["key"] == "a=b c"
    assert one(line(key="a%2525", operation="S3.EXPIRE.OBJECT"))["key"] == "a%25"
    assert (one(line(key="-"))["key"], one(line(key="a%253Db"))["key_logged"]) == (None, "a%253Db")


def test_a_stray_quote_leaves_one_reading() -> None:
    row = one(line(agent='""x" - HOST SigV4 C AuthHeader h TLSv1.3 - -"', suffix="- H - - - h -"))
    assert (row["status"], row["user_agent"][:3], row["tls_version"], row["fields"]) == ("ok", '"x"', None, 24)


def test_readings_that_split_referer_and_agent_differently_leave_both_unknown() -> None:
    row = one(line(agent='"a" "b"'))
    assert (row["status"], row["unknown"], row["request_uri"]) == ("ok", {"referer", "user_agent"}, "GET /k HTTP/1.1")
    assert (row["referer"], row["user_agent"], row["http_status"]) == (None, None, 200)


def test_a_second_core_makes_a_line_ambiguous_and_its_outcome_the_worst() -> None:
    row = one(line(referer=f'"{FAKE}x" "y"'))
    assert (row["status"], row["outcome"], row["http_status"], row["unknown"]) == ("ambiguous", "served", None, {*lines.RAW_COLUMNS})
    assert [reading["outcome"] for reading in lines.variants(row)] == ["served", "refused"]
    assert (row["principal_type"], row["tls_version"]) == ("role", "TLSv1.2")


def test_a_second_core_with_the_same_values_is_a_record() -> None:
    row = one(line(referer=f'"r" {SIX} "x" "y"'))
    assert (row["status"], row["unknown"], row["http_status"]) == ("ok", {*lines.RAW_COLUMNS}, 200)


def test_a_core_without_a_user_agent_behind_it_is_no_reading() -> None:
    row = one(line(agent=f'"{FAKE}x"'))
    assert (row["status"], row["user_agent"]) == ("ok", f"{FAKE}x")
