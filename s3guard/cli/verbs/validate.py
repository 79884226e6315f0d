"""``s3guard validate``: whether policies are well formed, with every fault of every file at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from s3guard.cli import choices, ending, options, terminal
from s3guard.cli.options import VERDICT
from s3guard.cli.period import clock
from s3guard.outputs import plural

if TYPE_CHECKING:
    from s3guard.policy import Policy

ORDER = 2
EXAMPLES = """
s3guard validate
s3guard validate policies/phi-records.yaml --strict
"""


def validate(
    context: typer.Context,
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PATHS", help="Policy files, or folders of them. [default: --policy, else policies/]", show_default=False),
    ] = None,
    *,
    policy: options.Policies = None,
    strict: Annotated[bool, options.switch("strict", VERDICT, "What has no effect is a fault: unreachable rules, dead waivers.")] = False,
    as_of: options.AsOf = None,
    quiet: options.Quiet = False,
    verbose: options.Trace = False,  # noqa: ARG001 - whoever runs the verb looks at it
) -> int:
    """Say whether policies are well formed.

    Tells every fault of every file at once, each with its file, line and column and what was probably meant, and ends with 2 where there
    is one. Warnings tell what is allowed and probably not meant.
    """
    from s3guard import advice
    from s3guard.policy import PolicyError, read

    now = clock(context, as_of)
    settings = choices.of(context).settings
    loaded, problems = read(paths or options.policies(policy))
    audit = _checks(loaded)
    dead = {problem for one in loaded for problem in advice.dead(one, now, audit)} if strict else set()
    advised = sorted({problem for one in loaded for problem in advice.warnings(one, now, audit)} - dead)
    for text in () if quiet else [*settings.notes, *map(str, advised)]:
        terminal.warn(text)
    if problems or dead:
        raise PolicyError({*problems, *dead})
    terminal.put([f"{_counted(loaded)}: valid\n"])
    return ending.CLEAN


def _checks(policies: Sequence[Policy]) -> frozenset[str] | None:
    """The checks of the audit that a policy can waive, by name; not looked up where none does."""
    if not any(bound.waiver.rule.startswith("logging/") for one in policies for bound in one.waivers):
        return None
    from s3guard.audit import checks
    from s3guard.audit.case import About

    return frozenset(f"logging/{name}" for name, check in checks.catalog().items() if check.about is not About.ACCOUNT)


def _counted(policies: Sequence[Policy]) -> str:
    rules = sum(len(one.rules) for one in policies)
    return f"{plural(len(policies), 'policy', 'policies')}, {plural(rules, 'rule')}" if policies else "packs alone"
