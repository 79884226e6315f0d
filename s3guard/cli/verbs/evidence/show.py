"""``s3guard evidence show``: the page of a pack that an auditor reads first."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from s3guard.cli import choices, options, papers, terminal, trusting
from s3guard.model import UsageError

ORDER = 4
EXAMPLES = """
s3guard evidence show evidence.tar
s3guard evidence show evidence.tar --key signer.pub.pem
s3guard evidence show evidence.tar --key signer.pub.pem --verbose | less
s3guard evidence show evidence.tar --key signer.pub.pem -o html:evidence.html
"""
FORMATS = ("text", "html")


def show(
    context: typer.Context,
    pack: Annotated[Path | None, typer.Argument(metavar="PACK", help="The pack, a file.", show_default=False)] = None,
    *,
    trusted: Annotated[
        list[Path] | None,
        options.flag(
            "--key", takes="PUB.pem", panel=options.JUDGED, says="A public key whose owner you trust, to say who signed; repeatable."
        ),
    ] = None,
    tsa_roots: trusting.TsaRoots = None,
    wanted: Annotated[
        list[str] | None,
        options.flag(
            "-o",
            "--output",
            takes="FORMAT[:PATH]",
            panel=options.WRITTEN,
            says="text or html; into the file PATH. [default: text]",
            values=FORMATS,
        ),
    ] = None,
    color: options.Color = None,
    verbose: Annotated[
        bool, options.switch("verbose", options.RUN, "All of it, not the first page alone; where s3guard itself failed.", "-v")
    ] = False,
) -> int:
    """Show what an evidence pack says: who reviewed which period, by which policies, what was found, and what is missing.

    For people who know audits and not this tool. On a terminal it is the first page: what was reviewed, what came of it, what is missing,
    and who stands for it; --verbose and -o html have each finding and each control. It says at its top whether the pack is whole, and
    whether anybody verified who signed it; s3guard evidence verify looks at that alone, and ends with what it found. Ends with 0 where the
    page was shown and nothing in the pack is wrong, with 1 where something was altered, which the page says.
    """
    if pack is None:
        raise UsageError("which pack? As in: s3guard evidence show evidence.tar")
    look = terminal.options(choices.one_of(context, "color", color or "auto"), choices.of(context).environ, verbose=verbose)
    asked = papers.papers(wanted or [], FORMATS, pack, *trusted or ())
    from s3guard.cli import ending
    from s3guard.evidence import paged, printed
    from s3guard.evidence.verify import Request, shown_of

    keys, roots = trusting.trust(trusted, tsa_roots)
    page, is_wrong = shown_of(Request(pack=pack, keys=keys, roots=roots))
    papers.deliver(asked, {"text": lambda: (f"{line}\n" for line in printed.lines(page, look)), "html": lambda: [paged.render(page)]})
    return ending.VIOLATED if is_wrong else ending.CLEAN
