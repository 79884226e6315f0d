"""Policies from YAML: the whole contract loads, typed and placed, from files and folders."""

from __future__ import annotations

import hashlib
import pickle
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from s3guard import drafts
from s3guard.model import Location, PolicyFile
from s3guard.policy import PolicyError, load
from tests.policies import HEAD, load_one, repository, rules, write

EXAMPLE = """\
# yaml-language-server: $schema=schema.json
version: 1
policy: phi-records                     # unique name
description: Patient records. The records service reads, ingest writes, nobody else.
owner: privacy-office@example.org
frameworks: [hipaa, pci-dss]            # whose controls this policy gives evidence for
buckets: [phi-records, "phi-records-*"] # names or globs; every policy whose glob matches a bucket applies to it
extends: [hipaa-baseline]               # optional: shipped packs or other files

principals:                             # named lists, used as "@name"
  records-service: [arn:aws:iam::111122223333:role/records-service]
  ingest: [arn:aws:iam::111122223333:role/ingest, "arn:aws:iam::111122223333:user/batch-*"]
networks:
  offices: [203.0.113.0/24, "2001:db8::/32"]

rules:
  requesters:
    allow: ["@records-service", "@ingest"]
  writers:
    - allow: ["@ingest"]
      except_keys: ["exports/*"]
    - id: exports
      keys: ["exports/*"]
      allow: ["@records-service"]
  administrators: {allow: [arn:aws:iam::111122223333:role/platform-admin]}
  anonymous: {}
  access_denied: {max: 20, per: 10m, group_by: [network]}
  errors: {codes: [5xx], max_share: 1%, per: 1h, min_requests: 100}
  latency:
    - operations: [read]
      turn_around_time: {p99: 250ms, max: 15s}
      min_requests: 100
    - id: unusual
      turn_around_time: {more_than_usual: 3}
  networks: {allow: ["@offices", 10.0.0.0/8]}
  transport: {min_tls: "1.2"}
  volume:
    - id: bulk-download
      title: No principal downloads or copies out more than 50 GiB in an hour
      operations: [read]
      bytes: 50GiB
      per: 1h
  custom:
    - id: no-new-public-uploads
      where: "operation = 'REST.PUT.OBJECT' AND starts_with(key, 'public/')"
      measure: count
      group_by: [principal]
      per: 24h
      max: 0

logging:
  target: {bucket: org-access-logs, prefix: "{bucket}/"}
  key_format: partitioned               # simple | partitioned | any
  retention: {min: 2190d, immediately_available: 90d}
  freshness: 24h
review: {every: 1d, grace: 6h}          # how often these logs must be reviewed; evidence compares it with the runs found

waivers:
  - rule: writers
    match: {principal: arn:aws:iam::111122223333:user/batch-legacy}
    reason: Migration of the legacy loader
    ticket: SEC-1412
    approved_by: ciso@example.org
    expires: 2027-03-31                 # last day it holds, UTC, inclusive, by --as-of

tests:
  - name: an analyst may not write
    as_of: 2026-10-02T00:00:00Z
    records:
      - {operation: REST.PUT.OBJECT, requester: "arn:aws:sts::111122223333:assumed-role/analyst/ann", key: a.csv}
    expect:
      fail: [requesters, writers]
      pass: [anonymous, writers/exports]
"""
"""The example of the policy format: it holds every section."""

PACK = "version: 1\npolicy: hipaa-baseline\nframeworks: [hipaa]\nrules:\n  acl_required: {}\n"


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A git repository with a folder of policies."""
    return repository(tmp_path)


@pytest.fixture
def shipped(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of shipped packs outside the repository, with one pack in it."""
    folder = tmp_path_factory.mktemp("site") / "packs"
    folder.mkdir()
    (folder / "hipaa.yaml").write_text(PACK, encoding="utf-8")
    monkeypatch.setattr(drafts, "shipped_packs", lambda: folder)
    return folder


@pytest.mark.usefixtures("shipped")
def test_the_example_of_the_format_loads_whole(repo: Path) -> None:
    policy = load_one(repo, EXAMPLE)
    assert ("phi-records", Location("policies/p.yaml", 3), "policies/p.yaml") == (policy.name, policy.location, policy.file)
    assert hashlib.sha256(EXAMPLE.encode()).hexdigest() == policy.sha256
    assert PolicyFile("phi-records", "policies/p.yaml", policy.sha256) == policy.as_judged
    assert ("hipaa", "pci-dss") == policy.frameworks
    assert (("phi-records",), ("phi-records-*",)) == (policy.names, policy.globs)
    assert "privacy-office@example.org" == policy.owner
    assert {
        "acl_required": 8,
        "requesters": 17,
        "writers": 20,
        "writers/exports": 22,
        "administrators": 25,
        "anonymous": 26,
        "access_denied": 27,
        "errors": 28,
        "latency": 30,
        "latency/unusual": 33,
        "networks": 35,
        "transport": 36,
        "volume/bulk-download": 38,
        "custom/no-new-public-uploads": 44,
    } == rules(policy)


