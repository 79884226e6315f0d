"""All that a state holds at one moment, as its entries and the last compaction tell it."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from s3guard import heavy, hourly
from s3guard.partial import TRAFFIC, Partial, merge
from s3guard.sources import LogObject
from s3guard.state.base import Base
from s3guard.state.chosen import chosen
from s3guard.state.forgotten import digest as of_object
from s3guard.state.judged import Batch, Known, Objects, trimmed
from s3guard.state.parts import Compacted
from s3guard.state.reported import FinishedRun


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry that was read."""

    number: int
    sha256: str
    """Of its bytes, hex."""
    what: Batch | FinishedRun | None
    """None: a compaction."""


@dataclass(slots=True)
class View:
    """All that a state holds at one moment."""

    batches: list[Batch] = field(default_factory=list)
    runs: list[FinishedRun] = field(default_factory=list)
    last: int = 0
    """The number of the last entry."""
    digest: str = ""
    """Its SHA-256."""
    base: Base | None = None
    """What a compaction left of the entries up to one."""
    entries: list[Entry] = field(default_factory=list)
    """Those that were read since."""
    compacted: int = 0
    """The number of the last compaction's entry, whether it came to its end or not."""
    _objects: Objects = field(default_factory=Objects)

    def begin(self, base: Base) -> None:
        """Hold what a compaction left, and nothing else; as often as one came to its end."""
        told = base.compacted
        self.batches, self.runs, self.entries, self.base, self._objects = [], [], [], base, base.objects()
        self.last, self.digest, self.compacted = told.through, told.digest, told.number

    def pass_by(self, number: int, digest: str, what: Batch | FinishedRun | None = None) -> None:
        """Know an entry for the last one; `what` it is, unless it is a compaction's."""
        self.entries.append(Entry(number, digest, what))
        self.last, self.digest = number, digest

    @property
    def began(self) -> int:
        """The number of the compaction that it begins with; 0 where there is none."""
        return 0 if self.base is None else self.base.compacted.number

    @property
    def reported(self) -> frozenset[str]:
        """Fingerprints of the findings that finished runs reported, but those that the last run that did had as waived."""
        found = set[str]() if self.base is None else set(self.base.compacted.reported)
        for run in self.runs:
            found |= run.fingerprints
            found -= run.waived
        return frozenset(found)

    @property
    def pruned(self) -> int | None:
        """The second before which nothing is known any more; None where nothing was taken away."""
        return None if self.base is None or self.base.compacted.pruned is None else self.base.compacted.pruned.before

    @property
    def objects(self) -> Mapping[str, Known]:
        """The log objects that were judged, by name."""
        return self._objects.known

    def add(self, batch: Batch) -> None:
        """Take in a batch."""
        self.batches.append(batch)
        if replaced := self._objects.take(batch):
            self.batches = [one for one in self.batches if not any(one is other for other in replaced)]

    def take(self, number: int, head: Mapping[str, Any], body: bytes) -> Batch | FinishedRun | None:
        """Take in an entry, from its head and body; some error of Python or Polars where it is not one that s3guard writes."""
        if head["kind"] == "batch":
            rules = {str(name): str(key) for name, key in head["rules"].items()}
            at = math.inf if head.get("at") is None else float(head["at"])
            batch = Batch(number, str(head["run"]), rules, bool(head["again"]), Partial.from_ipc(body), at)
            self.add(batch)
            return batch
        if head["kind"] == "run":
            covered = dict(head.get("covered", {}))
            buckets = covered.pop("buckets", None)
            changed = tuple((str(name), str(how)) for name, how in covered.pop("changed", ()))
            restored = tuple(map(str, covered.pop("restored", ())))
            buckets = None if buckets is None else frozenset(buckets)
            run = FinishedRun(number, str(head["run"]), json.loads(body), buckets=buckets, changed=changed, restored=restored, **covered)
            run.fingerprints  # noqa: B018 - whatever is wrong with the report is wrong now
            self.runs.append(run)
            return run
        Compacted.read(head, body, "")
        self.compacted = number
        return None

    def lacking(self, entry: LogObject, keys: frozenset[str]) -> frozenset[str]:
        """Which of the keys a log object was not judged for, all of it."""
        known = self.objects.get(entry.name)
        if known is None:
            is_forgotten = self.base is not None and of_object(entry.name, entry.etag, entry.size) in self.base.forgotten
            return frozenset() if is_forgotten else keys
        return keys - known.keys if known.is_whole else keys

    def unjudged(self, key: str, since: int, until: int) -> int:
        """How many of the objects that may have records in that time were not judged by the rule of a key."""
        return sum(key not in known.keys and known.lies_in(since, until) for known in self.objects.values())

    def changed(self, since: int) -> dict[str, str]:
        """Objects that finished runs saw changed after they were judged, from an instant on, and how; but those that were restored."""
        return {name: reason for name, (at, reason) in self.changes().items() if at >= since}

    def changes(self) -> dict[str, tuple[float, str]]:
        """Objects that finished runs saw changed after they were judged, when and how; but those that were restored."""
        before = () if self.base is None else self.base.compacted.changed
        found = {name: (at, reason) for name, at, reason in before}
        for run in self.runs:
            found |= {name: (run.at, reason) for name, reason in run.changed}
            for name in run.restored:
                found.pop(name, None)
        return found

    def merged(self, rules: Mapping[str, str], fresh: str, since: int, until: int, draws: Callable[[str], bool], past: int = 0) -> Partial:
        """What the hours from `since` to before `until` hold: the tables of these rules (names to keys), and what was seen once.

        Of traffic that of the buckets that `draws` says are drawn.

        Counts know those of the run `fresh` and those that no finished run has reported on. Objects are those that may have a record in
        the hours. Rules that compare with what was before are given `past` seconds of it.
        """
        whole = merge(_drawn(part, draws) for part in self._parts(rules, fresh, since, until, past)).within(since, until)
        seen = whole.seen[0]
        whole.objects, whole.bytes, whole.quarantined = seen.height, int(seen["bytes"].sum()), int(seen["quarantined"].sum())
        whole.outside = max(0, int(seen["records"].sum()) - int(whole.buckets[0]["records"].sum()))
        return whole

    def _parts(self, rules: Mapping[str, str], fresh: str, since: int, until: int, past: int) -> Iterable[Partial]:
        if self.base is not None:
            yield self.base.seen(self._objects, since, until)
            for batch in self.base.tables(since, until, past):
                yield trimmed(chosen(batch, rules, self.runs, fresh), since, until)
        for batch in self.batches:
            partial = chosen(batch, rules, self.runs, fresh)
            partial.unreadable = tuple(self._objects.unreadable(batch, since, until))
            partial.seen = [] if batch.again else [self._objects.seen(batch, since, until)]
            if batch.again or not partial.seen[0].height:
                partial.warnings = {}
            # NOTE: before they are merged: what is bounded is bounded for the report, whatever else the state holds.
            yield trimmed(partial, since, until)


def _drawn(part: Partial, draws: Callable[[str], bool]) -> Partial:
    """A part whose tables of traffic are of the buckets that are drawn, and of no cells any more.

    NOTE: of each part by itself, since traffic by the hour of all buckets is what a month has most of.
    """
    whole = replace(part)
    joinable = {"flows": hourly.joinable, "times": hourly.joinable, "tops": heavy.joinable}
    for name in TRAFFIC:
        mine = []
        for frame in getattr(part, name):
            buckets = [bucket for bucket in frame["bucket"].unique() if draws(bucket)]
            if buckets:
                mine.append(joinable[name](frame.filter(pl.col("bucket").is_in(buckets))))
        setattr(whole, name, mine)
    whole.flows, whole.times, whole.tops = hourly.flows(whole.flows), hourly.times(whole.times), heavy.tops(whole.tops)
    return whole
