"""``s3guard check``: policies, logs and an engine make a report; the report makes files and an exit code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from s3guard import memory
from s3guard.aws import Access
from s3guard.cli import choices, delivery, options, progress, redacting, telling, terminal
from s3guard.cli.options import JUDGED
from s3guard.cli.period import period
from s3guard.model import Severity

if TYPE_CHECKING:
    from s3guard.audited import From

ORDER = 1
EXAMPLES = """
s3guard check logs/
s3guard check logs/ -p policies/ --since 24h --fail-on high
s3guard check s3://org-access-logs/ --since 24h --profile audit
s3guard check logs/*.gz -o text -o junit:junit.xml -o sarif:s3guard.sarif
zcat old.gz | s3guard check - --bucket phi-records --as-of 2026-10-02
"""


def check(
    context: typer.Context,
    logs: options.Logs = None,
    *,
    policy: options.Policies = None,
    audit: Annotated[bool, options.switch("audit", JUDGED, "Judge how the buckets are set up to log, too, as s3guard audit does.")] = False,
    since: options.Since = None,
    until: options.Until = None,
    bucket: options.Buckets = None,
    rule: options.Rules = None,
    framework: options.Frameworks = None,
    fail_on: options.FailOn = None,
    baseline: options.Baseline = None,
    state: options.State = None,
    max_unparsed: options.MaxUnparsed = None,
    allow_empty: options.AllowEmpty = False,
    allow_undetermined: options.AllowUndetermined = False,
    require_policy: options.RequirePolicy = False,
    output: options.Outputs = None,
    sarif_profile: options.SarifProfile = None,
    junit_dialect: options.JunitDialect = None,
    account: options.Account = None,
    quarantine: options.Quarantine = None,
    redact: options.Redact = None,
    redact_key_file: options.RedactKeyFile = None,
    mask: options.Mask = None,
    notify: options.Notify = None,
    notify_on: options.NotifyOn = None,
    notify_details: options.NotifyDetails = False,
    as_of: options.AsOf = None,
    engine: options.Engine = None,
    jobs: options.Jobs = None,
    late: options.Late = None,
    profile: options.Profile = None,
    region: options.Region = None,
    role_arn: options.RoleArn = None,
    endpoint_url: options.EndpointUrl = None,
    request_payer: options.RequestPayer = False,
    color: options.Color = None,
    no_progress: options.NoProgress = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> int:
    """Judge log records against policies.

    Reads S3 server access logs, judges each bucket by the policies that name it, and writes what it found. The exit code is for
    pipelines: 0 clean, 1 violations, 3 not everything could be judged, 4 there was nothing to judge.
    """
    named = options.some(logs, "s3guard check logs/ --policy policies/")
    wanted = delivery.targets(output or ["text"], quarantine)
    chosen = choices.of(context)
    asked = period(context, as_of, since, until)
    threshold = choices.one_of(context, "fail-on", fail_on or Severity.MEDIUM.value)
    unparsed = choices.share(context, "max-unparsed", max_unparsed or options.UNPARSED)
    look = terminal.options(choices.one_of(context, "color", color or "auto"), chosen.environ, verbose=verbose)
    look = delivery.options(context, sarif_profile, junit_dialect, look)
    look = delivery.at_home(look, wanted, account, region, chosen.environ)
    hidden = redacting.redaction(context, redact, redact_key_file, mask)
    for note in () if quiet else chosen.settings.notes:
        terminal.warn(note)
    if not quiet:
        progress.waiting(named, verbose=verbose)
    memory.keep()
    from s3guard.check import Request
    from s3guard.check import judged as judge

    roles: Sequence[str | None] = role_arn or (None,)
    accesses = [Access(profile, region, role, endpoint_url, request_payer) for role in roles]
    narrowed = bool(bucket or rule or framework)
    wish = telling.Wish(notify, notify_on, notify_details, threshold, state, accesses[0], not quiet, allow_undetermined, narrowed)
    teller = telling.teller(context, replace(wish, redaction=hidden))
    # NOTE: with a state most of the logs are not read, and how many will be is known when they were listed.
    visible = named if state is None else ()
    with (
        teller.crash(asked.as_of),
        progress.shown(visible, chosen.environ, wanted=not (quiet or no_progress), color=look.color) as tell,
    ):
        done = judge(
            Request(
                logs=named,
                policies=options.policies(policy),
                as_of=asked.as_of,
                since=asked.since,
                until=asked.until,
                buckets=bucket or (),
                rules=rule or (),
                frameworks=framework or (),
                fail_on=None if threshold == "none" else Severity(threshold),
                baseline=baseline,
                engine=engine or "local",
                jobs=None if jobs is None else choices.positive(context, "jobs", jobs),
                max_unparsed=unparsed,
                quarantine=quarantine,
                state=state,
                allow_empty=allow_empty,
                allow_undetermined=allow_undetermined,
                require_policy=require_policy,
                exempt=[one.bucket for one in chosen.settings.exclusions if one.holds(asked.as_of.date())],
                progress=tell,
                late=choices.late(context, late),
                access=accesses[0] if audit else Access(profile, region, options.one_role(role_arn), endpoint_url, request_payer),
                audit=_audit(accesses) if audit else None,
                exclusions=chosen.settings.exclusions,
                traffic=any(target.output.draws for target in wanted),
                redaction=hidden,
            )
        )
    done = teller.told(done)
    # NOTE: what was not delivered was reported to nobody, and is new to the next run.
    report = delivery.deliver(done.report, wanted, look, chosen.environ, judged=True, then=done.finish).report
    if not quiet:
        delivery.conclude(report, wanted)
    return report.exit_code


def _audit(accesses: Sequence[Access]) -> From:
    """Live accounts. NOTE: imported only where an audit is asked for: it takes as long to load as a page of rules."""
    from s3guard.audited import From

    return From(accesses=accesses)
