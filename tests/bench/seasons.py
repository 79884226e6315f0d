"""Traffic by the hour as buckets have it, with what is unusual planted in it: seasons, trend, noise, clocks that change, holidays."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

ZONE: Final = ZoneInfo("Europe/Berlin")
WEEKS: Final = 12
ASKED: Final = 4
"""Weeks at the end in which things are planted, and that are judged."""

KINDS: Final = ("office", "web", "batch", "small", "seldom")
"""Workdays from nine to six; all day and all week; a job each night; six requests an hour; a session now and then."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something planted."""

    kind: str
    """What is unusual, and how much: ``spike x5``."""
    measure: str
    begin: int
    """The first hour, counted from that of the world."""
    hours: int
    factor: float = 1.0
    more: int = 0
    """Added to each hour; 0: it is multiplied."""


@dataclass(slots=True)
class World:
    """The hours of one bucket."""

    kind: str
    start: datetime
    requests: list[int] = field(default_factory=list)
    bytes: list[int] = field(default_factory=list)
    errors: list[int] = field(default_factory=list)
    latency: list[float | None] = field(default_factory=list)
    """The mean of ``log2(1 + ms)``."""
    events: list[Event] = field(default_factory=list)
    holidays: set[int] = field(default_factory=set)
    """Hours of holidays in the weeks that are judged."""
    shifted: set[int] = field(default_factory=set)
    """Hours of the week after clocks were changed in them."""


PLANTED: Final[Mapping[str, tuple[str, float, int, int]]] = {
    **{f"spike x{times:g}": ("requests", times, 0, 2) for times in (2, 3, 5, 10)},
    **{f"drop to {share:.0%}": ("requests", share, 0, 3) for share in (0.5, 0.2, 0.0)},
    "drift to x2 in a week": ("requests", 2.0, 0, 168),
    **{f"slower x{times:g}": ("latency", times, 0, 3) for times in (1.5, 2, 4)},
    **{f"{many} errors more": ("errors", 1.0, many, 1) for many in (20, 100, 500)},
    **{f"bytes x{times:g}": ("bytes", times, 0, 2) for times in (3, 10)},
}
"""What is planted: the measure, the factor, what is added, for how many hours."""


def world(seed: int, kind: str) -> World:
    """Twelve weeks of one bucket; one seed, one world."""
    rng = Random(f"{seed} {kind}")
    # NOTE: half of the worlds end some days after a change of the clocks, in March or in October.
    month, day = rng.choice([(4, 12), (11, 8), (7, 5), (2, 1)])
    start = datetime(2026, month, day, tzinfo=UTC) - timedelta(weeks=WEEKS)
    made = World(kind, start)
    hours = WEEKS * 168
    asked = hours - ASKED * 168
    holidays = {rng.randrange(WEEKS - ASKED) * 7 + rng.randrange(5), (WEEKS - ASKED + rng.randrange(ASKED)) * 7 + rng.randrange(5)}
    made.events = _events(rng, kind, holidays)
    noise, trend, level = rng.uniform(0.08, 0.25), rng.uniform(-0.03, 0.05), rng.uniform(0.3, 3)
    changed = None
    for hour in range(hours):
        local = (start + timedelta(hours=hour)).astimezone(ZONE)
        if hour and local.utcoffset() != (start + timedelta(hours=hour - 1)).astimezone(ZONE).utcoffset():
            changed = hour
        if changed is not None and hour - changed < 168 and hour >= asked:
            made.shifted.add(hour)
        is_off = local.weekday() >= 5 or (hour // 24) in holidays
        if is_off and local.weekday() < 5 and hour >= asked:
            made.holidays.add(hour)
        mean = _mean(rng, kind, local, is_off=is_off) * level * (1 + trend) ** (hour / 168)
        rough = math.exp(rng.gauss(0, noise)) * (rng.uniform(1.2, 1.8) if rng.random() < 0.01 else 1)
        now = [event for event in made.events if event.begin <= hour < event.begin + event.hours]
        requests = _poisson(rng, mean * rough * _factor(now, "requests", hour))
        made.requests.append(requests)
        size = math.exp(rng.gauss(12, 0.2) + (abs(rng.gauss(0, 1)) if rng.random() < 0.05 else 0))
        made.bytes.append(int(requests * size * _factor(now, "bytes", hour)))
        burst = rng.randrange(1, 8) if rng.random() < 0.01 else 0
        made.errors.append(_poisson(rng, requests * 0.002) + burst + sum(event.more for event in now if event.measure == "errors"))
        slow = math.log2(_factor(now, "latency", hour))
        made.latency.append(
            None
            if requests < 20
            else 5 + 0.15 * math.sin(hour / 24 * math.tau) + rng.gauss(0, 1.2) / requests**0.5 + slow + rng.gauss(0, 0.06)
        )
    return made


def _mean(rng: Random, kind: str, local: datetime, *, is_off: bool) -> float:
    """How many requests are to be expected in an hour."""
    hour = local.hour
    if kind == "office":
        working = 1.0 if 9 <= hour < 18 else 0.4 if hour in (8, 18) else 0.03
        return 3_000 * working * (0.1 if is_off else 1)
    if kind == "web":
        return 20_000 * (1 + 0.7 * math.sin((hour - 10) / 24 * math.tau)) * (0.8 if is_off else 1)
    if kind == "batch":
        return 5_000 if hour == 2 else 40
    if kind == "small":
        return 6 * (1 + 0.6 * math.sin((hour - 10) / 24 * math.tau))
    return rng.uniform(20, 80) if rng.random() < 0.012 else 0.0


def _events(rng: Random, kind: str, holidays: set[int]) -> list[Event]:
    """Each of what is planted once, a day apart from each other, where the bucket has enough for it to be seen at all."""
    hours = WEEKS * 168
    asked, names = hours - ASKED * 168, list(PLANTED)
    rng.shuffle(names)
    days = rng.sample([day for day in range(asked // 24, hours // 24 - 7) if day not in holidays], len(names))
    events = []
    for name, day in zip(names, days, strict=True):
        measure, factor, more, long = PLANTED[name]
        if name.startswith("drift"):
            if rng.random() < 0.25:
                events.append(Event(name, measure, hours - 168, long, factor))
            continue
        begin = day * 24 + (rng.randrange(9, 14) if kind in ("office", "batch") else rng.randrange(22))
        events.append(Event(name, measure, begin, long, factor, more))
    return events


def _factor(now: list[Event], measure: str, hour: int) -> float:
    """By how much what is planted multiplies a measure."""
    found = 1.0
    for event in now:
        if event.measure == measure and not event.more:
            is_drift = event.kind.startswith("drift")
            found *= 1 + (event.factor - 1) * (hour - event.begin) / event.hours if is_drift else event.factor
    return found


def _poisson(rng: Random, mean: float) -> int:
    """A number of events that come by themselves."""
    if mean > 50:
        return max(0, round(rng.gauss(mean, math.sqrt(mean))))
    left, many = math.exp(-mean), 0
    product = rng.random()
    while product > left:
        product *= rng.random()
        many += 1
    return many
