"""Windows of every kind, against an oracle that looks at every one of them by itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Literal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3guard.joins import COUNT, DISTINCT, SET, TIMES, sets
from s3guard.measures import Limit
from s3guard.seconds import coarse, grid_of
from s3guard.windows import BASE, COUNTED, MEMBER, Judged, bit, judge, judge_floor, judge_gap, suspected

Window = tuple[int | None, int | None]
"""Where a window begins and ends; None: everything."""
PLACE = 1
"""The limit that is judged is the second of its rule, so that the bits of the first lie beside its own."""


@dataclass(frozen=True, slots=True)
class Row:
    """Records of one group and second that count alike."""

    g: int
    tick: int
    n: int
    counted: bool
    base: bool
    total: int
    noise: int
    """Bits of other limits."""

    @property
    def mask(self) -> int:
        """The bits of the limit, and those of others."""
        return self.noise | (bit(PLACE, COUNTED) if self.counted else 0) | (bit(PLACE, BASE) if self.base else 0)


@st.composite
def rows(draw: st.DrawFn) -> Row:
    """A row of few groups and seconds, so that windows meet."""
    tick = draw(st.one_of(st.integers(0, 9), st.integers(0, 9), st.integers(-3, 40), st.sampled_from([1_790_000_000, 1_790_000_007])))
    base = draw(st.integers(0, 3)) > 0
    noise = draw(st.sampled_from([0, bit(0, COUNTED), bit(0, BASE) | bit(PLACE, MEMBER)]))
    counted = base and draw(st.booleans())
    return Row(draw(st.sampled_from([1, 1, 1, -7])), tick, draw(st.integers(1, 3)), counted, base, draw(st.integers(0, 9)), noise)


ROWS = st.lists(rows(), max_size=20)
PER = st.one_of(st.integers(1, 5), st.integers(1, 12))


def frame(found: Sequence[Row]) -> pl.DataFrame:
    """The rows as the table of counts."""
    values = [(row.g, row.tick, row.mask, row.n, 0, row.tick, row.tick, row.total) for row in found]
    return pl.DataFrame(values, schema=COUNT | TIMES | {f"s{PLACE}": pl.Int128}, orient="row")


NO_DISTINCT = pl.DataFrame(schema=DISTINCT)


def inside(found: Iterable[Row], g: int, window: Window) -> list[Row]:
    """The rows of a group in a window."""
    start, end = window
    return [row for row in found if row.g == g and (start is None or end is None or start <= row.tick < end)]


def value(limit: Limit, found: Sequence[Row]) -> Fraction | None:
    """The number of a window; None where there is nothing to judge."""
    over = sum(row.n for row in found if row.counted)
    base = sum(row.n for row in found if row.base)
    total = sum(row.total for row in found)
    if limit.how in ("share", "mean"):
        enough = base >= max(limit.enough, 1)
        return Fraction(over if limit.how == "share" else total, base) if enough else None
    return Fraction(total if limit.how == "sum" else over)


def offends(limit: Limit, number: Fraction | None) -> bool:
    """Whether it is over the limit, or under it."""
    if number is None:
        return False
    if limit.most is not None:
        return number > limit.most or (limit.reached and number == limit.most)
    assert limit.least is not None
    return number < limit.least


def expected(limit: Limit, found: Sequence[Row], windows: dict[int, list[Window]]) -> tuple[set[tuple[int, int]], dict[int, Window]]:
    """The groups and seconds in offending windows, and each group's worst one."""
    covered: set[tuple[int, int]] = set()
    worst: dict[int, Window] = {}
    for g, mine in windows.items():
        offending = [(number, window) for window in mine if offends(limit, number := value(limit, inside(found, g, window)))]
        covered |= {(g, row.tick) for _, window in offending for row in inside(found, g, window)}
        if offending:
            sign = -1 if limit.least is None else 1
            worst[g] = min(offending, key=lambda pair: (sign * (pair[0] or 0), pair[1][0] or 0))[1]
    return covered, worst


def said(judged: Judged) -> tuple[set[tuple[int, int]], dict[int, Window]]:
    """The same of what was judged; each group and second once."""
    assert judged.covered.is_unique().all()
    assert judged.worst["g"].is_unique().all()
    return set(judged.covered.select("g", "tick").rows()), {
        g: (start, end) for g, start, end in judged.worst.select("g", "start", "end").rows()
    }


def groups(found: Iterable[Row]) -> list[int]:
    """The groups of the rows."""
    return sorted({row.g for row in found})


LIMITS = st.one_of(
    st.builds(Limit, st.just("x"), st.just("count"), most=st.integers(0, 8)),
    st.builds(Limit, st.just("x"), st.just("sum"), most=st.integers(0, 30)),
    st.builds(
        Limit, st.just("x"), st.sampled_from(["share", "mean"]), most=st.fractions(0, 6, max_denominator=7), enough=st.integers(1, 5)
    ),
)


