"""Traffic by the hour: bars of histograms within their error, and tables that become coarser alike in any order."""

from __future__ import annotations

from random import Random

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3guard import hourly
from s3guard.hourly import FLOW, TIME, flows, milliseconds, times
from s3guard.hours import SPANS

HOUR = SPANS[0]
LARGEST = (1 << 63) - 1
TIMES = st.one_of(st.integers(0, 400), st.integers(0, LARGEST), st.integers(0, 62).map(lambda bits: 1 << bits))


@given(st.lists(TIMES, min_size=1))
def test_a_time_is_told_within_one_percent(given_times: list[int]) -> None:
    told = milliseconds(pl.Series(given_times, dtype=pl.Int64)).to_list()
    assert all(abs(name - time) * 100 <= time for name, time in zip(told, given_times, strict=True))
    assert all(name == time for name, time in zip(told, given_times, strict=True) if time <= 98)
    assert [name for _, name in sorted(zip(given_times, told, strict=True))] == sorted(told)
    assert milliseconds(pl.Series(told, dtype=pl.Int64)).to_list() == told


def test_there_are_few_bars() -> None:
    assert 430 >= milliseconds(pl.int_range(1 << 16, dtype=pl.Int64, eager=True)).n_unique()
    assert milliseconds(pl.Series([0, 98, 99, 100, 101, 103, 104, LARGEST])).to_list() == [0, 98, 99, 99, 102, 102, 105, LARGEST]


def flow(hour: int, requests: int = 1, *, span: int = HOUR, bucket: str = "b") -> tuple[object, ...]:
    """A row of flows."""
    return (bucket, hour * HOUR, span, "read", "served", "", False, requests, 2 * requests, 0, 7, 3)


def flow_table(rows: list[tuple[object, ...]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=FLOW, orient="row")


@given(st.lists(st.tuples(st.integers(-9, 30_000), st.sampled_from("abc")), max_size=60), st.integers(1, 40), st.integers(0, 10**6))
def test_hours_become_days_and_years_alike_in_any_order(given_hours: list[tuple[int, str]], most: int, seed: int) -> None:
    rng = Random(seed)
    parts = [flow_table([flow(hour, bucket=bucket)]) for hour, bucket in given_hours]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hourly, "FLOWS", most)
        expected = flows(parts)
        while len(parts) > 1:
            parts += flows([parts.pop(rng.randrange(len(parts))) for _ in range(min(len(parts), rng.randint(2, 4)))])
        found = flows(parts)
    assert [frame.rows() for frame in found] == [frame.rows() for frame in expected]
    for frame in found:
        assert frame["requests"].sum() == len(given_hours)
        assert frame.height <= most or frame["span"][0] == SPANS[-1]
        assert frame["span"].n_unique() == 1


def test_cells_that_are_kept_apart_stay_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hourly, "FLOWS", 2)
    (found,) = flows([flow_table([flow(hour, span=0) for hour in range(5)])])
    assert (found.height, found["span"].to_list()) == (5, [0] * 5)
    (joined,) = flows([hourly.within(found, HOUR, 4 * HOUR)])
    assert joined.select("cell", "span", "requests").rows() == [(0, SPANS[1], 3)]
    assert flows([hourly.within(joined, 0, 0)])[0].equals(joined)


def test_bars_of_several_buckets_are_joined_where_cells_are() -> None:
    rows = [(bucket, 1800, 0, "reads", "total_time", 12, 1) for bucket in "ab"]
    (found,) = times([hourly.within(pl.DataFrame(rows, schema=TIME, orient="row"), 0, HOUR)])
    assert found.rows() == [("", 0, HOUR, "reads", "total_time", 12, 2)]


def test_nothing_of_nothing() -> None:
    assert (flows([]), times([])) == ([], [])
