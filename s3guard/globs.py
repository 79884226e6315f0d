"""Globs over names: ``*`` stands for any characters, ``?`` for one, and nothing else is special."""

from __future__ import annotations


def is_glob(pattern: str) -> bool:
    """Whether the pattern can match more than itself."""
    return "*" in pattern or "?" in pattern


def matches(pattern: str, name: str) -> bool:
    """Whether the whole name matches, in time of at most the product of the lengths; case counts."""
    # NOTE: two cursors and one point to go back to, never a regular expression: `*a*a*a*b` would send Python's astray.
    at, place, star, resume = 0, 0, -1, 0
    while place < len(name):
        if at < len(pattern) and pattern[at] == "*":
            star, resume = at, place
            at += 1
        elif at < len(pattern) and pattern[at] in ("?", name[place]):
            at, place = at + 1, place + 1
        elif star >= 0:
            resume += 1
            at, place = star + 1, resume
        else:
            return False
    return all(rest == "*" for rest in pattern[at:])
