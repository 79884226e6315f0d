"""A check that remembers: log objects that a state knows are not judged again, and the report covers what it holds and what is new."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from s3guard.conclude import Conclusion, Known, conclude
from s3guard.engines import Work
from s3guard.kernel import Plan, table_key
from s3guard.model import Unreadable, UsageError
from s3guard.partial import Partial
from s3guard.sources import LogObject
from s3guard.state import CELL, State, View, batch_head, in_window
from s3guard.state.runs import judged_by

BYTES: Final = 2 << 30
OBJECTS: Final = 50_000
"""Bytes and objects after which what was judged is written down: a run that is killed loses no more than that."""

USUAL: Final = timedelta(days=30)
"""What a report covers unless `--since` says otherwise: so many days before as-of."""


@dataclass(slots=True)
class Remembered:
    """One run with a state."""

    state: State
    plan: Plan
    """With the period and the narrowing that were asked for, which are those of the report; all records of an object are judged."""
    as_of: datetime
    run: str
    """The run's id."""
    engine: Callable[[Work], Partial]
    changed: list[Unreadable] = field(default_factory=list)
    """Objects that are others than those of their name that were judged, and what could not be listed."""

    def judge(self, work: Work) -> None:
        """Judge the objects that some rule did not see, and write down what came of it, a batch after the other."""
        rules = self._rules()
        names = {key: name for name, key in rules.items()}
        for batch in self._batches(work.objects, frozenset(names)):
            left = batch
            while left.objects:
                wanted = {names[key]: key for key in left.keys}
                part = replace(self.plan, since=None, until=None, buckets=None, rules=frozenset(wanted), cell=CELL)
                partial = self.engine(replace(work, plan=part, objects=iter(left.objects)))
                head = batch_head(self.run, wanted, again=left.keys != frozenset(names))
                if self.state.append(head, partial.to_ipc()):
                    self.state.view()
                    break
                # NOTE: another run was first: what it judged is not judged twice, and what it did not is judged now.
                view = self.state.view()
                still = [entry for entry in left.objects if view.lacking(entry, left.keys) == left.keys]
                left = _Batch(left.keys, still)

    def conclude(self, baseline: frozenset[str], jobs: int | None) -> tuple[Conclusion, tuple[str, ...]]:
        """The results over the period, and sentences about what it is and what it lacks."""
        view, rules = self.state.view(), self._rules()
        since, until = self.period
        partial = in_window(view.merged(rules, self.run), since, until)
        partial.unreadable = tuple(sorted({*partial.unreadable, *self.changed}, key=lambda one: (one.object, one.reason)))
        reported = frozenset[str]().union(*(run.fingerprints for run in view.runs))
        known = Known(baseline, reported, _gaps(view, rules))
        plan = self.plan
        if plan.since is not None:
            plan = replace(plan, since=since)
        if plan.until is not None:
            plan = replace(plan, until=until)
        with ThreadPoolExecutor(jobs, thread_name_prefix="s3guard") as pool:
            concluded = conclude(plan, partial, known, pool.map)
        return replace(concluded, runs=judged_by(view, since, until)), self._notes(since, until)

    @property
    def period(self) -> tuple[int, int]:
        """The first second of the report's period and the one behind its last, whole hours."""
        since = self.plan.since if self.plan.since is not None else math.floor((self.as_of - USUAL).timestamp())
        until = self.plan.until if self.plan.until is not None else math.ceil(self.as_of.timestamp())
        return since // CELL * CELL, -(-until // CELL) * CELL

    def _notes(self, since: int, until: int) -> tuple[str, ...]:
        begin, end = (datetime.fromtimestamp(second, self.as_of.tzinfo).strftime("%Y-%m-%dT%H:%MZ") for second in (since, until))
        return (f"The report covers the records from {begin} to {end}, of this run and of those before it in {self.state.uri}.",)

    def _rules(self) -> dict[str, str]:
        """The rules of all policies, and the keys of their tables."""
        return {bound.name: table_key(policy, bound) for policy in self.plan.policies for bound in policy.rules}

    def _batches(self, objects: Iterator[LogObject], keys: frozenset[str]) -> Iterator[_Batch]:
        """What is to be judged, by the rules that have not seen it."""
        view = self.state.view()
        waiting: dict[frozenset[str], _Batch] = {}
        for entry in objects:
            if entry.source in ("stdin", "pipe"):
                what = "standard input" if entry.source == "stdin" else "a pipe"
                raise UsageError(f"{entry.name}: {what} has no name by which a state could know it again; give files, folders or s3://")
            if entry.fault is not None:
                # NOTE: what could not even be listed is no object that a later run may find read; it is told by each run that meets it.
                self.changed.append(Unreadable(entry.name, entry.fault))
                continue
            if (reason := view.changed(entry)) is not None:
                self.changed.append(Unreadable(entry.name, reason))
                continue
            lacking = view.lacking(entry, keys)
            if not lacking:
                continue
            batch = waiting.setdefault(lacking, _Batch(lacking, []))
            batch.objects.append(entry)
            batch.size += entry.size or 0
            if batch.size >= BYTES or len(batch.objects) >= OBJECTS:
                yield waiting.pop(lacking)
        yield from waiting.values()


@dataclass(slots=True)
class _Batch:
    """Log objects that the same rules have not seen."""

    keys: frozenset[str]
    objects: list[LogObject]
    size: int = 0


def _gaps(view: View, rules: Mapping[str, str]) -> dict[str, str]:
    """Rules that did not see all objects, such as those that were changed after the objects were gone."""
    gaps = {}
    for name, key in rules.items():
        if count := view.unjudged(key):
            what = "1 log object" if count == 1 else f"{count:,} log objects"
            gaps[name] = f"{what} of earlier runs were judged before the rule was what it is, and were not there to be read again"
    return gaps
