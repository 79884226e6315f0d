"""What is usual: each hour of a series held against the hours before it; pure statistics over frames, the same for the same hours.

Values are logarithms to the base 2, so that a distance is a factor. The hour of a week is compared with the same hour of the weeks
before, as they were and as they would be at the level of the last week (the median of all differences to the hours of that week), and with
the hours beside it, since clocks are changed: what is usual to one of these is usual. How far from it is too far says the spread: the
distance that four in five differences to the week before stay within, held to the median absolute difference, so that no outlier moves it
much. With less than three weeks of the hour, the same hour of other days is usual as well, and so is whatever the weeks that are there had.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import polars as pl

from s3guard.past import NEEDED, SPAN

WEEK: Final = 168
WEEKS: Final = 7
"""Weeks before that an hour is compared with."""

ENOUGH: Final = 3
"""Weeks of one hour that a median is taken of: below, an outlier could be it."""

DAYS: Final = 28
"""Days of which the same hour counts for the spread."""

FLOOR: Final = 0.2
"""The least spread: 15 %. Three of them are half as much again."""

_LATE: Final = SPAN // 3_600
_DOUBLED: Final = 1.0
_NORMAL: Final = 1.2816 / 0.6745
"""How much further four in five of normal distances reach than half of them do."""
_POISSON: Final = 1 / math.log(2)
"""The deviation of the logarithm of one event more than none, were it normal."""
_FEW: Final = 10
"""Differences that a spread is taken of."""
_BESIDE: Final = (-1, 0, 1)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of series."""

    times: float
    """How many spreads are still usual."""
    counts: bool
    """Whether values are ``log2(1 + n)`` of something that comes by itself, such as requests, and an hour without is 0."""
    both: bool
    """Whether far fewer is unusual, too."""


def judged(series: pl.DataFrame, asked: Asked) -> pl.DataFrame:
    """Of each hour that is asked about, whether it can be judged, and how far it is from what is usual.

    `series` has the rows of one series beside each other, an hour a row, none left out: ``series``, ``g``, ``hour`` (since 1970), ``x``
    (the value, null where there is none or nobody knows), ``is_known`` (whether the log was alive), ``is_asked``, ``is_full`` (whether
    no record can be missing), ``weight`` (requests behind the value; where `asked.counts`, of no meaning).

    The answer has ``series``, ``g``, ``hour``, ``x``, ``history`` (known hours of the eight weeks before), ``is_judged``, ``expected``,
    ``low`` and ``high`` (the ends of what is usual), ``weeks`` (how many of the same hour there are; 0: too few, so that other days
    counted too), ``back`` (how many hours back the first of them lies), and ``off``: by how many spreads it is over the middle of what is
    usual, or under it where negative; null where it is usual.
    """
    found = _Series(series, asked)
    return found.answer(found.compared())


def least(times: float, *, counts: bool) -> float:
    """A value below which no hour of a series is unusual, whatever the others are, if all of them are below it."""
    if not counts:
        return 0.0
    # NOTE: the least, over all middles m, of m and so many deviations of 2**m - 1 events; and what so many missing events want.
    over = _POISSON * times if times <= 2 else 2 * math.log2(times / 2) + 2 / math.log(2)
    under = math.log2(1 + (0.75 * times) ** 2)
    return min(over, under)


