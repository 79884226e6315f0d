"""The conductor: policies, logs and an engine make a report; no arguments are parsed here and nothing is printed."""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Callable, Collection, Container, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import ceil, floor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from s3guard import __version__, charted, chosen, engines, policy, sources, waivers
from s3guard.aws import Access
from s3guard.conclude import Conclusion, Told, conclude
from s3guard.globs import matches
from s3guard.model import ControlStatus, Coverage, Report, Result, Run, Severity, Status, UsageError
from s3guard.outputs import PROVES, PROVES_OF_AUDIT, Options, left_out, plural
from s3guard.outputs.json import render
from s3guard.parsed import Quarantined
from s3guard.plan import CELL, Plan
from s3guard.problems import did_you_mean
from s3guard.quarantine import First, Quarantine
from s3guard.redaction import NOTHING, Redaction
from s3guard.repository import report_root
from s3guard.results import Known
from s3guard.settings import Exclusion
from s3guard.verdict import UNPARSED, breaks_run, is_legible, lines_read

if TYPE_CHECKING:
    # NOTE: imported where they are asked for: a check without an audit or a state need not wait for them.
    from s3guard import audited
    from s3guard.matrix import Seen
    from s3guard.state import State

_LAST_HOUR: Final = datetime(9999, 12, 31, 23, tzinfo=UTC)
"""Behind it there is no full hour of the calendar."""

_STATUS: Final = {0: Status.PASS, 1: Status.FAIL, 3: Status.UNDETERMINED, 4: Status.NOT_APPLICABLE}


@dataclass(frozen=True, slots=True)
class Request:
    """What a run is asked to do."""

    logs: Sequence[str]
    policies: Sequence[Path]
    as_of: datetime
    """The clock of the run, UTC."""
    since: datetime | None = None
    until: datetime | None = None
    buckets: Sequence[str] = ()
    """Judge these alone; an unknown one is an error."""
    rules: Sequence[str] = ()
    """``kind``, ``policy/kind`` or ``policy/kind/id``."""
    frameworks: Sequence[str] = ()
    """Only policies that give evidence for one of these."""
    fail_on: Severity | None = Severity.MEDIUM
    baseline: Path | None = None
    engine: str = "local"
    jobs: int | None = None
    max_unparsed: Fraction = UNPARSED
    quarantine: Path | None = None
    state: str | None = None
    """Where runs are remembered: a folder, or ``s3://bucket/prefix``."""
    allow_empty: bool = False
    allow_undetermined: bool = False
    require_policy: bool = False
    exempt: Sequence[str] = ()
    """Names and globs of buckets that may go without a policy."""
    late: timedelta = sources.LATE
    """How long after the period what was delivered late is looked for."""
    access: Access = field(default_factory=Access)
    progress: Callable[[int, int], None] | None = None
    audit: audited.From | None = None
    """Where the facts of the configuration audit come from; None: the run has none."""
    traffic: bool = False
    """Whether the report shows the traffic (`Report.traffic`). It is measured with a state in any case, for reports of later runs."""
    exclusions: Sequence[Exclusion] = ()
    """Buckets that the audit accepts without a policy."""
    redaction: Redaction = NOTHING
    """What its outputs keep to themselves."""
    evidence: Callable[[str, Quarantined], None] | None = None
    """Whether evidence is made of the run: it then knows each log object, its report names no place of this machine where a state is, and
    each quarantined or ambiguous line is told to this one, with its object's name."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What a run came to."""

    report: Report
    """As outputs show it: redacted, where that was asked for."""
    kept: Report
    """As it was judged, for the state alone: what is known to it must be known whether a later run redacts, and with which key."""
    state: State | None = None
    covered: Mapping[str, Any] = field(default_factory=dict)
    """What the state is told of the report beside it."""
    audit: audited.Audited | None = None
    accepted: Container[str] = ()
    """Fingerprints of the baseline."""
    objects: pl.DataFrame | None = None
    """`s3guard.seen.OBJECT` of each log object of the period, where evidence is made of the run."""
    standing: Standing | None = None
    """What it began with."""
    asked: Request | None = None
    """What it was asked."""
    seen: Seen | None = None
    """What its control matrix was made of, before it was redacted; None where it has none."""
    blind: Mapping[str, str] = field(default_factory=dict)
    """What could not be looked at and no result says: a name that stays the same from run to run, and a sentence."""

    def finish(self) -> None:
        """Write down that the run came to its end, and what it reported; to be called once its reports are where they were asked for.

        UnableError where that cannot be written.
        """
        if self.audit is not None:
            self.audit.finish(self.report.run.id)
        if self.state is not None:
            from s3guard.state import run_head

            self._keep_texts(self.state)
            # NOTE: the tables of the traffic are in the state already, and what of the controls no result says is the same in every run.
            record = render(replace(self.kept, traffic=None, controls=()), Options()).encode()
            while not self.state.append(run_head(self.kept.run.id, **self.covered), record):
                self.state.view()

    def _keep_texts(self, state: State) -> None:
        """Keep the text of each policy in the state, so that evidence of the run can show by what it judged."""
        sources = [] if self.standing is None else [source for one in self.standing.policies for source in one.sources]
        state.keep({source.sha256: source.path for source in sources})


