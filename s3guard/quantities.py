"""Quantities as people write them (durations, sizes, shares, counts, flags): exact parsing, clear errors, JSON Schema.

Every parser takes the text of a policy or a native number in the canonical unit, and raises ValueError with a sentence that
says what was meant. The pydantic types at the end are these parsers; they serialise to the text again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Annotated, Final

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from s3guard.durations import UNITS, duration_text, window_text
from s3guard.problems import quoted

LARGEST: Final = 2**63 - 1
"""The largest number that a quantity may have in its canonical unit: what a 64-bit column holds."""

_NUMBER: Final = r"[0-9]{1,18}(?:\.[0-9]{1,9})?"
_SECOND: Final = UNITS["s"]
_SIZE_UNITS: Final = {
    "B": 1,
    **{unit: 1000**power for power, unit in enumerate(("KB", "MB", "GB", "TB"), 1)},
    **{unit: 1024**power for power, unit in enumerate(("KiB", "MiB", "GiB", "TiB"), 1)},
}
_DURATION: Final = re.compile(rf"({_NUMBER})(ms|s|m|h|d)")
_SIZE: Final = re.compile(rf"({_NUMBER})({'|'.join(_SIZE_UNITS)})?")
_WHOLE: Final = 100  # percent
_SHARE: Final = re.compile(rf"({_NUMBER})(%)?")
_LOOSE: Final = re.compile(r"\s*([0-9]{1,9}(?:\.[0-9]{1,9})?)\s*([A-Za-z]+)\s*(?:,|and\b)?")

_DURATION_ADVICE: Final = "write a number and one of ms, s, m, h, d, such as 250ms, 10m or 24h"
_SIZE_ADVICE: Final = "write a number and a unit such as 10MB or 50GiB, or a plain number of bytes"
_SHARE_ADVICE: Final = "write 1% or 0.01"


def _written(value: object, noun: str, advice: str) -> str:
    """The text of a scalar; ValueError for what is no text."""
    if value is None or value == "":
        raise ValueError(f"nothing is written where {noun} belongs; {advice}")
    if isinstance(value, bool | dict | list | tuple):
        found = {bool: quoted(str(value).lower()), dict: "a mapping"}.get(type(value), "a list")
        raise ValueError(f"{found} is not {noun}; {advice}")  # noqa: TRY004 - pydantic gives a place to ValueError only
    return str(value)


def _number(value: object) -> int | None:
    """The value when it is a native whole number (not a bool), else None."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _within(number: int, written: object, noun: str) -> int:
    if number < 0:
        raise ValueError(f"{quoted(str(written))} is negative; {noun} is 0 or more")
    if number > LARGEST:
        raise ValueError(f"{quoted(str(written))} is too large")
    return number


def duration(value: object) -> int:
    """Milliseconds of ``15ms 30s 10m 24h 90d``; a native int is milliseconds already."""
    native = _number(value)
    if native is not None:
        return _within(native, value, "a duration")
    text = _written(value, "a duration", _DURATION_ADVICE)
    match = _DURATION.fullmatch(text)
    if not match:
        raise ValueError(f"{quoted(text)} is not a duration; {_meant_duration(text)}")
    exact = Fraction(match[1]) * UNITS[match[2]]
    if exact.denominator != 1:
        raise ValueError(f"{quoted(text)} is not a whole number of milliseconds")
    return _within(int(exact), text, "a duration")