class _Series:
    """The hours that are asked about, and what was before each of them."""

    def __init__(self, series: pl.DataFrame, asked: Asked) -> None:
        self._asked = asked
        place = pl.int_range(pl.len(), dtype=pl.Int64)
        told = series.with_columns(place.alias("place"), (pl.col("series") != pl.col("series").shift(1)).fill_null(value=True).alias("new"))
        told = told.with_columns(pl.when("new").then("place").forward_fill().alias("start"))
        # NOTE: what nobody knows is no value: an hour that is only asked about, because the log was alive a little before, is no history.
        self._past = told.select(pl.when("is_known").then("x").alias("x")).to_series()
        self._deep = told.select(pl.col("place") - pl.col("start")).to_series()
        known = told["is_known"].cast(pl.Int64).cum_sum()
        self.rows = told.filter(pl.col("is_asked") & pl.col("x").is_not_null())
        self._place, self._start = self.rows["place"], self.rows["start"]
        begin = pl.select(pl.max_horizontal(self._start, self._place - _LATE)).to_series()
        padded = pl.concat([pl.Series([0], dtype=pl.Int64), known])
        self._history = padded.gather(self._place) - padded.gather(begin)
        self._weights = told.select(pl.when("is_known", pl.col("x").is_not_null()).then("weight")).to_series()

    def at(self, values: pl.Series, offset: int) -> pl.Series:
        """The values so many hours before; null before the series begins."""
        back = self._place - offset
        return values.gather(pl.select(pl.when(back >= self._start).then(back)).to_series())

    def _lagged(self, offset: int) -> pl.Series:
        """Differences of each hour to the one so many hours before."""
        lag = self._past - self._past.shift(offset)
        return pl.select(pl.when(self._deep >= offset).then(lag)).to_series()

    def compared(self) -> pl.DataFrame:
        """``expected``, ``low``, ``high``, ``weeks``, ``back``, ``off``."""
        pools = [self._pool(self._past, alike=True), self._pool(self._past)]
        frame = pl.DataFrame([*self._weeks(), *pools, *self._spread(), *self._rare()])
        frame = frame.with_columns(self.rows["x"], self.rows["is_full"], self._heft().alias("heft"))
        return _told(frame, self._asked)

    def _weeks(self) -> list[pl.Series]:
        """Of the same hour and those beside it, in each week: the values, and the values at the level of the last week."""
        plain: dict[int, list[pl.Series]] = {beside: [] for beside in _BESIDE}
        grown: dict[int, list[pl.Series]] = {beside: [] for beside in _BESIDE}
        back = pl.repeat(0, self.rows.height, dtype=pl.Int64, eager=True)
        for week in range(1, WEEKS + 1):
            moved = self._lagged(WEEK * week).rolling_median(WEEK, min_samples=WEEK // 7).shift(1)
            deep = pl.select(pl.when(self._deep >= WEEK * (week + 1)).then(moved)).to_series()
            growth = self.at(deep, 0).fill_null(0.0)
            for beside in _BESIDE:
                value = self.at(self._past, WEEK * week - beside)
                plain[beside].append(value)
                if not beside:
                    back = pl.select(pl.when(value.is_not_null()).then(WEEK * week).otherwise(back)).to_series()
                grown[beside].append(value + growth)
        told = [_listed(kinds[one], f"{name}{one}") for name, kinds in (("plain", plain), ("grown", grown)) for one in _BESIDE]
        return [*told, back.alias("back")]

    def _pool(self, values: pl.Series, *, alike: bool = False) -> pl.Series:
        """The values of the same hour, and those beside it, of the days before; `alike`: of days of its kind, workday or weekend."""
        found = []
        for day in range(1, DAYS + 1):
            for one in _BESIDE:
                value = self.at(values, 24 * day - one)
                if alike:
                    hour = self.rows["hour"]
                    value = pl.select(pl.when(_weekend(hour) == _weekend(hour - 24 * day + one)).then(value)).to_series()
                found.append(value)
        return _listed(found, "alike" if alike else "pool")

    def _spread(self) -> list[pl.Series]:
        """Differences to the week before: of the same hour of the day, and of all hours."""
        lag = self._lagged(WEEK)
        near = self._pool(lag).alias("near")
        wide = [lag.rolling_quantile(share, "nearest", DAYS * 24, min_samples=_FEW).shift(1) for share in (0.1, 0.9)]
        deep = [pl.select(pl.when(self._deep > WEEK + _FEW).then(one)).to_series() for one in wide]
        low, high = (self.at(one, 0) for one in deep)
        return [near, ((high - low) / 2).alias("wide")]

    def _rare(self) -> list[pl.Series]:
        """Of all hours of the last four weeks with traffic: how many they are, how many hours there are, how much they have."""
        span, some = DAYS * 24, self._past > 0
        told = pl.select(pl.when(some).then(self._past)).to_series()
        reach = pl.select(pl.min_horizontal(self._deep, pl.lit(span))).to_series()
        reach = reach.gather(self._place)
        numbers = []
        for flags in (some.fill_null(value=False), self._past.is_not_null()):
            running = pl.concat([pl.Series([0], dtype=pl.Int64), flags.cast(pl.Int64).cum_sum()])
            numbers.append(running.gather(self._place) - running.gather(self._place - reach))
        middle = self.at(told.rolling_median(span, min_samples=ENOUGH).shift(1), 0)
        high = self.at(told.rolling_quantile(0.9, "nearest", span, min_samples=ENOUGH).shift(1), 0)
        return [numbers[0].alias("active"), numbers[1].alias("hours"), middle.alias("middle"), high.alias("busy")]

    def _heft(self) -> pl.Series:
        """By how much a spread is wider because fewer requests are behind the value than were usual."""
        if self._asked.counts:
            return pl.repeat(1.0, self.rows.height, eager=True)
        usual = self.at(self._weights.cast(pl.Float64).rolling_median(DAYS * 24, min_samples=1).shift(1), 0)
        ratio = (usual / self.rows["weight"]).fill_null(1.0)
        return pl.select(pl.max_horizontal(ratio, pl.lit(1.0)).sqrt()).to_series()

    def answer(self, compared: pl.DataFrame) -> pl.DataFrame:
        """The answer of `judged`."""
        told = self.rows.select("series", "g", "hour", "x").with_columns(self._history.alias("history"))
        whole = pl.concat([told, compared], how="horizontal")
        can = (pl.col("history") >= NEEDED) & pl.col("high").is_not_null()
        return whole.with_columns(can.alias("is_judged"), pl.when(can).then("off").alias("off"))


def _told(frame: pl.DataFrame, asked: Asked) -> pl.DataFrame:
    """What is usual of each row, and how far off its value is."""
    named = [f"{kind}{one}" for kind in ("plain", "grown") for one in _BESIDE]
    middles = {name: pl.col(name).list.median() for name in named}
    weeks = pl.col("plain0").list.drop_nulls().list.len()
    has = weeks >= ENOUGH
    alike, pool = pl.col("alike").list.drop_nulls(), pl.col("pool").list.drop_nulls()
    other = pl.coalesce(
        pl.when(alike.list.len() >= ENOUGH).then(alike.list.median()), pl.when(pool.list.len() >= ENOUGH).then(pool.list.median())
    )
    highest = pl.max_horizontal(*(pl.col(name).list.max() for name in named), other)
    lowest = pl.min_horizontal(*(pl.col(name).list.min() for name in named), other)
    frame = frame.with_columns(
        pl.when(has).then(middles["grown0"]).otherwise(pl.coalesce(other, highest)).clip(0).alias("expected"),
        pl.when(has).then(pl.max_horizontal(*middles.values())).otherwise(highest).clip(0).alias("top"),
        pl.when(has).then(pl.min_horizontal(*middles.values())).otherwise(lowest).clip(0).alias("bottom"),
        pl.when(has).then(weeks).otherwise(0).alias("weeks"),
        _width().alias("spread"),
    )
    up, down = (_least(pl.col(name), asked) for name in ("top", "bottom"))
    frame = frame.with_columns((up * pl.col("heft")).alias("up"), (down * pl.col("heft")).alias("down"))
    third = pl.when(has).then(alike).otherwise(pool).list.sort(descending=True).list.get(ENOUGH - 1, null_on_oob=True)
    high = pl.max_horizontal(pl.col("top") + asked.times * pl.col("up"), third)
    low = pl.min_horizontal(pl.col("bottom"), _tenth(pool)) - asked.times * pl.col("down")
    if asked.counts:
        high = pl.max_horizontal(high, _seldom(asked))
    frame = frame.with_columns(high.alias("high"), low.clip(0).alias("low"))
    over = pl.when(pl.col("x") > pl.col("high")).then((pl.col("x") - pl.col("top")) / pl.col("up"))
    under = pl.when(asked.both & pl.col("is_full"), pl.col("x") < pl.col("low"), _missed(asked)).then(
        (pl.col("x") - pl.col("bottom")) / pl.col("down")
    )
    return frame.select("expected", "low", "high", "weeks", "back", pl.coalesce(over, under).alias("off"))


def _width() -> pl.Expr:
    """The spread of a difference between two weeks, as that of a value: it is made of two.

    NOTE: four in five where the tails are heavy, but at most twice what the median absolute difference says: a day that failed is no tail.
    """
    near = pl.col("near").list.drop_nulls()
    apart = pl.when(near.list.len() >= _FEW).then(near.list.eval((pl.element() - pl.element().median()).abs().sort()))
    half = apart.list.median() * _NORMAL
    most = apart.list.get((apart.list.len().cast(pl.Int64) * 4 - 1) // 5)
    held = pl.min_horizontal(pl.max_horizontal(most, half), pl.max_horizontal(half * 2, _DOUBLED * math.sqrt(2)))
    return pl.coalesce(held, pl.col("wide")) / math.sqrt(2)


def _least(middle: pl.Expr, asked: Asked) -> pl.Expr:
    """The spread, and what it is at least: `FLOOR`, and of counts the deviation of as many events that come by themselves."""
    wide = pl.max_horizontal(pl.col("spread"), pl.lit(FLOOR))
    return pl.max_horizontal(wide, _POISSON * (-middle / 2 * math.log(2)).exp()) if asked.counts else wide


def _seldom(asked: Asked) -> pl.Expr:
    """What is usual where traffic is rare and at no time of its own: what it is when there is some."""
    alone = (pl.col("top") < 1) & (pl.col("active") >= ENOUGH)
    # NOTE: were it to come at any hour, this hour of the day would have seen some five times.
    anywhere = pl.col("active") * (DAYS * len(_BESIDE)) < 5 * pl.col("hours")
    wide = pl.max_horizontal(pl.col("busy") - pl.col("middle"), pl.lit(2 * FLOOR))
    return pl.when(alone & anywhere).then(pl.col("middle") + asked.times * wide)


def _missed(asked: Asked) -> pl.Expr:
    """Whether so few events instead of so many are no chance.

    NOTE: the square root of a count has the same deviation, a half, whatever the count is.
    """
    if not asked.counts:
        return pl.lit(value=True)
    usual, seen = ((pl.col(name) * math.log(2)).exp() - 0.625 for name in ("bottom", "x"))
    return 2 * (usual.sqrt() - seen.sqrt()) >= 1.5 * asked.times


def _tenth(pool: pl.Expr) -> pl.Expr:
    """What one in ten of the same hours of all days stay under: a day off is as quiet as a Sunday."""
    return pool.list.sort().list.get(pool.list.len().cast(pl.Int64) // 10, null_on_oob=True)


def _listed(columns: list[pl.Series], name: str) -> pl.Series:
    named = [column.alias(str(place)) for place, column in enumerate(columns)]
    # NOTE: lists of many columns are made a hundred times as fast by way of arrays.
    return pl.DataFrame(named).select(pl.concat_arr(pl.all()).arr.to_list().alias(name)).to_series()


def _weekend(hour: pl.Series) -> pl.Series:
    """Whether an hour since 1970 lies in a Saturday or Sunday of UTC; the first day of 1970 was a Thursday."""
    return ((hour // 24 + 3) % 7) >= 5
