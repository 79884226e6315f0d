"""Policies with faults: every one is told, at its place, in plain words, with all others, and nothing else is ever raised."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from s3guard.model import UsageError
from s3guard.policy import load
from s3guard.problems import LIMIT
from tests.policies import HEAD, faults, load_one, repository, write

CASES = {
    case["name"]: case for case in yaml.safe_load((Path(__file__).parent / "cases" / "policy_faults.yaml").read_text(encoding="utf-8"))
}


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A git repository with a folder of policies."""
    return repository(tmp_path)


@pytest.mark.parametrize("name", CASES)
def test_a_fault_has_its_place_and_says_what_is_wrong(name: str, repo: Path) -> None:
    assert [f"p.yaml:{fault}" for fault in CASES[name]["faults"]] == faults(repo, CASES[name]["policy"])


SQL_FAULTS = {
    "plain": ("where: foo = 1", 8),
    "quoted": ('where: "foo = 1"', 9),
    "later": ("where: \"operation = 'x' AND foo = 1\"", 29),
    "escaped, so at the text": (r'where: "\u0074otal_time = 1 AND foo = 1"', 8),
}


@pytest.mark.parametrize("name", SQL_FAULTS)
def test_a_fault_of_sql_is_placed_within_the_condition(name: str, repo: Path) -> None:
    written, column = SQL_FAULTS[name]
    (problem,) = faults(repo, HEAD + f"rules:\n  custom:\n    max: 0\n    {written}\n")
    assert f"p.yaml:7:{column + 4}" == problem.split(": ")[0]


def test_a_fault_of_sql_in_a_block_is_placed_in_its_line(repo: Path) -> None:
    (problem,) = faults(repo, HEAD + "rules:\n  custom:\n    max: 0\n    where: |\n      operation = 'x'\n        AND foo = 1\n")
    assert "p.yaml:9:13" == problem.split(": ")[0]


WAIVED = HEAD + "rules:\n  writers: {allow: []}\n  custom: [{id: c, max: 0}]\n  errors: {enabled: false}\nwaivers:\n  - "


@pytest.mark.parametrize(
    "written",
    [
        "{rule: anonymous, match: {remote_ip: 203.0.113.*}, reason: r, expires: 2027-01-01}",
        "{rule: writers, match: {principal: ['-', account:111122223333], operation: REST.PUT.*}, reason: r, expires: 2027-01-01}",
        "{rule: errors, reason: the rule is off, expires: 2027-01-01}",
        "{rule: custom/c, match: {bucket: x}, reason: r, expires: 2027-01-01}",
        "{rule: logging/SAL-001, reason: r, expires: 2027-01-01}",
    ],
)
def test_a_waiver_names_any_rule_of_the_policy_and_fields_of_its_subject(written: str, repo: Path) -> None:
    assert 1 == len(load_one(repo, f"{WAIVED}{written}\n").waivers)


TESTED = HEAD + "rules:\n  writers: {allow: []}\n  errors: {enabled: false}\ntests:\n"


def test_a_record_of_a_test_is_typed_and_a_hyphen_empties_a_field(repo: Path) -> None:
    record = "{http_status: 200, requester: '-', bytes_sent: '-', time: 2026-10-02T00:00:00Z}"
    policy = load_one(repo, f"{TESTED}  - {{name: t, records: [{record}], expect: {{}}}}\n")
    expected = {"http_status": 200, "requester": None, "bytes_sent": None, "time": datetime(2026, 10, 2, tzinfo=UTC)}
    assert expected == policy.tests[0].records[0].model_dump(exclude_unset=True)


def test_rules_with_faults_are_not_missed_a_second_time(repo: Path) -> None:
    waiver = "waivers: [{rule: writers, reason: r, expires: 2027-01-01}]\n"
    test = "tests: [{name: t, records: [], expect: {fail: writers}}]\n"
    (problem,) = faults(repo, f"{HEAD}rules:\n  writers: {{allow: [x]}}\n{waiver}{test}")
    assert problem.startswith("p.yaml:5:21: ")


def test_all_faults_of_all_files_are_told_at_once_and_in_order(repo: Path) -> None:
    write(repo, "b.yaml", "version: 1\npolicy: b\nbuckets: b\nrules: {anonymos: {}, anonymous: {max: x}}\n---\n[\n")
    write(repo, "a.yaml", "a: 1\na: 2\n")
    write(repo, "c.yaml", "")
    assert [
        "a.yaml:1:1: `buckets` is missing: only a pack goes without, in a folder named packs or where a policy extends it",
        "a.yaml:1:1: `policy` is missing",
        "a.yaml:1:1: `version` is missing",
        "a.yaml:1:1: unknown key 'a'",
        "a.yaml:2:1: key 'a' stands twice in this mapping, first in line 1",
        "b.yaml:4:9: no rule is named 'anonymos'; did you mean anonymous?",
        "b.yaml:4:40: 'x' is not a count; write a whole number such as 20",
        "b.yaml:7:1: not valid YAML: while parsing a flow node did not find expected node content",
        "c.yaml:1:1: the file is empty: a policy is expected",
    ] == faults(repo)


def test_no_more_problems_of_a_file_are_shown_than_anybody_reads(repo: Path) -> None:
    problems = faults(repo, HEAD + "rules:\n" + "".join(f"  r{i}: {{}}\n" for i in range(20_000)))
    assert LIMIT + 1 == len(problems)
    assert problems[-1].endswith(": 19900 more problems of this file are not shown")


def test_log_text_in_a_policy_cannot_act_on_a_terminal(repo: Path) -> None:
    (problem,) = faults(repo, HEAD + 'rules: {"\\e[31m\\u202Ex": {}}\n')
    assert "p.yaml:4:9: no rule is named '\\x1b[31m\\u202ex'" == problem


WORDS = [
    "rules:",
    "writers:",
    "allow:",
    "\n  ",
    "anonymous:",
    "policy: p\n",
    "version: 1\n",
    "buckets: b\n",
    "waivers:",
    "tests:",
    "rule:",
    "id:",
]
POLICY_TEXT = st.lists(st.sampled_from([*"abc:-[]{},'\"@*\n ", *WORDS]), max_size=60).map("".join)


@given(content=st.binary(max_size=60) | POLICY_TEXT.map(str.encode))
def test_no_file_raises_anything_but_a_usage_error(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.getbasetemp() / "any.yaml"
    file.write_bytes(content)
    with suppress(UsageError):
        load([file], file.parent)
