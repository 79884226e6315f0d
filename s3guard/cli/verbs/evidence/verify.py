"""``s3guard evidence verify``: whether a pack is whole, who signed it, and whether its verdicts come out again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from s3guard.aws import Access
from s3guard.cli import choices, options, papers, redacting, terminal, trusting
from s3guard.model import UsageError

ORDER = 3
EXAMPLES = """
s3guard evidence verify e.tar --key us.pub.pem
s3guard evidence verify e.tar --key us.pub.pem --key ada.pub.pem --objects
s3guard evidence verify e.tar --key us.pub.pem --replay s3://org-access-logs/
s3guard evidence verify e.tar --key us.pub.pem --tsa-roots tsa.pem -o json
"""
FORMATS = ("text", "json")


def verify(
    context: typer.Context,
    pack: Annotated[Path | None, typer.Argument(metavar="PACK", help="The pack, a file.", show_default=False)] = None,
    *,
    trusted: Annotated[
        list[Path] | None,
        options.flag(
            "--key",
            takes="PUB.pem",
            panel=options.JUDGED,
            says="A public key whose owner you trust, from another place than the pack; repeatable.",
        ),
    ] = None,
    tsa_roots: trusting.TsaRoots = None,
    replay: Annotated[
        list[str] | None,
        options.flag(
            "--replay",
            takes="LOGS",
            panel=options.JUDGED,
            says="Judge these logs again by the policies of the pack, and compare; repeatable.",
        ),
    ] = None,
    objects: Annotated[
        bool, options.switch("objects", options.JUDGED, "Read every log object that the pack names, and compare its SHA-256.")
    ] = False,
    wanted: Annotated[
        list[str] | None,
        options.flag(
            "-o",
            "--output",
            takes="FORMAT[:PATH]",
            panel=options.WRITTEN,
            says="text or json; into the file PATH. [default: text]",
            values=FORMATS,
        ),
    ] = None,
    redact_key_file: options.RedactKeyFile = None,
    jobs: options.Jobs = None,
    profile: options.Profile = None,
    region: options.Region = None,
    role_arn: options.RoleArn = None,
    endpoint_url: options.EndpointUrl = None,
    request_payer: options.RequestPayer = False,
    color: options.Color = None,
    verbose: options.Trace = False,  # noqa: ARG001 - whoever runs the verb looks at it
) -> int:
    """Verify an evidence pack, and say in plain words what holds, what does not, and what nobody looked at.

    It looks whether the pack is whole and its parts agree, and who signed it: with the public keys that you give, for a key out of the
    pack itself would prove nothing. `--objects` reads the log objects again, `--replay` judges them again. Ends with 0 where all that was
    asked holds, 1 where something does not, and 3 where something could not be verified: without a key, nobody knows who signed.
    """
    if pack is None:
        raise UsageError("which pack? As in: s3guard evidence verify evidence.tar --key signer.pub.pem")
    look = terminal.options(choices.one_of(context, "color", color or "auto"), choices.of(context).environ)
    asked = papers.papers(wanted or [], FORMATS, pack, *trusted or ())
    from s3guard.evidence import verification
    from s3guard.evidence.verify import Request, verified
    from s3guard.redaction import Redaction
    from s3guard.repository import report_root

    keys, roots = trusting.trust(trusted, tsa_roots)
    found = verified(
        Request(
            pack=pack,
            keys=keys,
            roots=roots,
            replay=replay or (),
            objects=objects,
            access=Access(profile, region, options.one_role(role_arn), endpoint_url, request_payer),
            redaction=Redaction(key=redacting.key(context, redact_key_file)),
            root=report_root(Path.cwd()),
            jobs=None if jobs is None else choices.positive(context, "jobs", jobs),
        )
    )
    papers.deliver(
        asked, {"text": lambda: (f"{line}\n" for line in verification.lines(found, look)), "json": lambda: [verification.as_json(found)]}
    )
    return found.exit_code
