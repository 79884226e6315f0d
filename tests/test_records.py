from __future__ import annotations

import csv
import ipaddress
from importlib import resources

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3guard import records

LOG_FIELDS = (
    "bucket_owner bucket time remote_ip requester request_id operation key request_uri http_status error_code bytes_sent object_size "
    "total_time turn_around_time referer user_agent version_id host_id signature_version cipher_suite authentication_type host_header "
    "tls_version access_point_arn acl_required source_region"
)
OTHERS = "extra object line key_logged operation_class outcome principal principal_type account network fields status unknown"


def rows_of(file: str) -> list[dict[str, str]]:
    return list(csv.DictReader(resources.files("s3guard").joinpath(file).read_text(encoding="utf-8").splitlines()))


def test_columns_stand_in_the_order_of_the_log_then_extra_origin_and_derived() -> None:
    assert f"{LOG_FIELDS} {OTHERS}" == " ".join(records.COLUMNS)


def test_log_columns_are_the_27_fields_and_know_their_position() -> None:
    assert " ".join(records.LOG_COLUMNS) == LOG_FIELDS
    assert list(range(1, 28)) == [records.COLUMNS[name].position for name in records.LOG_COLUMNS]
    assert all(records.COLUMNS[name].position is None for name in OTHERS.split())


def test_schema_has_the_type_of_every_column() -> None:
    assert {name: column.dtype for name, column in records.COLUMNS.items()} == records.SCHEMA
    assert pl.DataFrame(schema=records.SCHEMA).columns == list(records.COLUMNS)
    assert pl.Datetime("us", "UTC") == records.SCHEMA["time"]


@pytest.mark.parametrize("column", records.COLUMNS.values(), ids=lambda column: column.name)
def test_every_column_says_in_one_sentence_what_it_means(column: records.Column) -> None:
    assert column.meaning.endswith(".")
    assert column.meaning[0].isupper() or column.meaning.split()[0].rstrip(",") in ("role", "served", "ok")
    assert column.source
    assert column.added


def test_times_are_milliseconds_and_sizes_are_bytes() -> None:
    assert {"total_time", "turn_around_time"} == {name for name, column in records.COLUMNS.items() if column.unit == "ms"}
    assert {"bytes_sent", "object_size"} == {name for name, column in records.COLUMNS.items() if column.unit == "bytes"}


def test_operations_are_those_of_the_table_once_each() -> None:
    rows = rows_of("operations.csv")
    assert [row["operation"] for row in rows] == list(records.operations())
    assert {"yes", "no"} == {row["mutates"] for row in rows}
    assert {"client", "S3"} == {entry.done_by for entry in records.operations().values()}


def test_operation_classes_are_the_twelve_and_those_of_lifecycle_and_unknown() -> None:
    named = "acl config delete lifecycle list logging metadata other policy read restore tagging unknown write"
    assert named == " ".join(sorted(records.OPERATION_CLASSES))


@pytest.mark.parametrize(
    ("operation", "expected_class", "expected_mutates"),
    [
        ("REST.GET.OBJECT", "read", False),
        ("REST.COPY.OBJECT_GET", "read", False),
        ("REST.POST.SELECT", "read", False),
        ("REST.PUT.OBJECT", "write", True),
        ("BATCH.DELETE.OBJECT", "delete", True),
        ("REST.PUT.LOGGING_STATUS", "logging", True),
        ("S3.TRANSITION_GIR.OBJECT", "lifecycle", True),
        ("WEBSITE.INVALIDOPERATION", "other", False),
        ("REST.GET.SOMETHING_NEW", "unknown", False),
        ("REST.HEAD.SOMETHING_NEW", "unknown", False),
        ("NEW.OPTIONS.PREFLIGHT", "unknown", False),
        ("REST.PUT.SOMETHING_NEW", "unknown", True),
        ("REST.COPY.SOMETHING_GET", "unknown", True),
        ("GET.PUT.OBJECT", "unknown", True),
        ("rest.get.object", "unknown", True),
        ("GET", "unknown", True),
        ("", "unknown", True),
    ],
)
def test_an_operation_has_a_class_and_mutates_unless_it_is_known_or_named_not_to(
    operation: str, expected_class: str, *, expected_mutates: bool
) -> None:
    assert expected_class == records.classify(operation)
    assert expected_mutates is records.mutates(operation)


