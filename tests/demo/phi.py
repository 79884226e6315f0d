"""`phi-records`: patient records that one service reads and one writes, and what was done to them besides."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from random import Random

from tests.demo import hostile
from tests.demo.lines import Fields, Request
from tests.demo.people import (
    ANONYMOUS,
    BATCH_ROW,
    BOTO,
    BY_S3,
    CLI,
    CONSOLE,
    COPY_SOURCE,
    CURL,
    JAVA,
    at,
    read,
    refused,
    role,
    spread,
    user,
    write,
)

GIB = 1024**3
INGEST = role("ingest", "deploy-5f1c9")
EXPORT = role("research-export", "cohort-7")


def patient(rng: Random) -> str:
    """A key of a patient's record."""
    return f"patients/2026/{rng.randrange(10**6):06d}/record-{rng.randrange(10**8):08d}.json"


def ordinary(rng: Random) -> Iterator[Request]:
    """What happens every day, and is allowed."""
    for day in range(4):
        yield from _reads(rng, day)
        yield from _writes(rng, day)
        yield from _upkeep(rng, day)


def _reads(rng: Random, day: int) -> Iterator[Request]:
    here: Fields = {"user_agent": JAVA, "source_region": "us-east-1"}
    for time in spread(rng, 130, at(day, "00:00"), 24):
        who = role("records-service", f"i-0a1b2c3d4e5f{rng.randrange(4):05d}")
        where = f"10.0.{rng.randrange(4)}.{rng.randrange(2, 250)}"
        kind = rng.randrange(20)
        if kind < 14:
            yield read(rng, time=time, requester=who, remote_ip=where, key=patient(rng), query="?x-id=GetObject", **here)
        elif kind < 17:
            head: Fields = {"operation": "REST.HEAD.OBJECT", "bytes_sent": None}
            yield read(rng, time=time, requester=who, remote_ip=where, key=patient(rng), **head, **here)
        elif kind < 18:
            listing: Fields = {"operation": "REST.GET.BUCKET", "object_size": None, "query": "?list-type=2&prefix=patients%2F2026%2F"}
            yield read(rng, time=time, requester=who, remote_ip=where, **listing, **here)
        elif kind < 19:
            unchanged: Fields = {"status": 304, "bytes_sent": None}
            yield read(rng, time=time, requester=who, remote_ip=where, key=patient(rng), **unchanged, **here)
        else:
            missing: Fields = {"code": "NoSuchKey", "status": 404, "key": patient(rng)}
            yield refused(rng, time=time, requester=who, remote_ip=where, **missing, **here)
    for time in spread(rng, 6, at(day, "08:00"), 9):
        where = f"2001:db8:10::{rng.randrange(1, 0xFFFF):x}"
        yield read(rng, time=time, requester=user("radiology/dr.okafor"), remote_ip=where, key=patient(rng), user_agent=CLI)


def _writes(rng: Random, day: int) -> Iterator[Request]:
    here: Fields = {"requester": INGEST, "user_agent": BOTO, "source_region": "us-east-1"}
    for time in spread(rng, 26, at(day, "00:00"), 24):
        where = f"10.0.8.{rng.randrange(2, 40)}"
        yield write(rng, time=time, remote_ip=where, key=patient(rng), query="?x-id=PutObject", **here)
    start, key = at(day, "03:12"), f"imaging/2026/{rng.randrange(10**6):06d}/series 1 (T2=FLAIR).dcm"
    parts = [("REST.POST.UPLOADS", "?uploads"), *(("REST.PUT.PART", f"?partNumber={n}&uploadId=VXBsb2Fk") for n in (1, 2, 3))]
    for second, (operation, query) in enumerate([*parts, ("REST.POST.UPLOAD", "?uploadId=VXBsb2Fk")]):
        time = start + timedelta(seconds=4 * second)
        yield write(rng, time=time, operation=operation, query=query, key=key, remote_ip="10.0.8.4", **here)
    for time in spread(rng, 8, at(day, "01:30"), 0.5):
        loader: Fields = {"requester": user("batch-nightly"), "remote_ip": "203.0.113.40", "user_agent": BOTO}
        key = f"exports/{day + 28}/ward-{rng.randrange(40):02d}.csv"
        yield write(rng, time=time, key=key, **loader)
        tagging: Fields = {"operation": "REST.PUT.OBJECT_TAGGING", "query": "?tagging", "object_size": None}
        yield write(rng, time=time + timedelta(seconds=1), key=key, **tagging, **loader)


