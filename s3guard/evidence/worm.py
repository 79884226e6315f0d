"""Keeps packs where they are written once and read many times: in S3 with Object Lock, until a day before which nobody deletes them.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html. It takes ``s3:PutObject``, ``s3:PutObjectRetention``,
``s3:GetObject`` and ``s3:GetObjectRetention``; ``s3:GetBucketObjectLockConfiguration`` only to keep a pack unlocked where that is allowed.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Any, Final

from s3guard import frameworks
from s3guard.aws import Access, Account, told
from s3guard.model import UnableError, UsageError
from s3guard.problems import quoted
from s3guard.text import shown

LARGEST: Final = 5 << 30
"""Bytes that S3 takes in one request, https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html."""
_TAKEN: Final = ("PreconditionFailed", "ConditionalRequestConflict")
_UNLOCKED: Final = "ObjectLockConfigurationNotFoundError"


class Mode(Enum):
    """Who may take a lock away before its day."""

    COMPLIANCE = "COMPLIANCE"
    """Nobody, the account's root user included; it can only be made longer."""
    GOVERNANCE = "GOVERNANCE"
    """Whoever has ``s3:BypassGovernanceRetention``."""


@dataclass(frozen=True, slots=True)
class Lock:
    """For how long, and how strictly, a pack is kept."""

    until: datetime
    """UTC, in whole seconds."""
    mode: Mode = Mode.COMPLIANCE
    allow_unlocked: bool = False
    """Whether a bucket without Object Lock will do."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What S3 said of the object once it was there."""

    uri: str
    version: str | None
    sha256: str
    """Of the object, hex; as S3 computed it, where it tells, else as it was sent."""
    is_confirmed: bool
    """Whether S3 told the SHA-256."""
    mode: Mode | None
    """None: it is not locked."""
    until: datetime | None

    def __str__(self) -> str:
        """In words, the address as it is."""
        version = f", version {self.version}" if self.version else ""
        lock = (
            f"locked until {self.until:%Y-%m-%dT%H:%M:%SZ} ({self.mode.value})"
            if self.mode is not None and self.until is not None
            else "NOT locked: whoever may delete objects there may delete it"
        )
        digest = f"S3 has the SHA-256 {self.sha256}" if self.is_confirmed else f"the SHA-256 that was sent is {self.sha256}; S3 tells none"
        return f"{self.uri}{version}: {lock}; {digest}"


def retention(names: Iterable[str]) -> timedelta | None:
    """The longest time for which one of these frameworks wants evidence kept; None where none names a number.

    A name that is not among the shipped ones has none.
    """
    found = [frameworks.load(name).retention.evidence for name in names if frameworks.resolved(name) is not None]
    return max((timedelta(days=one.days) for one in found if one is not None), default=None)


def place(uri: str, name: str) -> tuple[str, str]:
    """Bucket and key under which a file of that name is kept; UsageError for an address that is none."""
    scheme, found, rest = uri.partition("://")
    bucket, _, prefix = rest.partition("/")
    if scheme != "s3" or not found or not bucket:
        raise UsageError(f"--store {quoted(uri)}: an address such as s3://org-evidence/s3guard is expected")
    folder = prefix.strip("/")
    return bucket, f"{folder}/{name}" if folder else name


