"""Signed statements about files: RFC 8785 JSON, in-toto Statements v1, DSSE envelopes, keys, and time stamps of RFC 3161.

It knows bytes and digests alone, and nothing of reports. What is signed is read by others, without s3guard: with ``openssl``, or with any
library that knows DSSE (https://github.com/secure-systems-lab/dsse) and in-toto (https://github.com/in-toto/attestation).
"""

from __future__ import annotations

from s3guard.attest.canonical import canonical, parsed
from s3guard.attest.keys import Key
from s3guard.attest.signers import Signer, signer
from s3guard.attest.statement import Statement, statement

__all__ = ["Key", "Signer", "Statement", "canonical", "parsed", "signer", "statement"]
