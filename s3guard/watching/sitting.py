"""The judging side of a watch: micro-batches go to the state, and what is new is told, which ends a run and begins the next."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from s3guard.check import Judged, Request, Standing, begun, judged
from s3guard.model import UnableError, UsageError
from s3guard.remembered import keys
from s3guard.sources import LogObject
from s3guard.state.compaction import compact
from s3guard.watching.asked import Asked, Counts, Desk
from s3guard.watching.news import Told

LOOSE: Final = 32
"""Entries of the state after which they are joined: so many are in memory, and so many does the next run read one by one.

NOTE: measured: each makes a report 20 ms dearer, with eighteen rules; joining a thousand objects takes as long as a report."""
IDLE: Final = timedelta(days=1)
"""After so long a run is ended and recorded although nothing came: it was looked."""
SOONEST: Final = 60
FARTHEST: Final = 12 * 3600
"""Seconds after which a listed object that could not be read is tried again, the first time and at most."""
REMEMBERED: Final = 10_000
"""Objects that could not be read and are remembered; beyond, those met first are forgotten, and tried again at the next listing."""


class Sitting:
    """Judges what it is given, and tells what is new."""

    def __init__(self, asked: Asked, desk: Desk, counts: Counts) -> None:
        """Policies are read; UsageError, also where there is no state."""
        self._asked, self._desk, self._counts = asked, desk, counts
        self.standing: Standing = begun(asked.request)
        if self.standing.state is None:
            raise UsageError("a watch needs a state: what was judged must be known when a message comes twice")
        self._state = self.standing.state
        self._keys = frozenset(keys(self.standing.policies).values())
        self._view = self._state.viewed
        self._told = Told()
        self._loose = LOOSE
        """Entries since the last compaction at which there is one."""
        self._later: dict[str, tuple[float, float]] = {}
        """Objects that could not be read: when to try again, and how long to wait the next time."""
        self._code = 0
        self._violated = self._dirty = self._owes = False
        """`_owes`: whether something may have been judged that it was tried to tell in vain: held by the state, it never comes again."""
        self._blind = False
        """Whether something could not be looked at, or what was found not be written."""
        self._published: float | None = None

    @property
    def has_told(self) -> bool:
        """Whether a first report was made: so all works."""
        return self._published is not None

    @property
    def code(self) -> int:
        """What a check would end with that found all this."""
        if self._violated:
            return 1
        return 3 if self._blind and self._code in (0, 4) else self._code

    @property
    def is_time(self) -> bool:
        """Whether to tell although nothing is new: that findings go on, or that it was looked."""
        if self._published is None:
            return True
        past = time.monotonic() - self._published
        return past >= (min(self._asked.again, IDLE) if self._dirty else IDLE).total_seconds()

    def open(self) -> None:
        """Read the state; UnableError where that cannot be done."""
        self._state.view()
        self._tidy()

    def listed(self, since: datetime) -> Iterator[LogObject]:
        """What is watched, as far as its names tell that it is of then or later."""
        request = replace(self._request(), since=since)
        self.standing = self.standing.aimed(request)
        return self.standing.logs.objects(request.logs)

    def wants(self, entry: LogObject) -> bool:
        """Whether a listed object is to be judged now."""
        return not self._holds(entry) and self._later.get(entry.name, (0.0, 0.0))[0] <= time.monotonic()

    def missed(self, began: float, *, is_all: bool) -> bool:
        """Whether a listing since `began` did not name some of what was to be tried again; where it was of all, that is forgotten."""
        due = [name for name, (when, _) in self._later.items() if when <= began]
        for name in due if is_all else ():
            del self._later[name]
        return bool(due) and not is_all

    def judge(self, entries: Sequence[LogObject]) -> frozenset[str]:
        """Judge what the state does not hold, write that to it, and tell what is new; the names of those of which it then lacks some.

        To be called again where it failed, if for nothing: what was written by then is not told yet.
        """
        fresh = [entry for entry in entries if not self._holds(entry)]
        if not fresh and not self._owes:
            return frozenset()
        self._dirty = self._owes = True
        self._counts.objects += len(fresh)
        self._counts.batches += bool(fresh)
        done = self._judged(fresh)
        for entry in fresh:
            self._put_off(entry)
        unreadable = {one.object for one in done.report.coverage.unreadable}
        lacking = [entry.name for entry in fresh if entry.name in unreadable or self._lacks(entry)]
        self._publish(done)
        return frozenset(lacking)

    def tell(self) -> None:
        """Tell how things stand, and end the run with that."""
        self._publish(self._judged([]))

    def close(self) -> None:
        """Tell what was judged and not told yet: findings that go on."""
        if self._dirty:
            self._publish(self._judged([]), end=True)

    def _judged(self, objects: Sequence[LogObject]) -> Judged:
        """What the state holds and these objects come to, now."""
        return judged(self._request(), self.standing, iter(objects))

    def _request(self) -> Request:
        moment = now()
        return replace(self._asked.request, as_of=moment, since=self._asked.since(moment))

    def _publish(self, done: Judged, *, end: bool = False) -> None:
        """Tell what is new, if anything is or if it is time, and end the run with that."""
        # NOTE: before the run is finished: what finished runs reported is taken for told by a channel that is new.
        done = self._desk.tell(done)
        report = done.report
        self._code = report.exit_code
        is_time = end or self.is_time
        reported = self.standing.redaction.fingerprints(self._view.reported)  # NOTE: the state knows them as they are.
        news = self._told.news(report, reported, again=is_time)
        if is_time or not news.is_none:
            self._published = time.monotonic()
            self._violated = self._violated or report.exit_code == 1
            self._blind = self._blind or bool(news.unreadable)
            self._counts.findings += len(news.findings)
            if self._desk.publish(news, done.finish):
                self._told.keep(news)
                self.standing = self.standing.followed()
                self._dirty = False
            else:
                self._blind = True
        self._owes = False
        self._state.view()
        self._tidy()

    def _tidy(self) -> None:
        """Keep the state small, and with it what is in memory; where that cannot be, both grow until it can."""
        if len(self._view.entries) < self._loose:
            return
        try:
            compact(self._state, LOOSE)
            self._loose = LOOSE
        except UnableError as error:
            self._loose = len(self._view.entries) + LOOSE
            self._desk.warn(f"{error}; the state was not compacted, so it grows, and so does this process")

    def _lacks(self, entry: LogObject) -> bool:
        return entry.fault is not None or bool(self._view.lacking(entry, self._keys))

    def _holds(self, entry: LogObject) -> bool:
        """Whether the state holds all of an object, by what its listing says."""
        known = self._view.objects.get(entry.name)
        return not self._lacks(entry) and (known is None or (known.etag, known.size) == (entry.etag, entry.size))

    def _put_off(self, entry: LogObject) -> None:
        """Remember not to try an object again soon, where it could not be read."""
        _, pause = self._later.pop(entry.name, (0.0, SOONEST))
        if not self._holds(entry):
            self._later[entry.name] = (time.monotonic() + pause, min(FARTHEST, 2 * pause))
            if len(self._later) > REMEMBERED:
                del self._later[next(iter(self._later))]


def now() -> datetime:
    """The clock, UTC, in whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)
