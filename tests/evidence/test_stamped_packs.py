"""Time stamps of packs, and log objects in S3."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from s3guard.attest import dsse, stamps
from s3guard.evidence.originals import Fate, Judged, _stored
from s3guard.evidence.verification import Mark
from s3guard.evidence.verify import Request, verified
from tests.attest.authority import Authority, serving
from tests.cli.project import project
from tests.evidence.packs import key, made


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    one = Authority(tmp_path_factory.mktemp("authority") / "tsa")
    one.prepare()
    with serving(one) as found:
        yield found


def test_a_time_stamp_is_verified_with_the_roots_that_are_trusted(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project(tmp_path))
    private, public = key(tmp_path)
    pack = made(tmp_path, "logs/clean.log").sealed(private)
    name = "attestations/0001-test-result"
    ((_, signature),) = dsse.read(pack.signed[f"{name}.dsse.json"]).signatures
    ((_, other),) = dsse.read(pack.signed["attestations/0002-evaluation.dsse.json"]).signatures
    right, wrong = (stamps.stamp(one, authority.url) for one in (signature, other))
    roots = stamps.roots(authority.root)
    found = {}
    for what, stamp, trusted in (("right", right, roots), ("nobody", right, ()), ("other", wrong, roots), ("torn", right[:-9], roots)):
        path = replace(pack, signed={**pack.signed, f"{name}.tsr": stamp}).write(tmp_path / "pack.tar")
        told = verified(Request(path, [public], trusted))
        found[what] = told.exit_code, {one.name: one.mark for one in told.checks}
    assert (0, Mark.HOLDS) == (found["right"][0], found["right"][1]["time"])
    assert (3, Mark.UNKNOWN) == (found["nobody"][0], found["nobody"][1]["time"])
    assert (1, Mark.BROKEN) == (found["other"][0], found["other"][1]["statements"])
    assert (1, Mark.BROKEN) == (found["torn"][0], found["torn"][1]["statements"])


class Client:
    """What answers for S3."""

    def __init__(self, answer: bytes | Exception) -> None:
        self.answer = answer
        self.asked: dict[str, Any] = {}

    def get_object(self, **asked: Any) -> dict[str, Any]:
        self.asked = asked
        if isinstance(self.answer, Exception):
            raise self.answer
        body = io.BytesIO(self.answer)

        class Body:
            def iter_chunks(self, size: int) -> Iterator[bytes]:
                return iter(lambda: body.read(size), b"")

        return {"Body": Body()}


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "GetObject")


DATA = b"a record\n"


@pytest.mark.parametrize(
    ("answer", "fate", "reason"),
    [
        (DATA, Fate.SAME, ""),
        (DATA[:-1], Fate.CHANGED, "it had 9 bytes, and has 8 now"),
        (DATA + b"x", Fate.CHANGED, "it had 9 bytes, and has more now"),
        (b"b record\n", Fate.CHANGED, "its bytes are others now"),
        (refused("NoSuchKey"), Fate.GONE, "there is no such object"),
        (refused("NoSuchVersion"), Fate.GONE, "this version of it is gone"),
        (refused("NoSuchBucket"), Fate.GONE, "there is no such bucket"),
        (refused("AccessDenied"), Fate.UNREAD, "AccessDenied: no"),
        (EndpointConnectionError(endpoint_url="http://x"), Fate.UNREAD, 'Could not connect to the endpoint URL: "http://x"'),
    ],
)
def test_an_object_in_s3_is_read_in_the_version_that_was_judged(answer: bytes | Exception, fate: Fate, reason: str) -> None:
    client = Client(answer)
    one = Judged("s3://logs/a/b//c", "v1", len(DATA), hashlib.sha256(DATA).hexdigest())
    found = _stored(one, client, request_payer=True)
    assert (fate, reason) == (found.fate, found.reason)
    assert {"Bucket": "logs", "Key": "a/b//c", "VersionId": "v1", "RequestPayer": "requester"} == client.asked
