"""Keys of AWS KMS: ``awskms:///arn:aws:kms:eu-west-1:111122223333:key/…``, ``awskms:///alias/s3guard-evidence``, or a key's id.

ECC_NIST_P256 and ECC_NIST_P384, ECC_NIST_EDWARDS25519 where the Region has it, and RSA. It takes ``kms:GetPublicKey`` and ``kms:Sign``.
KMS is sent what is signed, not its digest (``MessageType`` RAW), so that one call is right for every kind of key.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from textwrap import wrap
from typing import Any, Final

from s3guard.attest.keys import Key
from s3guard.aws import Access, Account, told
from s3guard.model import UnableError, UsageError
from s3guard.problems import quoted
from s3guard.text import shown

SCHEME: Final = "awskms:///"
_ALGORITHMS: Final = {"Ed25519": "ED25519_SHA_512", "ECDSA P-256": "ECDSA_SHA_256", "ECDSA P-384": "ECDSA_SHA_384"}
"""By the kind of key, https://docs.aws.amazon.com/kms/latest/developerguide/symm-asymm-choose-key-spec.html."""
_RSA: Final = "RSASSA_PKCS1_V1_5_SHA_256"
_ARN: Final = re.compile(r"arn:aws[a-z-]{0,20}:kms:([a-z0-9-]{1,30}):[0-9]{12}:(?:key|alias)/[A-Za-z0-9/_-]{1,256}")
_NAME: Final = re.compile(r"alias/[A-Za-z0-9/_-]{1,250}|(?:mrk-)?[0-9a-f-]{32,36}")


@dataclass(frozen=True, slots=True)
class Kms:
    """A key of AWS KMS that signs; see `s3guard.attest.signers.Signer`."""

    name: str
    """ARN, id or alias."""
    key: Key
    algorithm: str
    """As KMS names it."""
    _client: Any = field(repr=False, compare=False)

    @property
    def keyid(self) -> str:
        """Of the public key that KMS gave."""
        return self.key.keyid

    @property
    def public_pem(self) -> bytes:
        """The public key that KMS gave."""
        return self.key.pem

    def sign(self, data: bytes) -> bytes:
        """The signature that KMS made; UnableError where it refuses."""
        with _told(self.name, "kms:Sign"):
            answer = self._client.sign(KeyId=self.name, Message=data, MessageType="RAW", SigningAlgorithm=self.algorithm)
        return bytes(answer["Signature"])


def opened(spec: str, access: Access | None = None) -> Kms:
    """The key that an address names; UsageError for an address that names none or a key of another use, UnableError where AWS refuses."""
    name = spec.removeprefix(SCHEME)
    arn = _ARN.fullmatch(name)
    if not spec.startswith(SCHEME) or not (arn or _NAME.fullmatch(name)):
        raise UsageError(f"--key {quoted(spec)}: an ARN, an id or alias/NAME is expected, as in awskms:///alias/s3guard-evidence")
    reached = access or Access()
    # NOTE: the ARN says its Region; --endpoint-url says where S3 is.
    client = Account(replace(reached, region=arn[1]) if arn else reached).client("kms")
    with _told(name, "kms:GetPublicKey"):
        answer = client.get_public_key(KeyId=name)
    if answer.get("KeyUsage") != "SIGN_VERIFY":
        raise UsageError(f"--key {shown(spec)}: this key does not sign: its use is {shown(str(answer.get('KeyUsage')))}, not SIGN_VERIFY")
    key = Key.of(_pem(bytes(answer["PublicKey"])), f"--key {shown(spec)}")
    algorithm, offered = _ALGORITHMS.get(key.kind, _RSA), tuple(answer.get("SigningAlgorithms", ()))
    if algorithm not in offered:
        raise UsageError(f"--key {shown(spec)}: this key signs with {', '.join(map(shown, offered)) or 'nothing'}, not with {algorithm}")
    return Kms(name, key, algorithm, client)


def _pem(der: bytes) -> bytes:
    lines = "\n".join(wrap(base64.b64encode(der).decode(), 64))
    return f"-----BEGIN PUBLIC KEY-----\n{lines}\n-----END PUBLIC KEY-----\n".encode()


@contextmanager
def _told(name: str, action: str) -> Iterator[None]:
    """Makes an error of the SDK one that a user can mend."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        code, message = told(error)
        raise UnableError(f"{SCHEME}{name}: {action} was refused ({code}): {' '.join(message.split())[:300]}") from error
    except BotoCoreError as error:
        raise UnableError(f"{SCHEME}{name}: {' '.join(str(error).split())}") from error
