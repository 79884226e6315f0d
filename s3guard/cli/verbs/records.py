"""``s3guard records``: the parsed records, safely, for other tools."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from s3guard import files, memory
from s3guard.aws import Access
from s3guard.cli import choices, delivery, ending, options, progress, redacting, terminal
from s3guard.cli.options import JUDGED, WRITTEN
from s3guard.cli.period import period
from s3guard.model import UnableError, UsageError
from s3guard.outputs import left_out, plural

if TYPE_CHECKING:
    from fractions import Fraction

    from s3guard.dump import Dump

ORDER = 3
EXAMPLES = """
s3guard records logs/ --since 24h | jq -r .principal | sort | uniq -c
s3guard records logs/ --to parquet -o records.parquet
s3guard records logs/ --columns time,principal,operation,key --to csv
s3guard records logs/ --where "operation_class = 'delete'" --bucket phi
"""


def records(
    context: typer.Context,
    logs: options.Logs = None,
    *,
    bucket: options.Buckets = None,
    since: options.Since = None,
    until: options.Until = None,
    where: Annotated[
        str | None, options.flag("--where", takes="SQL", panel=JUDGED, says="Only records for which this condition over columns is true.")
    ] = None,
    max_unparsed: options.MaxUnparsed = None,
    allow_empty: options.AllowEmpty = False,
    to: Annotated[str | None, options.flag("--to", takes="FORMAT", panel=WRITTEN, says="jsonl, csv or parquet. [default: jsonl]")] = None,
    file: Annotated[
        Path | None, options.flag("-o", "--output", takes="FILE", panel=WRITTEN, says="The file to write. [default: standard output]")
    ] = None,
    columns: Annotated[
        list[str] | None,
        options.flag("--columns", takes="NAMES", panel=WRITTEN, says="Only these columns, separated by commas; s3guard explain NAME."),
    ] = None,
    quarantine: options.Quarantine = None,
    redact: options.Redact = None,
    redact_key_file: options.RedactKeyFile = None,
    mask: options.Mask = None,
    as_of: options.AsOf = None,
    late: options.Late = None,
    profile: options.Profile = None,
    region: options.Region = None,
    role_arn: options.RoleArn = None,
    endpoint_url: options.EndpointUrl = None,
    request_payer: options.RequestPayer = False,
    no_progress: options.NoProgress = False,
    quiet: options.Quiet = False,
    verbose: options.Trace = False,
) -> int:
    r"""Write the parsed records for other tools.

    Credentials are masked, and characters that hide, move or act are spelled \u{hex}. A line that can be read in
    several ways is one row of status ambiguous, with null where its readings differ. Parquet of all records can be checked like the logs
    that it was made from. Ends with 3 where some input could not be read, and with 4 where there was no record.
    """
    named = options.some(logs, "s3guard records logs/ --to csv -o records.csv")
    form = choices.one_of(context, "to", to or "jsonl")
    if form == "parquet" and file is None and terminal.is_terminal(sys.stdout):
        raise UsageError("parquet is nothing to look at; give it a file, as in: s3guard records logs/ --to parquet -o records.parquet")
    delivery.keep_apart(file, quarantine)
    asked = period(context, as_of, since, until)
    unparsed = choices.share(context, "max-unparsed", max_unparsed or options.UNPARSED)
    chosen = choices.of(context)
    hidden = redacting.redaction(context, redact, redact_key_file, mask, policies=True)
    for note in () if quiet else chosen.settings.notes:
        terminal.warn(note)
    if not quiet:
        progress.waiting(named, verbose=verbose)
    memory.keep()
    from s3guard import conditions
    from s3guard.dump import Dump, Wanted

    if where is not None:
        with choices.about(context, "where"):
            conditions.check(where)
    watched = not (quiet or no_progress or (file is None and terminal.is_terminal(sys.stdout)))
    with progress.shown(named, chosen.environ, wanted=watched, color=terminal.is_colored("auto", sys.stderr, chosen.environ)) as tell:
        dump = Dump(
            Wanted(
                logs=named,
                columns=[name.strip() for names in columns or () for name in names.split(",")],
                where=where,
                buckets=bucket or (),
                since=asked.since,
                until=asked.until,
                quarantine=quarantine,
                progress=tell,
                late=choices.late(context, late),
                access=Access(profile, region, options.one_role(role_arn), endpoint_url, request_payer),
                is_judged=form == "parquet",
                redaction=hidden,
            )
        )
        _write(dump, form, file)
    return _concluded(dump, unparsed, asked.as_of, allow_empty=allow_empty, quiet=quiet)


def _write(dump: Dump, form: str, file: Path | None) -> None:
    from s3guard import tables

    with terminal.standard_output() if file is None else files.whole(file) as write:
        if form == "parquet":
            tables.parquet(dump.frames(), dump.schema, write, dump.told)
        else:
            for piece in tables.lines(dump.frames(), dump.schema, form):
                write(piece)


def _concluded(dump: Dump, unparsed: Fraction, as_of: datetime, *, allow_empty: bool, quiet: bool) -> int:
    """The exit code, after what a reader of the rows could not know from them is told on standard error."""
    from s3guard.dump import too_damaged

    told = []
    if dump.wanted.is_judged and dump.wanted.narrowed:
        told.append(f"narrowed by {', '.join(dump.wanted.narrowed)}: s3guard check will not take this file for the logs")
    if dump.ambiguous:
        told.append(f"{plural(dump.ambiguous, 'line')} can be read in several ways: rows of status ambiguous")
    if dump.quarantined:
        told.append(f"{plural(dump.quarantined, 'line')} could not be read as a record, and no row stands for it; --quarantine keeps them")
    told += left_out(dump.listed, as_of, "--bucket names others")
    for text in () if quiet else told:
        terminal.warn(text)
    faults = [f"{entry.object}: not read to its end: {entry.reason}" for entry in dump.reading.unreadable]
    if too_damaged(dump, unparsed):
        faults.append(f"{dump.quarantined:,} of {plural(dump.records + dump.quarantined, 'line')} are no record: more than --max-unparsed")
    for fault in faults:
        ending.tell_error(UnableError(fault), dump.wanted.redaction.text)
    if faults:
        return ending.UNABLE
    if not dump.rows and not quiet:
        ending.tell("no record")
    return ending.CLEAN if dump.rows or allow_empty else ending.IDLE
