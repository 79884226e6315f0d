"""A check that remembers: log objects that a state knows are not judged again, and the report covers what it holds and what is new."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from s3guard.blocks import Read
from s3guard.conclude import Conclusion, Told, conclude
from s3guard.engines import Work
from s3guard.model import RunCoverage, Status, Unreadable, UsageError
from s3guard.partial import Partial
from s3guard.past import SPAN
from s3guard.plan import CELL, Plan, table_key
from s3guard.policy import Policy
from s3guard.results import Known
from s3guard.sources import LATE, LogObject, UnreadableError
from s3guard.state import State, batch_head
from s3guard.state.judged import Known as Judged
from s3guard.state.judged import torn
from s3guard.state.runs import judged_by
from s3guard.state.view import View
from s3guard.waivers import day_of

BYTES: Final = 2 << 30
OBJECTS: Final = 50_000
"""Bytes and objects after which what was judged is written down: a run that is killed loses no more than that."""

USUAL: Final = timedelta(days=30)
"""What a report covers unless `--since` says otherwise: so many days before as-of."""

_END: Final = int(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp())


def keys(policies: Sequence[Policy]) -> dict[str, str]:
    """The rules of policies by name, and the keys of their tables."""
    return {bound.name: table_key(policy, bound) for policy in policies for bound in policy.rules}


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
    read: Read
    late: timedelta = LATE
    """How long a record may be on its way: a bucket without one of the last `late` and a gap before has fallen silent."""
    place: str = ""
    """How the state is named where something is told of it; empty: as the user named it."""
    anew: bool = False
    """Whether what earlier runs reported is told as if nobody had: whoever reads the evidence of a period did not read their reports."""
    unlisted: list[Unreadable] = field(default_factory=list)
    """What could not be listed."""
    changed: dict[str, str] = field(default_factory=dict)
    """Objects that are others than those of their names that were judged, and how that is seen."""
    same: set[str] = field(default_factory=set)
    """Objects that are just those that were judged, of which an earlier run saw another one."""
    _done: tuple[int, int] = (0, 0)
    """Bytes and records of the batches before, for the progress."""

    def judge(self, work: Work) -> None:
        """Judge the objects that some rule did not see, and write down what came of it, a batch after the other."""
        keys, view = frozenset(self._rules().values()), self.state.view()
        logs = (entry for entry in work.objects if self._is_log(view, entry))
        for batch in _batches(view, logs, keys):
            waiting, quarantine = [batch], work.quarantine
            while waiting:
                # NOTE: another run may have judged some of them since: what the view knows by now is not judged twice. From here to the
                # entry nothing is read of the state, so that an entry that another run writes meanwhile has the number of this one.
                left, *others = [*_batches(view, waiting.pop().objects, keys)] or [_Batch(keys, again=False, objects=[])]
                waiting += others
                if not left.objects:
                    continue
                partial = self._judged(replace(work, quarantine=quarantine), left)
                quarantine = None  # NOTE: all lines of the batch have been told.
                parts = torn(partial)
                if parts and len(left.objects) > 1:
                    # NOTE: what was read in part stands alone, so that it can be replaced once it is read to its end.
                    waiting += left.apart(parts)
                elif not _is_known(view, left, parts) and not self._written(left, partial):
                    waiting.append(left)

    def _judged(self, work: Work, batch: _Batch) -> Partial:
        names = frozenset(name for name, key in self._rules().items() if key in batch.keys)
        # NOTE: of the traffic, too, whether this run shows it or not: a later one may, and the objects are not read again.
        plan = replace(self.plan, since=None, until=None, buckets=None, rules=names, cell=CELL, traffic=not batch.again)
        before, latest = self._done, [0, 0]

        def tell(size: int, records: int) -> None:
            latest[:] = size, records
            if work.progress is not None:
                work.progress(before[0] + size, before[1] + records)

        partial = self.engine(replace(work, plan=plan, objects=iter(batch.objects), progress=tell))
        self._done = (before[0] + latest[0], before[1] + latest[1])
        return partial

    def _written(self, batch: _Batch, partial: Partial) -> bool:
        """Whether the batch was written down; False where another run was first. The view is that of now, either way."""
        rules = {name: key for name, key in self._rules().items() if key in batch.keys}
        made = self.state.append(batch_head(self.run, rules, again=batch.again, at=self._now()), partial.to_ipc())
        self.state.view()
        return made

    def _now(self) -> float:
        """An instant that no record is younger than that was read by now: the clock may be set to another time, but not S3's."""
        return max(time.time(), self.as_of.timestamp())

    def conclude(self, baseline: Container[str], jobs: int | None) -> tuple[Conclusion, Told]:
        """The results over the period, and what is to be said about them."""
        since, until = self.period
        rules = self._rules()
        compares = any(bound.rule.compares for policy in self.plan.policies for bound in policy.rules if self.plan.judges(bound))

        def look(view: View) -> tuple[Partial, tuple[RunCoverage, ...], int]:
            held = view.merged(rules, self.run, since, until, self._draws, SPAN if compares else 0)
            return held, judged_by(view, since, until), view.last

        partial, runs, last = self.state.steadily(look)
        view = self.state.viewed  # NOTE: nothing of it was read since
        changed = {name: reason for name, reason in view.changed(since).items() if name not in self.same} | self.changed
        told = {*partial.unreadable, *self.unlisted, *(Unreadable(name, reason) for name, reason in changed.items())}
        gaps = _gaps(view, rules, since, until)
        if view.pruned is not None and since < view.pruned:
            # NOTE: told of each rule and as something unreadable, too: what is not known of a bucket has no result of its own.
            pruned = f"what was known of records before {_hour(view.pruned)} was pruned"
            told.add(Unreadable(self.place or f"the state in {self.state.uri}", pruned))
            gaps = {name: "; ".join(filter(None, (pruned, gaps.get(name)))) for name in rules}
        partial.unreadable = tuple(sorted(told, key=lambda one: (one.object, one.reason)))
        known = Known(baseline, () if self.anew else view.reported, gaps, day_of(self.as_of))
        plan = self.plan
        plan = replace(plan, opens=since) if plan.since is None else replace(plan, since=since)
        if plan.until is not None:
            plan = replace(plan, until=until)
        else:
            plan = replace(plan, arrived=math.floor(self.as_of.timestamp() - self.late.total_seconds()))
        with ThreadPoolExecutor(jobs, thread_name_prefix="s3guard") as pool:
            concluded = conclude(plan, partial, known, pool.map)
        failed = {result.rule for result in concluded.results if result.status is Status.FAIL}
        blind = tuple(f"{name}: {gap}." for name, gap in known.gaps.items() if name in failed)
        return replace(concluded, runs=runs), Told(self._notes(since, until), blind, self._covered(last))

    def _draws(self, bucket: str) -> bool:
        """Whether the report shows the traffic of a bucket."""
        return self.plan.traffic and bool(self.plan.rules_of(bucket))

    def _covered(self, last: int) -> dict[str, Any]:
        """What the report is made of: later runs take what lies in it for reported."""
        judged = {bound.name for policy in self.plan.policies for bound in policy.rules if self.plan.judges(bound)}
        since, until = self.period
        return {
            "seen": last,
            "since": since,
            "until": until,
            "rules": {name: key for name, key in self._rules().items() if name in judged},
            "buckets": None if self.plan.buckets is None else sorted(self.plan.buckets),
            "at": self._now(),
            "changed": sorted(self.changed.items()),
            "restored": sorted(self.same),
        }

    @property
    def period(self) -> tuple[int, int]:
        """The first second of the report's period and the one behind its last, whole hours."""
        since = self.plan.since if self.plan.since is not None else math.floor(usually(self.as_of).timestamp())
        until = self.plan.until if self.plan.until is not None else math.ceil(self.as_of.timestamp())
        return since // CELL * CELL, -(-until // CELL) * CELL

    def _notes(self, since: int, until: int) -> tuple[str, ...]:
        begin, end = _hour(since), _hour(until)
        return (
            f"The report covers the records from {begin} to {end}, of this run and of those before it in {self.place or self.state.uri}.",
        )

    def _rules(self) -> dict[str, str]:
        """The rules of all policies, and the keys of their tables."""
        return keys(self.plan.policies)

    def _is_log(self, view: View, entry: LogObject) -> bool:
        """Whether an object is one that may be judged; what is not is told, UsageError where it can never be."""
        if entry.source in ("stdin", "pipe"):
            what = "standard input" if entry.source == "stdin" else "a pipe"
            raise UsageError(f"{entry.name}: {what} has no name by which a state could know it again; give files, folders or s3://")
        if self.state.holds(entry.location):
            raise UsageError(f"{entry.name}: the state lies among the logs, and would be read as one; give it a place of its own")
        if entry.fault is not None:
            # NOTE: what could not even be listed is no object that a later run may find read; it is told by each run that meets it.
            self.unlisted.append(Unreadable(entry.name, entry.fault))
            return False
        known = view.objects.get(entry.name)
        if known is None or not known.is_whole:
            return True
        if (reason := self._difference(known, entry)) is not None:
            self.changed[entry.name] = reason
        elif entry.name in view.changed(0):
            self.same.add(entry.name)
        return reason is None

    def _difference(self, known: Judged, entry: LogObject) -> str | None:
        """In which way an object is another than the one of its name that was judged; None where it is that one."""
        if known.size is not None and entry.size is not None and known.size != entry.size:
            return f"changed since it was judged (it had {known.size:,} bytes, and has {entry.size:,})"
        if entry.etag is not None and entry.etag == known.etag:
            return None
        # NOTE: a tag that changed is no proof: a file was copied, an object encrypted with another key. So its content is looked at.
        try:
            digest = sha256()
            for _, pieces in self.read([entry]):
                for piece in pieces:
                    digest.update(piece)
        except UnreadableError as error:
            return f"perhaps changed since it was judged, and could not be compared with that: {error}"
        if digest.hexdigest() == known.sha256:
            return None
        return f"changed since it was judged (its content is another one of {known.size or 0:,} bytes)"


