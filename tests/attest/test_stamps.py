"""Time stamps: of what was signed and of nothing else, by an authority that somebody trusts."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from s3guard.attest import stamps
from s3guard.model import UnableError, UsageError
from tests.attest.authority import Authority, serving

SIGNATURE = b"the bytes of a signature"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority, whose keys are made once."""
    found = Authority(tmp_path_factory.mktemp("tsa") / "here")
    found.prepare()
    return found


@pytest.fixture
def authority(made: Authority) -> Iterator[Authority]:
    """The authority, answering."""
    with serving(dataclasses.replace(made, asked=[])) as found:
        yield found


def test_an_authority_is_sent_a_digest_and_its_answer_tells_when(authority: Authority) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    answer = stamps.stamp(SIGNATURE, authority.url)
    (query,) = authority.asked
    assert SIGNATURE not in query
    found = stamps.seen(answer, SIGNATURE, stamps.roots(authority.root))
    assert found.is_trusted
    assert before - timedelta(seconds=1) <= found.time <= datetime.now(UTC) + timedelta(seconds=1)
    assert dataclasses.replace(found, is_trusted=False) == stamps.seen(answer, SIGNATURE)


def test_openssl_verifies_it_as_well(authority: Authority) -> None:
    (authority.folder / "data").write_bytes(SIGNATURE)
    (authority.folder / "stamp.tsr").write_bytes(stamps.stamp(SIGNATURE, authority.url))
    authority.openssl("ts", "-verify", "-data", "data", "-in", "stamp.tsr", "-CAfile", "root.pem")


def test_a_stamp_of_something_else_is_refused(authority: Authority) -> None:
    answer = stamps.stamp(SIGNATURE, authority.url)
    for roots in ((), stamps.roots(authority.root)):
        with pytest.raises(UnableError, match="a time stamp of something else"):
            stamps.seen(answer, SIGNATURE + b"!", roots)


def test_a_stamp_that_was_changed_anywhere_is_refused(authority: Authority) -> None:
    answer = stamps.stamp(SIGNATURE, authority.url)
    roots, good = stamps.roots(authority.root), stamps.seen(answer, SIGNATURE, stamps.roots(authority.root))
    refused = 0
    for place in range(0, len(answer), 7):
        changed = bytearray(answer)
        changed[place] ^= 1 << place % 8
        try:
            assert good == stamps.seen(bytes(changed), SIGNATURE, roots)  # what is outside of what is signed says nothing
        except UnableError:
            refused += 1
    assert refused > len(answer) // 7 // 2


def test_an_authority_that_nobody_trusts_vouches_for_nothing(authority: Authority, tmp_path: Path) -> None:
    other = Authority(tmp_path / "other")
    other.prepare()
    with pytest.raises(UnableError, match="no authority that is trusted"):
        stamps.seen(stamps.stamp(SIGNATURE, authority.url), SIGNATURE, stamps.roots(other.root))


def test_an_answer_to_an_earlier_question_is_refused(authority: Authority) -> None:
    earlier = stamps.stamp(SIGNATURE, authority.url)
    authority.change = lambda _: earlier
    with pytest.raises(UnableError, match="its nonce is not ours"):
        stamps.stamp(SIGNATURE, authority.url)


@pytest.mark.parametrize("answer", [b"", b"no time stamp", b"\x30\x03\x02\x01\x02", b"0" * 70_000])
def test_what_is_no_stamp_is_refused(answer: bytes, authority: Authority) -> None:
    authority.change = lambda _: answer
    with pytest.raises(UnableError, match=r"--timestamp http://127\.0\.0\.1:[0-9]+/tsr: (this is|the authority)"):
        stamps.stamp(SIGNATURE, authority.url)


def test_an_authority_that_refuses_is_told(authority: Authority) -> None:
    authority.status = 503
    with pytest.raises(UnableError, match="it answered 503"):
        stamps.stamp(SIGNATURE, authority.url)


def test_a_redirect_is_not_followed(authority: Authority) -> None:
    authority.status, authority.headers = 307, {"location": authority.url}
    with pytest.raises(UnableError, match="it answered 307"):
        stamps.stamp(SIGNATURE, authority.url)
    assert 1 == len(authority.asked)


def test_where_nobody_listens_is_told() -> None:
    with pytest.raises(UnableError, match="no answer"):
        stamps.stamp(SIGNATURE, "http://127.0.0.1:1/tsr")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "tsa.example.org",
        "file:///etc/passwd",
        "ftp://x/y",
        "https://",
        "https:///x",
        "http://a b/",
        "http://é/",
        "http://x:99999/",
        "http://x:a/",
        "http://[x/",
        "http://x\n/",
    ],
)
def test_an_address_that_is_none_is_told_what_was_meant(url: str) -> None:
    with pytest.raises(UsageError, match="the URL of a time-stamping authority is expected"):
        stamps.checked(url)


def test_a_password_in_an_address_is_not_repeated() -> None:
    with pytest.raises(UsageError, match="a user or password is not sent") as told:
        stamps.checked("https://ann:secret@tsa.example.org/")
    assert "secret" not in str(told.value)


def test_roots_are_certificates(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("none")
    with pytest.raises(UsageError, match="there is no certificate in PEM"):
        stamps.roots(tmp_path / "a")
    with pytest.raises(UsageError, match="it cannot be read: no such file"):
        stamps.roots(tmp_path / "b")


def test_without_the_package_the_way_to_get_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stamps, "find_spec", lambda _name: None)
    with pytest.raises(UsageError, match=r"pip install 's3guard\[sign,timestamp\]'"):
        stamps.stamp(SIGNATURE, "https://tsa.example.org/")
