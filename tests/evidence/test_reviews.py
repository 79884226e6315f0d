"""Which reviews were due, and what became of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3guard import policy
from s3guard.evidence import found as found_
from s3guard.evidence.found import Found, of_report
from s3guard.evidence.reviews import Kept, changes, schedule
from s3guard.model import Status
from tests.outputs import reports

BEGIN = datetime(2026, 7, 1, tzinfo=UTC)
TEXT = """\
version: 1
policy: p
buckets: [b]
rules:
  requesters: {allow: [arn:aws:iam::111122223333:user/ann]}
  transport: {}
"""


@pytest.fixture(scope="module")
def daily(tmp_path_factory: pytest.TempPathFactory) -> policy.Policy:
    """A policy that asks for a review a day, six hours late at most."""
    return loaded(tmp_path_factory.mktemp("p"), "review: {every: 1d, grace: 6h}\n")


def loaded(folder: Path, more: str) -> policy.Policy:
    (folder / "p.yaml").write_text(TEXT + more, encoding="utf-8")
    (found,) = policy.load([folder / "p.yaml"], folder)
    return found


def run(judged: policy.Policy, hours: float, **told: object) -> Found:
    """A run that many hours after the beginning, which judged all of the month before it."""
    end = BEGIN + timedelta(hours=hours)
    found = Found(
        id=f"{hours:07.1f}",
        finished=end,
        as_of=end,
        status="pass",
        exit_code=0,
        policies={judged.name: judged.sha256},
        rules=frozenset(bound.name for bound in judged.rules),
        since=end - timedelta(days=30),
        until=end,
    )
    return replace(found, **told)  # type: ignore[arg-type]  # fields of it


def kept(judged: policy.Policy, runs: Sequence[Found], days: float) -> list[str]:
    return [one.kept.value for one in schedule(judged, runs, BEGIN, BEGIN + timedelta(days=days)).reviews]


def test_a_run_a_day_is_a_review_a_day_though_it_ends_a_little_sooner_or_later(daily: policy.Policy) -> None:
    runs = [run(daily, 2 + 24 * day + (day % 3 - 1) / 10) for day in range(10)]
    assert kept(daily, runs, 10) == ["on time"] * 10


def test_many_runs_a_day_are_a_review_a_day(daily: policy.Policy) -> None:
    assert kept(daily, [run(daily, hour + 0.5) for hour in range(240)], 10) == ["on time"] * 10


@pytest.mark.parametrize("jitter", [-0.2, 0, 0.2])
def test_a_day_without_a_run_is_missing(daily: policy.Policy, jitter: float) -> None:
    runs = [run(daily, 2 + 24 * day + (jitter if day == 4 else 0)) for day in range(6) if day != 3]
    assert kept(daily, runs, 6) == ["on time"] * 3 + ["missing"] + ["on time"] * 2


def test_a_run_behind_the_grace_is_late(daily: policy.Policy) -> None:
    found = schedule(daily, [run(daily, hour) for hour in (2, 26, 59, 80)], BEGIN, BEGIN + timedelta(days=4))
    assert [one.kept for one in found.reviews] == [Kept.ON_TIME, Kept.ON_TIME, Kept.LATE, Kept.ON_TIME]


def test_without_a_run_all_is_missing_and_what_is_not_due_yet_is_not(daily: policy.Policy) -> None:
    assert kept(daily, [], 10) == ["missing"] * 9
    assert kept(daily, [], 1) == []


def test_the_review_before_the_period_says_when_the_first_is_due(daily: policy.Policy) -> None:
    found = schedule(daily, [run(daily, -2), run(daily, 21)], BEGIN, BEGIN + timedelta(days=1))
    assert [(one.due, one.kept) for one in found.reviews] == [(BEGIN + timedelta(hours=22), Kept.ON_TIME)]
    long_ago = schedule(daily, [run(daily, -242)], BEGIN, BEGIN + timedelta(days=2))
    assert [(one.due, one.kept) for one in long_ago.reviews] == [(BEGIN + timedelta(hours=22), Kept.MISSING)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"undetermined": 2, "exit_code": 3},
        {"unreadable": 1, "exit_code": 1},
        {"unwritten": 1, "exit_code": 3},
        {"exit_code": 4},
        {"rules": frozenset({"p/requesters"})},
        {"buckets": frozenset({"b"})},
        {"since": BEGIN + timedelta(hours=20)},
        {"until": BEGIN - timedelta(days=9)},
    ],
    ids=str,
)
def test_a_run_that_did_not_judge_all_is_no_review(daily: policy.Policy, wrong: dict[str, object]) -> None:
    found = schedule(daily, [run(daily, 23, **wrong)], BEGIN, BEGIN + timedelta(days=1, hours=7))
    assert [(one.kept, [tried.id for tried in one.attempts]) for one in found.reviews] == [(Kept.INCOMPLETE, ["00023.0"])]


def test_a_run_by_other_policies_is_no_attempt(daily: policy.Policy) -> None:
    other = run(daily, 23, policies={"q": "0" * 64})
    found = schedule(daily, [other, run(daily, 23.5, is_kept=False, policies={})], BEGIN, BEGIN + timedelta(days=1, hours=7))
    assert [(one.kept, one.attempts) for one in found.reviews] == [(Kept.MISSING, ())]


def test_a_policy_that_asks_for_no_reviews_has_no_schedule(tmp_path: Path) -> None:
    found = schedule(loaded(tmp_path, ""), [], BEGIN, BEGIN + timedelta(days=9))
    assert (found.every, found.reviews) == (None, ())


def test_a_review_a_second_ends(tmp_path: Path) -> None:
    found = schedule(loaded(tmp_path, "review: {every: 1s}\n"), [], BEGIN, BEGIN + timedelta(days=900))
    assert len(found.reviews) == 50_000


@given(hours=st.lists(st.integers(0, 240), max_size=30, unique=True))
def test_no_run_is_two_reviews_and_dues_are_in_order(daily: policy.Policy, hours: list[int]) -> None:
    found = schedule(daily, [run(daily, hour) for hour in sorted(hours)], BEGIN, BEGIN + timedelta(days=10)).reviews
    taken = [one.run.id for one in found if one.run is not None]
    assert len(taken) == len(set(taken))
    assert [one.due for one in found] == sorted(one.due for one in found)
    assert all(one.run is None or one.since < one.run.finished for one in found)
    gaps = [b - a for a, b in zip([0, *sorted(hours)], sorted(hours), strict=False)]
    assert (Kept.MISSING not in {one.kept for one in found if one.run is None}) or not hours or max([*gaps, 240 - max(hours)]) > 30


def test_changes_are_told_once_each(daily: policy.Policy) -> None:
    old, new = {"p": "a" * 64}, {"p": "b" * 64, "q": "c" * 64}
    runs = [run(daily, day * 24, policies=old if day < 3 else new) for day in range(6)]
    found = changes([daily], runs, BEGIN, BEGIN + timedelta(days=6))
    assert [(one.policy, one.run, one.before, one.after) for one in found] == [
        ("p", "00072.0", "a" * 64, "b" * 64),
        ("q", "00072.0", None, "c" * 64),
        ("p", None, "b" * 64, daily.sha256),
    ]
    assert changes([daily], [], BEGIN, BEGIN) == ()


def test_a_run_with_violations_that_could_not_read_many_lines_is_no_complete_review() -> None:
    told = reports.report(reports.result(status=Status.FAIL, findings=(reports.finding(),)), exit_code=1)
    legible, torn = (replace(told, coverage=replace(told.coverage, records=9_990, quarantined=lines)) for lines in (9, 11))
    assert ((), ("11 lines could not be read as records",)) == tuple(of_report(one, "r", BEGIN, BEGIN).lacking for one in (legible, torn))
    kept = {"results": [], "policies": [], "coverage": {"records": 9_990, "quarantined": 11, "warnings": {}, "unreadable": []}}
    assert 11 == found_._judged({}, kept)["unparsed"]
