"""A server that holds objects in memory and answers as S3 does: keys in the order of their bytes, pages of 1,000, ranges, ETags; what is
written with ``If-None-Match: *`` is written by one of many, or answered with 412.

SeaweedFS is a real server, and a tree of folders: ``a/b`` comes before ``a-b`` there, and 200,000 objects take minutes to put. This one
has neither, and lists what need not even exist.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, unquote, urlsplit
from xml.sax.saxutils import escape

from s3guard.listing import Page, Query, Stored

PAGE = 1_000


class Shelf:
    """One bucket."""

    def __init__(self, contents: Mapping[str, bytes], page: int = PAGE) -> None:
        self.contents = dict(contents)
        self.keys = sorted(self.contents)
        self.page_size = page
        self.asked: list[Query] = []
        self._lock = threading.Lock()

    def put(self, key: str, content: bytes, *, only_new: bool) -> bool:
        """Store an object; False where it was to be new and is not."""
        with self._lock:
            is_there = key in self.contents
            if is_there and only_new:
                return False
            self.contents[key] = content
            if not is_there:
                # NOTE: another list, so that a page in the making has the one that it began with.
                self.keys = sorted([*self.keys, key])
            return True

    def remove(self, key: str) -> None:
        """Take an object away; it may be gone already."""
        with self._lock:
            if self.contents.pop(key, None) is not None:
                self.keys = [one for one in self.keys if one != key]

    def stored(self, key: str) -> Stored:
        """What a listing says of an object that is there."""
        return Stored(key, len(self.contents[key]), etag(self.contents[key]))

    def content(self, key: str) -> bytes:
        """The bytes of an object that is there."""
        return self.contents[key]

    def page(self, query: Query) -> Page:
        """A page as ListObjectsV2 makes it; a token is the last key or folder of the page before."""
        with self._lock:
            return self._page(query)

    def _page(self, query: Query) -> Page:
        self.asked.append(query)
        behind = query.behind if query.token is None else query.token
        if query.folded and query.token is not None and behind.endswith("/"):
            behind += "\U0010ffff"
        at = max(bisect_left(self.keys, query.prefix), bisect_right(self.keys, behind) if behind else 0)
        objects: list[Stored] = []
        folders: list[str] = []
        while at < len(self.keys) and self.keys[at].startswith(query.prefix):
            if len(objects) + len(folders) == self.page_size:
                last = max([entry.key for entry in objects[-1:]] + folders[-1:])
                return Page(objects, folders, last)
            key = self.keys[at]
            head, slash, _ = key[len(query.prefix) :].partition("/")
            if query.folded and slash:
                folders.append(f"{query.prefix}{head}/")
                at = bisect_left(self.keys, f"{folders[-1]}\U0010ffff")
            else:
                objects.append(self.stored(key))
                at += 1
        return Page(objects, folders, None)


def etag(content: bytes) -> str:
    """The ETag of an object that was put in one piece."""
    return f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'


@contextlib.contextmanager
def served(shelf: Shelf, bucket: str = "logs") -> Iterator[str]:
    """The bucket under ``host:port``, for as long as the block lasts."""
    handler = type("Handler", (_Handler,), {"shelf": shelf, "bucket": bucket})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads, server.block_on_close = True, False
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16
    disable_nagle_algorithm = True
    shelf: Shelf
    bucket: str

    def do_HEAD(self) -> None:
        """Whether the bucket is there."""
        self._send(200 if urlsplit(self.path).path.strip("/") == self.bucket else 404, b"")

    def do_GET(self) -> None:
        """A page, or an object."""
        parts = urlsplit(self.path)
        bucket, _, key = unquote(parts.path).removeprefix("/").partition("/")
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if bucket != self.bucket:
            self._refuse(404, "NoSuchBucket")
        elif "list-type" in query:
            asked = Query(query.get("prefix", ""), "delimiter" in query, query.get("start-after", ""), query.get("continuation-token"))
            self._send(200, _xml(self.shelf.page(asked)))
        else:
            try:
                content, tag = self.shelf.content(key), self.shelf.stored(key).etag or ""
            except KeyError:
                self._refuse(404, "NoSuchKey")
            else:
                self._object(content, tag)

    def do_PUT(self) -> None:
        """Write an object."""
        content = self.rfile.read(int(self.headers.get("content-length", 0)))
        key = unquote(urlsplit(self.path).path).removeprefix(f"/{self.bucket}/")
        if self.shelf.put(key, content, only_new=self.headers.get("if-none-match") == "*"):
            self._send(200, b"", {"etag": etag(content)})
        else:
            self._refuse(412, "PreconditionFailed")

    def do_DELETE(self) -> None:
        """Take an object away."""
        self.shelf.remove(unquote(urlsplit(self.path).path).removeprefix(f"/{self.bucket}/"))
        self._send(204, b"")

    def _object(self, content: bytes, tag: str) -> None:
        wanted = self.headers.get("if-match")
        if wanted is not None and wanted != tag:
            self._refuse(412, "PreconditionFailed")
            return
        headers = {"etag": tag, "last-modified": "Thu, 01 Oct 2026 00:00:00 GMT", "accept-ranges": "bytes"}
        span = self.headers.get("range")
        if span is None:
            self._send(200, content, headers)
            return
        first, _, last = span.removeprefix("bytes=").partition("-")
        part = content[int(first) : int(last) + 1]
        headers["content-range"] = f"bytes {first}-{int(first) + len(part) - 1}/{len(content)}"
        self._send(206, part, headers)

    def _refuse(self, status: int, code: str) -> None:
        self._send(status, f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode())

    def _send(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def handle_expect_100(self) -> bool:
        """Say at once that the body may come: the SDK waits a second for it."""
        going_on = super().handle_expect_100()
        self.wfile.flush()
        return going_on

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the base's name
        """Nothing."""


def _xml(page: Page) -> bytes:
    """A page as S3 writes it, names percent-encoded as the SDK asks for it."""
    token = "" if page.token is None else f"<NextContinuationToken>{escape(page.token)}</NextContinuationToken>"
    objects = "".join(
        f"<Contents><Key>{quote(one.key)}</Key><LastModified>2026-10-01T00:00:00.000Z</LastModified><ETag>{escape(one.etag or '')}</ETag>"
        f"<Size>{one.size}</Size><StorageClass>STANDARD</StorageClass></Contents>"
        for one in page.objects
    )
    folders = "".join(f"<CommonPrefixes><Prefix>{quote(path)}</Prefix></CommonPrefixes>" for path in page.folders)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        f"<EncodingType>url</EncodingType><KeyCount>{len(page.objects) + len(page.folders)}</KeyCount>"
        f"<IsTruncated>{'false' if page.token is None else 'true'}</IsTruncated>{token}{objects}{folders}</ListBucketResult>"
    ).encode()
