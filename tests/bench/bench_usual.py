"""What `anomalies` and `more_than_usual` find of what is planted in generated traffic, and what they find where nothing is.

``python -m tests.bench.bench_usual [SEEDS]`` prints, of each kind of event, how many were found, and the false alarms a week.
"""

from __future__ import annotations

import math
import sys
from collections import Counter
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


def scored(seeds: int, first: int = 0) -> Score:
    """The score over worlds."""
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


def printed(score: Score) -> list[str]:
    """The score as a table."""
    lines = [f"{name:<28}{score.found[name]:>5} of {score.planted[name]:>4} found  {score.found[name] / max(1, score.planted[name]):>6.1%}" for name in PLANTED]
    for measure in MEASURES:
        right, wrong = score.right[measure], score.wrong[measure]
        lines.append(f"{measure:<28}precision {right / max(1, right + wrong):>6.1%}   false alarms a week {wrong / score.weeks:>6.3f}")
    lines += [f"{kind:<28}false hours a week {score.by_kind[kind] / (score.weeks / len(KINDS)):>6.3f}" for kind in KINDS]
    lines += [f"{name:<28}{score.special[name]:>5} false in {score.special[f'{name}, hours']} hours" for name in ("holidays", "week after clocks changed")]
    return lines


if __name__ == "__main__":
    print("\n".join(printed(scored(int(sys.argv[1]) if len(sys.argv) > 1 else 20))))
