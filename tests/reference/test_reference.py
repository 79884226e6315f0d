"""The reference's rules, each on a world that was judged by hand."""

from __future__ import annotations

from typing import Any

import pytest

from . import principals
from .byhand import APP, NOON, ROLE, counts, line, subjects, verdict

REFUSED = "403 AccessDenied 7 - 3 2"
FAILED = "404 NoSuchKey 7 - 3 2"
BROKEN = "503 SlowDown 7 - 3 2"
OWN = {"requester": "AmazonS3", "operation": "S3.EXPIRE.OBJECT", "ip": "-", "uri": '"-"', "agent": '"-"', "six": "- - - 5 - -"}
AMBIGUOUS = {"referer": '"" 403 AccessDenied 7 9000 3000 2000 "x" "y"'}
OLD = {"suffix": "-"}


@pytest.mark.parametrize(
    ("pattern", "requester", "expected"),
    [
        ("arn:aws:iam::111122223333:role/path/app", ROLE, True),
        ("arn:aws:iam::111122223333:role/a*", ROLE, True),
        ("arn:aws-cn:iam::111122223333:role/app", ROLE, False),
        ("arn:aws:iam::999988887777:role/app", ROLE, False),
        ("arn:aws:sts::111122223333:assumed-role/app/s*", ROLE, True),
        ("arn:aws:sts::111122223333:assumed-role/app/other", ROLE, False),
        ("account:111122223333", ROLE, True),
        ("account:aws-cn:111122223333", ROLE, False),
        ("account:111122223333", "arn:aws:sts::111122223333:federated-user/f", True),
        ("arn:aws:iam::111122223333:user/p/b-*", "arn:aws:iam::111122223333:user/p/b-1", True),
        ("arn:aws:iam::111122223333:user/b-*", "arn:aws:iam::111122223333:user/p/b-1", False),
        ("arn:aws:iam::111122223333:user/*", "arn:aws:iam::111122223333:user/p/b-1", False),
        ("canonical:owner", "0" * 64, True),
        ("canonical:owner", "1" * 64, False),
        ("service:*.amazonaws.com", "svc:cloudfront.amazonaws.com", True),
        ("oai:E1", principals.OAI + "E1", True),
        ("account:111122223333", principals.OAI + "E1", False),
        ("authenticated", "AmazonS3", True),
        ("authenticated", None, False),
    ],
)
def test_a_pattern_matches_whom_it_names(pattern: str, requester: str | None, expected: bool) -> None:  # noqa: FBT001 - a table
    assert principals.matches(pattern, requester, "0" * 64) == expected


def test_requesters_looks_at_authenticated_requests_and_splits_by_outcome() -> None:
    eve = ROLE.replace("app", "eve")
    world = [line(), line(requester=eve), line(requester=eve, six=REFUSED), line(requester="-"), line(**OWN)]
    result = verdict("requesters", {"allow": [APP]}, *world)
    assert counts(result) == (3, 2, 0, "fail")
    assert subjects(result) == {("read", APP.replace("app", "eve"), "served"): 1, ("read", APP.replace("app", "eve"), "refused"): 1}
    assert verdict("requesters", {"allow": ["@me"]}, line(), principals={"me": [APP]})["status"] == "pass"
    assert verdict("requesters", {"allow": [APP], "deny": ["authenticated"]}, line())["status"] == "fail"


def test_writers_judges_what_changes_objects_and_never_allows_an_anonymous_one() -> None:
    operations = ["REST.GET.OBJECT", "REST.PUT.OBJECT", "REST.PUT.NEW", "REST.GET.NEW", "REST.POST.BUCKET", "REST.PUT.ACL"]
    assert counts(verdict("writers", {"allow": [APP]}, *(line(operation=each) for each in operations))) == (3, 0, 0, "pass")
    result = verdict("writers", {"allow": ["authenticated"]}, line(requester="-", operation="REST.PUT.OBJECT"))
    assert subjects(result) == {("REST.PUT.OBJECT", None, "served"): 1}
    parent = line(operation="REST.POST.MULTI_OBJECT_DELETE", key="-")
    row = line(operation="BATCH.DELETE.OBJECT", key="a", uri="-", referer="-", agent="-")
    assert counts(verdict("writers", {"allow": ["authenticated"], "except_keys": ["z"]}, parent, row)) == (1, 0, 0, "pass")
    assert counts(verdict("writers", {"allow": ["authenticated"], "keys": ["a"]}, parent, row)) == (1, 0, 0, "pass")
    assert counts(verdict("writers", {"allow": ["authenticated"]}, parent, row)) == (2, 0, 0, "pass")


