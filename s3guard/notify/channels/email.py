"""E-mail, in plain text, through an SMTP server.

``smtp://[user:password@]mail.example.org[:port]/?to=ops@example.org&from=s3guard@example.org``; ``to`` may stand several times, or hold
several addresses with commas between them. ``mailto://`` is the same as ``smtp://``, ``mailtos://`` as ``smtps://``. User and password may
also be S3GUARD_SMTP_USERNAME and S3GUARD_SMTP_PASSWORD.

``smtps://`` speaks TLS from the first byte (port 465 unless another is given), ``smtp://`` begins in the clear (port 587 where there is a
password, else 25) and goes on with STARTTLS where the server offers it. A password is never sent without TLS and a certificate that holds,
unless the server is this machine.
"""

from __future__ import annotations

import contextlib
import ipaddress
import re
import smtplib
import socket
import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

from s3guard.model import UnableError
from s3guard.notify.address import Address, identity
from s3guard.notify.channels import ANSWER, LaterError, Means, secret
from s3guard.notify.message import Message

SCHEMES = ("smtp", "smtps", "mailto", "mailtos")
USERNAME: Final = "S3GUARD_SMTP_USERNAME"
PASSWORD: Final = "S3GUARD_SMTP_PASSWORD"
_BEGUN_IN_TLS: Final = ("smtps", "mailtos")
# NOTE: no quoted local parts, no display names, nothing beyond ASCII: whatever is in it stands in a header as it is.
_MAILBOX: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)*[A-Za-z0-9-]{1,63}")
_FEW: Final = 3


@dataclass(frozen=True, slots=True)
class Email:
    """A server, and the addresses that it is to deliver to."""

    address: Address
    host: str
    port: int
    sender: str
    recipients: tuple[str, ...]
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)

    @property
    def label(self) -> str:
        """Who is written to."""
        more = len(self.recipients) - _FEW
        return f"e-mail to {', '.join(self.recipients[:_FEW])}{f' and {more:,} more' if more > 0 else ''}"

    @property
    def id(self) -> str:
        """By the recipients: another server tells the same people."""
        return identity("email", *sorted(self.recipients))

    def letter(self, message: Message) -> EmailMessage:
        """The message as it is sent; no header holds anything of a log."""
        letter = EmailMessage(policy=SMTP)
        letter["From"], letter["To"], letter["Subject"] = self.sender, ", ".join(self.recipients), message.subject
        letter["Date"] = format_datetime(datetime.now(UTC))
        letter["Message-ID"] = f"<{message.id}@{self.sender.rpartition('@')[2]}>"
        letter["Auto-Submitted"] = "auto-generated"  # NOTE: RFC 3834: nobody's holiday notice answers it
        letter.set_content(message.text(), charset="utf-8", cte="quoted-printable")
        return letter

    def send(self, message: Message) -> str | None:
        """Hand the message to the server; who of the recipients was refused is told."""
        letter = self.letter(message)
        try:
            with self._connected() as server:
                refused = server.send_message(letter, self.sender, list(self.recipients))
        except smtplib.SMTPRecipientsRefused as error:
            code, said = next(iter(error.recipients.values()), (0, b""))
            raise self._failed(code, said, "all recipients were refused") from None
        except smtplib.SMTPResponseException as error:
            raise self._failed(error.smtp_code, error.smtp_error, "the server refused") from None
        except ssl.SSLError as error:
            raise UnableError(f"no TLS with the server: {self._masked(error)}") from None
        except (OSError, smtplib.SMTPException) as error:
            raise LaterError(f"no answer: {self._masked(error)}") from None
        return f"{len(refused):,} of {len(self.recipients):,} recipients were refused" if refused else None

    def _connected(self) -> smtplib.SMTP:
        """A session, secured and authenticated as far as it is to be."""
        name = socket.gethostname()
        if self.address.scheme in _BEGUN_IN_TLS:
            context = ssl.create_default_context()
            server: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, local_hostname=name, timeout=ANSWER, context=context)
        else:
            server = smtplib.SMTP(self.host, self.port, local_hostname=name, timeout=ANSWER)
        try:
            self._secure(server)
        except BaseException:
            with contextlib.suppress(OSError):
                server.close()
            raise
        return server

    def _secure(self, server: smtplib.SMTP) -> None:
        server.ehlo_or_helo_if_needed()
        if self.address.scheme not in _BEGUN_IN_TLS:
            is_own = _is_loopback(self.host)
            if server.has_extn("starttls"):
                server.starttls(context=_context(verified=self.password is not None and not is_own))
                server.ehlo()
            elif self.password is not None and not is_own:
                raise UnableError("the server offers no STARTTLS, and a password is not sent in the clear; use smtps://, or no password")
        if self.user is not None and self.password is not None:
            server.login(self.user, self.password)

    def _failed(self, code: int, said: bytes | str, what: str) -> UnableError:
        text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
        told = f"{what} ({code}): {self._masked(text)}"
        # NOTE: RFC 5321, 4.2.1: a code of 4 and two more is no refusal for good.
        return LaterError(told) if 400 <= code < 500 else UnableError(told)

    def _masked(self, error: object) -> str:
        text = self.address.masked(" ".join(str(getattr(error, "strerror", None) or error).split())[:200])
        for one in (self.user, self.password):
            text = text.replace(one, "***") if one else text
        return text


def opened(address: Address, means: Means) -> Email:
    """The e-mail of a URL; UsageError where the server or a recipient is missing, or an address is none."""
    query = address.query("to", "from", "smtp")
    host = (query.get("smtp") or [address.host])[-1]
    if not host:
        raise address.fault("a server is missing, as in smtp://mail.example.org/?to=ops@example.org")
    recipients = tuple(one.strip() for many in (*query.get("to", ()), *address.segments) for one in many.split(","))
    if not recipients:
        raise address.fault("nobody is written to; write ?to=ops@example.org behind the server")
    user, password = address.user or secret(address, USERNAME, means), address.password or secret(address, PASSWORD, means)
    if (user is None) != (password is None):
        raise address.fault(f"user and password go together; they may also be {USERNAME} and {PASSWORD}")
    usual = user if user is not None and _MAILBOX.fullmatch(user) else f"s3guard@{recipients[0].rpartition('@')[2]}"
    sender = (query.get("from") or [usual])[-1]
    for one in (*recipients, sender):
        if not _MAILBOX.fullmatch(one):
            raise address.fault("an address is none: plain ones are expected, such as ops@example.org")
    port = 465 if address.scheme in _BEGUN_IN_TLS else 587 if password is not None else 25
    return Email(address, host, address.port or port, sender, recipients, user, password)


def _context(*, verified: bool) -> ssl.SSLContext:
    """How TLS is begun by STARTTLS.

    NOTE: without a password to lose, TLS that nobody verified is better than the clear text that it takes the place of (RFC 7435).
    """
    context = ssl.create_default_context()
    if not verified:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
