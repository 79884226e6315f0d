"""The flags that verbs take, each written once: its name, what it takes, its help, and the heading that it stands under."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from s3guard import outputs
from s3guard.flags import FLAGS
from s3guard.model import UsageError

JUDGED: Final = "What is judged"
VERDICT: Final = "When the run fails"
WRITTEN: Final = "Where results go"
TOLD: Final = "Who is told"
RUN: Final = "How it runs"
PRUNED: Final = "What is taken away"
AWS: Final = "Access to Amazon S3"
OTHER: Final = "Options"
PANELS: Final = (JUDGED, VERDICT, WRITTEN, TOLD, PRUNED, RUN, AWS, OTHER)
"""The headings of a help page, in their order."""

_CHOICES: Final = {flag.name: flag.choices for flag in FLAGS}


def flag(*names: str, takes: str, panel: str, says: str, values: Sequence[str] = (), hidden: bool = False) -> Any:  # noqa: ANN401 - as typer.Option
    """An option that takes a value; `values` are offered where the shell completes."""
    known = values or _CHOICES.get(names[-1].lstrip("-"), ())
    return typer.Option(
        *names,
        metavar=takes,
        help=says,
        rich_help_panel=panel,
        show_default=False,
        hidden=hidden,
        autocompletion=(lambda: list(known)) if known else None,
    )


def switch(name: str, panel: str, says: str, short: str = "", *, hidden: bool = False) -> Any:  # noqa: ANN401 - as typer.Option
    """An option that is on or off; its ``--no-`` form outvotes the environment and the settings file."""
    negative = f"--{name.removeprefix('no-')}" if name.startswith("no-") else f"--no-{name}"
    names = [f"--{name}/{negative}", *([short] if short else [])]
    return typer.Option(*names, help=says, rich_help_panel=panel, show_default=False, hidden=hidden)


def _given(text: str) -> str:
    """An argument as it came: bytes that are no UTF-8 included, which pydantic would refuse."""
    return text


def texts(takes: str, says: str) -> Any:  # noqa: ANN401 - as typer.Argument
    """Arguments, any number of them."""
    return typer.Argument(metavar=takes, help=says, show_default=False, parser=_given)


POLICIES: Final = "policies"
"""Where policies are, unless something else is said."""
UNPARSED: Final = "0.1%"
"""Lines that may be unreadable, unless something else is said."""


def some(logs: list[str] | None, example: str) -> list[str]:
    """The logs that were named; UsageError with an example where none are."""
    if not logs:
        raise UsageError(f"which logs? Give files, folders, globs, s3://bucket/prefix, or - for standard input, as in: {example}")
    return logs


def one_role(roles: list[str] | None) -> str | None:
    """The role with which logs are read; UsageError where there are several, since one of them reads and nobody said which."""
    if roles and len(roles) > 1:
        raise UsageError("--role-arn is given more than once: logs are read with one role, and only an audit takes one for each account")
    return roles[0] if roles else None


def policies(named: list[Path] | None) -> list[Path]:
    """The policies that were named, else the folder ``policies``; UsageError where there is none."""
    if not named and not Path(POLICIES).exists():
        raise UsageError(
            f"there is no folder {POLICIES}/ here; name your policies with --policy PATH, and see s3guard rules for what they may ask"
        )
    return named or [Path(POLICIES)]


Logs = Annotated[
    list[str] | None,
    texts(
        "LOGS",
        "Files, folders with all below them, globs, s3://bucket/prefix, or - for standard input. Lines of log, JSON records, or Parquet "
        "that s3guard wrote; plain, gzip or Zstandard: told by their content.",
    ),
]
Policies = Annotated[
    list[Path] | None,
    flag("-p", "--policy", takes="PATH", panel=JUDGED, says=f"A policy file, or a folder of them; repeatable. [default: {POLICIES}/]"),
]
Since = Annotated[
    str | None,
    flag(
        "--since", takes="WHEN", panel=JUDGED, says="Only records from then on: 2026-10-01, 2026-10-01T06:00:00Z, or 24h for the last day."
    ),
]
Until = Annotated[str | None, flag("--until", takes="WHEN", panel=JUDGED, says="Only records before then.")]
AsOf = Annotated[
    str | None,
    flag("--as-of", takes="WHEN", panel=RUN, says="The instant that ages and waivers are held against, to repeat a run. [default: now]"),
]
Buckets = Annotated[list[str] | None, flag("--bucket", takes="NAME", panel=JUDGED, says="Only this bucket; repeatable.")]
Rules = Annotated[
    list[str] | None,
    flag("--rule", takes="NAME", panel=JUDGED, says="Only this rule: writers, my-policy/writers, my-policy/writers/exports; repeatable."),
]
Frameworks = Annotated[
    list[str] | None,
    flag("--framework", takes="NAME", panel=JUDGED, says="Only policies that give evidence for it: hipaa, pci-dss, gdpr…; repeatable."),
]
Outputs = Annotated[
    list[str] | None,
    flag(
        "-o",
        "--output",
        takes="FORMAT[:PATH]",
        panel=WRITTEN,
        says=f"A report: {', '.join(outputs.names())}. Into the file PATH; without one to standard output. Repeatable. [default: text]",
        values=outputs.names(),
    ),
]
SarifProfile = Annotated[
    str | None,
    flag("--sarif-profile", takes="NAME", panel=WRITTEN, says="Whom SARIF is for: full, github or azure. [default: full]"),
]
JunitDialect = Annotated[
    str | None,
    flag("--junit-dialect", takes="NAME", panel=WRITTEN, says="JUnit as its schema says (strict), or with file and line (extended)."),
]
Account = Annotated[
    str | None,
    flag("--account", takes="ID", panel=WRITTEN, says="The account that asff and publish are about, twelve digits; logs name none."),
]
Quarantine = Annotated[
    Path | None,
    flag("--quarantine", takes="FILE", panel=WRITTEN, says="Lines that are no record, or could be read in several ways, as JSON Lines."),
]
Redact = Annotated[
    list[str] | None,
    flag(
        "--redact",
        takes="NAMES",
        panel=WRITTEN,
        says="Pseudonyms instead of ip, requester, key, user_agent; several by commas, all, or none.",
        values=("ip", "requester", "key", "user_agent", "all", "none"),
    ),
]
RedactKeyFile = Annotated[
    Path | None,
    flag(
        "--redact-key-file",
        takes="FILE",
        panel=WRITTEN,
        says="The key of pseudonyms, 32 characters or more. [default: the variable S3GUARD_REDACT_KEY]",
    ),
]
Mask = Annotated[
    list[str] | None,
    flag(
        "--mask",
        takes="NAME",
        panel=WRITTEN,
        says="A parameter of URLs whose values no output shows, such as x-user-token or x-user-*; repeatable, beside those of policies.",
    ),
]
Notify = Annotated[
    list[str] | None,
    flag(
        "--notify",
        takes="URL",
        panel=TOLD,
        says="Tell what is new there: smtp:// for e-mail, sns://ARN, https:// for a signed webhook, or a URL of apprise. Repeatable.",
    ),
]
NotifyOn = Annotated[
    str | None,
    flag("--notify-on", takes="SEVERITY", panel=TOLD, says="Lowest severity that is worth a message. [default: that of --fail-on]"),
]
NotifyDetails = Annotated[bool, switch("notify-details", TOLD, "Tell object keys, user agents and the like, too.")]
FailOn = Annotated[
    str | None,
    flag(
        "--fail-on",
        takes="SEVERITY",
        panel=VERDICT,
        says="Lowest that fails: info, low, medium, high, critical; or none. [default: medium]",
    ),
]
Baseline = Annotated[
    Path | None,
    flag("--baseline", takes="FILE", panel=VERDICT, says="A saved json report: what it found is shown, and fails no run again."),
]
State = Annotated[
    str | None,
    flag(
        "--state",
        takes="URI",
        panel=JUDGED,
        says="Folder or s3://bucket/prefix that remembers runs: what was judged is not judged again, and only what is new fails.",
    ),
]
AuditState = Annotated[
    str | None,
    flag(
        "--state",
        takes="URI",
        panel=JUDGED,
        says="Folder or s3://bucket/prefix that remembers the audit's own requests, which the delivered logs must hold a day later, and "
        "what --notify told.",
    ),
]
MaxUnparsed = Annotated[
    str | None,
    flag(
        "--max-unparsed",
        takes="SHARE",
        panel=VERDICT,
        says=f"Lines that may be unreadable before that fails the run. [default: {UNPARSED}]",
    ),
]
AllowEmpty = Annotated[bool, switch("allow-empty", VERDICT, "Nothing to judge is no failure: 0 instead of 4.")]
AllowUndetermined = Annotated[bool, switch("allow-undetermined", VERDICT, "What could not be judged is no failure: 0 instead of 3.")]
RequirePolicy = Annotated[bool, switch("require-policy", VERDICT, "A bucket with records and without a policy is one.")]
Engine = Annotated[
    str | None, flag("--engine", takes="NAME", panel=RUN, says="Where records are judged. [default: local]", values=("local",))
]
Jobs = Annotated[
    int | None,
    flag("-j", "--jobs", takes="N", panel=RUN, says="Blocks judged at a time. [default: processors + 1]"),
]
AuditJobs = Annotated[
    int | None,
    flag("-j", "--jobs", takes="N", panel=RUN, says="Buckets asked at a time. [default: 16]"),
]
Late = Annotated[
    str | None,
    flag(
        "--late",
        takes="TIME",
        panel=AWS,
        says="How long after the period to look for log objects that were delivered late. [default: 48h]",
    ),
]
Profile = Annotated[str | None, flag("--profile", takes="NAME", panel=AWS, says="A profile of the AWS configuration.")]
Region = Annotated[str | None, flag("--region", takes="NAME", panel=AWS, says="The Region to ask first; a bucket's own is found out.")]
RoleArn = Annotated[
    list[str] | None,
    flag(
        "--role-arn",
        takes="ARN",
        panel=AWS,
        says="A role to assume, with the credentials that are found; an audit takes several, one an account.",
    ),
]
OrganizationRole = Annotated[
    str | None,
    flag(
        "--organization-role",
        takes="NAME",
        panel=AWS,
        says="Audit every account of the organisation, entered by its role of this name.",
    ),
]
Snapshot = Annotated[
    Path | None,
    flag("--snapshot", takes="FILE", panel=JUDGED, says="Judge the facts that an earlier audit saved, and ask AWS nothing."),
]
Plan = Annotated[
    Path | None,
    flag("--plan", takes="FILE", panel=JUDGED, says="Judge what terraform show -json PLAN says will be."),
]
Template = Annotated[
    Path | None,
    flag("--template", takes="FILE", panel=JUDGED, says="Judge what a CloudFormation template, JSON or YAML, would make."),
]
SaveSnapshot = Annotated[
    Path | None,
    flag("--save-snapshot", takes="FILE", panel=WRITTEN, says="Keep the facts that were found, to be judged offline and again."),
]
EndpointUrl = Annotated[str | None, flag("--endpoint-url", takes="URL", panel=AWS, says="Where S3 is, if not at AWS's own address.")]
RequestPayer = Annotated[bool, switch("request-payer", AWS, "Pay for requests to buckets that have Requester Pays.")]
Color = Annotated[
    str | None,
    flag("--color", takes="WHEN", panel=RUN, says="auto, always or never; NO_COLOR and FORCE_COLOR are honoured. [default: auto]"),
]
NoProgress = Annotated[bool, switch("no-progress", RUN, "No progress bar. There is none but on a terminal, and none in CI.")]
Quiet = Annotated[bool, switch("quiet", RUN, "Nothing on standard error but errors.", "-q")]
Trace = Annotated[bool, switch("verbose", RUN, "Where s3guard itself failed, if it does.", "-v")]
Verbose = Annotated[bool, switch("verbose", RUN, "More detail: checks that passed; where s3guard itself failed.", "-v")]
