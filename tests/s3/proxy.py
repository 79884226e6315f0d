"""A loopback proxy before an S3 server: it counts requests, and answers the chosen ones as S3 does on a bad day."""

from __future__ import annotations

import contextlib
import http.client
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

PIECE = 1 << 16


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came."""

    method: str
    path: str
    """Decoded, with the bucket: ``/logs/key``."""
    query: dict[str, str]
    headers: dict[str, str]
    """Names in small letters."""

    @property
    def is_listing(self) -> bool:
        """Whether it lists objects."""
        return self.query.get("list-type") == "2"

    @property
    def is_writing(self) -> bool:
        """Whether it writes an object."""
        return self.method == "PUT" and self.path.count("/") > 1

    @property
    def is_reading(self) -> bool:
        """Whether it reads an object."""
        return self.method == "GET" and self.path.count("/") > 1 and not self.is_listing


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to a request instead of its answer; only `status`, or only one of the others, is said."""

    status: int = 0
    """Answered with this status and an error of S3."""
    code: str = ""
    message: str = ""
    more: str = ""
    """XML inside the error, such as the storage class."""
    raw: bytes = b""
    """What is said instead of an error."""
    hang: float = 0
    """Seconds of silence, after which the connection is cut."""
    cut: int = -1
    """Bytes of the body after which the connection is reset, while its length promised all of them."""
    keep: int = -1
    """Bytes of the body that are sent as if they were all: the length is wrong, and the answer whole."""
    lost: bool = False
    """The request is done, and the connection cut before its answer comes."""

    def body(self) -> bytes:
        """The error as S3 writes it, or what stands for it."""
        if self.raw:
            return self.raw
        xml = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{self.code}</Code><Message>{self.message}</Message>{self.more}</Error>'
        return xml.encode()


DENIED = Fault(403, "AccessDenied", "Access Denied")
SLOW = Fault(503, "SlowDown", "Please reduce your request rate.")
CONFLICT = Fault(409, "ConditionalRequestConflict", "The conditional request cannot succeed due to a conflicting operation.")
LOST = Fault(lost=True)
BROKEN = Fault(500, "InternalError", "We encountered an internal error. Please try again.")
GONE = Fault(404, "NoSuchKey", "The specified key does not exist.")
ARCHIVED = Fault(
    403, "InvalidObjectState", "The operation is not valid for the object's storage class", "<StorageClass>DEEP_ARCHIVE</StorageClass>"
)
KMS = Fault(
    403,
    "AccessDenied",
    "User: arn:aws:sts::111122223333:assumed-role/audit/ci is not authorized to perform: kms:Decrypt on resource: "
    "arn:aws:kms:eu-west-1:111122223333:key/1 because no identity-based policy allows the kms:Decrypt action",
)
KEY_DISABLED = Fault(400, "KMS.DisabledException", "arn:aws:kms:eu-west-1:111122223333:key/1 is disabled.")
EXPIRED = Fault(400, "ExpiredToken", "The provided token has expired.")

Plan = Callable[[Asked], Fault | None]


@dataclass(slots=True)
class Proxy:
    """A proxy that is running."""

    port: int
    asked: list[Asked] = field(default_factory=list)
    """Every request, those that failed too."""
    plan: Plan = lambda _: None
    """Which fault a request meets."""

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def listings(self) -> list[Asked]:
        """The requests that listed."""
        return [one for one in self.asked if one.is_listing]

    @property
    def readings(self) -> list[Asked]:
        """The requests that read objects."""
        return [one for one in self.asked if one.is_reading]


def times(count: int, fault: Fault, of: Callable[[Asked], bool]) -> Plan:
    """A plan: the first `count` requests of each path that `of` chooses meet the fault."""
    met: dict[str, int] = {}
    lock = threading.Lock()

    def plan(asked: Asked) -> Fault | None:
        if not of(asked):
            return None
        with lock:
            met[asked.path] = met.get(asked.path, 0) + 1
            return fault if met[asked.path] <= count else None

    return plan


@contextlib.contextmanager
def proxied(upstream: str) -> Iterator[Proxy]:
    """A proxy before the server at ``host:port``, for as long as the block lasts."""
    proxy = Proxy(0)
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"proxy": proxy, "upstream": upstream}))
    proxy.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing: clients that give up are part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    proxy: Proxy
    upstream: str
    protocol_version = "HTTP/1.1"
    wbufsize = PIECE  # NOTE: headers and body leave together, else the system waits 40 ms between them.
    disable_nagle_algorithm = True
    _behind: http.client.HTTPConnection | None = None

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(self.command, unquote(parts.path), query, headers)
        self.proxy.asked.append(asked)
        fault = self.proxy.plan(asked)
        body = self.rfile.read(int(headers.get("content-length", 0)))
        if fault is None or fault.cut >= 0 or fault.keep >= 0 or fault.lost:
            self._forward(body, fault)
        elif fault.hang:
            time.sleep(fault.hang)
            self._reset()
        else:
            self._send(fault.status, {"content-type": "application/xml"}, fault.body())

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _answer  # noqa: N815 - as http.server calls them

    def _forward(self, body: bytes, fault: Fault | None) -> None:
        host, _, port = self.upstream.partition(":")
        connection = self._behind or http.client.HTTPConnection(host, int(port))
        self._behind = connection
        connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        data = answer.read()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        for name in ("transfer-encoding", "connection", "date", "server"):
            headers.pop(name, None)
        if fault is not None and fault.lost:
            self._reset()
        elif self.command == "HEAD":
            self._send(answer.status, headers, b"", int(headers.get("content-length", 0)))
        elif fault is not None and fault.keep >= 0:
            self._send(answer.status, headers, data[: fault.keep])
        elif fault is not None:
            self._send(answer.status, headers, data[: fault.cut], len(data))
            self._reset()
        else:
            self._send(answer.status, headers, data)

    def _send(self, status: int, headers: dict[str, str], body: bytes, length: int | None = None) -> None:
        self.send_response(status)
        for name, value in headers.items():
            if name != "content-length":
                self.send_header(name, value)
        self.send_header("content-length", str(len(body) if length is None else length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    def _reset(self) -> None:
        """Cut the connection as a network does: with a reset, not with an orderly end."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def finish(self) -> None:
        """Both connections end."""
        if self._behind is not None:
            self._behind.close()
        with contextlib.suppress(OSError, ValueError):
            super().finish()

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the base's name
        """Nothing."""
