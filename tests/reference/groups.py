"""The rules that judge groups of records: how many, how much, how often, how slow."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable
from fractions import Fraction
from itertools import pairwise
from typing import Any

from . import conditions
from .lines import Row, variants
from .narrowing import Judged, Rule, limited
from .tables import ACCESS_CODES
from .units import duration, listed, share, size
from .windows import Series, Window, aligned, covered, sliding, wholly_inside

Period = tuple[int | None, int | None]
COPY_SOURCES = {"REST.COPY.OBJECT_GET", "REST.COPY.PART_GET"}


def per_of(rule: Rule, default: str | None = None) -> int | None:
    """The length of the rule's windows in milliseconds."""
    value = rule.get("per", default)
    return None if value is None else duration(value)


def seconds(rows: Iterable[Row]) -> list[int]:
    """When they happened."""
    return [row["time"] for row in rows]


def ones(rows: Iterable[Row]) -> Series:
    """A series that counts rows."""
    return Series((row["time"], 1) for row in rows)


def hit(rows: list[Row], windows: list[Window], offends: Callable[[Window], bool]) -> list[Row]:
    """Those of the rows that lie in a window that offends."""
    offending = [window for window in windows if offends(window)]
    return [row for row in rows if covered(row["time"], offending)]


def of_codes(codes: list[Any], row: Row) -> bool:
    """Whether a row ended in one of the codes: `5xx`, `404`, or a name."""
    for code in (str(each) for each in codes):
        if re.fullmatch("[1-5]xx", code):
            if row["http_status"] is not None and row["http_status"] // 100 == int(code[0]):
                return True
        elif re.fullmatch("[0-9]{3}", code):
            if row["http_status"] == int(code):
                return True
        elif row["error_code"] == code:
            return True
    return False


def access_denied(rule: Rule, group: list[Judged]) -> list[Row]:
    """The refused ones in windows with more than `max` of them."""
    codes = listed(rule.get("codes")) or sorted(ACCESS_CODES)
    refused = [row for row, readings in group if any(of_codes(codes, each) for each in readings)]
    count, most = ones(refused), int(rule.get("max", 0))
    return hit(refused, sliding(seconds(row for row, _ in group), per_of(rule)), lambda window: count.count(window) > most)


def errors(rule: Rule, group: list[Judged]) -> list[Row]:
    """The matching ones in windows with enough requests and too large a share of matching ones."""
    codes = listed(rule.get("codes", "5xx"))
    matching = [row for row, readings in group if any(of_codes(codes, each) for each in readings)]
    every, count = ones(row for row, _ in group), ones(matching)
    limit, least = share(rule.get("max_share", "1%")), int(rule.get("min_requests", 100))

    def offends(window: Window) -> bool:
        requests = every.count(window)
        return requests >= max(least, 1) and Fraction(count.count(window), requests) > limit

    return hit(matching, sliding(every.seconds, per_of(rule, "1h")), offends)


def latency(rule: Rule, group: list[Judged]) -> list[Row]:
    """Those over a limit, in windows whose percentile, mean or maximum is over it."""
    windows = sliding(seconds(row for row, _ in group), per_of(rule))
    slow: list[Row] = []
    for column in limited(rule):
        timed = []
        for row, readings in group:
            times = [each[column] for each in readings if each[column] is not None]
            if times:
                timed.append((row, max(times)))
        for statistic, limit in rule[column].items():
            slow += over_limit(timed, str(statistic), duration(limit), windows, int(rule.get("min_requests", 1)))
    return list({id(row): row for row in slow}.values())


def over_limit(timed: list[tuple[Row, int]], statistic: str, limit: int, windows: list[Window], least: int) -> list[Row]:
    """The rows over one limit, in the windows whose statistic is over it."""
    slow = [row for row, time in timed if time > limit]
    every, count = Series((row["time"], time) for row, time in timed), ones(slow)

    def offends(window: Window) -> bool:
        if statistic == "max":
            return count.count(window) > 0
        requests = every.count(window)
        if requests < max(least, 1):
            return False
        if statistic == "mean":
            return Fraction(every.total(window), requests) > limit
        return Fraction(count.count(window), requests) > 1 - Fraction(statistic[1:]) / 100

    return hit(slow, windows, offends)


def volume(rule: Rule, group: list[Judged]) -> list[Row]:
    """All in windows with too many requests, bytes or distinct keys."""
    group = in_order(group)
    rows, per = [row for row, _ in group], per_of(rule)
    count = ones(rows)
    moved = Series((row["time"], max(bytes_moved(each) for each in readings)) for row, readings in group)
    found: list[Row] = []
    if "requests" in rule:
        found += hit(rows, sliding(seconds(rows), per), lambda window: count.count(window) > int(rule["requests"]))
    if "bytes" in rule:
        found += hit(rows, sliding(seconds(rows), per), lambda window: moved.total(window) > size(rule["bytes"]))
    if "distinct_keys" in rule:

        def too_many_keys(window: Window) -> bool:
            return len(distinct(group, "key", window)) > int(rule["distinct_keys"])

        found += hit(rows, aligned(seconds(rows), per), too_many_keys)
    return list({id(row): row for row in found}.values())


