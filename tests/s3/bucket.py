"""A bucket of a real server, and what is read of it."""

from __future__ import annotations

import http.client
import time
from collections.abc import Mapping
from typing import Any

import obstore
from obstore.store import S3Store

from s3guard.sources import LogObject, Scope, Sources, UnreadableError
from tests.s3.proxy import Proxy

NAME = "logs"
EMPTY = "empty"


def make(address: str, *names: str) -> None:
    """Make buckets: few, since SeaweedFS takes seconds for the first object of each."""
    host, _, port = address.partition(":")
    connection = http.client.HTTPConnection(host, int(port))
    end = time.monotonic() + 30
    for name in names:
        status, said = 500, b""
        # NOTE: a server that says it is healthy may still wait for a part of itself.
        while status >= 500 and time.monotonic() < end:
            connection.request("PUT", f"/{name}")
            answer = connection.getresponse()
            status, said = answer.status, answer.read()
        assert status == 200, said
    connection.close()


class Bucket:
    """A prefix of the bucket that is one test's; what is put goes straight to the server, what is read goes through the proxy."""

    def __init__(self, prefix: str, address: str, proxy: Proxy) -> None:
        self.prefix, self.proxy = prefix, proxy
        self._store = S3Store(
            NAME,
            aws_endpoint_url_s3=f"http://{address}",
            region="us-east-1",
            access_key_id="a",
            secret_access_key="b",  # noqa: S106 - it means nothing here
            client_options={"allow_http": True},
        )

    def put(self, objects: Mapping[str, bytes]) -> None:
        """Store objects."""
        for key, content in objects.items():
            obstore.put(self._store, f"{self.prefix}{key}", content, use_multipart=False)

    def url(self, prefix: str = "") -> str:
        """The argument that names them."""
        return f"s3://{NAME}/{self.prefix}{prefix}"

    def listed(self, prefix: str = "", **scope: Any) -> list[LogObject]:
        """What is found below a prefix."""
        return list(Sources(Scope(**scope)).objects([self.url(prefix)]))

    def read(self, prefix: str = "", **scope: Any) -> dict[str, bytes | str]:
        """The content of each object by its key, or the reason why it could not be read to its end."""
        sources = Sources(Scope(**scope))
        return self.contents(sources, sources.objects([self.url(prefix)]))

    def contents(self, sources: Sources, objects: Any) -> dict[str, bytes | str]:
        """The same, of objects that were listed."""
        found: dict[str, bytes | str] = {}
        for entry, pieces in sources.read(objects):
            assert entry.name == entry.location
            key = entry.name.removeprefix(self.url())
            assert key not in found
            try:
                found[key] = b"".join(pieces)
            except UnreadableError as error:
                found[key] = str(error)
        return found
