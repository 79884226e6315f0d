"""An AWS account on loopback: moto over real HTTP, with what it lacks put in, and faults planted into single calls."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import boto3
import botocore.session
import pytest
from botocore import loaders
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config
from botocore.exceptions import ReadTimeoutError

from s3guard import aws

ACCOUNT = "123456789012"
HOME = "us-east-1"
ENVIRON = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": HOME, "AWS_CONFIG_FILE": "/dev/null"}

Fault = Callable[[Any], AWSResponse]
Asked = tuple[object, ...]


class _Raw:
    """The body of an answer."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: object) -> Iterator[bytes]:
        yield self._body

    def read(self, *_: object) -> bytes:
        return self._body


def answered(status: int, body: str, **headers: str) -> Fault:
    """An answer of these bytes."""
    told = HTTPHeaders.from_dict({"content-type": "application/xml", **{name.lower(): value for name, value in headers.items()}})
    return lambda request: AWSResponse(request.url, status, told, _Raw(body.encode()))


def _error(status: int, code: str) -> Fault:
    return answered(status, f"<Error><Code>{code}</Code><Message>planted</Message></Error>")


def _timed_out(request: Any) -> AWSResponse:
    raise ReadTimeoutError(endpoint_url=request.url)


LOADER = loaders.Loader()
FAULTS: dict[str, Fault] = {
    "denied": _error(403, "AccessDenied"),
    "throttled": _error(503, "SlowDown"),
    "timed out": _timed_out,
    "nonsense": answered(200, "<ListBucketResult><Name>x</Name><MaxKeys>1000</MaxKeys></ListBucketResult>"),
    "no XML": answered(200, "it works!"),
}
_PAYER = "<RequestPaymentConfiguration><Payer>{}</Payer></RequestPaymentConfiguration>"
_TIERING = (
    "<ListBucketIntelligentTieringConfigurationsOutput><IsTruncated>false</IsTruncated></ListBucketIntelligentTieringConfigurationsOutput>"
)
# NOTE: moto lists all buckets there.
_DIRECTORIES = "<ListAllMyDirectoryBucketsResult><Buckets/></ListAllMyDirectoryBucketsResult>"
_PUBLIC = "<PolicyStatus><IsPublic>{}</IsPublic></PolicyStatus>"


