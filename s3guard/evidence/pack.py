"""A pack: the members that its material makes, the manifest over them, and who signed it; the same material, the same bytes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from s3guard import frameworks, outputs, waivers
from s3guard.evidence import archive, manifest, told
from s3guard.evidence.found import Found
from s3guard.evidence.manifest import Manifest, Period, Promises, Redacted
from s3guard.evidence.material import Material
from s3guard.evidence.members import (
    COVERAGE,
    FRAMEWORKS,
    JUNIT,
    OBJECTS,
    PAGE,
    QUARANTINED,
    REPORT,
    RUNS,
    SARIF,
    WAIVERS,
    Content,
    Member,
    Spool,
)
from s3guard.evidence.readme import readme
from s3guard.evidence.reviews import Change, Kept, Schedule, changes, schedule
from s3guard.evidence.signing import Seal, sealed
from s3guard.evidence.texts import earlier, texts
from s3guard.model import Report, UnableError
from s3guard.outputs import Options, instant
from s3guard.packed import PackEvidence, Reviews
from s3guard.redaction.reports import part
from s3guard.text import shown

_RENDERED = {REPORT: "json", PAGE: "html", JUNIT: "junit", SARIF: "sarif"}


@dataclass(frozen=True, slots=True)
class Packed:
    """A pack that was written."""

    manifest: Manifest
    report: Report

    @property
    def is_whole(self) -> bool:
        """Whether all was looked at that should have been."""
        return not self.manifest.not_looked_at


def pack(path: Path, material: Material, seal: Seal | None = None) -> Packed:
    """Write a pack, signed where there is a `seal`, whole or not at all.

    UnableError where it cannot be written or signed, or a policy is no longer what it was.
    """
    files = texts(material.policies)
    facts = _facts(material)
    reasons = [shown(sentence) for sentence in told.not_looked_at(material, facts.schedules, facts.found)]
    report = _with_controls(files.report(material.report), material, facts, is_whole=not reasons)
    coverage = told.coverage(material)
    digests = {digest for run in material.runs for digest in run.policies.values()}
    members: list[Content] = [*files.members, *earlier(digests, material.text, files), *_frameworks(material)]
    members += [Member(name, "".join(outputs.find(kind).render(report, Options())).encode("utf-8")) for name, kind in _RENDERED.items()]
    members.append(_json(COVERAGE, coverage))
    members.append(_json(RUNS, told.runs(material, facts.schedules, facts.changed, facts.found)))
    members.append(_json(WAIVERS, {"waivers": _waivers(material, files.report(material.judged))}))
    try:
        with Spool(OBJECTS) as objects, Spool(QUARANTINED) as quarantined:
            members += [objects.extend(told.objects(material)), quarantined]
            count = 0
            for line in () if material.lines is None else material.lines.written(material.redaction):
                quarantined.write(line)
                count += 1
            hours = sum(len(bucket["hours"]) for bucket in coverage["buckets"])
            bare = _manifest(material, report, facts, (hours, count), reasons)
            members.append(readme(bare, [member.path for member in members]))
            whole = bare.model_copy(update={"files": manifest.listed(members)})
            signed = [] if seal is None else sealed(whole, report, seal)
            archive.write(path, [*members, whole.member(), *signed])
    except OSError as error:
        raise UnableError(f"could not write {shown(str(path))}: {error.strerror or error}") from error
    return Packed(whole, report)


@dataclass(frozen=True, slots=True)
class _Facts:
    """What was found of runs."""

    found: list[Found]
    schedules: list[Schedule]
    changed: tuple[Change, ...]


def _facts(material: Material) -> _Facts:
    if not material.knows_runs:
        return _Facts(_of_period(material), [], ())
    as_of = material.report.run.as_of
    until = min(material.until, as_of)
    schedules = [schedule(one, material.runs, material.since, until) for one in material.policies]
    return _Facts(_of_period(material), schedules, changes(material.policies, material.runs, material.since, as_of))


def _with_controls(report: Report, material: Material, facts: _Facts, *, is_whole: bool) -> Report:
    """The report with the control matrix of a pack, which is evidence of more than a report is."""
    if material.seen is None:
        return report
    from s3guard.matrix import matrix

    reviews = [
        Reviews(
            one.policy,
            None if one.every is None else int(one.every.total_seconds()),
            len(one.reviews),
            one.count(Kept.ON_TIME),
            one.count(Kept.LATE),
            one.count(Kept.INCOMPLETE),
            one.count(Kept.MISSING),
        )
        for one in facts.schedules
    ]
    pack = PackEvidence(material.knows_runs, reviews, is_whole)
    return replace(report, controls=matrix(replace(material.seen, pack=pack))[1])


def _manifest(material: Material, report: Report, facts: _Facts, counted: tuple[int, int], reasons: list[str]) -> Manifest:
    """The manifest without its files; `counted` are hours with records, and lines that are no record."""
    hours, quarantined = counted
    return Manifest(
        period=Period(since=instant(material.since), until=instant(material.until), open=material.open),
        as_of=instant(report.run.as_of),
        status=report.status.value,
        exit_code=report.exit_code,
        not_looked_at=reasons,
        policies={one.policy: one.sha256 for one in report.policies},
        redacted=None if report.redacted is None else Redacted(kinds=list(report.redacted.kinds), key=report.redacted.key),
        state=material.state,
        promises=Promises(
            objects=material.objects.height,
            records=report.coverage.records,
            runs=len(facts.found),
            hours=hours,
            quarantined=quarantined,
        ),
        files=[],
    )


def _of_period(material: Material) -> list[Found]:
    """The runs that ended in the period, and those after it that judged records of it."""
    judged = {one.run for one in material.judged.run.judged}
    return [
        run
        for run in material.runs
        if material.since <= run.finished and (run.finished < material.until or run.id in judged or run.sha256 is None)
    ]


def _frameworks(material: Material) -> Iterator[Member]:
    """The frameworks that the policies give evidence for, as they are shipped."""
    names = {frameworks.resolved(name) for policy in material.policies for name in policy.frameworks}
    for name in sorted(name for name in names if name is not None):
        yield Member(f"{FRAMEWORKS}{name}.yaml", (frameworks.FOLDER / f"{name}.yaml").read_bytes())


def _waivers(material: Material, judged: Report) -> list[dict[str, Any]]:
    entries = waivers.register(material.policies, judged, judged.run.as_of)
    plain = [part(waivers.document(one), material.redaction) for one in entries]
    return [_shown(one) for one in plain]


def _shown(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    if isinstance(value, str):
        return shown(value)
    if isinstance(value, dict):
        return {shown(str(key)): _shown(item) for key, item in value.items()}
    return [_shown(item) for item in value] if isinstance(value, list | tuple) else value


def _json(name: str, value: object) -> Member:
    return Member(name, outputs.json_text(value).encode("ascii"))
