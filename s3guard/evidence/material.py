"""What a pack is made of, before it is: a report, the log objects behind it, the runs that were found, and lines that are no record."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Container
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal

import polars as pl

from s3guard.evidence.found import Found, Unfinished, finished, of_report, unfinished
from s3guard.evidence.lines import Lines
from s3guard.evidence.manifest import Origin
from s3guard.model import Report, Run
from s3guard.outputs import json_text
from s3guard.outputs.json import document
from s3guard.redaction import Redaction
from s3guard.seen import OBJECT

if TYPE_CHECKING:
    from s3guard.check import Judged
    from s3guard.matrix import Seen
    from s3guard.policy import Policy
    from s3guard.state import State

_LAST: Final = 253_402_300_799
"""The last second of the calendar."""


@dataclass(frozen=True, slots=True)
class Material:
    """All that a pack says."""

    report: Report
    """As outputs show it, redacted where that was asked for; its run holds the clock and the engine alone."""
    judged: Report
    """As it was judged, for the register of waivers alone."""
    policies: tuple[Policy, ...]
    since: datetime
    until: datetime
    """What the report covers."""
    open: list[Literal["since", "until"]]
    """Ends of it that nobody asked for."""
    objects: pl.DataFrame
    """`s3guard.seen.OBJECT`, and ``run`` and ``again``: which runs judged it, first and by other rules; sorted by name."""
    lines: Lines | None
    """Lines that are no record, or not certainly one; None where what was judged kept none."""
    redaction: Redaction
    runs: tuple[Found, ...] = ()
    """Runs that came to their end, in the order of time."""
    unfinished: tuple[Unfinished, ...] = ()
    knows_runs: bool = False
    """Whether there is a state, which knows of other runs."""
    state: Origin | None = None
    seen: Seen | None = None
    """What the control matrix is made of; None where there is none."""
    text: Callable[[str], bytes | None] = field(default=lambda _: None)
    """The text of a version of a policy, by its SHA-256; None where nobody kept it."""


def of_run(done: Judged, lines: Lines | None, *, is_review: bool = True) -> Material:
    """What a run that just judged gives; `is_review`: it counts as one, and not as a look at what others judged."""
    assert done.standing is not None  # noqa: S101 - for the type checker
    since, until = _period(done)
    report = _settled(done.report)
    state = done.state
    run = report.run.id if state is None else done.report.run.id
    own = (of_report(report, run, since, until),) if is_review else ()
    found = Material(
        report=report,
        judged=done.kept,
        policies=done.standing.policies,
        since=since,
        until=until,
        open=_open(done),
        objects=_objects(done, report.run.id),
        lines=lines,
        redaction=done.standing.redaction,
        runs=own,
        seen=done.seen,
    )
    if state is None:
        return found
    view, judged = state.view(), {one.run for one in done.kept.run.judged}
    return replace(
        found,
        runs=tuple(sorted((*finished(state), *own), key=lambda one: (one.finished, one.id))),
        unfinished=tuple(one for one in unfinished(state) if (not own or one.id != run) and _is_of(one, since, until, judged)),
        knows_runs=True,
        state=Origin(entries=view.last, sha256=view.digest) if view.last else None,
        text=state.text,
    )


def _is_of(run: Unfinished, since: datetime, until: datetime, judged: Container[str]) -> bool:
    """Whether a run that did not end is of the period: it was then, or judged records of it, or nobody knows when it was."""
    return run.seen is None or since <= run.seen < until or run.id in judged


def _period(done: Judged) -> tuple[datetime, datetime]:
    """The first instant that the report is about, and the first one behind it."""
    if done.covered:
        return _instant(done.covered["since"]), _instant(done.covered["until"])
    assert done.asked is not None  # noqa: S101 - for the type checker
    coverage, asked = done.report.coverage, done.asked
    since = asked.since or coverage.first_record or asked.as_of
    last = coverage.last_record or since
    until = asked.until or max(asked.as_of, _instant(int(last.timestamp()) + 1))
    return since, until


def _open(done: Judged) -> list[Literal["since", "until"]]:
    asked = done.asked
    if asked is None or (asked.since is not None and asked.until is not None):
        return []
    # NOTE: with a state the report always has a beginning.
    since: list[Literal["since", "until"]] = ["since"] if asked.since is None and done.state is None else []
    return [*since, "until"] if asked.until is None else since


def _settled(report: Report) -> Report:
    """The report with a block of the run that is the same whenever and wherever it is made; its id is that of what it says."""
    as_of = report.run.as_of
    bare = Run("", as_of, as_of, as_of, report.run.engine, report.run.fail_on)
    settled = replace(report, run=bare, unwritten=())
    digest = hashlib.sha256(json_text(document(settled)).encode()).digest()
    return replace(settled, run=replace(bare, id=str(uuid.UUID(bytes=digest[:16]))))


def _objects(done: Judged, run: str) -> pl.DataFrame:
    """The log objects of the report, each with the runs that judged it."""
    found = pl.DataFrame(schema=OBJECT) if done.objects is None else done.objects
    nobody = pl.lit(None, pl.List(pl.String)).alias("again")
    if done.state is None:
        return found.sort("object").with_columns(pl.lit(run).alias("run"), nobody)
    return found.join(_readers(done.state), on="object", how="left").sort("object")


def _readers(state: State) -> pl.DataFrame:
    """Which run judged each log object first, and which ones by rules that had not seen it."""
    from s3guard.state.history import readings

    rows = readings(state).select("object", "run", "again", "entry").sort("entry")
    first = rows.filter(~pl.col("again")).group_by("object").agg(pl.col("run").last())
    again = rows.filter("again").group_by("object").agg(pl.col("run").unique(maintain_order=True).alias("again"))
    return first.join(again, on="object", how="full", coalesce=True)


def _instant(second: int) -> datetime:
    return datetime.fromtimestamp(min(max(second, 0), _LAST), UTC)