def _upkeep(rng: Random, day: int) -> Iterator[Request]:
    admin: Fields = {"requester": role("platform-admin", "kim@example.org"), "remote_ip": "203.0.113.10", "user_agent": CONSOLE}
    for operation, query in (("REST.GET.BUCKETPOLICY", "?policy"), ("REST.GET.VERSIONING", "?versioning")):
        yield read(rng, time=at(day, "09:05"), operation=operation, query=query, object_size=None, **admin)
    yield refused(rng, "NoSuchTagSet", 404, time=at(day, "09:05:02"), operation="REST.GET.TAGGING", query="?tagging", **admin)
    if day == 1:
        yield write(rng, time=at(1, "09:20"), operation="REST.PUT.LIFECYCLE", query="?lifecycle", object_size=None, **admin)
    for time in spread(rng, 5, at(day, "04:00"), 1):
        size = rng.randrange(2_000, 90_000)
        copied: Fields = {"operation": "REST.COPY.OBJECT_GET", "object_size": size, "host_header": "phi-backup.s3.us-west-2.amazonaws.com"}
        who: Fields = {"requester": role("backup", "nightly"), "remote_ip": "10.0.9.9"}
        yield read(rng, time=time, key=patient(rng), **{**COPY_SOURCE, **copied, **who})
    replication: Fields = {"requester": role("phi-replication", "s3-replication"), "remote_ip": None, "user_agent": None}
    for time in spread(rng, 3, at(day, "00:00"), 24):
        yield read(rng, time=time, key=patient(rng), **replication)
    for operation in ("S3.TRANSITION_SIA.OBJECT", "S3.CREATE.DELETEMARKER", "S3.EXPIRE.OBJECT"):
        yield Request(time=at(day, "00:10"), operation=operation, key=patient(rng), object_size=40_960, **BY_S3)


def planted(rng: Random) -> Iterator[Request]:
    """What the policy for patient records finds, in the order of `tests/test_demo.py`."""
    yield from _analyst(rng)
    yield from _open_object(rng)
    yield from _scanner(rng)
    yield from _bulk_download(rng)
    yield from _bulk_delete(rng)
    yield from _attempts_to_hide(rng)
    yield from _slow(rng)
    yield from _weak_doors(rng)


def _analyst(rng: Random) -> Iterator[Request]:
    ann: Fields = {"requester": role("analyst", "ann.example"), "remote_ip": "203.0.113.77", "user_agent": CLI}
    for minute in range(5):
        yield read(rng, time=at(1, f"10:{minute:02d}"), key=patient(rng), **ann)
    for minute in range(3):
        yield write(rng, time=at(1, f"10:{minute + 20}"), key=f"patients/2026/summary-{minute}.csv", **ann)


def _open_object(rng: Random) -> Iterator[Request]:
    """Two anonymous reads that were served; the second one's referer pretends that it was refused, and makes the line ambiguous."""
    stranger: Fields = {
        **ANONYMOUS,
        "remote_ip": "192.0.2.55",
        "user_agent": CURL,
        "acl_required": True,
        "key": "patients/2026/summary-0.csv",
    }
    yield read(rng, time=at(2, "22:41:07"), **stranger)
    yield read(rng, time=at(2, "22:41:30"), referer=hostile.FAKE_REFUSAL, **stranger)


def _scanner(rng: Random) -> Iterator[Request]:
    for number, agent in enumerate(hostile.SCANNER_AGENTS * 4):
        place: Fields = {"time": at(2, "03:17") + timedelta(seconds=7 * number), "remote_ip": f"198.51.100.{20 + number % 8}"}
        probe = hostile.PROBES[number % len(hostile.PROBES)]
        yield refused(rng, user_agent=agent, **probe, **place, **ANONYMOUS)


