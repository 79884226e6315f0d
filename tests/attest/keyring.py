"""Keys for tests: of every kind that verifies, and files that hold them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from s3guard.attest.keys import Key


@dataclass(frozen=True, slots=True)
class Signing:
    """A key that signs, as `s3guard.attest.signers.Signer` asks."""

    keyid: str
    public_pem: bytes
    sign: Callable[[bytes], bytes]


KINDS = ("Ed25519", "ECDSA P-256", "ECDSA P-384", "RSA 2048")


def signing(kind: str, number: int = 0) -> Signing:
    """A key of a kind, the same each time; each `number` is another one."""
    return _made(kind, number)


@cache
def _made(kind: str, number: int) -> Signing:
    private: Any
    if kind == "Ed25519":
        more: tuple[Any, ...] = ()
        private = ed25519.Ed25519PrivateKey.from_private_bytes(bytes([number + 1]) * 32)
    elif kind == "RSA 2048":
        private, more = rsa.generate_private_key(65_537, 2_048), (padding.PKCS1v15(), hashes.SHA256())
    elif kind == "ECDSA P-256":
        private, more = ec.generate_private_key(ec.SECP256R1()), (ec.ECDSA(hashes.SHA256()),)
    else:
        private, more = ec.generate_private_key(ec.SECP384R1()), (ec.ECDSA(hashes.SHA384()),)
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return Signing(Key.of(public, "").keyid, public, lambda data: private.sign(data, *more))


def key(kind: str, number: int = 0) -> Key:
    """The public key of `signing`."""
    return Key.of(signing(kind, number).public_pem, "")
