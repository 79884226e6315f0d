"""Keys: public ones that verify, Ed25519 ones that are made here and sign, and the files that hold them.

Takes the package cryptography, ``pip install 's3guard[sign]'``.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from s3guard.model import UnableError, UsageError
from s3guard.text import shown

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    Public = Ed25519PublicKey | EllipticCurvePublicKey | RSAPublicKey

PASSPHRASE: Final = "S3GUARD_KEY_PASSPHRASE"
"""The variable that holds the passphrase of a private key."""
HOW: Final = "make a pair of keys with: s3guard evidence keygen -o NAME"
_LARGEST: Final = 65_536
"""Bytes of a file that is read for a key."""
_SHORTEST: Final = 2_048
"""Bits of an RSA key, NIST SP 800-131A."""
_LEAST: Final = 12
"""Characters of a passphrase that protects a new key."""


def required() -> None:
    """UsageError that says how to get it, where the package cryptography is missing."""
    if find_spec("cryptography") is None:
        raise UsageError("signatures take the package cryptography: pip install 's3guard[sign]'")


@dataclass(frozen=True, slots=True)
class Key:
    """A public key that verifies signatures.

    Ed25519 (RFC 8032); ECDSA on P-256 with SHA-256 or on P-384 with SHA-384, in DER; RSA PKCS #1 v1.5 with SHA-256.
    """

    keyid: str
    """SHA-256 of the DER of its SubjectPublicKeyInfo, 64 hex: ``openssl pkey -pubin -in NAME.pub.pem -outform DER | sha256sum``."""
    kind: str
    """``Ed25519``, ``ECDSA P-256``, ``ECDSA P-384``, or ``RSA`` and its bits."""
    pem: bytes
    """The SubjectPublicKeyInfo."""
    _public: Public = field(repr=False, compare=False)

    @classmethod
    def read(cls, path: Path) -> Key:
        """The public key of a PEM file; UsageError where it cannot be read, or holds something else."""
        return cls.of(_content(path), shown(str(path)))

    @classmethod
    def of(cls, pem: bytes, where: str) -> Key:
        """The public key of a PEM text; UsageError that begins with `where` for something else."""
        required()
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

        if b"PRIVATE KEY-----" in pem:
            raise UsageError(f"{where}: this is a private key, which nobody else should see; give the public one, NAME.pub.pem")
        try:
            public = load_pem_public_key(pem)
        except (ValueError, UnsupportedAlgorithm) as error:
            raise UsageError(f"{where}: this is no public key in PEM (-----BEGIN PUBLIC KEY-----)") from error
        kind = _kind(public)
        if kind is None:
            raise UsageError(f"{where}: signatures are Ed25519, ECDSA on P-256 or P-384, or RSA of {_SHORTEST:,} bits and more")
        der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        plain = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return cls(hashlib.sha256(der).hexdigest(), kind, plain, public)  # type: ignore[arg-type]  # `_kind` has looked

    def verifies(self, signature: bytes, data: bytes) -> bool:
        """Whether this key made the signature over these bytes."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

        public = self._public
        try:
            if isinstance(public, ec.EllipticCurvePublicKey):
                digest = hashes.SHA384() if public.curve.key_size == 384 else hashes.SHA256()
                public.verify(signature, data, ec.ECDSA(digest))
            elif isinstance(public, rsa.RSAPublicKey):
                public.verify(signature, data, padding.PKCS1v15(), hashes.SHA256())
            else:
                public.verify(signature, data)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Ed25519:
    """A private key of a file, which signs; see `s3guard.attest.signers.Signer`."""

    keyid: str
    public_pem: bytes
    _private: Ed25519PrivateKey = field(repr=False, compare=False)

    @classmethod
    def read(cls, path: Path, passphrase: bytes | None = None) -> Ed25519:
        """The key of a PEM file; UsageError where it cannot be read, is locked, or is of another kind."""
        required()
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        where, pem = shown(str(path)), _content(path)
        if b"PUBLIC KEY-----" in pem:
            raise UsageError(f"{where}: this is a public key, which verifies; one that signs is private; {HOW}")
        # NOTE: a passphrase in the environment, and a key that has none, go together.
        is_locked = b"ENCRYPTED" in pem
        if is_locked and not passphrase:
            raise UsageError(f"{where}: this key has a passphrase; set {PASSPHRASE}, or give --passphrase-file FILE")
        try:
            private = load_pem_private_key(pem, passphrase if is_locked else None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            said = "this is not its passphrase, or it is damaged" if is_locked else f"this is no private key in PEM; {HOW}"
            raise UsageError(f"{where}: {said}") from error
        if not isinstance(private, Ed25519PrivateKey):
            raise UsageError(f"{where}: s3guard signs with Ed25519 keys, and with keys of AWS KMS (awskms:///…); {HOW}")
        return cls._of(private)

    @classmethod
    def _of(cls, private: Ed25519PrivateKey) -> Ed25519:
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        key = Key.of(private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), "")
        return cls(key.keyid, key.pem, private)

    def sign(self, data: bytes) -> bytes:
        """The signature, RFC 8032; 64 bytes, the same each time."""
        return self._private.sign(data)


