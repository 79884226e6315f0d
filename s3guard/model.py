"""The nouns: what a run found, as plain frozen values that every output reads and JSON carries.

Times are aware `datetime` in UTC with whole seconds. Log text inside a `Finding` (subjects, samples, messages) is raw:
every output passes it through `s3guard.text.visible` before its own escaper.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, Final

from s3guard.traffic import Traffic


class Severity(Enum):
    """How much a finding matters; ordered, so that thresholds are comparisons."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for info up to 4 for critical."""
        return _RANKS[self]

    def at_least(self, other: Severity | None) -> bool:
        """Whether this severity reaches `other`; nothing reaches None (``--fail-on none``)."""
        return other is not None and self.rank >= other.rank


_RANKS: Final = {severity: rank for rank, severity in enumerate(Severity)}


class Status(Enum):
    """What became of one rule over one bucket (SPEC 5)."""

    PASS = "pass"
    FAIL = "fail"
    WAIVED = "waived"
    UNDETERMINED = "undetermined"
    NOT_APPLICABLE = "not_applicable"


class S3GuardError(Exception):
    """Base of every error that a user can mend; the message says where, what and what to do next.

    S3GuardError
    ├── UsageError          wrong usage, configuration or policy: exit code 2
    │   └── PolicyError     one or more problems of policy files (s3guard.policy)
    └── UnableError         could not do what was asked (an output not written, a source not opened): exit code 3
    """


class UsageError(S3GuardError):
    """Wrong usage, configuration or policy: exit code 2."""


class UnableError(S3GuardError):
    """What was asked could not be done, so nothing may read as clean: exit code 3."""


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a policy file: path relative to the git root (else the working directory), 1-based line."""

    file: str
    line: int


@dataclass(frozen=True, slots=True, order=True)
class Control:
    """One control of one compliance framework, such as ``hipaa`` ``164.312(b)``."""

    framework: str
    control: str


@dataclass(frozen=True, slots=True)
class Sample:
    """One log record behind a finding: where it is written."""

    object: str
    """The log object: a path or URI as the source names it."""
    line: int
    """1-based, newlines counted, blank lines too."""
    request_id: str | None
    time: datetime


@dataclass(frozen=True, slots=True)
class Finding:
    """One subject (who did what) with one outcome: never one record."""

    fingerprint: str
    """64 hex: SHA-256 over policy, rule, bucket, outcome and subject; never over a count or a time."""
    message: str
    """One sentence for people; may hold log text."""
    subject: dict[str, str | int | None]
    """Field name to log text; None is a group of its own (anonymous, or a field that the record leaves empty)."""
    outcome: str | None
    """``served``, ``refused``, ``failed``; None for rules about groups."""
    severity: Severity
    records: int
    first_seen: datetime | None
    last_seen: datetime | None
    waiver: dict[str, Any] | None = None
    baseline: str = "new"
    """``new`` or ``unchanged``."""
    samples: tuple[Sample, ...] = ()


@dataclass(frozen=True, slots=True)
class Omitted:
    """What a flood kept out of `Result.findings`."""

    findings: int = 0
    records: int = 0


@dataclass(frozen=True, slots=True)
class Result:
    """One rule of one policy over one bucket."""

    rule: str
    """``<policy>/<kind>`` or ``<policy>/<kind>/<id>``."""
    kind: str
    policy: str
    bucket: str | None
    """None: a glob that matched no bucket."""
    title: str
    status: Status
    severity: Severity
    """Of the worst unwaived finding; the rule's own where there is none."""
    reason: str | None
    """Why it is undetermined or not applicable, or, beside findings, what could not be judged; None otherwise.

    Written by s3guard; may quote log text."""
    records: int
    violations: int
    unjudged: int
    controls: tuple[Control, ...]
    location: Location
    findings: tuple[Finding, ...]
    omitted: Omitted = Omitted()
    help: str = ""
    """What the rule is for and what to do about a violation: text of the policy or of s3guard, never log text."""

    @property
    def is_of_records(self) -> bool:
        """Whether records were judged, and so their number says something; not so in the audit of the configuration (kind ``logging``)."""
        return self.kind != "logging"

    @property
    def is_undecided(self) -> bool:
        """Whether something that it should have looked at could not be judged; a finding beside that, say a known one, settles nothing."""
        return self.status is Status.UNDETERMINED or (self.status in (Status.FAIL, Status.WAIVED) and self.reason is not None)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A log object that could not be read to its end; whole lines before the fault were judged."""

    object: str
    reason: str


@dataclass(frozen=True, slots=True)
class Counts:
    """How many records there are in stretches of time that follow each other."""

    since: datetime
    """When the first of the stretches begins."""
    records: tuple[int, ...]
    """Of each stretch; 0 where there is none."""


@dataclass(frozen=True, slots=True)
class Hours:
    """In which hours there are records of a bucket, or in which longer stretches where hours are too many to be told."""

    span: int = 3_600
    """Seconds of a stretch; it begins at a multiple of them since 1970, UTC."""
    seen: int = 0
    """Stretches with records."""
    of: int = 0
    """All stretches of the period; where it has no beginning, or no end, from the first record, or up to the last."""
    counts: tuple[Counts, ...] = ()
    """The records of all stretches that have any, in the order of time; more than 24 stretches without one are left out."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A time without a record."""

    since: datetime
    """Of the last record before it, or the beginning of the period."""
    until: datetime
    """Of the first record after it, or the end of the period."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What a rule ``completeness`` expects of the records of a bucket."""

    rule: str
    max_gap: int | None
    """Seconds without a record that it tolerates at most."""
    min_records: int
    """Records of the period that it asks for."""
    status: Status
    """What became of it."""


