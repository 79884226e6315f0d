"""Rules that could never find anything, and wrong fields of single rules: every message."""

from __future__ import annotations

import zoneinfo
from typing import Any

import pytest
from pydantic import ValidationError

from s3guard.rules import catalog

RULES = catalog()
FORMS = "count, sum(c), distinct(c), share(condition), p50(c), p90(c), p95(c), p99(c) or p99.9(c)"
NUMBERS = "http_status, bytes_sent, object_size, total_time, turn_around_time"


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


@pytest.mark.parametrize(
    ("kind", "written", "message"),
    [
        ("requesters", {}, "requesters allows everybody as it stands; add `allow` (`allow: []` allows nobody) or `deny`"),
        ("requesters", {"deny": []}, "requesters allows everybody as it stands; add `allow` (`allow: []` allows nobody) or `deny`"),
        ("writers", {}, "writers names no writers; add `allow` (`allow: []` lets nobody write) or `deny`"),
        ("administrators", {}, "administrators names no administrators; add `allow` (`allow: []` lets nobody administer) or `deny`"),
        ("networks", {}, "networks allows every address as it stands; add `allow` or `deny`, such as `allow: [203.0.113.0/24]`"),
        (
            "authentication",
            {},
            "authentication allows every signature as it stands; add `signature_versions: [SigV4]` or `types: [AuthHeader]`",
        ),
        ("operations", {}, "operations allows every operation as it stands; add `allow` or `deny`, such as `deny: [delete]`"),
        ("user_agents", {}, 'user_agents allows every client as it stands; add `allow` or `deny`, such as `deny: ["S3Console/*"]`'),
        ("volume", {"per": "1h"}, "volume has no limit; add `requests`, `bytes` or `distinct_keys`, such as `bytes: 50GiB`"),
        ("latency", {}, "latency has no limit; add one such as `turn_around_time: {p99: 250ms}`"),
        ("latency", {"total_time": {}}, "total_time has no limit; add one such as `total_time: {p99: 250ms}`"),
        (
            "schedule",
            {},
            "schedule has neither days nor hours; add `days`, such as `days: mon-fri`, or `hours`, such as `hours: 08:00-18:00`",
        ),
        (
            "schedule",
            {"days": "mon-sun", "hours": ["00:00-12:00", "12:00-24:00"]},
            "schedule is open all week as it stands; narrow `days` or `hours`",
        ),
        ("errors", {"max_share": "100%"}, "no share is ever over 100%; lower `max_share`"),
        ("first_seen", {"group_by": "principal"}, "first_seen has no use for `group_by`: what is new makes the subject; name it in `of`"),
        (
            "completeness",
            {"group_by": "principal"},
            "completeness has no use for `group_by`: a group that is missing has no records to show it; narrow it with `where`",
        ),
        ("custom", {}, "custom has no limit; add `max` or `min`"),
        (
            "custom",
            {"min": "1", "group_by": "key"},
            "`min` has no use for `group_by`: a group that is missing has no records to show it; use one rule a group, with `where`",
        ),
        ("custom", {"min": "2", "max": "1"}, "`min` (2) is over `max` (1); no value is within both"),
        ("custom", {"min": "0"}, "no value is under `min: 0`; raise `min` or add `max`"),
        ("custom", {"measure": "share(http_status = 200)", "max": "100%"}, "no share is ever over 100%; lower `max`"),
    ],
)
def test_a_rule_that_could_never_find_anything_is_told_what_to_add(kind: str, written: dict[str, Any], message: str) -> None:
    assert complaint(kind, **written) == message


@pytest.mark.parametrize("kind", RULES)
def test_a_rule_that_is_switched_off_needs_nothing(kind: str) -> None:
    assert rule(kind, enabled="false").enabled is False


