from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from s3guard.attest import Key, Statement, canonical, dsse
from s3guard.attest import statement as signed_statement
from s3guard.attest.keys import Ed25519
from s3guard.evidence.again import _result
from s3guard.evidence.verification import Check, Mark, Verification
from s3guard.evidence.verify import Request, verified
from tests.cli.project import project
from tests.evidence.packs import Pack, key, made


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(project(tmp_path))
    return tmp_path


@pytest.fixture
def signer(tmp_path: Path) -> tuple[Ed25519, Key]:
    return key(tmp_path)


@pytest.fixture
def pack(folder: Path) -> Pack:
    return made(folder, "logs/clean.log", "logs/stranger.log")


def told(found: Verification) -> dict[str, Mark]:
    return {check.name: check.mark for check in found.checks}


def test_a_whole_pack_that_a_trusted_key_signed_holds(folder: Path, pack: Pack, signer: tuple[Ed25519, Key]) -> None:
    private, public = signer
    path = pack.sealed(private).signed_off(private).write(folder / "pack.tar")
    found = verified(Request(path, [public], replay=["logs/clean.log", "logs/stranger.log"], objects=True, root=folder))
    assert [] == [check for check in found.checks if check.mark not in (Mark.HOLDS, Mark.SKIPPED)]
    assert 0 == found.exit_code


def checked(found: Verification, name: str) -> Check:
    return next(check for check in found.checks if check.name == name)


def test_without_a_key_nobody_verified_who_signed(folder: Path, pack: Pack, signer: tuple[Ed25519, Key]) -> None:
    found = verified(Request(pack.sealed(signer[0]).write(folder / "pack.tar")))
    assert (3, Mark.UNKNOWN) == (found.exit_code, told(found)["signature"])
    assert signer[1].keyid[:16] in checked(found, "signature").says
    assert [] == [check for check in found.checks if check.mark is Mark.BROKEN]


def test_a_pack_that_nobody_signed_is_no_pass(folder: Path, pack: Pack, signer: tuple[Ed25519, Key]) -> None:
    path = pack.write(folder / "pack.tar")
    assert (3, "Nobody signed this pack") == ((found := verified(Request(path))).exit_code, checked(found, "signature").says[:23])
    found = verified(Request(path, [signer[1]]))
    assert (1, Mark.BROKEN) == (found.exit_code, told(found)["signature"])


def test_another_key_is_told_with_its_name(folder: Path, pack: Pack, signer: tuple[Ed25519, Key]) -> None:
    private, public = key(folder, "stranger")
    found = verified(Request(pack.sealed(private).write(folder / "pack.tar"), [signer[1]]))
    assert (1, Mark.BROKEN) == (found.exit_code, told(found)["signature"])
    assert all(public.keyid[:16] in detail for detail in checked(found, "signature").details)


def test_a_sign_off_by_a_key_that_was_not_given_is_not_verified(folder: Path, pack: Pack, signer: tuple[Ed25519, Key]) -> None:
    reviewer, public = key(folder, "reviewer")
    path = pack.sealed(signer[0]).signed_off(reviewer).write(folder / "pack.tar")
    found = verified(Request(path, [signer[1]]))
    assert (3, Mark.UNKNOWN) == (found.exit_code, told(found)["sign-off"])
    assert "'Ann Auditor': 'reviewed'" in checked(found, "sign-off").details[0]
    assert 0 == verified(Request(path, [signer[1], public])).exit_code


def test_a_statement_of_another_pack_is_told(folder: Path, pack: Pack, signer: tuple[Ed25519, Key]) -> None:
    other = made(folder, "logs/clean.log").sealed(signer[0]).signed_off(signer[0])
    mine = pack.sealed(signer[0])
    for name, member in {
        "attestations/0001-test-result.dsse.json": "0001-test-result",
        "attestations/0002-evaluation.dsse.json": "0002-evaluation",
        "attestations/0003-sign-off.dsse.json": "0003-sign-off",
    }.items():
        forged = replace(mine, signed={**mine.signed, name: other.signed[name]})
        found = verified(Request(forged.write(folder / "pack.tar"), [signer[1]]))
        assert (1, Mark.BROKEN) == (found.exit_code, told(found)["statements"])
        (detail,) = checked(found, "statements").details
        assert member in detail
        assert "is a statement about another pack" in detail


