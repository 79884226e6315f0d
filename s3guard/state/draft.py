"""A compaction in the making: the entries since the last one, and what that left, become parts; nothing that is there is changed."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from typing import Any, Final, TypeAlias
from uuid import uuid4

import polars as pl

from s3guard.partial import Partial
from s3guard.state import State, forgotten, kept
from s3guard.state.base import GAVE_NOTHING
from s3guard.state.chosen import chosen
from s3guard.state.judged import Batch
from s3guard.state.months import apart, beside, by_span, carried, ending, since, tabled
from s3guard.state.parts import BLOCK, FAULT, JUDGED, LEDGER, WARNED, Compacted, Group, Part, Pruned, alone_stored, frames, stored
from s3guard.state.reported import FinishedRun, summary
from s3guard.state.view import View

FOLDER: Final = "parts"

_Key: TypeAlias = tuple[int, bool, str]
"""What tells batches apart: the index of their rules, whether others had judged before, the run where it is unfinished."""


@dataclass(slots=True)
class Gone:
    """What a pruning takes away."""

    objects: int = 0
    """Log objects."""
    records: int = 0
    runs: int = 0
    """Records of runs."""


@dataclass(slots=True)
class Draft:
    """What will stand in the place of all entries that a view holds."""

    state: State
    view: View
    before: int | None = None
    """The second before which nothing is kept."""
    dry: bool = False
    """Whether to write nothing, and only to find out what would go."""
    gone: Gone = field(default_factory=Gone)
    written: list[str] = field(default_factory=list)
    """Names of parts that are new."""
    _token: str = field(default_factory=lambda: uuid4().hex[:8])
    _rulings: list[Mapping[str, str]] = field(default_factory=list)
    _parts: list[Part] = field(default_factory=list)
    _keys: list[_Key] = field(default_factory=list)
    """Of the groups."""

    def make(self) -> Compacted:
        """Write the parts; what its entry is to say."""
        view, before = self.view, self.view.base
        self._rulings = [] if before is None else list(before.compacted.rulings)
        self._ledger()
        self._objects()
        groups = self._tables()
        self._torn()
        pruned = None if before is None else before.compacted.pruned
        if self.before is not None:
            earlier = pruned or Pruned(self.before, 0, 0)
            pruned = Pruned(max(self.before, earlier.before), earlier.objects + self.gone.objects, earlier.runs + self.gone.runs)
        oldest = -math.inf if self.before is None else self.before
        changed = tuple((name, at, how) for name, (at, how) in sorted(view.changes().items()) if at >= oldest)
        return Compacted(
            number=0,
            through=view.last,
            digest=view.digest,
            previous="",
            own="",
            rulings=tuple(self._rulings),
            groups=groups,
            parts=tuple(self._parts),
            changed=changed,
            pruned=pruned,
            reported=view.reported,
        )

    def _put(self, kind: str, data: bytes, **about: Any) -> None:  # noqa: ANN401 - fields of `Part`
        """Write a part."""
        name = f"{FOLDER}/{self.view.last:010}-{self._token}-{len(self.written):04}"
        if not self.dry:
            self.state.store.create(name, data)
        self.written.append(name)
        self._parts.append(Part(name, kind, sha256(data).hexdigest(), len(data), **about))

    def _ruling(self, rules: Mapping[str, str]) -> int:
        """The index of rules."""
        told = dict(rules)
        if told not in self._rulings:
            self._rulings.append(told)
        return self._rulings.index(told)

    def _old(self, kind: str) -> dict[int | None, Part]:
        """The parts that the last compaction left, by what they are about."""
        return {} if self.view.base is None else {part.month: part for part in self.view.base.compacted.of(kind)}

    def _read(self, part: Part) -> bytes:
        assert self.view.base is not None  # noqa: S101 - for the type checker; there is a part
        return self.view.base.read(part)

    def _ledger(self) -> None:
        """What every entry was; the records of runs are put where they stay, as they are."""
        rows: dict[int, list[dict[str, Any]]] = {}
        for entry in self.view.entries:
            row = dict.fromkeys(LEDGER) | {"number": entry.number, "sha256": entry.sha256, "kind": "compacted", "pruned": False}
            if isinstance(entry.what, Batch):
                batch = entry.what
                row |= {"kind": "batch", "run": batch.run, "rules": self._ruling(batch.rules), "again": batch.again, "at": batch.at}
            elif isinstance(entry.what, FinishedRun):
                row |= {"kind": "run", "run": entry.what.run, "at": _when(entry.what), "told": json.dumps(summary(entry.what))}
                self._keep(entry.number, entry.sha256, _when(entry.what))
            rows.setdefault(entry.number // BLOCK, []).append(row)
        old = self._old("ledger")
        for block in sorted({*rows, *(one for one in old if one is not None)}):
            before = next(frames(self._read(old[block]))) if block in old else pl.DataFrame(schema=LEDGER)
            table = pl.concat([before, pl.DataFrame(rows.get(block, []), schema=LEDGER)])
            if self.before is not None:
                goes = (pl.col("kind") == "run") & (pl.col("at") < self.before)
                self.gone.runs += table.filter(goes & ~pl.col("pruned")).height
                table = table.with_columns(pl.col("pruned") | goes)
            if block in old and table.equals(before):
                self._parts.append(old[block])
            else:
                self._put("ledger", stored(table), month=block)

    def _keep(self, number: int, digest: str, at: float) -> None:
        if self.dry or (self.before is not None and at < self.before):
            return
        data = self.state.stored(number)
        assert sha256(data).hexdigest() == digest  # noqa: S101 - it was read a moment ago, and is never written again
        self.state.store.create(kept(number), data)

    def _objects(self) -> None:
        """Each reading of each log object, word for word; of what is pruned a digest."""
        rows: dict[int | None, list[pl.DataFrame]] = {}
        faults: dict[int | None, list[pl.DataFrame]] = {}
        for table, unreadable in self._readings():
            for month, part in apart(table, "first"):
                rows.setdefault(month, []).append(part)
            firsts = dict(table.select("object", "first").iter_rows())
            placed = unreadable.with_columns(pl.col("object").replace_strict(firsts, default=None, return_dtype=pl.Int64).alias("first"))
            for month, part in apart(placed, "first"):
                faults.setdefault(month, []).append(part.select(FAULT.keys()))
        old, forgot = self._old("objects"), [self._read(part) for part in self._old("forgotten").values()]
        for month in sorted({*old, *rows, *faults}, key=lambda one: (one is not None, one or 0)):
            if month not in rows and month not in faults and (self.before is None or (month is not None and month >= self.before)):
                self._parts.append(old[month])
                continue
            empty = (pl.DataFrame(schema=JUDGED), pl.DataFrame(schema=FAULT))
            told, unreadable, *before = frames(self._read(old[month])) if month in old else empty
            told, unreadable = pl.concat([told, *rows.get(month, [])]), pl.concat([unreadable, *faults.get(month, [])])
            if self.before is not None:
                told, unreadable, digests = self._pruned(told, unreadable, self.before)
                forgot.append(digests)
            if told.height or unreadable.height:
                last: Any = told["last"].max()
                warned = pl.concat([*before, self._warned()]).join(told.select("entry"), on="entry", how="semi")
                self._put("objects", stored(told, unreadable, warned), month=month, until=None if last is None else int(last) + 1)
        if digests := forgotten.joined(forgot):
            self._put("forgotten", digests)

    def _warned(self) -> pl.DataFrame:
        """`WARNED` of each batch since the last compaction."""
        alone = self._alone()
        standing = [batch for batch in self.view.batches if batch.number not in alone and not batch.again]
        since = 0 if self.view.base is None else self.view.base.compacted.through
        told = [(one.number, *warning) for one in standing if one.number > since for warning in one.partial.warnings.items()]
        return pl.DataFrame(told, schema=WARNED, orient="row")

    def _readings(self) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
        """`JUDGED` and `FAULT` of each batch since the last compaction."""
        standing = {batch.number for batch in self.view.batches} - self._alone()
        for entry in self.view.entries:
            batch = entry.what
            if not isinstance(batch, Batch) or not batch.partial.seen:
                continue
            stands = batch.number in standing
            about = [
                pl.lit(batch.number, pl.Int64).alias("entry"),
                pl.lit(self._ruling(batch.rules), pl.Int64).alias("rules"),
                pl.lit(batch.again).alias("again"),
                pl.lit(batch.at, pl.Float64).alias("at"),
                pl.lit(stands).alias("stands"),
            ]
            table = pl.concat(batch.partial.seen).with_columns(about)
            judged = dict(table.select("object", ~GAVE_NOTHING).iter_rows())
            told = [
                (one.object, one.reason, batch.number, batch.at, judged.get(one.object, False), one.object in judged)
                for one in (batch.partial.unreadable if stands else ())
            ]
            yield table, pl.DataFrame(told, schema=FAULT, orient="row")

    def _pruned(self, told: pl.DataFrame, unreadable: pl.DataFrame, before: int) -> tuple[pl.DataFrame, pl.DataFrame, bytes]:
        """What stays of readings, and the digests of the log objects that do not."""
        # NOTE: what was not read of an object may be as young as its reading.
        whole = pl.col("fault").is_null() & pl.col("last").is_not_null()
        goes = pl.when(whole).then(pl.col("last") < before).otherwise(pl.col("at") < before)
        old = told.filter(goes)
        judged = old.filter(pl.col("stands") & ~GAVE_NOTHING).unique("object")
        self.gone.objects += old["object"].n_unique()
        digests = [forgotten.digest(*one) for one in judged.select("object", "etag", "size").iter_rows()]
        return told.filter(~goes), unreadable.filter(pl.col("at") >= before), forgotten.joined(digests)

    def _tables(self) -> tuple[Group, ...]:
        """The tables of all rules, by what tells batches apart and by the month."""
        new: dict[_Key, Partial] = {}
        last: dict[_Key, int] = {}
        finished, alone = {run.run for run in self.view.runs}, self._alone()
        for batch in self.view.batches:
            if batch.number in alone:
                continue
            key = (self._ruling(batch.rules), batch.again, "" if batch.run in finished else batch.run)
            partial = chosen(batch, batch.rules, self.view.runs, None)
            new.setdefault(key, Partial()).add(replace(partial, seen=[], warnings={}, unreadable=()))
            last[key] = max(last.get(key, 0), batch.number)
        old: dict[tuple[_Key, int | None], list[tuple[Part, Group]]] = {}
        before = None if self.view.base is None else self.view.base.compacted
        for part in [] if before is None else before.of("tables"):
            assert before is not None  # noqa: S101 - for the type checker
            group = before.groups[part.group or 0]
            key = (group.rules, group.again, "" if group.run in finished else group.run)
            old.setdefault((key, part.month), []).append((part, group))
            last[key] = max(last.get(key, 0), group.last)
        self._keys = sorted(last)
        for number, key in enumerate(self._keys):
            tables: dict[int | None, list[Partial]] = {}
            if key in new:
                tables.setdefault(None, []).append(carried(new[key]))
                for begin, partial in by_span(beside(new[key])).items():
                    tables.setdefault(begin, []).append(partial)
            months = {*tables, *(month for one, month in old if one == key)}
            for month in sorted(months, key=lambda one: (one is not None, one or 0)):
                self._month(number, month, old.get((key, month), []), tables.get(month, []))
        return tuple(Group(*key, last[key]) for key in self._keys)

    def _month(self, group: int, month: int | None, old: list[tuple[Part, Group]], new: list[Partial]) -> None:
        """One part of tables, of those before and those that are new."""
        is_cut = self.before is not None and month is not None and month < self.before
        if len(old) == 1 and not new and not is_cut and not (old[0][0].fresh and self.view.runs):
            self._parts.append(replace(old[0][0], group=group))
            return
        assert self.view.base is not None or not old  # noqa: S101 - for the type checker
        batches = [batch for one in old if self.view.base is not None for batch in self.view.base.batches(*one)]
        partials = [*(chosen(batch, batch.rules, self.view.runs, None) for batch in batches), *new]
        if is_cut:
            assert self.before is not None  # noqa: S101 - for the type checker
            whole = _records(partials)
            partials = [since(partial, self.before) for partial in partials]
            self.gone.records += 0 if self._keys[group][1] else whole - _records(partials)
        if month is None or any(frame.height for one in partials for frame in (*one.buckets, *one.totals, *one.looked)):
            counts = [frame for one in partials for rule in one.rules.values() for frame in rule.counts]
            fresh = any((frame["fresh"] > 0).any() for frame in counts)
            until = None if month is None else ending(month)
            self._put("tables", tabled(partials, month), month=month, until=until, group=group, fresh=fresh)

    def _alone(self) -> frozenset[int]:
        """The numbers of the batches of log objects that were read in part: they count until the object is read again."""
        return frozenset(known.torn.number for known in self.view.objects.values() if known.torn is not None)

    def _torn(self) -> None:
        """Batches that stand alone."""
        alone = self._alone()
        for batch in self.view.batches:
            if batch.number in alone and (self.before is None or batch.at >= self.before):
                marked = replace(batch, partial=chosen(batch, batch.rules, self.view.runs, None))
                self._put("torn", alone_stored(marked), month=batch.number)


def _records(partials: Iterable[Partial]) -> int:
    return sum(int(frame["records"].sum()) for partial in partials for frame in partial.buckets)


def _when(run: FinishedRun) -> float:
    """When a run was, seconds since 1970: by its clock or by ours, whichever is later."""
    if math.isfinite(run.at):
        return run.at
    told = run.report["run"]
    return max(datetime.fromisoformat(told[name]).timestamp() for name in ("as_of", "finished"))
