"""Statements: what they say comes back, and what is none is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from s3guard.attest import Statement, canonical, statement

GOOD = statement("manifest.json", "ab" * 32, "https://example.org/p/v1", {"one": 1})


def test_a_statement_says_what_was_put_into_it() -> None:
    assert Statement("manifest.json", "ab" * 32, "https://example.org/p/v1", {"one": 1}) == Statement.of(GOOD)


def test_a_digest_is_64_hex_digits() -> None:
    for digest in ("", "AB" * 32, "ab" * 31, "zz" * 32, "ab" * 32 + "\n"):
        with pytest.raises(ValueError, match="64 hex digits"):
            statement("manifest.json", digest, "https://example.org/p/v1", {})


SUBJECT: dict[str, Any] = {"name": "manifest.json", "digest": {"sha256": "ab" * 32}}


@pytest.mark.parametrize(
    "change",
    [
        {"_type": "https://in-toto.io/Statement/v0.1"},
        {"subject": []},
        {"subject": [SUBJECT, SUBJECT]},
        {"subject": [SUBJECT | {"digest": {"sha256": "AB" * 32}}]},
        {"subject": [SUBJECT | {"digest": {"sha256": "ab" * 32, "sha1": "ab"}}]},
        {"subject": [SUBJECT | {"digest": {"sha1": "ab" * 20}}]},
        {"subject": [SUBJECT | {"uri": "x"}]},
        {"subject": [SUBJECT | {"name": None}]},
        {"predicateType": None},
        {"predicate": []},
        {"more": 1},
    ],
)
def test_what_is_not_about_one_file_by_its_digest_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="this"):
        Statement.of(canonical(json.loads(GOOD) | change))


def test_a_statement_in_another_spelling_was_not_written_here() -> None:
    with pytest.raises(ValueError, match="RFC 8785"):
        Statement.of(json.dumps(json.loads(GOOD)).encode())


def test_what_is_no_statement_at_all_is_refused() -> None:
    for payload in (b"", b"[]", b"{}", b"1", b"\xff"):
        with pytest.raises(ValueError, match=r"."):
            Statement.of(payload)
