"""DSSE envelopes: bytes, their type, and signatures over both.

https://github.com/secure-systems-lab/dsse/blob/master/protocol.md. Stricter than that where strictness costs nobody anything: a signature
counts under the id of its key alone, and Base64 has one spelling, so that no bit of an envelope can be changed without being noticed.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from s3guard.attest.canonical import canonical, parsed
from s3guard.attest.keys import Key
from s3guard.attest.signers import Signer
from s3guard.model import UnableError

TYPE: Final = "application/vnd.in-toto+json"
"""Of a payload: an in-toto Statement, https://github.com/in-toto/attestation/blob/main/spec/v1/envelope.md."""
LIMIT: Final = 4_096
"""Bytes that AWS KMS signs at most, https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html (Message); with any key the same."""
LARGEST: Final = 65_536
"""Bytes of an envelope that is read at most."""
_MANY: Final = 16
"""Signatures of an envelope that are looked at, at most."""


class FormatError(UnableError):
    """This is no DSSE envelope that s3guard could have written."""


class UnsignedError(UnableError):
    """No key that is trusted signed this, so it says nothing."""

    def __init__(self, broken: tuple[str, ...], unknown: tuple[str, ...]) -> None:
        """Which signatures there are."""
        if broken:
            said = f"the signature of the trusted key {_short(broken)} does not hold: what was signed, or the signature, was changed"
        elif unknown:
            said = f"this was signed with the key {_short(unknown)}, and none of the keys that were given is that one"
        else:
            said = "this was not signed"
        super().__init__(said)
        self.broken = broken
        """Ids of trusted keys whose signatures are there and do not hold."""
        self.unknown = unknown
        """Ids of keys, as somebody wrote them, of which no key was given."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """An envelope that was read; nobody has looked at its signatures yet."""

    payload: bytes
    """What was put in: proves nothing before `verify`."""
    signatures: tuple[tuple[str, bytes], ...]
    """Id of a key, as somebody wrote it, and a signature; at least one."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What at least one trusted key signed."""

    payload: bytes
    keyids: tuple[str, ...]
    """Of the trusted keys whose signatures hold, at least one, each once."""
    broken: tuple[str, ...] = ()
    """Of the trusted keys whose signatures are there and do not hold."""
    unknown: tuple[str, ...] = ()
    """Ids, as somebody wrote them, of keys that are not among those given."""


def pae(payload: bytes, kind: str = TYPE) -> bytes:
    """The bytes that are signed: the pre-authentication encoding of a payload and its type."""
    name = kind.encode()
    return b"DSSEv1 %d %b %d %b" % (len(name), name, len(payload), payload)


def sign(payload: bytes, signer: Signer) -> bytes:
    """An envelope with one signature, as JSON of RFC 8785; with an Ed25519 key the same bytes each time.

    The signature is verified with the public key before it is given out; UnableError where it does not hold, and for a payload of which
    more than `LIMIT` bytes would be signed.
    """
    signed = pae(payload)
    if len(signed) > LIMIT:
        raise UnableError(
            f"a statement of {len(signed):,} bytes is too long to be signed; {LIMIT:,} are the limit of AWS KMS, and so of s3guard"
        )
    signature, key = signer.sign(signed), Key.of(signer.public_pem, "the key that signs")
    if key.keyid != signer.keyid or not key.verifies(signature, signed):
        raise UnableError("the signature that was just made does not hold under the public key of the same key; nothing was signed")
    written = {"keyid": signer.keyid, "sig": base64.b64encode(signature).decode()}
    return canonical({"payload": base64.b64encode(payload).decode(), "payloadType": TYPE, "signatures": [written]})


def read(envelope: bytes) -> Envelope:
    """What an envelope holds, of which nothing is proved; FormatError for bytes that are none."""
    if len(envelope) > LARGEST:
        raise FormatError(f"this is longer than any envelope of s3guard ({LARGEST:,} bytes)")
    try:
        return _envelope(parsed(envelope))
    except ValueError as error:
        raise FormatError(f"no DSSE envelope: {error}") from error


def verify(envelope: bytes, keys: Iterable[Key]) -> Verified:
    """The payload, which at least one of the keys signed; UnsignedError where none did, FormatError for bytes that are no envelope."""
    known = {key.keyid: key for key in keys}
    found = read(envelope)
    signed = pae(found.payload)
    held: set[str] = set()
    broken: set[str] = set()
    unknown: set[str] = set()
    for keyid, signature in found.signatures:
        key = known.get(keyid)
        (unknown if key is None else held if key.verifies(signature, signed) else broken).add(keyid)
    if not held:
        raise UnsignedError(tuple(sorted(broken)), tuple(sorted(unknown)))
    return Verified(found.payload, tuple(sorted(held)), tuple(sorted(broken - held)), tuple(sorted(unknown)))


def _envelope(found: object) -> Envelope:
    if not isinstance(found, dict) or found.keys() != {"payload", "payloadType", "signatures"} or found["payloadType"] != TYPE:
        raise ValueError(f"this is none of {TYPE}")
    signatures = found["signatures"]
    if not isinstance(signatures, list) or not 0 < len(signatures) <= _MANY:
        raise ValueError(f"it has 1 to {_MANY} signatures")
    return Envelope(_bytes(found["payload"]), tuple(_signature(one) for one in signatures))


def _signature(one: Any) -> tuple[str, bytes]:  # noqa: ANN401 - whatever JSON holds
    match one:
        case {"keyid": str() as keyid, "sig": sig, **more} if not more:
            return keyid, _bytes(sig)
    raise ValueError("a signature has a keyid and a sig")


def _bytes(text: object) -> bytes:
    """NOTE: `QQ==` and `QR==` are one byte to most readers; here the one that encodes it is it."""
    if not isinstance(text, str):
        raise ValueError("Base64 is expected")  # noqa: TRY004 - a fault of the bytes that were read, not of a caller
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("there is something that is not Base64") from error
    if base64.b64encode(found).decode() != text:
        raise ValueError("there is Base64 that spells its bytes in an unusual way")
    return found


def _short(keyids: tuple[str, ...]) -> str:
    from s3guard.text import shorten, shown

    return ", ".join(shorten(shown(keyid), 64) for keyid in keyids)
