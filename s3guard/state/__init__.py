"""Run records: what was judged already, by which rules, and the tables that it left; nothing that was written is ever changed.

A state is a sequence of numbered entries. An entry is written under the next number, which only one of several writers gets; whoever
loses reads what the winner wrote, and goes on from there. So no lock is needed, a killed run leaves none behind, and no object is counted
twice. A **batch** holds the tables of some log objects for some rules, and what those objects were; a **run** holds the report of a
finished run. Each entry names the SHA-256 of the one before.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

import polars as pl

from s3guard.aws import Access
from s3guard.model import UnableError
from s3guard.partial import Partial, merge
from s3guard.sources import LogObject
from s3guard.state.base import Base
from s3guard.state.chosen import chosen
from s3guard.state.forgotten import digest as of_object
from s3guard.state.judged import Batch, Known, Objects, trimmed
from s3guard.state.parts import Compacted
from s3guard.state.reported import FinishedRun
from s3guard.state.store import GoneError, Store, opened
from s3guard.text import shown

VERSION: Final = 2
"""Of what entries look like; entries of a later version are refused, those of an earlier one are read as they were meant.

1: batches and runs. 2: some say when they were and what they covered, and a compaction may stand in the place of all before it."""

PATIENCE: Final = 8
"""Times that a state is read anew because it was compacted meanwhile."""

CELL: Final = 3600
"""Seconds of the stretches that tables are kept apart by: a report covers whole hours."""

_MAGIC: Final = b"s3guard state\n"
_NAME: Final = re.compile(r"[0-9]{10}\.s3guard")
_OURS: Final = re.compile(r"(runs/)?[0-9]{10}\.s3guard|[0-9]{10}\.compacted|parts/[0-9]{10}-[0-9a-f]{8}-[0-9]{4}")
_ENDED: Final = re.compile(r"[0-9]{10}\.compacted")
_MALFORMED: Final = (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError, pl.exceptions.PolarsError)
"""What comes of reading an entry that somebody else wrote."""


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
        """Fingerprints of the findings that finished runs reported."""
        before = frozenset[str]() if self.base is None else self.base.compacted.reported
        return before.union(*(run.fingerprints for run in self.runs))

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

    def merged(self, rules: Mapping[str, str], fresh: str, since: int, until: int) -> Partial:
        """What the hours from `since` to before `until` hold: the tables of these rules (names to keys), and what was seen once.

        Counts know those of the run `fresh` and those that no finished run has reported on. Objects are those that may have a record in
        the hours.
        """
        whole = merge(self._parts(rules, fresh, since, until)).within(since, until)
        seen = whole.seen[0]
        whole.objects, whole.bytes, whole.quarantined = seen.height, int(seen["bytes"].sum()), int(seen["quarantined"].sum())
        whole.outside = max(0, int(seen["records"].sum()) - int(whole.buckets[0]["records"].sum()))
        return whole

    def _parts(self, rules: Mapping[str, str], fresh: str, since: int, until: int) -> Iterable[Partial]:
        if self.base is not None:
            yield self.base.seen(self._objects, since, until)
            for batch in self.base.tables(since, until):
                yield trimmed(chosen(batch, rules, self.runs, fresh), since, until)
        for batch in self.batches:
            partial = chosen(batch, rules, self.runs, fresh)
            partial.unreadable = tuple(self._objects.unreadable(batch, since, until))
            partial.seen = [] if batch.again else [self._objects.seen(batch, since, until)]
            if batch.again or not partial.seen[0].height:
                partial.warnings = {}
            # NOTE: before they are merged: what is bounded is bounded for the report, whatever else the state holds.
            yield trimmed(partial, since, until)


class State:
    """A sequence of entries in some place."""

    def __init__(self, uri: str, access: Access | None = None) -> None:
        """Nothing is read yet; UsageError for a place that cannot be one. `access` is how AWS is reached."""
        self.uri = uri
        self.store: Store = opened(uri, access)
        self._view = View()

    def holds(self, location: str) -> bool:
        """Whether something is a part of this state, by the name that opens it."""
        return location.startswith(f"{self.store.place}/") and _OURS.fullmatch(location.removeprefix(f"{self.store.place}/")) is not None

    @property
    def viewed(self) -> View:
        """What `view` gives, which is always the same object, as it was read the last time."""
        return self._view

    def view(self) -> View:
        """All entries, those read before not read again; UnableError for what cannot be read or is not whole.

        Entries that another run compacted meanwhile are let go of, and what the compaction left is read: the view is the same object.
        """
        for _ in range(PATIENCE):
            newest = 0
            try:
                names = self.store.names()
                newest = _compactions(names)
                if newest > self._view.began:
                    self._begin(newest)
                self._walk(_numbers(names))
            except UnableError:
                # NOTE: a compaction takes away what was listed a moment ago; then there is a newer one.
                if _compactions(self.store.names()) == newest:
                    raise
            else:
                return self._view
        raise UnableError(f"the state in {shown(self.uri)} is compacted faster than it can be read")

    def merged(self, rules: Mapping[str, str], fresh: str, since: int, until: int) -> Partial:
        """`View.merged` of the view of now."""
        for _ in range(PATIENCE):
            view = self.view()
            try:
                return view.merged(rules, fresh, since, until)
            except GoneError:
                if _compactions(self.store.names()) == view.began:
                    raise
        raise UnableError(f"the state in {shown(self.uri)} is compacted faster than it can be read")

    def append(self, head: Mapping[str, Any], body: bytes) -> bool:
        """Write an entry behind the last one that was read; False where another run was first."""
        number = self._view.last + 1
        told = {**head, "version": VERSION, "number": number, "previous": self._view.digest, "body": sha256(body).hexdigest()}
        text = json.dumps(told, sort_keys=True).encode()
        data = b"".join([_MAGIC, len(text).to_bytes(8, "big"), text, body])
        if not self.store.create(_name(number), data) and not self._is_ours(number, data):
            return False
        if number == 1 and self.store.create(_name(number), data):
            # NOTE: else of two runs at once one would take away what the other wrote, and nobody would know.
            raise UnableError(f"{shown(self.uri)} cannot hold a state: it writes again what is there already (it ignores If-None-Match)")
        if _compactions(self.store.names(after=_name(number))):
            # NOTE: the number is free because what had it was compacted: nobody will read what stands under it now.
            self.store.remove(_name(number))
            return False
        return True

    def stored(self, number: int) -> bytes:
        """The bytes of an entry that is still there: that of a run, or one that was not compacted; GoneError where there is none."""
        try:
            return self.store.read(_name(number))
        except GoneError:
            return self.store.read(kept(number))

    def _is_ours(self, number: int, data: bytes) -> bool:
        """Whether a number that is taken is taken by these very bytes: the answer to the request that wrote them was lost."""
        try:
            return self.store.read(_name(number)) == data
        except GoneError:
            return False

    def ended(self, number: int) -> None:
        """Say of a compaction's entry that it was written whole: from then on readers begin with it."""
        self.store.create(_ending(number), b"")

    def _begin(self, number: int) -> None:
        """Read what a compaction left."""
        data = self.store.read(_name(number))
        head, body = self.opened(number, data)
        try:
            base = Base(Compacted.read(head, body, sha256(data).hexdigest()), self.store, shown(self.uri))
            self._view.begin(base)
            for batch in base.torn():
                self._view.add(batch)
        except _MALFORMED as error:
            raise UnableError(f"{self._entry(number)} is damaged: it says nothing that s3guard writes") from error

    def _walk(self, numbers: Mapping[int, str]) -> None:
        """Read what was written since."""
        for number, name in sorted(numbers.items()):
            base = self._view.base
            if number <= self._view.last:
                continue
            if number != self._view.last + 1:
                self.opened(number, self.store.read(name))  # NOTE: one of a later version may be no successor.
                raise UnableError(f"the state in {shown(self.uri)} has no entry {self._view.last + 1}, but one with the number {number}")
            if base is not None and number == base.compacted.number and base.compacted.previous == self._view.digest:
                self._view.pass_by(number, base.compacted.own)
            else:
                self._take(number, self.store.read(name))

    def _take(self, number: int, data: bytes) -> None:
        """Read one entry into the view."""
        head, body = self.opened(number, data)
        if head["previous"] != self._view.digest:
            raise UnableError(f"{self._entry(number)} does not belong behind the one before it: one of them was exchanged")
        try:
            what = self._view.take(number, head, body)
        except _MALFORMED as error:
            raise UnableError(f"{self._entry(number)} is damaged: it says nothing that s3guard writes") from error
        self._view.pass_by(number, sha256(data).hexdigest(), what)

    def _entry(self, number: int) -> str:
        return f"entry {number} of the state in {shown(self.uri)}"

    def opened(self, number: int, data: bytes) -> tuple[Mapping[str, Any], bytes]:
        """Head and body of an entry that is whole and ours."""
        start = len(_MAGIC) + 8
        where = self._entry(number)
        if not data.startswith(_MAGIC) or len(data) < start:
            raise UnableError(f"{where} is not one of s3guard's")
        end = start + int.from_bytes(data[len(_MAGIC) : start], "big")
        try:
            head: Mapping[str, Any] = json.loads(data[start:end])
            is_later = head["version"] > VERSION
            is_whole = head["body"] == sha256(data[end:]).hexdigest() and head["number"] == number
            is_known = head["kind"] in ("batch", "run", "compacted") and isinstance(head["previous"], str)
        except _MALFORMED as error:
            raise UnableError(f"{where} is damaged") from error
        if is_later:
            raise UnableError(f"{where} was written by a later version of s3guard; use that, or another state")
        if not is_whole:
            raise UnableError(f"{where} is damaged: its bytes are not those that were written")
        if not is_known:
            raise UnableError(f"{where} is damaged: it says nothing that s3guard writes")
        return head, data[end:]


