"""The past as a state tells it, compacted or not: which runs there were, what each judged, and whether all of it is whole."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import polars as pl

from s3guard.model import UnableError
from s3guard.seen import OBJECT
from s3guard.state import State, kept
from s3guard.state.base import Base
from s3guard.state.judged import Batch
from s3guard.state.reported import FinishedRun, summary
from s3guard.state.view import View
from s3guard.text import shown

READING: Final = {**OBJECT, "entry": pl.Int64, "run": pl.String, "again": pl.Boolean}
"""`s3guard.seen.OBJECT` of one reading of a log object, with the number of its entry, the id of the run that judged it, and whether other
rules had judged it before."""


@dataclass(frozen=True, slots=True)
class Told:
    """A run that came to its end, in short."""

    number: int
    """Of its entry."""
    run: str
    told: Mapping[str, Any]
    """`reported.summary`."""
    sha256: str
    """Of its record, hex."""
    is_kept: bool = True
    """Whether its record is still there."""


@dataclass(frozen=True, slots=True)
class Whole:
    """What was found whole."""

    entries: int
    """Of all that were ever written."""
    compacted: int
    """Of these, those in whose place a compaction stands."""
    runs: int
    """Records of runs that are there."""
    parts: int
    """Of the compaction."""


def runs(state: State) -> list[Told]:
    """All runs that came to their end, in the order of their entries, those of which the record was pruned, too."""

    def found(view: View) -> list[Told]:
        told = [] if view.base is None else [_of_row(row) for row in _runs(view.base.ledger()).iter_rows(named=True)]
        told += [
            Told(entry.number, entry.what.run, summary(entry.what), entry.sha256)
            for entry in view.entries
            if isinstance(entry.what, FinishedRun)
        ]
        return told

    return state.steadily(found)


def report(state: State, number: int) -> Mapping[str, Any]:
    """The report of a run by the number of its entry, as it was written; UnableError where it was pruned, or is not whole."""
    head, body = state.opened(number, state.stored(number))
    if head["kind"] != "run":
        raise UnableError(f"entry {number} of the state in {shown(state.uri)} is no run")
    told: Mapping[str, Any] = json.loads(body)
    return told


def readings(state: State) -> pl.DataFrame:
    """`READING` of every log object that is not pruned, by entry and name: those that failed or were read again, too."""

    def found(view: View) -> pl.DataFrame:
        tables = [pl.DataFrame(schema=READING)]
        if view.base is not None:
            rows, _ = view.base.judged(view.base.compacted.of("objects"))
            names = view.base.ledger().select("run", pl.col("number").alias("entry"))
            tables.append(rows.join(names, on="entry").select(READING.keys()))
        for entry in view.entries:
            if isinstance(entry.what, Batch):
                about = (pl.lit(entry.number).alias("entry"), pl.lit(entry.what.run).alias("run"), pl.lit(entry.what.again).alias("again"))
                tables += [
                    frame.with_columns(about).select(pl.col(name).cast(kind) for name, kind in READING.items())
                    for frame in entry.what.partial.seen
                ]
        return pl.concat(tables).sort("entry", "object")

    return state.steadily(found)


def unfinished(state: State) -> list[str]:
    """Ids of runs that judged something and did not come to their end, as far as it is not pruned."""
    ended = {one.run for one in runs(state)}

    def found(view: View) -> list[str]:
        before = [] if view.base is None else [group.run for group in view.base.compacted.groups if group.run]
        return [*before, *(entry.what.run for entry in view.entries if isinstance(entry.what, Batch))]

    return [run for run in dict.fromkeys(state.steadily(found)) if run not in ended]


def hours(state: State) -> dict[str, dict[int, int]]:
    """The records of each hour (its first second) that has some, by bucket."""

    def found(view: View) -> dict[str, dict[int, int]]:
        counted: dict[str, dict[int, int]] = {}
        batches = view.batches if view.base is None else [*view.base.tables(None, None), *view.batches]
        for batch in batches:
            for frame in () if batch.again else batch.partial.buckets:
                for row in frame.iter_rows(named=True):
                    mine = counted.setdefault(row["bucket"], {})
                    mine[row["cell"]] = mine.get(row["cell"], 0) + row["records"]
        return dict(sorted(counted.items()))

    return state.steadily(found)


def verified(state: State) -> Whole:
    """Read all that the state is made of, and hold it against what was written; UnableError for what is not whole, or not there.

    Of entries that were compacted the SHA-256 stay, and with them what each was; the bytes stay of those that are records of runs.
    """
    for digest in state.texts():
        state.text(digest)

    def found(view: View) -> Whole:
        kept_runs = sum(isinstance(entry.what, FinishedRun) for entry in view.entries)
        if view.base is None:
            return Whole(view.last, 0, kept_runs, 0)
        told = view.base.compacted
        for part in told.parts:
            view.base.read(part)
        return Whole(view.last, told.through, kept_runs + _verified(state, view.base), len(told.parts))

    return state.steadily(found)


def _verified(state: State, base: Base) -> int:
    """The records of runs that a compaction left, which are whole."""
    ledger, where = base.ledger(), f"the state in {shown(state.uri)}"
    if ledger["number"].to_list() != list(range(1, base.compacted.through + 1)) or ledger["sha256"][-1] != base.compacted.digest:
        raise UnableError(f"{where} does not know of all entries that were compacted")
    count = 0
    for row in _runs(ledger).filter(~pl.col("pruned")).iter_rows(named=True):
        if sha256(state.store.read(kept(row["number"]))).hexdigest() != row["sha256"]:
            raise UnableError(f"{kept(row['number'])} of {where} is damaged: its bytes are not those that were written")
        count += 1
    return count


def _runs(ledger: pl.DataFrame) -> pl.DataFrame:
    return ledger.filter(pl.col("kind") == "run")


def _of_row(row: Mapping[str, Any]) -> Told:
    return Told(row["number"], row["run"], json.loads(row["told"]), row["sha256"], not row["pruned"])
