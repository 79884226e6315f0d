"""The audit of the logging configuration from end to end: facts from wherever they are, checks over them, a report."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from s3guard import __version__, chosen, policy, waivers
from s3guard.audit import checks, judge, snapshot
from s3guard.audit.checks import Check
from s3guard.audit.graph import Graph
from s3guard.audit.rows import Facts
from s3guard.audit.wants import wants
from s3guard.aws import Access
from s3guard.model import ControlStatus, Coverage, Location, Report, Result, Run, Severity, Status, UsageError
from s3guard.outputs import PROVES_OF_AUDIT, instant, plural
from s3guard.policy import Policy
from s3guard.problems import did_you_mean
from s3guard.redaction import NOTHING, Redaction
from s3guard.repository import report_root, shown_path
from s3guard.settings import Exclusion
from s3guard.verdict import breaks_run

if TYPE_CHECKING:
    from s3guard.audit.canary import Asking

_STATUS: Final = {0: Status.PASS, 1: Status.FAIL, 3: Status.UNDETERMINED, 4: Status.NOT_APPLICABLE}
LIMITS: Final = (
    "The configuration is judged as it was then. Identity policies, service and resource control policies, access points and VPC endpoint "
    "policies are not looked at: they can still keep logs from arriving, or let others at them."
)
"""What an audit cannot see; every report of one says it."""


@dataclass(frozen=True, slots=True)
class From:
    """Where facts come from: live accounts, unless one of the files is given."""

    accesses: Sequence[Access] = (Access(),)
    """One an account."""
    organization_role: str | None = None
    """The name of a role in every account of the organisation; its accounts are then looked at with it."""
    jobs: int | None = None
    """Buckets that are asked at a time."""
    snapshot: Path | None = None
    plan: Path | None = None
    """``terraform show -json PLAN``."""
    template: Path | None = None
    """A CloudFormation template, JSON or YAML."""
    save: Path | None = None
    """Where the facts are written, beside being judged."""
    progress: Callable[[int, int], None] | None = None
    """Told how many buckets were asked, and how many there are."""


@dataclass(frozen=True, slots=True)
class Request:
    """What an audit is asked to do."""

    policies: Sequence[Path]
    as_of: datetime
    """The clock of the run, UTC."""
    origin: From = field(default_factory=From)
    buckets: Sequence[str] = ()
    rules: Sequence[str] = ()
    """``SAL-001``, ``logging/SAL-001``, ``policy/logging/SAL-001``, or ``logging`` for all."""
    frameworks: Sequence[str] = ()
    fail_on: Severity | None = Severity.MEDIUM
    baseline: Path | None = None
    state: str | None = None
    """Where the canary is remembered: a folder, or ``s3://bucket/prefix``."""
    allow_undetermined: bool = False
    allow_empty: bool = False
    exclusions: Sequence[Exclusion] = ()
    redaction: Redaction = NOTHING


@dataclass(frozen=True, slots=True)
class Audited:
    """What an audit came to."""

    results: tuple[Result, ...]
    notes: tuple[str, ...]
    facts: Facts
    policies: tuple[Policy, ...]
    finish: Callable[[str], None]
    """Write down, for the run of that id, what the next one may look for; to be called once reports are where they were asked for."""
    kept: Report | None = None
    """The report of an audit alone as it was judged, for what is remembered from run to run."""

    @property
    def log_buckets(self) -> frozenset[str]:
        """The buckets that are known as the target of access logs."""
        graph = Graph(self.facts)
        return frozenset((*(edge.target for edge in graph.edges), *(one.name for one in self.facts.buckets if graph.is_sink(one))))

    @property
    def is_planned(self) -> bool:
        """Whether it judged what is to be, not what is there: a Terraform plan or a template."""
        return self.facts.source == "template"


