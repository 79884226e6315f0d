"""The log bucket itself, old generations of the log of patient records, and a bucket that no policy names."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random

from tests.demo.lines import Bucket, Fields, Request
from tests.demo.people import (
    ANONYMOUS,
    BOTO,
    BY_S3,
    CLI,
    CONSOLE,
    CURL,
    HOSPITAL,
    HOSPITAL_OWNER,
    JAVA,
    SHOP,
    at,
    read,
    role,
    spread,
    user,
    write,
)
from tests.demo.phi import patient

DELIVERY = "svc:logging.s3.amazonaws.com"
OLD_DELIVERY = "3272ee65a908a7677109fedda345db8d9554ba26398b2ca10581de88777e2b61"
"""The canonical user id with which S3 delivered logs to buckets that granted it by ACL."""

GENERATIONS = (2018, 2019, 2020, 2022, 2024)
FIELDS = {2018: 18, 2019: 24, 2020: 24, 2022: 25, 2024: 26}


def log_object(rng: Random, day: int) -> str:
    """A key of a delivered log object."""
    date = at(day, "00:00")
    return f"phi-records/{HOSPITAL}/us-east-1/phi-records/{date:%Y/%m/%d}/{date:%Y-%m-%d}-00-00-00-{rng.randrange(16**16):016X}"


def ordinary(rng: Random) -> Iterator[Request]:
    """Deliveries by S3, reviews by s3guard and the auditors, lifecycle."""
    for day in range(4):
        for time in spread(rng, 30, at(day, "00:00"), 24):
            yield write(rng, time=time, requester=DELIVERY, remote_ip=None, key=log_object(rng, day), user_agent=None)
        for time in spread(rng, 2, at(day, "00:00"), 24):
            yield write(rng, time=time, requester=OLD_DELIVERY, remote_ip="10.120.3.1", key=log_object(rng, day), user_agent=None)
        for hour in range(0, 24, 4):
            reviewer = {"requester": role("s3guard", "daily-review"), "remote_ip": "10.0.30.3", "user_agent": BOTO}
            listing = {"operation": "REST.GET.BUCKET", "query": "?list-type=2", "object_size": None}
            yield read(rng, time=at(day, f"{hour:02d}:30"), **listing, **reviewer)
            yield read(rng, time=at(day, f"{hour:02d}:31"), key=log_object(rng, day), **reviewer)
        auditor = {"requester": role("auditor", "pat@example.org"), "remote_ip": "203.0.113.20", "user_agent": CONSOLE}
        yield read(rng, time=at(day, "10:10"), key=log_object(rng, day), **auditor)
        for operation in ("S3.TRANSITION_GIR.OBJECT", "S3.TRANSITION.OBJECT", "S3.EXPIRE.OBJECT"):
            yield Request(time=at(day, "00:20"), operation=operation, key=log_object(rng, day), object_size=81_920, **BY_S3)


def planted(rng: Random) -> Iterator[Request]:
    """Somebody reads the audit trail, deletes from it, and shortens its life."""
    developer = {"requester": role("developer", "sam@example.org"), "remote_ip": "203.0.113.150", "user_agent": CLI}
    for minute in (1, 2):
        yield read(rng, time=at(1, f"14:0{minute}"), key=log_object(rng, 1), **developer)
    oncall = {"requester": user("ops-oncall"), "remote_ip": "203.0.113.31", "user_agent": CLI, "status": 204}
    for minute in range(3):
        deleted = {"operation": "REST.DELETE.OBJECT", "key": log_object(rng, 1)}
        yield write(rng, time=at(1, f"14:2{minute}"), **deleted, **oncall)
    saver = {"requester": role("cost-optimizer", "weekly"), "remote_ip": "10.0.40.4", "user_agent": BOTO}
    yield write(rng, time=at(2, "06:00"), operation="REST.PUT.LIFECYCLE", query="?lifecycle", object_size=None, **saver)


def generation(rng: Random, year: int) -> tuple[Bucket, list[Request]]:
    """The bucket and records of one year in which the format had fewer fields."""
    bucket = Bucket("phi-records-archive", HOSPITAL_OWNER, HOSPITAL, "us-east-1", fields=FIELDS[year])
    start = datetime(year, 3, 20, 6, tzinfo=UTC)
    cipher = "ECDHE-RSA-AES128-GCM-SHA256"
    who: Fields = {"requester": role("records-service", f"i-{year}"), "remote_ip": "10.0.1.17", "user_agent": JAVA}
    usual: Fields = {"tls_version": "TLSv1.2", "cipher_suite": cipher, **who}
    if year == 2019:
        usual["principal_id"] = "AIDAEXAMPLEEXAMPLE000"
    records = [read(rng, time=time, key=patient(rng), **usual) for time in spread(rng, 8, start, 9)]
    writer = {**usual, "requester": role("ingest", f"i-{year}")}
    records += [write(rng, time=start + timedelta(hours=10, minutes=n), key=patient(rng), **writer) for n in range(2)]
    if year == 2020:
        aged = {**usual, "tls_version": "TLSv1", "cipher_suite": "ECDHE-RSA-AES128-SHA", "signature_version": "SigV2"}
        records += [read(rng, time=start + timedelta(hours=11, minutes=n), key=patient(rng), **aged) for n in range(3)]
    return bucket, records


def scratch(rng: Random) -> Iterator[Request]:
    """A bucket that nobody wrote a policy for."""
    for time in spread(rng, 24, at(0, "00:00"), 96):
        who = role("developer", rng.choice(("sam@example.org", "kit@example.org")))
        yield write(rng, time=time, requester=who, remote_ip="203.0.113.150", key=f"tmp/{rng.randrange(10**6)}.bin", user_agent=CLI)
    yield read(rng, time=at(1, "20:00"), remote_ip="192.0.2.9", key="tmp/readme.txt", user_agent=CURL, **ANONYMOUS)
    yield read(rng, time=at(2, "20:00"), requester=role("payments-api", "x", SHOP), remote_ip="192.0.2.10", key="tmp/readme.txt")
