"""What people write in policies: lists, truths, durations, sizes, shares, globs."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

MILLISECONDS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 7 * 86_400_000}
BYTES = {"": 1, "B": 1}
BYTES |= {unit + "B": 1000**power for power, unit in enumerate(["k", "M", "G", "T", "P"], 1)} | {"KB": 1000}
BYTES |= {unit + "iB": 1024**power for power, unit in enumerate(["K", "M", "G", "T", "P"], 1)}


def listed(value: Any) -> list[Any]:
    """One value or a list of them, as a list; nothing is the empty list."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def enabled(rule: dict[str, Any]) -> bool:
    """Whether a rule is switched on."""
    return str(rule.get("enabled", "true")).lower() != "false"


def duration(value: Any) -> int:
    """`15ms 30s 10m 24h 90d` in milliseconds."""
    match = re.fullmatch("([0-9]+)(ms|s|m|h|d|w)", str(value))
    if match is None:
        raise ValueError(f"no duration: {value}")
    return int(match[1]) * MILLISECONDS[match[2]]


def size(value: Any) -> int:
    """`10MiB 5GB 123` in bytes."""
    match = re.fullmatch("([0-9]+) ?([A-Za-z]*)", str(value))
    if match is None:
        raise ValueError(f"no size: {value}")
    return int(match[1]) * BYTES[match[2]]


def share(value: Any) -> Fraction:
    """`1%` or `0.01`, exactly."""
    written = str(value)
    return Fraction(written.removesuffix("%")) / 100 if written.endswith("%") else Fraction(written)


def glob(pattern: str, value: str) -> bool:
    """Whether a text matches; `*` and `?` match any character, line ends and `/` too."""
    wanted = "".join(".*" if letter == "*" else "." if letter == "?" else re.escape(letter) for letter in pattern)
    return re.fullmatch(wanted, value, re.DOTALL) is not None
