"""Who signs, as flags say it: a private key in a file or in AWS KMS, its passphrase, and an authority that stamps the time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from s3guard.aws import Access
from s3guard.cli import choices, options

if TYPE_CHECKING:
    from s3guard.evidence.signing import Seal

SigningKey = Annotated[
    str | None,
    options.flag(
        "--key",
        takes="KEY",
        panel=options.WRITTEN,
        says="Who signs: a private key, NAME.pem of s3guard evidence keygen; or one of AWS KMS: awskms:///alias/NAME, awskms:///ARN.",
    ),
]
PassphraseFile = Annotated[
    Path | None,
    options.flag(
        "--passphrase-file",
        takes="FILE",
        panel=options.WRITTEN,
        says="The passphrase of the private key. [default: the variable S3GUARD_KEY_PASSPHRASE]",
    ),
]
Timestamp = Annotated[
    str | None,
    options.flag(
        "--timestamp",
        takes="URL",
        panel=options.WRITTEN,
        says="Have an authority (RFC 3161) stamp when it was signed: it is sent the SHA-256 of the signature, and nothing else.",
    ),
]


def seal(context: typer.Context, key: str, passphrase_file: Path | None, timestamp: str | None, access: Access) -> Seal:
    """What statements are signed with; UsageError where there is no such key or authority, UnableError where AWS refuses."""
    from s3guard.attest import keys, signer, stamps
    from s3guard.evidence.signing import Seal

    if timestamp is not None:
        stamps.required()
        stamps.checked(timestamp)
    return Seal(signer(key, access, keys.passphrase(passphrase_file, choices.of(context).environ)), timestamp)