def keep(path: Path, uri: str, lock: Lock, access: Access, name: str | None = None) -> Kept:
    """Put a file under `uri`, by its own name unless another is given, once and locked; what S3 then says of it.

    UnableError where there is one of that name already, the bucket has no Object Lock and none is not allowed, S3 refuses, or says
    something else of the object than what was sent.
    """
    bucket, key = place(uri, name or path.name)
    where = f"--store s3://{bucket}/{key}"
    size, digest = _digest(path)
    if size > LARGEST:
        raise UnableError(f"{where}: {size:,} bytes are more than S3 takes at once ({LARGEST:,}); pack a shorter period")
    client = Account(access).client("s3")
    is_locked = not (lock.allow_unlocked and _lacks_lock(client, bucket, where))
    asked: dict[str, Any] = {
        "Bucket": bucket,
        "Key": key,
        "ContentType": "application/x-tar",
        "ChecksumAlgorithm": "SHA256",
        "ChecksumSHA256": base64.b64encode(digest).decode(),
        "IfNoneMatch": "*",
    }
    if is_locked:
        asked |= {"ObjectLockMode": lock.mode.value, "ObjectLockRetainUntilDate": lock.until}
    with _told(where, "s3:PutObject"), path.open("rb") as stream:
        answer = client.put_object(Body=stream, **asked)
    named = {"VersionId": answer["VersionId"]} if answer.get("VersionId") else {}
    with _told(where, "it was written, but s3:GetObject"):
        seen = client.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED", **named)
    return _compared(seen, where, size, digest, lock if is_locked else None)


def _lacks_lock(client: Any, bucket: str, where: str) -> bool:  # noqa: ANN401 - a client's class is made when it runs
    from botocore.exceptions import ClientError

    with _told(where, "s3:GetBucketObjectLockConfiguration"):
        try:
            found = client.get_object_lock_configuration(Bucket=bucket)
        except ClientError as error:
            if told(error)[0] == _UNLOCKED:
                return True
            raise
    return bool(found.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled") != "Enabled")


def _compared(seen: dict[str, Any], where: str, size: int, digest: bytes, lock: Lock | None) -> Kept:
    """What S3 says of the object, where it is what was sent and asked for; UnableError where it is not."""
    checksum, mode, until = seen.get("ChecksumSHA256"), seen.get("ObjectLockMode"), _instant(seen.get("ObjectLockRetainUntilDate"))
    if int(seen["ContentLength"]) != size or (checksum is not None and checksum != base64.b64encode(digest).decode()):
        raise UnableError(f"{where}: S3 has other bytes than those that were sent; do not rely on this object")
    if lock is not None and (mode != lock.mode.value or until is None or until < lock.until):
        found = f"{shown(str(mode))} until {until}" if mode else "no lock (or not s3:GetObjectRetention, which shows it)"
        raise UnableError(f"{where}: {lock.mode.value} until {lock.until:%Y-%m-%d} was asked for, and S3 shows {found}")
    known = Mode(mode) if mode in Mode.__members__ else None
    return Kept(
        where.removeprefix("--store "), seen.get("VersionId") or None, digest.hex(), checksum is not None, known, until if known else None
    )


def _instant(value: object) -> datetime | None:
    """NOTE: s3guard's clients give times as the texts that came; others give datetimes."""
    if value is None:
        return None
    try:
        found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError as error:
        raise UnableError(f"--store: S3 told a time that is none: {quoted(str(value))}") from error
    return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)


def _digest(path: Path) -> tuple[int, bytes]:
    try:
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").digest()
            return stream.tell(), digest
    except OSError as error:
        raise UnableError(f"{shown(str(path))} could not be read: {error.strerror or error}") from error


@contextmanager
def _told(where: str, action: str) -> Iterator[None]:
    """Makes an error of the SDK one that a user can mend."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        code, message = told(error)
        if code in _TAKEN:
            raise UnableError(f"{where}: there is one already, and a pack is written once; give the file another name") from error
        if code == _UNLOCKED or (code == "InvalidRequest" and "Lock" in message):
            raise UnableError(
                f"{where}: this bucket has no Object Lock, so nothing would keep the pack from being deleted; use a bucket that has it, "
                "or say --allow-unlocked"
            ) from error
        raise UnableError(f"{where}: {action} was refused ({shown(code)}): {shown(' '.join(message.split()))[:300]}") from error
    except BotoCoreError as error:
        raise UnableError(f"{where}: {shown(' '.join(str(error).split()))[:300]}") from error
    except OSError as error:
        raise UnableError(f"{where}: {error.strerror or error}") from error