@dataclass
class Cloud:
    """The account, its planted faults, and what moto does not keep."""

    url: str
    faults: dict[tuple[str, str | None], Fault] = field(default_factory=dict)
    """Operation, and bucket or None for any: what is answered instead."""
    usual: dict[str, Fault] = field(default_factory=dict)
    """What is answered to an operation where no fault is planted, and moto knows no answer."""
    requester_pays: set[str] = field(default_factory=set)
    public: set[str] = field(default_factory=set)
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Service and operation of every call of the audit."""
    clients: dict[tuple[str, str], Any] = field(default_factory=dict)
    """Those that the account is built with."""
    heard: dict[Asked, Fault] | None = None
    """What the server answered: asked the same of an account that nobody changes, it is not asked again. None: it is asked each time."""
    asking: threading.local = field(default_factory=threading.local)
    """What each thread asks just now."""

    def client(self, service: str, region: str = HOME) -> Any:
        """A client to build the account with; no fault touches it."""
        if (service, region) in self.clients:
            return self.clients[service, region]
        # NOTE: boto3's stubs have an overload for each service that there is; the name is only known here.
        session: Any = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test")  # noqa: S106 - moto takes any
        made = session.client(service, region_name=region, endpoint_url=self.url, config=Config(retries={"total_max_attempts": 1}))
        made.meta.events.register_first("before-send.s3-control.*", _without_account)
        self.clients[service, region] = made
        return made

    def hooked(self, client: Any) -> Any:
        """A client of the audit's, with faults."""
        client.meta.events.register_first("before-send.s3-control.*", _without_account)
        client.meta.events.register("before-call.*", self._remember)
        client.meta.events.register_first("before-send.*", self._answer)
        client.meta.events.register("response-received.*", self._hear)
        return client

    def _remember(self, model: Any, **_: object) -> None:
        self.asked.append((model.service_model.service_name, model.name))

    def _answer(self, request: Any, event_name: str, **_: object) -> AWSResponse | None:
        self.asking.it = None
        operation = event_name.rpartition(".")[2]
        bucket = urlsplit(request.url).path.lstrip("/").partition("/")[0]
        for key in ((operation, bucket), (operation, None)):
            if key in self.faults:
                return self.faults[key](request)
        if operation in self.usual:
            return self.usual[operation](request)
        if operation == "GetBucketRequestPayment":
            return answered(200, _PAYER.format("Requester" if bucket in self.requester_pays else "BucketOwner"))(request)
        if operation == "GetBucketPolicyStatus":
            return answered(200, _PUBLIC.format("true" if bucket in self.public else "false"))(request)
        if operation == "ListEventDataStores":
            return answered(200, '{"EventDataStores": []}', **{"content-type": "application/x-amz-json-1.1"})(request)
        if operation == "ListDirectoryBuckets":
            return answered(200, _DIRECTORIES)(request)
        if operation == "ListBucketIntelligentTieringConfigurations":
            return answered(200, _TIERING)(request)
        return self._again(request, operation)

    def _again(self, request: Any, operation: str) -> AWSResponse | None:
        """What the server said to the same question."""
        # NOTE: an object is read from the connection, piece by piece.
        if self.heard is None or operation == "GetObject":
            return None
        told = ("Host", "X-Amz-Target", "X-Amz-Expected-Bucket-Owner")
        said = (request.headers.get(name) for name in told)
        self.asking.it = (operation, request.method, request.url, request.body, _scope(request.headers.get("Authorization")), *said)
        found = self.heard.get(self.asking.it)
        return None if found is None else found(request)

    def _hear(self, response_dict: Any = None, **_: object) -> None:
        asked = getattr(self.asking, "it", None)
        if self.heard is not None and asked is not None and response_dict is not None:
            headers = {
                name: value for name, value in response_dict["headers"].items() if name.lower().startswith(("content-type", "x-amz-"))
            }
            self.heard[asked] = answered(response_dict["status_code"], response_dict["body"].decode(), **headers)

    @contextmanager
    def planted(self, operation: str, fault: Fault, bucket: str | None = None) -> Iterator[None]:
        """A fault for as long as the block lasts."""
        self.faults[operation, bucket] = fault
        try:
            yield
        finally:
            del self.faults[operation, bucket]

    # What an account holds, in a few words.

    def bucket(self, name: str, region: str = HOME) -> str:
        """A bucket."""
        place = {} if region == HOME else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        self.client("s3", region).create_bucket(Bucket=name, **place)
        return name

    def sink(self, name: str, region: str = HOME) -> str:
        """A log bucket as it should be."""
        self.bucket(name, region)
        s3 = self.client("s3", region)
        every = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
        s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=every)
        s3.put_bucket_ownership_controls(Bucket=name, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]})
        s3.put_bucket_encryption(
            Bucket=name,
            ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]},
        )
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        s3.put_bucket_policy(Bucket=name, Policy=json.dumps(self.delivery(name)))
        return name

    @staticmethod
    def delivery(sink: str, *more: dict[str, Any], sources: str = "arn:aws:s3:::*") -> dict[str, Any]:
        """The policy of a log bucket as it should be."""
        allow = {
            "Sid": "Delivery",
            "Effect": "Allow",
            "Principal": {"Service": "logging.s3.amazonaws.com"},
            "Action": "s3:PutObject",
            "Resource": f"arn:aws:s3:::{sink}/*",
            "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}, "ArnLike": {"aws:SourceArn": sources}},
        }
        tls = {
            "Sid": "TlsOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [f"arn:aws:s3:::{sink}", f"arn:aws:s3:::{sink}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
        return {"Version": "2012-10-17", "Statement": [allow, tls, *more]}

    def log(self, source: str, sink: str, region: str = HOME, prefix: str | None = None) -> None:
        """Switch logging on."""
        enabled = {"TargetBucket": sink, "TargetPrefix": f"{source}/" if prefix is None else prefix}
        self.client("s3", region).put_bucket_logging(Bucket=source, BucketLoggingStatus={"LoggingEnabled": enabled})


def _scope(authorization: bytes | str | None) -> str:
    """Whose key a request is signed with, for which Region and service; the day is left out."""
    text = authorization.decode() if isinstance(authorization, bytes) else authorization or ""
    key, _day, *scope = [*text.partition("Credential=")[2].partition(",")[0].split("/"), "", ""]
    return "/".join((key, *scope))


def _without_account(request: Any, **_: object) -> None:
    request.url = request.url.replace(f"//{ACCOUNT}.", "//")


@contextmanager
def reached(url: str, patch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    """The account as the audit reaches it: every service at one address, each request tried once."""
    cloud = Cloud(url)
    made = aws.Account.client
    for name, value in {**ENVIRON, "AWS_ENDPOINT_URL": url}.items():
        patch.setenv(name, value)
    patch.setattr(aws, "RETRIES", 1)
    # NOTE: each session reads the models of all services anew, which is most of the time of a test.
    patch.setattr(botocore.session, "create_loader", lambda _paths=None: LOADER)
    patch.setattr(aws.Account, "client", lambda self, *arguments: cloud.hooked(made(self, *arguments)))
    yield cloud