def test_administrators_judges_what_changes_the_bucket() -> None:
    world = [line(operation="REST.PUT.ACL"), line(operation="REST.PUT.OBJECT"), line(operation="REST.PUT.LOGGING_STATUS", requester="-")]
    assert counts(verdict("administrators", {"allow": [APP]}, *world)) == (2, 1, 0, "fail")


def test_anonymous_counts_every_finding_by_itself() -> None:
    world = [line(requester="-")] * 2 + [line(requester="-", ip="10.0.0.2"), line(**OWN)]
    assert counts(verdict("anonymous", {}, *world)) == (3, 3, 0, "fail")
    assert subjects(verdict("anonymous", {"max": 1}, *world)) == {("read", "10.0.0.1", "served"): 2}


def test_access_denied_counts_refused_ones_in_exact_windows() -> None:
    world = [line(six=REFUSED, time=time) for time in ("12:00:00", "12:00:05", "12:00:09", "12:00:18")]
    result = verdict("access_denied", {"max": 2, "per": "10s"}, *world, line(six=FAILED), line())
    assert counts(result) == (6, 3, 0, "fail")
    (found,) = result["findings"].values()
    assert found == {"records": 3, "first": NOON, "last": NOON + 9, "waived": False}
    assert counts(verdict("access_denied", {"max": 2, "per": "9s"}, *world)) == (4, 0, 0, "pass")
    assert counts(verdict("access_denied", {"max": 3, "group_by": ["network"]}, *world)) == (4, 4, 0, "fail")


def test_errors_needs_enough_requests_in_the_window() -> None:
    world = [line(six=BROKEN, time="12:00:59"), *(line(time=f"12:00:{second:02}") for second in range(3))]
    assert counts(verdict("errors", {"min_requests": 5}, *world)) == (4, 0, 0, "pass")
    assert counts(verdict("errors", {"min_requests": 4}, *world)) == (4, 1, 0, "fail")
    assert counts(verdict("errors", {"min_requests": 4, "max_share": "25%"}, *world)) == (4, 0, 0, "pass")
    assert counts(verdict("errors", {"min_requests": 2, "max_share": "30%", "per": "59s"}, *world)) == (4, 1, 0, "fail")
    assert counts(verdict("errors", {"min_requests": 1, "codes": ["4xx", "InternalError"]}, *world)) == (4, 0, 0, "pass")


def test_latency_decides_percentiles_exactly() -> None:
    world = [line(six=f"200 - 1 1 {time + 100} {time}") for time in range(1, 101)] + [line(six="200 - 1 1 - -")]
    for statistic, limit, slow in [("p99", 99, 0), ("p99", 98, 2), ("p99.9", 99, 1), ("max", 99, 1), ("mean", 51, 0), ("mean", 50, 50)]:
        result = verdict("latency", {"turn_around_time": {statistic: f"{limit}ms"}}, *world)
        assert counts(result) == (100, slow, 0, "fail" if slow else "pass")
    few = {"turn_around_time": {"p50": "1ms", "max": "100ms"}, "min_requests": 101}
    assert counts(verdict("latency", few, *world)) == (100, 0, 0, "pass")
    assert counts(verdict("latency", {"total_time": {"max": "199ms"}, "operations": ["write"]}, *world)) == (0, 0, 0, "pass")


def test_networks_asks_for_an_address_in_an_allowed_network() -> None:
    world = [line(), line(ip="2001:db8::1"), line(ip="-"), line(ip="192.0.2.1")]
    allowed = {"allow": ["10.0.0.0/8", "@v6"]}
    result = verdict("networks", allowed, *world, networks={"v6": ["2001:db8::/32"]})
    assert (counts(result), subjects(result)) == ((3, 1, 0, "fail"), {(APP, "192.0.2.1", "served"): 1})
    assert counts(verdict("networks", {"deny": ["10.0.0.0/24"]}, *world)) == (3, 1, 0, "fail")


