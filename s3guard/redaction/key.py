"""The key of pseudonyms: read where no process list shows it, refused where it could be guessed."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Final

from s3guard.model import UsageError
from s3guard.text import shown

VARIABLE: Final = "S3GUARD_REDACT_KEY"
HOW: Final = "make one with: openssl rand -hex 32 > redact.key"
"""How to make a good key."""
LEAST: Final = 32
"""Bytes of the shortest key: 128 bits as hex."""
_MOST: Final = 4_096
_DIFFERENT: Final = 8
"""Different bytes, and different steps from byte to byte, that a key has at least. NOTE: a random one of 32 hex digits lacks them less than
once in a million times; ``aaaa…`` and ``abcd…`` do."""
_PERSON: Final = b"s3guard/redact/1"


@dataclass(frozen=True, slots=True)
class Key:
    """A secret that pseudonyms are made with."""

    secret: bytes = field(repr=False)

    @classmethod
    def of(cls, content: bytes, where: str) -> Key:
        """The key that a file or a variable holds, less the line break at its end; UsageError, naming `where`, for one that is too weak."""
        secret = content.rstrip(b"\r\n")
        if len(secret) < LEAST:
            raise UsageError(f"{where}: a key has {LEAST} characters or more, and this one has {len(secret)}; {HOW}")
        if len(secret) > _MOST:
            raise UsageError(f"{where}: this is longer than any key ({_MOST:,} characters at most); {HOW}")
        steps = {after - before for before, after in pairwise(secret)}
        repeats = any(secret.startswith(secret[period:]) for period in range(1, len(secret) // 2 + 1))
        if repeats or min(len(set(secret)), len(steps)) < _DIFFERENT:
            raise UsageError(f"{where}: this key repeats itself and could be guessed; {HOW}")
        return cls(secret)

    @classmethod
    def read(cls, path: Path) -> Key:
        """The key of a file, or of a pipe; UsageError where it cannot be read or is too weak."""
        name = shown(str(path))
        try:
            with path.open("rb") as stream:
                content = stream.read(_MOST + 3)
        except OSError as error:
            raise UsageError(f"--redact-key-file {name}: it cannot be read: {(error.strerror or str(error)).lower()}") from error
        return cls.of(content, f"--redact-key-file {name}")

    @property
    def id(self) -> str:
        """16 hex digits that tell this key from others and nothing of what it is."""
        return self.digest("id", "").hex()[:16]

    def digest(self, domain: str, text: str) -> bytes:
        """HMAC-SHA256 (RFC 2104) over ``s3guard/redact/1``, the domain and the text, a null byte between them; 32 bytes."""
        return hmac.digest(self.secret, b"\0".join((_PERSON, domain.encode(), text.encode("utf-8", "surrogatepass"))), "sha256")

    def fingerprint(self, fingerprint: str) -> str:
        """The fingerprint of a finding under the key, 64 hex."""
        return self.digest("fingerprint", fingerprint).hex()
