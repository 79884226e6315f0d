"""``s3guard explain``: what something means that stands in a policy, a log or a report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from s3guard.cli import choices, ending, options, redacting, terminal
from s3guard.cli.options import JUDGED
from s3guard.model import Report, UnableError, UsageError
from s3guard.outputs import Options

if TYPE_CHECKING:
    from s3guard.redaction import Redaction

ORDER = 6
EXAMPLES = """
s3guard explain AccessDenied
s3guard explain writers REST.COPY.OBJECT_GET turn_around_time
s3guard explain logs/2026-10-01-22-59-42-957B7CBF0FCEC8AC:35
head -3 logs/2026-10-01 | s3guard explain -
s3guard explain 3f9a1c --report report.json
"""

_MOST: Final = 1 << 20
"""Bytes of log that are explained at once; a page a line is for reading."""


def explain(
    context: typer.Context,
    things: Annotated[
        list[str] | None,
        options.texts(
            "THING",
            "A rule, a check of the audit, an error code, a column, an operation, a class of operations, a warning, an outcome, "
            "a log line or JSON record in quotes, FILE:LINE as reports name one, a finding's fingerprint, or - for log lines from "
            "standard input.",
        ),
    ] = None,
    *,
    report: Annotated[
        Path | None, options.flag("--report", takes="FILE", panel=JUDGED, says="A saved json report, to look fingerprints up in.")
    ] = None,
    redact: options.Redact = None,
    redact_key_file: options.RedactKeyFile = None,
    mask: options.Mask = None,
    color: options.Color = None,
    verbose: options.Trace = False,  # noqa: ARG001 - whoever runs the verb looks at it
) -> int:
    """Explain a rule, an error code, a log line or a finding.

    A log line is shown field by field, with who asked for what, and what the log cannot show.
    """
    if not things:
        raise UsageError("what is to be explained? Give a name or a log line in quotes, as in: s3guard explain AccessDenied")
    look = terminal.options(choices.one_of(context, "color", color or "auto"), choices.of(context).environ)
    hidden = redacting.redaction(context, redact, redact_key_file, mask, policies=report is not None or any(map(_may_be_logged, things)))
    terminal.put(_pages(things, look, _saved(report), hidden))
    return ending.CLEAN


def _saved(path: Path | None) -> Report | None:
    if path is None:
        return None
    from s3guard.outputs.json import read

    return read(path)


def _may_be_logged(thing: str) -> bool:
    """Whether it may be a log line, or the place of one, rather than a name."""
    return not thing.replace("_", "").replace(".", "").replace("-", "").isalnum()


def _pages(things: Sequence[str], look: Options, report: Report | None, hidden: Redaction) -> Iterator[str]:
    pages = [_page(thing, look, report, hidden) for thing in things]
    return iter("\n".join(pages).splitlines(keepends=True))


def _page(thing: str, look: Options, report: Report | None, hidden: Redaction) -> str:
    """Of the lines of standard input for a dash, of the line of a file for its place, else of what was given."""
    from s3guard.explain import explain as explained
    from s3guard.explain import explain_lines
    from s3guard.located import line_at
    from s3guard.repository import report_root

    logged = _standard_input() if thing == "-" else line_at(thing, report_root(Path.cwd()))
    return explained(thing, look, report, hidden) if logged is None else explain_lines(logged, look, hidden)


def _standard_input() -> bytes:
    """The lines of standard input."""
    from s3guard.sources import UnreadableError, stdin

    given = bytearray()
    try:
        for piece in stdin.chunks():
            given += piece
            if len(given) > _MOST:
                break
    except UnreadableError as error:
        raise UnableError(f"could not read {error}") from error
    if len(given) > _MOST:
        raise UsageError(
            "standard input holds more than 1 MiB; give it the lines that matter, as in: grep 3E57427F3EXAMPLE log | s3guard explain -"
        )
    if not given.strip():
        raise UsageError("standard input holds no log line")
    return bytes(given)
