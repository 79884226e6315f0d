"""Findings of saved reports sent to AWS Security Hub: in batches, what was sent before is updated, what is gone is archived.

A finding is archived only where the check that found it was judged again and found it no more: what could not be looked at, what a flood
left out and what no report is about stay as they are. Nothing but findings of s3guard, of the same product and account, is touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from s3guard.aws import told
from s3guard.events import is_whole
from s3guard.model import Report, Result, Status, UnableError
from s3guard.outputs import instant
from s3guard.outputs.asff import PREFIX, Home, findings, generator, resource, size
from s3guard.verdict import is_legible

BATCH: Final = 100
"""Findings of a call at most, https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_BatchImportFindings.html."""
LARGEST: Final = 6_000_000
"""Bytes of a call at most, see there."""
_ASKED: Final = 20
"""Values of one filter at most."""
_PAGE: Final = 100
_KEPT: Final = ("SchemaVersion", "Id", "ProductArn", "GeneratorId", "AwsAccountId", "CreatedAt", "Title", "Description", "Compliance")
"""What an archived finding keeps; all else of it is Security Hub's, or its customers', and stays without being sent."""
_PROVIDED: Final = ("Severity", "Types", "Confidence", "Criticality", "RelatedFindings")

Finding = dict[str, Any]


@dataclass(slots=True)
class Published:
    """What became of it."""

    sent: int = 0
    archived: int = 0
    batches: int = 0
    refused: list[str] = field(default_factory=list)
    """A sentence for each finding that Security Hub did not take, and for each call that failed."""


def wanted(reports: Iterable[Report], place: Home) -> dict[str, Finding]:
    """Every finding of the reports by its id; where several have one, that of the report that ended last."""
    found: dict[str, Finding] = {}
    for report in sorted(reports, key=lambda report: report.run.finished):
        found |= {finding["Id"]: finding for finding in findings(report, place)}
    return found


def judged(reports: Iterable[Report], place: Home) -> dict[tuple[str, str], str]:
    """Generator and resource of each check whose findings the reports hold all of, and when the last of them ended."""
    found: dict[tuple[str, str], str] = {}
    for report in sorted(reports, key=lambda report: report.run.finished):
        # NOTE: a run that was told to tolerate lines that are no records ends with 0, and what they held may be what was found before.
        is_read = is_whole(report) and is_legible(report.coverage)
        for result in report.results:
            if is_read and _is_settled(result):
                found[generator(result.rule), resource(result, place)["Id"]] = instant(report.run.finished)
    return found


def _is_settled(result: Result) -> bool:
    if result.status not in (Status.PASS, Status.FAIL, Status.WAIVED) or result.is_undecided:
        return False
    flooded = result.omitted.findings or result.omitted.records or (result.status is Status.FAIL and not result.findings)
    return not result.unjudged and not flooded


def batches(found: Iterable[Finding]) -> Iterator[list[Finding]]:
    """The findings, as many at a time as a call takes."""
    batch: list[Finding] = []
    room = LARGEST
    for finding in found:
        # NOTE: and the comma behind it.
        taken = size(finding) + 2
        if batch and (len(batch) == BATCH or taken > room):
            yield batch
            batch, room = [], LARGEST
        batch.append(finding)
        room -= taken
    if batch:
        yield batch


def publish(reports: Sequence[Report], place: Home, client: Any, *, dry: bool = False) -> Published:  # noqa: ANN401 - made when it runs
    """Send all findings of the reports and archive what is gone; `dry` looks and changes nothing.

    Nothing is raised for what Security Hub refuses: `Published.refused` says it. UnableError where it cannot be asked what it holds.
    """
    done = Published()
    sending = wanted(reports, place)
    settled = judged(reports, place)
    gone = [_archived(one, settled) for one in _held(client, place, settled) if one["Id"] not in sending]
    done.sent = _send(client, list(sending.values()), done, dry=dry)
    if not any(one.startswith("BatchImportFindings") for one in done.refused):
        done.archived = _send(client, gone, done, dry=dry)
    return done


def _send(client: Any, found: Sequence[Finding], done: Published, *, dry: bool) -> int:  # noqa: ANN401 - see above
    """How many were taken; what was not is in `done.refused`. A call that fails ends it: the next one would fail as well."""
    from botocore.exceptions import BotoCoreError, ClientError

    taken = 0
    for batch in batches(found):
        done.batches += 1
        if dry:
            taken += len(batch)
            continue
        try:
            answer = client.batch_import_findings(Findings=batch)
        except (ClientError, BotoCoreError) as error:
            done.refused.append(f"BatchImportFindings: {len(found) - taken:,} findings were not sent: {_why(error)}")
            return taken
        failed = answer.get("FailedFindings") or []
        done.refused += [f"{one.get('Id')}: {one.get('ErrorCode')}: {one.get('ErrorMessage')}" for one in failed]
        lost = int(answer.get("FailedCount") or 0)
        done.refused += [f"{lost - len(failed):,} more, of which Security Hub says nothing"] if lost > len(failed) else []
        taken += len(batch) - max(lost, len(failed))
    return taken


def _held(client: Any, place: Home, settled: Mapping[tuple[str, str], str]) -> Iterator[Finding]:  # noqa: ANN401 - see above
    """Active findings of s3guard about checks that were judged again, older than the report that says so."""
    generators = sorted({generator for generator, _ in settled})
    for start in range(0, len(generators), _ASKED):
        filters = {
            "ProductArn": _equal(place.product),
            "AwsAccountId": _equal(place.account),
            "RecordState": _equal("ACTIVE"),
            "GeneratorId": _equal(*generators[start : start + _ASKED]),
        }
        for finding in _pages(lambda **more: client.get_findings(Filters=filters, MaxResults=_PAGE, **more)):  # noqa: B023 - called here
            about = {(str(finding.get("GeneratorId")), str(one.get("Id"))) for one in finding.get("Resources") or ()}
            newest = max((settled[one] for one in about if one in settled), default="")
            if about and about <= settled.keys() and str(finding.get("Id")).startswith(PREFIX) and str(finding.get("UpdatedAt")) <= newest:
                yield finding


def _equal(*values: str) -> list[dict[str, str]]:
    return [{"Value": value, "Comparison": "EQUALS"} for value in values]


def _pages(call: Callable[..., Any]) -> Iterator[Finding]:
    from botocore.exceptions import BotoCoreError, ClientError

    more: dict[str, str] = {}
    while True:
        try:
            answer = call(**more)
        except (ClientError, BotoCoreError) as error:
            raise UnableError(f"GetFindings: Security Hub does not say what it holds, so nothing is sent: {_why(error)}") from error
        yield from answer.get("Findings") or ()
        if not answer.get("NextToken") or answer["NextToken"] == more.get("NextToken"):
            return
        more = {"NextToken": answer["NextToken"]}


def _archived(finding: Finding, settled: Mapping[tuple[str, str], str]) -> Finding:
    """The same finding, out of sight, at the time of the report that found it no more."""
    kept = {name: finding[name] for name in _KEPT if name in finding}
    about = [(str(finding.get("GeneratorId")), str(one.get("Id"))) for one in finding["Resources"]]
    provided = finding.get("FindingProviderFields") or {}
    fields = {name: provided[name] for name in _PROVIDED if name in provided}
    if "Severity" not in fields and "Severity" in finding:
        fields["Severity"] = {"Label": finding["Severity"].get("Label", "INFORMATIONAL")}
    resources = [{name: one[name] for name in ("Type", "Id", "Partition", "Region") if name in one} for one in finding["Resources"]]
    when = max(settled[one] for one in about)
    return kept | {"Resources": resources, "FindingProviderFields": fields, "UpdatedAt": when, "RecordState": "ARCHIVED"}


def _why(error: Exception) -> str:
    """An error of the SDK in words."""
    code, said = told(error) if hasattr(error, "response") else ("", str(error))
    hint = {
        "InvalidAccessException": "; Security Hub is not switched on in this account and Region",
        "AccessDeniedException": "; it takes securityhub:BatchImportFindings and securityhub:GetFindings",
    }.get(code, "")
    return f"{f'{code}: ' if code else ''}{' '.join(said.split())[:300]}{hint}"