def usually(as_of: datetime) -> datetime:
    """Where a report begins unless `--since` says otherwise."""
    try:
        return as_of - USUAL
    except OverflowError:
        return datetime.min.replace(tzinfo=as_of.tzinfo)


def _hour(second: int) -> str:
    """A full hour as people write it, also the one behind the last of the calendar."""
    if second >= _END:
        return "the end of the calendar"
    moment = datetime.fromtimestamp(second, UTC)
    return f"{moment.year:04}-{moment:%m-%dT%H:%MZ}"


@dataclass(slots=True)
class _Batch:
    """Log objects that the same rules have not seen."""

    keys: frozenset[str]
    again: bool
    """Whether other rules have."""
    objects: list[LogObject]
    size: int = 0

    def apart(self, names: Container[str]) -> list[_Batch]:
        """The objects of these names each alone, and before them (at the end of the list) all others."""
        alone = [_Batch(self.keys, self.again, [entry]) for entry in self.objects if entry.name in names]
        others = [entry for entry in self.objects if entry.name not in names]
        return [*alone, _Batch(self.keys, self.again, others)] if others else alone


def _batches(view: View, objects: Iterable[LogObject], keys: frozenset[str]) -> Iterator[_Batch]:
    """Objects that were not judged by all rules of these keys, by what they lack; those that were read in part before each alone."""
    waiting: dict[tuple[frozenset[str], bool], _Batch] = {}
    for entry in objects:
        lacking, known = view.lacking(entry, keys), view.objects.get(entry.name)
        if not lacking:
            continue
        again = known is not None and known.is_whole
        if known is not None and known.torn is not None:
            yield _Batch(lacking, again, [entry])
            continue
        batch = waiting.setdefault((lacking, again), _Batch(lacking, again, []))
        batch.objects.append(entry)
        batch.size += entry.size or 0
        if batch.size >= BYTES or len(batch.objects) >= OBJECTS:
            yield waiting.pop((lacking, again))
    yield from waiting.values()


def _is_known(view: View, batch: _Batch, parts: Mapping[str, str | None]) -> bool:
    """Whether the batch is one object that can be read no further than before, by the same rules."""
    known = view.objects.get(batch.objects[0].name) if parts else None
    if known is None or known.torn is None or known.torn.keys != batch.keys:
        return False
    return torn(known.torn.partial) == parts


def _gaps(view: View, rules: Mapping[str, str], since: int, until: int) -> dict[str, str]:
    """Rules that did not see all objects of the time, such as those that were changed after the objects were gone."""
    gaps = {}
    for name, key in rules.items():
        if count := view.unjudged(key, since, until):
            what, were = ("1 log object", "was") if count == 1 else (f"{count:,} log objects", "were")
            gaps[name] = f"{what} of earlier runs {were} judged before the rule was what it is, and {were} not there to be read again"
    return gaps
