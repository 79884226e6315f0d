"""The table of hours: the same however it is made, exact in its sums, and never too long."""

from __future__ import annotations

from random import Random

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3guard import hours
from s3guard.hours import HOUR, SPANS

DAY = 86_400


def rows(seconds: list[int], bucket: str = "b") -> pl.DataFrame:
    """The table of a bucket with records at these seconds."""
    parsed = pl.DataFrame({"t": seconds, "reading": [None] * len(seconds)}, schema={"t": pl.Int64, "reading": pl.UInt32})
    return hours.counted(bucket, parsed).select(pl.col(name).cast(dtype) for name, dtype in HOUR.items())


def told(table: pl.DataFrame) -> list[tuple[int, int, int]]:
    """Start, span and records of each stretch."""
    return table.select("start", "span", "records").rows()


def test_records_are_counted_by_the_hour_that_they_are_of() -> None:
    table = hours.joined([rows([3600, 3601, 7199, 7200, -1]), rows([7200])])
    assert [(-3600, 3600, 1), (3600, 3600, 3), (7200, 3600, 2)] == told(table)
    assert [(-1, -1), (3600, 7199), (7200, 7200)] == table.select("first", "last").rows()
    assert HOUR == dict(table.schema)


def test_a_line_with_several_readings_is_one_record() -> None:
    readings = pl.DataFrame({"t": [10, 10, 4000], "reading": [1, 1, 2]}, schema={"t": pl.Int64, "reading": pl.UInt32})
    assert [(0, 1), (3600, 1)] == sorted(hours.counted("b", readings).select("start", "records").rows())


def test_no_record_has_no_hour() -> None:
    assert (0, 0) == (hours.joined([]).height, hours.joined([pl.DataFrame(schema=HOUR)]).height)


def test_cells_of_tables_are_hours_or_parts_of_them() -> None:
    cells = {
        "bucket": ["b", "b"],
        "cell": [3600, 5400],
        "records": [2, 3],
        "ambiguous": [0, 0],
        "first": [3600, 5400],
        "last": [3700, 5500],
    }
    assert [(3600, 3600, 5)] == told(hours.joined([hours.of_cells(pl.DataFrame(cells))]))


def test_a_bucket_with_too_many_hours_is_counted_by_days_and_others_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hours, "OF_BUCKET", 3)
    table = hours.joined([rows([0, 3600, 7200, DAY]), rows([0, 3600], "other")])
    assert [("b", 0, DAY, 3), ("b", DAY, DAY, 1), ("other", 0, 3600, 1), ("other", 3600, 3600, 1)] == table.select(
        "bucket", "start", "span", "records"
    ).rows()


def test_too_many_hours_of_all_buckets_together_are_counted_by_days(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hours, "OF_ALL", 3)
    table = hours.joined([rows([0, 3600]), rows([0, 3600], "other")])
    assert [(None, None, DAY, 0), ("b", 0, DAY, 2), ("other", 0, DAY, 2)] == table.select("bucket", "start", "span", "records").rows()
    assert [(0, DAY, 1)] == hours.joined([table, rows([0], "third")]).filter(pl.col("bucket") == "third").pipe(told)


def test_a_log_of_eight_thousand_years_has_a_bounded_table() -> None:
    years = rows([number * 365 * DAY for number in range(-1900, 6100)])
    days = rows([number * DAY for number in range(hours.OF_BUCKET + 1)])
    assert (8000, 3600) == (hours.joined([years]).height, years["span"].max())
    table = hours.joined([years, days])
    assert {SPANS[-1]} == set(table["span"])
    assert (8000, 8000 + hours.OF_BUCKET + 1) == (table.height, table["records"].sum())


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(-40, 400)), min_size=1, max_size=60),
    st.integers(1, 6),
    st.integers(2, 12),
    st.integers(0, 2**32),
)
def test_the_table_is_the_same_in_any_order_and_any_tree_of_merges(
    records: list[tuple[str, int]], most: int, whole: int, seed: int
) -> None:
    rng = Random(seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hours, "OF_BUCKET", most)
        patch.setattr(hours, "OF_ALL", whole)
        tables = [rows([hour * 3600 * 25], bucket) for bucket, hour in records]
        expected = hours.joined(tables)
        while len(tables) > 1:
            some = [tables.pop(rng.randrange(len(tables))) for _ in range(min(len(tables), rng.randint(2, 4)))]
            tables.append(hours.joined(some))
    assert expected.equals(hours.joined(tables)) if len(records) == 1 else expected.equals(tables[0])
    assert len(records) == expected["records"].sum()
    assert expected.filter(pl.col("bucket").is_not_null()).group_by("bucket").agg(pl.col("span").n_unique())["span"].to_list().count(
        1
    ) == len({bucket for bucket, _ in records})
