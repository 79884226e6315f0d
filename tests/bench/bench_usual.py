"""What `anomalies` and `more_than_usual` find of what is planted in generated traffic, and what they find where nothing is.

``python -m tests.bench.bench_usual [SEEDS]`` prints of each kind of event how many were found, and how many hours a week of a bucket have a
false alarm; ``python -m tests.bench.bench_check usual`` holds them against bounds.

NOTE: no labelled traffic by the hour came in a package that could be had: those looked at ship heartbeats, sensors, or made-up series with
negative values and no week (aeon, streamad), or load theirs from elsewhere.
"""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import polars as pl

from s3guard import usual
from tests.bench.seasons import ASKED, KINDS, PLANTED, WEEKS, World, world

MEASURES = {
    "requests": usual.Asked(3, counts=True, both=True),
    "bytes": usual.Asked(3, counts=True, both=True),
    "errors": usual.Asked(3, counts=True, both=False),
    "latency": usual.Asked(3, counts=False, both=False),
}
SURE = {"spike x5": 90.0, "spike x10": 98.0, "drop to 0%": 98.0, "slower x4": 90.0, "500 errors more": 90.0, "bytes x10": 90.0}
"""Percent of these that must be found."""

SCHEMA = {
    "series": pl.Int64,
    "g": pl.Int64,
    "hour": pl.Int64,
    "x": pl.Float64,
    "is_known": pl.Boolean,
    "is_asked": pl.Boolean,
    "is_full": pl.Boolean,
    "weight": pl.Int64,
}


@dataclass(slots=True)
class Score:
    """What was found."""

    planted: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)
    """Hours with an alarm in which something was planted, by measure."""
    wrong: Counter[str] = field(default_factory=Counter)
    """Hours with an alarm in which nothing was, by measure."""
    by_kind: Counter[str] = field(default_factory=Counter)
    """The same by kind of bucket."""
    special: Counter[str] = field(default_factory=Counter)
    """Of these, hours of holidays, and of weeks after a change of clocks; and how many such hours there were."""
    weeks: float = 0


def series(made: World, measure: str, number: int) -> pl.DataFrame:
    """What `usual.judged` takes of a world."""
    hours, asked = WEEKS * 168, (WEEKS - ASKED) * 168
    first = int(made.start.timestamp()) // 3600
    if measure == "latency":
        values = list(made.latency)
    else:
        unit = 1 << 20 if measure == "bytes" else 1
        values = [math.log2(1 + value / unit) for value in getattr(made, measure)]
    columns = {
        "series": [number] * hours,
        "g": [number] * hours,
        "hour": range(first, first + hours),
        "x": values,
        "is_known": [True] * hours,
        "is_asked": [hour >= asked for hour in range(hours)],
        "is_full": [True] * hours,
        "weight": made.requests,
    }
    return pl.DataFrame(columns, schema=SCHEMA)


def scored(seeds: int, first: int = 1_000) -> Score:
    """The score over worlds. NOTE: constants were chosen by seeds below a hundred."""
    score = Score()
    for kind in KINDS:
        worlds = [world(seed, kind) for seed in range(first, first + seeds)]
        score.weeks += ASKED * len(worlds)
        for measure, asked in MEASURES.items():
            told = usual.judged(pl.concat([series(made, measure, number) for number, made in enumerate(worlds)]), asked)
            alarms: dict[int, set[int]] = {}
            for number, hour in told.filter(pl.col("off").is_not_null()).select("g", "hour").iter_rows():
                alarms.setdefault(number, set()).add(hour - int(worlds[number].start.timestamp()) // 3600)
            for number, made in enumerate(worlds):
                count(score, made, measure, alarms.get(number, set()))
    return score


def count(score: Score, made: World, measure: str, alarms: set[int]) -> None:
    """Add what was found of one measure of one world."""
    events = {hour for event in made.events for hour in range(event.begin, event.begin + event.hours) if concerns(event.measure, measure)}
    for event in made.events:
        if event.measure == measure and seen(made, event.measure):
            score.planted[event.kind] += 1
            score.found[event.kind] += bool(alarms & set(range(event.begin, event.begin + event.hours)))
    score.right[measure] += len(alarms & events)
    wrong = alarms - events
    score.wrong[measure] += len(wrong)
    score.by_kind[made.kind] += len(wrong)
    if measure == "requests":
        for name, hours in (("holidays", made.holidays - events), ("week after clocks changed", made.shifted - events)):
            score.special[name] += len(wrong & hours)
            score.special[f"{name}, hours"] += len(hours)


def concerns(planted: str, measure: str) -> bool:
    """Whether what is planted in one measure shows in another: more requests are more bytes, errors and latencies, too."""
    return planted in (measure, "requests")


def seen(made: World, measure: str) -> bool:
    """Whether a bucket has enough of something for a factor to be seen: three times nothing is nothing."""
    return made.kind in ("office", "web") or (measure == "errors") or (made.kind == "batch" and measure in ("latency", "requests", "bytes"))


def lines(score: Score) -> Iterator[tuple[str, float, str, float | None, float | None]]:
    """Rows of the table: a name, a value, its unit, and the largest and the smallest one that are good, where that is said."""
    for name in PLANTED:
        yield f"{name}, of {score.planted[name]} found", 100 * score.found[name] / max(1, score.planted[name]), "%", None, SURE.get(name)
    for measure in MEASURES:
        right, wrong = score.right[measure], score.wrong[measure]
        yield f"{measure}, precision", 100 * right / max(1, right + wrong), "%", None, None
        yield f"{measure}, false alarms a week", wrong / score.weeks, "h", 0.1 if measure != "bytes" else 1.0, None
    for kind in KINDS:
        yield f"{kind}, false alarms a week", score.by_kind[kind] / (score.weeks / len(KINDS)), "h", None, None
    for name in ("holidays", "week after clocks changed"):
        yield f"{name}, hours of requests", score.special[f"{name}, hours"], "h", None, None
        yield f"{name}, false alarms", score.special[name], "h", None, None


if __name__ == "__main__":
    for told, value, unit, *_ in lines(scored(int(sys.argv[1]) if len(sys.argv) > 1 else 20)):
        print(f"{told:<46}{value:>10.2f} {unit}")
