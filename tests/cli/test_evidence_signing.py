"""Keys and sign-offs on the command line: what is told, what is refused, and that hostile words stay words."""

from __future__ import annotations

import base64
import hashlib
import re
import stat
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from s3guard.attest import Key, Statement, dsse, keys
from s3guard.evidence import archive
from s3guard.text import visible
from tests.attest.authority import Authority, serving
from tests.cli.project import POLICY, Here
from tests.evidence.signed import MEMBERS, pack
from tests.outputs.corpus import HOSTILE
from tests.s3.access import alone

WORDS = "correct horse battery"


@pytest.fixture
def there(here: Here) -> Here:
    """A project with a pack and a pair of keys."""
    pack(here.folder / "e.tar")
    assert 0 == here("evidence", "keygen", "-o", "ada").code
    return here


def signed(here: Here, number: int = 1) -> Statement:
    """What a sign-off of the pack says."""
    data = archive.read(here.folder / "e.tar").data(f"attestations/{number:04d}-sign-off.dsse.json")
    return Statement.of(dsse.verify(data, [Key.read(here.folder / "ada.pub.pem")]).payload)


def sign_off(here: Here, *more: str, **environ: str) -> tuple[int, str, str]:
    ended = here("evidence", "sign-off", "e.tar", "--key", "ada.pem", "--reviewer", "Ada Byron", "--statement", "Read.", *more, **environ)
    return ended.code, ended.out, ended.err


def test_a_pair_is_made_once(here: Here) -> None:
    ended = here("evidence", "keygen", "-o", "ada")
    key = Key.read(here.folder / "ada.pub.pem")
    assert (0, "") == (ended.code, ended.err)
    assert f"key {key.keyid}" == ended.out.splitlines()[-1]
    assert 0o600 == stat.S_IMODE((here.folder / "ada.pem").stat().st_mode)
    again = here("evidence", "keygen", "-o", "ada")
    assert (3, "") == (again.code, again.out)
    assert "ada.pem: this is there already, and a key is never written over" in again.err


def test_the_list_of_reports_of_the_settings_is_no_name_of_a_key(here: Here) -> None:
    ended = here("evidence", "keygen", S3GUARD_OUTPUT="json:report.json")
    assert (2, "") == (ended.code, ended.out)
    assert "where to?" in ended.err


def test_a_reviewer_signs_off(there: Here) -> None:
    code, out, err = sign_off(there, "--role", "privacy officer", "--decision", "accepted", SOURCE_DATE_EPOCH="1790000000")
    assert (0, "") == (code, err)
    said = signed(there).predicate
    assert ("Ada Byron", "privacy officer", "accepted", "Read.", "2026-09-21T14:13:20Z") == tuple(
        said[name] for name in ("reviewer", "role", "decision", "statement", "time")
    )
    keyid = Key.read(there.folder / "ada.pub.pem").keyid
    assert f"Ada Byron: accepted; attestations/0001-sign-off.dsse.json of e.tar, key {keyid}\n" == out
    assert 0 == sign_off(there)[0]
    assert ("reviewed", None) == (signed(there, 2).predicate["decision"], signed(there, 2).predicate["role"])


def test_a_locked_key_is_opened_by_the_environment_or_a_file(here: Here) -> None:
    pack(here.folder / "e.tar")
    here.write("words", f"{WORDS}\n")
    assert 0 == here("evidence", "keygen", "-o", "ada", "--passphrase-file", "words").code
    assert 2 == sign_off(here)[0]
    assert 2 == sign_off(here, S3GUARD_KEY_PASSPHRASE=WORDS[::-1])[0]
    assert 0 == sign_off(here, S3GUARD_KEY_PASSPHRASE=WORDS)[0]
    assert 0 == sign_off(here, "--passphrase-file", "words")[0]


def test_hostile_words_of_a_reviewer_are_signed_as_they_are_and_shown_harmless(there: Here) -> None:
    number = 0
    texts = list(HOSTILE.values())[::5]  # NOTE: that all of them are signed as they are is tested where that is quicker.
    for text in texts:
        code, out, err = sign_off(there, "--reviewer", text)
        if code:
            assert (2, "") == (code, out)
            assert "--reviewer" in err
            continue
        number += 1
        assert text == signed(there, number).predicate["reviewer"]
        shown = out.removesuffix("\n")
        rest = re.sub(r"\\u\{[0-9a-f]+\}", "", shown)
        assert visible(rest) == rest
        assert all(command not in shown for command in ("\n", "\r", "\x1b", "##[", "##vso["))
    assert number > len(texts) // 2


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "which pack? As in"),
        (("e.tar",), "--key and --reviewer and --statement are missing"),
        (("e.tar", "--key", "ada.pem", "--reviewer", "Ada"), "--statement is missing"),
        (("x.tar", "--key", "ada.pem", "--reviewer", "Ada", "--statement", "x"), "x.tar: there is no such file"),
        (("e.tar", "--key", "ada.pub.pem", "--reviewer", "Ada", "--statement", "x"), "a public key, which verifies"),
        (("e.tar", "--key", "ada.pem", "--reviewer", "Ada", "--statement", " "), "--statement: there is nothing in it"),
        (
            ("e.tar", "--key", "ada.pem", "--reviewer", "Ada", "--statement", "x", "--decision", "fine"),
            "say reviewed, accepted or rejected",
        ),
        (("e.tar", "--key", "ada.pem", "--reviewer", "Ada", "--statement", "x", "--timestamp", "tsa"), "--timestamp 'tsa': the URL"),
        (("e.tar", "--key", "awskms://x", "--reviewer", "Ada", "--statement", "x"), "as in awskms:///alias/s3guard-evidence"),
    ],
)
def test_what_is_missing_or_wrong_is_told_and_nothing_is_written(arguments: tuple[str, ...], told: str, there: Here) -> None:
    before = (there.folder / "e.tar").read_bytes()
    ended = there("evidence", "sign-off", *arguments)
    assert (2, "") == (ended.code, ended.out)
    assert told in ended.err
    assert before == (there.folder / "e.tar").read_bytes()


