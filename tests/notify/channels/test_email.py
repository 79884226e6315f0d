"""E-mail, as a server and a reader's program see it."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from s3guard.model import UnableError, UsageError
from s3guard.notify.channels import LaterError, Means, channel, email
from s3guard.notify.channels.email import Email
from tests.notify.sights import message
from tests.outputs import reports

TOLD = message(reports.failing())


class Postbox:
    """A server's mail."""

    def __init__(self) -> None:
        self.mail: list[tuple[str, list[str], EmailMessage]] = []
        self.refused: dict[str, str] = {}
        """Answers to recipients."""
        self.answer = "250 OK"
        self.in_tls: list[bool] = []
        self.users: list[str] = []

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802 - its name there
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - its name there
        letter = message_from_bytes(envelope.content, policy=default)
        assert isinstance(letter, EmailMessage)
        self.mail.append((envelope.mail_from, envelope.rcpt_tos, letter))
        self.in_tls.append(session.ssl is not None)
        return self.answer

    def authenticate(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.users.append(data.login.decode())
        return AuthResult(success=data.password == b"p@ss word", handled=False, message="535 no: p@ss wurd")


class Server(Controller):
    """On a port of its own."""

    def __init__(self, box: Postbox, **how: Any) -> None:
        super().__init__(box, hostname="127.0.0.1", port=0, **how)

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]  # type: ignore[union-attr, unused-ignore] # it is there by now
        super()._trigger_server()  # type: ignore[no-untyped-call] # theirs has no types


def serving(box: Postbox, **how: Any) -> Iterator[Server]:
    server = Server(box, **how)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def box() -> Postbox:
    return Postbox()


@pytest.fixture
def server(box: Postbox) -> Iterator[Server]:
    yield from serving(box)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of 127.0.0.1 that it signed itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    form = serialization.PrivateFormat.PKCS8
    private = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def secured(box: Postbox, certificate: Path) -> Iterator[Server]:
    """A server that offers STARTTLS, and takes passwords in it alone."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    yield from serving(box, tls_context=context, authenticator=box.authenticate, auth_require_tls=True, auth_required=True)


def _free() -> int:
    """A port where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def opened(url: str, **environ: str) -> Email:
    found = channel(url, Means(environ))
    assert isinstance(found, Email)
    return found


@pytest.mark.parametrize("scheme", ["smtp", "mailto"])
def test_a_letter_says_all_in_plain_text_to_each_recipient(scheme: str, box: Postbox, server: Server) -> None:
    url = f"{scheme}://127.0.0.1:{server.port}/ops@example.org?to=a@example.org,b@example.org&to=c@example.org&from=s3guard@example.org"
    assert opened(url).send(TOLD) is None
    ((sender, recipients, letter),) = box.mail
    assert "s3guard@example.org" == sender == letter["From"]
    assert {"ops@example.org", "a@example.org", "b@example.org", "c@example.org"} == set(recipients)
    assert (TOLD.subject, "auto-generated", "<id-1@example.org>") == (letter["Subject"], letter["Auto-Submitted"], letter["Message-ID"])
    assert "text/plain" == letter.get_content_type()
    assert not letter.is_multipart()
    assert TOLD.text() == letter.get_content().replace("\r\n", "\n")


def test_no_text_of_a_log_makes_a_header_or_a_part_of_its_own(box: Postbox, server: Server) -> None:
    opened(f"smtp://127.0.0.1:{server.port}/?to=a@example.org").send(message(reports.hostile(), details=True))
    ((sender, _, letter),) = box.mail
    wanted = {"From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Type", "Content-Transfer-Encoding", "MIME-Version"}
    assert wanted == set(letter.keys()) - {"X-Peer", "X-MailFrom", "X-RcptTo"}
    assert "s3guard@example.org" == sender
    assert "NEW: critical" in letter.get_content()
    assert "<script>" not in letter.get_content_type()


def test_a_password_is_taken_from_the_url_or_the_environment_and_sent_in_tls(box: Postbox, secured: Server) -> None:
    """NOTE: to this machine itself, whose certificate nobody can verify."""
    opened(f"smtp://us%40er:p%40ss%20word@127.0.0.1:{secured.port}/?to=a@example.org").send(TOLD)
    secrets = {email.USERNAME: "other", email.PASSWORD: "p@ss word"}
    opened(f"smtp://127.0.0.1:{secured.port}/?to=a@example.org", **secrets).send(TOLD)
    assert (["us@er", "other"], [True, True]) == (box.users, box.in_tls)