def generate(name: Path, passphrase: bytes | None = None) -> Ed25519:
    """A new key in ``NAME.pem`` (PKCS #8, mode 0600, locked by a passphrase if there is one), its public one in ``NAME.pub.pem``.

    Both are there, or neither; UnableError where one of them is there already, or cannot be written. UsageError for a passphrase that is
    shorter than 12 characters.
    """
    required()
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

    if passphrase is not None and len(passphrase) < _LEAST:
        raise UsageError(f"a passphrase has {_LEAST} characters or more, and this one has {len(passphrase)}")
    private = Ed25519PrivateKey.generate()
    made = Ed25519._of(private)  # noqa: SLF001 - of this module
    lock = NoEncryption() if passphrase is None else BestAvailableEncryption(passphrase)
    files = {
        name.with_name(f"{name.name}.pem"): (private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock), 0o600),
        name.with_name(f"{name.name}.pub.pem"): (made.public_pem, 0o644),
    }
    written: list[Path] = []
    try:
        for path, (content, mode) in files.items():
            _create(path, content, mode, written)
    except BaseException:
        for path in written:
            with contextlib.suppress(OSError):
                path.unlink()
        raise
    return made


def passphrase(file: Path | None, environ: Mapping[str, str]) -> bytes | None:
    """The passphrase of a file, less the line break at its end, else that of `PASSPHRASE`; None where there is none."""
    if file is None:
        return environ[PASSPHRASE].encode("utf-8", "surrogateescape") if environ.get(PASSPHRASE) else None
    found = _content(file).rstrip(b"\r\n")
    if not found:
        raise UsageError(f"{shown(str(file))}: there is no passphrase in it")
    return found


def _create(path: Path, content: bytes, mode: int, written: list[Path]) -> None:
    """Write a file that is not there yet. NOTE: made with its permissions, so that at no moment others can read it."""
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode)
        written.append(path)
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
    except FileExistsError:
        raise UnableError(f"{shown(str(path))}: this is there already, and a key is never written over; choose another name") from None
    except OSError as error:
        raise UnableError(f"could not write {shown(str(path))}: {(error.strerror or str(error)).lower()}") from error


def _kind(public: object) -> str | None:
    """What kind of key it is; None for one that is not taken."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    if isinstance(public, ed25519.Ed25519PublicKey):
        return "Ed25519"
    if isinstance(public, ec.EllipticCurvePublicKey):
        return {"secp256r1": "ECDSA P-256", "secp384r1": "ECDSA P-384"}.get(public.curve.name)
    if isinstance(public, rsa.RSAPublicKey) and public.key_size >= _SHORTEST:
        return f"RSA {public.key_size}"
    return None


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            found = stream.read(_LARGEST + 1)
    except OSError as error:
        raise UsageError(f"{shown(str(path))}: it cannot be read: {(error.strerror or str(error)).lower()}") from error
    if len(found) > _LARGEST:
        raise UsageError(f"{shown(str(path))}: this is longer than any key; a key stands behind --key, and a pack without a flag")
    return found
