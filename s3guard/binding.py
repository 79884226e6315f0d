"""A policy's layers made one: named lists and rules merged, every "@name" resolved, every rule validated and placed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass

from pydantic import BaseModel, ValidationError

from s3guard.extends import Layer, Stack
from s3guard.lists import SECTIONS, NamedList, NamedLists, list_fields
from s3guard.nodes import Listing, Mapping, Node, Scalar, kind_of, plain
from s3guard.problems import Place, Problems, did_you_mean, quoted
from s3guard.records import COLUMNS
from s3guard.references import Known
from s3guard.rules import Rule
from s3guard.wording import report


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One entry of `rules` as written."""

    kind: str
    id: str
    """The entry's id; the rule's name where it has none."""
    node: Mapping
    place: Place
    """Where the rule's name stands, or the item of its list."""
    layer: Layer


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A rule that holds, and the entry that says so; an entry that is switched off has a rule as well."""

    rule: Rule
    entry: Entry


class Binder:
    """Validates the entries of one policy against the named lists of all its layers."""

    def __init__(self, stack: Stack, kinds: MappingOf[str, type[Rule]], problems: Problems) -> None:
        """Names of lists that nobody defines are left to whoever extends a pack, and are no problem where a layer is missing."""
        self._layers = stack.layers
        self._kinds = kinds
        self._problems = problems
        is_open = stack.own.is_pack or not stack.is_whole
        self._lists = {
            section: NamedLists(section, _merged_lists(stack.layers, section), problems, is_open=is_open) for section in SECTIONS
        }
        self.known: dict[str, Known] = {}
        """After `rules`: every rule by name, those with faults as well."""
        self.unnamed: set[str] = set()
        """After `rules`: the kinds of rules of which an entry has no name that can be read."""

    def rules(self) -> tuple[Placed, ...]:
        """Every rule that holds: of two with one name and id the later layer's. Those with faults, which are problems, are left out."""
        for lists in self._lists.values():
            lists.check()
        holding: dict[tuple[str, str], Placed | None] = {}
        for layer in self._layers:
            first: dict[tuple[str, str], Entry] = {}
            for entry in self._entries(layer):
                rule = self._rule(entry)
                if first.setdefault((entry.kind, entry.id), entry) is entry:
                    holding[entry.kind, entry.id] = Placed(rule, entry) if rule else None
                else:
                    self._double(entry, first[entry.kind, entry.id])
        return tuple(placed for placed in holding.values() if placed)

    def _double(self, entry: Entry, first: Entry) -> None:
        what = "go without an id: one may" if entry.id == entry.kind else f"have the id {quoted(entry.id)}"
        self._problems.add(entry.place, f"two entries of `{entry.kind}` {what}, and line {first.place.line} has the first")

    def _entries(self, layer: Layer) -> Iterator[Entry]:
        """The entries of one document; unknown rules and what is no mapping are problems."""
        section = layer.draft.node.values.get("rules")
        if not isinstance(section, Mapping):
            return
        for kind, value in section.values.items():
            key = section.keys[kind]
            if kind not in self._kinds:
                self._problems.add(key, f"no rule is named {quoted(kind)}{did_you_mean(kind, self._kinds)}")
            else:
                yield from self._written(kind, value, key, layer)

    def _written(self, kind: str, value: Node, key: Place, layer: Layer) -> Iterator[Entry]:
        """The entries of one rule's name; a name and nothing else is the rule with its defaults."""
        if isinstance(value, Scalar) and value.text is None:
            yield Entry(kind, kind, Mapping({}, {}, key), key, layer)
            return
        items = [(item, item.place) for item in value.items] if isinstance(value, Listing) else [(value, key)]
        if not items:
            self._fault(kind, key, f"an empty list of `{kind}` judges nothing; remove it, or write {{enabled: false}}")
        for node, place in items:
            if isinstance(node, Mapping):
                given = node.values.get("id")
                yield Entry(kind, given.text if isinstance(given, Scalar) and given.text else kind, node, place, layer)
            else:
                at = node.place if isinstance(node, Scalar) else place
                self._fault(kind, at, f"`{kind}` takes a mapping or a list of them, not {kind_of(node)}")

    def _fault(self, kind: str, place: Place, message: str) -> None:
        self.unnamed.add(kind)
        self._problems.add(place, message)

    def _rule(self, entry: Entry) -> Rule | None:
        kind = self._kinds[entry.kind]
        node, is_whole = self.expanded(kind, entry.node)
        try:
            rule = kind.model_validate(plain(node))
        except ValidationError as error:
            report(error, kind, node, entry.place, self._problems, is_whole=is_whole)
            if any(fault["loc"][:1] == ("id",) for fault in error.errors(include_url=False, include_context=False, include_input=False)):
                self.unnamed.add(entry.kind)
            given = entry.node.values.get("id")
            name = f"{entry.kind}/{given.text}" if isinstance(given, Scalar) and given.text else entry.kind
            self.known[name] = Known(_subject(kind, entry.node), _text(entry.node.values.get("enabled")) != "false")
            return None
        self.known[rule.name] = Known(rule.named, rule.enabled)
        return rule

    def expanded(self, model: type[BaseModel], node: Mapping) -> tuple[Mapping, bool]:
        """What is written of a rule or a section, every "@name" replaced; and whether all of them could be."""
        is_whole = True
        for field, section in list_fields(model).items():
            if field in node.values:
                expansion = self._lists[section].expanded(node.values[field])
                node = Mapping(node.values | {field: expansion.node}, node.keys, node.place)
                is_whole &= expansion.is_whole
        return node, is_whole


def _subject(kind: type[Rule], node: Mapping) -> tuple[str, ...] | None:
    """The columns of the subject of an entry with faults; None where it is among them."""
    written = node.values.get("group_by")
    if written is None:
        return (*kind.adds, *kind.default_group_by)
    names = tuple(_text(item) or "" for item in (written.items if isinstance(written, Listing) else (written,)))
    return (*kind.adds, *names) if all(name in COLUMNS for name in names) else None


def _text(node: Node | None) -> str | None:
    return node.text if isinstance(node, Scalar) else None


def _merged_lists(stack: Sequence[Layer], section: str) -> dict[str, NamedList]:
    """The named lists of all layers; of two with one name the later layer's holds."""
    merged: dict[str, NamedList] = {}
    for layer in stack:
        node = layer.draft.node.values.get(section)
        if isinstance(node, Mapping):
            merged |= {name: NamedList(node.keys[name], value) for name, value in node.values.items()}
    return merged


def merged_section(stack: Sequence[Layer], key: str) -> Mapping | None:
    """One section of all layers, such as `logging`, mapping by mapping: where two say different things, the later layer holds."""
    merged: Mapping | None = None
    for layer in stack:
        node = layer.draft.node.values.get(key)
        if isinstance(node, Mapping):
            merged = node if merged is None else _over(merged, node)
    return merged


def _over(lower: Mapping, upper: Mapping) -> Mapping:
    values = dict(lower.values)
    for key, value in upper.values.items():
        below = values.get(key)
        values[key] = _over(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return Mapping(values, lower.keys | upper.keys, upper.place)
