"""A live account, and the plan and the template that would make it: the same verdicts."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s3guard.audit import aws, checks
from s3guard.audit.judge import Asked, judge
from s3guard.audit.rows import Facts
from s3guard.audit.wants import wants
from s3guard.aws import Access
from s3guard.model import Location
from s3guard.policy import Policy
from tests.audit.cloud import ACCOUNT as CLOUD
from tests.audit.cloud import Cloud
from tests.audit.estates import Setup, live, plan, template
from tests.audit.rowmaking import ACCOUNT, NOW
from tests.policies import load_one, repository

# NOTE: deliveries only a live audit sees; trails and the account's own settings a template does not show.
LIVE_ONLY = ("SAL-008", "SAL-009", "SAL-011", "SAL-012", "SAL-030", "SAL-034", "SAL-035")
CATALOG = {name: check for name, check in checks.catalog().items() if name not in LIVE_ONLY}
POLICY = """\
version: 1
policy: p
buckets: ["*"]
logging: {key_format: simple, retention: {min: 365d, immediately_available: 90d}}
"""


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    return load_one(repository(tmp_path_factory.mktemp("policies")), POLICY)


Verdicts = dict[tuple[str, str | None], tuple[str, list[str]]]


def verdicts(facts: Facts, policy: Policy) -> Verdicts:
    """Status and findings by rule and bucket, the account called alike."""
    results = judge(facts, Asked((policy,), CATALOG, NOW, Location("s3guard.toml", 1)))
    return {(_alike(one.rule), one.bucket): (one.status.value, [_alike(finding.message) for finding in one.findings]) for one in results}


def _alike(text: str) -> str:
    return text.replace("${AWS::AccountId}", ACCOUNT).replace(CLOUD, ACCOUNT)


SINK = Setup("logs", expires=400)
CASES = {
    "as it should be": (SINK, Setup("app", "logs", "app/")),
    "off": (SINK, Setup("app", "logs", "app/"), Setup("off", allows=None)),
    "to itself": (Setup("self", "self", "self/"),),
    "in a circle": (Setup("a", "b", "a/"), Setup("b", "a", "b/")),
    "prefixes alike": (SINK, Setup("app", "logs", "app"), Setup("app-prod", "logs", "app-prod/"), Setup("bare", "logs")),
    "no policy": (Setup("logs", allows=None, is_tls_only=False), Setup("app", "logs", "app/")),
    "another prefix": (Setup("logs", allows=("/web/*",)), Setup("app", "logs", "app/")),
    "no objects": (Setup("logs", allows=("",)), Setup("app", "logs", "app/")),
    "by acl": (Setup("logs", allows=None, by_acl=True, ownership="ObjectWriter"), Setup("app", "logs", "app/")),
    "by acl that is off": (Setup("logs", allows=None, by_acl=True), Setup("app", "logs", "app/")),
    "kms": (Setup("logs", algorithm="aws:kms"), Setup("app", "logs", "app/")),
    "locked": (Setup("logs", lock_days=30), Setup("app", "logs", "app/")),
    "lock alone": (Setup("logs", lock_days=0, versioning=None), Setup("app", "logs", "app/")),
    "not versioned": (Setup("logs", versioning=None), Setup("app", "logs", "app/")),
    "short": (Setup("logs", expires=30, versioning="Suspended"), Setup("app", "logs", "app/")),
    "archived": (Setup("logs", archived=10), Setup("app", "logs", "app/")),
    "open": (Setup("logs", is_closed=False, is_tls_only=False), Setup("app", "logs", "app/")),
}


@pytest.mark.parametrize("setups", CASES.values(), ids=CASES)
def test_a_plan_and_a_template_are_judged_as_what_they_make(setups: tuple[Setup, ...], policy: Policy) -> None:
    expected = verdicts(live(setups), policy)
    assert expected == verdicts(plan(setups, is_open=False).facts(), policy)
    assert expected == verdicts(plan(setups, is_open=True).facts(), policy)
    assert expected == verdicts(template(setups), policy)


def test_the_cases_fail_each_in_its_own_way(policy: Policy) -> None:
    failed = {
        name: {rule for (rule, _), (status, _) in verdicts(live(setups), policy).items() if status == "fail"}
        for name, setups in CASES.items()
    }
    assert set() == failed["as it should be"]
    assert {"p/logging/SAL-001"} == failed["off"]
    everything = set().union(*failed.values())
    for check in ("004", "005", "020", "023", "025", "026", "027", "028", "029", "032"):
        assert f"p/logging/SAL-{check}" in everything


SETUPS = st.builds(
    Setup,
    name=st.just(""),
    target=st.sampled_from([None, "b0", "b1", "b2"]),
    prefix=st.sampled_from(["", "app/", "app", "app/x/"]),
    allows=st.sampled_from([None, ("/*",), ("/app/*",), ("", "/app/x/*")]),
    is_tls_only=st.booleans(),
    algorithm=st.sampled_from(["AES256", "aws:kms", "aws:kms:dsse"]),
    lock_days=st.sampled_from([None, 0, 10]),
    versioning=st.sampled_from([None, "Enabled", "Suspended"]),
    ownership=st.sampled_from(["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"]),
    by_acl=st.booleans(),
    is_closed=st.booleans(),
    expires=st.sampled_from([None, 30, 400]),
    archived=st.sampled_from([None, 10, 100]),
)


@settings(max_examples=30)
@given(found=st.lists(SETUPS, min_size=1, max_size=3), is_open=st.booleans())
def test_any_buckets_are_judged_alike_before_and_after_they_are_made(policy: Policy, found: list[Setup], *, is_open: bool) -> None:
    names = [f"b{at}" for at in range(len(found))]
    setups = [replace(one, name=name, target=one.target if one.target in names else None) for one, name in zip(found, names, strict=True)]
    expected = verdicts(live(setups), policy)
    assert expected == verdicts(plan(setups, is_open=is_open).facts(), policy)
    assert expected == verdicts(template(setups), policy)


def make(cloud: Cloud, setups: tuple[Setup, ...]) -> None:
    """The buckets in an account that is there."""
    s3 = cloud.client("s3")
    for setup in setups:
        s3.create_bucket(Bucket=setup.name, ObjectLockEnabledForBucket=setup.lock_days is not None)
        s3.put_bucket_policy(Bucket=setup.name, Policy=json.dumps(cloud.delivery(setup.name)))
        settings_of(s3, setup)
    for setup in setups:
        if setup.target is not None:
            cloud.log(setup.name, setup.target, prefix=setup.prefix)
    # NOTE: moto lets logging be switched on only where the target admits it, so what refuses it comes last.
    for setup in setups:
        policy = setup.policy(CLOUD)
        if policy is None:
            s3.delete_bucket_policy(Bucket=setup.name)
        else:
            s3.put_bucket_policy(Bucket=setup.name, Policy=json.dumps(policy))


def settings_of(s3: Any, setup: Setup) -> None:
    """All that is neither policy nor logging."""
    name = setup.name
    every = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), setup.is_closed)
    s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=every)
    s3.put_bucket_ownership_controls(Bucket=name, OwnershipControls={"Rules": [{"ObjectOwnership": setup.ownership}]})
    default = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": setup.algorithm}}
    s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [default]})
    if setup.versioned is not None and setup.lock_days is None:
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": setup.versioned})
    if setup.lock_days:
        rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": setup.lock_days}}
        s3.put_object_lock_configuration(Bucket=name, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule})
    if setup.expires is not None:
        rule_ = {"ID": "logs", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": setup.expires}}
        s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": [rule_]})


# NOTE: a live audit does not ask for the policy of a bucket that logs, since it is no log bucket then.
MADE = (
    SINK,
    Setup("app", "logs", "app/", allows=None),
    Setup("app-alike", "logs", "app", allows=None),
    Setup("off", allows=None),
    Setup("self", "self", "self/"),
    Setup("logs-prefix", allows=("/web/*",), expires=400),
    Setup("to-prefix", "logs-prefix", "x/", allows=None),
    Setup("logs-short", is_tls_only=False, expires=30),
    Setup("to-short", "logs-short", "x/", allows=None),
    Setup("logs-locked", lock_days=30),
    Setup("to-locked", "logs-locked", "x/", allows=None),
    Setup("logs-plain", versioning=None, ownership="ObjectWriter"),
    Setup("to-plain", "logs-plain", "x/", allows=None),
)


def test_an_account_over_http_and_the_plan_and_template_of_it_are_judged_alike(cloud: Cloud, policy: Policy) -> None:
    make(cloud, MADE)
    found = aws.look(aws.Look((Access(),), wants(CATALOG.values()), NOW)).facts
    expected = verdicts(found, policy)
    assert {"pass", "fail", "not_applicable"} == {status for status, _ in expected.values()}
    assert expected == verdicts(plan(MADE, is_open=True).facts(), policy)
    assert expected == verdicts(template(MADE), policy)
