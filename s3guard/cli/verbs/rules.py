"""``s3guard rules``: what can be asked of a bucket."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from s3guard.cli import choices, ending, options, terminal
from s3guard.cli.options import WRITTEN
from s3guard.model import UsageError
from s3guard.outputs import Options, json_text
from s3guard.page import BOLD, DIM, Page
from s3guard.problems import did_you_mean

if TYPE_CHECKING:
    from s3guard.audit.checks import Check
    from s3guard.rules import Rule

ORDER = 4
EXAMPLES = """
s3guard rules
s3guard rules writers volume
s3guard rules --format json
"""


def rules(
    context: typer.Context,
    names: Annotated[list[str] | None, options.texts("NAMES", "Rules whose whole page to show. [default: a line each of all]")] = None,
    *,
    format: Annotated[str | None, options.flag("--format", takes="FORMAT", panel=WRITTEN, says="text or json. [default: text]")] = None,  # noqa: A002 - the flag's name
    color: options.Color = None,
    verbose: options.Trace = False,  # noqa: ARG001 - whoever runs the verb looks at it
) -> int:
    """List the rules of policies and the checks of the audit, or show the pages of some.

    The page of a rule says what breaks it, its fields, how it counts and what to do about a violation, with an example.
    """
    from s3guard.audit import checks
    from s3guard.rules import catalog

    known: dict[str, type[Rule] | Check] = {**catalog(), **{f"logging/{name}": check for name, check in checks.catalog().items()}}
    wanted = [name if name in known else f"logging/{name}" if f"logging/{name}" in known else name for name in names or known]
    for name in wanted:
        if name not in known:
            raise UsageError(f"there is no rule {name!r}{did_you_mean(name, known) or '; s3guard rules lists them'}")
    chosen = {name: known[name] for name in wanted}
    look = terminal.options(choices.one_of(context, "color", color or "auto"), choices.of(context).environ)
    if choices.one_of(context, "format", format or "text") == "json":
        terminal.put([json_text([_described(name, one) for name, one in chosen.items()])])
    elif names:
        terminal.put(_pages(wanted, look))
    else:
        terminal.put(f"{line}\n" for line in _table(chosen, look))
    return ending.CLEAN


def _described(name: str, one: type[Rule] | Check) -> dict[str, Any]:
    if isinstance(one, type):
        return {
            "name": name,
            "title": one.default_title,
            "severity": one.default_severity.value,
            "subject": [*one.adds, *one.default_group_by],
            "splits_by_outcome": one.splits,
            "help": one.default_help,
        }
    return {"name": name, "title": one.title, "severity": one.severity.value, "subject": [], "splits_by_outcome": False, "help": one.help}


def _pages(names: Sequence[str], look: Options) -> Iterator[str]:
    from s3guard.explain import explain

    for number, name in enumerate(names):
        yield "\n" if number else ""
        yield explain(name, look)


def _table(known: Mapping[str, type[Rule] | Check], look: Options) -> Iterator[str]:
    """A rule a line: its name, what is true when it passes, how bad it is if not, and whom a finding names."""
    page = Page(look.width, look.color, look.ascii, gutter=max(len(name) for name in known))
    for name, one in known.items():
        if isinstance(one, type):
            yield from page.ends(name, one.default_title, one.default_severity.value, BOLD)
            yield from page.lines("", one.says_of(), DIM)
        else:
            yield from page.ends(name, one.title, one.severity.value, BOLD)
