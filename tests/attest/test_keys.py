"""Keys: made so that nobody else reads them, never written over, and told apart from what is none."""

from __future__ import annotations

import importlib.util
import stat
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from s3guard.attest import Key, dsse, keys, signer
from s3guard.model import UnableError, UsageError
from tests.attest.keyring import KINDS, key, signing

WORDS = b"correct horse battery"


def test_a_new_pair_signs_and_verifies_and_nobody_else_may_read_the_private_one(tmp_path: Path) -> None:
    made = keys.generate(tmp_path / "audit")
    assert ["audit.pem", "audit.pub.pem"] == sorted(path.name for path in tmp_path.iterdir())
    assert 0o600 == stat.S_IMODE((tmp_path / "audit.pem").stat().st_mode)
    envelope = dsse.sign(b"payload", signer(str(tmp_path / "audit.pem")))
    public = Key.read(tmp_path / "audit.pub.pem")
    assert (made.keyid, "Ed25519") == (public.keyid, public.kind)
    assert (public.keyid,) == dsse.verify(envelope, [public]).keyids


def test_no_two_pairs_are_alike(tmp_path: Path) -> None:
    assert keys.generate(tmp_path / "one").keyid != keys.generate(tmp_path / "two").keyid


def test_openssl_reads_the_pair_and_gives_the_same_id(tmp_path: Path) -> None:
    made = keys.generate(tmp_path / "a")
    der = subprocess.run(
        ["openssl", "pkey", "-in", tmp_path / "a.pem", "-pubout", "-outform", "DER"], capture_output=True, check=True
    ).stdout
    digest = subprocess.run(["sha256sum"], input=der, capture_output=True, check=True).stdout.decode()
    assert made.keyid == digest.split()[0]


def test_a_pair_of_openssl_is_taken(tmp_path: Path) -> None:
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", tmp_path / "a.pem"], capture_output=True, check=True)
    subprocess.run(["openssl", "pkey", "-in", tmp_path / "a.pem", "-pubout", "-out", tmp_path / "b.pem"], capture_output=True, check=True)
    assert signer(str(tmp_path / "a.pem")).keyid == Key.read(tmp_path / "b.pem").keyid


@pytest.mark.parametrize("taken", ["audit.pem", "audit.pub.pem"])
def test_a_key_is_never_written_over_and_half_a_pair_is_never_left(taken: str, tmp_path: Path) -> None:
    (tmp_path / taken).write_bytes(b"mine")
    with pytest.raises(UnableError, match="never written over"):
        keys.generate(tmp_path / "audit")
    assert {taken: b"mine"} == {path.name: path.read_bytes() for path in tmp_path.iterdir()}


def test_a_dangling_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "audit.pem").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UnableError, match="never written over"):
        keys.generate(tmp_path / "audit")
    assert not (tmp_path / "elsewhere").exists()


def test_a_key_that_cannot_be_written_is_told_with_its_reason(tmp_path: Path) -> None:
    with pytest.raises(UnableError, match=r"could not write .*no such file or directory"):
        keys.generate(tmp_path / "missing" / "audit")


def test_a_locked_key_takes_its_passphrase_and_no_other(tmp_path: Path) -> None:
    made = keys.generate(tmp_path / "audit", WORDS)
    assert b"ENCRYPTED PRIVATE KEY" in (tmp_path / "audit.pem").read_bytes()
    assert made.keyid == signer(str(tmp_path / "audit.pem"), passphrase=WORDS).keyid
    with pytest.raises(UsageError, match="this key has a passphrase; set S3GUARD_KEY_PASSPHRASE"):
        signer(str(tmp_path / "audit.pem"))
    with pytest.raises(UsageError, match="this is not its passphrase"):
        signer(str(tmp_path / "audit.pem"), passphrase=b"another one, longer")


def test_a_passphrase_beside_a_key_that_has_none_does_no_harm(tmp_path: Path) -> None:
    made = keys.generate(tmp_path / "audit")
    assert made.keyid == signer(str(tmp_path / "audit.pem"), passphrase=WORDS).keyid


def test_a_passphrase_that_could_be_guessed_protects_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="12 characters or more, and this one has 5"):
        keys.generate(tmp_path / "audit", b"12345")
    assert [] == list(tmp_path.iterdir())


def test_a_passphrase_comes_from_a_file_else_from_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "words"
    file.write_bytes(WORDS + b"\n")
    assert WORDS == keys.passphrase(file, {keys.PASSPHRASE: "other"})
    assert b"other" == keys.passphrase(None, {keys.PASSPHRASE: "other"})
    assert None is keys.passphrase(None, {})
    assert None is keys.passphrase(None, {keys.PASSPHRASE: ""})
    file.write_bytes(b"\n")
    with pytest.raises(UsageError, match="there is no passphrase in it"):
        keys.passphrase(file, {})


@pytest.mark.parametrize("kind", KINDS)
def test_a_public_key_is_read_with_its_kind_and_its_id(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(b"a comment\n" + signing(kind).public_pem)
    read = Key.read(path)
    assert (key(kind), kind) == (read, read.kind)
    assert signing(kind).public_pem == read.pem
    assert "_public" not in repr(read)


def test_a_public_key_of_a_kind_that_is_not_taken_is_refused_by_name() -> None:
    weak = rsa.generate_private_key(65_537, 1_024)  # noqa: S505 - that is what is refused
    for private in (ec.generate_private_key(ec.SECP521R1()), weak, dsa.generate_private_key(2_048)):
        pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        with pytest.raises(UsageError, match="x: signatures are Ed25519, ECDSA"):
            Key.of(pem, "x")


def test_private_and_public_are_not_mixed_up(tmp_path: Path) -> None:
    keys.generate(tmp_path / "a")
    with pytest.raises(UsageError, match="a private key, which nobody else should see"):
        Key.read(tmp_path / "a.pem")
    with pytest.raises(UsageError, match="a public key, which verifies"):
        signer(str(tmp_path / "a.pub.pem"))


def test_a_private_key_of_another_kind_does_not_sign(tmp_path: Path) -> None:
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "a.pem").write_bytes(pem)
    with pytest.raises(UsageError, match="signs with Ed25519 keys"):
        signer(str(tmp_path / "a.pem"))


@pytest.mark.parametrize("content", [b"", b"no key", b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", b"x" * 70_000])
def test_what_is_no_key_is_told_so(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"this is (no public key|longer)"):
        Key.read(path)
    with pytest.raises(UsageError, match=r"this is (no private key|a public key|longer)"):
        signer(str(path))


def test_a_key_that_is_not_there_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="it cannot be read: no such file"):
        Key.read(tmp_path / "a")
    with pytest.raises(UsageError, match="give a PEM file, or a key of AWS KMS"):
        signer("gcpkms://projects/x")


def test_no_secret_stands_in_what_a_key_shows(tmp_path: Path) -> None:
    assert "_private" not in repr(keys.generate(tmp_path / "a"))


def test_without_the_package_the_way_to_get_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "find_spec", lambda _name: None)
    assert importlib.util.find_spec("cryptography")
    for task in (lambda: keys.generate(tmp_path / "a"), lambda: Key.of(b"", "x"), lambda: signer(str(tmp_path / "a"))):
        with pytest.raises(UsageError, match=r"pip install 's3guard\[sign\]'"):
            task()
