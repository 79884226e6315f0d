"""in-toto Statements v1: what somebody says about a file, by the file's SHA-256.

https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from s3guard.attest.canonical import canonical, parsed

TYPE: Final = "https://in-toto.io/Statement/v1"
_FIELDS: Final = frozenset(("_type", "subject", "predicateType", "predicate"))
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


def statement(subject_name: str, subject_sha256: str, predicate_type: str, predicate: Mapping[str, Any]) -> bytes:
    """A Statement about one file, as the bytes of RFC 8785; ValueError for a digest that is not 64 hex digits in lower case."""
    if not _SHA256.fullmatch(subject_sha256):
        raise ValueError("a SHA-256 has 64 hex digits, in lower case")
    subject = {"name": subject_name, "digest": {"sha256": subject_sha256}}
    return canonical({"_type": TYPE, "subject": [subject], "predicateType": predicate_type, "predicate": dict(predicate)})


@dataclass(frozen=True, slots=True)
class Statement:
    """A Statement about one file, as it was read."""

    subject: str
    """The name of the file."""
    sha256: str
    """Of the file, 64 hex digits."""
    predicate_type: str
    predicate: dict[str, Any]
    """What is said: text of whoever signed, and to be shown as a stranger's."""

    @classmethod
    def of(cls, payload: bytes) -> Statement:
        """The Statement that an envelope carries; ValueError for anything but a Statement v1 about one file, by its SHA-256 alone."""
        said = parsed(payload, strict=True)
        if not isinstance(said, dict) or said.keys() != _FIELDS or said["_type"] != TYPE:
            raise ValueError(f"this is no {TYPE}")
        match said:
            case {
                "subject": [{"name": str() as name, "digest": {"sha256": str() as digest, **more_digests}, **more}],
                "predicateType": str() as kind,
                "predicate": dict() as predicate,
            } if _SHA256.fullmatch(digest) and not more and not more_digests:
                return cls(name, digest, kind, predicate)
        raise ValueError("this Statement is not about one file by its SHA-256")