def _bulk_download(rng: Random) -> Iterator[Request]:
    """Fifty gibibytes read and ten copied out within forty minutes: over the limit only when copies count."""
    who: Fields = {"requester": EXPORT, "remote_ip": "10.0.20.5", "user_agent": BOTO, "source_region": "us-east-1"}
    for number in range(10):
        size: Fields = {"bytes_sent": 5 * GIB, "object_size": 5 * GIB, "total_time": 172_000}
        yield read(rng, time=at(3, f"02:{4 * number:02d}"), key=f"cohorts/cohort-7/part-{number:03d}.parquet", **size, **who)
    for number in range(10, 15):
        copied: Fields = {
            "operation": "REST.COPY.OBJECT_GET",
            "object_size": 2 * GIB,
            "host_header": "elsewhere.s3.amazonaws.com",
        }
        time = at(3, f"02:{2 * number + 10}")
        yield read(rng, time=time, key=f"cohorts/cohort-7/part-{number:03d}.parquet", **{**COPY_SOURCE, **copied, **who})


def _bulk_delete(rng: Random) -> Iterator[Request]:
    who: Fields = {"requester": INGEST, "remote_ip": "10.0.8.4", "user_agent": BOTO, "source_region": "us-east-1"}
    for request in range(2):
        time, shared = at(3, f"16:0{request}"), f"bulk-{request}"
        parent: Fields = {"operation": "REST.POST.MULTI_OBJECT_DELETE", "query": "?delete", "object_size": None, "bytes_sent": 6100}
        yield write(rng, time=time, shares_id=shared, **parent, **who)
        for _ in range(60):
            yield Request(time=time, key=patient(rng), object_size=rng.randrange(2_000, 90_000), shares_id=shared, **BATCH_ROW, **who)


def _attempts_to_hide(rng: Random) -> Iterator[Request]:
    """A contractor, whose session borrows the name of a trusted role, is refused when he reads, and when he would stop the log."""
    mallory: Fields = {"requester": role("contractor", "platform-admin"), "remote_ip": "203.0.113.99", "user_agent": CLI}
    yield refused(rng, time=at(3, "12:00"), key=patient(rng), **mallory)
    yield refused(rng, time=at(3, "12:01"), operation="REST.PUT.LOGGING_STATUS", query="?logging", **mallory)
    yield refused(rng, time=at(3, "12:02"), operation="REST.PUT.BUCKETPOLICY", query="?policy", **mallory)
    odd: Fields = {"operation": "REST.PATCH.OBJECT", "key": patient(rng)}
    yield refused(rng, "MethodNotAllowed", 405, time=at(3, "12:03"), **odd, **mallory)


def _slow(rng: Random) -> Iterator[Request]:
    who: Fields = {"requester": role("records-service", "i-0a1b2c3d4e5f00001"), "remote_ip": "10.0.1.17", "source_region": "us-east-1"}
    for number in range(9):
        slow = 1_900 + 2_030 * number
        times: Fields = {"turn_around_time": slow, "total_time": slow + 12}
        yield read(rng, time=at(0, f"14:{20 + number}"), key=patient(rng), **times, **who)


def _weak_doors(rng: Random) -> Iterator[Request]:
    """A presigned link used from outside, and a fax gateway without TLS."""
    link = (
        "?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=EXAMPLE%2F20260930%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20260930T080000Z"
        "&X-Amz-Expires=604800&X-Amz-Security-Token=EXAMPLE-not-a-token-0123456789&X-Amz-SignedHeaders=host&X-Amz-Signature=XXXXXXXX"
    )
    leaked: Fields = {"requester": role("records-service", "i-0a1b2c3d4e5f00002"), "authentication_type": "QueryString", "query": link}
    for minute in (5, 6):
        where: Fields = {"remote_ip": "192.0.2.201", "user_agent": b"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"}
        yield read(rng, time=at(2, f"08:0{minute}"), key="patients/2026/000042/letter.pdf", **leaked, **where)
    plain: Fields = {"cipher_suite": None, "tls_version": None, "user_agent": b"faxgate/1.0 libwww-perl/5.805"}
    for day in range(4):
        who: Fields = {"requester": user("fax-gateway"), "remote_ip": "203.0.113.61"}
        yield read(rng, time=at(day, "11:30"), key=f"faxes/2026-{day}/cover.tif", **plain, **who)
