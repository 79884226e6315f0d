"""Values of a template that may not be settled before it is deployed, and how facts are read of them.

A value is what JSON has, or `Pending`. Readers raise `NotKnownError` for what is pending and for what makes no sense where it stands, so
that the fact is unknown with that reason; nothing here guesses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias, TypeVar

from s3guard.audit.facts import Absent, Fact, NotKnownError, Origin, Unknown, Value, is_symbolic
from s3guard.problems import quoted

T = TypeVar("T")

_FLAGS: Final = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_WHOLE: Final = re.compile(r"-?[0-9]{1,9}")
_SYMBOL: Final = re.compile(r"\$\{[^}]*\}")


@dataclass(frozen=True, slots=True)
class Pending:
    """A value that nobody knows yet."""

    reason: str
    """A clause for people, without a full stop: ``known after apply``."""


Tree: TypeAlias = "str | int | float | bool | list[Tree] | dict[str, Tree] | Pending | None"
"""A value of a template."""


def symbol(name: str) -> str:
    """What stands for a value that is not known yet, ``${name}``; a brace within the name would end it too soon."""
    return f"${{{name.replace('{', '(').replace('}', ')')}}}"


def symbols(text: str) -> tuple[str, ...]:
    """The symbols of a text, without their braces."""
    return tuple(found[2:-1] for found in _SYMBOL.findall(text))


def deployed(text: str) -> str:
    """Why a text with a symbol is not known, where nobody knows better."""
    return f"{quoted(text)} is known once it is deployed"


@dataclass(frozen=True, slots=True)
class Block:
    """The settings of one resource, or of a block within it, by their keys."""

    values: Mapping[str, Tree]
    name: str
    """As reasons name it: ``Logs.LoggingConfiguration``."""
    why: Callable[[str], str] = deployed
    """Why a text with a symbol is not known."""

    def text(self, key: str, *, symbolic: bool = False) -> str | None:
        """A text that is not empty, None where there is none; with `symbolic` one that may hold symbols."""
        found = self._one(key)
        if found is None or found == "":
            return None
        return self._text(found, key, symbolic=symbolic)

    def needed(self, key: str, *, symbolic: bool = False) -> str:
        """A text that must be there."""
        found = self.text(key, symbolic=symbolic)
        if found is None:
            raise NotKnownError(f"{self.name} has no {key}")
        return found

    def texts(self, key: str, *, symbolic: bool = False) -> tuple[str, ...]:
        """A list of texts, none where there is none; one text is a list of it."""
        found = self._one(key)
        items = found if isinstance(found, list) else [] if found is None else [found]
        return tuple(self._text(self._settled(item), key, symbolic=symbolic) for item in items)

    def whole(self, key: str) -> int | None:
        """A whole number, in digits or as one; None where there is none."""
        found = self._one(key)
        if found is None:
            return None
        if isinstance(found, float) and found.is_integer():
            found = int(found)
        written = str(found) if isinstance(found, int) and not isinstance(found, bool) else found
        if isinstance(written, str):
            if _WHOLE.fullmatch(written):
                return int(written)
            self._no_symbol(written)
        raise self._odd(key, "a whole number")

    def flag(self, key: str, *, default: bool = False) -> bool:
        """Yes or no."""
        found = self._one(key)
        if found is None:
            return default
        if isinstance(found, bool):
            return found
        if isinstance(found, str):
            if (said := _FLAGS.get(found.lower())) is not None:
                return said
            self._no_symbol(found)
        raise self._odd(key, "yes or no")

    def block(self, key: str) -> Block | None:
        """A block within; None where there is none. A list of one block is that block, as Terraform writes it."""
        found = self.blocks(key)
        if len(found) > 1:
            raise NotKnownError(f"{self.name} has {len(found)} of {key}, where one is expected")
        return found[0] if found else None

    def blocks(self, key: str) -> tuple[Block, ...]:
        """The blocks of a list; none where there is none, and one where it is no list."""
        found = self._one(key)
        items = found if isinstance(found, list) else [] if found is None else [found]
        return tuple(self._block(self._settled(item), key) for item in items)

    def needed_block(self, key: str) -> Block:
        """A block that must be there."""
        found = self.block(key)
        if found is None:
            raise NotKnownError(f"{self.name} has no {key}")
        return found

    def pairs(self, key: str) -> tuple[tuple[str, str], ...]:
        """A mapping of texts to texts, as Terraform writes tags."""
        found = self.block(key)
        return () if found is None else tuple((name, found.text(name) or "") for name in sorted(found.values))

    def _one(self, key: str) -> Tree:
        return self._settled(self.values.get(key))

    def _settled(self, value: Tree) -> Tree:
        if isinstance(value, Pending):
            raise NotKnownError(value.reason)
        return value

    def _text(self, value: Tree, key: str, *, symbolic: bool) -> str:
        if not isinstance(value, str):
            raise self._odd(key, "text")
        if not symbolic:
            self._no_symbol(value)
        return value

    def _block(self, value: Tree, key: str) -> Block:
        if not isinstance(value, dict):
            raise self._odd(key, "a mapping")
        return Block(value, f"{self.name}.{key}", self.why)

    def _no_symbol(self, text: str) -> None:
        if is_symbolic(text):
            raise NotKnownError(self.why(text))

    def _odd(self, key: str, wanted: str) -> NotKnownError:
        return NotKnownError(f"{key} of {self.name} makes no sense: {wanted} is expected")


def fact(read: Callable[[], T | None], origin: Origin) -> Fact[T]:
    """What `read` gives: absent where that is None, unknown where it raises NotKnownError."""
    try:
        found = read()
    except NotKnownError as error:
        return Unknown(str(error), origin=origin)
    return Absent("", origin) if found is None else Value(found, origin)
