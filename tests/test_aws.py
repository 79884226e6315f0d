"""The way into AWS: whose credentials are used, that they are renewed, and what is told where there are none."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs

import pytest

from s3guard.aws import Access, Account
from s3guard.model import UnableError, UsageError
from s3guard.sources import Scope, Sources, UnreadableError, s3
from tests.s3 import proxy
from tests.s3.access import alone, reached

ROLE = "arn:aws:iam::111122223333:role/log-reader"
ASSUMED = """\
<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><AssumedRoleUser>
<AssumedRoleId>AROA:s3guard</AssumedRoleId><Arn>arn:aws:sts::111122223333:assumed-role/log-reader/s3guard</Arn></AssumedRoleUser>
<Credentials><AccessKeyId>ASIA{number}</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>token-{number}</SessionToken>
<Expiration>{end}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"""
REFUSED = """\
<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>User ann is not authorized to perform: sts:AssumeRole</Message>
</Error></ErrorResponse>"""


class Roles:
    """An STS whose credentials hold for as long as is said."""

    def __init__(self) -> None:
        self.asked: list[dict[str, list[str]]] = []
        self.hold = timedelta(hours=1)
        self.refuses = False

    def answer(self, body: str) -> tuple[int, str]:
        """Credentials of the number of the request."""
        self.asked.append(parse_qs(body))
        end = (datetime.now(UTC) + self.hold).strftime("%Y-%m-%dT%H:%M:%SZ")
        return (403, REFUSED) if self.refuses else (200, ASSUMED.format(number=len(self.asked), end=end))


@pytest.fixture
def roles(monkeypatch: pytest.MonkeyPatch) -> Iterator[Roles]:
    """The STS that the SDK reaches, and credentials to reach it with."""
    found = Roles()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """One role."""
            status, text = found.answer(self.rfile.read(int(self.headers["content-length"])).decode())
            self.send_response(status)
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the base's name
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    reached(monkeypatch, "127.0.0.1:1")
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", f"http://127.0.0.1:{server.server_address[1]}")
    yield found
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_environments_credentials_are_used_where_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    reached(monkeypatch, "127.0.0.1:1")
    assert "AKIAIOSFODNN7EXAMPLE" == Account(Access()).frozen().access_key


def test_a_profile_brings_credentials_region_and_endpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone(monkeypatch)
    config = tmp_path / "config"
    config.write_text(
        "[profile audit]\naws_access_key_id = AKIAAUDIT\naws_secret_access_key = x\nregion = eu-west-1\nservices = here\n"
        "[services here]\ns3 =\n  endpoint_url = http://127.0.0.1:9000\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    account = Account(Access(profile="audit"))
    client = account.client("s3")
    assert ("AKIAAUDIT", "eu-west-1", "http://127.0.0.1:9000") == (
        account.frozen().access_key,
        client.meta.region_name,
        client.meta.endpoint_url,
    )
    assert "us-west-2" == Account(Access(profile="audit", region="us-west-2")).client("s3").meta.region_name
    with pytest.raises(UsageError, match=r"^AWS: The config profile \(other\) could not be found$"):
        Account(Access(profile="other")).client("s3")


def test_without_credentials_that_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    alone(monkeypatch)
    with pytest.raises(UsageError, match=r"^no AWS credentials: set AWS_PROFILE, or .* or give --profile, or run where"):
        Account(Access()).client("s3")


def test_a_role_is_assumed_once_while_its_credentials_hold(roles: Roles) -> None:
    account = Account(Access(role_arn=ROLE))
    frozen = [account.frozen() for _ in range(5)]
    account.client("s3")
    assert {("ASIA1", "token-1")} == {(one.access_key, one.token) for one in frozen}
    (asked,) = roles.asked
    assert ([ROLE], ["s3guard"]) == (asked["RoleArn"], asked["RoleSessionName"])


def test_credentials_that_are_about_to_expire_are_renewed(roles: Roles) -> None:
    roles.hold = timedelta(minutes=5)
    account = Account(Access(role_arn=ROLE))
    assert ["ASIA1", "ASIA2", "ASIA3"] == [account.frozen().access_key for _ in range(3)]


def test_a_role_that_is_refused_is_told_and_nothing_reads_as_clean(roles: Roles) -> None:
    roles.refuses = True
    with pytest.raises(UnableError, match=rf"^--role-arn {ROLE}: refused \(AccessDenied\): User ann is not authorized to perform: sts:"):
        Account(Access(role_arn=ROLE)).client("s3")


def test_a_file_of_authorities_that_is_not_there_is_wrong_usage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reached(monkeypatch, "127.0.0.1:1")
    monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "nothing.pem"))
    with pytest.raises(UsageError, match=r"^AWS_CA_BUNDLE: .*nothing.pem: No such file or directory$"):
        _ = Account(Access()).authorities
    (tmp_path / "nothing.pem").write_bytes(b"PEM")
    assert b"PEM" == Account(Access()).authorities


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    """Moto's server, in this process."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"{host}:{port}"
    server.stop()


def test_all_is_asked_as_the_role_and_an_archived_object_is_told(roles: Roles, moto: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://{moto}")
    client = Account(Access()).client("s3")
    client.create_bucket(Bucket="logs")
    for key, storage in (("a", "STANDARD"), ("b", "DEEP_ARCHIVE"), ("c", "STANDARD")):
        client.put_object(Bucket="logs", Key=key, Body=b"x\n", StorageClass=storage)
    with proxy.proxied(moto) as before:
        sources = Sources(Scope(access=Access(role_arn=ROLE, endpoint_url=before.url)))
        found: dict[str, str] = {}
        for entry, pieces in sources.read(sources.objects(["s3://logs"])):
            try:
                found[entry.name] = b"".join(pieces).decode()
            except UnreadableError as error:
                found[entry.name] = str(error)
    assert {"s3://logs/a": "x\n", "s3://logs/c": "x\n"}.items() <= found.items()
    assert found["s3://logs/b"].startswith("archived")
    assert {"token-1"} == {one.headers["x-amz-security-token"] for one in before.asked}
    assert all("Credential=ASIA1/" in one.headers["authorization"] for one in before.asked)


def test_what_reads_bytes_is_given_credentials_that_hold(roles: Roles, moto: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://{moto}")
    Account(Access()).client("s3").create_bucket(Bucket="more")
    roles.hold = timedelta(minutes=5)
    bucket = s3.Bucket("more", Account(Access(role_arn=ROLE)))
    first, second = bucket.credential(), bucket.credential()
    assert first["access_key_id"] != second["access_key_id"]
    assert first["expires_at"] is not None
    assert timedelta(minutes=5) < first["expires_at"] - datetime.now(UTC) <= timedelta(minutes=10)
