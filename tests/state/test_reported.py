"""What is known is what a finished run reported: no record is taken for known that nobody was told of."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3guard import ruletables
from s3guard.ruletables import RuleTables
from s3guard.state import State
from s3guard.state.compaction import compact
from s3guard.state.reported import FinishedRun, marked
from tests.remembering import finished, run
from tests.test_remembered import line, said, write

COMPACTED = ()

OTHER = line(5).replace(b" examplebucket ", b" other ")


def instant(hours: int) -> datetime:
    """An hour of the day of the logs."""
    return datetime(2026, 10, 3, hours, tzinfo=UTC)


def both(folder: Path) -> None:
    """Make the policy one for another bucket, too."""
    policy = folder / "policies" / "p.yaml"
    policy.write_text(policy.read_text(encoding="utf-8").replace("[examplebucket]", "[examplebucket, other]"), encoding="utf-8")


@pytest.mark.parametrize(
    "narrowed",
    [{"rules": ["access_denied"]}, {"buckets": ["other"]}, {"until": instant(3)}, {"since": instant(7), "until": instant(8)}],
    ids=["rule", "bucket", "until", "since"],
)
def test_records_that_a_run_judged_and_did_not_report_on_are_new_to_the_next(narrowed: dict[str, Any], tmp_path: Path) -> None:
    state = str(tmp_path / "state")
    write(tmp_path, {"a.log": line(1), "b.log": OTHER})
    both(tmp_path)
    assert finished(tmp_path, state).exit_code == 1
    write(tmp_path, {"c.log": line(4)})
    both(tmp_path)
    finished(tmp_path, state, **narrowed)
    later = finished(tmp_path, state)
    assert 1 == later.exit_code
    assert [["new"], ["unchanged"]] == [[one.baseline for one in result.findings] for result in later.results if result.kind == "networks"]
    assert finished(tmp_path, state).exit_code == 0


def test_more_of_what_was_reported_that_an_unfinished_run_judged_is_new(tmp_path: Path) -> None:
    state = str(tmp_path / "state")
    write(tmp_path, {"a.log": line(1)})
    finished(tmp_path, state)
    write(tmp_path, {"b.log": line(2)})
    run(tmp_path, state)
    report = finished(tmp_path, state)
    assert (1, ("fail", 2, ["new"])) == (report.exit_code, said(report)["networks"])
    assert finished(tmp_path, state).exit_code == 0


def test_what_a_run_judged_by_rules_that_the_reported_one_did_not_have_is_new(tmp_path: Path) -> None:
    state = str(tmp_path / "state")
    write(tmp_path, {"a.log": line(1)})
    finished(tmp_path, state)
    write(tmp_path, {"b.log": line(2)})
    run(tmp_path, state)
    policy = tmp_path / "policies" / "p.yaml"
    written = policy.read_text(encoding="utf-8")
    policy.write_text(written.replace("10.0.0.0/8", "192.0.0.0/8"), encoding="utf-8")
    assert finished(tmp_path, state).exit_code == 0
    policy.write_text(written, encoding="utf-8")
    assert ("fail", 2, ["new"]) == said(finished(tmp_path, state))["networks"]


def test_a_flood_of_another_time_hides_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ruletables, "GROUPS", 5)
    state = str(tmp_path / "state")
    write(tmp_path, {"a.log": b"".join(line(1, b"99.0.0.%d" % number) for number in range(40))})
    finished(tmp_path, state)
    for number in range(4):
        write(tmp_path, {f"{number}.log": line(9, b"77.0.0.%d" % number)})
        report = finished(tmp_path, state, since=instant(8))
        assert (1, number + 1) == (report.exit_code, len(report.results[0].findings))
    # NOTE: in one batch with the flood they lost their places to it, but never their weight.
    whole = finished(tmp_path, str(tmp_path / "fresh"), since=instant(8))
    assert (1, "fail", 4) == (whole.exit_code, whole.results[0].status.value, whole.results[0].violations)
    assert finished(tmp_path, str(tmp_path / "fresh"), since=instant(8)).exit_code == 1


RUNS = st.lists(
    st.tuples(
        st.integers(0, 6),
        st.one_of(st.none(), st.integers(0, 9)),
        st.one_of(st.none(), st.integers(0, 9)),
        st.one_of(st.none(), st.frozensets(st.sampled_from("ab"))),
        st.sampled_from(["k", "other"]),
    ),
    max_size=5,
)


@given(RUNS, st.integers(0, 6))
def test_records_are_reported_where_some_run_covered_their_rule_bucket_and_hour(runs: list[Any], number: int) -> None:
    told = [
        FinishedRun(9, "r", {}, seen, since, until, {"p/x": key}, buckets)
        for seen, since, until, buckets, key in runs
        if since is None or until is None or since < until
    ]
    groups = pl.DataFrame({"g": [1, 2], "bucket": ["a", "b"], "subject": ["{}", "{}"]})
    counts = pl.DataFrame([(g, cell, 1) for g in (1, 2) for cell in range(10)], schema=["g", "cell", "n"], orient="row")
    (found,) = marked(RuleTables(splits=True, groups=[groups], counts=[counts]), [one for one in told if one.tells(number, "p/x", "k")])
    for row in found.iter_rows(named=True):
        bucket, hour = "ab"[row["g"] - 1], row["cell"]
        known = any(
            number <= (one.seen or 0)
            and (one.rules or {}).get("p/x") == "k"
            and (one.since is None or one.since <= hour)
            and (one.until is None or hour < one.until)
            and (one.buckets is None or bucket in one.buckets)
            for one in told
        )
        assert (0 if known else 1) == row["fresh"]


def test_a_run_that_tells_nothing_of_what_it_covered_reported_on_all_before_it() -> None:
    told = FinishedRun(3, "r", {"results": []})
    assert [True, False] == [told.tells(number, "p/x", "k") for number in (2, 3)]


WAIVER = "waivers: [{rule: networks, reason: r, expires: 2026-10-04}]"


def waived(folder: Path, more: str = WAIVER) -> None:
    """Make the policy one with a waiver, or without."""
    write(folder, {}, more=more)


@pytest.mark.parametrize("before", [False, True], ids=["waived from the start", "reported before it was waived"])
@pytest.mark.parametrize("compacted", [False, True])
def test_what_was_waived_is_new_once_its_waiver_has_expired(tmp_path: Path, *, before: bool, compacted: bool) -> None:
    state = str(tmp_path / "state")
    write(tmp_path, {"a.log": line(1)})
    if before:
        assert finished(tmp_path, state).exit_code == 1
    waived(tmp_path)
    assert ("waived", 0) == (said(report := finished(tmp_path, state))["networks"][0], report.exit_code)
    if compacted:
        compact(State(state), 0)
    later = finished(tmp_path, state, as_of=datetime(2026, 10, 5, tzinfo=UTC))
    assert (1, ("fail", 1, ["new"])) == (later.exit_code, said(later)["networks"])
    again = finished(tmp_path, state, as_of=datetime(2026, 10, 5, tzinfo=UTC))
    assert (0, ("fail", 1, ["unchanged"])) == (again.exit_code, said(again)["networks"])


def test_what_was_waived_is_new_once_its_waiver_is_taken_away_and_known_while_it_holds(tmp_path: Path) -> None:
    state = str(tmp_path / "state")
    write(tmp_path, {"a.log": line(1)})
    waived(tmp_path)
    assert [0, 0] == [finished(tmp_path, state).exit_code for _ in range(2)]
    waived(tmp_path, "")
    assert [1, 0] == [finished(tmp_path, state).exit_code for _ in range(2)]
