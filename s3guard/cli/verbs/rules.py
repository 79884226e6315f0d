"""``s3guard rules``: what can be asked of a bucket."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from s3guard.cli import choices, ending, options, terminal
from s3guard.cli.options import WRITTEN
from s3guard.model import UsageError
from s3guard.outputs import Options, json_text
from s3guard.page import BOLD, DIM, Page
from s3guard.problems import did_you_mean

if TYPE_CHECKING:
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
    """List the rules of policies, or show the pages of some.

    The page of a rule says what breaks it, its fields, how it counts and what to do about a violation, with an example.
    """
    from s3guard.rules import catalog

    known = catalog()
    for name in names or ():
        if name not in known:
            raise UsageError(f"there is no rule {name!r}{did_you_mean(name, known) or '; s3guard rules lists them'}")
    chosen = {name: known[name] for name in names or known}
    look = terminal.options(choices.one_of(context, "color", color or "auto"), choices.of(context).environ)
    if choices.one_of(context, "format", format or "text") == "json":
        terminal.put([json_text([_described(rule) for rule in chosen.values()])])
    elif names:
        terminal.put(_pages(names, look))
    else:
        terminal.put(f"{line}\n" for line in _table(list(chosen.values()), look))
    return ending.CLEAN


def _described(rule: type[Rule]) -> dict[str, Any]:
    return {
        "name": rule.kind,
        "title": rule.default_title,
        "severity": rule.default_severity.value,
        "subject": list(rule.default_group_by),
        "splits_by_outcome": rule.splits,
        "help": rule.default_help,
    }


def _pages(names: Sequence[str], look: Options) -> Iterator[str]:
    from s3guard.explain import explain

    for number, name in enumerate(names):
        yield "\n" if number else ""
        yield explain(name, look)


def _table(known: Sequence[type[Rule]], look: Options) -> Iterator[str]:
    """A rule a line: its name, what is true when it passes, how bad it is if not, and whom a finding names."""
    page = Page(look.width, look.color, look.ascii, gutter=max(len(rule.kind) for rule in known))
    for rule in known:
        yield from page.ends(rule.kind, rule.default_title, rule.default_severity.value, BOLD)
        yield from page.lines("", ", ".join(rule.default_group_by) or "one group of everything", DIM)
