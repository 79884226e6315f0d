"""What is new, worse and resolved, and what is none of these."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s3guard.model import Omitted, Report, Result, Severity, Status
from s3guard.notify.model import NOTHING, Belief, Seen, What
from s3guard.notify.news import advance, compare, crashed
from tests.notify.sights import finding, result, seen, whats
from tests.outputs import reports


def told(*sights: Seen, lowest: Severity = Severity.MEDIUM) -> list[list[str]]:
    """What somebody is told who sees one sight after the other."""
    belief, found = Belief(), []
    for sight in sights:
        found.append(whats(compare(belief, sight, lowest)))
        belief = advance(belief, sight)
    return found


def test_what_was_told_is_not_told_again() -> None:
    assert [["new eve"], []] == told(seen(result(finding())), seen(result(finding())))


def test_a_finding_below_the_lowest_severity_is_nothing_to_tell_of_when_it_comes_and_when_it_goes() -> None:
    low = finding(severity=Severity.LOW)
    assert [[], []] == told(seen(result(low)), seen(result()))
    assert [["new eve"], ["resolved eve"]] == told(seen(result(low)), seen(result()), lowest=Severity.LOW)


def test_a_waived_or_accepted_finding_is_nothing_to_tell_of() -> None:
    waived = finding(waiver={"reason": "x"})
    mark = result(finding()).findings[0].fingerprint
    assert [[]] == told(seen(result(waived, status=Status.WAIVED)))
    assert [[]] == told(seen(result(finding()), accepted=frozenset({mark})))
    assert [["new eve"], []] == told(seen(result(finding())), seen(result(waived, status=Status.WAIVED)))
    assert [["new eve"], []] == told(seen(result(finding())), seen(result(finding()), accepted=frozenset({mark})))


def test_what_is_waived_no_longer_is_new_again() -> None:
    waived = seen(result(finding(waiver={"reason": "x"}), status=Status.WAIVED))
    assert [["new eve"], [], ["new eve"]] == told(seen(result(finding())), waived, seen(result(finding())))


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ({"severity": Severity.MEDIUM}, {"severity": Severity.HIGH}, "it was medium"),
        ({"severity": Severity.LOW}, {"severity": Severity.MEDIUM}, "it was low"),
        ({"records": 3}, {"records": 30}, "it had 3 records"),
        ({"outcome": "refused", "severity": Severity.LOW}, {"outcome": "served"}, "what was an attempt is served now"),
        ({"outcome": "failed", "severity": Severity.LOW}, {"outcome": "served"}, "what was an attempt is served now"),
    ],
)
def test_a_finding_is_worse_when_it_is_more_severe_served_or_ten_times_as_frequent(before: Any, after: Any, why: str) -> None:
    belief = advance(Belief(), seen(result(finding(**before))))
    (item,) = compare(belief, seen(result(finding(**after))), Severity.MEDIUM).items
    assert ("worsened", why) == (item.what.value, item.why)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"records": 3}, {"records": 29}),
        ({"records": 9}, {"records": 10}),
        ({"records": 30}, {"records": 3}),
        ({"records": 0}, {"records": 0}),
        ({"severity": Severity.HIGH}, {"severity": Severity.MEDIUM}),
        ({"last": 2}, {"last": 9}),
    ],
)
def test_a_finding_that_goes_on_is_no_news(before: Any, after: Any) -> None:
    assert [["new eve"], []] == told(seen(result(finding(**before))), seen(result(finding(**after))))


def test_records_are_held_against_those_that_were_told_so_that_growth_by_small_steps_is_told_too() -> None:
    sights = [seen(result(finding(records=count))) for count in (1, 4, 9, 12, 60, 119, 120)]
    assert [["new eve"], [], [], ["worsened eve"], [], [], ["worsened eve"]] == told(*sights)


def test_what_is_not_found_any_more_is_resolved() -> None:
    assert [["new eve"], ["resolved eve"], []] == told(seen(result(finding())), seen(result()), seen(result()))


@pytest.mark.parametrize(
    "later",
    [
        seen(result(status=Status.UNDETERMINED, reason="who knows")),
        seen(result(status=Status.NOT_APPLICABLE)),
        seen(result(finding("mallory"), unjudged=1)),
        seen(result(finding("mallory"), omitted=Omitted(5, 9))),
        seen(result(), unreadable=True),
        seen(),
        seen(result(bucket="another")),
        seen(result(), until=2),
    ],
    ids=["undetermined", "not applicable", "unjudged records", "flood", "unreadable", "not asked", "another bucket", "ended earlier"],
)
def test_what_nobody_could_look_for_is_not_resolved_and_not_new_when_it_is_there_again(later: Seen) -> None:
    first = seen(result(finding()))
    sights = told(first, later, first)
    assert [True, False, False] == ["new eve" in sights[0], "resolved eve" in sights[1], "new eve" in sights[2]]


def test_what_the_period_left_behind_is_let_go_without_a_word_and_new_once_there_are_younger_records() -> None:
    old = seen(result(finding(first=1, last=3)))
    assert [["new eve"], [], []] == told(old, seen(result(), since=2, until=32), seen(result(), since=5, until=35))
    assert [["new eve"], [], []] == told(old, seen(result(), since=5, until=35), old)
    again = seen(result(finding(first=33, last=34)), since=5, until=35)
    assert [["new eve"], [], ["new eve"], []] == told(old, seen(result(), since=5, until=35), again, again)


def test_a_finding_of_the_configuration_is_resolved_whatever_the_period_is() -> None:
    row = reports.finding("b", records=0, first_seen=None, last_seen=None, severity=Severity.HIGH)
    first = seen(result(row, kind="logging"), since=None, until=None, of_logs=False)
    later = seen(result(kind="logging"), since=None, until=None, of_logs=False)
    assert [["new b"], [], ["resolved b"]] == told(first, first, later)


def test_a_flood_is_one_finding_and_worse_when_it_grows_tenfold() -> None:
    def flooded(records: int) -> Seen:
        return seen(result(finding(), omitted=Omitted(5, records)))

    assert [["new flood", "new eve"], [], ["worsened flood"]] == told(flooded(9), flooded(80), flooded(90))
    blind = result(status=Status.FAIL, violations=4)
    assert [["new flood"], []] == told(seen(blind), seen(blind))


def test_what_cannot_be_judged_is_told_when_it_begins_and_when_it_ends() -> None:
    blind = seen(result(status=Status.UNDETERMINED, reason="no record"), blind={"unreadable": "3 log objects could not be read."})
    more = replace(blind, blind={"unreadable": "4 log objects could not be read."})
    assert [["began None", "began phi-records"], [], ["ended None", "ended phi-records"]] == told(blind, more, seen(result()))
    assert [["began None", "began phi-records"], [], []] == told(blind, seen(of_logs=False), seen(result(bucket="b"), of_logs=False))


def test_a_pattern_that_matches_a_bucket_again_can_be_judged_again() -> None:
    name = reports.POLICY
    unmatched = reports.result(rule=name, kind="policy", bucket=None, status=Status.UNDETERMINED, reason="no bucket matches phi-*")
    assert [["began None"], [], ["ended None"]] == told(seen(unmatched), seen(result(), narrowed=True), seen(result()))


def test_what_is_accepted_is_not_told_unless_nothing_was_judged_at_all() -> None:
    blind = result(status=Status.UNDETERMINED, reason="no record")
    assert [[]] == told(seen(blind, blind={"unreadable": "x"}, lenient=True))
    assert [["began None"], ["ended None"]] == told(seen(blind, blind={NOTHING: "x"}, lenient=True), seen(result(), lenient=True))
    assert [[], ["began phi-records"]] == told(seen(blind, lenient=True), seen(blind))


def test_a_run_that_ended_early_is_told_once_and_the_next_report_says_that_it_is_over() -> None:
    first, belief = crashed(Belief(), 5)
    assert ["began None"] == whats(first)
    again, belief = crashed(belief, 6)
    assert [] == whats(again)
    assert ["ended None"] == whats(compare(belief, seen(of_logs=False), Severity.INFO))
    assert {} == advance(belief, seen(result())).blind


def test_the_worst_come_first_and_what_is_resolved_last() -> None:
    first = seen(result(finding("gone")))
    later = seen(result(finding("bad", severity=Severity.MEDIUM), finding("worse", severity=Severity.CRITICAL)))
    assert ["new worse", "new bad", "resolved gone"] == told(first, later)[1]


OUTCOMES = st.sampled_from(["served", "refused", None])
FINDINGS = st.builds(
    lambda name, outcome, severity, records, first, days: finding(
        name, first, first + days, outcome=outcome, severity=severity, records=records
    ),
    st.sampled_from("abc"),
    OUTCOMES,
    st.sampled_from(Severity),
    st.integers(0, 200),
    st.integers(0, 30),
    st.integers(0, 5),
)


@st.composite
def results(draw: st.DrawFn) -> Result:
    found = draw(st.lists(FINDINGS, max_size=4, unique_by=lambda one: (one.subject["principal"], one.outcome)))
    status = Status.FAIL if found else draw(st.sampled_from([Status.PASS, Status.UNDETERMINED, Status.NOT_APPLICABLE]))
    return result(*found, status=status, reason="?", unjudged=draw(st.sampled_from([0, 0, 3])))


SIGHTS = st.builds(
    lambda one, since, days, unreadable: seen(one, since=since, until=since + days, unreadable=unreadable),
    results(),
    st.integers(0, 20),
    st.integers(1, 30),
    st.booleans(),
)


@settings(deadline=None, max_examples=150)
@given(st.lists(SIGHTS, min_size=1, max_size=5))
def test_the_same_sight_twice_tells_nothing_the_second_time(sights: list[Seen]) -> None:
    assert [] == told(*sights, sights[-1], lowest=Severity.INFO)[-1]


@settings(deadline=None, max_examples=150)
@given(st.lists(SIGHTS, min_size=1, max_size=4), SIGHTS)
def test_whoever_missed_messages_is_told_of_all_that_stands_and_was_not_told(sights: list[Seen], last: Seen) -> None:
    """A channel that failed believes what it did before: it must not take anything for known."""
    report: Report = last.report
    standing = {one.fingerprint for result_ in report.results for one in result_.findings}
    deaf = advance(Belief(), sights[0])
    new = {item.fingerprint for item in compare(deaf, last, Severity.INFO).items if item.what is not What.RESOLVED}
    assert standing - deaf.known.keys() <= new
