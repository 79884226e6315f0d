"""Run records: what was judged already, by which rules, and the tables that it left; nothing that was written is ever changed.

A state is a sequence of numbered entries. An entry is written under the next number, which only one of several writers gets; whoever
loses reads what the winner wrote, and goes on from there. So no lock is needed, a killed run leaves none behind, and no object is counted
twice. A **batch** holds the tables of some log objects for some rules, and what those objects were; a **run** holds the report of a
finished run. Each entry names the SHA-256 of the one before.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, Final

import polars as pl

from s3guard.aws import Access
from s3guard.model import UnableError, Unreadable
from s3guard.partial import Partial, merge, of_delivery
from s3guard.seen import OBJECT
from s3guard.sources import LogObject
from s3guard.state.store import Store, opened

VERSION: Final = 1
"""Of what entries look like; entries of a later version are refused, those of an earlier one are read as they were meant."""

CELL: Final = 3600
"""Seconds of the stretches that tables are kept apart by: a report covers whole hours."""

_MAGIC: Final = b"s3guard state\n"


@dataclass(frozen=True, slots=True)
class Batch:
    """The tables of some log objects for some rules."""

    number: int
    run: str
    """The id of the run that judged them."""
    rules: Mapping[str, str]
    """Names of the rules, and the keys of their tables (`s3guard.kernel.table_key`)."""
    again: bool
    """Whether the objects had been judged by other rules before, so that only the tables of rules count."""
    partial: Partial


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """A run that came to its end, with its report."""

    number: int
    run: str
    report: Mapping[str, Any]

    @property
    def fingerprints(self) -> frozenset[str]:
        """Of the findings that it reported."""
        return frozenset(finding["fingerprint"] for result in self.report["results"] for finding in result["findings"])


@dataclass(slots=True)
class View:
    """All that a state holds at one moment."""

    batches: list[Batch] = field(default_factory=list)
    runs: list[FinishedRun] = field(default_factory=list)
    objects: dict[str, _Known] = field(default_factory=dict)
    """The log objects that were judged, by name."""
    last: int = 0
    """The number of the last entry."""
    digest: str = ""
    """Its SHA-256."""

    def add(self, batch: Batch) -> None:
        """Take in a batch."""
        self.batches.append(batch)
        keys = frozenset(batch.rules.values())
        for frame in batch.partial.seen:
            for row in frame.iter_rows(named=True):
                if row["records"] + row["quarantined"] == 0 and row["fault"] is not None:
                    continue  # NOTE: nothing of it was judged, so it is read as if for the first time
                known = self.objects.get(row["object"])
                if known is None:
                    self.objects[row["object"]] = _Known(row["etag"], row["size"], row["sha256"], row["fault"], keys)
                else:
                    known.keys |= keys

    def lacking(self, entry: LogObject, keys: frozenset[str]) -> frozenset[str]:
        """Which of the keys a log object was not judged for."""
        known = self.objects.get(entry.name)
        return keys if known is None else keys - known.keys

    def changed(self, entry: LogObject) -> str | None:
        """In which way a log object is another than the one of its name that was judged; None where it is that one, or new."""
        known = self.objects.get(entry.name)
        if known is None:
            return None
        if known.etag != entry.etag:
            return f"changed since it was judged (its ETag was {known.etag}, and is {entry.etag})"
        if known.size != entry.size:
            return f"changed since it was judged (it had {known.size} bytes, and has {entry.size})"
        return None

    def unjudged(self, key: str) -> int:
        """How many of the objects were not judged by the rule of a key."""
        return sum(key not in known.keys for known in self.objects.values())

    def merged(self, rules: Mapping[str, str], fresh: str) -> Partial:
        """The tables of these rules (names to keys) over all batches, and what was seen once; counts know those of the run `fresh`."""
        return merge(self._parts(rules, fresh))

    def _parts(self, rules: Mapping[str, str], fresh: str) -> Iterable[Partial]:
        read = set(self.objects)
        for batch in self.batches:
            names = {name for name, key in batch.rules.items() if rules.get(name) == key}
            names |= {of_delivery(name) for name in names}
            partial = replace(batch.partial, rules={})
            partial.totals = [frame.filter(pl.col("rule").is_in(list(names))) for frame in batch.partial.totals]
            partial.looked = [frame.filter(pl.col("rule").is_in(list(names))) for frame in batch.partial.looked]
            for name, tables in batch.partial.rules.items():
                if name in names:
                    partial.rules[name] = replace(tables, counts=[_marked(frame, batch.run == fresh) for frame in tables.counts])
            if batch.again:
                partial.buckets, partial.seen, partial.deliveries, partial.warnings = [], [], [], {}
            partial.unreadable = tuple(one for one in partial.unreadable if one.object not in read or self.objects[one.object].fault)
            yield partial


@dataclass(slots=True)
class _Known:
    """A log object that was judged."""

    etag: str | None
    size: int | None
    sha256: str | None
    fault: str | None
    keys: frozenset[str]
    """Of the rules that it was judged by."""


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
                raise UnableError(f"the state in {self.uri} has no entry {self._view.last + 1}, but one with the number {number}")
            self._take(number, self._store.read(name))
        return self._view

    def append(self, head: Mapping[str, Any], body: bytes) -> bool:
        """Write an entry behind the last one that was read; False where another run was first."""
        number = self._view.last + 1
        told = {**head, "version": VERSION, "number": number, "previous": self._view.digest, "body": sha256(body).hexdigest()}
        text = json.dumps(told, sort_keys=True).encode()
        return self._store.create(_name(number), b"".join([_MAGIC, len(text).to_bytes(8, "big"), text, body]))

    def _take(self, number: int, data: bytes) -> None:
        """Read one entry into the view."""
        head, body = self._opened(number, data)
        if head["kind"] == "batch":
            self._view.add(Batch(number, head["run"], head["rules"], head["again"], Partial.from_ipc(body)))
        else:
            self._view.runs.append(FinishedRun(number, head["run"], json.loads(body)))
        self._view.last, self._view.digest = number, sha256(data).hexdigest()

    def _opened(self, number: int, data: bytes) -> tuple[Mapping[str, Any], bytes]:
        """Head and body of an entry that is whole, ours, and the one that was written behind the last."""
        start = len(_MAGIC) + 8
        where = f"entry {number} of the state in {self.uri}"
        if not data.startswith(_MAGIC) or len(data) < start:
            raise UnableError(f"{where} is not one of s3guard's")
        end = start + int.from_bytes(data[len(_MAGIC) : start], "big")
        try:
            head: Mapping[str, Any] = json.loads(data[start:end])
            version, whole = head["version"], head["body"] == sha256(data[end:]).hexdigest() and head["number"] == number
        except (ValueError, KeyError, TypeError) as error:
            raise UnableError(f"{where} is damaged") from error
        if version > VERSION:
            raise UnableError(f"{where} was written by a later version of s3guard; use that, or another state")
        if not whole:
            raise UnableError(f"{where} is damaged: its bytes are not those that were written")
        if head["previous"] != self._view.digest:
            raise UnableError(f"{where} does not belong behind the one before it: one of them was exchanged")
        return head, data[end:]


def batch_head(run: str, rules: Mapping[str, str], *, again: bool) -> dict[str, Any]:
    """The head of an entry of tables."""
    return {"kind": "batch", "run": run, "rules": dict(rules), "again": again}


def run_head(run: str) -> dict[str, Any]:
    """The head of an entry of a finished run."""
    return {"kind": "run", "run": run}


def in_window(partial: Partial, since: int, until: int) -> Partial:
    """What the hours from `since` to before `until` hold; objects are those that have a record in them, or none at all."""
    cut = partial.within(since, until)
    seen = pl.concat(partial.seen) if partial.seen else pl.DataFrame(schema=OBJECT)
    inside = seen.filter(pl.col("first").is_null() | ((pl.col("first") < until) & (pl.col("last") >= since)))
    cut.seen = [inside]
    cut.objects, cut.bytes = inside.height, int(inside["bytes"].sum())
    cut.quarantined = int(inside["quarantined"].sum())
    cut.unreadable = _faults(partial.unreadable, seen, inside)
    return cut


def _faults(unreadable: Sequence[Unreadable], seen: pl.DataFrame, inside: pl.DataFrame) -> tuple[Unreadable, ...]:
    """Objects that could not be read, but those that lie outside."""
    outside = set(seen["object"]) - set(inside["object"])
    return tuple(one for one in unreadable if one.object not in outside)


def _marked(counts: pl.DataFrame, is_fresh: bool) -> pl.DataFrame:  # noqa: FBT001 - a fact about the batch
    """Counts that know how many of theirs are of the present run."""
    return counts.with_columns((pl.col("n") if is_fresh else pl.lit(0, pl.Int64)).alias("fresh"))


def _name(number: int) -> str:
    return f"{number:010}.s3guard"


def _numbers(names: Iterable[str]) -> dict[int, str]:
    """The entries among the names of a place, by their numbers; other files are none of ours."""
    return {int(name[:10]): name for name in names if name == f"{name[:10]}.s3guard" and name[:10].isdigit()}
