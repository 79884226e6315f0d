"""Block Public Access as it takes effect on one bucket: each switch is on where the bucket or its account has it on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Final

from s3guard.audit.case import Case
from s3guard.audit.facts import Fact, Unknown, Value
from s3guard.audit.rows import PublicAccessBlock
from s3guard.audit.tristate import Tri, any_of

SWITCHES: Final[Mapping[str, str]] = {
    "block_public_acls": "BlockPublicAcls",
    "ignore_public_acls": "IgnorePublicAcls",
    "block_public_policy": "BlockPublicPolicy",
    "restrict_public_buckets": "RestrictPublicBuckets",
}
"""The four by their fields, with AWS's names."""
_NOWHERE: Final = Unknown("nobody looked at the account of this bucket")
assert list(SWITCHES) == [one.name for one in fields(PublicAccessBlock)]  # noqa: S101 - a fifth must be put here


def blocked(case: Case) -> dict[str, Tri]:
    """Each switch by its field; None where one level could not be looked at and the other has it off.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html (the stricter of both holds)
    """
    return {name: any_of(_is_on(level, name) for level in _levels(case)) for name in SWITCHES}


def why(case: Case) -> str:
    """Why a switch is not known, as a clause."""
    return "; ".join(dict.fromkeys(level.reason for level in _levels(case) if isinstance(level, Unknown)))


def _levels(case: Case) -> tuple[Fact[PublicAccessBlock], Fact[PublicAccessBlock]]:
    return case.bucket.public_access_block, _NOWHERE if case.account is None else case.account.public_access_block


def _is_on(level: Fact[PublicAccessBlock], name: str) -> Tri:
    """One switch of one level; absent: all four are off."""
    if isinstance(level, Unknown):
        return None
    return bool(getattr(level.value, name)) if isinstance(level, Value) else False