def test_a_pack_that_was_altered_is_refused(there: Here) -> None:
    path: Path = there.folder / "e.tar"
    path.write_bytes(path.read_bytes().replace(b"A pack.", b"A rack."))
    code, out, err = sign_off(there)
    assert (3, "") == (code, out)
    assert "README.txt was altered" in err


@pytest.mark.parametrize(
    "arguments", [("keygen", "-o", "bob"), ("sign-off", "e.tar", "--key", "ada.pem", "--reviewer", "A", "--statement", "b")]
)
def test_without_the_extra_the_way_to_get_it_is_told(arguments: tuple[str, ...], there: Here) -> None:
    there.patch.setattr(keys, "find_spec", lambda _name: None)
    ended = there("evidence", *arguments)
    assert (2, "") == (ended.code, ended.out)
    assert "signatures take the package cryptography: pip install 's3guard[sign]'" in ended.err
    assert not (there.folder / "bob.pem").exists()


@pytest.fixture
def s3(there: Here, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client of an account with a bucket ``locked``, and one ``plain`` that has no Object Lock."""
    alone(monkeypatch)
    for name, value in (("AWS_ACCESS_KEY_ID", "x"), ("AWS_SECRET_ACCESS_KEY", "x"), ("AWS_DEFAULT_REGION", "us-east-1")):
        monkeypatch.setenv(name, value)
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="locked", ObjectLockEnabledForBucket=True)
        client.create_bucket(Bucket="plain")
        yield client


def test_a_pack_that_was_signed_off_is_kept_for_as_long_as_its_frameworks_ask(s3: Any, there: Here) -> None:
    pack(there.folder / "e.tar", {**MEMBERS, "frameworks/hipaa.yaml": b"id: hipaa\n", "frameworks/ours-1.yaml": b""})
    code, out, err = sign_off(there, "--store", "s3://locked/packs")
    assert (0, "") == (code, err)
    assert "s3://locked/packs/e.0001-sign-off.tar, version " in out
    assert "(COMPLIANCE); S3 has the SHA-256 " in out
    seen = s3.get_object(Bucket="locked", Key="packs/e.0001-sign-off.tar")
    assert (there.folder / "e.tar").read_bytes() == seen["Body"].read()
    assert timedelta(days=2189) < seen["ObjectLockRetainUntilDate"] - datetime.now(UTC) <= timedelta(days=2190)


def test_a_lock_is_as_long_and_as_strict_as_it_was_asked_for(s3: Any, there: Here) -> None:
    assert 0 == sign_off(there, "--store", "s3://locked", "--retain", "2d", "--lock-mode", "governance")[0]
    seen = s3.head_object(Bucket="locked", Key="e.0001-sign-off.tar")
    assert "GOVERNANCE" == seen["ObjectLockMode"]
    assert timedelta(days=1) < seen["ObjectLockRetainUntilDate"] - datetime.now(UTC) <= timedelta(days=2)


def test_a_bucket_without_object_lock_ends_with_3_unless_it_will_do(s3: Any, there: Here) -> None:
    code, _, err = sign_off(there, "--store", "s3://plain", "--retain", "1d")
    assert 3 == code
    assert "this bucket has no Object Lock" in err
    code, out, err = sign_off(there, "--store", "s3://plain", "--retain", "1d", "--allow-unlocked")
    assert 0 == code
    assert "e.0002-sign-off.tar: NOT locked" in out
    assert "warning: s3://plain/e.0002-sign-off.tar: this bucket has no Object Lock" in err


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (("--store", "folder"), "s3://org-evidence/s3guard is expected"),
        (("--store", "s3://locked"), "for how long? Say --retain 365d"),
        (("--store", "s3://locked", "--retain", "long"), "--retain"),
        (("--store", "s3://locked", "--retain", "9999999d"), "longer than the calendar goes"),
        (("--store", "s3://locked", "--retain", "1d", "--lock-mode", "soft"), "--lock-mode: say compliance or governance"),
    ],
)
def test_what_cannot_be_asked_of_a_bucket_is_told_before_anything_is_written(more: tuple[str, ...], told: str, there: Here) -> None:
    before = (there.folder / "e.tar").read_bytes()
    code, out, err = sign_off(there, *more)
    assert (2, "") == (code, out)
    assert told in err
    assert before == (there.folder / "e.tar").read_bytes()


def packed(here: Here, name: str) -> Path:
    """The signed pack of a run."""
    ended = here("check", "logs/clean.log", "--evidence", name, "--key", "ada.pem", "--as-of", "2019-03-01", SOURCE_DATE_EPOCH="1790000000")
    assert 0 == ended.code
    assert f"{name}: " in ended.err
    assert Key.read(here.folder / "ada.pub.pem").keyid in ended.err
    return here.folder / name


def test_the_same_run_signed_with_the_same_key_is_the_same_file(there: Here) -> None:
    assert packed(there, "one.tar").read_bytes() == packed(there, "other.tar").read_bytes()


def test_what_a_pack_says_of_itself_is_how_it_is_checked_with_openssl_and_sha256sum_alone(there: Here) -> None:
    path = packed(there, "one.tar")
    text = archive.read(path).data("README.txt").decode()
    steps = [line.strip() for line in text.splitlines() if line.startswith("       ")]
    script = "\n".join(steps).replace("PACK.tar", "../one.tar").replace("PUBLIC.pem", "../ada.pub.pem")
    (there.folder / "empty").mkdir()

    def ended() -> tuple[int, str]:
        done = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", script], cwd=there.folder / "empty", capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout

    code, out = ended()
    assert 0 == code
    assert "report.json: OK\n" in out
    assert "Signature Verified Successfully\n" in out
    digest = hashlib.sha256(archive.read(path).data("manifest.json")).hexdigest()
    assert 2 == out.count(digest)
    path.write_bytes(path.read_bytes().replace(b"version: 1", b"version: 2"))
    assert "policies/p.yaml: FAILED\n" in ended()[1]


def test_the_key_that_signs_may_be_a_setting_and_is_none_that_is_trusted(there: Here) -> None:
    ended = there("evidence", "sign-off", "e.tar", "--reviewer", "Ada", "--statement", "Read.", S3GUARD_KEY="ada.pem")
    assert (0, "") == (ended.code, ended.err)
    path = packed(there, "one.tar")
    unknown = there("evidence", "verify", path.name, S3GUARD_KEY="ada.pem")
    assert (3, "") == (unknown.code, unknown.err)
    assert 0 == there("evidence", "verify", path.name, "--key", "ada.pub.pem", S3GUARD_KEY="ada.pem").code


def test_a_new_pack_is_kept_for_as_long_as_the_frameworks_of_its_policies_ask(s3: Any, there: Here) -> None:
    there.write("policies/p.yaml", POLICY + "frameworks: [pci-dss]\n")
    ended = there("check", "logs/clean.log", "--evidence", "one.tar", "--store", "s3://locked/packs", "--as-of", "2019-03-01")
    assert 0 == ended.code
    seen = s3.get_object(Bucket="locked", Key="packs/one.tar")
    assert (there.folder / "one.tar").read_bytes() == seen["Body"].read()
    assert "COMPLIANCE" == seen["ObjectLockMode"]
    assert timedelta(days=364) < seen["ObjectLockRetainUntilDate"] - datetime.now(UTC) <= timedelta(days=365)
    again = there("check", "logs/clean.log", "--evidence", "one.tar", "--store", "s3://locked/packs", "--as-of", "2019-03-01")
    assert 3 == again.code
    assert "there is one already, and a pack is written once" in again.err


def test_an_authority_stamps_what_was_signed_and_whoever_trusts_it_sees_when(there: Here) -> None:
    authority = Authority(there.folder / "tsa")
    authority.prepare()
    with serving(authority):
        more = ("--key", "ada.pem", "--timestamp", authority.url, "--as-of", "2019-03-01")
        assert 0 == there("check", "logs/clean.log", "--evidence", "one.tar", *more).code
    assert 3 == there("evidence", "verify", "one.tar", "--key", "ada.pub.pem").code
    ended = there("evidence", "verify", "one.tar", "--key", "ada.pub.pem", "--tsa-roots", "tsa/root.pem")
    assert (0, "") == (ended.code, ended.err)
    assert "2 time stamps, of an authority that you trust" in " ".join(ended.out.split())


def test_a_key_of_kms_signs_a_pack_and_its_public_half_verifies_it(s3: Any, there: Here) -> None:
    kms = boto3.client("kms")
    arn = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]
    assert 0 == there("check", "logs/clean.log", "--evidence", "one.tar", "--key", f"awskms:///{arn}", "--as-of", "2019-03-01").code
    der = base64.encodebytes(kms.get_public_key(KeyId=arn)["PublicKey"]).decode()
    there.write("kms.pub.pem", f"-----BEGIN PUBLIC KEY-----\n{der}-----END PUBLIC KEY-----\n")
    assert 0 == there("evidence", "verify", "one.tar", "--key", "kms.pub.pem").code
    assert 1 == there("evidence", "verify", "one.tar", "--key", "ada.pub.pem").code
