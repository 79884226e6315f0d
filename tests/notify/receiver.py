"""Somebody to be told, on loopback: a server that takes posts, and a channel that keeps what it is sent."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from s3guard.model import UnableError
from s3guard.notify.message import Message


@dataclass
class Post:
    """A request that came."""

    path: str
    headers: dict[str, str]
    """By names in small letters."""
    body: bytes

    @property
    def json(self) -> Any:
        """What it holds."""
        return json.loads(self.body)


@dataclass
class Receiver:
    """A server, and what it was sent."""

    url: str = ""
    posts: list[Post] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    """Of the next requests; then 204."""
    came: threading.Event = field(default_factory=threading.Event)
    goes_on: threading.Event = field(default_factory=threading.Event)
    """No request is answered before it is set."""

    @property
    def different(self) -> list[Post]:
        """The posts by their ids, each once.

        NOTE: who is answered late posts again, with the id of before: where the machine stands still for some seconds, that happens.
        """
        return list({post.headers["webhook-id"]: post for post in self.posts}.values())


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A server for the time inside."""
    found = Receiver()
    found.goes_on.set()

    class Handler(BaseHTTPRequestHandler):
        """Keeps requests."""

        def do_POST(self) -> None:
            """Keep one, and answer."""
            headers = {name.lower(): value for name, value in self.headers.items()}
            found.posts.append(Post(self.path, headers, self.rfile.read(int(headers["content-length"]))))
            found.came.set()
            found.goes_on.wait(60)
            status, answer = found.answers.pop(0) if found.answers else (204, {})
            self.send_response(status)
            for name, value in answer.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    found.url = f"http://127.0.0.1:{server.server_port}/hook"
    try:
        yield found
    finally:
        found.goes_on.set()
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Ear:
    """A channel that keeps what it is sent, unless it is deaf."""

    name: str = "ear"
    heard: list[Message] = field(default_factory=list)
    deaf: list[BaseException] = field(default_factory=list)
    """What is raised the next times."""

    @property
    def label(self) -> str:
        """Its name."""
        return self.name

    @property
    def id(self) -> str:
        """Its name."""
        return self.name

    def send(self, message: Message) -> str | None:
        """Keep a message."""
        if self.deaf:
            raise self.deaf.pop(0)
        self.heard.append(message)
        return None


@dataclass
class Shelf:
    """A place in memory."""

    files: dict[str, bytes] = field(default_factory=dict)
    fails: bool = False

    def names(self, folder: str = "", after: str = "") -> list[str]:
        """As `s3guard.state.store.Store`."""
        self._works()
        found = [name.removeprefix(f"{folder}/") for name in self.files if name.startswith(f"{folder}/")]
        return sorted(name for name in found if name > after)

    def read(self, name: str) -> bytes:
        """As `s3guard.state.store.Store`."""
        self._works()
        return self.files[name]

    def create(self, name: str, data: bytes) -> bool:
        """As `s3guard.state.store.Store`."""
        self._works()
        return self.files.setdefault(name, data) is data

    def remove(self, name: str) -> None:
        """As `s3guard.state.store.Store`."""
        self._works()
        self.files.pop(name, None)

    def _works(self) -> None:
        if self.fails:
            raise UnableError("the place is gone")
