"""A key is read where nobody else sees it, and refused where it could be guessed."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from pathlib import Path

import pytest

from s3guard.model import UsageError
from s3guard.redaction import Key

GOOD = "9f2d7ac41be8563097fd1e6a48b0c35d"


def test_a_random_key_is_good_in_whatever_form() -> None:
    for _ in range(200):
        for made in (secrets.token_hex(16), secrets.token_hex(32), secrets.token_urlsafe(24), secrets.token_urlsafe(64)):
            Key.of(made.encode(), "here")
    Key.of(secrets.token_bytes(32).replace(b"\n", b"x").replace(b"\r", b"x"), "here")


@pytest.mark.parametrize(
    "weak",
    ["a" * 64, "password" * 8, "abcdefghijklmnopqrstuvwxyz0123456789", "0123456789" * 4, "correct horse " * 4, "12" * 16 + "3", GOOD * 2],
)
def test_a_key_that_could_be_guessed_is_refused_and_not_told(weak: str) -> None:
    with pytest.raises(
        UsageError, match=r"^here: this key repeats itself and could be guessed; make one with: openssl rand -hex 32"
    ) as told:
        Key.of(weak.encode(), "here")
    assert weak[:8] not in str(told.value)


@pytest.mark.parametrize(
    ("size", "said"), [(0, "has 32 characters or more, and this one has 0"), (31, "this one has 31"), (5000, "longer than any")]
)
def test_a_key_of_another_length_is_refused(size: int, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Key.of((GOOD * 200)[:size].encode(), "here")


def test_a_key_does_not_change_with_the_line_break_at_its_end(tmp_path: Path) -> None:
    for ending in ("", "\n", "\r\n"):
        (tmp_path / "k").write_bytes(f"{GOOD}{ending}".encode())
        assert Key.of(GOOD.encode(), "here") == Key.read(tmp_path / "k")


def test_a_file_that_is_not_there_is_told_with_its_flag(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^--redact-key-file .*/k: it cannot be read: no such file"):
        Key.read(tmp_path / "k")


def test_a_key_shows_itself_to_nobody() -> None:
    key = Key.of(GOOD.encode(), "here")
    assert GOOD not in repr(key)
    assert key.id not in GOOD
    assert 16 == len(key.id)


def test_a_pseudonym_can_be_made_by_whoever_has_the_key() -> None:
    made = hmac.new(GOOD.encode(), b"s3guard/redact/1\0ip\x00203.0.113.7", hashlib.sha256).digest()
    assert made == Key.of(GOOD.encode(), "here").digest("ip", "203.0.113.7")
