"""The fields that single rules have, as people write them."""

from __future__ import annotations

import ipaddress
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from s3guard.rules import catalog

RULES = catalog()


def rule(kind: str, **written: object) -> Any:
    return RULES[kind].model_validate(written)


def complaint(kind: str, **written: object) -> str:
    """The messages of the errors that a rule makes of what was written."""
    with pytest.raises(ValidationError) as caught:
        rule(kind, **written)
    return "\n".join(error["msg"].removeprefix("Value error, ") for error in caught.value.errors())


def place(kind: str, **written: object) -> tuple[int | str, ...]:
    with pytest.raises(ValidationError) as caught:
        rule(kind, **written)
    (error,) = caught.value.errors()
    return error["loc"]


def test_networks_are_addresses_and_cidrs_of_both_families() -> None:
    written = rule("networks", allow=["10.0.0.0/8", "203.0.113.7", "2001:db8::/32", "2001:db8::1"])
    assert [str(network) for network in written.allow] == ["10.0.0.0/8", "203.0.113.7/32", "2001:db8::/32", "2001:db8::1/128"]


@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)), st.data())
def test_a_network_survives_being_written(address: ipaddress.IPv4Address | ipaddress.IPv6Address, data: st.DataObject) -> None:
    prefix = data.draw(st.integers(0, address.max_prefixlen))
    network = ipaddress.ip_network(f"{address}/{prefix}", strict=False)
    assert rule("networks", allow=str(network)).allow == (network,)
    if network.network_address != address:
        assert f"the network is {network}" in complaint("networks", deny=f"{address}/{prefix}")


def test_a_window_of_the_default_share_of_errors() -> None:
    written = rule("errors")
    assert (written.codes, written.max_share, written.per, written.min_requests) == (("5xx",), Fraction(1, 100), 3600, 100)


def test_latency_knows_its_percentiles_exactly() -> None:
    written = rule("latency", turn_around_time={"p99": "250ms", "p99.9": "1s", "max": "15s"}, total_time={"mean": "2s"})
    assert written.turn_around_time.percentiles == (("p99", Fraction(1, 100), 250), ("p99.9", Fraction(1, 1000), 1000))
    assert (written.turn_around_time.max, written.total_time.mean, written.total_time.percentiles) == (15_000, 2000, ())
    assert rule("latency", turn_around_time={"more_than_usual": "3"}).turn_around_time.more_than_usual == 3


def test_a_tls_version_may_be_a_number() -> None:
    assert [rule("transport").min_tls, rule("transport", min_tls="1.3").min_tls, rule("transport", min_tls=1.0).min_tls] == [
        "1.2",
        "1.3",
        "1.0",
    ]


def test_signatures_that_are_yet_to_come_are_accepted() -> None:
    written = rule("authentication", signature_versions=["SigV4", "SigV5"], types="AuthHeader")
    assert (written.signature_versions, written.types) == (("SigV4", "SigV5"), ("AuthHeader",))


def test_error_codes_that_are_yet_to_come_are_accepted() -> None:
    assert rule("access_denied", codes="SomethingNew").codes == ("SomethingNew",)
    assert rule("errors", codes=["4xx", "SlowDown", "SomethingNew"]).codes == ("4xx", "SlowDown", "SomethingNew")


def test_an_empty_allow_list_allows_nobody_and_is_a_guard() -> None:
    for kind in ("requesters", "writers", "administrators", "networks", "operations", "user_agents"):
        assert rule(kind, allow=[]).allow == ()


@pytest.mark.parametrize(
    ("days", "numbers"),
    [
        ("mon", (1,)),
        ("mon-fri", (1, 2, 3, 4, 5)),
        ("sat-mon", (1, 6, 7)),
        (["wed", "mon-tue"], (1, 2, 3)),
        ("sun-sun", (7,)),
        ((1, 7), (1, 7)),
    ],
)
def test_days_are_names_and_ranges(days: object, numbers: tuple[int, ...]) -> None:
    assert rule("schedule", days=days, hours="08:00-18:00").days == numbers


def test_a_span_over_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    day = 24 * 60
    friday = rule("schedule", days="fri", hours="22:00-06:00")
    assert friday.open_minutes == ((4 * day + 22 * 60, 5 * day + 6 * 60),)
    sunday = rule("schedule", days="sun", hours="22:00-06:00")
    assert sunday.open_minutes == ((0, 6 * 60), (6 * day + 22 * 60, 7 * day))


@given(st.sets(st.integers(1, 7), min_size=1), st.lists(st.tuples(st.integers(0, 1439), st.integers(0, 1440)), min_size=1, max_size=4))
def test_the_open_minutes_are_those_of_every_day_and_span(days: set[int], spans: list[tuple[int, int]]) -> None:
    spans = [(start, end) for start, end in spans if start != end] or [(0, 60)]
    written = [f"{start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}" for start, end in spans]
    schedule = rule("schedule", days=tuple(days), hours=written, enabled=False)
    expected = set()
    for day in days:
        for start, end in spans:
            length = end - start if end > start else end - start + 1440
            expected |= {((day - 1) * 1440 + start + minute) % 10080 for minute in range(length)}
    assert {minute for start, end in schedule.open_minutes for minute in range(start, end)} == expected


@pytest.mark.parametrize(
    ("measure", "limit", "value", "text"),
    [
        ("count", "20", 20, "20"),
        ("distinct(key)", "5", 5, "5"),
        ("sum(bytes_sent)", "50GiB", 50 * 2**30, "50GiB"),
        ("sum(total_time)", "1h", 3_600_000, "1h"),
        ("p99(turn_around_time)", "250ms", 250, "250ms"),
        ("p99.9( object_size )", "1GB", 10**9, "1GB"),
        ("p50(http_status)", "299", 299, "299"),
        ("share(http_status >= 500)", "1%", Fraction(1, 100), "1%"),
    ],
)
def test_a_limit_is_in_the_unit_of_its_measure(measure: str, limit: str, value: int | Fraction, text: str) -> None:
    written = rule("custom", measure=measure, max=limit)
    assert (written.max, written.limit_text(written.max), written.measure.text) == (value, text, measure)


def test_a_measure_is_read_into_its_parts() -> None:
    percentile = rule("custom", measure="p99.9(total_time)", max="1s").measure
    assert (percentile.function, percentile.column, percentile.quantile) == ("percentile", "total_time", Fraction(999, 1000))
    share = rule("custom", measure="share(http_status >= 500)", max="1%").measure
    assert (share.function, share.condition, share.unit) == ("share", "http_status >= 500", "share")
