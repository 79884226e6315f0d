"""`cardholder-data`: card tokens in a second account and Region, whose records have 26 fields, and what was done to them besides."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from random import Random

from tests.demo.lines import Fields, Request
from tests.demo.people import ANONYMOUS, BOTO, CHROME, CLI, CONSOLE, JAVA, PARTNER, SHOP, at, read, refused, role, spread, write

PAYMENTS = role("payments-api", "task-7d9f", SHOP)
GAP = (at(2, "09:00"), at(2, "14:00"))
"""Five hours of which no record was delivered."""


def token(rng: Random) -> str:
    """A key of a card token."""
    return f"tokens/{rng.randrange(256):02x}/{rng.randrange(16**12):012x}.bin"


def ordinary(rng: Random) -> Iterator[Request]:
    """What happens every day, and is allowed; nothing of it in the gap."""
    for day in range(4):
        for request in _day(rng, day):
            if not GAP[0] <= request.time < GAP[1]:
                yield request


def _day(rng: Random, day: int) -> Iterator[Request]:
    for quarter in range(96):
        time = at(day, "00:00") + timedelta(minutes=15 * quarter, seconds=rng.randrange(840))
        who: Fields = {"requester": PAYMENTS, "remote_ip": f"10.40.{rng.randrange(3)}.{rng.randrange(2, 250)}", "user_agent": JAVA}
        if quarter % 4 == 3:
            yield write(rng, time=time, key=token(rng), **who)
        else:
            yield read(rng, time=time, key=token(rng), **who)
    nightly: Fields = {"requester": role("settlement", "batch", SHOP), "remote_ip": "10.40.9.12", "user_agent": BOTO}
    for part in range(4):
        yield write(rng, time=at(day, f"22:0{part}"), key=f"settlement/{at(day, '00:00'):%Y-%m-%d}/part-{part}.csv", **nightly)
    analyst = role("AWSReservedSSO_FraudTeam_0123456789abcdef", "jo@example.com", SHOP)
    for time in spread(rng, 5, at(day, "06:30"), 2):
        yield read(rng, time=time, requester=analyst, remote_ip="203.0.113.140", key=f"reports/{day:02d}.csv", user_agent=CHROME)
    admin: Fields = {"requester": role("shop-admin", "lee@example.com", SHOP), "remote_ip": "203.0.113.141", "user_agent": CONSOLE}
    yield read(rng, time=at(day, "08:15"), operation="REST.GET.ENCRYPTION", query="?encryption", object_size=None, **admin)


def planted(rng: Random) -> Iterator[Request]:
    """What the policy for cardholder data finds, beside the gap."""
    yield from _opened(rng)
    yield from _at_night(rng)
    yield from _stolen_keys(rng)
    yield from _enumeration(rng)
    yield from _odd_ways(rng)


def _opened(rng: Random) -> Iterator[Request]:
    dev: Fields = {"requester": role("developer", "sam@example.com", SHOP), "remote_ip": "203.0.113.150", "user_agent": CLI}
    changes = (("REST.PUT.BUCKETPOLICY", "?policy"), ("REST.DELETE.PUBLIC_ACCESS_BLOCK", "?publicAccessBlock"))
    for minute, (operation, query) in enumerate(changes):
        done: Fields = {"status": 204, "object_size": None, "operation": operation, "query": query}
        yield write(rng, time=at(1, f"13:4{minute}"), **done, **dev)


def _at_night(rng: Random) -> Iterator[Request]:
    dba: Fields = {"requester": role("AWSReservedSSO_FraudTeam_0123456789abcdef", "max@example.com", SHOP), "remote_ip": "203.0.113.143"}
    for minute in (40, 44, 51):
        yield read(rng, time=at(1, f"00:{minute}"), key="reports/full.csv", user_agent=CHROME, **dba)


def _stolen_keys(rng: Random) -> Iterator[Request]:
    for number in range(24):
        code = ("InvalidAccessKeyId", "SignatureDoesNotMatch")[number % 2]
        where: Fields = {"remote_ip": "192.0.2.77", "user_agent": BOTO}
        time = at(3, "05:10") + timedelta(seconds=9 * number)
        yield refused(rng, code, time=time, key=token(rng), **where, **ANONYMOUS)


def _enumeration(rng: Random) -> Iterator[Request]:
    who: Fields = {"requester": role("reconciliation", "weekly", SHOP), "remote_ip": "10.40.7.7", "user_agent": BOTO}
    for number in range(130):
        head: Fields = {"operation": "REST.HEAD.OBJECT", "bytes_sent": None, "key": f"tokens/{number:02x}/{number:012x}.bin"}
        yield read(rng, time=at(1, "15:05") + timedelta(seconds=4 * number), **head, **who)


def _odd_ways(rng: Random) -> Iterator[Request]:
    """SQL over the objects, an old cipher, and a partner's account that gets in by an ACL."""
    team: Fields = {"requester": role("AWSReservedSSO_FraudTeam_0123456789abcdef", "jo@example.com", SHOP), "remote_ip": "203.0.113.140"}
    for minute in (2, 9):
        select: Fields = {
            "operation": "REST.POST.SELECT",
            "query": "?select&select-type=2",
            "key": "reports/full.csv",
            "user_agent": CHROME,
        }
        yield read(rng, time=at(0, f"07:0{minute}"), **select, **team)
    old: Fields = {"cipher_suite": "ECDHE-RSA-AES128-SHA", "tls_version": "TLSv1.2", "user_agent": b"Apache-HttpClient/4.1 (java 1.6)"}
    terminal: Fields = {"requester": PAYMENTS, "remote_ip": "10.40.200.9"}
    yield read(rng, time=at(3, "19:30"), key=token(rng), **old, **terminal)
    partner: Fields = {"requester": PARTNER, "remote_ip": "198.51.100.140", "user_agent": JAVA, "acl_required": True}
    for day in (0, 3):
        yield read(rng, time=at(day, "15:30"), key=f"reports/{day:02d}.csv", **partner)