def test_a_sign_off_that_was_taken_from_between_others_is_missed(folder: Path, pack: Pack, signer: tuple[Ed25519, Key]) -> None:
    signed = pack.sealed(signer[0]).signed_off(signer[0]).signed_off(signer[0])
    kept = {name: data for name, data in signed.signed.items() if "0003" not in name}
    found = verified(Request(replace(signed, signed=kept).write(folder / "pack.tar"), [signer[1]]))
    assert 1 == found.exit_code
    assert "attestations/0003-" in checked(found, "statements").details[0]


@pytest.mark.parametrize("first", [False, True])
def test_a_signature_that_somebody_put_beside_a_trusted_one_is_told(
    folder: Path, pack: Pack, signer: tuple[Ed25519, Key], *, first: bool
) -> None:
    """Else a page would name a key beside the reviewer's that never signed anything, and the pack would hold."""
    signed = pack.sealed(signer[0]).signed_off(signer[0])
    name = "attestations/0003-sign-off.dsse.json"
    envelope = json.loads(signed.signed[name])
    envelope["signatures"].insert(0 if first else 1, {"keyid": "c" * 64, "sig": ""})
    changed = replace(signed, signed={**signed.signed, name: canonical(envelope)})
    found = verified(Request(changed.write(folder / "pack.tar"), [signer[1]]))
    assert 1 == found.exit_code
    assert f"{name} has 2 signatures" in checked(found, "statements").details[0]


def rewritten(pack: Pack, private: Ed25519, **changes: bytes | Callable[[bytes], bytes] | None) -> Pack:
    """A pack that a liar with the signer's own key made: the manifest lists what is there, and all of it is signed."""
    return pack.changed(**changes).sealed(private)


