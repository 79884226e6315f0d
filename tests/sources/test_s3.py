"""Objects in S3: every byte as it is stored, or a reason; on a real server, and on its bad days."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from s3guard import refusals
from s3guard.ahead import Limits
from s3guard.aws import Access, Account
from s3guard.check import Request, check
from s3guard.model import Report, UsageError
from s3guard.sources import LogObject, Scope, Sources, s3
from tests.lines import record
from tests.s3 import proxy
from tests.s3.access import reached
from tests.s3.bucket import Bucket
from tests.s3.proxy import Asked, Fault, times
from tests.s3.shelf import Shelf, served

POLICY = """\
version: 1
policy: p
buckets: [examplebucket]
rules:
  requesters: {allow: [arn:aws:iam::111122223333:user/ann]}
"""
LINE = record().render() + b"\n"
NOON = datetime(2026, 10, 2, 12, tzinfo=UTC)
HANG = Fault(hang=1.6)
CUT = Fault(cut=50)
ALWAYS = {
    "denied": (proxy.DENIED, "denied (AccessDenied): it takes s3:GetObject"),
    "throttled": (proxy.SLOW, "S3 answered SlowDown: Please reduce your request rate, after 3 more tries"),
    "broken": (proxy.BROKEN, "S3 answered InternalError"),
    "gone": (proxy.GONE, refusals.GONE),
    "archived": (proxy.ARCHIVED, "archived in DEEP_ARCHIVE: it must be restored"),
    "key denied": (proxy.KMS, "denied by the KMS key that it is encrypted with: it takes kms:Decrypt"),
    "key disabled": (proxy.KEY_DISABLED, "the KMS key that it is encrypted with cannot be used"),
    "expired": (proxy.EXPIRED, "the credentials have expired"),
    "silent": (HANG, "no answer in time, after 3 more tries"),
    "cut": (CUT, "cut short: the connection broke"),
    "short": (Fault(keep=50), refusals.CHANGED),
}
"""What always befalls a request, and how it is told."""
PASSING = {"throttled": proxy.SLOW, "broken": proxy.BROKEN, "silent": HANG, "cut": CUT, "cut at once": Fault(cut=0)}
"""What is over when it is tried again."""


def of(*keys: str) -> Callable[[Asked], bool]:
    """Requests that read one of these objects."""
    return lambda asked: asked.is_reading and asked.path.endswith(keys)


def judged(bucket: Bucket, folder: Path, **changes: Any) -> Report:
    """The report of a check of a whole bucket."""
    policy = folder / "p.yaml"
    policy.write_text(POLICY, encoding="utf-8")
    return check(Request(**{"logs": [bucket.url()], "policies": [policy], "as_of": NOON, "jobs": 1, **changes}))


def test_only_what_begins_with_the_scheme_is_claimed() -> None:
    assert s3.claims("s3://bucket")
    assert not any(s3.claims(argument) for argument in ("s3:/bucket", "S3", "./s3://bucket", "https://bucket"))


def test_objects_are_named_by_where_they_are(bucket: Bucket) -> None:
    bucket.put({"logs/b": b"two\n", "logs/a": b"one\n", "other": b"x\n"})
    assert [("logs/a", 4), ("logs/b", 4)] == [(entry.name.removeprefix(bucket.url()), entry.size) for entry in bucket.listed("logs/")]
    assert bucket.read() == {"logs/a": b"one\n", "logs/b": b"two\n", "other": b"x\n"}
    assert bucket.read("logs/a") == {"logs/a": b"one\n"}


def test_each_object_is_asked_for_once_and_held_against_what_was_listed(bucket: Bucket) -> None:
    bucket.put({f"logs/{number}": b"x" * number for number in range(20)})
    assert len(bucket.read()) == 20
    asked = bucket.proxy.readings
    assert 19 == len(asked) == len({one.path for one in asked})
    assert all(one.headers.get("if-match", "").startswith('"') for one in asked)
    assert 1 == len(bucket.proxy.listings)


def test_keys_that_are_no_paths_are_read_as_they_are(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = ["/a", "a//b", "a/./b", "../a", "a\nb", "a b", "a%20b", "a+b", "ä/ö", "a?b#c", "a/", "~", "\u0085", "a\\b"]
    contents = {key: f"{key}!\n".encode() for key in keys}
    with served(Shelf(contents)) as address:
        reached(monkeypatch, address)
        sources = Sources(Scope())
        found = {entry.name: b"".join(pieces) for entry, pieces in sources.read(sources.objects(["s3://logs"]))}
    assert found == {f"s3://logs/{key}": content for key, content in contents.items()}


def test_a_large_object_is_read_in_parts(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3, "LIMITS", Limits(threads=4, held=3 << 20, piece=1 << 20))
    content = random.Random(1).randbytes((5 << 20) + 1)
    bucket.put({"large": content})
    assert bucket.read() == {"large": content}
    assert ["bytes=0-1048575", "bytes=5242880-5242880"] == sorted(one.headers["range"] for one in bucket.proxy.readings)[:: len(range(5))]


def test_an_object_that_changes_while_its_parts_are_read_is_unreadable(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3, "LIMITS", Limits(threads=1, held=1 << 20, piece=1 << 20))
    bucket.put({"large": b"a" * (4 << 20), "small": b"x\n"})
    changed: list[int] = []

    def change(asked: Asked) -> None:
        if asked.is_reading and not changed and asked.headers.get("range", "").startswith("bytes=2"):
            changed.append(1)
            bucket.put({"large": b"b" * (4 << 20)})

    bucket.proxy.plan = change
    assert bucket.read() == {"large": refusals.CHANGED, "small": b"x\n"}


@pytest.mark.parametrize("content", [b"longer than it was\n", b"0ne\n"])
def test_an_object_that_is_another_one_by_the_time_it_is_read_is_unreadable(bucket: Bucket, content: bytes) -> None:
    bucket.put({"a": b"one\n"})
    sources = Sources(Scope())
    listed = list(sources.objects([bucket.url()]))
    bucket.put({"a": content})
    assert bucket.contents(sources, listed) == {"a": refusals.CHANGED}


@pytest.mark.parametrize("fault", ALWAYS)
def test_what_cannot_be_read_is_unreadable_with_its_reason_and_nothing_else_is_lost(bucket: Bucket, fault: str, tmp_path: Path) -> None:
    bucket.put(dict.fromkeys(("a", "b", "c"), LINE * 3))
    bucket.proxy.plan = times(99, ALWAYS[fault][0], of("/b"))
    report = judged(bucket, tmp_path)
    assert (3, 6, 3) == (report.exit_code, report.coverage.records, report.coverage.objects)
    (unreadable,) = report.coverage.unreadable
    assert unreadable.object == bucket.url("b")
    assert unreadable.reason.startswith(ALWAYS[fault][1])


@pytest.mark.parametrize("fault", PASSING)
def test_what_passes_is_tried_again_and_nothing_is_lost(bucket: Bucket, fault: str, tmp_path: Path) -> None:
    bucket.put(dict.fromkeys(("a", "b", "c"), LINE * 3))
    bucket.proxy.plan = times(1, PASSING[fault], of("/a", "/b"))
    report = judged(bucket, tmp_path)
    assert (0, 9, ()) == (report.exit_code, report.coverage.records, report.coverage.unreadable)
    assert len(bucket.proxy.readings) >= 5


@pytest.mark.parametrize("seed", range(3))
def test_of_all_faults_mixed_each_object_is_read_whole_or_told(bucket: Bucket, seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    keys = [f"{number:03d}" for number in range(120)]
    lines = {key: rng.randrange(1, 60) for key in keys}
    bucket.put({key: LINE * count for key, count in lines.items()})
    lasting = [fault for name, (fault, _) in ALWAYS.items() if name != "silent"]
    plans = [times(99, rng.choice(lasting), of(f"/{key}")) for key in keys[:40:2]]
    plans += [times(rng.randrange(1, 3), rng.choice([*PASSING.values()]), of(f"/{key}")) for key in keys[40:]]
    bucket.proxy.plan = lambda asked: next(filter(None, (plan(asked) for plan in plans)), None)
    report = judged(bucket, tmp_path)
    lost = keys[:40:2]
    assert [bucket.url(key) for key in lost] == [one.object for one in report.coverage.unreadable]
    whole = sum(lines[key] for key in keys if key not in lost)
    # NOTE: of an object that was cut nothing was taken: it came in one piece, and a piece is whole or not there.
    assert (3, 120, whole) == (report.exit_code, report.coverage.objects, report.coverage.records)
    bucket.proxy.plan = lambda _: None
    again = judged(bucket, tmp_path)
    assert (0, sum(lines.values())) == (again.exit_code, again.coverage.records)


def listing(asked: Asked) -> bool:
    """Whether a request lists."""
    return asked.is_listing


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (proxy.DENIED, "listing is denied (AccessDenied): it takes s3:ListBucket on the bucket"),
        (proxy.SLOW, "listing failed: S3 answered SlowDown: Please reduce your request rate"),
        (proxy.EXPIRED, "listing failed: the credentials have expired"),
        (HANG, "listing failed: "),
        (CUT, "listing failed: "),
        (Fault(keep=50), "listing failed: "),
        (Fault(keep=0), "listing failed: "),
        (Fault(200, raw=b"<html><body>Sign in to the network</body></html>"), "listing failed: the answer is not that of S3"),
        (Fault(200, raw=b"<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>"), "listing failed: the answer is not that"),
        (Fault(200, raw=b"no XML"), "listing failed: S3 answered 500"),
        (Fault(200, "InternalError", "Sorry."), "listing failed: S3 answered InternalError: Sorry"),
    ],
)
def test_a_bucket_that_cannot_be_listed_is_never_an_empty_one(bucket: Bucket, fault: Fault, reason: str, tmp_path: Path) -> None:
    bucket.put({"a": LINE})
    bucket.proxy.plan = times(99, fault, listing)
    for changes in ({}, {"since": NOON - timedelta(days=9_000)}):
        report = judged(bucket, tmp_path, **changes)
        assert (3, 0) == (report.exit_code, report.coverage.records)
        (unreadable,) = report.coverage.unreadable
        assert unreadable.object == bucket.url()
        assert unreadable.reason.startswith(reason)


@pytest.mark.parametrize("fault", [proxy.SLOW, proxy.BROKEN, HANG, CUT])
def test_a_listing_that_fails_and_passes_is_whole(bucket: Bucket, fault: Fault, tmp_path: Path) -> None:
    bucket.put({"a": LINE, "b": LINE})
    bucket.proxy.plan = times(2, fault, listing)
    report = judged(bucket, tmp_path)
    assert (0, 2, ()) == (report.exit_code, report.coverage.records, report.coverage.unreadable)


def test_a_page_that_is_denied_leaves_what_was_listed_and_is_told(bucket: Bucket, tmp_path: Path) -> None:
    shelf = Shelf({f"{number:04d}": LINE for number in range(30)}, 10)
    with served(shelf) as address, proxy.proxied(address) as before, pytest.MonkeyPatch.context() as patch:
        reached(patch, before.url.removeprefix("http://"))
        before.plan = lambda asked: proxy.DENIED if asked.query.get("continuation-token") == "0019" else None
        report = judged(bucket, tmp_path, logs=["s3://logs"])
    assert (3, 20, 21) == (report.exit_code, report.coverage.records, report.coverage.objects)
    assert ["s3://logs/"] == [one.object for one in report.coverage.unreadable]


def test_a_bucket_and_a_prefix_that_are_not_there_are_wrong_usage(bucket: Bucket) -> None:
    bucket.put({"logs/a": LINE})
    with pytest.raises(UsageError, match=r"^s3://nothing-of-the-kind: no such bucket$"):
        list(Sources(Scope()).objects(["s3://nothing-of-the-kind/logs"]))
    with pytest.raises(UsageError, match=r"logs/\*: no such prefix: no object's key begins with it; a prefix has no wildcards"):
        bucket.listed("logs/*")
    with pytest.raises(UsageError, match="no such prefix"):
        bucket.listed("other/", since=NOON)
    assert bucket.listed("logs/", since=NOON) != []


def test_an_empty_bucket_is_nothing_to_judge(bucket: Bucket, tmp_path: Path) -> None:
    report = judged(bucket, tmp_path, logs=["s3://empty"])
    assert (4, 0, ()) == (report.exit_code, report.coverage.objects, report.coverage.unreadable)


def test_who_may_not_look_at_the_bucket_but_at_its_objects_reads_them(bucket: Bucket) -> None:
    bucket.put({"a": LINE})
    bucket.proxy.plan = lambda asked: proxy.DENIED if asked.method == "HEAD" else None
    assert bucket.read() == {"a": LINE}


def test_who_pays_for_requests_says_so_with_each(bucket: Bucket) -> None:
    bucket.put({"a": LINE})
    assert bucket.read() == {"a": LINE}
    assert {None} == {one.headers.get("x-amz-request-payer") for one in bucket.proxy.asked}
    bucket.proxy.asked.clear()
    assert bucket.read(access=Access(request_payer=True)) == {"a": LINE}
    assert {"requester"} == {one.headers.get("x-amz-request-payer") for one in bucket.proxy.listings + bucket.proxy.readings}


def test_the_endpoint_that_is_named_outvotes_the_environment(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket.put({"a": LINE})
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_SKIP_SIGNATURE", "true")
    assert bucket.read(access=Access(endpoint_url=bucket.proxy.url)) == {"a": LINE}
    assert all(one.headers["authorization"].startswith("AWS4-HMAC-SHA256 ") for one in bucket.proxy.asked)


def test_a_server_that_nobody_runs_cannot_be_listed(bucket: Bucket) -> None:
    (entry,) = bucket.listed(access=Access(endpoint_url="http://127.0.0.1:1"))
    assert (entry.name, entry.size) == (bucket.url(), None)
    assert entry.fault is not None
    assert entry.fault.startswith("listing failed: Could not connect to the endpoint URL")


def test_what_is_listed_by_one_process_is_read_by_another(bucket: Bucket) -> None:
    bucket.put({"a": LINE})
    listed = bucket.listed()
    assert bucket.contents(Sources(Scope()), listed) == {"a": LINE}
    lost = LogObject("s3://nowhere-at-all/a", "s3://nowhere-at-all/a", 4, "s3")
    ((_, pieces),) = ((entry, list_of(pieces)) for entry, pieces in Sources(Scope()).read([lost]))
    assert pieces == "s3://nowhere-at-all: no such bucket"


def list_of(pieces: Any) -> bytes | str:
    """The bytes, or the reason."""
    try:
        return b"".join(pieces)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is looked at
        return str(error)


@pytest.mark.parametrize(
    ("url", "name", "endpoint", "signed"),
    [
        ("https://phi.s3.eu-west-1.amazonaws.com/", "phi", "https://phi.s3.eu-west-1.amazonaws.com", "/k"),
        ("https://s3.eu-west-1.amazonaws.com/my.logs", "my.logs", "https://s3.eu-west-1.amazonaws.com", "/my.logs/k"),
        ("http://127.0.0.1:9000/phi", "phi", "http://127.0.0.1:9000", "/phi/k"),
        ("https://gateway/s3/phi", "phi", "https://gateway/s3", "/phi/k"),
    ],
)
def test_bytes_are_read_where_the_sdk_finds_the_bucket(
    url: str, name: str, endpoint: str, signed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import obstore

    found = s3.address(url, name)
    reached(monkeypatch, "127.0.0.1:1")
    account = Account(Access())
    store = s3.store(name, found, "eu-west-1", lambda: {"access_key_id": "a", "secret_access_key": "b", "expires_at": None}, account)
    assert obstore.sign(store, "GET", "k", timedelta(hours=1)).partition("?")[0] == f"{endpoint}{signed}"
