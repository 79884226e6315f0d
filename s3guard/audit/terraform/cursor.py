"""A place in a text that is being read, and the steps from there."""

from __future__ import annotations

import re
from typing import Final

_SPACE: Final = re.compile(r"(?:[ \t\r]|#[^\n]*|//[^\n]*|/\*.*?\*/)+", re.DOTALL)


class BrokenError(ValueError):
    """A text that is not Terraform's language, or deeper nested than anybody writes."""


class Cursor:
    """One text and the place in it."""

    def __init__(self, text: str) -> None:
        """At its beginning."""
        self.text = text
        self.at = 0

    def space(self, *, lines: bool = False) -> None:
        """Past blanks and comments, with `lines` past ends of lines too."""
        while True:
            found = _SPACE.match(self.text, self.at)
            if found is not None:
                self.at = found.end()
            elif lines and self.text.startswith("\n", self.at):
                self.at += 1
            else:
                return

    def stands(self, mark: str) -> bool:
        """Whether a mark stands here."""
        return self.text.startswith(mark, self.at)

    def take(self, mark: str) -> bool:
        """Past a mark, where it stands here."""
        if not self.stands(mark):
            return False
        self.at += len(mark)
        return True

    def need(self, mark: str) -> None:
        """Past a mark that must stand here; BrokenError where it does not."""
        if not self.take(mark):
            raise BrokenError(f"{mark} is missing at character {self.at}")

    def match(self, pattern: re.Pattern[str]) -> str | None:
        """Past what a pattern matches, and that; None where it matches nothing here."""
        found = pattern.match(self.text, self.at)
        if found is None:
            return None
        self.at = found.end()
        return found[0]
