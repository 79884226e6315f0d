"""Traffic as it is measured: what tables say is what one counts line by line, however the lines are cut, merged, kept and sent."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime
from random import Random

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3guard import heavy, hourly
from s3guard.charted import charted
from s3guard.conclude import conclude
from s3guard.partial import TRAFFIC, Partial, merge
from s3guard.plan import Plan
from s3guard.traffic import Flow, Times, Traffic
from tests import metering
from tests.batches import Line, Worker, lines_of, policies_of, scattered, whole
from tests.laws import tried
from tests.lines import FORGED_CORE, record
from tests.reference.worlds import World, worlds

SEEDS = st.integers(0, 2**32 - 1)
MOST = "version: 1\npolicy: p\nbuckets: ['phi-*', media, Old_Bucket]\nrules: {anonymous: {}, volume: {requests: 3}}\n"
POLICY = "version: 1\npolicy: p\nbuckets: [examplebucket, other]\nrules: {anonymous: {}}\n"


def plan_of(world: World) -> Plan:
    """A plan that measures the traffic of most buckets of a world, and judges little."""
    return Plan(policies_of([MOST]), since=world.since, until=world.until, traffic=True)


def traffic_of(plan: Plan, partial: Partial) -> Traffic:
    """What is concluded of the traffic."""
    found = conclude(plan, partial).traffic
    assert found is not None
    return found


def judged_buckets(plan: Plan, partial: Partial) -> set[str]:
    """The buckets that some rule of the plan is about."""
    return {bucket for frame in partial.buckets for bucket in frame["bucket"] if plan.rules_of(bucket)}


def near(told: int | None, times: list[int], percent: int) -> bool:
    """Whether a percentile is within 1 % of the nearest rank of these times."""
    exact = sorted(times)[-(-len(times) * percent // 100) - 1]
    return told is not None and abs(told - exact) * 100 <= exact


@tried(5)
@given(worlds(10, 150))
def test_the_traffic_is_what_one_counts_line_by_line(world: World) -> None:
    plan, lines = plan_of(world), lines_of(world.files)
    found = whole(plan, lines)
    traffic = charted(replace(plan), found)
    expected = metering.metered(lines, judged_buckets(plan, found), world.since, world.until)
    flows, times = defaultdict[tuple[int, str], list[Flow]](list), defaultdict[tuple[int, str], list[int]](list)
    for (hour, side), flow in expected.flows.items():
        flows[hour // traffic.span * traffic.span, side].append(flow)
    for (hour, name), taken in expected.times.items():
        times[hour // traffic.span * traffic.span, name] += taken
    for interval in traffic.intervals:
        start = int(interval.start.timestamp())
        for side in ("reads", "writes", "others"):
            assert getattr(interval, side) == added(flows.pop((start, side), []))
        for name in ("total_time", "turn_around_time"):
            told, mine = getattr(interval, name), times.pop((start, name), [])
            assert (told.records, told.total) == (len(mine), sum(mine))
            if mine:
                assert all(near(getattr(told, f"p{percent}"), mine, percent) for percent in (50, 95, 99))
            else:
                assert told == Times()
    assert (dict(flows), dict(times), traffic.beyond, traffic.unmeasured) == ({}, {}, 0, None)
    for top in traffic.tops:
        values = expected.tops[top.column]
        ordered = sorted(values.items(), key=lambda one: (-one[1][0], one[0] is not None, one[0] or ""))
        assert [(one.value, (one.requests, one.refused, one.bytes_sent)) for one in top.entries] == ordered[:20]
        assert (top.different, top.approximate) == (len(values.keys() - {None}), False)
    assert {one.bucket: sum(one.requests) for one in traffic.buckets} == expected.buckets


def added(flows: list[Flow]) -> Flow:
    """Several as one."""
    return Flow(*(sum(getattr(flow, name) for flow in flows) for name in Flow.__slots__))


@tried(8)
@given(worlds(10, 120), SEEDS)
def test_any_split_any_order_and_any_tree_of_merges_give_the_same_traffic(world: World, seed: int) -> None:
    plan, lines = plan_of(world), lines_of(world.files)
    assert traffic_of(plan, scattered(plan, lines, Random(seed))) == traffic_of(plan, whole(plan, lines))


@tried(8)
@given(worlds(10, 120), st.floats(0, 1), st.floats(0, 1), SEEDS)
def test_hours_are_cut_out_of_cells_as_if_no_others_had_been(world: World, begin: float, end: float, seed: int) -> None:
    plan, lines = replace(plan_of(world), since=None, until=None), lines_of(world.files)
    spans = whole(plan, lines).buckets[0].select(pl.col("first").min(), pl.col("last").max()).row(0)
    first, last = (0, 0) if spans[0] is None else spans
    since, until = sorted(int(first + (last - first) * part) // 3600 * 3600 for part in (begin, end))
    part = replace(plan, since=since, until=until + 3600)
    apart = scattered(replace(plan, cell=3600), lines, Random(seed))
    assert traffic_of(replace(part, cell=3600), apart) == traffic_of(part, whole(part, lines))


def test_without_the_flag_nothing_is_measured() -> None:
    plan = Plan(policies_of([POLICY]))
    found = whole(plan, [Line("o", 1, record().render())])
    assert [getattr(found, name) for name in TRAFFIC] == [[], [], []]
    assert conclude(plan, found).traffic is None
    assert "user_agent" not in plan.texts


def at(second: int, **changes: object) -> bytes:
    """A record at a second of 6 February 2019."""
    return record(logged_time=b"[06/Feb/2019:%02d:%02d:%02d +0000]" % (second // 3600, second // 60 % 60, second % 60), **changes).render()


def measured(*data: bytes, **plan: object) -> Traffic:
    """The traffic of lines."""
    asked = replace(Plan(policies_of([POLICY]), traffic=True), **plan)  # type: ignore[arg-type] # fields of a plan
    return traffic_of(asked, whole(asked, [Line("o", number, line) for number, line in enumerate(data, 1)]))


def test_an_ambiguous_line_is_one_request_by_its_worst_reading() -> None:
    line = record(core=(b"403", b"AccessDenied", b"1", b"-", b"1", b"1"), referer=b'"' + FORGED_CORE + b'-" "y').render()
    worse = record(core=(b"200", b"-", b"70", b"80", b"90", b"9"), referer=b'"' + FORGED_CORE + b'-" "y').render()
    (first,), (second,) = measured(line).intervals, measured(worse).intervals
    assert (first.requests, first.refused, first.client_errors) == (1, 1, 1)
    assert (second.requests, second.client_errors, second.reads.bytes_sent) == (1, 0, 70)


def test_what_s3_did_itself_is_no_request() -> None:
    own = {"requester": b"AmazonS3", "operation": b"S3.EXPIRE.OBJECT", "remote_ip": b"-", "request_uri": b"-", "user_agent": b"-"}
    line = record(**own, core=(b"-",) * 6, referer=b"-").render()
    traffic = measured(line, at(0))
    assert [interval.requests for interval in traffic.intervals] == [1]
    assert traffic.unmeasured is None
    assert [entry.requests for top in traffic.tops for entry in top.entries] == [1, 1, 1, 1]


def test_sums_do_not_overflow() -> None:
    line = at(0, core=(b"200", b"-", b"9" * 18, b"9" * 18, b"9" * 18, b"9" * 18))
    traffic = measured(*[line] * 30)
    (interval,) = traffic.intervals
    assert interval.reads.bytes_sent == 30 * (10**18 - 1) == traffic.tops[0].entries[0].bytes_sent == traffic.buckets[0].bytes_sent
    assert interval.total_time.total == 30 * (10**18 - 1)
    assert abs((interval.total_time.p99 or 0) - 10**18) <= 10**16


def test_the_bytes_that_s3_received_are_those_of_objects_and_parts_that_it_took() -> None:
    put = {"operation": b"REST.PUT.OBJECT", "core": (b"200", b"-", b"-", b"5", b"1", b"1")}
    refused = {"operation": b"REST.PUT.OBJECT", "core": (b"403", b"AccessDenied", b"9", b"7", b"1", b"1")}
    copied = {"operation": b"REST.COPY.OBJECT", "core": (b"200", b"-", b"-", b"11", b"1", b"1")}
    ended = {"operation": b"REST.POST.UPLOAD", "core": (b"200", b"-", b"-", b"13", b"1", b"1")}
    (interval,) = measured(*(at(0, **one) for one in (put, refused, copied, ended))).intervals
    assert interval.writes == Flow(requests=4, client_errors=1, refused=1, bytes_sent=9, bytes_received=5)


def flood(count: int, text: bytes = b"") -> list[Line]:
    """Requests that have nothing in common, but for the last tenth, which are alike."""
    lines = []
    for number in range(count):
        many = b"%s%06d" % (text, number if number < count * 9 // 10 else 0)
        core = (b"400", b"Code%s" % many[:40], b"3", b"1", b"1", b"1")
        told = {"key_logged": many, "user_agent": many, "remote_ip": many[-9:], "requester": many, "core": core}
        lines.append(Line("o", number + 1, at(number % 7200, **told)))
    return lines


@pytest.mark.parametrize("cell", [None, 3600])
def test_a_flood_of_different_values_fills_no_memory_and_hides_no_heavy_one(cell: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heavy, "VALUES", 40)
    monkeypatch.setattr(heavy, "OF_CELL", 20)
    plan, lines = Plan(policies_of([POLICY]), traffic=True, cell=cell), flood(2_000)
    found = scattered(plan, lines, Random(7))
    cap = 41 if cell is None else 2 * 21
    assert all(count <= cap for count in found.tops[0].group_by("column").len()["len"])
    traffic = traffic_of(plan, found)
    for top in traffic.tops:
        (value, requests), told = ("000000", 201), top.entries[0]
        assert (told.value or "").endswith(value)
        lost = 2_000 // 41 + (0 if cell is None else 2_000 // 21)
        assert requests - lost <= told.requests <= requests
        assert top.approximate
        assert 41 <= top.different <= 1_800


def test_long_texts_are_cut() -> None:
    traffic = measured(at(0, key_logged=b"k" * 1024, user_agent=b"a" * 4000), at(1, key_logged=b"k" * 1024, user_agent=b"a" * 5000))
    tops = {top.column: top for top in traffic.tops}
    assert [(entry.value, entry.requests) for entry in tops["key"].entries] == [("k" * 1024, 2)]
    assert [(entry.value, entry.requests) for entry in tops["user_agent"].entries] == [("a" * 1024, 2)]


def test_hours_of_a_century_are_one_row_each_and_the_intervals_few(monkeypatch: pytest.MonkeyPatch) -> None:
    years = [b"[06/Feb/%04d:00:00:00 +0000]" % year for year in range(1970, 2070)]
    lines = [Line("o", number, record(logged_time=time).render()) for number, time in enumerate(years, 1)]
    lines += [Line("o", 101, record(logged_time=b"[06/Feb/2019:07:00:00 +0000]").render())]
    plan = Plan(policies_of([POLICY]), traffic=True)
    found = whole(plan, lines)
    assert (found.flows[0].height, found.tops[0].group_by("column").len()["len"].to_list()) == (101, [1, 1, 1, 1])
    traffic = traffic_of(plan, found)
    assert (traffic.span, len(traffic.intervals), traffic.beyond) == (86_400, 366 + 2 * 365 + 1, 96)
    assert traffic.intervals[0].start == datetime(2016, 2, 6, tzinfo=UTC)
    assert sum(interval.requests for interval in traffic.intervals) == 5
    monkeypatch.setattr(hourly, "FLOWS", 50)
    coarse = traffic_of(plan, scattered(plan, lines, Random(1)))
    assert coarse == traffic_of(plan, merge(Worker(plan).scan([line]) for line in lines))
    assert (coarse.span, sum(interval.requests for interval in coarse.intervals), coarse.beyond) == (31_536_000, 101, 0)