def check(request: Request) -> Report:
    """The report of `judged`, for runs without a state."""
    return judged(request).report


@dataclass(frozen=True, slots=True)
class Standing:
    """What a run begins with, and runs that follow each other share: none of it is read or reached anew."""

    policies: tuple[policy.Policy, ...]
    known: Container[str]
    """Fingerprints of the baseline."""
    logs: sources.Sources
    state: State | None
    run: str
    """The run's id; what is judged under one id is one run, however often that is concluded."""
    redaction: Redaction
    """What the request asks for, and what the policies mask."""

    def followed(self) -> Standing:
        """The same for the run that follows."""
        return replace(self, run=str(uuid.uuid4()))

    def covered(self, request: Request) -> Callable[[str], bool] | None:
        """Which buckets' records the request looks at; None where those of all are."""
        return _covered(request, _plan(request, self.policies))

    def aimed(self, request: Request) -> Standing:
        """The same, looking for what this request asks for."""
        return replace(self, logs=self.logs.aimed(_scope(request, _plan(request, self.policies), str(report_root(Path.cwd())))))


def begun(request: Request) -> Standing:
    """Policies read, sources and the state known by name; errors as those of `judged`."""
    root = report_root(Path.cwd())
    loaded = chosen.of_frameworks(policy.load(request.policies), request.frameworks)
    known = chosen.baseline(request.baseline, request.redaction)
    redaction = request.redaction.masking(name for one in loaded for name in one.mask)
    # NOTE: what one policy masks is masked whoever's record it is in.
    loaded = tuple(replace(one, mask=redaction.masks.names) for one in loaded)
    plan = _plan(request, loaded)
    state = None if request.state is None else _state(request.state, request.access, request.logs)
    return Standing(loaded, known, sources.Sources(_scope(request, plan, str(root))), state, str(uuid.uuid4()), redaction)


def _state(uri: str, access: Access, logs: Sequence[str]) -> State:
    """The state of that place; UsageError where it is a folder of the logs, before anything is written into it."""
    from s3guard.state import State

    place = Path(os.path.realpath(uri))
    for one in logs if "://" not in uri else ():
        if Path(one).is_dir() and place.is_relative_to(os.path.realpath(one)):
            raise UsageError(f"--state {uri}: the state would lie among the logs in {one}, and be read as one; give it a place of its own")
    return State(uri, access)


