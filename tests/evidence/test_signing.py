"""Packs are signed by s3guard and signed off by people; neither touches what is there, and what was altered is signed off by nobody."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from s3guard.attest import Statement, dsse, predicates, stamps
from s3guard.evidence import archive, signing
from s3guard.evidence.members import MANIFEST, Content, Member, PackError
from s3guard.evidence.signing import Seal
from s3guard.model import UnableError
from tests.attest import keyring
from tests.attest.authority import Authority, serving
from tests.evidence.signed import MEMBERS, listed, pack
from tests.outputs import reports

SEAL = Seal(keyring.signing("Ed25519"))
OTHER = Seal(keyring.signing("Ed25519", 1))
KEYS = [keyring.key("Ed25519"), keyring.key("Ed25519", 1)]


def said(reviewed: dict[str, Any]) -> predicates.SignOff:
    return predicates.SignOff("Ada", None, "reviewed", "Read.", "2026-11-02T00:00:00Z", reviewed)


def statement(path: Path, member: str) -> Statement:
    return Statement.of(dsse.verify(archive.read(path).data(member), KEYS).payload)


def test_a_new_pack_is_signed_twice_over_its_manifest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1790000000")
    made = signing.sealed(listed(), reports.failing(), SEAL)
    assert ["attestations/0001-test-result.dsse.json", "attestations/0002-evaluation.dsse.json"] == [one.path for one in made]
    for one, kind in zip(made, (predicates.TEST_RESULT, predicates.EVALUATION), strict=True):
        found = Statement.of(dsse.verify(one.data, KEYS).payload)
        assert (kind, MANIFEST, listed().member().sha256) == (found.predicate_type, found.subject, found.sha256)
    assert made == signing.sealed(listed(), reports.failing(), SEAL)


def test_reviewers_sign_off_one_after_the_other_and_no_other_member_is_touched(tmp_path: Path) -> None:
    path = pack(tmp_path / "e.tar")
    before = {name: entry.sha256 for name, entry in archive.read(path).entries.items()}
    assert "attestations/0001-sign-off.dsse.json" == signing.sign_off(path, said, SEAL)
    assert "attestations/0002-sign-off.dsse.json" == signing.sign_off(path, said, OTHER)
    after = {name: entry.sha256 for name, entry in archive.read(path).entries.items()}
    assert before == {name: after[name] for name in before}
    assert {"attestations/0001-sign-off.dsse.json", "attestations/0002-sign-off.dsse.json"} == after.keys() - before.keys()
    signed = [dsse.verify(archive.read(path).data(name), KEYS).keyids for name in sorted(after.keys() - before.keys())]
    assert [(SEAL.signer.keyid,), (OTHER.signer.keyid,)] == signed


def test_a_sign_off_says_what_was_before_the_reviewer(tmp_path: Path) -> None:
    path = pack(tmp_path / "e.tar")
    found = statement(path, signing.sign_off(path, said, SEAL))
    assert (MANIFEST, listed().member().sha256) == (found.subject, found.sha256)
    assert {
        "period": listed().period.model_dump(),
        "status": "fail",
        "exit_code": 1,
        "members": 3,
        "report_sha256": hashlib.sha256(MEMBERS["report.json"]).hexdigest(),
    } == found.predicate["reviewed"]


def test_the_same_words_with_the_same_key_are_the_same_bytes(tmp_path: Path) -> None:
    one, other = pack(tmp_path / "one.tar"), pack(tmp_path / "other.tar")
    for path in (one, other):
        signing.sign_off(path, said, SEAL)
    assert one.read_bytes() == other.read_bytes()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such locks")
def test_of_many_who_sign_off_at_once_nobody_is_lost(tmp_path: Path) -> None:
    path = pack(tmp_path / "e.tar")
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: signing.sign_off(path, said, SEAL), range(8)))
    assert [f"attestations/{number:04d}-sign-off.dsse.json" for number in range(1, 9)] == sorted(made)
    assert set(made) < archive.read(path).entries.keys()
    assert ["e.tar"] == [one.name for one in tmp_path.iterdir()]


def test_a_pack_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="could not be read"):
        signing.sign_off(tmp_path / "e.tar", said, SEAL)


def write(path: Path, *members: Content) -> None:
    archive.write(path, members, 0)


def altered(path: Path, change: Callable[[dict[str, Content]], None]) -> Path:
    """A pack in which somebody changed something, in the one form of packs."""
    members: dict[str, Content] = {name: Member(name, archive.read(pack(path)).data(name)) for name in archive.read(pack(path)).entries}
    change(members)
    write(path, *members.values())
    return path


def of_another(members: Mapping[str, Content]) -> Member:
    """A statement about another pack."""
    payload = predicates.signed_off(b"another manifest", said({}))
    return Member("attestations/0001-sign-off.dsse.json", dsse.sign(payload, keyring.signing("Ed25519")))


CHANGES: dict[str, Callable[[dict[str, Content]], Any]] = {
    "report.json was altered": lambda found: found.update({"report.json": Member("report.json", b"[]\n")}),
    "report.json is missing": lambda found: found.pop("report.json"),
    "manifest.json is missing": lambda found: found.pop(MANIFEST),
    "more.txt was put in": lambda found: found.update({"more.txt": Member("more.txt", b"")}),
    "is a statement about another pack": lambda found: found.update({"a": of_another(found)}),
    "no DSSE envelope": lambda found: found.update({"a": Member("attestations/0001-sign-off.dsse.json", b"{}")}),
    "canonical form": lambda found: found.update({MANIFEST: Member(MANIFEST, listed().member().data.replace(b",", b", ", 1))}),
}


@pytest.mark.parametrize("told", CHANGES)
def test_nobody_signs_off_a_pack_that_was_altered(told: str, tmp_path: Path) -> None:
    path = altered(tmp_path / "e.tar", CHANGES[told])
    before = path.read_bytes()
    with pytest.raises(PackError, match=told):
        signing.sign_off(path, said, SEAL)
    assert before == path.read_bytes()


def test_a_pack_that_is_another_one_by_the_time_it_is_signed_stays_as_it_is(tmp_path: Path) -> None:
    path = pack(tmp_path / "e.tar")

    def swap(reviewed: dict[str, Any]) -> predicates.SignOff:
        pack(path, {**MEMBERS, "report.json": b"[1]\n"})
        return said(reviewed)

    with pytest.raises(PackError, match="it was changed while it was read"):
        signing.sign_off(path, swap, SEAL)
    assert MEMBERS.keys() | {MANIFEST} == archive.read(path).entries.keys()
    assert ["e.tar"] == [one.name for one in tmp_path.iterdir()]


def test_what_cannot_be_signed_leaves_the_pack_as_it_was(tmp_path: Path) -> None:
    path = pack(tmp_path / "e.tar")
    before = path.read_bytes()
    with pytest.raises(UnableError, match="no answer"):
        signing.sign_off(path, said, Seal(keyring.signing("Ed25519"), "http://127.0.0.1:1/"))
    assert before == path.read_bytes()


def test_an_authority_stamps_the_signature(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "tsa")
    authority.prepare()
    path = pack(tmp_path / "e.tar")
    with serving(authority):
        name = signing.sign_off(path, said, Seal(keyring.signing("Ed25519"), authority.url))
    found = archive.read(path)
    ((_, signature),) = dsse.read(found.data(name)).signatures
    stamp = found.data(name.replace(".dsse.json", ".tsr"))
    assert stamps.seen(stamp, signature, stamps.roots(authority.root)).is_trusted
    assert "attestations/0002-sign-off.dsse.json" == signing.sign_off(path, said, SEAL)


def test_the_time_of_a_signature_is_that_of_the_source_where_it_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1790000000")
    assert "2026-09-21T14:13:20Z" == signing.moment()
