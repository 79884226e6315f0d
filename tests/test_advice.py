"""Advice about policies: what has no effect, what nulls fall through, what stands twice."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from s3guard.advice import dead, warnings
from tests.policies import HEAD, load_one, repository

AS_OF = datetime(2027, 1, 2, tzinfo=UTC)
WAIVER = "waivers:\n- {rule: acl_required, reason: r, expires: 2027-01-01}\n"
DEAD = {
    "rules are all off": ("rules: {anonymous: {enabled: false}}\n", "2: every rule of the policy is switched off (`enabled: false`)"),
    "keys are all excepted": (
        'rules:\n  anonymous: {keys: [a/b, c/*], except_keys: ["a/*", "c/*"]}\n',
        "5: anonymous: `except_keys` leaves no key of `keys`, so the rule looks at nothing",
    ),
    "an allowed principal is denied": (
        "rules:\n  writers: {allow: [service:a.amazonaws.com, account:111122223333], deny: [account:111122223333]}\n  anonymous: {}\n",
        "5: writers: 'account:111122223333' is allowed in vain: 'account:111122223333' is denied, and a denied one is never allowed",
    ),
    "everybody is denied": (
        "rules:\n  writers: {allow: [account:111122223333], deny: authenticated}\n",
        "5: writers: 'account:111122223333' is allowed in vain: 'authenticated' is denied, and a denied one is never allowed",
    ),
    "an allowed network lies in a denied one": (
        'rules:\n  networks: {allow: [10.1.0.0/16, "2001:db8::/32"], deny: ["2001::/16"]}\n',
        "5: networks: '2001:db8::/32' is allowed in vain: '2001::/16' is denied, and a denied one is never allowed",
    ),
    "everybody is allowed": (
        "rules:\n  writers: {allow: [account:111122223333, authenticated]}\n",
        "5: writers: `authenticated` allows everybody who is signed in, so the other patterns of `allow` say nothing",
    ),
    "a waiver expired": (f"rules: {{acl_required: {{}}}}\n{WAIVER}", "6: the waiver of `acl_required` expired on 2027-01-01"),
    "a waiver of a rule that is off": (
        f"rules: {{anonymous: {{}}, acl_required: {{enabled: false}}}}\n{WAIVER.replace('2027', '2028')}",
        "6: the waiver of `acl_required` waives nothing: the rule is switched off",
    ),
}
SESSION = (
    "6: the waiver of `acl_required`: 'arn:aws:sts::111122223333:assumed-role/r/s' matches no principal, "
    "which is arn:aws:iam::111122223333:role/r for every session; write that, or group the rule by requester"
)
DEAD["a waiver of one session by principal"] = (
    "rules: {acl_required: {}}\n"
    + WAIVER.replace("2027", "2028").replace("reason", 'match: {principal: "arn:aws:sts::111122223333:assumed-role/r/s"}, reason'),
    SESSION,
)
NULL_STATUS = (
    "http_status can be null, and then `<>` and `NOT` do not select the record; "
    "add: OR http_status IS NULL (or AND http_status IS NOT NULL)"
)
DOUBTFUL = {
    "a bucket twice": ("rules: {anonymous: {}}\n", "[b, b]", "2: bucket 'b' is listed twice"),
    "a bucket that a glob matches": ("rules: {anonymous: {}}\n", '[b, "b*"]', "2: bucket 'b' is listed, and 'b*' matches it as well"),
    "an entry twice": ("rules:\n  anonymous: {keys: [x, y, x]}\n", "b", "5: anonymous: 'x' stands in `keys` twice"),
    "a null": (
        "rules:\n  custom: {where: key <> 'x', max: 0}\n",
        "b",
        "5: custom: key can be null, and then `<>` and `NOT` do not select the record; add: OR key IS NULL (or AND key IS NOT NULL)",
    ),
    "a null in a share": (
        "rules:\n  custom: {measure: share(http_status <> 200), max: 1%}\n",
        "b",
        f"5: custom: {NULL_STATUS}",
    ),
}


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A git repository with a folder of policies."""
    return repository(tmp_path)


@pytest.mark.parametrize("name", DEAD)
def test_what_has_no_effect_is_told_where_it_stands(name: str, repo: Path) -> None:
    text, expected = DEAD[name]
    policy = load_one(repo, HEAD + text)
    assert [expected] == [f"{problem.line}: {problem.message}" for problem in dead(policy, AS_OF)]
    assert dead(policy, AS_OF) == warnings(policy, AS_OF)


@pytest.mark.parametrize("name", DOUBTFUL)
def test_what_is_doubtful_is_told_and_is_not_dead(name: str, repo: Path) -> None:
    text, buckets, expected = DOUBTFUL[name]
    policy = load_one(repo, f"version: 1\npolicy: p\nbuckets: {buckets}\n{text}")
    assert [expected] == [f"{problem.line}: {problem.message}" for problem in warnings(policy)]
    assert () == dead(policy)


def test_a_waiver_of_a_check_that_is_none_or_of_accounts_is_dead_where_the_checks_are_known(repo: Path) -> None:
    policy = load_one(repo, f"{HEAD}rules: {{acl_required: {{}}}}\n{WAIVER.replace('acl_required', 'logging/SAL-999')}")
    assert () == warnings(policy) == warnings(policy, audit={"logging/SAL-999"})
    expected = "the waiver of `logging/SAL-999` waives nothing: no check about buckets has this name"
    assert [expected] == [problem.message for problem in dead(policy, audit={"logging/SAL-001"})]


def test_without_a_clock_no_waiver_has_expired(repo: Path) -> None:
    policy = load_one(repo, f"{HEAD}rules: {{acl_required: {{}}}}\n{WAIVER}")
    assert () == warnings(policy)


def test_a_waiver_holds_on_its_last_day(repo: Path) -> None:
    policy = load_one(repo, f"{HEAD}rules: {{acl_required: {{}}}}\n{WAIVER}")
    assert () == warnings(policy, datetime(2027, 1, 1, 23, 59, 59, tzinfo=UTC))


@pytest.mark.parametrize(
    "text",
    [
        "rules: {anonymous: {keys: [a, b], except_keys: [a]}}\n",
        "rules: {anonymous: {keys: ['a*'], except_keys: ['a?', b]}}\n",
        "rules: {writers: {allow: [account:111122223333], deny: ['arn:aws:iam::111122223333:user/x']}}\n",
        "rules: {networks: {allow: [10.0.0.0/8], deny: [10.1.0.0/16, '::/0']}}\n",
        "rules: {custom: {where: key <> 'x' OR key IS NULL, max: 0}}\n",
    ],
)
def test_a_policy_in_order_needs_no_advice(text: str, repo: Path) -> None:
    assert () == warnings(load_one(repo, HEAD + text), AS_OF)
