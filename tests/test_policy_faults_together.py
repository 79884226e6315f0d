"""No fault of a policy file hides another: what is told of many is what is told of each."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.policies import faults, load_one, repository

LINES: tuple[str | tuple[str, str, int], ...] = (
    ("version: 1", "version: 2", 1),
    ("policy: p", "policy: p p", 1),
    ("description: d", "descriptoin: d", 1),
    ("owner: o", "owner: [o]", 1),
    ("frameworks: [hipaa]", "frameworks: [hipa, gpdr]", 2),
    ("buckets: [b]", "buckets: [b/c, 'arn:aws:s3:::d']", 2),
    "principals:",
    ("  a: [authenticated]", "  a: [nobody, 'account:1']", 2),
    ("  b: ['@a']", "  b: ['@c', '@b']", 2),
    ("  c-d: []", "  c d: [nobody]", 2),
    "networks:",
    ("  n: [10.0.0.0/8]", "  n: [10.0.0.1/8, offices]", 2),
    "rules:",
    ("  acl_required: {}", "  acl_reqired: {}", 1),
    ("  transport: {min_tls: '1.2'}", "  transport: [{min_tls: '1.5'}, x, {min_tls: '1.6', id: y}]", 3),
    "  requesters:",
    ("    allow: ['@a']", "    allow: ['@z', nobody]", 2),
    ("    deny: []", "    deny: [everybody]", 1),
    ("    keys: [a]", "    keys: []", 1),
    ("    where: line = 1", "    where: lien = 1 AND kee > 2 AND line = 'x' AND http_status = 'y' AND lower(key, 1) = 'a'", 3),
    ("    severity: high", "    severity: hihg", 1),
    ("    controls: {hipaa: a}", "    controls: {HIPAA: a, hipa: '', gdpr: ['']}", 4),
    ("    enabled: true", "    enabled: 'on'", 1),
    "  networks:",
    ("    allow: ['@n']", "    allow: ['@m', 300.0.0.1]", 2),
    "  custom:",
    "  - id: one",
    ("    where: line > 1", "    where: now() > time AND count(key) = 1", 2),
    ("    max: 1", "    help: h", 1),
    ("    per: 1h", "    per: 1", 1),
    ("  - id: two", "  - id: one", 1),
    "    where: line > 2",
    ("    min: 1", "    min: 3", 1),
    "    max: 2",
    ("    operations: [read]", "    operations: [raed]", 1),
    "  - id: three",
    ("    where: line > 3", "    where: line == 'x' AND lien == 3", 4),
    ("    min: 1", "    min: one", 1),
    ("    max: 9", "    max: nine", 1),
    ("    outcome: [served]", "    outcome: [served, served, srved]", 2),
    "  - id: four",
    ("    measure: share(line > 1)", "    measure: share(lien > 1 AND kee > 2)", 2),
    "    max: 1%",
    "  schedule:",
    ("    days: [mon]", "    days: [mo, tu]", 2),
    ("    hours: 08:00-18:00", "    hours: ['8-18', 08:00-08:00]", 2),
    ("    time_zone: Europe/Berlin", "    time_zone: Europe/Berln", 1),
    "  errors:",
    ("    max_share: 1%", "    max_share: 100%", 1),
    ("    codes: [5xx]", "    codes: [6xx]", 1),
    ("    group_by: [key]", "    group_by: [key, kee, key]", 2),
    "  latency:",
    ("    turn_around_time: {p99: 1s}", "    turn_around_time: {}", 1),
    ("    total_time: {p99: 1s, mean: 1s}", "    total_time: {p98: 1s, mean: 1}", 2),
    "logging:",
    ("  target: {bucket: l, prefix: '{bucket}/'}", "  target: {bucket: l*, prefix: '{bukket}/{x}/{'}", 4),
    ("  key_format: simple", "  key_format: simpel", 1),
    "  retention:",
    ("    min: 90d", "    min: 1d", 1),
    "    immediately_available: 30d",
    ("  freshness: 1d", "  freshness: 1", 1),
    ("review: {every: 1d}", "review: {grace: x}", 2),
    "waivers:",
    ("- rule: networks", "- rule: networking", 1),
    ("  reason: r", "  resaon: r", 2),
    ("  expires: 2027-01-01", "  expires: 2027-02-30", 1),
    "- rule: requesters",
    "  reason: r",
    ("  match: {principal: authenticated}", "  match: {principal: [nobody, 'account:1'], key: x}", 3),
    ("  expires: 2027-01-01", "  ticket: t", 1),
    ("- {rule: anonymous, reason: r, expires: 2027-01-01}", "- x", 1),
    "tests:",
    "- name: one",
    ("  as_of: 2026-10-02T00:00:00Z", "  as_of: 2026-10-02", 1),
    ("  records: [{operation: REST.GET.OBJECT}]", "  records: [{operatoin: REST.GET.OBJECT, http_status: x}, x]", 3),
    ("  expect: {pass: [requesters]}", "  expect: {passes: [requestors], fail: [errors, errors]}", 3),
    ("- name: two", "- name: one", 1),
    ("  expect: {}", "  epxect: {}", 2),
    "  records: []",
    "---",
    ("# no policy", "nothing: [", 1),
    "---",
    ("# no policy", "- a policy", 1),
    "---",
    ("# no policy", "a text with a character \x1b", 2),
    "---",
    "version: 1",
    "policy: q",
    "buckets: [b]",
    "owner: &owner o",
    ("description: *owner", "description: *onwer", 1),
    "rules:",
    ("  anonymous: {}", "  anonymous: {maximum: 1}", 1),
    ("  # nothing", "  anonymous: {max: x}", 2),
    ("# nothing", "rules: {errors: {per: 1}}", 2),
    "---",
    "version: 1",
    ("policy: r", "policy: q", 1),
    ("owner: o", "owner: !secret o", 1),
    "buckets: [c]",
    ("extends: [baseline]", "extends: [basline, missing.yaml]", 2),
    "rules: {errors: {}}",
    ("waivers: []", "waivers: [{rule: errors, match: {key: x}}]", 3),
)
"""A policy file line by line; where there are three, the line, the same with faults, and how many problems they are."""

WRONG = tuple(number for number, line in enumerate(LINES) if isinstance(line, tuple))


def written(wrong: frozenset[int]) -> str:
    """The file with faults in these lines."""
    return "".join(f"{line if isinstance(line, str) else line[number in wrong]}\n" for number, line in enumerate(LINES))


@pytest.fixture(scope="module", autouse=True)
def _all_are_shown() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("s3guard.problems.LIMIT", 1_000)
        yield


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return repository(tmp_path_factory.mktemp("repository"))


@cache
def told(repo: Path, wrong: frozenset[int]) -> frozenset[str]:
    return frozenset(faults(repo, written(wrong)))


def test_without_a_fault_nothing_is_told(repo: Path) -> None:
    with pytest.raises(ValueError, match="too many values"):
        load_one(repo, written(frozenset()))


@pytest.mark.parametrize("line", WRONG, ids=lambda line: LINES[line][1])
def test_each_fault_is_told_by_itself(line: int, repo: Path) -> None:
    assert LINES[line][2] == len(told(repo, frozenset({line})))


def test_all_faults_of_a_file_are_told_at_once(repo: Path) -> None:
    each = [told(repo, frozenset({line})) for line in WRONG]
    assert frozenset[str]().union(*each) == told(repo, frozenset(WRONG))


@settings(max_examples=60)
@given(wrong=st.frozensets(st.sampled_from(WRONG), min_size=1))
def test_any_faults_are_told_as_each_by_itself(wrong: frozenset[int], repo: Path) -> None:
    assert frozenset[str]().union(*(told(repo, frozenset({line})) for line in wrong)) == told(repo, wrong)
