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
"""A spread that no tail makes too wide: twice as much, or half."""
_NORMAL: Final = 1.2816 / 0.6745
"""How much further four in five of normal distances reach than half of them do."""
_POISSON: Final = 1 / math.log(2)
"""The deviation of the logarithm of one event more than none, were it normal."""
_FEW: Final = 10
"""Differences that a spread is taken of."""
_BESIDE: Final = (-1, 0, 1)

ANSWER: Final = {
    **dict.fromkeys(("series", "g", "hour"), pl.Int64),
    "x": pl.Float64,
    "history": pl.Int64,
    "is_judged": pl.Boolean,
    **dict.fromkeys(("expected", "low", "high"), pl.Float64),
    **dict.fromkeys(("weeks", "back"), pl.Int64),
    "off": pl.Float64,
}
"""The columns of what `judged` answers."""


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
    if not found.rows.height:
        return pl.DataFrame(schema=ANSWER)
    return found.answer(found.compared()).select(ANSWER.keys())


def least(times: float, *, counts: bool) -> float:
    """A value below which no hour of a series is unusual, whatever the others are, if all of them are below it."""
    if not counts:
        return 0.0
    # NOTE: the least, over all middles m, of m and so many deviations of 2**m - 1 events; and what so many missing events want.
    over = _POISSON * times if times <= 2 else 2 * math.log2(times / 2) + 2 / math.log(2)
    under = math.log2(1 + (0.75 * times) ** 2)
    return min(over, under)


