"""Terraform's language, read as far as values need it: blocks, attributes, and the expressions that policies are written with.

https://developer.hashicorp.com/terraform/language/syntax/configuration and
https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md. What is not read (operators, ``for``, splats, directives of templates) becomes
`Opaque`, of which nobody claims to know anything; a file that is none becomes `BrokenError`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from s3guard.audit.terraform.cursor import BrokenError, Cursor
from s3guard.audit.terraform.syntax import Block, Body, Call, Choice, Entries, Expression, Items, Literal, Opaque, Reference, Template

_DEPTH: Final = 50
_NAME: Final = re.compile(r"[A-Za-z_][\w-]*")
_NUMBER: Final = re.compile(r"[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_OPERATOR: Final = re.compile(r"==|!=|<=|>=|&&|\|\||[-+*/%<>]")
_HEREDOC: Final = re.compile(r"<<(-?)([A-Za-z_][\w-]*)[ \t]*\r?\n")
_ESCAPE: Final = re.compile(r'\\(?:[nrt"\\]|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})')
_WORDS: Final = {"true": True, "false": False, "null": None}


def parse(text: str) -> Body:
    """The body of a file; BrokenError where it is none."""
    reader = _Reader(text)
    body = reader.body(0)
    if reader.at < len(text):
        raise BrokenError(f"nothing that is known begins at character {reader.at}")
    return body


class _Reader(Cursor):
    """The grammar, over one text."""

    # Bodies.

    def body(self, depth: int) -> Body:
        """Attributes and blocks up to a closing brace or the end."""
        if depth > _DEPTH:
            raise BrokenError("nested too deep")
        found = Body()
        while True:
            self.space(lines=True)
            name = self.match(_NAME)
            if name is None:
                return found
            self.space()
            if self.stands("=") and not self.stands("=="):
                self.at += 1
                found.attributes[name] = self.expression(depth + 1)
            else:
                labels = tuple(self._labels())
                self.need("{")
                found.blocks.append(Block(name, labels, self.body(depth + 1)))
                self.need("}")

    def _labels(self) -> Iterator[str]:
        while not self.stands("{"):
            label = self.match(_NAME)
            if label is None:
                quoted = self._quoted(0)
                if not isinstance(quoted, Literal):
                    raise BrokenError("a label that is no plain text")
                label = str(quoted.value)
            yield label
            self.space()

    # Expressions.

    def expression(self, depth: int, *, lines: bool = False) -> Expression:
        """An expression; within brackets (`lines`) it goes over ends of lines."""
        if depth > _DEPTH:
            raise BrokenError("nested too deep")
        found = self._operand(depth, lines=lines)
        self.space(lines=lines)
        if self.stands("=>") or not (operator := self.match(_OPERATOR)):
            return self._choice(found, depth, lines=lines)
        while operator:
            self._operand(depth, lines=lines)
            self.space(lines=lines)
            operator = self.match(_OPERATOR)
        return self._choice(Opaque(), depth, lines=lines)

    def _choice(self, test: Expression, depth: int, *, lines: bool) -> Expression:
        if not self.take("?"):
            return test
        one = self.expression(depth + 1, lines=lines)
        self.space(lines=lines)
        self.need(":")
        return Choice(test, (one, self.expression(depth + 1, lines=lines)))

    def _operand(self, depth: int, *, lines: bool) -> Expression:
        self.space(lines=lines)
        if self.take("!") or self.take("-"):
            self._operand(depth, lines=lines)
            return Opaque()
        return self._followed(self._primary(depth), depth)

    def _primary(self, depth: int) -> Expression:
        if self.stands('"'):
            return self._quoted(depth)
        if self.stands("<<"):
            return self._heredoc(depth)
        if self.take("("):
            found = self.expression(depth + 1, lines=True)
            self.space(lines=True)
            self.need(")")
            return found
        if self.take("["):
            return self._items(depth)
        if self.take("{"):
            return self._entries(depth)
        number = self.match(_NUMBER)
        if number is not None:
            return Literal(float(number) if re.search("[.eE]", number) else int(number))
        name = self.match(_NAME)
        if name is None:
            raise BrokenError(f"no expression at character {self.at}")
        if name in _WORDS:
            return Literal(_WORDS[name])
        while self.take("::"):
            name = f"{name}::{self.match(_NAME)}"
        return Call(name, self._arguments(depth)) if self.take("(") else Reference((name,))

    def _followed(self, found: Expression, depth: int) -> Expression:
        """With the names and indices behind it."""
        names: list[str | Expression] = list(found.names) if isinstance(found, Reference) else []
        is_known = isinstance(found, Reference)
        while (self.stands(".") and not self.stands("...")) or self.stands("["):
            if self.take(".*") or self.take("[*]"):
                is_known = False
            elif self.take("["):
                names.append(self.expression(depth + 1, lines=True))
                self.space(lines=True)
                self.need("]")
            else:
                self.need(".")
                name = self.match(_NAME) or self.match(_NUMBER)
                if name is None:
                    raise BrokenError("a dot with no name behind it")
                names.append(name)
                is_known = is_known and not name[0].isdigit()
        return found if not names else Reference(tuple(names)) if is_known else Opaque()

    def _arguments(self, depth: int) -> tuple[Expression, ...]:
        found: list[Expression] = []
        self.space(lines=True)
        while not self.take(")"):
            found.append(self.expression(depth + 1, lines=True))
            self.space(lines=True)
            if self.take("..."):
                found.append(Opaque())
            self.space(lines=True)
            if not self.stands(")"):
                self.need(",")
                self.space(lines=True)
        return tuple(found)

    def _items(self, depth: int) -> Expression:
        found: list[Expression] = []
        self.space(lines=True)
        if self._for():
            return self._skipped("]", depth)
        while not self.take("]"):
            found.append(self.expression(depth + 1, lines=True))
            self.space(lines=True)
            if not self.stands("]"):
                self.need(",")
                self.space(lines=True)
        return Items(tuple(found))

    def _entries(self, depth: int) -> Expression:
        found: list[tuple[Expression, Expression]] = []
        self.space(lines=True)
        if self._for():
            return self._skipped("}", depth)
        while not self.take("}"):
            key = self.expression(depth + 1)
            if isinstance(key, Reference) and len(key.names) == 1:
                key = Literal(str(key.names[0]))
            self.space(lines=True)
            if not self.take(":"):
                self.need("=")
            found.append((key, self.expression(depth + 1)))
            self.space()
            self.take(",")
            self.space(lines=True)
        return Entries(tuple(found))

    def _for(self) -> bool:
        return re.compile(r"for\s").match(self.text, self.at) is not None

    def _skipped(self, end: str, within: int) -> Expression:
        """Past what is not read, to its closing bracket; texts in it may hold brackets of their own."""
        depth = 1
        while depth:
            self.space(lines=True)
            if self.at >= len(self.text):
                raise BrokenError(f"{end} is missing")
            if self.stands('"'):
                self._quoted(within + 1)
            elif self.stands("<<") and _HEREDOC.match(self.text, self.at):
                self._heredoc(within + 1)
            else:
                depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(self.text[self.at], 0)
                self.at += 1
        return Opaque()

    # Texts.

    def _quoted(self, depth: int) -> Expression:
        """A text in quotes."""
        self.need('"')
        parts: list[Expression] = []
        plain: list[str] = []
        while not self.take('"'):
            if self.at >= len(self.text) or self.stands("\n"):
                raise BrokenError("a text without its end")
            escape = self.match(_ESCAPE)
            if escape is not None:
                plain.append(_unescaped(escape))
            elif not self._inserted(parts, plain, depth):
                plain.append(self.text[self.at])
                self.at += 1
        return _text(parts, plain)

    def _inserted(self, parts: list[Expression], plain: list[str], depth: int) -> bool:
        """Past an expression within a text, which is put to its parts; False where none stands here."""
        for mark in ("$", "%"):
            if self.take(f"{mark}{mark}{{"):
                plain.append(f"{mark}{{")
                return True
        is_directive = self.stands("%{")
        if not is_directive and not self.stands("${"):
            return False
        self.at += 2
        self.take("~")
        if plain:
            parts.append(Literal("".join(plain)))
            plain.clear()
        if is_directive:
            parts.append(self._skipped("}", depth))
            return True
        parts.append(self.expression(depth + 1, lines=True))
        self.space(lines=True)
        self.take("~")
        self.need("}")
        return True

    def _heredoc(self, depth: int) -> Expression:
        """A text over lines, up to a line with its mark alone."""
        found = _HEREDOC.match(self.text, self.at)
        end = None if found is None else re.compile(rf"^[ \t]*{re.escape(found[2])}[ \t]*\r?$", re.MULTILINE).search(self.text, found.end())
        if found is None or end is None:
            raise BrokenError("a text over lines without its end")
        inner = _Reader(self.text[found.end() : end.start()])
        self.at = end.end()
        parts: list[Expression] = []
        plain: list[str] = []
        while inner.at < len(inner.text):
            if not inner._inserted(parts, plain, depth):
                plain.append(inner.text[inner.at])
                inner.at += 1
        # NOTE: `<<-` takes margins away, which no JSON text minds.
        return _text(parts, plain)


def _unescaped(escape: str) -> str:
    kind, digits = escape[1], escape[2:]
    return chr(int(digits, base=16)) if digits else {"n": "\n", "r": "\r", "t": "\t"}.get(kind, kind)


def _text(parts: list[Expression], plain: list[str]) -> Expression:
    if not parts:
        return Literal("".join(plain))
    return Template((*parts, Literal("".join(plain)))) if plain else Template(tuple(parts))
