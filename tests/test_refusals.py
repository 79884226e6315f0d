"""What S3 refuses is told in words that say what to do."""

from __future__ import annotations

import re

import pytest

from s3guard import refusals
from tests.s3 import proxy

PREFIX = (
    "The operation failed for path a: Error performing GET http://s3/logs/a in 43.67ms{retries} - Server returned non-2xx status code: "
)


def said(fault: proxy.Fault, retries: int = 0) -> str:
    """What obstore says of an answer."""
    again = f", after {retries} retries, max_retries: 8, retry_timeout: 180s " if retries else ""
    return f"{PREFIX.format(retries=again)}{fault.status} Name: {fault.body().decode()}\n\nDebug source:\nRetryError {{ elapsed: 3s }}"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            said(proxy.DENIED),
            "denied (AccessDenied): it takes s3:GetObject on it, and kms:Decrypt if a KMS key encrypts it; if the bucket has",
        ),
        (said(proxy.KMS), "denied by the KMS key that it is encrypted with: it takes kms:Decrypt on that key"),
        (said(proxy.KEY_DISABLED), "the KMS key that it is encrypted with cannot be used (KMS.DisabledException)"),
        (said(proxy.ARCHIVED), "archived in DEEP_ARCHIVE: it must be restored (s3:RestoreObject) before it can be read"),
        (said(proxy.GONE), refusals.GONE),
        (said(proxy.SLOW, 8), "S3 answered SlowDown: Please reduce your request rate, after 8 more tries"),
        (said(proxy.EXPIRED), "the credentials have expired, and the SDK could not renew them (ExpiredToken)"),
        (said(proxy.Fault(412, "PreconditionFailed")), refusals.CHANGED),
        ("status code: 404 Not Found", refusals.GONE),
        ("status code: 502 Bad Gateway", "S3 answered 502"),
        ("path External AWS credential provider: UnableError: refused", "the credentials could not be renewed"),
        ("Received redirect without LOCATION, this normally indicates", "the bucket is in another region than the one that was asked"),
        (
            "in 1.5s, after 2 retries, - HTTP error: error sending request inner: Http( kind: Timeout,",
            "no answer in time, after 2 more tries",
        ),
        ("error sending request inner: Http( HttpError { kind: Connect,", "no connection to S3"),
        ("HTTP error: request or response body error ConnectionReset", "cut short: the connection broke"),
        ("error sending request inner: Http( HttpError { kind: Request, Os { kind: ConnectionReset,", "cut short: the connection broke"),
        ("something\n else", "not read: something else"),
    ],
)
def test_a_reason_says_what_is_missing(text: str, reason: str) -> None:
    assert refusals.told(text).startswith(reason)


def test_a_reason_is_the_same_whenever_it_is_met() -> None:
    assert not re.search(r"\d(ms|µs|s)\b", refusals.told(said(proxy.SLOW, 8)))


def test_a_long_message_is_cut_and_a_code_that_is_none_is_not_believed() -> None:
    assert len(refusals.told(said(proxy.Fault(400, "InvalidRequest", "x" * 10_000)))) < 400
    assert refusals.told(said(proxy.Fault(418, "<b>no code</b>", "a\nb"))) == "S3 answered 418: a b"


@pytest.mark.parametrize(
    ("code", "message", "reason"),
    [
        ("AccessDenied", "", "listing is denied (AccessDenied): it takes s3:ListBucket on the bucket; if the bucket has Requester Pays"),
        ("SlowDown", "Reduce.", "listing failed: S3 answered SlowDown: Reduce"),
        ("InvalidAccessKeyId", "", "listing failed: AWS does not know the access key (InvalidAccessKeyId)"),
        ("", "", "listing failed: S3 answered nothing that is known"),
    ],
)
def test_a_listing_that_is_refused_says_so(code: str, message: str, reason: str) -> None:
    assert refusals.of_listing(code, message).startswith(reason)
