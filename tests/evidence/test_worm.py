"""Packs in S3: written once, locked for as long as was asked, and what S3 says of them is looked at."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from moto import mock_aws

from s3guard.aws import Access, Account
from s3guard.evidence import worm
from s3guard.evidence.worm import Lock, Mode, keep
from s3guard.model import UnableError, UsageError
from tests.s3.access import alone

UNTIL = datetime(2032, 11, 20, tzinfo=UTC)
LOCK = Lock(UNTIL)
PACK = b"the bytes of a pack"
REGION = "eu-central-1"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client of an account with a bucket ``locked``, and one ``plain`` that has no Object Lock."""
    alone(monkeypatch)
    for name, value in (("AWS_ACCESS_KEY_ID", "x"), ("AWS_SECRET_ACCESS_KEY", "x"), ("AWS_DEFAULT_REGION", REGION)):
        monkeypatch.setenv(name, value)
    with mock_aws():
        client = boto3.client("s3")
        here: Any = {"LocationConstraint": REGION}
        client.create_bucket(Bucket="locked", ObjectLockEnabledForBucket=True, CreateBucketConfiguration=here)
        client.create_bucket(Bucket="plain", CreateBucketConfiguration=here)
        yield client


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "e.tar"
    found.write_bytes(PACK)
    return found


@pytest.mark.parametrize("mode", Mode)
def test_a_pack_is_locked_for_as_long_as_was_asked(mode: Mode, s3: Any, path: Path) -> None:
    kept = keep(path, "s3://locked/a/b/", Lock(UNTIL, mode), Access())
    assert ("s3://locked/a/b/e.tar", mode, UNTIL) == (kept.uri, kept.mode, kept.until)
    assert (hashlib.sha256(PACK).hexdigest(), True) == (kept.sha256, kept.is_confirmed)
    seen = s3.get_object(Bucket="locked", Key="a/b/e.tar", VersionId=kept.version)
    assert (PACK, mode.value, UNTIL) == (seen["Body"].read(), seen["ObjectLockMode"], seen["ObjectLockRetainUntilDate"])
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.delete_object(Bucket="locked", Key="a/b/e.tar", VersionId=kept.version)
    said = f"locked until 2032-11-20T00:00:00Z ({mode.value}); S3 has the SHA-256 {kept.sha256}"
    assert f"s3://locked/a/b/e.tar, version {kept.version}: {said}" == str(kept)


def test_a_pack_is_written_once(s3: Any, path: Path) -> None:
    keep(path, "s3://locked", LOCK, Access())
    path.write_bytes(b"another")
    with pytest.raises(UnableError, match=r"--store s3://locked/e\.tar: there is one already, and a pack is written once"):
        keep(path, "s3://locked", LOCK, Access())
    assert PACK == s3.get_object(Bucket="locked", Key="e.tar")["Body"].read()
    keep(path, "s3://locked", LOCK, Access(), "other.tar")


def test_a_bucket_without_object_lock_is_told_plainly_and_nothing_is_put_there(s3: Any, path: Path) -> None:
    with pytest.raises(UnableError, match=r"this bucket has no Object Lock.*--allow-unlocked"):
        keep(path, "s3://plain/a", LOCK, Access())
    assert 0 == s3.list_objects_v2(Bucket="plain")["KeyCount"]


def test_what_may_be_kept_unlocked_says_that_it_is(s3: Any, path: Path) -> None:
    kept = keep(path, "s3://plain/a", Lock(UNTIL, allow_unlocked=True), Access())
    assert (None, None) == (kept.mode, kept.until)
    assert "NOT locked" in str(kept)
    assert PACK == s3.get_object(Bucket="plain", Key="a/e.tar")["Body"].read()
    with pytest.raises(UnableError, match="there is one already"):
        keep(path, "s3://plain/a", Lock(UNTIL, allow_unlocked=True), Access())


def test_what_may_be_kept_unlocked_is_locked_where_that_can_be(s3: Any, path: Path) -> None:
    assert Mode.COMPLIANCE is keep(path, "s3://locked/a", Lock(UNTIL, allow_unlocked=True), Access()).mode