def judged(request: Request, standing: Standing | None = None, objects: Iterator[sources.LogObject] | None = None) -> Judged:
    """Judge log records; the report says all, the exit code too, and is redacted as is asked for.

    `standing` is what earlier runs left, and `objects` what to judge instead of the request's logs. UsageError for what cannot be asked,
    UnableError for what cannot be done.
    """
    started = datetime.now(UTC)
    standing = standing or begun(request)
    loaded, known, logs, state, run = standing.policies, standing.known, standing.logs, standing.state, standing.run
    plan = _plan(request, loaded)
    with Quarantine(request.quarantine, standing.redaction) if request.quarantine else contextlib.nullcontext() as quarantine:
        first = First()
        takers = [quarantine.add if quarantine else None, first.add if request.traffic else None, request.evidence]
        work = engines.Work(
            plan,
            logs.objects(request.logs) if objects is None else objects,
            read=logs.read,
            jobs=request.jobs,
            progress=request.progress,
            quarantine=_told_to(*filter(None, takers)),
        )
        concluded, told = _concluded(request, work, state, run, known)
    coverage = replace(concluded.coverage, listed=logs.listed)
    audit = _audited(request, loaded, known)
    _known_buckets(request.buckets, loaded, coverage, audit)
    results = concluded.results if audit is None else (*concluded.results, *audit.results)
    blind = {**dict(_unlooked(request, coverage)), **{one.partition(": ")[0]: one for one in told.blind}}
    exit_code, notes = _verdict(request, results, coverage, tuple(blind.values()))
    seen = _seen(request, loaded, results, coverage, audit, blind.keys() - {"unreadable", "unnamed"})
    results, controls = (results, ()) if seen is None else _matrix(seen)
    drawn = () if concluded.traffic is None else charted.notes(concluded.traffic, remembered=state is not None)
    waived = waivers.notes(loaded, results, request.as_of)
    why = "--bucket names others" if request.buckets else "no policy is about them"
    of_audit = (*audit.notes, PROVES_OF_AUDIT) if audit else ()
    report = Report(
        version=__version__,
        run=Run(run, started, datetime.now(UTC), request.as_of, request.engine, request.fail_on, concluded.runs),
        status=_STATUS[exit_code],
        exit_code=exit_code,
        coverage=coverage,
        policies=tuple(one.as_judged for one in loaded),
        results=results,
        controls=controls,
        traffic=concluded.traffic,
        unclear=first.lines,
        notes=(*notes, *waived, *told.notes, *drawn, *left_out(logs.listed, request.as_of, why), *of_audit, PROVES),
    )
    masked = replace(standing.redaction, kinds=frozenset()).report(report)
    return Judged(
        report=standing.redaction.report(masked),
        kept=masked,
        state=state,
        covered=told.covered,
        audit=audit,
        accepted=known,
        objects=concluded.objects,
        standing=standing,
        asked=request,
        seen=seen,
        blind=blind,
    )


def _audited(request: Request, loaded: tuple[policy.Policy, ...], known: Container[str]) -> audited.Audited | None:
    """The audit of the configuration, where the run has one."""
    if request.audit is None:
        return None
    from s3guard import audited

    asked = audited.Request(
        policies=request.policies,
        as_of=request.as_of,
        origin=request.audit,
        buckets=request.buckets,
        rules=request.rules,
        state=request.state,
        exclusions=request.exclusions,
    )
    return audited.audited(asked, loaded, known, among=_names(loaded))


def _seen(
    request: Request,
    loaded: tuple[policy.Policy, ...],
    results: tuple[Result, ...],
    coverage: Coverage,
    audit: audited.Audited | None,
    blind: Collection[str],
) -> Seen | None:
    """What the control matrix is made of; None where no policy is about a control. `blind` names what else could not be looked at."""
    if not any(one.frameworks for one in loaded) and not any(one.controls for one in results):
        return None
    from s3guard.matrix import Seen

    sinks, planned = (audit.log_buckets, audit.is_planned) if audit is not None else ((), False)
    hides = bool(request.redaction.kinds)
    lines = [f"{plural(coverage.quarantined, 'line')} could not be read as records"] if "unparsed" in blind else []
    unread = [*lines, *(["the run could not look at everything"] if {*blind} - {"unparsed"} else [])]
    narrowed = chosen.narrowed(loaded, request.buckets, request.rules)
    return Seen(loaded, results, coverage, request.frameworks, sinks, redacts=hides, planned=planned, unread=unread, narrowed=narrowed)


