"""What a chart shows, computed and said in a sentence or two; holds no log text."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Final

from s3guard.charts.stretches import noun, told
from s3guard.charts.trend import Trend
from s3guard.charts.units import Unit, said
from s3guard.traffic import Times, Top, Traffic

_STILL: Final = 0.02
"""Of the mean: a trend that changes less over the whole period is told as steady."""

_NOUNS: Final = {
    "reads": ("read", "reads"),
    "writes": ("write", "writes"),
    "sent": ("sent for reads", "Nothing was sent for reads"),
    "received": ("received from writes", "Nothing was received from writes"),
    "refused": ("operation was refused", "operations were refused"),
}

TOPS: Final = {
    "principal": ("Users", "user", "users", "made", "No record names a user."),
    "remote_ip": ("IP addresses", "address", "addresses", "made", "No record names an address."),
    "key": ("Keys", "key", "keys", "were asked for in", "No record names a key."),
    "user_agent": ("User agents", "user agent", "user agents", "made", "No record names a user agent."),
    "error_code": ("Error codes", "error code", "error codes", "ended", "No record has an error code."),
}
"""What the values of a column are called: as a title, one of them, several; what they did with operations; what is said of none."""


def silence(traffic: Traffic) -> str:
    """How many stretches have no record at all; empty where none is so. A chart draws them as it draws stretches in which nobody came."""
    silent = sum(not one.requests and not one.unmeasured for one in traffic.intervals)
    if not silent:
        return ""
    of = f"{silent:,} of {_counted(len(traffic.intervals), noun(traffic.span), f'{noun(traffic.span)}s')}"
    drawn = "has no record and is" if silent == 1 else "have no record and are"
    return f"{of} {drawn} drawn as without traffic: whether nobody came or no log was delivered, no record tells."


def errors(traffic: Traffic) -> str:
    """Of errors as a share of operations: the peak and the median, and what they were."""
    requests = sum(one.requests for one in traffic.intervals)
    client, server = (sum(getattr(one, name) for one in traffic.intervals) for name in ("client_errors", "server_errors"))
    if not client + server:
        return f"None of {_counted(requests, 'operation', 'operations')} failed." if requests else "There was no operation."
    busy = [one for one in traffic.intervals if one.requests]
    shares = [(one.client_errors + one.server_errors) / one.requests for one in busy]
    at = max(range(len(busy)), key=lambda number: (shares[number], busy[number].requests, -number))
    worst = busy[at]
    of = f"{worst.client_errors + worst.server_errors:,} of {worst.requests:,}"
    peak = f"Errors peaked at {said('share', shares[at])} ({of}) on {told(traffic, worst.start)}"
    middle = f"the median {noun(traffic.span)} has {said('share', median(shares))}"
    whole = f"{said('share', (client + server) / requests)} of all operations failed"
    return f"{peak}; {middle}. {whole}: {_counted(client, 'client error', 'client errors')} (4xx), {server:,} of the server (5xx)."


def amount(traffic: Traffic, name: str, counts: Sequence[int], unit: Unit) -> str:
    """Of an amount over time: how much in all, the most in one interval and in the median one."""
    one, many = _NOUNS[name]
    whole = sum(counts)
    if not whole:
        return f"{many}." if unit == "bytes" else f"No {one}."
    counted = f"{said(unit, whole)} {one}" if unit == "bytes" else _counted(whole, one, many)
    if len(counts) == 1:
        return f"{counted}."
    at = max(range(len(counts)), key=lambda number: (counts[number], -number))
    most = f"most on {told(traffic, traffic.intervals[at].start)}: {said(unit, counts[at])} in that {noun(traffic.span)}"
    middle = median(counts)
    usual = f"the median {noun(traffic.span)} has {said(unit, middle)}" if middle else _mostly_none(traffic, counts)
    return f"{counted}, {most}; {usual}."


def times(traffic: Traffic, measured: Sequence[Times], title: str, found: Trend | None, span: int) -> str:
    """Of a time: its mean and its trend, and where the 99th percentile was highest. `span` is that of the intervals of the trend."""
    records = sum(one.records for one in measured)
    if not records:
        return "No record of a read or write tells it."
    mean = sum(one.total for one in measured) / records
    words = [f"{title} of reads and writes: {said('milliseconds', mean)} in the mean{_trend(found, mean, traffic, span)}."]
    highest = [-1 if one.p99 is None else one.p99 for one in measured]
    if len(measured) > 1:
        at = max(range(len(highest)), key=lambda number: (highest[number], -number))
        words.append(f"The 99th percentile peaked at {said('milliseconds', highest[at])} on {told(traffic, traffic.intervals[at].start)}.")
    return " ".join(words)


def _trend(found: Trend | None, mean: float, traffic: Traffic, span: int) -> str:
    if found is None:
        return ""
    change = found.last - found.first
    if abs(change) < _STILL * mean:
        return ", and steady"
    if not found.is_clear:
        return ", with no clear trend"
    days = (len(traffic.intervals) * traffic.span - span) / 86_400
    rate = f" ({said('milliseconds', abs(change) / days)} a day)" if days > 1 else ""
    return f", {'rising' if change > 0 else 'falling'} by {said('milliseconds', abs(change))} over the period{rate}"


def top(one: Top, requests: int) -> str:
    """Of those that most of `requests` came from: how many there are, and how much of all the first ones make."""
    _, single, several, did, none = TOPS[one.column]
    if not one.entries and one.approximate:
        many = _counted(one.different, single, several)
        return f"At least {many}, none of which stands out: there were too many to count each, and few had more than one operation."
    if not one.entries:
        return none
    first = one.entries[:3]
    part = sum(entry.requests for entry in first)
    # NOTE: those without a value, anonymous users say, count as one.
    different = one.different + any(entry.value is None for entry in one.entries)
    many = f"{'at least ' if one.approximate else ''}{_counted(different, single, several)}"
    who = f"The first {len(first)} of {many} {did}" if different > len(first) else f"{many[:1].upper()}{many[1:]} {did}"
    share = f"{said('share', part / requests)} of all operations" if requests else _counted(part, "operation", "operations")
    rough = " There were too many to count each: the counts are lower bounds." if one.approximate else ""
    return f"{who} {share}.{rough}"


def _mostly_none(traffic: Traffic, counts: Sequence[int]) -> str:
    empty = sum(not count for count in counts)
    return f"none in {empty:,} of {len(counts):,} {noun(traffic.span)}s"


def _counted(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"
