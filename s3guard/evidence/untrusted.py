"""JSON as a stranger wrote it: read within bounds, and refused where two readers could read it in two ways."""

from __future__ import annotations

import json
import re
from typing import Final, TypeVar

LONGEST_TEXT: Final = 200
"""Characters of a stranger's text that an error quotes."""
DEEPEST: Final = 100
"""Levels of lists and objects; what s3guard writes has a dozen."""

_SIGNS: Final = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[\]{}]', re.DOTALL)
"""Texts, so that what stands in them is passed over, and what opens and closes."""
_T = TypeVar("_T")


class WrongError(Exception):
    """A member does not hold what it must; the message is a clause for people, in which a stranger's text is raw."""


def quoted(text: object) -> str:
    """A stranger's text within an error: not long; whoever shows the error makes it visible."""
    told = str(text)
    return f"'{told if len(told) <= LONGEST_TEXT else told[: LONGEST_TEXT - 1] + '…'}'"


def loads(data: bytes) -> object:
    """The value of a JSON text; WrongError where it is none.

    It is none where it is no UTF-8, nests deeper than `DEEPEST`, says a key twice, or holds a number that JSON does not know.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise WrongError(f"is no UTF-8 text (byte {error.start:,})") from error
    _flat(text)
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except RecursionError as error:
        raise WrongError("nests deeper than anything that s3guard writes") from error
    except json.JSONDecodeError as error:
        raise WrongError(f"is no JSON: {error.msg} (line {error.lineno:,}, column {error.colno:,})") from error
    except ValueError as error:
        raise WrongError(f"is no JSON that can be read: {quoted(error)}") from error


def shaped(shape: type[_T], data: bytes) -> _T:
    """The JSON text as a value of `shape`, strictly; WrongError says where it is another."""
    from pydantic import TypeAdapter, ValidationError

    loads(data)
    try:
        return TypeAdapter(shape).validate_json(data, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"][-6:])
        raise WrongError(f"is not what s3guard writes: {quoted(where)}: {quoted(first['msg'])}") from error


def _flat(text: str) -> None:
    """WrongError for what nests too deep, before anything recurses into it."""
    depth = 0
    for sign in _SIGNS.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(sign[0], 0)
        if depth > DEEPEST:
            raise WrongError("nests deeper than anything that s3guard writes")


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]  # it is False then
        raise WrongError(f"says {quoted(twice)} twice in one place")
    return found


def _no_number(name: str) -> object:
    raise WrongError(f"holds {name}, which is no number of JSON")
