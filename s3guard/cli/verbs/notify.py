"""``s3guard notify``: tries channels out, without waiting for something to be found."""

from __future__ import annotations

from typing import Annotated

import typer

from s3guard.aws import Access
from s3guard.cli import choices, ending, options, telling, terminal
from s3guard.model import UsageError

ORDER = 9.5
EXAMPLES = """
s3guard notify "smtp://mail.example.org/?to=ops@example.org"
s3guard notify sns://arn:aws:sns:eu-west-1:111122223333:alerts
s3guard notify "https://example.org/hook#secret"
s3guard notify
"""


def notify(
    context: typer.Context,
    urls: Annotated[list[str] | None, options.texts("URL", "Channels to try. [default: those of the settings, key notify]")] = None,
    *,
    notify: Annotated[list[str] | None, options.flag("--notify", takes="URL", panel=options.TOLD, says="The same.", hidden=True)] = None,
    profile: options.Profile = None,
    region: options.Region = None,
    role_arn: options.RoleArn = None,
    quiet: options.Quiet = False,
    verbose: options.Trace = False,  # noqa: ARG001 - whoever runs the verb looks at it
) -> int:
    """Send a test message.

    Each channel is sent one message, which says that it is a test and that nothing was found; then it says who took it. Ends with 3 where
    one did not. Nothing is judged, and nothing is remembered.
    """
    named = urls or notify
    if not named:
        raise UsageError('who is told? As in: s3guard notify "smtp://mail.example.org/?to=ops@example.org"')
    for note in () if quiet else choices.of(context).settings.notes:
        terminal.warn(note)
    access = Access(profile, region, options.one_role(role_arn))
    teller = telling.teller(context, telling.Wish(named, None, details=False, threshold="none", state=None, access=access, loud=not quiet))
    return ending.CLEAN if teller.try_out() else ending.UNABLE
