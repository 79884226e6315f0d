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
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, Final

import polars as pl

from s3guard.aws import Access
from s3guard.model import UnableError
from s3guard.partial import Partial, merge, of_delivery
from s3guard.sources import LogObject
from s3guard.state.judged import Batch, Known, Objects, trimmed
from s3guard.state.reported import FinishedRun, marked
from s3guard.state.store import Store, opened
from s3guard.text import shown

VERSION: Final = 1
"""Of what entries look like; entries of a later version are refused, those of an earlier one are read as they were meant."""

CELL: Final = 3600
"""Seconds of the stretches that tables are kept apart by: a report covers whole hours."""

_MAGIC: Final = b"s3guard state\n"
_NAME: Final = re.compile(r"[0-9]{10}\.s3guard")
_MALFORMED: Final = (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError, pl.exceptions.PolarsError)
"""What comes of reading an entry that somebody else wrote."""


@dataclass(slots=True)
class View:
    """All that a state holds at one moment."""

    batches: list[Batch] = field(default_factory=list)
    runs: list[FinishedRun] = field(default_factory=list)
    last: int = 0
    """The number of the last entry."""
    digest: str = ""
    """Its SHA-256."""
    _objects: Objects = field(default_factory=Objects)

    @property
    def objects(self) -> Mapping[str, Known]:
        """The log objects that were judged, by name."""
        return self._objects.known

    def add(self, batch: Batch) -> None:
        """Take in a batch."""
        self.batches.append(batch)
        if replaced := self._objects.take(batch):
            self.batches = [one for one in self.batches if not any(one is other for other in replaced)]

    def take(self, number: int, head: Mapping[str, Any], body: bytes) -> None:
        """Take in an entry, from its head and body; some error of Python or Polars where it is not one that s3guard writes."""
        if head["kind"] == "batch":
            rules = {str(name): str(key) for name, key in head["rules"].items()}
            told = head.get("at")
            self.add(
                Batch(
                    number, str(head["run"]), rules, bool(head["again"]), Partial.from_ipc(body), math.inf if told is None else float(told)
                )
            )
        elif head["kind"] == "run":
            covered = dict(head.get("covered", {}))
            buckets = covered.pop("buckets", None)
            changed = tuple((str(name), str(how)) for name, how in covered.pop("changed", ()))
            restored = tuple(map(str, covered.pop("restored", ())))
            buckets = None if buckets is None else frozenset(buckets)
            run = FinishedRun(number, str(head["run"]), json.loads(body), buckets=buckets, changed=changed, restored=restored, **covered)
            run.fingerprints  # noqa: B018 - whatever is wrong with the report is wrong now
            self.runs.append(run)
        else:
            raise ValueError

    def lacking(self, entry: LogObject, keys: frozenset[str]) -> frozenset[str]:
        """Which of the keys a log object was not judged for, all of it."""
        known = self.objects.get(entry.name)
        if known is None:
            return keys
        return keys - known.keys if known.is_whole else keys

    def unjudged(self, key: str, since: int, until: int) -> int:
        """How many of the objects that may have records in that time were not judged by the rule of a key."""
        return sum(key not in known.keys and known.lies_in(since, until) for known in self.objects.values())

    def changed(self, since: int) -> dict[str, str]:
        """Objects that finished runs saw changed after they were judged, from an instant on, and how; but those that were restored."""
        found: dict[str, tuple[float, str]] = {}
        for run in self.runs:
            found |= {name: (run.at, reason) for name, reason in run.changed}
            for name in run.restored:
                found.pop(name, None)
        return {name: reason for name, (at, reason) in found.items() if at >= since}

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
        for batch in self.batches:
            names = {name for name, key in batch.rules.items() if rules.get(name) == key}
            both = [*names, *map(of_delivery, names)]
            partial = replace(batch.partial, rules={}, unreadable=tuple(self._objects.unreadable(batch, since, until)))
            partial.totals = [frame.filter(pl.col("rule").is_in(both)) for frame in batch.partial.totals]
            partial.looked = [frame.filter(pl.col("rule").is_in(both)) for frame in batch.partial.looked]
            for name in names:
                told = [] if batch.run == fresh else [run for run in self.runs if run.tells(batch.number, name, rules[name])]
                for one in (name, of_delivery(name)):
                    if (tables := batch.partial.rules.get(one)) is not None:
                        partial.rules[one] = replace(tables, counts=marked(tables, told))
            partial.seen = [] if batch.again else [self._objects.seen(batch, since, until)]
            if batch.again:
                partial.buckets, partial.deliveries = [], []
            if batch.again or not partial.seen[0].height:
                partial.warnings = {}
            # NOTE: before they are merged: what is bounded is bounded for the report, whatever else the state holds.
            yield trimmed(partial, since, until)


