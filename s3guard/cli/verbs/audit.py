"""``s3guard audit``: how buckets are set up to log, held against policies, makes a report and an exit code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from s3guard.aws import Access
from s3guard.cli import choices, delivery, ending, options, progress, redacting, telling, terminal
from s3guard.cli.options import WRITTEN
from s3guard.cli.period import clock
from s3guard.model import Severity, UsageError

if TYPE_CHECKING:
    from s3guard.audited import Audited

ORDER = 2
EXAMPLES = """
s3guard audit
s3guard audit --organization-role auditor -o text -o sarif:audit.sarif
s3guard audit --save-snapshot facts.json
s3guard audit --snapshot facts.json --rule SAL-028
s3guard audit --plan plan.json
s3guard audit --iam-policy > least.json
"""


def audit(
    context: typer.Context,
    *,
    policy: options.Policies = None,
    snapshot: options.Snapshot = None,
    plan: options.Plan = None,
    template: options.Template = None,
    bucket: options.Buckets = None,
    rule: options.Rules = None,
    framework: options.Frameworks = None,
    state: options.AuditState = None,
    fail_on: options.FailOn = None,
    baseline: options.Baseline = None,
    allow_empty: options.AllowEmpty = False,
    allow_undetermined: options.AllowUndetermined = False,
    output: options.Outputs = None,
    save_snapshot: options.SaveSnapshot = None,
    fix_snippets: Annotated[
        bool, options.switch("fix-snippets", WRITTEN, "Print what would mend each finding, for the AWS CLI and Terraform.")
    ] = False,
    iam_policy: Annotated[
        bool, options.switch("iam-policy", WRITTEN, "Print the least IAM policy that this audit takes, and end.")
    ] = False,
    redact: options.Redact = None,
    redact_key_file: options.RedactKeyFile = None,
    mask: options.Mask = None,
    sarif_profile: options.SarifProfile = None,
    junit_dialect: options.JunitDialect = None,
    account: options.Account = None,
    notify: options.Notify = None,
    notify_on: options.NotifyOn = None,
    notify_details: options.NotifyDetails = False,
    as_of: options.AsOf = None,
    jobs: options.AuditJobs = None,
    profile: options.Profile = None,
    region: options.Region = None,
    role_arn: options.RoleArn = None,
    organization_role: options.OrganizationRole = None,
    endpoint_url: options.EndpointUrl = None,
    color: options.Color = None,
    no_progress: options.NoProgress = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> int:
    """Judge how buckets are set up to log.

    Asks AWS, and writes nothing there: whether access logs are on, arrive, stay as long as they must, and are protected. Or judges a saved
    snapshot, a Terraform plan or a CloudFormation template. What could not be looked at is undetermined, with the reason.
    """
    if iam_policy:
        return _print_policy(rule or ())
    if fix_snippets and any(":" not in one for one in output or ()):
        raise UsageError("--fix-snippets takes standard output; give the reports files, as in --output json:audit.json")
    wanted = delivery.targets(output or ([] if fix_snippets else ["text"]), save_snapshot)
    chosen = choices.of(context)
    threshold = choices.one_of(context, "fail-on", fail_on or Severity.MEDIUM.value)
    look = terminal.options(choices.one_of(context, "color", color or "auto"), chosen.environ, verbose=verbose)
    look = delivery.options(context, sarif_profile, junit_dialect, look)
    look = delivery.at_home(look, wanted, account, region, chosen.environ)
    as_of_ = clock(context, as_of)
    hidden = redacting.redaction(context, redact, redact_key_file, mask)
    if hidden.redacts and (fix_snippets or save_snapshot is not None):
        what = "--fix-snippets prints commands" if fix_snippets else "--save-snapshot keeps facts, to be judged again"
        raise UsageError(f"{what}: these need the true names, so take it without --redact, or with --redact none")
    for note in () if quiet else chosen.settings.notes:
        terminal.warn(note)
    from s3guard.audited import From, Request
    from s3guard.audited import audit as run

    roles: Sequence[str | None] = role_arn or (None,)
    access = Access(profile, region, roles[0], endpoint_url)
    wish = telling.Wish(notify, notify_on, notify_details, threshold, state, access, not quiet, allow_undetermined)
    teller = telling.teller(context, replace(wish, narrowed=bool(bucket or rule or framework), redaction=hidden))
    with (
        teller.crash(as_of_),
        progress.counted("buckets", chosen.environ, wanted=not (quiet or no_progress), color=look.color) as tell,
    ):
        origin = From(
            accesses=tuple(Access(profile, region, role, endpoint_url) for role in roles),
            organization_role=organization_role,
            jobs=None if jobs is None else choices.positive(context, "jobs", jobs),
            snapshot=snapshot,
            plan=plan,
            template=template,
            save=save_snapshot,
            progress=tell,
        )
        report, found = run(
            Request(
                policies=options.policies(policy),
                as_of=as_of_,
                origin=origin,
                buckets=bucket or (),
                rules=rule or (),
                frameworks=framework or (),
                fail_on=None if threshold == "none" else Severity(threshold),
                baseline=baseline,
                state=state,
                allow_undetermined=allow_undetermined,
                allow_empty=allow_empty,
                exclusions=chosen.settings.exclusions,
                redaction=hidden,
            )
        )
    report = teller.audited(report, found.kept or report)
    # NOTE: a canary is remembered once the run was reported, as a run of `check` is.
    report = delivery.deliver(report, wanted, look, chosen.environ, judged=True, then=partial(found.finish, report.run.id)).report
    if fix_snippets:
        _print_snippets(found)
    if not quiet:
        delivery.conclude(report, wanted)
    return report.exit_code


def _print_policy(rules: Sequence[str]) -> int:
    import json

    from s3guard.audit.wants import iam_policy
    from s3guard.audited import chosen_checks

    terminal.put([json.dumps(iam_policy(chosen_checks(rules)), indent=2), "\n"])
    return ending.CLEAN


def _print_snippets(found: Audited) -> None:
    from s3guard.audit.checks import catalog
    from s3guard.audit.remedy import snippets

    terminal.put(snippets(found.results, found.facts, found.policies, catalog()))
