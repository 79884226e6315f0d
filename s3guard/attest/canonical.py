"""JSON with one spelling, RFC 8785, so that what was signed is the same bytes wherever it is written; and its strict reader."""

from __future__ import annotations

import json
from typing import Any, Final, NoReturn

_SAFE: Final = 2**53
"""Where JSON's numbers stop to be exact, RFC 8785, appendix D."""


def canonical(value: object) -> bytes:
    """The bytes of RFC 8785 that stand for a value: UTF-8, keys sorted, no space, no line break at the end.

    ValueError for what such JSON cannot hold: integers from 2^53 on (write a text), NaN, lone surrogates, keys that are no text, and
    what is neither text, number, truth, None, list, tuple nor dictionary.
    """
    import rfc8785

    try:
        return rfc8785.dumps(value)  # type: ignore[arg-type]  # it looks at what it is given, and refuses by name
    except RecursionError:
        raise ValueError("this is nested too deeply for JSON") from None


def parsed(data: bytes, *, strict: bool = False) -> Any:  # noqa: ANN401 - whatever JSON holds
    """The value of JSON that a stranger may have written; `strict`: that is spelled as RFC 8785 says, to the byte.

    ValueError for what two readers could take for two things: a key that stands twice, NaN, integers that are not exact, what is no
    UTF-8; and for what is nested too deeply.
    """
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_number, parse_int=_exact)
    except RecursionError:
        raise ValueError("this is nested too deeply") from None
    if strict and canonical(value) != data:
        raise ValueError("this is JSON, but not spelled as RFC 8785 says, so it was not written by s3guard")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands there twice")
    return found


def _no_number(_text: str) -> NoReturn:
    raise ValueError("there is a number that JSON does not know")


def _exact(text: str) -> int:
    if len(text) > 17 or abs(number := int(text)) >= _SAFE:
        raise ValueError("there is a number that not every reader of JSON reads exactly")
    return number