def _matrix(seen: Seen) -> tuple[tuple[Result, ...], tuple[ControlStatus, ...]]:
    """The results with the controls that they bear on, and what they come to for each control."""
    from s3guard.matrix import matrix

    return matrix(seen)


def _concluded(request: Request, work: engines.Work, state: State | None, run: str, known: Container[str]) -> tuple[Conclusion, Told]:
    """The results, and what is to be said of them: of the logs alone, or of all that the state holds."""
    engine = engines.engine(request.engine).run
    if state is not None:
        from s3guard.remembered import Remembered

        remembered = Remembered(state, work.plan, request.as_of, run, engine, work.read, request.late)
        remembered.place = "the state" if request.evidence else ""
        remembered.anew = bool(request.evidence) and not request.logs
        remembered.judge(work)
        return remembered.conclude(known, request.jobs)
    found = engine(work)
    with ThreadPoolExecutor(request.jobs, thread_name_prefix="s3guard") as pool:
        return conclude(work.plan, found, Known(known, day=waivers.day_of(request.as_of)), pool.map), Told()


def _told_to(*takers: Callable[[str, Quarantined], None]) -> Callable[[str, Quarantined], None] | None:
    """What tells each of them; None for none."""
    if not takers:
        return None

    def tell(name: str, line: Quarantined) -> None:
        for taker in takers:
            taker(name, line)

    return tell


def _plan(request: Request, loaded: tuple[policy.Policy, ...]) -> Plan:
    """What of the policies is asked, about which time and which buckets."""
    return Plan(
        loaded,
        since=None if request.since is None else ceil(request.since.timestamp()),
        until=None if request.until is None else ceil(request.until.timestamp()),
        delivered=floor(request.as_of.timestamp() - request.late.total_seconds()),
        rules=_rules(loaded, request.rules, audits=request.audit is not None),
        buckets=frozenset(request.buckets) or None,
        traffic=request.traffic,
        # NOTE: log objects are known one by one where tables are kept apart; with a state they are, and its runs ask for that themselves.
        cell=CELL if request.evidence and request.state is None else None,
    )


def _scope(request: Request, plan: Plan, root: str) -> sources.Scope:
    """What of the sources the run looks at: with a state what its report covers, which is whole hours."""
    since, until = request.since, request.until
    if request.state is not None:
        from s3guard.remembered import usually

        since = (usually(request.as_of) if since is None else since).replace(minute=0, second=0, microsecond=0)
        until = None if until is None or until > _LAST_HOUR else _full_hour(until)
    recognised = request.state is not None or request.evidence is not None
    return sources.Scope(root, since, until, request.late, _covered(request, plan), request.access, recognised)


def _full_hour(instant: datetime) -> datetime:
    """The first full hour that is not before an instant."""
    return (instant + timedelta(hours=1, microseconds=-1)).replace(minute=0, second=0, microsecond=0)


def _covered(request: Request, plan: Plan) -> Callable[[str], bool] | None:
    """Which buckets' records are looked at, for sources that can leave out the others; None where those of all are."""
    if request.require_policy and not request.buckets:
        return None  # NOTE: a bucket that no policy names is then what is looked for.
    judging = [one for one in plan.policies if any(plan.judges(bound) for bound in one.rules)]
    return lambda bucket: (plan.buckets is None or bucket in plan.buckets) and any(one.applies_to(bucket) for one in judging)


def _names(loaded: Sequence[policy.Policy]) -> dict[str, str]:
    """The rules of policies: full name to kind, and each kind to itself."""
    full = {bound.name: bound.rule.kind for one in loaded for bound in one.rules}
    return full | {kind: kind for kind in full.values()}


def _rules(loaded: Sequence[policy.Policy], wanted: Sequence[str], *, audits: bool) -> frozenset[str] | None:
    """The full names of the rules that are asked for; with an audit it tells of names that are nobody's."""
    if not wanted:
        return None
    names = {bound.name: bound.rule.kind for one in loaded for bound in one.rules}
    found: set[str] = set()
    for name in wanted:
        matching = {full for full, kind in names.items() if name in (full, kind)}
        if not matching and not audits:
            raise UsageError(f"--rule {name}: no policy has this rule{did_you_mean(name, [*names, *names.values()])}")
        found |= matching
    return frozenset(found)


