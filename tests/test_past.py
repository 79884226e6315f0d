"""Rules that compare with the past: the same verdict however the past came to be known, and none where it is not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final

import polars as pl
import pytest

from s3guard import joins, past, remembered, ruletables
from s3guard.check import Request, check
from s3guard.conclude import conclude
from s3guard.model import Report, Result, Status
from s3guard.partial import Partial
from s3guard.plan import Plan, table_key
from s3guard.state import State
from s3guard.state.compaction import compact, prune
from s3guard.undelivered import needs_of
from tests import remembering
from tests.batches import Line, policies_of, scattered, whole
from tests.deliveries import json_lines, record_of, written
from tests.rendering import rendered

POLICY: Final = """
version: 1
policy: p
buckets: [b]
rules:
  anomalies: {of: [requests, errors]}
  first_seen: {severity: high}
  latency: {turn_around_time: {more_than_usual: 3, p99: 5s}, per: 10m}
"""
BEGIN: Final = datetime(2026, 9, 10, tzinfo=UTC)
SINCE: Final = datetime(2026, 9, 26, tzinfo=UTC)
UNTIL: Final = SINCE + timedelta(days=1)
EVE: Final = "arn:aws:iam::111122223333:user/eve"
DAYS: Final = 17
Fields = dict[str, Any]


def usual_day(day: int, times: int = 20, hours: int = 24) -> list[Fields]:
    """Records of each hour of a day."""
    return [{"at": (BEGIN + timedelta(days=day)).replace(tzinfo=None).isoformat(), "hours": hours, "times": times}]


def days() -> dict[str, list[Fields]]:
    """Log objects, one a day: the last day but one has an hour of many slow requests by somebody new, of which some fail."""
    found = {f"{day:02}.log": usual_day(day) for day in range(DAYS)}
    found["16.log"] += [
        {"at": "2026-09-26T03:20:00", "times": 200, "requester": EVE, "turn_around_time": 400},
        {"at": "2026-09-26T03:21:00", "times": 60, "requester": EVE, "as": "refused"},
    ]
    return found


def lines(logs: Mapping[str, Sequence[Fields]]) -> list[Line]:
    return [Line(name, number, data) for name, records in logs.items() for number, data in enumerate(rendered(records), 1)]


def second(moment: datetime) -> int:
    return int(moment.timestamp())


def plan(**more: Any) -> Plan:
    return Plan(policies_of([POLICY]), since=second(SINCE), **more)


def said(results: Sequence[Result]) -> dict[str, tuple[Status, str | None, list[str]]]:
    return {result.kind: (result.status, result.reason, sorted(finding.message for finding in result.findings)) for result in results}


EXPECTED: Final = {
    "anomalies": ["requests: 280 in the hour from", "errors: 60 in the hour from"],
    "first_seen": [f"principal {EVE}: first seen 2026-09-26T03:20:00Z", f"principal {EVE}: first seen 2026-09-26T03:20:00Z"],
    "latency": ["operation class read: typical turn-around time: "],
}


def test_what_is_planted_is_what_is_found() -> None:
    found = said(conclude(plan(), whole(plan(), lines(days()))).results)
    assert dict.fromkeys(EXPECTED, (Status.FAIL, None)) == {kind: told[:2] for kind, told in found.items()}
    for kind, starts in EXPECTED.items():
        assert sorted(starts) == sorted(message[: len(start)] for message, start in zip(found[kind][2], sorted(starts), strict=True))


@pytest.mark.parametrize("seed", range(4))
def test_any_order_any_split_and_any_tree_of_merges_say_the_same(seed: int) -> None:
    logs, rng = lines(days()), Random(seed)
    one = plan()
    assert conclude(one, whole(one, logs)) == conclude(one, scattered(one, logs, rng))
    # NOTE: by cells as a state keeps them, cut to the period when it is concluded.
    cells = Plan(one.policies, cell=3_600)
    partial = scattered(cells, logs, rng)
    cut = conclude(one, partial.within(one.since, None)).results
    assert conclude(one, whole(one, logs)).results == cut


def test_a_period_that_begins_within_an_hour_counts_its_own_records_and_compares_the_whole_hour() -> None:
    late = Plan(policies_of([POLICY]), since=second(SINCE) + 3 * 3600 + 20 * 60 + 30)
    found = conclude(late, whole(late, lines(days()))).results
    (anomalies,) = (result for result in found if result.kind == "anomalies")
    assert ["requests: 280 in the hour from 2026-09-26T03:00:00Z", "errors: 60 in the hour from 2026-09-26T03:00:00Z"] == [
        finding.message.partition(";")[0] for finding in anomalies.findings
    ]
    assert [60, 60] == [finding.records for finding in anomalies.findings]


def write(folder: Path, logs: Mapping[str, Sequence[Fields]], policy: str = POLICY) -> None:
    for part in ("logs", "policies"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    for name, records in logs.items():
        (folder / "logs" / name).write_bytes(b"".join(line + b"\n" for line in rendered(records)))
    (folder / "policies" / "p.yaml").write_text(policy, encoding="utf-8")


def finished(folder: Path, as_of: datetime, since: datetime | None = SINCE, **more: Any) -> Report:
    return remembering.finished(folder, str(folder / "state"), as_of=as_of, since=since, **more)


def bare(report: Report) -> list[Result]:
    """Results but for what is known from before."""
    return [replace(one, findings=tuple(replace(finding, baseline="new") for finding in one.findings)) for one in report.results]


AS_OF: Final = datetime(2026, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize("seed", range(2))
def test_a_state_has_the_history_whichever_run_read_it(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(remembered, "OBJECTS", 5)
    logs, rng = days(), Random(seed)
    write(tmp_path, logs)
    alone = check(Request([str(tmp_path / "logs")], [tmp_path / "policies"], AS_OF, SINCE, UNTIL, jobs=1))
    for file in (tmp_path / "logs").iterdir():
        file.unlink()
    for name in rng.sample(sorted(logs), len(logs)):
        write(tmp_path, {name: logs[name]})
        if rng.random() < 0.3:
            finished(tmp_path, AS_OF, until=UNTIL)
            (tmp_path / "logs" / name).unlink()
            if rng.random() < 0.5:
                compact(State(str(tmp_path / "state")))
    together = finished(tmp_path, AS_OF, until=UNTIL)
    assert bare(alone) == bare(together)
    compact(State(str(tmp_path / "state")))
    assert bare(alone) == bare(finished(tmp_path, AS_OF, until=UNTIL))
    prune(State(str(tmp_path / "state")), second(SINCE - timedelta(days=3)))
    told = said(finished(tmp_path, AS_OF, until=UNTIL).results)
    for kind in ("anomalies", "first_seen"):
        assert told[kind][0] is Status.UNDETERMINED
        assert "of 14 days of history" in (told[kind][1] or "")


def test_without_a_since_a_state_compares_its_thirty_days_with_those_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, days())
    # NOTE: the report of a state covers thirty days: it begins on the 26th.
    told = said(finished(tmp_path, SINCE + timedelta(days=30), since=None).results)
    assert {"anomalies", "first_seen", "latency"} == {kind for kind, (status, _, _) in told.items() if status is Status.FAIL}


def test_what_was_reported_fails_no_second_run_and_a_silence_that_goes_on_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, days())
    now = SINCE + timedelta(days=3)
    assert {"new"} == {
        finding.baseline for result in finished(tmp_path, now, until=SINCE + timedelta(hours=24)).results for finding in result.findings
    }
    again = finished(tmp_path, now, until=SINCE + timedelta(hours=24))
    assert ({"unchanged"}, 0) == ({finding.baseline for result in again.results for finding in result.findings}, again.exit_code)
    silent = [finished(tmp_path, SINCE + timedelta(days=3, hours=6 + hour)) for hour in (0, 0, 1)]
    found = [
        {
            f.subject["change"]: f.baseline
            for r in one.results
            if r.kind == "anomalies"
            for f in r.findings
            if f.subject["measure"] == "requests"
        }
        for one in silent
    ]
    assert [{"more": "unchanged", "fewer": "new"}] * 3 == found


def test_a_rule_that_was_changed_has_no_history_where_the_objects_are_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    logs = days()
    write(tmp_path, {name: logs[name] for name in logs if name != "16.log"})
    finished(tmp_path, AS_OF)
    for file in (tmp_path / "logs").iterdir():
        file.unlink()
    write(tmp_path, {"16.log": logs["16.log"]}, POLICY.replace("of: [requests, errors]", "of: [requests, errors], sensitivity: 2"))
    assert Status.FAIL is said(finished(tmp_path, AS_OF).results)["anomalies"][0]
    write(tmp_path, {"16.log": logs["16.log"]}, POLICY.replace("of: [requests, errors]", "of: [requests, errors], where: key = 'k'"))
    status, reason, _ = said(finished(tmp_path, AS_OF).results)["anomalies"]
    assert Status.UNDETERMINED is status
    assert "1 of 14 days of history before 2026-09-27T23:00Z: 48 of 48 hours could not be compared" in (reason or "")


def test_how_many_spreads_are_usual_is_no_other_table() -> None:
    def keys(rules: str) -> list[str]:
        (policy,) = policies_of([f"version: 1\npolicy: p\nbuckets: [b]\nrules: {{{rules}}}\n"])
        return [table_key(policy, bound) for bound in policy.rules]

    assert keys("anomalies: {}") == keys("anomalies: {sensitivity: 5}") != keys("anomalies: {of: bytes}")
    usual = "latency: {{turn_around_time: {{p50: 1s, more_than_usual: {}}}, total_time: {{max: 9s}}}}"
    assert keys(usual.format(3)) == keys(usual.format(1)) == keys(usual.format("2.5"))
    assert keys(usual.format(3)) != keys("latency: {turn_around_time: {p50: 1s}, total_time: {max: 9s}}")


def test_a_flood_in_the_past_makes_nobody_new_and_nothing_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ruletables, "GROUPS", 30)
    (policy,) = policies_of(
        ["version: 1\npolicy: p\nbuckets: [b]\nrules:\n  first_seen: {of: network}\n  anomalies: {of: requests, group_by: [network]}\n"]
    )
    one = Plan((policy,), since=second(SINCE))
    many = [{"at": "2026-09-20T00:00:00", "remote_ip": f"10.0.{number}.1"} for number in range(60)]
    known = {"a": [*usual_day(0, hours=16 * 24 + 20, times=1), *many], "b": [{**each, "at": "2026-09-26T05:00:00"} for each in many]}
    for seed in range(3):
        told = said(conclude(one, scattered(one, lines(known), Random(seed))).results)
        assert {(Status.UNDETERMINED, ())} == {(status, tuple(findings)) for status, _, findings in told.values()}
        assert all("more groups than can be told apart" in (reason or "") for _, reason, _ in told.values())


def test_the_group_of_all_records_is_below_all_others() -> None:
    assert past.alive_group("p/anomalies", "b") < -(1 << 62)
    assert past.alive_group("p/anomalies", "b") != past.alive_group("p/anomalies", "c")


def test_names_of_tables_tell_their_rule() -> None:
    assert past.is_past(past.of_past("p/latency"))
    assert not past.is_past("p/latency")
    assert "p/latency" == past.owner(past.of_past("p/latency")) == past.owner("p/latency")


def known(*hours: int, finish: int | None = None) -> list[tuple[int, int, bool, bool]]:
    return past.known(pl.Series("hour", hours, dtype=pl.Int64), finish).rows()


def test_a_long_weekend_is_history_and_a_longer_silence_is_not() -> None:
    short, longer = known(100, 173), known(100, 174)
    assert (74, 73) == (len(short), sum(is_known for _, _, is_known, _ in short))
    assert (75, 1) == (len(longer), sum(is_known for _, _, is_known, _ in longer))
    assert 74 == sum(is_due for _, _, _, is_due in longer)


def test_after_the_last_record_three_days_can_be_told_of() -> None:
    assert [100] == [hour for _, hour, _, _ in known(100)]
    assert list(range(100, 111)) == [hour for _, hour, _, _ in known(100, finish=110)]
    assert 172 == max(hour for _, hour, _, _ in known(100, finish=9_999))


def test_eight_weeks_of_silence_end_a_history_and_need_no_memory() -> None:
    far = known(100, 102, 70_000_000)
    assert [0, 0, 0, 1] == [segment for segment, hour, _, _ in far if hour in (100, 101, 102, 70_000_000)]
    assert len(far) < 200


def test_no_hour_is_no_history() -> None:
    assert [] == known()


def test_rules_that_compare_say_what_they_need() -> None:
    (policy,) = policies_of([POLICY])
    needs = {bound.rule.kind: needs_of(bound) for bound in policy.rules}
    assert {"requester", "remote_ip", "operation", "http_status", "error_code"} <= needs["first_seen"].judge
    assert needs["anomalies"].judge == {"http_status"}
    assert {"turn_around_time"} <= needs["latency"].judge


def test_what_a_rule_compares_with_survives_the_wire() -> None:
    one = plan()
    partial = whole(one, lines(days()))
    assert conclude(one, partial) == conclude(one, Partial.from_ipc(partial.to_ipc()))
    names = {name for name in partial.rules if past.is_past(name)}
    assert {past.of_past(f"p/{kind}") for kind in EXPECTED} == names
    assert all((frame["tick"] < second(SINCE)).any() for name in names for frame in partial.rules[name].counts)
    assert all(set(joins.SAMPLE) == set(frame.columns) for name in names for frame in partial.rules[name].samples)


def test_a_delivery_of_json_is_compared_as_its_lines_are_and_not_at_all_where_a_field_was_left_out(tmp_path: Path) -> None:
    logs = days()
    for form in ("lines", "json", "less"):
        write(
            tmp_path / form, {name: records for name, records in logs.items() if form == "lines" or int(name[:2]) % 2 or name == "16.log"}
        )
        for file in () if form == "lines" else sorted((tmp_path / form / "logs").iterdir()):
            records = [record_of(line, nulls=False) or {} for line in file.read_bytes().splitlines()]
            file.write_bytes(
                json_lines([written({key: one[key] for key in one if form == "json" or key != "http_status"}) for one in records])
            )
        if form == "json":
            write(tmp_path / form, {name: records for name, records in logs.items() if not int(name[:2]) % 2 and name != "16.log"})
    found = {
        form: check(Request([str(tmp_path / form / "logs")], [tmp_path / form / "policies"], AS_OF, SINCE, UNTIL, jobs=1)).results
        for form in ("lines", "json", "less")
    }
    assert said(found["lines"]) == said(found["json"])
    told = said(found["less"])
    assert {Status.UNDETERMINED} == {told[kind][0] for kind in ("anomalies", "first_seen")}
    assert "leaves out what the rule needs" in (told["anomalies"][1] or "")
