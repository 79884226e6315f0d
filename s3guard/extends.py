"""What a policy takes over from packs and other files: its layers, the farthest first, the policy itself last."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from s3guard.drafts import Draft, Library
from s3guard.nodes import Scalar
from s3guard.problems import Place, Problems, did_you_mean, quoted

MAX_NESTING: Final = 20
"""Files that may extend one another in a row."""
_ENDINGS: Final = (".yaml", ".yml")


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """One document that a policy is made of."""

    draft: Draft
    via: Place | None
    """The entry of the policy's own `extends` that brought it; None for the policy itself."""


@dataclass(frozen=True, slots=True, eq=False)
class Stack:
    """All that a policy is made of."""

    layers: tuple[Layer, ...]
    """From left to right, and the policy itself last; a document that is met twice counts where it is met first."""
    is_whole: bool
    """False where an entry of `extends` led nowhere, which is a problem of its own."""

    @property
    def own(self) -> Draft:
        """The policy itself."""
        return self.layers[-1].draft


def stack_of(draft: Draft, library: Library, problems: Problems) -> Stack:
    """The layers of a policy.

    A circle, a missing file or pack, and a file of several policies are problems, at the entry that names them.
    """
    walk = _Walk(library, problems)
    found = tuple(walk.of(draft, None, ()))
    return Stack(found, walk.is_whole)


class _Walk:
    def __init__(self, library: Library, problems: Problems) -> None:
        self._library = library
        self._problems = problems
        self._met: set[int] = set()
        self.is_whole = True

    def of(self, draft: Draft, via: Place | None, above: tuple[Draft, ...]) -> Iterator[Layer]:
        self._met.add(id(draft))
        for entry in draft.texts("extends"):
            wanted = self._wanted(entry, draft)
            if wanted is None:
                self.is_whole = False
                continue
            line = (*above, draft)
            if wanted in line:
                circle = " > ".join(one.file for one in (*line[line.index(wanted) :], wanted))
                self.is_whole = False
                self._problems.add(entry.place, f"a policy cannot extend itself: {circle}")
            elif len(line) > MAX_NESTING:
                self.is_whole = False
                self._problems.add(entry.place, f"more than {MAX_NESTING} files extend one another")
            elif id(wanted) not in self._met:
                yield from self.of(wanted, via or entry.place, line)
        yield Layer(draft, via)

    def _wanted(self, entry: Scalar, draft: Draft) -> Draft | None:
        """The document that an entry names, if there is exactly one."""
        name = entry.text or ""
        if "/" not in name and not name.endswith(_ENDINGS):
            return self._library.pack(name, entry.place)
        path = draft.path.parent / name
        try:
            is_there = path.is_file()
        except (OSError, ValueError):  # too long a name; a null character in it
            is_there = False
        if not is_there:
            beside = [file for file in _policy_files(draft) if file != draft.path.name] if "/" not in name.removeprefix("./") else []
            self._problems.add(entry.place, f"no such file {quoted(name)}{did_you_mean(name.removeprefix('./'), beside)}")
            return None
        found = self._library.read(path)
        if len(found) > 1:
            self._problems.add(entry.place, f"{quoted(name)} holds {len(found)} policies; a file that is extended holds one")
        return found[0] if len(found) == 1 else None


def _policy_files(draft: Draft) -> list[str]:
    """The names of the policy files in the folder of a draft."""
    return sorted(file.name for ending in _ENDINGS for file in draft.path.parent.glob(f"*{ending}") if file.is_file())
