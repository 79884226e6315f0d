"""Objects in Amazon S3 and what speaks its language: ``s3://bucket/prefix``.

Listed with the SDK, no more of a bucket than the period and the policies need; read with obstore, many at a time, each held against what
the listing said of it. Nothing is written to a disk.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from s3guard import refusals
from s3guard.ahead import Limits, ahead
from s3guard.aws import ANSWER, CONNECT, RETRIES, Account, told
from s3guard.delivered import Window
from s3guard.listing import Listing, ListingError, Page, Query, Stored, Unlisted
from s3guard.model import Listed, UsageError
from s3guard.sources import LogObject, Scope, UnreadableError

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig, S3Credential, S3Store

ORDER = 1
is_quick = False

_SCHEME: Final = "s3://"
_BUCKET: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{1,254}")
_ODD: Final = re.compile(r"^/|/$|//|(^|/)\.{1,2}(/|$)|[^ -~\u00a0-\U0010ffff]")
"""In keys that obstore would take for other ones: it thinks of paths."""
LIMITS: Final = Limits(threads=max(64, min(128, 32 * (os.cpu_count() or 1))), held=64 << 20, piece=8 << 20)
"""NOTE: measured: at 30 ms an answer 32 threads read 930 objects a second, 128 read 2,900; on two cores more than 64 only stand in line."""
RETRY: Final[RetryConfig] = {"max_retries": RETRIES, "retry_timeout": timedelta(minutes=3)}
"""Throttling, answers of 500 and above, time-outs and broken connections; pauses grow from 0.1 to 15 s and are of random length."""
TIMES: Final[ClientConfig] = {
    "connect_timeout": timedelta(seconds=CONNECT),
    "read_timeout": timedelta(seconds=ANSWER),
    "timeout": timedelta(minutes=2),
}
_RENEWED: Final = timedelta(minutes=10)
"""How long obstore may think that credentials hold. NOTE: it asks anew five minutes before; what the SDK gives holds for ten."""


def claims(argument: str) -> bool:
    """Whether the argument begins with ``s3://``."""
    return argument.startswith(_SCHEME)


class Place:
    """S3, as one run reaches it."""

    def __init__(self, scope: Scope) -> None:
        """Nothing is asked before something is listed or read."""
        self._scope = scope
        self._account = Account(scope.access)
        self._buckets: dict[str, Bucket] = {}
        self._lock = threading.Lock()
        self.listed: list[Listed] = []

    def aimed(self, scope: Scope) -> Place:
        """The same S3 with another scope, through the connections that there are."""
        other = Place(scope)
        other._account, other._buckets, other._lock = self._account, self._buckets, self._lock
        return other

    def objects(self, argument: str) -> Iterator[LogObject]:
        """The objects whose keys begin with the prefix, as far as the scope wants them."""
        name, prefix = _parsed(argument)
        scope = self._scope
        window = Window(scope.since, _end(scope.until, scope.late))
        count = unnamed = 0
        skipped: set[str] = set()
        try:
            bucket = self._bucket(name)
            walk = Listing(bucket.page, window, scope.wanted, skipped)
            for entry in walk.objects(prefix):
                count += 1
                if isinstance(entry, Unlisted):
                    where = f"{_SCHEME}{name}/{entry.prefix}"
                    yield LogObject(where, where, None, "s3", entry.reason)
                else:
                    unnamed += not entry.is_named
                    where = f"{_SCHEME}{name}/{entry.key}"
                    yield LogObject(where, where, entry.size, "s3", etag=entry.etag)
            if prefix and not count and not skipped and not bucket.page(Query(prefix)).objects:
                raise UsageError(f"{argument}: no such prefix: no object's key begins with it{_no_glob(prefix)}")
        except ListingError as error:
            yield LogObject(argument, argument, None, "s3", str(error))
        late = int(scope.late.total_seconds()) if window.until is not None else 0
        self.listed.append(Listed(argument, window.since, window.until, late, 0 if window.is_open else unnamed, tuple(sorted(skipped))))

    def read(self, entries: Iterable[LogObject]) -> Iterator[tuple[LogObject, Iterator[bytes]]]:
        """Objects with their bytes, many requests at a time; what is held is bounded, however large they are."""
        return ahead(((entry, entry.size or 0) for entry in entries), self._fetch, LIMITS)

    def _fetch(self, entry: LogObject, start: int, end: int) -> bytes:
        name, _, key = entry.location.removeprefix(_SCHEME).partition("/")
        try:
            return self._bucket(name).read(key, entry, start, end)
        except (ListingError, UsageError) as error:
            raise UnreadableError(str(error)) from error

    def _bucket(self, name: str) -> Bucket:
        with self._lock:
            if name not in self._buckets:
                self._buckets[name] = Bucket(name, self._account)
            return self._buckets[name]


