"""What is said of a pack: all of it where it fits, a digest of what does not, and never more than any key signs."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import pytest

from s3guard.attest import Statement, canonical, dsse
from s3guard.attest.predicates import (
    DECISIONS,
    EVALUATION,
    SIGN_OFF,
    TEST_RESULT,
    Evaluation,
    Outcome,
    SignOff,
    evaluated,
    judged,
    signed_off,
)
from s3guard.model import UsageError
from tests.attest.keyring import signing
from tests.outputs.corpus import HOSTILE

MANIFEST = b'{"schema":"s3guard/evidence/1"}'
DIGEST = hashlib.sha256(MANIFEST).hexdigest()
MANY = {f"policy-{number}": f"{number:064x}" for number in range(1_000)}


def said(payload: bytes) -> Statement:
    """What a Statement says, which any key signs."""
    dsse.sign(payload, signing("Ed25519"))
    found = Statement.of(payload)
    assert ("manifest.json", DIGEST) == (found.subject, found.sha256)
    return found


def evaluation(**more: Any) -> Evaluation:
    given: dict[str, Any] = {
        "time": "2026-11-01T00:00:00Z",
        "tool": {"name": "s3guard", "version": "1"},
        "environment": {"python": "3.11.7"},
        "period": {"since": "2026-10-01T00:00:00Z", "until": "2026-11-01T00:00:00Z"},
        "as_of": "2026-11-01T00:00:00Z",
        "status": "fail",
        "exit_code": 1,
        "policies": {"p": "ab" * 32},
        "members": {"report.json": "cd" * 32},
        "findings": {"count": 3, "sha256": "ef" * 32},
        "results": {"pass": 10, "fail": 1, "undetermined": 2},
        "coverage": {"objects": 12, "records": "123456789012345678", "gaps": 2},
        "controls": {"hipaa": {"evidenced": 3, "not_evidenced": 1}},
    }
    return Evaluation(**given | more)


def sign_off(**more: Any) -> SignOff:
    given: dict[str, Any] = {
        "reviewer": "Ada Byron",
        "role": "privacy officer",
        "decision": "accepted",
        "statement": "I read it.",
        "time": "2026-11-02T00:00:00Z",
        "reviewed": {"files": 12},
    }
    return SignOff(**given | more)


def test_a_test_result_names_policies_and_rules() -> None:
    found = said(judged(MANIFEST, Outcome.FAILED, {"q": "cd" * 32, "p": "ab" * 32}, ["p/b", "p/a"], ["p/c"], ["p/d"]))
    expected = {
        "result": "FAILED",
        "configuration": [{"name": "p", "digest": {"sha256": "ab" * 32}}, {"name": "q", "digest": {"sha256": "cd" * 32}}],
        "passedTests": ["p/a", "p/b"],
        "warnedTests": ["p/c"],
        "failedTests": ["p/d"],
    }
    assert (TEST_RESULT, expected) == (found.predicate_type, found.predicate)


def test_rules_are_named_all_or_none() -> None:
    found = said(judged(MANIFEST, Outcome.PASSED, {"p": "ab" * 32}, [f"p/rule-{number}" for number in range(500)], [], []))
    assert {"result", "configuration"} == found.predicate.keys()


def test_the_manifest_stands_for_policies_that_are_too_many_or_none() -> None:
    for policies in (MANY, {}):
        found = said(judged(MANIFEST, Outcome.PASSED, policies))
        assert [{"name": "manifest.json", "digest": {"sha256": DIGEST}}] == found.predicate["configuration"]


def test_an_evaluation_says_what_was_judged_and_how_it_ended() -> None:
    found = said(evaluated(MANIFEST, evaluation()))
    assert EVALUATION == found.predicate_type
    expected = {name: getattr(evaluation(), name) for name in Evaluation.__dataclass_fields__}
    assert expected == found.predicate


@pytest.mark.parametrize(("policies", "members"), [(MANY, {"report.json": "cd" * 32}), (MANY, MANY), ({}, MANY)])
def test_of_what_is_too_many_to_be_named_number_and_digest_stand(policies: dict[str, str], members: dict[str, str]) -> None:
    found = said(evaluated(MANIFEST, evaluation(policies=policies, members=members)))
    for name, given in (("policies", policies), ("members", members)):
        if given is MANY:
            assert {"count": 1_000, "sha256": hashlib.sha256(canonical(MANY)).hexdigest()} == found.predicate[name]


@pytest.mark.parametrize("decision", DECISIONS)
def test_a_sign_off_says_who_decided_what_in_his_own_words(decision: str) -> None:
    found = said(signed_off(MANIFEST, sign_off(decision=decision, role=None)))
    assert SIGN_OFF == found.predicate_type
    assert {
        "reviewer": "Ada Byron",
        "role": None,
        "decision": decision,
        "statement": "I read it.",
        "time": "2026-11-02T00:00:00Z",
        "reviewed": {"files": 12},
    } == found.predicate


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_words_come_back_as_they_were_signed_or_are_refused(text: str) -> None:
    for name in ("reviewer", "role", "statement"):
        try:
            found = said(signed_off(MANIFEST, sign_off(**{name: text})))
        except UsageError:
            assert not text.strip() or len(text) > 200 or re.search("[\ud800-\udfff]", text)
        else:
            assert text == found.predicate[name]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"reviewer": " \t"}, "--reviewer: there is nothing in it"),
        ({"role": ""}, "--role: there is nothing in it"),
        ({"reviewer": "x" * 201}, "201 characters are too many; 200"),
        ({"statement": "x" * 1_001}, "1,001 characters are too many; 1,000"),
        ({"statement": "\udcff"}, "--statement: this is no UTF-8"),
        ({"decision": "compliant"}, "say reviewed, accepted or rejected"),
    ],
)
def test_what_nobody_could_sign_is_refused_by_name(more: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        sign_off(**more)


def test_words_that_are_long_in_bytes_are_refused_before_they_are_signed() -> None:
    with pytest.raises(UsageError, match="too long to be signed together"):
        signed_off(MANIFEST, sign_off(statement="\U0001f600" * 1_000))
    said(signed_off(MANIFEST, sign_off(statement="é" * 1_000)))
