"""Grouping by packed keys gives what grouping by the keys gives."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3guard.grouping import grouped, summed

SUMS = [pl.col("n").sum(), pl.len().cast(pl.Int64).alias("rows")]
NUMBER = st.one_of(st.integers(-3, 3), st.integers(-(2**63), 2**63 - 1), st.sampled_from([0, 2**31, -(2**31), 2**40]))


@given(st.lists(st.tuples(NUMBER, st.integers(-5, 5), st.integers(0, 2**32 - 1), st.integers(0, 9)), max_size=12))
def test_whole_numbers_of_any_size_are_grouped(rows: list[tuple[int, int, int, int]]) -> None:
    schema = {"a": pl.Int64, "b": pl.Int64, "c": pl.UInt32, "n": pl.Int64}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    for keys in (["a"], ["b", "c"], ["a", "b"], ["a", "b", "c"]):
        found, expected = grouped(frame, keys, SUMS), frame.group_by(keys).agg(SUMS)
        assert found.select(expected.columns).sort(keys).equals(expected.sort(keys))
        assert dict(found.select(expected.columns).schema) == dict(expected.schema)


@pytest.mark.parametrize("dtype", [pl.String, pl.Boolean, pl.UInt32])
def test_null_is_a_group_of_its_own_and_other_types_are_grouped_too(dtype: type[pl.DataType]) -> None:
    choices: dict[type[pl.DataType], list[Any]] = {pl.String: ["x", None, "x"], pl.Boolean: [True, None, True], pl.UInt32: [7, None, 7]}
    values = choices[dtype]
    frame = pl.DataFrame({"a": pl.Series(values, dtype=dtype), "b": pl.Series([1, 1, 1]), "n": [1, 2, 3]})
    assert grouped(frame, ["a", "b"], SUMS).select("a", "n", "rows").sort("n").rows() == [(values[1], 2, 1), (values[0], 4, 2)]


def test_without_keys_there_is_one_group() -> None:
    assert grouped(pl.DataFrame({"n": [1, 2]}), [], SUMS).rows() == [(3, 2)]


@given(st.lists(st.tuples(NUMBER, st.integers(-5, 5), st.one_of(st.none(), st.integers(0, 9)), st.integers(-9, 9)), max_size=12))
def test_groups_of_sorted_keys_are_those_of_hashed_ones(rows: list[tuple[int, int, int | None, int]]) -> None:
    frame = pl.DataFrame(rows, schema={"a": pl.Int64, "b": pl.Int64, "c": pl.UInt32, "n": pl.Int64}, orient="row")
    frame = frame.with_columns(pl.col("n").cast(pl.Int128).alias("wide") * 10**19)
    for keys in (["a"], ["b"], ["a", "b"], ["b", "c"]):
        expected = frame.group_by(keys).agg(pl.len().cast(pl.Int64).alias("rows"), pl.col("n").sum(), pl.col("wide").sum())
        found = summed(frame, keys, ["n", "wide"], "rows")
        assert found.select(expected.columns).sort(keys).equals(expected.sort(keys))
        assert dict(found.select(expected.columns).schema) == dict(expected.schema)
