"""Persons in sentences: what looks like an address, an ARN of IAM, an account or a key id, wherever in a text it stands."""

from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from typing import Final, TypeAlias

Pseudonym: TypeAlias = Callable[[str, str], str]
"""What stands for a value, from a domain and the value."""

# NOTE: a version of four numbers looks like an address. In a user agent it stands behind a product's name and a slash; elsewhere it is
# replaced, which hides a version and tells nobody. What is joined to letters is an address all the same: ``203.0.113.7_access.log``.
_DOTTED: Final = r"[0-9]{1,3}(?:\.[0-9]{1,3}){3,}(?![0-9])(?:/[0-9]{1,2}(?![0-9]))?"
_HOST: Final = r"(?<![0-9A-Za-z])(?:ip|ec2)-[0-9]{1,3}(?:-[0-9]{1,3}){3}(?![0-9])"
_PART: Final = r"[0-9A-Fa-f]{1,4}"
_PARTS: Final = rf"{_PART}(?::{_PART}){{0,6}}"
_LAST: Final = rf"(?:(?:{_PART}:){{0,5}}{_DOTTED}|{_PARTS})"
# NOTE: RFC 4291, 2.2: eight parts, or some on one or both sides of two colons. Behind three ("arn:aws:s3:::cafe") stands a bucket.
_SIX: Final = (
    rf"(?:(?<![0-9A-Za-z])(?:(?:{_PART}:){{7}}{_PART}|(?:{_PART}:){{6}}{_DOTTED}|{_PARTS}::(?!:){_LAST}?)"
    rf"|(?<![0-9A-Za-z:])::{_LAST})(?:/[0-9]{{1,3}})?"
)
_ADDRESS: Final = re.compile(rf"{_SIX}|(?<![0-9])(?<![0-9]\.){_DOTTED}|{_HOST}", re.IGNORECASE)
_AGENT: Final = re.compile(rf"{_SIX}|(?<![0-9])(?<![0-9]\.)(?<![0-9A-Za-z_]/){_DOTTED}|{_HOST}", re.IGNORECASE)

_REQUESTER: Final = re.compile(
    r"(?P<requester>"
    r"(?i:arn:aws[a-z-]*:iam::cloudfront:user/CloudFront Origin Access Identity [A-Z0-9]+)"
    r"|(?i:arn:aws[a-z-]*:(?:iam|sts):)(?!:aws:)[^\s\"'<>|()\[\]{}]*[^\s\"'<>|()\[\]{}.,:;]"
    r"|(?<![0-9A-Za-z])[0-9A-Fa-f]{64}(?![0-9A-Za-z])"
    # NOTE: ids of IAM, which a signature names: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
    r"|(?<![0-9A-Za-z])(?:ABIA|ACCA|AGPA|AIDA|AIPA|AKIA|ANPA|ANVA|APKA|AROA|ASCA|ASIA)[A-Z0-9]{12,124}(?::[\w+=,.@-]+)?"
    # NOTE: CloudTrail begins the names of its files with the account and an underscore.
    r")|(?<![0-9A-Za-z])(?P<account>[0-9]{12})(?![0-9A-Za-z])"
)


SUSPECT: Final = {
    "ip": r"[0-9]\.[0-9]|:[0-9A-Fa-f.]*:|(?i:ip|ec2)-[0-9]|%",
    "requester": r"(?i:arn:)|[0-9]{12}|[0-9A-Fa-f]{64}|A[A-Z]{3}[A-Z0-9]{12}|%",
}
"""Part of every text in which something of a kind is replaced, or might be were what is in percent read; for Rust's regular expressions."""


def scrubbed(text: str, kinds: AbstractSet[str], pseudonym: Pseudonym, *, is_agent: bool = False) -> str:
    """The text with addresses (kind ``ip``) and what names a requester (kind ``requester``) replaced by their pseudonyms."""
    if "requester" in kinds:
        text = _REQUESTER.sub(lambda match: pseudonym(str(match.lastgroup), match[0]), text)
    if "ip" in kinds:
        text = (_AGENT if is_agent else _ADDRESS).sub(lambda match: _address(match, pseudonym), text)
    return text


def _address(match: re.Match[str], pseudonym: Pseudonym) -> str:
    """What stands for a text that looks like an address, or a network."""
    found = match[0]
    behind = match.string[match.end() : match.end() + 1]
    # NOTE: "Feed::Fetcher" is a program; no part of an address has letters behind it, unless somebody put them there.
    is_word = ":" in found and behind.isalnum() and not any(map(str.isdigit, found))
    return found if is_word else pseudonym("network" if "/" in found else "ip", found)
