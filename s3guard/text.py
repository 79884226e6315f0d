"""Makes text that strangers wrote safe to show, reversibly, before any output format escapes it.

The order is fixed, and every log value of every output goes through it once: `mask_credentials`, then `visible` (both in
one: `shown`), then the escaper of the format. Outputs whose text may end in a CI log add `ci_safe` before their lines are wrapped.
"""

from __future__ import annotations

import re

from s3guard.masks import MASK, mask_credentials

__all__ = ["CI_COMMAND", "MASK", "ci_safe", "line_safe", "mask_credentials", "shorten", "shown", "unvisible", "visible"]

# NOTE: one class for all that a reader cannot see or that moves what he sees: C0, DEL, C1 and every space but U+0020, format and
# BiDi controls, zero-width and filler characters, variation selectors, line and paragraph separators, surrogates, private use,
# non-characters and tags. Written out, so that it is the same under every Python's Unicode tables; a test holds it against them.
_HIDDEN = (
    "\x00-\x1f\x7f-\xa0\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f"
    "\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ud800-\uf8ff\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\ufffe\uffff\U000110bd\U000110cd\U00013430-\U0001345f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    + "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(1, 14))
    + "\U000e0000-\U000e0fff\U000efffe-\U0010ffff"
)
_UNSAFE = re.compile(rf"[{_HIDDEN}]|\\(?=u\{{)")
_ESCAPE = re.compile(r"\\u\{(10[0-9a-f]{4}|[0-9a-f]{1,5})\}")


def visible(text: str) -> str:
    r"""The text with every character that could hide, move or act written as ``\u{hex}``; `unvisible` gives the original back.

    Clean text comes back as it is. A backslash is escaped (``\u{5c}``) only where it would read as such an escape, so
    Windows paths stay readable and no text can pretend to be an escape. Apply it once: a second time escapes the escapes.
    """
    if text.isascii() and text.isprintable() and "\\u{" not in text:
        return text
    return _UNSAFE.sub(_escaped, text)


def unvisible(text: str) -> str:
    """What `visible`, `ci_safe` or both were given."""
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)


def _escaped(match: re.Match[str]) -> str:
    return f"\\u{{{ord(match[0]):x}}}"


# NOTE: what CI systems take for commands, and where. GitHub: "::name::" at the start of a trimmed line, so of a wrapped one too, and
# "##[name]" anywhere (actions/runner, ActionCommand.cs). Azure: "##vso[" anywhere (azure-pipelines-agent, Command.cs). TeamCity:
# "##teamcity[". Jenkins' JUnit attachments: "[[ATTACHMENT|". Buildkite folds at lines that start with "---", "+++" or "~~~".
# The "::" before an account id ("arn:aws:iam::111122223333:role/x") or AWS's own name in its place (origin access identities, managed
# policies) stays readable: no command has twelve digits, "cloudfront:" or "aws:" for a name.
CI_COMMAND = re.compile(r"#(?=#)|:(?=:)(?!:(?:[0-9]{12}|cloudfront|aws):)|\[(?=\[)|-(?=--)|\+(?=\+\+)|~(?=~~)")
"""Each character without which no CI command is left; a format with escapes of its own spells these by them."""


def ci_safe(text: str) -> str:
    r"""Visible text with whatever a CI system would obey broken by ``\u{hex}`` escapes, however the text is wrapped afterwards.

    Give it what `visible` returned, or a whole finished line (which also covers a value that meets the writer's own ``:`` or ``#``);
    twice is as once, and `unvisible` undoes it.
    """
    return CI_COMMAND.sub(_escaped, text)


_LINE_COMMAND = re.compile(r"^\s*:(?=:)|#(?=#)")


def line_safe(line: str) -> str:
    r"""A whole line of visible text, which nobody wraps, with what a CI system would obey broken by ``\u{hex}`` escapes.

    Changes as little as that takes, so that addresses and names of files stay as they are; `unvisible` undoes it.
    """
    return _LINE_COMMAND.sub(lambda match: f"{match[0][:-1]}\\u{{{ord(match[0][-1]):x}}}", line)


def shown(text: str) -> str:
    """A log value as every output starts from it: credentials masked, then made visible."""
    return visible(mask_credentials(text))


def shorten(text: str, limit: int) -> str:
    r"""Visible text of at most `limit` characters (at least 1), an ellipsis at its end where it was cut; no ``\u{hex}`` is cut in half."""
    if len(text) <= limit:
        return text
    cut = limit - 1
    opened = text.rfind("\\u{", max(0, cut - 9), cut + 2)
    escape = _ESCAPE.match(text, opened) if opened >= 0 else None
    if escape is not None and escape.start() < cut < escape.end():
        cut = escape.start()
    return text[:cut] + "…"
