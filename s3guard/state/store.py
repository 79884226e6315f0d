"""Where run records lie: names and bytes, written once, in a folder or under an S3 prefix."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from s3guard.aws import Access, Account
from s3guard.model import UnableError, UsageError
from s3guard.text import shown

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


class Store(Protocol):
    """Some place of named bytes; nothing that is there is ever written again."""

    @property
    def place(self) -> str:
        """Where it is, as the location of a log object would begin that lies in it; without the slash."""

    def names(self) -> list[str]:
        """The names that are there, sorted; UnableError where that cannot be told."""

    def read(self, name: str) -> bytes:
        """The bytes of a name; UnableError where they cannot be read."""

    def create(self, name: str, data: bytes) -> bool:
        """Write under a new name, whole or not at all; False where the name is taken, by whoever it was."""

    def remove(self, name: str) -> None:
        """Take a name away; it may be gone already."""


class Folder:
    """A folder of files."""

    def __init__(self, path: Path) -> None:
        """The folder is made when something is written."""
        self._path = path

    @property
    def place(self) -> str:
        """The real path."""
        return os.path.realpath(self._path)

    def names(self) -> list[str]:
        """The files of the folder but those that are still being written."""
        try:
            return sorted(entry.name for entry in os.scandir(self._path) if not entry.name.startswith("."))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise self._unable("read", error) from error

    def read(self, name: str) -> bytes:
        """The bytes of a file."""
        try:
            return _content(self._path / name)
        except OSError as error:
            raise self._unable("read", error) from error

    def create(self, name: str, data: bytes) -> bool:
        """NOTE: a link to a name that is taken fails, whoever made it: no lock is needed, and none is left behind by a killed run."""
        try:
            self._path.mkdir(parents=True, exist_ok=True)
            handle, beside = tempfile.mkstemp(prefix=".", dir=self._path)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                made = _linked(beside, self._path / name)
            finally:
                Path(beside).unlink()
            self._settle()
        except OSError as error:
            raise self._unable("write", error) from error
        return made

    def remove(self, name: str) -> None:
        """Take a file away."""
        try:
            with contextlib.suppress(FileNotFoundError):
                (self._path / name).unlink()
        except OSError as error:
            raise self._unable("write", error) from error

    def _settle(self) -> None:
        """Make sure that the name outlives a power cut, too."""
        handle = os.open(self._path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def _unable(self, what: str, error: OSError) -> UnableError:
        return UnableError(f"could not {what} the state in {shown(str(self._path))}: {(error.strerror or str(error)).lower()}")


def _content(path: Path) -> bytes:
    """The bytes of a file. NOTE: whatever else may lie there: to open a pipe would wait for its writer, and a device may have no end."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, f"{shown(path.name)} is no regular file")
        return file.read()


def _linked(path: str, name: Path) -> bool:
    try:
        os.link(path, name)
    except FileExistsError:
        return False
    return True


class Prefix:
    """The objects under an S3 prefix, written with ``If-None-Match: *``.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
    """

    def __init__(self, client: S3Client, bucket: str, prefix: str) -> None:
        """`client` is a boto3 client of S3."""
        self._client, self._bucket = client, bucket
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""

    @property
    def place(self) -> str:
        """The address of the prefix."""
        return f"s3://{self._bucket}/{self._prefix}".rstrip("/")

    def names(self) -> list[str]:
        """The objects directly under the prefix."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix, Delimiter="/")
        with self._told("list"):
            return sorted(entry["Key"][len(self._prefix) :] for page in pages for entry in page.get("Contents", ()))

    def read(self, name: str) -> bytes:
        """The bytes of an object."""
        with self._told("read"):
            data: bytes = self._client.get_object(Bucket=self._bucket, Key=self._prefix + name)["Body"].read()
        return data

    def create(self, name: str, data: bytes) -> bool:
        """NOTE: of two writers at once S3 answers one with 412, or with 409 while the other is not done: the name is not ours."""
        from botocore.exceptions import ClientError

        with self._told("write"):
            try:
                self._client.put_object(Bucket=self._bucket, Key=self._prefix + name, Body=data, IfNoneMatch="*")
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") in ("PreconditionFailed", "ConditionalRequestConflict"):
                    return False
                raise
        return True

    def remove(self, name: str) -> None:
        """Take an object away."""
        with self._told("delete from"):
            self._client.delete_object(Bucket=self._bucket, Key=self._prefix + name)

    @contextlib.contextmanager
    def _told(self, what: str) -> Iterator[None]:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except (BotoCoreError, ClientError) as error:
            raise UnableError(f"could not {what} the state in s3://{self._bucket}/{self._prefix}: {error}") from error


def opened(uri: str, access: Access | None = None) -> Store:
    """The place that ``--state`` names: a folder, or ``s3://bucket/prefix``; UsageError for anything else."""
    if uri.startswith("s3://"):
        bucket, _, prefix = uri.removeprefix("s3://").partition("/")
        if not bucket:
            raise UsageError(f"--state {uri}: no bucket is named; write s3://bucket/prefix")
        return Prefix(Account(access or Access()).client("s3"), bucket, prefix)
    if not uri or "://" in uri:
        raise UsageError(f"--state {uri}: give a folder, or s3://bucket/prefix")
    return Folder(Path(uri))
