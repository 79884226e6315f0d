"""Those with most requests: exact while they are few, and beyond that within the bound that is promised, in any tree of merges."""

from __future__ import annotations

from collections import Counter
from random import Random

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3guard import heavy
from s3guard.heavy import TOP, tops

STREAMS = st.lists(st.one_of(st.integers(0, 3), st.integers(0, 60)), max_size=200)


def table(values: list[int], cell: int | None) -> pl.DataFrame:
    """The requests of some values, every third of them refused, as a scan counts them."""
    counted = Counter(values)
    rows = [
        ("b", "key", cell, str(value), count, count, sum(1 for _ in range(0, count, 3)), 10 * count, 0) for value, count in counted.items()
    ]
    return pl.DataFrame(rows, schema=TOP, orient="row")


def merged(values: list[int], rng: Random, cell: int | None = None) -> pl.DataFrame:
    """The sketch of the values, cut and merged in any tree."""
    cuts = sorted(rng.choices(range(len(values) + 1), k=rng.randint(0, 8)))
    parts = [table(values[a:b], cell) for a, b in zip([0, *cuts], [*cuts, len(values)], strict=True)]
    while len(parts) > 1:
        some = [parts.pop(rng.randrange(len(parts))) for _ in range(min(len(parts), rng.randint(2, 3)))]
        parts += tops(some)
    return tops(parts)[0]


@pytest.mark.parametrize("cell", [None, 3600])
@given(values=STREAMS, seed=st.integers(0, 10**6), cap=st.integers(1, 70))
def test_nobody_loses_more_than_is_promised(cell: int | None, values: list[int], seed: int, cap: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(heavy, "VALUES" if cell is None else "OF_CELL", cap)
        found = merged(values, Random(seed), cell)
    exact = Counter(map(str, values))
    kept = {row["value"]: row for row in found.iter_rows(named=True) if row["value"] is not None}
    assert len(kept) <= cap
    lost = len(values) // (cap + 1)
    for value, count in exact.items():
        told = kept[value]["requests"] if value in kept else 0
        assert count - lost <= told <= count
        assert value not in kept or kept[value]["bytes_sent"] == 10 * told
    different = max(found["different"].to_list(), default=0)
    assert different == 0 or cap < different <= len(exact)
    if len(exact) <= cap:
        assert ({value: row["requests"] for value, row in kept.items()}, different) == (dict(exact), 0)


def test_where_all_are_alike_some_are_told_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heavy, "VALUES", 3)
    often, once = merged([*range(10)] * 4, Random(1)), tops([table([*range(10)], None)])[0]
    assert often.filter(pl.col("value").is_not_null()).height == 3
    assert once.rows() == [("b", "key", None, None, 0, 0, 0, 0, 10)]


def test_requests_without_a_value_are_counted_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heavy, "VALUES", 2)
    nobody = pl.DataFrame([("b", "key", None, None, 9, 9, 1, 90, 0)], schema=TOP, orient="row")
    (found,) = tops([table([1, 1, 1, 2, 2, 3], None), nobody])
    rows = {row["value"]: (row["requests"], row["different"]) for row in found.iter_rows(named=True)}
    assert rows == {None: (9, 3), "1": (3, 0), "2": (2, 0)}


def test_cells_are_cut_and_joined() -> None:
    cells = [table([1, 2], 0), table([1], 3600), table([1, 1, 3], 7200)]
    found = heavy.tops([heavy.within(frame, 3600, 10_800) for frame in cells])[0]
    assert found.select("cell", "value", "requests").rows() == [(None, "1", 3), (None, "3", 1)]
    assert heavy.tops([heavy.within(found, 0, 1)])[0].equals(found)
