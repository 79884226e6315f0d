"""Random worlds: log objects, the policies to judge them by, and what was planted in them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from .hostile import DAMAGED, TAMPERED, Fate, huge_line, long_line
from .planted import PLANTED
from .policies import policy, written
from .traffic import Place, ordinary

BUCKETS = ["phi-records", "phi-archive", "media", "logs.example.org", "Old_Bucket"]
START = 1_790_000_000
"""21 September 2026, 13:33:20 UTC; worlds begin within the ten weeks after it, a change of the clocks among them."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What was written, as the writer knows it; duplicates are counted as often as they were written."""

    # lines by how they must be read: ok, unknown, ambiguous, quarantined; `any` is left to the judge
    fates: Counter[Fate] = field(default_factory=Counter)
    # lines by bucket and kind of traffic
    planted: Counter[tuple[str, str]] = field(default_factory=Counter)
    # blank lines
    blank: int = 0


@dataclass(frozen=True, slots=True)
class World:
    """One input, and the policies for it."""

    # name and content of every log object
    files: list[tuple[str, bytes]]
    # YAML texts, one policy each
    policies: list[str]
    # the period by record time, in seconds since 1970: inclusive, exclusive; None is open
    since: int | None
    until: int | None
    # the clock, in seconds since 1970
    as_of: int
    truth: Truth


@dataclass(frozen=True, slots=True)
class Climate:
    """How a world is, as a whole."""

    start: int
    length: int
    # shares of lines that are planted, tampered with, damaged, written twice, blank
    planted: float
    tampered: float
    damaged: float
    twice: float
    blank: float
    places: list[tuple[str, list[int]]]


def climate(rng: Random) -> Climate:
    """Calm and modern, or stormy and of all ages."""
    buckets = rng.sample(BUCKETS, rng.randint(1, len(BUCKETS)))
    ages = rng.choice([[[26], [27]], [[27]], [[17], [18], [24], [25], [26], [27], [29], [24, 26, 27], [18, 24]]])
    return Climate(
        start=START + rng.randrange(70 * 86_400),
        length=rng.choice([600, 7200, 86_400, 5 * 86_400]),
        planted=rng.choice([0.0, 0.05, 0.3]),
        tampered=rng.choice([0.0, 0.0, 0.02, 0.2]),
        damaged=rng.choice([0.0, 0.0, 0.01, 0.1]),
        twice=rng.choice([0.0, 0.01, 0.05]),
        blank=rng.choice([0.0, 0.02]),
        places=[(bucket, rng.choice(ages)) for bucket in buckets],
    )


Written = tuple[int, bytes, Fate, str, str]
"""When, the line, its fate, its bucket, its kind."""


def some_lines(rng: Random, weather: Climate) -> list[Written]:
    """The lines of one event."""
    bucket, generations = rng.choice(weather.places)
    second = weather.start + rng.randrange(weather.length)
    place = Place(rng, bucket, second, generations)
    chance = rng.random()
    if chance < weather.planted:
        kind = rng.choice(list(PLANTED))
        return [(second, line, "ok", bucket, kind) for line in PLANTED[kind](place)]
    if chance < weather.planted + weather.tampered:
        kind = rng.choice(list(TAMPERED))
        return [(second, *TAMPERED[kind](place), bucket, kind)]
    if chance < weather.planted + weather.tampered + weather.damaged:
        kind = rng.choice(list(DAMAGED))
        return [(second, *DAMAGED[kind](place), bucket, kind)]
    return [(second, line, "ok", bucket, "ordinary") for line in ordinary(place)]


def all_lines(rng: Random, weather: Climate, lines: int) -> list[Written]:
    """About as many lines as asked, roughly in the order of time."""
    found: list[Written] = []
    while len(found) < lines:
        found += some_lines(rng, weather)
    if weather.tampered and rng.random() < 0.3:
        for writer in [long_line, long_line, huge_line][: rng.randint(1, 3)]:
            bucket, generations = rng.choice(weather.places)
            place = Place(rng, bucket, weather.start, generations)
            found.append((weather.start, *writer(place), bucket, writer.__name__))
    found += [each for each in found if rng.random() < weather.twice and len(each[1]) < 10_000]
    return sorted(found, key=lambda each: each[0] + rng.randrange(-3600, 3600))


def log_objects(rng: Random, weather: Climate, found: list[Written]) -> tuple[list[tuple[str, bytes]], int]:
    """The lines in files, and how many blank lines were put between them; a file ends in a new line or not, in \\n or \\r\\n."""
    count = rng.randint(1, max(1, min(12, len(found) // 20)))
    shares: list[list[Written]] = [[] for _ in range(count)]
    for number, each in enumerate(found):
        shares[(number * count // len(found) + (rng.random() < 0.1)) % count].append(each)
    files, blank = [], 0
    for number, share in enumerate(shares):
        end = b"\r\n" if rng.random() < 0.15 else b"\n"
        content = b"\xef\xbb\xbf" if rng.random() < 0.15 else b""
        for _, line, *_ in share:
            if rng.random() < weather.blank:
                content, blank = content + end, blank + 1
            content += line + end
        if content.endswith(end) and rng.random() < 0.2:
            content = content.removesuffix(end)
        files.append((f"logs/2026-09-{number + 1:02}-00-00-00-{rng.randrange(1 << 64):016X}", content))
    return files, blank


def world(seed: int, lines: int = 300) -> World:
    """The world of that seed, with about as many lines; the same in every run."""
    rng = Random(seed)
    weather = climate(rng)
    found = all_lines(rng, weather, lines)
    files, blank = log_objects(rng, weather, found)
    truth = Truth(Counter(each[2] for each in found), Counter((each[3], each[4]) for each in found), blank)
    since = weather.start + rng.randrange(weather.length) // 2 if rng.random() < 0.25 else None
    until = weather.start + weather.length - rng.randrange(weather.length) // 3 if rng.random() < 0.25 else None
    buckets = [bucket for bucket, _ in weather.places]
    policies = [written(policy(rng, number, buckets)) for number in range(rng.randint(1, 4))]
    return World(files, policies, since, until, weather.start + 2 * weather.length, truth)


def shuffled(original: World, seed: int) -> World:
    """The same lines in other files and in another order: the same answer is due, but for where each line stood."""
    rng = Random(seed)
    lines = [
        line for _, content in original.files for line in content.removeprefix(b"\xef\xbb\xbf").split(b"\n") if line not in {b"", b"\r"}
    ]
    rng.shuffle(lines)
    count = rng.randint(1, 5)
    files = [(f"shuffled/{number}", b"\n".join(lines[number::count]) + b"\n") for number in range(count)]
    return replace(original, files=files)


def worlds(least: int = 20, most: int = 300) -> Any:
    """A hypothesis strategy of worlds; they shrink towards fewer lines, not towards simpler ones."""
    from hypothesis import strategies as st

    return st.builds(world, st.integers(0, 2**32 - 1), st.integers(least, most))