def bytes_moved(row: Row) -> int:
    """Bytes sent; for the source of a copy the size of the object."""
    return (row["object_size"] if row["operation"] in COPY_SOURCES else row["bytes_sent"]) or 0


def completeness(rule: Rule, group: list[Judged], period: Period) -> bool:
    """Whether there is a gap longer than `max_gap`, or fewer rows than `min_records`."""
    times = sorted(seconds(row for row, _ in group))
    if len(times) < int(rule.get("min_records", 0)):
        return True
    if "max_gap" not in rule:
        return False
    marks = [*([period[0]] if period[0] is not None else []), *times, *([period[1]] if period[1] is not None else [])]
    return any((after - before) * 1000 > duration(rule["max_gap"]) for before, after in pairwise(marks))


def in_order(group: list[Judged]) -> list[Judged]:
    """By time."""
    return sorted(group, key=lambda judged: judged[0]["time"])


def inside_of(group: list[Judged], window: Window) -> list[Judged]:
    """Those of a group in order of time that lie in the window."""
    first, end = (bisect_left(group, second, key=lambda judged: judged[0]["time"]) for second in window)
    return group[first:end]


def custom_max(rule: Rule, group: list[Judged]) -> list[Row]:
    """All in windows whose measure is over `max`."""
    group = in_order(group)
    rows, per = [row for row, _ in group], per_of(rule)
    name, inner = measure_of(rule)
    limit = share(rule["max"]) if name == "share" else Fraction(str(rule["max"]))
    windows = (aligned if name == "distinct" else sliding)(seconds(rows), per)
    if name == "distinct":
        return hit(rows, windows, lambda window: len(distinct(group, inner, window)) > limit)
    if name in {"count", "sum"}:
        amounts = Series((row["time"], 1 if name == "count" else max(each[inner] or 0 for each in readings)) for row, readings in group)
        return hit(rows, windows, lambda window: amounts.total(window) > limit)
    if name == "share":
        condition = conditions.parse(inner)
        true = ones(row for row, readings in group if any(conditions.evaluate(condition, each) is True for each in readings))
        every = ones(rows)
        return hit(rows, windows, lambda window: every.count(window) > 0 and Fraction(true.count(window), every.count(window)) > limit)
    valued = [(row, [each[inner] for each in readings if each[inner] is not None]) for row, readings in group]
    values = Series((row["time"], max(numbers)) for row, numbers in valued if numbers)
    over = Series((row["time"], 1) for row, numbers in valued if numbers and max(numbers) > limit)
    most = 1 - Fraction(name[1:]) / 100
    return hit(rows, windows, lambda window: values.count(window) > 0 and Fraction(over.count(window), values.count(window)) > most)


def custom_min(rule: Rule, group: list[Judged], start: int, end: int) -> tuple[list[Row], bool]:
    """All in windows whose measure is under `min`, and whether there is such a window, be it empty."""
    group = in_order(group)
    rows, per = [row for row, _ in group], per_of(rule)
    name, inner = measure_of(rule)
    limit = share(rule["min"]) if name == "share" else Fraction(str(rule["min"]))
    windows = wholly_inside(start, end, per)
    low = [window for window in windows if (value := lowest(group, name, inner, window)) is not None and value < limit]
    return [row for row in rows if covered(row["time"], low)], bool(low)


def lowest(group: list[Judged], name: str, inner: str, window: Window) -> Fraction | None:
    """The smallest value that the measure may have in a window; None where there is nothing to measure."""
    inside = inside_of(group, window)
    # a row that another of its readings takes out of sight counts nothing
    certain = [(row, readings) for row, readings in inside if len(readings) == len(variants(row))]
    if name == "count":
        return Fraction(len(certain))
    if name == "sum":
        return Fraction(sum(min(each[inner] or 0 for each in readings) for _, readings in certain))
    if name == "distinct":
        return Fraction(len({readings[0][inner] for _, readings in certain if len({each[inner] for each in readings}) == 1} - {None}))
    if name == "share":
        condition = conditions.parse(inner)
        true = [row for row, readings in certain if all(conditions.evaluate(condition, each) is True for each in readings)]
        return Fraction(len(true), len(inside)) if inside else None
    values = sorted(min(numbers) for _, readings in inside if (numbers := [each[inner] for each in readings if each[inner] is not None]))
    # nearest rank: the smallest value that at least the given share of all are not above
    return Fraction(values[-(-Fraction(name[1:]) * len(values) // 100) - 1]) if values else None


def distinct(group: list[Judged], column: str, window: Window) -> set[Any]:
    """The values of a column in a window, null not counted."""
    return {each[column] for _, readings in inside_of(group, window) for each in readings} - {None}


def measure_of(rule: Rule) -> tuple[str, str]:
    """`sum(bytes_sent)` as its name and what stands in its parentheses."""
    name, _, inner = str(rule["measure"]).partition("(")
    return name.strip(), inner.rpartition(")")[0].strip()
