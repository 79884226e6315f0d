"""JSON text becomes values, strictly: no name twice in an object, no number that is none; and a long text a piece at a time.

NOTE: a text of many tiny values becomes twenty times as large in memory as it is. Only a message of CloudWatch Logs may be long, and is
read event by event; of an event nothing is kept but its message.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

EVENTS: Final = "logEvents"
"""The member of a message of CloudWatch Logs that holds its events."""
LARGEST: Final = 10**18 - 1
"""The largest number of a field: eighteen digits, as in a line of log."""

_WINDOWS: Final = (1 << 8, 1 << 12, 1 << 16, 4 << 20)
"""Characters of a value in a long text that are looked at, the fewest first. A record of a MiB is a text of twice that at most."""
_LACKING: Final = 1_000
"""Events without a message after which a text is none that CloudWatch Logs sent; the others would only cost time."""
_SPACE: Final = re.compile(r"[ \t\r\n]*")


class DamagedError(Exception):
    """The document is no record; the message says why."""


class Members(tuple[tuple[str, object], ...]):
    """The members of a JSON object, none of them twice."""

    __slots__ = ()

    def __new__(cls, members: Sequence[tuple[str, object]]) -> Self:
        """Refuses a name that comes twice: whoever reads the first and whoever reads the last would see different records."""
        if len({name for name, _ in members}) < len(members):
            raise DamagedError("a field comes twice")
        return super().__new__(cls, members)


@dataclass(slots=True)
class Messages:
    """The messages of the events of an envelope."""

    texts: list[str]
    lacking: int = 0
    """Events that have none."""

    def add(self, event: object) -> None:
        """Take the message of an event."""
        message = dict(event).get("message") if isinstance(event, Members) else None
        if isinstance(message, str):
            self.texts.append(message)
        else:
            self.lacking += 1


def _refuse(constant: str) -> object:
    raise DamagedError(f"not JSON: {constant} is no number")


def _number(digits: str) -> int:
    # NOTE: Python refuses to convert very long ones, and nobody needs them.
    return int(digits) if len(digits) <= len(str(LARGEST)) + 1 else LARGEST + 1


_DECODER: Final = json.JSONDecoder(object_pairs_hook=Members, parse_constant=_refuse, parse_int=_number)


def decoded(text: str) -> object:
    """The value of a JSON text, objects as `Members`; `DamagedError`, ValueError and RecursionError for what is none."""
    return _DECODER.decode(text)


def decoded_long(text: str) -> Members:
    """The members of a long JSON object, its events as `Messages`; errors as those of `decoded`, and `DamagedError` for any other text."""
    members: list[tuple[str, object]] = []
    at = _past(text, _space(text, 0), "{")
    while True:
        name, at = _value(text, _space(text, at))
        if not isinstance(name, str):
            raise DamagedError("not JSON: a name that is no text")
        at = _space(text, _past(text, _space(text, at), ":"))
        value: object
        if name == EVENTS and text.startswith("[", at):
            value, at = _events(text, at + 1)
        else:
            value, at = _value(text, at)
        members.append((name, value))
        at = _space(text, at)
        if not text.startswith(",", at):
            break
        at += 1
    if _space(text, _past(text, at, "}")) < len(text):
        raise json.JSONDecodeError("Extra data", text, at + 1)
    return Members(members)


def _events(text: str, at: int) -> tuple[Messages, int]:
    """The messages of an array of events, and where it ends."""
    found = Messages([])
    at = _space(text, at)
    if text.startswith("]", at):
        return found, at + 1
    while True:
        event, at = _value(text, _space(text, at))
        found.add(event)
        if found.lacking > _LACKING:
            raise DamagedError("events without a message")
        at = _space(text, at)
        if not text.startswith(",", at):
            return found, _past(text, at, "]")
        at += 1


def _value(text: str, at: int) -> tuple[object, int]:
    """The value that begins at a place, and where it ends."""
    for size in _WINDOWS:
        window = text[at : at + size]
        is_all = at + len(window) == len(text)
        try:
            value, end = _DECODER.raw_decode(window)
        except json.JSONDecodeError as error:
            if is_all:
                raise json.JSONDecodeError(error.msg, text, at + error.pos) from error
            continue
        if end + 4 < len(window) or is_all:  # NOTE: a number may go on behind the window, which then ends with a part of its exponent
            return value, at + end
    raise DamagedError("longer than 1 MiB")


def _space(text: str, at: int) -> int:
    return _SPACE.match(text, at).end()  # type: ignore[union-attr]  # nothing is matched, too


def _past(text: str, at: int, mark: str) -> int:
    if not text.startswith(mark, at):
        raise json.JSONDecodeError(f"Expecting '{mark}' delimiter", text, at)
    return at + 1