def audit(request: Request) -> tuple[Report, Audited]:
    """The report of an audit alone, redacted as is asked for. UsageError for what cannot be asked, UnableError for what cannot be done."""
    started = datetime.now(UTC)
    loaded = chosen.of_frameworks(policy.load(request.policies), request.frameworks)
    found = audited(request, loaded, chosen.baseline(request.baseline, request.redaction))
    exit_code, notes = _verdict(request, found.results)
    coverage = Coverage(0, 0, 0, 0, 0, (), {}, None, None, ())
    results, controls = _controls(request, loaded, found, coverage)
    report = Report(
        version=__version__,
        run=Run(str(uuid.uuid4()), started, datetime.now(UTC), request.as_of, "local", request.fail_on),
        status=_STATUS[exit_code],
        exit_code=exit_code,
        coverage=coverage,
        policies=tuple(one.as_judged for one in loaded),
        results=results,
        controls=controls,
        notes=(*notes, *waivers.notes(loaded, results, request.as_of), *found.notes, PROVES_OF_AUDIT),
    )
    redaction = request.redaction.masking(name for one in loaded for name in one.mask)
    masked = replace(redaction, kinds=frozenset()).report(report)
    return redaction.report(masked), replace(found, kept=masked)


def audited(request: Request, loaded: tuple[Policy, ...], known: Container[str], *, among: Collection[str] = ()) -> Audited:
    """Look and judge; `among` are names of other rules that `request.rules` may also name."""
    catalog = checks.catalog()
    wanted = _wanted(request.rules, loaded, catalog, among)
    facts, finish = _facts(request, loaded, catalog)
    if request.origin.save is not None:
        from s3guard import files

        files.write(request.origin.save, [snapshot.dump(facts).decode()])
    asked = judge.Asked(
        policies=loaded,
        checks=catalog,
        now=request.as_of,
        elsewhere=_elsewhere(request.exclusions, loaded),
        wanted=wanted,
        buckets=request.buckets,
        exclusions=request.exclusions,
        known=known,
    )
    _known_buckets(request.buckets, loaded, facts, among)
    return Audited(judge.judge(facts, asked), tuple(_notes(request, facts)), facts, loaded, finish)


def _controls(
    request: Request, loaded: tuple[Policy, ...], found: Audited, coverage: Coverage
) -> tuple[tuple[Result, ...], tuple[ControlStatus, ...]]:
    """The results with the controls that they bear on, and what they come to for each control."""
    if not any(one.frameworks for one in loaded):
        return found.results, ()
    from s3guard.matrix import Seen, matrix

    hides = bool(request.redaction.kinds)
    narrowed = chosen.narrowed(loaded, request.buckets, request.rules)
    planned = found.is_planned
    asked = request.frameworks
    return matrix(Seen(loaded, found.results, coverage, asked, found.log_buckets, redacts=hides, planned=planned, narrowed=narrowed))


def _facts(request: Request, loaded: Sequence[Policy], catalog: Mapping[str, Check]) -> tuple[Facts, Callable[[str], None]]:
    origin = request.origin
    files = {"--snapshot": origin.snapshot, "--plan": origin.plan, "--template": origin.template}
    given = {flag: path for flag, path in files.items() if path is not None}
    if len(given) > 1:
        raise UsageError(f"{' and '.join(given)}: an audit looks at one thing; run it once for each")
    root = report_root(Path.cwd())
    if origin.snapshot is not None:
        return snapshot.read(origin.snapshot), lambda _run: None
    if origin.plan is not None:
        from s3guard.audit import terraform

        return terraform.read(origin.plan, shown_path(origin.plan, root), request.as_of), lambda _run: None
    if origin.template is not None:
        from s3guard.audit import cloudformation

        return cloudformation.read(origin.template, shown_path(origin.template, root), request.as_of), lambda _run: None
    return _live(request, loaded, catalog)


def _live(request: Request, loaded: Sequence[Policy], catalog: Mapping[str, Check]) -> tuple[Facts, Callable[[str], None]]:
    """Live accounts; with a state, what earlier runs asked is looked for and what this one asked is remembered."""
    from s3guard.audit import aws, canary
    from s3guard.audit.organization import entries

    origin = request.origin
    accesses = tuple(origin.accesses)
    shelf, runs = None, None
    if request.state is not None:
        from s3guard.state.store import opened

        shelf = opened(request.state, accesses[0])
        runs = canary.remembered(shelf, request.as_of)
    if origin.organization_role is not None:
        accesses = entries(accesses, origin.organization_role)
    named = sorted({name for one in loaded for name in one.names} | set(request.buckets))
    seen = aws.look(
        aws.Look(
            accesses,
            # NOTE: a snapshot is judged by whoever reads it, so it holds the facts of all checks.
            wants(catalog.values() if origin.save else _needed(request.rules, catalog)),
            request.as_of,
            named,
            origin.jobs or aws.JOBS,
            runs,
            origin.progress,
        )
    )

    def finish(run: str) -> None:
        if shelf is not None:
            asked: tuple[Asking, ...] = seen.runs
            canary.remember(shelf, asked, run, request.as_of)

    return seen.facts, finish