class State:
    """A sequence of entries in some place."""

    def __init__(self, uri: str, access: Access | None = None) -> None:
        """Nothing is read yet; UsageError for a place that cannot be one. `access` is how AWS is reached."""
        self.uri = uri
        self._store: Store = opened(uri, access)
        self._view = View()

    def view(self) -> View:
        """All entries, those read before not read again; UnableError for what cannot be read or is not whole."""
        for number, name in sorted(_numbers(self._store.names()).items()):
            if number <= self._view.last:
                continue
            if number != self._view.last + 1:
                raise UnableError(f"the state in {shown(self.uri)} has no entry {self._view.last + 1}, but one with the number {number}")
            self._take(number, self._store.read(name))
        return self._view

    def holds(self, location: str) -> bool:
        """Whether something is an entry of this state, by the name that opens it."""
        place, _, name = location.rpartition("/")
        return _NAME.fullmatch(name) is not None and place == self._store.place

    def append(self, head: Mapping[str, Any], body: bytes) -> bool:
        """Write an entry behind the last one that was read; False where another run was first."""
        number = self._view.last + 1
        told = {**head, "version": VERSION, "number": number, "previous": self._view.digest, "body": sha256(body).hexdigest()}
        text = json.dumps(told, sort_keys=True).encode()
        return self._store.create(_name(number), b"".join([_MAGIC, len(text).to_bytes(8, "big"), text, body]))

    def _take(self, number: int, data: bytes) -> None:
        """Read one entry into the view."""
        head, body = self._opened(number, data)
        try:
            self._view.take(number, head, body)
        except _MALFORMED as error:
            raise UnableError(f"{self._entry(number)} is damaged: it says nothing that s3guard writes") from error
        self._view.last, self._view.digest = number, sha256(data).hexdigest()

    def _entry(self, number: int) -> str:
        return f"entry {number} of the state in {shown(self.uri)}"

    def _opened(self, number: int, data: bytes) -> tuple[Mapping[str, Any], bytes]:
        """Head and body of an entry that is whole, ours, and the one that was written behind the last."""
        start = len(_MAGIC) + 8
        where = self._entry(number)
        if not data.startswith(_MAGIC) or len(data) < start:
            raise UnableError(f"{where} is not one of s3guard's")
        end = start + int.from_bytes(data[len(_MAGIC) : start], "big")
        try:
            head: Mapping[str, Any] = json.loads(data[start:end])
            is_later = head["version"] > VERSION
            is_whole = head["body"] == sha256(data[end:]).hexdigest() and head["number"] == number
            previous = head["previous"]
        except _MALFORMED as error:
            raise UnableError(f"{where} is damaged") from error
        if is_later:
            raise UnableError(f"{where} was written by a later version of s3guard; use that, or another state")
        if not is_whole:
            raise UnableError(f"{where} is damaged: its bytes are not those that were written")
        if previous != self._view.digest:
            raise UnableError(f"{where} does not belong behind the one before it: one of them was exchanged")
        return head, data[end:]


def batch_head(run: str, rules: Mapping[str, str], *, again: bool, at: float | None = None) -> dict[str, Any]:
    """The head of an entry of tables, of objects that were read by the instant `at` (seconds since 1970)."""
    return {"kind": "batch", "run": run, "rules": dict(rules), "again": again, "at": at}


def run_head(run: str, **covered: Any) -> dict[str, Any]:  # noqa: ANN401 - what JSON can hold
    """The head of an entry of a finished run; what it covered is told by the fields of `FinishedRun` from `seen` on."""
    return {"kind": "run", "run": run, "covered": covered}


def _name(number: int) -> str:
    return f"{number:010}.s3guard"


def _numbers(names: Iterable[str]) -> dict[int, str]:
    """The entries among the names of a place, by their numbers; other files are none of ours."""
    return {int(name[:10]): name for name in names if _NAME.fullmatch(name)}
