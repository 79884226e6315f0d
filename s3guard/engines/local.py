"""On this machine: threads that parse and scan while the next blocks are read.

Threads, not processes: Polars works outside Python's lock, and a process would have to be sent its bytes. Each worker has a
vocabulary of its own. A worker gathers blocks into a shard before it scans, since a scan costs some milliseconds a rule and
bucket however few the rows; partials are merged as they come, so that memory is that of the workers' shards and of the
groups, not of the input.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from queue import SimpleQueue
from typing import Final

import polars as pl

from s3guard import seen
from s3guard.blocks import blocks
from s3guard.columns import Columns, together
from s3guard.engines import Work
from s3guard.formats import Parsers, Reading
from s3guard.kernel import scan
from s3guard.model import Unreadable
from s3guard.origin import Block
from s3guard.parsed import Parsed, Quarantined
from s3guard.partial import Partial
from s3guard.physical import nothing
from s3guard.plan import Plan
from s3guard.vocabulary import Vocabulary

SHARD: Final = 200 << 20
"""Bytes that a worker gathers before it scans. NOTE: measured: a scan of eighteen rules costs 0.1 s however few the rows, and the columns
that are gathered are a quarter of the bytes. Of larger ones what is saved by fewer scans goes into pages that no block has used before."""

RECORD: Final = 620
"""Bytes that a record counts for at least, which is what an ordinary one has: short ones make as many columns as long ones do."""


def run(work: Work) -> Partial:
    """The merged partial of all objects: the same for any number of workers.

    NOTE: measured: one worker more than there are processors takes up what is left while the others wait for Python's lock or for memory,
    a tenth of the time.
    """
    jobs = work.jobs or (os.cpu_count() or 1) + 1
    reading = Reading(remember=work.plan.cell is not None)
    whole = Partial()
    workers: SimpleQueue[_Worker] = SimpleQueue()
    for _ in range(jobs):
        workers.put(_Worker(work.plan, keep=work.quarantine is not None))
    order = _InOrder(work)
    lock = threading.Lock()
    # NOTE: half of the workers scan at a time, since it is when a worker needs most memory, and the others parse meanwhile. Behind the last
    # block nobody parses, so that what is left is scanned side by side.
    scanning, ended = threading.Semaphore(max(1, jobs // 2)), threading.Event()
    begun = threading.Semaphore(0)

    def take(number: int, block: Block) -> None:
        worker = workers.get()
        begun.release()
        try:
            parsed = worker.parse(block)
            partial = None
            # NOTE: who would have to wait goes on gathering, by a quarter at most.
            if worker.size >= SHARD and not ended.is_set() and scanning.acquire(blocking=worker.size >= SHARD + SHARD // 4):
                try:
                    partial = worker.scan()
                finally:
                    scanning.release()
        finally:
            workers.put(worker)
        with lock:
            order.put(number, block, parsed)
            if partial is not None:
                whole.add(partial)
                if not ended.is_set():
                    whole.tidy()

    def rest() -> None:
        partial = workers.get().scan()
        with lock:
            whole.add(partial)

    with ThreadPoolExecutor(jobs, thread_name_prefix="s3guard") as pool:
        _feed(
            pool,
            blocks(work.objects, reading, work.read),
            take,
            rest,
            lambda handed: _end(ended, begun, handed),
            jobs,
            lambda: order.tell(reading),
        )
    whole.objects, whole.bytes = reading.objects, reading.bytes
    if reading.remember:
        whole.seen.append(seen.listed(reading.read))
    whole.unreadable = tuple(sorted({*whole.unreadable, *reading.unreadable}, key=lambda entry: (entry.object, entry.reason)))
    for kind, count in reading.warnings.items():
        whole.warnings[kind] = whole.warnings.get(kind, 0) + count
    return whole


def _end(ended: threading.Event, begun: threading.Semaphore, handed: int) -> None:
    """Say that no block follows, and wait until each has a worker: who scans what is left keeps one, and a block would wait forever."""
    ended.set()
    for _ in range(handed):
        begun.acquire()


def _feed(
    pool: ThreadPoolExecutor,
    source: Iterator[Block],
    take: Callable[[int, Block], None],
    rest: Callable[[], None],
    end: Callable[[int], None],
    jobs: int,
    tell: Callable[[], None],
) -> None:
    """Hand out blocks, never more than one ahead of each worker, then what is left; the first failure of a worker is raised here."""
    pending: set[Future[None]] = set()
    handed = 0
    for handed, block in enumerate(source, 1):
        pending.add(pool.submit(take, handed - 1, block))
        if len(pending) > jobs:
            done, pending = wait(pending, return_when=FIRST_COMPLETED)
            for future in done:
                future.result()
        tell()
    end(handed)
    # NOTE: behind the last block, so that whoever has none of them begins with what is left while others parse.
    pending |= {pool.submit(rest) for _ in range(jobs)}
    for future in pending:
        future.result()
    tell()


class _Worker:
    """One thread's parser, vocabulary and shard in the making."""

    def __init__(self, plan: Plan, *, keep: bool) -> None:
        self._plan = plan
        self._keep = keep
        self._nothing = nothing(plan.texts)
        self._begin()
        self._empty()

    def _begin(self) -> None:
        vocabulary = Vocabulary()
        self._parser = Parsers(vocabulary, self._plan.texts, keep=self._keep)
        self._columns = Columns(vocabulary)

    def _empty(self) -> None:
        self._records: list[pl.DataFrame] = []
        self._readings: list[pl.DataFrame] = []
        self._delivered: list[pl.DataFrame] = []
        self._carried: dict[str, int] = {}
        self._unreadable: tuple[Unreadable, ...] = ()
        self._objects: list[str] = []
        self._holders: list[str] = []
        self._lines = 0
        self._damaged: dict[int, int] = {}
        self._warnings: dict[str, int] = {}
        self.size = 0

    def parse(self, block: Block) -> Parsed:
        """Parse a block into the shard."""
        parsed = self._parser.parse(block, len(self._objects), self._lines)
        kinds = ((self._records, parsed.records), (self._readings, parsed.readings), (self._delivered, parsed.delivered))
        for mine, rows in kinds:
            if rows is not None and rows.height:
                mine.append(rows)
        for bucket, bits in parsed.carried.items():
            self._carried[bucket] = self._carried.get(bucket, 0) | bits
        names = block.objects if parsed.objects is None else parsed.objects
        self._objects += names
        self._holders += names if parsed.holders is None else parsed.holders
        self._unreadable += parsed.unreadable
        self._lines += block.lines
        for place, count in parsed.damaged_of.items():
            self._damaged[place] = self._damaged.get(place, 0) + count
        for kind, count in parsed.warnings.items():
            self._warnings[kind] = self._warnings.get(kind, 0) + count
        made = sum(frame.height for _, frame in kinds if frame is not None)
        self.size += max(block.size, made * RECORD)
        return parsed

    def scan(self) -> Partial:
        """The partial of the shard, after which it is empty."""
        records, readings = (self._joined(frames) for frames in (self._records, self._readings))
        parsed = Parsed(records, readings, [], self._warnings, self._damaged, holders=tuple(self._holders), unreadable=self._unreadable)
        if self._delivered:
            parsed.delivered, parsed.carried = pl.concat(self._delivered), self._carried
        partial = scan(self._plan, self._columns, parsed, self._objects)
        self._empty()
        if self._parser.vocabulary.full:
            self._begin()
        return partial

    def _joined(self, frames: list[pl.DataFrame]) -> pl.DataFrame:
        """The frames as one, after which they are gone. NOTE: a column in one piece is faster for every pass over it."""
        whole = together(frames, self._columns) if frames else self._nothing
        frames.clear()
        return whole


class _InOrder:
    """Tells quarantined lines in the order of the input, and progress."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._waiting: dict[int, list[tuple[str, Quarantined]]] = {}
        self._next = 0
        self._records = 0

    def put(self, number: int, block: Block, parsed: Parsed) -> None:
        """Take the lines of one block; those whose turn it is are told."""
        self._records += parsed.records.height + (0 if parsed.delivered is None else parsed.delivered.height)
        if self._work.quarantine is None:
            return
        self._waiting[number] = [(block.objects[line.object], line) for line in parsed.quarantined]
        while self._next in self._waiting:
            for name, line in self._waiting.pop(self._next):
                self._work.quarantine(name, line)
            self._next += 1

    def tell(self, reading: Reading) -> None:
        """Say how far the run is."""
        if self._work.progress is not None:
            self._work.progress(reading.bytes, self._records)
