"""``s3guard evidence pack``: what a state knows of a period, as one file that an auditor can check."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from s3guard import memory
from s3guard.aws import Access
from s3guard.cli import choices, ending, options, packing, redacting, requested, signing, storing, terminal
from s3guard.cli.options import JUDGED, WRITTEN
from s3guard.cli.period import period
from s3guard.model import UsageError
from s3guard.text import shown

if TYPE_CHECKING:
    from s3guard.evidence.pack import Packed

ORDER = 1
EXAMPLES = """
s3guard evidence pack --state s3://org-audit/state --from 90d -o q3.tar
s3guard evidence pack --state .s3guard/state --from 90d -o q3.tar --key us.pem
"""


def pack(
    context: typer.Context,
    *,
    state: options.State = None,
    since: Annotated[
        str | None,
        options.flag("--from", "--since", takes="WHEN", panel=JUDGED, says="What it is about begins then. [default: 30 days before]"),
    ] = None,
    until: Annotated[
        str | None, options.flag("--to", "--until", takes="WHEN", panel=JUDGED, says="And ends before then. [default: --as-of]")
    ] = None,
    policy: options.Policies = None,
    bucket: options.Buckets = None,
    framework: options.Frameworks = None,
    fail_on: options.FailOn = None,
    baseline: options.Baseline = None,
    require_policy: options.RequirePolicy = False,
    file: Annotated[Path | None, options.flag("-o", "--output", takes="FILE", panel=WRITTEN, says="The pack to write, a tar.")] = None,
    key: signing.SigningKey = None,
    passphrase_file: signing.PassphraseFile = None,
    timestamp: signing.Timestamp = None,
    store: storing.Store = None,
    retain: storing.Retain = None,
    lock_mode: storing.LockMode = "compliance",
    allow_unlocked: storing.AllowUnlocked = False,
    redact: options.Redact = None,
    redact_key_file: options.RedactKeyFile = None,
    mask: options.Mask = None,
    as_of: options.AsOf = None,
    jobs: options.Jobs = None,
    profile: options.Profile = None,
    region: options.Region = None,
    role_arn: options.RoleArn = None,
    endpoint_url: options.EndpointUrl = None,
    quiet: options.Quiet = False,
    verbose: options.Trace = False,  # noqa: ARG001 - whoever runs the verb looks at it
) -> int:
    """Put what a state knows of a period into one file that an auditor can check.

    It holds the report, the policies as used, each log object that was judged, the hours that have records, and the reviews that were due
    against the runs that were found. Nothing is judged anew and nothing is written to the state. The same state, policies and --as-of give
    the same bytes.

    The exit code is about the pack, whatever was found: 0 it is written and nothing is missing; 3 it could not be written, or it says
    that reviews are missing, late or incomplete, or that something could not be looked at; 4 nothing was judged.
    """
    if state is None:
        raise UsageError(f"{choices.place(context, 'state')}: which state? As in: s3guard evidence pack --state .s3guard/state -o e.tar")
    if file is None:
        raise UsageError("-o: where to? As in: s3guard evidence pack --state .s3guard/state -o evidence.tar")
    asked = period(context, as_of, since, until)
    hidden = redacting.redaction(context, redact, redact_key_file, mask)
    chosen = choices.of(context)
    for note in () if quiet else chosen.settings.notes:
        terminal.warn(note)
    access = Access(profile, region, options.one_role(role_arn), endpoint_url)
    signed, stored = (key, passphrase_file, timestamp), (store, retain, lock_mode, allow_unlocked)
    packer = packing.packer(context, file, signed, stored, access, loud=not quiet)
    assert packer is not None  # noqa: S101 - for the type checker
    memory.keep()
    request = requested.request(
        context,
        (),
        asked,
        hidden,
        access,
        policy=policy,
        bucket=bucket,
        framework=framework,
        fail_on=fail_on,
        baseline=baseline,
        state=state,
        require_policy=require_policy,
        jobs=jobs,
    )
    from s3guard.check import judged
    from s3guard.evidence.material import of_run

    done = judged(replace(request, traffic=True, evidence=packer.lines.add))
    if done.state is not None and not done.state.viewed.last:
        raise UsageError(f"{shown(state)}: there is no state; look whether the place is spelt as in --state")
    return _ended(packer.pack(of_run(done, None, is_review=False)), loud=not quiet)


def _ended(done: Packed, *, loud: bool) -> int:
    if loud and not done.is_whole:
        ending.tell("\n".join(["the pack says of itself what is missing:", *done.manifest.not_looked_at]))
    if not done.report.coverage.records:
        return ending.IDLE
    return ending.CLEAN if done.is_whole else ending.UNABLE