@pytest.mark.parametrize(
    ("kind", "written", "message"),
    [
        (
            "requesters",
            {"allow": "@staff"},
            "'@staff' names no list of this policy: `principals` has none of that name, or it stands where none may",
        ),
        (
            "networks",
            {"allow": "@vpn"},
            "'@vpn' names no list of this policy: `networks` has none of that name, or it stands where none may",
        ),
        (
            "networks",
            {"allow": "203.0.113.7/24"},
            "'203.0.113.7/24' has bits set beyond its prefix; the network is 203.0.113.0/24, a single address has no prefix",
        ),
        (
            "networks",
            {"allow": "2001:db8::7/32"},
            "'2001:db8::7/32' has bits set beyond its prefix; the network is 2001:db8::/32, a single address has no prefix",
        ),
        (
            "networks",
            {"allow": "10.0.0.0/33"},
            "'10.0.0.0/33' is not a network; write an address or a CIDR such as 203.0.113.0/24 or 2001:db8::/32",
        ),
        (
            "networks",
            {"allow": "10.0.0.0/255.0.0.0"},
            "'10.0.0.0/255.0.0.0' is not a network; write an address or a CIDR such as 203.0.113.0/24 or 2001:db8::/32",
        ),
        (
            "networks",
            {"allow": "fe80::1%eth0"},
            "'fe80::1%eth0' is not a network; write an address or a CIDR such as 203.0.113.0/24 or 2001:db8::/32",
        ),
        ("access_denied", {"codes": "accessdenied"}, "'accessdenied' is not an error code; did you mean AccessDenied?"),
        ("access_denied", {"codes": "4xx"}, "'4xx' is not an error code; write a name such as AccessDenied"),
        ("access_denied", {"codes": []}, "an empty list of error codes selects nothing; remove the key or name some"),
        ("errors", {"codes": "503"}, "'503' is not an error code; write 5xx or a name such as SlowDown"),
        ("errors", {"codes": "3xx"}, "'3xx' is not an error code; write 4xx, 5xx or a name such as SlowDown"),
        ("transport", {"min_tls": "TLSv1.2"}, "'TLSv1.2' is not a TLS version; write 1.0, 1.1, 1.2 or 1.3"),
        ("authentication", {"types": "authheader"}, "'authheader' is not an authentication type as S3 writes it; write AuthHeader"),
        ("schedule", {"days": "monday"}, "'monday' is not a day; write mon"),
        ("schedule", {"days": "Mon-Fri"}, "'Mon' is not a day; write mon"),
        ("schedule", {"days": "8"}, "'8' is not a day; write mon, tue, wed, thu, fri, sat, sun"),
        ("schedule", {"hours": "8-18"}, "'8-18' is not a span of hours; write 08:00-18:00"),
        ("schedule", {"hours": "8:30 to 18:00"}, "'8:30 to 18:00' is not a span of hours; write 08:30-18:00"),
        ("schedule", {"hours": "by day"}, "'by day' is not a span of hours; write one such as 08:00-18:00"),
        ("schedule", {"hours": "08:00-24:01"}, "'08:00-24:01' names no time of the day; hours go from 00:00 to 24:00"),
        ("schedule", {"hours": "24:00-08:00"}, "'24:00-08:00' names no time of the day; hours go from 00:00 to 24:00"),
        ("schedule", {"hours": "08:60-09:00"}, "'08:60-09:00' names no time of the day; hours go from 00:00 to 24:00"),
        ("schedule", {"hours": "08:00-08:00"}, "'08:00-08:00' is empty; for the whole day write 00:00-24:00"),
        (
            "schedule",
            {"days": "mon", "time_zone": "Europe/Berlinn"},
            "'Europe/Berlinn' is not a time zone; did you mean Europe/Berlin or Europe/Dublin?",
        ),
        (
            "schedule",
            {"days": "mon", "time_zone": "../../etc/passwd"},
            "'../../etc/passwd' is not a time zone; write an IANA name such as Europe/Berlin",
        ),
        ("schedule", {"days": "mon", "time_zone": "localtime"}, "'localtime' is not a time zone; write an IANA name such as Europe/Berlin"),
        ("first_seen", {"of": "requester"}, "'requester' is not what can be new; write principal, network or operation"),
        ("anomalies", {"of": "request"}, "'request' is not a measure; did you mean requests?"),
        ("custom", {"measure": "sum", "max": "1"}, "'sum' is not a measure; write sum(bytes_sent), for example"),
        (
            "custom",
            {"measure": "mean", "max": "1s"},
            "'mean' is not a measure; write " + FORMS,
        ),
        (
            "custom",
            {"measure": "count(key)", "max": "1"},
            "'count(key)' is not a measure; write count, and narrow it with `where`; or distinct(key)",
        ),
        (
            "custom",
            {"measure": "p75(total_time)", "max": "1s"},
            "'p75' is not a measure; write " + FORMS,
        ),
        (
            "custom",
            {"measure": "sum(key)", "max": "1"},
            "sum wants a column of numbers, which 'key' is not; write one of " + NUMBERS,
        ),
        (
            "custom",
            {"measure": "sum(byte_sent)", "max": "1"},
            "sum wants a column of numbers, which 'byte_sent' is not; did you mean bytes_sent?",
        ),
        ("custom", {"measure": "distinct(keys)", "max": "1"}, "'keys' is not a column of a record; did you mean key?"),
        ("custom", {"measure": "share()", "max": "1%"}, "share() has no condition; write one such as share(http_status >= 500)"),
        ("custom", {"measure": "sum(bytes_sent)", "max": "50 GiB"}, "'50 GiB' is not a size; write 50GiB"),
    ],
)
def test_a_wrong_field_is_told_what_was_meant(kind: str, written: dict[str, Any], message: str) -> None:
    assert complaint(kind, **written) == message


def test_a_share_with_a_wrong_condition_is_an_error_at_the_measure() -> None:
    assert place("custom", measure="share(count(*) > 1)", max="1%") == ("measure",)


def test_a_machine_without_time_zones_knows_them_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zoneinfo.available_timezones", set)
    assert rule("schedule", days="mon", time_zone="Europe/Berlin").time_zone == "Europe/Berlin"
    message = "'Europe/Berlinn' is not a time zone; write an IANA name such as Europe/Berlin"
    assert complaint("schedule", days="mon", time_zone="Europe/Berlinn") == message


@pytest.mark.parametrize("name", ["+02:00", "localtime", "Factory", "posixrules", "right/UTC", "europe/berlin", "Europe/Berlin\0"])
def test_what_is_no_place_on_every_machine_is_no_time_zone(name: str) -> None:
    assert "is not a time zone" in complaint("schedule", days="mon", time_zone=name)


def test_every_place_that_the_machine_has_is_a_time_zone() -> None:
    places = zoneinfo.available_timezones() - {"localtime", "Factory"}
    assert [name for name in places if rule("schedule", days="mon", time_zone=name).time_zone != name] == []
