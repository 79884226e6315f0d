"""``s3guard test``: what it says of the tests inside policies, and what it ends with."""

from __future__ import annotations

import json
from pathlib import Path

from lxml import etree

from tests.cli.project import POLICY, Here, run

SCHEMA = Path(__file__).parent.parent / "schemas" / "junit-10.xsd"
EVE = "{requester: 'arn:aws:iam::111122223333:user/eve'}"
GOOD = f"- {{name: eve is told, records: [{EVE}], expect: {{fail: requesters}}}}\n"
BAD = f"- {{name: eve is welcome, records: [{EVE}], expect: {{pass: requesters}}}}\n"
HOSTILE = '- {name: "x\\e[31m::error::]]>", records: [{key: "\\e[2J]]>"}], expect: {pass: requesters}}\n'


def test_tests_that_pass_end_with_0(here: Here) -> None:
    here.write("policies/p.yaml", f"{POLICY}tests:\n{GOOD}")
    ended = here("test")
    assert (0, "") == (ended.code, ended.err)
    assert ["pass", "eve", "is", "told", "p"] == ended.out.splitlines()[0].split()
    assert ended.out.endswith("1 test: 1 passed, 0 failed\n")


def test_a_test_that_fails_ends_with_1_and_says_what_was_expected_and_what_was_found(here: Here) -> None:
    here.write("policies/p.yaml", f"{POLICY}tests:\n{GOOD}{BAD}")
    ended = here("test", "policies/p.yaml")
    assert (1, "") == (ended.code, ended.err)
    said = " ".join(ended.out.split())
    assert (
        "FAIL eve is welcome p policies/p.yaml:8 requesters: expected pass, found fail (1 record judged, 1 violation) - principal" in said
    )
    assert "user/eve, operation class read: " in said
    assert said.endswith("2 tests: 1 passed, 1 failed")


def test_the_installed_command_ends_with_the_same(folder: Path) -> None:
    (folder / "policies" / "p.yaml").write_text(f"{POLICY}tests:\n{GOOD}")
    assert 0 == run(folder, "test").code
    (folder / "policies" / "p.yaml").write_text(f"{POLICY}tests:\n{BAD}")
    assert 1 == run(folder, "test").code


def test_without_a_test_nothing_was_tested(here: Here) -> None:
    assert (4, "no policy has a test\n") == ((ended := here("test")).code, ended.out)
    assert 0 == here("test", "--allow-empty").code


def test_a_policy_with_faults_ends_with_2(here: Here) -> None:
    here.write("policies/p.yaml", f"{POLICY}tests:\n{GOOD.replace('fail: requesters', 'fail: writers')}")
    ended = here("test")
    assert (2, "") == (ended.code, ended.out)
    assert "no rule of this policy is named 'writers'" in ended.err


def test_junit_is_valid_and_holds_every_test(here: Here) -> None:
    here.write("policies/p.yaml", f"{POLICY}tests:\n{GOOD}{BAD}{HOSTILE}")
    assert 1 == here("test", "--junit", "t.xml").code
    written = etree.parse(here.folder / "t.xml")
    etree.XMLSchema(etree.parse(SCHEMA)).assertValid(written)
    (suite,) = written.getroot()
    assert ("p", "3", "2") == tuple(suite.get(name) for name in ("name", "tests", "failures"))
    assert ["eve is told", "eve is welcome"] == [one.get("name") for one in suite.iter("testcase")][:2]
    first, second = suite.iter("failure")
    assert "requesters: expected pass, found fail (1 record judged, 1 violation)" == first.get("message")
    assert "user/eve" in first.text
    assert "\x1b" not in (here.folder / "t.xml").read_text()
    assert second.text


def test_json_says_the_same(here: Here) -> None:
    here.write("policies/p.yaml", f"{POLICY}tests:\n{GOOD}{BAD}")
    ended = here("test", "--format", "json")
    good, bad = json.loads(ended.out)
    assert (1, "pass", [], "fail") == (ended.code, good["status"], good["misses"], bad["status"])
    assert {"file": "policies/p.yaml", "line": 8} == bad["location"]
    assert ["requesters"] == [miss["rule"] for miss in bad["misses"]]


def test_no_byte_of_a_test_drives_the_terminal(here: Here) -> None:
    here.write("policies/p.yaml", f"{POLICY}tests:\n{HOSTILE}")
    for form in ("text", "json"):
        assert "\x1b" not in here("test", "--format", form).out
