"""What is usual: laws of the statistics, over series of hours."""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3guard.past import NEEDED
from s3guard.usual import Asked, judged, least
from tests.bench.bench_usual import SCHEMA, scored
from tests.laws import tried

WEEK = 168
COUNTS = Asked(3, counts=True, both=True)
MEANS = Asked(3, counts=False, both=False)
START = 490_000


def series(values: Sequence[float | None], asked: int, number: int = 0, *, weights: Sequence[int] | None = None) -> pl.DataFrame:
    """A series of values as they are, the last `asked` of which are asked about."""
    hours = len(values)
    columns = {
        "series": [number] * hours,
        "g": [number] * hours,
        "hour": range(START, START + hours),
        "x": values,
        "is_known": [value is not None for value in values],
        "is_asked": [hour >= hours - asked for hour in range(hours)],
        "is_full": [True] * hours,
        "weight": weights or [100] * hours,
    }
    return pl.DataFrame(columns, schema=SCHEMA)


def logs(counts: Sequence[float]) -> list[float]:
    return [math.log2(1 + count) for count in counts]


def alarms(
    values: Sequence[float | None], asked: int, question: Asked = COUNTS, *, weights: Sequence[int] | None = None
) -> dict[int, float]:
    """The hours with an alarm, counted from the first that is asked about, and how far off they are."""
    told = judged(series(values, asked, weights=weights), question)
    assert told["is_judged"].all()
    first = START + len(values) - asked
    return {hour - first: off for hour, off in told.filter(pl.col("off").is_not_null()).select("hour", "off").iter_rows()}