def test_a_password_is_sent_neither_in_the_clear_nor_to_a_server_that_nobody_verified(
    box: Postbox, server: Server, secured: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(email, "_is_loopback", lambda _: False)
    with pytest.raises(UnableError, match="offers no STARTTLS, and a password is not sent in the clear"):
        opened(f"smtp://u:secret@127.0.0.1:{server.port}/?to=a@example.org").send(TOLD)
    with pytest.raises(UnableError, match="no TLS with the server"):
        opened(f"smtp://u:secret@127.0.0.1:{secured.port}/?to=a@example.org").send(TOLD)
    assert ([], []) == (box.users, box.mail)


def test_a_letter_without_a_password_goes_in_the_tls_that_is_offered_whoever_vouches_for_it(
    box: Postbox, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(email, "_is_loopback", lambda _: False)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    for server in serving(box, tls_context=context):
        opened(f"smtp://127.0.0.1:{server.port}/?to=a@example.org").send(TOLD)
    assert [True] == box.in_tls


def test_smtps_is_tls_from_the_first_byte_with_a_certificate_that_holds(
    box: Postbox, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    for server in serving(box, ssl_context=context):
        with pytest.raises(UnableError, match="no TLS with the server"):
            opened(f"smtps://localhost:{server.port}/?to=a@example.org").send(TOLD)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        opened(f"mailtos://localhost:{server.port}/?to=a@example.org").send(TOLD)
    assert 1 == len(box.mail)


def test_a_wrong_password_is_told_without_it(secured: Server) -> None:
    with pytest.raises(UnableError) as refused:
        opened(f"smtp://user:p%40ss%20wurd@127.0.0.1:{secured.port}/?to=a@example.org").send(TOLD)
    assert "the server refused (535): no: ***" == str(refused.value)


def test_some_recipients_refused_is_told_and_said_and_all_refused_is_not(box: Postbox, server: Server) -> None:
    box.refused = {"a@example.org": "550 5.1.1 no such mailbox"}
    found = opened(f"smtp://127.0.0.1:{server.port}/?to=a@example.org,b@example.org")
    assert "1 of 2 recipients were refused" == found.send(TOLD)
    with pytest.raises(UnableError, match=r"all recipients were refused \(550\)") as refused:
        opened(f"smtp://127.0.0.1:{server.port}/?to=a@example.org").send(TOLD)
    assert not isinstance(refused.value, LaterError)


def test_what_is_not_refused_for_good_may_work_in_a_moment(box: Postbox, server: Server) -> None:
    box.answer = "451 try later"
    with pytest.raises(LaterError, match=r"the server refused \(451\): try later"):
        opened(f"smtp://127.0.0.1:{server.port}/?to=a@example.org").send(TOLD)
    with pytest.raises(LaterError, match="no answer: "):
        opened(f"smtps://127.0.0.1:{_free()}/?to=a@example.org").send(TOLD)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("smtp:///?to=a@b.example", "a server is missing"),
        ("smtp://h", "nobody is written to"),
        ("smtp://h/?to=", "an address is none"),
        ("smtp://h/?to=a@b.example%0d%0aBcc:x@y.example", "an address is none"),
        ("smtp://h/?to=Ann%20<a@b.example>", "an address is none"),
        ("smtp://h/?to=a@b.example&from=x%0a@y", "an address is none"),
        ("smtp://u@h/?to=a@b.example", "user and password go together"),
        ("smtp://h/?to=a@b.example&cc=c@d.example", "there is no parameter 'cc'; there are to, from, smtp"),
        ("smtp://h:x/?to=a@b.example", "the port is no number"),
    ],
)
def test_a_letter_that_could_go_nowhere_is_wrong_usage(url: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        opened(url)


def test_ports_senders_and_labels_are_the_usual_ones() -> None:
    ports = [opened(f"{start}h/?to=a@b.example").port for start in ("smtp://", "smtp://u:p@", "smtps://", "mailtos://u:p@")]
    assert [25, 587, 465, 465] == ports
    assert ("mail.example", "u@c.example") == (
        opened("mailto://u%40c.example:p@h/?to=a@b.example&smtp=mail.example").host,
        opened("mailto://u%40c.example:p@h/?to=a@b.example").sender,
    )
    assert "e-mail to a@x, b@x, c@x and 1 more" == opened("smtp://h/?to=a@x,b@x,c@x,d@x").label
