"""HTML and SVG, made of elements: text is escaped whoever wrote it, and nothing but an element is markup.

A page made with `element` alone holds no markup that log text brought: a plain text among the children or attributes has its credentials
masked, is made visible (`s3guard.text.shown`) and escaped; so is what a CI system would obey, where its log shows the file.
"""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import Final

from s3guard.text import CI_COMMAND, shorten, shown

_VOID: Final = frozenset({"meta", "br", "hr", "col", "wbr"})
_DRAWN: Final = frozenset({"path", "rect", "line", "circle", "use"})
_INLINE: Final = frozenset(
    {"a", "abbr", "b", "bdi", "br", "code", "em", "small", "span", "strong", "time", "wbr", "text", "title", "td", "th"}
)


class Markup(str):
    """Markup that `element`, `value` or `seen` made; it may stand in other markup as it is."""

    __slots__ = ()


NOTHING: Final = Markup()


def element(name: str, /, *children: str | None, **attributes: str | float | None) -> Markup:
    """An element; children that are no `Markup` are log text or a sentence and are escaped, as attributes are. None is left out.

    An attribute is written as in Python: ``class_`` is ``class``, ``aria_label`` is ``aria-label``.
    """
    written = "".join(f' {_name(key)}="{_attribute(value)}"' for key, value in attributes.items() if value is not None)
    inside = joined(children)
    end = "" if name in _INLINE else "\n"
    if name in _VOID:
        return Markup(f"<{name}{written}>{end}")
    if name in _DRAWN and not inside:
        return Markup(f"<{name}{written}/>{end}")
    return Markup(f"<{name}{written}>{inside}</{name}>{end}")


def joined(parts: Iterable[str | None], between: str = "") -> Markup:
    """Several, one behind the other; `between` is markup of ours."""
    return Markup(between.join(part if isinstance(part, Markup) else seen(shown(part)) for part in parts if part is not None))


def value(log_text: object, longest: int = 600) -> Markup:
    """A value of a log, set apart in its own direction, of at most `longest` visible characters."""
    return element("bdi", seen(shorten(shown(str(log_text)), longest)))


def seen(visible: str) -> Markup:
    """Text that was made visible already."""
    return Markup(CI_COMMAND.sub(lambda match: f"&#{ord(match[0])};", html.escape(visible)))


def number(amount: float) -> str:
    """A coordinate, as short as its second decimal allows: ``3``, ``.25``."""
    text = f"{amount:.2f}".rstrip("0").rstrip(".")
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else "0" if text == "-0" else text


def _name(key: str) -> str:
    return key.rstrip("_").replace("_", "-")


def _attribute(given: str | float) -> str:
    if isinstance(given, str):
        return given if isinstance(given, Markup) else seen(shown(given))
    return number(given)
