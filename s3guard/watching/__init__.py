"""A check that goes on: log objects are judged soon after they arrive, told of by a queue or found by listing, and what is new is told.

Objects are judged in micro-batches, each of which is written to the state before a message about it is deleted; so a process that is
killed loses nothing, and what comes twice is counted once. What is told ends a run: its report is written to the state, as that of
`s3guard check --state`.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, TypeVar

from s3guard.model import S3GuardError, UnableError
from s3guard.remembered import USUAL
from s3guard.sources import LogObject, Scope
from s3guard.sqs import LONGEST, Queue, SilentError
from s3guard.stopping import Stop
from s3guard.watching.asked import Asked, Counts, Desk
from s3guard.watching.intake import Fate, Intake, Taken, fate, put_off
from s3guard.watching.sitting import Sitting, now

T = TypeVar("T")

OBJECTS: Final = 2_000
BYTES: Final = 256 << 20
"""Log objects and their stored bytes in a micro-batch at most: so much may be done again after a kill, and stopping waits for it."""
BODIES: Final = 16 << 20
"""Characters of messages in hand at most."""
TRIES: Final = 6
"""Failures one after the other after which the watch ends; a queue that only does not answer is asked for ever."""
IDLE: Final = LONGEST
BRIEF: Final = 1
"""Seconds to wait for a first message, and for another one where the watch ends without."""
SLOWEST: Final = 120
"""Seconds between two tries at most."""


@dataclass(slots=True)
class Watch:
    """One watch, from its begin to its end."""

    asked: Asked
    desk: Desk
    stop: Stop
    counts: Counts = field(default_factory=Counts)
    _sitting: Sitting = field(init=False)
    _queue: Queue | None = None
    _intake: Intake | None = None
    _blind: bool = False
    """Whether a message told of what could not be looked at."""
    _failures: int = 0
    """One after the other."""
    _looked: float | None = None
    """When the last listing began, by `time.monotonic`."""
    _listed: float | None = None
    """When the last one began in which everything could be listed."""

    def run(self) -> int:
        """Watch until asked to stop, which ends with 0, or until nothing is left, which ends as a check does.

        UsageError for what cannot be asked, UnableError for what cannot be done and was not mended by waiting.
        """
        asked = self.asked
        self._sitting = Sitting(asked, self.desk, self.counts)
        if asked.queue is not None:
            self._queue = Queue(asked.queue, asked.request.access, self.desk.warn)
        with nullcontext() if self._queue is None else closing(self._queue):
            self.stop.unless(self._sitting.open)  # NOTE: a state is read, and compacted, whole or not at all.
            first = self._first()
            while not self.stop.asked and not (self._turn(first) and asked.once):
                self.desk.beat(self.counts)
                first = []
            self._sitting.close()
        return 0 if self.stop.asked else self._ended()

    def _first(self) -> list[Taken]:
        """Messages that are there, if there is a queue: asked for before anything else, so that a queue that is refused ends it at once."""
        if self._queue is None or self.stop.asked:
            return []
        request = self.asked.request
        watched = [one for one in request.logs if one.startswith("s3://")]
        everywhere = self._sitting.standing.logs.aimed(Scope(access=request.access))
        self._intake = Intake(watched, self._sitting.standing.covered(request), everywhere, self.desk.warn)
        return [self._intake.taken(message) for message in self._queue.take(0)]

    def _turn(self, first: list[Taken]) -> bool:
        """List if it is time, then judge what the queue tells, or wait; whether nothing is left."""
        if self._is_time_to_look:
            self._attempt(self._look)
        if self._sitting.is_time:
            self._attempt(self._sitting.tell)
        if self._queue is None:
            if not self.asked.once:
                self.stop.pause(self.asked.every.total_seconds())
            return True
        taken = self._attempt(lambda: self._gathered(first)) or []
        if taken and not self.stop.asked:
            self._attempt(lambda: self._handle(taken))
        return not taken

    @property
    def _is_time_to_look(self) -> bool:
        """Whether to list: at once, then as often as is said, and sooner where not everything could be listed."""
        if self._looked is None:
            return True
        is_whole = self._listed == self._looked
        pause = self.asked.relist if self._queue is not None and is_whole else self.asked.every
        return time.monotonic() - self._looked >= pause.total_seconds()

    def _look(self) -> None:
        """List what is watched and judge what is new; behind the first time, only what is named for the time since, and late."""
        began, moment = time.monotonic(), now()
        since = self.asked.since(moment) or moment - USUAL
        if self._listed is not None:
            since = max(since, moment - timedelta(seconds=began - self._listed) - self.asked.request.late)
        self._looked = began
        objects = self._sitting.listed(since)
        batch, size, whole = list[LogObject](), 0, True
        for entry in objects:
            if self.stop.asked:
                return
            whole = whole and entry.fault is None
            if not self._sitting.wants(entry):
                continue
            batch.append(entry)
            size += entry.size or 0
            if len(batch) >= OBJECTS or size >= BYTES:
                self._sitting.judge(batch)
                batch, size = [], 0
        self._sitting.judge(batch)
        if whole:
            # NOTE: what could not be read, and is no more named for the time that was listed, is looked for in all of it the next time.
            self._listed = None if self._sitting.missed(began, is_all=self._listed is None) else began

    def _gathered(self, first: list[Taken]) -> list[Taken]:
        """What came within the time for gathering, from the first message on; where the watch is to stop, what is in hand is given back."""
        assert self._queue is not None and self._intake is not None  # noqa: S101, PT018 - for the type checker
        queue, intake = self._queue, self._intake
        taken, end = first, time.monotonic() + self.asked.every.total_seconds() if first else None
        while not _is_full(taken):
            wait = BRIEF if self.asked.once else IDLE if end is None else math.ceil(end - time.monotonic())
            if end is not None and wait <= 0:
                break
            try:
                messages = self.stop.unless(lambda wait=wait: queue.take(wait))  # type: ignore[misc]  # mypy cannot infer a default
            except UnableError:
                if not taken:
                    raise
                break  # NOTE: what is in hand is judged first; if the trouble lasts, it is met again.
            if messages is None or (not messages and (end is None or self.asked.once)):
                break
            end = time.monotonic() + self.asked.every.total_seconds() if end is None else end
            taken += map(intake.taken, messages)
        return taken

    def _handle(self, taken: Sequence[Taken]) -> None:
        """Judge what messages ask for, and delete those of which the state then holds all."""
        assert self._queue is not None  # noqa: S101 - for the type checker
        lacking = self._sitting.judge(list({entry.name: entry for one in taken for entry in one.entries}.values()))
        fates = {what: [one.message for one in taken if fate(one, lacking) is what] for what in Fate}
        failed = self._queue.delete(fates[Fate.DONE])
        if failed:
            self.desk.warn(f"{failed:,} messages could not be deleted; they come again, which counts nothing twice")
        self._queue.put_off(fates[Fate.LATER], put_off)
        self._queue.let_go(fates[Fate.LEFT])
        self._blind = self._blind or bool(fates[Fate.LATER]) or any(one.is_garbled for one in taken)
        self.counts.messages += len(taken)
        self.counts.deleted += len(fates[Fate.DONE]) - failed
        self.counts.left += len(taken) - len(fates[Fate.DONE])

    def _attempt(self, task: Callable[[], T]) -> T | None:
        """What a task comes to; tried again after a while where it fails, until it has failed too often or the watch is to stop."""
        while not self.stop.asked:
            try:
                result = task()
            except S3GuardError as error:
                if not self._sitting.has_told:
                    raise  # NOTE: it never worked, so somebody who has just begun it is best told at once.
                self._failed(error)
            else:
                self._failures = 0
                return result
        return None

    def _failed(self, error: S3GuardError) -> None:
        self._failures += 1
        lasts = not isinstance(error, SilentError)
        if lasts and self._failures >= TRIES:
            raise UnableError(f"{error} (tried {TRIES} times)") from error
        seconds = min(SLOWEST, 2**self._failures) * random.uniform(0.5, 1)  # noqa: S311 - no secret
        self.desk.warn(f"{error}; tried again in {seconds:.0f} s")
        self.stop.pause(seconds)

    def _ended(self) -> int:
        code = self._sitting.code
        return 3 if self._blind and code in (0, 4) else code


def _is_full(taken: Sequence[Taken]) -> bool:
    """Whether no more messages are gathered."""
    entries = [entry for one in taken for entry in one.entries]
    bodies = sum(len(one.message.body) for one in taken)
    return max(len(taken), len(entries)) >= OBJECTS or sum(entry.size or 0 for entry in entries) >= BYTES or bodies >= BODIES
