"""Envelopes: any payload comes back, any changed bit is refused, and nobody's signature stands for another's."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3guard.attest import canonical, dsse, statement
from s3guard.attest.dsse import FormatError, UnsignedError
from s3guard.model import UnableError
from tests.attest.keyring import KINDS, Signing, key, signing

PAYLOAD = statement("manifest.json", "0" * 64, "https://example.org/p/v1", {"said": "nothing"})
MINE, OTHER = signing("Ed25519"), signing("Ed25519", 1)


def test_what_is_signed_is_the_example_of_the_protocol() -> None:
    assert b"DSSEv1 29 http://example.com/HelloWorld 11 hello world" == dsse.pae(b"hello world", "http://example.com/HelloWorld")


@given(st.tuples(st.binary(max_size=60), st.text(max_size=20)), st.tuples(st.binary(max_size=60), st.text(max_size=20)))
def test_no_two_payloads_and_types_are_signed_as_the_same_bytes(one: tuple[bytes, str], other: tuple[bytes, str]) -> None:
    assert (one == other) == (dsse.pae(*one) == dsse.pae(*other))


@given(st.binary(max_size=3_900))
def test_any_payload_comes_back_under_the_key_that_signed_it(payload: bytes) -> None:
    envelope = dsse.sign(payload, MINE)
    assert dsse.Verified(payload, (MINE.keyid,)) == dsse.verify(envelope, [key("Ed25519", 1), key("Ed25519")])
    assert payload == dsse.read(envelope).payload
    assert envelope == dsse.sign(payload, MINE)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_key_verifies_what_it_signed_and_nothing_else(kind: str) -> None:
    envelope = dsse.sign(PAYLOAD, signing(kind))
    assert (signing(kind).keyid,) == dsse.verify(envelope, [key(kind)]).keyids
    changed = json.loads(envelope)
    changed["payload"] = base64.b64encode(PAYLOAD.replace(b"nothing", b"anything")).decode()
    with pytest.raises(UnsignedError, match="does not hold") as refused:
        dsse.verify(canonical(changed), [key(kind)])
    assert (signing(kind).keyid,) == refused.value.broken


def test_any_flipped_bit_is_refused() -> None:
    envelope = dsse.sign(PAYLOAD, MINE)
    for place in range(len(envelope)):
        for bit in range(8):
            changed = bytearray(envelope)
            changed[place] ^= 1 << bit
            with pytest.raises((UnsignedError, FormatError)):
                dsse.verify(bytes(changed), [key("Ed25519")])


@given(st.integers(0, 10_000), st.integers(1, 300))
def test_no_part_of_an_envelope_is_one(start: int, length: int) -> None:
    envelope = dsse.sign(PAYLOAD, MINE)
    cut = envelope[: start % len(envelope)] + envelope[start % len(envelope) + length :]
    with pytest.raises((UnsignedError, FormatError)):
        dsse.verify(cut, [key("Ed25519")])


@given(st.binary(max_size=200))
def test_bytes_that_are_no_envelope_are_refused_by_name(data: bytes) -> None:
    with pytest.raises(FormatError, match="no DSSE envelope"):
        dsse.verify(data, [key("Ed25519")])


def test_a_signature_of_an_unknown_key_says_nothing() -> None:
    with pytest.raises(UnsignedError, match="none of the keys that were given") as refused:
        dsse.verify(dsse.sign(PAYLOAD, OTHER), [key("Ed25519")])
    assert ((), (OTHER.keyid,)) == (refused.value.broken, refused.value.unknown)


def test_without_keys_nothing_is_verified() -> None:
    with pytest.raises(UnsignedError):
        dsse.verify(dsse.sign(PAYLOAD, MINE), [])


def test_a_signature_under_the_id_of_another_key_does_not_count() -> None:
    envelope = json.loads(dsse.sign(PAYLOAD, OTHER))
    envelope["signatures"][0]["keyid"] = MINE.keyid
    with pytest.raises(UnsignedError) as refused:
        dsse.verify(canonical(envelope), [key("Ed25519"), key("Ed25519", 1)])
    assert (MINE.keyid,) == refused.value.broken


def test_of_several_signatures_each_is_told_apart() -> None:
    envelope = json.loads(dsse.sign(PAYLOAD, MINE))
    envelope["signatures"] += json.loads(dsse.sign(PAYLOAD, OTHER))["signatures"]
    envelope["signatures"].append({"keyid": key("Ed25519", 2).keyid, "sig": "AAAA"})
    found = dsse.verify(canonical(envelope), [key("Ed25519"), key("Ed25519", 2)])
    assert dsse.Verified(PAYLOAD, (MINE.keyid,), (key("Ed25519", 2).keyid,), (OTHER.keyid,)) == found


def test_an_envelope_that_is_spelled_otherwise_is_the_same_envelope() -> None:
    envelope = json.dumps(json.loads(dsse.sign(PAYLOAD, MINE)), indent=2).encode()
    assert PAYLOAD == dsse.verify(envelope, [key("Ed25519")]).payload


@pytest.mark.parametrize(
    "change",
    [
        {"payloadType": "text/plain"},
        {"payload": "QR=="},
        {"payload": "Q Q=="},
        {"payload": 1},
        {"signatures": []},
        {"signatures": {}},
        {"signatures": [{"keyid": "x"}]},
        {"signatures": [{"keyid": "x", "sig": "AAAA", "more": 1}]},
        {"signatures": [{"keyid": "x", "sig": "AAAA"}] * 17},
        {"more": 1},
    ],
)
def test_what_the_protocol_does_not_know_is_no_envelope(change: dict[str, object]) -> None:
    with pytest.raises(FormatError):
        dsse.read(canonical(json.loads(dsse.sign(PAYLOAD, MINE)) | change))


def test_a_bomb_is_no_envelope() -> None:
    for bomb in (b"[" * 60_000, b'{"a":' * 10_000, b" " * 70_000, b'{"payload":1,"payload":2}', b"9" * 60_000):
        with pytest.raises(FormatError):
            dsse.read(bomb)


def test_what_kms_would_not_sign_is_signed_by_no_key() -> None:
    room = dsse.LIMIT - len(dsse.pae(b"")) - 3
    assert 4_096 == len(dsse.pae(b"x" * room))
    dsse.sign(b"x" * room, MINE)
    with pytest.raises(UnableError, match="too long to be signed"):
        dsse.sign(b"x" * (room + 1), MINE)


def test_a_signature_that_does_not_hold_is_never_given_out() -> None:
    for broken in (
        Signing(MINE.keyid, MINE.public_pem, lambda _: bytes(64)),
        Signing(OTHER.keyid, MINE.public_pem, MINE.sign),
        Signing(MINE.keyid, MINE.public_pem, OTHER.sign),
    ):
        with pytest.raises(UnableError, match="does not hold"):
            dsse.sign(PAYLOAD, broken)
