"""``s3guard waivers``: the register of what policies accept for a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from s3guard.cli import choices, ending, options, terminal
from s3guard.cli.options import WRITTEN
from s3guard.cli.period import clock
from s3guard.outputs import Options, json_text, plural
from s3guard.page import DIM, GREEN, RED, YELLOW, Page
from s3guard.subjects import matched_text

if TYPE_CHECKING:
    from s3guard.waivers import Entry

ORDER = 4
EXAMPLES = """
s3guard waivers
s3guard waivers --policy policies/ --as-of 2027-01-01
s3guard waivers --format json
"""
_STYLES = {"in force": GREEN, "expiring": YELLOW, "expired": RED}


def waivers(
    context: typer.Context,
    *,
    policy: options.Policies = None,
    as_of: options.AsOf = None,
    format: Annotated[str | None, options.flag("--format", takes="FORMAT", panel=WRITTEN, says="text or json. [default: text]")] = None,  # noqa: A002 - the flag's name
    color: options.Color = None,
    verbose: options.Trace = False,  # noqa: ARG001 - whoever runs the verb looks at it
) -> int:
    """List the waivers of policies: what each accepts, why, who approved it, and until when.

    The one that ends first stands first: those that expired, those that will within 30 days, then those in force. The exit code is 0
    whatever they are; s3guard validate --strict fails on a waiver that has expired, and a report tells what each of them covers.
    """
    from s3guard.policy import load
    from s3guard.waivers import document, register

    entries = register(load(options.policies(policy)), None, clock(context, as_of))
    entries = tuple(sorted(entries, key=lambda one: one.waiver["expires"]))  # stable: of one day in the order of the policies
    look = terminal.options(choices.one_of(context, "color", color or "auto"), choices.of(context).environ)
    if choices.one_of(context, "format", format or "text") == "json":
        terminal.put([json_text([document(one) for one in entries])])
    else:
        terminal.put(f"{line}\n" for line in _table(entries, look))
    return ending.CLEAN


def _table(entries: Sequence[Entry], look: Options) -> Iterator[str]:
    """Three lines and more a waiver, and how many there are."""
    page = Page(look.width, look.color, look.ascii, gutter=max(map(len, _STYLES)))
    for one in entries:
        told, place = one.waiver, f"{one.location.file}:{one.location.line}"
        yield from page.ends(one.state.value, page.clean(one.rule), f"until {told['expires']}", _STYLES[one.state.value])
        yield from page.lines("", page.clean(matched_text(told["match"])))
        yield from page.lines("", page.clean(told["reason"]))
        approved = f"approved by {told['approved_by']}" if told["approved_by"] else "approved by nobody named"
        yield from page.lines("", page.clean(", ".join(filter(None, (told["ticket"], approved, place)))), DIM)
        yield ""
    counts = Counter(one.state.value for one in entries)
    said = ", ".join(f"{counts[state]:,} {state}" for state in _STYLES if counts[state])
    yield f"{plural(len(entries), 'waiver')}: {said}" if entries else "no waivers"
