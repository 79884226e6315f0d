"""Tables that merge into the same table in any order, within their bounds, and travel as bytes."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import TypeAlias

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3guard import joins, ruletables
from s3guard.joins import BUCKET, COUNT, GROUP, SAMPLE, SET, TIMES, TOTALS, earliest, sampled, sets, smallest
from s3guard.model import Unreadable
from s3guard.partial import Partial, merge
from s3guard.ruletables import RuleTables, joined

Schema: TypeAlias = Mapping[str, type[pl.DataType] | pl.DataType]
SMALL = st.integers(0, 6)


def table(schema: Schema, rows: Sequence[tuple[object, ...]]) -> pl.DataFrame:
    """Rows as a table; their cell is 0 where they do not tell it."""
    place = list(schema).index("cell") if "cell" in schema else len(schema)
    whole = [row if len(row) == len(schema) else (*row[:place], 0, *row[place:]) for row in rows]
    return pl.DataFrame(whole, schema=dict(schema), orient="row")


def same(one: pl.DataFrame, other: pl.DataFrame) -> bool:
    """Whether two tables hold the same rows, in any order."""
    return one.columns == other.columns and sorted(one.rows(), key=repr) == sorted(other.rows(), key=repr)


@st.composite
def samples(draw: st.DrawFn) -> list[tuple[object, ...]]:
    """Rows of samples, each record once, a group in one bucket only."""
    places = draw(st.lists(st.tuples(SMALL, SMALL, st.integers(0, 2), SMALL, st.sampled_from([None, "A", "B"])), max_size=40))
    return [(g, f"b{g % 2}", tick, mask, t, request, "o", line) for line, (g, tick, mask, t, request) in enumerate(places)]


@given(samples())
def test_the_earliest_five_of_each_key_are_kept(rows: list[tuple[object, ...]]) -> None:
    found = earliest(table(SAMPLE, rows)).rows(named=True)
    keys = {(row["g"], row["tick"], row["mask"]) for row in found}
    every = table(SAMPLE, rows).rows(named=True)
    for key in keys:
        mine = [row for row in every if (row["g"], row["tick"], row["mask"]) == key]
        order = sorted(mine, key=lambda row: (row["t"], row["request_id"] is not None, row["request_id"] or "", row["object"], row["line"]))
        assert [row for row in found if (row["g"], row["tick"], row["mask"]) == key] == order[:5]
    assert keys == {(row["g"], row["tick"], row["mask"]) for row in every}


def bounded(rows: pl.DataFrame) -> pl.DataFrame:
    """Samples as a merge keeps them, of four pairs a bucket."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(joins, "SAMPLED_SECONDS", 4)
        return earliest(sampled(rows))


@given(samples(), st.integers(0, 40))
def test_samples_of_parts_become_those_of_the_whole(rows: list[tuple[object, ...]], cut: int) -> None:
    apart = [bounded(table(SAMPLE, part)) for part in (rows[:cut], rows[cut:])]
    whole = bounded(table(SAMPLE, rows))
    assert bounded(pl.concat(apart)).equals(whole)
    for bucket in ("b0", "b1"):
        seconds = whole.filter((pl.col("bucket") == bucket) & (pl.col("tick") != 0)).select("g", "tick").n_unique()
        given_seconds = len({(row[0], row[2]) for row in rows if row[1] == bucket and row[2] != 0})
        assert seconds == min(given_seconds, 4) or len(rows) <= 4


@given(samples())
def test_samples_that_belong_to_no_window_are_not_bounded(rows: list[tuple[object, ...]]) -> None:
    found = bounded(table(SAMPLE, rows)).filter(pl.col("tick") == 0)
    assert found.select("g").n_unique() == len({row[0] for row in rows if row[2] == 0})


@pytest.mark.parametrize("buckets", [1, 2])
def test_the_bound_on_samples_holds_for_many_of_them(buckets: int) -> None:
    rng = Random(buckets)
    rows = [(g := rng.randrange(20), f"b{g % buckets}", rng.randrange(1, 5000), 0, 1, "r", "o", line) for line in range(60_000)]
    found = table(SAMPLE, rows)
    kept = sampled(found)
    pairs = found.select("g", "bucket", "tick").unique().with_columns(pl.struct("g", "tick").hash(seed=0).alias("h"))
    expected = pairs.filter(pl.struct("h", "g", "tick").rank("ordinal").over("bucket") <= joins.SAMPLED_SECONDS)
    assert same(kept.select("g", "bucket", "tick").unique(), expected.select("g", "bucket", "tick"))
    assert same(kept, found.join(expected, on=["g", "tick"], how="semi"))
    if buckets == 1:
        assert same(sampled(found.drop("bucket"), of_one_bucket=True), kept.drop("bucket"))


DISTINCTS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 1), st.integers(0, 2), st.integers(-9, 9)), max_size=60).map(
    lambda rows: [(g, limit, tick, 2 + limit, h) for g, limit, tick, h in rows]
)


def of_values(rows: Sequence[tuple[object, ...]]) -> pl.DataFrame:
    """Sets of the values, each row one."""
    return sets(table({**SET, "h": pl.Int64}, rows))


@given(DISTINCTS, st.integers(0, 60))
def test_different_values_of_parts_become_those_of_the_whole(rows: list[tuple[object, ...]], cut: int) -> None:
    whole = of_values(rows)
    assert same(smallest(pl.concat([of_values(part) for part in (rows[:cut], rows[cut:])])), whole)
    for g, limit, tick, cap in {row[:4] for row in rows}:
        hashes = sorted({row[4] for row in rows if row[:3] == (g, limit, tick)})  # type: ignore[type-var] # they are numbers
        found = whole.filter((pl.col("g") == g) & (pl.col("limit") == limit) & (pl.col("tick") == tick))
        assert found["h"].to_list() == [hashes[: int(cap)]]  # type: ignore[call-overload] # a number