@given(ROWS, LIMITS, st.one_of(st.none(), PER))
def test_windows_that_slide_begin_at_every_second_that_has_a_record(found: list[Row], limit: Limit, per: int | None) -> None:
    windows: dict[int, list[Window]] = {
        g: [(None, None)] if per is None else [(tick, tick + per) for tick in sorted({row.tick for row in found if row.g == g})]
        for g in groups(found)
    }
    assert said(judge(frame(found), NO_DISTINCT, PLACE, limit, per)) == expected(limit, found, windows)


@given(ROWS, LIMITS, st.one_of(PER, st.sampled_from([7, 20, 90, 7200])))
def test_sums_by_the_cells_of_a_grid_say_where_it_is_enough_to_look(found: list[Row], limit: Limit, per: int) -> None:
    counts, grid = frame(found), grid_of(per)
    sums = coarse([counts.drop("cell", "first", "last")], grid)
    cells = suspected(sums, PLACE, limit, per)
    cell = (pl.col("tick") // grid * grid).alias("at")
    few = counts.with_columns(cell).join(cells.select("g", at="tick"), on=["g", "at"], how="semi").drop("at")
    assert said(judge(few, NO_DISTINCT, PLACE, limit, per, sums)) == said(judge(counts, NO_DISTINCT, PLACE, limit, per))


def test_a_share_is_compared_exactly() -> None:
    limit = Limit("x", "share", most=Fraction(1, 3))
    counts = [
        Row(1, 0, 10**15, counted=True, base=True, total=0, noise=0),
        Row(1, 0, 2 * 10**15, counted=False, base=True, total=0, noise=0),
    ]
    assert said(judge(frame(counts), NO_DISTINCT, PLACE, limit, 5)) == (set(), {})
    counts[0] = Row(1, 0, 10**15 + 1, counted=True, base=True, total=0, noise=0)
    assert said(judge(frame(counts), NO_DISTINCT, PLACE, limit, 5)) == ({(1, 0)}, {1: (0, 5)})


@pytest.mark.parametrize("per", [1, 3600, 90 * 86_400])
def test_groups_far_apart_in_time_do_not_meet_on_the_axis(per: int) -> None:
    limit = Limit("x", "count", most=1)
    counts = [Row(g, tick, 1, counted=True, base=True, total=0, noise=0) for g in (-9, 3, 2**62) for tick in (-(2**31), 0, 2**31)]
    covered = {(g, tick) for g, tick in ((row.g, row.tick) for row in counts) if per > 2**31}
    assert said(judge(frame(counts), NO_DISTINCT, PLACE, limit, per))[0] == covered


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(-20, 40), st.integers(0, 5)), max_size=25),
    st.integers(0, 4),
    st.one_of(st.none(), PER),
)
def test_different_values_are_counted_in_aligned_windows(records: list[tuple[int, int, int]], most: int, per: int | None) -> None:
    limit = Limit("x", "distinct", most=most)
    starts = {(g, tick): 0 if per is None else tick // per * per for g, tick, _ in records}
    values = {(g, PLACE, starts[g, tick], 0, most + 1, h) for g, tick, h in records}
    noise = {(g, 0, tick, 0, 3, h + 100) for g, _, tick, _, _, h in values}
    distinct = sets(pl.DataFrame(sorted(values | noise), schema={**SET, "h": pl.Int64}, orient="row"))
    counts = frame([Row(g, tick, 1, counted=True, base=True, total=0, noise=0) for g, tick in starts])
    many = {
        (g, start)
        for g, start in {(g, start) for g, _, start, *_ in values}
        if len({v for v in values if (v[0], v[2]) == (g, start)}) > most
    }
    judged = judge(counts, distinct, PLACE, limit, per)
    assert said(judged)[0] == {place for place, start in starts.items() if (place[0], start) in many}
    assert set(judged.worst["g"]) == {g for g, _ in many}


FLOORS: st.SearchStrategy[Limit] = st.one_of(
    st.builds(Limit, st.just("x"), st.sampled_from(["count", "sum"]), least=st.integers(1, 9), floor=st.just(value=True)),
    st.builds(Limit, st.just("x"), st.just("share"), least=st.fractions(0, 1, max_denominator=7), floor=st.just(value=True)),
    st.builds(
        Limit,
        st.just("x"),
        st.just("share"),
        most=st.sampled_from([Fraction(1, 2), Fraction(9, 10), Fraction(99, 100)]),
        reached=st.just(value=True),
        floor=st.just(value=True),
    ),
)


@given(ROWS, FLOORS, st.one_of(st.none(), PER), st.integers(-5, 15), st.integers(0, 40))
def test_a_lower_limit_holds_in_every_whole_window_of_the_period(
    found: list[Row], limit: Limit, per: int | None, begin: int, length: int
) -> None:
    found, finish = [row for row in found if begin <= row.tick < begin + length], begin + length
    judged_groups = sorted({*groups(found), 7})
    whole = [(None, None)] if per is None else [(at, at + per) for at in range(begin, finish - per + 1) if at % per == 0]
    windows: dict[int, list[Window]] = {g: list(whole) for g in judged_groups}
    periods = pl.DataFrame(
        {"g": judged_groups, "begin": begin, "finish": finish}, schema={"g": pl.Int64, "begin": pl.Int64, "finish": pl.Int64}
    )
    covered, worst = said(judge_floor(frame(found), NO_DISTINCT, PLACE, limit, per, periods))
    if per is None:
        worst = dict.fromkeys(worst, (None, None))
    assert (covered, worst) == expected(limit, found, windows)


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 60)), min_size=1, max_size=20),
    st.integers(1, 25),
    st.one_of(st.none(), st.integers(-10, 0)),
    st.one_of(st.none(), st.integers(61, 90)),
)
def test_a_gap_lies_between_neighbours_and_at_the_ends_of_a_given_period(
    places: list[tuple[int, int]], most: int, begin: int | None, finish: int | None
) -> None:
    found = [Row(g, tick, 1, counted=True, base=True, total=0, noise=0) for g, tick in sorted(set(places))]
    periods = pl.DataFrame(
        [(g, begin, finish) for g in groups(found)], schema={"g": pl.Int64, "begin": pl.Int64, "finish": pl.Int64}, orient="row"
    )
    judged = judge_gap(frame(found), Limit("x", "gap", most=most), periods)
    worst: dict[int, Window] = {}
    for g in groups(found):
        marks = [mark for mark in (begin, *sorted(row.tick for row in found if row.g == g), finish) if mark is not None]
        gaps = [(after - before, before, after) for before, after in pairwise(marks) if after - before > most]
        if gaps:
            _, start, end = max(gaps, key=lambda gap: (gap[0], -gap[1]))
            worst[g] = (start, end)
    assert said(judged) == ({(row.g, row.tick) for row in found if row.g in worst}, worst)


