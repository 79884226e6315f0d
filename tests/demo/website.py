"""`www-example-org`: a public website behind CloudFront, read by anybody, written by its deployment alone, and what was tried besides."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from tests.demo import hostile
from tests.demo.lines import Fields, Request
from tests.demo.people import ANONYMOUS, BATCH_ROW, BOTO, CHROME, CLI, CURL, FIREFOX, SAFARI, at, read, refused, role, spread, write

DEPLOY = role("website-deploy", "GitHubActions")
BY_CLOUDFRONT: Fields = {"requester": "svc:cloudfront.amazonaws.com", "remote_ip": None, "user_agent": None}
BY_OLD_DISTRIBUTION: Fields = {
    "requester": "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1EXAMPLE0OAI",
    "remote_ip": "192.0.2.130",
    "user_agent": b"Amazon CloudFront",
}
PAGES = ("index.html", "news/index.html", "css/site.css", "js/site.js", "img/hospital at night.jpg", "contact/index.html", "robots.txt")
FAKE_SUCCESS = b'https://example.org/" 200 - 88 88 9 9 "-" "x'


def ordinary(rng: Random) -> Iterator[Request]:
    """Visits, through CloudFront and directly, and two deployments."""
    for day in range(4):
        for time in spread(rng, 48, at(day, "00:00"), 24):
            yield read(rng, time=time, key=rng.choice(PAGES), **BY_CLOUDFRONT)
        for time in spread(rng, 8, at(day, "00:00"), 24):
            yield read(rng, time=time, key=rng.choice(PAGES), **BY_OLD_DISTRIBUTION)
        for time in spread(rng, 26, at(day, "05:00"), 18):
            yield _visit(rng, day, time)
        yield refused(rng, "NoSuchKey", 404, time=at(day, "07:07"), key="favicon.ico", **BY_CLOUDFRONT)
    for day in (0, 2):
        yield from _deployment(rng, day)


def _visit(rng: Random, day: int, time: datetime) -> Request:
    where = f"2001:db8:77::{rng.randrange(1, 4096):x}" if rng.randrange(3) == 0 else f"192.0.2.{rng.randrange(1, 50)}"
    agent = rng.choice((FIREFOX, CHROME, SAFARI))
    seen: Fields = {"operation": "WEBSITE.GET.OBJECT", "cipher_suite": None, "tls_version": None} if rng.randrange(4) == 0 else {}
    query = "?utm_source=%22newsletter%22" if day == 3 else ""
    page: Fields = {"key": rng.choice(PAGES), "query": query, "referer": b"https://www.example.org/"}
    return read(rng, time=time, remote_ip=where, user_agent=agent, **seen, **page, **ANONYMOUS)


def _deployment(rng: Random, day: int) -> Iterator[Request]:
    who: Fields = {"requester": DEPLOY, "remote_ip": "198.51.100.200", "user_agent": BOTO}
    for second, key in enumerate(PAGES):
        yield write(rng, time=at(day, f"12:00:{second:02d}"), key=key, **who)
    shared: Fields = {"shares_id": f"deployment-{day}", "time": at(day, "12:01")}
    yield write(rng, operation="REST.POST.MULTI_OBJECT_DELETE", query="?delete", object_size=None, **shared, **who)
    for number in range(3):
        yield Request(key=f"old/{day}-{number}.html", object_size=900, **shared, **BATCH_ROW, **who)


def planted(rng: Random) -> Iterator[Request]:
    """What the policy for the website finds."""
    yield from _outage(rng)
    yield from _defacement(rng)
    yield from _strangers(rng)


def _outage(rng: Random) -> Iterator[Request]:
    """120 requests within forty minutes, 14 of which S3 could not serve."""
    for number in range(120):
        time = at(1, "18:00") + timedelta(seconds=20 * number)
        if 30 <= number < 44:
            yield refused(rng, "SlowDown", 503, time=time, key="index.html", **BY_CLOUDFRONT)
        else:
            yield read(rng, time=time, key="index.html", **BY_CLOUDFRONT)


def _defacement(rng: Random) -> Iterator[Request]:
    intern: Fields = {"requester": role("marketing", "intern"), "remote_ip": "203.0.113.88", "user_agent": CLI}
    for minute, key in enumerate(("index.html", "public/upload.html")):
        yield write(rng, time=at(2, f"17:3{minute}"), key=key, **intern)


def _strangers(rng: Random) -> Iterator[Request]:
    """Uploads that were refused, a listing that was served, a hostile probe, and a referer that claims success for a missing page."""
    stranger: Fields = {"remote_ip": "198.51.100.66", **ANONYMOUS}
    for number in range(6):
        attempt: Fields = {"operation": "REST.PUT.OBJECT", "key": f"shell-{number}.php", "user_agent": CURL}
        yield refused(rng, time=at(3, f"04:0{number}"), **attempt, **stranger)
    listing: Fields = {"operation": "REST.GET.BUCKET", "query": "?max-keys=1000", "object_size": None, "user_agent": b"Nikto/2.5.0"}
    yield read(rng, time=at(3, "04:07"), **listing, **stranger)
    probe: Fields = {"key": "/", "target": hostile.PROBED_SITE, "user_agent": b'"Mozilla/5.0 (compatible; Baiduspider/2.0)'}
    yield refused(rng, "NoSuchKey", 404, time=at(3, "04:08"), **probe, **stranger)
    claim: Fields = {"key": "no-such-page.html", "referer": FAKE_SUCCESS, "user_agent": CHROME}
    yield refused(rng, "NoSuchKey", 404, time=at(3, "04:09"), **claim, **stranger)
