"""A time-stamping authority on loopback, by ``openssl ts``."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

_SETTINGS = """\
[tsa]
default_tsa = here
[here]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
accuracy = secs:1
[authority]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign
[stamping]
basicConstraints = CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
"""


@dataclass
class Authority:
    """An authority with a root of its own."""

    folder: Path
    change: Callable[[bytes], bytes] = field(default=lambda answer: answer)
    """What it does to its answers."""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[bytes] = field(default_factory=list)
    url: str = ""

    @property
    def root(self) -> Path:
        """Its certificate, to be trusted."""
        return self.folder / "root.pem"

    def openssl(self, *arguments: str) -> bytes:
        """What openssl answers; CalledProcessError where it refuses."""
        return subprocess.run(["openssl", *arguments], cwd=self.folder, capture_output=True, check=True).stdout

    def prepare(self) -> None:
        """Make its keys and certificates."""
        self.folder.mkdir()
        (self.folder / "serial").write_text("01\n")
        (self.folder / "conf").write_text(_SETTINGS.format(folder=self.folder))
        new = ("req", "-config", "/dev/null", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        made = ("-config", "conf", "-x509", "-days", "3650", "-extensions", "authority", "-out", "root.pem", "-keyout", "root.key")
        self.openssl("req", *new[3:], *made, "-subj", "/CN=root of the tests")
        self.openssl("req", *new[3:], "-config", "conf", "-out", "tsa.csr", "-keyout", "tsa.key", "-subj", "/CN=clock of the tests")
        signed = (
            "-CA",
            "root.pem",
            "-CAkey",
            "root.key",
            "-CAcreateserial",
            "-days",
            "3650",
            "-extfile",
            "conf",
            "-extensions",
            "stamping",
        )
        self.openssl("x509", "-req", "-in", "tsa.csr", "-out", "tsa.pem", *signed)

    def answer(self, query: bytes) -> bytes:
        """A time stamp for a query."""
        self.asked.append(query)
        (self.folder / "query").write_bytes(query)
        self.openssl("ts", "-reply", "-config", "conf", "-queryfile", "query", "-out", "answer")
        return self.change((self.folder / "answer").read_bytes())


@contextmanager
def serving(authority: Authority) -> Iterator[Authority]:
    """The authority, answering at its `url`."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """One time stamp."""
            answer = authority.answer(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(authority.status)
            for name, value in {"content-length": str(len(answer)), **authority.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the base's name
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    authority.url = f"http://127.0.0.1:{server.server_address[1]}/tsr"
    try:
        yield authority
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