class _Series:
    """The hours that are asked about, and what was before each of them.

    NOTE: a few large questions to Polars rather than many small ones, each of which waits for its threads.
    """

    def __init__(self, series: pl.DataFrame, asked: Asked) -> None:
        self._asked = asked
        is_new = (pl.col("series") != pl.col("series").shift(1)).fill_null(value=True)
        place = pl.int_range(pl.len(), dtype=pl.Int64)
        hours = series.with_columns(
            place.alias("place"),
            pl.when(is_new).then(place).forward_fill().alias("start"),
            # NOTE: what nobody knows is no value: an hour that is only asked about, since the log was alive a little before, is no history.
            pl.when("is_known").then("x").alias("past"),
        )
        lags = [(pl.col("past") - pl.col("past").shift(WEEK * week).over("start")).alias(f"lag{week}") for week in range(1, WEEKS + 1)]
        self._hours = hours.with_columns(*lags, _before(pl.col("is_known").cast(pl.Int64), _LATE).alias("history"))
        self.rows = self._hours.filter(pl.col("is_asked") & pl.col("x").is_not_null())

    def compared(self) -> pl.DataFrame:
        """``expected``, ``low``, ``high``, ``weeks``, ``back``, ``off``."""
        frame = pl.concat([self.rows.select("x", "is_full"), self._weeks(), self._days(), self._told()], how="horizontal")
        return _told(frame, self._asked)

    def _weeks(self) -> pl.DataFrame:
        """Of the same hour and those beside it, in each week: the values, and the values at the level of the last week.

        ``plain-1``, ``plain0``, ``plain1``, and so ``grown``; ``back``: how many hours before is the first value of the same hour.
        """
        grown = [
            pl.col(f"lag{week}").rolling_median(WEEK, min_samples=WEEK // 7).shift(1).over("start").alias(str(week))
            for week in range(1, WEEKS + 1)
        ]
        growth = pl.concat([column.alias("growth") for column in self._hours.select(grown).get_columns()])
        weeks, beside = pl.int_range(1, WEEKS + 1, eager=True, dtype=pl.Int64), pl.Series(_BESIDE, dtype=pl.Int64)
        back = (
            beside.to_frame("beside").join(weeks.to_frame("week"), how="cross").with_columns(back=pl.col("week") * WEEK - pl.col("beside"))
        )
        long = self._long(back)
        value = _at(self._hours["past"])
        level = pl.lit(growth).gather((pl.col("week") - 1) * self._hours.height + pl.col("place")).fill_null(0.0)
        first = pl.when(pl.col("beside") == 0, value.is_not_null()).then("back").otherwise(0)
        found = long.select(value.alias("plain"), (value + level).alias("grown"), first.alias("back"))
        whole = [found["back"].reshape((self.rows.height, len(back))).arr.max().alias("back")]
        for name in ("plain", "grown"):
            parts = found[name].reshape((self.rows.height, len(_BESIDE), WEEKS))
            whole += [parts.arr.get(at).arr.to_list().alias(f"{name}{one}") for at, one in enumerate(_BESIDE)]
        return pl.DataFrame(whole)

    def _days(self) -> pl.DataFrame:
        """Of the same hour and those beside it, on the days before: ``pool``, the values; ``alike``, those of days of its kind, workday or
        weekend; ``near``, the differences to the week before.
        """
        days, beside = pl.int_range(1, DAYS + 1, eager=True, dtype=pl.Int64), pl.Series(_BESIDE, dtype=pl.Int64)
        back = (
            days.to_frame("day").join(beside.to_frame("beside"), how="cross").select((pl.col("day") * 24 - pl.col("beside")).alias("back"))
        )
        value, hour = _at(self._hours["past"]), pl.col("hour")
        alike = pl.when(_weekend(hour) == _weekend(hour - pl.col("back"))).then(value)
        found = self._long(back).select(value.alias("pool"), alike.alias("alike"), _at(self._hours["lag1"]).alias("near"))
        return pl.DataFrame([column.reshape((self.rows.height, len(back))).arr.to_list() for column in found.get_columns()])

    def _long(self, back: pl.DataFrame) -> pl.DataFrame:
        """Each hour that is asked about with each of the hours that lie so many before it."""
        return self.rows.select("place", "start", "hour").join(back, how="cross", maintain_order="left_right")

    def _told(self) -> pl.DataFrame:
        """What all hours of the last four weeks say.

        ``wide``: how far four in five differences to the week before lie apart, halved. Of hours with traffic: ``active``, how many they
        are, ``middle`` and ``busy``, how much they have. ``hours``: how many there are. ``heft``: by how much a spread is wider because
        fewer requests are behind the value than were usual.
        """
        span, past, lag = DAYS * 24, pl.col("past"), pl.col("lag1")
        some = pl.when(past > 0).then(past)
        high, low = (lag.rolling_quantile(share, "nearest", span, min_samples=_FEW) for share in (0.9, 0.1))
        usual = pl.when(past.is_not_null()).then("weight").cast(pl.Float64).rolling_median(span, min_samples=1).shift(1).over("start")
        heft = pl.max_horizontal((usual / pl.col("weight")).fill_null(1.0), pl.lit(1.0)).sqrt()
        told = self._hours.select(
            "place",
            ((high - low) / 2).shift(1).over("start").alias("wide"),
            _before((past > 0).fill_null(value=False).cast(pl.Int64), span).alias("active"),
            _before(past.is_not_null().cast(pl.Int64), span).alias("hours"),
            some.rolling_median(span, min_samples=ENOUGH).shift(1).over("start").alias("middle"),
            some.rolling_quantile(0.9, "nearest", span, min_samples=ENOUGH).shift(1).over("start").alias("busy"),
            (pl.lit(1.0) if self._asked.counts else heft).alias("heft"),
        )
        return told.filter(pl.col("place").is_in(self.rows["place"].implode())).drop("place")

    def answer(self, compared: pl.DataFrame) -> pl.DataFrame:
        """The answer of `judged`."""
        whole = pl.concat([self.rows.select("series", "g", "hour", "x", "history"), compared], how="horizontal")
        can = (pl.col("history") >= NEEDED) & pl.col("high").is_not_null()
        return whole.with_columns(can.alias("is_judged"), pl.when(can).then("off").alias("off"))


def _at(values: pl.Series) -> pl.Expr:
    """The values of the hours that lie ``back`` before those of the places; null before the series begins."""
    there = pl.col("place") - pl.col("back")
    return pl.lit(values).gather(pl.when(there >= pl.col("start")).then(there))


def _before(numbers: pl.Expr, hours: int) -> pl.Expr:
    """The sums over so many hours before each."""
    running = numbers.cum_sum().over("start")
    return running.shift(1).over("start").fill_null(0) - running.shift(hours + 1).over("start").fill_null(0)


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
        pl.when(has).then(weeks).otherwise(0).cast(pl.Int64).alias("weeks"),
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


def _weekend(hour: pl.Expr) -> pl.Expr:
    """Whether an hour since 1970 lies in a Saturday or Sunday of UTC; the first day of 1970 was a Thursday."""
    return ((hour // 24 + 3) % 7) >= 5