@pytest.mark.parametrize("how", ["count", "sum", "share", "mean"])
@pytest.mark.parametrize("per", [None, 5])
def test_no_rows_make_no_window(how: Literal["count", "sum", "share", "mean"], per: int | None) -> None:
    assert said(judge(frame([]), NO_DISTINCT, PLACE, Limit("x", how, most=0), per)) == (set(), {})


def test_bits_of_limits_do_not_meet() -> None:
    bits = [bit(limit, role) for limit in range(10) for role in (BASE, COUNTED, MEMBER)]
    assert sorted(bits) == [1 << place for place in range(30)]


@pytest.mark.parametrize("per", [None, 60])
def test_no_number_is_too_large_to_be_added(per: int | None) -> None:
    huge = [Row(1, tick, 1, counted=True, base=True, total=10**18 - 1, noise=0) for tick in range(30)]
    for limit in (Limit("x", "sum", most=2**63 - 1), Limit("x", "mean", most=10**18 - 2)):
        covered, worst = said(judge(frame(huge), NO_DISTINCT, PLACE, limit, per))
        assert (len(covered), worst) == (30, {1: (None if per is None else 0, per)})
    assert said(judge(frame(huge), NO_DISTINCT, PLACE, Limit("x", "sum", most=3 * 10**19), per)) == (set(), {})


@pytest.mark.parametrize("per", [None, 60])
def test_no_share_is_too_fine_to_be_compared(per: int | None) -> None:
    counts = [Row(1, 0, 10**9, counted=True, base=True, total=0, noise=0), Row(1, 0, 10**9, counted=False, base=True, total=0, noise=0)]
    fine = Fraction(1, 10**11)
    assert said(judge(frame(counts), NO_DISTINCT, PLACE, Limit("x", "share", most=fine), per))[0] == {(1, 0)}
    assert said(judge(frame(counts), NO_DISTINCT, PLACE, Limit("x", "share", most=1 - fine), per))[0] == set()


def test_a_window_may_be_longer_than_all_time() -> None:
    counts = [Row(g, tick, 1, counted=True, base=True, total=0, noise=0) for g in range(2000) for tick in (0, 5)]
    covered, worst = said(judge(frame(counts), NO_DISTINCT, PLACE, Limit("x", "count", most=1), 2**63 // 1000))
    assert (len(covered), worst[7]) == (4000, (0, 2**63 // 1000))


@pytest.mark.parametrize("how", ["count", "sum"])
def test_a_lower_limit_over_all_time_costs_no_more_than_its_records(how: Literal["count", "sum"]) -> None:
    counts = [Row(1, tick, 1, counted=True, base=True, total=5, noise=0) for tick in (0, 1, 3, 253402300799)]
    periods = pl.DataFrame(
        {"g": [1, 2], "begin": [0, 7], "finish": [253402300800, 7]}, schema={"g": pl.Int64, "begin": pl.Int64, "finish": pl.Int64}
    )
    limit = Limit("x", how, least=1, floor=True)
    covered, worst = said(judge_floor(frame(counts), NO_DISTINCT, PLACE, limit, 1, periods))
    assert (covered, worst) == (set(), {1: (2, 3)})