@dataclass(frozen=True, slots=True)
class BucketCoverage:
    """What was seen of one bucket."""

    bucket: str
    records: int
    policies: tuple[str, ...]
    first_record: datetime | None
    last_record: datetime | None
    hours: Hours = Hours()
    gaps: tuple[Gap, ...] = ()
    """The ten longest times without a record of those that are longer than a stretch of `hours`, in the order of time."""
    expected: tuple[Expected, ...] = ()
    """Of the rules that are judged; none: nothing says how many records there should be."""


@dataclass(frozen=True, slots=True)
class Listed:
    """What of a source was looked at, where it is one that is listed by what its names tell, such as S3."""

    source: str
    """The argument."""
    since: datetime | None
    """Log objects named for then or later; None: from the first."""
    until: datetime | None
    """Log objects named for before then, which is the end of the period and `late`; None: up to the last."""
    late: int
    """Seconds after the period in which late deliveries were looked for."""
    unnamed: int
    """Log objects whose names tell no time, and which were read whatever the period is."""
    skipped: tuple[str, ...]
    """Buckets whose log objects are there and were not read, since nothing that was asked is about them."""


@dataclass(frozen=True, slots=True)
class Unclear:
    """A line that is no record, or could be read in several ways, by its origin; its text is the quarantine's."""

    object: str
    line: int
    """1-based."""
    status: str
    """``quarantined`` or ``ambiguous``."""
    reason: str
    """Why; never quotes the line."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was looked at and what could not be."""

    objects: int
    bytes: int
    """As stored (compressed size for compressed objects)."""
    records: int
    ambiguous: int
    quarantined: int
    unreadable: tuple[Unreadable, ...]
    warnings: dict[str, int]
    """Integrity and coverage warnings: kind to count of records (or objects)."""
    first_record: datetime | None
    last_record: datetime | None
    buckets: tuple[BucketCoverage, ...]
    listed: tuple[Listed, ...] = ()


@dataclass(frozen=True, slots=True)
class Stretch:
    """Hours that follow each other, in each of which a run judged records."""

    bucket: str | None
    """None: of any bucket, where those of each would be too many to be told."""
    since: datetime
    until: datetime
    """The first second after them."""
    records: int


@dataclass(frozen=True, slots=True)
class RunCoverage:
    """What one run of a state judged of the period of the report."""

    run: str
    """Its id."""
    finished: datetime | None
    """When it came to its end; None for a run that did not, and for the one whose report this is."""
    objects: int
    """Log objects that it judged first."""
    again: int
    """Log objects that earlier runs had judged and that it judged by rules that had not seen them."""
    records: int
    """Records that it judged first."""
    stretches: tuple[Stretch, ...]
    """When those records are of."""


@dataclass(frozen=True, slots=True)
class Notified:
    """What became of telling one channel."""

    channel: str
    """Who it is, without what is secret of its URL."""
    status: str
    """``sent``; ``quiet``: there was nothing to tell; ``held``: told later, with what comes by then; ``failed``: told by the next run."""
    new: int = 0
    worsened: int = 0
    resolved: int = 0
    """Findings."""
    unjudged: int = 0
    """What could not be judged, and could before."""
    judged_again: int = 0
    reason: str | None = None
    """Why it failed, or what else is to be said of it."""

    @property
    def counts(self) -> str:
        """What there was to tell it, in a few words: ``2 new, 1 resolved``; empty where there was nothing."""
        told = {
            "new": self.new,
            "worsened": self.worsened,
            "resolved": self.resolved,
            "not judged": self.unjudged,
            "judged again": self.judged_again,
        }
        return ", ".join(f"{count:,} {what}" for what, count in told.items() if count)


