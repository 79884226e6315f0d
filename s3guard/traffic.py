"""What traffic there was: how much of it in each hour or day, how fast, and who and what it came from. It is drawn, and decides nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

Side: TypeAlias = Literal["reads", "writes", "others"]
"""Reads are the operation class ``read``; writes are ``write``, ``delete``, ``tagging`` and ``restore``; others are all else."""

Drawn: TypeAlias = Literal["errors", "refused", "total_time", "turn_around_time", "requests", "bytes"]
"""What a limit is drawn beside."""


@dataclass(frozen=True, slots=True)
class Flow:
    """Requests of one side in a stretch of time."""

    requests: int = 0
    client_errors: int = 0
    """HTTP status 400 to 499, those that S3 refused among them."""
    server_errors: int = 0
    """HTTP status 500 and over."""
    refused: int = 0
    """Outcome ``refused``: an access code."""
    bytes_sent: int = 0
    """Bytes that S3 sent, without headers."""
    bytes_received: int = 0
    """Bytes of objects and parts that S3 was sent: `object_size` of what was written and served."""


@dataclass(frozen=True, slots=True)
class Times:
    """How long requests took that tell it, in milliseconds."""

    records: int = 0
    total: int = 0
    """The sum of all of them."""
    p50: int | None = None
    """Of percentiles the relative error is 1 % at most; None without a record."""
    p95: int | None = None
    p99: int | None = None

    @property
    def mean(self) -> float | None:
        """The mean, in milliseconds; None without a record."""
        return self.total / self.records if self.records else None


@dataclass(frozen=True, slots=True)
class Interval:
    """One stretch of time, an hour or a day of UTC, with traffic in it."""

    start: datetime
    reads: Flow = Flow()
    writes: Flow = Flow()
    others: Flow = Flow()
    total_time: Times = Times()
    """Of reads and writes; so `turn_around_time`."""
    turn_around_time: Times = Times()
    unmeasured: int = 0
    """Records that nobody measured the traffic of, though they were judged: there was more traffic than is told here."""

    @property
    def requests(self) -> int:
        """Of all sides."""
        return self.reads.requests + self.writes.requests + self.others.requests

    @property
    def client_errors(self) -> int:
        """Of all sides."""
        return self.reads.client_errors + self.writes.client_errors + self.others.client_errors

    @property
    def server_errors(self) -> int:
        """Of all sides."""
        return self.reads.server_errors + self.writes.server_errors + self.others.server_errors

    @property
    def refused(self) -> int:
        """Of all sides."""
        return self.reads.refused + self.writes.refused + self.others.refused


@dataclass(frozen=True, slots=True)
class Entry:
    """One of those that most requests came from, or were about."""

    value: str | None
    """As the log has it, hostile text included, at most its first 1,024 characters; None: the log has none (an anonymous requester, say).
    Of keys and error codes there is no such entry."""
    requests: int
    refused: int
    bytes_sent: int


@dataclass(frozen=True, slots=True)
class Top:
    """Those that most requests came from, or were about."""

    column: Literal["principal", "remote_ip", "key", "user_agent", "error_code"]
    entries: tuple[Entry, ...]
    """Most requests first, then by value; at most 20."""
    different: int
    """How many different values there were, None not among them; at least so many where `approximate`."""
    approximate: bool
    """Whether there were too many to count each: then counts are lower bounds, and a value with fewer requests may be missing.

    A count is too small by at most 0.01 % of the bucket's requests, and of what a state remembers by 0.4 %; a value with more than that
    share of them is not missing (`s3guard.heavy`)."""


@dataclass(frozen=True, slots=True)
class BucketTraffic:
    """The traffic of one bucket."""

    bucket: str
    requests: tuple[int, ...]
    """Of each interval of the traffic, in their order."""
    errors: tuple[int, ...]
    """Client and server errors of each interval."""
    bytes_sent: int
    bytes_received: int


@dataclass(frozen=True, slots=True)
class Limited:
    """A limit of a rule, as a chart can draw it; see `Line`."""

    drawn: Drawn
    label: str
    value: float
    per: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A limit of a policy, as a chart can draw it."""

    drawn: Drawn
    rule: str
    """The rule's full name."""
    label: str
    """The limit in words: ``p99 at most 250 ms``."""
    value: float
    """In what is drawn: milliseconds, bytes or requests of one `per`; of ``errors`` the share, 0 to 1."""
    per: int | None = None
    """Seconds that the limit is about; None: any stretch of time."""


@dataclass(frozen=True, slots=True)
class Unmeasured:
    """Records that were judged and that no traffic is known of: a run measured none, or no policy was about their bucket then."""

    records: int
    first: datetime
    """The start of the first hour with such records."""
    last: datetime
    """The start of the last."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """All requests that were judged, as a report draws them: of the buckets that some policy is about, in the period.

    What S3 did itself, such as expiring objects, is no request. A line that can be read in several ways is one request, by the worst.
    """

    span: int
    """Seconds of an interval: 3,600, or 86,400 where there would be more than 31 days of hours, or hours of too many buckets to tell apart;
    31,536,000 (365 days) where there are too many days of them."""
    intervals: tuple[Interval, ...]
    """From the first with traffic to the last, those without any among them, in the order of time; at most 1,098 (three years of days).
    Where the traffic is spread wider, those so near to each other that have most requests."""
    tops: tuple[Top, ...]
    buckets: tuple[BucketTraffic, ...]
    """Most requests first, then by name; at most 100."""
    omitted: int = 0
    """Buckets beyond these."""
    lines: tuple[Line, ...] = ()
    beyond: int = 0
    """Requests out of `intervals`, which `tops` and the sums of `buckets` have all the same."""
    unmeasured: Unmeasured | None = None