@given(st.lists(st.one_of(st.none(), st.text(), st.sampled_from(list(records.operations())), st.just("REST.GET.NEW"))))
def test_series_of_operations_are_judged_like_each_of_them(operations: list[str | None]) -> None:
    series = pl.Series("operation", operations, dtype=pl.String)
    assert [name if name is None else records.classify(name) for name in operations] == records.classes_of(series).to_list()
    assert [name if name is None else records.mutates(name) for name in operations] == records.mutations_of(series).to_list()
    assert pl.String == records.classes_of(series).dtype
    assert pl.Boolean == records.mutations_of(series).dtype


def test_error_codes_stand_once_each_with_a_meaning() -> None:
    rows = rows_of("error_codes.csv")
    assert sorted({row["error_code"] for row in rows}) == [row["error_code"] for row in rows]
    assert all(code.meaning.endswith(".") for code in records.error_codes().values())


def test_access_codes_are_those_of_authorization_and_authentication_and_have_causes() -> None:
    assert {"AccessDenied", "AllAccessDisabled", "SignatureDoesNotMatch", "ExpiredToken", "RequestTimeTooSkewed"} <= records.ACCESS_CODES
    assert not {"NoSuchKey", "InvalidObjectState", "SlowDown", "CrossLocationLoggingProhibited"} & records.ACCESS_CODES
    assert {code.name for code in records.error_codes().values() if code.causes} == records.ACCESS_CODES


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (200, None, "served"),
        (206, None, "served"),
        (299, None, "served"),
        (304, None, "served"),
        (None, None, "served"),
        (300, None, "failed"),
        (307, "TemporaryRedirect", "failed"),
        (404, "NoSuchKey", "failed"),
        (503, "SlowDown", "failed"),
        (403, None, "failed"),
        (403, "InvalidObjectState", "failed"),
        (403, "AccessDenied", "refused"),
        (400, "ExpiredToken", "refused"),
        (200, "AccessDenied", "refused"),
        (None, "AccessDenied", "refused"),
    ],
)
def test_outcome_follows_the_code_first_and_then_the_status(status: int | None, code: str | None, expected: str) -> None:
    frame = pl.DataFrame(
        {"http_status": [status], "error_code": [code]}, schema_overrides={"http_status": pl.Int64, "error_code": pl.String}
    )
    assert [expected] == frame.select(records.outcome_expr())["outcome"].to_list()


def test_every_outcome_is_one_of_the_three_and_a_column_as_long_as_the_frame() -> None:
    empty = pl.DataFrame(schema=records.SCHEMA).select(records.outcome_expr())
    assert (0, 1) == empty.shape
    assert records.OUTCOMES == ("served", "refused", "failed")


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("192.0.2.7", "192.0.2.0/24"),
        ("0.0.0.0", "0.0.0.0/24"),  # noqa: S104 - an address in a log, nothing is bound to it
        ("255.255.255.255", "255.255.255.0/24"),
        ("::ffff:192.0.2.7", "192.0.2.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:DB8::1", "2001:db8::/64"),
        ("::1", "::/64"),
        ("fe80::1%eth0", None),
        ("192.0.2.7%eth0", None),
        ("192.0.2", None),
        ("192.0.2.256", None),
        ("192.0.02.7", None),
        (" 192.0.2.7", None),
        ("192.0.2.7\n", None),
        ("１９２.0.2.7", None),
        ("192.0.2.0/24", None),
        ("-", None),
        ("", None),
        ("\x00", None),
    ],
)
def test_a_network_is_the_24_or_64_around_an_address_and_nothing_else_has_one(address: str, expected: str | None) -> None:
    assert expected == records.network(address)


@given(st.ip_addresses())
def test_every_address_lies_in_its_network(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    network = ipaddress.ip_network(str(records.network(str(address))))
    mapped = getattr(address, "ipv4_mapped", None)
    assert (mapped or address) in network
    assert network.prefixlen == (24 if network.version == 4 else 64)


@given(st.lists(st.one_of(st.none(), st.text(), st.ip_addresses().map(str))))
def test_series_of_addresses_have_the_network_of_each(addresses: list[str | None]) -> None:
    expected = [None if address is None else records.network(address) for address in addresses]
    assert expected == records.networks_of(pl.Series("remote_ip", addresses, dtype=pl.String)).to_list()
