"""Time stamps of RFC 3161: a third party's word that a signature was there at a time.

What is stamped are the bytes of a DSSE signature. Takes the package rfc3161-client, ``pip install 's3guard[timestamp]'``. An answer of an
authority is kept as it came (``.tsr``), and ``openssl ts -verify`` reads it as well.
"""

from __future__ import annotations

import hashlib
import http.client
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final
from urllib.parse import urlsplit

from s3guard import __version__
from s3guard.model import UnableError, UsageError
from s3guard.problems import quoted
from s3guard.text import shown

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from rfc3161_client import TimeStampResponse

    Roots = tuple[Certificate, ...]

ANSWER: Final = 30
"""Seconds in which an authority answers."""
LARGEST: Final = 65_536
"""Bytes of an answer that is read at most; a few thousand are usual."""
_SHA256: Final = "2.16.840.1.101.3.4.2.1"


@dataclass(frozen=True, slots=True)
class Stamp:
    """What an authority said."""

    time: datetime
    """UTC."""
    is_trusted: bool
    """Whether its certificate leads to one of the roots that were given."""


def required() -> None:
    """UsageError that says how to get it, where the package is missing."""
    if find_spec("rfc3161_client") is None or find_spec("cryptography") is None:
        raise UsageError("time stamps take the package rfc3161-client: pip install 's3guard[sign,timestamp]'")


def checked(url: str) -> str:
    """The address of an authority; UsageError for what is none."""
    try:
        parts = urlsplit(url)
        is_one = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        parts, is_one = None, False
    if parts is not None and parts.username is not None:
        raise UsageError("--timestamp: a user or password is not sent")  # NOTE: never what it is
    if not is_one or not url.isascii() or not url.isprintable() or " " in url:
        raise UsageError(f"--timestamp {quoted(url)}: the URL of a time-stamping authority is expected, http:// or https://")
    return url


def stamp(signature: bytes, url: str) -> bytes:
    """The answer of an authority to whom the SHA-256 of a signature is sent: a time stamp of it, DER.

    UnableError where nobody answers, it refuses, or it answers something else than it was asked. Whether to trust it is asked by `seen`.
    """
    required()
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

    asked = (
        TimestampRequestBuilder()
        .data(signature)
        .hash_algorithm(HashAlgorithm.SHA256)
        .nonce(nonce=True)
        .cert_request(cert_request=True)
        .build()
    )
    answer = _posted(checked(url), asked.as_bytes())
    try:
        found = _decoded(answer, signature)
    except UnableError as error:
        raise UnableError(f"--timestamp {shown(url)}: {error}") from error
    if found.tst_info.nonce != asked.nonce:
        raise UnableError(f"--timestamp {shown(url)}: the answer is to another question (its nonce is not ours)")
    return answer


def seen(answer: bytes, signature: bytes, roots: tuple[Certificate, ...] = ()) -> Stamp:
    """When a signature was stamped; trusted where a chain leads to one of `roots`.

    UnableError for bytes that are no time stamp, or one of something else; and where roots are given, and none vouches for it.
    """
    required()
    from rfc3161_client import VerificationError, VerifierBuilder

    found = _decoded(answer, signature)
    time = found.tst_info.gen_time.astimezone(UTC)
    if not roots:
        return Stamp(time, is_trusted=False)
    builder = VerifierBuilder()
    for root in roots:
        builder = builder.add_root_certificate(root)
    try:
        builder.build().verify_message(found, signature)
    except (VerificationError, ValueError) as error:
        raise UnableError(f"no authority that is trusted made this time stamp: {shown(str(error))[:200]}") from error
    return Stamp(time, is_trusted=True)


def roots(path: Path) -> tuple[Certificate, ...]:
    """The certificates of authorities that are trusted, of a PEM file; UsageError where it cannot be read, or holds none."""
    required()
    from cryptography.x509 import load_pem_x509_certificates

    try:
        return tuple(dict.fromkeys(load_pem_x509_certificates(path.read_bytes())))
    except OSError as error:
        raise UsageError(f"{shown(str(path))}: it cannot be read: {(error.strerror or str(error)).lower()}") from error
    except ValueError as error:
        raise UsageError(f"{shown(str(path))}: there is no certificate in PEM (-----BEGIN CERTIFICATE-----)") from error


def _decoded(answer: bytes, signature: bytes) -> TimeStampResponse:
    """A time stamp of this signature; UnableError for anything else."""
    from rfc3161_client import PKIStatus, decode_timestamp_response

    if len(answer) > LARGEST:
        raise UnableError(f"this is longer than any time stamp ({LARGEST:,} bytes)")
    try:
        found = decode_timestamp_response(answer)
        status = found.status
        imprint = found.tst_info.message_imprint if status == PKIStatus.GRANTED else None
    except ValueError as error:
        # NOTE: with the reason, since some authorities write what their standard forbids, such as certificates in another order than DER's.
        raise UnableError(f"this is no time stamp as RFC 3161 has them: {shown(str(error))[:200]}") from error
    if imprint is None:
        said = "; ".join(found.status_string)
        raise UnableError(f"the authority granted no time stamp: status {status}{f', {shown(said)[:200]}' if said else ''}")
    if imprint.hash_algorithm.dotted_string != _SHA256 or imprint.message != hashlib.sha256(signature).digest():
        raise UnableError("this is a time stamp of something else")
    return found


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: who is asked was said."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: http.client.HTTPMessage, newurl: str
    ) -> None:
        """None: the answer is an error."""


def _posted(url: str, query: bytes) -> bytes:
    request = urllib.request.Request(  # noqa: S310 - its scheme is one of ours
        url, query, {"Content-Type": "application/timestamp-query", "User-Agent": f"s3guard/{__version__}"}
    )
    try:
        with urllib.request.build_opener(_Stay).open(request, timeout=ANSWER) as answer:
            return bytes(answer.read(LARGEST + 1))
    except urllib.error.HTTPError as error:
        with error:
            raise UnableError(f"--timestamp {shown(url)}: it answered {error.code}") from None
    except urllib.error.URLError as error:
        raise UnableError(f"--timestamp {shown(url)}: no answer: {shown(str(error.reason))[:200]}") from None
    except (OSError, http.client.HTTPException) as error:
        raise UnableError(f"--timestamp {shown(url)}: no answer: {shown(str(error) or type(error).__name__)[:200]}") from None
