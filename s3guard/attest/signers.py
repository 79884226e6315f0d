"""Who signs: a private key in a file, or one in AWS KMS that nobody can take out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from s3guard.model import UsageError
from s3guard.problems import quoted

if TYPE_CHECKING:
    from s3guard.aws import Access


class Signer(Protocol):
    """A key that signs."""

    @property
    def keyid(self) -> str:
        """Of its public key, see `s3guard.attest.keys.Key.keyid`."""

    @property
    def public_pem(self) -> bytes:
        """Its public key, which verifies."""

    def sign(self, data: bytes) -> bytes:
        """The signature over these bytes, 4,096 at most; UnableError where the key cannot be used."""


def signer(spec: str, access: Access | None = None, passphrase: bytes | None = None) -> Signer:
    """The key that ``--key`` names: a PEM file, or ``awskms:///`` and an ARN, an id, or ``alias/NAME``.

    UsageError where there is no such key, or it cannot sign; UnableError where AWS refuses.
    """
    scheme, found, _ = spec.partition("://")
    if not found:
        from s3guard.attest.keys import Ed25519

        return Ed25519.read(Path(spec), passphrase)
    if scheme == "awskms":
        from s3guard.attest.kms import opened

        return opened(spec, access)
    raise UsageError(f"--key {quoted(spec)}: give a PEM file, or a key of AWS KMS, as in awskms:///alias/s3guard-evidence")
