"""``s3guard state``: what a state of runs holds, and whether it is whole."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from s3guard.cli import choices, ending, options, terminal
from s3guard.model import UsageError
from s3guard.outputs import plural
from s3guard.page import BOLD, Page
from s3guard.problems import did_you_mean
from s3guard.text import shown

if TYPE_CHECKING:
    from s3guard.outputs import Options
    from s3guard.state import View

ORDER = 8
EXAMPLES = """
s3guard state show .s3guard/state
s3guard state verify s3://org-audit/s3guard/state
"""
ACTIONS = ("show", "verify")
LONGEST = 400
"""Days that are shown one by one; of a longer time, those alone that have records."""


def state(
    context: typer.Context,
    action: Annotated[str | None, typer.Argument(metavar="show|verify", help="What to do.", show_default=False)] = None,
    uri: Annotated[str | None, typer.Argument(metavar="URI", help="The folder or s3://bucket/prefix.", show_default=False)] = None,
    *,
    color: options.Color = None,
    verbose: options.Trace = False,  # noqa: ARG001 - whoever runs the verb looks at it
) -> int:
    """Show what a state remembers, or verify that it is whole.

    `show` lists the runs, and by bucket and day the hours that have records and those that have none. `verify` reads every entry and
    compares its bytes with the SHA-256 that it and the entry behind it name. Both end with 3 where the state is not whole.
    """
    if action not in ACTIONS:
        raise UsageError(f"s3guard state {action or ''}: say show or verify{did_you_mean(action or '', ACTIONS)}")
    if uri is None:
        raise UsageError(f"which state? As in: s3guard state {action} .s3guard/state")
    look = terminal.options(choices.one_of(context, "color", color or "auto"), choices.of(context).environ)
    from s3guard.state import State

    view = State(uri).view()
    if not view.last:
        raise UsageError(f"{shown(uri)}: there is no state; look whether the place is spelt as in --state")
    if action == "show":
        terminal.put(f"{line}\n" for line in _shown(view, look))
    else:
        terminal.put([f"{view.last:,} entries of {shown(uri)} are whole, and each belongs behind the one before it.\n"])
    return ending.CLEAN


def _shown(view: View, look: Options) -> Iterator[str]:
    """Runs, objects, and what was seen of each bucket."""
    finished = {run.run for run in view.runs}
    unfinished = list(dict.fromkeys(batch.run for batch in view.batches if batch.run not in finished))
    yield f"{len(view.objects):,} log objects were judged by {len(finished):,} finished and {len(unfinished):,} unfinished runs"
    page = Page(look.width, look.color, look.ascii, gutter=20)
    yield ""
    for run in view.runs:
        told = run.report["run"]
        found = sum(len(result["findings"]) for result in run.report["results"])
        yield from page.ends(told["as_of"], f"run {run.run[:8]}: {plural(found, 'finding')}", run.report["status"], BOLD)
    for name in unfinished:
        yield from page.ends("", f"run {page.clean(name)[:8]} did not come to its end; what it judged counts", "unfinished", BOLD)
    for bucket, hours in _hours(view).items():
        yield ""
        yield page.clean(bucket)
        for day in _days(hours):
            marks = "".join("#" if day + 3600 * number in hours else "." for number in range(24))
            records = sum(count for hour, count in hours.items() if hour - hour % 86_400 == day)
            yield f"  {datetime.fromtimestamp(day, UTC):%Y-%m-%d}  {marks}  {plural(records, 'record')}"
    yield ""
    yield "Each mark is an hour, UTC: # has records, . has none."


def _days(hours: dict[int, int]) -> Iterator[int]:
    """The first seconds of the days from the first record to the last; of a long time, those that have any."""
    days = sorted({hour - hour % 86_400 for hour in hours})
    if days[-1] - days[0] <= LONGEST * 86_400:
        return iter(range(days[0], days[-1] + 1, 86_400))
    return iter(days)


def _hours(view: View) -> dict[str, dict[int, int]]:
    """The records of each hour (its first second) that has some, by bucket."""
    hours: dict[str, dict[int, int]] = {}
    for batch in view.batches:
        for frame in () if batch.again else batch.partial.buckets:
            for row in frame.iter_rows(named=True):
                mine = hours.setdefault(row["bucket"], {})
                mine[row["cell"]] = mine.get(row["cell"], 0) + row["records"]
    return dict(sorted(hours.items()))
