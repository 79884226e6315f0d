"""Addresses of channels: a URL taken apart, and kept out of everything that is shown, since it may hold a password or a token."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from s3guard.model import UsageError
from s3guard.text import MASK, shown

EXAMPLES: Final = "smtp://mail.example.org/?to=ops@example.org, sns://arn:aws:sns:eu-west-1:111122223333:alerts or https://example.org/hook"
_SCHEME: Final = re.compile(r"([a-z][a-z0-9+.-]{0,30})://", re.IGNORECASE)
_SHORTEST: Final = 4
"""Characters of a part of an address that is masked wherever it turns up; less would mask words."""


@dataclass(frozen=True, slots=True)
class Address:
    """One URL of ``--notify``; neither its text nor any part of it is in its `repr`."""

    scheme: str
    """In small letters."""
    text: str = field(repr=False)
    """All of it, secrets too."""
    parts: SplitResult = field(repr=False)

    @property
    def host(self) -> str:
        """The host; empty where there is none."""
        return self.parts.hostname or ""

    @property
    def port(self) -> int | None:
        """The port, if one is given; UsageError for what is none."""
        try:
            return self.parts.port
        except ValueError:
            raise self.fault("the port is no number up to 65535") from None

    @property
    def user(self) -> str | None:
        """The user's name, decoded."""
        return None if self.parts.username is None else unquote(self.parts.username)

    @property
    def password(self) -> str | None:
        """The password, decoded."""
        return None if self.parts.password is None else unquote(self.parts.password)

    @property
    def fragment(self) -> str:
        """What stands behind the ``#``, decoded."""
        return unquote(self.parts.fragment)

    @property
    def segments(self) -> list[str]:
        """The parts of the path, decoded."""
        return [unquote(part) for part in self.parts.path.split("/") if part]

    def query(self, *known: str) -> dict[str, list[str]]:
        """The parameters by name; UsageError for one that is not `known`."""
        found: dict[str, list[str]] = {}
        for name, value in parse_qsl(self.parts.query, keep_blank_values=True):
            if name not in known:
                raise self.fault(f"there is no parameter '{shown(name)[:40]}'; there are {', '.join(known)}")
            found.setdefault(name, []).append(value)
        return found

    def fault(self, what: str) -> UsageError:
        """What is wrong with it, without any of it."""
        return UsageError(f"--notify {self.scheme}://{MASK}: {what}")

    def masked(self, text: str) -> str:
        """A text that somebody else wrote, without any part of this address."""
        for secret in sorted(set(self._secrets()), key=len, reverse=True):
            text = text.replace(secret, MASK)
        return text

    def _secrets(self) -> Iterator[str]:
        whole = self.parts
        pieces = [self.text, self.text.partition("://")[2], whole.netloc, whole.path, whole.query, whole.fragment]
        pieces += re.split(r"[@:]", whole.netloc) + whole.path.split("/") + re.split(r"[&=;,]", whole.query)
        for piece in pieces:
            yield from (form for form in (piece, unquote(piece)) if len(form) >= _SHORTEST)


def address(text: str) -> Address:
    """The address that a URL is; UsageError, without the URL, for what is none."""
    found = _SCHEME.match(text)
    if found is None:
        raise UsageError(f"--notify: a URL is expected, such as {EXAMPLES}")
    scheme = found[1].lower()
    if re.search(r"[\x00-\x20\x7f-\xa0]", text):
        raise UsageError(f"--notify {scheme}://{MASK}: a URL has no spaces and no control characters; write %20 for a space")
    try:
        parts = urlsplit(text)
        _ = parts.hostname
    except ValueError:
        raise UsageError(f"--notify {scheme}://{MASK}: not a URL, such as {EXAMPLES}") from None
    return Address(scheme, text, parts)


def identity(*told: str) -> str:
    """A name for a channel, 16 hex digits, by what it is; slow to guess from, since what it is may hold a password."""
    return hashlib.scrypt("\0".join(told).encode("utf-8", "surrogatepass"), salt=b"s3guard notify", n=1 << 12, r=8, p=1, dklen=8).hex()