def batch_head(run: str, rules: Mapping[str, str], *, again: bool, at: float | None = None) -> dict[str, Any]:
    """The head of an entry of tables, of objects that were read by the instant `at` (seconds since 1970)."""
    return {"kind": "batch", "run": run, "rules": dict(rules), "again": again, "at": at}


def run_head(run: str, **covered: Any) -> dict[str, Any]:  # noqa: ANN401 - what JSON can hold
    """The head of an entry of a finished run; what it covered is told by the fields of `FinishedRun` from `seen` on."""
    return {"kind": "run", "run": run, "covered": covered}


def _name(number: int) -> str:
    return f"{number:010}.s3guard"


def kept(number: int) -> str:
    """Under which name the entry of a run lies once it was compacted; its bytes are the same."""
    return f"runs/{_name(number)}"


def _ending(number: int) -> str:
    return f"{number:010}.compacted"


def _numbers(names: Iterable[str]) -> dict[int, str]:
    """The entries among the names of a place, by their numbers; other files are none of ours."""
    return {int(name[:10]): name for name in names if _NAME.fullmatch(name)}


def _compactions(names: Iterable[str]) -> int:
    """The number of the last compaction among the names of a place that came to its end; 0 where there is none."""
    return max((int(name[:10]) for name in names if _ENDED.fullmatch(name)), default=0)
