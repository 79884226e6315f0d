"""``s3guard publish``: findings of saved reports for a service that keeps them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from s3guard.aws import Access, Account
from s3guard.cli import choices, ending, options, redacting, terminal
from s3guard.model import Report, UsageError
from s3guard.outputs import plural
from s3guard.problems import did_you_mean
from s3guard.text import shown

ORDER = 7.5
EXAMPLES = """
s3guard publish security-hub report.json --region eu-west-1
s3guard publish security-hub - --account 111122223333 --region eu-west-1
s3guard publish security-hub logs.json audit.json --region eu-west-1 --dry-run
"""
SERVICES = ("security-hub",)
_TOLD = 20
"""Refusals that are told one by one."""


def publish(
    context: typer.Context,
    service: Annotated[str | None, typer.Argument(metavar="security-hub", help="Where to.", show_default=False)] = None,
    reports: Annotated[
        list[str] | None, options.texts("REPORT", "Reports that --output json wrote, or - for standard input. [default: -]")
    ] = None,
    *,
    account: options.Account = None,
    product_arn: Annotated[
        str | None,
        options.flag("--product-arn", takes="ARN", panel=options.WRITTEN, says="The integration. [default: the account's own, custom one]"),
    ] = None,
    dry_run: Annotated[bool, options.switch("dry-run", options.WRITTEN, "Say what would be sent and archived, change nothing.")] = False,
    redact: options.Redact = None,
    redact_key_file: options.RedactKeyFile = None,
    mask: options.Mask = None,
    profile: options.Profile = None,
    region: Annotated[
        str | None,
        options.flag("--region", takes="NAME", panel=options.WRITTEN, says="The Region that keeps them. [default: the SDK's own]"),
    ] = None,
    role_arn: options.RoleArn = None,
    quiet: options.Quiet = False,
    verbose: options.Trace = False,  # noqa: ARG001 - whoever runs the verb looks at it
) -> int:
    """Send findings of saved reports to AWS Security Hub.

    What was sent before is updated, by its fingerprint. What is gone is archived, where the check that found it was judged again and looked
    at everything: what could not be looked at archives nothing. Nothing is judged, and the exit code says nothing of the report: 0 where
    all was taken, 3 where not. It takes securityhub:BatchImportFindings and securityhub:GetFindings, and the account is the caller's own.
    """
    if service not in SERVICES:
        near = did_you_mean(service or "", SERVICES)
        raise UsageError(f"where to? As in: s3guard publish security-hub report.json --region eu-west-1{near}")
    read = _read(reports or ["-"])
    hidden = redacting.redaction(context, redact, redact_key_file, mask, policies=True)
    from s3guard.hub import publish as send
    from s3guard.outputs.asff import home

    there = Account(Access(profile, region, options.one_role(role_arn)))
    said = region or choices.of(context).environ.get("AWS_REGION") or there.region_said
    place = home(account or there.id, said, product_arn)
    done = send([hidden.report(report) for report in read], place, there.client("securityhub", place.region), dry=dry_run)
    for refusal in done.refused[:_TOLD]:
        ending.tell(f"error: {shown(refusal)}")
    if len(done.refused) > _TOLD:
        ending.tell(f"error: {len(done.refused) - _TOLD:,} more")
    if not quiet:
        would = "would be " if dry_run else ""
        told = [f"{plural(done.sent, 'finding')} {would}sent", f"{done.archived:,} {would}archived", f"{len(done.refused):,} refused"]
        terminal.put([f"Security Hub, account {place.account}, {place.region}: {', '.join(told)}.\n"])
    return ending.UNABLE if done.refused else ending.CLEAN


def _read(named: Sequence[str]) -> list[Report]:
    """The reports; UsageError where standard input is named twice."""
    from s3guard.outputs.json import parse, read

    if named.count("-") > 1:
        raise UsageError("standard input can be read once")
    return [parse(sys.stdin.buffer.read(), "standard input") if one == "-" else read(Path(one)) for one in named]
