"""``s3guard evidence sign-off``: a reviewer's own signed words about a pack."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Annotated, Any

import typer

from s3guard.aws import Access
from s3guard.cli import ending, options, signing, storing, terminal
from s3guard.model import UsageError
from s3guard.text import ci_safe, shown

ORDER = 5
EXAMPLES = """
s3guard evidence sign-off e.tar --key ada.pem --reviewer Ada --statement Read.
"""


def sign_off(
    context: typer.Context,
    pack: Annotated[Path | None, typer.Argument(metavar="PACK", help="The pack, a file.", show_default=False)] = None,
    *,
    key: signing.SigningKey = None,
    passphrase_file: signing.PassphraseFile = None,
    timestamp: signing.Timestamp = None,
    reviewer: Annotated[
        str | None, options.flag("--reviewer", takes="NAME", panel=options.WRITTEN, says="Who reviewed it: your name.")
    ] = None,
    role: Annotated[
        str | None, options.flag("--role", takes="TEXT", panel=options.WRITTEN, says="As what: privacy officer, internal audit…")
    ] = None,
    statement: Annotated[
        str | None, options.flag("--statement", takes="TEXT", panel=options.WRITTEN, says="What you say of it, in your own words.")
    ] = None,
    decision: Annotated[
        str,
        options.flag(
            "--decision",
            takes="WORD",
            panel=options.WRITTEN,
            says="reviewed, accepted or rejected. [default: reviewed]",
            values=("reviewed", "accepted", "rejected"),
        ),
    ] = "reviewed",
    store: storing.Store = None,
    retain: storing.Retain = None,
    lock_mode: storing.LockMode = "compliance",
    allow_unlocked: storing.AllowUnlocked = False,
    profile: options.Profile = None,
    region: options.Region = None,
    role_arn: options.RoleArn = None,
    endpoint_url: options.EndpointUrl = None,
    verbose: options.Trace = False,  # noqa: ARG001 - whoever runs the verb looks at it
) -> int:
    """Add a reviewer's signed statement to an evidence pack: who looked at it, as what, when, and what came of it.

    It becomes a further member of the pack; the others stay as they are, and several reviewers may sign off one after the other. A pack
    that does not hold together is refused. Whoever holds the key is whom the pack believes: give every reviewer a key of his own. With
    `--store`, the pack as it is then is kept beside the former one, under its name and the statement's: `evidence.0003-sign-off.tar`.
    """
    if pack is None:
        raise UsageError("which pack? As in: s3guard evidence sign-off evidence.tar --key ada.pem --reviewer Ada --statement Read.")
    missing = [f"--{name}" for name, value in (("key", key), ("reviewer", reviewer), ("statement", statement)) if not value]
    if key is None or reviewer is None or statement is None:
        raise UsageError(
            f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing: a sign-off says who signs, and what he says"
        )
    if not pack.is_file():
        raise UsageError(f"{shown(str(pack))}: there is no such file")
    from s3guard.attest.predicates import SignOff
    from s3guard.evidence import signing as signed
    from s3guard.evidence import worm

    def say(reviewed: dict[str, Any]) -> SignOff:
        return SignOff(reviewer, role, decision, statement, signed.moment(), reviewed)

    say({})  # NOTE: what is wrong with the words is told before a key is asked for its passphrase, or AWS for its key.
    access = Access(profile, region, options.one_role(role_arn), endpoint_url)
    seal = signing.seal(context, key, passphrase_file, timestamp, access)
    lock = None
    if store is not None:
        # NOTE: what is wrong with it is told before anything is written.
        worm.place(store, pack.name)
        lock = storing.lock(context, retain, lock_mode, signed.frameworks(pack), allow_unlocked=allow_unlocked)
    member = signed.sign_off(pack, say, seal)
    terminal.put([ci_safe(f"{shown(reviewer)}: {decision}; {member} of {shown(str(pack))}, key {seal.signer.keyid}") + "\n"])
    if store is not None and lock is not None:
        what = PurePosixPath(member).name.removesuffix(signed.ENVELOPE)
        terminal.put([f"{storing.stored(pack, store, lock, access, f'{pack.stem}.{what}{pack.suffix}')}\n"])
    return ending.CLEAN