def window(value: object) -> int:
    """Seconds of a duration of at least one second, in whole seconds; a native int is seconds already."""
    native = _number(value)
    milliseconds = native * _SECOND if native is not None else duration(value)
    if milliseconds < _SECOND:
        raise ValueError(f"{quoted(str(value))} is too short: access logs tell time to the second; write 1s or more")
    if milliseconds % _SECOND:
        raise ValueError(
            f"{quoted(str(value))} is not in whole seconds, which is all that access logs tell; write {milliseconds // _SECOND}s"
        )
    return _within(milliseconds // _SECOND, value, "a window")


def _meant_duration(text: str) -> str:
    """Advice for a text that is no duration: what was probably meant, else the grammar."""
    total, at = Fraction(0), 0
    while at < len(text):
        match = _LOOSE.match(text, at)
        unit = _unit_meant(match[2].lower()) if match else None
        if not match or unit is None:
            return _bare(text, "s, m or h") or _DURATION_ADVICE
        total, at = total + Fraction(match[1]) * unit, match.end()
    return f"write {duration_text(int(total))}" if total.denominator == 1 else _DURATION_ADVICE


def _unit_meant(word: str) -> int | None:
    words = {"ms": "ms msec msecs millis millisecond milliseconds", "s": "s sec secs second seconds", "m": "m min mins minute minutes"}
    words |= {"h": "h hr hrs hour hours", "d": "d day days"}
    for unit, spellings in words.items():
        if word in spellings.split():
            return UNITS[unit]
    return 7 * UNITS["d"] if word in ("w", "week", "weeks") else None


def _bare(text: str, units: str) -> str | None:
    return f"it has no unit: write {text} and one of {units}" if re.fullmatch(_NUMBER, text) else None


def size(value: object) -> int:
    """Bytes of ``10MB`` (decimal), ``50GiB`` (binary) or a plain number of bytes."""
    native = _number(value)
    if native is not None:
        return _within(native, value, "a size")
    text = _written(value, "a size", _SIZE_ADVICE)
    match = _SIZE.fullmatch(text)
    if not match:
        raise ValueError(f"{quoted(text)} is not a size; {_meant_size(text)}")
    exact = Fraction(match[1]) * _SIZE_UNITS[match[2] or "B"]
    if exact.denominator != 1:
        raise ValueError(f"{quoted(text)} is not a whole number of bytes")
    return _within(int(exact), text, "a size")


def _meant_size(text: str) -> str:
    match = re.fullmatch(rf"\s*({_NUMBER})\s*([KMGT])?(i)?(?:b|bytes?)?\s*", text, re.IGNORECASE)
    if not match:
        return _SIZE_ADVICE
    number, prefix, binary = match[1], (match[2] or "").upper(), match[3]
    if not prefix:
        return f"write {number}B"
    if binary:
        return f"write {number}{prefix}iB"
    return f"write {number}{prefix}B (powers of 1000) or {number}{prefix}iB (powers of 1024)"


def size_text(number: int) -> str:
    """The shortest text of a number of bytes: ``50GiB`` for 53687091200."""
    fits = [(number // length, unit) for unit, length in _SIZE_UNITS.items() if number % length == 0]
    quotient, unit = min(fits, key=lambda fit: fit[0]) if number else (0, "B")
    return f"{quotient}{unit}"


def share(value: object) -> Fraction:
    """The exact fraction in 0 to 1 of ``1%`` or ``0.01``; native numbers by their decimal text."""
    if isinstance(value, Fraction):
        exact, text = value, str(value)
    else:
        text = _written(value, "a share", _SHARE_ADVICE)
        match = _SHARE.fullmatch(text) or (re.fullmatch(r"([0-9.]+e-[0-9]{1,2})(%)?", text) if isinstance(value, float) else None)
        if not match:
            raise ValueError(f"{quoted(text)} is not a share; {_meant_share(text)}")
        exact = Fraction(match[1]) / (_WHOLE if match[2] else 1)
    if not 0 <= exact <= 1:
        meant = f"; did you mean {text}%?" if 1 < exact <= _WHOLE and "%" not in text else ""
        raise ValueError(f"{quoted(text)} is no share of a whole: a share lies between 0% and 100% (0 and 1){meant}")
    return exact


def _meant_share(text: str) -> str:
    match = re.fullmatch(rf"\s*({_NUMBER}|[0-9]*[.,][0-9]{{1,9}})\s*(%|percent|per ?cent)?\s*", text, re.IGNORECASE)
    if not match:
        return _SHARE_ADVICE
    number = match[1].replace(",", ".")
    return f"write {'0' if number.startswith('.') else ''}{number}{'%' if match[2] else ''}"


def share_text(exact: Fraction) -> str:
    """A share as a percentage: ``1%`` for 1/100; a fraction without a finite decimal as ``1/3``."""
    rest = exact.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest != 1:
        return str(exact)
    percent, digits = exact * _WHOLE, 0
    while (percent * 10**digits).denominator != 1:
        digits += 1
    whole, decimals = divmod(int(percent * 10**digits), 10**digits)
    return f"{whole}.{decimals:0{digits}}%" if digits else f"{whole}%"


def count(value: object) -> int:
    """A whole number, 0 or more."""
    native = _number(value)
    if native is not None:
        return _within(native, value, "a count")
    text = _written(value, "a count", "write a whole number such as 20")
    if re.fullmatch(r"-?[0-9]{1,19}", text):
        return _within(int(text), text, "a count")
    plain = re.sub(r"(?<=[0-9])[,_' ](?=[0-9]{3})|(?<=[0-9])\.0+$", "", text.strip())
    meant = plain if re.fullmatch(r"[0-9]{1,18}", plain) else "a whole number such as 20"
    raise ValueError(f"{quoted(text)} is not a count; write {meant}")


def positive(value: object) -> int:
    """A whole number, 1 or more."""
    number = count(value)
    if number < 1:
        raise ValueError(f"{quoted(str(value))} is too small; write 1 or more")
    return number


def factor(value: object) -> Fraction:
    """An exact number over 0, such as ``3`` or ``2.5``."""
    if isinstance(value, Fraction):
        exact = value
    else:
        text = _written(value, "a number", "write a number such as 3 or 2.5")
        if not re.fullmatch(_NUMBER, text):
            raise ValueError(f"{quoted(text)} is not a number over 0; write a number such as 3 or 2.5")
        exact = Fraction(text)
    if exact <= 0:
        raise ValueError(f"{quoted(str(value))} is too small; write a number over 0 such as 3 or 2.5")
    return exact


def flag(value: object) -> bool:
    """Whether ``true`` or ``false`` was written; nothing else is a flag (YAML 1.2 has no ``yes`` and no ``on``)."""
    if isinstance(value, bool):
        return value
    text = _written(value, "true or false", "write true or false")
    if text in ("true", "false"):
        return text == "true"
    meanings = {"true": ("true", "yes", "on", "y", "1"), "false": ("false", "no", "off", "n", "0")}
    meant = [meaning for meaning, spellings in meanings.items() if text.strip().lower() in spellings]
    raise ValueError(f"{quoted(text)} is not true or false; write {meant[0] if meant else 'true or false'}")


def _schema(description: str, examples: Sequence[object], **keywords: object) -> WithJsonSchema:
    return WithJsonSchema({**keywords, "description": description, "examples": list(examples)})


_DURATION_PATTERN: Final = r"^[0-9]{1,18}(\.[0-9]{1,9})?(ms|s|m|h|d)$"
_SIZE_PATTERN: Final = rf"^[0-9]{{1,18}}(\.[0-9]{{1,9}})?({'|'.join(_SIZE_UNITS)})?$"
_SHARE_PATTERN: Final = r"^[0-9]{1,18}(\.[0-9]{1,9})?%?$"

Duration = Annotated[
    int,
    BeforeValidator(duration),
    PlainSerializer(duration_text, return_type=str, when_used="json-unless-none"),
    _schema("A duration: a number and ms, s, m, h or d.", ["250ms", "10m", "24h", "90d"], type="string", pattern=_DURATION_PATTERN),
]
"""Milliseconds, from ``250ms``, ``10m``, ``24h``."""

Window = Annotated[
    int,
    BeforeValidator(window),
    PlainSerializer(window_text, return_type=str, when_used="json-unless-none"),
    _schema("A duration in whole seconds.", ["30s", "10m", "24h"], type="string", pattern=_DURATION_PATTERN),
]
"""Seconds, one or more, from ``30s``, ``10m``, ``24h``."""

Size = Annotated[
    int,
    BeforeValidator(size),
    PlainSerializer(size_text, return_type=str, when_used="json-unless-none"),
    _schema(
        "A number of bytes: KB MB GB TB are powers of 1000, KiB MiB GiB TiB of 1024.",
        ["10MB", "50GiB"],
        anyOf=[{"type": "string", "pattern": _SIZE_PATTERN}, {"type": "integer", "minimum": 0}],
    ),
]
"""Bytes, from ``10MB``, ``50GiB`` or a plain number."""

Share = Annotated[
    Fraction,
    BeforeValidator(share),
    PlainSerializer(share_text, return_type=str, when_used="json-unless-none"),
    _schema(
        "A share of a whole, 0% to 100% or 0 to 1.",
        ["1%", 0.01],
        anyOf=[{"type": "string", "pattern": _SHARE_PATTERN}, {"type": "number", "minimum": 0, "maximum": 1}],
    ),
]
"""An exact fraction in 0 to 1, from ``1%`` or ``0.01``."""

Count = Annotated[int, BeforeValidator(count), _schema("A whole number, 0 or more.", [0, 20], type="integer", minimum=0)]
"""A whole number, 0 or more."""

Positive = Annotated[int, BeforeValidator(positive), _schema("A whole number, 1 or more.", [1, 100], type="integer", minimum=1)]
"""A whole number, 1 or more."""

Factor = Annotated[
    Fraction,
    BeforeValidator(factor),
    PlainSerializer(float, return_type=float, when_used="json-unless-none"),
    _schema("A number over 0.", [3, 2.5], type="number", exclusiveMinimum=0),
]
"""An exact number over 0."""

Flag = Annotated[bool, BeforeValidator(flag), _schema("true or false.", [True], type="boolean")]
"""true or false, and nothing else."""
