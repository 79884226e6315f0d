"""Readers of the policy, compared with principals of bucket policies: the same answer as of the patterns over log records."""

from __future__ import annotations

import polars as pl
import pytest

from s3guard import principals
from s3guard.audit.admitted import is_admitted
from s3guard.audit.permission import Who, account_of, is_account

CANONICAL = "ab" * 32
PATTERNS = [
    "authenticated",
    "account:111122223333",
    "account:aws-cn:111122223333",
    "arn:aws:iam::111122223333:role/app",
    "arn:aws:iam::111122223333:role/a*",
    "arn:aws:iam::111122223333:role/path/app",
    "arn:aws:iam::111122223333:user/ann",
    "arn:aws:iam::111122223333:user/a*",
    "arn:aws:sts::111122223333:assumed-role/app/ann",
    f"canonical:{CANONICAL}",
    "service:athena.amazonaws.com",
    "service:*.amazonaws.com",
    "oai:E2EXAMPLE1ABCD",
]
# A principal of a bucket policy, and how its requests are logged.
WHO = {
    Who("AWS", "arn:aws:iam::111122223333:role/app"): "arn:aws:sts::111122223333:assumed-role/app/some-session",
    Who("AWS", "arn:aws:iam::111122223333:role/path/app"): "arn:aws:sts::111122223333:assumed-role/app/some-session",
    Who("AWS", "arn:aws:iam::111122223333:role/web"): "arn:aws:sts::111122223333:assumed-role/web/some-session",
    Who("AWS", "arn:aws:iam::444455556666:role/app"): "arn:aws:sts::444455556666:assumed-role/app/some-session",
    Who("AWS", "arn:aws-cn:iam::111122223333:role/app"): "arn:aws-cn:sts::111122223333:assumed-role/app/some-session",
    Who("AWS", "arn:aws:sts::111122223333:assumed-role/app/ann"): "arn:aws:sts::111122223333:assumed-role/app/ann",
    Who("AWS", "arn:aws:iam::111122223333:user/ann"): "arn:aws:iam::111122223333:user/ann",
    Who("AWS", "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E2EXAMPLE1ABCD"): (
        "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E2EXAMPLE1ABCD"
    ),
    Who("CanonicalUser", CANONICAL): CANONICAL,
    Who("CanonicalUser", "cd" * 32): "cd" * 32,
    Who("Service", "athena.amazonaws.com"): "svc:athena.amazonaws.com",
}


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_admits_whom_it_matches_in_logs(pattern: str) -> None:
    requesters = pl.DataFrame({"requester": list(WHO.values())})
    expected = requesters.select(principals.compile([pattern]).expr.alias("is")).get_column("is").to_list()
    assert dict(zip(WHO, expected, strict=True)) == {who: is_admitted([pattern], who) for who in WHO}


def test_an_account_is_admitted_as_a_whole_by_its_own_pattern_alone() -> None:
    wholes = [Who("AWS", "111122223333"), Who("AWS", "arn:aws:iam::111122223333:root")]
    patterns = ["account:111122223333", "account:444455556666", "arn:aws:iam::111122223333:role/app"]
    assert [[True, True], [False, False], [False, False]] == [[is_admitted([one], who) for who in wholes] for one in patterns]


def test_everybody_is_admitted_by_nothing_and_nothing_admits_nobody() -> None:
    assert not is_admitted(["authenticated"], Who("*"))
    assert not is_admitted(None, Who("AWS", "111122223333"))
    assert [True, False] == [is_admitted(["canonical:owner"], Who("CanonicalUser", CANONICAL), owner) for owner in (CANONICAL, None)]


@pytest.mark.parametrize(
    ("name", "account", "is_whole"),
    [
        ("111122223333", "111122223333", True),
        ("arn:aws:iam::111122223333:root", "111122223333", True),
        ("arn:aws:iam::111122223333:role/root", "111122223333", False),
        ("arn:aws:sts::111122223333:assumed-role/app/ann", "111122223333", False),
        ("${AWS::AccountId}", "${AWS::AccountId}", True),
        ("arn:aws:iam::${AWS::AccountId}:root", "${AWS::AccountId}", True),
        ("arn:aws:iam::${AWS::AccountId}:role/app", "${AWS::AccountId}", False),
        ("AROAEXAMPLE", None, False),
        ("arn:aws:iam", None, False),
    ],
)
def test_the_account_of_a_principal(name: str, account: str | None, *, is_whole: bool) -> None:
    assert (account, is_whole) == (account_of(name), is_account(name))
