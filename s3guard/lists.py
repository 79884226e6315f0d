"""Named lists of a policy (`principals`, `networks`): every "@name" is replaced by what its list holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, get_args

from pydantic import BaseModel

from s3guard.names import Network, Principal
from s3guard.nodes import Listing, Node, Scalar
from s3guard.problems import Place, Problems, did_you_mean, quoted

SECTIONS: Final[dict[str, Any]] = {"principals": Principal, "networks": Network}
"""The sections of a policy that hold named lists, and the type of their items."""
MAX_NESTING: Final = 20
"""Named lists that may stand one within the other."""
MAX_ITEMS: Final = 50_000
"""Items that all uses of the named lists of one policy may come to."""


def list_fields(model: type[BaseModel]) -> dict[str, str]:
    """The fields of a rule or a section that take "@names": field to the section that they name lists of."""
    return {
        name: section for name, field in model.model_fields.items() for section, item in SECTIONS.items() if _holds(field.annotation, item)
    }


def _holds(annotation: Any, item: Any) -> bool:  # noqa: ANN401 - annotations may be anything
    return bool(annotation == item) or any(_holds(argument, item) for argument in get_args(annotation))


@dataclass(frozen=True, slots=True)
class NamedList:
    """One list: where its name stands, and what is written there."""

    place: Place
    node: Node

    @property
    def items(self) -> tuple[Node, ...]:
        """What is written, one item or many."""
        return self.node.items if isinstance(self.node, Listing) else (self.node,)


@dataclass(frozen=True, slots=True)
class Expansion:
    """A field's value without "@names"."""

    node: Node
    is_whole: bool = True
    """False where a name could not be resolved and was left out."""


@dataclass(frozen=True, slots=True)
class _Items:
    items: tuple[Node, ...]
    is_whole: bool = True


class NamedLists:
    """The lists of one section of one policy, those that `extends` brings included."""

    def __init__(self, section: str, lists: Mapping[str, NamedList], problems: Problems, *, is_open: bool) -> None:
        """With `is_open`, a name without a list is no problem: what is not known yet may bring the list."""
        self._section = section
        self._lists = lists
        self._problems = problems
        self._is_open = is_open
        self._resolved: dict[str, _Items] = {}
        self._spent = 0

    def check(self) -> None:
        """Follow every list, so that the faults of those that no rule uses are known as well."""
        for name in self._lists:
            self._of(name, ())

    def expanded(self, node: Node) -> Expansion:
        """The value of a field with every "@name" replaced by the items of its list, each item once; any other value as it is.

        What cannot be resolved is a problem and left out.
        """
        items = node.items if isinstance(node, Listing) else (node,)
        if not any(_reference(item) for item in items):
            return Expansion(node)
        found = self._all(items, ())
        self._spent += len(found.items)
        if self._spent > MAX_ITEMS:
            self._problems.add(node.place, f"the named lists of this policy come to more than {MAX_ITEMS:,} items where they are used")
            return Expansion(Listing((), node.place), is_whole=False)
        return Expansion(Listing(found.items, node.place), is_whole=found.is_whole)

    def _all(self, items: tuple[Node, ...], within: tuple[str, ...]) -> _Items:
        found: dict[object, Node] = {}
        is_whole = True
        for item in items:
            name = _reference(item)
            named = _Items((item,)) if name is None else self._named(name, item.place, within)
            is_whole &= named.is_whole
            for one in named.items:
                found.setdefault(one.text if isinstance(one, Scalar) else one, one)
        return _Items(tuple(found.values()), is_whole)

    def _named(self, name: str, place: Place, within: tuple[str, ...]) -> _Items:
        if name in within:
            cycle = " > ".join(f"@{one}" for one in (*within[within.index(name) :], name))
            self._problems.add(place, f"a list of `{self._section}` holds itself: {cycle}", settles=True)
        elif len(within) >= MAX_NESTING:
            self._problems.add(place, f"more than {MAX_NESTING} named lists stand one within the other", settles=True)
        elif name in self._lists:
            return self._of(name, within)
        elif not self._is_open:
            meant = did_you_mean(f"@{name}", [f"@{one}" for one in self._lists])
            self._problems.add(place, f"{quoted('@' + name)} names no list of `{self._section}`{meant}", settles=True)
        return _Items((), is_whole=False)

    def _of(self, name: str, within: tuple[str, ...]) -> _Items:
        if name not in self._resolved:
            self._resolved[name] = self._all(self._lists[name].items, (*within, name))
        return self._resolved[name]


def _reference(node: Node) -> str | None:
    """The name that an item refers to; None for any other item."""
    return node.text[1:] if isinstance(node, Scalar) and node.text is not None and node.text.startswith("@") else None