class Bucket:
    """One bucket: the SDK's client for listing, obstore's for reading, both at the address that the SDK found."""

    def __init__(self, name: str, account: Account) -> None:
        """`ListingError` where the bucket cannot be reached, UsageError where there is none of that name."""
        self._name, self._account = name, account
        self._client = account.client("s3")
        self._payer = {"RequestPayer": "requester"} if account.access.request_payer else {}
        url, region = self._found()
        self._store = store(name, address(url, name), region, self.credential, account)

    def _found(self) -> tuple[str, str]:
        """The URL by which the SDK asks for this bucket, after all redirections, and the bucket's region."""
        from botocore.exceptions import BotoCoreError, ClientError

        asked: list[str] = []
        self._client.meta.events.register("before-send.s3.HeadBucket", lambda request, **_: asked.append(request.url))
        try:
            answer = self._client.head_bucket(Bucket=self._name)
        except ClientError as error:
            # NOTE: who may list a prefix alone may not ask this; the answer tells the region all the same.
            answer = error.response
            if answer.get("ResponseMetadata", {}).get("HTTPStatusCode") == 404:
                raise UsageError(f"{_SCHEME}{self._name}: no such bucket") from error
        except BotoCoreError as error:
            raise ListingError(f"listing failed: {error}") from error
        headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
        return asked[-1], headers.get("x-amz-bucket-region") or self._client.meta.region_name

    def credential(self) -> S3Credential:
        """The credentials of this moment, as obstore takes them, which asks again before they expire."""
        frozen = self._account.frozen()
        return {
            "access_key_id": frozen.access_key or "",
            "secret_access_key": frozen.secret_key or "",
            "token": frozen.token,
            "expires_at": datetime.now(UTC) + _RENEWED,
        }

    def page(self, query: Query) -> Page:
        """One page of a listing (ListObjectsV2); UsageError where the bucket is gone."""
        from botocore.exceptions import BotoCoreError, ClientError
        from botocore.parsers import ResponseParserError

        request: dict[str, Any] = {"Bucket": self._name, "Prefix": query.prefix, **self._payer}
        if query.folded:
            request["Delimiter"] = "/"
        if query.token is not None:
            request["ContinuationToken"] = query.token
        elif query.behind:
            request["StartAfter"] = query.behind
        try:
            answer = self._client.list_objects_v2(**request)
        except ClientError as error:
            code, message = told(error)
            if code == "NoSuchBucket":
                raise UsageError(f"{_SCHEME}{self._name}: no such bucket") from error
            raise ListingError(refusals.of_listing(code, message)) from error
        except (BotoCoreError, ResponseParserError) as error:
            raise ListingError(f"listing failed: {error}") from error
        following = answer.get("NextContinuationToken")
        # NOTE: an answer that does not say whether it is whole is none, whatever its status is.
        if "IsTruncated" not in answer or (answer["IsTruncated"] and not following):
            raise ListingError("listing failed: the answer is not that of S3, or is cut short")
        objects = [Stored(one["Key"], one["Size"], _tag(one.get("ETag"))) for one in answer.get("Contents", ())]
        if any(one.size < 0 for one in objects):
            raise ListingError("listing failed: an object of less than no bytes is not what S3 would list")
        folders = [one["Prefix"] for one in answer.get("CommonPrefixes", ())]
        return Page(objects, folders, following if answer["IsTruncated"] else None)

    def read(self, key: str, entry: LogObject, start: int, end: int) -> bytes:
        """A part of an object, just as long as that; `UnreadableError` where it is not what was listed."""
        import obstore
        from obstore.exceptions import BaseError

        if _ODD.search(key):
            return self._read_oddly(key, entry, start, end)
        options: Any = {"if_match": entry.etag} if entry.etag else {}
        if end - start < (entry.size or 0):
            options["range"] = (start, end)
        try:
            found = obstore.get(self._store, key, options=options)
            data = found.bytes().to_bytes()
        except (BaseError, OSError, ValueError) as error:
            raise UnreadableError(refusals.told(str(error))) from error
        _hold(entry, found.meta["size"], found.meta["e_tag"], len(data), end - start)
        return data

    def _read_oddly(self, key: str, entry: LogObject, start: int, end: int) -> bytes:
        """As `read`, with the SDK: slower, and with any key."""
        from botocore.exceptions import BotoCoreError, ClientError

        matched = {"IfMatch": entry.etag} if entry.etag else {}
        try:
            found = self._client.get_object(Bucket=self._name, Key=key, Range=f"bytes={start}-{end - 1}", **matched, **self._payer)
            data: bytes = found["Body"].read()
        except ClientError as error:
            code, message = told(error)
            raise UnreadableError(refusals.of_reading(code, message)) from error
        except BotoCoreError as error:
            raise UnreadableError(f"not read: {error}") from error
        # NOTE: a server that gives no part gives all, and says how much that is.
        whole = str(found.get("ContentRange", found.get("ContentLength"))).rpartition("/")[2]
        _hold(entry, int(whole) if whole.isdecimal() else None, found.get("ETag"), len(data), end - start)
        return data