def _needed(rules: Sequence[str], catalog: Mapping[str, Check]) -> list[Check]:
    """The checks that are asked for by name; all where none is."""
    if not rules or any(name.rpartition("/")[2] not in catalog for name in rules):
        return list(catalog.values())
    return [catalog[name.rpartition("/")[2]] for name in rules]


def chosen_checks(rules: Sequence[str]) -> list[Check]:
    """The checks that names ask for (``SAL-001``, ``logging/SAL-001``, ``logging``), all where there are none; UsageError for others."""
    catalog = checks.catalog()
    _wanted(rules, (), catalog, ())
    return _needed([name for name in rules if name != judge.KIND], catalog)


def _wanted(rules: Sequence[str], loaded: Sequence[Policy], catalog: Mapping[str, Check], among: Collection[str]) -> Callable[[str], bool]:
    """Which results are asked for; UsageError for a name that is no check's and not `among` the others that may be named."""
    owners = {one.name for one in loaded}
    for name in rules:
        owner, _, check = name.rpartition(f"{judge.KIND}/")
        owner = owner.rstrip("/")
        is_check = name == judge.KIND or (check in catalog and (not owner or owner in owners or owner.startswith("account:")))
        if not is_check and name not in among:
            raise UsageError(f"--rule {name}: no check of the audit has this name{did_you_mean(name, [*catalog, *among])}")

    def wanted(rule: str) -> bool:
        tail = rule.rpartition("/")[2]
        return not rules or any(name in (rule, tail, judge.KIND, f"{judge.KIND}/{tail}") for name in rules)

    return wanted


def _known_buckets(wanted: Sequence[str], loaded: Sequence[Policy], facts: Facts, among: Collection[str]) -> None:
    if among:
        return  # NOTE: the logs may know it; whoever reads them looks.
    known = {row.name for row in facts.buckets} | {name for one in loaded for name in one.names}
    for name in wanted:
        if name not in known:
            raise UsageError(f"--bucket {name}: no account and no policy has this bucket{did_you_mean(name, known)}")


def _elsewhere(exclusions: Sequence[Exclusion], loaded: Sequence[Policy]) -> Location:
    """Where what no policy says is placed: the settings file that excludes buckets, else the first policy."""
    for one in exclusions:
        file, line, *_ = [*one.source.split(":"), "1"]
        return Location(file, int(line) if line.isdigit() else 1)
    return loaded[0].location if loaded else Location("policies", 1)


def _notes(request: Request, facts: Facts) -> Iterator[str]:
    buckets, accounts = plural(len(facts.buckets), "bucket"), plural(len(facts.accounts), "account")
    if facts.source == "template":
        yield f"Audited {buckets} of {facts.template}, as they would be after it is applied; deliveries show only then."
    elif request.origin.snapshot is not None:
        yield f"Audited {buckets} of {accounts} as the snapshot of {instant(facts.taken)} has them."
    else:
        yield f"Audited {buckets} of {accounts} at {instant(facts.taken)}."
    yield LIMITS


def _verdict(request: Request, results: Sequence[Result]) -> tuple[int, tuple[str, ...]]:
    """The exit code, and sentences that say why it is not 0 or would not have been."""
    undetermined = sum(result.is_undecided and not breaks_run(result, request.fail_on) for result in results)
    notes = [f"{plural(undetermined, 'check')} could not be decided; the reason stands beside each."] if undetermined else []
    judged = any(result.status is not Status.NOT_APPLICABLE for result in results)
    if not judged:
        notes.append("Nothing was judged: no check that was asked for applies to a bucket that was found.")
    if any(breaks_run(result, request.fail_on) for result in results):
        return 1, tuple(notes)
    if not judged:
        return (0 if request.allow_empty else 4), tuple(notes)
    return (3 if undetermined and not request.allow_undetermined else 0), tuple(notes)