def test_a_bucket_that_is_not_there_is_told(s3: Any, path: Path) -> None:
    for allowed in (False, True):
        with pytest.raises(UnableError, match=r"was refused \(NoSuchBucket\)"):
            keep(path, "s3://none/a", Lock(UNTIL, allow_unlocked=allowed), Access())


class Answering:
    """An S3 that says what a test wants."""

    def __init__(self, **seen: Any) -> None:
        self.seen = {
            "ContentLength": len(PACK),
            "ChecksumSHA256": "MBeUAKcs8+6Pt7nLHJW3vUDSfpKZ0+3MMEwX8v1fMsU=",
            "ObjectLockMode": "COMPLIANCE",
            "ObjectLockRetainUntilDate": "2032-11-20T00:00:00.000Z",
            "VersionId": "v1",
            **seen,
        }
        self.fault: Exception | None = None

    def put_object(self, **_asked: Any) -> dict[str, Any]:
        """An answer."""
        if self.fault is not None:
            raise self.fault
        return {"VersionId": "v1"}

    def head_object(self, **_asked: Any) -> dict[str, Any]:
        """An answer."""
        return {name: value for name, value in self.seen.items() if value is not None}


def answering(monkeypatch: pytest.MonkeyPatch, **seen: Any) -> Answering:
    found = Answering(**seen)
    monkeypatch.setattr(Account, "client", lambda *_: found)
    return found


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        ({"ContentLength": 3}, "S3 has other bytes than those that were sent"),
        ({"ChecksumSHA256": "AAAA"}, "S3 has other bytes than those that were sent"),
        ({"ObjectLockMode": None, "ObjectLockRetainUntilDate": None}, r"no lock \(or not s3:GetObjectRetention"),
        ({"ObjectLockMode": "GOVERNANCE"}, "COMPLIANCE until 2032-11-20 was asked for, and S3 shows GOVERNANCE"),
        ({"ObjectLockRetainUntilDate": "2032-11-19T23:59:59Z"}, "S3 shows COMPLIANCE until 2032-11-19"),
        ({"ObjectLockRetainUntilDate": "soon"}, "a time that is none: 'soon'"),
    ],
)
def test_what_s3_says_of_it_is_held_against_what_was_asked(
    seen: dict[str, Any], told: str, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, **{"ChecksumSHA256": None, **seen})
    with pytest.raises(UnableError, match=told):
        keep(path, "s3://b", LOCK, Access())


def test_an_s3_that_tells_no_checksum_is_said_to_tell_none(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, ChecksumSHA256=None)
    kept = keep(path, "s3://b", LOCK, Access())
    assert not kept.is_confirmed
    assert "S3 tells none" in str(kept)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (
            ClientError({"Error": {"Code": "AccessDenied", "Message": "no\x1b[31m"}}, "PutObject"),
            r"s3:PutObject was refused \(AccessDenied\): no\\u\{1b\}",
        ),
        (ClientError({"Error": {"Code": "ConditionalRequestConflict", "Message": ""}}, "PutObject"), "there is one already"),
        (EndpointConnectionError(endpoint_url="https://s3"), "Could not connect"),
    ],
)
def test_what_s3_refuses_is_told(fault: Exception, told: str, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch).fault = fault
    with pytest.raises(UnableError, match=told):
        keep(path, "s3://b", LOCK, Access())


def test_a_pack_that_is_too_large_or_not_there_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnableError, match="could not be read"):
        keep(path.with_name("none"), "s3://b", LOCK, Access())
    monkeypatch.setattr(worm, "LARGEST", 3)
    with pytest.raises(UnableError, match="pack a shorter period"):
        keep(path, "s3://b", LOCK, Access())


@pytest.mark.parametrize("uri", ["", "folder", "s3://", "s3:///key", "https://b/p"])
def test_an_address_that_is_none_is_told_what_was_meant(uri: str) -> None:
    with pytest.raises(UsageError, match="s3://org-evidence/s3guard is expected"):
        worm.place(uri, "e.tar")


def test_the_longest_retention_of_the_frameworks_counts() -> None:
    assert timedelta(days=2190) == worm.retention(["pci-dss", "hipaa", "gdpr"])
    assert timedelta(days=365) == worm.retention(["pci-dss-4.0.1"])
    assert None is worm.retention(["gdpr"])
    assert None is worm.retention([])
    assert timedelta(days=365) == worm.retention(["ours-1", "pci-dss"])