@pytest.mark.usefixtures("shipped")
def test_the_sections_that_are_only_validated_are_typed(repo: Path) -> None:
    policy = load_one(repo, EXAMPLE)
    (bound,), (test,), logging = policy.waivers, policy.tests, policy.logging
    assert logging is not None
    assert logging.retention is not None
    assert policy.review is not None
    assert (2190 * 86_400_000, 90 * 86_400_000) == (logging.retention.min, logging.retention.immediately_available)
    assert (86_400_000, 21_600_000) == (policy.review.every, policy.review.grace)
    assert (date(2027, 3, 31), "writers", Location("policies/p.yaml", 59)) == (bound.waiver.expires, bound.waiver.rule, bound.location)
    assert datetime(2026, 10, 2, tzinfo=UTC) == test.as_of
    assert {"fail": ("requesters", "writers"), "pass": ("anonymous", "writers/exports")} == test.expect
    assert {
        "operation": "REST.PUT.OBJECT",
        "requester": "arn:aws:sts::111122223333:assumed-role/analyst/ann",
        "key": "a.csv",
    } == test.records[0].model_dump(exclude_unset=True)


@pytest.mark.usefixtures("shipped")
def test_a_policy_survives_pickle(repo: Path) -> None:
    policy = load_one(repo, EXAMPLE)
    assert policy == pickle.loads(pickle.dumps(policy))  # noqa: S301 - our own bytes


def test_an_error_survives_pickle(repo: Path) -> None:
    with pytest.raises(PolicyError) as caught:
        load([write(repo, "p.yaml", "a: 1\n")], repo)
    assert caught.value.problems == pickle.loads(pickle.dumps(caught.value)).problems  # noqa: S301 - our own bytes


# --- buckets


@pytest.mark.parametrize(
    ("patterns", "bucket", "applies"),
    [
        ("[a]", "a", True),
        ("a", "a", True),
        ("[a]", "ab", False),
        ("[a]", "A", False),
        ('["a-*"]', "a-", True),
        ('["a-*"]', "a-b/c", True),
        ('["a-*"]', "a", False),
        ('["*"]', "", True),
        ('["?"]', "ab", False),
        ('["a?c"]', "abc", True),
        ('["a*b*c"]', "a.b.b.c", True),
        ('["a*b*c"]', "a.c.b", False),
        ('["*-logs", x]', "x", True),
        ('["a.c"]', "abc", False),
        ('["' + "*a" * 100 + '"]', "a" * 99 + "b", False),
    ],
)
def test_a_policy_applies_to_the_buckets_that_a_name_or_glob_matches(patterns: str, bucket: str, applies: bool, repo: Path) -> None:  # noqa: FBT001 - a case
    policy = load_one(repo, f"version: 1\npolicy: p\nbuckets: {patterns}\nrules: {{anonymous: {{}}}}\n")
    assert applies is policy.applies_to(bucket)


# --- rules


def test_a_rule_is_one_entry_or_a_list_of_them(repo: Path) -> None:
    policy = load_one(
        repo,
        HEAD
        + "rules:\n  volume:\n  - {requests: 1, per: 1h}\n  - {id: a, requests: 2, per: 1h}\n  anonymous:\n  acl_required: []\n".replace(
            "  acl_required: []\n", ""
        ),
    )
    assert {"volume": 6, "volume/a": 7, "anonymous": 8} == rules(policy)


def test_a_rule_that_is_switched_off_is_not_judged_and_may_lack_its_fields(repo: Path) -> None:
    policy = load_one(repo, HEAD + "rules:\n  requesters: {enabled: false}\n  volume: [{id: a, enabled: false}]\n  acl_required: {}\n")
    assert ({"acl_required": 7}, ("p/requesters", "p/volume/a")) == (rules(policy), policy.disabled)


@pytest.mark.parametrize("guard", ["requesters", "writers"])
def test_a_policy_about_authenticated_requests_judges_anonymous_ones_too(guard: str, repo: Path) -> None:
    policy = load_one(repo, HEAD + f"rules:\n  acl_required: {{}}\n  {guard}:\n  - {{id: x, allow: []}}\n")
    assert {"acl_required": 5, f"{guard}/x": 7, "anonymous": 7} == rules(policy)


@pytest.mark.parametrize(
    ("written", "judged"),
    [
        ("anonymous: {enabled: false}", ["writers"]),
        ("anonymous: {max: 5}", ["anonymous", "writers"]),
        ("anonymous: [{id: up, keys: [u/*]}]", ["anonymous", "anonymous/up", "writers"]),
    ],
)
def test_unless_it_says_otherwise(written: str, judged: list[str], repo: Path) -> None:
    policy = load_one(repo, HEAD + f"rules:\n  writers: {{allow: []}}\n  {written}\n")
    assert judged == sorted(rules(policy))


def test_a_guard_that_is_switched_off_implies_nothing(repo: Path) -> None:
    assert {"acl_required": 6} == rules(load_one(repo, HEAD + "rules:\n  writers: {allow: [], enabled: false}\n  acl_required: {}\n"))


def test_a_policy_of_logging_alone_has_no_rules(repo: Path) -> None:
    policy = load_one(repo, HEAD + "logging: {key_format: any}\n")
    assert () == policy.rules


def test_controls_of_a_rule_are_those_that_the_policy_adds(repo: Path) -> None:
    policy = load_one(repo, HEAD + 'rules:\n  anonymous: {controls: {hipaa: ["164.312(d)", "164.312(a)(1)"]}}\n')
    assert [("hipaa", "164.312(d)"), ("hipaa", "164.312(a)(1)")] == [(one.framework, one.control) for one in policy.rules[0].controls]