@dataclass(frozen=True, slots=True)
class Address:
    """Where a bucket is."""

    endpoint: str
    """Scheme, host, port and what of the path stands before the bucket."""
    is_host: bool
    """Whether the bucket is part of the host's name, and not of the path."""


def address(url: str, bucket: str) -> Address:
    """Where the SDK finds a bucket, from the URL by which it asks for the bucket itself."""
    parts = urlsplit(url)
    is_host = parts.netloc.startswith(f"{bucket}.")
    return Address(f"{parts.scheme}://{parts.netloc}{'' if is_host else parts.path.rstrip('/').removesuffix(f'/{bucket}')}", is_host)


def store(bucket: str, found: Address, region: str, credential: Callable[[], S3Credential], account: Account) -> S3Store:
    """What reads the bytes of a bucket."""
    from obstore.store import S3Store

    options: ClientConfig = {**TIMES, "allow_http": found.endpoint.startswith("http:"), "pool_max_idle_per_host": str(LIMITS.threads)}
    if account.authorities is not None:
        options["root_certificate"] = account.authorities
    # NOTE: `endpoint` would be outvoted by the environment variable AWS_ENDPOINT_URL_S3.
    return S3Store(
        bucket,
        aws_endpoint_url_s3=found.endpoint,
        region=region,
        virtual_hosted_style_request=found.is_host,
        skip_signature=False,
        request_payer=account.access.request_payer,
        client_options=options,
        retry_config=RETRY,
        credential_provider=credential,
    )


def _tag(etag: str | None) -> str | None:
    """An ETag that can be asked for; None for one that no header can hold."""
    return etag if etag is not None and etag.isascii() and etag.isprintable() else None


def _hold(entry: LogObject, size: int | None, etag: str | None, got: int, wanted: int) -> None:
    """Hold an answer against what the listing said."""
    if size != entry.size or (etag and entry.etag and etag.strip('"') != entry.etag.strip('"')):
        raise UnreadableError(refusals.CHANGED)
    if got != wanted:
        raise UnreadableError(f"cut short: {got:,} bytes came instead of {wanted:,}")


def _parsed(argument: str) -> tuple[str, str]:
    """Bucket and prefix; UsageError where there is no bucket's name."""
    name, _, prefix = argument.removeprefix(_SCHEME).partition("/")
    if not _BUCKET.fullmatch(name):
        raise UsageError(f"{argument}: a bucket's name is expected, as in s3://org-access-logs/prefix; of an access point, its alias")
    return name, prefix


def _end(until: datetime | None, late: timedelta) -> datetime | None:
    """Where the names of interest end; None: nowhere, or not within the calendar."""
    try:
        return None if until is None else until + late
    except OverflowError:
        return None


def _no_glob(prefix: str) -> str:
    return "; a prefix has no wildcards, it is only how the keys begin" if re.search(r"[*?\[]", prefix) else ""
