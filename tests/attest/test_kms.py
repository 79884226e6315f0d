"""Keys of AWS KMS, over moto; what moto lacks, over a client that answers as KMS does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from moto import mock_aws

from s3guard.attest import Key, dsse, kms, signer
from s3guard.aws import Account
from s3guard.model import UnableError, UsageError
from tests.s3.access import alone

REGION = "eu-central-1"
SPECS = {"ECC_NIST_P256": "ECDSA P-256", "ECC_NIST_P384": "ECDSA P-384", "RSA_2048": "RSA 2048"}


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client of an empty account; the environment names another Region."""
    alone(monkeypatch)
    for name, value in (("AWS_ACCESS_KEY_ID", "x"), ("AWS_SECRET_ACCESS_KEY", "x"), ("AWS_DEFAULT_REGION", "us-east-1")):
        monkeypatch.setenv(name, value)
    with mock_aws():
        yield boto3.client("kms", REGION)


def made(cloud: Any, spec: str, use: str = "SIGN_VERIFY") -> str:
    return str(cloud.create_key(KeySpec=spec, KeyUsage=use)["KeyMetadata"]["Arn"])


@pytest.mark.parametrize("spec", SPECS)
def test_what_kms_signs_verifies_with_its_public_key_alone(spec: str, cloud: Any) -> None:
    found = signer(f"awskms:///{made(cloud, spec)}")
    envelope = dsse.sign(b"x" * (dsse.LIMIT - len(dsse.pae(b"")) - 3), found)
    public = Key.of(found.public_pem, "")
    assert SPECS[spec] == public.kind
    assert (public.keyid,) == dsse.verify(envelope, [public]).keyids


def test_a_key_is_found_by_its_alias_in_the_region_that_the_environment_names(cloud: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    arn = made(cloud, "ECC_NIST_P256")
    cloud.create_alias(AliasName="alias/evidence", TargetKeyId=arn)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    for name in ("alias/evidence", arn.rpartition("/")[2], f"arn:aws:kms:{REGION}:123456789012:alias/evidence"):
        assert signer(f"awskms:///{arn}").keyid == signer(f"awskms:///{name}").keyid


@pytest.mark.parametrize(
    "address",
    ["awskms://", "awskms:///", "awskms:///alias/", "awskms://host/alias/a", "awskms:///alias/a b", "awskms:///arn:aws:s3:::bucket"],
)
def test_an_address_that_names_no_key_is_told_what_was_meant(address: str) -> None:
    with pytest.raises(UsageError, match="as in awskms:///alias/s3guard-evidence"):
        signer(address)


def test_a_key_that_encrypts_does_not_sign(cloud: Any) -> None:
    with pytest.raises(UsageError, match="its use is ENCRYPT_DECRYPT, not SIGN_VERIFY"):
        signer(f"awskms:///{made(cloud, 'RSA_2048', 'ENCRYPT_DECRYPT')}")


def test_a_key_that_is_not_there_is_told_so(cloud: Any) -> None:
    with pytest.raises(UnableError, match=r"kms:GetPublicKey was refused \(NotFoundException\)"):
        signer(f"awskms:///arn:aws:kms:{REGION}:123456789012:key/{'0' * 8}-{'0' * 4}-{'0' * 4}-{'0' * 4}-{'0' * 12}")


class Answering:
    """A KMS that has an Ed25519 key, as AWS has and moto has not."""

    def __init__(self) -> None:
        self.private = ed25519.Ed25519PrivateKey.from_private_bytes(b"k" * 32)
        self.asked: dict[str, Any] = {}
        self.fault: Exception | None = None
        self.told: dict[str, Any] = {"KeyUsage": "SIGN_VERIFY", "SigningAlgorithms": ["ED25519_SHA_512", "ED25519_PH_SHA_512"]}

    def get_public_key(self, **_asked: Any) -> dict[str, Any]:
        """https://docs.aws.amazon.com/kms/latest/APIReference/API_GetPublicKey.html."""
        return self.told | {"PublicKey": self.private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)}

    def sign(self, **asked: Any) -> dict[str, Any]:
        """https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html."""
        self.asked = asked
        if self.fault is not None:
            raise self.fault
        return {"Signature": self.private.sign(asked["Message"])}


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Answering:
    found = Answering()
    monkeypatch.setattr(Account, "client", lambda *_: found)
    return found


def test_an_ed25519_key_of_kms_signs_the_message_and_not_its_digest(answering: Answering) -> None:
    found = signer("awskms:///alias/a")
    assert (found.keyid,) == dsse.verify(dsse.sign(b"payload", found), [Key.of(found.public_pem, "")]).keyids
    expected = {"KeyId": "alias/a", "Message": dsse.pae(b"payload"), "MessageType": "RAW", "SigningAlgorithm": "ED25519_SHA_512"}
    assert expected == answering.asked


def test_a_key_that_signs_in_another_way_is_refused_by_name(answering: Answering) -> None:
    answering.told["SigningAlgorithms"] = ["ED25519_PH_SHA_512"]
    with pytest.raises(UsageError, match="signs with ED25519_PH_SHA_512, not with ED25519_SHA_512"):
        signer("awskms:///alias/a")
    answering.told["SigningAlgorithms"] = []
    with pytest.raises(UsageError, match="not with ED25519_SHA_512"):
        signer("awskms:///alias/a")


def test_a_signature_of_another_key_is_not_given_out(answering: Answering) -> None:
    found = kms.opened("awskms:///alias/a")
    answering.private = ed25519.Ed25519PrivateKey.generate()
    with pytest.raises(UnableError, match="does not hold"):
        dsse.sign(b"payload", found)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (
            ClientError({"Error": {"Code": "AccessDeniedException", "Message": "User eve\x1b[31m may not"}}, "Sign"),
            r"awskms:///alias/a: kms:Sign was refused \(AccessDeniedException\)",
        ),
        (EndpointConnectionError(endpoint_url="https://kms"), "awskms:///alias/a: Could not connect"),
    ],
)
def test_what_kms_refuses_is_told(fault: Exception, told: str, answering: Answering) -> None:
    found = kms.opened("awskms:///alias/a")
    answering.fault = fault
    with pytest.raises(UnableError, match=told):
        dsse.sign(b"payload", found)