def full(number: int) -> Partial:
    """A partial with something in every table and every count."""
    rule = RuleTables(
        splits=False,
        groups=[table(GROUP, [(1, "b", '{"x": "a:b"}'), (number, "b", "{}")])],
        counts=[table({**COUNT, **TIMES, "s0": pl.Int128}, [(1, 0, 1, number, 5, 9, 10**19), (number, 7, 2, 1, 3, 3, 0)])],
        samples=[table(SAMPLE, [(1, "b", 0, 1, 5, None, "o\u2028", number)])],
        distinct=[of_values([(1, 0, 0, 9, number)])],
    )
    return Partial(
        totals=[table(TOTALS, [("p/volume", "b", number, 1, 0, False)])],
        buckets=[table(BUCKET, [("b", number, 3, number, 9)])],
        rules={"p/volume": rule, "p/errors/a": RuleTables(splits=True)},
        objects=1,
        bytes=2,
        quarantined=4,
        outside=5,
        unreadable=(Unreadable(f"o{number % 2}", "gone"), Unreadable("a", "cut short")),
        warnings={"tls-cipher": 1, f"kind-{number}": 2},
    )


def seen(partial: Partial) -> dict[str, object]:
    """All that a partial holds, tables as sorted rows."""
    partial.compact()
    tables = {
        f"{rule} {name}": sorted(frame.rows(), key=repr)
        for rule, mine in partial.rules.items()
        for name in RuleTables.NAMES
        for frame in getattr(mine, name)
    }
    names = ("objects", "bytes", "quarantined", "outside", "unreadable", "warnings")
    return {
        **tables,
        "splits": {rule: mine.splits for rule, mine in partial.rules.items() if mine.groups},
        "totals": partial.totals[0].rows(),
        "buckets": partial.buckets[0].rows(),
        **{name: getattr(partial, name) for name in names},
    }


@pytest.mark.parametrize(
    "send",
    [lambda partial: Partial.from_ipc(partial.to_ipc()), lambda partial: pickle.loads(pickle.dumps(partial))],  # noqa: S301 - its own bytes
    ids=["arrow", "pickle"],
)
def test_a_partial_comes_back_as_it_was_sent(send: Callable[[Partial], Partial]) -> None:
    assert seen(send(full(3))) == seen(full(3))
    assert seen(send(Partial())) == seen(Partial())
    assert seen(merge([send(full(3)), full(4)])) == seen(merge([full(3), send(full(4))]))


def test_counts_add_up_and_first_and_last_times_are_kept() -> None:
    whole = merge([full(3), full(8), Partial()])
    assert whole.totals[0].rows() == [("p/volume", "b", 0, 11, 2, 0, False)]
    assert whole.buckets[0].rows() == [("b", 0, 11, 6, 3, 9)]
    assert (whole.objects, whole.bytes, whole.quarantined, whole.outside) == (2, 4, 8, 10)
    assert whole.warnings == {"tls-cipher": 2, "kind-3": 2, "kind-8": 2}
    assert whole.unreadable == (Unreadable("a", "cut short"), Unreadable("o0", "gone"), Unreadable("o1", "gone"))
    (counts,) = whole.rules["p/volume"].counts
    assert (1, 0, 1, 11, 0, 5, 9, 2 * 10**19) in counts.rows()


def test_merging_changes_none_of_its_parts() -> None:
    one = full(3)
    before = seen(full(3))
    merge([one, full(8)])
    assert seen(one) == before


def test_tables_beside_each_other_are_loose_until_they_are_joined() -> None:
    whole = Partial()
    whole.add(full(3))
    rows = whole.firm
    whole.add(full(8))
    assert (whole.firm, whole.loose) == (rows, rows)
    whole.compact()
    assert whole.loose == 0
    assert Partial().loose == Partial().firm == 0


@pytest.mark.parametrize("splits", [False, True])
def test_beyond_the_bound_the_groups_with_the_smallest_hashes_are_kept(splits: bool, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001
    monkeypatch.setattr(ruletables, "GROUPS", 3)
    # NOTE: of a rule about single records each outcome has a bound of its own.
    rows = [(g, bucket, f"{bucket}{g}") for bucket, places in (("a", range(-4, 2)), ("b", range(90, 93))) for g in places]
    counts = [(g, 0, mask, 1, 1, 1) for g, bucket, _ in rows for mask in (0, 1) if bucket == "a" or (g < 93 and mask == 0)]
    tables = RuleTables(
        splits, [table(GROUP, rows)], [table(COUNT | TIMES, counts)], [table(SAMPLE, [(g, b, 0, 0, 1, "r", "o", 1) for g, b, _ in rows])]
    )
    found, flooded = joined(tables)
    assert flooded == ["a"]
    assert set(found.counts[0]["g"]) == {-4, -3, -2, 90, 91, 92}
    assert {g for g in found.samples[0]["g"] if g < 0} == {-4, -3, -2}


def test_an_overflow_is_told_in_the_totals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ruletables, "GROUPS", 1)
    flooded = merge([full(3)])
    assert flooded.totals[0].filter("overflow").rows() == [("p/volume", "b", 0, 3, 1, 0, True)]
    assert merge([flooded, full(1)]).totals[0]["overflow"].to_list() == [True]
