"""What is signed here, as others verify and read it: openssl, securesystemslib, sigstore and the protocol buffers of in-toto."""

from __future__ import annotations

import copy
import hashlib
import json
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from google.protobuf import json_format
from in_toto_attestation.predicates.test_result.v0 import test_result_pb2
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer._key import SSlibKey
from sigstore import dsse as cosign
from sigstore.errors import VerificationError as CosignError
from sigstore.hashes import Hashed
from sigstore_models.common.v1 import HashAlgorithm

from s3guard.attest import dsse, predicates
from tests.attest.keyring import KINDS, signing

MANIFEST = b'{"schema":"s3guard/evidence/1"}'
STATEMENT = predicates.judged(MANIFEST, predicates.Outcome.FAILED, {"p": "ab" * 32}, ["p/anonymous"], [], ["p/writers"])
SCHEMES = dict(zip(KINDS, ("ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "rsa-pkcs1v15-sha256"), strict=True))


def envelope(kind: str) -> bytes:
    return dsse.sign(STATEMENT, signing(kind))


def changed(envelope: bytes) -> bytes:
    return envelope.replace(b'"payload":"ey', b'"payload":"fy')


@pytest.mark.parametrize("kind", KINDS)
def test_openssl_verifies_it_and_refuses_what_was_changed(kind: str, tmp_path: Path) -> None:
    signed = dsse.pae(STATEMENT)
    ((_, signature),) = dsse.read(envelope(kind)).signatures
    for name, content in {"key": signing(kind).public_pem, "signature": signature, "signed": signed, "other": signed + b" "}.items():
        (tmp_path / name).write_bytes(content)

    def verified(file: str) -> str:
        digest = [] if kind == "Ed25519" else ["-digest", "sha384" if kind == "ECDSA P-384" else "sha256"]
        command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "key", "-rawin", *digest, "-in", file, "-sigfile", "signature"]
        ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        return f"{ended.returncode} {ended.stdout.strip()}"

    assert "0 Signature Verified Successfully" == verified("signed")
    assert "1 Signature Verification Failure" == verified("other")


@pytest.mark.parametrize("kind", KINDS)
def test_securesystemslib_verifies_it_and_refuses_what_was_changed(kind: str) -> None:
    made = signing(kind)
    key = SSlibKey.from_crypto(load_pem_public_key(made.public_pem), keyid=made.keyid, scheme=SCHEMES[kind])
    read = Envelope.from_dict(json.loads(envelope(kind)))
    assert {made.keyid: key} == read.verify([key], 1)
    assert (dsse.pae(STATEMENT), "application/vnd.in-toto+json") == (read.pae(), read.payload_type)
    with pytest.raises(VerificationError):
        Envelope.from_dict(json.loads(changed(envelope(kind)))).verify([copy.copy(key)], 1)


def test_what_securesystemslib_writes_is_read() -> None:
    written = Envelope.from_dict(json.loads(envelope("Ed25519"))).to_dict()
    assert dsse.read(envelope("Ed25519")) == dsse.read(json.dumps(written).encode())


def test_sigstore_verifies_it_as_cosign_would_and_refuses_what_was_changed() -> None:
    key = load_pem_public_key(signing("ECDSA P-256").public_pem)
    assert isinstance(key, ec.EllipticCurvePublicKey)
    read = cosign.Envelope._from_json(envelope("ECDSA P-256"))
    assert STATEMENT == cosign._verify(key, read)
    subject = Hashed(algorithm=HashAlgorithm.SHA2_256, digest=hashlib.sha256(MANIFEST).digest())
    assert cosign.Statement(STATEMENT)._matches_digest(subject)
    with pytest.raises(CosignError):
        cosign._verify(key, cosign.Envelope._from_json(changed(envelope("ECDSA P-256"))))


def test_in_toto_reads_the_statement_and_the_test_result() -> None:
    read = json_format.Parse(STATEMENT, statement_pb2.Statement())
    Statement.copy_from_pb(read).validate()
    assert "https://in-toto.io/attestation/test-result/v0.1" == read.predicate_type
    predicate = json_format.MessageToJson(read.predicate)
    result = json_format.Parse(predicate, test_result_pb2.TestResult())
    assert ("FAILED", ["p"], ["p/anonymous"], ["p/writers"]) == (
        result.result,
        [one.name for one in result.configuration],
        list(result.passed_tests),
        list(result.failed_tests),
    )