def noisy(rng: Random, weeks: int, noise: float = 0.15, level: float = 1_000) -> list[float]:
    """Traffic with a day and a week."""
    found = []
    for hour in range(weeks * WEEK):
        season = (1.2 + math.sin(hour / 24 * math.tau)) * (0.3 if hour // 24 % 7 >= 5 else 1)
        found.append(round(level * season * math.exp(rng.gauss(0, noise))))
    return [float(count) for count in found]


SEASONS = st.lists(st.sampled_from([0.0, 0.0, 1.0, 7.0, 40.0, 300.0, 25_000.0]), min_size=WEEK, max_size=WEEK)


@tried(40)
@given(SEASONS, st.integers(2, 9), st.sampled_from([1.0, 3.0]))
def test_a_season_that_repeats_itself_every_week_is_usual(season: list[float], weeks: int, times: float) -> None:
    assert {} == alarms(logs(season * (weeks + 1)), WEEK, Asked(times, counts=True, both=True))
    assert {} == alarms(logs(season * (weeks + 1)), WEEK, Asked(times, counts=False, both=True))


@tried(20)
@given(SEASONS, st.sampled_from([-1, 1]), st.integers(4, 8))
def test_a_season_is_usual_after_clocks_were_changed(season: list[float], shift: int, weeks: int) -> None:
    later = [season[(hour + shift) % WEEK] for hour in range(WEEK)]
    assert {} == alarms(logs([*season * weeks, *later]), WEEK)


@pytest.mark.parametrize("growth", [0.9, 0.97, 1.03, 1.15])
def test_steady_growth_is_usual(growth: float) -> None:
    rng = Random(1)
    counts = [count * growth ** (hour / WEEK) for hour, count in enumerate(noisy(rng, 11, level=5_000))]
    assert {} == alarms(logs(counts), 3 * WEEK)


@tried(20)
@given(st.integers(0, 10_000), st.integers(3, 10), st.integers(0, 5 * WEEK - 1), st.sampled_from([0.0, 0.1, 30.0, 1e6]), st.integers(0, 23))
def test_one_outlier_in_the_history_neither_makes_an_alarm_nor_hides_one(
    seed: int, weeks: int, place: int, factor: float, hour: int
) -> None:
    counts = noisy(Random(seed), weeks + 1)
    at = weeks * WEEK + 24 + hour
    counts[at] *= 20
    before = counts.copy()
    before[place % (weeks * WEEK)] *= factor
    assert set(alarms(logs(before), WEEK)) <= set(alarms(logs(counts), WEEK)) | {24 + hour}
    assert 24 + hour in alarms(logs(before), WEEK)


@tried(20)
@given(st.integers(0, 10_000), st.integers(3, 9), st.sampled_from([2, 10, 1_000]))
def test_traffic_that_is_so_many_times_as_much_has_the_same_alarms(seed: int, weeks: int, scale: int) -> None:
    rng = Random(seed)
    counts = noisy(rng, weeks + 1, level=10_000)
    for factor in (3, 10, 0.01):
        counts[weeks * WEEK + rng.randrange(WEEK)] *= factor
    # NOTE: what is too near to the edge to be said falls on either side of it: one is added to each count before its logarithm is taken.
    here, there = alarms(logs(counts), WEEK), alarms(logs([count * scale for count in counts]), WEEK)
    assert {hour for hour, off in here.items() if abs(off) > 3.5} <= set(there)
    assert {hour for hour, off in there.items() if abs(off) > 3.5} <= set(here)


@tried(20)
@given(st.integers(0, 10_000), st.integers(2, 5))
def test_series_do_not_know_each_other(seed: int, many: int) -> None:
    rng = Random(seed)
    values = [logs(noisy(rng, rng.randint(3, 9), level=rng.choice([3, 1_000]))) for _ in range(many)]
    frames = [series(one, 2 * WEEK, number) for number, one in enumerate(values)]
    together = judged(pl.concat(frames), COUNTS)
    assert together.equals(pl.concat([judged(frame, COUNTS) for frame in frames]))


@pytest.mark.parametrize("hours", [NEEDED - 1, NEEDED])
def test_nothing_is_judged_before_there_are_fourteen_days(hours: int) -> None:
    told = judged(series(logs([5.0] * hours + [10_000.0]), 1), COUNTS)
    assert [hours == NEEDED] == told["is_judged"].to_list()
    assert [hours == NEEDED] == told["off"].is_not_null().to_list()
    assert [hours] == told["history"].to_list()


def test_hours_that_nobody_knows_are_no_history_and_no_zeros() -> None:
    values: list[float | None] = [*logs([100.0] * 500)]
    values[100:400] = [None] * 300
    told = judged(series(values, 1), COUNTS)
    assert ([199], [False]) == (told["history"].to_list(), told["is_judged"].to_list())
    values = [*logs([100.0] * 900)]
    values[500:700] = [None] * 200
    assert {} == alarms(values, 1)


def test_an_hour_that_is_not_whole_is_held_against_more_alone() -> None:
    frame = series(logs([100.0] * 500 + [0.0]), 1)
    assert judged(frame, COUNTS)["off"][0] < -3
    assert judged(frame.with_columns(pl.lit(value=False).alias("is_full")), COUNTS)["off"].to_list() == [None]
    many = series(logs([100.0] * 500 + [900.0]), 1).with_columns(pl.lit(value=False).alias("is_full"))
    assert judged(many, COUNTS)["off"][0] > 3


def test_a_day_off_is_no_alarm_and_a_silent_day_is() -> None:
    counts = noisy(Random(3), 9)
    sunday = counts[-WEEK - 24 : -WEEK]
    holiday = counts[: -5 * 24] + sunday + counts[-4 * 24 :]
    assert {} == alarms(logs(holiday), 5 * 24)
    silent = counts[: -5 * 24] + [0.0] * 24 + counts[-4 * 24 :]
    assert set(range(24)) == set(alarms(logs(silent), 5 * 24))


def test_a_session_now_and_then_is_usual_and_a_hundred_times_one_is_not() -> None:
    rng = Random(5)
    counts = [float(rng.choice([0] * 99 + [rng.randint(20, 80)])) for _ in range(9 * WEEK)]
    assert {} == alarms(logs(counts), 4 * WEEK)
    counts[-5] = 5_000.0
    assert {4 * WEEK - 5} == set(alarms(logs(counts), 4 * WEEK))


def test_times_of_few_requests_may_vary_more() -> None:
    rng = Random(2)
    values: list[float | None] = [5 + rng.gauss(0, 0.1) for _ in range(6 * WEEK)]
    values[-1] = 6.2
    assert {0} == set(alarms(values, 1, MEANS, weights=[1_000] * len(values)))
    assert {} == alarms(values, 1, MEANS, weights=[1_000] * (len(values) - 1) + [20])


@tried(40)
@given(st.sampled_from([0.5, 1.0, 2.0, 3.0, 5.0]), st.integers(0, 10_000))
def test_below_the_least_there_is_no_alarm(times: float, seed: int) -> None:
    rng = Random(seed)
    bound = least(times, counts=True)
    counts = [math.floor(2 ** (rng.random() * bound) - 1) for _ in range(6 * WEEK)]
    rare = [count if rng.random() < 0.02 else 0 for count in counts]
    for some in (counts, rare):
        assert max(logs(some)) < bound
        assert {} == alarms(logs(some), WEEK, Asked(times, counts=True, both=True))


def test_no_series_is_no_answer() -> None:
    empty = judged(pl.DataFrame(schema=SCHEMA), COUNTS)
    assert (0, {"off", "is_judged"}) == (empty.height, {"off", "is_judged"} & set(empty.columns))


def test_planted_events_are_found_and_little_else() -> None:
    score = scored(4)
    for name in ("spike x10", "drop to 0%", "slower x4"):
        assert score.found[name] >= score.planted[name] * 0.9
    assert score.wrong["requests"] + score.wrong["latency"] < score.weeks / 10