def test_transport_leaves_lines_without_tls_columns_unjudged() -> None:
    http = line(suffix="- H SigV4 - AuthHeader h -")
    assert counts(verdict("transport", {}, line(), line(**OLD), line(ip="-"))) == (1, 0, 1, "undetermined")
    assert counts(verdict("transport", {}, line(), line(**OLD), http)) == (2, 1, 1, "fail")
    assert counts(verdict("transport", {"min_tls": "1.3"}, line())) == (1, 1, 0, "fail")
    assert counts(verdict("transport", {"min_tls": "1.2"}, line(suffix="- H - C - h TLSV1.2"))) == (1, 0, 0, "pass")
    assert counts(verdict("transport", {"deny_ciphers": ["AES"]}, line())) == (1, 1, 0, "fail")


def test_authentication_allows_only_the_named() -> None:
    rule = {"signature_versions": ["SigV4"], "types": ["AuthHeader"]}
    world = [
        line(),
        line(suffix="- H SigV2 C AuthHeader h T"),
        line(suffix="- H SigV4 C QueryString h T"),
        line(requester="-"),
        line(**OLD),
    ]
    assert counts(verdict("authentication", rule, *world)) == (3, 2, 1, "fail")


def test_operations_takes_names_globs_and_classes() -> None:
    world = [line(), line(operation="REST.PUT.OBJECT"), line(operation="REST.PUT.ACL"), line(operation="FOO.X")]
    assert counts(verdict("operations", {"allow": ["read", "REST.PUT.*"], "deny": ["acl"]}, *world)) == (4, 2, 0, "fail")
    assert counts(verdict("operations", {"deny": ["unknown"]}, *world)) == (4, 1, 0, "fail")


def test_volume_counts_requests_bytes_and_keys() -> None:
    copied = line(operation="REST.COPY.OBJECT_GET", six="- - - 1000 - -", uri="-", referer="-", agent="-", key="c")
    world = [line(key="a"), line(key="b", time="12:00:30"), copied]
    assert counts(verdict("volume", {"bytes": "1019B"}, *world)) == (3, 3, 0, "fail")
    assert counts(verdict("volume", {"bytes": "1KB", "per": "1m"}, *world)) == (3, 3, 0, "fail")
    assert counts(verdict("volume", {"bytes": "1009", "per": "30s"}, *world)) == (3, 2, 0, "fail")
    assert counts(verdict("volume", {"requests": 3}, *world)) == (3, 0, 0, "pass")
    straddling = [line(key="a", time="12:59:59"), line(key="b", time="13:00:00")]
    assert counts(verdict("volume", {"distinct_keys": 1, "per": "1h"}, *straddling)) == (2, 0, 0, "pass")
    assert counts(verdict("volume", {"requests": 1, "per": "1h"}, *straddling)) == (2, 2, 0, "fail")


def test_schedule_reads_the_clock_of_the_zone() -> None:
    berlin = {"days": ["fri"], "hours": ["08:00-13:00"], "time_zone": "Europe/Berlin"}
    assert counts(verdict("schedule", berlin, line(time="11:59:59"), line(time="12:00:00"))) == (2, 1, 0, "fail")
    assert counts(verdict("schedule", {"days": ["sat"]}, line(), line(ip="-"))) == (1, 1, 0, "fail")
    assert counts(verdict("schedule", {"hours": "20:00-06:00"}, line(time="23:00:00"), line())) == (2, 1, 0, "fail")


def test_acl_required_needs_the_26th_field() -> None:
    needed = line(suffix="- H SigV4 C AuthHeader h T - Yes")
    assert counts(verdict("acl_required", {}, line(), needed, line(suffix="- H SigV4 C AuthHeader h T -"))) == (2, 1, 1, "fail")
    assert counts(verdict("acl_required", {"max": 1}, needed)) == (1, 0, 0, "pass")