REVIEWS: dict[str, Any] = {
    "policy": "p",
    "review": {"every": 86_400, "grace": 0},
    "expected": 1,
    "on_time": 0,
    "late": 0,
    "incomplete": 0,
    "missing": 1,
    "reviews": [{"due": "2019-02-02T00:00:00Z", "status": "on time"}],
}
MISSED = REVIEWS | {"reviews": [{"due": "2019-02-02T00:00:00Z", "status": "missing"}]}
LIES: dict[str, tuple[dict[str, Any], str, str]] = {
    "a report that passes": (
        {"report_json": lambda data: data.replace(b'"exit_code": 1', b'"exit_code": 0', 1)},
        "agreement",
        "junit.xml says 'exit code'|report.json",
    ),
    "a case less": (
        {"junit_xml": lambda data: data.replace(b"<failure", b"<system-err").replace(b"</failure", b"</system-err")},
        "agreement",
        "junit.xml says that 0 cases failed",
    ),
    "a verdict in SARIF": (
        {"report_sarif": lambda data: data.replace(b'"exitCode": 1', b'"exitCode": 0')},
        "agreement",
        "report.sarif says '0' for its exit code",
    ),
    "a word of the page": (
        {"report_html": lambda data: data.replace(b"FAIL", b"PASS", 1)},
        "agreement",
        "report.html does not have the verdict",
    ),
    "a finding of the page": (
        {"report_html": lambda data: data.replace(b"user/eve", b"user/ann")},
        "agreement",
        "report.html is not what this version",
    ),
    "a word of the page to read first": (
        {"README_txt": lambda data: data.replace(b"fail, exit code 1", b"pass, exit code 0")},
        "agreement",
        "README.txt is not what this version",
    ),
    "an object less": (
        {"objects_jsonl": lambda data: data.split(b"\n", 1)[1]},
        "completeness",
        "objects.jsonl has 1 log objects, manifest.json says 2",
    ),
    "an object twice": (
        {"objects_jsonl": lambda data: data.split(b"\n", 1)[0] + b"\n" + data.split(b"\n", 1)[0] + b"\n"},
        "completeness",
        "is there twice",
    ),
    "objects in another order": (
        {"objects_jsonl": lambda data: b"".join(reversed(data.splitlines(keepends=True)))},
        "completeness",
        "is not in its place",
    ),
    "an hour less": ({"coverage_json": b'{"buckets": []}'}, "completeness", "coverage.json tells nothing of 'examplebucket'"),
    "a run less": (
        {"runs_json": lambda data: json.dumps(json.loads(data) | {"found": []}).encode()},
        "completeness",
        "runs.json has 0 runs, manifest.json says 1",
    ),
    "a review that was kept": (
        {"runs_json": lambda data: json.dumps(json.loads(data) | {"policies": [REVIEWS]}).encode()},
        "completeness",
        "runs.json has 0 reviews missing by 'p', runs.json says 1",
    ),
    "reviews that nobody missed": (
        {"runs_json": lambda data: json.dumps(json.loads(data) | {"policies": [MISSED]}).encode()},
        "completeness",
        "manifest.json says that nothing is missing, and runs.json tells of reviews",
    ),
    "a line more": ({"quarantined_jsonl": b"{}\n"}, "completeness", "quarantined.jsonl has 1 lines, manifest.json says 0"),
    "a policy that allows all": (
        {"policies__p_yaml": lambda data: data.replace(b"ann", b"*")},
        "policies",
        "policies/ holds no file with the SHA-256",
    ),
    "no policy": ({"policies__p_yaml": None}, "policies", "policies/ holds no file with the SHA-256"),
    "no runs": ({"runs_json": None}, "members", "runs.json is missing, and not listed"),
    "no report": ({"report_json": None}, "members", "report.json is missing, and not listed"),
    "a report that is none": ({"report_json": b"[]"}, "agreement", "report.json is not a report of s3guard"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_signer_who_lies_contradicts_himself(folder: Path, pack: Pack, signer: tuple[Ed25519, Key], lie: str) -> None:
    changes, check, says = LIES[lie]
    found = verified(Request(rewritten(pack, signer[0], **changes).write(folder / "pack.tar"), [signer[1]]))
    assert (1, Mark.BROKEN) == (found.exit_code, told(found)[check])
    assert any(part in detail for part in says.split("|") for detail in checked(found, check).details), checked(found, check).details


def test_a_finding_that_names_somebody_else_does_not_come_of_judging_again(folder: Path, pack: Pack) -> None:
    """Though the fingerprint is the one that it was."""
    result = next(one for one in pack.report.results if one.findings)
    finding = result.findings[0]
    lie = replace(finding, subject=dict.fromkeys(finding.subject, "arn:aws:iam::123456789012:user/innocent"))
    assert [] == [*_result(result, result)]
    assert "is told otherwise" in "".join(_result(replace(result, findings=(lie, *result.findings[1:])), result))


def test_a_statement_that_says_something_else_than_the_pack_is_told(folder: Path, pack: Pack, signer: tuple[Ed25519, Key]) -> None:
    passed = replace(pack, report=replace(pack.report, exit_code=0)).sealed(signer[0]).signed
    for name, data in passed.items():
        statement = Statement.of(dsse.read(data).payload)
        payload = signed_statement("manifest.json", pack.manifest.member().sha256, statement.predicate_type, statement.predicate)
        mine = pack.sealed(signer[0])
        forged = replace(mine, signed={**mine.signed, name: dsse.sign(payload, signer[0])})
        found = verified(Request(forged.write(folder / "pack.tar"), [signer[1]]))
        assert (1, Mark.BROKEN) == (found.exit_code, told(found)["statements"])
        assert all(name in detail for detail in checked(found, "statements").details)


def test_a_sign_off_of_something_else_is_told(folder: Path, pack: Pack, signer: tuple[Ed25519, Key]) -> None:
    path = pack.sealed(signer[0]).signed_off(signer[0], reviewed={"exit_code": 0, "status": "pass"}).write(folder / "pack.tar")
    found = verified(Request(path, [signer[1]]))
    assert (1, Mark.BROKEN) == (found.exit_code, told(found)["statements"])
    assert "says that the reviewer had 'pass' for status before him" in " ".join(checked(found, "statements").details)
