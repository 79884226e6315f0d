"""``s3guard report``: a check whose traffic is drawn, on the terminal or as a page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated

import typer

from s3guard import memory
from s3guard.aws import Access
from s3guard.cli import choices, delivery, options, progress, redacting, terminal
from s3guard.cli.options import JUDGED
from s3guard.cli.period import period
from s3guard.model import Severity

ORDER = 3
EXAMPLES = """
s3guard report logs/
s3guard report logs/ -o html:report.html
s3guard report s3://org-access-logs/ --since 30d -o html:report.html
s3guard report --state s3://org-audit/state --since 30d -o html:month.html
"""


def report(
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
    quarantine: options.Quarantine = None,
    account: options.Account = None,
    redact: options.Redact = None,
    redact_key_file: options.RedactKeyFile = None,
    mask: options.Mask = None,
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
    """Judge log records and draw their traffic.

    A check that shows how many operations failed, who read and wrote how much, how fast, and from where: with -o html:FILE as a page of one
    file, else on the terminal. With a state and no logs it shows what the state holds, and writes nothing there.
    """
    named = logs or [] if state is not None else options.some(logs, "s3guard report logs/ -o html:report.html")
    hidden = redacting.redaction(context, redact, redact_key_file, mask)
    wanted = delivery.targets(output or ["text"], quarantine)
    chosen = choices.of(context)
    asked = period(context, as_of, since, until)
    threshold = choices.one_of(context, "fail-on", fail_on or Severity.MEDIUM.value)
    unparsed = choices.share(context, "max-unparsed", max_unparsed or options.UNPARSED)
    look = terminal.options(choices.one_of(context, "color", color or "auto"), chosen.environ, verbose=verbose)
    look = delivery.at_home(replace(look, traffic=True), wanted, account, region, chosen.environ)
    hidden = redacting.redaction(context, redact, redact_key_file, mask)
    for note in () if quiet else chosen.settings.notes:
        terminal.warn(note)
    if not quiet:
        progress.waiting(named, verbose=verbose)
    memory.keep()
    from s3guard.audited import From
    from s3guard.check import Request, judged

    access = Access(profile, region, options.one_role(role_arn), endpoint_url, request_payer)
    request = Request(
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
        late=choices.late(context, late),
        access=access,
        audit=From(accesses=(access,)) if audit else None,
        traffic=True,
        exclusions=chosen.settings.exclusions,
        redaction=hidden,
    )
    # NOTE: with a state most of the logs are not read, and how many will be is known when they were listed.
    with progress.shown(named if state is None else (), chosen.environ, wanted=not (quiet or no_progress), color=look.color) as tell:
        done = judged(replace(request, progress=tell))
    # NOTE: who looks at a state changes nothing there: what a scheduled check would tell as new is new to it still.
    then: Callable[[], None] | None = done.finish if named else None
    told = delivery.deliver(done.report, wanted, look, chosen.environ, judged=True, then=then).report
    if not quiet:
        delivery.conclude(told, wanted)
    return told.exit_code
