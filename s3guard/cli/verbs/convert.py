"""``s3guard convert``: a saved report in other formats."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from s3guard.cli import choices, delivery, ending, options, redacting, terminal
from s3guard.model import UsageError

ORDER = 7
EXAMPLES = """
s3guard convert report.json
s3guard convert report.json -o sarif:s3guard.sarif -o markdown:comment.md
s3guard convert report.json -o json:shared.json --redact ip,requester
"""


def convert(
    context: typer.Context,
    saved: Annotated[Path | None, typer.Argument(metavar="REPORT", help="A report that --output json wrote.", show_default=False)] = None,
    *,
    output: options.Outputs = None,
    redact: options.Redact = None,
    redact_key_file: options.RedactKeyFile = None,
    mask: options.Mask = None,
    sarif_profile: options.SarifProfile = None,
    junit_dialect: options.JunitDialect = None,
    account: options.Account = None,
    region: options.Region = None,
    color: options.Color = None,
    verbose: options.Verbose = False,
) -> int:
    """Write a saved report in other formats.

    Nothing is judged again: the exit code is 0 where all were written, whatever the report says. Credentials that the saved report masks
    stay masked, and who is redacted there stays so; --redact redacts a report that was saved without, and more of one that was not.
    """
    if saved is None:
        raise UsageError("which report? Give one that --output json wrote, as in: s3guard convert report.json -o sarif:report.sarif")
    wanted = delivery.targets(output or ["text"])
    environ = choices.of(context).environ
    look = terminal.options(choices.one_of(context, "color", color or "auto"), environ, verbose=verbose)
    look = delivery.options(context, sarif_profile, junit_dialect, look)
    look = delivery.at_home(look, wanted, account, region, environ)
    from s3guard.outputs.json import read

    hidden = redacting.redaction(context, redact, redact_key_file, mask, policies=True)
    delivered = delivery.deliver(hidden.report(read(saved)), wanted, look, environ, judged=False)
    return ending.CLEAN if delivered.whole else ending.UNABLE