def _known_buckets(wanted: Sequence[str], loaded: Sequence[policy.Policy], coverage: Coverage, audit: audited.Audited | None) -> None:
    """UsageError for a bucket that neither the logs nor a policy nor the audit names."""
    known = {row.name for row in audit.facts.buckets} if audit else set()
    known |= {bucket.bucket for bucket in coverage.buckets} | {name for one in loaded for name in one.names}
    for name in wanted:
        if name not in known:
            raise UsageError(f"--bucket {name}: no record and no policy names this bucket{did_you_mean(name, known)}")


def _verdict(request: Request, results: Sequence[Result], coverage: Coverage, blind: tuple[str, ...]) -> tuple[int, tuple[str, ...]]:
    """The exit code, and sentences that say why it is not 0 or would not have been; `blind` are such about what was not looked at."""
    undetermined = sum(result.is_undecided and not breaks_run(result, request.fail_on) for result in results)
    # NOTE: records that were to be judged and are not there make their own results undetermined.
    judged = any(bucket.policies for bucket in coverage.buckets) or any(not result.is_of_records for result in results)
    notes = [*blind]
    if undetermined:
        notes.append(
            f"{plural(undetermined, 'check')} could not be decided; the reason stands beside {'it' if undetermined == 1 else 'each'}."
        )
    if not judged:
        notes.append(_empty(request, coverage))
    if any(breaks_run(result, request.fail_on) for result in results):
        return 1, tuple(notes)
    if blind:
        return (0 if request.allow_undetermined else 3), tuple(notes)
    if not judged:
        return (0 if request.allow_empty else 4), tuple(notes)
    return (3 if undetermined and not request.allow_undetermined else 0), tuple(notes)


def _unlooked(request: Request, coverage: Coverage) -> Iterator[tuple[str, str]]:
    """What could not be looked at and makes the whole run undetermined: a name for it, and a sentence."""
    if coverage.unreadable:
        unread = plural(len(coverage.unreadable), "log object")
        yield "unreadable", f"{unread} could not be read to the end, and what was not read is not judged."
    if not is_legible(coverage, request.max_unparsed):
        share = float(Fraction(coverage.quarantined, lines_read(coverage)) * 100)
        limit = float(request.max_unparsed * 100)
        lines_ = plural(coverage.quarantined, "line")
        yield "unparsed", f"{lines_} ({share:.3g}%) could not be read as records; more than --max-unparsed ({limit:g}%)."
    unnamed = [bucket.bucket for bucket in coverage.buckets if not bucket.policies]
    unnamed = [bucket for bucket in unnamed if not any(matches(glob, bucket) for glob in request.exempt)]
    if unnamed and request.require_policy and not request.buckets:
        some = ", ".join(unnamed[:5])
        yield "unnamed", f"{plural(len(unnamed), 'bucket')} with records has no policy, which --require-policy does not accept: {some}."


def _empty(request: Request, coverage: Coverage) -> str:
    """Why there was nothing to judge."""
    if coverage.records and request.frameworks:
        names = " or ".join(request.frameworks)
        return f"Nothing was judged: no policy that names {names} under `frameworks` has a rule over a bucket with records."
    if coverage.records:
        return "Nothing was judged: no rule that was asked for applies to a bucket that has records."
    if request.state is not None:
        return "Nothing was judged: no record lies in the period that the report covers; --since asks for a longer one."
    if outside := coverage.warnings.get("outside-period", 0):
        return f"Nothing was judged: {plural(outside, 'record')} {'was' if outside == 1 else 'were'} read, and none lies in the period."
    if not coverage.objects:
        return "Nothing was judged: no log object was found."
    return f"Nothing was judged: {plural(coverage.objects, 'log object')} with no record to judge."
