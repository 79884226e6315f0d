"""What takes the logs: whether they are still what they were, and whether the pack's policies give the pack's verdicts over them."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from s3guard import __version__, check, policy
from s3guard.aws import Access
from s3guard.drafts import shipped_packs
from s3guard.evidence.contents import Contents
from s3guard.evidence.members import MANIFEST
from s3guard.evidence.originals import Fate, Original, originals
from s3guard.evidence.untrusted import WrongError, quoted
from s3guard.evidence.verification import Check, Mark
from s3guard.model import Finding, Report, Result, UsageError
from s3guard.outputs import plural
from s3guard.redaction import Redaction

_Key = tuple[str, str | None]


def same_objects(contents: Contents, root: Path, access: Access) -> Check:
    """Whether every log object of the pack still has the bytes that were judged."""
    faults: list[str] = []
    unread: list[str] = []
    count = 0
    for one in originals(contents.objects(), root, access):
        count += 1
        if one.fate is not Fate.SAME:
            (unread if one.fate is Fate.UNREAD else faults).append(_fate(one))
    if faults:
        says = f"{plural(len(faults), 'log object')} of {count:,} {'is' if len(faults) == 1 else 'are'} not what was judged any more."
        return Check("objects", Mark.BROKEN, says, (*faults, *unread))
    if unread:
        return Check("objects", Mark.UNKNOWN, f"{plural(len(unread), 'log object')} of {count:,} could not be looked at.", tuple(unread))
    return Check("objects", Mark.HOLDS, f"All {plural(count, 'log object')} still have the size and the SHA-256 that the pack says.")


def _fate(one: Original) -> str:
    version = f", version {one.judged.version}" if one.judged.version else ""
    return f"{one.judged.uri}{version}: {one.fate.value}: {one.reason}"


def same_verdicts(contents: Contents, logs: Sequence[str], access: Access, redaction: Redaction, jobs: int | None) -> Check:
    """Whether the policies of the pack, over these logs, for the period and by the clock of the pack, give the verdicts of the pack."""
    pack = contents.report
    if pack.redacted is not None:
        needed = f"the pack is redacted: give the key {pack.redacted.key} with --redact-key-file, to compare what it says with the logs"
        if redaction.key is None or redaction.key.id != pack.redacted.key:
            return Check("replay", Mark.UNKNOWN, f"Nothing was judged again: {needed}.")
        redaction = replace(redaction, kinds=frozenset(pack.redacted.kinds))
    with tempfile.TemporaryDirectory(prefix="s3guard-") as folder:
        try:
            files = contents.unpacked(Path(folder))
            policies = policy.load(files, Path(folder))
            if strange := [*_strange(policies, Path(folder), contents)]:
                return Check(
                    "replay", Mark.UNKNOWN, "Nothing was judged again: the policies in the pack are not whole here.", tuple(strange)
                )
            found = check.check(_request(contents, files, logs, access, redaction, jobs))
        except UsageError as error:
            return Check(
                "replay", Mark.UNKNOWN, "The policies could not be judged again.", tuple(str(error).replace(f"{folder}/", "").split("\n"))
            )
    backward = frozenset(bound.name for one in policies for bound in one.rules if bound.rule.compares)
    differences = [*_differences(pack, found, backward)]
    if found.coverage.unreadable:
        unread = [f"{one.object}: {one.reason}" for one in found.coverage.unreadable]
        return Check(
            "replay", Mark.UNKNOWN, "Some of the logs could not be read to the end, so the verdicts could not be compared.", tuple(unread)
        )
    if broken := [one for one, is_certain in differences if is_certain]:
        says = "Judged again by the policies of the pack, these logs give other verdicts."
        return Check("replay", Mark.BROKEN, says, (*broken, *(one for one, is_certain in differences if not is_certain)))
    if differences:
        says = "Judged again, all is the same but for rules that look at what was before the period, which these logs may not hold."
        return Check("replay", Mark.UNKNOWN, says, tuple(one for one, _ in differences))
    read = f"{plural(found.coverage.records, 'record')} in {plural(found.coverage.objects, 'log object')}"
    says = f"Judged again by the policies of the pack, {read} give the same {plural(len(pack.results), 'result')} and the same findings."
    return Check("replay", Mark.HOLDS, says)


def _request(
    contents: Contents, files: Sequence[Path], logs: Sequence[str], access: Access, redaction: Redaction, jobs: int | None
) -> check.Request:
    listed, report = contents.manifest, contents.report
    return check.Request(
        logs=logs,
        policies=files,
        as_of=_instant(listed.as_of),
        since=None if "since" in listed.period.open else _instant(listed.period.since),
        until=None if "until" in listed.period.open else _instant(listed.period.until),
        fail_on=report.run.fail_on,
        access=access,
        redaction=redaction,
        jobs=jobs,
    )


def _instant(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise WrongError(f"{MANIFEST} names a time that there is not: {quoted(text)}") from error


def _strange(policies: Sequence[policy.Policy], folder: Path, contents: Contents) -> Iterator[str]:
    """Files that the policies extend here and that are not those of the pack."""
    known = {one.sha256 for one in contents.manifest.files}
    for one in policies:
        for source in one.sources:
            if source.sha256 in known:
                continue
            if source.path.is_relative_to(folder):
                yield f"{one.name} extends {source.file}, which is not what the manifest lists"
            elif source.path.is_relative_to(shipped_packs()):
                yield (
                    f"{one.name} extends {source.path.name} of s3guard {contents.manifest.tool.version}; this is s3guard {__version__}, "
                    "which ships another one"
                )
            else:
                yield f"{one.name} extends a file that is not in the pack"


def _differences(pack: Report, found: Report, backward: Collection[str]) -> Iterator[tuple[str, bool]]:
    """What the pack says, and what came of judging again, where they are two things: a clause each, and whether it is certain.

    It is not where a rule, of those named in `backward`, looks at what was before the period.
    """
    if pack.coverage.records != found.coverage.records:
        yield f"the pack is about {plural(pack.coverage.records, 'record')}, these logs hold {found.coverage.records:,} of the period", True
    before, after = _by_name(pack.results), _by_name(found.results)
    for name in [*before, *(name for name in after if name not in before)]:
        where, is_certain = f"{name[0]} over {name[1] or 'no bucket'}", name[0] not in backward
        if name not in after:
            yield f"{where}: stands in the pack, and does not come of judging again", True
        elif name not in before:
            yield f"{where}: comes of judging again, and does not stand in the pack", True
        else:
            yield from ((f"{where}: {one}", is_certain) for one in _result(before[name], after[name]))


def _by_name(results: Iterable[Result]) -> dict[_Key, Result]:
    """NOTE: an audit looks at the configuration of a time that is gone; nothing of it comes of logs."""
    return {(one.rule, one.bucket): one for one in results if one.is_of_records}


def _result(pack: Result, found: Result) -> Iterator[str]:
    if pack.status is not found.status:
        yield f"the pack says {pack.status.value}, judged again it is {found.status.value}"
    for noun, was, now in (
        ("records", pack.records, found.records),
        ("violations", pack.violations, found.violations),
        ("records that could not be judged", pack.unjudged, found.unjudged),
    ):
        if was != now:
            yield f"the pack counts {was:,} {noun}, judged again there are {now:,}"
    before, after = _by_print(pack.findings), _by_print(found.findings)
    for name, finding in before.items():
        if name not in after:
            yield f"the finding {name[:16]} stands in the pack, and does not come of judging again: {finding.message}"
        elif _facts(finding) != _facts(after[name]):
            yield f"the finding {name[:16]} is told otherwise in the pack than judged again: {finding.message} / {after[name].message}"
    for name, finding in after.items():
        if name not in before:
            yield f"the finding {name[:16]} comes of judging again, and does not stand in the pack: {finding.message}"


def _facts(finding: Finding) -> tuple[object, ...]:
    """What of a finding does not depend on what earlier runs reported, nor on where its log objects lie.

    NOTE: the subject as well: whoever makes a pack may let the fingerprint stand and name somebody else.
    """
    waiver = None if finding.waiver is None else sorted(finding.waiver.items(), key=str)
    subject = sorted(finding.subject.items())
    return subject, finding.outcome, finding.severity, finding.records, finding.first_seen, finding.last_seen, waiver


def _by_print(findings: Iterable[Finding]) -> Mapping[str, Finding]:
    return {finding.fingerprint: finding for finding in findings}
