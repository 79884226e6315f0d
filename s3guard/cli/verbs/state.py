"""``s3guard state``: what a state of runs holds, whether it is whole, and how it is kept small."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from s3guard.aws import Access
from s3guard.cli import choices, ending, options, terminal
from s3guard.cli.period import clock
from s3guard.model import UsageError
from s3guard.outputs import plural
from s3guard.page import BOLD, Page
from s3guard.problems import did_you_mean
from s3guard.text import shown

if TYPE_CHECKING:
    from s3guard.outputs import Options
    from s3guard.state import State
    from s3guard.state.draft import Gone

ORDER = 8
EXAMPLES = """
s3guard state show .s3guard/state
s3guard state verify s3://org-audit/s3guard/state --profile audit
s3guard state compact s3://org-audit/s3guard/state
s3guard state prune .s3guard/state --keep 400d --dry-run
"""
ACTIONS = ("show", "verify", "compact", "prune")
LONGEST = 400
"""Days that are shown one by one; of a longer time, those alone that have records."""
LATEST = 100
"""Runs that are shown: the last ones."""
MANY = 500
"""Entries since the last compaction of which `show` says that they could be compacted."""
HOUR = 3600
USUAL = timedelta(days=30)
"""What a check reports unless something else is said."""


def state(
    context: typer.Context,
    action: Annotated[
        str | None, typer.Argument(metavar="show|verify|compact|prune", help="What to do, see above.", show_default=False)
    ] = None,
    uri: Annotated[str | None, typer.Argument(metavar="URI", help="The folder or s3://bucket/prefix.", show_default=False)] = None,
    *,
    before: Annotated[
        str | None,
        options.flag("--before", takes="WHEN", panel=options.PRUNED, says="prune: what is older than that goes: 2026-01-01, or 400d."),
    ] = None,
    keep: Annotated[
        str | None,
        options.flag("--keep", takes="AGE", panel=options.PRUNED, says="prune: what is younger than that stays, such as 400d."),
    ] = None,
    dry_run: Annotated[bool, options.switch("dry-run", options.PRUNED, "prune: only say what would go.")] = False,
    as_of: options.AsOf = None,
    profile: options.Profile = None,
    region: options.Region = None,
    role_arn: options.RoleArn = None,
    endpoint_url: options.EndpointUrl = None,
    color: options.Color = None,
    verbose: options.Trace = False,  # noqa: ARG001 - whoever runs the verb looks at it
) -> int:
    """Show, verify, compact or prune what a state remembers.

    `show` lists the runs, and by bucket and day the hours that have records and those that have none. `verify` reads all of it and
    compares each byte with what was written. `compact` joins what many runs wrote into few files, so that later runs read it quickly: no
    answer changes, and the records of runs stay as they are. `prune` takes away what is older than `--before` or `--keep`, for good: a
    report that begins earlier says so and ends with 3. All of them may be used while other runs read and write, and end with 3 where the
    state is not whole.
    """
    if action not in ACTIONS:
        raise UsageError(f"s3guard state {action or ''}: say show, verify, compact or prune{did_you_mean(action or '', ACTIONS)}")
    if uri is None:
        raise UsageError(f"which state? As in: s3guard state {action} .s3guard/state")
    _refuse(context, action)
    limit = _limit(context, before, keep, as_of) if action == "prune" else None
    look = terminal.options(choices.one_of(context, "color", color or "auto"), choices.of(context).environ)
    from s3guard.state import State

    remembered = State(uri, Access(profile, region, options.one_role(role_arn), endpoint_url))
    if not remembered.view().last:
        raise UsageError(f"{shown(uri)}: there is no state; look whether the place is spelt as in --state")
    if action == "show":
        terminal.put(f"{line}\n" for line in _shown(remembered, look))
    elif action == "verify":
        terminal.put([_verified(remembered)])
    elif action == "compact":
        terminal.put([_compacted(remembered)])
    elif limit is not None:
        terminal.put([_pruned(remembered, limit, dry=dry_run)])
        if datetime.fromtimestamp(limit, UTC) > clock(context, as_of) - USUAL:
            ending.tell("a check reports the last 30 days unless --since says otherwise: until they lie behind, it ends with 3")
    return ending.CLEAN


def _refuse(context: typer.Context, action: str) -> None:
    """UsageError for what only `prune` takes."""
    for name in ("before", "keep", "dry_run"):
        source = context.get_parameter_source(name)
        if action != "prune" and source is not None and source.name == "COMMANDLINE":
            raise UsageError(f"--{name.replace('_', '-')} belongs to s3guard state prune, not to {action}")


def _limit(context: typer.Context, before: str | None, keep: str | None, as_of: str | None) -> int:
    """The full hour, seconds since 1970, before which nothing is to stay; UsageError where that is not said, or lies ahead."""
    from s3guard.instants import instant
    from s3guard.quantities import duration

    now = clock(context, as_of)
    if before is not None and keep is None:
        name = "before"
        with choices.about(context, name):
            limit = instant(before, now)
    elif keep is not None and before is None:
        name = "keep"
        with choices.about(context, name):
            duration(keep)  # NOTE: a date is none
            limit = instant(keep, now)
    else:
        raise UsageError("s3guard state prune: say what goes, by one of --before 2026-01-01 and --keep 400d")
    if limit > now:
        raise UsageError(f"{choices.place(context, name)}: {limit:%Y-%m-%dT%H:%M:%SZ} lies ahead of --as-of; all that there is would go")
    return int(limit.timestamp()) // HOUR * HOUR


def _verified(remembered: State) -> str:
    from s3guard.state.history import verified

    whole = verified(remembered)
    lines = [f"{whole.entries:,} entries of {shown(remembered.uri)} are whole, and each belongs behind the one before it."]
    if whole.compacted:
        lines.append(
            f"The first {whole.compacted:,} were compacted: {plural(whole.parts, 'part')} in their place and "
            f"{plural(whole.runs, 'record')} of runs were compared with the SHA-256 that were written down."
        )
    if (pruned := remembered.view().pruned) is not None:
        lines.append(f"What was older than {_written(pruned)} was pruned.")
    return "".join(f"{line}\n" for line in lines)


def _compacted(remembered: State) -> str:
    from s3guard.state.compaction import compact

    count = compact(remembered)
    base = remembered.view().base
    if not count or base is None:
        return f"Nothing was written to {shown(remembered.uri)} since it was compacted last.\n"
    what = "1 entry" if count == 1 else f"{count:,} entries"
    return f"{what} of {shown(remembered.uri)} joined: {plural(len(base.compacted.parts), 'part')} now stand for all that was judged.\n"


def _pruned(remembered: State, limit: int, *, dry: bool) -> str:
    from s3guard.state.compaction import prune

    gone: Gone = prune(remembered, limit, dry=dry)
    what = (
        f"{plural(gone.records, 'log record')} that were counted, {plural(gone.objects, 'log object')} that had no younger one, "
        f"and the records of {plural(gone.runs, 'run')}"
    )
    if dry:
        return f"Before {_written(limit)}, this would go from {shown(remembered.uri)}: {what}. Nothing was changed.\n"
    return f"Before {_written(limit)}, this went from {shown(remembered.uri)}: {what}.\n"


def _written(second: int) -> str:
    return f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%MZ}"


def _shown(remembered: State, look: Options) -> Iterator[str]:
    """Runs, objects, and what was seen of each bucket."""
    from s3guard.state import history

    view, runs, unfinished = remembered.view(), history.runs(remembered), history.unfinished(remembered)
    objects = plural(len(view.objects), "log object was", "log objects were")
    yield f"{objects} judged by {len(runs):,} finished and {plural(len(unfinished), 'unfinished run')}"
    if view.pruned is not None:
        yield f"What was older than {_written(view.pruned)} was pruned; a report that begins earlier is undetermined."
    if len(view.entries) >= MANY:
        yield f"{len(view.entries):,} entries lie beside each other: s3guard state compact joins them."
    page = Page(look.width, look.color, look.ascii, gutter=20)
    yield ""
    if len(runs) > LATEST:
        yield from page.ends("", f"{len(runs) - LATEST:,} earlier runs", "", BOLD)
    for run in runs[-LATEST:]:
        found = f"run {page.clean(run.run)[:8]}: {plural(run.told['findings'], 'finding')}"
        yield from page.ends(run.told["as_of"], found if run.is_kept else f"{found}, its record was pruned", run.told["status"], BOLD)
    for name in unfinished:
        yield from page.ends("", f"run {page.clean(name)[:8]} did not come to its end; what it judged counts", "unfinished", BOLD)
    for bucket, hours in history.hours(remembered).items():
        yield ""
        yield page.clean(bucket)
        for day in _days(hours):
            marks = "".join("#" if day + HOUR * number in hours else "." for number in range(24))
            records = sum(count for hour, count in hours.items() if hour - hour % 86_400 == day)
            yield f"  {datetime.fromtimestamp(day, UTC):%Y-%m-%d}  {marks}  {records:,} records"
    yield ""
    yield "Each mark is an hour, UTC: # has records, . has none."


def _days(hours: dict[int, int]) -> Iterator[int]:
    """The first seconds of the days from the first record to the last; of a long time, those that have any."""
    days = sorted({hour - hour % 86_400 for hour in hours})
    if days[-1] - days[0] <= LONGEST * 86_400:
        return iter(range(days[0], days[-1] + 1, 86_400))
    return iter(days)
