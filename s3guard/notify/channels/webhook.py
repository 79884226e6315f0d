"""A signed webhook: JSON, posted to a URL of yours.

``https://example.org/hook`` (``http://`` where nobody listens on the way), signed as https://www.standardwebhooks.com says, so that there
are libraries in many languages to verify it: headers ``webhook-id``, ``webhook-timestamp`` (seconds since 1970) and ``webhook-signature``,
which is ``v1,`` and the Base64 of HMAC-SHA256 over ``id.timestamp.body``. The secret is S3GUARD_NOTIFY_SECRET, or stands behind the ``#``
of the URL, which is not sent; one that begins with ``whsec_`` is the Base64 of the key, any other one is the key itself.

Redirects are not followed. It is tried again, with growing pauses, where nobody answers, and on 408, 425, 429 and 5xx.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import http.client
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import IO, Final

from s3guard import __version__
from s3guard.model import UnableError
from s3guard.notify.address import Address, identity
from s3guard.notify.channels import ANSWER, LaterError, Means, secret
from s3guard.notify.message import Message
from s3guard.notify.payload import payload

SCHEMES = ("https", "http")
SECRET: Final = "S3GUARD_NOTIFY_SECRET"
_ENCODED: Final = "whsec_"
_LATER: Final = frozenset((408, 425, 429))


@dataclass(frozen=True, slots=True)
class Webhook:
    """A URL that takes signed JSON."""

    address: Address
    key: bytes = field(repr=False)

    @property
    def label(self) -> str:
        """Scheme and host: a path may be a secret."""
        host = f"[{self.address.host}]" if ":" in self.address.host else self.address.host
        port = "" if self.address.port is None else f":{self.address.port}"
        return f"webhook {self.address.scheme}://{host}{port}"

    @property
    def id(self) -> str:
        """By all of the URL but the secret."""
        return identity("webhook", self._url)

    @property
    def _url(self) -> str:
        return self.address.text.partition("#")[0]

    def send(self, message: Message) -> None:
        """Post the message, signed at this moment."""
        body, now = payload(message), int(time.time())
        request = urllib.request.Request(  # noqa: S310 - its scheme is one of ours
            self._url,
            body,
            {
                "Content-Type": "application/json",
                "User-Agent": f"s3guard/{__version__}",
                "webhook-id": message.id,
                "webhook-timestamp": str(now),
                "webhook-signature": signature(self.key, message.id, now, body),
            },
        )
        try:
            with urllib.request.build_opener(_Stay).open(request, timeout=ANSWER):
                return
        except urllib.error.HTTPError as error:
            with error:
                raise _refused(error.code, error.headers.get("Retry-After") or "") from None
        except urllib.error.URLError as error:
            raise LaterError(f"no answer: {self.address.masked(_said(error.reason))}") from None
        except (OSError, http.client.HTTPException) as error:
            raise LaterError(f"no answer: {self.address.masked(_said(error))}") from None


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: what is told is told to nobody else."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: http.client.HTTPMessage, newurl: str
    ) -> None:
        """None: the answer is an error."""


def signature(key: bytes, message: str, timestamp: int, body: bytes) -> str:
    """The header ``webhook-signature`` of a body."""
    digest = hmac.new(key, f"{message}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def opened(address: Address, means: Means) -> Webhook:
    """The webhook of a URL; UsageError where there is no host or no secret."""
    if not address.host:
        raise address.fault("a host is missing, as in https://example.org/hook")
    _ = address.port
    if address.user is not None:
        raise address.fault("a user or password is not sent; the signature tells who it is")
    found = address.fragment or secret(address, SECRET, means)
    if not found:
        raise address.fault(f"a webhook is signed: set {SECRET}, or write the secret behind the URL, as in https://example.org/hook#secret")
    if not found.startswith(_ENCODED):
        return Webhook(address, found.encode("utf-8", "surrogateescape"))
    try:
        return Webhook(address, base64.b64decode(found.removeprefix(_ENCODED), validate=True))
    except binascii.Error:
        raise address.fault(f"a secret that begins with {_ENCODED} goes on in Base64") from None


def _refused(status: int, after: str) -> UnableError:
    if status in _LATER or status >= 500:
        return LaterError(f"answered {status}", _seconds(after))
    if 300 <= status < 400:
        return UnableError(f"answered {status}, a redirect; what is told is sent to nobody else, so give the URL that it leads to")
    return UnableError(f"answered {status}")


def _seconds(after: str) -> float:
    """What ``Retry-After`` says, RFC 9110: seconds, or a date; 0 where it says nothing."""
    if after.isascii() and after.isdigit():
        return float(after[:6])
    try:
        return max(0.0, (parsedate_to_datetime(after) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return 0.0


def _said(error: object) -> str:
    return str(getattr(error, "strerror", None) or error or type(error).__name__)[:200]
