"""Waivers: which findings they cover, until when, and that they change nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3guard import waivers
from s3guard.conclude import Conclusion, conclude
from s3guard.model import Coverage, Redacted, Result, Severity, Status
from s3guard.plan import Plan
from s3guard.policy import Policy
from s3guard.results import SHOWN, Known
from s3guard.verdict import breaks_run
from s3guard.waivers import Validity, document, notes, register
from tests.batches import lines_of, policies_of, whole
from tests.concluding import ANN, REFUSED, at, concluded
from tests.laws import tried
from tests.outputs import reports
from tests.reference.worlds import World, worlds

DAY = date(2026, 11, 22)
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
BOB = b"arn:aws:iam::111122223333:user/bob"
SESSION = b"arn:aws:sts::111122223333:assumed-role/loader/i-1"
ROLE = "arn:aws:iam::111122223333:role/loader"


def text(*entries: str, rules: str = "requesters: {allow: []}") -> str:
    """A policy with waivers."""
    listed = "".join(f"- {entry}\n" for entry in entries)
    return f"version: 1\npolicy: p\nbuckets: [examplebucket]\nrules:\n  {rules}\nwaivers:\n{listed}"


def entry(match: str = "", expires: str = "2027-03-31", rule: str = "requesters", more: str = "") -> str:
    """A waiver."""
    return f"{{rule: {rule}, {f'match: {match}, ' if match else ''}reason: r, expires: {expires}{more}}}"


def judged(policy: str, *data: bytes, day: date | None = DAY) -> Result:
    """The result of the first rule."""
    return next(result for result in concluded(policy, *data, day=day).results if result.bucket == "examplebucket")


def covered(match: str, *data: bytes, rules: str = "requesters: {allow: []}", rule: str = "requesters") -> list[bool]:
    """Which findings a waiver covers, in their order by subject."""
    result = judged(text(entry(match, rule=rule), rules=rules), *data)
    found = sorted(result.findings, key=lambda one: [str(value) for value in one.subject.values()])
    return [finding.waiver is not None for finding in found]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (ANN, [True, False]),
        ("arn:aws:iam::111122223333:user/*", [True, True]),
        ("account:111122223333", [True, True]),
        ("account:444455556666", [False, False]),
        ("authenticated", [True, True]),
        ("[arn:aws:iam::111122223333:user/bob, arn:aws:iam::111122223333:user/ann]", [True, True]),
        ("arn:aws:iam::111122223333:user/a", [False, False]),
        ('"-"', [False, False]),
    ],
)
def test_a_principal_is_matched_by_patterns(pattern: str, expected: list[bool]) -> None:
    assert covered(f"{{principal: {pattern}}}", at(0), at(1, requester=BOB)) == expected


@pytest.mark.parametrize("pattern", [ROLE, "arn:aws:iam::111122223333:role/team/loader", '"arn:aws:iam::111122223333:role/l*"'])
def test_a_role_is_matched_with_or_without_its_path_as_principal_and_as_requester(pattern: str) -> None:
    assert covered(f"{{principal: {pattern}}}", at(0, requester=SESSION)) == [True]
    assert covered(f"{{requester: {pattern}}}", at(0, requester=SESSION), rules="requesters: {allow: [], group_by: requester}") == [True]


def test_one_session_is_matched_where_findings_tell_sessions_apart() -> None:
    data = [at(0, requester=SESSION), at(1, requester=SESSION + b"2")]
    session = f"{{requester: {SESSION.decode()}}}"
    assert covered(session, *data, rules="requesters: {allow: [], group_by: requester}") == [True, False]


@pytest.mark.parametrize(("pattern", "expected"), [('"-"', True), ('"*"', False), ("198.51.100.9", False)])
def test_what_a_finding_has_no_value_of_is_matched_by_a_dash_alone(pattern: str, *, expected: bool) -> None:
    rules = "anonymous: {group_by: referer}"
    assert covered(f"{{referer: {pattern}}}", at(0, requester=b"-", referer=b"-"), rules=rules, rule="anonymous") == [expected]


def test_anonymous_requesters_are_matched_by_a_dash_and_by_no_pattern() -> None:
    for pattern, expected in [('"-"', True), ("authenticated", False), ("account:111122223333", False)]:
        match, rules = f"{{principal: {pattern}}}", "writers: {allow: []}"
        data = at(0, requester=b"-", operation=b"REST.PUT.OBJECT")
        assert covered(match, data, rules=rules, rule="writers") == [expected]


def test_numbers_and_texts_are_matched_by_globs_and_all_fields_must_match() -> None:
    rules = "requesters: {allow: [], group_by: [http_status, operation]}"
    data = [at(0), at(1, **REFUSED)]
    assert covered('{http_status: "4*"}', *data, rules=rules) == [False, True]
    assert covered("{http_status: 200}", *data, rules=rules) == [True, False]
    assert covered('{http_status: ["20?", "40?"], operation: REST.*}', *data, rules=rules) == [True, True]
    assert covered('{http_status: "20?", operation: REST.PUT.*}', *data, rules=rules) == [False, False]


def test_without_match_every_finding_of_the_rule_is_covered_and_none_of_another() -> None:
    policy = text(entry(), rules="requesters: {allow: []}\n  writers: {allow: []}")
    put = at(0, operation=b"REST.PUT.OBJECT")
    first, second, *_ = concluded(policy, put, at(1, requester=BOB), day=DAY).results
    assert (Status.WAIVED, Status.FAIL) == (first.status, second.status)
    assert (2, 2, 2) == (first.records, first.violations, len(first.findings))
    assert not breaks_run(first, Severity.INFO)


def test_a_waiver_of_one_entry_of_a_list_is_of_that_entry() -> None:
    rules = "requesters: [{allow: []}, {id: other, allow: []}]"
    first, second, *_ = concluded(text(entry(rule="requesters/other"), rules=rules), at(0), day=DAY).results
    assert (Status.FAIL, Status.WAIVED) == (first.status, second.status)


def test_a_finding_says_what_covers_it() -> None:
    told = {
        "reason": "r",
        "ticket": "T-1",
        "approved_by": "a@example.org",
        "expires": "2027-03-31",
        "match": {"principal": [ANN]},
        "number": 2,
    }
    more = ", ticket: T-1, approved_by: a@example.org"
    policy = text(entry(f"{{principal: {BOB.decode()}}}"), entry(f"{{principal: {ANN}}}", more=more))
    assert [told] == [finding.waiver for finding in judged(policy, at(0)).findings]


def test_of_several_waivers_the_one_that_holds_longest_is_told() -> None:
    policy = text(entry(expires="2027-01-01"), entry(expires="2027-12-31"), entry(expires="2027-12-31"), entry(expires="2020-01-01"))
    assert [("2027-12-31", 2)] == [(one.waiver["expires"], one.waiver["number"]) for one in judged(policy, at(0)).findings if one.waiver]


@pytest.mark.parametrize(("day", "status"), [(date(2027, 3, 31), Status.WAIVED), (date(2027, 4, 1), Status.FAIL), (None, Status.FAIL)])
def test_a_waiver_holds_to_the_end_of_its_last_day(day: date | None, status: Status) -> None:
    result = judged(text(entry()), at(0), day=day)
    assert status is result.status
    expired = day == date(2027, 4, 1)
    assert expired == result.findings[0].message.endswith("; waived until 2027-03-31, expired")


@pytest.mark.parametrize(
    ("as_of", "day"),
    [("2027-03-31T23:59:59+00:00", "2027-03-31"), ("2027-03-31T23:59:59-01:00", "2027-04-01"), ("2027-04-01T00:30:00+01:00", "2027-03-31")],
)
def test_the_day_is_that_of_the_clock_in_utc(as_of: str, day: str) -> None:
    assert date.fromisoformat(day) == waivers.day_of(datetime.fromisoformat(as_of))


def test_one_finding_that_nobody_waived_fails_the_result_with_its_severity() -> None:
    result = judged(text(entry(f"{{principal: {ANN}}}")), at(0), at(1, requester=BOB, **REFUSED))
    assert (Status.FAIL, Severity.LOW) == (result.status, result.severity)
    assert [(Severity.HIGH, True), (Severity.LOW, False)] == [(one.severity, one.waiver is not None) for one in result.findings]


def test_what_a_flood_left_out_is_waived_by_nobody() -> None:
    data = [at(0, requester=b"arn:aws:iam::111122223333:user/u%d" % number) for number in range(SHOWN + 1)]
    result = judged(text(entry()), *data)
    assert (Status.FAIL, Severity.HIGH, 1) == (result.status, result.severity, result.omitted.findings)
    assert all(finding.waiver for finding in result.findings)
    assert breaks_run(result, Severity.HIGH)
    assert not breaks_run(result, Severity.CRITICAL)


def test_what_could_not_be_judged_is_waived_by_nobody() -> None:
    old = at(2).rsplit(b' "', 1)[0] + b' "curl/8" -\n'
    rules = "transport: {min_tls: '1.3'}"
    ended, holding = entry(rule="transport", expires="2020-01-01"), entry(rule="transport")
    without, with_ = (judged(text(one, rules=rules), at(0), old) for one in (ended, holding))
    assert without.unjudged == with_.unjudged > 0
    assert (Status.FAIL, Status.UNDETERMINED) == (without.status, with_.status)
    assert with_.findings
    assert "could not be judged" in (with_.reason or "")


def told(world: World) -> tuple[Plan, Conclusion, Conclusion]:
    """A plan, and what it concludes of a world with and without its waivers."""
    plan = Plan(policies_of(world.policies), since=world.since, until=world.until)
    found, known = whole(plan, lines_of(world.files)), Known(day=datetime.fromtimestamp(world.as_of, UTC).date())
    bare = replace(plan, policies=tuple(replace(policy, waivers=()) for policy in plan.policies))
    return plan, conclude(plan, found, known), conclude(bare, found, known)


def unexpected(coverage: Coverage) -> Coverage:
    """The coverage but for what became of the rules that expect records."""
    return replace(coverage, buckets=tuple(replace(bucket, expected=()) for bucket in coverage.buckets))


@tried(6)
@given(worlds(10, 120))
def test_a_waiver_changes_no_count_hides_nothing_and_without_it_all_is_as_it_was(world: World) -> None:
    _, with_, without = told(world)
    assert unexpected(with_.coverage) == unexpected(without.coverage)
    for one, bare in zip(with_.results, without.results, strict=True):
        assert (one.records, one.violations, one.unjudged, one.omitted) == (bare.records, bare.violations, bare.unjudged, bare.omitted)
        assert [replace(finding, waiver=None, message="") for finding in one.findings] == [
            replace(each, message="") for each in bare.findings
        ]
        assert all(mine.message.startswith(other.message) for mine, other in zip(one.findings, bare.findings, strict=True))
        if not any(finding.waiver for finding in one.findings):
            assert (one.status, one.severity, one.reason) == (bare.status, bare.severity, bare.reason)
        if bare.status is not Status.FAIL:
            assert one.status is bare.status
        if one.status is Status.WAIVED:
            assert not one.unjudged
            assert all(finding.waiver for finding in one.findings)


@tried(12)
@given(worlds(10, 60), st.integers(0, 40_000))
def test_the_register_covers_just_what_the_findings_say(world: World, days: int) -> None:
    plan, with_, _ = told(world)
    as_of = datetime.fromtimestamp(world.as_of, UTC)
    report = replace(reports.report(), results=with_.results)
    entries = register(plan.policies, report, as_of)
    assert sum(len(policy.waivers) for policy in plan.policies) == len(entries)
    waived = [finding for result in with_.results for finding in result.findings if finding.waiver is not None]
    held = [one for one in entries if one.holds]
    assert (len(waived), sum(finding.records for finding in waived)) == (
        sum(one.findings or 0 for one in held),
        sum(one.records or 0 for one in held),
    )
    assert len(register(plan.policies, None, datetime.fromtimestamp(days * 86_400, UTC))) == len(entries)


def policies(*entries: str) -> tuple[Policy, ...]:
    return policies_of([text(*entries)])


def said(*entries: str, data: tuple[bytes, ...] = (at(0),), as_of: datetime = NOON) -> tuple[str, ...]:
    """The notes of a run by a policy with these waivers."""
    results = concluded(text(*entries), *data, day=waivers.day_of(as_of)).results
    return notes(policies(*entries), results, as_of)


def test_a_report_is_quiet_about_a_waiver_that_covers_something_for_long() -> None:
    assert () == said(entry())


@pytest.mark.parametrize(
    ("waiver", "expected"),
    [
        (entry(expires="2026-12-22"), "expires in 30 days, on 2026-12-22; it covers 1 finding."),
        (entry(expires="2026-11-22"), "expires today, on 2026-11-22; it covers 1 finding."),
        (entry(expires="2026-11-23"), "expires tomorrow, on 2026-11-23; it covers 1 finding."),
        (entry(expires="2026-11-21"), "expired on 2026-11-21: 1 finding that it covered counts again."),
        (entry('{principal: "-"}', expires="2026-11-21"), "expired on 2026-11-21: it holds no more."),
        (entry('{principal: "-"}'), "matched nothing in this run."),
        (entry('{principal: "-"}', expires="2026-12-01"), "expires in 9 days, on 2026-12-01; it matched nothing in this run."),
    ],
)
def test_a_report_tells_of_waivers_that_somebody_should_look_after(waiver: str, expected: str) -> None:
    assert (f"The waiver of p/requesters (0.yaml, line 7) {expected}",) == said(waiver)


def test_thirty_one_days_before_its_end_nothing_is_said() -> None:
    assert () == said(entry(expires="2026-12-23"))


def test_nothing_is_said_of_a_rule_that_the_run_does_not_judge_or_cannot_judge() -> None:
    results = concluded(text(entry('{principal: "-"}')), at(0), day=DAY).results
    (first,) = (result for result in results if result.kind == "requesters")
    mine = policies(entry('{principal: "-"}'))
    assert () == notes(mine, [result for result in results if result is not first], NOON)
    assert () == notes(mine, [replace(first, unjudged=1)], NOON)
    assert () == notes(mine, [replace(first, status=Status.UNDETERMINED, findings=())], NOON)


def test_of_very_many_waivers_some_are_told_and_the_rest_is_counted() -> None:
    told_ = said(*[entry(expires="2020-01-01")] * 25)
    assert 21 == len(told_)
    assert "5 more waivers expired, expire within 30 days or matched nothing." == told_[-1]


def test_the_register_says_what_a_waiver_covers_and_what_an_expired_one_would() -> None:
    entries = (
        entry(f"{{principal: {ANN}}}", expires="2027-03-31"),
        entry(f"{{principal: {BOB.decode()}}}", expires="2026-11-21"),
        entry('{principal: "-"}', expires="2026-11-30"),
        entry(expires="2027-03-31", rule="logging/SAL-001"),
    )
    results = concluded(text(*entries), at(0), at(1), at(2, requester=BOB), day=DAY).results
    report = replace(reports.report(), results=results)
    found = register(policies(*entries), report, NOON)
    assert [
        (Validity.IN_FORCE, 1, 2, False),
        (Validity.EXPIRED, 1, 1, False),
        (Validity.EXPIRING, 0, 0, True),
        (Validity.IN_FORCE, 0, 0, False),
    ] == [(one.state, one.findings, one.records, one.unused) for one in found]
    assert (False, None) == (found[3].judged, document(found[3])["unused"])
    redacted = replace(report, redacted=Redacted(("requester",), "0" * 16))
    assert [1, None, 0, 0] == [one.findings for one in register(policies(*entries), redacted, NOON)]
    assert {None} == {one.findings for one in register(policies(*entries), None, NOON)}
