"""Persons in sentences: what looks like an address, an ARN of IAM, an account or a key id, wherever in a text it stands."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from typing import Final, TypeAlias

Pseudonym: TypeAlias = Callable[[str, str], str]
"""What stands for a value, from a domain and the value."""

# NOTE: a version of four numbers looks like an address. In a user agent it stands behind a product's name and a slash; elsewhere it is
# replaced, which hides a version and tells nobody.
_DOTTED: Final = r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?:/[0-9]{1,2})?(?![0-9A-Za-z_]|\.[0-9])"
_HOST: Final = r"(?:ip|ec2)-[0-9]{1,3}(?:-[0-9]{1,3}){3}(?![0-9])"
_SIX: Final = r"(?<![0-9A-Za-z:.])(?=[0-9A-Fa-f.]*:[0-9A-Fa-f.]*:)[0-9A-Fa-f:.]{2,45}(?:/[0-9]{1,3})?"
_ADDRESS: Final = re.compile(rf"(?<![0-9A-Za-z_.]){_DOTTED}|(?<![0-9A-Za-z_]){_HOST}|{_SIX}")
_AGENT: Final = re.compile(rf"(?<![0-9A-Za-z_.])(?<![0-9A-Za-z_]/){_DOTTED}|(?<![0-9A-Za-z_]){_HOST}|{_SIX}")

_REQUESTER: Final = re.compile(
    r"(?P<requester>"
    r"arn:aws[a-z-]*:iam::cloudfront:user/CloudFront Origin Access Identity [A-Z0-9]+"
    r"|arn:aws[a-z-]*:(?:iam|sts):(?!:aws:)[^\s\"'<>|()\[\]{}]*[^\s\"'<>|()\[\]{}.,:;]"
    r"|(?<![0-9A-Za-z])[0-9a-f]{64}(?![0-9A-Za-z])"
    # NOTE: ids of IAM, which a signature names: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
    r"|(?<![0-9A-Za-z])(?:ABIA|ACCA|AGPA|AIDA|AIPA|AKIA|ANPA|ANVA|APKA|AROA|ASCA|ASIA)[A-Z0-9]{12,124}(?::[\w+=,.@-]+)?"
    r")|(?<![\w.-])(?P<account>[0-9]{12})(?![\w-]|\.[0-9])"
)


SUSPECT: Final = {
    "ip": r"[0-9]\.[0-9]|:[0-9A-Fa-f.]*:|(?i:ip|ec2)-[0-9]|%",
    "requester": r"arn:|[0-9]{12}|[0-9a-f]{64}|A[A-Z]{3}[A-Z0-9]{12}|%",
}
"""Part of every text in which something of a kind is replaced, or might be were what is in percent read; for Rust's regular expressions."""


def scrubbed(text: str, kinds: AbstractSet[str], pseudonym: Pseudonym, *, is_agent: bool = False) -> str:
    """The text with addresses (kind ``ip``) and what names a requester (kind ``requester``) replaced by their pseudonyms."""
    if "requester" in kinds:
        text = _REQUESTER.sub(lambda match: pseudonym(str(match.lastgroup), match[0]), text)
    if "ip" in kinds:
        text = (_AGENT if is_agent else _ADDRESS).sub(lambda match: _address(match[0], pseudonym), text)
    return text


def _address(found: str, pseudonym: Pseudonym) -> str:
    """What stands for a text that may be an address, or a network, and behind it what does not belong to it."""
    text = found.rstrip(".:") if not found.endswith("::") else found
    address, slash, _ = text.partition("/")
    if ":" in address:
        try:
            ipaddress.IPv6Address(address)
        except ValueError:
            return found
        if not address.strip(":"):
            return found  # NOTE: "::" alone is no one's.
    return pseudonym("network" if slash else "ip", text) + found[len(text) :]