@dataclass(frozen=True, slots=True)
class Run:
    """The one block of a report that may differ between two runs over the same input."""

    id: str
    started: datetime
    finished: datetime
    as_of: datetime
    engine: str
    fail_on: Severity | None = Severity.MEDIUM
    """Lowest severity that fails the run; None never fails on findings."""
    judged: tuple[RunCoverage, ...] = ()
    """Which runs of the state judged what this report covers, in the order in which they wrote it down; none without a state."""
    notified: tuple[Notified, ...] = ()
    """What became of telling the channels that were named, in their order; none where nobody was to be told."""


@dataclass(frozen=True, slots=True)
class PolicyFile:
    """A policy as judged: name, file, SHA-256 of the file's bytes (hex)."""

    policy: str
    file: str
    sha256: str


class Evidenced(Enum):
    """What a run shows about a control; no word of it says that the control is met."""

    EVIDENCED = "evidenced"
    """Every kind of evidence that this tool has for it was found, by direct observation or of the configuration, and speaks for it."""
    PARTLY = "partly"
    """Some of the evidence speaks for it; the rest is missing, undecided, waived, of a part of the requests alone, or supports it only."""
    VIOLATIONS = "violations found"
    """A check that bears on it found what speaks against it, and nobody waived that."""
    UNDETERMINED = "undetermined"
    """What bears on it could not be judged: neither for nor against."""
    NOT_EVIDENCED = "not evidenced"
    """Nothing in this run bears on it."""


@dataclass(frozen=True, slots=True)
class ControlStatus:
    """What a run shows about one control of a framework."""

    framework: str
    """The framework as shipped, with its version where it has one: ``hipaa``, ``pci-dss-4.0.1``; else the name that a policy gives it."""
    control: str
    title: str
    """A paraphrase in our own words; empty where a policy names a control that no framework of ours has."""
    status: str
    """The value of an `Evidenced`."""
    results: tuple[str, ...]
    """The rules and checks that bear on it, as `Result.rule`, each once, sorted; they may have results over several buckets."""
    reason: str = ""
    """A sentence: why this status, what is missing, or what would show it where this tool cannot."""
    strength: str | None = None
    """Of the strongest evidence that speaks for it: ``direct``, ``configuration`` or ``supporting``; None where none does."""
    confidence: str | None = None
    """Who says that this evidence bears on it: ``published`` (a public mapping), ``interpretation`` (ours), ``stated`` (the policy)."""
    run: tuple[str, ...] = ()
    """Evidence that the run itself is, beside its results: ``E-RUN`` and others of `s3guard.frameworks`, sorted."""


@dataclass(frozen=True, slots=True)
class Redacted:
    """What of a report is redacted: pseudonyms stand for it."""

    kinds: tuple[str, ...]
    """Of `s3guard.redaction.KINDS`, in their order; one at least."""
    key: str
    """The id of the key that they are made with, 16 hex."""


@dataclass(frozen=True, slots=True)
class Report:
    """All that a run found; every output is a rendering of it."""

    version: str
    """Of s3guard."""
    run: Run
    status: Status
    """Follows the exit code: pass 0, fail 1, undetermined 3, not_applicable 4."""
    exit_code: int
    coverage: Coverage
    policies: tuple[PolicyFile, ...]
    results: tuple[Result, ...]
    controls: tuple[ControlStatus, ...] = ()
    notes: tuple[str, ...] = field(default=())
    """Sentences that every output repeats: why a run is undetermined, what it proves and what not."""
    unwritten: tuple[str, ...] = ()
    """Outputs of the run that could not be written, each with the reason; a run of which there is one is no pass."""
    traffic: Traffic | None = None
    """What the records say of the traffic, where the run was asked for it."""
    redacted: Redacted | None = None
    """None: everything is shown as the log has it, but for credentials."""
    unclear: tuple[Unclear, ...] = ()
    """The first 100 lines that the run met and that are no record, or could be read in several ways, by object and line; none where the
    run was not asked for the traffic. Of objects that a state knew, the runs that read them told; `coverage` counts all of both kinds."""

    @property
    def summary(self) -> dict[str, int]:
        """Counts of results by status, and of findings shown and omitted."""
        counts = {status.value: 0 for status in Status}
        for result in self.results:
            counts[result.status.value] += 1
        counts["findings"] = sum(len(result.findings) + result.omitted.findings for result in self.results)
        return counts
