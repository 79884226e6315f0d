"""OSCAL's datatypes: UUIDs that stay the same, tokens for control ids, properties, markup that log text cannot write."""

from __future__ import annotations

import re
import uuid
from typing import Final
from urllib.parse import quote

from s3guard.text import shorten, shown

NAMESPACE: Final = "urn:s3guard:oscal"
"""Of properties that are s3guard's own."""
_ROOT: Final = uuid.uuid5(uuid.NAMESPACE_URL, NAMESPACE)
_TEXT: Final = 2_000
"""Characters of a value at most."""
_MARKUP: Final = re.compile(r"([\\`*\[\]<>&~|])")
_FOREIGN: Final = re.compile(r"[^A-Za-z0-9._]+")
_PREFIXES: Final = {"pci-dss": "pci", "nist-800-53": "", "iso-27001": "iso", "cis-aws": "cis"}
"""What control ids of a framework begin with, where that is not its name; NIST's are those of its own OSCAL catalogue."""
_ENHANCED: Final = re.compile(r"([A-Z]{2})-([0-9]+)(?:\(([0-9]+)\))?")


def id_of(kind: str, *parts: str | None) -> str:
    """A UUID, version 5, that is the same wherever the same thing is meant."""
    return str(uuid.uuid5(_ROOT, repr((kind, *parts))))


def token(framework: str, control: str) -> str:
    """A control's id as OSCAL writes ids: ``pci-10.2.1``, ``hipaa-164.312-b``; of NIST SP 800-53 as in its own catalogue: ``au-6.1``."""
    name = next((known for known in _PREFIXES if framework == known or framework.startswith(f"{known}-")), framework)
    if name == "nist-800-53" and (found := _ENHANCED.fullmatch(control)):
        return f"{found[1].lower()}-{found[2]}" + (f".{found[3]}" if found[3] else "")
    plain = _FOREIGN.sub("-", f"{_PREFIXES.get(name, name) or 'nist'}-{control}").strip("-.")
    return plain if re.match(r"[A-Za-z_]", plain) else f"x-{plain}"


def line(text: str) -> str:
    """Log text as a value: visible, never empty, no space at either end."""
    return shorten(shown(text), _TEXT).strip() or "-"


def markup(text: str) -> str:
    """Log text inside a sentence, which readers take for Markdown: no link, no image, no element is made of it."""
    return _MARKUP.sub(r"\\\1", shorten(shown(text), _TEXT)).strip() or "-"


def prop(name: str, value: object) -> dict[str, str]:
    """A property of our own; what OSCAL has no place for."""
    return {"name": _FOREIGN.sub("-", name).strip("-.") or "x", "ns": NAMESPACE, "value": line(str(value))}


def href(place: str) -> str:
    """A reference to a file or log object; what is not plain is percent-encoded, so that no text becomes another scheme."""
    scheme, rest = ("s3://", place[5:]) if place.startswith("s3://") else ("", place.replace("\\", "/"))
    return scheme + (quote(shown(rest).lstrip("/"), safe="/") or "-")