def test_user_agents_leaves_an_unknown_one_unjudged() -> None:
    world = [line(), line(agent='"-"'), line(agent='"a" "b"'), line(agent='""')]
    assert counts(verdict("user_agents", {"allow": ["curl/*"]}, *world)) == (2, 1, 1, "fail")
    assert counts(verdict("user_agents", {"deny": ["wget*"]}, *world)) == (2, 0, 1, "undetermined")


def test_completeness_sees_gaps_shortages_and_what_s3_does_itself() -> None:
    world = [line(**OWN), line(time="12:10:00")]
    assert counts(verdict("completeness", {"max_gap": "10m"}, *world)) == (2, 0, 0, "pass")
    assert subjects(verdict("completeness", {"max_gap": "9m"}, *world)) == {("b", None): 2}
    assert counts(verdict("completeness", {"min_records": 3}, *world)) == (2, 2, 0, "fail")
    assert counts(verdict("completeness", {"max_gap": "10m"}, *world, until=NOON + 1201)) == (2, 2, 0, "fail")


CUSTOM: list[tuple[dict[str, Any], int]] = [
    ({"measure": "count", "max": 2}, 3),
    ({"measure": "count", "max": 2, "per": "10m"}, 0),
    ({"measure": "sum(bytes_sent)", "max": 29}, 3),
    ({"measure": "sum(bytes_sent)", "max": 30}, 0),
    ({"measure": "distinct(key)", "max": 1, "per": "1h"}, 0),
    ({"measure": "distinct(key)", "max": 1}, 3),
    ({"measure": "share(key = 'x')", "max": "33%"}, 3),
    ({"measure": "share(key = 'x')", "max": "34%"}, 0),
    ({"measure": "p50(total_time)", "max": 8}, 3),
    ({"measure": "p50(total_time)", "max": 9}, 0),
    ({"measure": "p50(total_time)", "min": 10}, 3),
    ({"measure": "count", "min": 4}, 3),
    ({"measure": "count", "max": 1, "group_by": ["key"]}, 2),
]


@pytest.mark.parametrize(("fields", "violations"), CUSTOM)
def test_custom_measures_what_its_condition_selects(fields: dict[str, Any], violations: int) -> None:
    world = [line(key="a"), line(key="a", time="12:05:00"), line(key="x", time="13:00:00"), line(operation="REST.PUT.OBJECT")]
    result = verdict("custom", {"where": "operation = 'REST.GET.OBJECT'", **fields}, *world)
    assert counts(result) == (3, violations, 0, "fail" if violations else "pass")


def test_custom_min_finds_hours_in_which_nothing_happened() -> None:
    rule = {"where": "key = 'k'", "measure": "count", "min": 1, "per": "1h"}
    world = [line(), line(time="14:00:00"), line(time="15:00:00")]
    result = verdict("custom", rule, *world)
    assert (counts(result), result["findings"]) == (
        (3, 0, 0, "fail"),
        {((), None): {"records": 0, "first": None, "last": None, "waived": False}},
    )
    assert counts(verdict("custom", rule, *world, since=NOON + 7200, until=NOON + 3 * 3600 + 1)) == (2, 0, 0, "pass")


def test_an_ambiguous_line_is_judged_by_the_reading_worst_for_its_requester() -> None:
    bad = line(requester="-", six=FAILED, **AMBIGUOUS)
    assert list(subjects(verdict("anonymous", {}, bad))) == [("read", "10.0.0.1", "refused")]
    assert list(subjects(verdict("anonymous", {}, line(requester="-", **AMBIGUOUS)))) == [("read", "10.0.0.1", "served")]
    assert counts(verdict("anonymous", {"outcome": "failed"}, bad)) == (1, 1, 0, "fail")
    assert counts(verdict("access_denied", {}, line(**AMBIGUOUS))) == (1, 1, 0, "fail")
    assert counts(verdict("latency", {"total_time": {"max": "1s"}}, line(**AMBIGUOUS))) == (1, 1, 0, "fail")
    assert counts(verdict("custom", {"where": "http_status = 200", "measure": "sum(object_size)", "max": 100}, line(**AMBIGUOUS)))[1] == 0
    assert counts(verdict("custom", {"where": "http_status > 1", "measure": "sum(object_size)", "max": 100}, line(**AMBIGUOUS)))[1] == 1
